"""A life through commands alone, and a chain where money is real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.deploy import PUBLIC_LIMITS, Deployment, _create, deploy
from labelshare.chain.history import campaign_history
from labelshare.chain.keys import development_signer, load_keystore, new_signer
from labelshare.chain.remote import RemoteChain
from labelshare.chain.state import OfferId, Status
from labelshare.chain.transactions import Sender
from labelshare.types import Address, CampaignId, Hash32, PoolId
from tests.commands.place import PASSWORD, Commands, Place, shown, write_keystore
from tests.conftest import running_anvil
from tests.oracle.stage import COIN, small_spec

pytestmark = pytest.mark.anvil

ETHER = 10**18


def test_two_accounts_a_pool_a_seat_a_dataset_and_a_licence(settled: Place, tmp_path: Path) -> None:
    stage, registry, licenses = (
        settled.stage,
        settled.stage.contracts.registry,
        settled.stage.contracts.licenses,
    )
    token, password = stage.contracts.development_token, tmp_path / "password"
    password.write_text(PASSWORD)
    keys = {name: tmp_path / f"{name}.json" for name in ("oracle", "ann")}
    people = {}
    for name, key in keys.items():
        made = settled.facts("account", "new", key, "--password-file", password)
        people[name] = Address(made["address"])
        write_keystore(key, load_keystore(key, PASSWORD))  # the same key, opened a thousand times as fast
        stage.chain.fund(people[name], ETHER)
        stage.sender.send(stage.deployer, token.transfer(people[name], 500 * COIN))

    def by(name: str) -> list[object]:
        return ["--key", keys[name], "--password-file", password, "--yes"]

    pool = settled.facts("pool", "create", "--stake", "100", *by("oracle"))["pool"]
    settled.done("stake", "join", pool, *by("ann"))
    seat = registry.seat(PoolId(Hash32(pool)), people["ann"])
    assert (seat.stake, seat.takes_work) == (100 * COIN, True)
    assert settled.facts("account", "balance", people["ann"])["wallet"] == str(400 * COIN)
    assert settled.facts("pool", "show", pool)["seats"] == 1

    words = ["--name", "Street signs", "--symbol", "SIGNS", "--max-shares", "1000"]
    dataset = settled.facts("dataset", "create", *words, *by("oracle"))["dataset"]
    assert registry.dataset(Address(dataset)).publisher == people["oracle"]
    terms = tmp_path / "terms.txt"
    terms.write_text("any use")
    sale = ["--price", "80", "--duration", "365d", "--terms", terms]
    own = settled.facts("licence", "offer", dataset, *sale, *by("oracle"))["offer"]
    settled.refused(1, "no share holders yet", "licence", "buy", own, *by("ann"))

    bundle = settled.folder / "bundle.jsonl"
    campaign = stage.scope.campaign_id
    settled.done("claim", "pay", campaign, "--bundle", bundle, "--for-others", *by("oracle"))
    offered = settled.facts("licence", "offer", stage.dataset, *sale, by="requester")["offer"]
    sold = settled.facts("licence", "buy", offered, *by("ann"))
    assert licenses.owner_of(sold["token_id"]) == people["ann"]
    assert token.balance_of(people["ann"]) == 320 * COIN
    check = ["licence", "check", sold["token_id"], "--holder", people["ann"], "--terms", terms]
    assert settled.facts(*check)["valid"] is True
    settled.done("licence", "close", offered, by="requester")
    assert licenses.offer_status(OfferId(Hash32(offered))).name == "CLOSED"

    settled.done("stake", "leave", pool, *by("ann"))
    settled.done("stake", "withdraw", pool, *by("ann"))
    settled.done("stake", "withdraw-credit", "100", *by("ann"))
    assert token.balance_of(people["ann"]) == 420 * COIN


# --------------------------------------------------------------- where money is real


@pytest.fixture
def public(
    anvil_program: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Commands]:
    """A deployment on a chain that says it is Ethereum's main network; "rich" owns all money."""
    with running_anvil(anvil_program, "--chain-id", "1") as running:
        chain, rich = connect(running.url), new_signer()
        assert isinstance(chain, RemoteChain)
        public_key = development_signer("anyone")
        for each in (rich, public_key):
            chain._ask("anvil_setBalance", str(each.address), hex(100 * ETHER))
            write_keystore(tmp_path / f"{'rich' if each is rich else 'anyone'}.json", each)
        sender = Sender(chain)
        token, _ = _create(sender, rich, "RewardToken", "Stable", "USDS", 6, 10**15)
        deploy(sender, rich, PUBLIC_LIMITS, token).save(tmp_path / "deployment.json")
        (tmp_path / "password").write_text(PASSWORD)
        yield Commands(chain, tmp_path, tmp_path / "deployment.json", running.url, monkeypatch, capsys)


def test_where_money_is_real(public: Commands, place: Place) -> None:
    create = ["pool", "create", "--stake", "100.000001"]
    refusal = "is a development account whose key anyone can derive; it signs nothing on chain 1"
    public.refused(1, refusal, *create, by="anyone")
    anyone = ["--key", public.key("anyone"), "--password-file", public.password_file]
    public.refused(1, refusal, *create, *anyone, typed="y\n", terminal=True)
    public.refused(2, "USDS has 6 decimals, not 7", "pool", "create", "--stake", "1.0000001", by="rich")
    public.refused(1, "the node is chain 1, expected 31337", *create, "--deployment", place.record, by="rich")
    public.refused(1, "the node is chain 31337, expected 1", *create, "--url", place.url, by="rich")

    pool = public.facts(*create, by="rich")["pool"]
    assert shown(public.done("pool", "show", pool))["stake"] == "100.000001 USDS"


def test_the_defaults_go_together_where_money_is_real(public: Commands) -> None:
    """A pool, a dataset and a campaign of defaults alone: funded, and not too long for the pool."""
    pool = public.facts("pool", "create", "--stake", "100", by="rich")["pool"]
    words = ["--name", "Signs", "--symbol", "SIGNS", "--max-shares", "1000"]
    dataset = public.facts("dataset", "create", *words, by="rich")["dataset"]
    (public.folder / "spec.json").write_bytes(small_spec(price="50000").canonical_bytes)
    words = ["--spec", str(public.folder / "spec.json"), "--pool", pool, "--dataset", dataset]

    made = public.facts("campaign", "create", *words, by="rich")

    assert made["escrow"] == str(40 * 50_000 * 105 // 100)
    rows = shown(public.done("campaign", "show", made["campaign"]))
    assert (rows["funded with"], rows["stake a label"]) == ("2.1 USDS", "0.2 USDS")
    deployment = Deployment.load(public.record)
    registry = deployment.bind(public.chain).registry
    history = campaign_history(public.chain, deployment, CampaignId(Hash32(made["campaign"])))
    assert registry.campaign(history.record.campaign_id).status is Status.CREATED
    line, rules = history.record.params.schedule, history.record.pool
    assert line.hard_end <= line.accept_end + rules.unbonding

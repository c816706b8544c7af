"""A store that was lost, and restored from an older backup: the service goes on, and nobody is paid twice.

What was acknowledged before the backup counts in the end. What was acknowledged after it is not in the store;
its annotators have the receipts, and hand it in again.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.envelope import SignedTransaction
from labelshare.chain.fees import GWEI
from labelshare.chain.remote import RemoteChain
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.client.annotator import Annotator
from labelshare.errors import CommitmentError, RevertError
from labelshare.oracle.archive import Archive
from labelshare.oracle.backup import back_up
from labelshare.oracle.restore import Target, require_ours, restore
from labelshare.oracle.tasks import closing
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import SignedCommit
from labelshare.store import dump
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.store.messages import Messages
from labelshare.store.specs import Specs
from labelshare.types import Hash32
from tests.chain.test_replacing import COIN, QUICK, Network
from tests.client.gold import GOLD, requester
from tests.conftest import Anvil, running_anvil
from tests.oracle.play import Play
from tests.oracle.stage import Stage
from tests.oracle.test_service import by_hand, check, golden

pytestmark = pytest.mark.anvil


@contextmanager
def no_bars(_title: str, _total: int) -> Iterator[Callable[[int], None]]:
    yield lambda _: None


def saved(folder: Path, to: Path) -> None:
    with dump.reading(folder, None) as connection:
        back_up(to, connection, None, no_bars)


def brought_back(stage: Stage, backup: Path, folder: Path) -> Database:
    """The store in its folder is lost; the backup comes in its place."""
    shutil.rmtree(folder)
    with Archive(backup) as archive:
        require_ours(archive.manifest, stage.chain, stage.deployment)
        restore(archive, Target(folder, None, None), stage.oracle, no_bars)
    return Database.open(folder)


def batches_of(person: Annotator, number: int) -> list[Any]:
    return [each for each in person.batches if each.commit.round == number]


def hand_in_again(person: Annotator, number: int) -> None:
    """What the annotator has a receipt for; the receipt is the same."""
    for batch in batches_of(person, number):
        name = batch.opening.commit_hash
        signed = SignedCommit(person.address, batch.commit, person._signature(name), batch.opening.items)
        assert person.transport.commit(signed) == batch.receipt


def test_a_service_goes_on_from_an_older_backup(anvil: Anvil, tmp_path: Path) -> None:
    folder, backup = tmp_path / "oracle", tmp_path / "backup.tar"
    stage = golden(connect(anvil.url))
    before = Database.open(folder)
    Specs(before).add(stage.spec)
    play = Play(stage, [before], gold=True)
    play.begin()
    schedule, campaign = stage.schedule, stage.scope.campaign_id
    play.until(schedule.round_start(0))
    for name, person in play.people.items():
        person.submit(0, play.answers(name, 0))
    saved(folder, backup)

    play.until(closing(stage.params, 0))  # sent since: the root of round 0
    play.until(schedule.round_start(1))
    for name, person in play.people.items():
        person.submit(1, play.answers(name, 1))
    assert stage.contracts.registry.round_root(campaign, 0) != Hash32(bytes(32))
    used = stage.chain.mined_nonces([stage.oracle.address])[0]
    before.close()

    after = brought_back(stage, backup, folder)
    book = Messages(after, campaign)
    assert len(book.commits_of(0)) == 4  # all that was acknowledged before
    assert book.commits_of(1) == []  # and nothing that was acknowledged after it
    for person in play.people.values():
        for batch in batches_of(person, 1):
            receipt = typed_data.receipt_hash(campaign, person.address, batch.opening.commit_hash)
            digest = typed_data.digest(stage.scope, receipt)
            typed_data.require_signer(digest, batch.receipt, stage.oracle.address)  # it binds the bond still

    again = Play(stage, [after], gold=True, clock=play.clock)
    again.turn()
    assert stage.chain.mined_nonces([stage.oracle.address])[0] == used  # nothing was sent a second time
    for person in again.people.values():
        hand_in_again(person, 1)
    again.until(closing(stage.params, 1))
    again.reveal()
    again.end()
    check(again, by_hand())
    after.close()


def test_what_a_posted_root_holds_and_the_backup_lacks_is_never_settled_without(
    anvil: Anvil, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Too old a backup: the oracle says so and proposes nothing, rather than leave somebody unpaid."""
    folder, backup = tmp_path / "oracle", tmp_path / "backup.tar"
    stage = golden(connect(anvil.url))
    before = Database.open(folder)
    Specs(before).add(stage.spec)
    play = Play(stage, [before], gold=True)
    play.begin()
    play.until(stage.schedule.round_start(0))
    for name, person in play.people.items():
        if name == "cleo":
            saved(folder, backup)
        person.submit(0, play.answers(name, 0))
    play.until(closing(stage.params, 0))
    before.close()

    after = brought_back(stage, backup, folder)
    again = Play(stage, [after], gold=True, clock=play.clock)
    again.turn()
    told = capsys.readouterr()  # on either stream: a command that ran before may have set the log up
    assert "the store's messages make" in told.out + told.err
    with pytest.raises(CommitmentError, match="round 0 does not take batches now"):
        hand_in_again(again.people["cleo"], 0)
    again.until(stage.schedule.commit_end)
    for name in ("ann", "ben"):
        again.people[name].open(again.people[name].batches[0])
    requester(stage).reveal_gold(stage.params, stage.spec, GOLD)
    again.until(stage.schedule.reveal_end)
    assert any("do not make the aggregate posted" in each for each in again.unfinished())
    assert again.status() is Status.OPEN
    after.close()


def test_what_was_on_its_way_at_the_backup_is_not_done_twice(
    anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each backup is made between a transaction's being stored and its being sent; each is restored."""
    stage = golden(connect(anvil.url))
    folder = tmp_path / "oracle"
    database = Database.open(folder)
    Specs(database).add(stage.spec)
    kind, made = type(stage.chain), list[Path]()
    include = kind.include

    def backed_up_first(self: Any, transactions: Any) -> Any:
        if any(signed.sender == stage.oracle.address for signed in transactions):
            made.append(tmp_path / f"{len(made)}.tar")
            saved(folder, made[-1])
        return include(self, transactions)

    play = Play(stage, [database], gold=True)
    with monkeypatch.context() as patch:
        patch.setattr(kind, "include", backed_up_first)
        play.begin()
    assert len(made) >= 4  # an approval, the acceptance, the roster, the seed's block, the seed
    database.close()
    calls = play.calls()
    sent = stage.chain.mined_nonces([stage.oracle.address])[0]
    for backup in made:
        after = brought_back(stage, backup, folder)
        journal = TransactionJournal(after)
        assert len(journal.pending([stage.oracle.address])) == 1
        again = Play(stage, [after], gold=True, clock=play.clock)
        again.clock.seconds += 700
        again.turn()
        assert journal.pending([stage.oracle.address]) == []
        assert stage.chain.mined_nonces([stage.oracle.address])[0] == sent
        assert again.calls() == calls
        after.close()


@pytest.fixture
def network(anvil_program: Path) -> Iterator[Network]:
    """A chain on which money is real, for all that the sender knows."""
    options = ("--chain-id", "1", "--no-mining", "--hardfork", "cancun")
    with running_anvil(anvil_program, *options, "--block-base-fee-per-gas", str(GWEI)) as running:
        chain = connect(running.url)
        assert isinstance(chain, RemoteChain)
        found = Network(chain)
        found.ask("anvil_setBalance", str(found.sender.address), hex(100 * COIN))
        found.block()
        yield found


def test_a_transaction_that_was_replaced_since_the_backup_is_known_to_be_lost(
    network: Network, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """On a public chain: the journal knows the first of two that share a nonce, the chain took the second."""
    folder, backup = tmp_path / "oracle", tmp_path / "backup.tar"
    before = Database.open(folder)
    submit = network.chain.submit

    def backed_up_between(transaction: SignedTransaction) -> RevertError | None:
        """As soon as the first is out, gas costs ten times as much, and the backup is made."""
        answer = submit(transaction)
        if not backup.exists():
            network.rise(10 * GWEI)
            saved(folder, backup)
        return answer

    network.chain.submit = backed_up_between  # type: ignore[method-assign]
    with network.mining():
        Sender(network.chain, TransactionJournal(before), QUICK).send(network.sender, network.gift)
    assert (network.gifts(), network.nonce) == (1, 1)
    before.close()
    shutil.rmtree(folder)

    with Archive(backup) as archive:
        restore(archive, Target(folder, None, None), network.sender, no_bars)
    after = Database.open(folder)
    journal = TransactionJournal(after)
    (first,) = journal.pending()
    assert network.chain.receipt(first.signed.hash) is None
    sender = Sender(network.chain, journal, QUICK)
    with caplog.at_level(logging.WARNING):
        sender.catch_up(network.sender)
    assert "has used nonce 0 for another transaction" in caplog.text
    assert journal.pending() == []
    assert (network.gifts(), network.nonce) == (1, 1)
    with network.mining():
        sender.send(network.sender, network.gift)  # other work goes on
    assert (network.gifts(), network.nonce) == (2, 2)
    after.close()

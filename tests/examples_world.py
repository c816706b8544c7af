"""The stories in which the examples of docstrings run, each on one campaign.

A story is a list of the names of examples, in the order of the campaign's life, and of what happens in
between: time that passes, and what others do. All share one namespace, as the cells of a notebook would.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeAlias

import labelshare
from labelshare.chain.campaign import Campaign
from labelshare.chain.connect import connect
from labelshare.chain.keys import development_signer
from labelshare.chain.state import Outcome
from labelshare.chain.transactions import Sender
from labelshare.client.publications import Lists, Roster
from labelshare.client.purse import holdings
from labelshare.client.seats import SeatHolder
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
from labelshare.protocol.settlement import build_public
from tests.arbitrator import deploy_arbitrator, give_ruling
from tests.client.gold import GOLD
from tests.oracle.stage import COIN, DAY, ITEMS, NAMES, Stage, build, small_spec

Names: TypeAlias = dict[str, Any]
Step: TypeAlias = Callable[[Names], object]
STAKE = ITEMS * COIN
JUDGE = development_signer("examples", "judge")


class Story(NamedTuple):
    """What there is before it, and what happens in it: examples by name, and steps of the test's own."""

    begin: Callable[[], Names]
    parts: tuple[str | Step, ...]


def public_names() -> Names:
    """What `from labelshare import …` gives, and what a notebook would have imported besides."""
    names = {name: getattr(labelshare, name) for name in labelshare.__all__}
    others = {"Outcome": Outcome, "Path": Path, "build_public": build_public, "holdings": holdings}
    return names | others | {"Lists": Lists, "Roster": Roster}


# ------------------------------------------------------------------- a whole life


def nothing_yet() -> Names:
    """A spec in a file, and its gold."""
    spec = small_spec(
        redundancy={"policy": "fixed.v1", "k": 4},
        assignment={"policy": "given.v1"},
        gold={"policy": "merkle.v1", "root": str(GOLD.root), "count": 4},
        slash={"policy": "skill-and-gold.v1", "min_labels": 8, "min_gold": 2, "breaker_gold": 4},
    )
    Path("spec.json").write_bytes(spec.canonical_bytes)
    return public_names() | {"gold": GOLD}


def hand_out(names: Names) -> None:
    """Accounts, with coins for gas and tokens for what they will do."""
    purses = {"acme": 84, "operator": 21, "stranger": 2, "buyer": 100} | dict.fromkeys(NAMES, 20)
    signers = {name: development_signer("examples", name) for name in purses}
    names["chain"].fund_all([each.address for each in signers.values()], 10 * COIN)
    for name, purse in purses.items():
        call = names["token"].transfer(signers[name].address, purse * COIN)
        names["sender"].send(names["deployer"], call)
    names.update(signers)


def others_join(names: Names) -> None:
    for name in NAMES[1:]:
        SeatHolder(names["sender"], names["contracts"], names[name], names["pool"]).join()


def others_enrol(names: Names) -> None:
    names["others"] = {name: client(names, name) for name in NAMES[1:]}
    for each in names["others"].values():
        each.enrol()


def client(names: Names, name: str) -> labelshare.Annotator:
    return labelshare.Annotator.of(names["campaign"], names[name], names["oracle"].intake)


def everyone_labels(names: Names) -> None:
    """Ann the rest, as well as ben and cleo; dora is always wrong."""
    names["annotator"].submit(0, {item: item % 3 for item in range(3, ITEMS)})
    for name, each in names["others"].items():
        each.submit(0, {item: (item + (name == "dora")) % 3 for item in range(ITEMS)})


def everyone_opens(names: Names) -> None:
    for each in (names["annotator"], *names["others"].values()):
        for batch in each.batches:
            if not batch.opening_receipt:
                each.open(batch)


def a_token_for_dora(names: Names) -> None:
    call = names["token"].transfer(names["dora"].address, 10 * COIN)
    names["sender"].send(names["deployer"], call)


# ------------------------------------------------------------- other campaigns


def on_stage(stage: Stage, **more: Any) -> Names:
    """The names of a campaign that is on its way; `annotator` is ann."""
    contracts, scope = stage.contracts, stage.scope
    return {
        **public_names(),
        "stage": stage,
        "chain": stage.chain,
        "sender": stage.sender,
        "deployment": stage.deployment,
        "contracts": contracts,
        "token": contracts.development_token,
        "COIN": COIN,
        "DAY": DAY,
        "requester": labelshare.Requester(stage.sender, contracts, stage.requester),
        "operator": stage.oracle,
        "stranger": stage.stranger,
        "scope": scope,
        "params": stage.params,
        "campaign": Campaign.load(stage.chain, stage.deployment, scope.campaign_id, stage.spec),
        "oracle": stage.engine,
        "annotator": stage.annotators["ann"],
        **more,
    }


def nobody_accepted() -> Names:
    return on_stage(build())


def by_rendezvous() -> Names:
    return on_stage(build().accept().enrol().draw().begin())


def crowd_works(names: Names) -> None:
    stage = names["stage"].work().reveal(*NAMES)
    stage.settle()


def dora_is_left_out() -> Names:
    stage = build().accept().enrol("ann", "ben", "cleo")
    return on_stage(stage, annotator=stage.annotators["dora"])


def round_begins(names: Names) -> None:
    names["stage"].draw().begin()


class Silent:
    """An oracle that does not answer."""

    def enrol(self, enrolment: Enrolment) -> None: ...

    def enrolled(self) -> NoReturn:
        raise ConnectionError

    def published(self, number: int) -> NoReturn:
        raise ConnectionError(number)

    def commit(self, signed: SignedCommit) -> NoReturn:
        raise ConnectionError(signed.annotator)

    def open(self, opening: Opening) -> NoReturn:
        raise ConnectionError(opening.annotator)


def not_answered() -> Names:
    """Ann's batch has not reached the oracle, which answers again."""
    stage = build().accept().enrol().draw().begin()
    ann = stage.annotators["ann"]
    ann.transport = Silent()
    try:
        ann.submit(0, dict.fromkeys(stage.free_items("ann")[:2], 0))
    except ConnectionError:
        ann.transport = stage.intake
    return on_stage(stage)


def round_is_over(names: Names) -> None:
    names["oracle"].post_commits(0)
    names["stage"].reveal()
    (names["batch"],) = names["annotator"].batches


def contested() -> Names:
    """A settlement is proposed in a pool whose arbitrator will find it wrong."""
    chain = connect()
    chain.fund(JUDGE.address, 100 * COIN)
    arbitrator = deploy_arbitrator(Sender(chain), JUDGE, 10**15)
    stage = build(chain, arbitrator=arbitrator, arbitration_refund=COIN)
    stage.accept().enrol().draw().work().reveal("ann", "ben", "cleo")
    stage.chain.advance_to(stage.schedule.reveal_end)
    stage.engine.propose()
    rich = stage.contracts.development_token.transfer(stage.stranger.address, 100 * COIN)
    stage.sender.send(stage.deployer, rich)
    return on_stage(stage, arbitrator=arbitrator)


def ruled(names: Names) -> None:
    """For the challenger."""
    give_ruling(names["sender"], names["arbitrator"], JUDGE, names["request"].dispute_id, 2)


def all_open_on_chain(names: Names) -> None:
    stage = names["stage"]
    for annotator in stage.annotators.values():
        for batch in annotator.batches:
            made = stage.engine.aggregate(batch.commit.round)
            proof = made.proof(annotator.address, batch.opening.commit_hash, stage.scope)
            annotator.post_reveal(stage.sender, batch, proof)


def nothing_comes_of_it() -> Names:
    stage = build().accept().enrol().draw().work().reveal()
    stage.chain.advance_to(stage.schedule.propose_end)
    names = on_stage(stage)
    return names | {"challenger": labelshare.Challenger.of(names["campaign"], stage.sender, stage.stranger)}


# ----------------------------------------------------------------------- the clock


def until(moment: str) -> Step:
    """Until a moment of the campaign's schedule."""
    return lambda names: names["chain"].advance_to(getattr(names["params"].schedule, moment))


def after(period: str) -> Step:
    """For as long as a period of the campaign's schedule."""
    return lambda names: wait(names, getattr(names["params"].schedule, period))


def wait(names: Names, seconds: int) -> None:
    names["chain"].advance_to(names["chain"].now() + seconds)


def mined(names: Names) -> None:
    names["chain"].mine(5)


def half_a_week(names: Names) -> None:
    wait(names, 7 * DAY // 2)


STORIES: dict[str, Story] = {
    "a whole life": Story(
        nothing_yet,
        (
            "labelshare",
            hand_out,
            "Requester",
            "Requester.create_dataset",
            "open_pool",
            "SeatHolder",
            "SeatHolder.pool_id",
            "SeatHolder.join",
            "SeatHolder.seat",
            others_join,
            "Steps",
            "Steps.schedule",
            "Terms",
            "Requester.open_campaign",
            "Requester.params_of",
            "Campaign",
            "Campaign.load",
            "Campaign.state",
            "Campaign.record",
            "Oracle.of",
            "Oracle.accept",
            "Oracle.state",
            "Oracle",
            "Annotator",
            "Annotator.address",
            "Annotator.of",
            "Annotator.enrol",
            others_enrol,
            "Oracle.book",
            "Oracle.registry",
            "Oracle.post_roster",
            "Oracle.record",
            "Annotator.check_roster",
            "Annotator.keep_place",
            until("enrol_end"),
            "Oracle.arm_seed",
            mined,
            "Oracle.draw_seed",
            "Oracle.refresh",
            until("work_start"),
            "Oracle.begin_round",
            "Oracle.knows",
            "Annotator.seal",
            "Annotator.batch_secret",
            "Annotator.submit",
            "Batch",
            "Batch.name",
            "Annotator.batches",
            "Annotator.book",
            "Annotator.refused",
            "Annotator.reinstate",
            everyone_labels,
            "Oracle.post_commits",
            "Annotator.left_out",
            "Annotator.missing_from",
            "Oracle.aggregate",
            "Annotator.check_included",
            "Annotator.keep_proof",
            until("commit_end"),
            "Requester.reveal_gold",
            "Annotator.open",
            everyone_opens,
            until("reveal_end"),
            "Oracle.propose",
            "Oracle.settled",
            after("window"),
            "Oracle.finalize",
            "Claimant",
            "Claimant.of",
            "Payouts",
            "Payouts.row_of",
            "Payouts.tree",
            "Claimant.unclaimed",
            "Claimant.claim",
            "Claimant.claim_all",
            "Slasher",
            "Slasher.of",
            "Slasher.due",
            "Slash",
            "Slasher.execute",
            a_token_for_dora,
            "SeatHolder.refill",
            "Purse",
            "Holdings",
            "Holdings.total",
            "Holdings.missing",
            "Purse.deposit",
            "Purse.withdraw",
            "Requester.offer_licence",
            "Licensee",
            "Licensee.buy",
            "Holder",
            "Holder.shares",
            half_a_week,
            "Holder.claimable",
            half_a_week,
            "Holder.claim",
            "Requester.withdraw_proceeds",
            "Requester.close_offer",
            after("slash_window"),
            "Oracle.free_place",
            "SeatHolder.leave",
            "SeatHolder.withdraw",
        ),
    ),
    "a crowd that is told what to label": Story(
        by_rendezvous, ("Oracle.assigned_to", crowd_works, "Oracle.pay_everyone")
    ),
    "nobody takes it on": Story(nobody_accepted, (until("accept_end"), "Requester.cancel")),
    "an annotator who works alone": Story(
        dora_is_left_out,
        (
            "Annotator.enrol_alone",
            round_begins,
            "Annotator.keep",
            "Annotator.commit_alone",
            until("commit_end"),
            "Annotator.post_reveal",
        ),
    ),
    "an oracle that is held to its receipt": Story(
        not_answered,
        ("Annotator.deliver", round_is_over, "Annotator.post_receipt", "Oracle.answer_receipt"),
    ),
    "a settlement that falls": Story(
        contested,
        (
            "Challenger",
            "Challenger.of",
            "Challenger.challenge_bond",
            "Challenger.challenge",
            "Challenger.request_ruling",
            ruled,
            "Challenger.resolve",
            all_open_on_chain,
            after("rescue_period"),
            "Challenger.proposal_bond",
            "Challenger.propose_openly",
            after("window"),
            "Challenger.finalize",
        ),
    ),
    "nothing comes of it": Story(nothing_comes_of_it, ("Challenger.expire",)),
}

"""Anyone takes a slash with what stands in the bundle: once, from whom it names, in its time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from labelshare.chain.history import campaign_history
from labelshare.client.slashes import Slash, Slasher, read_slashes
from labelshare.errors import CommitmentError, EvidenceError, RevertError
from labelshare.protocol.evidence import CommitRow, Row, read, write_row
from labelshare.report.collect import collect
from labelshare.types import Inclusion
from tests.client.gold import SLASH, STAKE, opened
from tests.oracle.stage import COIN, Stage, build, nothing_changes


@dataclass(frozen=True)
class Final:
    """A settlement that slashes dora, and a stranger who read its bundle."""

    stage: Stage
    bundle: bytes
    slasher: Slasher

    @property
    def slash(self) -> Slash:
        (slash,) = self.slasher.due([self.bundle])
        return slash

    def inclusion(self, name: str) -> Inclusion:
        """Somebody's last commitment, with the proof that it is included."""
        annotator = self.stage.annotators[name]
        batch = annotator.batches[-1]
        made = self.stage.aggregate(batch.commit.round)
        signed = next(each for each in made.commits if each.annotator == annotator.address)
        proof = made.proof(annotator.address, batch.opening.commit_hash, self.stage.scope)
        return Inclusion(annotator.address, batch.commit, signed.signature, tuple(proof))


def slasher(stage: Stage) -> Slasher:
    campaign = (stage.scope, stage.pool, stage.params)
    return Slasher(stage.sender, stage.contracts, stage.stranger, *campaign)


@pytest.fixture(scope="module")
def settled() -> Final:
    stage = opened()
    return Final(stage, stage.settle().bundle, slasher(stage))


@pytest.fixture
def final(settled: Final) -> Iterator[Final]:
    """The same, on a chain that goes back."""
    mark = settled.stage.chain.snapshot()
    yield settled
    settled.stage.chain.restore(mark)


def take(final: Final) -> None:
    """Dora loses half of what she signed for; the stranger gets a twentieth of it, the rest is burned."""
    stage, slash = final.stage, final.slash
    registry, token = stage.contracts.registry, stage.pool.token
    dora = stage.people["dora"].address
    assert (slash.leaf.account, slash.leaf.slash) == (dora, SLASH)
    assert slash.inclusion.commit == stage.annotators["dora"].batches[1].commit

    event = final.slasher.execute(slash)

    assert (event.annotator, event.executor) == (dora, stage.stranger.address)
    assert (event.amount, event.reward) == (SLASH, SLASH // 20)
    assert registry.seat(stage.params.pool, dora).stake == STAKE - SLASH
    assert registry.credit_of(token, stage.stranger.address) == SLASH // 20
    assert registry.burned_of(token) == SLASH - SLASH // 20
    history = campaign_history(stage.chain, stage.deployment, stage.scope.campaign_id)
    assert history.slashed == (event,)
    assert final.slasher.due([final.bundle]) == []
    found = collect(stage.chain, stage.deployment, stage.scope.campaign_id, final.bundle)
    assert found.conserved
    assert {person.account for person in found.people if person.lost} == {dora}


def test_a_stranger_takes_a_slash_and_is_rewarded(final: Final) -> None:
    assert final.slash.inclusion == final.inclusion("dora")

    take(final)


def test_a_slash_of_who_committed_to_the_chain_alone() -> None:
    stage = opened(alone=True)
    final = Final(stage, stage.settle().bundle, slasher(stage))
    assert (final.slash.inclusion.signature, final.slash.inclusion.proof) == (b"", ())

    take(final)


def test_a_slash_is_taken_once(final: Final) -> None:
    slash = final.slash
    final.slasher.execute(slash)

    with nothing_changes(final.stage), pytest.raises(RevertError) as caught:
        final.slasher.execute(slash)

    assert caught.value.name == "AlreadySlashed"


def test_nobody_is_slashed_by_what_somebody_else_signed(final: Final) -> None:
    slash, dora = final.slash, final.stage.people["dora"].address
    theirs = final.inclusion("ann")
    with nothing_changes(final.stage):
        with pytest.raises(RevertError) as other:
            final.slasher.execute(replace(slash, inclusion=theirs))
        with pytest.raises(RevertError) as renamed:
            final.slasher.execute(replace(slash, inclusion=replace(theirs, annotator=dora)))
        with pytest.raises(RevertError) as unsigned:
            final.slasher.execute(replace(slash, inclusion=replace(slash.inclusion, signature=b"")))

    assert other.value.name == "OtherAnnotator"
    assert set(other.value.args_by_name.values()) == {theirs.annotator, dora}
    assert (renamed.value.name, unsigned.value.name) == ("InvalidSignature", "NotIncluded")


def test_nobody_loses_more_than_the_settlement_says(final: Final) -> None:
    slash = final.slash
    more = replace(slash, leaf=replace(slash.leaf, slash=slash.leaf.slash + 1))

    with nothing_changes(final.stage), pytest.raises(RevertError) as caught:
        final.slasher.execute(more)

    assert caught.value.name == "InvalidProof"


def test_a_slash_has_its_time(final: Final) -> None:
    slash, chain = final.slash, final.stage.chain
    since = final.stage.contracts.registry.campaign(final.stage.scope.campaign_id).since
    end = final.stage.schedule.slash_end(since)
    mark = chain.snapshot()
    chain.advance_to(end)
    with nothing_changes(final.stage), pytest.raises(RevertError) as late:
        final.slasher.execute(slash)
    chain.restore(mark)
    assert late.value.name == "TooLate"

    chain.advance_to(end - 2)
    final.slasher.execute(slash)
    assert chain.now() < end


def test_nobody_is_slashed_before_the_settlement_is_final() -> None:
    stage = opened()
    stage.chain.advance_to(stage.schedule.reveal_end)
    bundle = stage.engine.propose(stage.record()).bundle
    (slash,) = slasher(stage).due([bundle])

    with nothing_changes(stage), pytest.raises(RevertError) as caught:
        slasher(stage).execute(slash)

    assert caught.value.name == "WrongStatus"


# ---------------------------------------------------------------------- what is read


def bytes_of(rows: list[Row]) -> bytes:
    return b"".join(map(write_row, rows))


def test_a_settlement_that_slashes_nobody() -> None:
    stage = build().accept().enrol().draw().work().reveal("ann")

    assert read_slashes([stage.settle().bundle]) == ()


def test_a_bundle_that_cannot_slash_is_refused(settled: Final) -> None:
    rows = list(read([settled.bundle]))
    dora = settled.stage.people["dora"].address
    hers = [row for row in rows if isinstance(row, CommitRow) and row.annotator == dora]
    without = [row for row in rows if row not in hers]
    cut = [replace(row, items=row.items[1:]) if isinstance(row, CommitRow) else row for row in rows]

    assert [each.leaf.account for each in read_slashes([bytes_of(rows)])] == [dora]
    with pytest.raises(EvidenceError, match=f"{dora} is slashed and has no standing commitment"):
        read_slashes([bytes_of(without)])
    with pytest.raises(CommitmentError, match="lists 9 items for 10 labels"):
        read_slashes([bytes_of(cut)])
    with pytest.raises(EvidenceError, match="the bundle has no spec"):
        read_slashes([bytes_of(rows[:1])])


def test_the_last_commitment_that_stands_is_what_is_shown(settled: Final) -> None:
    """Where a later one is void, the one before it; the slash is then what that signed for."""
    rows = list(read([settled.bundle]))
    dora = settled.stage.people["dora"].address
    broken = [
        replace(row, cumulative_count=21)
        if isinstance(row, CommitRow) and row.annotator == dora and row.batch == 1
        else row
        for row in rows
    ]

    (slash,) = read_slashes([bytes_of(broken)])

    assert slash.inclusion.commit == settled.stage.annotators["dora"].batches[0].commit
    assert slash.inclusion.commit.cumulative_count * COIN == SLASH

"""Seats, commitments and openings, from a bundle or from the chain alone: sections 5, 13 and 14."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labelshare.protocol.record import Record
from labelshare.types import Commit
from tests.protocol.naive.bundle import (
    FaultError,
    Row,
    fields_of,
    hexed,
    line,
    read_bytes,
    read_list,
    read_u32,
)
from tests.protocol.naive.rules import Opening
from tests.protocol.naive.spec import Spec
from tests.protocol.naive.statements import (
    Commitment,
    aggregate_root,
    are_batch,
    batch_root,
    digest,
    item_lists_hash,
    read_labels,
    signer,
    standing,
    struct_hash,
)
from tests.protocol.naive.trees import Domain, root

Sent = set[tuple[bytes, bytes]]  # annotator and commitHash of what was sent alone


@dataclass(frozen=True)
class Evidence:
    """What a settlement is computed from; `stand` has each annotator's standing commitments."""

    seats: set[bytes]
    commits: list[Commitment]
    stand: dict[bytes, list[Commitment]]
    openings: list[Opening]


# What the oracle published


def from_bundle(record: Record, domain: Domain, spec: Spec, rows: dict[str, list[Row]]) -> Evidence:
    """Section 13, steps 3 to 5."""
    seats = read_seats(record, domain, rows["seat"])
    check_rounds(record, rows["round"])
    sent = sent_alone(record, domain)
    commits = [read_commit(domain, row, sent) for row in rows["commit"]]
    check_commits(record, domain, seats, commits, sent)
    stand = standing_of(record, spec, commits)
    openings = [read_opening(domain, spec, stand, row) for row in rows["opening"]]
    orders = [opening.commit.order for opening in openings]
    if orders != sorted(set(orders)):
        raise FaultError("openings are out of order or repeated")
    for opening in posted(record, domain, spec, stand):
        if opening not in openings:
            raise FaultError(
                f"left out an opening of {hexed(opening.commit.annotator)} that is posted on chain"
            )
    return Evidence(seats, commits, stand, openings)


def read_seats(record: Record, domain: Domain, rows: list[Row]) -> set[bytes]:
    enrol = digest(domain, struct_hash("Enrol", domain.campaign_id))
    everybody, signed = [], []
    for row in rows:
        annotator, signature = map(read_bytes, fields_of(row, "annotator signature"))
        everybody.append(annotator)
        if signature:
            signed.append(annotator)
            if signer(enrol, signature) != annotator:
                raise FaultError(f"the seat of {hexed(annotator)} is not signed by it")
        elif annotator not in record.enrolled_alone:
            raise FaultError(f"{hexed(annotator)} did not enrol alone")
    if everybody != sorted(set(everybody)):
        raise FaultError("seats are out of order or repeated")
    if root(domain.leaf("ROSTER", annotator) for annotator in signed) != record.roster_root:
        raise FaultError("the signed seats do not make the roster's root")
    if len(signed) != record.roster_count:
        raise FaultError("the signed seats are not as many as the roster's count")
    if not set(record.enrolled_alone) <= set(everybody):
        raise FaultError("a seat that enrolled alone is missing")
    return set(everybody) & set(record.seated)


def sent_alone(record: Record, domain: Domain) -> Sent:
    return {(own.annotator, commitment(domain, own.annotator, own.commit).hash) for own in record.own_commits}


def round_rows(record: Record) -> list[Row]:
    return [
        {
            "kind": "round",
            "round": each.round,
            "root": hexed(each.root),
            "itemListsHash": hexed(each.item_lists_hash),
        }
        for each in sorted(record.rounds, key=lambda each: each.round)
    ]


def check_rounds(record: Record, rows: list[Row]) -> None:
    if list(map(line, rows)) != list(map(line, round_rows(record))):
        raise FaultError("the rounds are not those of the chain")


def commitment(domain: Domain, annotator: bytes, commit: Commit) -> Commitment:
    """A commitment as the chain has it."""
    values = commit.round, commit.batch, commit.root, commit.count, commit.cumulative_count
    return Commitment(annotator, *values, hash=struct_hash("Commit", domain.campaign_id, *values))


def read_commit(domain: Domain, row: Row, sent: Sent) -> Commitment:
    annotator, *numbers, committed, signature, items = fields_of(
        row, "annotator round batch count cumulativeCount root signature items"
    )
    number, batch, count, cumulative_count = map(read_u32, numbers)
    who, made = read_bytes(annotator, 20), (number, batch, read_bytes(committed, 32), count, cumulative_count)
    hashed = struct_hash("Commit", domain.campaign_id, *made)
    return Commitment(
        who,
        *made,
        hash=hashed,
        signature=read_bytes(signature),
        items=tuple(map(read_u32, read_list(items))),
        bound=(who, hashed) not in sent,
    )


def check_commits(
    record: Record, domain: Domain, seats: set[bytes], commits: list[Commitment], sent: Sent
) -> None:
    orders = [each.order for each in commits]
    if orders != sorted(set(orders)):
        raise FaultError("commitments are out of order or repeated")
    for each in commits:
        if each.annotator not in seats:
            raise FaultError(f"{hexed(each.annotator)} committed without a seat")
        if each.aggregated:
            if signer(digest(domain, each.hash), each.signature) != each.annotator:
                raise FaultError(f"a commitment of {hexed(each.annotator)} is not signed by it")
            if len(each.items) != each.count or (each.count and not are_batch(each.items)):
                raise FaultError(f"an item list of {hexed(each.annotator)} is none, or not of its count")
        elif each.bound or each.items:
            raise FaultError(f"a commitment of {hexed(each.annotator)} was not sent alone")
    here = {(each.annotator, each.hash) for each in commits}
    if not {(who, hashed) for who, hashed in sent if who in seats} <= here:
        raise FaultError("a commitment sent alone is missing")
    check_aggregates(record, domain, [each for each in commits if each.aggregated])


def check_aggregates(record: Record, domain: Domain, commits: list[Commitment]) -> None:
    if not {each.round for each in commits} <= {each.round for each in record.rounds}:
        raise FaultError("a signed commitment is of a round without an aggregate")
    for aggregate in record.rounds:
        here = [each for each in commits if each.round == aggregate.round]
        if not here:
            raise FaultError(f"the aggregate of round {aggregate.round} holds no commitment")
        if aggregate_root(domain, here) != aggregate.root:
            raise FaultError(f"the commitments do not make the root of round {aggregate.round}")
        if item_lists_hash(here) != aggregate.item_lists_hash:
            raise FaultError(f"the item lists do not make the hash of round {aggregate.round}")


def read_opening(domain: Domain, spec: Spec, stand: dict[bytes, list[Commitment]], row: Row) -> Opening:
    annotator, committed, secret, items, labels = fields_of(row, "annotator commitHash secret items labels")
    for commit in stand.get(read_bytes(annotator, 20), []):
        if commit.hash == read_bytes(committed, 32):
            opening = Opening(
                commit,
                read_bytes(secret, 32),
                tuple(map(read_u32, read_list(items))),
                tuple(map(read_bytes, read_list(labels))),
            )
            if not holds(domain, spec, opening):
                raise FaultError(f"an opening of {annotator} does not hold")
            return opening
    raise FaultError(f"an opening of {annotator} belongs to no standing commitment")


# What the chain alone shows


def from_chain(record: Record, domain: Domain, spec: Spec, place: tuple[int, int]) -> Evidence:
    """Section 14, steps 1 to 4."""
    sent = [(own.annotator, own.commit) for own in record.own_commits]
    sent += [(each.annotator, each.commit) for each in record.reveals if each.place < place]
    named = {commitment(domain, who, commit) for who, commit in sent if who in record.seated}
    commits = sorted(named, key=lambda commit: commit.order)
    stand = standing_of(record, spec, commits)
    openings = posted(record, domain, spec, stand)
    return Evidence({commit.annotator for commit in commits}, commits, stand, openings)


def public_rows(record: Record, evidence: Evidence) -> list[Row]:
    """The only rows with which a public bundle can show its evidence."""
    rows: list[Row] = [
        {"kind": "seat", "annotator": hexed(seat), "signature": "0x"} for seat in sorted(evidence.seats)
    ]
    rows += round_rows(record)
    rows += [
        {
            "kind": "commit",
            "annotator": hexed(each.annotator),
            "round": each.round,
            "batch": each.batch,
            "root": hexed(each.root),
            "count": each.count,
            "cumulativeCount": each.cumulative_count,
            "signature": "0x",
            "items": [],
        }
        for each in evidence.commits
    ]
    rows += [
        {
            "kind": "opening",
            "annotator": hexed(each.commit.annotator),
            "commitHash": hexed(each.commit.hash),
            "secret": hexed(each.secret),
            "items": list(each.items),
            "labels": [hexed(label) for label in each.labels],
        }
        for each in evidence.openings
    ]
    return rows


# Both


def standing_of(record: Record, spec: Spec, commits: Iterable[Commitment]) -> dict[bytes, list[Commitment]]:
    """Each annotator's standing commitments; without those who have none."""
    limit = spec.limit(record.pool.seat_stake, record.pool.max_open, record.params.stake_per_label)
    by_annotator: dict[bytes, list[Commitment]] = {}
    for each in commits:
        by_annotator.setdefault(each.annotator, []).append(each)
    stand = {who: standing(included, limit) for who, included in sorted(by_annotator.items())}
    return {who: those for who, those in stand.items() if those}


def holds(domain: Domain, spec: Spec, opening: Opening) -> bool:
    commit = opening.commit
    if not are_batch(opening.items) or not len(opening.items) == len(opening.labels) == commit.count:
        return False
    if any(spec.form.decode(label) is None for label in opening.labels):
        return False
    rebuilt = batch_root(
        domain, commit.annotator, commit.batch, opening.secret, opening.items, opening.labels
    )
    return rebuilt == commit.root


def posted(record: Record, domain: Domain, spec: Spec, stand: dict[bytes, list[Commitment]]) -> list[Opening]:
    """The openings of standing commitments that are posted for the proposal, in the order of these."""
    place = record.posted.place if record.posted else (0, 0)
    found: dict[bytes, Opening] = {}
    for sent in record.reveals:
        wanted = commitment(domain, sent.annotator, sent.commit).hash
        read = read_labels(sent.labels)
        for commit in stand.get(sent.annotator, []):
            if commit.hash == wanted and sent.place < place and read is not None:
                opening = Opening(commit, sent.secret, *read)
                if holds(domain, spec, opening):
                    found.setdefault(wanted, opening)
    return sorted(found.values(), key=lambda opening: opening.commit.order)

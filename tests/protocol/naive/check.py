"""A second verifier, written from docs/settlement.md alone: section 13, and 14 for public proposals."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields

import rfc8785

from labelshare.protocol.record import Posted, Record
from labelshare.types import Hash32, Settlement
from tests.protocol.naive.bundle import FaultError, Row, fields_of, hexed, line, read, struct_row
from tests.protocol.naive.evidence import Evidence, from_bundle, from_chain, public_rows
from tests.protocol.naive.rules import Money, Outcome, assign_by_rounds, assign_to_lowest, judge
from tests.protocol.naive.spec import Spec, read_spec
from tests.protocol.naive.trees import Domain, id_of, keccak, root


@dataclass(frozen=True)
class Verdict:
    """What was found; settlement, rows and outcome are there where the evidence holds."""

    ok: bool
    reason: str = ""
    outcome: Outcome | None = None
    settlement: Settlement | None = None
    rows: dict[str, list[Row]] = field(default_factory=dict)


def check(record: Record, bundle: bytes) -> Verdict:
    """Judge the posted settlement; nothing that a bundle holds makes this raise."""
    if record.posted is None:
        return Verdict(ok=False, reason="nothing is posted")
    bundle_hash = hashlib.sha256(bundle).digest()
    try:
        lines = read(bundle)
        domain = Domain(record.chain_id, record.registry, record.campaign_id)
        check_header(record, lines["header"])
        spec = check_spec(record, lines["spec"])
        evidence = find_evidence(record, record.posted, domain, spec, lines)
    except ValueError as fault:
        return Verdict(ok=False, reason=str(fault))
    outcome = recount(record, record.posted, spec, evidence)
    rows = {
        "gold": gold_rows(outcome),
        "truth": truth_rows(spec, outcome),
        "score": score_rows(outcome),
        "payout": payout_rows(outcome),
    }
    settlement = settle(domain, spec, outcome, rows["payout"], bundle_hash)
    wanted = rows | {"summary": [summary_row(settlement)]}
    reason = first_difference(record, record.posted, settlement, lines, wanted)
    return Verdict(not reason, reason, outcome, settlement, rows)


# Section 13, steps 2 to 5


def only(rows: list[Row], kind: str) -> Row:
    if len(rows) != 1:
        raise FaultError(f"there are {len(rows)} lines of kind {kind}")
    return rows[0]


def check_header(record: Record, rows: list[Row]) -> None:
    wanted = {
        "kind": "header",
        "version": "labelshare.bundle.v1",
        "chainId": str(record.chain_id),
        "registry": hexed(record.registry),
        "campaignId": hexed(record.campaign_id),
        "params": struct_row(record.params),
        "pool": struct_row(record.pool),
    }
    if line(only(rows, "header")) != line(wanted):
        raise FaultError("the header is not the record's")
    if id_of(record.chain_id, record.registry, record.params) != record.campaign_id:
        raise FaultError("the params do not hash to the campaign's id")
    if id_of(record.chain_id, record.registry, record.pool) != record.params.pool:
        raise FaultError("the pool's params do not hash to its id")


def check_spec(record: Record, rows: list[Row]) -> Spec:
    (spec,) = fields_of(only(rows, "spec"), "spec")
    if hashlib.sha256(rfc8785.dumps(spec)).digest() != record.params.spec_hash:
        raise FaultError("the spec is not the campaign's")
    return read_spec(spec)


def find_evidence(
    record: Record, posted: Posted, domain: Domain, spec: Spec, lines: dict[str, list[Row]]
) -> Evidence:
    if not posted.public:
        return from_bundle(record, domain, spec, lines)
    evidence = from_chain(record, domain, spec, posted.place)
    shown = [row for kind in ("seat", "round", "commit", "opening") for row in lines[kind]]
    if [line(row) for row in shown] != [line(row) for row in public_rows(record, evidence)]:
        raise FaultError("the evidence is not what the chain shows")
    return evidence


# Step 6


def recount(record: Record, posted: Posted, spec: Spec, evidence: Evidence) -> Outcome:
    params = record.params
    limit = spec.limit(record.pool.seat_stake, record.pool.max_open, params.stake_per_label)
    if spec.cap_bps is None:
        assigned = None
    elif posted.public:
        assigned = assign_to_lowest(spec, record.seed, evidence.openings)
    else:
        rounds = params.schedule.rounds
        assigned = assign_by_rounds(spec, record.seed, evidence.seats, evidence.commits, rounds, limit)
    money = Money(record.escrow, params.fee_bps, params.share_cap, params.stake_per_label)
    return judge(spec, record.seed, money, evidence.stand, evidence.openings, assigned, record.gold)


def gold_rows(outcome: Outcome) -> list[Row]:
    return [
        {"kind": "gold", "item": str(item), "label": hexed(label), "void": item in outcome.void}
        for item, label in sorted(outcome.gold.items())
    ]


def truth_rows(spec: Spec, outcome: Outcome) -> list[Row]:
    return [
        {
            "kind": "truth",
            "item": str(item),
            "winner": hexed(outcome.says(spec, winner.choice)),
            "confidenceQ16": winner.votes * 65_536 // winner.total,
            "accepted": winner.accepted(spec),
        }
        for item, winner in sorted(outcome.truth.winners.items())
    ]


def score_rows(outcome: Outcome) -> list[Row]:
    return [
        {
            "kind": "score",
            "annotator": hexed(each.annotator),
            "labels": len(each.labels),
            "accepted": each.accepted,
            "contested": each.contested,
            "unopened": each.unopened,
            "compared": each.seen.n,
            "agreed": each.seen.agreed,
            "chance": str(each.seen.chance),
            "items": each.refs.total,
            "gold": each.on_gold.n,
            "goldRight": each.on_gold.agreed,
            "skillQ16": max(each.skill, -65_536),
            "flagged": each.flagged,
        }
        for each in outcome.results
    ]


def payout_rows(outcome: Outcome) -> list[Row]:
    rows: list[Row] = []
    paid = shared = 0
    for each in outcome.results:
        if each.pay or each.shares or each.slash:
            paid += each.pay
            shared += each.shares
            row = {
                "kind": "payout",
                "index": str(len(rows)),
                "account": hexed(each.annotator),
                "payout": str(each.pay),
                "shares": str(each.shares),
                "slash": str(each.slash),
                "cumPayout": str(paid),
                "cumShares": str(shared),
            }
            rows.append(row)
    return rows


def settle(
    domain: Domain, spec: Spec, outcome: Outcome, payouts: list[Row], bundle_hash: bytes
) -> Settlement:
    payout_leaves = [
        domain.leaf(
            "PAYOUT",
            int(row["index"]),
            bytes.fromhex(row["account"][2:]),
            *(int(row[name]) for name in ("payout", "shares", "slash", "cumPayout", "cumShares")),
        )
        for row in payouts
    ]
    label_leaves = [
        domain.leaf("LABEL", each.annotator, each.batch, each.item, keccak(each.answer))
        for each in outcome.labels
    ]
    truth_leaves = [
        domain.leaf(
            "TRUTH",
            item,
            keccak(outcome.says(spec, winner.choice)),
            winner.votes * 65_536 // winner.total,
            winner.accepted(spec),
        )
        for item, winner in outcome.truth.winners.items()
    ]
    return Settlement(
        payout_root=Hash32(root(payout_leaves)),
        label_root=Hash32(root(label_leaves)),
        model_root=Hash32(outcome.truth.model_root(domain.word("MODEL"))),
        truth_root=Hash32(root(truth_leaves)),
        payout_total=int(payouts[-1]["cumPayout"]) if payouts else 0,
        share_total=int(payouts[-1]["cumShares"]) if payouts else 0,
        leaves=len(payouts),
        bundle_hash=Hash32(bundle_hash),
    )


def summary_row(settlement: Settlement) -> Row:
    row = struct_row(settlement)
    del row["bundleHash"]
    return row | {"kind": "summary"}


def first_difference(
    record: Record,
    posted: Posted,
    settlement: Settlement,
    lines: dict[str, list[Row]],
    wanted: dict[str, list[Row]],
) -> str:
    """In words; empty if there is none."""
    for kind, rows in wanted.items():
        if len(lines[kind]) != len(rows):
            return f"there are {len(lines[kind])} lines of kind {kind}, recomputed {len(rows)}"
        for shown, row in zip(lines[kind], rows, strict=True):
            if line(shown) != line(row):
                return f"a {kind} is {shown}, recomputed {row}"
    for each in fields(Settlement):
        if getattr(settlement, each.name) != getattr(posted.settlement, each.name):
            return f"{each.name} is not the one posted"
    fee = settlement.payout_total * record.params.fee_bps // 10_000
    if posted.fee is not None and posted.fee != fee:
        return f"the fee is {posted.fee}, recomputed {fee}"
    return ""

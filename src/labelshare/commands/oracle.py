"""What operators ask of their oracle's store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from labelshare.commands.backup import DatabaseOption, StateOption
from labelshare.commands.common import Session, command, group
from labelshare.commands.hosting import require_one_store
from labelshare.commands.lines import Pair, fields
from labelshare.commands.units import moment, printable, span

if TYPE_CHECKING:
    from labelshare.oracle.overview import CampaignLine, Next, Overview
    from labelshare.store.database import Database

__all__ = ["oracle"]

oracle = group("oracle", "Look at the oracle that you run.")

_WORDS: Final = {
    "accept": "accept it",
    "roster": "post the roster",
    "seed": "draw the seed",
    "close": "post the root of round {}, if batches come in",
    "propose": "propose the settlement",
    "propose-late": "propose late, at a part of the bond a day",
    "cancel": "cancel it, as nobody worked",
    "expire": "expire it",
    "resolve": "apply the ruling, or the lack of one",
    "finalize": "finalize it",
    "free": "free its place; before that slash and pay",
}


@command(oracle, "oracle status --state oracle")
def status(here: Session, *, state: StateOption = None, database: DatabaseOption = None) -> None:
    """Show campaigns with what comes next and by when, pending transactions, and alarms.

    Reads the store, while its service runs or not, and the node; sends and changes nothing.
    """
    from contextlib import closing

    from labelshare.oracle.overview import overview

    with closing(_opened(state, database)) as store:
        found = overview(here.contracts.registry.chain, here.deployment, store)
    here.show(_facts(found), _lines(found))


def _opened(state: Path | None, url: str | None) -> Database:
    """A store that is there, of this version: nothing is made or led on by looking."""
    from labelshare.errors import StoreError
    from labelshare.store import revisions
    from labelshare.store.database import Database
    from labelshare.store.dump import reading

    require_one_store(state, url)
    with reading(state, url) as connection:
        if revisions.revision_of(connection) != revisions.head():
            raise StoreError("the store is of another version of labelshare than this command")
    return Database.open(state) if state is not None else Database.at(url or "")


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def _lines(found: Overview) -> list[str]:
    indexed = "nothing is indexed yet" if found.indexed is None else f"indexed up to block {found.indexed}"
    lines = [f"{moment(found.now)} by the chain's clock, {indexed}", ""]
    lines.append(_count(len(found.campaigns), "campaign"))
    for each in found.campaigns:
        lines += [str(each.campaign), *fields(_rows(each, found.now), indent=2)]
    lines += ["", _count(len(found.pending), "pending transaction")]
    for sent in found.pending:
        nonce = sent.signed.transaction.nonce
        rows: list[Pair] = [("call", sent.label), ("account", sent.signed.sender), ("nonce", nonce)]
        lines += [str(sent.signed.hash), *fields(rows, indent=2)]
    lines += ["", f"{_count(len(found.alarms), 'alarm')} of the watcher"]
    for alarm in found.alarms:
        told: list[Pair] = [("found", printable(alarm.error or ""))]
        lines += [alarm.key.partition("/")[0], *fields(told, indent=2)]
    if found.unchecked:
        lines += ["", f"{_count(len(found.unchecked), 'proposal')} that cannot be checked"]
    return lines


def _rows(line: CampaignLine, now: int) -> list[Pair]:
    rows: list[Pair] = [("status", line.status.name.lower())]
    if line.next is not None:
        rows.append(("next", _in_words(line.next)))
        if line.next.at > now:
            rows.append(("from", f"{moment(line.next.at)}, in {span(line.next.at - now)}"))
        if line.next.until is not None:
            rows.append(("by", f"{moment(line.next.until)}, in {span(max(0, line.next.until - now))}"))
    failing = (f"{each.kind}, {each.tries} times: {printable(each.error or '')}" for each in line.failing)
    waiting = (f"{each.kind}: {printable(each.error or '')}" for each in line.waiting)
    return [*rows, *(("failing", each) for each in failing), *(("waiting", each) for each in waiting)]


def _in_words(step: Next) -> str:
    return _WORDS[step.kind].format(step.about)


def _facts(found: Overview) -> dict[str, Any]:
    return {
        "now": found.now,
        "indexed": found.indexed,
        "campaigns": [_campaign_facts(each) for each in found.campaigns],
        "pending": [
            {
                "transaction": str(each.signed.hash),
                "call": each.label,
                "account": str(each.signed.sender),
                "nonce": each.signed.transaction.nonce,
            }
            for each in found.pending
        ],
        "alarms": [
            {"campaign": each.key.partition("/")[0], "found": each.error, "done": each.done}
            for each in found.alarms
        ],
        "unchecked": [
            {"campaign": each.key.partition("/")[0], "found": each.error} for each in found.unchecked
        ],
    }


def _campaign_facts(line: CampaignLine) -> dict[str, Any]:
    step = line.next
    return {
        "campaign": str(line.campaign),
        "status": line.status.name.lower(),
        "next": None
        if step is None
        else {"kind": step.kind.value, "about": step.about, "from": step.at, "until": step.until},
        "failing": [
            {"kind": each.kind, "tries": each.tries, "due": each.due, "error": each.error}
            for each in line.failing
        ],
        "waiting": [{"kind": each.kind, "due": each.due, "reason": each.error} for each in line.waiting],
    }

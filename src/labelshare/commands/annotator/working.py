"""Labelling: from a file of answers, or item by item on the terminal; kept at once, handed in sealed."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labelshare.commands.annotator.shared import (
    ID,
    KeepOption,
    OracleOption,
    Workplace,
    annotator,
)
from labelshare.commands.claim import CampaignArgument
from labelshare.commands.common import SENDS, Session, command, read_text
from labelshare.commands.lines import fields, steps
from labelshare.commands.units import plain, printable
from labelshare.errors import InputError, LabelError, LabelshareError, ProtocolError
from labelshare.types import Hash32

if TYPE_CHECKING:
    from labelshare.client.annotator import Annotator
    from labelshare.client.service import ServiceClient
    from labelshare.client.watch import Watch
    from labelshare.protocol.labels import Form
    from labelshare.protocol.spec import Spec

MOST_SHOWN: Final = 2_000
MOST_NUMBERED: Final = 40
_BATCH: Final = 20


@dataclass(frozen=True, slots=True)
class _Work:
    """What may be labelled now; `items` None for any, `left` how many labels more."""

    round: int
    items: list[int] | None
    left: int
    told: str = ""


@command(annotator, f"annotator work {ID} --answers answers.csv --key ann.json", SENDS)
def work(
    here: Session,
    campaign: CampaignArgument,
    *,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="CSV of item,label, or JSON Lines of the same fields (.jsonl); without it the terminal asks."
        ),
    ] = None,
    batch: Annotated[
        int,
        typer.Option(
            min=1,
            max=10_000,
            help="Labels in a batch at most; fewer where more would not fit in one transaction.",
        ),
    ] = _BATCH,
    oracle: OracleOption = None,
    keep: KeepOption = None,
) -> None:
    """Label what is assigned to you now; each answer is kept at once, and handed in sealed."""
    with Workplace(here, keep) as at:
        followed = at.followed(campaign)
        service = at.service(oracle or followed.service)
        watch = at.watch(at.keeping.campaign(followed), service)
        now, own = _assigned(watch, service), watch.annotator
        given = _free(own, now, own.book.drafts())
        if answers is not None:
            given |= _from_file(own, now, answers)
        else:
            given |= _asked(own, now, given, service)
        handed = dict(sorted(given.items())[: now.left])
        if not handed:
            raise ProtocolError("there is nothing to hand in" + (f": {now.told}" if now.told else ""))
        here.confirm(
            f"seal {len(handed)} answers and hand them in for round {now.round} of campaign {campaign}"
        )
        _hand_in(here, own, now, handed, batch)


def _assigned(watch: Watch, service: ServiceClient | None) -> _Work:
    """By the oracle's word; where it says nothing, by the chain alone, as far as that can tell."""
    from labelshare.client.working import assigned_alone, round_at

    own, name = watch.annotator, watch.campaign.scope.campaign_id
    told = "no oracle is known"
    if service is not None:
        try:
            said = service.assignment(name)
        except LabelshareError as error:
            told = f"the oracle does not answer: {error}"
        else:
            if said.round is None or not said.takes_batches:
                raise ProtocolError("no round takes batches now")
            items = None if said.any_item else list(service.open_items(name, said))
            return _Work(said.round, items, said.limit - said.committed)
    at = watch.situation()
    number = round_at(at.params.schedule, at.now)
    if number is None:
        raise ProtocolError(f"no round runs now; {told}")
    record, pool = watch.campaign.record(), watch.campaign.pool
    limit = own.spec.label_limit(pool.campaign_slice, own.params.stake_per_label)
    done = sum(each.commit.count for each in own.batches)
    return _Work(number, assigned_alone(own, record, pool, number), limit - done, told)


def _free(own: Annotator, now: _Work, labels: Mapping[int, bytes]) -> dict[int, bytes]:
    """Those of the labels that may be given now: assigned, and not sealed before."""
    sealed = {item for each in own.batches for item in each.opening.items}
    open_ = range(len(own.spec.items)) if now.items is None else now.items
    allowed = set(open_) - sealed
    return {item: label for item, label in labels.items() if item in allowed}


# ------------------------------------------------------------------------- a file


def _from_file(own: Annotator, now: _Work, file: Path) -> dict[int, bytes]:
    labels = _lines(file, own.spec) if file.suffix == ".jsonl" else _table(file, own.spec)
    chosen = _free(own, now, labels)
    for item, label in chosen.items():
        own.book.set_draft(item, label)
    if len(chosen) < len(labels):
        typer.echo(
            f"{len(labels) - len(chosen)} answers left out: not assigned to you now, or handed in before",
            err=True,
        )
    return chosen


def _table(file: Path, spec: Spec) -> dict[int, bytes]:
    from labelshare.commands.gold_file import read_answers

    return read_answers(file, spec)


def _lines(file: Path, spec: Spec) -> dict[int, bytes]:
    """JSON Lines of `item`, its number, and `label`, its text or a Label Studio result."""
    from labelshare.commands.answers import answer_of

    found: dict[int, bytes] = {}
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if not line.strip():
            continue
        try:
            item, label = _fields(json.loads(line), spec, found)
            found[item] = spec.task.form.encode(answer_of(spec.task.form, label))
        except (ValueError, RecursionError):
            raise InputError(f"{file}: line {number}: not JSON") from None
        except (InputError, LabelError) as error:
            raise InputError(f"{file}: line {number}: {error}") from None
    return found


def _fields(row: Any, spec: Spec, taken: Collection[int]) -> tuple[int, str]:
    item, label = (row.get("item"), row.get("label")) if isinstance(row, dict) else (None, None)
    if not isinstance(item, int) or isinstance(item, bool) or not isinstance(label, str | list):
        raise InputError('a line is {"item": number, "label": text or Label Studio result}')
    if not 0 <= item < len(spec.items) or item in taken:
        raise InputError(f"item {item} is not in the campaign, or comes twice")
    return item, label if isinstance(label, str) else json.dumps(label)


# --------------------------------------------------------------------- the terminal


def _asked(
    own: Annotator, now: _Work, given: Mapping[int, bytes], service: ServiceClient | None
) -> dict[int, bytes]:
    """Item by item; every answer is on the disk before the next question."""
    if not sys.stdin.isatty():
        return {}
    everything = dict.fromkeys(range(len(own.spec.items)), b"")
    todo = [item for item in _free(own, now, everything) if item not in given][: now.left - len(given)]
    form, found = own.spec.task.form, dict[int, bytes]()
    typer.echo(printable(own.spec.instructions), err=True)
    for place, item in enumerate(todo, 1):
        typer.echo(f"\n{place} of {len(todo)}: {_content(own, item, service)}", err=True)
        for line in _choices(form):
            typer.echo(line, err=True)
        answer = _answer(form)
        if answer is None:
            break
        if answer >= 0:
            found[item] = form.encode(answer)
            own.book.set_draft(item, found[item])
    return found


def _choices(form: Form) -> Iterator[str]:
    """What may be answered: the answers by number, or of regions how they are written."""
    from labelshare.commands.answers import regions_in_words
    from labelshare.protocol.labels import Regions

    if isinstance(form, Regions):
        names = ", ".join(form.classes[:MOST_NUMBERED]) + (", …" if len(form.classes) > MOST_NUMBERED else "")
        return iter(fields([("classes", printable(names)), ("answer", printable(regions_in_words(form)))]))
    if form.n_classes <= MOST_NUMBERED:
        return steps(printable(form.describe(each)) for each in range(form.n_classes))
    return iter(())


def _answer(form: Form) -> int | None:
    """An answer; -1 to pass the item over, None to stop."""
    from labelshare.commands.answers import answer_of

    while True:
        typer.echo("Number or answer; s skips, q stops: ", nl=False, err=True)
        line = sys.stdin.readline()
        text = line.strip()
        if not line or text == "q":
            return None
        if text == "s":
            return -1
        if text.isdecimal() and form.n_classes <= MOST_NUMBERED and 1 <= int(text) <= form.n_classes:
            return int(text) - 1
        try:
            return answer_of(form, text)
        except LabelError as error:
            typer.echo(printable(str(error)), err=True)


def _content(own: Annotator, item: int, service: ServiceClient | None) -> str:
    """The item's text where the oracle shows it, else its name and where it is."""
    each = own.spec.items[item]
    if service is not None:
        try:
            data = service.media(own.scope.campaign_id, Hash32("0x" + each.digest))
            return "\n".join(printable(line) for line in data.decode()[:MOST_SHOWN].splitlines())
        except (LabelshareError, UnicodeDecodeError):
            pass
    return plain(" ".join(filter(None, (each.name, each.uri))) or f"item {item}")


# ------------------------------------------------------------------------ handing in


def _hand_in(here: Session, own: Annotator, now: _Work, labels: Mapping[int, bytes], most: int) -> None:
    from labelshare.client.working import hand_in, parts

    form, rows = own.spec.task.form, list[dict[str, Any]]()
    for part in parts(labels, most):
        try:
            batch, told = hand_in(own, now.round, {item: form.decode(labels[item]) for item in part})
        except ProtocolError as error:
            rows.append({"batch": None, "labels": len(part), "receipt": False, "told": str(error)})
        else:
            receipt = bool(batch.receipt)
            rows.append({"batch": batch.commit.batch, "labels": len(part), "receipt": receipt, "told": told})
    lines = fields([(_name(row), _fate(row)) for row in rows])
    here.show({"round": now.round, "batches": rows}, lines)
    if any(not row["receipt"] for row in rows):
        typer.echo(
            "What has no receipt is kept: `labelshare annotator watch` hands it in again, or commits it on "
            "chain before the round is over.",
            err=True,
        )


def _name(row: Mapping[str, Any]) -> str:
    return "refused" if row["batch"] is None else f"batch {row['batch']}"


def _fate(row: Mapping[str, Any]) -> str:
    fate = "the oracle signed for it" if row["receipt"] else f"kept: {printable(row['told'])}"
    return f"{row['labels']} labels, {fate}"

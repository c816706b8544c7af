"""Records in one file: kept elsewhere, or taken to another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labelshare.commands.annotator.shared import KeepOption, annotator, keeping_of
from labelshare.commands.common import SENDS, Session, command, read_bytes
from labelshare.commands.files import refuse_existing, write_new
from labelshare.commands.lines import fields


@command(annotator, "annotator export records.kept --key ann.json", SENDS)
def export(
    here: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, for your eyes alone.")],
    *,
    keep: KeepOption = None,
) -> None:
    """Write all records into one file, which the account's key alone opens."""
    refuse_existing(file)
    keeping = keeping_of(here, keep)
    data = keeping.exported()
    write_new(file, data, private=True)
    campaigns = len(keeping.followed.all())
    here.show(
        {"file": str(file), "bytes": len(data), "campaigns": campaigns},
        fields([("file", file), ("campaigns", campaigns), ("bytes", len(data))]),
    )


@command(annotator, "annotator import records.kept --key ann.json", SENDS, name="import")
def import_(
    here: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `annotator export` wrote.")],
    *,
    keep: KeepOption = None,
) -> None:
    """Take in the records of another machine; work on one machine at a time."""
    keeping = keeping_of(here, keep)
    new = keeping.take_in(read_bytes(file))
    here.show(
        {"folder": str(keeping.folder), "new": new},
        fields([("records", keeping.folder), ("new rows", new)]),
    )

"""Records in one file: kept elsewhere, or taken to another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labelshare.commands.annotator.shared import (
    KeepOption,
    Workplace,
    annotator,
)
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
    with Workplace(here, keep) as at:
        data, campaigns = at.keeping.exported(), len(at.keeping.followed.all())
    write_new(file, data, private=True)
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
    with Workplace(here, keep) as at:
        new, folder = at.keeping.take_in(read_bytes(file)), at.keeping.folder
    here.show(
        {"folder": str(folder), "new": new},
        fields([("records", folder), ("new rows", new)]),
    )

"""Handing in what a campaign's items are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from labelshare.commands.campaign.remote import PlainHttpOption, ServiceOption
from labelshare.commands.campaign.shared import ID, campaign, history_of, spec_of
from labelshare.commands.claim import CampaignArgument
from labelshare.commands.common import SENDS, Session, bar, command, read_bytes, read_pieces
from labelshare.errors import InputError

if TYPE_CHECKING:
    from labelshare.client.service import ServiceClient
    from labelshare.protocol.spec import Spec
    from labelshare.types import CampaignId, Hash32

AT_ONCE: Final = 4
_SMALL: Final = 64 * 1024
"""What is no larger is sent without asking first whether it is there."""


@command(
    campaign,
    f"campaign upload {ID} --folder items --service https://oracle.example --key requester.json",
    SENDS,
)
def upload(
    here: Session,
    campaign: CampaignArgument,
    *,
    service: ServiceOption,
    spec: Annotated[
        Path | None,
        typer.Option(
            help="The campaign's spec (JSON), handed in first; without it the oracle accepts nothing."
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Folder of the items' files, whatever their names.")
    ] = None,
    lines: Annotated[
        Path | None, typer.Option(help="Text file of which each line, without its end, is an item.")
    ] = None,
    plain_http: PlainHttpOption = False,
) -> None:
    """Hand in a campaign's spec, and the content of its items: what is there is not sent again.

    Files are known by their sha256, which the spec lists. Broken off, it goes on where it was.
    """
    from labelshare.client.connection import Connection
    from labelshare.client.service import ServiceClient

    is_given = folder is not None or lines is not None
    if spec is None and not is_given:
        raise InputError(
            "where is the content? name a folder by --folder, a text by --lines, a spec by --spec"
        )
    history = history_of(here, campaign)
    record, own = history.record, None if spec is None else spec_of(history, spec)
    with Connection(service, plain=plain_http) as connection:
        client = ServiceClient(connection, here.signer, chain_id=record.chain_id)
        if own is not None:
            client.put_spec(own)
        if not is_given:
            here.show({"spec": str(record.params.spec_hash)}, ["the spec is handed in"])
            return
        rules = own or client.spec(record.params.spec_hash)
        found, others = _found(rules, folder, lines)
        sent = _hand_in(client, record.campaign_id, found)
    wanted = len({item.digest for item in rules.items})
    facts = {
        "items": wanted,
        "sent": sent,
        "there": len(found) - sent,
        "missing": wanted - len(found),
        "others": others,
    }
    lines_ = [f"{sent} contents handed in, {len(found) - sent} were there"]
    if others:
        lines_.append(f"{others} of what was given is no item of this campaign")
    if wanted > len(found):
        lines_.append(f"{wanted - len(found)} of {wanted} items were not given")
    here.show(facts, lines_)
    if wanted > len(found):
        raise typer.Exit(1)


def _found(spec: Spec, folder: Path | None, lines: Path | None) -> tuple[dict[Hash32, Path | bytes], int]:
    """The contents of items, by their sha256; and how many others were given."""
    from hashlib import sha256

    from labelshare.types import Hash32

    wanted = {Hash32(bytes.fromhex(item.digest)) for item in spec.items}
    found: dict[Hash32, Path | bytes] = {}
    others = 0
    given: list[Path | bytes] = [*_files(folder), *_rows(lines)]
    with bar("Reading", len(given)) as advance:
        for content in given:
            state = sha256()
            for piece in [content] if isinstance(content, bytes) else read_pieces(content):
                state.update(piece)
            name = Hash32(state.digest())
            if name in wanted:
                found[name] = content
            else:
                others += 1
            advance(1)
    return found, others


def _files(folder: Path | None) -> Iterator[Path]:
    if folder is None:
        return
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder")
    yield from sorted(each for each in folder.rglob("*") if each.is_file())


def _rows(lines: Path | None) -> list[bytes]:
    return [] if lines is None else read_bytes(lines).splitlines()


def _hand_in(client: ServiceClient, campaign: CampaignId, found: dict[Hash32, Path | bytes]) -> int:
    """Send what is not there, some at a time; how many that were."""
    from concurrent.futures import ThreadPoolExecutor

    client.session()  # one sign-in for all
    with bar("Handing in", len(found)) as advance, ThreadPoolExecutor(AT_ONCE) as pool:
        results = pool.map(_one(client, campaign), found.items())
        sent = 0
        for new in results:
            sent += new
            advance(1)
    return sent


def _one(client: ServiceClient, campaign: CampaignId) -> Callable[[tuple[Hash32, Path | bytes]], bool]:
    def send(each: tuple[Hash32, Path | bytes]) -> bool:
        name, content = each
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        if size > _SMALL and client.has_media(campaign, name):
            return False
        return client.put_media(campaign, name, content).new

    return send

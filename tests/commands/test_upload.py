"""`labelshare campaign upload`: a folder, or the lines of a text, to a service that really listens."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from labelshare.client.requester import Requester, Terms, escrow_for, share_cap_for
from labelshare.oracle.blobs import Blobs
from labelshare.oracle.desk import Desk
from labelshare.store.database import Database
from labelshare.types import Hash32
from tests.api.served import served
from tests.commands.place import Place
from tests.oracle.stage import COIN, FEE_BPS, small_spec

pytestmark = pytest.mark.anvil

ROWS = [b"It rains.", "Die Sonne scheint nicht, sie schläft.".encode(), b"", b"\t- "]
PICTURES = [b"\x89PNG\r\n\x1a\n" + bytes([number]) * 70_000 for number in range(3)]
CONTENTS = [*PICTURES, *ROWS]


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.at(tmp_path / "blobs")


@pytest.fixture
def served_campaign(place: Place, blobs: Blobs) -> Iterator[tuple[str, str]]:
    """The service's address, and a campaign whose items are pictures and rows of text."""
    stage = place.stage
    items = [{"digest": sha256(content).hexdigest()} for content in CONTENTS]
    spec = small_spec(items=items, assignment={"policy": "given.v1"})
    client = Requester(stage.sender, stage.contracts, stage.requester)
    token, escrow = stage.contracts.development_token, escrow_for(spec, FEE_BPS)
    stage.sender.send(stage.deployer, token.transfer(stage.requester.address, escrow))
    dataset = client.create_dataset(
        "Shown", "SHW", revenue_token=token.address, contributor_bps=1, max_shares=share_cap_for(spec)
    )
    terms = Terms(stake_per_label=COIN, fee_bps=FEE_BPS, schedule=stage.schedule)
    scope, _ = client.open_campaign(stage.pool, dataset, spec, terms)
    desk = Desk(stage.sender, stage.deployment, stage.oracle, Database.in_memory(), blobs)
    desk.catalogue.add_spec(spec.hash, spec.canonical_bytes)
    with served(desk) as url:
        yield url, str(scope.campaign_id)


def test_a_folder_and_a_text_are_handed_in_once(
    place: Place, blobs: Blobs, served_campaign: tuple[str, str], tmp_path: Path
) -> None:
    url, campaign = served_campaign
    (tmp_path / "given" / "below").mkdir(parents=True)
    for number, content in enumerate(PICTURES):
        (tmp_path / "given" / ("below" if number else "") / f"{number}.png").write_bytes(content)
    (tmp_path / "given" / "notes.txt").write_text("no item")
    (tmp_path / "rows.txt").write_bytes(b"\n".join(ROWS) + b"\n")
    words = ("campaign", "upload", campaign, "--service", url)

    ran = place.run(*words, "--folder", tmp_path / "given", by="requester")

    assert ran.code == 1
    assert ran.out.splitlines() == [
        "3 contents handed in, 0 were there",
        "1 of what was given is no item of this campaign",
        f"{len(ROWS)} of {len(CONTENTS)} items were not given",
    ]
    both = (*words, "--folder", tmp_path / "given", "--lines", tmp_path / "rows.txt", "--json")
    found = place.done(*both, by="requester").facts
    assert found == {"items": 7, "sent": 4, "there": 3, "missing": 0, "others": 1}
    assert place.done(*both, by="requester").facts | {"sent": 0} == found | {"sent": 0, "there": 7}
    for content in CONTENTS:
        assert blobs.read(Hash32(sha256(content).digest())) == content


def test_only_the_requester_can(place: Place, served_campaign: tuple[str, str], tmp_path: Path) -> None:
    url, campaign = served_campaign
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "x").write_bytes(PICTURES[0])
    words = ("campaign", "upload", campaign, "--service", url)
    place.refused(1, "requester alone|answers 403", *words, "--folder", tmp_path / "given", by="stranger")
    place.refused(2, "no folder", *words, "--folder", tmp_path / "none", by="requester")
    place.refused(2, "where is the content", *words, by="requester")

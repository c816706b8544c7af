"""The largest labels that the protocol knows, in the largest batches that a client makes of them.

Given labels of a hundred boxes each, as many as a command may put into one batch
├── the client splits them so that each batch is taken whole: over HTTP, and by a transaction of its own
├── the service gives its receipts for commitments and openings
└── the chain takes the opening of the largest, should the service not
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import pytest

from labelshare.api.settings import ApiSettings
from labelshare.chain.history import campaign_record
from labelshare.client.annotator import Annotator
from labelshare.client.connection import Connection
from labelshare.client.service import ServiceClient
from labelshare.client.wire.work import OpeningQuestion
from labelshare.client.working import MOST_POSTED, hand_in, parts
from labelshare.protocol.commitments import Opening, label_bytes
from labelshare.protocol.labels.regions import MAX_REGIONS
from labelshare.types import Address, Commit, Hash32, Inclusion
from tests.api.served import served
from tests.api.visit import Place, new_place
from tests.oracle.boxes import FORM, boxes_spec
from tests.oracle.stage import COIN, Stage

COUNT: Final = 130
WORK: Final = ("ann",)
TRANSACTION: Final = 128 * 1024
"""Bytes that nodes take."""
ENVELOPE: Final = 512
"""More than a transaction has besides its call: numbers, an address, a signature, an access list of none."""
COMMAND: Final = 10_000
"""Labels in a batch at most, as `annotator work` has it."""


def largest(item: int) -> bytes:
    """As many boxes as a label holds, of another width for each item."""
    boxes = [(at % 2, 90 * at, 17 * at, 40 + item, 60) for at in range(MAX_REGIONS)]
    return FORM.tag + b"".join(sorted(FORM.layout.pack(*each) for each in boxes))


@pytest.fixture(scope="module")
def place() -> Place:
    items = [{"digest": f"{item:064x}", "name": f"photo {item}"} for item in range(COUNT)]
    spec = boxes_spec(
        items=items,
        redundancy={"policy": "fixed.v1", "k": 1},
        gold={"policy": "none.v1"},
        slash={"policy": "none.v1"},
    )
    made = new_place(spec=spec, seat_stake=COUNT * COIN)
    made.stage.accept().enrol(*WORK).draw().begin()
    return made


@pytest.fixture(scope="module")
def url(place: Place) -> Iterator[str]:
    with served(place.desk) as found:
        yield found


@pytest.fixture
def ann(place: Place, url: str) -> Iterator[Annotator]:
    stage = place.stage
    with Connection(url) as line:
        client = ServiceClient(line, stage.people["ann"], chain_id=stage.chain.chain_id)
        stage.annotators["ann"].transport = client.transport(stage.scope.campaign_id)
        yield stage.annotators["ann"]


def test_the_largest_batches_go_through_the_service_and_the_chain(place: Place, ann: Annotator) -> None:
    stage = place.stage
    labels = {item: largest(item) for item in range(COUNT)}
    assert {len(label) for label in labels.values()} == {1 + MAX_REGIONS * FORM.layout.size}
    batches = list(parts(labels, COMMAND))
    assert list(map(len, batches)) == [121, 9]
    for part in batches:
        batch, told = hand_in(ann, 0, {item: FORM.decode(labels[item]) for item in part})
        assert (told, len(batch.receipt)) == ("", 65)
    stage.engine.post_commits(0)
    stage.chain.advance_to(stage.schedule.commit_end)
    opened = [ann.open(batch) for batch in ann.batches]
    assert all(len(each.opening_receipt) == 65 for each in opened)

    first = ann.batches[0]
    proof = stage.aggregate(0).proof(ann.address, first.name, stage.scope)
    ann.post_reveal(stage.sender, first, proof)
    record = campaign_record(stage.chain, stage.deployment, stage.scope.campaign_id)
    (revealed,) = record.reveals
    assert revealed.labels == label_bytes(first.opening.items, first.opening.labels)


def worst(labels: Sequence[bytes]) -> dict[int, bytes]:
    """Items of as many digits as there are, so many that several batches are made of them."""
    return {2**32 - COMMAND + at: labels[at % len(labels)] for at in range(COMMAND)}


LABELS: Final = {
    "one byte": [b"\x05"],
    "a choice": [b"\x01\x00\x07"],
    "every choice of 32": [b"\x02" + bytes(range(64))],
    "a number": [b"\x04" + bytes(range(8))],
    "a hundred regions": [largest(1)],
    "large ones between small ones": [largest(1), b"\x05", largest(2), largest(3), b"\x05" + bytes(10)],
}


@pytest.mark.parametrize("name", LABELS)
def test_every_batch_fits_a_request_and_a_transaction(place: Place, name: str) -> None:
    labels, stage, settings = worst(LABELS[name]), place.stage, ApiSettings()
    batches = list(parts(labels, COMMAND))
    assert [item for part in batches for item in part] == list(labels)
    sizes = [len(label_bytes(part, [labels[item] for item in part])) for part in batches]
    assert all(size <= MOST_POSTED for size in sizes)
    for size, part in zip(sizes, batches[1:], strict=False):  # none could have taken the next label
        assert size + len(label_bytes(part[:1], [labels[part[0]]])) > MOST_POSTED
    part = batches[sizes.index(max(sizes))]
    opened = tuple(labels[item] for item in part)
    opening = Opening(
        stage.people["ann"].address, Hash32(b"\xff" * 32), Hash32(b"\xff" * 32), tuple(part), opened
    )
    sent = OpeningQuestion.of(opening).model_dump_json(by_alias=True).encode()
    assert len(sent) <= settings.message_bytes
    assert transaction(stage, opening) <= TRANSACTION


def transaction(stage: Stage, opening: Opening) -> int:
    """Bytes of the transaction that posts an opening, of a round with a million batches in it."""
    inclusion = Inclusion(
        Address(b"\xff" * 20), Commit(1, 2, Hash32(b"\xff" * 32), 3, 4), b"\xff" * 65, (b"\xff" * 32,) * 20
    )
    labels = label_bytes(opening.items, opening.labels)
    call = stage.contracts.registry.post_reveal(stage.params, inclusion, opening.secret, labels)
    return len(call.data) + ENVELOPE


def test_as_many_labels_as_are_asked_for() -> None:
    labels = dict.fromkeys(range(50), b"\x05")
    assert [len(part) for part in parts(labels, 20)] == [20, 20, 10]
    assert list(parts({}, 20)) == []

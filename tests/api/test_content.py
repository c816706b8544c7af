"""Items, media, specs and quotes."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from labelshare.api.settings import ApiSettings, Rate
from labelshare.client.wire.quotes import QuoteAnswer
from labelshare.oracle.acceptance import ANYTHING, Acceptance
from labelshare.oracle.blobs import Blobs, cid
from labelshare.oracle.tasks import Kind
from labelshare.protocol.quote import Assumptions, Periods, Quote, escrow_for
from labelshare.protocol.spec import Spec
from labelshare.report.collect import Unit
from labelshare.report.measured import measured_gas
from labelshare.report.quote import Quoted, as_json
from labelshare.store.jobs import Jobs
from labelshare.store.specs import Specs
from labelshare.types import Hash32
from tests.api.visit import URL, Place, good, new_place, problem
from tests.oracle.stage import COIN, ITEMS, build, small_spec

TEXTS = [f"text {item}".encode() * 50 for item in range(ITEMS)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The items are texts that the oracle keeps in a folder; the last one it has lost."""
    blobs = Blobs.at(tmp_path_factory.mktemp("blobs"))
    items = [{"digest": sha256(text).hexdigest()} for text in TEXTS]
    for text in TEXTS[:-1]:
        blobs.put([text])
    return new_place(blobs=blobs, spec=small_spec(items=items))


def media(place: Place, text: bytes, signer: Any) -> Any:
    return place.get(f"{place.root}/media/{Hash32(sha256(text).digest())}", signer)


def test_media_come_by_their_digest_to_whoever_has_a_part(place: Place) -> None:
    stage = place.stage
    items = list(place.rows(f"{place.root}/items", limit=6))
    assert [each["digest"] for each in items] == [sha256(text).hexdigest() for text in TEXTS]
    assert items[3]["cid"] == cid(Hash32(sha256(TEXTS[3]).digest()))
    assert good(place.get(f"{place.root}/items/3")) == items[3]
    for signer in (stage.people["ann"], stage.requester, stage.oracle):
        answer = media(place, TEXTS[3], signer)
        assert (answer.status_code, answer.content) == (200, TEXTS[3])
        assert answer.headers["content-length"] == str(len(TEXTS[3]))
        assert answer.headers["content-disposition"] == "inline"
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    problem(media(place, TEXTS[3], stage.stranger), 403, "forbidden")
    problem(media(place, TEXTS[3], None), 401, "unauthenticated")
    problem(media(place, TEXTS[-1], stage.requester), 404, "not-found")


def test_content_of_no_item_is_not_shown_here(place: Place) -> None:
    assert place.desk.blobs is not None
    place.desk.blobs.put([b"of another campaign"])
    problem(media(place, b"of another campaign", place.stage.requester), 404, "not-found")


def test_a_spec_comes_and_goes_by_its_hash(place: Place) -> None:
    spec = small_spec(title="Another")
    path, ann = f"/v1/specs/{spec.hash}", place.stage.people["ann"]
    problem(place.get(path), 404, "not-found")
    problem(place.ask("PUT", path, content=spec.canonical_bytes), 401, "unauthenticated")

    stored = good(place.ask("PUT", path, ann, content=spec.canonical_bytes), 201)

    assert stored == {"specHash": str(spec.hash), "title": "Another", "items": ITEMS}
    good(place.ask("PUT", path, ann, content=spec.canonical_bytes), 200)
    assert place.get(path).content == spec.canonical_bytes
    assert Spec.parse(place.get(path).content).hash == spec.hash


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (small_spec(title="Other").canonical_bytes, "invalid-input"),
        (b" " + small_spec(title="Third").canonical_bytes, "invalid-spec"),
        (b"{}", "invalid-spec"),
        (b"", "invalid-spec"),
        (b"\xff", "invalid-spec"),
        (b"[" * 100_000, "invalid-spec"),
    ],
)
def test_what_is_not_the_spec_of_that_hash_is_refused(place: Place, content: bytes, slug: str) -> None:
    spec = small_spec(title="Third")
    answer = place.ask("PUT", f"/v1/specs/{spec.hash}", place.stage.requester, content=content)
    problem(answer, 422, slug)
    problem(place.get(f"/v1/specs/{spec.hash}"), 404, "not-found")


def test_a_quote_is_the_protocols(place: Place) -> None:
    spec = small_spec()
    quote = good(place.post("/v1/quotes", {"spec": spec.fields, "feeBps": 500, "annotators": 12}))

    assert quote["escrow"] == str(escrow_for(spec, 500))
    assert quote["payAtMost"] == str(2 * ITEMS * COIN)
    assert (quote["specHash"], quote["annotators"], quote["labelCap"]) == (str(spec.hash), 12, 4)
    assert quote["times"]["enrolEnd"] == 1 + place.stage.contracts.registry.limits().min_period
    codes = {each["code"] for each in quote["warnings"]}
    assert {"no-gold", "flat-pay", "one-answer-decides"} <= codes
    assert quote["gas"]["job"]["held"] < quote["gas"]["job"]["new"]


def test_which_campaigns_the_oracle_takes_on(place: Place) -> None:
    oracle = {"oracle": str(place.desk.signer.address)}
    shown = good(place.get("/v1/acceptance"))
    assert shown == oracle | {
        "requesters": None,
        "leastEscrow": "0",
        "leastFee": "0",
        "longestSeconds": None,
    }
    someone, desk = place.stage.requester.address, place.desk
    try:
        desk.acceptance = Acceptance(frozenset({someone}), least_escrow=None, least_fee=7, longest=60)
        shown = good(place.get("/v1/acceptance"))
    finally:
        desk.acceptance = ANYTHING
    assert shown == oracle | {
        "requesters": [str(someone)],
        "leastEscrow": None,
        "leastFee": "7",
        "longestSeconds": 60,
    }


def test_a_campaign_that_is_not_accepted_says_what_it_waits_for() -> None:
    place = Place.of(build())
    Specs(place.stage.database).add(place.stage.spec)
    assert good(place.get(place.root))["waitsFor"] is None
    jobs = Jobs(place.stage.database)
    jobs.add(Kind.ACCEPT, str(place.stage.scope.campaign_id), 0)
    for failed in (True, False):
        job = jobs.take(100, 200, f"by {failed}")
        assert job is not None
        if failed:
            jobs.retry(job, 0, "FundsError: too poor")  # which is nobody's concern
            assert good(place.get(place.root))["waitsFor"] is None
        else:
            jobs.wait(job, 0, "the pool is full")
    assert good(place.get(place.root))["waitsFor"] == "the pool is full"
    place.stage.accept()
    assert good(place.get(place.root))["waitsFor"] is None


def test_a_quote_on_the_wire_has_every_figure_that_the_report_has() -> None:
    quote = Quote(small_spec(), Assumptions(), Periods(60, 60, 10**7, 10**8))
    figures = as_json(Quoted(quote, Unit("t", 18), measured_gas()))
    del figures["gas"]["cost"]  # in coins and tokens, whose prices a service does not know
    shown = QuoteAnswer.model_validate(figures).model_dump(by_alias=False)
    assert _names(shown) == _names(figures)


def _names(value: Any, at: str = "") -> set[str]:
    if isinstance(value, dict):
        return {name for key, each in value.items() for name in _names(each, f"{at}.{key}")} | {at}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return _names(value[0], f"{at}[]")
    return {at}


def test_nobody_hands_in_one_spec_after_another(place: Place) -> None:
    slow = Place.of(place.stage, ApiSettings(url=URL, spec_rate=Rate(1, 2)))
    for number, signer in enumerate((place.stage.requester, place.stage.people["ben"], place.stage.stranger)):
        spec = small_spec(title=f"Number {number}")
        answer = slow.ask("PUT", f"/v1/specs/{spec.hash}", signer, content=spec.canonical_bytes)
        if number < 2:
            good(answer, 201)
    problem(answer, 429, "rate-limited")  # another account of the same address


@pytest.mark.parametrize(
    ("changes", "slug", "words"),
    [
        ({"spec": {}}, "invalid-spec", "version"),
        ({"spec": small_spec().fields | {"price": 1}}, "invalid-spec", "price"),
        ({"spec": 1}, "invalid-input", "body.spec"),
        ({"feeBps": 10_001}, "invalid-input", "body.feeBps"),
        ({"livingWage": 5}, "invalid-input", "body.livingWage"),
        ({"livingWage": "05"}, "invalid-input", "body.livingWage"),
        ({"symbol": "\n"}, "invalid-input", "body.symbol"),
        ({"surprise": 1}, "invalid-input", "body.surprise"),
    ],
)
def test_a_quote_of_nonsense_says_what_is_wrong(
    place: Place, changes: dict[str, Any], slug: str, words: str
) -> None:
    body = {"spec": small_spec().fields} | changes
    found = problem(place.post("/v1/quotes", body), 422, slug)
    if slug == "invalid-input":
        assert words in found["detail"]

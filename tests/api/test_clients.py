"""Nobody shuts out others: a client is one, however many addresses it has, and has its part and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from labelshare.api.limits import Places, client_of
from labelshare.api.problems import Refusal
from labelshare.api.settings import ApiSettings, Rate
from labelshare.oracle.blobs import Blobs
from tests.api.test_media import CONTENTS, PNG, name_of, path_of
from tests.api.visit import URL, Place, good, new_place, problem
from tests.oracle.stage import small_spec

SETTINGS = ApiSettings(url=URL)
HERE, ELSEWHERE = "203.0.113.9", "203.0.113.10"


@pytest.fixture(scope="module")
def place() -> Place:
    return new_place()


def with_settings(place: Place, **changes: Any) -> Place:
    return Place.of(place.stage, replace(SETTINGS, **changes))


async def ask(place: Place, address: str, method: str, path: str, **given: Any) -> httpx.Response:
    transport = httpx.ASGITransport(place.app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        return await client.request(method, path, **given)


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not holds():  # noqa: ASYNC110 (what it waits for tells nobody)
            await anyio.sleep(0.001)


# ---------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("203.0.113.9", "::ffff:203.0.113.9"),
        ("203.0.113.9", "::FFFF:cb00:7109"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"),
        ("2001:db8:0:1::1", "2001:0DB8:0000:0001:0000:0000:0000:0001"),
        ("fe80::1%eth0", "fe80::2%eth1"),
    ],
)
def test_addresses_of_one_client(one: str, other: str) -> None:
    assert client_of({"client": (one, 1)}) == client_of({"client": (other, 2)})


def test_addresses_of_several_clients() -> None:
    several = ["203.0.113.9", "203.0.113.10", "2001:db8::1", "2001:db8:0:1::1", "::1", "::ffff:203.0.113.11"]
    several += ["", "a:b", "unix"]
    assert len({client_of({"client": (each, 1)}) for each in several}) == len(several)
    assert client_of({"client": None}) == client_of({}) == ""


def test_all_addresses_of_a_network_have_one_allowance(place: Place) -> None:
    slow = with_settings(place, address_rate=Rate(1, 2))

    async def asked(*addresses: str) -> list[int]:
        return [(await ask(slow, each, "GET", "/v1/datasets")).status_code for each in addresses]

    assert anyio.run(asked, "2001:db8::1", "2001:db8::2", "2001:db8::3") == [200, 200, 429]
    assert anyio.run(asked, HERE, f"::ffff:{HERE}", HERE) == [200, 200, 429]
    assert anyio.run(asked, "2001:db8:0:1::1", ELSEWHERE) == [200, 200]


def test_a_sign_in_counts_as_ten_requests(place: Place) -> None:
    slow = with_settings(place, address_rate=Rate(1, 22))
    proof = {"nonce": "7e1f00aa52c94a0d", "signature": "0x"}

    async def asked(method: str, path: str) -> list[int]:
        return [(await ask(slow, HERE, method, path, json=proof)).status_code for _ in range(3)]

    assert anyio.run(asked, "POST", "/v1/sessions") == [401, 401, 429]
    assert anyio.run(asked, "DELETE", "/v1/sessions") == [405, 405, 429]


def test_specs_of_a_network_are_counted_together(place: Place) -> None:
    slow = with_settings(place, spec_rate=Rate(0.001, 1))
    headers = {person: {"Authorization": f"Bearer {slow.token(signer)}"} for person, signer in _people(slow)}

    async def handed_in(address: str, person: str) -> int:
        digest = slow.stage.spec.hash
        answer = await ask(
            slow,
            address,
            "PUT",
            f"/v1/specs/{digest}",
            content=slow.stage.spec.canonical_bytes,
            headers=headers[person],
        )
        return answer.status_code

    assert anyio.run(handed_in, "2001:db8::1", "ann") in (200, 201)
    assert anyio.run(handed_in, "2001:db8::2", "ben") == 429
    assert anyio.run(handed_in, "2001:db8:0:1::2", "cleo") == 200


def _people(place: Place) -> list[tuple[str, Any]]:
    return list(place.stage.people.items())


# --------------------------------------------------------------------------- what lasts


def test_places_are_shared_out() -> None:
    places = Places("things are open", most=3, each=2, headers={"Retry-After": "7"})
    places.take("a", "x")
    with places.one("b", "x"):
        for keys in (("x",), ("c", "x")):
            with pytest.raises(Refusal, match="at most 2 things are open") as refused:
                places.take(*keys)
            assert (refused.value.slug, refused.value.headers) == ("rate-limited", {"Retry-After": "7"})
        places.take("a")
        with pytest.raises(Refusal, match="too many things are open") as full:
            places.take("c")
        assert full.value.slug == "busy"
    places.take("c", "x")
    assert places.open == 3


def test_one_client_cannot_hold_all_streams(place: Place) -> None:
    few = with_settings(place, streams=3, streams_each=2, stream_seconds=0.6, poll_seconds=0.02)
    streams, path = few.app.state.streams.places, f"{place.root}/events"

    async def held() -> tuple[httpx.Response, list[httpx.Response]]:
        answers: list[httpx.Response] = []

        async def watch(address: str) -> None:
            answers.append(await ask(few, address, "GET", path))

        async with anyio.create_task_group() as group:
            for number in range(2):
                group.start_soon(watch, f"2001:db8::{number}")
            await until(lambda: streams.open == 2)
            refused = await ask(few, "2001:db8::9", "GET", path)
            group.start_soon(watch, HERE)
            await until(lambda: streams.open == 3)
            problem(await ask(few, ELSEWHERE, "GET", path), 503, "busy")
        return refused, answers

    refused, answers = anyio.run(held)

    problem(refused, 429, "rate-limited")
    assert refused.headers["retry-after"] == "30"
    assert [each.status_code for each in answers] == [200] * 3
    assert streams.open == 0


def test_one_account_cannot_hold_all_uploads(tmp_path: Path) -> None:
    spec = small_spec(items=[{"digest": name_of(content).hex()} for content in CONTENTS])
    settings = replace(SETTINGS, uploads=2, uploads_each=1)
    place = new_place(settings, Blobs.at(tmp_path / "blobs", 300_000), spec=spec)
    requester, path = place.stage.requester, path_of(place, PNG)
    headers, uploads = {"Authorization": f"Bearer {place.token(requester)}"}, place.app.state.uploads

    async def held() -> tuple[httpx.Response, httpx.Response]:
        answers, go_on = [], anyio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield PNG[:3]
            await go_on.wait()
            yield PNG[3:]

        async def upload() -> None:
            answers.append(await ask(place, HERE, "PUT", path, content=slowly(), headers=headers))

        async with anyio.create_task_group() as group:
            group.start_soon(upload)
            await until(lambda: uploads.open == 1)
            refused = await ask(place, ELSEWHERE, "PUT", path, content=PNG, headers=headers)
            go_on.set()
        return refused, answers[0]

    refused, taken = anyio.run(held)

    problem(refused, 429, "rate-limited")
    assert refused.headers["retry-after"] == "5"
    good(taken, 201)
    assert uploads.open == 0

"""Blobs in memory, in a folder and on an S3 server that really runs, and what may go wrong on the way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from labelshare.errors import InputError, LabelshareError, NotFoundError, StoreError
from labelshare.oracle.blobs import PART, Blobs, Incoming, cid, digest_of
from labelshare.types import Hash32
from tests.oracle.s3 import ACCESS, BUCKET, SECRET, environment, running_server, spoiled

KINDS = ("memory", "folder", "s3")
HELLO = Hash32(sha256(b"hello world").digest())


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_server() as url:
        yield url


def use(patch: pytest.MonkeyPatch, **said: str) -> None:
    for name, value in said.items():
        patch.setenv(name, value)


def at_server(patch: pytest.MonkeyPatch, url: str, prefix: str = "", **bounds: int) -> Blobs:
    """A store below a prefix that no other test has, found by the environment alone."""
    use(patch, **environment(url))
    return Blobs.at(f"s3://{BUCKET}/{prefix or uuid4().hex}", **bounds)


@pytest.fixture(params=KINDS)
def blobs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    if request.param == "s3":
        return at_server(monkeypatch, request.getfixturevalue("server"), max_bytes=1_000_000)
    return Blobs.at("memory://" if request.param == "memory" else tmp_path / "blobs", max_bytes=1_000_000)


def name_of(content: bytes) -> Hash32:
    return Hash32(sha256(content).digest())


# ------------------------------------------------------------------------------ wherever


def test_a_blob_is_named_as_ipfs_names_it() -> None:
    # `ipfs add --raw-leaves --cid-version 1` of "hello world"
    named = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    assert (cid(HELLO), digest_of(named)) == (named, HELLO)
    other_codec = "bafybeifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    for wrong in ("", "b", named[:-1], named.upper(), named + "a", "../" + named, other_codec, named[1:]):
        with pytest.raises(InputError, match="CIDv1"):
            digest_of(wrong)


def test_blobs_are_what_their_name_says(blobs: Blobs) -> None:
    for content in (b"", b"x", b"y" * 999_999):
        name = blobs.put([content[:7], content[7:]])
        assert (blobs.read(name), blobs.size(name), blobs.has(name)) == (content, len(content), True)
        assert blobs.put([content], expected=name) == name
    with pytest.raises(InputError, match="at most"):
        blobs.put([b"z"] * 1_000_001)
    with pytest.raises(InputError, match="not 0x"):
        blobs.put([b"w"], expected=Hash32(bytes(32)))
    for missing in (blobs.read, blobs.size):
        with pytest.raises(NotFoundError):
            missing(name_of(b"z" * 1_000_001))
    assert not blobs.has(name_of(b"w"))


def test_a_store_that_is_there_can_be_used(blobs: Blobs) -> None:
    blobs.check()


def test_any_part_of_a_blob_can_be_read(blobs: Blobs) -> None:
    content = bytes(range(256)) * 3_000
    name = blobs.put([content])
    for start, end in ((0, 1), (0, len(content)), (255, 70_000), (len(content) - 1, len(content)), (5, 5)):
        assert blobs.part(name, start, end) == content[start:end]
    assert blobs.beginning(name, 10) == content[:10]
    assert blobs.beginning(blobs.put([b""]), 10) == b""
    with pytest.raises(NotFoundError):
        blobs.part(name_of(b"nothing"), 0, 1)


def test_what_comes_in_at_once_is_kept_once(blobs: Blobs) -> None:
    content = b"from eight sides" * 20_000
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: blobs.put([content]), range(16)))
    assert names == {name_of(content)}
    assert blobs.read(name_of(content)) == content


def test_what_is_not_kept_is_nowhere(blobs: Blobs) -> None:
    with Incoming(10) as blob:
        blob.write(b"half of")
        name = blob.name
        with pytest.raises(InputError, match="at most 10"):
            blob.write(b" it!")
    assert not blobs.has(name)


def test_a_blob_that_rotted_is_never_handed_out_whole(tmp_path: Path) -> None:
    blobs = Blobs.at(tmp_path)
    name = blobs.put([b"a" * 1_000_000])
    assert blobs.part(name, 0, 3) == b"aaa"
    (tmp_path / cid(name)).write_bytes(b"a" * 999_999 + b"b")
    given: list[bytes] = []
    with pytest.raises(StoreError, match="something else"):
        given.extend(blobs.stream(name))
    assert sum(map(len, given)) < 1_000_000
    with pytest.raises(StoreError, match="something else"):
        blobs.part(name, 0, 3)
    blobs.put([b"a" * 1_000_000])  # whoever has it puts it back
    assert blobs.part(name, 999_999, 1_000_000) == b"a"


def test_where_blobs_are_must_be_a_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="names no store"):
        Blobs.at("nonsense://x")
    with pytest.raises((InputError, StoreError)):
        Blobs.at(tmp_path / "file" / "below")


@pytest.mark.parametrize(
    "place",
    [
        f"s3://{ACCESS}:{SECRET}@bucket/items",
        f"s3://{ACCESS}@bucket",
        f"s3://bucket/items?aws_secret_access_key={SECRET}",
        f"s3://bucket/items#{SECRET}",
        f"https://{ACCESS}:{SECRET}@s3.example/bucket",
    ],
)
def test_an_address_with_a_key_is_refused_and_not_repeated(place: str) -> None:
    with pytest.raises(InputError, match="environment") as refused:
        Blobs.at(place)
    assert SECRET not in str(refused.value)


# ------------------------------------------------------------------------- on the server


def test_a_large_blob_goes_in_parts(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"0123456789abcdef" * ((2 * PART + 1_000) // 16)
    with spoiled(server) as line:
        blobs = at_server(monkeypatch, line.url)
        name = blobs.put(content[at : at + 100_000] for at in range(0, len(content), 100_000))
        parts = [path for method, path in line.asked if method == "PUT" and "partNumber" in path]
        assert len(parts) == 3
        small = blobs.put([b"small"])
        assert [method for method, path in line.asked if cid(small) in path] == ["PUT"]
    assert b"".join(blobs_of(server, monkeypatch, blobs, line.url).stream(name)) == content


def blobs_of(server: str, patch: pytest.MonkeyPatch, same: Blobs, line: str) -> Blobs:
    """The same store over the line that nothing spoils."""
    prefix = str(same._store.prefix)  # type: ignore[union-attr]
    assert line != server
    return at_server(patch, server, prefix)


@pytest.mark.parametrize(
    ("said", "bucket"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "another-secret-that-is-wrong"}, BUCKET),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, BUCKET),
        ({}, "no-such-bucket"),
    ],
)
def test_who_is_not_let_in_is_told_no_secret(
    said: dict[str, str],
    bucket: str,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    use(monkeypatch, **(environment(server) | said))
    blobs = Blobs.at(f"s3://{bucket}/items")
    with caplog.at_level(logging.DEBUG), pytest.raises(LabelshareError) as refused:
        blobs.put([b"hello world"])
    assert isinstance(refused.value, StoreError)  # nothing that the requester did wrong
    whole = f"{refused.value!r} {refused.value.__cause__!r} {caplog.text}"
    assert SECRET not in whole
    assert said.get("AWS_SECRET_ACCESS_KEY", SECRET) not in whole
    reason = "it does not let these keys in" if said else "there is no bucket of that name"
    with pytest.raises(StoreError, match=f"cannot be used: {reason}"):
        blobs.check()


@pytest.mark.parametrize(
    ("bucket", "said", "meaning"),
    [
        ("nobucket", {}, "there is no bucket of that name"),
        ("items", {"AWS_ALLOW_HTTP": "false"}, "AWS_ALLOW_HTTP=true"),
        ("items", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "nobody answers there; see AWS_ENDPOINT_URL"),
    ],
)
def test_why_it_cannot_be_used_is_said(
    bucket: str, said: dict[str, str], meaning: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, **(environment(server) | said))
    with pytest.raises(StoreError, match=meaning) as refused:
        Blobs.at(f"s3://{bucket}/items").check()
    assert "http://" not in str(refused.value)


def test_a_busy_server_is_asked_again(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with spoiled(server) as line:
        blobs, left = at_server(monkeypatch, line.url), [503, 500, 503]
        line.fault = lambda _method, _path: left.pop() if left else None
        name = blobs.put([b"hello world"])
        assert (left, len(line.asked)) == ([], 4)
        left[:] = [503, 503]
        assert blobs.read(name) == b"hello world"
        assert left == []


def test_a_server_that_stays_busy_is_a_fault_of_the_store(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    from labelshare.oracle import blobs as module

    soon = {"init_backoff": timedelta(milliseconds=1), "max_backoff": timedelta(milliseconds=5), "base": 2}
    monkeypatch.setitem(module._RETRY, "backoff", soon)
    with spoiled(server) as line:
        blobs = at_server(monkeypatch, line.url)
        line.fault = lambda _method, _path: 503
        with pytest.raises(StoreError, match="failed"):
            blobs.put([b"hello world"])
        assert len(line.asked) == 1 + module._RETRY["max_retries"]


def test_a_body_that_was_changed_on_the_way_is_never_handed_out_whole(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"c" * 700_000
    with spoiled(server) as line:
        blobs = at_server(monkeypatch, line.url)
        name = blobs.put([content])
        line.fault = lambda method, _path: "change" if method == "GET" else None
        given: list[bytes] = []
        with pytest.raises(StoreError, match="something else"):
            given.extend(blobs.stream(name))
        assert sum(map(len, given)) < len(content)
        with pytest.raises(StoreError, match="something else"):
            blobs.part(name, 0, 10)


def test_a_body_that_was_cut_is_asked_for_again_or_refused(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"d" * 700_000
    with spoiled(server) as line:
        blobs = at_server(monkeypatch, line.url)
        name, cuts = blobs.put([content]), ["cut"]
        line.fault = lambda method, _path: cuts.pop() if method == "GET" and cuts else None
        assert blobs.read(name) == content  # the client asks for the rest
        assert cuts == []
        line.fault = lambda method, _path: "cut" if method == "GET" else None
        given: list[bytes] = []
        with pytest.raises(StoreError):
            given.extend(blobs.stream(name))
        assert sum(map(len, given)) < len(content)

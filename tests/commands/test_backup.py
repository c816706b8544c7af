"""A backup is whole or not there, and goes into an empty store of either kind, for its own account alone."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from sqlalchemy import insert, select

from labelshare.chain.connect import connect
from labelshare.chain.transactions import Sender
from labelshare.errors import StoreError
from labelshare.oracle.blobs import Blobs, cid
from labelshare.store import dump, revisions
from labelshare.store.database import FILE, Database
from labelshare.store.journal import TransactionJournal
from labelshare.store.messages import Messages
from labelshare.store.schema import metadata, sessions
from labelshare.store.specs import Specs
from labelshare.store.vault import Vault
from labelshare.types import Hash32
from tests.chain.conftest import running_anvil
from tests.commands.place import Place
from tests.oracle.play import Play
from tests.oracle.stage import Stage
from tests.postgres import database_url

pytestmark = pytest.mark.anvil

CONTENT = [b"It rains.", os.urandom(300_000)]


def rows(database: Database, *left_out: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a store, by table."""
    with database.reading() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
            if table.name not in left_out
        }


@pytest.fixture
def filled(place: Place, tmp_path: Path) -> Path:
    """A folder with the store of an oracle that has received, sealed, sent and indexed, and with blobs."""
    folder = tmp_path / "oracle"
    database = Database.open(folder)
    stage = place.stage.taken_up(database=database)
    fill(stage, database)
    blobs = Blobs.at(folder / "blobs")
    for content in CONTENT:
        blobs.put([content])
    database.close()
    place.capture.readouterr()  # what services logged
    return folder


def fill(stage: Stage, database: Database) -> None:
    Specs(database).add(stage.spec)
    play = Play(stage, [database])
    play.turn()
    stage.enrol("ann", "ben").draw().work(ann=3, ben=1).reveal("ann", "ben")
    play.turn()
    sign_in(database, stage)


def sign_in(database: Database, stage: Stage) -> None:
    """Somebody signs in, whose session a store keeps."""
    row = {"token_hash": os.urandom(32), "account": bytes(stage.oracle.address), "expires": 2**40}
    with database.writing() as connection:
        connection.execute(insert(sessions), row)


def backed_up(place: Place, folder: Path, target: Path, *more: object) -> Any:
    return place.facts("backup", target, "--state", folder, *more)


# ------------------------------------------------------------------------ there and back


@pytest.fixture(params=["folder", "postgres"])
def empty(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[list[object], Callable[[], Database]]]:
    """An empty store: its options, and how it is opened."""
    if request.param == "folder":
        yield ["--state", tmp_path / "new"], lambda: Database.open(tmp_path / "new")
    else:
        with database_url(request.getfixturevalue("postgres_server")) as url:
            options = ["--database", url, "--blobs", tmp_path / "new" / "blobs"]
            yield options, lambda: Database.at(url)


def test_it_comes_back_to_the_byte_in_a_store_of_either_kind(
    place: Place, filled: Path, tmp_path: Path, empty: tuple[list[object], Callable[[], Database]]
) -> None:
    options, opened = empty
    before = Database.open(filled)
    facts = backed_up(place, filled, tmp_path / "b.tar")
    assert facts["blobs"] == len(CONTENT)
    assert facts["rows"]["commits"] == 2
    assert facts["rows"]["openings"] == 2
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600

    found = place.facts("restore", tmp_path / "b.tar", *options, *place.signing("oracle"))

    after = opened()
    assert found["rows"] == facts["rows"]
    assert rows(after, *dump.LEFT_OUT) == rows(before, *dump.LEFT_OUT)
    assert len(rows(before)["sessions"]) == 1
    assert not rows(after)["sessions"]  # everybody signs in anew
    book = Messages(after, place.stage.scope.campaign_id, Vault.of(place.stage.oracle))
    assert len(book.openings()) == 2
    blobs = Blobs.at(tmp_path / "new" / "blobs")
    assert sorted(blobs.read(name) for name, _ in blobs.every()) == sorted(CONTENT)
    newest = max(row[0] for row in rows(after)["transactions"])
    stage = place.stage.taken_up(database=after)
    token = stage.contracts.development_token
    Sender(stage.chain, TransactionJournal(after)).send(
        stage.oracle, token.approve(stage.stranger.address, 1)
    )
    assert max(row[0] for row in rows(after)["transactions"]) == newest + 1  # the numbers go on
    after.close()
    before.close()


def test_a_backup_of_postgres_goes_into_a_folder(
    place: Place, filled: Path, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(place, filled, tmp_path / "b.tar")
    monkeypatch.setenv("LABELSHARE_DATABASE", postgres)
    place.done("restore", tmp_path / "b.tar", "--without-blobs", *place.signing("oracle"))
    again = place.facts("backup", tmp_path / "p.tar")
    assert again["blobs"] is None
    monkeypatch.delenv("LABELSHARE_DATABASE")
    place.done("restore", tmp_path / "p.tar", "--state", tmp_path / "new", *place.signing("oracle"))

    one, other = Database.open(filled), Database.open(tmp_path / "new")
    assert rows(one, *dump.LEFT_OUT) == rows(other, *dump.LEFT_OUT)
    one.close()
    other.close()


def test_it_is_of_one_moment_while_others_write(place: Place, filled: Path, tmp_path: Path) -> None:
    """What a writer adds after the reading began is in no part of it, or the parts would not fit together."""
    database = Database.open(filled)
    seen = dump.lines

    def written_meanwhile(connection: Any, table: Any) -> Iterator[bytes]:
        sign_in(database, place.stage)
        Specs(database).add(replace_title(place.stage, table.name))
        return seen(connection, table)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dump, "lines", written_meanwhile)
        facts = backed_up(place, filled, tmp_path / "b.tar")
    assert facts["rows"]["specs"] == 1
    assert len(rows(database)["specs"]) > 10
    database.close()


def replace_title(stage: Stage, title: str) -> Any:
    return type(stage.spec).of(json.loads(stage.spec.canonical_bytes) | {"title": title})


def test_an_older_store_is_backed_up_as_it_is_and_led_on_when_restored(place: Place, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    with dump.empty_file(old / FILE) as connection:
        revisions.upgrade(connection, "0001")
    facts = backed_up(place, old, tmp_path / "b.tar", "--without-blobs")
    assert facts["revision"] == "0001"
    with dump.reading(old, None) as connection:
        assert revisions.revision_of(connection) == "0001"
    assert revisions.head() != "0001"

    place.done("restore", tmp_path / "b.tar", "--state", new, *place.signing("oracle"))
    with dump.reading(new, None) as connection:
        assert revisions.revision_of(connection) == revisions.head()


# ----------------------------------------------------------------------------- refusals


def test_it_is_refused_where_something_is_already(
    place: Place, filled: Path, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(place, filled, tmp_path / "b.tar")
    taken = tmp_path / "b.tar"
    place.refused(2, "exists", "backup", taken, "--state", filled)
    place.refused(2, "into an empty folder", "restore", taken, "--state", filled, *place.signing("oracle"))
    Database.at(postgres).close()
    monkeypatch.setenv("LABELSHARE_DATABASE", postgres)
    words = ["restore", taken, "--without-blobs", *place.signing("oracle")]
    place.refused(2, "not empty", *words)


def test_it_is_refused_to_another_account(place: Place, filled: Path, tmp_path: Path) -> None:
    backed_up(place, filled, tmp_path / "b.tar")
    words = ["restore", tmp_path / "b.tar", "--state", tmp_path / "new", *place.signing("stranger")]
    place.refused(2, "sealed under another account's key", *words)
    assert not (tmp_path / "new").exists()


def test_it_is_refused_to_another_account_even_without_answers(place: Place, tmp_path: Path) -> None:
    database = Database.open(tmp_path / "oracle")
    stage = place.stage.taken_up(database=database)
    Specs(database).add(stage.spec)
    Play(stage, [database]).turn()
    database.close()
    place.capture.readouterr()  # what services logged
    facts = backed_up(place, tmp_path / "oracle", tmp_path / "b.tar", "--without-blobs")
    assert facts["rows"]["openings"] == 0
    assert facts["rows"]["transactions"] > 0
    words = ["restore", tmp_path / "b.tar", "--state", tmp_path / "new", *place.signing("stranger")]
    place.refused(2, f"not of {stage.stranger.address}", *words)


def test_it_is_refused_on_another_chain(
    place: Place, filled: Path, tmp_path: Path, anvil_program: Path
) -> None:
    """One that has the same id, and the same contracts at the same places, and began another time."""
    backed_up(place, filled, tmp_path / "b.tar")
    with running_anvil(anvil_program, "--hardfork", "cancun", "--timestamp", "1700000000") as url:
        assert connect(url).chain_id == place.chain.chain_id
        elsewhere = replace(place, url=url, chain=connect(url))
        words = ["restore", tmp_path / "b.tar", "--state", tmp_path / "new", *place.signing("oracle")]
        elsewhere.refused(1, "the backup is of chain 31337 that began with block", *words)


def test_it_is_refused_for_another_deployment(place: Place, filled: Path, tmp_path: Path) -> None:
    record = json.loads(place.record.read_text())
    text = json.dumps(record).replace(str(place.registry), "0x" + "11" * 20)
    other = tmp_path / "deployment.json"
    other.write_text(text)
    backed_up(place, filled, tmp_path / "b.tar")
    elsewhere = replace(place, record=other)
    words = ["restore", tmp_path / "b.tar", "--state", tmp_path / "new", *place.signing("oracle")]
    elsewhere.refused(2, "another deployment", *words)


def parts_of(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def written(path: Path, parts: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def test_whatever_is_altered_is_found_before_anything_is_written(
    place: Place, filled: Path, tmp_path: Path
) -> None:
    backed_up(place, filled, tmp_path / "b.tar")
    whole = parts_of(tmp_path / "b.tar")
    blob = next(name for name in whole if name.startswith("blobs/"))
    table = "tables/commits.jsonl.gz"
    manifest = json.loads(whole["manifest.json"])

    def stated(**changes: Any) -> bytes:
        return json.dumps(manifest | changes).encode()

    faults: dict[str, tuple[dict[str, bytes], str]] = {
        "a blob": ({blob: whole[blob][:-1] + b"!"}, f"{blob} is altered"),
        "a table": ({table: gzip.compress(b"[]\n")}, f"{table} is altered"),
        "one more": (
            {"blobs/" + cid(Hash32(sha256(b"more").digest())): b"more"},
            "not those of its manifest",
        ),
        "a path": ({"../evil": b"x"}, "holds what no backup"),
        "a newer format": ({"manifest.json": stated(format=2)}, "newer version of labelshare"),
        "a newer schema": ({"manifest.json": stated(revision="9999")}, "schema 9999"),
        "no manifest": ({"manifest.json": b"{}"}, "malformed at format"),
        "a strange field": ({"manifest.json": stated(more=1)}, "malformed at more"),
    }
    for what, (changes, message) in faults.items():
        bad = written(tmp_path / f"{what}.tar", whole | changes)
        words = ["restore", bad, "--state", tmp_path / "new", *place.signing("oracle")]
        place.refused(2, message, *words)
    missing = written(tmp_path / "m.tar", {name: whole[name] for name in whole if name != table})
    place.refused(
        2, "not those of", "restore", missing, "--state", tmp_path / "new", *place.signing("oracle")
    )
    assert not (tmp_path / "new" / FILE).exists()
    content = (tmp_path / "b.tar").read_bytes()
    for size in (0, 100, 511, len(content) // 2, len(content) - 30_000):
        (tmp_path / "cut.tar").write_bytes(content[:size])
        words = ["restore", tmp_path / "cut.tar", "--state", tmp_path / "new", *place.signing("oracle")]
        place.refused(2, "cut off|is no backup|altered", *words)
    assert not (tmp_path / "new" / FILE).exists()


def test_what_passes_the_hashes_and_is_no_store_leaves_the_target_empty(
    place: Place, filled: Path, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that the database refuses, found in the midst of writing: a name twice."""
    backed_up(place, filled, tmp_path / "b.tar")
    whole = parts_of(tmp_path / "b.tar")
    name = "tables/transactions.jsonl.gz"
    lines = gzip.decompress(whole[name]).splitlines(keepends=True)
    twice = gzip.compress(b"".join([*lines, lines[0]]))
    manifest = json.loads(whole["manifest.json"])
    for part in manifest["tables"]:
        if part["table"] == "transactions":
            part |= {"rows": part["rows"] + 1, "size": len(twice), "sha256": sha256(twice).hexdigest()}
    bad = written(tmp_path / "x.tar", whole | {name: twice, "manifest.json": json.dumps(manifest).encode()})

    place.refused(
        1, "the store refused", "restore", bad, "--state", tmp_path / "new", *place.signing("oracle")
    )
    assert list((tmp_path / "new").iterdir()) == []
    monkeypatch.setenv("LABELSHARE_DATABASE", postgres)
    place.refused(1, "the store refused", "restore", bad, "--without-blobs", *place.signing("oracle"))
    place.done(
        "restore", tmp_path / "b.tar", "--without-blobs", *place.signing("oracle")
    )  # it is empty still


# ------------------------------------------------------------------------------ cut off


def test_a_full_disk_leaves_no_half_backup(place: Place, filled: Path, small_disk: Path) -> None:
    target = small_disk / "b.tar"
    (small_disk / "ballast").write_bytes(bytes(850_000))
    place.refused(1, "cannot be written: No space left", "backup", target, "--state", filled)
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_a_full_disk_leaves_no_half_store(
    place: Place, filled: Path, tmp_path: Path, small_disk: Path
) -> None:
    backed_up(place, filled, tmp_path / "b.tar")
    (small_disk / "ballast").write_bytes(bytes(640_000))
    words = ["restore", tmp_path / "b.tar", "--state", small_disk / "new", *place.signing("oracle")]
    place.refused(1, "full|No space left|failed", *words)
    assert [path.name for path in small_disk.rglob("*") if path.is_file()] == ["ballast"]


KILLED = """
import os, signal, sys
from labelshare.store import dump
real, left = dump._write, [5]
def write(*arguments):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
dump._write = write
from labelshare.cli import main
main()
"""


def test_a_killed_restore_leaves_no_store_and_may_be_done_again(
    place: Place, filled: Path, tmp_path: Path
) -> None:
    backed_up(place, filled, tmp_path / "b.tar")
    words = ["restore", tmp_path / "b.tar", "--state", tmp_path / "new", *place.signing("oracle")]
    environment = {**os.environ, "LABELSHARE_URL": place.url, "LABELSHARE_DEPLOYMENT": str(place.record)}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *map(str, words)], env=environment, capture_output=True, check=False
    )
    assert done.returncode == -SIGKILL, done.stderr
    assert not (tmp_path / "new" / FILE).exists()
    place.done(*words)
    one, other = Database.open(filled), Database.open(tmp_path / "new")
    assert rows(one, *dump.LEFT_OUT) == rows(other, *dump.LEFT_OUT)
    one.close()
    other.close()


def test_no_key_and_no_answer_is_in_it(place: Place, filled: Path, tmp_path: Path) -> None:
    backed_up(place, filled, tmp_path / "b.tar")
    everything = b"".join(
        gzip.decompress(content) if name.endswith(".gz") else content
        for name, content in parts_of(tmp_path / "b.tar").items()
    )
    for person in (place.stage.oracle, *place.stage.people.values()):
        secret = person._key.secret
        for form in (secret, secret.hex().encode(), b64encode(secret)):
            assert form not in everything


def test_a_folder_names_the_file_by_the_time(place: Place, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    facts = backed_up(place, filled, tmp_path / "backups")
    (made,) = (tmp_path / "backups").iterdir()
    assert made.name == Path(facts["file"]).name
    assert made.name.startswith("labelshare-20")

    backed_up(place, filled, tmp_path / "kept")  # made, so that the next one goes there too
    (made,) = (tmp_path / "kept").iterdir()
    assert made.name.startswith("labelshare-20")
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700
    (tmp_path / "notes").touch()
    place.refused(2, "is no folder", "backup", tmp_path / "notes", "--state", filled)
    place.refused(2, "no folder", "backup", tmp_path / "no" / "kept", "--state", filled)
    place.refused(1, "there is no store", "backup", tmp_path / "x.tar", "--state", tmp_path / "nowhere")
    place.refused(2, "no folder", "backup", tmp_path / "no" / "x.tar", "--state", filled)
    place.refused(2, "where is the store", "backup", tmp_path / "x.tar")


def test_a_reading_of_postgres_sees_one_moment_and_changes_nothing(postgres: str) -> None:
    database = Database.at(postgres)
    with dump.reading(None, postgres) as connection:
        (table,) = (each for each in dump.tables_of(connection) if each.name == "specs")
        assert dump.count(connection, table) == 0
        with database.writing() as writer:
            writer.execute(insert(metadata.tables["specs"]), {"spec_hash": b"1", "spec": b"{}"})
        assert dump.count(connection, table) == 0
        assert list(dump.lines(connection, table)) == []
    with pytest.raises(StoreError, match="read-only"), dump.reading(None, postgres) as connection:
        connection.execute(insert(table), {"spec_hash": b"2", "spec": b"{}"})
    database.close()

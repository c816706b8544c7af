"""Sign-ins, sessions, kept replies, specs and counts, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from sqlalchemy import func, select

from labelshare.errors import InputError, ProtocolError
from labelshare.protocol.spec import Spec
from labelshare.store.counts import RoundCount, campaigns_with, counts_of
from labelshare.store.database import Database
from labelshare.store.messages import Messages
from labelshare.store.replies import Replies, Reply, Request
from labelshare.store.schema import replies, sessions, sign_ins
from labelshare.store.sign_ins import Session, SignIns
from labelshare.store.specs import Specs
from labelshare.types import Hash32
from tests.oracle.stage import small_spec
from tests.store.home import CAMPAIGN, Home, address, enrolment

ANN, BEN = address(1), address(2)


def test_a_text_is_used_once_by_whoever_comes_first(home: Home) -> None:
    both = [SignIns(home.open()) for _ in range(2)]
    tokens = [f"token {number}" for number in range(8)]

    def begin(number: int) -> bool:
        return both[number % 2].begin(b"nonce", 20, tokens[number], Session(ANN, 40), 10)

    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(begin, range(8)))
    assert first.count(True) == 1
    begun = [token for token in tokens if both[0].session(token, 10)]
    assert begun == [tokens[first.index(True)]]


def test_a_store_has_one_salt_whoever_asks_first(home: Home) -> None:
    both = [SignIns(home.open()) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        (salt,) = set(pool.map(lambda number: both[number % 2].salt(), range(4)))
    assert len(salt) == 32


def test_what_has_expired_goes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A used text is known an hour longer than it is good: another machine's clock may be behind."""
    kept = SignIns(database)

    def rows() -> list[int]:
        with database.reading() as connection:
            counts = [select(func.count()).select_from(table) for table in (sign_ins, sessions)]
            return [connection.execute(each).scalar_one() for each in counts]

    assert kept.begin(b"old", 20, "old token", Session(ANN, 20), 10)
    assert rows() == [1, 1]
    monkeypatch.setattr("labelshare.store.sign_ins.SWEEP_ONE_IN", 1)
    assert kept.begin(b"new", 40, "new token", Session(BEN, 40), 20)
    assert rows() == [2, 1]
    assert not kept.begin(b"old", 20, "another token", Session(ANN, 20), 10)
    assert kept.session("old token", 19) is None
    assert kept.session("new token", 39) == Session(BEN, 40)
    assert kept.session("new token", 40) is None
    kept.end("new token")
    assert kept.session("new token", 39) is None
    assert kept.begin(b"newest", 4_000, "newest token", Session(BEN, 4_000), 3_620)
    assert rows() == [2, 1]


def test_requests_of_one_key_run_once_in_all_processes(home: Home) -> None:
    databases, ran = [home.open() for _ in range(4)], []
    request = Request(ANN, "key", b"\1" * 32)

    def run() -> Reply:
        ran.append(1)
        sleep(0.02)
        return Reply(201, b"answer")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda database: Replies(database).once(request, run, 0, 10), databases))
    assert len(ran) == 1
    assert sorted((each.status, each.body, each.again) for each in answers) == [
        (201, b"answer", False),
        *[(201, b"answer", True)] * 3,
    ]


def test_what_a_refused_run_wrote_is_not_kept(database: Database) -> None:
    book, kept = Messages(database, CAMPAIGN), Replies(database)
    book.open(small_spec())
    request = Request(ANN, "key", b"\1" * 32)

    def refused() -> Reply:
        book.add_enrolment(enrolment(1))
        raise ProtocolError("refused")

    with pytest.raises(ProtocolError):
        kept.once(request, refused, 0, 10)
    assert book.enrolments() == []
    assert not kept.once(request, lambda: Reply(201, b""), 0, 10).again
    with pytest.raises(InputError, match="another request"):
        kept.once(Request(ANN, "key", b"\2" * 32), refused, 0, 10)
    assert not kept.once(Request(BEN, "key", b"\2" * 32), lambda: Reply(201, b""), 0, 10).again


def test_kept_replies_expire_and_are_swept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Replies(database)
    for number in range(3):
        kept.once(Request(ANN, f"key {number}", b"\1" * 32), lambda: Reply(201, b""), 0, 10)
    assert kept.once(Request(ANN, "key 0", b"\1" * 32), lambda: Reply(201, b"new"), 9, 10).again
    anew = kept.once(Request(ANN, "key 0", b"\2" * 32), lambda: Reply(201, b"new"), 10, 10)
    assert (anew.body, anew.again) == (b"new", False)
    monkeypatch.setattr("labelshare.store.replies.SWEEP_ONE_IN", 1)
    kept.once(Request(BEN, "key", b"\1" * 32), lambda: Reply(201, b""), 10, 10)
    with database.reading() as connection:
        keys = sorted(row.key for row in connection.execute(select(replies)))
    assert keys == ["key", "key 0"]


def test_a_spec_is_found_by_its_hash_and_by_its_campaign(database: Database) -> None:
    spec, specs = small_spec(), Specs(database)
    assert specs.find(spec.hash) is None
    assert specs.of_campaign(CAMPAIGN) is None
    assert (specs.add(spec), specs.add(spec)) == (True, False)
    found = specs.find(spec.hash)
    assert found is not None
    assert Spec.parse(found) == spec
    Messages(database, CAMPAIGN).open(spec)
    assert specs.of_campaign(CAMPAIGN) == spec.canonical_bytes
    assert specs.find(Hash32(bytes(32))) is None


def test_counts_add_up(database: Database) -> None:
    from labelshare.protocol.commitments import SignedCommit
    from labelshare.types import Commit, keccak

    book = Messages(database, CAMPAIGN)
    assert counts_of(database, CAMPAIGN).rounds == ()
    book.open(small_spec())
    book.add_enrolment(enrolment(1))
    for number, (annotator, batch, count) in enumerate([(ANN, 0, 2), (ANN, 1, 3), (BEN, 0, 1)]):
        commit = Commit(batch, batch, keccak(b"root"), count, count)
        name = keccak(b"%d" % number)
        book.add_commit(name, SignedCommit(annotator, commit, b"", tuple(range(count))))
    counts = counts_of(database, CAMPAIGN)
    assert (counts.enrolled, counts.opened, counts.batches, counts.labels) == (1, 0, 3, 6)
    assert counts.rounds == (RoundCount(0, 2, 3), RoundCount(1, 1, 3))
    assert [each.commit.batch for each in book.commits_by(ANN)] == [0, 1]
    assert campaigns_with(database, ANN) == campaigns_with(database, BEN) == {CAMPAIGN}
    assert campaigns_with(database, address(9)) == frozenset()

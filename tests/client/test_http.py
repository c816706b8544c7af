"""The client over a real port: a whole campaign, the same refusals as in process, and a line that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from labelshare.api.settings import ApiSettings, Rate
from labelshare.chain.contracts import Parts
from labelshare.chain.keys import Signer
from labelshare.client.annotator import Annotator
from labelshare.client.connection import MOST_BYTES, TRIES, Connection, Sent
from labelshare.client.requester import Requester, Terms
from labelshare.client.service import ServiceClient
from labelshare.client.wire.base import Answer
from labelshare.client.wire.problem import KINDS, Problem, error_of
from labelshare.errors import (
    AccessError,
    CommitmentError,
    EvidenceError,
    InputError,
    LabelshareError,
    NotFoundError,
    ProtocolError,
    ReplayError,
    ServiceError,
    SignatureError,
    SpecError,
)
from labelshare.oracle.desk import Desk
from labelshare.protocol.sign_in import SignIn
from labelshare.protocol.verify import verify
from labelshare.store.jobs import Jobs
from labelshare.types import CampaignId, Hash32
from tests.api.served import served
from tests.databases import fresh
from tests.oracle.stage import COIN, ITEMS, Stage, build, small_spec

FAST = ApiSettings(address_rate=Rate(0, 1), account_rate=Rate(0, 1))
THREE = ("ann", "ben", "cleo")


def no_wait(_seconds: float) -> None:
    pass


_open: list[Connection] = []


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    """Every line that a test opened is closed after it."""
    yield
    while _open:
        _open.pop().close()


def client(url: str, stage: Stage, signer: Signer | None, **given: Any) -> ServiceClient:
    connection = Connection(url, wait=no_wait, **given)
    _open.append(connection)
    return ServiceClient(connection, signer, chain_id=stage.chain.chain_id)


def annotator(service: ServiceClient, stage: Stage, name: str) -> Annotator:
    return Annotator(
        stage.people[name],
        stage.scope,
        stage.params,
        stage.spec,
        service.transport(stage.scope.campaign_id),
        fresh(),
    )


# -------------------------------------------------------------------- a whole campaign


def test_a_whole_campaign_of_three_annotators_over_the_network() -> None:
    stage = build(for_threads=True).accept()
    desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database)
    with served(desk, FAST) as url:
        services = {name: client(url, stage, stage.people[name]) for name in THREE}
        people = {name: annotator(services[name], stage, name) for name in THREE}
        _work(stage, services, people)
        pending = {name: services[name].earnings(stage.scope.campaign_id).at_most for name in THREE}
        built = stage.settle()
        _check_money(stage, services, pending)
        _check_evidence(stage, services["ann"])
        assert services["ann"].bundle(stage.scope.campaign_id, built.settlement.bundle_hash) == built.bundle
        for service in services.values():
            service.sign_out()


def _work(stage: Stage, services: dict[str, ServiceClient], people: dict[str, Annotator]) -> None:
    campaign = stage.scope.campaign_id
    for person in people.values():
        person.enrol()
    stage.draw()
    for person in people.values():
        person.check_roster(stage.record())
    stage.begin()
    for name, person in people.items():
        assigned = services[name].assignment(campaign)
        assert assigned.takes_batches
        items = [each.index for each in assigned.items][:4]
        person.submit(0, dict.fromkeys(items, 1 if name == "cleo" else 0))
    stage.engine.post_commits(0)
    for name, person in people.items():
        assert person.left_out(stage.record(), 0) == []
        (receipted,) = services[name].receipts(campaign)
        assert receipted.receipt == person.batches[0].receipt
    stage.reveal()
    for person in people.values():
        for batch in person.batches:
            assert len(person.open(batch).opening_receipt) == 65


def _check_money(stage: Stage, services: dict[str, ServiceClient], at_most: dict[str, int]) -> None:
    campaign = stage.scope.campaign_id
    due = {row.account: row for row in stage.engine.settled().payouts}
    for name, service in services.items():
        earned, row = service.earnings(campaign), due[stage.people[name].address]
        assert (earned.status, earned.claimable, earned.paid) == ("final", row.payout, 0)
        assert earned.claimable <= at_most[name] == 4 * COIN
    stage.engine.pay_everyone(Parts.BOTH)
    for name, service in services.items():
        address = stage.people[name].address
        earned = next(iter(service.every_earning()))
        assert (earned.claimable, earned.paid, earned.shares_paid) == (
            0,
            due[address].payout,
            due[address].shares,
        )
        assert service.holding(stage.dataset).shares == due[address].shares
    holders = {row.account: row.shares for row in services["ann"].holders(stage.dataset)}
    assert holders == {row.account: row.shares for row in due.values() if row.shares}


def _check_evidence(stage: Stage, service: ServiceClient) -> None:
    campaign, record = stage.scope.campaign_id, stage.record()
    told = service.campaign(campaign)
    assert told.proposal is not None
    assert record.posted is not None
    assert told.proposal.truth_root == record.posted.settlement.truth_root
    bundle = service.bundle(campaign, told.proposal.bundle_hash)
    assert verify(record, bundle).labels == 4 * len(THREE)
    reasons, page = service.reasons(campaign)
    assert page.score is not None
    assert page.score.labels == 4 == page.score.accepted + len(reasons)
    item = next(iter(service.items(campaign)))
    assert item.index == 0
    own = next(service.receipts(campaign)).commit.items[0]
    proof = service.proof(campaign, stage.people["ann"].address, own)
    assert (proof.label.root, proof.truth.root) == (told.proposal.label_root, told.proposal.truth_root)


# --------------------------------------------------------------------------- a service


@dataclass
class Line:
    """A served campaign in round 0, with everybody on the roster."""

    stage: Stage
    url: str

    def service(self, signer: Signer | None, **given: Any) -> ServiceClient:
        return client(self.url, self.stage, signer, **given)

    def annotator(self, name: str, **given: Any) -> Annotator:
        return annotator(self.service(self.stage.people[name], **given), self.stage, name)

    def items(self, name: str) -> list[int]:
        found = self.service(self.stage.people[name]).assignment(self.stage.scope.campaign_id)
        return [each.index for each in found.items]


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    stage = build(for_threads=True).accept().enrol().draw().begin()
    desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database)
    with served(desk, FAST) as url:
        yield Line(stage, url)


def test_a_refused_batch_is_forgotten_and_the_next_one_goes_through(line: Line) -> None:
    ann = line.annotator("ann")
    items = line.items("ann")
    foreign = min(set(range(ITEMS)) - set(items))
    with pytest.raises(CommitmentError, match="is not assigned to"):
        ann.submit(0, {foreign: 0})
    assert ann.batches == []
    assert ann.submit(0, {items[0]: 0}).receipt


Attack = Callable[[Any, Stage], Any]
ATTACKS: dict[str, Attack] = {
    "a bad signature": lambda oracle, stage: oracle.commit(
        stage.sealed(stage.people["dora"], {0: b"\0\0"}, by=stage.stranger)[0]
    ),
    "a gap": lambda oracle, stage: oracle.commit(
        stage.sealed(stage.people["dora"], {0: b"\0\0"}, batch=1)[0]
    ),
    "no such item": lambda oracle, stage: oracle.commit(
        stage.sealed(stage.people["dora"], {ITEMS: b"\0\0"})[0]
    ),
    "an enrolment of a stranger's hand": lambda oracle, stage: oracle.enrol(
        stage.enrolment("dora", signer=stage.stranger)
    ),
    "an opening too early": lambda oracle, stage: oracle.open(
        stage.sealed(stage.people["dora"], {0: b"\0\0"})[1]
    ),
    "lists that are not out": lambda oracle, _: oracle.published(0),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_refusal_is_the_same_error_as_in_process(line: Line, name: str) -> None:
    transport = line.service(line.stage.people["dora"]).transport(line.stage.scope.campaign_id)
    with pytest.raises(ProtocolError) as here:
        ATTACKS[name](line.stage.intake, line.stage)
    with pytest.raises(ProtocolError) as there:
        ATTACKS[name](transport, line.stage)
    assert (type(there.value), str(there.value)) == (type(here.value), str(here.value))


def test_a_batch_number_taken_by_another_batch_is_a_replay(line: Line) -> None:
    ben = line.stage.people["ben"]
    transport = line.service(ben).transport(line.stage.scope.campaign_id)
    items = line.items("ben")
    transport.commit(line.stage.sealed(ben, {items[0]: b"\0\0"})[0])
    with pytest.raises(ReplayError, match="is in already"):
        transport.commit(line.stage.sealed(ben, {items[1]: b"\0\0"})[0])


# ------------------------------------------------------------------------ a bad line


class Failing(httpx.BaseTransport):
    """The real line, which fails so many times: before the request arrives, or after it was answered."""

    def __init__(self, times: int, *, after: bool, status: int | None = None) -> None:
        self.inner = httpx.HTTPTransport()
        self.times, self.after, self.status = times, after, status
        self.seen: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(f"{request.method} {request.url.path.rsplit('/', 1)[-1]}")
        if not request.url.path.endswith(("commitments", "receipts", "datasets")) or not self.times:
            return self.inner.handle_request(request)
        self.times -= 1
        if self.after:
            self.inner.handle_request(request).read()
        if self.status is not None:
            return httpx.Response(self.status, content=b"<html>/inner/inside</html>")
        raise httpx.ReadError("the line is lost")

    def close(self) -> None:
        self.inner.close()


def test_a_batch_whose_answer_was_lost_is_kept_and_delivered_later(line: Line) -> None:
    failing = Failing(TRIES, after=True)
    cleo = line.annotator("cleo", transport=failing)
    item = line.items("cleo")[0]

    with pytest.raises(ServiceError, match="the line is lost"):
        cleo.submit(0, {item: 0})

    assert failing.seen.count("POST commitments") == TRIES
    assert [batch.receipt for batch in cleo.batches] == [b""]
    (kept,) = line.stage.engine.book.commits_by(cleo.address)  # it had arrived
    cleo.deliver()
    assert [batch.receipt for batch in cleo.batches] == [line.stage.intake.commit(kept)]


def test_a_lost_line_is_tried_again(line: Line) -> None:
    failing = Failing(TRIES - 1, after=False)
    service = line.service(line.stage.stranger, transport=failing)
    assert [each.address for each in service.datasets()] == [line.stage.dataset]
    assert failing.seen == ["GET datasets"] * TRIES


@pytest.mark.parametrize("status", [500, 502, 503, 404, 302])
def test_an_answer_that_is_not_ours_is_no_refusal(line: Line, status: int) -> None:
    service = line.service(line.stage.people["dora"], transport=Failing(TRIES, after=False, status=status))
    dora = annotator(service, line.stage, "dora")
    with pytest.raises(ServiceError) as found:
        dora.submit(0, {line.items("dora")[0]: 0})
    assert "/inner/inside" not in str(found.value)
    assert [batch.receipt for batch in dora.batches] == [b""]


def test_nobody_answers_on_a_dead_port(line: Line) -> None:
    service = line.service(line.stage.stranger)
    dead = client("http://127.0.0.1:9", line.stage, line.stage.stranger)
    with pytest.raises(ServiceError, match="ConnectError"):
        list(dead.campaigns())
    with pytest.raises(ServiceError):
        dead.sign_in()
    assert len(list(service.campaigns())) == 1


# ------------------------------------------------------------------------- a stranger


def stranger(answer: Callable[[httpx.Request], httpx.Response]) -> Connection:
    """A service of somebody's own making."""
    _open.append(Connection("http://localhost:8000", transport=httpx.MockTransport(answer), wait=no_wait))
    return _open[-1]


class Number(Answer):
    number: int


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b'{"number": "x"}', b"[" * 100_000, b"\xff"])
def test_an_answer_that_is_none_is_the_services_fault(content: bytes) -> None:
    connection = stranger(lambda _: httpx.Response(200, content=content))
    with pytest.raises(ServiceError, match="the answer is none"):
        connection.ask(Sent("GET", "/x"), Number)


def test_an_answer_has_an_end() -> None:
    pieces = [b"x" * 1_000] * 100
    for status, most in ((200, 50_000), (200, MOST_BYTES), (409, MOST_BYTES)):
        connection = stranger(lambda _: httpx.Response(status, content=iter(pieces)))  # noqa: B023
        if status == 200 and most == MOST_BYTES:
            assert len(connection.fetch(Sent("GET", "/x", most=most))) == 100_000
            continue
        with pytest.raises(ServiceError, match="more than"):
            connection.fetch(Sent("GET", "/x", most=most))


def test_problems_are_turned_back_into_our_errors() -> None:
    for kind in KINDS:
        problem = Problem(
            type=f"urn:labelshare:problem:{kind.slug}", title="t", status=kind.status, detail="d"
        )
        found = error_of(problem)
        if kind.status >= 500 or kind.error is ServiceError:
            assert type(found) is ServiceError
        else:
            assert type(found) is kind.error
            assert str(found) == "d"
        assert isinstance(found, LabelshareError)


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"nothing",
        b'{"type":"urn:labelshare:problem:refused","title":"t","status":200,"detail":"d"}',
        b'{"type":"urn:somebody:refused","title":"t","status":409,"detail":"d"}',
    ],
)
def test_a_refusal_that_is_not_ours_drops_nothing(content: bytes) -> None:
    connection = stranger(lambda _: httpx.Response(409, content=content))
    with pytest.raises(ServiceError):
        connection.fetch(Sent("POST", "/x"))


def _text(connection: Connection, signer: Signer, **changes: Any) -> SignIn:
    expected = SignIn(
        domain="localhost:8000",
        account=signer.address,
        uri="http://localhost:8000/v1",
        chain_id=7,
        nonce="abcdefgh12345678",
        issued_at="2026-11-26T17:00:00Z",
        expires_at="2026-11-26T17:05:00Z",
    )
    assert connection is not None
    return replace(expected, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": "bank.example"},
        {"uri": "https://bank.example/v1"},
        {"chain_id": 1},
        {"expires_at": "2027-11-26T17:00:00Z"},
        {"expires_at": "2026-11-26T17:00:00Z"},
        {"issued_at": "yesterday"},
        {"nonce": "abcdefgh12345678\n\nI approve everything"},
        {"text": "I owe you a million"},
    ],
)
def test_nothing_is_signed_that_is_not_a_sign_in_here(line: Line, changes: dict[str, Any]) -> None:
    signer, sent = line.stage.people["ann"], []
    text = changes.pop("text", None)

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        asked = _text(connection, signer, **changes)
        said = {
            "message": text or asked.text,
            "domain": asked.domain,
            "uri": asked.uri,
            "chainId": asked.chain_id,
            "nonce": asked.nonce,
            "issuedAt": asked.issued_at,
            "expiresAt": asked.expires_at,
        }
        return httpx.Response(201, json=said)

    connection = stranger(answer)
    with pytest.raises((SignatureError, ServiceError)):
        ServiceClient(connection, signer, chain_id=7).sign_in()
    assert sent == ["/v1/sign-ins"]


def test_a_list_that_does_not_move_on_is_given_up() -> None:
    connection = stranger(lambda _: httpx.Response(200, json={"items": [], "next": "again"}))
    with pytest.raises(ServiceError, match="does not end"):
        list(ServiceClient(connection, chain_id=1).campaigns())


@pytest.mark.parametrize("url", ["ftp://a", "a.b", "http://", "https://user:password@a.b", "http://a.b"])
def test_a_service_has_an_address_that_keeps_the_session(url: str) -> None:
    with pytest.raises(InputError):
        Connection(url)
    Connection("http://a.b", plain=True).close()
    with Connection("https://a.b") as connection:
        assert connection.domain == "a.b"


# --------------------------------------------------------------------- typed questions


def test_a_session_that_is_over_is_begun_anew(line: Line) -> None:
    service = line.service(line.stage.people["ann"])
    first = service.session()
    service._token = "over"
    assert service.session().account == first.account == line.stage.people["ann"].address
    with pytest.raises(AccessError):
        line.service(line.stage.stranger).assignment(line.stage.scope.campaign_id)
    with pytest.raises(InputError, match="no account"):
        line.service(None).session()


def test_a_requester_hands_in_its_spec_and_funds_it(line: Line) -> None:
    stage = line.stage
    spec = small_spec(title="Second", items=[{"digest": "ab" * 32}], price="1")
    service = line.service(stage.requester)
    quote = service.quote(spec, fee_bps=500, annotators=2)
    assert service.put_spec(spec).spec_hash == spec.hash == quote.spec_hash
    assert service.spec(spec.hash) == spec
    asked = service.acceptance()
    assert (asked.oracle, asked.least_escrow, asked.least_fee) == (stage.oracle.address, 0, 0)
    assert quote.escrow == 3  # two labels of 1 and the fee, rounded up

    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.requester.address, quote.escrow))
    requester = Requester(stage.sender, stage.contracts, stage.requester)
    now = stage.chain.now()
    terms = Terms(stake_per_label=COIN, fee_bps=500, schedule=_later(stage, now), nonce=9)
    scope, _ = requester.open_campaign(stage.pool, stage.dataset, spec, terms)

    newest = next(service.campaigns())
    assert (newest.id, newest.title, newest.price, newest.status) == (
        scope.campaign_id,
        "Second",
        1,
        "created",
    )
    assert service.roles(scope.campaign_id) == {"requester"}
    assert service.campaign(scope.campaign_id).waits_for is None
    _let_wait(stage, scope.campaign_id, "the pool is full")
    assert service.campaign(scope.campaign_id).waits_for == "the pool is full"
    assert service.dataset(stage.dataset).publisher == stage.requester.address
    assert list(service.licences(stage.dataset)) == []
    assert service.ready().ready


def _let_wait(stage: Stage, campaign: CampaignId, reason: str) -> None:
    jobs = Jobs(stage.database)
    jobs.add("accept", str(campaign), 0)
    job = jobs.take(100, 200, "a worker")
    assert job is not None
    jobs.wait(job, 0, reason)


def _later(stage: Stage, now: int) -> Any:
    shift = now - stage.schedule.accept_end + 1_000
    fields = {
        name: getattr(stage.schedule, name) + shift for name in ("accept_end", "enrol_end", "work_start")
    }
    return replace(stage.schedule, **fields)


def test_what_is_not_there_and_what_is_no_question(line: Line) -> None:
    service = line.service(line.stage.people["ann"])
    nothing = Hash32(bytes(32))
    with pytest.raises(NotFoundError):
        service.campaign(CampaignId(nothing))
    with pytest.raises(NotFoundError):
        service.bundle(line.stage.scope.campaign_id, nothing)
    with pytest.raises(NotFoundError):
        service.spec(nothing)
    with pytest.raises(NotFoundError):
        service.media(line.stage.scope.campaign_id, nothing)
    with pytest.raises(InputError):
        service.quote(line.stage.spec, nonsense=1)
    with pytest.raises(SpecError):
        service.ask(Sent("PUT", f"/v1/specs/{nothing}", body=b"{}"), Number)


def test_bytes_that_are_not_what_was_asked_for_are_refused(line: Line) -> None:
    other = ServiceClient(stranger(lambda _: httpx.Response(200, content=b"other")), chain_id=1)
    with pytest.raises(EvidenceError, match="something else"):
        other.bundle(line.stage.scope.campaign_id, Hash32(bytes(32)))
    with pytest.raises(EvidenceError, match="something else"):
        other.spec(Hash32(bytes(32)))

"""The node on the service's own port: who may talk to it, what is refused, and that no body breaks it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelshare.api.rpc import WithNode
from labelshare.chain.answering import BATCH, BODY_BYTES, Answerer
from labelshare.chain.development import Front, Running, running
from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.keys import development_signer
from labelshare.chain.node import EMBEDDED_CHAIN_ID
from labelshare.chain.rpc import Node
from labelshare.chain.unlocked import junk_signers
from labelshare.errors import ChainError, FundsError, KeyRefusedError
from labelshare.types import Address, Hash32
from tests.api.visit import Place, new_place

URL = "http://127.0.0.1:8000"
ASK = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}
MINE = {"jsonrpc": "2.0", "id": 1, "method": "evm_mine"}


class Visited:
    """An oracle's API with a node beside it, both real and in this process."""

    def __init__(self) -> None:
        self.place: Place = new_place()
        self.chain = EmbeddedChain()
        self.node = Node(self.chain, unlocked=junk_signers(1))
        self.app = WithNode(self.place.app, Answerer(self.node.answer).respond)

    def ask(self, method: str = "POST", path: str = "/rpc", **given: Any) -> httpx.Response:
        async def sent() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=URL) as client:
                return await client.request(method, path, **given)

        answer: httpx.Response = anyio.run(sent)
        return answer


@pytest.fixture(scope="module")
def visited() -> Visited:
    return Visited()


# ------------------------------------------------------------------------ who may ask


@pytest.mark.parametrize("origin", ["http://localhost:5173", "https://127.0.0.1", "http://[::1]:3000"])
def test_pages_of_this_machine_may_ask(visited: Visited, origin: str) -> None:
    before = visited.ask("OPTIONS", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert before.status_code == 204
    assert before.headers["Access-Control-Allow-Headers"] == "Content-Type"
    answer = visited.ask(json=ASK, headers={"Origin": origin})
    for each in (before, answer):
        assert each.headers["Access-Control-Allow-Origin"] == origin
        assert each.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in each.headers
    assert answer.json()["result"] == hex(EMBEDDED_CHAIN_ID)


@pytest.mark.parametrize(
    "headers",
    [
        *(
            {"Origin": each}
            for each in ("https://example.org", "http://localhost.example.org", "null", "http://[")
        ),
        *({"Origin": each} for each in ("file://", "http://localhost@example.org", "chrome-extension://abc")),
        *(
            {"Host": each}
            for each in ("example.org", "127.0.0.1.example.org:8000", "localhost@example.org", "[")
        ),
        {"Origin": "http://example.org:8000", "Host": "example.org:8000"},
        {"Origin": "http://localhost", "Host": "example.org"},
    ],
)
def test_pages_from_elsewhere_may_not_whatever_they_send(visited: Visited, headers: dict[str, str]) -> None:
    head = visited.chain.block_number
    for method in ("POST", "OPTIONS", "GET"):
        answer = visited.ask(
            method, content=json.dumps(MINE), headers={"Content-Type": "text/plain", **headers}
        )
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == -32_600
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert visited.chain.block_number == head


def test_programs_and_other_names_of_this_machine_may(visited: Visited) -> None:
    for host in ("localhost:8000", "LOCALHOST", "127.0.0.1:1", "[::1]:8000"):
        assert visited.ask(json=ASK, headers={"Host": host}).json()["result"] == hex(EMBEDDED_CHAIN_ID)


def test_only_posts_are_requests_and_the_rest_is_the_apis(visited: Visited) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = visited.ask(method)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")
    assert visited.ask("GET", "/healthz").json() == {"status": "ok"}
    assert visited.ask("POST", "/rpc/", json=ASK).status_code == 404


def test_an_api_without_a_node_offers_none(visited: Visited) -> None:
    assert visited.place.post("/rpc", ASK).status_code == 404
    assert visited.place.get("/rpc").status_code == 404


# ---------------------------------------------------------------------- what is asked


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32_700),
        (b"{", -32_700),
        (b"\xff", -32_700),
        (b"[" * 100_000, -32_700),
        (b"[]", -32_600),
        (b"1", -32_600),
        (b'{"method": "eth_chainId", "id": 1}', -32_600),
        (b'{"jsonrpc": "2.0", "method": "eth_chainId", "id": {}}', -32_600),
        (json.dumps([ASK] * (BATCH + 1)).encode(), -32_600),
        (json.dumps(ASK | {"method": "eth_nothing"}).encode(), -32_601),
        (json.dumps(ASK | {"params": {"a": 1}}).encode(), -32_602),
        (json.dumps(ASK | {"params": [1, 2]}).encode(), -32_602),
        (
            json.dumps(ASK | {"method": "eth_call", "params": [{"to": "0x" + "00" * 20}, "0xff"]}).encode(),
            -32_000,
        ),
    ],
)
def test_what_is_wrong_with_a_request(visited: Visited, body: bytes, code: int) -> None:
    answer = visited.ask(content=body)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["error"]["code"] == code
    assert answer.json()["jsonrpc"] == "2.0"


def test_batches_and_notifications(visited: Visited) -> None:
    note = {"jsonrpc": "2.0", "method": "eth_chainId"}
    answers = visited.ask(json=[ASK, note, 5, ASK | {"id": "b"}]).json()
    assert [each["id"] for each in answers] == [1, None, "b"]
    for silent in (note, [note, note]):
        answer = visited.ask(json=silent)
        assert (answer.status_code, answer.content) == (204, b"")


def test_a_body_has_a_bound(visited: Visited) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(BODY_BYTES // 2**20 + 1):
            yield b" " * 2**20

    answer = visited.ask(content=endless())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, -32_600)


def test_a_fault_of_the_node_is_an_error_and_no_500(visited: Visited) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    app = WithNode(visited.place.app, Answerer(broken).respond)
    transport = httpx.ASGITransport(app)

    async def sent() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            return await client.post("/rpc", json=ASK)

    answer = anyio.run(sent)
    assert answer.status_code == 200
    assert answer.json()["error"] == {"code": -32_603, "message": "internal error: ZeroDivisionError"}


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=9,
)
NAMES = [*Node(EmbeddedChain(), unlocked=junk_signers(1)).methods, "labelshare_faucet", "nothing"]
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | ANYTHING,
        "id": st.integers() | ANYTHING,
        "method": st.sampled_from(NAMES) | ANYTHING,
        "params": st.lists(ANYTHING, max_size=4) | ANYTHING,
        "more": ANYTHING,
    },
)
CODES = {3, -32_000, -32_600, -32_601, -32_602, -32_700}


@settings(max_examples=200)
@given(body=st.binary(max_size=60) | (REQUESTS | st.lists(REQUESTS, max_size=4)).map(json.dumps))
def test_no_body_breaks_it(visited: Visited, body: bytes | str) -> None:
    answer = visited.ask(content=body)
    assert answer.status_code in {200, 204}
    if answer.status_code == 200:
        found = answer.json()
        for each in found if isinstance(found, list) else [found]:
            assert each["jsonrpc"] == "2.0"
            assert ("result" in each) != ("error" in each)
            assert each.get("error", {"code": 3})["code"] in CODES, each


# ------------------------------------------------------------------- what is in front


@pytest.fixture(scope="module")
def node() -> Iterator[Running]:
    with running(None, None, lambda: None) as node:
        yield node


def front(node: Running, told: list[str], give: Any = None) -> Front:
    def given(account: Address) -> Hash32:
        told.append(str(account))
        return Hash32(bytes(32))

    @contextmanager
    def setting_back() -> Iterator[None]:
        before = node.chain.block_number
        yield
        told.append(f"from {before} to {node.chain.block_number}")

    return Front(node, give or given, setting_back)


def asked(front: Front, method: str, *params: Any) -> Any:
    body = json.dumps(ASK | {"method": method, "params": list(params)}).encode()
    answer = Answerer(front.answer).respond(body)
    assert answer is not None
    return json.loads(answer)


def test_tokens_for_whoever_asks(node: Running) -> None:
    told: list[str] = []
    account = str(development_signer("api", "ann").address)
    assert asked(front(node, told), "labelshare_faucet", account.lower())["result"] == "0x" + "00" * 32
    assert told == [account]
    for wrong in ((), ("0x",), (5,), (account, 2)):
        assert asked(front(node, told), "labelshare_faucet", *wrong)["error"]["code"] == -32_602
    assert told == [account]

    def dry(_: Address) -> Hash32:
        raise FundsError("nothing left")

    assert asked(front(node, told, dry), "labelshare_faucet", account)["error"] == {
        "code": -32_000,
        "message": "nothing left",
    }


def test_a_restored_snapshot_is_told_of(node: Running) -> None:
    told: list[str] = []
    at = front(node, told)
    mark = asked(at, "evm_snapshot")["result"]
    start = node.chain.block_number
    node.answer("evm_mine", [])
    assert asked(at, "evm_revert", "0xffff")["result"] is False
    assert asked(at, "evm_revert", mark)["result"] is True
    assert told[1:] == [f"from {start + 1} to {start}"]


@pytest.mark.parametrize("method", ["anvil_reset", "hardhat_reset", "anvil_loadState", "anvil_setChainId"])
def test_no_other_chain_is_begun_under_the_service(node: Running, method: str) -> None:
    assert asked(front(node, []), method)["error"]["code"] == -32_601


def test_no_node_of_a_chain_with_real_money_is_offered(node: Running) -> None:
    chain = node.chain
    chain.chain_id = 1
    try:
        with pytest.raises(KeyRefusedError, match="chain 1 is no development chain"):
            front(node, [])
    finally:
        chain.chain_id = EMBEDDED_CHAIN_ID


def test_time_goes_by_without_anybody(node: Running) -> None:
    """A transaction wakes the chain up: then there is a block every second."""
    (signer,) = junk_signers(1)
    account = str(signer.address)
    node.answer("eth_sendTransaction", [{"from": account, "to": account}])
    before = node.chain.block_number

    deadline = monotonic() + 20
    while node.chain.block_number < before + 2:
        assert monotonic() < deadline, "time stands still"
        sleep(0.2)
    assert node.chain.block_number <= before + 20


def test_a_chain_that_cannot_be_kept_is_told(tmp_path: Any) -> None:
    (tmp_path / "chain.log").write_bytes(b"something else")
    with pytest.raises(ChainError, match="is not a chain"), running(tmp_path, None, lambda: None):
        pass

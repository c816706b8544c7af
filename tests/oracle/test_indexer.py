"""The index is the chain: the same logs, whatever was dropped, refused or cut off on the way."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.contracts import Parts
from labelshare.chain.history import campaign_history, campaign_record, ledger, seat_spans
from labelshare.chain.node import Block, Chain, Log
from labelshare.chain.remote import RemoteChain
from labelshare.errors import (
    ChainError,
    DeploymentError,
    NoBlockError,
    RevertError,
    StaleReadError,
    StoreError,
)
from labelshare.oracle.indexer import MOST_BLOCKS, Finality, Indexer
from labelshare.store.database import Database
from labelshare.store.index import Index
from tests.chain.proxy import Proxy, proxied
from tests.chain.world import COIN, World
from tests.conftest import Anvil
from tests.databases import fresh
from tests.oracle.stage import Stage, build

Ask = Callable[..., Any]


def indexer(chain: Chain, deployment: Any, database: Database, depth: int | None = None) -> Indexer:
    return Indexer(chain, deployment, Index(database), Finality(chain, depth))


def on_chain(made: Indexer) -> list[list[Log]]:
    """A fresh reading of everything."""
    head, first = made.chain.block_number, made.deployment.block
    return [made.chain.logs(each, first, head) for each in made.addresses]


def in_store(made: Indexer) -> list[list[Log]]:
    source = made.at_head()
    return [source.logs(each, made.deployment.block, source.block_number) for each in made.addresses]


def check(made: Indexer) -> int:
    """Store and chain are the same, logs and blocks; how many logs that are."""
    assert in_store(made) == on_chain(made)
    assert (head := made.index.head()) is not None
    assert head.number == made.chain.block_number
    kept = made.index.kept()
    assert made.chain.blocks([each.number for each in kept]) == kept
    numbers = [each.number for each in kept[:-1]]
    assert numbers == list(range(head.number, head.number - len(numbers), -1)), "a block is missing"
    return sum(map(len, in_store(made)))


# ------------------------------------------------------------------ the in-process chain


def lives(stage: Stage) -> Iterator[str]:
    """A whole campaign, and a breath after each of its steps."""
    yield "funded"
    stage.accept().enrol()
    yield "enrolled"
    stage.draw()
    yield "drawn"
    stage.work()
    yield "worked"
    stage.reveal("ann", "ben", "cleo", "dora")
    stage.settle()
    yield "final"
    stage.engine.pay_everyone(Parts.BOTH)
    yield "paid"


@pytest.mark.parametrize("blocks", [1, 7, MOST_BLOCKS])
def test_histories_from_the_index_are_those_from_the_chain(blocks: int) -> None:
    stage = build()
    made = indexer(stage.chain, stage.deployment, fresh())
    made.blocks = blocks
    campaign, seen = stage.scope.campaign_id, 0
    for step in lives(stage):
        made.catch_up()
        seen += 1
        source = made.at_head()
        where = (stage.deployment, campaign)
        assert campaign_history(source, *where) == campaign_history(stage.chain, *where), step
        assert campaign_record(made.at_final(), *where) == campaign_record(stage.chain, *where), step
        pool = (stage.deployment, stage.params.pool)
        assert seat_spans(source, *pool) == seat_spans(stage.chain, *pool), step
        token = (stage.deployment, stage.pool.token)
        assert ledger(source, *token) == ledger(stage.chain, *token), step
        check(made)
    assert seen == 6


def test_only_what_may_change_is_kept_of_the_blocks() -> None:
    stage = build()
    made = indexer(stage.chain, stage.deployment, fresh(), depth=5)
    stage.chain.mine(40)
    made.catch_up()
    head = stage.chain.block_number

    numbers = [each.number for each in made.index.kept()]

    assert numbers == [*range(head, head - 6, -1), stage.deployment.block - 1]
    assert made.position().final == head - 5
    assert check(made) > 5


def test_how_far_it_is() -> None:
    stage = build()
    made = indexer(stage.chain, stage.deployment, fresh(), depth=3)
    made.catch_up()
    stage.chain.mine(4)

    position = made.position()

    assert (position.behind, position.head.number) == (4, stage.chain.block_number - 4)
    # Of the chain's final blocks only those in the store count.
    assert position.final == position.head.number
    assert abs(position.age - (time() - position.head.time)) < 5
    assert [made.step() > 0 for _ in range(2)] == [True, True]
    assert made.position().behind == 0


def test_a_development_chain_may_be_set_back_between_two_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = build()
    made = indexer(stage.chain, stage.deployment, fresh())
    made.catch_up()
    before, plain = stage.chain.snapshot(), stage.chain.blocks
    stage.chain.mine(5)

    def set_back(numbers: Sequence[int]) -> list[Block]:
        monkeypatch.undo()
        stage.chain.restore(before)
        return plain(numbers)

    monkeypatch.setattr(stage.chain, "blocks", set_back)
    with pytest.raises(NoBlockError):
        made.advance()
    before = stage.chain.snapshot()
    stage.chain.mine(5)
    monkeypatch.setattr(stage.chain, "blocks", set_back)
    assert made.step() > 0
    assert stage.chain.blocks == plain, "nothing was dropped meanwhile"
    assert made.step() > 0
    check(made)


def test_nothing_is_read_while_a_development_chain_is_set_back() -> None:
    """A step in between would find blocks replaced that were final."""
    stage = build()
    made = indexer(stage.chain, stage.deployment, fresh(), depth=0)
    mark = stage.chain.snapshot()
    stage.accept()
    stage.chain.mine(5)
    made.catch_up()
    with ThreadPoolExecutor(1) as threads:
        with made.set_back():
            stage.chain.restore(mark)
            stage.chain.advance_to(stage.chain.now() + 7)
            stage.chain.mine(9)
            step = threads.submit(made.catch_up)
            with pytest.raises(TimeoutError):
                step.result(0.3)
        step.result(30)
    check(made)


def test_a_reader_does_not_mix_two_histories() -> None:
    stage = build()
    made = indexer(stage.chain, stage.deployment, fresh(), depth=50)
    mark = stage.chain.snapshot()
    stage.accept()
    made.catch_up()
    source, where = made.at_head(), (stage.deployment, stage.scope.campaign_id)
    assert campaign_history(source, *where).accepted is not None

    stage.chain.restore(mark)
    stage.chain.advance_to(stage.chain.now() + 7)
    stage.chain.mine(20)
    made.catch_up()

    with pytest.raises(StaleReadError, match="was replaced during the reading"):
        campaign_history(source, *where)
    assert campaign_history(made.at_head(), *where).accepted is None
    check(made)


def test_what_the_index_cannot_tell_it_does_not_guess() -> None:
    stage = build()
    made = indexer(stage.chain, stage.deployment, fresh())
    made.catch_up()
    source = made.at_head()
    with pytest.raises(StoreError, match="no logs of"):
        source.logs(stage.pool.token, 0, source.block_number)
    with pytest.raises(StoreError, match="was asked for"):
        source.logs(stage.contracts.registry.address, 0, source.block_number + 1)


def test_a_store_is_of_one_deployment() -> None:
    stage, database = build(), fresh()
    indexer(stage.chain, stage.deployment, database).catch_up()
    other = build(stage.chain)

    with pytest.raises(DeploymentError, match="another deployment"):
        indexer(stage.chain, other.deployment, database).catch_up()


def test_a_final_block_that_is_replaced_stops_everything() -> None:
    stage = build()
    made = indexer(stage.chain, stage.deployment, fresh(), depth=2)
    mark = stage.chain.snapshot()
    stage.accept()
    stage.chain.mine(10)
    made.catch_up()
    before = in_store(made)
    stage.chain.restore(mark)
    stage.chain.advance_to(stage.chain.now() + 7)
    stage.chain.mine(20)

    for _ in range(2):
        with pytest.raises(ChainError, match=r"which was final.*Clear the index"):
            made.catch_up()
    assert in_store(made) == before

    made.index.clear()
    made.catch_up()
    check(made)


@dataclass
class Behind:
    """A public chain of which the node lacks the last blocks."""

    chain: Chain
    missing: int = 0
    is_development: bool = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.chain, name)

    @property
    def block_number(self) -> int:
        return self.chain.block_number - self.missing


def test_a_node_that_is_behind_makes_nothing_undone() -> None:
    stage = build()
    stage.accept()
    stage.chain.mine(5)
    chain = Behind(stage.chain)
    made = Indexer(chain, stage.deployment, Index(fresh()), Finality(chain, 10))  # type: ignore[arg-type]
    made.catch_up()
    before, head = in_store(made), made.index.head()

    chain.missing = 3
    made.catch_up()
    assert (in_store(made), made.index.head()) == (before, head)
    assert made.position().behind == 0
    chain.missing = 20
    with pytest.raises(ChainError, match="far behind"):
        made.catch_up()
    assert (in_store(made), made.index.head()) == (before, head)

    chain.missing = 0
    stage.enrol()
    stage.chain.mine(1)
    made.catch_up()
    check(made)


class Crash(BaseException):
    """A process that ends here."""


@dataclass
class Mortal:
    """A chain at which a process ends with the call of a number."""

    chain: Chain
    left: int
    calls: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        if name in {"blocks", "logs_of", "logs_of_in", "block_number", "finalized"}:
            self.calls.append(name)
            self.left -= 1
            if self.left == 0:
                raise Crash
        return getattr(self.chain, name)


def test_killed_between_any_two_steps_it_goes_on(tmp_path: Path) -> None:
    stage = build()
    list(lives(stage))
    died = 0
    for left in range(1, 200):
        database = Database.open(tmp_path / str(left))
        chain = Mortal(stage.chain, left)
        made = indexer(chain, stage.deployment, database, depth=4)  # type: ignore[arg-type]
        made.blocks = 6
        try:
            made.catch_up()
        except Crash:
            died += 1
        else:
            break
        finally:
            database.close()
        again = indexer(stage.chain, stage.deployment, Database.open(tmp_path / str(left)), depth=4)
        again.blocks = 6
        again.catch_up()
        assert check(again) > 15
        again.index.database.close()
    assert died > 15


# ------------------------------------------------------------------------------- anvil


@dataclass
class Traffic:
    """Deposits of several accounts, some of which the chain forgets again."""

    world: World
    dice: random.Random
    ask: Ask
    dropped: int = 0

    def send(self) -> None:
        for signer in self.dice.choices(self.world.annotators, k=self.dice.randint(1, 5)):
            call = self.world.contracts.registry.deposit(self.world.token.address, self.dice.randint(1, COIN))
            self.world.sender.send(signer, call)

    def reorganise(self) -> None:
        """Other blocks in place of the last one to six, without their transactions."""
        head = self.world.chain.block_number
        depth = self.dice.randint(1, 6)
        logs = self.world.chain.logs(self.world.contracts.registry.address, head - depth + 1, head)
        self.ask("anvil_reorg", depth, [])
        self.dropped += len(logs)

    def happen(self) -> None:
        self.reorganise() if self.dice.random() < 0.25 else self.send()


def traffic(url: str, seed: int) -> Traffic:
    chain = connect(url)
    assert isinstance(chain, RemoteChain)
    world = World.build(chain)
    chain.mine(10)  # what is needed below lies deeper than any dropped block
    return Traffic(world, random.Random(seed), chain._ask)


@pytest.mark.anvil
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dropped_blocks_leave_nothing_behind(anvil: Anvil, seed: int) -> None:
    made_by = traffic(anvil.url, seed)
    world, dice = made_by.world, made_by.dice
    made = indexer(world.chain, world.deployment, fresh(), depth=8)
    where = (world.deployment, world.token.address)
    checks = 0
    for _ in range(60):
        made_by.happen()
        if dice.random() < 0.5:
            made.blocks = dice.choice([1, 2, 5, MOST_BLOCKS])
            made.advance()  # in the midst of it, too
        if dice.random() < 0.3:
            made.catch_up()
            check(made)
            assert ledger(made.at_head(), *where) == ledger(world.chain, *where)
            checks += 1
    made.catch_up()
    assert check(made) > 20
    for signer in world.annotators:
        credit = world.contracts.registry.credit_of(world.token.address, signer.address)
        assert ledger(made.at_head(), *where).credits.get(signer.address, 0) == credit
    assert made_by.dropped > 10
    assert checks > 5


@pytest.mark.anvil
def test_what_the_chain_calls_final_is_final(anvil: Anvil) -> None:
    made_by = traffic(anvil.url, 4)
    world = made_by.world
    made = indexer(world.chain, world.deployment, fresh())
    world.chain.mine(100)
    made.catch_up()
    finalized = world.chain.finalized()
    assert finalized is not None
    assert 0 < finalized < world.chain.block_number
    assert made.position().final == finalized
    assert made.index.kept()[-2].number == finalized
    check(made)


def too_many(most: int) -> Any:
    """Refuses larger ranges in the words of a provider."""

    def tamper(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        if request["method"] != "eth_getLogs":
            return answer
        (query,) = request["params"]
        if "blockHash" in query or int(query["toBlock"], 16) - int(query["fromBlock"], 16) + 1 <= most:
            return answer
        error = {"code": -32005, "message": "query returned more than 10000 results"}
        return {"jsonrpc": "2.0", "id": request["id"], "error": error}

    return tamper


def test_a_node_that_refuses_large_ranges(anvil: Anvil) -> None:
    made_by = traffic(anvil.url, 5)
    for _ in range(15):
        made_by.send()
    made_by.world.chain.mine(100)  # what is final by then is read in ranges
    with proxied(anvil.url) as proxy:
        proxy.tamper = too_many(6)
        made = indexer(connect(proxy.url), made_by.world.deployment, fresh())
        sizes = []
        while made.advance():
            sizes.append(made.blocks)
        assert min(sizes) <= 6
        assert sizes != sorted(sizes, reverse=True)  # it grows again
        proxy.tamper = lambda _, answer: answer
        assert check(made) > 15


def garbage(dice: random.Random, proxy: Proxy) -> Any:
    """Answers that no honest node gives: errors, nonsense, foreign logs, logs twice, blocks of elsewhere."""

    def tamper(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        method, result = request["method"], answer.get("result")
        if method not in {"eth_getLogs", "eth_getBlockByNumber", "eth_blockNumber"} or dice.random() > 0.3:
            return answer
        lies: list[Any] = [None, 7, "0x", [], {"a": 1}, [None], "nonsense"]
        if method == "eth_getLogs":  # An empty list is a lie that only a second node could tell.
            lies.remove([])
            for each in result or ():
                lies += [[each, each], [each | {"blockHash": "0x" + "11" * 32}]]
                lies += [[each | {"address": "0x" + "22" * 20}], [each | {"blockNumber": "0x7fffffff"}]]
        if method == "eth_getBlockByNumber" and isinstance(result, dict):
            lies += [result | {"number": "0x0"}, result | {"parentHash": "0x" + "33" * 32}]
            lies += [result | {"hash": "0x12"}, result | {"timestamp": None}]
        if method == "eth_blockNumber":
            lies = [None, "0x", -1, [], "nonsense"]
        proxy.asked.append("lie")
        if dice.random() < 0.3:
            return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": "busy"}}
        return answer | {"result": dice.choice(lies)}

    return tamper


@pytest.mark.anvil
@pytest.mark.parametrize("seed", [6, 7])
def test_a_node_that_answers_garbage(anvil: Anvil, seed: int) -> None:
    """It stops or is asked again, and what is in the store is the chain's."""
    made_by = traffic(anvil.url, seed)
    with proxied(anvil.url) as proxy:
        made = indexer(connect(proxy.url), made_by.world.deployment, fresh(), depth=8)
        proxy.tamper = garbage(random.Random(seed), proxy)
        failed = 0
        for _ in range(120):
            made_by.happen()
            try:
                made.advance()
            except ChainError:
                failed += 1
        assert failed > 5
        assert proxy.asked.count("lie") > 30
        proxy.tamper = lambda _, answer: answer
        made.catch_up()
        assert check(made) > 20


# ---------------------------------------------------------------------------- replicas


@pytest.mark.anvil
def test_replicas_index_one_store_while_the_chain_changes_its_mind(anvil: Anvil, postgres: str) -> None:
    made_by = traffic(anvil.url, 8)
    deployment = made_by.world.deployment
    stop = threading.Event()
    faults: list[BaseException] = []

    def run(url: str) -> None:
        database = Database.at(url)
        replica = indexer(connect(anvil.url), deployment, database, depth=8)
        replica.blocks = 3
        while not stop.is_set():
            try:
                replica.advance()
            except ChainError as error:  # a block that was replaced in the midst of the reading
                if "was final" in str(error):
                    faults.append(error)
            except BaseException as error:
                faults.append(error)
                raise
        database.close()

    threads = [threading.Thread(target=run, args=(postgres,)) for _ in range(2)]
    for each in threads:
        each.start()
    try:
        for _ in range(60):
            try:
                made_by.happen()
            except (ChainError, RevertError):
                continue
    finally:
        stop.set()
        for each in threads:
            each.join(timeout=60)
    assert faults == []
    made = indexer(made_by.world.chain, deployment, Database.at(postgres), depth=8)
    made.catch_up()
    assert check(made) > 20
    assert made_by.dropped > 5
    made.index.database.close()

"""A chain in this process that a file keeps: after whatever end it is that of a moment when it was whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelshare.chain.deploy import DEVELOPMENT_LIMITS, deploy
from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.kept import MAGIC, KeptPairs
from labelshare.chain.keys import Signer, development_signer
from labelshare.chain.node import Call
from labelshare.chain.transactions import Sender
from labelshare.errors import ChainError
from labelshare.types import Hash32
from tests.chain.world import COIN

ANN = development_signer("kept", "ann")
BEN = development_signer("kept", "ben").address


@contextmanager
def opened(path: Path) -> Iterator[EmbeddedChain]:
    with closing(EmbeddedChain(path)) as chain:
        yield chain


def transfer(chain: EmbeddedChain, signer: Signer = ANN) -> Hash32:
    """A transfer of an own token that was deployed before, by its nonce at the first address."""
    sender = Sender(chain)
    deployment = deploy(sender, signer, DEVELOPMENT_LIMITS)
    token = deployment.bind(chain).development_token
    return sender.send(signer, token.transfer(BEN, 7)).hash


def test_everything_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "chain"
    with opened(path) as chain:
        chain.fund(ANN.address, COIN)
        sent = transfer(chain)
        chain.advance_to(chain.now() + 1_000)
        heads = [chain.block_hash(number) for number in range(chain.block_number + 1)]
        before = (chain.receipt(sent), chain.balance(ANN.address), chain.nonces([ANN.address]), chain.now())
        logs = list(chain.all_logs(0, chain.block_number))
        blocks = chain.blocks(range(len(heads)))
    with opened(path) as chain:
        assert [chain.block_hash(number) for number in range(chain.block_number + 1)] == heads
        assert (
            chain.receipt(sent),
            chain.balance(ANN.address),
            chain.nonces([ANN.address]),
            chain.now(),
        ) == before
        assert logs == list(chain.all_logs(0, chain.block_number))
        assert logs
        assert chain.blocks(range(len(heads))) == blocks
        transfer(chain)
        assert chain.block_number > len(heads)


def test_it_goes_on_as_one_that_was_never_closed(tmp_path: Path) -> None:
    """To the bit, so that whoever kept a hash finds its block."""

    def lived(between: Callable[[EmbeddedChain], EmbeddedChain]) -> Hash32:
        chain = EmbeddedChain(tmp_path / f"{len(list(tmp_path.iterdir()))}")
        chain.fund(ANN.address, COIN)
        chain = between(chain)
        transfer(chain)
        chain.mine(3)
        chain.close()
        return chain.block_hash(chain.block_number)

    def reopened(chain: EmbeddedChain) -> EmbeddedChain:
        chain.close()
        assert chain._pairs is not None
        return EmbeddedChain(chain._pairs._path)

    assert lived(lambda chain: chain) == lived(reopened)


def test_a_snapshot_that_was_restored_stays_restored(tmp_path: Path) -> None:
    path = tmp_path / "chain"
    with opened(path) as chain:
        chain.fund(ANN.address, COIN)
        mark, head = chain.snapshot(), chain.block_number
        lost = transfer(chain)
        chain.restore(mark)
    with opened(path) as chain:
        assert chain.block_number == head
        assert chain.receipt(lost) is None
        assert chain.nonces([ANN.address]) == [0]
        assert transfer(chain) == lost  # the same chain comes to the same


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Hash32]]:
    """The file of a chain with blocks, transactions and a restored snapshot, and every head that it had."""
    path, heads = tmp_path_factory.mktemp("grown") / "chain", []
    with opened(path) as chain:
        heads.append(chain.block_hash(0))
        for step in range(4):
            chain.fund(ANN.address, COIN + step)
            heads.append(chain.block_hash(chain.block_number))
            mark = chain.snapshot()
            Sender(chain).send(ANN, Call(BEN, b"", "transfer", value=step + 1))
            heads.append(chain.block_hash(chain.block_number))
            if step == 2:
                chain.restore(mark)
    return path.read_bytes(), heads


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 2**20))
def test_wherever_the_file_was_cut_short(
    tmp_path_factory: pytest.TempPathFactory, grown: tuple[bytes, list[Hash32]], cut: int
) -> None:
    content, heads = grown
    path = tmp_path_factory.mktemp("cut") / "chain"
    path.write_bytes(content[: cut % (len(content) + 1)])
    with opened(path) as chain:
        assert chain.block_hash(chain.block_number) in heads
        chain.fund(BEN, 5)
        after = chain.block_number
    with opened(path) as chain:
        assert (chain.block_number, chain.balance(BEN)) == (after, 5)


def test_damage_before_the_end_is_told_and_nothing_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "chain"
    with opened(path) as chain:
        chain.mine(3)
    content = bytearray(path.read_bytes())
    content[len(MAGIC) + 20] ^= 1
    path.write_bytes(content)
    with pytest.raises(ChainError, match="is damaged at byte 19: bring back a copy"):
        EmbeddedChain(path)
    assert path.read_bytes() == content


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("not a chain")
    with pytest.raises(ChainError, match="is not a chain that this version of labelshare kept"):
        EmbeddedChain(path)
    assert path.read_text() == "not a chain"
    with pytest.raises(ChainError, match="cannot be opened: Is a directory"):
        EmbeddedChain(tmp_path)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "chain"
    with opened(path) as chain, pytest.raises(ChainError, match="another process runs this chain"):
        EmbeddedChain(path)
    with opened(path) as again:
        assert again.block_number == chain.block_number


def test_what_was_written_is_there_after_a_kill(tmp_path: Path) -> None:
    """A process says each block's hash once it has it, and is killed in the midst."""
    path = tmp_path / "chain"
    program = (
        "import sys\nfrom pathlib import Path\nfrom labelshare.chain.embedded import EmbeddedChain\n"
        "chain = EmbeddedChain(Path(sys.argv[1]))\n"
        "while True:\n    chain.mine()\n    print(chain.block_hash(chain.block_number), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(20)]
        os.kill(process.pid, signal.SIGKILL)
    with opened(path) as chain:
        assert chain.block_number >= 20
        assert [str(chain.block_hash(number)) for number in range(1, 21)] == told


def test_pairs_that_are_gone_stay_gone(tmp_path: Path) -> None:
    with closing(KeptPairs(tmp_path / "pairs")) as pairs:
        pairs[b"a"], pairs[b"b"], pairs[b"c"] = b"1", b"", b"3"
        pairs.keep()
        del pairs[b"a"]
        pairs[b"c"] = b"4"
    with closing(KeptPairs(tmp_path / "pairs")) as pairs:
        assert dict(pairs.kv_store) == {b"b": b"", b"c": b"4"}

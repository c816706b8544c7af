"""A development chain that a service runs for itself, in this process or by anvil, and keeps in a folder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from labelshare.chain.anvil import Anvil
from labelshare.chain.methods import Methods, method
from labelshare.chain.remote import RemoteChain
from labelshare.chain.ticking import Ticking
from labelshare.chain.unlocked import junk_signers
from labelshare.chain.wire import NO_METHOD, Fault, address
from labelshare.errors import KeyRefusedError, LabelshareError
from labelshare.types import Address, Hash32

__all__ = ["ACCOUNTS", "ANVIL_STATE", "CHAIN_FILE", "Front", "Running", "running"]

ACCOUNTS: Final = 10
CHAIN_FILE: Final = "chain.log"
ANVIL_STATE: Final = "anvil.json"
COINS: Final = 10_000 * 10**18
# What would begin another chain under the service's feet.
_NOT_HERE: Final = frozenset(
    {"anvil_reset", "hardhat_reset", "anvil_loadState", "anvil_setChainId", "anvil_setRpcUrl"}
)


# Its address, what answers a request, and what keeps it.
_Node = tuple[str, Callable[[str, Sequence[Any]], Any], Callable[[], None]]


@dataclass(frozen=True)
class Running:
    """A chain that runs until the block ends that began it.

    Attributes:
        chain: The way to it.
        answer: Gives the result of a method of its node with parameters; raises `Fault`.
        keep: Puts all of it on the disk, where it is kept.
    """

    chain: RemoteChain
    answer: Callable[[str, Sequence[Any]], Any]
    keep: Callable[[], None]


@contextmanager
def running(folder: Path | None, anvil: str | None, ended: Callable[[], None]) -> Iterator[Running]:
    """Run a development chain whose time goes by.

    Args:
        folder: Where it is kept; None for a chain that ends with the block.
        anvil: The program that runs it; None for this process.
        ended: Called, in a thread, when that program ends by itself.

    Raises:
        ChainError: What was kept cannot be read, another process has it, or the program does not start.
    """
    node = _in_process(folder) if anvil is None else _by_anvil(anvil, folder, ended)
    with node as (url, answer, keep):
        ticking = Ticking(answer)
        ticking.start()
        try:
            yield Running(RemoteChain(url), answer, keep)
        finally:
            ticking.stop()


@contextmanager
def _by_anvil(program: str, folder: Path | None, ended: Callable[[], None]) -> Iterator[_Node]:
    anvil = Anvil(program, None if folder is None else folder / ANVIL_STATE, ended)
    try:
        yield anvil.url, anvil.answer, anvil.keep
    finally:
        anvil.close()


@contextmanager
def _in_process(folder: Path | None) -> Iterator[_Node]:
    # Here alone: py-evm takes a second to load, and anvil does without.
    from labelshare.chain.clock import Clock
    from labelshare.chain.embedded import EmbeddedChain
    from labelshare.chain.serve import NodeServer

    chain = EmbeddedChain(None if folder is None else folder / CHAIN_FILE)
    signers = junk_signers(ACCOUNTS)
    if chain.block_number == 0:
        chain.fund_all([signer.address for signer in signers], COINS)
    with NodeServer(chain=chain, clock=Clock(chain.now()), unlocked=signers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.url, server.answer, lambda: None
        finally:
            server.shutdown()


class Front:
    """What callers of a development service's node reach: the node, and tokens for whoever asks.

    Args:
        node: The running chain.
        give: Gives an account coins and tokens; the hash of the transfer.
        setting_back: Entered while a snapshot is restored.

    Raises:
        KeyRefusedError: The chain is no development chain: of no other a node is offered.
    """

    def __init__(
        self,
        node: Running,
        give: Callable[[Address], Hash32],
        setting_back: Callable[[], AbstractContextManager[None]],
    ) -> None:
        if not node.chain.is_development:
            raise KeyRefusedError(f"chain {node.chain.chain_id} is no development chain: no node is offered")
        self._node = node
        self._give = give
        self._setting_back = setting_back
        self._own = Methods(self)

    def answer(self, name: str, params: Sequence[Any]) -> Any:
        """The result of a request; `Fault` for what is wrong with it."""
        if name in _NOT_HERE:
            raise Fault(
                NO_METHOD, f"{name} is not for a chain that a service runs; start it with another folder"
            )
        return self._own.answer(name, params) if name in self._own else self._node.answer(name, params)

    @method("labelshare_faucet")
    def _faucet(self, account: Any) -> str:
        to = address(account)
        try:
            return str(self._give(to))
        except LabelshareError as error:
            raise Fault(-32_000, str(error)) from None

    @method("eth_signTypedData")
    def _sign_typed_data(self, account: Any, typed: Any) -> Any:
        """As web3.py names it; anvil knows the fourth version alone, which is what is meant."""
        return self._node.answer("eth_signTypedData_v4", [account, typed])

    @method("evm_revert", "anvil_revert")
    def _revert(self, snapshot: Any) -> Any:
        with self._setting_back():
            return self._node.answer("evm_revert", [snapshot])

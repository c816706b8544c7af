"""A chain that holds its blocks back, and a wallet's owner who cancels meanwhile what it has sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from labelshare.types import Address
from tests.web.browser import Visitor

FAST, TRANSFER = 10**12, 21_000
HELD, FREE = ("evm_setAutomine", False), ("evm_setAutomine", True)


def asked(node: str, method: str, *params: Any) -> Any:
    """What a node answers."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = httpx.post(node, json=body).json()
    assert "error" not in answer, answer
    return answer["result"]


@contextmanager
def no_blocks(node: str) -> Iterator[None]:
    """What is sent meanwhile waits for its block, which comes at the end."""
    asked(node, *HELD)
    try:
        yield
    finally:
        asked(node, "evm_mine")
        asked(node, *FREE)


# The selector of `eip712Domain()`, and one that no function has.
DOMAIN, NOBODYS = bytes.fromhex("84b0196e"), bytes.fromhex("84b0196f")


def hides_its_domain(node: str, token: Address) -> None:
    """The token still takes permits (EIP-2612), but says no more how they are signed (EIP-5267)."""
    code = bytes.fromhex(asked(node, "eth_getCode", str(token), "latest")[2:])
    assert code.count(DOMAIN) == 1
    asked(node, "anvil_setCode", str(token), f"0x{code.replace(DOMAIN, NOBODYS).hex()}")


def cancels(her: Visitor, node: str, account: Address, sends: Callable[[], None]) -> None:
    """She sends a transaction, and cancels it in her wallet once the page has seen it wait."""
    with no_blocks(node):
        looks = "eth_getTransactionByHash"
        with her.page.expect_event("requestfinished", lambda each: looks in (each.post_data or "")):
            sends()
        to_itself = {
            "from": str(account),
            "to": str(account),
            "nonce": asked(node, "eth_getTransactionCount", str(account), "latest"),
            "gas": hex(TRANSFER),
            "maxFeePerGas": hex(FAST),
            "maxPriorityFeePerGas": hex(FAST),
        }
        asked(node, "eth_sendTransaction", to_itself)
    her.sees("The transaction was cancelled in your wallet, so nothing was done")

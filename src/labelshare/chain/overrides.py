"""State as a call is to find it: accounts changed for the length of one `eth_call`."""

from __future__ import annotations

from typing import Any, Final

from labelshare.chain.wire import INVALID_PARAMS, Fault, address, hash32, quantity, raw_bytes

__all__ = ["override"]

FIELDS: Final = frozenset({"balance", "nonce", "code", "state", "stateDiff"})


def override(state: Any, given: Any) -> None:
    """Change accounts of a state of py-evm that is thrown away afterwards (geth's state overrides).

    Args:
        state: The state.
        given: For each address any of balance, nonce, code, and storage: the whole of it (`state`) or some
            slots (`stateDiff`).
    """
    if given is None:
        return
    if not isinstance(given, dict):
        raise Fault(INVALID_PARAMS, "state overrides are an object of addresses")
    for account, fields in given.items():
        _account(state, bytes(address(account)), fields)


def _account(state: Any, account: bytes, fields: Any) -> None:
    if not isinstance(fields, dict) or not fields.keys() <= FIELDS:
        raise Fault(INVALID_PARAMS, f"an override has any of {', '.join(sorted(FIELDS))}")
    fields = {name: value for name, value in fields.items() if value is not None}
    if {"state", "stateDiff"} <= fields.keys():
        raise Fault(INVALID_PARAMS, "an override has state or stateDiff, not both")
    if "balance" in fields:
        state.set_balance(account, quantity(fields["balance"]))
    if "nonce" in fields:
        state.set_nonce(account, quantity(fields["nonce"], 2**64 - 1))
    if "code" in fields:
        state.set_code(account, raw_bytes(fields["code"]))
    if "state" in fields:
        state.delete_storage(account)
    for slot, word in _slots(fields.get("state", fields.get("stateDiff", {}))):
        state.set_storage(account, slot, word)


def _slots(given: Any) -> list[tuple[int, int]]:
    if not isinstance(given, dict):
        raise Fault(INVALID_PARAMS, "storage is an object of slots")
    return [
        (int.from_bytes(hash32(slot), "big"), int.from_bytes(hash32(word), "big"))
        for slot, word in given.items()
    ]

"""Revert data as typed exceptions, with a sentence where users meet the error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from labelshare.chain import artifacts
from labelshare.chain.abi import Entry, convert, decode_parameters, entries, type_of
from labelshare.chain.state import Status
from labelshare.errors import ChainError, RevertError
from labelshare.types import Address, Hash32

__all__ = ["decode_revert", "utc"]

ERROR_SELECTOR: Final = bytes.fromhex("08c379a0")
PANIC_SELECTOR: Final = bytes.fromhex("4e487b71")

# Solidity documentation, "Panic via assert and Error via require".
PANICS: Final[Mapping[int, str]] = {
    0x01: "an assertion failed",
    0x11: "arithmetic overflow or underflow",
    0x12: "division by zero",
    0x21: "a value outside an enum",
    0x32: "an array index out of bounds",
    0x41: "too much memory",
    0x51: "a call of an uninitialised function",
}

Arguments = Mapping[str, Any]


def decode_revert(data: bytes, fallback: str = "the contract gave no reason") -> RevertError:
    """The exception for revert data: a custom error of any artifact, `Error(string)` or `Panic(uint256)`.

    Args:
        data: What the contract returned, selector first.
        fallback: The message for empty or unknown data, e.g. what the node says.
    """
    selector, body = data[:4], data[4:]
    try:
        if selector == ERROR_SELECTOR:
            (reason,) = decode_parameters([{"type": "string"}], body)
            return RevertError(reason, name="Error", args_by_name={"reason": reason}, data=data)
        if selector == PANIC_SELECTOR:
            return _panic(int.from_bytes(body, "big"), data)
        if selector in _errors():
            return _custom(_errors()[selector], body, data)
    except ChainError:
        pass  # A selector we know with arguments that do not fit is as good as unknown.
    return RevertError(f"{fallback} ({_shown(data)})" if data else fallback, data=data)


def utc(timestamp: int) -> str:
    """Unix seconds as people read them; what no calendar holds stays a number."""
    try:
        return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, OSError, ValueError):
        return f"second {timestamp}"


@cache
def _errors() -> Mapping[bytes, Entry]:
    return {each.selector: each for name in artifacts.names() for each in entries("error", name)}


def _custom(entry: Entry, body: bytes, data: bytes) -> RevertError:
    kinds = (_kind(type_of(parameter)) for parameter in entry.inputs)
    values = [convert(kind, value) for kind, value in zip(kinds, entry.decode_inputs(body), strict=True)]
    arguments = {parameter["name"]: value for parameter, value in zip(entry.inputs, values, strict=True)}
    sentence = _SENTENCES.get(entry.name)
    shown = ", ".join(f"{name} {value}" for name, value in arguments.items())
    evidence = f"{entry.name}({shown})"
    message = f"{sentence(arguments)} [{evidence}]" if sentence else evidence
    return RevertError(message, name=entry.name, args_by_name=arguments, data=data)


def _kind(abi_type: str) -> Any:
    return {"address": Address, "bytes32": Hash32}.get(abi_type, abi_type)


def _panic(code: int, data: bytes) -> RevertError:
    reason = PANICS.get(code, f"panic {code:#x}")
    return RevertError(
        f"the contract panicked: {reason}", name="Panic", args_by_name={"code": code}, data=data
    )


def _shown(data: bytes) -> str:
    return f"0x{data[:36].hex()}{'…' if len(data) > 36 else ''}"


def _status(code: int) -> str:
    return Status(code).name.lower() if code in set(Status) else f"in status {code}"


_SENTENCES: Final[Mapping[str, Callable[[Arguments], str]]] = {
    "WrongStatus": lambda a: f"the campaign is {_status(a['status'])}; this needs it {_status(a['needed'])}",
    "TooEarly": lambda a: f"too early: it is {utc(a['time'])}, allowed from {utc(a['from'])}",
    "TooLate": lambda a: f"too late: it is {utc(a['time'])}, allowed until before {utc(a['end'])}",
    "NotAllowed": lambda a: f"only {a['needed']} may do this, not {a['caller']}",
    "OnlyPublisher": lambda a: (
        f"only the dataset's publisher {a['publisher']} may do this, not {a['caller']}"
    ),
    "InsufficientCredit": lambda a: (
        f"{a['account']} has {a['available']} units of credit in token {a['token']} and needs {a['needed']}"
    ),
    "ERC20InsufficientBalance": lambda a: f"{a['sender']} holds {a['balance']} units and needs {a['needed']}",
    "ERC20InsufficientAllowance": lambda a: (
        f"{a['spender']} may take {a['allowance']} units and needs {a['needed']}; approve it first"
    ),
    "SafeERC20FailedOperation": lambda a: f"the token {a['token']} refused a transfer",
    "InexactTransfer": lambda a: (
        f"{a['received']} of {a['asked']} units arrived; a token with a fee on transfers goes in by deposit"
    ),
    "AlreadySeated": lambda a: f"{a['annotator']} holds a seat in this pool already",
    "NotSeated": lambda a: f"{a['annotator']} holds no seat in this pool that may take new work",
    "SeatWhole": lambda a: f"the seat of {a['annotator']} is whole already",
    "SeatShort": lambda a: f"the seat of {a['annotator']} has been short since {utc(a['since'])}",
    "SeatLocked": lambda a: (
        f"the seat may be withdrawn from {utc(a['releaseAt'])}" if a["releaseAt"] else "leave the pool first"
    ),
    "GateRefused": lambda a: f"the pool's gate does not admit {a['annotator']}",
    "PoolFull": lambda a: f"the pool runs {a['maxOpen']} campaigns already, as many as it may",
    "UnbondingTooShort": lambda a: (
        f"the campaign may last until {utc(a['hardEnd'])}, but seats are bound only until {utc(a['latest'])}"
    ),
    "NotEnrolled": lambda a: f"{a['annotator']} is not on the campaign's roster",
    "AlreadyEnrolled": lambda a: f"{a['annotator']} is on the roster already",
    "SeedPending": lambda a: f"the seed can be drawn once block {a['seedBlock']} has passed",
    "SeedMissed": lambda a: f"the hash of block {a['seedBlock']} is no longer to be had; arm the seed again",
    "SeedNotArmed": lambda _: "the seed has to be armed first",
    "SeedNotDrawn": lambda _: "the seed has to be drawn first",
    "AlreadyClaimed": lambda a: f"row {a['index']} of the settlement was claimed before",
    "InvalidProof": lambda _: "the proof does not lead to the settlement's payout root",
    "NoExclusiveRight": lambda _: (
        "the oracle may propose late at most: a proposal fell, a receipt is open or its bond is lost"
    ),
    "ReceiptsOpen": lambda a: f"{a['receipts']} receipts wait for the oracle's answer",
    "BondUsedUp": lambda a: f"proposing costs {a['cost']} of the bond, of which {a['bond']} is left",
    "TriesUsedUp": lambda a: f"more than {a['tries']} proposals fell; the campaign can only expire",
    "ChallengesUsedUp": lambda _: "the proposal withstood as many challenges as there can be",
    "NoArbitrator": lambda _: "the pool names no arbitrator; the contest ends unruled",
    "RulingAlreadyRequested": lambda a: (
        f"the arbitrator has the contest already, as dispute {a['disputeId']}"
    ),
    "ArbitrationFee": lambda a: f"the arbitrator asks for {a['cost']} wei, {a['sent']} were sent",
    "InvalidSignature": lambda a: f"not signed by {a['signer']}",
    "NotIncluded": lambda a: f"the chain knows of no such commitment of {a['annotator']}",
    "ReceiptNotOpen": lambda a: f"no receipt of {a['annotator']} waits for this commitment",
    "AlreadySlashed": lambda a: f"{a['annotator']} was slashed for this campaign before",
    "SlashAboveConsent": lambda a: f"{a['slash']} is more than the {a['signed']} signed for",
    "PayoutAboveEscrow": lambda a: f"payout and fee come to {a['needed']}, the escrow holds {a['escrow']}",
    "ShareCapExceeded": lambda a: (
        f"the dataset has {a['free']} shares left to promise, {a['asked']} were asked for"
    ),
    "NoShareHolders": lambda _: "the dataset has no share holders yet who could be paid",
    "OfferNotOpen": lambda _: "the offer was never made, or is closed",
    "NoProceeds": lambda a: f"{a['publisher']} has no proceeds in token {a['token']}",
    "InvalidSchedule": lambda a: f"the schedule breaks rule {a['rule']} of the registry",
    "PushToContract": lambda a: f"{a['account']} is a contract and has to claim for itself",
}

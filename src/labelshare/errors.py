"""Every error that labelshare raises on purpose.

    LabelshareError
    ├── InputError                a value from outside is not what it must be
    │   ├── SpecError             a spec, or a field of it
    │   └── LabelError            a label config, a Label Studio result, label bytes
    ├── ProtocolError             a statement that breaks the rules of the protocol
    │   ├── SignatureError        malformed, malleable, or signed by somebody else
    │   ├── CommitmentError       a commitment or an opening that does not hold
    │   ├── ReplayError           the same commitment, seat or opening twice
    │   ├── EvidenceError         bundle bytes that are not a well-formed bundle
    │   ├── ConservationError     pay or shares that exceed what there is
    │   └── RefusedError          a move that the ledger's model refuses (in protocol.ledger)
    ├── VerificationError         a settlement that differs from the one recomputed
    ├── NotFoundError             there is nothing by that name
    ├── AccessError               not signed in, or not for this account
    ├── ServiceError              an oracle's service that fails, is busy, or cannot be reached
    ├── StoreError                the database refused, or is not ours
    │   └── StaleReadError        what was read was replaced meanwhile; read again
    └── ChainError                the chain refused, or is not the one expected
        ├── WrongChainError       another chain id than the one meant
        ├── KeyRefusedError       a public development key off a development chain
        ├── KeystoreError         a keystore file that does not open
        ├── FundsError            too little of the chain's own coin for gas and value, or of a token
        ├── FeeError              gas costs more than one is ready to pay
        ├── NoBlockError          the chain has no block of that number, or has it no more
        ├── NotIncludedError      a transaction is in no block in time; it may come into one later
        ├── LostError             a transaction can be in no block any more: its nonce went to another one
        ├── DeploymentError       code at an address is not what was deployed there
        ├── EventError            a log of our own contract that no event class describes
        └── RevertError           a contract refused; carries the error's name and arguments

Catch `LabelshareError` for all of them. A message names the field, row or account concerned and holds the
values that prove the fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "AccessError",
    "ChainError",
    "CommitmentError",
    "ConservationError",
    "DeploymentError",
    "EventError",
    "EvidenceError",
    "FeeError",
    "FundsError",
    "InputError",
    "KeyRefusedError",
    "KeystoreError",
    "LabelError",
    "LabelshareError",
    "LostError",
    "NoBlockError",
    "NotFoundError",
    "NotIncludedError",
    "ProtocolError",
    "ReplayError",
    "RevertError",
    "ServiceError",
    "SignatureError",
    "SpecError",
    "StaleReadError",
    "StoreError",
    "VerificationError",
    "WrongChainError",
]


class LabelshareError(Exception):
    """The root of the tree."""


class InputError(LabelshareError):
    """A value from outside (file, request, argument) is not what it must be."""


class SpecError(InputError):
    """A spec is not valid; the message begins with the path of the field."""


class LabelError(InputError):
    """A label config, a Label Studio result or label bytes are not valid."""


class ProtocolError(LabelshareError):
    """A statement breaks a rule of the protocol."""


class SignatureError(ProtocolError):
    """A signature is malformed, malleable, or made by somebody else than claimed."""


class CommitmentError(ProtocolError):
    """A commitment or an opening does not hold."""


class ReplayError(ProtocolError):
    """A commitment, seat or opening appears twice."""


class EvidenceError(ProtocolError):
    """Bundle bytes are not a well-formed bundle."""


class ConservationError(ProtocolError):
    """Pay or shares exceed what the campaign holds."""


class VerificationError(LabelshareError):
    """A settlement differs from the one recomputed from chain and bundle."""


class NotFoundError(LabelshareError):
    """There is nothing by that name, or nothing yet."""


class AccessError(LabelshareError):
    """Whoever asks is not signed in, or this is not for its account."""


class ServiceError(LabelshareError):
    """An oracle's service fails, is busy, or cannot be reached: whether it took a message is not known.

    Attributes:
        retry_after: Seconds after which to ask again, where the service said so.
    """

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreError(LabelshareError):
    """The database cannot be opened or written, or holds something else than expected."""


class StaleReadError(StoreError):
    """What was being read was replaced meanwhile, as by a chain that changed its mind: read again."""


class ChainError(LabelshareError):
    """The chain refused a call, or is not the chain expected."""


class NoBlockError(ChainError):
    """The chain has no block of that number, or has it no more."""


class WrongChainError(ChainError):
    """The node, a deployment or a transaction belongs to another chain id than the one meant."""


class KeyRefusedError(ChainError):
    """A key that anyone can derive was about to sign for a chain on which money is real."""


class KeystoreError(ChainError):
    """A keystore file is missing, malformed, or locked with another password."""


class FundsError(ChainError):
    """An account holds too little of a token, or of the chain's own coin for the gas and value of a call."""


class FeeError(ChainError):
    """Gas costs more than the sender's fee policy allows."""


class NotIncludedError(ChainError):
    """A transaction is in no block in the time given to it; it was sent, and may come into one later."""


class LostError(ChainError):
    """A transaction can be in no block any more: its account used the nonce for another one."""


class DeploymentError(ChainError):
    """A deployment record does not describe what is on the chain."""


class EventError(ChainError):
    """A log of one of our contracts matches none of the known events."""


class RevertError(ChainError):
    """A contract refused a call.

    Attributes:
        name: The Solidity error, e.g. `WrongStatus`; `Error` and `Panic` for the built-in ones; empty if the
            contract gave none.
        args_by_name: Its arguments by their Solidity names.
        data: The revert data as the contract returned it.
        label: The call that was refused, where known.
    """

    def __init__(
        self,
        message: str,
        *,
        name: str = "",
        args_by_name: Mapping[str, Any] | None = None,
        data: bytes = b"",
        label: str = "",
    ) -> None:
        super().__init__(f"{label}: {message}" if label else message)
        self.message = message
        self.name = name
        self.args_by_name = dict(args_by_name or {})
        self.data = data
        self.label = label

    def during(self, label: str) -> RevertError:
        """The same error, naming the call that was refused."""
        return RevertError(
            self.message, name=self.name, args_by_name=self.args_by_name, data=self.data, label=label
        )

"""Sending: simulate, sign, include, decode; one place where keys, chain and money are checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from labelshare.chain.envelope import SignedTransaction, Transaction
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call, Chain, Fees, Receipt
from labelshare.errors import FundsError, KeyRefusedError, RevertError
from labelshare.types import Address

__all__ = ["Call", "Receipt", "Sender"]

# For calls sent without simulation: three times what the dearest call of constant cost takes.
BLIND_GAS: Final = 1_000_000
# How far the base fee may rise before a transaction waits: one by one, and for a batch that fills blocks.
HEADROOM: Final = 2
BATCH_HEADROOM: Final = 10


class Sender:
    """Sends calls for any signer on one chain.

    Before anything is sent: development keys are refused off development chains, a transaction is for this
    chain, the account can pay, and the call succeeds in the present state.

    Attributes:
        chain: Where it sends.
        gas: The gas book: gas used by each call sent, by label, in order.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.gas: dict[str, list[int]] = defaultdict(list)

    def send(self, signer: Signer, call: Call) -> Receipt:
        """Send one call and wait for its receipt.

        Raises:
            RevertError: The contract refuses; nothing was sent, unless the state changed in between.
            FundsError: The account cannot pay for gas and value; nothing was sent.
            KeyRefusedError: A development key off a development chain; nothing was sent.
        """
        self.require_usable(signer)
        gas = self.chain.gas_for(call, signer.address)
        (nonce,) = self.chain.nonces([signer.address])
        signed = self._sign(signer, call, nonce, gas, self.chain.fees(), HEADROOM)
        self._require_funds([signed])
        return self._receipts([call], [signed])[0]

    def send_many(self, calls: Iterable[tuple[Signer, Call]]) -> list[Receipt]:
        """Send calls in order, each of which may depend on those before it.

        On development chains they are pipelined without simulation. A refusal raises for the first call that
        was refused: in process neither it nor any later call is sent, on a local node later ones are.
        Elsewhere they go one by one, each simulated.

        Raises:
            RevertError: A contract refused a call; the message names it.
            FundsError: An account cannot pay for one of its calls; nothing was sent.
            KeyRefusedError: A development key off a development chain; nothing was sent.
        """
        work = list(calls)
        for signer in {id(signer): signer for signer, _ in work}.values():
            self.require_usable(signer)
        if not self.chain.is_development:
            return [self.send(signer, call) for signer, call in work]
        signed = self._signed_all(work)
        self._require_funds(signed)
        return self._receipts([call for _, call in work], signed)

    # ----------------------------------------------------------------- mechanics

    def _signed_all(self, work: Sequence[tuple[Signer, Call]]) -> list[SignedTransaction]:
        """Each offers one wei less than the one before it: nodes take higher fees first, so in this order."""
        accounts = list({signer.address: None for signer, _ in work})
        nonces = dict(zip(accounts, self.chain.nonces(accounts), strict=True))
        fees, signed = self.chain.fees(), []
        for ahead, (signer, call) in zip(range(len(work), 0, -1), work, strict=True):
            gas = call.gas if call.gas is not None else BLIND_GAS
            raised = Fees(fees.base, fees.tip + ahead)
            signed.append(self._sign(signer, call, nonces[signer.address], gas, raised, BATCH_HEADROOM))
            nonces[signer.address] += 1
        return signed

    def _sign(
        self, signer: Signer, call: Call, nonce: int, gas: int, fees: Fees, headroom: int
    ) -> SignedTransaction:
        cap = fees.cap(headroom)
        chain_id = self.chain.chain_id
        return signer.sign_transaction(
            Transaction(chain_id, nonce, fees.tip, cap, gas, call.to, call.value, call.data)
        )

    def _receipts(self, calls: Sequence[Call], signed: Sequence[SignedTransaction]) -> list[Receipt]:
        receipts: list[Receipt] = []
        refused: RevertError | None = None
        for call, outcome in zip(calls, self.chain.include(signed), strict=False):
            if isinstance(outcome, RevertError):
                refused = refused or outcome.during(call.label)
                continue
            self.gas[call.label].append(outcome.gas_used)
            receipts.append(outcome)
        if refused is not None:
            raise refused
        return receipts

    def require_usable(self, signer: Signer) -> None:
        """Raise `KeyRefusedError` for a development key off a development chain; every send does."""
        if signer.is_development and not self.chain.is_development:
            raise KeyRefusedError(
                f"{signer.address} is a development account whose key anyone can derive; "
                f"it signs nothing on chain {self.chain.chain_id}"
            )

    def _require_funds(self, transactions: Sequence[SignedTransaction]) -> None:
        """Every transaction must be affordable by itself, which is what nodes check."""
        needed: dict[Address, int] = {}
        for signed in transactions:
            needed[signed.sender] = max(needed.get(signed.sender, 0), signed.transaction.upfront)
        accounts = list(needed)
        for account, held in zip(accounts, self.chain.balances(accounts), strict=True):
            if held < needed[account]:
                raise FundsError(
                    f"{account} holds {held} wei; gas and value of the transaction may take {needed[account]}"
                )

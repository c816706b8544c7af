"""Transactions on their way into blocks of the in-process chain.

With automine, which is on at first, each has a block of its own at once. With automine off a transaction is
run when it comes, in a block that is being filled and that `mine` puts on the chain. So the order is that of
coming, who sends learns at once what a contract refuses, and a block never holds what reverts. What does not
fit the block is refused; it fits the next. What waits changes nothing that reads see but the next nonce.
"""

from __future__ import annotations

from labelshare.chain.embedded import BLOCK_GAS, EmbeddedChain
from labelshare.chain.envelope import SignedTransaction
from labelshare.chain.machine import Draft
from labelshare.errors import ChainError, RevertError
from labelshare.types import Address, Hash32

__all__ = ["Line"]


class Line:
    """The only way into blocks for whoever uses it: the chain must not change while something waits.

    Attributes:
        waiting: What is in the block that is being filled, in order.
    """

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain
        self._automine = True
        self._draft: Draft | None = None
        self.waiting: dict[Hash32, SignedTransaction] = {}

    def take(self, signed: SignedTransaction) -> RevertError | None:
        """Run a transaction, or say why its contract refuses it; then nothing has changed.

        Raises:
            ChainError: It is known already, its nonce is not the next, or it does not fit a block.
            FundsError: Its account cannot pay.
        """
        self._require_new(signed)
        if not self._automine:
            return self._add(signed)
        (outcome,) = self._chain.include([signed])
        return outcome if isinstance(outcome, RevertError) else None

    def next_nonce(self, account: Address) -> int:
        """The next nonce of an account, what waits counted."""
        return self._draft.nonce(account) if self._draft else self._chain.nonces([account])[0]

    def set_automine(self, *, on: bool) -> None:
        """Let each transaction have a block at once, beginning with what waits; or let them wait."""
        self._automine = on
        if on and self._draft:
            self.mine()

    def mine(self) -> None:
        """Put the block on the chain, empty if nothing waits."""
        if self._draft is None:
            self._chain.mine()
        else:
            self._chain.seal(self._draft)
            self.forget()

    def forget(self) -> None:
        """Drop what waits."""
        self._draft = None
        self.waiting.clear()

    def _add(self, signed: SignedTransaction) -> RevertError | None:
        draft = self._draft or self._chain.draft()
        if not draft.fits(signed):
            raise ChainError("the block that waits has no room for so much gas; evm_mine makes room")
        refusal = draft.add(signed)
        if refusal is None:
            self._draft, self.waiting[signed.hash] = draft, signed
        return refusal

    def _require_new(self, signed: SignedTransaction) -> None:
        """In the words of geth, by which clients know what is wrong."""
        if signed.hash in self.waiting:
            raise ChainError("already known")
        given, expected = signed.transaction.nonce, self.next_nonce(signed.sender)
        if given != expected:
            way = "low" if given < expected else "high"
            raise ChainError(f"nonce too {way}: {given}, the next of {signed.sender} is {expected}")
        if signed.transaction.gas > BLOCK_GAS:
            raise ChainError(f"exceeds block gas limit: {signed.transaction.gas}, a block holds {BLOCK_GAS}")

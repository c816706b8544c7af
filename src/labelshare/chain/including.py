"""Bringing stored transactions into blocks: waiting, replacing what is stuck, giving up what can be in none.

On development chains transactions go together and a block is had by asking. Elsewhere they go one by one: one
that waits too long is signed anew with the same nonce and higher fees, so that only one of the two can be in
a block; each is stored before it is sent. What a process leaves undone at any point another one takes up.
What nodes refuse again and again is given up with an alarm, so that it does not stop its account for ever:
whatever is sent instead has the same nonce, so that only one of the two can be in a block.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from labelshare.chain.envelope import SignedTransaction
from labelshare.chain.fees import FeePolicy, Offer
from labelshare.chain.journal import Entry, Journal, Outcome, State
from labelshare.chain.jsonrpc import RpcError
from labelshare.chain.keys import Signer
from labelshare.chain.node import Chain, Receipt
from labelshare.errors import ChainError, FundsError, LostError, NotIncludedError, RevertError
from labelshare.types import Address, Hash32

__all__ = ["Including", "require_funds"]

Result = Receipt | RevertError

_LOG: Final = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True)
class Including:
    """What becomes of transactions that are in the journal; by a sender in its turn alone.

    Attributes:
        chain: Where they go.
        journal: Where they are, and where it is noted what became of them.
        policy: How long to wait, and what to offer then.
        gas: The gas book.
        refused: Since when nodes have refused a transaction, by hash, in seconds that never go back; kept by
            the sender, as each try is one of its turns.
    """

    chain: Chain
    journal: Journal
    policy: FeePolicy
    gas: Mapping[str, list[int]]
    refused: dict[Hash32, float] = field(default_factory=dict)

    def together(self, entries: Sequence[Entry]) -> list[Result]:
        """Send some in order, on a development chain; fewer results where one stops the rest."""
        results = self.chain.include([entry.signed for entry in entries]) if entries else []
        outcomes = [*map(_outcome, results), *[Outcome(State.REFUSED)] * (len(entries) - len(results))]
        self._settled(entries, outcomes)
        return results

    def finish(self, pending: Sequence[Entry], signers: Mapping[Address, Signer]) -> None:
        """Learn what became of what an earlier process stored, and send what never went out.

        Raises:
            NotIncludedError: One of them is stuck and may not be replaced.
            ChainError: One of them cannot be sent, or no node answers.
        """
        if self.chain.is_development:
            self._finish_together(pending)
            return
        stopped: set[Address] = set()
        for family in _families(pending):
            account = family[0].signed.sender
            if account in stopped:
                self._give_up(family, "it cannot follow one that was given up")
                continue
            try:
                result = self._brought(family, signers.get(account), self._found(family))
            except LostError:
                continue  # noted and warned of; whoever asks for its name is told
            if isinstance(result, RevertError) and not self._is_used(family[0].signed):
                stopped.add(account)

    def one(self, entry: Entry, signer: Signer) -> Result:
        """Send one and wait until it, or what replaces it, is in a block.

        Raises:
            NotIncludedError: It is stuck, and so were its replacements.
            FeeError: It is stuck, and the limit of the fee policy does not allow to replace it.
            LostError: Its nonce went to a transaction of somebody else.
            ChainError: It cannot be sent, or no node answers.
        """
        return self._brought([entry], signer, None)

    # ------------------------------------------------------------- one by one

    def _brought(self, family: list[Entry], signer: Signer | None, found: _Found | None) -> Result:
        """Into a block, one of those that share a nonce; the latest is sent, and more where it is stuck."""
        while found is None:
            refusal = self._submitted(family)
            if refusal is not None:
                self._settled(family, [Outcome(State.REFUSED)] * len(family))
                return refusal
            found = self._awaited(family)
            if found is None:
                family = [*family, self._replacement(family, signer)]
        entry, receipt = found
        result = self.chain.outcome(entry.signed, receipt)
        rest = Outcome(State.REPLACED)
        self._settled(family, [_outcome(result) if each is entry else rest for each in family])
        return result

    def _submitted(self, family: Sequence[Entry]) -> RevertError | None:
        """Send the latest. Where one before it may be on its way, no node's word ends the wait."""
        try:
            refusal = self.chain.submit(family[-1].signed)
        except (LostError, NotIncludedError) as error:
            _LOG.info("%s", error)
            return None
        except (FundsError, RpcError) as error:
            return self._refused(family, error)
        self.refused.pop(family[-1].signed.hash, None)
        return refusal if len(family) == 1 else None

    def _refused(self, family: Sequence[Entry], error: ChainError) -> RevertError | None:
        """What comes of one that the node does not take: raised, or after some time the end of it."""
        if any(self._is_taken(entry) for entry in family[:-1]):
            _LOG.info("%s", error)
            return None
        if not self._is_refused_for_good(family[-1]):
            raise error
        if self._is_used(family[0].signed):
            return None
        return self._give_up(family, str(error))

    def _is_refused_for_good(self, entry: Entry) -> bool:
        now = time.monotonic()
        return now - self.refused.setdefault(entry.signed.hash, now) >= self.policy.refused

    def _is_taken(self, entry: Entry) -> bool:
        try:
            return self.chain.submit(entry.signed) is None
        except (FundsError, LostError, NotIncludedError, RpcError):
            return False

    def _give_up(self, family: Sequence[Entry], why: str) -> RevertError:
        """Their nonce is free; whoever asked for it finds it not done."""
        self._settled(family, [Outcome(State.REFUSED)] * len(family))
        for entry in family:
            self.refused.pop(entry.signed.hash, None)
        latest = family[-1]
        _LOG.error(
            "transaction %s (%s) of %s with nonce %d is given up, no node takes it: %s. Its account goes on; "
            "what it was for is tried anew where it is due still",
            latest.signed.hash,
            latest.name or latest.label,
            latest.signed.sender,
            latest.signed.transaction.nonce,
            why,
        )
        return RevertError(f"transaction {latest.signed.hash} was given up: {why}")

    def _awaited(self, family: Sequence[Entry]) -> _Found | None:
        """Which one is in a block; None if none is after some time.

        The nonce is read before the receipts: one that is used by one of ours has its receipt by then.
        """
        deadline, pause, used_since = time.monotonic() + self.policy.patience, _FIRST_PAUSE, None
        while True:
            is_used = self._is_used(family[0].signed)
            if (found := self._found(family)) is not None:
                return found
            now = time.monotonic()
            used_since = (used_since or now) if is_used else None
            if used_since is not None and now - used_since >= self.policy.certain:
                raise self._lost(family)
            if used_since is None and now >= deadline:
                return None
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _is_used(self, signed: SignedTransaction) -> bool:
        return self.chain.mined_nonces([signed.sender])[0] > signed.transaction.nonce

    def _found(self, family: Sequence[Entry]) -> _Found | None:
        for entry in reversed(family):
            receipt = self.chain.receipt(entry.signed.hash)
            if receipt is not None:
                return entry, receipt
        return None

    def _replacement(self, family: Sequence[Entry], signer: Signer | None) -> Entry:
        """The same with an eighth more in both fees, stored."""
        latest = family[-1]
        before = latest.signed.transaction
        if signer is None or len(family) > self.policy.replacements:
            raise NotIncludedError(
                f"transaction {latest.signed.hash} ({latest.label}) of {latest.signed.sender} is in no block "
                f"after {self.policy.patience:.0f} s; {_why_not(signer, len(family) - 1)}"
            )
        offer = self.policy.replacement(Offer(before.tip, before.max_fee), self.policy.now(self.chain))
        again = replace(before, tip=offer.tip, max_fee=offer.max_fee)
        entry = replace(latest, signed=signer.sign_transaction(again))
        require_funds(self.chain, [entry.signed])
        self.journal.add([entry])
        _LOG.info("transaction %s is stuck; %s replaces it", latest.signed.hash, entry.signed.hash)
        return entry

    def _lost(self, family: Sequence[Entry]) -> LostError:
        """Settles them. The latest alone is lost, so that its name is known by one."""
        *before, latest = family
        self._settled(family, [*[Outcome(State.REPLACED)] * len(before), Outcome(State.LOST)])
        signed = latest.signed
        error = LostError(
            f"{latest.name or latest.label}: {signed.sender} has used nonce {signed.transaction.nonce} for "
            f"another transaction than {signed.hash}, as a wallet with the same key would; it was not done"
        )
        _LOG.warning("%s", error)
        return error

    # --------------------------------------------------------------- together

    def _finish_together(self, pending: Sequence[Entry]) -> None:
        accounts = list({entry.signed.sender: None for entry in pending})
        nonces = dict(zip(accounts, self.chain.mined_nonces(accounts), strict=True))
        waiting: list[Entry] = []
        for entry in pending:
            receipt = self.chain.receipt(entry.signed.hash)
            if receipt is not None:
                self._settled([entry], [_outcome(receipt)])
            elif nonces[entry.signed.sender] > entry.signed.transaction.nonce:
                self._lost([entry])
            else:
                waiting.append(entry)
        try:
            self.together(waiting)
        except (FundsError, RpcError):
            self._one_after_another(waiting)

    def _one_after_another(self, waiting: Sequence[Entry]) -> None:
        """Where one of some is not taken: those before it go out, and it is given up after some time."""
        stopped: set[Address] = set()
        for entry in waiting:
            account = entry.signed.sender
            if account in stopped:
                self._give_up([entry], "it cannot follow one that was given up")
                continue
            try:
                self.together([entry])
            except (FundsError, RpcError) as error:
                if not self._is_refused_for_good(entry):
                    raise
                self._give_up([entry], str(error))
                stopped.add(account)

    # ---------------------------------------------------------------- helpers

    def _settled(self, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        """Write down what became of entries, in the journal and in the gas book."""
        pairs = list(zip(entries, outcomes, strict=True))
        if pairs:
            self.journal.settle({entry.signed.hash: outcome for entry, outcome in pairs})
        for entry, outcome in pairs:
            if outcome.state is State.MINED and outcome.gas_used is not None:
                self.gas[entry.label].append(outcome.gas_used)


_Found = tuple[Entry, Receipt]


def require_funds(chain: Chain, transactions: Sequence[SignedTransaction]) -> None:
    """Every transaction must be affordable by itself, which is what nodes check; else `FundsError`."""
    needed: dict[Address, int] = {}
    for signed in transactions:
        needed[signed.sender] = max(needed.get(signed.sender, 0), signed.transaction.upfront)
    accounts = list(needed)
    for account, held in zip(accounts, chain.balances(accounts), strict=True):
        if held < needed[account]:
            raise FundsError(
                f"{account} holds {held} wei; gas and value of the transaction may take {needed[account]}"
            )


def _families(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Those of one account and nonce together, by nonce, each in the order in which they were signed."""
    found: dict[tuple[Address, int], list[Entry]] = {}
    for entry in entries:
        found.setdefault((entry.signed.sender, entry.signed.transaction.nonce), []).append(entry)
    return [found[key] for key in sorted(found)]


def _outcome(result: Result) -> Outcome:
    if isinstance(result, RevertError):
        return Outcome(State.REFUSED)
    return Outcome(State.MINED if result.status else State.REFUSED, result.gas_used)


def _why_not(signer: Signer | None, replaced: int) -> str:
    return (
        "its account's key is needed to replace it" if signer is None else f"it was replaced {replaced} times"
    )

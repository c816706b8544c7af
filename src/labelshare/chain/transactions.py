"""Sending: simulate, sign, store, include, decode; one place where keys, chain and money are checked."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from itertools import count
from typing import Final, Self

from labelshare.chain.envelope import SignedTransaction, Transaction
from labelshare.chain.fees import FeePolicy, Offer, policy_of
from labelshare.chain.including import Including, require_funds
from labelshare.chain.journal import Entry, Journal, NoJournal, Outcome, State, call_hash
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call, Chain, Fees, Receipt
from labelshare.errors import ChainError, KeyRefusedError, LostError, RevertError
from labelshare.types import Address, Hash32

__all__ = ["Call", "Receipt", "Sender"]

# For calls sent without simulation: three times what the dearest call of constant cost takes.
BLIND_GAS: Final = 1_000_000

_LOG: Final = logging.getLogger(__name__)

Work = tuple[Signer, Call]


class Sender:
    """Sends calls for any signer on one chain.

    Before anything is sent: development keys are refused off development chains, a transaction is for this
    chain, gas costs no more than allowed, the account can pay, and the call succeeds in the present state.
    With a journal every transaction is stored first, processes that send for one account take turns, and
    what an earlier process left unfinished for it is finished before anything new.

    Attributes:
        chain: Where it sends.
        gas: The gas book: gas used by each call sent, by label, in order; earlier processes' as well.
    """

    def __init__(self, chain: Chain, journal: Journal | None = None, fees: FeePolicy | None = None) -> None:
        self.chain = chain
        self.gas: dict[str, list[int]] = defaultdict(list)
        self._journal: Journal = journal or NoJournal()
        self._fees = fees or policy_of(chain)
        self._name: str | None = None
        self._counts: Counter[str] = Counter()
        self._refused: dict[Hash32, float] = {}
        self._read_gas()

    def _read_gas(self) -> None:
        for label, gas in self._journal.gas():
            self.gas[label].append(gas)

    def named(self, name: str) -> Self:
        """The same sender for one piece of work, each call of which is sent once, whoever asks again.

        The calls are known by the name, by their account and label, and by how many of these came before;
        with a journal the receipt of a call that it knows comes from the chain, and nothing is sent.
        """
        sender = copy(self)
        sender._name, sender._counts = name, Counter()  # noqa: SLF001 (one of our own)
        return sender

    def knows(self, signer: Signer, label: str) -> bool:
        """Whether the first call of a label is in a block, or on its way, under this sender's name."""
        name = f"{self._kind(signer, label)}/0"
        return name in self._journal.named([name])

    def send(self, signer: Signer, call: Call) -> Receipt:
        """Send one call and wait for its receipt.

        Raises:
            RevertError: The contract refuses; nothing was sent, unless the state changed in between.
            FundsError: The account cannot pay for gas and value; nothing was sent.
            FeeError: Gas costs more than the fee policy allows; nothing new was sent.
            KeyRefusedError: A development key off a development chain; nothing was sent.
            NotIncludedError: It was sent, or one before it was, and is in no block yet, replacements and all.
            LostError: Its nonce went to somebody else's transaction, now or when it was sent under this name
                before: ask the chain whether it is done, then again.
            ChainError: The name was used for another call before; nothing was sent.
        """
        self.require_usable(signer)
        with self._turn([signer]):
            (name,) = self._names([(signer, call)])
            known = self._known([(signer, call)], [name])
            receipt = known[name] if name in known else self._send(signer, call, name)
        self._count([name])
        return receipt

    def _send(self, signer: Signer, call: Call, name: str | None) -> Receipt:
        gas = self.chain.gas_for(call, signer.address)
        (nonce,) = self.chain.nonces([signer.address])
        signed = self._sign(signer, call, nonce, gas, self._fees.offer(self._fees.now(self.chain)))
        require_funds(self.chain, [signed])
        if self.chain.is_development:
            return self._receipts([call], [signed], [name])[0]
        entry = Entry(signed, call.label, call_hash(call), name)
        self._journal.add([entry])
        try:
            result = self._including.one(entry, signer)
        except LostError:
            self._tell(name)
            raise
        if isinstance(result, RevertError):
            raise result.during(call.label)
        return result

    def send_many(self, calls: Iterable[Work]) -> list[Receipt]:
        """Send calls in order, each of which may depend on those before it.

        On development chains they are pipelined without simulation. A refusal raises for the first call that
        was refused: in process neither it nor any later call is sent, on a local node later ones are.
        Elsewhere they go one by one, each simulated.

        Raises:
            RevertError: A contract refused a call; the message names it.
            FundsError: An account cannot pay for one of its calls; nothing was sent.
            FeeError, NotIncludedError, LostError: As for one; those before it were sent.
            KeyRefusedError: A development key off a development chain; nothing was sent.
            ChainError: A name was used for another call before; nothing was sent.
        """
        work = list(calls)
        signers = list({signer.address: signer for signer, _ in work}.values())
        for signer in signers:
            self.require_usable(signer)
        with self._turn(signers):
            names = self._names(work)
            known = self._known(work, names)
            new = [place for place, name in enumerate(names) if name not in known]
            sent = self._send_all([work[place] for place in new], [names[place] for place in new])
        self._count(names)
        fresh = dict(zip(new, sent, strict=True))
        return [fresh[place] if place in fresh else known[name] for place, name in enumerate(names)]

    def _send_all(self, work: Sequence[Work], names: Sequence[str | None]) -> list[Receipt]:
        if not self.chain.is_development:
            return [self._send(*each, name) for each, name in zip(work, names, strict=True)]
        signed = self._signed_all(work)
        require_funds(self.chain, signed)
        return self._receipts([call for _, call in work], signed, names)

    # ---------------------------------------------------------------- the journal

    def catch_up(self, *signers: Signer) -> None:
        """Learn what became of transactions that an earlier process stored, and send what never went out.

        What was in a block that the chain has dropped since goes out again, to the byte.

        Args:
            signers: Whose; stuck ones can be replaced then. Everybody's by default, but for what was dropped.

        Raises:
            ChainError: One of them cannot be included, or no node answers.
        """
        own = {signer.address: signer for signer in signers}
        waiting = {entry.signed.sender for entry in self._journal.pending(own or None)}
        waiting |= {entry.signed.sender for entry in self._dropped(own)}
        if waiting:
            with self._journal.turn(waiting):
                self._finish(own, waiting)

    @contextmanager
    def _turn(self, signers: Sequence[Signer]) -> Iterator[None]:
        """Nobody else sends for these accounts, and nothing of theirs is unfinished as the block begins."""
        own = {signer.address: signer for signer in signers}
        with self._journal.turn(own):
            self._finish(own, own)
            yield

    def _finish(self, own: Mapping[Address, Signer], accounts: Collection[Address]) -> None:
        self._reopen(self._dropped(own))
        if pending := self._journal.pending(accounts):
            self._including.finish(pending, own)

    def _dropped(self, accounts: Collection[Address]) -> list[Entry]:
        """What was in blocks and is no more: the chain has gone back behind their nonces.

        Only as far as nonces follow one another: behind one of somebody else's they could not go out.
        """
        if isinstance(self._journal, NoJournal) or not (accounts and self.chain.may_reorganise):
            return []
        counts = dict(zip(accounts, self.chain.mined_nonces(list(accounts)), strict=True))
        known = self._journal.in_blocks(counts)
        nonces = {(entry.signed.sender, entry.signed.transaction.nonce) for entry in known}
        ends = {
            each: next(n for n in count(start) if (each, n) not in nonces) for each, start in counts.items()
        }
        return [each for each in known if each.signed.transaction.nonce < ends[each.signed.sender]]

    def _reopen(self, entries: Sequence[Entry]) -> None:
        """Pending again, in the gas book too."""
        if not entries:
            return
        self._journal.settle({entry.signed.hash: Outcome(State.PENDING) for entry in entries})
        self.gas.clear()
        self._read_gas()
        for entry in entries:
            _LOG.warning(
                "the chain has dropped the block of transaction %s (%s); it is sent again",
                entry.signed.hash,
                entry.name or entry.label,
            )

    @property
    def _including(self) -> Including:
        return Including(self.chain, self._journal, self._fees, self.gas, self._refused)

    def _names(self, work: Sequence[Work]) -> list[str | None]:
        """Numbered after those that were sent: one that failed keeps its name when it is asked for again."""
        if self._name is None:
            return [None] * len(work)
        names: list[str | None] = []
        counts = self._counts.copy()
        for signer, call in work:
            kind = self._kind(signer, call.label)
            names.append(f"{kind}/{counts[kind]}")
            counts[kind] += 1
        return names

    def _kind(self, signer: Signer, label: str) -> str:
        return f"{self._name}/{label}/{signer.address}"

    def _count(self, names: Iterable[str | None]) -> None:
        """Go on after these, which were sent."""
        self._counts.update(name.rpartition("/")[0] for name in names if name is not None)

    def _known(self, work: Sequence[Work], names: Sequence[str | None]) -> dict[str | None, Receipt]:
        """Receipts of the calls that were sent under their names before."""
        if self._name is None:
            return {}
        entries = self._journal.named(name for name in names if name is not None)
        known: dict[str | None, Receipt] = {}
        for (signer, call), name in zip(work, names, strict=True):
            if name is not None and name in entries:
                known[name] = self._recalled(entries[name], signer, call)
        return known

    def _recalled(self, entry: Entry, signer: Signer, call: Call) -> Receipt:
        if (entry.call, entry.signed.sender) != (call_hash(call), signer.address):
            raise ChainError(f"{entry.name}: the store holds another call under this name; nothing was sent")
        if entry.state is State.LOST:
            self._tell(entry.name)
            raise LostError(
                f"{entry.name}: {signer.address} used the nonce of {entry.signed.hash} for another "
                "transaction, which may have done the same; nothing was sent. Ask the chain whether it is "
                "done, then again"
            )
        return self.chain.receipt(entry.signed.hash) or self._mined_again(entry, signer)

    def _mined_again(self, entry: Entry, signer: Signer) -> Receipt:
        """The receipt of one whose block the chain has dropped, once it is in another."""
        nonce = entry.signed.transaction.nonce
        known = self._journal.in_blocks({signer.address: nonce})
        self._reopen([each for each in known if each.signed.transaction.nonce == nonce])
        self._including.finish(self._journal.pending([signer.address]), {signer.address: signer})
        now = self._journal.named([entry.name or ""]).get(entry.name or "")
        receipt = None if now is None else self.chain.receipt(now.signed.hash)
        if receipt is None:
            self._tell(entry.name)
            raise LostError(
                f"{entry.name}: {entry.signed.hash} was in a block that the chain has dropped, and came into "
                "no other; nothing was sent. Ask the chain whether it is done, then again"
            )
        return receipt

    def _tell(self, name: str | None) -> None:
        """Whoever asked for a name that was lost knows: it is free to be used again."""
        known = {} if name is None else self._journal.named([name])
        lost = [entry for entry in known.values() if entry.state is State.LOST]
        self._journal.settle({entry.signed.hash: Outcome(State.REFUSED) for entry in lost})

    # ----------------------------------------------------------------- mechanics

    def _signed_all(self, work: Sequence[Work]) -> list[SignedTransaction]:
        """Each offers one wei less than the one before it: nodes take higher fees first, so in this order."""
        accounts = list({signer.address: None for signer, _ in work})
        nonces = dict(zip(accounts, self.chain.nonces(accounts), strict=True))
        fees, signed = self._fees.now(self.chain), []
        for ahead, (signer, call) in zip(range(len(work), 0, -1), work, strict=True):
            gas = call.gas if call.gas is not None else BLIND_GAS
            offer = self._fees.offer(Fees(fees.base, fees.tip + ahead), self._fees.batch_headroom)
            signed.append(self._sign(signer, call, nonces[signer.address], gas, offer))
            nonces[signer.address] += 1
        return signed

    def _sign(self, signer: Signer, call: Call, nonce: int, gas: int, offer: Offer) -> SignedTransaction:
        chain_id = self.chain.chain_id
        return signer.sign_transaction(
            Transaction(chain_id, nonce, offer.tip, offer.max_fee, gas, call.to, call.value, call.data)
        )

    def _receipts(
        self, calls: Sequence[Call], signed: Sequence[SignedTransaction], names: Sequence[str | None]
    ) -> list[Receipt]:
        entries = [
            Entry(each, call.label, call_hash(call), name)
            for each, call, name in zip(signed, calls, names, strict=True)
        ]
        if entries:
            self._journal.add(entries)
        results = self._including.together(entries)
        for call, result in zip(calls, results, strict=False):
            if isinstance(result, RevertError):
                raise result.during(call.label)
        return [result for result in results if isinstance(result, Receipt)]

    def require_usable(self, signer: Signer) -> None:
        """Raise `KeyRefusedError` for a development key off a development chain; every send does."""
        if signer.is_development and not self.chain.is_development:
            raise KeyRefusedError(
                f"{signer.address} is a development account whose key anyone can derive; "
                f"it signs nothing on chain {self.chain.chain_id}"
            )

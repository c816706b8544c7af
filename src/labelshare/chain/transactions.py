"""Sending: simulate, sign, store, include, decode; one place where keys, chain and money are checked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from labelshare.chain.envelope import SignedTransaction, Transaction
from labelshare.chain.journal import Entry, Journal, Outcome, State, call_hash
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call, Chain, Fees, Receipt
from labelshare.errors import ChainError, FundsError, KeyRefusedError, RevertError
from labelshare.types import Address

__all__ = ["Call", "Receipt", "Sender"]

# For calls sent without simulation: three times what the dearest call of constant cost takes.
BLIND_GAS: Final = 1_000_000
# How far the base fee may rise before a transaction waits: one by one, and for a batch that fills blocks.
HEADROOM: Final = 2
BATCH_HEADROOM: Final = 10

Work = tuple[Signer, Call]


@dataclass
class _Progress:
    """Of all senders that `named` makes of one: what one of them leaves undone concerns every other."""

    is_caught_up: bool


class Sender:
    """Sends calls for any signer on one chain.

    Before anything is sent: development keys are refused off development chains, a transaction is for this
    chain, the account can pay, and the call succeeds in the present state. With a journal every transaction
    is stored first, and what an earlier process left unfinished is finished before anything new.

    Attributes:
        chain: Where it sends.
        gas: The gas book: gas used by each call sent, by label, in order; earlier processes' as well.
    """

    def __init__(self, chain: Chain, journal: Journal | None = None) -> None:
        self.chain = chain
        self.gas: dict[str, list[int]] = defaultdict(list)
        self._journal = journal
        self._progress = _Progress(is_caught_up=journal is None)
        self._name: str | None = None
        self._counts: Counter[str] = Counter()
        for label, gas in journal.gas() if journal else ():
            self.gas[label].append(gas)

    def named(self, name: str) -> Sender:
        """The same sender for one piece of work, each call of which is sent once, whoever asks again.

        The calls are known by the name, by their account and label, and by how many of these came before;
        with a journal the receipt of a call that it knows comes from the chain, and nothing is sent.
        """
        sender = Sender(self.chain)
        sender.gas, sender._journal = self.gas, self._journal
        sender._progress, sender._name = self._progress, name
        return sender

    def send(self, signer: Signer, call: Call) -> Receipt:
        """Send one call and wait for its receipt.

        Raises:
            RevertError: The contract refuses; nothing was sent, unless the state changed in between.
            FundsError: The account cannot pay for gas and value; nothing was sent.
            KeyRefusedError: A development key off a development chain; nothing was sent.
            ChainError: The name was used for another call before; nothing was sent.
        """
        self.require_usable(signer)
        self.catch_up()
        (name,) = self._names([(signer, call)])
        known = self._known([(signer, call)], [name])
        receipt = known[name] if name in known else self._send(signer, call, name)
        self._count([name])
        return receipt

    def _send(self, signer: Signer, call: Call, name: str | None) -> Receipt:
        gas = self.chain.gas_for(call, signer.address)
        (nonce,) = self.chain.nonces([signer.address])
        signed = self._sign(signer, call, nonce, gas, self.chain.fees(), HEADROOM)
        self._require_funds([signed])
        return self._receipts([call], [signed], [name])[0]

    def send_many(self, calls: Iterable[Work]) -> list[Receipt]:
        """Send calls in order, each of which may depend on those before it.

        On development chains they are pipelined without simulation. A refusal raises for the first call that
        was refused: in process neither it nor any later call is sent, on a local node later ones are.
        Elsewhere they go one by one, each simulated.

        Raises:
            RevertError: A contract refused a call; the message names it.
            FundsError: An account cannot pay for one of its calls; nothing was sent.
            KeyRefusedError: A development key off a development chain; nothing was sent.
            ChainError: A name was used for another call before; nothing was sent.
        """
        work = list(calls)
        for signer in {id(signer): signer for signer, _ in work}.values():
            self.require_usable(signer)
        self.catch_up()
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
        self._require_funds(signed)
        return self._receipts([call for _, call in work], signed, names)

    # ---------------------------------------------------------------- the journal

    def catch_up(self) -> None:
        """Learn what became of transactions that an earlier process stored, and send what never went out.

        Raises:
            ChainError: One of them cannot be included, or no node answers; nothing else is sent before.
        """
        if self._progress.is_caught_up or self._journal is None:
            return
        pending = self._journal.pending()
        self._settled(pending, self._included_before(pending))
        self._progress.is_caught_up = True

    def _included_before(self, pending: Sequence[Entry]) -> list[Outcome]:
        """Those of unknown fate: looked up first, and the rest sent again in their order."""
        found = {entry.signed.hash: self.chain.receipt(entry.signed.hash) for entry in pending}
        lost = [entry.signed for entry in pending if found[entry.signed.hash] is None]
        again = self.chain.include(lost) if lost else []
        outcomes = {signed.hash: _outcome(result) for signed, result in zip(lost, again, strict=False)}
        outcomes |= {name: _outcome(receipt) for name, receipt in found.items() if receipt is not None}
        return [outcomes.get(entry.signed.hash, Outcome(State.REFUSED)) for entry in pending]

    def _settled(self, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        """Write down what became of entries, in the journal and in the gas book."""
        pairs = list(zip(entries, outcomes, strict=True))
        if self._journal is not None and pairs:
            self._journal.settle({entry.signed.hash: outcome for entry, outcome in pairs})
        for entry, outcome in pairs:
            if outcome.state is State.MINED and outcome.gas_used is not None:
                self.gas[entry.label].append(outcome.gas_used)

    def _names(self, work: Sequence[Work]) -> list[str | None]:
        """Numbered after those that were sent: one that failed keeps its name when it is asked for again."""
        if self._name is None:
            return [None] * len(work)
        names: list[str | None] = []
        counts = self._counts.copy()
        for signer, call in work:
            kind = f"{self._name}/{call.label}/{signer.address}"
            names.append(f"{kind}/{counts[kind]}")
            counts[kind] += 1
        return names

    def _count(self, names: Iterable[str | None]) -> None:
        """Go on after these, which were sent."""
        self._counts.update(name.rpartition("/")[0] for name in names if name is not None)

    def _known(self, work: Sequence[Work], names: Sequence[str | None]) -> dict[str | None, Receipt]:
        """Receipts of the calls that were sent under their names before."""
        if self._journal is None or self._name is None:
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
        receipt = self.chain.receipt(entry.signed.hash)
        if receipt is None:
            raise ChainError(
                f"{entry.name}: the store says that {entry.signed.hash} was mined, the chain does not know it"
            )
        return receipt

    # ----------------------------------------------------------------- mechanics

    def _signed_all(self, work: Sequence[Work]) -> list[SignedTransaction]:
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

    def _receipts(
        self, calls: Sequence[Call], signed: Sequence[SignedTransaction], names: Sequence[str | None]
    ) -> list[Receipt]:
        entries = [
            Entry(each, call.label, call_hash(call), name)
            for each, call, name in zip(signed, calls, names, strict=True)
        ]
        if self._journal is not None and entries:
            self._journal.add(entries)
            self._progress.is_caught_up = False
        results = self.chain.include(signed) if signed else []
        outcomes = [*map(_outcome, results), *[Outcome(State.REFUSED)] * (len(entries) - len(results))]
        self._settled(entries, outcomes)
        self._progress.is_caught_up = True
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


def _outcome(result: Receipt | RevertError) -> Outcome:
    if isinstance(result, RevertError):
        return Outcome(State.REFUSED)
    return Outcome(State.MINED if result.status else State.REFUSED, result.gas_used)

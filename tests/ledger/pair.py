"""The compiled contracts and the models, side by side: every move is made on both and must come out alike.

A move is refused by both, for the same reason, or changes both alike. After each, everything that anyone owns
is compared to the last unit, read from storage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labelshare.errors import ConservationError, InputError
from labelshare.protocol import abi as ids
from labelshare.protocol import ledger as rules
from labelshare.protocol.accumulator import Share
from labelshare.protocol.leaves import Payout, aggregate_leaf, payout_leaf, roster_leaf
from labelshare.protocol.ledger import Call, Ledger, Mint, Proposal, Receipt, Step
from labelshare.protocol.merkle import MerkleTree
from labelshare.protocol.typed_data import commit_hash, digest, receipt_hash, sign
from labelshare.types import (
    ZERO_HASH,
    Address,
    CampaignId,
    CampaignParams,
    Commit,
    Hash32,
    PoolId,
    PoolParams,
    Scope,
    Settlement,
    keccak,
)
from tests.evm import RevertedError
from tests.ledger.compare import Comparison
from tests.ledger.stage import ARBITRATION_COST, CHAIN_ID, KEY_OF, NOBODY, Stage, reason

BLOCKED = frozenset({NOBODY})  # the tokens pay nothing to the zero address
RELEASE_REFUSALS = {"RoundExhausted", "ERC20InvalidReceiver"}
SHARE_REFUSALS = {
    "transfer": {"ERC20InsufficientBalance", "ERC20InvalidReceiver"},
    "payRevenue": {"NoRevenueReceived", "RevenueExceeded"},
}

MOVES = tuple(
    "deposit withdraw withdrawFor present join refill leave withdrawSeat createCampaign topUp cancel accept "
    "postRoster enrol armSeed drawSeed commitAggregate commit postReceipt answerReceipt forfeitBond propose "
    "proposeLate proposeOpenly challenge requestRuling rule resolve finalize claim claimMany slash freePlace "
    "expire transfer payRevenue claimRevenue claimRevenueFor".split()
)


ANY_BOND = 2**256 - 1
NO_SETTLEMENT = Settlement(ZERO_HASH, ZERO_HASH, ZERO_HASH, ZERO_HASH, 0, 0, 0, ZERO_HASH)
Models = tuple[Ledger, Mapping[Address, Share]]


class Pair:
    """Both sides of one history, and how often each move was made and refused.

    Attributes:
        ledger: The model of all money.
        shares: The model of each dataset's share.
        tally: How often each move ended how: ("accept", "done") or ("accept", the reason).
        last: How the last one ended.
    """

    def __init__(self) -> None:
        self.stage = Stage()
        self.ledger: Ledger = self.stage.opening
        self.shares: Mapping[Address, Share] = {dataset: Share() for dataset in self.stage.props.datasets}
        self.tally: Counter[tuple[str, str]] = Counter()
        self.last = ("", "")
        self._places_at_leaving: dict[tuple[PoolId, Address], frozenset[CampaignId]] = {}
        self._comparison = Comparison(self.stage)

    # ------------------------------------------------------------------- time

    @property
    def now(self) -> int:
        return self.stage.evm.now

    def wait(self, seconds: int, blocks: int = 1) -> None:
        self.stage.evm.wait(seconds, blocks)

    def wait_until(self, time: int) -> None:
        if time > self.now:
            self.wait(time - self.now)

    # ------------------------------------------------------------- the machinery

    def play(
        self,
        move: str,
        sender: Address,
        model: Callable[[Ledger, Call], Step],
        *arguments: Any,
        value: int = 0,
    ) -> bool:
        """Makes a move of the registry on both sides; returns whether it went through."""
        return self.both(
            move,
            sender,
            lambda call: self._after(model(self.ledger, call), call.now),
            lambda: self.stage.call(sender, move, *arguments, value=value),
            value,
        )

    def both(
        self,
        move: str,
        sender: Address,
        models: Callable[[Call], Models],
        chain: Callable[[], bytes],
        value: int = 0,
    ) -> bool:
        """Makes a move on both sides, which must agree on what it does or on why it is refused."""
        call = Call(sender, self.now, self.stage.evm.block, value)
        after, expected = (self.ledger, self.shares), {"done"}
        try:
            after = models(call)
        except rules.RefusedError as refused:
            expected = {refused.reason.value}
        except (ConservationError, InputError):
            expected = SHARE_REFUSALS.get(move, RELEASE_REFUSALS)
        got = "done"
        try:
            chain()
        except RevertedError as error:
            got = reason(error) or error.data.hex() or "nothing"
        self.last = (move, got)
        self.tally[self.last] += 1
        assert got in expected, f"{move} by {sender}: the contracts say {got}, the models {expected}"
        self.ledger, self.shares = after
        self._comparison.check(self.ledger, self.shares, self.now)
        return got == "done"

    def _after(self, step: Step, now: int) -> Models:
        """The models after a move of the registry, which may mint and release shares."""
        shares = dict(self.shares)
        for change in step.shares:
            share = shares[change.dataset]
            if isinstance(change, Mint):
                shares[change.dataset] = share.mint(change.round_id, change.amount, now)
                continue
            if any(account in BLOCKED and amount for account, amount in change.parts):
                raise ConservationError("the zero address holds no shares")
            shares[change.dataset] = share.release(change.round_id, change.parts, now)
        return step.ledger, shares

    # --------------------------------------------------------- credit and seats

    def deposit(self, sender: Address, token: Address, amount: int) -> bool:
        return self.play(
            "deposit", sender, lambda ledger, call: rules.deposit(ledger, call, token, amount), token, amount
        )

    def withdraw(self, sender: Address, token: Address, amount: int) -> bool:
        return self.play(
            "withdraw",
            sender,
            lambda ledger, call: rules.withdraw(ledger, call, token, amount),
            token,
            amount,
        )

    def withdraw_for(self, sender: Address, token: Address, account: Address) -> bool:
        return self.play(
            "withdrawFor",
            sender,
            lambda ledger, _: rules.withdraw_for(ledger, token, account),
            token,
            account,
        )

    def present(self, sender: Address, token: Address, amount: int) -> bool:
        """Tokens sent to the registry past its ledger."""
        registry = self.stage.props.registry
        return self.both(
            "present",
            sender,
            lambda call: (rules.pay(self.ledger, call, token, registry, amount).ledger, self.shares),
            lambda: self.stage.evm.call(sender, token, "transfer(address,uint256)", registry, amount),
        )

    def join(self, sender: Address, pool: PoolId) -> bool:
        return self.play(
            "join", sender, lambda ledger, call: rules.join(ledger, call, pool), self._terms(pool), b""
        )

    def refill(self, sender: Address, pool: PoolId) -> bool:
        return self.play(
            "refill", sender, lambda ledger, call: rules.refill(ledger, call, pool), self._terms(pool)
        )

    def leave(self, sender: Address, pool: PoolId) -> bool:
        left = self.play("leave", sender, lambda ledger, call: rules.leave(ledger, call, pool), pool)
        if left:
            self._places_at_leaving[pool, sender] = frozenset(self.ledger.pools[pool].places)
        return left

    def withdraw_seat(self, sender: Address, pool: PoolId, annotator: Address) -> bool:
        """Whatever cohorts say, no seat goes while a place that was taken as it left is taken still."""
        seat = self.ledger.seats.get((pool, annotator))
        gone = self.play(
            "withdrawSeat",
            sender,
            lambda ledger, call: rules.withdraw_seat(ledger, call, pool, annotator),
            self._terms(pool),
            annotator,
        )
        if gone and seat and seat.release_at and self.now < seat.release_at:
            assert not self._places_at_leaving[pool, annotator] & set(self.ledger.pools[pool].places)
        return gone

    def _terms(self, pool: PoolId) -> PoolParams:
        return self.ledger.pools[pool].rules

    # ------------------------------------------------------ funding and accepting

    def create_campaign(self, sender: Address, params: CampaignParams, escrow: int) -> CampaignId:
        name = ids.campaign_id(CHAIN_ID, self.stage.props.registry, params)
        self.play(
            "createCampaign",
            sender,
            lambda ledger, call: rules.create_campaign(ledger, call, name, params, escrow),
            self._terms(params.pool),
            params,
            escrow,
        )
        return name

    def top_up(self, sender: Address, name: CampaignId, amount: int) -> bool:
        return self._campaign(
            "topUp", sender, name, lambda ledger, call: rules.top_up(ledger, call, name, amount), amount
        )

    def cancel(self, sender: Address, name: CampaignId) -> bool:
        return self._campaign("cancel", sender, name, lambda ledger, call: rules.cancel(ledger, call, name))

    def accept(self, sender: Address, name: CampaignId) -> bool:
        return self._pooled("accept", sender, name, lambda ledger, call: rules.accept(ledger, call, name))

    def _campaign(
        self,
        move: str,
        sender: Address,
        name: CampaignId,
        model: Callable[[Ledger, Call], Step],
        *arguments: Any,
    ) -> bool:
        return self.play(move, sender, model, self._params(name), *arguments)

    def _pooled(
        self,
        move: str,
        sender: Address,
        name: CampaignId,
        model: Callable[[Ledger, Call], Step],
        *arguments: Any,
        value: int = 0,
    ) -> bool:
        params = self._params(name)
        return self.play(move, sender, model, self._terms(params.pool), params, *arguments, value=value)

    def _params(self, name: CampaignId) -> CampaignParams:
        return self.ledger.campaigns[name].params

    # ------------------------------------------------------------ roster and seed

    def post_roster(self, sender: Address, name: CampaignId, roster: Sequence[Address]) -> bool:
        return self._campaign(
            "postRoster",
            sender,
            name,
            lambda ledger, call: rules.post_roster(ledger, call, name, frozenset(roster)),
            self._root([roster_leaf(self._scope(name), account) for account in roster]),
            len(roster),
        )

    def enrol(self, sender: Address, name: CampaignId) -> bool:
        return self._campaign("enrol", sender, name, lambda ledger, call: rules.enrol(ledger, call, name))

    def arm_seed(self, sender: Address, name: CampaignId) -> bool:
        known = self._seed_known(name)
        return self._pooled(
            "armSeed", sender, name, lambda ledger, call: rules.arm_seed(ledger, call, name, known=known)
        )

    def draw_seed(self, sender: Address, name: CampaignId) -> bool:
        known = self._seed_known(name)
        return self._pooled(
            "drawSeed", sender, name, lambda ledger, call: rules.draw_seed(ledger, call, name, known=known)
        )

    def _seed_known(self, name: CampaignId) -> bool:
        armed = self.ledger.campaigns[name].armed
        return armed is not None and self.stage.evm.knows(armed)

    def _scope(self, name: CampaignId) -> Scope:
        return Scope(CHAIN_ID, self.stage.props.registry, name)

    @staticmethod
    def _root(leaves: Sequence[bytes]) -> Hash32:
        return MerkleTree(leaves).root if leaves else ZERO_HASH

    # -------------------------------------------------------------------- rounds

    def commit_aggregate(
        self, sender: Address, name: CampaignId, number: int, batches: Sequence[Receipt]
    ) -> bool:
        return self._campaign(
            "commitAggregate",
            sender,
            name,
            lambda ledger, call: rules.commit_aggregate(ledger, call, name, number, frozenset(batches)),
            number,
            self._root(self._aggregate(name, batches)),
            ZERO_HASH,
        )

    def commit(self, sender: Address, name: CampaignId, batch: Commit) -> bool:
        return self._campaign(
            "commit",
            sender,
            name,
            lambda ledger, call: rules.commit(ledger, call, name, batch),
            batch,
            self._roster_proof(name, sender),
        )

    def _aggregate(self, name: CampaignId, batches: Sequence[Receipt]) -> list[bytes]:
        scope = self._scope(name)
        return [aggregate_leaf(scope, each.annotator, commit_hash(name, each.commit)) for each in batches]

    def _roster_proof(self, name: CampaignId, account: Address) -> list[bytes]:
        roster = sorted(self.ledger.campaigns[name].roster or ())
        if account not in roster or account in self.ledger.campaigns[name].enrolled:
            return []
        tree = MerkleTree([roster_leaf(self._scope(name), each) for each in roster])
        return tree.proof(roster.index(account))

    def _inclusion_proof(self, name: CampaignId, batch: Receipt) -> list[bytes]:
        batches = sorted(self.ledger.campaigns[name].rounds.get(batch.commit.round, ()), key=repr)
        if batch not in batches:
            return []
        return MerkleTree(self._aggregate(name, batches)).proof(batches.index(batch))

    # ------------------------------------------------------------------ receipts

    def post_receipt(
        self, sender: Address, name: CampaignId, batch: Receipt, *, forged: bool = False
    ) -> bool:
        signer = sender if forged else self._params(name).oracle
        hashed = commit_hash(name, batch.commit)
        statement = digest(self._scope(name), receipt_hash(name, batch.annotator, hashed))
        signed = signer == self._params(name).oracle
        return self._campaign(
            "postReceipt",
            sender,
            name,
            lambda ledger, call: rules.post_receipt(ledger, call, name, batch, signed=signed),
            batch.annotator,
            hashed,
            sign(statement, KEY_OF[signer]),
        )

    def answer_receipt(self, sender: Address, name: CampaignId, batch: Receipt) -> bool:
        return self._campaign(
            "answerReceipt",
            sender,
            name,
            lambda ledger, call: rules.answer_receipt(ledger, call, name, batch),
            batch.annotator,
            batch.commit,
            self._inclusion_proof(name, batch),
        )

    def forfeit_bond(self, sender: Address, name: CampaignId, batch: Receipt) -> bool:
        return self._campaign(
            "forfeitBond",
            sender,
            name,
            lambda ledger, call: rules.forfeit_bond(ledger, call, name, batch),
            batch.annotator,
            commit_hash(name, batch.commit),
        )

    # ----------------------------------------------------------------- proposing

    def proposal(
        self, name: CampaignId, rows: Sequence[Payout], payout_total: int, share_total: int
    ) -> Proposal:
        """What somebody may say of a campaign; the totals need not fit the rows."""
        root = self._root(self._payout_leaves(name, rows))
        settlement = Settlement(
            root, ZERO_HASH, ZERO_HASH, ZERO_HASH, payout_total, share_total, len(rows), ZERO_HASH
        )
        return Proposal(settlement, tuple(rows))

    def _payout_leaves(self, name: CampaignId, rows: Sequence[Payout]) -> list[bytes]:
        return [payout_leaf(self._scope(name), row) for row in rows]

    def propose(self, sender: Address, name: CampaignId, proposal: Proposal) -> bool:
        return self._campaign(
            "propose",
            sender,
            name,
            lambda ledger, call: rules.propose(ledger, call, name, proposal),
            proposal.settlement,
        )

    def propose_late(self, sender: Address, name: CampaignId, proposal: Proposal) -> bool:
        return self._campaign(
            "proposeLate",
            sender,
            name,
            lambda ledger, call: rules.propose_late(ledger, call, name, proposal),
            proposal.settlement,
        )

    def propose_openly(
        self, sender: Address, name: CampaignId, proposal: Proposal, max_bond: int = ANY_BOND
    ) -> bool:
        return self._pooled(
            "proposeOpenly",
            sender,
            name,
            lambda ledger, call: rules.propose_openly(ledger, call, name, proposal, max_bond),
            proposal.settlement,
            max_bond,
        )

    # ---------------------------------------------------------------- contesting

    def challenge(
        self,
        sender: Address,
        name: CampaignId,
        settlement: Settlement | None = None,
        max_bond: int = ANY_BOND,
    ) -> bool:
        """Contests a settlement, or the one at hand."""
        at_hand = self.ledger.campaigns[name].proposal
        meant = settlement or (at_hand.settlement if at_hand else NO_SETTLEMENT)
        return self._pooled(
            "challenge",
            sender,
            name,
            lambda ledger, call: rules.challenge(ledger, call, name, meant, max_bond),
            keccak(ids.encode(meant)),
            max_bond,
            "",
        )

    def request_ruling(self, sender: Address, name: CampaignId, value: int = ARBITRATION_COST) -> bool:
        dispute = self.stage.evm.storage(self.stage.props.arbitrator, 0) + 1
        return self._pooled(
            "requestRuling",
            sender,
            name,
            lambda ledger, call: rules.request_ruling(ledger, call, name, dispute, ARBITRATION_COST),
            value=value,
        )

    def rule(self, sender: Address, dispute: int, ruling: int) -> bool:
        return self.play(
            "rule", sender, lambda ledger, call: rules.rule(ledger, call, dispute, ruling), dispute, ruling
        )

    def resolve(self, sender: Address, name: CampaignId) -> bool:
        return self._pooled("resolve", sender, name, lambda ledger, call: rules.resolve(ledger, call, name))

    # -------------------------------------------------------------------- ending

    def finalize(self, sender: Address, name: CampaignId, settlement: Settlement) -> bool:
        return self._campaign(
            "finalize",
            sender,
            name,
            lambda ledger, call: rules.finalize(ledger, call, name, settlement),
            settlement,
        )

    def free_place(self, sender: Address, name: CampaignId) -> bool:
        return self._campaign(
            "freePlace", sender, name, lambda ledger, call: rules.free_place(ledger, call, name)
        )

    def expire(self, sender: Address, name: CampaignId) -> bool:
        return self._campaign("expire", sender, name, lambda ledger, call: rules.expire(ledger, call, name))

    # -------------------------------------------------------- claims and slashes

    def claim(self, sender: Address, name: CampaignId, row: Payout) -> bool:
        return self._campaign(
            "claim",
            sender,
            name,
            lambda ledger, call: rules.claim(ledger, call, name, row, blocked=BLOCKED),
            row,
            self._payout_proof(name, row),
        )

    def claim_many(self, sender: Address, name: CampaignId, places: Sequence[int], parts: int) -> bool:
        """Claims the rows at these places of the final settlement's tree, in the order of a multiproof."""
        rows = self._final_rows(name)
        chosen: list[Payout] = []
        batch: tuple[Any, ...] = ((), (), ())
        if rows and places:
            tree = MerkleTree(self._payout_leaves(name, rows))
            proof = tree.multiproof(sorted({place % len(rows) for place in places}))
            chosen = [rows[index] for index in proof.order]
            batch = (tuple(chosen), proof.proof, proof.packed_flags())
        return self._campaign(
            "claimMany",
            sender,
            name,
            lambda ledger, call: rules.claim_many(ledger, call, name, chosen, parts, blocked=BLOCKED),
            batch,
            parts,
        )

    def slash(
        self, sender: Address, name: CampaignId, row: Payout, batch: Receipt, *, signer: Address | None
    ) -> bool:
        """`signer` signs the batch; None where the annotator is said to have committed it alone."""
        statement = digest(self._scope(name), commit_hash(name, batch.commit))
        signature = sign(statement, KEY_OF[signer]) if signer else b""
        signed = None if signer is None else signer == batch.annotator
        proof = self._inclusion_proof(name, batch) if signer else []
        return self._pooled(
            "slash",
            sender,
            name,
            lambda ledger, call: rules.slash(ledger, call, name, row, batch, signed=signed),
            row,
            self._payout_proof(name, row),
            (batch.annotator, batch.commit, signature, proof),
        )

    def _final_rows(self, name: CampaignId) -> tuple[Payout, ...]:
        proposal = self.ledger.campaigns[name].proposal
        return proposal.rows if proposal else ()

    def _payout_proof(self, name: CampaignId, row: Payout) -> list[bytes]:
        rows = self._final_rows(name)
        if row not in rows:
            return []
        return MerkleTree(self._payout_leaves(name, rows)).proof(rows.index(row))

    # -------------------------------------------------------------------- shares

    def transfer(self, sender: Address, dataset: Address, receiver: Address, amount: int) -> bool:
        def models(call: Call) -> Models:
            if receiver in {NOBODY, dataset, self.stage.props.registry}:
                raise ConservationError("these hold no shares")
            share = self.shares[dataset].transfer(sender, receiver, amount, call.now)
            return self.ledger, {**self.shares, dataset: share}

        return self._share("transfer", sender, dataset, models, receiver, amount)

    def pay_revenue(self, sender: Address, dataset: Address, amount: int) -> bool:
        def models(call: Call) -> Models:
            paid = rules.pay(self.ledger, call, self._revenue_token(dataset), dataset, amount).ledger
            return paid, {**self.shares, dataset: self.shares[dataset].pay(amount, call.now)}

        return self._share("payRevenue", sender, dataset, models, amount)

    def claim_revenue(self, sender: Address, dataset: Address, account: Address) -> bool:
        """The sender's own revenue, or that of another account, by the call for that."""

        def models(call: Call) -> Models:
            share, units = self.shares[dataset].claim(account, call.now)
            payer, token = Call(dataset, call.now), self._revenue_token(dataset)
            return rules.pay(self.ledger, payer, token, account, units).ledger, {
                **self.shares,
                dataset: share,
            }

        own = sender == account
        move, arguments = ("claimRevenue", ()) if own else ("claimRevenueFor", (account,))
        return self._share(move, sender, dataset, models, *arguments)

    def _revenue_token(self, dataset: Address) -> Address:
        props = self.stage.props
        return props.tokens[props.datasets.index(dataset)]

    def _share(
        self, move: str, sender: Address, dataset: Address, models: Callable[[Call], Models], *arguments: Any
    ) -> bool:
        return self.both(
            move, sender, models, lambda: self.stage.share_call(sender, dataset, move, *arguments)
        )

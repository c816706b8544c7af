"""A small world on any chain: a deployment, funded accounts by role, and one campaign step by step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from labelshare.chain import events as ev
from labelshare.chain.contracts import Parts, Token
from labelshare.chain.deploy import DEVELOPMENT_LIMITS, Contracts, Deployment, deploy
from labelshare.chain.keys import Signer, development_signer
from labelshare.chain.node import Chain, Receipt
from labelshare.chain.transactions import Sender
from labelshare.protocol.abi import campaign_id, pool_id
from labelshare.protocol.leaves import Payout, aggregate_leaf, payout_leaf, roster_leaf
from labelshare.protocol.merkle import MerkleTree
from labelshare.protocol.typed_data import commit_hash
from labelshare.types import (
    ZERO_HASH,
    Address,
    CampaignId,
    CampaignParams,
    Commit,
    Hash32,
    PoolParams,
    Schedule,
    Scope,
    Settlement,
    keccak,
)

COIN = 10**18
SHARE = 10**18
STAKE = 100 * COIN
ESCROW = 1_000 * COIN
TOP_UP = 50 * COIN
NOBODY = Address(bytes(20))
DAY = 86_400

Kind = TypeVar("Kind", bound=ev.Event)


@dataclass
class World:
    """Everyone and everything a test needs."""

    chain: Chain
    sender: Sender
    deployment: Deployment
    contracts: Contracts
    deployer: Signer
    oracle: Signer
    requester: Signer
    stranger: Signer
    annotators: list[Signer]

    @classmethod
    def build(cls, chain: Chain) -> World:
        names = ("deployer", "oracle", "requester", "stranger", "ann", "ben", "cleo")
        signers = [development_signer("chain tests", name) for name in names]
        deployer, oracle, requester, stranger, *annotators = signers
        chain.fund_all([signer.address for signer in signers], 100 * COIN)
        sender = Sender(chain)
        deployment = deploy(sender, deployer, DEVELOPMENT_LIMITS)
        contracts = deployment.bind(chain)
        world = cls(chain, sender, deployment, contracts, deployer, oracle, requester, stranger, annotators)
        world.hand_out_tokens()
        return world

    def hand_out_tokens(self) -> None:
        token, registry = self.token, self.contracts.registry
        people = [self.oracle, self.requester, *self.annotators]
        self.sender.send_many(
            [(self.deployer, token.transfer(each.address, 10_000 * COIN)) for each in people]
            + [(each, token.approve(registry.address, 10_000 * COIN)) for each in people]
        )

    @property
    def token(self) -> Token:
        return self.contracts.development_token

    @cached_property
    def pool(self) -> PoolParams:
        return PoolParams(
            oracle=self.oracle.address,
            token=self.token.address,
            seat_stake=STAKE,
            unbonding=400 * DAY,
            max_open=4,
            gate=NOBODY,
            arbitrator=NOBODY,
            arbitration_refund=0,
            randomness=NOBODY,
            nonce=1,
        )

    def balances(self) -> dict[str, int]:
        """What everyone owns, in wallet and credit, and what the registry holds."""
        people = {"oracle": self.oracle, "requester": self.requester, "stranger": self.stranger}
        people |= {f"annotator {number}": each for number, each in enumerate(self.annotators)}
        registry = self.contracts.registry
        held = {name: self.token.balance_of(each.address) for name, each in people.items()}
        held |= {
            f"{name}'s credit": registry.credit_of(self.token.address, each.address)
            for name, each in people.items()
        }
        return held | {"registry": self.token.balance_of(registry.address)}


@dataclass
class Work:
    """One campaign on its way: everyone has joined, two enrol by signature and the third alone."""

    world: World
    params: CampaignParams
    slash: int = 0  # of the third annotator

    @classmethod
    def start(cls, world: World) -> Work:
        registry, sender = world.contracts.registry, world.sender
        sender.send(world.oracle, registry.create_pool(world.pool))
        sender.send_many([(each, registry.join(world.pool)) for each in world.annotators])
        create = registry.create_dataset("Street signs", "SIGNS", world.token.address, 4_000, 1_000 * SHARE)
        created = first(sender.send(world.requester, create), ev.DatasetCreated)
        params = CampaignParams(
            pool=pool_id(world.chain.chain_id, registry.address, world.pool),
            dataset=created.dataset,
            requester=world.requester.address,
            oracle=world.oracle.address,
            token=world.token.address,
            spec_hash=keccak(b"spec"),
            share_cap=100 * SHARE,
            stake_per_label=COIN,
            fee_bps=500,
            nonce=1,
            schedule=schedule(world.chain.now()),
        )
        sender.send(world.requester, registry.create_campaign(world.pool, params, ESCROW))
        return cls(world, params)

    @cached_property
    def id(self) -> CampaignId:
        return campaign_id(self.world.chain.chain_id, self.world.contracts.registry.address, self.params)

    @cached_property
    def scope(self) -> Scope:
        return Scope(self.world.chain.chain_id, self.world.contracts.registry.address, self.id)

    @cached_property
    def roster(self) -> MerkleTree:
        return MerkleTree([roster_leaf(self.scope, each.address) for each in self.world.annotators[:2]])

    def accept_and_enrol(self) -> None:
        world, registry = self.world, self.world.contracts.registry
        world.sender.send(world.requester, registry.top_up(self.params, TOP_UP))
        world.sender.send(world.oracle, registry.accept(world.pool, self.params))
        world.sender.send(world.oracle, registry.post_roster(self.params, self.roster.root, 2))
        world.sender.send(world.annotators[2], registry.enrol(self.params))

    def draw_seed(self) -> None:
        world, registry = self.world, self.world.contracts.registry
        world.chain.advance_to(self.params.schedule.enrol_end)
        world.sender.send(world.stranger, registry.arm_seed(world.pool, self.params))
        world.chain.mine(5)
        world.sender.send(world.stranger, registry.draw_seed(world.pool, self.params))

    def sealed(self, number: int) -> Commit:
        return Commit(0, 0, keccak(b"labels of %d" % number), 10, 10)

    @cached_property
    def aggregate(self) -> tuple[Hash32, Hash32]:
        """The root over what the first two annotators committed, and a hash for their item lists."""
        pairs = list(enumerate(self.world.annotators[:2]))
        leaves = [
            aggregate_leaf(self.scope, each.address, commit_hash(self.id, self.sealed(at)))
            for at, each in pairs
        ]
        return MerkleTree(leaves).root, keccak(b"item lists")

    def label(self) -> None:
        world, registry = self.world, self.world.contracts.registry
        world.chain.advance_to(self.params.schedule.work_start)
        world.sender.send(world.oracle, registry.commit_aggregate(self.params, 0, *self.aggregate))
        world.sender.send(world.annotators[2], registry.commit(self.params, self.sealed(2)))

    @cached_property
    def payouts(self) -> list[Payout]:
        rows, paid, shared = [], 0, 0
        for index, annotator in enumerate(self.world.annotators):
            payout, shares = (index + 1) * 10 * COIN, (index + 1) * SHARE
            paid, shared = paid + payout, shared + shares
            slash = self.slash if index == 2 else 0
            rows.append(Payout(index, annotator.address, payout, shares, slash, paid, shared))
        return rows

    @cached_property
    def tree(self) -> MerkleTree:
        return MerkleTree([payout_leaf(self.scope, row) for row in self.payouts])

    @cached_property
    def settlement(self) -> Settlement:
        return Settlement(
            payout_root=self.tree.root,
            label_root=keccak(b"labels"),
            model_root=ZERO_HASH,
            truth_root=keccak(b"truth"),
            payout_total=self.payouts[-1].cum_payout,
            share_total=self.payouts[-1].cum_shares,
            leaves=len(self.payouts),
            bundle_hash=keccak(b"bundle"),
        )

    def settle(self) -> None:
        world, registry = self.world, self.world.contracts.registry
        world.chain.advance_to(self.params.schedule.reveal_end)
        world.sender.send(world.oracle, registry.propose(self.params, self.settlement))
        world.chain.advance_to(world.chain.now() + self.params.schedule.window)
        world.sender.send(world.stranger, registry.finalize(self.params, self.settlement))

    def claim(self) -> None:
        """The first annotator claims alone, a stranger claims for the others."""
        world, registry = self.world, self.world.contracts.registry
        world.sender.send(
            world.annotators[0], registry.claim(self.params, self.payouts[0], self.tree.proof(0))
        )
        proof = self.tree.multiproof([1, 2])
        rows = [self.payouts[index] for index in proof.order]
        world.sender.send(world.stranger, registry.claim_many(self.params, rows, proof, Parts.BOTH))

    def whole(self) -> None:
        self.accept_and_enrol()
        self.draw_seed()
        self.label()
        self.settle()
        self.claim()


def schedule(now: int) -> Schedule:
    hour = 3_600
    return Schedule(
        accept_end=now + hour,
        enrol_end=now + 3 * hour,
        work_start=now + 4 * hour,
        round_length=2 * hour,
        grace=hour,
        rounds=1,
        tries=1,
        reveal_period=hour,
        settle_period=hour,
        window=hour,
        ruling_period=hour,
        rescue_period=hour,
        public_period=hour,
        slash_window=hour,
    )


def first(receipt: Receipt, kind: type[Kind]) -> Kind:
    """The first event of a kind in a receipt."""
    return next(event for event in map(ev.decode, receipt.logs) if isinstance(event, kind))

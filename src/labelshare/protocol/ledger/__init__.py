"""The money of the protocol as its rules have it: an independent model to test the contracts against.

Written from the rules, not from the contracts: tokens lie in named places and every rule moves them
(`books`), divisions stand in one file (`amounts`), roots are the sets under them (`state`). Every operation
takes a ledger and a call and returns the ledger after it with the moves it made (`Step`), or raises
`RefusedError` with the reason, by the name that the contracts give it. Shares themselves are modelled in
`accumulator`: a step says what is minted and released.
"""

from __future__ import annotations

from labelshare.protocol.ledger.amounts import (
    Division,
    bond_up,
    division_of_lost_bond,
    eighth_up,
    executor_reward_down,
    fee_down,
    late_fee_up,
    seed_cost_down,
)
from labelshare.protocol.ledger.books import ETHER, Books, Kind, Move, Place
from labelshare.protocol.ledger.contests import (
    challenge,
    propose,
    propose_late,
    propose_openly,
    request_ruling,
    resolve,
    rule,
)
from labelshare.protocol.ledger.ending import cancel, expire, finalize, free_place
from labelshare.protocol.ledger.payouts import Parts, claim, claim_many, slash
from labelshare.protocol.ledger.receipts import answer_receipt, forfeit_bond, post_receipt
from labelshare.protocol.ledger.refusals import Refusal, RefusedError
from labelshare.protocol.ledger.state import (
    Call,
    Campaign,
    Challenge,
    Dataset,
    Ledger,
    Limits,
    Mint,
    Pool,
    Proposal,
    Receipt,
    Release,
    Ruling,
    Seat,
    Status,
    Step,
)
from labelshare.protocol.ledger.vault import (
    create_dataset,
    create_pool,
    deposit,
    join,
    leave,
    pay,
    refill,
    withdraw,
    withdraw_for,
    withdraw_seat,
)
from labelshare.protocol.ledger.work import (
    accept,
    arm_seed,
    commit,
    commit_aggregate,
    create_campaign,
    draw_seed,
    enrol,
    post_roster,
    top_up,
)

__all__ = [
    # what there is
    "ETHER",
    "Books",
    "Call",
    "Campaign",
    "Challenge",
    "Dataset",
    "Division",
    "Kind",
    "Ledger",
    "Limits",
    "Mint",
    "Move",
    "Parts",
    "Place",
    "Pool",
    "Proposal",
    "Receipt",
    "Refusal",
    "RefusedError",
    "Release",
    "Ruling",
    "Seat",
    "Status",
    "Step",
    # how much
    "bond_up",
    "division_of_lost_bond",
    "eighth_up",
    "executor_reward_down",
    "fee_down",
    "late_fee_up",
    "seed_cost_down",
    # credit, pools, seats, datasets
    "create_dataset",
    "create_pool",
    "deposit",
    "join",
    "leave",
    "pay",
    "refill",
    "withdraw",
    "withdraw_for",
    "withdraw_seat",
    # a campaign, in the order of its life
    "create_campaign",
    "top_up",
    "accept",
    "post_roster",
    "enrol",
    "arm_seed",
    "draw_seed",
    "commit_aggregate",
    "commit",
    "post_receipt",
    "answer_receipt",
    "forfeit_bond",
    "propose",
    "propose_late",
    "propose_openly",
    "challenge",
    "request_ruling",
    "rule",
    "resolve",
    "finalize",
    "claim",
    "claim_many",
    "slash",
    "free_place",
    "cancel",
    "expire",
]

"""Why a call is refused, by the names that the contracts give their errors."""

from __future__ import annotations

from enum import StrEnum

from labelshare.errors import ProtocolError

__all__ = ["Refusal", "RefusedError", "refuse_if"]


class Refusal(StrEnum):
    """The reasons."""

    # money
    ZERO_AMOUNT = "ZeroAmount"
    ZERO_ADDRESS = "ZeroAddress"
    CREDIT_TOO_SMALL = "InsufficientCredit"
    WALLET_TOO_SMALL = "ERC20InsufficientBalance"
    AMOUNT_TOO_LARGE = "SafeCastOverflowedUintDowncast"
    # callers and parameters
    NOT_ALLOWED = "NotAllowed"
    PARAMS_MISMATCH = "ParamsMismatch"
    BASIS_POINTS = "BasisPoints"
    INVALID_SCHEDULE = "InvalidSchedule"
    # pools and seats
    POOL_EXISTS = "PoolExists"
    UNKNOWN_POOL = "UnknownPool"
    POOL_FULL = "PoolFull"
    UNBONDING_TOO_SHORT = "UnbondingTooShort"
    ALREADY_SEATED = "AlreadySeated"
    NOT_SEATED = "NotSeated"
    ALREADY_LEAVING = "AlreadyLeaving"
    SEAT_WHOLE = "SeatWhole"
    SEAT_LOCKED = "SeatLocked"
    # datasets
    UNKNOWN_DATASET = "UnknownDataset"
    MAX_SHARES_OUT_OF_RANGE = "MaxSharesOutOfRange"
    SHARE_CAP_EXCEEDED = "ShareCapExceeded"
    # a campaign's state and time
    CAMPAIGN_EXISTS = "CampaignExists"
    WRONG_STATUS = "WrongStatus"
    TOO_EARLY = "TooEarly"
    TOO_LATE = "TooLate"
    # roster, seed, rounds
    ROSTER_POSTED = "RosterAlreadyPosted"
    EMPTY_ROOT = "EmptyRoot"
    ALREADY_ENROLLED = "AlreadyEnrolled"
    SEED_DRAWN = "SeedAlreadyDrawn"
    SEED_NOT_ARMED = "SeedNotArmed"
    SEED_PENDING = "SeedPending"
    SEED_MISSED = "SeedMissed"
    SEED_NOT_DRAWN = "SeedNotDrawn"
    UNKNOWN_ROUND = "UnknownRound"
    ROUND_COMMITTED = "RoundAlreadyCommitted"
    BATCH_COMMITTED = "BatchAlreadyCommitted"
    INVALID_COMMIT = "InvalidCommit"
    NOT_ENROLLED = "NotEnrolled"
    # receipts
    RECEIPT_POSTED = "ReceiptAlreadyPosted"
    RECEIPT_NOT_OPEN = "ReceiptNotOpen"
    RECEIPTS_OPEN = "ReceiptsOpen"
    INVALID_SIGNATURE = "InvalidSignature"
    NOT_INCLUDED = "NotIncluded"
    # proposals and contests
    ALREADY_COMMITTED = "AlreadyCommitted"
    NOTHING_COMMITTED = "NothingCommitted"
    NO_EXCLUSIVE_RIGHT = "NoExclusiveRight"
    PAYOUT_ABOVE_ESCROW = "PayoutAboveEscrow"
    SHARES_ABOVE_CAP = "SharesAboveCap"
    SHARES_BELOW_ONE = "SharesBelowOne"
    BOND_USED_UP = "BondUsedUp"
    BOND_ABOVE_MAX = "BondAboveMax"
    TRIES_USED_UP = "TriesUsedUp"
    CHALLENGES_USED_UP = "ChallengesUsedUp"
    NO_ARBITRATOR = "NoArbitrator"
    RULING_REQUESTED = "RulingAlreadyRequested"
    ARBITRATION_FEE = "ArbitrationFee"
    DISPUTE_EXISTS = "DisputeExists"
    UNKNOWN_DISPUTE = "UnknownDispute"
    INVALID_RULING = "InvalidRuling"
    ALREADY_RULED = "AlreadyRuled"
    SETTLEMENT_MISMATCH = "SettlementMismatch"
    # claims, slashes, places
    INVALID_PROOF = "InvalidProof"
    INVALID_PARTS = "InvalidParts"
    NOTHING_TO_CLAIM = "NothingToClaim"
    ALREADY_CLAIMED = "AlreadyClaimed"
    CLAIM_ABOVE_PAYOUT = "ClaimAbovePayout"
    NOTHING_TO_SLASH = "NothingToSlash"
    OTHER_ANNOTATOR = "OtherAnnotator"
    SLASH_ABOVE_SLICE = "SlashAboveSlice"
    SLASH_ABOVE_CONSENT = "SlashAboveConsent"
    ALREADY_SLASHED = "AlreadySlashed"
    SEAT_SHORT = "SeatShort"
    PLACE_FREED = "PlaceAlreadyFreed"


class RefusedError(ProtocolError):
    """The rules refuse a call; nothing has changed.

    Attributes:
        reason: Which rule.
    """

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def refuse_if(condition: object, reason: Refusal) -> None:
    """Raise `RefusedError` where the condition holds."""
    if condition:
        raise RefusedError(reason)

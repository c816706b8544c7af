// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignId, CampaignParams, Commit, Outcome, PoolId, Settlement, Status} from "../types/Types.sol";

/// @title Events and errors of datasets and campaigns
interface IRegistryEvents {
    event DatasetCreated(
        address indexed dataset,
        address indexed publisher,
        address indexed revenueToken,
        string name,
        string symbol,
        uint16 contributorBps,
        uint96 maxShares
    );
    event CampaignCreated(
        CampaignId indexed campaign,
        address indexed requester,
        address indexed dataset,
        uint128 escrow,
        CampaignParams params
    );
    event ToppedUp(CampaignId indexed campaign, address indexed from, uint128 amount);
    event Accepted(CampaignId indexed campaign, address indexed oracle, PoolId indexed pool, uint128 bond);
    event RosterPosted(CampaignId indexed campaign, bytes32 root, uint32 count);
    event Enrolled(CampaignId indexed campaign, address indexed annotator);
    event SeedArmed(CampaignId indexed campaign, uint64 seedBlock, uint128 bondBurned);
    event SeedDrawn(CampaignId indexed campaign, bytes32 seed);
    event CommitsAggregated(CampaignId indexed campaign, uint32 indexed round, bytes32 root, bytes32 itemListsHash);
    event Committed(CampaignId indexed campaign, address indexed annotator, bytes32 commitHash, Commit commit);
    event Proposed(CampaignId indexed campaign, address indexed proposer, Settlement settlement);
    /// @notice A proposal of the oracle after its own time; `burned` of its bond was the price.
    event ProposedLate(CampaignId indexed campaign, uint256 burned);
    /// @notice A proposal on a bond of its proposer's own.
    event ProposedOpenly(CampaignId indexed campaign, address indexed proposer, uint128 bond);
    event Challenged(CampaignId indexed campaign, address indexed challenger, uint128 bond, uint40 rulingEnd);
    /// @notice `payer` brought the contest before the arbitrator, for `cost` in wei.
    event RulingRequested(CampaignId indexed campaign, address indexed payer, uint256 disputeId, uint256 cost);
    /// @notice A contest is over. Of the loser's bond `won` became the winner's credit, `refunded` that of whoever paid the
    /// arbitrator, and `burned` nobody's; unruled, `burned` is an eighth of both bonds. Unless upheld the proposal fell.
    event ContestEnded(CampaignId indexed campaign, Outcome outcome, uint256 won, uint256 refunded, uint256 burned);
    event ReceiptPosted(CampaignId indexed campaign, address indexed annotator, bytes32 commitHash, uint256 answerEnd);
    event ReceiptAnswered(CampaignId indexed campaign, address indexed annotator, bytes32 commitHash);
    /// @notice The oracle did not answer a receipt: `paid` of its bond became the annotator's credit, the rest was burned.
    event BondForfeited(
        CampaignId indexed campaign, address indexed annotator, bytes32 commitHash, uint256 paid, uint256 burned
    );
    event Revealed(
        CampaignId indexed campaign,
        address indexed annotator,
        bytes32 indexed commitHash,
        Commit commit,
        bytes32 secret,
        bytes labels
    );
    event GoldRevealed(CampaignId indexed campaign, address indexed by, bytes gold);
    event Slashed(
        CampaignId indexed campaign,
        address indexed annotator,
        address indexed executor,
        uint64 index,
        uint256 amount,
        uint256 reward
    );
    event Finalized(CampaignId indexed campaign, uint128 payoutTotal, uint128 shareTotal, uint128 fee, uint128 surplus);
    /// @notice The leaves at `indices`, eight bytes each, had their `parts` (PAYOUT = 1, SHARES = 2) handed out.
    event Claimed(CampaignId indexed campaign, uint8 parts, bytes indices);
    event Cancelled(CampaignId indexed campaign, uint128 refund);
    event Expired(CampaignId indexed campaign, uint128 burned);
    event PlaceFreed(CampaignId indexed campaign, PoolId indexed pool);

    error PeriodBelowSafeMinimum(uint40 minPeriod, uint40 needed);
    error InconsistentLimits();
    error EtherRefused(address from, uint256 amount);
    error BasisPoints(uint16 given);
    error MaxSharesOutOfRange(uint256 maxShares);
    error UnknownDataset(address dataset);
    error ShareCapExceeded(address dataset, uint256 free, uint256 asked);
    error CampaignExists(CampaignId campaign);
    error WrongStatus(CampaignId campaign, Status status, Status needed);
    error ParamsMismatch(bytes32 given, bytes32 needed);
    error TooEarly(uint256 time, uint256 from);
    error TooLate(uint256 time, uint256 end);
    error RosterAlreadyPosted(CampaignId campaign);
    error EmptyRoot();
    error AlreadyEnrolled(CampaignId campaign, address annotator);
    error SeedAlreadyDrawn(CampaignId campaign);
    error SeedNotArmed(CampaignId campaign);
    error SeedPending(CampaignId campaign, uint64 seedBlock);
    error SeedMissed(CampaignId campaign, uint64 seedBlock);
    error SeedNotDrawn(CampaignId campaign);
    error UnknownRound(uint256 round, uint256 rounds);
    error RoundAlreadyCommitted(CampaignId campaign, uint32 round);
    error BatchAlreadyCommitted(CampaignId campaign, address annotator, uint32 batch);
    error InvalidCommit(uint32 count, uint32 cumulativeCount);
    error NotEnrolled(CampaignId campaign, address annotator);
    error AlreadyCommitted(CampaignId campaign);
    error NothingCommitted(CampaignId campaign);
    error PayoutAboveEscrow(uint256 needed, uint256 escrow);
    error SharesAboveCap(uint256 shares, uint256 cap);
    error SharesBelowOne(uint256 shares);
    error SettlementMismatch(bytes32 given, bytes32 proposed);
    error InvalidProof(CampaignId campaign);
    error NothingToClaim();
    error InvalidParts(uint8 parts);
    error AlreadyClaimed(CampaignId campaign, uint64 index, uint8 parts);
    error ClaimAbovePayout(uint256 claimed, uint256 left);
    error PlaceAlreadyFreed(CampaignId campaign);
    error NoExclusiveRight(CampaignId campaign);
    error ReceiptsOpen(CampaignId campaign, uint256 receipts);
    error BondUsedUp(CampaignId campaign, uint256 bond, uint256 cost);
    error BondAboveMax(uint256 bond, uint256 most);
    error TriesUsedUp(CampaignId campaign, uint8 tries);
    error ChallengesUsedUp(CampaignId campaign);
    error NoArbitrator();
    error RulingAlreadyRequested(CampaignId campaign, uint256 disputeId);
    error ArbitrationFee(uint256 sent, uint256 cost);
    error DisputeExists(address arbitrator, uint256 disputeId);
    error UnknownDispute(address arbitrator, uint256 disputeId);
    error InvalidRuling(uint256 ruling);
    error AlreadyRuled(CampaignId campaign, uint256 disputeId);
    error InvalidSignature(address signer, bytes32 structHash);
    error NotIncluded(CampaignId campaign, address annotator, bytes32 commitHash);
    error ReceiptAlreadyPosted(CampaignId campaign, address annotator, bytes32 commitHash);
    error ReceiptNotOpen(CampaignId campaign, address annotator, bytes32 commitHash);
    error NothingToSlash(CampaignId campaign, uint64 index);
    error OtherAnnotator(address given, address needed);
    error SlashAboveSlice(uint256 slash, uint256 slice);
    error SlashAboveConsent(uint256 slash, uint256 signed);
    error AlreadySlashed(CampaignId campaign, address annotator);
    error SeatShort(PoolId pool, address annotator, uint40 since);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../interfaces/IRegistryEvents.sol";
import {Cohorts} from "../libraries/Cohorts.sol";
import {Ids} from "../libraries/Ids.sol";
import {Schedules} from "../libraries/Schedules.sol";
import {
    CampaignId,
    CampaignParams,
    CampaignState,
    Contest,
    Dataset,
    Pool,
    PoolId,
    PoolParams,
    Schedule,
    Seat,
    Settlement,
    Status
} from "../types/Types.sol";
import {Ledger} from "./Ledger.sol";

/// @title The state of the registry and the checks on it
/// @dev Parent of all parts, and the only place where storage is declared: they run on the registry's storage, so all must
/// lay it out alike.
abstract contract RegistryState is IRegistryEvents, Ledger {
    using Cohorts for Pool;
    using Schedules for Schedule;

    uint256 internal constant BPS = 10_000;
    uint256 internal constant ONE_SHARE = 1e18;
    uint64 internal constant LEAVES_A_WORD = 128;

    // Flags of a campaign.
    /// @dev A commitment was accepted: from then on only a final settlement returns money to the requester.
    uint8 internal constant COMMITTED = 1;
    uint8 internal constant PLACE_FREED = 2;
    /// @dev `Contest.receipts` is not zero.
    uint8 internal constant RECEIPTS_OPEN = 4;
    /// @dev The campaign was challenged or somebody other than its oracle proposed: its contest must be read.
    uint8 internal constant CONTESTED = 8;

    /// @dev The seed is drawn: work reads this in place of the seed's own slot.
    uint8 internal constant SEEDED = 16;

    mapping(PoolId pool => Pool) internal _pools;
    mapping(PoolId pool => mapping(address annotator => Seat)) internal _seats;
    mapping(address share => Dataset) internal _datasets;
    mapping(CampaignId campaign => CampaignState) internal _campaigns;
    mapping(CampaignId campaign => Contest) internal _contests;
    mapping(CampaignId campaign => mapping(uint256 round => bytes32)) internal _roundRoots;
    mapping(CampaignId campaign => mapping(address annotator => mapping(uint256 batch => bytes32))) internal _commits;
    mapping(CampaignId campaign => mapping(address annotator => bool)) internal _enrolled;
    /// @dev Two bits a leaf, PAYOUT and SHARES.
    mapping(CampaignId campaign => mapping(uint256 word => uint256)) internal _claimed;
    /// @dev By account, not by leaf: a campaign may take its slice of a seat only once.
    mapping(CampaignId campaign => mapping(address annotator => bool)) internal _slashed;
    /// @dev By when the oracle must answer a posted receipt; the largest time once that is settled.
    mapping(CampaignId campaign => mapping(bytes32 receipt => uint256)) internal _receipts;
    mapping(address arbitrator => mapping(uint256 disputeId => CampaignId)) internal _disputes;

    /// @dev The campaign of these parameters, which must be in this state.
    function _in(CampaignParams calldata params, Status status)
        internal
        view
        returns (CampaignId id, CampaignState storage campaign)
    {
        id = Ids.campaign(params);
        campaign = _campaigns[id];
        _requireStatus(id, campaign, status);
    }

    function _requireStatus(CampaignId id, CampaignState storage campaign, Status needed) internal view {
        if (campaign.status != needed) revert WrongStatus(id, campaign.status, needed);
    }

    /// @dev Periods last hours at least: the seconds by which a proposer can shift a block's time decide nothing.
    function _requireFrom(uint256 start) internal view {
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp < start) revert TooEarly(block.timestamp, start);
    }

    function _requireBefore(uint256 end) internal view {
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp >= end) revert TooLate(block.timestamp, end);
    }

    function _requireOracle(CampaignParams calldata params) internal view {
        if (msg.sender != params.oracle) revert NotAllowed(msg.sender, params.oracle);
    }

    function _requireCommitted(CampaignId id, CampaignState storage campaign) internal view {
        if (campaign.flags & COMMITTED == 0) revert NothingCommitted(id);
    }

    function _existing(PoolParams calldata params) internal view returns (PoolId pool) {
        pool = Ids.pool(params);
        if (!_pools[pool].exists) revert UnknownPool(pool);
    }

    /// @dev That the pool exists was checked when the campaign was created.
    function _requirePool(PoolParams calldata pool, CampaignParams calldata params) internal view {
        _requireSame(Ids.pool(pool), params);
    }

    function _requireSame(PoolId given, CampaignParams calldata params) internal pure {
        if (PoolId.unwrap(given) != PoolId.unwrap(params.pool)) {
            revert ParamsMismatch(PoolId.unwrap(given), PoolId.unwrap(params.pool));
        }
    }

    function _requireAffordable(uint256 escrow, CampaignParams calldata params, Settlement calldata s) internal pure {
        uint256 needed = uint256(s.payoutTotal) + _feeDown(s.payoutTotal, params.feeBps);
        if (needed > escrow) revert PayoutAboveEscrow(needed, escrow);
        if (s.shareTotal > params.shareCap) revert SharesAboveCap(s.shareTotal, params.shareCap);
        // A supply of less than one share would overflow the revenue accumulator's bounds.
        if (s.shareTotal != 0 && s.shareTotal < ONE_SHARE) revert SharesBelowOne(s.shareTotal);
    }

    /// @dev Rounded down: in favour of the requester's surplus. At most the payout, so it fits.
    function _feeDown(uint128 payoutTotal, uint16 feeBps) internal pure returns (uint128) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128((uint256(payoutTotal) * feeBps) / BPS);
    }

    /// @dev What a proposal is answered for with: a quarter of the escrow, or four arbitration refunds if more. Rounded up:
    /// in favour of whoever the bond protects.
    function _bondUp(uint256 escrow, uint128 arbitrationRefund) internal pure returns (uint256) {
        uint256 quarter = (escrow + 3) / 4;
        uint256 refunds = 4 * uint256(arbitrationRefund);
        return quarter > refunds ? quarter : refunds;
    }

    function _freePlaceOf(CampaignId id, CampaignState storage campaign, PoolId pool) internal {
        campaign.flags |= PLACE_FREED;
        emit PlaceFreed(id, pool);
        Pool memory state = _pools[pool];
        state.free(campaign.cohort);
        _pools[pool] = state;
    }

    function _now() internal view returns (uint40) {
        return uint40(block.timestamp);
    }
}

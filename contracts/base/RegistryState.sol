// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../interfaces/IRegistryEvents.sol";
import {Ids} from "../libraries/Ids.sol";
import {
    Campaign,
    CampaignId,
    CampaignParams,
    Dataset,
    Pool,
    PoolId,
    PoolParams,
    Seat,
    Status
} from "../types/Types.sol";
import {Ledger} from "./Ledger.sol";

/// @title The state of the registry and the checks on it
/// @dev Parent of both halves, and the only place where storage is declared: the extension runs on the registry's
/// storage, so both must lay it out alike.
abstract contract RegistryState is IRegistryEvents, Ledger {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant ONE_SHARE = 1e18;
    uint64 internal constant LEAVES_A_WORD = 128;

    mapping(PoolId pool => Pool) internal _pools;
    mapping(PoolId pool => mapping(address annotator => Seat)) internal _seats;
    mapping(address share => Dataset) internal _datasets;
    mapping(CampaignId campaign => Campaign) internal _campaigns;
    mapping(CampaignId campaign => mapping(uint256 round => bytes32)) internal _roundRoots;
    mapping(CampaignId campaign => mapping(address annotator => mapping(uint256 batch => bytes32))) internal _commits;
    mapping(CampaignId campaign => mapping(address annotator => bool)) internal _enrolled;
    /// @dev Two bits a leaf, PAYOUT and SHARES. Slashes are rare and will have words of their own.
    mapping(CampaignId campaign => mapping(uint256 word => uint256)) internal _claimed;

    /// @dev The campaign of these parameters, which must be in this state.
    function _in(CampaignParams calldata params, Status status)
        internal
        view
        returns (CampaignId id, Campaign storage campaign)
    {
        id = Ids.campaign(params);
        campaign = _campaigns[id];
        _requireStatus(id, campaign, status);
    }

    function _requireStatus(CampaignId id, Campaign storage campaign, Status needed) internal view {
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

    function _existing(PoolParams calldata params) internal view returns (PoolId pool) {
        pool = Ids.pool(params);
        if (!_pools[pool].exists) revert UnknownPool(pool);
    }

    function _freePlaceOf(CampaignId id, Campaign storage campaign, PoolId pool) internal {
        campaign.placeFreed = true;
        emit PlaceFreed(id, pool);
        --_pools[pool].open;
    }

    function _now() internal view returns (uint40) {
        return uint40(block.timestamp);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeVault} from "./StakeVault.sol";
import {ICampaigns} from "./interfaces/ICampaigns.sol";
import {IRegistryExtension} from "./interfaces/IRegistryExtension.sol";
import {Ids} from "./libraries/Ids.sol";
import {Schedules} from "./libraries/Schedules.sol";
import {Campaign, CampaignId, CampaignParams, Dataset, Schedule, Status} from "./types/Types.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";

/// @title The second half of the registry: vault, datasets, and campaigns that came to nothing
/// @dev Runs by delegatecall from `TaskRegistry`, on its storage, under its address. Holds no state or money of its own;
/// calling it directly changes nothing that anyone reads.
contract RegistryExtension is IRegistryExtension, StakeVault {
    using Schedules for Schedule;

    // ---------------------------------------------------------------- datasets

    /// @inheritdoc IRegistryExtension
    function createDataset(
        string calldata name,
        string calldata symbol,
        address revenueToken,
        uint16 contributorBps,
        uint96 maxShares
    ) external returns (address share) {
        if (contributorBps > BPS) revert BasisPoints(contributorBps);
        if (revenueToken == address(0)) revert ZeroAddress();
        if (maxShares < ONE_SHARE) revert MaxSharesOutOfRange(maxShares);
        share = Clones.cloneWithImmutableArgs(_implementation(), _shareArgs(name, symbol, revenueToken));
        _datasets[share] =
            Dataset({publisher: msg.sender, reserved: 0, maxShares: maxShares, contributorBps: contributorBps});
        emit DatasetCreated(share, msg.sender, revenueToken, name, symbol, contributorBps, maxShares);
    }

    /// @dev The registry's immutable, which this code sees only by asking.
    function _implementation() private view returns (address) {
        return ICampaigns(address(this)).shareImplementation();
    }

    function _shareArgs(string calldata name, string calldata symbol, address revenueToken)
        private
        pure
        returns (bytes memory)
    {
        return abi.encode(ShortStrings.toShortString(name), ShortStrings.toShortString(symbol), revenueToken);
    }

    // --------------------------------------------------------- around the work

    /// @inheritdoc IRegistryExtension
    function topUp(CampaignParams calldata params, uint128 amount) external nonReentrant {
        (CampaignId id, Campaign storage campaign) = _in(params, Status.Created);
        _requireBefore(params.schedule.acceptEnd);
        if (amount == 0) revert ZeroAmount();
        campaign.escrow += amount;
        emit ToppedUp(id, msg.sender, amount);
        _take(params.token, amount);
    }

    /// @inheritdoc IRegistryExtension
    function cancel(CampaignParams calldata params) external {
        CampaignId id = Ids.campaign(params);
        Campaign storage campaign = _campaigns[id];
        if (campaign.status == Status.Open) {
            if (campaign.committed) revert AlreadyCommitted(id);
            _requireFrom(params.schedule.commitEnd());
            _freePlaceOf(id, campaign, params.pool);
        } else {
            _requireStatus(id, campaign, Status.Created);
            if (msg.sender != params.requester) _requireFrom(params.schedule.acceptEnd);
        }
        (uint128 refund, uint128 bond) = _end(campaign, Status.Cancelled);
        _datasets[params.dataset].reserved -= params.shareCap;
        emit Cancelled(id, refund);
        _addCredit(params.token, params.requester, refund);
        _addCredit(params.token, params.oracle, bond);
    }

    /// @inheritdoc IRegistryExtension
    function expire(CampaignParams calldata params) external {
        (CampaignId id, Campaign storage campaign) = _in(params, Status.Open);
        if (!campaign.committed) revert NothingCommitted(id);
        _requireFrom(params.schedule.hardEnd());
        _freePlaceOf(id, campaign, params.pool);
        (uint128 escrow, uint128 bond) = _end(campaign, Status.Expired);
        _datasets[params.dataset].reserved -= params.shareCap;
        emit Expired(id, escrow + bond);
        _burn(params.token, uint256(escrow) + bond);
    }

    /// @inheritdoc IRegistryExtension
    function freePlace(CampaignParams calldata params) external {
        (CampaignId id, Campaign storage campaign) = _in(params, Status.Final);
        _requireFrom(uint256(campaign.since) + params.schedule.slashWindow);
        if (campaign.placeFreed) revert PlaceAlreadyFreed(id);
        _freePlaceOf(id, campaign, params.pool);
    }

    /// @dev Ends a campaign without a settlement; the caller decides who gets what was in it.
    function _end(Campaign storage campaign, Status status) private returns (uint128 escrow, uint128 bond) {
        (escrow, bond) = (campaign.escrow, campaign.bond);
        (campaign.status, campaign.since, campaign.escrow) = (status, _now(), 0);
        if (bond != 0) campaign.bond = 0;
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc IRegistryExtension
    function campaignIdOf(CampaignParams calldata params) external view returns (CampaignId) {
        return Ids.campaign(params);
    }

    /// @inheritdoc IRegistryExtension
    function campaignOf(CampaignId id) external view returns (Campaign memory) {
        return _campaigns[id];
    }

    /// @inheritdoc IRegistryExtension
    function dataset(address share) external view returns (Dataset memory) {
        return _datasets[share];
    }

    /// @inheritdoc IRegistryExtension
    function roundRootOf(CampaignId id, uint32 round) external view returns (bytes32) {
        return _roundRoots[id][round];
    }

    /// @inheritdoc IRegistryExtension
    function commitOf(CampaignId id, address annotator, uint32 batch) external view returns (bytes32) {
        return _commits[id][annotator][batch];
    }

    /// @inheritdoc IRegistryExtension
    function enrolledAlone(CampaignId id, address annotator) external view returns (bool) {
        return _enrolled[id][annotator];
    }

    /// @inheritdoc IRegistryExtension
    function claimedParts(CampaignId id, uint64 index) external view returns (uint8) {
        return uint8((_claimed[id][index / LEAVES_A_WORD] >> ((index % LEAVES_A_WORD) * 2)) & 3);
    }
}

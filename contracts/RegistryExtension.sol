// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeVault} from "./StakeVault.sol";
import {Part} from "./base/Part.sol";
import {ICampaigns} from "./interfaces/ICampaigns.sol";
import {IRegistryExtension} from "./interfaces/IRegistryExtension.sol";
import {Ids} from "./libraries/Ids.sol";
import {Campaign, CampaignId, CampaignParams, CampaignState, Dataset, Status} from "./types/Types.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The second part of the registry: vault, datasets, and what is read
/// @dev Runs by delegatecall from `TaskRegistry`, on its storage, under its address. Holds no state or money of its own;
/// calling it directly changes nothing that anyone reads.
contract RegistryExtension is IRegistryExtension, StakeVault, Multicall, Part {
    using SafeCast for uint256;

    constructor(address contests_) Part(contests_) {}

    /// @dev Payable for the one call that brings ether, an arbitrator's fee; all others refuse it.
    fallback() external payable {
        _passOn();
    }

    receive() external payable {
        revert EtherRefused(msg.sender, msg.value);
    }

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
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Created);
        _requireBefore(params.schedule.acceptEnd);
        if (amount == 0) revert ZeroAmount();
        campaign.escrow = (uint256(campaign.escrow) + amount).toUint96();
        emit ToppedUp(id, msg.sender, amount);
        _take(params.token, amount);
    }

    /// @inheritdoc IRegistryExtension
    function multicall(bytes[] calldata calls) public override(IRegistryExtension, Multicall) returns (bytes[] memory) {
        return super.multicall(calls);
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc IRegistryExtension
    function contests() external view returns (address) {
        return _next;
    }

    /// @inheritdoc IRegistryExtension
    function campaignIdOf(CampaignParams calldata params) external view returns (CampaignId) {
        return Ids.campaign(params);
    }

    /// @inheritdoc IRegistryExtension
    function campaignOf(CampaignId id) external view returns (Campaign memory campaign) {
        CampaignState storage state = _campaigns[id];
        (campaign.status, campaign.since) = (state.status, state.since);
        campaign.committed = state.flags & COMMITTED != 0;
        campaign.placeFreed = state.flags & PLACE_FREED != 0;
        (campaign.escrow, campaign.bond) = (state.escrow, state.bond);
        (campaign.rosterRoot, campaign.settlement) = (state.rosterRoot, state.settlement);
        uint256 seed = uint256(state.seed);
        // forge-lint: disable-next-line(unsafe-typecast): just compared
        if (seed <= type(uint64).max) campaign.seedBlock = uint64(seed);
        else campaign.seed = state.seed;
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

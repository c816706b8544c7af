// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Campaign, CampaignId, CampaignParams, Dataset} from "../types/Types.sol";
import {IRegistryEvents} from "./IRegistryEvents.sol";
import {IStakeVault} from "./IStakeVault.sol";

/// @title The registry's second part: vault, datasets, and what is read
interface IRegistryExtension is IRegistryEvents, IStakeVault {
    // ---------------------------------------------------------------- datasets

    /// @notice Creates a dataset of the caller with its share token.
    /// @param name,symbol At most 31 bytes each.
    /// @param revenueToken The one token in which revenue is paid to share holders.
    /// @param contributorBps The share holders' part of licence income, in basis points.
    /// @param maxShares The most shares (18 decimals) there can ever be; one whole share to 2^96 - 1.
    /// @return share The share token's address, by which the dataset is known.
    function createDataset(
        string calldata name,
        string calldata symbol,
        address revenueToken,
        uint16 contributorBps,
        uint96 maxShares
    ) external returns (address share);

    // --------------------------------------------------------- around the work

    /// @notice Adds to the escrow before the oracle accepts. Anyone may; a refund goes to the requester all the same.
    function topUp(CampaignParams calldata params, uint128 amount) external;

    /// @notice Makes several calls of this contract in one transaction, each in the caller's name; all or none. Brings no ether.
    function multicall(bytes[] calldata calls) external returns (bytes[] memory answers);

    // ------------------------------------------------------------------- views

    /// @notice The third part of the registry, which answers what this one does not know.
    function contests() external view returns (address);

    function campaignIdOf(CampaignParams calldata params) external view returns (CampaignId);

    function campaignOf(CampaignId campaign) external view returns (Campaign memory);

    function dataset(address share) external view returns (Dataset memory);

    function roundRootOf(CampaignId campaign, uint32 round) external view returns (bytes32);

    /// @notice The hash of the batch an annotator committed alone, or zero.
    function commitOf(CampaignId campaign, address annotator, uint32 batch) external view returns (bytes32);

    function enrolledAlone(CampaignId campaign, address annotator) external view returns (bool);

    /// @notice Which parts of a leaf were handed out.
    function claimedParts(CampaignId campaign, uint64 index) external view returns (uint8);
}

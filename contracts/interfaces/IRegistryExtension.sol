// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Campaign, CampaignId, CampaignParams, Dataset} from "../types/Types.sol";
import {IRegistryEvents} from "./IRegistryEvents.sol";
import {IStakeVault} from "./IStakeVault.sol";

/// @title Datasets, and how campaigns end that came to nothing
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

    /// @notice Ends a campaign and refunds the escrow to the requester's credit: by the requester before acceptance, by
    /// anyone after acceptEnd, and by anyone once commitEnd passed and nobody committed, when the bond goes back too.
    function cancel(CampaignParams calldata params) external;

    /// @notice Ends a campaign that came to nothing after work was committed: escrow and bond are burned.
    function expire(CampaignParams calldata params) external;

    /// @notice Gives the place back to the pool once nobody can be slashed for the campaign any more.
    function freePlace(CampaignParams calldata params) external;

    // ------------------------------------------------------------------- views

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

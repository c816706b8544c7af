// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    CampaignId,
    CampaignParams,
    ClaimBatch,
    Commit,
    Limits,
    PayoutLeaf,
    PoolParams,
    Settlement
} from "../types/Types.sol";
import {IRegistryEvents} from "./IRegistryEvents.sol";
import {IVaultEvents} from "./IVaultEvents.sol";

/// @title The undisturbed life of a campaign, in the order of its functions
interface ICampaigns is IRegistryEvents, IVaultEvents {
    // ----------------------------------------------------- funding and consent

    /// @notice Opens a campaign on the caller's own dataset and locks `escrow` of the pool's token and the share cap.
    /// @dev The fee comes out of the escrow: annotators can earn at most escrow * 10000 / (10000 + feeBps).
    function createCampaign(PoolParams calldata pool, CampaignParams calldata params, uint128 escrow)
        external
        returns (CampaignId campaign);

    /// @notice The oracle takes the campaign on: its bond (a quarter of the escrow, or four arbitration refunds if more)
    /// is locked and one of the pool's places taken.
    function accept(PoolParams calldata pool, CampaignParams calldata params) external;

    // ------------------------------------------------------- enrolment and seed

    /// @notice The oracle posts the root over everyone who enrolled by signature, once, before the grace period.
    function postRoster(CampaignParams calldata params, bytes32 root, uint32 count) external;

    /// @notice A seat enrols itself, until enrolEnd: for whoever the oracle left out.
    function enrol(CampaignParams calldata params) external;

    /// @notice Fixes the block whose hash becomes the seed, once the roster can no longer change. Open to anyone. Arming
    /// again is possible only if the hash was missed (or the pool's source kept its value back for 8,191 blocks), and burns
    /// a 64th of the bond.
    function armSeed(PoolParams calldata pool, CampaignParams calldata params) external;

    /// @notice Records the seed. Open to anyone; the value does not depend on who calls, or when.
    function drawSeed(PoolParams calldata pool, CampaignParams calldata params) external;

    // ------------------------------------------------------------------ rounds

    /// @notice The oracle posts one root over all commitments that it receipted in a round, before the round's grace.
    /// @param itemListsHash The hash of who committed which items; the lists are published within the grace.
    function commitAggregate(CampaignParams calldata params, uint32 round, bytes32 root, bytes32 itemListsHash) external;

    /// @notice An enrolled annotator commits alone, any time in the round.
    /// @param rosterProof Membership in the posted roster; empty for whoever enrolled alone.
    function commit(CampaignParams calldata params, Commit calldata sealedBatch, bytes32[] calldata rosterProof)
        external;

    // -------------------------------------------------------------- settlement

    /// @notice The oracle proposes what the campaign came to, between revealEnd and settleEnd. Where nobody committed there
    /// is nothing to propose: `cancel` refunds.
    function propose(CampaignParams calldata params, Settlement calldata settlement) external;

    /// @notice Ends a campaign whose proposal stood unchallenged for the window. Open to anyone. Mints the shares, pays
    /// fee and bond to the oracle's credit and the surplus to the requester's; calls no reward token.
    function finalize(CampaignParams calldata params, Settlement calldata settlement) external;

    // ------------------------------------------------------------------ claims

    /// @notice Hands one leaf's payout and shares to its account. Anyone may call; nobody but the account is paid. When
    /// the account itself calls, a failing token reverts; for others its credit is raised instead.
    function claim(CampaignParams calldata params, PayoutLeaf calldata leaf, bytes32[] calldata proof) external;

    /// @notice The same for many leaves under one multiproof, as @openzeppelin/merkle-tree makes them.
    /// @param parts PAYOUT = 1, SHARES = 2, or both = 3.
    function claimMany(CampaignParams calldata params, ClaimBatch calldata batch, uint8 parts) external;

    // -------------------------------------------------------------- deployment

    /// @notice The second part of the registry: calls unknown here run its code on this contract's state.
    function extension() external view returns (address);

    /// @notice The implementation behind all share tokens.
    function shareImplementation() external view returns (address);

    /// @notice The bounds of every schedule on this deployment.
    function limits() external view returns (Limits memory);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignParams, Commit, Inclusion} from "../types/Types.sol";
import {IRegistryEvents} from "./IRegistryEvents.sol";

/// @title What annotators and others put on chain when the oracle does not do its part
interface IEvidence is IRegistryEvents {
    /// @notice Holds the oracle to a receipt that it signed (EIP-712 `Receipt`): it must show within the grace that the
    /// commitment was included. From commitEnd until revealEnd; anyone may post.
    function postReceipt(
        CampaignParams calldata params,
        address annotator,
        bytes32 commitHash,
        bytes calldata oracleSignature
    ) external;

    /// @notice Shows that a receipted commitment lies under the root of its round, or was committed alone, also while
    /// a proposal or a contest is pending. Anyone may.
    /// @param proof Empty where the annotator committed it alone.
    function answerReceipt(
        CampaignParams calldata params,
        address annotator,
        Commit calldata commit,
        bytes32[] calldata proof
    ) external;

    /// @notice Takes the oracle's bond for a receipt that was not answered in time, until the campaign has ended: half
    /// becomes the credit of the receipt's annotator, half is burned. A campaign in which nobody committed, and whose escrow
    /// would be refunded, expires: its escrow is burned. Anyone may.
    function forfeitBond(CampaignParams calldata params, address annotator, bytes32 commitHash) external;

    /// @notice Opens a batch on chain, as event data: for whoever holds no receipt for an opening. From commitEnd until
    /// revealEnd, and again in each rescue. A batch opens whole or not at all; what does not match its commitment is void.
    /// @param secret The batch's secret, from which the salts follow.
    /// @param labels The labels in the form of `docs/settlement.md`.
    function postReveal(
        CampaignParams calldata params,
        Inclusion calldata inclusion,
        bytes32 secret,
        bytes calldata labels
    ) external;

    /// @notice Reveals the gold under the spec's root, as event data. From commitEnd until revealEnd; anyone may. What does
    /// not match the root is void; where nothing does, there is no gold.
    function revealGold(CampaignParams calldata params, bytes calldata gold) external;
}

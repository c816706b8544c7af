// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignId, Contest} from "../types/Types.sol";
import {IDisputes} from "./IDisputes.sol";
import {IEvidence} from "./IEvidence.sol";
import {IProposals} from "./IProposals.sol";
import {ISlashing} from "./ISlashing.sol";

/// @title The registry's third part: campaigns that do not run undisturbed
interface IRegistryContests is IEvidence, IProposals, IDisputes, ISlashing {
    /// @notice Who stands against whom, and how many proposals fell.
    function contestOf(CampaignId campaign) external view returns (Contest memory);

    /// @notice By when the oracle must answer a posted receipt: zero if it was not posted, the largest number once it was
    /// answered or paid for.
    function receiptEndOf(CampaignId campaign, address annotator, bytes32 commitHash) external view returns (uint256);

    function isSlashed(CampaignId campaign, address annotator) external view returns (bool);
}

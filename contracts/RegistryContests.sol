// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Disputes} from "./contests/Disputes.sol";
import {Evidence} from "./contests/Evidence.sol";
import {Slashing} from "./contests/Slashing.sol";
import {IRegistryContests} from "./interfaces/IRegistryContests.sol";
import {TypedData} from "./libraries/TypedData.sol";
import {CampaignId, Contest} from "./types/Types.sol";

/// @title The third part of the registry: evidence, late and public proposals, disputes, slashes
/// @dev Runs by delegatecall from `TaskRegistry` through `RegistryExtension`, on the registry's storage. Calling it directly
/// changes nothing that anyone reads.
contract RegistryContests is IRegistryContests, Disputes, Evidence, Slashing {
    /// @inheritdoc IRegistryContests
    function contestOf(CampaignId id) external view returns (Contest memory) {
        return _contests[id];
    }

    /// @inheritdoc IRegistryContests
    function receiptEndOf(CampaignId id, address annotator, bytes32 commitHash) external view returns (uint256) {
        return _receipts[id][TypedData.receiptHash(id, annotator, commitHash)];
    }

    /// @inheritdoc IRegistryContests
    function isSlashed(CampaignId id, address annotator) external view returns (bool) {
        return _slashed[id][annotator];
    }
}

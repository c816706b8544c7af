// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignId} from "../types/Types.sol";

/// @title The leaves of all trees
/// @dev Double hashes as in OpenZeppelin's StandardMerkleTree: no leaf can be read as an inner node. The first word binds
/// a leaf to its kind, chain, registry and campaign, so that it verifies nowhere else.
library Leaves {
    function domain(string memory kind, CampaignId id) internal view returns (bytes32) {
        return keccak256(abi.encode(kind, block.chainid, address(this), id));
    }

    function seat(bytes32 dom, address annotator) internal pure returns (bytes32) {
        return twice(keccak256(abi.encode(dom, annotator)));
    }

    /// @notice A commitment under the root of its round.
    function included(bytes32 dom, address annotator, bytes32 commitHash) internal pure returns (bytes32) {
        return twice(keccak256(abi.encode(dom, annotator, commitHash)));
    }

    function twice(bytes32 inner) private pure returns (bytes32) {
        return keccak256(abi.encode(inner));
    }
}

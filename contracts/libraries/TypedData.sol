// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignId, Commit} from "../types/Types.sol";

/// @title EIP-712 types of the protocol
/// @dev Struct hashes only. The campaign's id in each of them binds chain and registry already; the domain binds them
/// again for wallets.
library TypedData {
    bytes32 internal constant COMMIT_TYPEHASH = keccak256(
        "Commit(bytes32 campaignId,uint32 round,uint32 batch,bytes32 root,uint32 count,uint32 cumulativeCount)"
    );

    function hash(CampaignId id, Commit memory c) internal pure returns (bytes32) {
        return keccak256(abi.encode(COMMIT_TYPEHASH, id, c));
    }
}

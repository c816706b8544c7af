// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignId, CampaignParams, Commit, PayoutLeaf, PoolParams, Settlement} from "../../contracts/types/Types.sol";

/// @dev Every hash of the protocol from its definition, with nothing taken from the contracts but their structs.
library Digests {
    function poolId(uint256 chain, address registry, PoolParams memory p) internal pure returns (bytes32) {
        return keccak256(abi.encode(chain, registry, p));
    }

    function campaignId(uint256 chain, address registry, CampaignParams memory c) internal pure returns (CampaignId) {
        return CampaignId.wrap(keccak256(abi.encode(chain, registry, c)));
    }

    function settlement(Settlement memory s) internal pure returns (bytes32) {
        return keccak256(abi.encode(s));
    }

    function domain(string memory kind, uint256 chain, address registry, CampaignId id)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(string.concat(kind, ".v1"), chain, registry, CampaignId.unwrap(id)));
    }

    function leaf(bytes memory values) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(values)));
    }

    function payoutLeaf(bytes32 dom, PayoutLeaf memory l) internal pure returns (bytes32) {
        return leaf(abi.encode(dom, l.index, l.account, l.payout, l.shares, l.slash, l.cumPayout, l.cumShares));
    }

    function rosterLeaf(bytes32 dom, address annotator) internal pure returns (bytes32) {
        return leaf(abi.encode(dom, annotator));
    }

    function aggregateLeaf(bytes32 dom, address annotator, bytes32 commitHash) internal pure returns (bytes32) {
        return leaf(abi.encode(dom, annotator, commitHash));
    }

    function labelLeaf(bytes32 dom, address annotator, uint32 batch, uint64 item, bytes32 labelDigest)
        internal
        pure
        returns (bytes32)
    {
        return leaf(abi.encode(dom, annotator, batch, item, labelDigest));
    }

    function commitLeaf(bytes32 dom, address annotator, uint32 batch, uint64 item, bytes32 labelDigest, bytes32 salt)
        internal
        pure
        returns (bytes32)
    {
        return leaf(abi.encode(dom, annotator, batch, item, labelDigest, salt));
    }

    function truthLeaf(bytes32 dom, uint64 item, bytes32 winnerDigest, uint32 confidenceQ16, bool accepted)
        internal
        pure
        returns (bytes32)
    {
        return leaf(abi.encode(dom, item, winnerDigest, confidenceQ16, accepted));
    }

    // ---------------------------------------------------------------- EIP-712

    function separator(uint256 chain, address registry) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("labelshare"),
                keccak256("1"),
                chain,
                registry
            )
        );
    }

    function typed(bytes32 separator_, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(bytes.concat(hex"1901", separator_, structHash));
    }

    function enrol(CampaignId id) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("Enrol(bytes32 campaignId)"), CampaignId.unwrap(id)));
    }

    function commit(CampaignId id, Commit memory c) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Commit(bytes32 campaignId,uint32 round,uint32 batch,bytes32 root,uint32 count,uint32 cumulativeCount)"
        );
        return
            keccak256(abi.encode(typehash, CampaignId.unwrap(id), c.round, c.batch, c.root, c.count, c.cumulativeCount));
    }

    function receipt(CampaignId id, address annotator, bytes32 commitHash) internal pure returns (bytes32) {
        bytes32 typehash = keccak256("Receipt(bytes32 campaignId,address annotator,bytes32 commitHash)");
        return keccak256(abi.encode(typehash, CampaignId.unwrap(id), annotator, commitHash));
    }

    function openingReceipt(CampaignId id, address annotator, bytes32 openingHash) internal pure returns (bytes32) {
        bytes32 typehash = keccak256("OpeningReceipt(bytes32 campaignId,address annotator,bytes32 openingHash)");
        return keccak256(abi.encode(typehash, CampaignId.unwrap(id), annotator, openingHash));
    }
}

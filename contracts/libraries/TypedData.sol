// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignId, Commit} from "../types/Types.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title EIP-712 types of the protocol
/// @dev The campaign's id in each of them binds chain and registry already; the domain binds them again for wallets. Only
/// ECDSA signatures count: what a contract account says of a signature (ERC-1271) may change with its state.
library TypedData {
    bytes32 internal constant COMMIT_TYPEHASH = keccak256(
        "Commit(bytes32 campaignId,uint32 round,uint32 batch,bytes32 root,uint32 count,uint32 cumulativeCount)"
    );
    bytes32 internal constant RECEIPT_TYPEHASH =
        keccak256("Receipt(bytes32 campaignId,address annotator,bytes32 commitHash)");
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME_HASH = keccak256("labelshare");
    bytes32 private constant VERSION_HASH = keccak256("1");

    function hash(CampaignId id, Commit memory c) internal pure returns (bytes32) {
        return keccak256(abi.encode(COMMIT_TYPEHASH, id, c));
    }

    function receiptHash(CampaignId id, address annotator, bytes32 commitHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECEIPT_TYPEHASH, id, annotator, commitHash));
    }

    /// @notice Whether `account` signed a struct hash for this registry on this chain.
    function isSignedBy(address account, bytes32 structHash, bytes calldata signature) internal view returns (bool) {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this)));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        // The third value only details an error.
        // slither-disable-next-line unused-return
        (address signer, ECDSA.RecoverError error,) = ECDSA.tryRecoverCalldata(digest, signature);
        return error == ECDSA.RecoverError.NoError && signer == account;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGate} from "../interfaces/IGate.sol";
import {PoolId} from "../types/Types.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @title Admits the accounts of a fixed list
/// @notice The list is the OpenZeppelin standard Merkle tree of its addresses: what their JavaScript library builds by
/// `StandardMerkleTree.of(accounts.map(account => [account]), ["address"])`. The evidence of an account is
/// `abi.encode(bytes32[] proof)` with the library's `getProof([account])`.
/// @dev A leaf holds neither chain nor pool, so that one list serves any number of pools on any chain. Nothing is lost
/// by that: an entry lets in the account it names and nobody else, and only into pools whose operators chose this gate.
contract AllowlistGate is IGate {
    /// @dev Where a proof starts in the evidence: behind the array's offset and its length.
    uint256 private constant HEAD = 64;

    /// @notice Root of the list.
    bytes32 public immutable root;

    /// @notice Zero is the root of no list: a gate over it would keep out everyone.
    error EmptyAllowlist();

    constructor(bytes32 root_) {
        if (root_ == 0) revert EmptyAllowlist();
        root = root_;
    }

    /// @inheritdoc IGate
    function admits(PoolId, address annotator, bytes calldata evidence) external view returns (bool) {
        (bool readable, bytes32[] calldata proof) = _proof(evidence);
        if (!readable) return false;
        // Hashed twice, so that no inner node of the tree can pass for an account.
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(annotator))));
        return MerkleProof.verifyCalldata(proof, root, leaf);
    }

    /// @dev The array in the only form `abi.encode` gives it. `abi.decode` would revert on any other, without a reason.
    function _proof(bytes calldata evidence) private pure returns (bool readable, bytes32[] calldata proof) {
        proof = _words(evidence[:0]);
        if (evidence.length < HEAD || evidence.length % 32 != 0) return (false, proof);
        if (uint256(bytes32(evidence[:32])) != 32) return (false, proof);
        if (uint256(bytes32(evidence[32:HEAD])) != (evidence.length - HEAD) / 32) return (false, proof);
        return (true, _words(evidence[HEAD:]));
    }

    /// @dev The bytes as whole words, where they lie.
    function _words(bytes calldata data) private pure returns (bytes32[] calldata words) {
        assembly ("memory-safe") {
            words.offset := data.offset
            words.length := shr(5, data.length)
        }
    }
}

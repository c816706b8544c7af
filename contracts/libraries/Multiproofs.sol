// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PayoutLeaf} from "../types/Types.sol";

/// @title Many payout leaves under one root
/// @dev OpenZeppelin's multiproof: its order of leaves and siblings, its flags, here packed, bit i of word i / 256 for step i.
/// A step hashes the next node of the queue with another one of the queue (flag 1) or with the next sibling (flag 0) and
/// appends the result. The number of steps follows from the leaves and siblings, every sibling must be used, and no node
/// is read before it is computed; so the last node is the root of a tree that holds all leaves. Leaves are hashed twice,
/// so none can be an inner node.
library Multiproofs {
    /// @notice The steps do not use each leaf and each sibling exactly once.
    error InvalidMultiproof();

    /// @notice The root over at least one leaf.
    function rootOf(bytes32 dom, PayoutLeaf[] calldata leaves, bytes32[] calldata siblings, uint256[] calldata flags)
        internal
        pure
        returns (bytes32 root)
    {
        uint256 steps = leaves.length + siblings.length - 1;
        if (flags.length != (steps + 255) / 256) revert InvalidMultiproof();
        bool sound;
        // A queue in free memory, with room for one leaf's words behind it. The free pointer stays: nothing here is kept.
        assembly ("memory-safe") {
            let head := mload(0x40)
            let tail := head
            let words := add(head, shl(5, add(leaves.length, steps)))
            mstore(words, dom)
            let computed := add(head, shl(5, leaves.length))
            for { let leaf := leaves.offset } lt(tail, computed) {
                leaf := add(leaf, 0xe0)
                tail := add(tail, 0x20)
            } {
                calldatacopy(add(words, 0x20), leaf, 0xe0)
                mstore(0x00, keccak256(words, 0x100))
                mstore(tail, keccak256(0x00, 0x20))
            }
            let sibling := siblings.offset
            let end := add(sibling, shl(5, siblings.length))
            sound := 1
            for { let i := 0 } lt(i, steps) { i := add(i, 1) } {
                let a := mload(head)
                let b
                head := add(head, 0x20)
                switch and(shr(and(i, 0xff), calldataload(add(flags.offset, shl(5, shr(8, i))))), 1)
                case 0 {
                    b := calldataload(sibling)
                    sibling := add(sibling, 0x20)
                }
                default {
                    b := mload(head)
                    head := add(head, 0x20)
                }
                // Both were there before this step: the queue up to its tail, the siblings up to their end.
                if or(gt(head, tail), gt(sibling, end)) {
                    sound := 0
                    break
                }
                switch lt(a, b)
                case 0 {
                    mstore(0x00, b)
                    mstore(0x20, a)
                }
                default {
                    mstore(0x00, a)
                    mstore(0x20, b)
                }
                mstore(tail, keccak256(0x00, 0x40))
                tail := add(tail, 0x20)
            }
            // With all siblings used, as many nodes were appended as steps made: only the last is left.
            sound := and(sound, eq(sibling, end))
            root := mload(sub(tail, 0x20))
        }
        if (!sound) revert InvalidMultiproof();
    }
}

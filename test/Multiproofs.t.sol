// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {Multiproofs} from "../contracts/libraries/Multiproofs.sol";
import {PayoutLeaf} from "../contracts/types/Types.sol";
import {Digests} from "./base/Digests.sol";
import {Tree, Trees} from "./base/Trees.sol";

/// @dev See Multiproofs.tree.
contract MultiproofsTest is Test {
    using Trees for Tree;

    bytes32 private constant DOMAIN = keccak256("domain");

    function rootOf(PayoutLeaf[] calldata leaves, bytes32[] calldata siblings, uint256[] calldata flags)
        external
        pure
        returns (bytes32)
    {
        return Multiproofs.rootOf(DOMAIN, leaves, siblings, flags);
    }

    function theirs(bytes32[] calldata leaves, bytes32[] calldata siblings, bool[] calldata flags)
        external
        pure
        returns (bytes32)
    {
        return MerkleProof.processMultiProofCalldata(siblings, flags, leaves);
    }

    // ------------------------------------------------------------------ sound

    function testFuzz_rootOf_IsTheTreesRoot(uint256 seed, uint256 size, uint256 picked) external view {
        PayoutLeaf[] memory all = _leaves(seed, bound(size, 1, 40));
        Tree memory tree = Trees.build(_hashes(all));
        PayoutLeaf[] memory some = _pick(all, picked);
        bytes32[] memory order = _hashes(some);
        (bytes32[] memory siblings, uint256[] memory flags) = tree.packedMultiproof(order);
        assertEq(this.rootOf(_ordered(some, order), siblings, flags), tree.root());
    }

    function test_rootOf_GivenMoreThanOneWordOfFlags() external view {
        PayoutLeaf[] memory all = _leaves(7, 300);
        Tree memory tree = Trees.build(_hashes(all));
        bytes32[] memory order = _hashes(all);
        (bytes32[] memory siblings, uint256[] memory flags) = tree.packedMultiproof(order);
        assertEq(flags.length, 2);
        assertEq(this.rootOf(_ordered(all, order), siblings, flags), tree.root());
    }

    // ---------------------------------------------------------------- whatever

    /// @dev OpenZeppelin's reads zeros where a node is not there yet; ours refuses. Otherwise both agree.
    function testFuzz_rootOf_AgreesWithOpenZeppelinOnAnything(
        uint256 seed,
        uint256 size,
        bytes32[] calldata siblings,
        uint256 bits
    ) external view {
        PayoutLeaf[] memory some = _leaves(seed, bound(size, 1, 20));
        vm.assume(siblings.length <= 40);
        bool[] memory flags = new bool[](some.length + siblings.length - 1);
        for (uint256 i = 0; i < flags.length; ++i) {
            flags[i] = (bits >> i) & 1 == 1;
        }
        (bool ours, bytes memory root) =
            address(this).staticcall(abi.encodeCall(this.rootOf, (some, siblings, Trees.pack(flags))));
        (bool other, bytes memory expected) =
            address(this).staticcall(abi.encodeCall(this.theirs, (_hashes(some), siblings, flags)));
        if (ours) {
            assertTrue(other);
            assertEq(root, expected);
        } else {
            assertEq(bytes4(root), Multiproofs.InvalidMultiproof.selector);
            assertTrue(!other || _readsAhead(some.length, flags));
        }
    }

    /// @dev Whether a step of these flags needs more nodes than there are by then.
    function _readsAhead(uint256 nodes, bool[] memory flags) private pure returns (bool) {
        for (uint256 i = 0; i < flags.length; ++i) {
            uint256 taken = flags[i] ? 2 : 1;
            if (nodes < taken) return true;
            nodes = nodes - taken + 1;
        }
        return false;
    }

    // ----------------------------------------------------------------- unsound

    function test_rootOf_RevertWhen_WordsOfFlagsAreMissingOrLeftOver() external {
        PayoutLeaf[] memory all = _leaves(1, 5);
        bytes32[] memory order = _hashes(all);
        (bytes32[] memory siblings, uint256[] memory flags) = Trees.build(_hashes(all)).packedMultiproof(order);
        all = _ordered(all, order);
        _expectInvalid(all, siblings, new uint256[](0));
        uint256[] memory more = new uint256[](2);
        more[0] = flags[0];
        _expectInvalid(all, siblings, more);
        _expectInvalid(_leaves(1, 1), siblings, more);
    }

    function test_rootOf_RevertWhen_ANodeIsReadBeforeItIsComputed() external {
        bytes32[] memory siblings = new bytes32[](1);
        uint256[] memory flags = new uint256[](1);
        // Two leaves, one sibling: the first step takes both leaves, the second their parent and one that never comes.
        flags[0] = 3;
        _expectInvalid(_leaves(1, 2), siblings, flags);
        // One leaf, one sibling: the step takes the leaf and nothing.
        flags[0] = 1;
        _expectInvalid(_leaves(1, 1), siblings, flags);
    }

    function test_rootOf_RevertWhen_ASiblingIsMissingOrLeftOver() external {
        uint256[] memory flags = new uint256[](1);
        // Two leaves, no sibling, and the only step asks for one.
        _expectInvalid(_leaves(1, 2), new bytes32[](0), flags);
        // Three leaves and a sibling: three steps, none of which takes it.
        flags[0] = 7;
        _expectInvalid(_leaves(1, 3), new bytes32[](1), flags);
    }

    function testFuzz_rootOf_GivenAnotherLeaf_IsAnotherRoot(uint256 seed, uint256 size, uint256 at, uint256 field)
        external
        view
    {
        PayoutLeaf[] memory all = _leaves(seed, bound(size, 1, 20));
        bytes32[] memory order = _hashes(all);
        Tree memory tree = Trees.build(_hashes(all));
        (bytes32[] memory siblings, uint256[] memory flags) = tree.packedMultiproof(order);
        all = _ordered(all, order);
        PayoutLeaf memory leaf = all[at % all.length];
        if (field % 7 == 0) leaf.index ^= 1;
        else if (field % 7 == 1) leaf.account = address(uint160(leaf.account) ^ 1);
        else if (field % 7 == 2) leaf.payout ^= 1;
        else if (field % 7 == 3) leaf.shares ^= 1;
        else if (field % 7 == 4) leaf.slash ^= 1;
        else if (field % 7 == 5) leaf.cumPayout ^= 1;
        else leaf.cumShares ^= 1;
        assertNotEq(this.rootOf(all, siblings, flags), tree.root());
    }

    // ----------------------------------------------------------------- helpers

    function _expectInvalid(PayoutLeaf[] memory leaves, bytes32[] memory siblings, uint256[] memory flags) private {
        vm.expectRevert(Multiproofs.InvalidMultiproof.selector);
        this.rootOf(leaves, siblings, flags);
    }

    function _leaves(uint256 seed, uint256 count) private pure returns (PayoutLeaf[] memory leaves) {
        leaves = new PayoutLeaf[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 noise = uint256(keccak256(abi.encode(seed, i)));
            leaves[i] = PayoutLeaf({
                index: uint64(i),
                account: address(uint160(noise)),
                payout: uint128(noise >> 128),
                shares: uint128(noise),
                slash: uint128(noise >> 64),
                cumPayout: uint128(noise >> 32),
                cumShares: uint128(noise >> 96)
            });
        }
    }

    function _pick(PayoutLeaf[] memory all, uint256 picked) private pure returns (PayoutLeaf[] memory some) {
        uint256 count;
        some = new PayoutLeaf[](all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            if ((picked >> i) & 1 == 1) some[count++] = all[i];
        }
        if (count == 0) some[count++] = all[picked % all.length];
        assembly ("memory-safe") {
            mstore(some, count)
        }
    }

    function _hashes(PayoutLeaf[] memory leaves) private pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            hashes[i] = Digests.payoutLeaf(DOMAIN, leaves[i]);
        }
    }

    /// @dev The leaves in the order of their sorted hashes.
    function _ordered(PayoutLeaf[] memory leaves, bytes32[] memory order)
        private
        pure
        returns (PayoutLeaf[] memory ordered)
    {
        ordered = new PayoutLeaf[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            bytes32 hash = Digests.payoutLeaf(DOMAIN, leaves[i]);
            for (uint256 j = 0; j < order.length; ++j) {
                if (order[j] == hash) ordered[j] = leaves[i];
            }
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev A standard Merkle tree as an array: root first, the leaves, sorted by hash, last and backwards.
struct Tree {
    bytes32[] nodes;
}

/// @dev What OpenZeppelin's JavaScript library builds (`makeMerkleTree`, `getProof`, `getMultiProof`), written again
/// for tests, apart from the contracts' own code.
library Trees {
    /// @dev Sorts `leaves` in place.
    function build(bytes32[] memory leaves) internal pure returns (Tree memory tree) {
        sort(leaves);
        uint256 count = leaves.length;
        if (count == 0) return tree;
        tree.nodes = new bytes32[](2 * count - 1);
        for (uint256 i = 0; i < count; ++i) {
            tree.nodes[2 * count - 2 - i] = leaves[i];
        }
        for (uint256 i = count - 1; i > 0; --i) {
            tree.nodes[i - 1] = pair(tree.nodes[2 * i - 1], tree.nodes[2 * i]);
        }
    }

    function root(Tree memory tree) internal pure returns (bytes32) {
        return tree.nodes.length == 0 ? bytes32(0) : tree.nodes[0];
    }

    function proof(Tree memory tree, bytes32 leaf) internal pure returns (bytes32[] memory path) {
        uint256 at = position(tree, leaf);
        path = new bytes32[](depth(at));
        for (uint256 i = 0; at > 0; at = (at - 1) / 2) {
            path[i++] = tree.nodes[sibling(at)];
        }
    }

    /// @dev Sorts `leaves` in place: the order in which the proof takes them.
    function multiproof(Tree memory tree, bytes32[] memory leaves)
        internal
        pure
        returns (bytes32[] memory path, bool[] memory flags)
    {
        sort(leaves);
        uint256 count = leaves.length;
        uint256[] memory queue = new uint256[](tree.nodes.length + count);
        for (uint256 i = 0; i < count; ++i) {
            queue[i] = position(tree, leaves[i]);
        }
        (path, flags) = (new bytes32[](tree.nodes.length), new bool[](tree.nodes.length));
        uint256 head;
        uint256 paths;
        uint256 steps;
        for (uint256 tail = count; queue[head] > 0;) {
            uint256 at = queue[head++];
            bool both = head < tail && queue[head] == sibling(at);
            flags[steps++] = both;
            if (both) ++head;
            else path[paths++] = tree.nodes[sibling(at)];
            queue[tail++] = (at - 1) / 2;
        }
        assembly ("memory-safe") {
            mstore(path, paths)
            mstore(flags, steps)
        }
    }

    /// @dev The same with flags as the registry takes them.
    function packedMultiproof(Tree memory tree, bytes32[] memory leaves)
        internal
        pure
        returns (bytes32[] memory path, uint256[] memory words)
    {
        bool[] memory flags;
        (path, flags) = multiproof(tree, leaves);
        words = pack(flags);
    }

    function pack(bool[] memory flags) internal pure returns (uint256[] memory words) {
        words = new uint256[]((flags.length + 255) / 256);
        for (uint256 i = 0; i < flags.length; ++i) {
            if (flags[i]) words[i / 256] |= 1 << (i % 256);
        }
    }

    function position(Tree memory tree, bytes32 leaf) internal pure returns (uint256 at) {
        for (at = tree.nodes.length / 2; at < tree.nodes.length; ++at) {
            if (tree.nodes[at] == leaf) return at;
        }
        revert("no such leaf");
    }

    function sibling(uint256 at) internal pure returns (uint256) {
        return at % 2 == 0 ? at - 1 : at + 1;
    }

    function depth(uint256 at) internal pure returns (uint256 steps) {
        for (; at > 0; at = (at - 1) / 2) {
            ++steps;
        }
    }

    function pair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }

    function sort(bytes32[] memory words) internal pure {
        for (uint256 i = 1; i < words.length; ++i) {
            bytes32 word = words[i];
            uint256 j = i;
            for (; j > 0 && words[j - 1] > word; --j) {
                words[j] = words[j - 1];
            }
            words[j] = word;
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Commit, Inclusion} from "../../contracts/types/Types.sol";
import {Digests} from "./Digests.sol";
import {RegistryBase} from "./RegistryBase.sol";
import {Tree, Trees} from "./Trees.sol";

/// @dev People who sign, and commitments under the roots of rounds.
abstract contract Signing is RegistryBase {
    using Trees for Tree;

    struct Sealed {
        address annotator;
        Commit commit;
    }

    /// @dev The order of secp256k1.
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    mapping(address account => uint256 key) private _keys;
    /// @dev What the oracle includes, each commitment under the root of its round, in every campaign at hand.
    Sealed[] internal included;

    /// @dev Around a call that must fail: whatever was owned, owed and recorded before is so afterwards.
    modifier movesNothing() {
        bytes32 before = _books();
        _;
        assertEq(_books(), before, "something moved");
    }

    function setUp() public virtual override {
        super.setUp();
        string[5] memory names = ["requester", "oracle", "annotator", "colleague", "stranger"];
        for (uint256 i = 0; i < names.length; ++i) {
            (address who, uint256 key) = makeAddrAndKey(names[i]);
            _keys[who] = key;
        }
    }

    // -------------------------------------------------------------- signatures

    function _sign(address who, bytes32 structHash) internal view returns (bytes memory) {
        return _signFor(who, structHash, block.chainid, address(registry));
    }

    function _signFor(address who, bytes32 structHash, uint256 chain, address verifier)
        internal
        view
        returns (bytes memory)
    {
        return _signDigest(who, Digests.typed(Digests.separator(chain, verifier), structHash));
    }

    function _signDigest(address who, bytes32 digest) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[who], digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev Everything that looks like the signature of `who` under `structHash` and is not. `other` is a statement of
    /// the same kind that `who` did sign.
    function _badSignatures(address who, bytes32 structHash, bytes32 other) internal returns (bytes[] memory bad) {
        (bytes32 r, bytes32 s, uint8 v) = _split(_sign(who, structHash));
        bytes32 flipped = bytes32(ORDER - uint256(s));
        bad = new bytes[](11);
        bad[0] = _sign(stranger, structHash);
        bad[1] = _signFor(who, structHash, block.chainid + 1, address(registry));
        bad[2] = _signFor(who, structHash, block.chainid, makeAddr("other registry"));
        bad[3] = _sign(who, other);
        bad[4] = _signDigest(who, structHash);
        bad[5] = abi.encodePacked(r, flipped, v == 27 ? uint8(28) : uint8(27));
        bad[6] = abi.encodePacked(r, s, v - 27);
        // The short form of EIP-2098.
        bad[7] = abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
        bad[8] = abi.encodePacked(r, s, v, uint8(0));
        bad[9] = new bytes(65);
        bad[10] = abi.encodePacked(r, s);
    }

    function _split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }

    // ------------------------------------------------------------- commitments

    function _batch(uint32 round, uint32 batch, uint32 count, uint32 cumulativeCount)
        internal
        pure
        returns (Commit memory)
    {
        return Commit(round, batch, keccak256(abi.encode("sealed", round, batch)), count, cumulativeCount);
    }

    /// @dev In the campaign at hand.
    function _hashOf(Commit memory c) internal view returns (bytes32) {
        return Digests.commit(id, c);
    }

    function _include(address who, Commit memory c) internal {
        included.push(Sealed(who, c));
    }

    function _leafOf(address who, Commit memory c) internal view returns (bytes32) {
        return Digests.aggregateLeaf(Digests.domain("AGGREGATE", block.chainid, address(registry), id), who, _hashOf(c));
    }

    function _roundTree(uint32 round) internal view returns (Tree memory) {
        uint256 count;
        for (uint256 i = 0; i < included.length; ++i) {
            if (included[i].commit.round == round) ++count;
        }
        bytes32[] memory hashes = new bytes32[](count);
        for (uint256 i = included.length; i > 0; --i) {
            Sealed memory s = included[i - 1];
            if (s.commit.round == round) hashes[--count] = _leafOf(s.annotator, s.commit);
        }
        return Trees.build(hashes);
    }

    function _postRound(uint32 round) internal {
        bytes32 root = _roundTree(round).root();
        vm.prank(oracle);
        registry.commitAggregate(params, round, root, keccak256("item lists"));
    }

    function _commitAlone(address who, Commit memory c) internal {
        vm.prank(who);
        registry.commit(params, c, new bytes32[](0));
    }

    /// @dev Of a commitment under its round's root.
    function _inclusionProof(address who, Commit memory c) internal view returns (bytes32[] memory) {
        return _roundTree(c.round).proof(_leafOf(who, c));
    }

    /// @dev Signed, and under its round's root.
    function _signed(address who, Commit memory c) internal view returns (Inclusion memory) {
        return Inclusion(who, c, _sign(who, _hashOf(c)), _inclusionProof(who, c));
    }

    /// @dev Committed alone: the chain knows signer and time.
    function _alone(address who, Commit memory c) internal pure returns (Inclusion memory inclusion) {
        (inclusion.annotator, inclusion.commit) = (who, c);
    }

    /// @dev The oracle's receipt for a commitment.
    function _receiptHash(address who, Commit memory c) internal view returns (bytes32) {
        return Digests.receipt(id, who, _hashOf(c));
    }

    // ------------------------------------------------------------------- books

    /// @dev A hash of all that is owned and owed, and of the campaign's and the pool's state.
    function _books() internal view returns (bytes32 hash) {
        address[6] memory people = [requester, oracle, annotator, colleague, stranger, address(registry)];
        for (uint256 i = 0; i < people.length; ++i) {
            hash = keccak256(abi.encode(hash, token.balanceOf(people[i]), _credit(people[i])));
            hash =
                keccak256(abi.encode(hash, registry.seatOf(params.pool, people[i]), registry.isSlashed(id, people[i])));
        }
        hash = keccak256(abi.encode(hash, _campaign(), registry.contestOf(id), registry.poolOf(params.pool)));
        return keccak256(abi.encode(hash, registry.burnedOf(address(token)), registry.dataset(params.dataset)));
    }
}

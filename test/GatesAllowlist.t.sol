// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AllowlistGate} from "../contracts/gates/AllowlistGate.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {PoolId} from "../contracts/types/Types.sol";
import {RegistryBase} from "./base/RegistryBase.sol";
import {Tree, Trees} from "./base/Trees.sol";

/// @dev See Gates.tree.
contract GatesAllowlistTest is RegistryBase {
    using Trees for Tree;

    PoolId private constant ANY_POOL = PoolId.wrap("pool");

    function _leaf(address account) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(account))));
    }

    function _list(address[] memory accounts) private pure returns (Tree memory) {
        bytes32[] memory hashes = new bytes32[](accounts.length);
        for (uint256 i = 0; i < hashes.length; ++i) {
            hashes[i] = _leaf(accounts[i]);
        }
        return Trees.build(hashes);
    }

    /// @dev The list of annotator, colleague and a third, and a gate over it.
    function _three() private returns (Tree memory tree, AllowlistGate gate) {
        address[] memory accounts = new address[](3);
        (accounts[0], accounts[1], accounts[2]) = (annotator, colleague, makeAddr("third"));
        tree = _list(accounts);
        gate = new AllowlistGate(tree.root());
    }

    function _evidence(Tree memory tree, address account) private pure returns (bytes memory) {
        return abi.encode(tree.proof(_leaf(account)));
    }

    // ------------------------------------------------------------- constructor

    function test_constructor_RevertWhen_TheRootIsZero() external {
        vm.expectRevert(AllowlistGate.EmptyAllowlist.selector);
        new AllowlistGate(bytes32(0));
    }

    // ------------------------------------------------------------------ admits

    /// @dev Root and proof are from `@openzeppelin/merkle-tree` 1.0.8, for the five addresses 0xa11ce001 to 0xa11ce005.
    function test_admits_TheEntriesOfAListBuiltInJavaScript() external {
        AllowlistGate gate = new AllowlistGate(0xb9c449cab110af8afc36c6d2cd8e101a408b11e4249ac679827224d2aba0fe09);
        assertEq(gate.root(), 0xb9c449cab110af8afc36c6d2cd8e101a408b11e4249ac679827224d2aba0fe09);
        bytes32[] memory proof = new bytes32[](3);
        proof[0] = 0xa5ff907d263eb37ecd57d8ffdfdb42c7a6d545659c01f54cbc4b9df4edfb8817;
        proof[1] = 0xeba1bed116fda9ecdb1a75e7b60773270b918a87261c93547d5a4e3fa6cad1d6;
        proof[2] = 0xcde672a55ab34d527957de5d703e7a1caa9c7fe24d200c244f73644ed7f4e223;
        assertTrue(gate.admits(ANY_POOL, address(0xa11ce002), abi.encode(proof)));
        assertFalse(gate.admits(ANY_POOL, address(0xa11ce001), abi.encode(proof)));
        proof = new bytes32[](2);
        proof[0] = 0x117802aa3a10d3a9e993b966e67c78f41a25815301568610ef2da9d77644e34a;
        proof[1] = 0xcde672a55ab34d527957de5d703e7a1caa9c7fe24d200c244f73644ed7f4e223;
        assertTrue(gate.admits(ANY_POOL, address(0xa11ce001), abi.encode(proof)));
    }

    function testFuzz_admits_EveryEntryToAnyPool(PoolId anyPool, uint256 seed, uint256 count) external {
        address[] memory accounts = new address[](bound(count, 1, 40));
        for (uint256 i = 0; i < accounts.length; ++i) {
            accounts[i] = address(uint160(uint256(keccak256(abi.encode(seed, i)))));
        }
        Tree memory tree = _list(accounts);
        AllowlistGate gate = new AllowlistGate(tree.root());
        for (uint256 i = 0; i < accounts.length; ++i) {
            assertTrue(gate.admits(anyPool, accounts[i], _evidence(tree, accounts[i])));
            assertFalse(gate.admits(anyPool, stranger, _evidence(tree, accounts[i])));
        }
    }

    function test_admits_TheOnlyEntryWithAnEmptyProof() external {
        AllowlistGate gate = new AllowlistGate(_leaf(annotator));
        assertTrue(gate.admits(ANY_POOL, annotator, abi.encode(new bytes32[](0))));
        assertFalse(gate.admits(ANY_POOL, colleague, abi.encode(new bytes32[](0))));
    }

    function test_admits_WhenTheProofIsAnothersOrChanged_ItShouldSayNo() external {
        (Tree memory tree, AllowlistGate gate) = _three();
        assertTrue(gate.admits(ANY_POOL, annotator, _evidence(tree, annotator)));
        assertFalse(gate.admits(ANY_POOL, stranger, _evidence(tree, annotator)));
        bytes32[] memory proof = tree.proof(_leaf(annotator));
        proof[0] = ~proof[0];
        assertFalse(gate.admits(ANY_POOL, annotator, abi.encode(proof)));
        assertFalse(gate.admits(ANY_POOL, annotator, abi.encode(new bytes32[](0))));
    }

    function test_admits_WhenTheEvidenceIsMalformed_ItShouldSayNo() external {
        (Tree memory tree, AllowlistGate gate) = _three();
        bytes memory whole = _evidence(tree, annotator);
        // Every proper prefix, one byte more and one word more.
        for (uint256 size = 0; size < whole.length; ++size) {
            bytes memory part = abi.encodePacked(whole);
            assembly ("memory-safe") {
                mstore(part, size)
            }
            assertFalse(gate.admits(ANY_POOL, annotator, part));
        }
        assertFalse(gate.admits(ANY_POOL, annotator, bytes.concat(whole, hex"00")));
        assertFalse(gate.admits(ANY_POOL, annotator, bytes.concat(whole, bytes32(0))));
        // Offsets and lengths that point elsewhere, beyond the evidence, or beyond every number.
        bytes32[3] memory words = [bytes32(0), bytes32(uint256(64)), bytes32(type(uint256).max)];
        for (uint256 at = 32; at <= 64; at += 32) {
            for (uint256 i = 0; i < words.length; ++i) {
                bytes memory forged = abi.encodePacked(whole);
                bytes32 word = words[i];
                assembly ("memory-safe") {
                    mstore(add(forged, at), word)
                }
                assertFalse(gate.admits(ANY_POOL, annotator, forged));
            }
        }
    }

    function testFuzz_admits_WhateverTheEvidence_ItShouldNeitherAdmitNorRevert(bytes calldata evidence) external {
        (, AllowlistGate gate) = _three();
        assertFalse(gate.admits(ANY_POOL, annotator, evidence));
    }

    // -------------------------------------------------------------------- join

    function test_join_LetsInTheListedAndRefusesOthers() external {
        (Tree memory tree, AllowlistGate gate) = _three();
        pool.gate = address(gate);
        vm.prank(oracle);
        PoolId gated = registry.createPool(pool);
        bytes memory evidence = _evidence(tree, annotator);
        vm.prank(annotator);
        registry.join(pool, evidence);
        assertEq(registry.seatOf(gated, annotator).stake, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.GateRefused.selector, address(gate), oracle));
        vm.prank(oracle);
        registry.join(pool, evidence);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.GateRefused.selector, address(gate), colleague));
        vm.prank(colleague);
        registry.join(pool, "");
        assertEq(registry.seatOf(gated, colleague).stake, 0);
        assertEq(token.balanceOf(address(registry)), STAKE);
    }
}

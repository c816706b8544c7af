// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IContributorShare} from "../contracts/interfaces/IContributorShare.sol";
import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {CampaignId, ClaimBatch, PayoutLeaf, Settlement, Status} from "../contracts/types/Types.sol";
import {RegistryBase} from "./base/RegistryBase.sol";
import {Tree, Trees} from "./base/Trees.sol";

/// @dev Claims under honest tokens; see TaskRegistryClaims.tree. TaskRegistryClaimTokens has the others.
contract TaskRegistryClaimsTest is RegistryBase {
    using Trees for Tree;

    function _claim(address caller, uint256 index) private {
        bytes32[] memory proof = _proof(index);
        vm.prank(caller);
        registry.claim(params, leaves[index], proof);
    }

    function _claimMany(address caller, uint256 picked, uint8 parts) private {
        ClaimBatch memory batch = _batch(picked);
        vm.prank(caller);
        registry.claimMany(params, batch, parts);
    }

    function _expectAlreadyClaimed(uint64 index, uint8 parts) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.AlreadyClaimed.selector, id, index, parts));
    }

    function _threeLeaves() private {
        _addLeaf(annotator, 100e6, 10e18);
        _addLeaf(colleague, 50e6, 5e18);
        _addLeaf(stranger, 25e6, 1e18);
    }

    function _toThree() private {
        _threeLeaves();
        _toFinal(_settlement());
    }

    // ------------------------------------------------------------------- claim

    function test_claim_RevertWhen_NotFinal() external {
        _threeLeaves();
        _toProposed(_settlement());
        bytes32[] memory proof = _proof(0);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Proposed, Status.Final));
        registry.claim(params, leaves[0], proof);
    }

    function testFuzz_claim_RevertWhen_AnyWordIsChanged(uint256 word, uint128 change) external {
        change = uint128(bound(change, 1, type(uint64).max));
        _toThree();
        bytes32[] memory proof = _proof(0);
        PayoutLeaf memory leaf = leaves[0];
        word = bound(word, 0, 7);
        if (word < 7) {
            assembly ("memory-safe") {
                let at := add(leaf, mul(word, 0x20))
                mstore(at, xor(mload(at), change))
            }
        } else {
            proof[0] ^= bytes32(uint256(change));
        }
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.claim(params, leaf, proof);
    }

    /// @dev Bits above a word's type are refused by the proof or by the decoder, never read as something else.
    function test_claim_RevertWhen_AWordHasBitsOutsideItsType() external {
        _toThree();
        bytes memory data = abi.encodeCall(registry.claim, (params, leaves[0], _proof(0)));
        (bool ok,) = address(registry).call(data);
        assertTrue(ok);
        for (uint256 word = 0; word < 7; ++word) {
            data = abi.encodeCall(registry.claim, (params, leaves[1], _proof(1)));
            // selector, 24 words of the campaign, then the leaf
            uint256 at = 4 + 24 * 32 + word * 32;
            data[at] = 0x01;
            (ok,) = address(registry).call(data);
            assertFalse(ok);
        }
    }

    function test_claim_RevertWhen_TheLeafIsOfAnotherCampaign() external {
        _toThree();
        (PayoutLeaf memory leaf, bytes32[] memory proof, Settlement memory s) = (leaves[0], _proof(0), _settlement());
        _setParams(_paramsOf(pool, params.dataset));
        _toFinal(s);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.claim(params, leaf, proof);
    }

    function test_claim_RevertWhen_TheLeafIsOfAnotherRegistry() external {
        _threeLeaves();
        (PayoutLeaf memory leaf, bytes32[] memory proof, Settlement memory s) = (leaves[0], _proof(0), _settlement());
        registry = _deploy(_limits());
        _use(address(token));
        _setParams(_paramsOf(pool, _createDataset()));
        _toFinal(s);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.claim(params, leaf, proof);
    }

    function test_claim_RevertWhen_TheChainIsAnother() external {
        _toThree();
        bytes32[] memory proof = _proof(0);
        vm.chainId(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRegistryEvents.WrongStatus.selector, registry.campaignIdOf(params), Status.None, Status.Final
            )
        );
        registry.claim(params, leaves[0], proof);
    }

    function test_claim_RevertWhen_ClaimedBefore() external {
        _toThree();
        _claim(annotator, 0);
        bytes32[] memory proof = _proof(0);
        _expectAlreadyClaimed(0, 3);
        registry.claim(params, leaves[0], proof);
        ClaimBatch memory batch = _all();
        _expectAlreadyClaimed(0, 1);
        registry.claimMany(params, batch, PAYOUT);
        _claimMany(stranger, 2, SHARES);
        proof = _proof(1);
        _expectAlreadyClaimed(1, 3);
        registry.claim(params, leaves[1], proof);
        _claimMany(stranger, 2, PAYOUT);
        assertEq(token.balanceOf(colleague), 1e15 + 50e6);
        assertEq(_share().balanceOf(colleague), 5e18);
    }

    function test_claim_ByTheAccountItself() external {
        _toThree();
        vm.expectEmit();
        emit IRegistryEvents.Claimed(id, 3, new bytes(8));
        vm.expectEmit(address(token));
        emit IERC20.Transfer(address(registry), annotator, 100e6);
        vm.expectEmit(params.dataset);
        emit IERC20.Transfer(address(registry), annotator, 10e18);
        _claim(annotator, 0);
        assertEq(token.balanceOf(annotator), 1e15 + 100e6);
        assertEq(_share().balanceOf(annotator), 10e18);
        assertEq(_campaign().escrow, 75e6);
        assertEq(registry.claimedParts(id, 0), 3);
        assertEq(registry.claimedParts(id, 1), 0);
    }

    function testFuzz_claim_ByAnotherPaysTheAccountAlone(address caller, uint256 index) external {
        _toThree();
        index = bound(index, 0, 2);
        vm.assume(caller != leaves[index].account && caller != address(registry));
        address account = leaves[index].account;
        (uint256 hers, uint256 his) = (_wealth(account), _wealth(caller));
        _claim(caller, index);
        assertEq(_wealth(account), hers + leaves[index].payout);
        assertEq(_wealth(caller), his);
        assertEq(_share().balanceOf(caller), 0);
        assertEq(_share().balanceOf(account), leaves[index].shares);
    }

    function test_claim_GivenASingleLeaf() external {
        _addLeaf(annotator, 7, 0);
        _toFinal(_settlement());
        _claim(stranger, 0);
        assertEq(token.balanceOf(annotator), 1e15 + 7);
    }

    function test_claim_GivenAnEmptyTree_RevertsForAnyLeaf() external {
        _toFinal(_settlement());
        PayoutLeaf memory leaf;
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.claim(params, leaf, new bytes32[](0));
    }

    /// @dev Neighbouring words and bits of the bitmap do not touch, one by one or in one batch that jumps between words.
    function test_claim_GivenIndicesAroundAWordsEdge() external {
        uint64[10] memory indices = [uint64(0), 1, 63, 64, 127, 128, 129, 255, 256, type(uint64).max];
        for (uint256 i = 0; i < indices.length; ++i) {
            _addLeaf(annotator, 1, 1e18);
            leaves[i].index = indices[i];
        }
        _toFinal(_settlement());
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < indices.length; ++i) {
            for (uint256 j = i; j < indices.length; ++j) {
                assertEq(registry.claimedParts(id, indices[j]), 0);
            }
            _claim(stranger, i);
            assertEq(registry.claimedParts(id, indices[i]), 3);
        }
        assertEq(_share().balanceOf(annotator), 10e18);
        vm.revertToState(snapshot);
        _claimMany(stranger, (1 << indices.length) - 1, PAYOUT);
        for (uint256 i = 0; i < indices.length; ++i) {
            assertEq(registry.claimedParts(id, indices[i]), PAYOUT);
            ClaimBatch memory batch = _batch(1 << i);
            _expectAlreadyClaimed(indices[i], PAYOUT);
            registry.claimMany(params, batch, PAYOUT);
        }
    }

    /// @dev Two leaves of one index with leaves of other words between them.
    function test_claimMany_RevertWhen_AnIndexComesBackAfterAnotherWord() external {
        for (uint256 i = 0; i < 8; ++i) {
            _addLeaf(stranger, 1, 0);
            leaves[i].index = uint64(i < 2 ? 0 : 128 * i);
        }
        _toFinal(_settlement());
        ClaimBatch memory batch = _all();
        _expectAlreadyClaimed(0, PAYOUT);
        registry.claimMany(params, batch, PAYOUT);
        assertEq(_wealth(stranger), 0);
    }

    // ---------------------------------------------------------- over-issued trees

    /// @dev An oracle promises its accomplice more than the settlement's total, while another campaign's escrow lies in
    /// the same token next door.
    function test_claim_RevertGiven_AnOverIssuedTree() external {
        _threeLeaves();
        Settlement memory honest = _settlement();
        _toFinal(honest);
        uint256 victims = _campaign().escrow;
        delete leaves;
        _setParams(_paramsOf(pool, params.dataset));
        _addLeaf(stranger, 60e6, 1e18);
        _addLeaf(stranger, 60e6, 1e18);
        Settlement memory s = _settlement();
        s.payoutTotal = 100e6;
        _toFinal(s);

        assertEq(_wealth(stranger), 0);
        _claim(stranger, 0);
        bytes32[] memory proof = _proof(1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ClaimAbovePayout.selector, 60e6, 40e6));
        vm.prank(stranger);
        registry.claim(params, leaves[1], proof);
        ClaimBatch memory batch = _batch(2);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ClaimAbovePayout.selector, 60e6, 40e6));
        registry.claimMany(params, batch, PAYOUT);
        assertEq(_wealth(stranger), 60e6);
        assertEq(_campaign().escrow, 40e6);
        assertGe(token.balanceOf(address(registry)), victims + 40e6 + _credit(oracle) + _credit(requester));
    }

    function test_claim_RevertGiven_AnOverIssuedTreeInABatch() external {
        _addLeaf(stranger, type(uint128).max, 0);
        _addLeaf(annotator, 0, 0);
        leaves[1].payout = type(uint128).max;
        Settlement memory s = _settlement();
        s.payoutTotal = 100e6;
        _toFinal(s);
        ClaimBatch memory batch = _all();
        vm.expectRevert(
            abi.encodeWithSelector(IRegistryEvents.ClaimAbovePayout.selector, 2 * uint256(type(uint128).max), 100e6)
        );
        registry.claimMany(params, batch, PAYOUT);
    }

    function test_claim_RevertGiven_OverIssuedShares() external {
        _addLeaf(stranger, 0, 6e18);
        _addLeaf(stranger, 0, 6e18);
        Settlement memory s = _settlement();
        s.shareTotal = 10e18;
        _toFinal(s);
        _claim(stranger, 0);
        bytes32[] memory proof = _proof(1);
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.RoundExhausted.selector, id, 4e18, 6e18));
        vm.prank(stranger);
        registry.claim(params, leaves[1], proof);
        assertEq(_share().balanceOf(stranger), 6e18);
        assertEq(_share().totalSupply(), 10e18);
    }

    /// @dev Two campaigns of one dataset: the round of one cannot be emptied by the leaves of the other.
    function test_claim_RevertGiven_OverIssuedSharesNextToAnotherRound() external {
        _toThree();
        delete leaves;
        _setParams(_paramsOf(pool, params.dataset));
        _addLeaf(stranger, 0, 12e18);
        Settlement memory s = _settlement();
        s.shareTotal = 10e18;
        _toFinal(s);
        bytes32[] memory proof = _proof(0);
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.RoundExhausted.selector, id, 10e18, 12e18));
        registry.claim(params, leaves[0], proof);
        assertEq(_share().balanceOf(address(registry)), 26e18);
    }

    // --------------------------------------------------------------- claimMany

    function test_claimMany_RevertWhen_NotFinal() external {
        _threeLeaves();
        _toProposed(_settlement());
        ClaimBatch memory batch = _all();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Proposed, Status.Final));
        registry.claimMany(params, batch, PAYOUT);
    }

    function test_claimMany_RevertWhen_PartsAreNoneOrUnknown() external {
        _toThree();
        ClaimBatch memory batch = _all();
        uint8[3] memory wrong = [0, 4, 255];
        for (uint256 i = 0; i < wrong.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidParts.selector, wrong[i]));
            registry.claimMany(params, batch, wrong[i]);
        }
    }

    function test_claimMany_RevertWhen_ThereAreNoLeaves() external {
        _toThree();
        ClaimBatch memory batch;
        batch.proof = new bytes32[](1);
        batch.proof[0] = _settlement().payoutRoot;
        vm.expectRevert(IRegistryEvents.NothingToClaim.selector);
        registry.claimMany(params, batch, PAYOUT);
    }

    function test_claimMany_RevertWhen_TheProofIsWrong() external {
        _toThree();
        ClaimBatch memory batch = _batch(3);
        ++batch.leaves[1].payout;
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.claimMany(params, batch, PAYOUT);
        batch = _batch(3);
        batch.proof[0] = keccak256("elsewhere");
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.claimMany(params, batch, PAYOUT);
        batch = _batch(3);
        (batch.leaves[0], batch.leaves[1]) = (leaves[2], leaves[2]);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.claimMany(params, batch, PAYOUT);
    }

    function test_claimMany_RevertWhen_TwoLeavesShareAnIndex() external {
        _addLeaf(stranger, 10e6, 0);
        _addLeaf(stranger, 20e6, 0);
        leaves[1].index = 0;
        _toFinal(_settlement());
        ClaimBatch memory batch = _all();
        _expectAlreadyClaimed(0, PAYOUT);
        registry.claimMany(params, batch, PAYOUT);
        _claim(stranger, 1);
        bytes32[] memory proof = _proof(0);
        _expectAlreadyClaimed(0, 3);
        registry.claim(params, leaves[0], proof);
        assertEq(_wealth(stranger), 20e6);
    }

    function test_claimMany_EmitsOneEvent() external {
        _toThree();
        ClaimBatch memory batch = _all();
        bytes memory indices;
        for (uint256 i = 0; i < 3; ++i) {
            indices = bytes.concat(indices, bytes8(batch.leaves[i].index));
        }
        vm.expectEmit();
        emit IRegistryEvents.Claimed(id, PAYOUT, indices);
        registry.claimMany(params, batch, PAYOUT);
        assertEq(_campaign().escrow, 0);
        assertEq(_share().balanceOf(annotator), 0);
        vm.expectEmit();
        emit IRegistryEvents.Claimed(id, SHARES, indices);
        registry.claimMany(params, batch, SHARES);
        assertEq(_share().balanceOf(annotator), 10e18);
        assertEq(_share().balanceOf(address(registry)), 0);
    }

    /// @dev Invariant 17. Random leaves, over random batches in random order, against one claim after the other.
    function testFuzz_claimMany_EqualsSequentialClaims(uint256 seed, uint8 count, bool apart) external {
        count = uint8(bound(count, 1, 12));
        address[4] memory accounts = [annotator, colleague, stranger, makeAddr("fourth")];
        for (uint256 i = 0; i < count; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            // Some pay nothing, some give no shares, accounts repeat.
            _addLeaf(
                accounts[word % 4], word % 5 == 0 ? 0 : uint128(word % 50e6), word % 3 == 0 ? 0 : uint128(word % 20e18)
            );
            // Spread over several words of the bitmap.
            leaves[i].index = uint64(i * 37);
        }
        Settlement memory s = _settlement();
        if (s.shareTotal != 0 && s.shareTotal < 1e18) s.shareTotal = 1e18;
        _toFinal(s);
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < count; ++i) {
            _claim(address(this), i);
        }
        bytes32 expected = _outcome(accounts, count);
        vm.revertToState(snapshot);

        uint256 left = (1 << count) - 1;
        for (uint256 step = 0; left != 0; ++step) {
            uint256 picked = uint256(keccak256(abi.encode(seed, "step", step))) & left;
            if (picked == 0) continue;
            left &= ~picked;
            if (apart) {
                _claimMany(stranger, picked, SHARES);
                _claimMany(annotator, picked, PAYOUT);
            } else {
                _claimMany(accounts[step % 4], picked, PAYOUT | SHARES);
            }
        }
        assertEq(_outcome(accounts, count), expected);
        assertEq(_campaign().escrow, s.payoutTotal - leaves[count - 1].cumPayout);
    }

    function _outcome(address[4] memory accounts, uint64 count) private view returns (bytes32 digest) {
        digest = keccak256(abi.encode(_campaign(), _share().rounds(CampaignId.unwrap(id))));
        for (uint256 i = 0; i < accounts.length; ++i) {
            digest = keccak256(
                abi.encode(digest, token.balanceOf(accounts[i]), _credit(accounts[i]), _share().balanceOf(accounts[i]))
            );
        }
        for (uint64 i = 0; i < count; ++i) {
            digest = keccak256(abi.encode(digest, registry.claimedParts(id, i * 37)));
        }
    }
}

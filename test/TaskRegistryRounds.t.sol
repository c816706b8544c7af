// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {Commit, Status} from "../contracts/types/Types.sol";
import {Digests} from "./base/Digests.sol";
import {RegistryBase} from "./base/RegistryBase.sol";
import {Tree, Trees} from "./base/Trees.sol";

/// @dev Commitments; see TaskRegistryRounds.tree.
contract TaskRegistryRoundsTest is RegistryBase {
    using Trees for Tree;

    bytes32 private constant ROOT = keccak256("root");
    bytes32 private constant LISTS = keccak256("item lists");

    function _start(uint256 round) private view returns (uint256) {
        return params.schedule.workStart + round * params.schedule.roundLength;
    }

    function _aggregate(uint32 round, bytes32 root) private {
        vm.prank(oracle);
        registry.commitAggregate(params, round, root, LISTS);
    }

    function _commit(address who, Commit memory batch, bytes32[] memory proof) private {
        vm.prank(who);
        registry.commit(params, batch, proof);
    }

    function _commit(address who, Commit memory batch) private {
        _commit(who, batch, new bytes32[](0));
    }

    /// @dev At work, with the annotator enrolled alone and the colleague in the posted roster.
    function _toWorkWithPeople() private returns (bytes32[] memory colleagueProof) {
        _join(annotator);
        _create();
        _accept();
        _enrol(annotator);
        Tree memory roster = _roster();
        _postRoster(roster.root(), 3);
        _drawSeed();
        vm.warp(_start(0));
        return roster.proof(_rosterLeaf(colleague));
    }

    function _rosterLeaf(address who) private view returns (bytes32) {
        return Digests.rosterLeaf(Digests.domain("ROSTER", block.chainid, address(registry), id), who);
    }

    function _roster() private returns (Tree memory) {
        bytes32[] memory hashes = new bytes32[](3);
        hashes[0] = _rosterLeaf(colleague);
        hashes[1] = _rosterLeaf(makeAddr("second"));
        hashes[2] = _rosterLeaf(makeAddr("third"));
        return Trees.build(hashes);
    }

    // --------------------------------------------------------- commitAggregate

    function test_commitAggregate_RevertWhen_NotOpen() external {
        _create();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Created, Status.Open));
        _aggregate(0, ROOT);
    }

    function test_commitAggregate_RevertWhen_TheCallerIsNotTheOracle() external {
        _toWork();
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotAllowed.selector, stranger, oracle));
        vm.prank(stranger);
        registry.commitAggregate(params, 0, ROOT, LISTS);
    }

    function test_commitAggregate_RevertWhen_ThereIsNoSuchRound() external {
        _toWork();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.UnknownRound.selector, 2, 2));
        _aggregate(2, ROOT);
    }

    function test_commitAggregate_RevertWhen_TheSeedIsNotDrawn() external {
        _toAccepted();
        vm.warp(_start(0));
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedNotDrawn.selector, id));
        _aggregate(0, ROOT);
    }

    function test_commitAggregate_RevertWhen_TheRoundHasNotBegun() external {
        _toSeeded();
        for (uint32 round = 0; round < 2; ++round) {
            vm.warp(_start(round) - 1);
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, _start(round) - 1, _start(round)));
            _aggregate(round, ROOT);
            vm.warp(_start(round));
            _aggregate(round, ROOT);
        }
    }

    function test_commitAggregate_RevertWhen_TheGraceHasBegun() external {
        _toSeeded();
        for (uint32 round = 0; round < 2; ++round) {
            uint256 end = _start(round + 1) - params.schedule.grace;
            vm.warp(end);
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end));
            _aggregate(round, ROOT);
            vm.warp(end - 1);
            _aggregate(round, ROOT);
        }
    }

    function test_commitAggregate_RevertWhen_TheRootIsZero() external {
        _toWork();
        vm.expectRevert(IRegistryEvents.EmptyRoot.selector);
        _aggregate(0, 0);
    }

    function test_commitAggregate_RevertWhen_CommittedBefore() external {
        _toWork();
        _aggregate(0, ROOT);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.RoundAlreadyCommitted.selector, id, 0));
        _aggregate(0, keccak256("another"));
    }

    function test_commitAggregate() external {
        _toWork();
        assertFalse(_campaign().committed);
        vm.expectEmit();
        emit IRegistryEvents.CommitsAggregated(id, 0, ROOT, LISTS);
        _aggregate(0, ROOT);
        assertEq(registry.roundRootOf(id, 0), ROOT);
        assertEq(registry.roundRootOf(id, 1), 0);
        assertTrue(_campaign().committed);
    }

    // ------------------------------------------------------------------ commit

    function test_commit_RevertWhen_NotOpen() external {
        _create();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Created, Status.Open));
        _commit(annotator, _commitOf(0, 0));
    }

    function test_commit_RevertWhen_ThereIsNoSuchRound() external {
        _toWorkWithPeople();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.UnknownRound.selector, 2, 2));
        _commit(annotator, _commitOf(2, 0));
    }

    function test_commit_RevertWhen_TheSeedIsNotDrawn() external {
        _join(annotator);
        _toAccepted();
        _enrol(annotator);
        vm.warp(_start(0));
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedNotDrawn.selector, id));
        _commit(annotator, _commitOf(0, 0));
    }

    function test_commit_RevertWhen_OutsideTheRound() external {
        _toWorkWithPeople();
        for (uint32 round = 0; round < 2; ++round) {
            (uint256 start, uint256 end) = (_start(round), _start(round + 1));
            vm.warp(start - 1);
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, start - 1, start));
            _commit(annotator, _commitOf(round, 2 * round));
            vm.warp(start);
            _commit(annotator, _commitOf(round, 2 * round));
            vm.warp(end);
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end));
            _commit(annotator, _commitOf(round, 2 * round + 1));
            vm.warp(end - 1);
            _commit(annotator, _commitOf(round, 2 * round + 1));
        }
    }

    function test_commit_RevertWhen_TheRootIsZero() external {
        _toWorkWithPeople();
        Commit memory batch = _commitOf(0, 0);
        batch.root = 0;
        vm.expectRevert(IRegistryEvents.EmptyRoot.selector);
        _commit(annotator, batch);
    }

    function test_commit_RevertWhen_TheCountsAreWrong() external {
        _toWorkWithPeople();
        Commit memory batch = _commitOf(0, 0);
        batch.count = 0;
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidCommit.selector, 0, 20));
        _commit(annotator, batch);
        batch.count = 21;
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidCommit.selector, 21, 20));
        _commit(annotator, batch);
    }

    function test_commit_RevertWhen_NotEnrolled() external {
        bytes32[] memory proof = _toWorkWithPeople();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NotEnrolled.selector, id, stranger));
        _commit(stranger, _commitOf(0, 0));
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NotEnrolled.selector, id, stranger));
        _commit(stranger, _commitOf(0, 0), proof);
    }

    function test_commit_RevertWhen_TheProofIsFromAnotherCampaign() external {
        Tree memory roster = _roster();
        bytes32[] memory proof = roster.proof(_rosterLeaf(colleague));
        params.nonce = 1;
        _setParams(params);
        _toAccepted();
        _postRoster(roster.root(), 3);
        _drawSeed();
        vm.warp(_start(0));
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NotEnrolled.selector, id, colleague));
        _commit(colleague, _commitOf(0, 0), proof);
    }

    function test_commit_RevertWhen_ThereIsNoRosterAndTheProofIsEmpty() external {
        _toWork();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NotEnrolled.selector, id, colleague));
        _commit(colleague, _commitOf(0, 0));
    }

    function test_commit_RevertWhen_TheBatchWasCommittedBefore() external {
        _toWorkWithPeople();
        _commit(annotator, _commitOf(0, 5));
        vm.warp(_start(1));
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.BatchAlreadyCommitted.selector, id, annotator, 5));
        _commit(annotator, _commitOf(1, 5));
    }

    function testFuzz_commit(Commit memory batch) external {
        vm.assume(batch.root != 0);
        _toWorkWithPeople();
        batch.round = uint32(bound(batch.round, 0, 1));
        batch.count = uint32(bound(batch.count, 1, type(uint32).max));
        batch.cumulativeCount = uint32(bound(batch.cumulativeCount, batch.count, type(uint32).max));
        vm.warp(_start(batch.round));
        bytes32 hash = Digests.commit(id, batch);
        vm.expectEmit();
        emit IRegistryEvents.Committed(id, annotator, hash, batch);
        _commit(annotator, batch);
        assertEq(registry.commitOf(id, annotator, batch.batch), hash);
        assertTrue(_campaign().committed);
    }

    function test_commit_AcceptsTheRoster() external {
        bytes32[] memory proof = _toWorkWithPeople();
        _commit(colleague, _commitOf(0, 0), proof);
        assertEq(registry.commitOf(id, colleague, 0), Digests.commit(id, _commitOf(0, 0)));
        assertEq(registry.commitOf(id, annotator, 0), 0);
    }
}

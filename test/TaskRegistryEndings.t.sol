// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {Campaign, Settlement, Status} from "../contracts/types/Types.sol";
import {ContestBase} from "./base/ContestBase.sol";

/// @dev How campaigns end without a settlement, and when places are freed; see TaskRegistryEndings.tree.
contract TaskRegistryEndingsTest is ContestBase {
    function _cancel(address who) private {
        vm.prank(who);
        registry.cancel(params);
    }

    function _assertEnded(Status status) private view {
        Campaign memory state = _campaign();
        assertTrue(state.status == status);
        assertEq(state.since, vm.getBlockTimestamp());
        assertEq(state.escrow, 0);
        assertEq(state.bond, 0);
        assertEq(registry.dataset(params.dataset).reserved, 0);
        assertEq(registry.poolOf(params.pool).open, 0);
    }

    // ------------------------------------------------------------------ cancel

    function test_cancel_GivenCreated_ByTheRequester() external {
        _create();
        vm.expectEmit();
        emit IRegistryEvents.Cancelled(id, ESCROW);
        _cancel(requester);
        assertEq(_credit(requester), ESCROW);
        _assertEnded(Status.Cancelled);
        assertFalse(_campaign().placeFreed);
    }

    function test_cancel_GivenCreated_ByAnother() external {
        _create();
        uint256 end = params.schedule.acceptEnd;
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, end - 1, end));
        _cancel(stranger);
        vm.warp(end);
        _cancel(stranger);
        assertEq(_wealth(requester), 1e15);
        assertEq(_wealth(stranger), 0);
        _assertEnded(Status.Cancelled);
    }

    function test_cancel_GivenOpen_RevertWhen_RevealEndHasNotCome() external {
        _toWork();
        uint256 end = _revealEnd();
        vm.warp(end - 1);
        address[3] memory callers = [requester, oracle, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, end - 1, end));
            _cancel(callers[i]);
        }
    }

    function test_cancel_GivenOpen_RefundsBothAndFreesThePlace() external {
        _toWork();
        vm.warp(_revealEnd());
        vm.expectEmit();
        emit IRegistryEvents.PlaceFreed(id, params.pool);
        vm.expectEmit();
        emit IRegistryEvents.Cancelled(id, ESCROW);
        vm.expectEmit();
        emit IVaultEvents.Credited(address(token), requester, ESCROW);
        vm.expectEmit();
        emit IVaultEvents.Credited(address(token), oracle, BOND);
        _cancel(stranger);
        assertEq(_wealth(requester), 1e15);
        assertEq(_wealth(oracle), 1e15);
        _assertEnded(Status.Cancelled);
        assertTrue(_campaign().placeFreed);
    }

    /// @dev Somebody holds the oracle's word for a commitment that is not on chain: no refund until that is settled.
    function test_cancel_GivenOpen_RevertWhen_AReceiptIsOpen() external {
        _toWork();
        vm.warp(_commitEnd());
        _postReceipt(annotator, "one");
        _postReceipt(annotator, "two");
        bytes memory call = abi.encodeCall(registry.cancel, (params));
        vm.warp(_revealEnd());
        _fails(requester, call, abi.encodeWithSelector(IRegistryEvents.ReceiptsOpen.selector, id, 2));
        vm.warp(_hardEnd());
        _fails(requester, call, abi.encodeWithSelector(IRegistryEvents.ReceiptsOpen.selector, id, 2));
        registry.forfeitBond(params, annotator, "one");
        _assertEnded(Status.Expired);
        _assertMoney(requester, WALLET - ESCROW, 0);
        _assertMoney(annotator, WALLET, BOND / 2);
        _assertConserved();
    }

    /// @dev Invariant 8: after a commitment no path without a settlement gives the requester anything back.
    function testFuzz_cancel_RevertWhen_AnythingWasCommitted(uint256 time, bool alone, address caller) external {
        _join(annotator);
        _toAccepted();
        _enrol(annotator);
        _drawSeed();
        vm.warp(params.schedule.workStart);
        if (alone) {
            vm.prank(annotator);
            registry.commit(params, _commitOf(0, 0), new bytes32[](0));
        } else {
            _commitAggregate(0);
        }
        uint256 before = _wealth(requester);
        vm.warp(bound(time, params.schedule.workStart, _hardEnd() + 365 days));
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.AlreadyCommitted.selector, id));
        _cancel(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.AlreadyCommitted.selector, id));
        _cancel(requester);
        if (vm.getBlockTimestamp() >= _proposeEnd()) registry.expire(params);
        assertEq(_wealth(requester), before);
    }

    function test_cancel_RevertWhen_NotCreatedOrOpen() external {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.None, Status.Created));
        _cancel(requester);
        Settlement memory s;
        _toProposed(s);
        vm.expectRevert(
            abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Proposed, Status.Created)
        );
        _cancel(requester);
        skip(params.schedule.window);
        registry.finalize(params, s);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Final, Status.Created));
        _cancel(requester);
    }

    function test_cancel_RevertWhen_Cancelled() external {
        _create();
        _cancel(requester);
        vm.expectRevert(
            abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Cancelled, Status.Created)
        );
        _cancel(requester);
        assertEq(_wealth(requester), 1e15);
    }

    // ------------------------------------------------------------------ expire

    function test_expire_RevertWhen_NotOpen() external {
        _create();
        vm.warp(_hardEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Created, Status.Open));
        registry.expire(params);
    }

    /// @dev A proposal that nobody finalized is not lost, however late.
    function test_expire_RevertWhen_Proposed() external {
        Settlement memory s;
        _toProposed(s);
        vm.warp(_hardEnd() + 365 days);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Proposed, Status.Open));
        registry.expire(params);
        registry.finalize(params, s);
    }

    function test_expire_RevertWhen_Disputed() external {
        _toDisputed();
        vm.warp(_hardEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Disputed, Status.Open));
        registry.expire(params);
    }

    function test_expire_RevertWhen_NobodyCommitted() external {
        _toWork();
        vm.warp(_hardEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NothingCommitted.selector, id));
        registry.expire(params);
    }

    function test_expire_RevertWhen_ProposeEndHasNotCome() external {
        _toCommitted();
        uint256 end = _proposeEnd();
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, end - 1, end));
        registry.expire(params);
    }

    /// @dev As many proposals fell as there are tries: one more may be made.
    function test_expire_RevertWhen_ATryIsLeft() external {
        _toProposed(_sample());
        _fallUnruled(challenger);
        _fallOpenly(proposer);
        assertEq(registry.contestOf(id).rejections, params.schedule.tries);
        uint256 end = _proposeEnd();
        _fails(
            requester,
            abi.encodeCall(registry.expire, (params)),
            abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, vm.getBlockTimestamp(), end)
        );
        vm.warp(end);
        registry.expire(params);
        _assertEnded(Status.Expired);
        _assertConserved();
    }

    function test_expire_BurnsEscrowAndBond() external {
        _toCommitted();
        vm.warp(_proposeEnd());
        vm.expectEmit();
        emit IRegistryEvents.PlaceFreed(id, params.pool);
        vm.expectEmit();
        emit IRegistryEvents.Expired(id, ESCROW + BOND);
        vm.expectEmit();
        emit IVaultEvents.Burned(address(token), ESCROW + BOND);
        vm.prank(stranger);
        registry.expire(params);
        _assertEnded(Status.Expired);
        assertTrue(_campaign().placeFreed);
        assertEq(registry.burnedOf(address(token)), ESCROW + BOND);
        assertEq(_wealth(requester), 1e15 - ESCROW);
        assertEq(_wealth(oracle), 1e15 - BOND);
        assertEq(_wealth(stranger), 0);
    }

    /// @dev The campaign need not wait for a time at which nothing more can happen.
    function test_expire_GivenTheTriesAreUsedUp() external {
        _toProposed(_sample());
        _fallUnruled(challenger);
        _fallOpenly(proposer);
        _fallOpenly(proposer);
        assertEq(registry.contestOf(id).rejections, params.schedule.tries + 1);
        assertLt(vm.getBlockTimestamp(), _proposeEnd());
        uint128 left = BOND - BOND / 8;
        uint256 burned = _burned();
        vm.expectEmit();
        emit IRegistryEvents.Expired(id, ESCROW + left);
        vm.prank(stranger);
        registry.expire(params);
        _assertEnded(Status.Expired);
        assertEq(_burned(), burned + ESCROW + left);
        _assertMoney(oracle, WALLET - BOND, 0);
        _assertMoney(requester, WALLET - ESCROW, 0);
        _assertConserved();
    }

    function test_expire_GivenAProposalFellAfterProposeEnd() external {
        _toCommitted();
        vm.warp(_proposeEnd() - 1);
        _proposeOpenly(proposer, _sample());
        _fallUnruled(challenger);
        registry.expire(params);
        _assertEnded(Status.Expired);
        assertEq(_burned(), ESCROW + BOND + 2 * (BOND / 8));
        _assertConserved();
    }

    /// @dev The oracle's bond was lost in a contest before: there is only the escrow to burn.
    function test_expire_GivenTheBondIsLost() external {
        _toProposed(_sample());
        _contest(challenger, FOR_CHALLENGER);
        vm.warp(_proposeEnd());
        vm.expectEmit();
        emit IRegistryEvents.Expired(id, ESCROW);
        registry.expire(params);
        _assertEnded(Status.Expired);
        assertEq(_burned(), ESCROW + BOND / 2);
        _assertConserved();
    }

    // --------------------------------------------------------------- freePlace

    function test_freePlace_RevertWhen_NotFinal() external {
        Settlement memory s;
        _toProposed(s);
        vm.warp(_hardEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Proposed, Status.Final));
        registry.freePlace(params);
    }

    function test_freePlace_RevertWhen_TheSlashWindowIsNotOver() external {
        Settlement memory s;
        _toFinal(s);
        uint256 end = vm.getBlockTimestamp() + params.schedule.slashWindow;
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, end - 1, end));
        registry.freePlace(params);
        vm.warp(end);
        registry.freePlace(params);
    }

    /// @dev Whoever finalizes late binds no seat beyond the time at which it could leave.
    function test_freePlace_GivenALateFinal() external {
        _toProposed(_sample());
        uint256 end = _hardEnd();
        uint256 snapshot = vm.snapshotState();
        vm.warp(end - params.schedule.slashWindow + 1);
        registry.finalize(params, _sample());
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, end - 1, end));
        registry.freePlace(params);
        vm.warp(end);
        registry.freePlace(params);
        vm.revertToState(snapshot);
        vm.warp(end + 365 days);
        registry.finalize(params, _sample());
        registry.freePlace(params);
        assertEq(registry.poolOf(params.pool).open, 0);
    }

    function test_freePlace_RevertWhen_Expired() external {
        _toCommitted();
        vm.warp(_proposeEnd());
        registry.expire(params);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Expired, Status.Final));
        registry.freePlace(params);
    }

    function test_freePlace() external {
        Settlement memory s;
        _toFinal(s);
        skip(params.schedule.slashWindow);
        assertEq(registry.poolOf(params.pool).open, 1);
        vm.expectEmit();
        emit IRegistryEvents.PlaceFreed(id, params.pool);
        vm.prank(stranger);
        registry.freePlace(params);
        assertEq(registry.poolOf(params.pool).open, 0);
        assertTrue(_campaign().placeFreed);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.PlaceAlreadyFreed.selector, id));
        registry.freePlace(params);
    }
}

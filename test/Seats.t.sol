// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {TollToken} from "../contracts/mocks/HostileTokens.sol";
import {Commit, Pool, Seat} from "../contracts/types/Types.sol";
import {Stakes} from "./base/Stakes.sol";

/// @dev Seats that are short, and seats that leave while places are taken; see Seats.tree.
contract SeatsTest is Stakes {
    uint128 private constant SLASH = 20e6;

    function _own() private pure returns (Commit memory) {
        return _batch(0, 0, 20, 20);
    }

    /// @dev The annotator's seat was slashed just now.
    modifier short() {
        _toShort();
        _;
    }

    function _toShort() private {
        _toSlashable(1, 20, SLASH);
        _slash(stranger, 0, _signed(annotator, _own()));
    }

    function _refill() private {
        vm.prank(annotator);
        registry.refill(pool);
    }

    function _leave(address who) private returns (uint256 releaseAt) {
        vm.prank(who);
        registry.leave(params.pool);
        return _seat(who).releaseAt;
    }

    function _joinNamed(string memory name) private returns (address who) {
        who = makeAddr(name);
        token.transfer(who, STAKE);
        vm.prank(who);
        token.approve(address(registry), STAKE);
        _join(who);
    }

    function _expectLocked(address who) private {
        vm.expectRevert(
            abi.encodeWithSelector(IVaultEvents.SeatLocked.selector, params.pool, who, _seat(who).releaseAt)
        );
        registry.withdrawSeat(pool, who);
    }

    function _expectReleased(address who) private {
        vm.expectEmit();
        emit IVaultEvents.SeatWithdrawn(params.pool, who, STAKE);
        registry.withdrawSeat(pool, who);
        assertEq(_credit(who), STAKE);
    }

    /// @dev Nobody commits: from revealEnd on this gives the place back.
    function _cancel(uint64 nonce) private {
        _pick(nonce);
        registry.cancel(params);
    }

    // ------------------------------------------------------------------ refill

    function test_refill_RevertWhen_ThePoolIsUnknown() external short movesNothing {
        pool.nonce = 1;
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.UnknownPool.selector, registry.poolIdOf(pool)));
        _refill();
    }

    function test_refill_RevertWhen_ThereIsNoSeat() external movesNothing {
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotSeated.selector, params.pool, annotator));
        _refill();
    }

    function test_refill_RevertWhen_Leaving() external short {
        uint256 releaseAt = _leave(annotator);
        bytes32 before = _books();
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.AlreadyLeaving.selector, params.pool, annotator, releaseAt));
        _refill();
        assertEq(_books(), before);
    }

    function test_refill_RevertWhen_Whole() external {
        _join(annotator);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.SeatWhole.selector, params.pool, annotator));
        _refill();
        _toShortWhereSeated();
        _refill();
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.SeatWhole.selector, params.pool, annotator));
        _refill();
        assertEq(_seat(annotator).stake, STAKE);
    }

    /// @dev As `_toShort`, for an annotator who has its seat already.
    function _toShortWhereSeated() private {
        _openMany(1);
        _seedMany(1);
        _include(annotator, _own());
        _postRound(0);
        _blame(annotator, SLASH);
        _settleMany(1);
        _slash(stranger, 0, _signed(annotator, _own()));
    }

    function test_refill_RevertWhen_NotAllArrives() external {
        TollToken toll = new TollToken(1e30);
        _use(address(toll));
        _toShort();
        toll.setTolled(address(registry));
        vm.expectRevert(
            abi.encodeWithSelector(IVaultEvents.InexactTransfer.selector, address(token), SLASH, SLASH - SLASH / 100)
        );
        _refill();
        assertEq(_seat(annotator).stake, STAKE - SLASH);
        assertGt(_seat(annotator).shortSince, 0);
    }

    function testFuzz_refill(uint256 credit) external short {
        credit = bound(credit, 1, 2 * SLASH);
        vm.prank(annotator);
        registry.deposit(address(token), credit);
        skip(5);
        uint256 spent = credit < SLASH ? credit : SLASH;
        vm.expectEmit();
        emit IVaultEvents.Refilled(params.pool, annotator, uint96(SLASH));
        vm.expectEmit();
        emit IVaultEvents.Debited(address(token), annotator, spent);
        _refill();
        assertEq(abi.encode(_seat(annotator)), abi.encode(Seat(STAKE, uint40(vm.getBlockTimestamp()), 0, 0, 0)));
        assertEq(_credit(annotator), credit - spent);
        assertEq(_wealth(annotator), 1e15 - STAKE - SLASH);
    }

    function test_refill_LetsTheSeatEnrolAgain() external short {
        params.schedule = _schedule(vm.getBlockTimestamp());
        _open(1);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotSeated.selector, params.pool, annotator));
        _enrol(annotator);
        _refill();
        _enrol(annotator);
        assertTrue(registry.enrolledAlone(id, annotator));
    }

    // ------------------------------------------------------------------- leave

    function test_leave_GivenOneCampaign_ReleasesOnceItIsCancelled() external {
        _join(annotator);
        _openMany(1);
        uint256 releaseAt = _leave(annotator);
        assertEq(releaseAt, _hardEnd());
        assertEq(_seat(annotator).waitsFor, 1);
        _expectLocked(annotator);
        vm.warp(_revealEnd());
        _expectLocked(annotator);
        _cancel(0);
        assertLt(vm.getBlockTimestamp(), releaseAt);
        _expectReleased(annotator);
    }

    function test_leave_GivenOneCampaign_ReleasesOnceItExpired() external {
        _join(annotator);
        _toCommitted();
        _leave(annotator);
        uint256 proposeEnd = _hardEnd() - params.schedule.slashWindow - 4 * uint256(params.schedule.window) - 3
            * uint256(params.schedule.rulingPeriod);
        vm.warp(proposeEnd);
        _expectLocked(annotator);
        registry.expire(params);
        _expectReleased(annotator);
    }

    function test_leave_GivenOneCampaign_ReleasesOnceItsPlaceIsFreed() external {
        _join(annotator);
        _toFinal(_settlement());
        _leave(annotator);
        vm.warp(_slashEnd());
        _expectLocked(annotator);
        registry.freePlace(params);
        _expectReleased(annotator);
    }

    function test_leave_GivenOneCampaign_ReleasesAtHardEndWhateverHappens() external {
        _join(annotator);
        _openMany(1);
        _leave(annotator);
        vm.warp(_hardEnd() - 1);
        _expectLocked(annotator);
        vm.warp(_hardEnd());
        _expectReleased(annotator);
        assertEq(registry.poolOf(params.pool).open, 1);
    }

    function test_leave_WaitsForEarlierCampaignsAlone() external {
        _join(annotator);
        _openMany(2);
        _leave(annotator);
        _open(2);
        vm.warp(_revealEnd());
        _cancel(2);
        _expectLocked(annotator);
        _cancel(0);
        _expectLocked(annotator);
        _cancel(1);
        _expectReleased(annotator);
    }

    /// @dev Four campaigns; one seat leaves after each.
    function _toLeavers() private returns (address[4] memory who) {
        string[4] memory names = ["first", "second", "third", "fourth"];
        _usePool(4);
        for (uint256 i = 0; i < 4; ++i) {
            who[i] = _joinNamed(names[i]);
        }
        for (uint64 i = 0; i < 4; ++i) {
            _open(i);
            _leave(who[i]);
            assertEq(_seat(who[i]).waitsFor, i + 1);
        }
        vm.warp(_revealEnd());
    }

    function test_leave_GivenLeaversInBetween_ReleasesInOrder() external {
        address[4] memory who = _toLeavers();
        for (uint64 i = 0; i < 4; ++i) {
            _expectLocked(who[i]);
            _cancel(i);
            _expectReleased(who[i]);
        }
    }

    function test_leave_GivenLeaversInBetween_ReleasesAllWithTheFirst() external {
        address[4] memory who = _toLeavers();
        for (uint64 i = 3; i > 0; --i) {
            _cancel(i);
            for (uint256 j = 0; j < 4; ++j) {
                _expectLocked(who[j]);
            }
        }
        _cancel(0);
        for (uint256 j = 0; j < 4; ++j) {
            _expectReleased(who[j]);
        }
        Pool memory state = registry.poolOf(params.pool);
        assertEq(state.oldest, 4);
        assertEq(state.newest, 4);
        assertEq(state.counts, 0);
    }

    function test_leave_GivenEightCohorts_HoldsTheNextForLaterPlaces() external {
        _usePool(10);
        params.shareCap = 1e18;
        _setParams(params);
        for (uint64 i = 0; i < 7; ++i) {
            _open(i);
            _leave(_joinNamed(string(abi.encodePacked("leaver", i))));
        }
        address last = _joinNamed("last");
        _open(7);
        uint256 releaseAt = _leave(last);
        assertEq(_seat(last).waitsFor, 8);
        _open(8);
        vm.warp(_revealEnd());
        for (uint64 i = 0; i < 8; ++i) {
            _cancel(i);
        }
        _expectLocked(last);
        _cancel(8);
        // Nobody has closed the cohort that it shared, but no place at all is taken.
        assertLt(vm.getBlockTimestamp(), releaseAt);
        _expectReleased(last);
    }

    function test_leave_IsNotHeldByACampaignAcceptedLaterAlone() external {
        _join(annotator);
        _openMany(1);
        vm.warp(_revealEnd());
        _cancel(0);
        uint256 releaseAt = _leave(annotator);
        assertEq(releaseAt, _hardEnd());
        params.schedule = _schedule(vm.getBlockTimestamp());
        _open(1);
        _expectReleased(annotator);
    }

    // ------------------------------------------------------------ withdrawSeat

    function test_withdrawSeat_GivenASlash_CreditsTheRest() external short {
        _leave(annotator);
        _expectLocked(annotator);
        vm.warp(_slashEnd());
        registry.freePlace(params);
        vm.expectEmit();
        emit IVaultEvents.SeatWithdrawn(params.pool, annotator, uint96(STAKE - SLASH));
        vm.expectEmit();
        emit IVaultEvents.Credited(address(token), annotator, STAKE - SLASH);
        registry.withdrawSeat(pool, annotator);
        assertEq(_wealth(annotator), 1e15 - SLASH);
    }

    function test_withdrawSeat_GivenADrainedSeat_CreditsNothing() external {
        _usePool(1);
        _toSlashable(1, 100, STAKE);
        _slash(stranger, 0, _signed(annotator, _batch(0, 0, 100, 100)));
        _leave(annotator);
        vm.warp(_slashEnd());
        registry.freePlace(params);
        vm.expectEmit();
        emit IVaultEvents.SeatWithdrawn(params.pool, annotator, 0);
        registry.withdrawSeat(pool, annotator);
        assertEq(_credit(annotator), 0);
        assertEq(_seat(annotator).fullSince, 0);
    }

    // ------------------------------------------------------------ a short seat

    function test_short_IsLeftAndJoinedAnewWhole() external short {
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.AlreadySeated.selector, params.pool, annotator));
        _join(annotator);
        _leave(annotator);
        vm.warp(_slashEnd());
        registry.freePlace(params);
        registry.withdrawSeat(pool, annotator);
        _join(annotator);
        assertEq(abi.encode(_seat(annotator)), abi.encode(Seat(STAKE, uint40(vm.getBlockTimestamp()), 0, 0, 0)));
        assertEq(_wealth(annotator), 1e15 - SLASH - STAKE);
    }
}

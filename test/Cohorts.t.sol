// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Cohorts} from "../contracts/libraries/Cohorts.sol";
import {Pool} from "../contracts/types/Types.sol";

/// @dev Places and leaving seats, by the library and by lists of both; see Cohorts.tree.
contract CohortsTest is Test {
    using Cohorts for Pool;

    struct Place {
        uint8 cohort;
        bool free;
    }

    struct Leaver {
        uint32 waitsFor;
        /// @dev How many places had been taken when it left.
        uint256 taken;
        /// @dev Eight cohorts were apart: it may be held longer than for those.
        bool shared;
    }

    uint256 private constant MAX_STEPS = 32;

    Pool private _pool;
    Place[] private _places;
    Leaver[] private _leavers;

    // ------------------------------------------------------------------- steps

    function _take() private {
        Pool memory pool = _pool;
        _places.push(Place(pool.take(), false));
        _pool = pool;
    }

    /// @dev Frees the first open place from `from` on, around the end; nothing where none is open.
    function _free(uint256 from) private {
        uint256 count = _places.length;
        for (uint256 i = 0; i < count; ++i) {
            Place storage place = _places[(from % count + i) % count];
            if (place.free) continue;
            place.free = true;
            Pool memory pool = _pool;
            pool.free(place.cohort);
            _pool = pool;
            return;
        }
    }

    function _leave() private {
        Pool memory pool = _pool;
        bool full = pool.newest - pool.oldest == 7;
        uint32 waitsFor = pool.close();
        bool shared = full && waitsFor == pool.newest + 1;
        _pool = pool;
        _leavers.push(Leaver(waitsFor, _places.length, shared));
    }

    // ------------------------------------------------------------------ checks

    function _open() private view returns (uint256 open) {
        for (uint256 i = 0; i < _places.length; ++i) {
            if (!_places[i].free) ++open;
        }
    }

    function _allFree(uint256 taken) private view returns (bool) {
        for (uint256 i = 0; i < taken; ++i) {
            if (!_places[i].free) return false;
        }
        return true;
    }

    function _check() private view {
        assertEq(_pool.open, _open());
        assertLe(_pool.newest - _pool.oldest, 7);
        uint256 counted;
        for (uint256 c = 0; c < 8; ++c) {
            counted += uint16(_pool.counts >> (16 * c));
        }
        assertEq(counted, _open());
        for (uint256 i = 0; i < _leavers.length; ++i) {
            bool released = _pool.oldest >= _leavers[i].waitsFor;
            bool ready = _allFree(_leavers[i].taken);
            if (released) assertTrue(ready, "released too early");
            else if (!_leavers[i].shared) assertFalse(ready, "held too long");
        }
    }

    // ------------------------------------------------------------------- tests

    /// @dev Each byte is a step: what, and for a place freed which.
    function _run(bytes memory steps) private {
        for (uint256 i = 0; i < steps.length && i < MAX_STEPS; ++i) {
            uint8 step = uint8(steps[i]);
            if (step % 4 == 0) _leave();
            else if (step % 4 == 1 && _places.length != 0) _free(step / 4);
            else if (step % 4 == 2 && _places.length != 0) _free(_places.length - 1 - (step / 4) % _places.length);
            else _take();
            _check();
        }
        while (_open() != 0) {
            _free(0);
            _check();
        }
    }

    /// forge-config: default.fuzz.runs = 128
    /// forge-config: deep.fuzz.runs = 2000
    function testFuzz_AgainstLists(bytes memory steps) external {
        _run(steps);
    }

    /// @dev Places and leavers in turn, so that the ring fills up, and then frees in a drawn order.
    ///
    /// forge-config: default.fuzz.runs = 128
    /// forge-config: deep.fuzz.runs = 2000
    function testFuzz_AgainstLists_GivenAFullRing(bytes memory steps, uint8 leavers) external {
        leavers = uint8(bound(leavers, 6, 12));
        for (uint256 i = 0; i < leavers; ++i) {
            _take();
            _leave();
            _check();
        }
        _run(steps);
    }

    function test_SharesTheNewestCohortGivenEight() external {
        for (uint256 i = 0; i < 8; ++i) {
            _take();
            _leave();
        }
        assertFalse(_leavers[6].shared);
        assertTrue(_leavers[7].shared);
        assertEq(_leavers[7].waitsFor, 8);
        assertEq(_pool.newest, 7);
        _take();
        assertEq(_places[8].cohort, 7);
        for (uint256 i = 0; i < 8; ++i) {
            _free(i);
            _check();
        }
        assertLt(_pool.oldest, _leavers[7].waitsFor);
    }

    function test_CountsTheMostPlacesWithoutTouchingNeighbours() external pure {
        for (uint32 newest = 0; newest < 8; ++newest) {
            Pool memory pool;
            (pool.oldest, pool.newest) = (newest, newest);
            // 65,534 places without the loop.
            pool.counts = uint128(type(uint16).max - 1) << (16 * uint128(newest));
            pool.open = type(uint16).max - 1;
            assertEq(pool.take(), newest);
            assertEq(pool.counts, uint128(type(uint16).max) << (16 * uint128(newest)));
            assertEq(pool.open, type(uint16).max);
            pool.free(uint8(newest));
            assertEq(pool.counts, uint128(type(uint16).max - 1) << (16 * uint128(newest)));
        }
    }

    function test_GoesRoundTheRing() external {
        for (uint256 i = 0; i < 20; ++i) {
            _take();
            assertEq(_places[i].cohort, i % 8);
            _leave();
            if (i != 0) _free(i - 1);
            _check();
        }
        assertEq(_pool.newest, 20);
        assertEq(_pool.oldest, 19);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pool} from "../types/Types.sol";

/// @title Which places were taken before a seat left
/// @dev Places are counted in cohorts. A leaving seat closes the newest, so that no later place joins those it waits for,
/// and goes free once all cohorts up to then are empty. Eight can be apart at once; while they are, a leaving seat shares
/// the newest with later places and may wait longer, though never beyond its `releaseAt` or while no place is taken.
library Cohorts {
    uint32 private constant RING = 8;

    /// @notice Counts a place in the newest cohort, which it returns.
    function take(Pool memory pool) internal pure returns (uint8 cohort) {
        // forge-lint: disable-next-line(unsafe-typecast): below RING
        cohort = uint8(pool.newest % RING);
        pool.counts += uint128(1) << (16 * uint128(cohort));
        ++pool.open;
    }

    /// @notice Gives a place back to the cohort that counted it.
    function free(Pool memory pool, uint8 cohort) internal pure {
        pool.counts -= uint128(1) << (16 * uint128(cohort));
        --pool.open;
        while (pool.oldest < pool.newest && isEmpty(pool, pool.oldest)) {
            ++pool.oldest;
        }
    }

    /// @notice Closes the newest cohort, and returns which must be the oldest for all places taken so far to be free.
    function close(Pool memory pool) internal pure returns (uint32 waitsFor) {
        if (isEmpty(pool, pool.newest)) return pool.newest;
        if (pool.newest - pool.oldest < RING - 1) return ++pool.newest;
        return pool.newest + 1;
    }

    function isEmpty(Pool memory pool, uint32 cohort) private pure returns (bool) {
        return uint16(pool.counts >> (16 * (cohort % RING))) == 0;
    }
}

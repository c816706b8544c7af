// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Limits, Schedule} from "../types/Types.sol";

/// @title The time line of a campaign, derived from its schedule
/// @dev Sums of at most a few hundred uint40 terms: none can overflow uint256.
library Schedules {
    /// @dev Bonds double with each try: eight keep them below 2^128.
    uint8 private constant MAX_TRIES = 8;

    /// @notice A schedule breaks rule `rule` of `validate` (numbered from 1 in the order written there).
    error InvalidSchedule(uint8 rule);

    function rosterEnd(Schedule calldata s) internal pure returns (uint256) {
        return uint256(s.enrolEnd) - s.grace;
    }

    function roundStart(Schedule calldata s, uint256 round) internal pure returns (uint256) {
        return s.workStart + round * s.roundLength;
    }

    function commitEnd(Schedule calldata s) internal pure returns (uint256) {
        return roundStart(s, s.rounds);
    }

    function revealEnd(Schedule calldata s) internal pure returns (uint256) {
        return commitEnd(s) + s.revealPeriod;
    }

    function settleEnd(Schedule calldata s) internal pure returns (uint256) {
        return revealEnd(s) + s.settlePeriod;
    }

    /// @notice The longest that a proposal can be contested: three disputes, each of which opens a fresh window.
    function contest(Schedule calldata s) internal pure returns (uint256) {
        return 4 * uint256(s.window) + 3 * uint256(s.rulingPeriod);
    }

    /// @notice The end of all proposing: time for the oracle's own proposal and `tries` others, each contested to the end.
    function proposeEnd(Schedule calldata s) internal pure returns (uint256) {
        return settleEnd(s) + s.tries * (uint256(s.rescuePeriod) + s.publicPeriod + contest(s));
    }

    /// @notice The time by which every path has ended, slashes included.
    function hardEnd(Schedule calldata s) internal pure returns (uint256) {
        return proposeEnd(s) + contest(s) + s.slashWindow;
    }

    /// @notice The end of slashing, and of holding the pool's place, in a campaign that became final at `since`. A final
    /// that comes too late binds no seat beyond the time at which it could leave.
    function slashEnd(Schedule calldata s, uint256 since) internal pure returns (uint256) {
        uint256 end = since + s.slashWindow;
        uint256 hard = hardEnd(s);
        return end < hard ? end : hard;
    }

    function validate(Schedule calldata s, Limits memory l, uint256 created) internal pure {
        if (s.acceptEnd <= created) revert InvalidSchedule(1);
        if (s.enrolEnd < uint256(s.acceptEnd) + s.grace) revert InvalidSchedule(2);
        if (s.workStart <= s.enrolEnd) revert InvalidSchedule(3);
        if (s.rounds == 0 || s.tries == 0 || s.tries > MAX_TRIES) revert InvalidSchedule(4);
        if (s.roundLength <= s.grace || s.roundLength > l.maxPeriod) revert InvalidSchedule(5);
        if (outside(s.grace, l.minPeriod, l.maxPeriod)) revert InvalidSchedule(6);
        if (outside(s.revealPeriod, l.minPeriod, l.maxPeriod)) revert InvalidSchedule(7);
        if (outside(s.settlePeriod, l.minPeriod, l.maxPeriod)) revert InvalidSchedule(8);
        if (outside(s.window, l.minPeriod, l.maxPeriod)) revert InvalidSchedule(9);
        if (outside(s.rulingPeriod, l.minPeriod, l.maxPeriod)) revert InvalidSchedule(10);
        if (outside(s.rescuePeriod, l.minRescue, l.maxPeriod)) revert InvalidSchedule(11);
        if (outside(s.publicPeriod, l.minPeriod, l.maxPeriod)) revert InvalidSchedule(12);
        if (outside(s.slashWindow, l.minPeriod, l.maxPeriod)) revert InvalidSchedule(13);
        if (hardEnd(s) > created + l.maxHorizon) revert InvalidSchedule(14);
    }

    function outside(uint40 period, uint40 least, uint40 most) private pure returns (bool) {
        return period < least || period > most;
    }
}

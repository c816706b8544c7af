// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Status} from "../../contracts/types/Types.sol";
import {RegistryChecks} from "./RegistryChecks.sol";
import {Known} from "./RegistryWorld.sol";

/// @dev All calls that the fuzzer makes, and the end of a run.
contract RegistryHandler is RegistryChecks {
    /// @dev Invariant 21: strangers and time end every campaign, and everyone gets out what is theirs.
    function wind() external {
        for (uint256 i = 0; i < _known.length; ++i) {
            _end(i);
            if (_isFinal(i)) _claimEach(i);
        }
        for (uint256 i = 0; i < _known.length; ++i) {
            if (!_holdsPlace(i)) continue;
            _reach(_slashEnd(i));
            _freePlace(i, stranger);
        }
        for (uint256 pool = 0; pool < 3; ++pool) {
            _reach(_latestEnd[pool]);
        }
        for (uint256 pool = 0; pool < 3; ++pool) {
            _vacateAll(pool);
        }
        _withdrawAll();
    }

    /// @dev Nobody proposes, challenges or rules any more. A contest leads to a fall or a fresh window, so that three
    /// moves are enough; every receipt that stands in a refund's way takes one more.
    function _end(uint256 i) private {
        uint256 moves = 3 + _known[i].openReceipts;
        for (; _known[i].status < Status.Final && moves > 0; --moves) {
            _endOnce(i);
        }
        assertTrue(_known[i].status >= Status.Final, "21: not terminal");
    }

    function _claimEach(uint256 i) private {
        for (uint256 j = 0; j < _known[i].leaves.length; ++j) {
            for (uint8 which = 1; which < 3; ++which) {
                if (parts[i][_known[i].leaves[j].index] & which == 0) _claim(i, 1 << j, which, stranger);
            }
        }
    }

    function _vacateAll(uint256 pool) private {
        for (uint256 i = 0; i < 4; ++i) {
            address who = annotators[i];
            _unblock(pool, who);
            if (!_isSeated(pool, who)) continue;
            if (_chairs[pool][who].releaseAt == 0) _leave(pool, who);
            _withdrawSeat(pool, who, stranger);
        }
    }

    function _withdrawAll() private {
        for (uint256 t = 0; t < 2; ++t) {
            address token = address(tokens[t]);
            for (uint256 i = 0; i < _people.length; ++i) {
                if (credit[token][_people[i]] == 0) continue;
                if (tokens[t].blocked(_people[i])) tokens[t].setBlocked(_people[i], false);
                vm.prank(stranger);
                registry.withdrawFor(token, _people[i]);
                credit[token][_people[i]] = 0;
            }
        }
    }

    /// @dev All that is left is what was burned, sent by mistake, or promised to no leaf: the part of a total that its
    /// leaves do not reach, or an absurd tree's rest.
    function checkWound() external view {
        uint256[2] memory left;
        for (uint256 i = 0; i < _known.length; ++i) {
            Known storage k = _known[i];
            if (k.status == Status.Final) left[_tokenOf[k.pool]] += k.settlement.payoutTotal - k.claimed;
        }
        for (uint256 t = 0; t < 2; ++t) {
            address token = address(tokens[t]);
            uint256 sum = burned[token] + donated[token] + left[t];
            assertEq(tokens[t].balanceOf(address(registry)), sum, "21: something is stuck");
        }
        for (uint256 pool = 0; pool < 3; ++pool) {
            assertEq(registry.poolOf(_poolIds[pool]).open, 0, "21: a place is stuck");
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pool} from "../../contracts/types/Types.sol";
import {RegistryBooks} from "./RegistryBooks.sol";
import {Chair, Known} from "./RegistryWorld.sol";

/// @dev Every move of a seat, made in the registry and in the model.
abstract contract SeatSteps is RegistryBooks {
    /// @dev How many cohorts of places a pool keeps apart.
    uint256 private constant COHORTS = 8;

    function _isSeated(uint256 pool, address who) internal view returns (bool) {
        return _chairs[pool][who].taken;
    }

    /// @dev Takes new work: whole and not leaving.
    function _isFree(uint256 pool, address who) internal view returns (bool) {
        Chair storage chair = _chairs[pool][who];
        return chair.taken && chair.releaseAt == 0 && chair.shortSince == 0;
    }

    function _slice(uint256 pool) internal view returns (uint256) {
        return _pools[pool].seatStake / _pools[pool].maxOpen;
    }

    function _hasRoom(uint256 pool) internal view returns (bool) {
        return _held[pool] < _pools[pool].maxOpen;
    }

    function _join(uint256 pool, address who) internal {
        vm.prank(who);
        registry.join(_pools[pool], "");
        _pays(_pools[pool].token, who, _pools[pool].seatStake);
        (_chairs[pool][who].taken, _chairs[pool][who].stake) = (true, _pools[pool].seatStake);
    }

    function _letJoin(uint256 pool, address who) internal {
        if (_isSeated(pool, who)) return;
        _unblock(pool, who);
        _join(pool, who);
    }

    function _seatAll(uint256 pool) internal {
        for (uint256 i = 0; i < _crew(pool); ++i) {
            _letJoin(pool, annotators[i]);
        }
    }

    function _unblock(uint256 pool, address who) internal {
        if (tokens[_tokenOf[pool]].blocked(who)) tokens[_tokenOf[pool]].setBlocked(who, false);
    }

    function _refill(uint256 pool, address who) internal {
        Chair storage chair = _chairs[pool][who];
        _unblock(pool, who);
        vm.prank(who);
        registry.refill(_pools[pool]);
        _pays(_pools[pool].token, who, _pools[pool].seatStake - chair.stake);
        (chair.stake, chair.shortSince) = (_pools[pool].seatStake, 0);
    }

    /// @dev From here on it waits for the places held now, and for no later one unless the pool ran out of cohorts.
    function _leave(uint256 pool, address who) internal {
        Chair storage chair = _chairs[pool][who];
        Pool memory state = registry.poolOf(_poolIds[pool]);
        bool empty = uint16(state.counts >> (16 * (state.newest % COHORTS))) == 0;
        chair.apart = empty || state.newest - state.oldest < COHORTS - 1;
        vm.prank(who);
        registry.leave(_poolIds[pool]);
        chair.releaseAt = _latestEnd[pool] > _time() ? _latestEnd[pool] : _time();
        for (uint256 i = 0; i < _known.length; ++i) {
            if (_known[i].pool == pool && _known[i].place) chair.waitsFor.push(i);
        }
    }

    function _isWaiting(uint256 pool, address who) internal view returns (bool) {
        uint256[] storage waitsFor = _chairs[pool][who].waitsFor;
        for (uint256 i = 0; i < waitsFor.length; ++i) {
            if (_known[waitsFor[i]].place) return true;
        }
        return false;
    }

    /// @dev What the rule promises. Where the pool could not keep places apart, only time or an empty pool does.
    function _isReleased(uint256 pool, address who) internal view returns (bool) {
        Chair storage chair = _chairs[pool][who];
        return _time() >= chair.releaseAt || _held[pool] == 0 || (chair.apart && !_isWaiting(pool, who));
    }

    function _withdrawSeat(uint256 pool, address who, address caller) internal {
        vm.prank(caller);
        registry.withdrawSeat(_pools[pool], who);
        _owes(_pools[pool].token, who, _chairs[pool][who].stake);
        delete _chairs[pool][who];
    }

    // ------------------------------------------------------------------ rosters

    function _isRostered(uint256 index, address who) internal view returns (bool) {
        return _enrolled[index][who] || _listed[index][who];
    }

    /// @dev Whether the campaign counts on this seat: on its roster, whole when enrolment ended, and not slashed for it
    /// yet.
    function _counts(uint256 index, address who) internal view returns (bool) {
        Known storage k = _known[index];
        if (!k.place || _slashed[index][who] || !_isRostered(index, who)) return false;
        uint256 shortSince = _chairs[k.pool][who].shortSince;
        return shortSince == 0 || shortSince >= k.params.schedule.enrolEnd;
    }
}

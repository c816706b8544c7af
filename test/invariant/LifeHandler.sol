// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Status} from "../../contracts/types/Types.sol";
import {RING} from "./RegistryWorld.sol";
import {SeatHandler} from "./SeatHandler.sol";

/// @dev The fuzzer's calls in a campaign's undisturbed life, and at its ends.
abstract contract LifeHandler is SeatHandler {
    // ------------------------------------------------------ from funding to work

    function create(uint256 seed) external counted("create") {
        _create(seed);
    }

    function topUp(uint256 seed, uint128 amount) external counted("topUp") {
        uint256 i = _bring(seed, _isCreated, CREATED);
        address from = _known[i].pool == RING ? requesters[RING] : requesters[seed % 2];
        _topUp(i, from, uint128(_bound(amount, 1, 1e12)));
    }

    function accept(uint256 seed) external counted("accept") {
        _accept(_bring(seed, _isAcceptable, CREATED));
    }

    function enrol(uint256 seed) external counted("enrol") {
        uint256 i = _bring(seed, _isEnrolling, OPEN);
        uint256 pool = _known[i].pool;
        for (uint256 j = 0; j < _crew(pool); ++j) {
            address who = annotators[(seed % _crew(pool) + j) % _crew(pool)];
            _letJoin(pool, who);
            if (_isFree(pool, who) && !_enrolled[i][who]) return _enrol(i, who);
        }
        _idle("enrol");
    }

    function postRoster(uint256 seed) external counted("postRoster") {
        _postRoster(_bring(seed, _lacksRoster, OPEN));
    }

    function armSeed(uint256 seed) external counted("armSeed") {
        uint256 i = _bring(seed, _isUnarmed, OPEN);
        _reach(_schedule(i).enrolEnd);
        _arm(i, _anyone(seed));
    }

    function missSeed(uint256 seed) external counted("missSeed") {
        uint256 i = _bring(seed, _isArmed, ARMED);
        vm.roll(_known[i].seedBlock + 257 + seed % 1000);
        _arm(i, _anyone(seed));
    }

    function drawSeed(uint256 seed) external counted("drawSeed") {
        uint256 i = _bring(seed, _isArmed, ARMED);
        if (vm.getBlockNumber() > _known[i].seedBlock + 256) _arm(i, stranger);
        uint256 from = vm.getBlockNumber() > _known[i].seedBlock ? vm.getBlockNumber() : _known[i].seedBlock + 1;
        vm.roll(_bound(seed, from, _known[i].seedBlock + 256));
        _draw(i, _anyone(seed));
    }

    function commitAggregate(uint256 seed) external counted("commitAggregate") {
        uint256 i = _bring(seed, _isWorking, SEEDED);
        uint32 round = _roundNow(i);
        _reach(_roundStart(i, round));
        _aggregate(i, round, seed);
    }

    function commit(uint256 seed) external counted("commit") {
        uint256 i = _find(seed, _hasWorker);
        if (i == _known.length) {
            for (uint256 pool = 0; pool < 3; ++pool) {
                _seatAll(pool);
            }
            i = _fresh(seed | 15, SEEDED);
        }
        uint32 round = _roundNow(i);
        _reach(_roundStart(i, round));
        address who = _worker(i, seed);
        if (who == NOBODY) return _idle("commit");
        _commit(i, round, who, seed);
    }

    // ------------------------------------------------------ settlement and ends

    function propose(uint256 seed, bool absurd) external counted("propose") {
        uint256 i = _bring(seed, _isSettling, COMMITTED);
        _reach(_revealEnd(i));
        _propose(i, seed, absurd);
    }

    function finalize(uint256 seed, uint256 late) external counted("finalize") {
        uint256 i = _bring(seed, _isProposed, PROPOSED);
        _reach(_windowEnd(i) + _bound(late, 0, 1 hours));
        _finalize(i, _anyone(seed));
    }

    function cancel(uint256 seed) external counted("cancel") {
        uint256 i = _find(seed, _isRefundable);
        if (i == _known.length) i = _fresh(seed, seed % 3);
        bool created = _is(i, Status.Created);
        address caller = created && seed % 2 == 0 ? _known[i].params.requester : _anyone(seed);
        if (!created) _reach(_revealEnd(i));
        else if (caller != _known[i].params.requester) _reach(_schedule(i).acceptEnd);
        _cancel(i, caller);
    }

    /// @dev Its time runs for weeks: mostly one whose tries are used up, for the sake of all others.
    function expire(uint256 seed) external counted("expire") {
        uint256 i = _find(seed, _isSpent);
        if (i == _known.length && seed % 8 == 0) i = _find(seed, _isStuck);
        if (i == _known.length) _useTries(i = _fresh(seed, COMMITTED), seed);
        if (_known[i].rejections <= _schedule(i).tries) _reach(_proposeEnd(i));
        _expire(i, _anyone(seed));
    }

    function freePlace(uint256 seed) external counted("freePlace") {
        uint256 i = _bring(seed, _holdsPlace, FINAL);
        _reach(_slashEnd(i));
        _freePlace(i, _anyone(seed));
    }

    // ------------------------------------------------------------------ claims

    /// @dev Mostly only what is left, so that most claims succeed.
    function claim(uint256 seed, uint256 picked, uint8 which) external counted("claim") {
        uint256 i = _bring(seed, _isFinal, FINAL);
        uint256 all = (1 << _known[i].leaves.length) - 1;
        picked = _bound(picked, 1, all);
        which = uint8(_bound(which, 1, 3));
        if (seed % 4 != 0) picked = _unclaimed(i, which, picked);
        if (picked == 0) picked = _unclaimed(i, which, all);
        if (picked == 0) i = _fresh(seed, FINAL);
        if (picked == 0) picked = 1;
        if (!_claim(i, picked, which, _anyone(seed))) _idle("claim");
    }

    function _unclaimed(uint256 i, uint8 which, uint256 picked) private view returns (uint256 left) {
        for (uint256 j = 0; j < _known[i].leaves.length; ++j) {
            if (parts[i][_known[i].leaves[j].index] & which == 0) left |= 1 << j;
        }
        left &= picked;
    }

    function pass(uint256 seconds_) external counted("pass") {
        _reach(_time() + _bound(seconds_, 1, 3 hours));
        vm.roll(vm.getBlockNumber() + _bound(seconds_, 1, 100));
    }
}

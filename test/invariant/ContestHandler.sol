// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../../contracts/interfaces/IRegistryEvents.sol";
import {ErraticArbitrator} from "./ErraticArbitrator.sol";
import {LifeHandler} from "./LifeHandler.sol";
import {Known} from "./RegistryWorld.sol";

/// @dev The fuzzer's calls around contests: late and public proposals, challenges and rulings.
abstract contract ContestHandler is LifeHandler {
    function proposeLate(uint256 seed, uint256 late) external counted("proposeLate") {
        uint256 i = _bring(seed, _isLate, COMMITTED);
        uint256 start = _rescueStart(i);
        _reach(_bound(late, start, start + _schedule(i).rescuePeriod));
        if (!_isLate(i)) _reach(_rescueStart(i = _fresh(seed, COMMITTED)));
        _proposeLate(i, seed);
    }

    function proposeOpenly(uint256 seed) external counted("proposeOpenly") {
        uint256 i = _bring(seed, _isPublic, COMMITTED);
        _reach(_rescueEnd(i));
        _proposeOpenly(i, seed, _player(_known[i].pool, seed >> 64));
    }

    /// @dev Some of the time until `end`.
    function _wait(uint256 seed, uint256 end) private {
        _reach(_time() + seed % (end - _time()));
    }

    function challenge(uint256 seed) external counted("challenge") {
        uint256 i = _bring(seed, _isChallengeable, PROPOSED);
        _wait(seed >> 110, _windowEnd(i));
        _challenge(i, _player(_known[i].pool, seed >> 64));
    }

    /// @dev An arbitrator that asks too much, is closed or names a running dispute is no arbitrator; time goes on.
    function requestRuling(uint256 seed) external counted("requestRuling") {
        uint256 i = _bring(seed, _isUnasked, DISPUTED);
        if (_known[i].pool != 0 || (seed >> 40) % 3 != 0) return _ask(i, _player(_known[i].pool, seed >> 64), seed);
        _askInVain(i, seed >> 48);
        _idle("requestRuling");
    }

    function _askInVain(uint256 i, uint256 seed) private {
        bytes4 reason = ErraticArbitrator.ClosedToday.selector;
        ErraticArbitrator.Mood mood = ErraticArbitrator.Mood.Closed;
        uint256 disputeId = seed % 4;
        if (seed % 3 == 1) mood = ErraticArbitrator.Mood.Unpriced;
        if (seed % 3 == 2) {
            (mood, reason) = (ErraticArbitrator.Mood.Overpriced, IRegistryEvents.ArbitrationFee.selector);
        }
        if (_inDispute[0][disputeId]) {
            (mood, reason) = (ErraticArbitrator.Mood.Fair, IRegistryEvents.DisputeExists.selector);
        }
        erratic.behave(mood, 0, disputeId);
        bytes memory call = abi.encodeCall(registry.requestRuling, (_pools[0], _known[i].params));
        _refused("ask an arbitrator of no use", requesters[0], call, reason);
    }

    /// @dev Neither, for the proposer or for the challenger.
    function rule(uint256 seed, uint256 ruling) external counted("rule") {
        uint256 i = _bring(seed, _isPending, DISPUTED);
        if (!_known[i].bout.asked) _ask(i, _player(_known[i].pool, seed >> 64), seed);
        _wait(seed >> 110, _known[i].bout.rulingEnd);
        ruling = _bound(ruling, 0, 8);
        _rule(i, ruling < 4 ? FOR_PROPOSER : ruling < 8 ? FOR_CHALLENGER : 0);
    }

    /// @dev Now and then by the same arbitrator who is silent in all others.
    function resolve(uint256 seed) external counted("resolve") {
        uint256 i = _bring(seed, _isDisputed, DISPUTED);
        Known storage k = _known[i];
        if (_isUnasked(i) && (seed >> 32) % 2 == 0) {
            _ask(i, _player(k.pool, seed >> 64), seed);
            _wait(seed >> 110, k.bout.rulingEnd);
            _rule(i, 1 + (seed >> 33) % 2);
        }
        if (!k.bout.ruled) _reach(k.bout.rulingEnd);
        _reach(_time() + (seed >> 120) % 1 hours);
        _resolve(i, _anyone(seed));
    }
}

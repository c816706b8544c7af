// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../../contracts/interfaces/IVaultEvents.sol";
import {Status} from "../../contracts/types/Types.sol";
import {RegistryAttacks} from "./RegistryAttacks.sol";
import {Known} from "./RegistryWorld.sol";

/// @dev What is forbidden around contests: late and public proposals, challenges and rulings.
abstract contract ContestAttacks is RegistryAttacks {
    function attackContest(uint256 seed) external counted("attackContest") {
        for (uint256 n = 0; n < 3; ++n) {
            uint256 word = uint256(keccak256(abi.encode(seed, n)));
            uint256 i = _find(word, _isDisputed);
            _attackContest(i == _known.length || word % 2 == 0 ? _victim(word) : i, word);
        }
        if ((seed >> 40) % 4 == 0) _attackContest(_withstanding(seed), seed);
        if ((seed >> 40) % 4 == 1) _attackContest(_spent(seed), seed);
    }

    function _attackContest(uint256 i, uint256 seed) private {
        Status status = _known[i].status;
        if (status == Status.Open) _attackLate(i);
        if (status == Status.Open) _attackOpenly(i);
        if (status == Status.Disputed) _attackDispute(i, seed);
        else _attackUndisputed(i);
        if (status == Status.Proposed) _attackChallenge(i);
        if (_known[i].bout.asked) _attackRuling(i);
    }

    function _spent(uint256 seed) private returns (uint256 i) {
        i = _fresh(seed, COMMITTED);
        _useTries(i, seed);
    }

    /// @dev A proposal that stood all the challenges there may be.
    function _withstanding(uint256 seed) private returns (uint256 i) {
        i = _fresh(seed, PROPOSED);
        for (uint256 n = 0; n < 3; ++n) {
            _challenge(i, _player(_known[i].pool, seed >> 64));
            _ask(i, _player(_known[i].pool, seed >> 72), seed);
            _rule(i, FOR_PROPOSER);
            _reach(_time() + 1 hours);
            _resolve(i, stranger);
        }
    }

    // --------------------------------------------------------------- proposing

    function _attackLate(uint256 i) private {
        Known storage k = _known[i];
        bytes memory call = abi.encodeCall(registry.proposeLate, (k.params, k.settlement));
        _refused("propose late as a stranger", stranger, call, IVaultEvents.NotAllowed.selector);
        if (!_isOpenToProposals(i)) return _attackClosed("propose late", i, k.params.oracle, call);
        if (_time() < _rescueStart(i)) {
            _refused("propose late too early", k.params.oracle, call, TOO_EARLY);
        } else if (k.openReceipts != 0) {
            bytes4 reason = IRegistryEvents.ReceiptsOpen.selector;
            _refused("propose late with a receipt open", k.params.oracle, call, reason);
        } else if (k.bond == 0) {
            _refused("propose late without a bond", k.params.oracle, call, IRegistryEvents.BondUsedUp.selector);
        }
    }

    function _attackOpenly(uint256 i) private {
        Known storage k = _known[i];
        uint256 most = _publicBond(i) - 1;
        bytes memory call = abi.encodeCall(registry.proposeOpenly, (_pools[k.pool], k.params, k.settlement, most));
        if (!_isOpenToProposals(i)) return _attackClosed("propose openly", i, stranger, call);
        if (_time() >= _rescueEnd(i)) {
            return _refused("propose openly for less", stranger, call, IRegistryEvents.BondAboveMax.selector);
        }
        bytes4 reason = TOO_EARLY;
        _refused("propose openly in the rescue", k.params.requester, call, reason);
        _refused("propose openly in the rescue", k.params.oracle, call, reason);
    }

    /// @dev Nobody committed, or tries or time are used up, in this order.
    function _attackClosed(string memory what, uint256 i, address who, bytes memory call) private {
        Known storage k = _known[i];
        if (!k.committed) {
            _refused(string.concat(what, ": nothing"), who, call, IRegistryEvents.NothingCommitted.selector);
        } else if (k.rejections > k.params.schedule.tries) {
            _refused(string.concat(what, " once more"), who, call, IRegistryEvents.TriesUsedUp.selector);
        } else {
            _refused(string.concat(what, " after proposeEnd"), who, call, TOO_LATE);
        }
    }

    // -------------------------------------------------------------- challenges

    function _attackChallenge(uint256 i) private {
        Known storage k = _known[i];
        bytes memory call = _challenging(i, _challengeBond(i) - 1);
        if (_time() >= _windowEnd(i)) {
            return _refused("challenge after the window", k.params.requester, call, TOO_LATE);
        }
        bytes4 reason = IRegistryEvents.ChallengesUsedUp.selector;
        if (k.bout.withstood == 3) return _refused("challenge a fourth time", stranger, call, reason);
        _refused("challenge for less", stranger, call, IRegistryEvents.BondAboveMax.selector);
        ++k.settlement.payoutTotal;
        call = _challenging(i, _challengeBond(i));
        --k.settlement.payoutTotal;
        _refused("challenge another proposal", stranger, call, IRegistryEvents.SettlementMismatch.selector);
    }

    function _attackUndisputed(uint256 i) private {
        Known storage k = _known[i];
        bytes memory call = abi.encodeCall(registry.resolve, (_pools[k.pool], k.params));
        _refused("resolve without a dispute", stranger, call, WRONG_STATUS);
        call = abi.encodeCall(registry.requestRuling, (_pools[k.pool], k.params));
        _refused("ask without a dispute", stranger, call, WRONG_STATUS);
        if (_is(i, Status.Proposed)) return;
        call = _challenging(i, type(uint256).max);
        _refused("challenge no proposal", stranger, call, WRONG_STATUS);
        call = abi.encodeCall(registry.submitEvidence, (_pools[k.pool], k.params, "evidence"));
        _refused("evidence without a proposal", stranger, call, WRONG_STATUS);
    }

    function _attackDispute(uint256 i, uint256 seed) private {
        Known storage k = _known[i];
        bytes memory call = _challenging(i, type(uint256).max);
        _refused("challenge while disputed", stranger, call, WRONG_STATUS);
        call = abi.encodeCall(registry.resolve, (_pools[k.pool], k.params));
        if (!k.bout.ruled && _time() < k.bout.rulingEnd) {
            _refused("resolve before the ruling", _proposerOf(i), call, TOO_EARLY);
            _refused("resolve before the ruling", k.bout.challenger, call, TOO_EARLY);
        }
        call = abi.encodeCall(registry.resolve, (_pools[(k.pool + 1) % 3], k.params));
        _refused("resolve under another pool", stranger, call, IRegistryEvents.ParamsMismatch.selector);
        call = abi.encodeCall(registry.requestRuling, (_pools[k.pool], k.params));
        if (_time() >= k.bout.rulingEnd) {
            _refused("ask after the ruling period", k.bout.challenger, call, TOO_LATE);
        } else if (k.bout.asked) {
            _refused("ask twice", k.bout.challenger, call, IRegistryEvents.RulingAlreadyRequested.selector);
        } else if (k.pool != 0) {
            _refused("ask for nothing", k.bout.challenger, call, IRegistryEvents.ArbitrationFee.selector);
        }
        _attackBystanders(i, seed);
    }

    /// @dev Whoever is not the arbitrator rules on nothing, not even another pool's arbitrator.
    function _attackBystanders(uint256 i, uint256 seed) private {
        Known storage k = _known[i];
        bytes memory call = abi.encodeCall(registry.rule, (k.bout.disputeId, 1 + seed % 2));
        bytes4 reason = IRegistryEvents.UnknownDispute.selector;
        _refused("rule as a party", _proposerOf(i), call, reason);
        _refused("rule as a party", k.bout.challenger, call, reason);
        _refused("rule as a stranger", stranger, call, reason);
        if (_judges[k.pool] != NOBODY) _refused("rule past the court", _judges[k.pool], call, reason);
        uint256 other = (k.pool + 1) % 3;
        if (_inDispute[other][k.bout.disputeId]) return;
        _refused("rule as another pool's arbitrator", _pools[other].arbitrator, call, reason);
    }

    /// @dev By the arbitrator itself: twice, late, or what is no choice.
    function _attackRuling(uint256 i) private {
        Known storage k = _known[i];
        address arbitrator = _pools[k.pool].arbitrator;
        bytes memory call = abi.encodeCall(registry.rule, (k.bout.disputeId, 3));
        _refused("rule what is no choice", arbitrator, call, IRegistryEvents.InvalidRuling.selector);
        uint256 other = k.bout.ruling == FOR_PROPOSER ? FOR_CHALLENGER : FOR_PROPOSER;
        call = abi.encodeCall(registry.rule, (k.bout.disputeId, other));
        if (_time() >= k.bout.rulingEnd) {
            _refused("rule too late", arbitrator, call, TOO_LATE);
        } else if (k.bout.ruled) {
            _refused("rule twice", arbitrator, call, IRegistryEvents.AlreadyRuled.selector);
        }
    }
}

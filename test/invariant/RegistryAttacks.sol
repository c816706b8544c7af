// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../../contracts/interfaces/IVaultEvents.sol";
import {Status} from "../../contracts/types/Types.sol";
import {EvidenceHandler} from "./EvidenceHandler.sol";
import {Chair, Known} from "./RegistryWorld.sol";

/// @dev What the state of a campaign forbids, by whoever would gain most: in a campaign's undisturbed life, and to the
/// ledger and seats.
abstract contract RegistryAttacks is EvidenceHandler {
    bytes4 internal constant WRONG_STATUS = IRegistryEvents.WrongStatus.selector;
    bytes4 internal constant TOO_EARLY = IRegistryEvents.TooEarly.selector;
    bytes4 internal constant TOO_LATE = IRegistryEvents.TooLate.selector;

    /// @dev Mostly a campaign in which there is something to gain.
    function _victim(uint256 seed) internal returns (uint256) {
        if (_active.length == 0 || (seed >> 90) % 8 == 0) return _fresh(seed, (seed >> 93) % 8);
        return (seed >> 96) % 8 == 0 ? seed % _known.length : _active[seed % _active.length];
    }

    function attackLife(uint256 seed) external counted("attackLife") {
        for (uint256 n = 0; n < 3; ++n) {
            _attackLife(_victim(uint256(keccak256(abi.encode(seed, n)))));
        }
    }

    function _attackLife(uint256 i) private {
        Status status = _known[i].status;
        if (status != Status.Created) _attackFunding(i);
        if (status == Status.Open) _attackOpen(i);
        else _attackWork(i);
        if (status == Status.Proposed) _attackWindow(i);
        else _attackFinalize(i);
        if (status == Status.Final) _attackPlace(i);
        _attackEnds(i);
    }

    function _attackFunding(uint256 i) private {
        Known storage k = _known[i];
        bytes memory call = abi.encodeCall(registry.accept, (_pools[k.pool], k.params));
        _refused("accept again", k.params.oracle, call, WRONG_STATUS);
        call = abi.encodeCall(registry.topUp, (k.params, 1));
        _refused("top up after accepting", k.params.requester, call, WRONG_STATUS);
        call = abi.encodeCall(registry.createCampaign, (_pools[k.pool], k.params, 1));
        _refused("create again", k.params.requester, call, IRegistryEvents.CampaignExists.selector);
    }

    function _attackWork(uint256 i) private {
        Known storage k = _known[i];
        address oracle = k.params.oracle;
        bytes memory call = abi.encodeCall(registry.postRoster, (k.params, keccak256("late"), 1));
        _refused("roster of a closed campaign", oracle, call, WRONG_STATUS);
        call = abi.encodeCall(registry.commitAggregate, (k.params, 0, keccak256("late"), 0));
        _refused("commit to a closed campaign", oracle, call, WRONG_STATUS);
        call = abi.encodeCall(registry.propose, (k.params, k.settlement));
        _refused("propose for a closed campaign", oracle, call, WRONG_STATUS);
        call = abi.encodeCall(registry.expire, (k.params));
        _refused("expire a closed campaign", stranger, call, WRONG_STATUS);
        call = abi.encodeCall(registry.armSeed, (_pools[k.pool], k.params));
        _refused("seed of a closed campaign", stranger, call, WRONG_STATUS);
    }

    function _attackOpen(uint256 i) private {
        Known storage k = _known[i];
        bytes memory call = abi.encodeCall(registry.propose, (k.params, k.settlement));
        _refused("propose as a stranger", stranger, call, IVaultEvents.NotAllowed.selector);
        if (!k.committed) {
            _refused("propose nothing", k.params.oracle, call, IRegistryEvents.NothingCommitted.selector);
        } else if (_time() < _revealEnd(i)) {
            _refused("propose before revealEnd", k.params.oracle, call, TOO_EARLY);
        } else if (_time() >= _settleEnd(i)) {
            _refused("propose after settleEnd", k.params.oracle, call, TOO_LATE);
        } else if (k.rejections + k.openReceipts != 0 || k.bond == 0) {
            _refused("propose without the right", k.params.oracle, call, IRegistryEvents.NoExclusiveRight.selector);
        }
        _attackSeed(i);
    }

    function _attackSeed(uint256 i) private {
        Known storage k = _known[i];
        bytes memory call = abi.encodeCall(registry.drawSeed, (_pools[k.pool], k.params));
        bytes4 reason = IRegistryEvents.SeedAlreadyDrawn.selector;
        if (k.seed != 0) _refused("draw the seed again", k.params.oracle, call, reason);
        else if (k.seedBlock == 0) _refused("draw unarmed", stranger, call, IRegistryEvents.SeedNotArmed.selector);
    }

    function _attackWindow(uint256 i) private {
        Known storage k = _known[i];
        bytes memory call = abi.encodeCall(registry.finalize, (k.params, k.settlement));
        if (_time() < _windowEnd(i)) _refused("finalize in the window", _proposerOf(i), call, TOO_EARLY);
        k.settlement.payoutTotal ^= 1;
        call = abi.encodeCall(registry.finalize, (k.params, k.settlement));
        k.settlement.payoutTotal ^= 1;
        bytes4 reason = _time() < _windowEnd(i) ? TOO_EARLY : IRegistryEvents.SettlementMismatch.selector;
        _refused("finalize something else", _proposerOf(i), call, reason);
    }

    function _attackFinalize(uint256 i) private {
        bytes memory call = abi.encodeCall(registry.finalize, (_known[i].params, _known[i].settlement));
        bool disputed = _is(i, Status.Disputed);
        _refused(disputed ? "finalize while disputed" : "finalize", _known[i].params.oracle, call, WRONG_STATUS);
        if (_is(i, Status.Final)) return;
        call = abi.encodeCall(registry.freePlace, (_known[i].params));
        _refused("free a place before the end", stranger, call, WRONG_STATUS);
    }

    function _attackPlace(uint256 i) private {
        bytes memory call = abi.encodeCall(registry.freePlace, (_known[i].params));
        bytes4 reason = IRegistryEvents.PlaceAlreadyFreed.selector;
        if (_time() < _slashEnd(i)) _refused("free a place while slashable", stranger, call, TOO_EARLY);
        else if (!_known[i].place) _refused("free a place twice", stranger, call, reason);
    }

    /// @dev A refund is refused for the commitment, not for the time alone.
    function _attackEnds(uint256 i) private {
        Known storage k = _known[i];
        bytes memory call = abi.encodeCall(registry.cancel, (k.params));
        bytes4 committed = IRegistryEvents.AlreadyCommitted.selector;
        if (k.status > Status.Open) {
            _refused("cancel a closed campaign", k.params.requester, call, WRONG_STATUS);
        } else if (k.committed) {
            _refused("refund after a commitment", k.params.requester, call, committed);
        } else if (k.status == Status.Open && _time() < _revealEnd(i)) {
            _refused("refund before revealEnd", k.params.requester, call, TOO_EARLY);
        } else if (k.openReceipts != 0) {
            _refused("refund in spite of a receipt", k.params.requester, call, IRegistryEvents.ReceiptsOpen.selector);
        } else if (k.status == Status.Created && _time() < k.params.schedule.acceptEnd) {
            _refused("cancel before acceptEnd", k.params.oracle, call, TOO_EARLY);
        }
        _attackExpiry(i);
    }

    function _attackExpiry(uint256 i) private {
        Known storage k = _known[i];
        if (k.status != Status.Open) return;
        bytes memory call = abi.encodeCall(registry.expire, (k.params));
        bytes4 nothing = IRegistryEvents.NothingCommitted.selector;
        if (!k.committed) return _refused("expire what can be refunded", k.params.oracle, call, nothing);
        if (_time() >= _proposeEnd(i) || k.rejections > k.params.schedule.tries) return;
        _refused("expire while somebody may propose", stranger, call, TOO_EARLY);
    }

    // -------------------------------------------------------- ledger and seats

    function attackLedger(uint256 seed) external counted("attackLedger") {
        address token = address(tokens[(seed >> 8) % 2]);
        address who = _people[seed % _people.length];
        bytes4 reason = IVaultEvents.InsufficientCredit.selector;
        bytes memory call = abi.encodeCall(registry.withdraw, (token, credit[token][who] + 1));
        _refused("withdraw more than one has", who, call, reason);
        call = abi.encodeCall(registry.withdraw, (token, 1));
        _refused("withdraw without credit", stranger, call, reason);
        (uint256 pool, address seated) = _place(seed % 12);
        _attackSeat(pool, seated);
        uint256 i = _find(seed, _isEnrolling);
        for (uint256 j = 0; j < 4 && i != _known.length; ++j) {
            _attackEnrolment(i, annotators[j]);
        }
        _attackClaims(_victim(seed), seed);
    }

    function _attackSeat(uint256 pool, address who) private {
        Chair storage chair = _chairs[pool][who];
        bytes memory withdrawal = abi.encodeCall(registry.withdrawSeat, (_pools[pool], who));
        bytes memory refilling = abi.encodeCall(registry.refill, (_pools[pool]));
        if (!chair.taken) {
            _refused("withdraw no seat", who, withdrawal, IVaultEvents.NotSeated.selector);
            return _refused("refill no seat", who, refilling, IVaultEvents.NotSeated.selector);
        }
        bytes4 locked = IVaultEvents.SeatLocked.selector;
        bytes4 leaving = IVaultEvents.AlreadyLeaving.selector;
        if (chair.releaseAt == 0) {
            _refused("withdraw a seat that stays", who, withdrawal, locked);
        } else {
            if (_isWaiting(pool, who) && _time() < chair.releaseAt) {
                _refused("withdraw a seat early", who, withdrawal, locked);
            }
            _refused("refill a leaving seat", who, refilling, leaving);
            return _refused("leave again", who, abi.encodeCall(registry.leave, (_poolIds[pool])), leaving);
        }
        bytes4 whole = IVaultEvents.SeatWhole.selector;
        if (chair.shortSince == 0) _refused("refill a whole seat", who, refilling, whole);
    }

    /// @dev Neither a short nor a leaving seat, nor none, gets onto a new roster.
    function _attackEnrolment(uint256 i, address who) private {
        Chair storage chair = _chairs[_known[i].pool][who];
        bytes memory call = abi.encodeCall(registry.enrol, (_known[i].params));
        bytes4 reason = IVaultEvents.NotSeated.selector;
        if (!chair.taken) _refused("enrol without a seat", who, call, reason);
        else if (chair.releaseAt != 0) _refused("enrol while leaving", who, call, reason);
        else if (chair.shortSince != 0) _refused("enrol with a short seat", who, call, reason);
        else if (_enrolled[i][who]) _refused("enrol twice", who, call, IRegistryEvents.AlreadyEnrolled.selector);
    }

    /// @dev A leaf of one campaign in another, and leaves once more.
    function _attackClaims(uint256 i, uint256 seed) private {
        uint256 other = _find(seed >> 8, _isFinal);
        if (other == _known.length) return;
        Known storage k = _known[other];
        uint256 leaf = seed % k.leaves.length;
        bytes32[] memory proof = _batch(other, 1 << leaf).proof;
        if (i != other) {
            bytes memory foreign = abi.encodeCall(registry.claim, (_known[i].params, k.leaves[leaf], proof));
            bytes4 reason = _isFinal(i) ? IRegistryEvents.InvalidProof.selector : WRONG_STATUS;
            _refused("claim in another campaign", stranger, foreign, reason);
        }
        if (parts[other][k.leaves[leaf].index] == 0) _claim(other, 1 << leaf, 3, stranger);
        if (parts[other][k.leaves[leaf].index] == 0) return;
        bytes memory again = abi.encodeCall(registry.claim, (k.params, k.leaves[leaf], proof));
        _refused("claim again", k.leaves[leaf].account, again, IRegistryEvents.AlreadyClaimed.selector);
    }
}

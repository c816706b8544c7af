// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Status} from "../../contracts/types/Types.sol";
import {EvidenceSteps} from "./EvidenceSteps.sol";
import {Bout, Known, Receipted} from "./RegistryWorld.sol";

/// @dev Finds a campaign in which a call can be made.
abstract contract RegistryFinder is EvidenceSteps {
    function _find(uint256 seed, function(uint256) view returns (bool) fits) internal view returns (uint256) {
        uint256 count = _known.length;
        for (uint256 i = 0; i < count; ++i) {
            uint256 index = (seed % count + i) % count;
            if (fits(index)) return index;
        }
        return count;
    }

    // ----------------------------------------------------- an undisturbed life

    function _is(uint256 i, Status status) internal view returns (bool) {
        return _known[i].status == status;
    }

    function _isOpen(uint256 i, uint256 before) internal view returns (bool) {
        return _is(i, Status.Open) && _time() < before;
    }

    function _isCreated(uint256 i) internal view returns (bool) {
        return _is(i, Status.Created) && _time() < _schedule(i).acceptEnd;
    }

    function _isAcceptable(uint256 i) internal view returns (bool) {
        return _isCreated(i) && _hasRoom(_known[i].pool);
    }

    function _isEnrolling(uint256 i) internal view returns (bool) {
        return _isOpen(i, _schedule(i).enrolEnd);
    }

    function _lacksRoster(uint256 i) internal view returns (bool) {
        return _isOpen(i, _schedule(i).enrolEnd - _schedule(i).grace) && !_known[i].rosterPosted;
    }

    function _isUnarmed(uint256 i) internal view returns (bool) {
        return _isOpen(i, _commitEnd(i)) && _known[i].seedBlock == 0;
    }

    function _isArmed(uint256 i) internal view returns (bool) {
        return _isOpen(i, _commitEnd(i)) && _known[i].seedBlock != 0 && _known[i].seed == 0;
    }

    function _isWorking(uint256 i) internal view returns (bool) {
        if (!_isOpen(i, _commitEnd(i) - _schedule(i).grace) || _known[i].seed == 0) return false;
        return !_aggregated[i][_roundNow(i)];
    }

    /// @dev The round that is running, or the next one if its aggregate is closed already.
    function _roundNow(uint256 i) internal view returns (uint32) {
        uint256 start = _schedule(i).workStart;
        if (_time() < start) return 0;
        uint256 length = _schedule(i).roundLength;
        uint256 round = (_time() - start) / length;
        bool closed = _time() >= start + (round + 1) * length - _schedule(i).grace;
        return uint32(closed ? round + 1 : round);
    }

    function _hasWorker(uint256 i) internal view returns (bool) {
        return _isWorking(i) && _worker(i, 0) != NOBODY;
    }

    function _worker(uint256 i, uint256 seed) internal view returns (address) {
        for (uint256 j = 0; j < 4; ++j) {
            address who = annotators[(seed % 4 + j) % 4];
            if (_isRostered(i, who)) return who;
        }
        return NOBODY;
    }

    /// @dev The oracle's alone: nothing fell yet, no receipt is open, and its bond is not lost.
    function _isSettling(uint256 i) internal view returns (bool) {
        Known storage k = _known[i];
        return _isOpen(i, _settleEnd(i)) && k.committed && k.rejections == 0 && k.openReceipts == 0 && k.bond != 0;
    }

    function _isStuck(uint256 i) internal view returns (bool) {
        return _is(i, Status.Open) && _known[i].committed;
    }

    /// @dev Nobody may propose any more.
    function _isSpent(uint256 i) internal view returns (bool) {
        return _isStuck(i) && (_time() >= _proposeEnd(i) || _known[i].rejections > _schedule(i).tries);
    }

    function _isRefundable(uint256 i) internal view returns (bool) {
        if (_is(i, Status.Created)) return true;
        return _is(i, Status.Open) && !_known[i].committed && _known[i].openReceipts == 0;
    }

    function _isProposed(uint256 i) internal view returns (bool) {
        return _is(i, Status.Proposed);
    }

    function _isFinal(uint256 i) internal view returns (bool) {
        return _is(i, Status.Final);
    }

    function _holdsPlace(uint256 i) internal view returns (bool) {
        return _isFinal(i) && _known[i].place;
    }

    // ---------------------------------------------------------------- contests

    function _isOpenToProposals(uint256 i) internal view returns (bool) {
        Known storage k = _known[i];
        return _isOpen(i, _proposeEnd(i)) && k.committed && k.rejections <= k.params.schedule.tries;
    }

    function _isLate(uint256 i) internal view returns (bool) {
        if (!_isOpenToProposals(i) || _rescueStart(i) >= _proposeEnd(i)) return false;
        return _known[i].bond > 100 && _known[i].openReceipts == 0;
    }

    function _isPublic(uint256 i) internal view returns (bool) {
        return _isOpenToProposals(i) && _rescueEnd(i) < _proposeEnd(i);
    }

    function _isChallengeable(uint256 i) internal view returns (bool) {
        return _isProposed(i) && _time() < _windowEnd(i) && _known[i].bout.withstood < 3;
    }

    function _isDisputed(uint256 i) internal view returns (bool) {
        return _is(i, Status.Disputed);
    }

    function _isUnasked(uint256 i) internal view returns (bool) {
        Bout storage bout = _known[i].bout;
        return _isDisputed(i) && !bout.asked && _time() < bout.rulingEnd;
    }

    function _isPending(uint256 i) internal view returns (bool) {
        Bout storage bout = _known[i].bout;
        return _isDisputed(i) && bout.asked && !bout.ruled && _time() < bout.rulingEnd;
    }

    // ---------------------------------------------------------------- evidence

    function _takesReceipts(uint256 i) internal view returns (bool) {
        return _isOpen(i, _revealEnd(i));
    }

    function _isRunning(uint256 i) internal view returns (bool) {
        return _is(i, Status.Open) || _is(i, Status.Proposed) || _is(i, Status.Disputed);
    }

    function _hasAnswerable(uint256 i) internal view returns (bool) {
        return _isRunning(i) && _answerable(i) != NONE;
    }

    function _answerable(uint256 i) internal view returns (uint256) {
        Receipted[] storage receipts = _known[i].receipts;
        for (uint256 r = 0; r < receipts.length; ++r) {
            if (receipts[r].settled || _time() >= receipts[r].answerEnd) continue;
            if (_isOnChain(i, receipts[r].batch)) return r;
        }
        return NONE;
    }

    function _hasUnanswered(uint256 i) internal view returns (bool) {
        return _isRunning(i) && _known[i].openReceipts != 0;
    }

    function _unanswered(uint256 i) internal view returns (uint256) {
        Receipted[] storage receipts = _known[i].receipts;
        for (uint256 r = 0; r < receipts.length; ++r) {
            if (!receipts[r].settled) return r;
        }
        return NONE;
    }

    /// @dev A batch of which no receipt was posted, on chain or not as asked for.
    function _unreceipted(uint256 i, bool onChain) internal view returns (uint256) {
        for (uint256 b = 0; b < _known[i].batches.length; ++b) {
            if (_isOnChain(i, b) == onChain && !_isReceipted(i, b)) return b;
        }
        return NONE;
    }

    function _isReceipted(uint256 i, uint256 batch) internal view returns (bool) {
        Receipted[] storage receipts = _known[i].receipts;
        for (uint256 r = 0; r < receipts.length; ++r) {
            if (receipts[r].batch == batch) return true;
        }
        return false;
    }

    function _onChain(uint256 i, uint256 seed) internal view returns (uint256) {
        uint256 count = _known[i].batches.length;
        for (uint256 j = 0; j < count; ++j) {
            uint256 batch = (seed % count + j) % count;
            if (_isOnChain(i, batch)) return batch;
        }
        return NONE;
    }

    /// @dev Before revealEnd, or in a rescue; where it is neither yet, its beginning can be waited for.
    function _isRevealing(uint256 i) internal view returns (bool) {
        if (!_is(i, Status.Open) || _onChain(i, 0) == NONE) return false;
        return _time() < _revealEnd(i) || _time() < _rescueEnd(i);
    }

    // ----------------------------------------------------------------- slashes

    function _hasSlashable(uint256 i) internal view returns (bool) {
        (uint256 leaf,) = _slashable(i);
        return leaf != NONE;
    }

    function _slashable(uint256 i) internal view returns (uint256 leaf, uint256 batch) {
        Known storage k = _known[i];
        if (!_isFinal(i) || _time() >= _slashEnd(i)) return (NONE, NONE);
        for (leaf = 0; leaf < k.leaves.length; ++leaf) {
            if (k.leaves[leaf].slash == 0) continue;
            for (batch = 0; batch < k.batches.length; ++batch) {
                if (_isSlashable(i, leaf, batch)) return (leaf, batch);
            }
        }
        return (NONE, NONE);
    }
}

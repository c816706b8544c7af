// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Status} from "../../contracts/types/Types.sol";
import {RegistryFinder} from "./RegistryFinder.sol";
import {Known} from "./RegistryWorld.sol";

/// @dev Makes a campaign in which a call can be made where there is none: so no call is wasted, and every state is met
/// often. Takes others to their end.
abstract contract RegistryMaker is RegistryFinder {
    // How far a new campaign is taken.
    uint256 internal constant CREATED = 0;
    uint256 internal constant OPEN = 1;
    uint256 internal constant ARMED = 2;
    uint256 internal constant SEEDED = 3;
    uint256 internal constant COMMITTED = 4;
    uint256 internal constant PROPOSED = 5;
    uint256 internal constant DISPUTED = 6;
    uint256 internal constant FINAL = 7;

    /// @dev Now and then a new one all the same, so that several are under way at once.
    function _bring(uint256 seed, function(uint256) view returns (bool) fits, uint256 stage)
        internal
        returns (uint256 index)
    {
        index = _find(seed, fits);
        if (index == _known.length || (seed >> 100) % 8 == 0) index = _fresh(seed, stage);
    }

    /// @dev A new campaign, taken to `stage` by everyone doing their part.
    function _fresh(uint256 seed, uint256 stage) internal returns (uint256 index) {
        index = _create(uint256(keccak256(abi.encode(seed, _known.length))));
        if (stage == CREATED) return index;
        _accept(index);
        if (stage == OPEN) return index;
        _enrolSome(index, seed);
        _reach(_schedule(index).enrolEnd);
        _arm(index, stranger);
        if (stage == ARMED) return index;
        vm.roll(vm.getBlockNumber() + 5);
        _draw(index, stranger);
        if (stage == SEEDED) return index;
        _reach(_schedule(index).workStart);
        _aggregate(index, 0, seed);
        if (stage > COMMITTED) _freshProposal(index, seed, stage);
    }

    function _enrolSome(uint256 index, uint256 seed) private {
        for (uint256 i = 0; i < 4; ++i) {
            if (_isFree(_known[index].pool, annotators[i]) && (seed >> i) & 1 == 1) _enrol(index, annotators[i]);
        }
    }

    function _freshProposal(uint256 index, uint256 seed, uint256 stage) private {
        _reach(_revealEnd(index));
        _propose(index, seed, seed % 4 == 0);
        if (stage == DISPUTED) _challenge(index, _player(_known[index].pool, seed >> 64));
        if (stage != FINAL) return;
        _reach(_windowEnd(index));
        _finalize(index, stranger);
    }

    /// @dev The same in this pool, if it has room, with everybody in the first round, on the roster or not.
    function _freshIn(uint256 pool, uint256 seed, uint256 stage) internal returns (uint256) {
        seed = (seed << 40) | 15;
        while (uint256(keccak256(abi.encode(seed, _known.length))) % 3 != pool) {
            unchecked {
                seed += 1 << 40;
            }
        }
        return _fresh(seed, stage);
    }

    // ---------------------------------------------------------------- slashing

    /// @dev A campaign with something to slash: one at hand, or one of a few new ones in which everybody works.
    function _bringSlashable(uint256 seed) internal returns (uint256 index) {
        index = _find(seed, _hasSlashable);
        for (uint256 i = 0; i < 4 && index == _known.length; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i))) | 15;
            for (uint256 pool = 0; pool < 3; ++pool) {
                _seatAll(pool);
            }
            uint256 made = _fresh(word, FINAL);
            index = _hasSlashable(made) ? made : _known.length;
        }
    }

    // ------------------------------------------------------------- to the end

    /// @dev Takes these campaigns to where they give their places back, everyone doing their part, side by side.
    function _hasten(uint256[] storage indices, uint256 seed) internal {
        for (uint256 step = 0; step < 6; ++step) {
            for (uint256 i = 0; i < indices.length; ++i) {
                if (_known[indices[i]].place) _step(indices[i], seed);
            }
        }
    }

    /// @dev The next move towards the end. Only who was always silent is waited for longer.
    function _step(uint256 i, uint256 seed) private {
        Known storage k = _known[i];
        if (k.status == Status.Final) {
            _reach(_slashEnd(i));
            _freePlace(i, stranger);
        } else if (k.status == Status.Open && k.committed && _isSettling(i)) {
            _reach(_revealEnd(i));
            _propose(i, seed, false);
        } else if (k.status == Status.Open && k.committed && _isPublic(i)) {
            _reach(_rescueEnd(i));
            _proposeOpenly(i, seed, _player(k.pool, seed));
        } else {
            _endOnce(i);
        }
    }

    /// @dev What strangers can do for a campaign when nobody else does anything any more.
    function _endOnce(uint256 i) internal {
        Known storage k = _known[i];
        if (k.status == Status.Disputed) {
            if (!k.bout.ruled) _reach(k.bout.rulingEnd);
            _resolve(i, stranger);
        } else if (k.status == Status.Proposed) {
            _reach(_windowEnd(i));
            _finalize(i, stranger);
        } else if (k.status == Status.Created) {
            _reach(_schedule(i).acceptEnd);
            _cancel(i, stranger);
        } else if (k.committed) {
            if (k.rejections <= _schedule(i).tries) _reach(_proposeEnd(i));
            _expire(i, stranger);
        } else if (k.openReceipts != 0) {
            uint256 receipt = _unanswered(i);
            _reach(k.receipts[receipt].answerEnd);
            _forfeit(i, receipt, stranger);
        } else {
            _reach(_revealEnd(i));
            _cancel(i, stranger);
        }
    }

    /// @dev One proposal after the other falls, as soon as there may be one.
    function _useTries(uint256 i, uint256 seed) internal {
        uint256 pool = _known[i].pool;
        while (_known[i].rejections <= _schedule(i).tries) {
            _reach(_rescueEnd(i));
            _proposeOpenly(i, seed, _player(pool, seed >> 64));
            _challenge(i, _player(pool, seed >> 72));
            _ask(i, _player(pool, seed >> 80), seed);
            _rule(i, FOR_CHALLENGER);
            _resolve(i, stranger);
        }
    }
}

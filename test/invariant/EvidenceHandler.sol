// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Inclusion} from "../../contracts/types/Types.sol";
import {ContestHandler} from "./ContestHandler.sol";
import {Known} from "./RegistryWorld.sol";

/// @dev The fuzzer's calls with receipts, openings, gold and slashes.
abstract contract EvidenceHandler is ContestHandler {
    /// @dev For a batch on chain, or for one that the oracle took and left out.
    function postReceipt(uint256 seed) external counted("postReceipt") {
        uint256 i = _bring(seed, _takesReceipts, SEEDED + seed % 2);
        _reach(_commitEnd(i));
        uint256 batch = _unreceipted(i, (seed >> 32) % 2 == 0);
        if (batch == NONE) batch = _seal(i, 0, annotators[(seed >> 40) % _crew(_known[i].pool)], seed >> 48);
        _postReceipt(i, batch, _anyone(seed));
    }

    function answerReceipt(uint256 seed) external counted("answerReceipt") {
        uint256 i = _find(seed, _hasAnswerable);
        uint256 receipt;
        if (i == _known.length) {
            i = _fresh(seed, COMMITTED);
            _reach(_commitEnd(i));
            receipt = _postReceipt(i, _unreceipted(i, true), stranger);
        } else {
            receipt = _answerable(i);
        }
        _answer(i, receipt, _anyone(seed));
    }

    function forfeitBond(uint256 seed) external counted("forfeitBond") {
        uint256 i = _find(seed, _hasUnanswered);
        if (i == _known.length) {
            i = _fresh(seed, SEEDED + seed % 2);
            _reach(_commitEnd(i));
            _postReceipt(i, _seal(i, 0, annotators[(seed >> 40) % _crew(_known[i].pool)], seed >> 48), stranger);
        }
        uint256 receipt = _unanswered(i);
        _reach(_known[i].receipts[receipt].answerEnd);
        _forfeit(i, receipt, _anyone(seed));
    }

    /// @dev Gives and takes nothing: the checks after the call would see it.
    function postReveal(uint256 seed) external counted("postReveal") {
        uint256 i = _bring(seed, _isRevealing, COMMITTED);
        if (_time() < _revealEnd(i)) _reach(_commitEnd(i));
        else _reach(_rescueStart(i));
        Inclusion memory inclusion = _inclusion(i, _onChain(i, seed >> 32));
        vm.prank(_anyone(seed));
        registry.postReveal(_known[i].params, inclusion, keccak256("secret"), "labels");
    }

    function revealGold(uint256 seed) external counted("revealGold") {
        uint256 i = _bring(seed, _takesReceipts, OPEN + seed % 4);
        _reach(_commitEnd(i));
        vm.prank(_anyone(seed));
        registry.revealGold(_known[i].params, "gold");
    }

    function slash(uint256 seed) external counted("slash") {
        uint256 i = _bringSlashable(seed);
        if (i == _known.length) return _idle("slash");
        (uint256 leaf, uint256 batch) = _slashable(i);
        Known storage k = _known[i];
        uint256 taken = k.leaves[leaf].slash;
        assertLe(taken, uint256(k.batches[batch].commit.cumulativeCount) * k.params.stakePerLabel, "7: consent");
        assertLe(taken, _slice(k.pool), "7: slice");
        _slash(i, leaf, batch, _player(k.pool, seed >> 64));
    }
}

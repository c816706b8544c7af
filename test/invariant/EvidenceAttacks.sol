// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../../contracts/interfaces/IVaultEvents.sol";
import {Inclusion, PayoutLeaf, Status} from "../../contracts/types/Types.sol";
import {Tree, Trees} from "../base/Trees.sol";
import {ContestAttacks} from "./ContestAttacks.sol";
import {Known, Receipted, Sealed} from "./RegistryWorld.sol";

/// @dev What is forbidden with receipts, openings and slashes.
abstract contract EvidenceAttacks is ContestAttacks {
    using Trees for Tree;

    bytes4 private constant FORGED = IRegistryEvents.InvalidSignature.selector;
    bytes4 private constant NOT_INCLUDED = IRegistryEvents.NotIncluded.selector;

    // ---------------------------------------------------------------- receipts

    /// @dev Half of the time with a receipt fresh on chain, for a batch that was left out.
    function attackEvidence(uint256 seed) external counted("attackEvidence") {
        uint256 i = _find(seed, _hasBatches);
        if (i == _known.length || (seed >> 80) % 2 == 0) i = _fresh(seed, COMMITTED);
        if (_is(i, Status.Open) && (seed >> 81) % 2 == 0) {
            _reach(_commitEnd(i));
            if (_takesReceipts(i)) _postReceipt(i, _seal(i, 0, annotators[seed % 3], seed), stranger);
        }
        _attackBatches(i);
        i = _find(seed >> 8, _hasReceipts);
        for (uint256 r = 0; i != _known.length && r < _known[i].receipts.length; ++r) {
            _attackReceipt(i, r);
        }
    }

    function _attackBatches(uint256 i) private {
        if (!_is(i, Status.Open)) return _attackClosedEvidence(i);
        for (uint256 batch = 0; batch < _known[i].batches.length; ++batch) {
            _attackPosting(i, batch);
            _attackOpening(i, batch);
        }
    }

    function _hasBatches(uint256 i) private view returns (bool) {
        return _known[i].batches.length != 0;
    }

    function _hasReceipts(uint256 i) private view returns (bool) {
        return _isRunning(i) && _known[i].receipts.length != 0;
    }

    function _posting(uint256 i, uint256 batch, address signer) private view returns (bytes memory) {
        Sealed storage s = _known[i].batches[batch];
        bytes memory signature = _receiptSignature(i, batch, signer);
        return abi.encodeCall(registry.postReceipt, (_known[i].params, s.annotator, s.hash, signature));
    }

    function _attackPosting(uint256 i, uint256 batch) private {
        Known storage k = _known[i];
        address annotator = k.batches[batch].annotator;
        bytes memory gold = abi.encodeCall(registry.revealGold, (k.params, "gold"));
        bytes memory call = _posting(i, batch, k.params.oracle);
        bytes4 reason = IRegistryEvents.ReceiptAlreadyPosted.selector;
        if (_time() < _commitEnd(i)) {
            _refused("post a receipt before commitEnd", annotator, call, TOO_EARLY);
            _refused("reveal gold before commitEnd", k.params.requester, gold, TOO_EARLY);
        } else if (_time() >= _revealEnd(i)) {
            _refused("post a receipt after revealEnd", annotator, call, TOO_LATE);
            _refused("reveal gold after revealEnd", k.params.requester, gold, TOO_LATE);
        } else if (_isReceipted(i, batch)) {
            _refused("post a receipt twice", annotator, call, reason);
        } else {
            _refused("forge a receipt", annotator, _posting(i, batch, annotator), FORGED);
        }
    }

    function _attackReceipt(uint256 i, uint256 receipt) private {
        Known storage k = _known[i];
        Receipted storage r = k.receipts[receipt];
        Sealed storage s = k.batches[r.batch];
        bytes32[] memory proof = _proofOf(i, r.batch);
        bytes memory answer = abi.encodeCall(registry.answerReceipt, (k.params, s.annotator, s.commit, proof));
        bytes memory forfeit = abi.encodeCall(registry.forfeitBond, (k.params, s.annotator, s.hash));
        if (r.settled) {
            _refused("answer a settled receipt", k.params.oracle, answer, IRegistryEvents.ReceiptNotOpen.selector);
            return _refused("forfeit twice", s.annotator, forfeit, IRegistryEvents.ReceiptNotOpen.selector);
        }
        if (_time() >= r.answerEnd) return _refused("answer too late", k.params.oracle, answer, TOO_LATE);
        _refused("forfeit early", s.annotator, forfeit, TOO_EARLY);
        if (!_isOnChain(i, r.batch)) _refused("answer with nothing", k.params.oracle, answer, NOT_INCLUDED);
    }

    // ---------------------------------------------------------------- openings

    function _reveal(uint256 i, Inclusion memory inclusion) private view returns (bytes memory) {
        return abi.encodeCall(registry.postReveal, (_known[i].params, inclusion, keccak256("secret"), "labels"));
    }

    function _attackOpening(uint256 i, uint256 batch) private {
        Known storage k = _known[i];
        Inclusion memory inclusion = _inclusion(i, batch);
        if (_time() < _commitEnd(i)) {
            return _refused("open before commitEnd", inclusion.annotator, _reveal(i, inclusion), TOO_EARLY);
        }
        if (_time() >= _revealEnd(i) && _time() < _rescueStart(i)) {
            return _refused("open before the rescue", inclusion.annotator, _reveal(i, inclusion), TOO_EARLY);
        }
        if (_time() >= _revealEnd(i) && _time() >= _rescueEnd(i)) {
            return _refused("open after the rescue", inclusion.annotator, _reveal(i, inclusion), TOO_LATE);
        }
        if (!_isOnChain(i, batch)) {
            _refused("open what was not included", inclusion.annotator, _reveal(i, inclusion), NOT_INCLUDED);
        }
        inclusion.signature = _signature(k.params.oracle, k.batches[batch].hash);
        _refused("open with a forged signature", k.params.oracle, _reveal(i, inclusion), FORGED);
    }

    function _attackClosedEvidence(uint256 i) private {
        Known storage k = _known[i];
        bytes memory call = _posting(i, 0, k.params.oracle);
        _refused("post a receipt to a closed campaign", stranger, call, WRONG_STATUS);
        call = _reveal(i, _inclusion(i, 0));
        _refused("open in a closed campaign", stranger, call, WRONG_STATUS);
        if (_isRunning(i)) return;
        call = abi.encodeCall(registry.forfeitBond, (k.params, k.batches[0].annotator, k.batches[0].hash));
        _refused("forfeit in a closed campaign", stranger, call, WRONG_STATUS);
    }

    // ----------------------------------------------------------------- slashes

    /// @dev Mostly where there is something to take.
    function attackSlash(uint256 seed) external counted("attackSlash") {
        uint256 i = _find(seed, (seed >> 80) % 8 == 0 ? _hasSlashes : _isSlashing);
        if ((seed >> 84) % 2 == 0) i = _shortened(seed);
        if (i == _known.length) i = _fresh(seed, FINAL);
        if (!_hasSlashes(i)) return _idle("attackSlash");
        for (uint256 leaf = 0; leaf < _known[i].leaves.length; ++leaf) {
            if (_known[i].leaves[leaf].slash != 0) _attackLeaf(i, leaf);
        }
    }

    /// @dev A campaign that began when a seat was short already, and whose oracle included it all the same.
    function _shortened(uint256 seed) private returns (uint256 i) {
        i = _bringSlashable(seed);
        if (i == _known.length) return i;
        (uint256 leaf, uint256 batch) = _slashable(i);
        uint256 pool = _known[i].pool;
        _slash(i, leaf, batch, _player(pool, seed));
        return _freshIn(pool, seed, FINAL);
    }

    function _isSlashing(uint256 i) private view returns (bool) {
        return _isFinal(i) && _time() < _slashEnd(i) && _hasSlashes(i);
    }

    function _hasSlashes(uint256 i) private view returns (bool) {
        if (_known[i].batches.length == 0) return false;
        for (uint256 leaf = 0; leaf < _known[i].leaves.length; ++leaf) {
            if (_known[i].leaves[leaf].slash != 0) return true;
        }
        return false;
    }

    function _slashing(uint256 i, PayoutLeaf memory leaf, uint256 proven, Inclusion memory inclusion)
        private
        view
        returns (bytes memory)
    {
        Known storage k = _known[i];
        bytes32[] memory proof = _tree(i).proof(_hash(i, k.leaves[proven]));
        return abi.encodeCall(registry.slash, (_pools[k.pool], k.params, leaf, proof, inclusion));
    }

    function _attackLeaf(uint256 i, uint256 leaf) private {
        Known storage k = _known[i];
        PayoutLeaf memory l = k.leaves[leaf];
        bool open = _isFinal(i) && _time() < _slashEnd(i);
        if (open) _attackOthers(i, leaf);
        uint256 batch = _batchOf(i, l.account);
        if (batch == NONE) return;
        bytes memory call = _slashing(i, l, leaf, _inclusion(i, batch));
        if (!_isFinal(i)) return _refused("slash before final", stranger, call, WRONG_STATUS);
        if (!open) return _refused("slash after slashEnd", stranger, call, TOO_LATE);
        bytes4 reason = _refusal(i, leaf, batch);
        if (reason != 0) _refused(_label(reason), stranger, call, reason);
        if (l.slash <= _slice(k.pool)) _attackForgeries(i, leaf, batch);
        if (_isOnChain(i, batch)) _attackLeftOut(i, leaf);
    }

    /// @dev With a batch of somebody else.
    function _attackOthers(uint256 i, uint256 leaf) private {
        Inclusion memory inclusion = _inclusion(i, 0);
        PayoutLeaf memory l = _known[i].leaves[leaf];
        if (inclusion.annotator == l.account) return;
        bytes memory call = _slashing(i, l, leaf, inclusion);
        _refused("slash for another's batch", stranger, call, IRegistryEvents.OtherAnnotator.selector);
    }

    /// @dev With a batch that its annotator signed and nobody included.
    function _attackLeftOut(uint256 i, uint256 leaf) private {
        PayoutLeaf memory l = _known[i].leaves[leaf];
        uint256 batch = _seal(i, 0, l.account, 19);
        if (_refusal(i, leaf, batch) != NOT_INCLUDED) return;
        bytes memory call = _slashing(i, l, leaf, _inclusion(i, batch));
        _refused("slash for what was not included", stranger, call, NOT_INCLUDED);
    }

    function _batchOf(uint256 i, address who) private view returns (uint256) {
        for (uint256 b = _known[i].batches.length; b > 0; --b) {
            if (_known[i].batches[b - 1].annotator == who) return b - 1;
        }
        return NONE;
    }

    /// @dev Why the contract must refuse this slash, in its order; zero where it must not.
    function _refusal(uint256 i, uint256 leaf, uint256 batch) private view returns (bytes4) {
        Known storage k = _known[i];
        PayoutLeaf storage l = k.leaves[leaf];
        if (l.slash > _slice(k.pool)) return IRegistryEvents.SlashAboveSlice.selector;
        if (l.slash > uint256(k.batches[batch].commit.cumulativeCount) * k.params.stakePerLabel) {
            return IRegistryEvents.SlashAboveConsent.selector;
        }
        if (!_isOnChain(i, batch)) return NOT_INCLUDED;
        if (_slashed[i][l.account]) return IRegistryEvents.AlreadySlashed.selector;
        if (_hasSeatFor(i, l.account)) return 0;
        return _chairs[k.pool][l.account].taken ? IRegistryEvents.SeatShort.selector : IVaultEvents.NotSeated.selector;
    }

    function _label(bytes4 reason) private pure returns (string memory) {
        if (reason == IRegistryEvents.SlashAboveSlice.selector) return "slash above the slice";
        if (reason == IRegistryEvents.SlashAboveConsent.selector) return "slash above consent";
        if (reason == NOT_INCLUDED) return "slash for what was not included";
        if (reason == IRegistryEvents.AlreadySlashed.selector) return "slash twice";
        return reason == IRegistryEvents.SeatShort.selector ? "slash a seat that was short" : "slash no seat";
    }

    /// @dev A slash that would do, but for a forged leaf or signature.
    function _attackForgeries(uint256 i, uint256 leaf, uint256 batch) private {
        Known storage k = _known[i];
        PayoutLeaf memory l = k.leaves[leaf];
        Inclusion memory inclusion = _inclusion(i, batch);
        ++l.slash;
        bytes memory call = _slashing(i, l, leaf, inclusion);
        _refused("slash by a forged leaf", stranger, call, IRegistryEvents.InvalidProof.selector);
        --l.slash;
        uint256 signed = uint256(inclusion.commit.cumulativeCount) * k.params.stakePerLabel;
        if (l.slash > signed) return;
        inclusion.signature = "";
        if (!k.batches[batch].alone) {
            _refused("slash without a signature", stranger, _slashing(i, l, leaf, inclusion), NOT_INCLUDED);
        }
        inclusion.signature = _signature(k.params.oracle, k.batches[batch].hash);
        _refused("slash with a forged signature", k.params.oracle, _slashing(i, l, leaf, inclusion), FORGED);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Inclusion, PayoutLeaf} from "../../contracts/types/Types.sol";
import {Digests} from "../base/Digests.sol";
import {Tree, Trees} from "../base/Trees.sol";
import {ContestSteps} from "./ContestSteps.sol";
import {Chair, Known, Receipted, Sealed} from "./RegistryWorld.sol";

/// @dev Receipts, openings and slashes, in the registry and in the model.
abstract contract EvidenceSteps is ContestSteps {
    using Trees for Tree;

    uint256 internal constant NONE = type(uint256).max;

    // ---------------------------------------------------------------- receipts

    function _receiptSignature(uint256 index, uint256 batch, address signer) internal view returns (bytes memory) {
        Sealed storage s = _known[index].batches[batch];
        return _signature(signer, Digests.receipt(_known[index].id, s.annotator, s.hash));
    }

    function _postReceipt(uint256 index, uint256 batch, address caller) internal returns (uint256 receipt) {
        Known storage k = _known[index];
        Sealed storage s = k.batches[batch];
        bytes memory signature = _receiptSignature(index, batch, k.params.oracle);
        vm.prank(caller);
        registry.postReceipt(k.params, s.annotator, s.hash, signature);
        receipt = k.receipts.length;
        k.receipts.push(Receipted(batch, _time() + k.params.schedule.grace, false));
        ++k.openReceipts;
    }

    /// @dev The proof of a batch that the oracle included; none for others.
    function _proofOf(uint256 index, uint256 batch) internal view returns (bytes32[] memory proof) {
        Sealed storage s = _known[index].batches[batch];
        if (s.included) proof = _roundTree(index, s.commit.round).proof(_includedLeaf(index, s));
    }

    function _answer(uint256 index, uint256 receipt, address caller) internal {
        Known storage k = _known[index];
        Sealed storage s = k.batches[k.receipts[receipt].batch];
        bytes32[] memory proof = _proofOf(index, k.receipts[receipt].batch);
        vm.prank(caller);
        registry.answerReceipt(k.params, s.annotator, s.commit, proof);
        _settle(index, receipt);
    }

    /// @dev Half of what is left of the bond becomes the annotator's. Where nobody committed, the escrow burns with the
    /// rest.
    function _forfeit(uint256 index, uint256 receipt, address caller) internal {
        Known storage k = _known[index];
        Sealed storage s = k.batches[k.receipts[receipt].batch];
        vm.prank(caller);
        registry.forfeitBond(k.params, s.annotator, s.hash);
        _settle(index, receipt);
        uint256 bond = k.bond;
        k.bond = 0;
        _gives(index, k.params.oracle, s.annotator, bond / 2);
        _gives(index, k.params.oracle, NOBODY, bond - bond / 2);
        if (!k.committed) _burnAll(index, "expired: a receipt broken");
    }

    function _settle(uint256 index, uint256 receipt) private {
        _known[index].receipts[receipt].settled = true;
        --_known[index].openReceipts;
    }

    // ---------------------------------------------------------------- openings

    /// @dev As who has nothing but the annotator's word would: committed alone needs no signature.
    function _inclusion(uint256 index, uint256 batch) internal view returns (Inclusion memory inclusion) {
        Sealed storage s = _known[index].batches[batch];
        (inclusion.annotator, inclusion.commit) = (s.annotator, s.commit);
        if (s.alone) return inclusion;
        inclusion.signature = _signature(s.annotator, s.hash);
        inclusion.proof = _proofOf(index, batch);
    }

    function _isOnChain(uint256 index, uint256 batch) internal view returns (bool) {
        Sealed storage s = _known[index].batches[batch];
        return s.included || s.alone;
    }

    // ------------------------------------------------------------------ slashes

    /// @dev 7: covered by what was signed and included, and by the slice.
    function _isSlashable(uint256 index, uint256 leaf, uint256 batch) internal view returns (bool) {
        Known storage k = _known[index];
        PayoutLeaf storage l = k.leaves[leaf];
        Sealed storage s = k.batches[batch];
        if (l.slash == 0 || l.slash > _slice(k.pool) || l.account != s.annotator) return false;
        if (l.slash > uint256(s.commit.cumulativeCount) * k.params.stakePerLabel) return false;
        return _isOnChain(index, batch) && _hasSeatFor(index, l.account);
    }

    /// @dev A seat that is there, was whole when enrolment ended, and was not slashed for the campaign yet.
    function _hasSeatFor(uint256 index, address who) internal view returns (bool) {
        Known storage k = _known[index];
        Chair storage chair = _chairs[k.pool][who];
        bool whole = chair.shortSince == 0 || chair.shortSince >= k.params.schedule.enrolEnd;
        return chair.taken && whole && !_slashed[index][who];
    }

    function _slash(uint256 index, uint256 leaf, uint256 batch, address by) internal {
        Known storage k = _known[index];
        PayoutLeaf memory l = k.leaves[leaf];
        Chair storage chair = _chairs[k.pool][l.account];
        bytes32[] memory proof = _tree(index).proof(_hash(index, l));
        Inclusion memory inclusion = _inclusion(index, batch);
        vm.prank(by);
        registry.slash(_pools[k.pool], k.params, l, proof, inclusion);
        chair.stake -= l.slash;
        if (chair.shortSince == 0) chair.shortSince = _time();
        _slashed[index][l.account] = true;
        _hands(k.params.token, l.account, by, l.slash / 20);
        _hands(k.params.token, l.account, NOBODY, l.slash - l.slash / 20);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimBatch, PayoutLeaf} from "../../contracts/types/Types.sol";
import {Tree, Trees} from "../base/Trees.sol";
import {RegistrySteps} from "./RegistrySteps.sol";
import {Known} from "./RegistryWorld.sol";

/// @dev Claims, in the registry and in the model. These are tried where they must fail, too.
abstract contract ClaimSteps is RegistrySteps {
    using Trees for Tree;

    /// @dev The leaves whose bits are set, with their multiproof.
    function _batch(uint256 index, uint256 picked) internal view returns (ClaimBatch memory batch) {
        bytes32[] memory hashes = _hashes(index);
        bytes32[] memory wanted = new bytes32[](hashes.length);
        uint256 count;
        for (uint256 i = 0; i < hashes.length; ++i) {
            if ((picked >> i) & 1 == 1) wanted[count++] = hashes[i];
        }
        assembly ("memory-safe") {
            mstore(wanted, count)
        }
        (batch.proof, batch.flags) = _tree(index).packedMultiproof(wanted);
        batch.leaves = new PayoutLeaf[](count);
        for (uint256 i = 0; i < count; ++i) {
            for (uint256 j = 0; j < hashes.length; ++j) {
                if (hashes[j] == wanted[i]) batch.leaves[i] = _known[index].leaves[j];
            }
        }
    }

    /// @dev Claims a batch if the model says that it can be claimed, and makes sure that it fails if not.
    function _claim(uint256 index, uint256 picked, uint8 which, address caller) internal returns (bool possible) {
        Known storage k = _known[index];
        ClaimBatch memory batch = _batch(index, picked);
        possible = _isClaimable(index, batch, which, caller);
        bytes memory data = abi.encodeCall(registry.claimMany, (k.params, batch, which));
        if (which == 3 && batch.leaves.length == 1) {
            data = abi.encodeCall(registry.claim, (k.params, batch.leaves[0], batch.proof));
        }
        vm.prank(caller);
        (bool ok,) = address(registry).call(data);
        assertEq(ok, possible, "4, 5: claimed what it must not, or not what it must");
        if (ok) _book(index, batch, which);
    }

    function _isClaimable(uint256 index, ClaimBatch memory batch, uint8 which, address caller)
        private
        view
        returns (bool)
    {
        Known storage k = _known[index];
        (uint256 payout, uint256 shares) = (0, 0);
        for (uint256 i = 0; i < batch.leaves.length; ++i) {
            PayoutLeaf memory leaf = batch.leaves[i];
            if (parts[index][leaf.index] & which != 0) return false;
            bool blocked = which & 1 != 0 && leaf.payout != 0 && tokens[_tokenOf[k.pool]].blocked(leaf.account);
            if (blocked && leaf.account == caller) return false;
            (payout, shares) = (payout + leaf.payout, shares + leaf.shares);
        }
        if (which & 1 != 0 && k.claimed + payout > k.settlement.payoutTotal) return false;
        return which & 2 == 0 || k.released + shares <= k.settlement.shareTotal;
    }

    function _book(uint256 index, ClaimBatch memory batch, uint8 which) private {
        Known storage k = _known[index];
        for (uint256 i = 0; i < batch.leaves.length; ++i) {
            PayoutLeaf memory leaf = batch.leaves[i];
            parts[index][leaf.index] |= which;
            if (which & 2 != 0) k.released += leaf.shares;
            if (which & 1 != 0) _bookPayout(index, leaf);
        }
    }

    function _bookPayout(uint256 index, PayoutLeaf memory leaf) private {
        Known storage k = _known[index];
        k.claimed += leaf.payout;
        k.escrow -= leaf.payout;
        if (tokens[_tokenOf[k.pool]].blocked(leaf.account)) {
            return _gives(index, k.params.requester, leaf.account, leaf.payout);
        }
        k.paidOut += leaf.payout;
        _crosses(k.params.requester, leaf.account, leaf.payout);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignParams, ClaimBatch, Commit, PayoutLeaf, Schedule, Settlement} from "../../contracts/types/Types.sol";
import {Digests} from "../base/Digests.sol";
import {Tree, Trees} from "../base/Trees.sol";
import {Known, RegistryWorld} from "./RegistryWorld.sol";

/// @dev Every move of a campaign, made in the registry and in the model. A step is only taken where it must succeed.
abstract contract RegistrySteps is RegistryWorld {
    using Trees for Tree;

    // ----------------------------------------------------------------- funding

    function _create(uint256 seed) internal returns (uint256 index) {
        index = _known.length;
        Known storage k = _known.push();
        k.pool = seed % 2;
        uint256 who = (seed >> 8) % 2;
        _fillParams(k.params, k.pool, who, seed);
        uint128 escrow = uint128(bound(seed >> 16, 1, 1e12));
        k.id = registry.campaignIdOf(k.params);
        uint256 before = tokens[k.pool].balanceOf(requesters[who]);
        vm.prank(requesters[who]);
        registry.createCampaign(_pools[k.pool], k.params, escrow);
        uint256 fromWallet = _pays(k.params.token, requesters[who], escrow);
        assertEq(before - tokens[k.pool].balanceOf(requesters[who]), fromWallet, "1: escrow taken");
        k.paidIn = escrow;
    }

    function _fillParams(CampaignParams storage c, uint256 pool, uint256 who, uint256 seed) private {
        (c.pool, c.dataset, c.requester) = (registry.poolIdOf(_pools[pool]), datasets[who], requesters[who]);
        (c.oracle, c.token, c.specHash) = (oracles[pool], address(tokens[pool]), keccak256("spec"));
        (c.shareCap, c.feeBps) = (uint96(bound(seed >> 24, 0, 1000e18)), uint16((seed >> 32) % 10_001));
        c.nonce = uint64(_known.length);
        Schedule storage s = c.schedule;
        uint256 now_ = _time();
        (s.acceptEnd, s.enrolEnd) = (uint40(now_ + 2 hours), uint40(now_ + 5 hours));
        (s.workStart, s.roundLength, s.grace) = (uint40(now_ + 6 hours), 4 hours, 1 hours);
        (s.rounds, s.tries, s.revealPeriod) = (uint16(1 + (seed >> 40) % 3), 1, 2 hours);
        (s.settlePeriod, s.window, s.rulingPeriod) = (3 hours, 1 hours, 1 hours);
        (s.rescuePeriod, s.publicPeriod, s.slashWindow) = (2 hours, 1 hours, 2 hours);
    }

    function _topUp(uint256 index, address from, uint128 amount) internal {
        Known storage k = _known[index];
        vm.prank(from);
        registry.topUp(k.params, amount);
        _pays(k.params.token, from, amount);
        k.paidIn += amount;
    }

    function _accept(uint256 index) internal {
        Known storage k = _known[index];
        uint256 escrow = _state(index).escrow;
        vm.prank(k.params.oracle);
        registry.accept(_pools[k.pool], k.params);
        k.bond = (escrow + 3) / 4 > 4e6 ? (escrow + 3) / 4 : 4e6;
        _pays(k.params.token, k.params.oracle, k.bond);
        k.paidIn += k.bond;
    }

    // ------------------------------------------------------------------- seats

    function _isSeated(uint256 pool, address who) internal view returns (bool) {
        return registry.seatOf(registry.poolIdOf(_pools[pool]), who).stake != 0;
    }

    function _isFree(uint256 pool, address who) internal view returns (bool) {
        return _isSeated(pool, who) && registry.seatOf(registry.poolIdOf(_pools[pool]), who).releaseAt == 0;
    }

    function _join(uint256 pool, address who) internal {
        vm.prank(who);
        registry.join(_pools[pool], "");
        _pays(_pools[pool].token, who, _pools[pool].seatStake);
    }

    // ---------------------------------------------------------- enrolment and seed

    function _enrol(uint256 index, address who) internal {
        Known storage k = _known[index];
        vm.prank(who);
        registry.enrol(k.params);
        _enrolled[index][who] = true;
    }

    /// @dev All free seats that did not enrol alone, or one leaf of nobody's where there are none.
    function _postRoster(uint256 index) internal {
        Known storage k = _known[index];
        for (uint256 i = 0; i < annotators.length; ++i) {
            if (_isFree(k.pool, annotators[i])) k.roster.push(annotators[i]);
        }
        bytes32 root = k.roster.length == 0 ? keccak256("nobody") : _rosterTree(index).root();
        vm.prank(k.params.oracle);
        registry.postRoster(k.params, root, uint32(k.roster.length + 1));
        k.rosterPosted = true;
    }

    function _rosterLeaf(uint256 index, address who) internal view returns (bytes32) {
        bytes32 dom = Digests.domain("ROSTER", block.chainid, address(registry), _known[index].id);
        return Digests.rosterLeaf(dom, who);
    }

    function _rosterTree(uint256 index) internal view returns (Tree memory) {
        address[] memory roster = _known[index].roster;
        bytes32[] memory hashes = new bytes32[](roster.length);
        for (uint256 i = 0; i < hashes.length; ++i) {
            hashes[i] = _rosterLeaf(index, roster[i]);
        }
        return Trees.build(hashes);
    }

    function _arm(uint256 index, address caller) internal {
        Known storage k = _known[index];
        uint256 cost = k.seedBlock == 0 ? 0 : k.bond / 64;
        vm.prank(caller);
        registry.armSeed(_pools[k.pool], k.params);
        k.seedBlock = uint64(vm.getBlockNumber()) + 4;
        k.bond -= cost;
        k.paidOut += cost;
        _burns(k.params.token, cost);
    }

    function _draw(uint256 index, address caller) internal {
        Known storage k = _known[index];
        bytes32 hash = keccak256(abi.encode("hash of", k.seedBlock));
        vm.setBlockhash(k.seedBlock, hash);
        vm.prank(caller);
        registry.drawSeed(_pools[k.pool], k.params);
        k.seed = keccak256(abi.encode(k.id, hash));
    }

    // ------------------------------------------------------------------ rounds

    function _aggregate(uint256 index, uint32 round) internal {
        Known storage k = _known[index];
        vm.prank(k.params.oracle);
        registry.commitAggregate(k.params, round, keccak256(abi.encode(index, round)), keccak256("lists"));
        (k.committed, _aggregated[index][round]) = (true, true);
    }

    function _commit(uint256 index, uint32 round, address who) internal {
        Known storage k = _known[index];
        bytes32[] memory proof;
        if (!_enrolled[index][who]) proof = _rosterTree(index).proof(_rosterLeaf(index, who));
        uint32 batch = _batches[index][who]++;
        vm.prank(who);
        registry.commit(k.params, Commit(round, batch, keccak256("sealed"), 1, batch + 1), proof);
        k.committed = true;
    }

    // -------------------------------------------------------------- settlement

    /// @dev A settlement of random leaves. An absurd one promises more than its totals, which nothing on chain sees yet.
    function _propose(uint256 index, uint256 seed, bool absurd) internal {
        Known storage k = _known[index];
        uint256 most = uint256(_state(index).escrow) * 10_000 / (10_000 + k.params.feeBps);
        uint256 count = 1 + seed % 6;
        (uint128 payout, uint128 shares) = (0, 0);
        for (uint256 i = 0; i < count; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            PayoutLeaf memory leaf;
            (leaf.index, leaf.account) = (uint64(i * 37), annotators[word % 4]);
            leaf.payout = uint128(bound(word >> 8, 0, most / count));
            leaf.shares = uint128(bound(word >> 16, 0, k.params.shareCap / count));
            if (absurd) (leaf.payout, leaf.shares) = (leaf.payout * 3 + 1, leaf.shares * 3);
            (leaf.cumPayout, leaf.cumShares) = (payout += leaf.payout, shares += leaf.shares);
            k.leaves.push(leaf);
        }
        Settlement memory s;
        (s.payoutRoot, s.leaves, s.bundleHash) = (_tree(index).root(), uint32(count), keccak256("bundle"));
        s.payoutTotal = payout < most ? payout : uint128(most);
        s.shareTotal = shares < k.params.shareCap ? shares : k.params.shareCap;
        if (s.shareTotal < 1e18) s.shareTotal = 0;
        vm.prank(k.params.oracle);
        registry.propose(k.params, s);
        k.settlement = s;
    }

    function _finalize(uint256 index, address caller) internal {
        Known storage k = _known[index];
        uint256 escrow = _state(index).escrow;
        uint256 fee = uint256(k.settlement.payoutTotal) * k.params.feeBps / 10_000;
        vm.prank(caller);
        registry.finalize(k.params, k.settlement);
        _owes(k.params.token, k.params.oracle, fee + k.bond);
        _owes(k.params.token, k.params.requester, escrow - fee - k.settlement.payoutTotal);
        k.paidOut += escrow - k.settlement.payoutTotal + k.bond;
        k.bond = 0;
    }

    // ----------------------------------------------------------------- endings

    function _cancel(uint256 index, address caller) internal {
        Known storage k = _known[index];
        assertFalse(k.committed, "8: refunded after a commitment");
        uint256 escrow = _state(index).escrow;
        vm.prank(caller);
        registry.cancel(k.params);
        _owes(k.params.token, k.params.requester, escrow);
        _owes(k.params.token, k.params.oracle, k.bond);
        k.paidOut += escrow + k.bond;
        k.bond = 0;
    }

    function _expire(uint256 index, address caller) internal {
        Known storage k = _known[index];
        uint256 lost = _state(index).escrow + k.bond;
        vm.prank(caller);
        registry.expire(k.params);
        _burns(k.params.token, lost);
        k.paidOut += lost;
        k.bond = 0;
    }

    function _freePlace(uint256 index, address caller) internal {
        vm.prank(caller);
        registry.freePlace(_known[index].params);
    }

    // ------------------------------------------------------------------ claims

    function _hash(uint256 index, PayoutLeaf memory leaf) internal view returns (bytes32) {
        return Digests.payoutLeaf(Digests.domain("PAYOUT", block.chainid, address(registry), _known[index].id), leaf);
    }

    function _hashes(uint256 index) internal view returns (bytes32[] memory hashes) {
        hashes = new bytes32[](_known[index].leaves.length);
        for (uint256 i = 0; i < hashes.length; ++i) {
            hashes[i] = _hash(index, _known[index].leaves[i]);
        }
    }

    function _tree(uint256 index) internal view returns (Tree memory) {
        return Trees.build(_hashes(index));
    }

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
        (batch.proof, batch.flags) = _tree(index).multiproof(wanted);
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
            bool blocked = which & 1 != 0 && leaf.payout != 0 && tokens[k.pool].blocked(leaf.account);
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
            if (which & 1 == 0) continue;
            k.claimed += leaf.payout;
            k.paidOut += leaf.payout;
            if (tokens[k.pool].blocked(leaf.account)) _owes(k.params.token, leaf.account, leaf.payout);
        }
    }
}

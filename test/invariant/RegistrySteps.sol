// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignParams, Commit, PayoutLeaf, Schedule, Settlement, Status} from "../../contracts/types/Types.sol";
import {Digests} from "../base/Digests.sol";
import {Tree, Trees} from "../base/Trees.sol";
import {Known, RING, Sealed} from "./RegistryWorld.sol";
import {SeatSteps} from "./SeatSteps.sol";

/// @dev Every move of a campaign's undisturbed life, made in the registry and in the model. A step is only taken where
/// it must succeed.
abstract contract RegistrySteps is SeatSteps {
    using Trees for Tree;

    // ----------------------------------------------------------------- funding

    function _create(uint256 seed) internal returns (uint256 index) {
        index = _known.length;
        Known storage k = _known.push();
        k.pool = seed % 3;
        // A campaign for a full pool could be made, but not accepted.
        if (!_hasRoom(k.pool)) k.pool = 1 + (seed >> 4) % 2;
        if (!_hasRoom(k.pool)) k.pool = 1;
        uint256 who = k.pool == RING ? RING : (seed >> 8) % 2;
        _fillParams(k.params, k.pool, who, seed);
        k.escrow = _bound(seed >> 16, 1, 1e12);
        (k.id, k.hardEnd) = (registry.campaignIdOf(k.params), _hardEnd(index));
        uint256 before = tokens[_tokenOf[k.pool]].balanceOf(requesters[who]);
        vm.prank(requesters[who]);
        registry.createCampaign(_pools[k.pool], k.params, uint128(k.escrow));
        uint256 fromWallet = _puts(index, requesters[who], k.escrow);
        assertEq(before - tokens[_tokenOf[k.pool]].balanceOf(requesters[who]), fromWallet, "1: escrow taken");
        _moves(index, Status.Created);
    }

    function _fillParams(CampaignParams storage c, uint256 pool, uint256 who, uint256 seed) private {
        (c.pool, c.dataset, c.requester) = (_poolIds[pool], datasets[who], requesters[who]);
        (c.oracle, c.token, c.specHash) = (oracles[pool], _pools[pool].token, keccak256("spec"));
        (c.shareCap, c.feeBps) = (uint96(_bound(seed >> 24, 0, 1000e18)), uint16((seed >> 32) % 10_001));
        if ((seed >> 48) % 8 != 0) c.stakePerLabel = uint128(_bound(seed >> 52, 1, _slice(pool) / 8));
        c.nonce = uint64(_known.length);
        Schedule storage s = c.schedule;
        uint256 now_ = _time();
        (s.acceptEnd, s.enrolEnd) = (uint40(now_ + 2 hours), uint40(now_ + 5 hours));
        (s.workStart, s.roundLength, s.grace) = (uint40(now_ + 6 hours), 4 hours, 1 hours);
        (s.rounds, s.tries, s.revealPeriod) = (uint16(1 + (seed >> 40) % 3), uint8(1 + (seed >> 44) % 3), 2 hours);
        (s.settlePeriod, s.window, s.rulingPeriod) = (1 days, 12 hours, 12 hours);
        (s.rescuePeriod, s.publicPeriod, s.slashWindow) = ((seed >> 60) % 2 == 0 ? 1 days : 3 days, 1 days, 2 days);
    }

    function _topUp(uint256 index, address from, uint128 amount) internal {
        Known storage k = _known[index];
        vm.prank(from);
        registry.topUp(k.params, amount);
        _puts(index, from, amount);
        k.escrow += amount;
    }

    /// @dev What a proposal is answered for with, at first: a quarter of the escrow, rounded up, or four refunds.
    function _firstBond(uint256 index) internal view returns (uint256) {
        uint256 escrow = _known[index].escrow;
        uint256 quarter = escrow % 4 == 0 ? escrow / 4 : escrow / 4 + 1;
        uint256 refunds = 4 * _pools[_known[index].pool].arbitrationRefund;
        return quarter > refunds ? quarter : refunds;
    }

    function _accept(uint256 index) internal {
        Known storage k = _known[index];
        vm.prank(k.params.oracle);
        registry.accept(_pools[k.pool], k.params);
        k.bond = _firstBond(index);
        _puts(index, k.params.oracle, k.bond);
        (k.accepted, k.place) = (true, true);
        ++_held[k.pool];
        if (k.hardEnd > _latestEnd[k.pool]) _latestEnd[k.pool] = k.hardEnd;
        _moves(index, Status.Open);
    }

    // ---------------------------------------------------------- enrolment and seed

    function _enrol(uint256 index, address who) internal {
        Known storage k = _known[index];
        vm.prank(who);
        registry.enrol(k.params);
        _enrolled[index][who] = true;
    }

    /// @dev All free seats, or one leaf of nobody's where there are none.
    function _postRoster(uint256 index) internal {
        Known storage k = _known[index];
        for (uint256 i = 0; i < annotators.length; ++i) {
            if (!_isFree(k.pool, annotators[i])) continue;
            k.roster.push(annotators[i]);
            _listed[index][annotators[i]] = true;
        }
        bytes32 root = k.roster.length == 0 ? keccak256("nobody") : _rosterTree(index).root();
        vm.prank(k.params.oracle);
        registry.postRoster(k.params, root, uint32(k.roster.length + 1));
        k.rosterPosted = true;
    }

    function _domain(string memory kind, uint256 index) internal view returns (bytes32) {
        return Digests.domain(kind, block.chainid, address(registry), _known[index].id);
    }

    function _rosterTree(uint256 index) private view returns (Tree memory) {
        address[] storage roster = _known[index].roster;
        bytes32[] memory hashes = new bytes32[](roster.length);
        for (uint256 i = 0; i < hashes.length; ++i) {
            hashes[i] = Digests.rosterLeaf(_domain("ROSTER", index), roster[i]);
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
        _gives(index, k.params.oracle, NOBODY, cost);
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

    /// @dev The annotator's next batch, signed, of which the chain knows nothing yet.
    function _seal(uint256 index, uint32 round, address who, uint256 seed) internal returns (uint256 batch) {
        Known storage k = _known[index];
        Commit memory c;
        (c.round, c.batch, c.count) = (round, _batchCount[index][who]++, uint32(1 + seed % 20));
        c.cumulativeCount = _labelCount[index][who] += c.count;
        c.root = keccak256(abi.encode("sealed", index, who, c.batch));
        batch = k.batches.length;
        k.batches.push(Sealed(who, c, Digests.commit(k.id, c), false, false));
    }

    /// @dev The batches of some of the annotators, mostly of such as are on the roster, under one root. Nothing on
    /// chain keeps an oracle from including others: whose seats were short when enrolment ended, or who have none.
    function _aggregate(uint256 index, uint32 round, uint256 seed) internal {
        Known storage k = _known[index];
        uint256 count;
        for (uint256 i = 0; i < 4; ++i) {
            address who = annotators[i];
            bool admitted = i < _crew(k.pool) && (seed >> 32) % 4 == 0;
            bool wanted = (seed >> i) & 1 == 1 && (admitted || _isRostered(index, who));
            bool last = count == 0 && i + 1 == _crew(k.pool);
            if (wanted || last) k.batches[_seal(index, round, who, seed >> 8)].included = true;
            if (wanted || last) ++count;
        }
        bytes32 root = _roundTree(index, round).root();
        vm.prank(k.params.oracle);
        registry.commitAggregate(k.params, round, root, keccak256("lists"));
        (k.committed, _aggregated[index][round]) = (true, true);
    }

    function _includedLeaf(uint256 index, Sealed storage s) internal view returns (bytes32) {
        return Digests.aggregateLeaf(_domain("AGGREGATE", index), s.annotator, s.hash);
    }

    function _roundTree(uint256 index, uint32 round) internal view returns (Tree memory) {
        Sealed[] storage batches = _known[index].batches;
        bytes32[] memory hashes = new bytes32[](batches.length);
        uint256 count;
        for (uint256 i = 0; i < batches.length; ++i) {
            Sealed storage s = batches[i];
            if (s.included && s.commit.round == round) hashes[count++] = _includedLeaf(index, s);
        }
        assembly ("memory-safe") {
            mstore(hashes, count)
        }
        return Trees.build(hashes);
    }

    function _commit(uint256 index, uint32 round, address who, uint256 seed) internal {
        Known storage k = _known[index];
        bytes32[] memory proof;
        if (!_enrolled[index][who]) {
            proof = _rosterTree(index).proof(Digests.rosterLeaf(_domain("ROSTER", index), who));
        }
        Sealed storage s = k.batches[_seal(index, round, who, seed)];
        vm.prank(who);
        registry.commit(k.params, s.commit, proof);
        (k.committed, s.alone) = (true, true);
    }

    // -------------------------------------------------------------- settlement

    /// @dev A settlement of random leaves. An absurd one promises more than its totals, which nothing on chain sees
    /// before claims do.
    function _draft(uint256 index, uint256 seed, bool absurd) internal returns (Settlement memory s) {
        Known storage k = _known[index];
        delete k.leaves;
        uint256 most = k.escrow * 10_000 / (10_000 + k.params.feeBps);
        uint256 count = 1 + seed % 6;
        (uint128 payout, uint128 shares) = (0, 0);
        for (uint256 i = 0; i < count; ++i) {
            PayoutLeaf memory leaf = _leaf(index, i, uint256(keccak256(abi.encode(seed, i))));
            leaf.payout = uint128(leaf.payout % (most / count + 1));
            leaf.shares = uint128(leaf.shares % (k.params.shareCap / count + 1));
            if (absurd) (leaf.payout, leaf.shares) = (leaf.payout * 3 + 1, leaf.shares * 3);
            (leaf.cumPayout, leaf.cumShares) = (payout += leaf.payout, shares += leaf.shares);
            k.leaves.push(leaf);
        }
        (s.payoutRoot, s.leaves, s.bundleHash) = (_tree(index).root(), uint32(count), keccak256("bundle"));
        s.payoutTotal = payout < most ? payout : uint128(most);
        s.shareTotal = shares < k.params.shareCap ? shares : k.params.shareCap;
        if (s.shareTotal < 1e18) s.shareTotal = 0;
    }

    function _leaf(uint256 index, uint256 i, uint256 word) private view returns (PayoutLeaf memory leaf) {
        uint256 pool = _known[index].pool;
        (leaf.index, leaf.account) = (uint64(i * 37), annotators[word % _crew(pool)]);
        (leaf.payout, leaf.shares) = (uint128(uint64(word >> 8)), uint128(uint96(word >> 16)));
        uint256 slice = _slice(pool);
        uint256 kind = (word >> 128) % 8;
        if (kind == 0) leaf.slash = uint128(slice + 1);
        else if (kind < 3) leaf.slash = uint128(slice);
        else if (kind < 6) leaf.slash = uint128(_bound(word >> 136, 1, slice));
    }

    function _propose(uint256 index, uint256 seed, bool absurd) internal {
        Known storage k = _known[index];
        Settlement memory s = _draft(index, seed, absurd);
        vm.prank(k.params.oracle);
        registry.propose(k.params, s);
        k.settlement = s;
        _moves(index, Status.Proposed, "proposed in time");
    }

    /// @dev The fee and the bond go to who proposed. Where that is not the oracle, the oracle's bond is burned.
    function _finalize(uint256 index, address caller) internal {
        Known storage k = _known[index];
        uint256 fee = uint256(k.settlement.payoutTotal) * k.params.feeBps / 10_000;
        vm.prank(caller);
        registry.finalize(k.params, k.settlement);
        (address oracle, address requester, address proposer) = (k.params.oracle, k.params.requester, k.bout.proposer);
        _gives(index, oracle, proposer == NOBODY ? oracle : NOBODY, k.bond);
        if (proposer != NOBODY) _gives(index, proposer, proposer, k.bout.proposerBond);
        _gives(index, requester, proposer == NOBODY ? oracle : proposer, fee);
        _gives(index, requester, requester, k.escrow - fee - k.settlement.payoutTotal);
        (k.escrow, k.bond) = (k.settlement.payoutTotal, 0);
        (k.bout.proposer, k.bout.proposerBond) = (NOBODY, 0);
        _moves(index, Status.Final, proposer == NOBODY ? "final as the oracle's" : "final as another's");
    }

    // ----------------------------------------------------------------- endings

    function _cancel(uint256 index, address caller) internal {
        Known storage k = _known[index];
        assertFalse(k.committed, "8: refunded after a commitment");
        assertEq(k.openReceipts, 0, "8: refunded in spite of a receipt");
        vm.prank(caller);
        registry.cancel(k.params);
        if (k.place) _frees(index);
        _gives(index, k.params.requester, k.params.requester, k.escrow);
        _gives(index, k.params.oracle, k.params.oracle, k.bond);
        (k.escrow, k.bond) = (0, 0);
        _moves(index, Status.Cancelled);
    }

    function _expire(uint256 index, address caller) internal {
        Known storage k = _known[index];
        vm.prank(caller);
        registry.expire(k.params);
        bool used = k.rejections > k.params.schedule.tries;
        _burnAll(index, used ? "expired: tries used up" : "expired: time used up");
    }

    function _burnAll(uint256 index, string memory why) internal {
        Known storage k = _known[index];
        _frees(index);
        _gives(index, k.params.requester, NOBODY, k.escrow);
        _gives(index, k.params.oracle, NOBODY, k.bond);
        (k.escrow, k.bond) = (0, 0);
        _moves(index, Status.Expired, why);
    }

    function _freePlace(uint256 index, address caller) internal {
        vm.prank(caller);
        registry.freePlace(_known[index].params);
        _frees(index);
    }

    // ------------------------------------------------------------------- leaves

    function _hash(uint256 index, PayoutLeaf memory leaf) internal view returns (bytes32) {
        return Digests.payoutLeaf(_domain("PAYOUT", index), leaf);
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
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IContributorShare} from "../../contracts/interfaces/IContributorShare.sol";
import {Campaign, CampaignId, Contest, Pool, Seat, Status} from "../../contracts/types/Types.sol";
import {EvidenceAttacks} from "./EvidenceAttacks.sol";
import {Bout, Chair, Known} from "./RegistryWorld.sol";

/// @dev The invariants, by the numbers of README.md beside this file. They are here and not in the test since they read
/// all of the model, which would be too much to hand over after each call.
abstract contract RegistryChecks is EvidenceAttacks {
    /// @dev After each call. Of those campaigns that are over and empty one is looked at each time, and all by
    /// `checkOver`.
    function check() external view {
        uint256[2] memory inCampaigns;
        for (uint256 i = 0; i < _active.length; ++i) {
            inCampaigns[_tokenOf[_known[_active[i]].pool]] += _checkCampaign(_active[i]);
        }
        if (_known.length != 0) _checkCampaign(_time() % _known.length);
        for (uint256 t = 0; t < 2; ++t) {
            _checkSolvency(t, inCampaigns[t]);
        }
        for (uint256 i = 0; i < 3; ++i) {
            _checkShares(i);
            _checkPool(i);
        }
        _checkRing();
        assertFalse(erratic.ruledTooEarly(), "10: ruled before it was asked");
    }

    function checkOver() external view {
        for (uint256 i = 0; i < _known.length; ++i) {
            _checkCampaign(i);
        }
    }

    function _checkCampaign(uint256 i) private view returns (uint256 held) {
        Campaign memory state = _state(i);
        _checkWork(i, state);
        return _checkMoney(i, state);
    }

    /// @dev 1, 2, 8, 18: what anyone owns is what the model says, to the unit, and the balance covers all of it.
    function _checkSolvency(uint256 t, uint256 inCampaigns) private view {
        address token = address(tokens[t]);
        uint256 sum = burned[token] + donated[token] + inCampaigns;
        assertEq(registry.burnedOf(token), burned[token], "1: sink");
        for (uint256 i = 0; i < _people.length; ++i) {
            assertEq(registry.creditOf(token, _people[i]), credit[token][_people[i]], "1, 8, 18: credit");
            sum += credit[token][_people[i]];
        }
        for (uint256 pool = 0; pool < 3; ++pool) {
            if (_tokenOf[pool] != t) continue;
            for (uint256 i = 0; i < 4; ++i) {
                sum += _chairs[pool][annotators[i]].stake;
            }
        }
        assertEq(tokens[t].balanceOf(address(registry)), sum, "1: solvency");
        assertEq(tokens[t].balanceOf(stranger), 0, "18: a stranger gained");
        assertEq(registry.creditOf(token, stranger), 0, "18: a stranger gained credit");
        assertEq(address(registry).balance, 0, "1: ether stayed");
    }

    /// @dev 3, 4, 8, 9. Returns what lies in the campaign.
    function _checkMoney(uint256 i, Campaign memory state) private view returns (uint256 held) {
        Known storage k = _known[i];
        held = uint256(state.escrow) + state.bond + _checkContest(i);
        assertEq(k.paidIn, k.paidOut + held, "3: conservation");
        assertEq(state.escrow, k.escrow, "8: escrow");
        assertEq(state.bond, k.bond, "9: bond");
        if (!_isRunning(i)) assertEq(state.bond, 0, "9: bond after the end");
        if (k.status == Status.Proposed || k.status == Status.Disputed) {
            uint256 fee = uint256(k.settlement.payoutTotal) * k.params.feeBps / 10_000;
            assertGe(state.escrow, k.settlement.payoutTotal + fee, "4: escrow covers the proposal");
        }
        if (k.status == Status.Final) {
            assertEq(state.escrow, k.settlement.payoutTotal - k.claimed, "4: claimed at most the total");
        }
        if (k.status == Status.Cancelled || k.status == Status.Expired) assertEq(held, 0, "3: nothing stays");
    }

    /// @dev 10, 11: who stands against whom, until when, and by whose word. Returns the bonds of both.
    function _checkContest(uint256 i) private view returns (uint256 bonds) {
        Known storage k = _known[i];
        if (k.status < Status.Open || k.status > Status.Final) return 0;
        Contest memory contest = registry.contestOf(k.id);
        Bout storage bout = k.bout;
        assertEq(contest.rejections, k.rejections, "11: tries");
        assertEq(contest.receipts, k.openReceipts, "11: receipts");
        assertEq(contest.proposer, bout.proposer, "9: proposer");
        assertEq(contest.proposerBond, bout.proposerBond, "9: proposer's bond");
        assertEq(contest.challenger, bout.challenger, "9: challenger");
        assertEq(contest.challengeBond, bout.challengeBond, "9: challenger's bond");
        assertEq(contest.withstood, bout.withstood, "11: challenges");
        assertEq(contest.rulingEnd, bout.rulingEnd, "11: ruling period");
        assertEq(contest.ruling, bout.ruled ? bout.ruling + 1 : 0, "10: ruling");
        return uint256(contest.proposerBond) + contest.challengeBond;
    }

    /// @dev 8, 11, 23. `since` is when the last move was made: a challenge that failed opened a fresh window.
    function _checkWork(uint256 i, Campaign memory state) private view {
        Known storage k = _known[i];
        assertTrue(state.status == k.status, "11: status");
        assertEq(state.since, k.since, "11: since");
        assertEq(state.committed, k.committed, "8: committed");
        assertEq(state.placeFreed, k.accepted && !k.place, "21: place");
        if (k.status == Status.Cancelled) assertFalse(k.committed, "8: cancelled after a commitment");
        assertEq(state.seed, k.seed, "23: seed");
        assertEq(state.seedBlock, k.seed == 0 ? k.seedBlock : 0, "23: block");
    }

    // ------------------------------------------------------------ seats and places

    /// @dev 21: a place is held from acceptance until it is freed.
    function _checkPool(uint256 pool) private view {
        Pool memory state = registry.poolOf(_poolIds[pool]);
        assertEq(state.open, _held[pool], "21: places");
        assertLe(state.open, _pools[pool].maxOpen, "22: more campaigns than slices");
        for (uint256 i = 0; i < 4; ++i) {
            Chair storage chair = _chairs[pool][annotators[i]];
            Seat memory seat = registry.seatOf(_poolIds[pool], annotators[i]);
            assertEq(seat.fullSince != 0, chair.taken, "22: seat");
            assertEq(seat.stake, chair.stake, "7, 22: stake");
            assertEq(seat.shortSince, chair.shortSince, "22: short");
            assertEq(seat.releaseAt, chair.releaseAt, "22: release");
        }
        _checkSlices(pool);
    }

    /// @dev 22: each campaign that counts on a seat finds its slice there, whatever others took, and the seat cannot be
    /// withdrawn until the place is free, or hardEnd.
    function _checkSlices(uint256 pool) private view {
        uint256[4] memory slices;
        for (uint256 i = 0; i < _active.length; ++i) {
            Known storage k = _known[_active[i]];
            if (k.pool != pool || !k.place || _time() >= k.hardEnd) continue;
            for (uint256 j = 0; j < 4; ++j) {
                if (!_counts(_active[i], annotators[j])) continue;
                ++slices[j];
                uint256 releaseAt = _chairs[pool][annotators[j]].releaseAt;
                assertTrue(releaseAt == 0 || releaseAt >= k.hardEnd, "22: lock");
            }
        }
        for (uint256 j = 0; j < 4; ++j) {
            assertGe(_chairs[pool][annotators[j]].stake, slices[j] * _slice(pool), "22: slices");
        }
    }

    // -------------------------------------------------------------------- ring

    /// @dev 9: nothing that the ring does with itself gives it more than it brought, and what rules say it loses is
    /// lost.
    function _checkRing() private view {
        assertLe(ringWealth() + ringLost, 4e30 + ringGained, "9: the ring gained from itself");
    }

    // ------------------------------------------------------------------ shares

    /// @dev 4, 5, 12.
    function _checkShares(uint256 d) private view {
        IContributorShare share = IContributorShare(datasets[d]);
        (uint256 supply, uint256 reserved, uint256 unreleased) = (0, 0, 0);
        for (uint256 i = 0; i < _active.length; ++i) {
            Known storage k = _known[_active[i]];
            if (k.params.dataset != address(share)) continue;
            if (k.status < Status.Final) reserved += k.params.shareCap;
            if (k.status != Status.Final) continue;
            (supply, reserved) = (supply + k.settlement.shareTotal, reserved + k.settlement.shareTotal);
            uint256 left = share.rounds(CampaignId.unwrap(k.id)).left;
            assertEq(left, k.settlement.shareTotal - k.released, "4, 5: released");
            unreleased += left;
        }
        assertEq(share.totalSupply(), supply, "12: supply");
        assertEq(share.balanceOf(address(registry)), unreleased, "12: unreleased");
        assertEq(registry.dataset(address(share)).reserved, reserved, "12: reserved");
        assertLe(reserved, registry.dataset(address(share)).maxShares, "12: caps");
        uint256 balances = unreleased;
        for (uint256 j = 0; j < 4; ++j) {
            balances += share.balanceOf(annotators[j]);
        }
        assertEq(balances, supply, "12: balances");
    }
}

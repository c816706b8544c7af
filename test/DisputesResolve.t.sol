// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {Campaign, CampaignParams, Contest, Outcome, Status} from "../contracts/types/Types.sol";
import {ContestBase} from "./base/ContestBase.sol";

/// @dev How contests end, and who gets what; see Disputes.tree.
contract DisputesResolveTest is ContestBase {
    function test_resolve_RevertWhen_NothingIsRuledAndRulingEndHasNotCome() external {
        _toDisputed();
        uint256 end = registry.contestOf(id).rulingEnd;
        bytes memory reason = abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, end - 1, end);
        vm.warp(end - 1);
        _fails(challenger, _resolveCall(), reason);
        _requestRuling();
        _fails(challenger, _resolveCall(), reason);
        uint256 snapshot = vm.snapshotState();
        vm.warp(end);
        _resolve();
        vm.revertToState(snapshot);
        _rule(NEITHER);
        _resolve();
    }

    /// @dev Bonds of all sizes, odd ones too, down to a hundredth: the refund can then be above the winner's half.
    function _toFuzzedContest(uint128 escrow, uint128 refund, uint256 late) private returns (uint128 bond, bool fits) {
        escrow = uint128(bound(escrow, 1, 1e13));
        late = bound(late, 0, 99);
        _useMonths(refund);
        _toCommitted(escrow);
        bond = _bondOf(escrow, refund);
        if (late == 0) {
            vm.warp(_revealEnd());
            _propose(_bare());
            return (bond, true);
        }
        vm.warp(_settleEnd() + (late - 1) * 1 days);
        uint128 cost = uint128((bond * late + 99) / 100);
        if (cost >= bond) return (bond, false);
        _proposeLate(_bare());
        return (bond - cost, true);
    }

    function testFuzz_resolve_GivenTheProposerWins(uint128 escrow, uint128 refund, uint256 late, uint256 withstood)
        external
    {
        refund = uint128(bound(refund, 0, 1e12));
        withstood = bound(withstood, 0, 2);
        (uint128 bond, bool fits) = _toFuzzedContest(escrow, refund, late);
        if (!fits) return;
        for (uint256 i = 0; i < withstood; ++i) {
            _contest(colleague, FOR_PROPOSER);
        }
        uint256 lost = bond * 2 ** withstood;
        _challenge(challenger);
        _requestRuling();
        _rule(FOR_PROPOSER);
        Campaign memory expected = _campaign();
        Contest memory contest;
        contest.withstood = uint8(withstood + 1);
        skip(1 hours);
        (expected.status, expected.since) = (Status.Proposed, uint40(vm.getBlockTimestamp()));
        _assertDivided(Outcome.Upheld, lost, refund, oracle, 0);
        _assertCampaign(expected);
        _assertContest(contest);
        assertEq(token.balanceOf(challenger), WALLET - lost);
        assertEq(_credit(challenger), 0);
        _toFinalized(_bare());
    }

    /// @dev Resolves, and checks that of `lost` half, rounded up, is burned, the refund goes to the payer and the rest,
    /// with the challenger's own bond `back`, to the winner.
    function _assertDivided(Outcome outcome, uint256 lost, uint256 refund, address winner, uint256 back) private {
        uint256 burned = lost % 2 == 0 ? lost / 2 : lost / 2 + 1;
        uint256 rest = lost - burned;
        uint256 refunded = rest < refund ? rest : refund;
        uint256 sink = _burned();
        uint256 had = _credit(winner);
        uint256 paid = _credit(payer);
        vm.expectEmit();
        emit IRegistryEvents.ContestEnded(id, outcome, rest - refunded, refunded, burned);
        vm.expectEmit();
        emit IVaultEvents.Burned(address(token), burned);
        _resolve();
        assertEq(_burned(), sink + burned);
        assertEq(_credit(winner), had + rest - refunded + back);
        assertEq(_credit(payer), paid + refunded);
        _assertConserved();
    }

    function testFuzz_resolve_GivenTheChallengerWins(uint128 escrow, uint128 refund, uint256 late, uint256 withstood)
        external
    {
        refund = uint128(bound(refund, 0, 1e12));
        withstood = bound(withstood, 0, 2);
        (uint128 bond, bool fits) = _toFuzzedContest(escrow, refund, late);
        if (!fits) return;
        for (uint256 i = 0; i < withstood; ++i) {
            _contest(colleague, FOR_PROPOSER);
        }
        uint256 back = bond * 2 ** withstood;
        _challenge(challenger);
        _requestRuling();
        _rule(FOR_CHALLENGER);
        Campaign memory expected = _campaign();
        Contest memory contest;
        contest.rejections = 1;
        skip(1 hours);
        (expected.status, expected.since) = (Status.Open, uint40(vm.getBlockTimestamp()));
        (expected.bond, expected.settlement) = (0, 0);
        _assertDivided(Outcome.Rejected, bond, refund, challenger, back);
        _assertCampaign(expected);
        _assertContest(contest);
        assertEq(token.balanceOf(challenger), WALLET - back);
    }

    function test_resolve_GivenTheChallengerWinsAgainstAPublicProposer() external {
        _toPublic();
        _proposeOpenly(proposer, _sample());
        _challenge(challenger);
        _requestRuling();
        _rule(FOR_CHALLENGER);
        _assertDivided(Outcome.Rejected, BOND, REFUND, challenger, BOND);
        _assertMoney(proposer, WALLET - BOND, 0);
        assertEq(_campaign().bond, BOND);
        Contest memory contest;
        contest.rejections = 1;
        _assertContest(contest);
    }

    function test_resolve_GivenAPublicProposerWins() external {
        _toPublic();
        _proposeOpenly(proposer, _sample());
        _challenge(challenger);
        _requestRuling();
        _rule(FOR_PROPOSER);
        _assertDivided(Outcome.Upheld, BOND, REFUND, proposer, 0);
        Contest memory contest;
        (contest.proposer, contest.proposerBond, contest.withstood) = (proposer, BOND, 1);
        _assertContest(contest);
        _toFinalized(_sample());
        _assertMoney(proposer, WALLET - BOND, BOND + BOND / 2 - REFUND + 30e6);
        _assertMoney(challenger, WALLET - BOND, 0);
        assertEq(_credit(oracle), 0);
        _assertConserved();
    }

    /// @dev A ruling for neither, none by rulingEnd, and none requested come to the same.
    function testFuzz_resolve_GivenNoRuling(
        uint128 escrow,
        uint128 refund,
        uint256 late,
        uint256 withstood,
        uint256 way
    ) external {
        refund = uint128(bound(refund, 0, 1e12));
        withstood = bound(withstood, 0, 2);
        way = bound(way, 0, 2);
        (uint128 bond, bool fits) = _toFuzzedContest(escrow, refund, late);
        if (!fits) return;
        for (uint256 i = 0; i < withstood; ++i) {
            _contest(colleague, FOR_PROPOSER);
        }
        uint256 against = bond * 2 ** withstood;
        _challenge(challenger);
        if (way != 0) _requestRuling();
        if (way == 2) _rule(NEITHER);
        else vm.warp(registry.contestOf(id).rulingEnd);
        Campaign memory expected = _campaign();
        (expected.status, expected.since) = (Status.Open, uint40(vm.getBlockTimestamp()));
        (expected.bond, expected.settlement) = (uint128(bond - _eighth(bond)), 0);
        Contest memory contest;
        contest.rejections = 1;
        uint256 sink = _burned();
        uint256 paid = _credit(payer);
        uint256 burned = _eighth(bond) + _eighth(against);
        vm.expectEmit();
        emit IRegistryEvents.ContestEnded(id, Outcome.Unruled, 0, 0, burned);
        vm.expectEmit();
        emit IVaultEvents.Burned(address(token), burned);
        _resolve();
        _assertCampaign(expected);
        _assertContest(contest);
        _assertMoney(challenger, WALLET - against, against - _eighth(against));
        assertEq(_credit(payer), paid);
        assertEq(_burned(), sink + burned);
        _assertConserved();
    }

    function testFuzz_resolve_GivenNoRulingOnAPublicProposal(uint128 escrow, uint256 falls) external {
        escrow = uint128(bound(escrow, 1, 1e13));
        falls = bound(falls, 0, 1);
        _toCommitted(escrow);
        for (uint256 i = 0; i < falls; ++i) {
            vm.warp(_settleEnd() + params.schedule.rescuePeriod);
            _proposeOpenly(colleague, _bare());
            _fallUnruled(colleague);
        }
        vm.warp((falls == 0 ? _settleEnd() : _campaign().since) + params.schedule.rescuePeriod);
        _proposeOpenly(proposer, _bare());
        uint256 bond = _bondOf(escrow, REFUND) * 2 ** falls;
        uint128 oracles = _campaign().bond;
        uint256 sink = _burned();
        _fallUnruled(challenger);
        _assertMoney(proposer, WALLET - bond, bond - _eighth(bond));
        _assertMoney(challenger, WALLET - bond, bond - _eighth(bond));
        assertEq(_campaign().bond, oracles);
        assertEq(_burned(), sink + 2 * _eighth(bond));
        Contest memory contest;
        contest.rejections = uint8(falls + 1);
        _assertContest(contest);
        _assertConserved();
    }

    /// @dev The smallest bond there can be: lost whole, to nobody.
    function test_resolve_GivenABondOfOneUnit() external {
        _useMonths(0);
        _toCommitted(400);
        vm.warp(_settleEnd() + 98 days);
        _proposeLate(_bare());
        assertEq(_campaign().bond, 1);
        uint256 snapshot = vm.snapshotState();
        _challenge(challenger);
        _requestRuling();
        _rule(FOR_CHALLENGER);
        _assertDivided(Outcome.Rejected, 1, 0, challenger, 1);
        vm.revertToState(snapshot);
        _fallUnruled(challenger);
        assertEq(_campaign().bond, 0);
        _assertMoney(challenger, WALLET - 1, 0);
        bytes memory call = abi.encodeCall(registry.proposeLate, (params, _bare()));
        _fails(oracle, call, abi.encodeWithSelector(IRegistryEvents.BondUsedUp.selector, id, 0, 0));
    }

    /// @dev Invariant 11: a challenge that failed gives everyone the whole window again.
    function test_resolve_GivenTheProposerWins_OpensAFreshWindow() external {
        _toProposed(_sample());
        for (uint256 i = 0; i < 3; ++i) {
            skip(params.schedule.window - 1);
            _challenge(challenger);
            _requestRuling();
            skip(params.schedule.rulingPeriod - 1);
            _rule(FOR_PROPOSER);
            _resolve();
            uint256 end = vm.getBlockTimestamp() + params.schedule.window;
            vm.warp(end - 1);
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, end - 1, end));
            registry.finalize(params, _sample());
            vm.warp(end - params.schedule.window);
        }
        _toFinalized(_sample());
        assertLe(vm.getBlockTimestamp(), _revealEnd() + _contestTime());
        uint256 lost = BOND + 2 * BOND + 4 * BOND;
        assertEq(_burned(), lost / 2);
        _assertMoney(challenger, WALLET - lost, 0);
        _assertMoney(payer, 0, 3 * REFUND);
        _assertMoney(oracle, WALLET - BOND, BOND + 30e6 + lost / 2 - 3 * REFUND);
        _assertConserved();
    }

    /// @dev Payer, challenger and winner in one: both parts of the half are one account's.
    function test_resolve_GivenTheWinnerPaid() external {
        _toDisputed();
        vm.deal(challenger, COST);
        vm.prank(challenger);
        registry.requestRuling{value: COST}(pool, params);
        _rule(FOR_CHALLENGER);
        vm.recordLogs();
        _resolve();
        // ContestEnded, Burned, and three credits: what was won, the refund, the bond.
        assertEq(vm.getRecordedLogs().length, 5);
        _assertMoney(challenger, WALLET - BOND, BOND + BOND / 2);
        assertEq(_burned(), BOND / 2);
    }

    /// @dev A contest that nobody took to the arbitrator knows dispute 0; a contest next to it is dispute 0.
    function test_resolve_LeavesAnothersDisputeAlone() external {
        _usePuppet(REFUND);
        puppet.set(0, 0);
        _toDisputed();
        CampaignParams memory first = params;
        _useNextCampaign();
        _toDisputed();
        registry.requestRuling(pool, params);
        assertEq(registry.contestOf(id).disputeId, 0);
        registry.resolve(pool, first);
        puppet.rule(registry, 0, FOR_PROPOSER);
        _resolve();
        assertTrue(_status() == Status.Proposed);
    }
}

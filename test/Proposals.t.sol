// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {Campaign, Contest, PoolId, PoolParams, Settlement, Status} from "../contracts/types/Types.sol";
import {ContestBase} from "./base/ContestBase.sol";
import {Digests} from "./base/Digests.sol";

/// @dev Late and public proposals; see Proposals.tree.
contract ProposalsTest is ContestBase {
    function _late(Settlement memory s) private view returns (bytes memory) {
        return abi.encodeCall(registry.proposeLate, (params, s));
    }

    function _open(Settlement memory s) private view returns (bytes memory) {
        return abi.encodeCall(registry.proposeOpenly, (pool, params, s, type(uint256).max));
    }

    function _wrong(Status status) private view returns (bytes memory) {
        return abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, status, Status.Open);
    }

    /// @dev Both calls, from who may make them, fail for this reason.
    function _bothFail(bytes memory reason) private {
        _fails(oracle, _late(_bare()), reason);
        _fails(proposer, _open(_bare()), reason);
    }

    // --------------------------------------------------------------- both ways

    function test_propose_RevertWhen_NotOpen() external {
        _bothFail(_wrong(Status.None));
        _toDisputed();
        _bothFail(_wrong(Status.Disputed));
        _requestRuling();
        _rule(FOR_PROPOSER);
        _resolve();
        _bothFail(_wrong(Status.Proposed));
        _toFinalized(_sample());
        _bothFail(_wrong(Status.Final));
    }

    function test_propose_RevertWhen_CreatedCancelledOrExpired() external {
        _create();
        _bothFail(_wrong(Status.Created));
        uint256 snapshot = vm.snapshotState();
        vm.prank(requester);
        registry.cancel(params);
        _bothFail(_wrong(Status.Cancelled));
        vm.revertToState(snapshot);
        _accept();
        _drawSeed();
        vm.warp(params.schedule.workStart);
        _commitAggregate(0);
        vm.warp(_proposeEnd());
        registry.expire(params);
        _bothFail(_wrong(Status.Expired));
    }

    function test_propose_RevertWhen_NobodyCommitted() external {
        _toWork();
        vm.warp(_settleEnd() + params.schedule.rescuePeriod);
        _bothFail(abi.encodeWithSelector(IRegistryEvents.NothingCommitted.selector, id));
    }

    function test_propose_RevertWhen_TheTriesAreUsedUp() external {
        _toProposed(_sample());
        _fallUnruled(challenger);
        _proposeLate(_sample());
        _fallUnruled(challenger);
        vm.warp(_campaign().since + params.schedule.rescuePeriod);
        uint256 snapshot = vm.snapshotState();
        // The oracle's own and as many others as there are tries: the last of them may be anybody's.
        _proposeOpenly(proposer, _sample());
        vm.revertToState(snapshot);
        _proposeLate(_sample());
        _fallUnruled(challenger);
        vm.warp(_campaign().since + params.schedule.rescuePeriod);
        assertLt(vm.getBlockTimestamp(), _proposeEnd());
        _bothFail(abi.encodeWithSelector(IRegistryEvents.TriesUsedUp.selector, id, params.schedule.tries));
    }

    function test_propose_RevertWhen_ProposeEndHasCome() external {
        _toCommitted();
        uint256 end = _proposeEnd();
        vm.warp(end);
        _bothFail(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end));
        vm.warp(end - 1);
        uint256 snapshot = vm.snapshotState();
        _proposeLate(_sample());
        vm.revertToState(snapshot);
        _proposeOpenly(proposer, _sample());
    }

    /// @dev A proposal that falls after the end of proposing leaves nothing to propose, though tries are left.
    function test_propose_RevertWhen_ItFellAfterProposeEnd() external {
        _toCommitted();
        uint256 end = _proposeEnd();
        vm.warp(end - 1);
        _proposeOpenly(proposer, _sample());
        _fallUnruled(challenger);
        assertEq(registry.contestOf(id).rejections, 1);
        _bothFail(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, vm.getBlockTimestamp(), end));
    }

    function test_propose_RevertWhen_TheSettlementIsNotAffordable() external {
        _toPublic();
        Settlement memory s = _sample();
        s.payoutTotal = type(uint128).max;
        _unaffordable(
            s,
            abi.encodeWithSelector(
                IRegistryEvents.PayoutAboveEscrow.selector,
                uint256(s.payoutTotal) + uint256(s.payoutTotal) * 500 / 10_000,
                ESCROW
            )
        );
        // 1000e6 pays 952.380952e6 and 5% of it, rounded down.
        s.payoutTotal = 952_380_953 + 1;
        _unaffordable(s, abi.encodeWithSelector(IRegistryEvents.PayoutAboveEscrow.selector, 1_000_000_001, ESCROW));
        (s.payoutTotal, s.shareTotal) = (952_380_953, 1000e18 + 1);
        _unaffordable(s, abi.encodeWithSelector(IRegistryEvents.SharesAboveCap.selector, 1000e18 + 1, 1000e18));
        s.shareTotal = 1e18 - 1;
        _unaffordable(s, abi.encodeWithSelector(IRegistryEvents.SharesBelowOne.selector, 1e18 - 1));
        s.shareTotal = 1;
        _unaffordable(s, abi.encodeWithSelector(IRegistryEvents.SharesBelowOne.selector, 1));
        s.shareTotal = 1e18;
        uint256 snapshot = vm.snapshotState();
        _proposeLate(s);
        vm.revertToState(snapshot);
        _proposeOpenly(proposer, s);
    }

    function _unaffordable(Settlement memory s, bytes memory reason) private {
        _fails(oracle, _late(s), reason);
        _fails(proposer, _open(s), reason);
    }

    // ------------------------------------------------------------- proposeLate

    function test_proposeLate_RevertWhen_TheCallerIsNotTheOracle() external {
        _toRescue();
        address[3] memory others = [requester, annotator, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            _fails(
                others[i], _late(_sample()), abi.encodeWithSelector(IVaultEvents.NotAllowed.selector, others[i], oracle)
            );
        }
    }

    function test_proposeLate_RevertWhen_SettleEndHasNotCome() external {
        _toRevealEnd();
        uint256 end = _settleEnd();
        vm.warp(end - 1);
        _fails(oracle, _late(_sample()), abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, end - 1, end));
        vm.warp(end);
        _proposeLate(_sample());
    }

    function test_proposeLate_RevertWhen_AReceiptIsOpen() external {
        _toCommitted();
        vm.warp(_commitEnd());
        _postReceipt(annotator, "one");
        _postReceipt(colleague, "two");
        vm.warp(_settleEnd());
        _fails(oracle, _late(_sample()), abi.encodeWithSelector(IRegistryEvents.ReceiptsOpen.selector, id, 2));
        registry.forfeitBond(params, annotator, "one");
        _fails(oracle, _late(_sample()), abi.encodeWithSelector(IRegistryEvents.ReceiptsOpen.selector, id, 1));
        registry.forfeitBond(params, colleague, "two");
        _fails(oracle, _late(_sample()), abi.encodeWithSelector(IRegistryEvents.BondUsedUp.selector, id, 0, 0));
    }

    function test_proposeLate_RevertWhen_TheBondIsLost() external {
        _toProposed(_sample());
        _contest(challenger, FOR_CHALLENGER);
        _fails(oracle, _late(_sample()), abi.encodeWithSelector(IRegistryEvents.BondUsedUp.selector, id, 0, 0));
    }

    function test_proposeLate_RevertWhen_TheFeeTakesTheWholeBond() external {
        _useMonths(REFUND);
        _toCommitted();
        vm.warp(_settleEnd() + 99 days);
        _fails(oracle, _late(_sample()), abi.encodeWithSelector(IRegistryEvents.BondUsedUp.selector, id, BOND, BOND));
        vm.warp(_settleEnd() + 99 days - 1);
        _proposeLate(_sample());
        assertEq(_campaign().bond, BOND / 100);
    }

    /// @dev One unit of bond pays no fee and keeps anything.
    function test_proposeLate_RevertWhen_TheBondIsOneUnit() external {
        _usePool(address(arbitrator), 0);
        _toCommitted(4);
        vm.warp(_settleEnd());
        _fails(oracle, _late(_bare()), abi.encodeWithSelector(IRegistryEvents.BondUsedUp.selector, id, 1, 1));
    }

    function testFuzz_proposeLate(uint128 escrow, uint128 refund, uint256 late) external {
        escrow = uint128(bound(escrow, 1, 1e15));
        refund = uint128(bound(refund, 0, 1e13));
        _useMonths(refund);
        _toCommitted(escrow);
        late = bound(late, 0, _proposeEnd() - _settleEnd() - 1);
        vm.warp(_settleEnd() + late);

        uint256 bond = _bondOf(escrow, refund);
        uint256 days_ = late / 1 days + 1;
        uint256 cost = bond * days_ / 100;
        if (cost * 100 < bond * days_) ++cost;
        if (cost >= bond) {
            _fails(oracle, _late(_bare()), abi.encodeWithSelector(IRegistryEvents.BondUsedUp.selector, id, bond, cost));
            return;
        }
        Campaign memory expected = _campaign();
        (expected.status, expected.since) = (Status.Proposed, uint40(vm.getBlockTimestamp()));
        (expected.bond, expected.settlement) = (uint128(bond - cost), Digests.settlement(_bare()));
        assertEq(_logs(oracle, 0, _late(_bare())), 3);
        vm.expectEmit();
        emit IRegistryEvents.ProposedLate(id, cost);
        vm.expectEmit();
        emit IRegistryEvents.Proposed(id, oracle, _bare());
        vm.expectEmit();
        emit IVaultEvents.Burned(address(token), cost);
        _proposeLate(_bare());
        _assertCampaign(expected);
        Contest memory none;
        _assertContest(none);
        _assertMoney(oracle, WALLET - bond, 0);
        _assertMoney(requester, WALLET - escrow, 0);
        assertEq(_burned(), cost);
        _assertConserved();
    }

    function test_proposeLate_CountsDaysBegunSinceSettleEnd() external {
        _useMonths(REFUND);
        _toCommitted();
        uint256 start = _settleEnd();
        uint256[5] memory late = [uint256(0), 1 days - 1, 1 days, 2 days - 1, 30 days];
        uint256[5] memory begun = [uint256(1), 1, 2, 2, 31];
        for (uint256 i = 0; i < late.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.warp(start + late[i]);
            _proposeLate(_sample());
            assertEq(_campaign().bond, BOND - BOND * begun[i] / 100);
            vm.revertToState(snapshot);
        }
    }

    function test_proposeLate_CountsFromTheLastFall() external {
        _useMonths(REFUND);
        _toProposed(_sample());
        _fallUnruled(challenger);
        uint256 fell = vm.getBlockTimestamp();
        uint256 left = BOND - BOND / 8;
        assertLt(fell, _settleEnd() + 1 days);
        uint256[3] memory late = [uint256(0), 1 days - 1, 1 days];
        uint256[3] memory begun = [uint256(1), 1, 2];
        for (uint256 i = 0; i < late.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.warp(fell + late[i]);
            _proposeLate(_sample());
            assertEq(_campaign().bond, left - left * begun[i] / 100);
            vm.revertToState(snapshot);
        }
        // Again and again from what is left, and from the later fall.
        vm.warp(fell + 10 days);
        _proposeLate(_sample());
        left -= left * 11 / 100;
        _fallUnruled(challenger);
        left -= _eighth(left);
        _proposeLate(_sample());
        assertEq(_campaign().bond, left - (left + 99) / 100);
        _assertConserved();
    }

    function test_proposeLate_BecomesFinal() external {
        _toRescue();
        _proposeLate(_sample());
        _toFinalized(_sample());
        uint256 cost = BOND / 100;
        _assertMoney(oracle, WALLET - BOND, BOND - cost + 30e6);
        _assertMoney(requester, WALLET - ESCROW, ESCROW - 600e6 - 30e6);
        assertEq(_burned(), cost);
        _assertConserved();
    }

    // ----------------------------------------------------------- proposeOpenly

    function test_proposeOpenly_RevertWhen_ThePoolIsAnother() external {
        _toPublic();
        PoolId right = params.pool;
        PoolParams memory other = pool;
        other.arbitrationRefund = 0;
        bytes memory call = abi.encodeCall(registry.proposeOpenly, (other, params, _sample(), type(uint256).max));
        PoolId given = registry.poolIdOf(other);
        _fails(proposer, call, abi.encodeWithSelector(IRegistryEvents.ParamsMismatch.selector, given, right));
    }

    function test_proposeOpenly_RevertWhen_TheRescueIsNotOver() external {
        _toCommitted();
        uint256 start = _settleEnd() + params.schedule.rescuePeriod;
        vm.warp(start - 1);
        _fails(proposer, _open(_sample()), abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, start - 1, start));
        vm.warp(start);
        _proposeOpenly(proposer, _sample());
    }

    function test_proposeOpenly_RevertWhen_TheRescueAfterAFallIsNotOver() external {
        _toProposed(_sample());
        _contest(challenger, FOR_CHALLENGER);
        // It fell at once, in the oracle's own time: the rescue counts from there.
        assertEq(_campaign().since, _revealEnd());
        uint256 start = _revealEnd() + params.schedule.rescuePeriod;
        vm.warp(start - 1);
        _fails(proposer, _open(_sample()), abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, start - 1, start));
        vm.warp(start);
        _proposeOpenly(proposer, _sample());
        _fallUnruled(challenger);
        start = vm.getBlockTimestamp() + params.schedule.rescuePeriod;
        vm.warp(start - 1);
        _fails(proposer, _open(_sample()), abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, start - 1, start));
        vm.warp(start);
        _proposeOpenly(proposer, _sample());
    }

    function testFuzz_proposeOpenly_RevertWhen_TheBondIsAboveTheMost(uint256 most) external {
        _toPublic();
        most = bound(most, 0, BOND - 1);
        bytes memory call = abi.encodeCall(registry.proposeOpenly, (pool, params, _sample(), most));
        _fails(proposer, call, abi.encodeWithSelector(IRegistryEvents.BondAboveMax.selector, BOND, most));
        vm.prank(proposer);
        registry.proposeOpenly(pool, params, _sample(), BOND);
        assertTrue(_status() == Status.Proposed);
    }

    function test_proposeOpenly_RevertWhen_TheCallerCannotPay() external {
        _toPublic();
        _fails(
            stranger,
            _open(_sample()),
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(registry), 0, BOND)
        );
        vm.startPrank(proposer);
        token.transfer(colleague, WALLET - BOND + 1);
        vm.stopPrank();
        _fails(
            proposer,
            _open(_sample()),
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, proposer, BOND - 1, BOND)
        );
    }

    function testFuzz_proposeOpenly(uint128 escrow, uint128 refund, uint256 falls, uint128 credit) external {
        escrow = uint128(bound(escrow, 1, 1e13));
        refund = uint128(bound(refund, 0, 1e12));
        credit = uint128(bound(credit, 1, 1e14));
        falls = bound(falls, 0, 2);
        _usePool(address(arbitrator), refund);
        _toCommitted(escrow);
        for (uint256 i = 0; i < falls; ++i) {
            _fallOpenly(colleague);
        }
        vm.warp((falls == 0 ? _settleEnd() : _campaign().since) + params.schedule.rescuePeriod);
        vm.prank(proposer);
        registry.deposit(address(token), credit);

        uint128 bond = _bondOf(escrow, refund) * uint128(2 ** falls);
        Campaign memory expected = _campaign();
        (expected.status, expected.since) = (Status.Proposed, uint40(vm.getBlockTimestamp()));
        expected.settlement = Digests.settlement(_bare());
        Contest memory contest;
        (contest.proposer, contest.proposerBond, contest.rejections) = (proposer, bond, uint8(falls));
        uint256 burned = _burned();
        vm.expectEmit();
        emit IRegistryEvents.ProposedOpenly(id, proposer, bond);
        vm.expectEmit();
        emit IRegistryEvents.Proposed(id, proposer, _bare());
        vm.expectEmit();
        emit IVaultEvents.Debited(address(token), proposer, credit < bond ? credit : bond);
        _proposeOpenly(proposer, _bare());
        _assertCampaign(expected);
        _assertContest(contest);
        uint256 fromWallet = bond > credit ? bond - credit : 0;
        _assertMoney(proposer, WALLET - credit - fromWallet, credit + fromWallet - bond);
        assertEq(_burned(), burned);
        _assertConserved();
    }

    function test_proposeOpenly_IsOpenToAnyone() external {
        _toPublic();
        _fund(stranger);
        address[4] memory callers = [stranger, annotator, requester, oracle];
        for (uint256 i = 0; i < callers.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 before = _wealth(callers[i]);
            _proposeOpenly(callers[i], _sample());
            assertEq(registry.contestOf(id).proposer, callers[i]);
            assertEq(_wealth(callers[i]), before - BOND);
            vm.revertToState(snapshot);
        }
    }

    /// @dev What the oracle owes stops nobody else.
    function test_proposeOpenly_GivenAnOpenReceipt() external {
        _toCommitted();
        vm.warp(_commitEnd());
        _postReceipt(annotator, "one");
        vm.warp(_settleEnd() + params.schedule.rescuePeriod);
        _proposeOpenly(proposer, _sample());
        assertEq(registry.contestOf(id).receipts, 1);
        _toFinalized(_sample());
        _assertMoney(proposer, WALLET - BOND, BOND + 30e6);
        assertEq(_burned(), BOND);
    }

    // ---------------------------------------------------------------- finalize

    function testFuzz_finalize_GivenAPublicProposal(uint128 escrow, uint128 payoutTotal, uint16 feeBps, uint256 falls)
        external
    {
        escrow = uint128(bound(escrow, 1, 1e13));
        params.feeBps = uint16(bound(feeBps, 0, 10_000));
        falls = bound(falls, 0, 2);
        _setParams(params);
        _toCommitted(escrow);
        for (uint256 i = 0; i < falls; ++i) {
            _fallOpenly(colleague);
        }
        vm.warp((falls == 0 ? _settleEnd() : _campaign().since) + params.schedule.rescuePeriod);
        Settlement memory s = _sample();
        s.payoutTotal = uint128(bound(payoutTotal, 0, uint256(escrow) * 10_000 / (10_000 + params.feeBps)));
        _proposeOpenly(proposer, s);
        vm.warp(vm.getBlockTimestamp() + params.schedule.window);

        uint128 own = _bondOf(escrow, REFUND);
        uint128 fee = uint128(uint256(s.payoutTotal) * params.feeBps / 10_000);
        uint128 surplus = escrow - s.payoutTotal - fee;
        uint256 burned = _burned();
        vm.expectEmit();
        emit IRegistryEvents.Finalized(id, s.payoutTotal, s.shareTotal, fee, surplus);
        vm.expectEmit();
        emit IVaultEvents.Burned(address(token), own);
        vm.expectEmit();
        emit IVaultEvents.Credited(address(token), proposer, own * 2 ** falls + fee);
        vm.prank(stranger);
        registry.finalize(params, s);

        Campaign memory state = _campaign();
        assertTrue(state.status == Status.Final);
        assertEq(state.since, vm.getBlockTimestamp());
        assertEq(state.escrow, s.payoutTotal);
        assertEq(state.bond, 0);
        assertEq(state.settlement, s.payoutRoot);
        assertEq(_burned(), burned + own);
        _assertMoney(oracle, WALLET - own, 0);
        _assertMoney(requester, WALLET - escrow, surplus);
        _assertMoney(proposer, WALLET - own * 2 ** falls, own * 2 ** falls + fee);
        assertEq(_share().totalSupply(), s.shareTotal);
        assertEq(registry.dataset(params.dataset).reserved, s.shareTotal);
        _assertConserved();
    }

    function test_finalize_GivenAPublicProposalAndALostBond() external {
        _toProposed(_sample());
        _contest(challenger, FOR_CHALLENGER);
        vm.warp(_campaign().since + params.schedule.rescuePeriod);
        _proposeOpenly(proposer, _sample());
        uint256 burned = _burned();
        vm.warp(_campaign().since + params.schedule.window);
        vm.recordLogs();
        registry.finalize(params, _sample());
        // Finalized, two credits and two of the mint: no Burned.
        assertEq(vm.getRecordedLogs().length, 5);
        assertEq(_burned(), burned);
        _assertMoney(oracle, WALLET - BOND, 0);
        _assertMoney(proposer, WALLET - 2 * BOND, 2 * BOND + 30e6);
        _assertConserved();
    }

    /// @dev The right to propose late is the cheaper one: whoever proposes openly does it on a bond of its own.
    function test_finalize_GivenAPublicProposalOfTheOracle() external {
        _toPublic();
        _proposeOpenly(oracle, _sample());
        _toFinalized(_sample());
        assertEq(_burned(), BOND);
        _assertMoney(oracle, WALLET - 2 * BOND, BOND + 30e6);
        _assertConserved();
    }

    function test_finalize_GivenALateProposalAfterAPublicOneFell() external {
        _toCommitted();
        _fallOpenly(proposer);
        uint256 burned = BOND / 8 + BOND / 8;
        assertEq(_burned(), burned);
        _proposeLate(_sample());
        _toFinalized(_sample());
        assertEq(_burned(), burned + BOND / 100);
        _assertMoney(oracle, WALLET - BOND, BOND - BOND / 100 + 30e6);
        _assertMoney(proposer, WALLET - BOND, BOND - BOND / 8);
        _assertMoney(challenger, WALLET - BOND, BOND - BOND / 8);
        _assertConserved();
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";

import {IArbitrable} from "../contracts/interfaces/IArbitration.sol";
import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {
    Campaign,
    CampaignId,
    CampaignParams,
    Contest,
    PoolParams,
    Settlement,
    Status
} from "../contracts/types/Types.sol";
import {ContestBase} from "./base/ContestBase.sol";

/// @dev Contests of a settlement until they are ruled on; see Disputes.tree. DisputesResolve has their end,
/// DisputesArbitrators the arbitrators.
contract DisputesTest is ContestBase {
    function _dispute() private view returns (uint256) {
        return registry.contestOf(id).disputeId;
    }

    /// @dev In the state at hand, which is not theirs, these calls fail for the right reason.
    function _allFail(Status status) private {
        _fails(challenger, _challengeCall(), _wrong(status, Status.Proposed));
        _fails(payer, COST, _requestCall(), _wrong(status, Status.Disputed));
        _fails(challenger, _evidenceCall(), _wrong(status, Status.Disputed));
        _fails(challenger, _resolveCall(), _wrong(status, Status.Disputed));
    }

    function test_all_RevertWhen_TheStatusIsAnother() external {
        _allFail(Status.None);
        _create();
        _allFail(Status.Created);
        _accept();
        _allFail(Status.Open);
        _drawSeed();
        vm.warp(params.schedule.workStart);
        _commitAggregate(0);
        vm.warp(_revealEnd());
        _propose(_sample());
        _fails(payer, COST, _requestCall(), _wrong(Status.Proposed, Status.Disputed));
        _fails(challenger, _resolveCall(), _wrong(Status.Proposed, Status.Disputed));
        _challenge(challenger);
        _fails(proposer, _challengeCall(), _wrong(Status.Disputed, Status.Proposed));
        _requestRuling();
        _rule(FOR_PROPOSER);
        _resolve();
        _toFinalized(_sample());
        _allFail(Status.Final);
    }

    function test_all_RevertWhen_CancelledOrExpired() external {
        _toAccepted();
        vm.warp(_revealEnd());
        registry.cancel(params);
        _allFail(Status.Cancelled);
        _useNextCampaign();
        _toCommitted();
        vm.warp(_proposeEnd());
        registry.expire(params);
        _allFail(Status.Expired);
    }

    function test_all_RevertWhen_ThePoolIsAnother() external {
        PoolParams memory right = pool;
        PoolParams memory other = pool;
        other.arbitrator = address(puppet);
        bytes memory reason =
            abi.encodeWithSelector(IRegistryEvents.ParamsMismatch.selector, registry.poolIdOf(other), params.pool);
        _toProposed(_sample());
        pool = other;
        _fails(challenger, _challengeCall(), reason);
        _fails(challenger, _evidenceCall(), reason);
        pool = right;
        _challenge(challenger);
        pool = other;
        _fails(payer, COST, _requestCall(), reason);
        _fails(challenger, _evidenceCall(), reason);
        vm.warp(registry.contestOf(id).rulingEnd);
        _fails(challenger, _resolveCall(), reason);
    }

    // --------------------------------------------------------------- challenge

    function test_challenge_RevertWhen_TheWindowIsOver() external {
        _toProposed(_sample());
        uint256 end = vm.getBlockTimestamp() + params.schedule.window;
        vm.warp(end);
        _fails(challenger, _challengeCall(), abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end));
        vm.warp(end - 1);
        _challenge(challenger);
    }

    function test_challenge_RevertWhen_TheCallerCannotPay() external {
        _toProposed(_sample());
        bytes memory reason =
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(registry), 0, BOND);
        _fails(stranger, _challengeCall(), reason);
        vm.prank(challenger);
        token.transfer(colleague, WALLET - BOND + 1);
        reason = abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, challenger, BOND - 1, BOND);
        _fails(challenger, _challengeCall(), reason);
    }

    function testFuzz_challenge(uint128 escrow, uint128 refund, uint256 withstood, uint128 credit) external {
        escrow = uint128(bound(escrow, 1, 1e13));
        refund = uint128(bound(refund, 0, 1e12));
        credit = uint128(bound(credit, 1, 1e14));
        withstood = bound(withstood, 0, 3);
        _usePool(address(arbitrator), refund);
        _toProposed(escrow);
        for (uint256 i = 0; i < withstood; ++i) {
            _contest(colleague, FOR_PROPOSER);
        }
        if (withstood == 3) {
            bytes memory reason = abi.encodeWithSelector(IRegistryEvents.ChallengesUsedUp.selector, id);
            _fails(challenger, _challengeCall(), reason);
            _toFinalized(_bare());
            return;
        }
        vm.prank(challenger);
        registry.deposit(address(token), credit);
        skip(params.schedule.window - 1);
        _assertChallenged(uint128(_bondOf(escrow, refund) * 2 ** withstood), uint8(withstood), credit);
    }

    /// @dev Challenges, and checks events, campaign, contest and money. The challenger has all but `credit` in its wallet.
    function _assertChallenged(uint128 bond, uint8 withstood, uint128 credit) private {
        Campaign memory expected = _campaign();
        (expected.status, expected.since) = (Status.Disputed, uint40(vm.getBlockTimestamp()));
        Contest memory contest = registry.contestOf(id);
        (contest.challenger, contest.challengeBond, contest.withstood) = (challenger, bond, withstood);
        contest.rulingEnd = uint40(vm.getBlockTimestamp()) + params.schedule.rulingPeriod;
        uint256 burned = _burned();
        uint128 fromCredit = credit < bond ? credit : bond;
        vm.expectEmit();
        emit IRegistryEvents.Challenged(id, challenger, bond, contest.rulingEnd);
        if (fromCredit != 0) {
            vm.expectEmit();
            emit IVaultEvents.Debited(address(token), challenger, fromCredit);
        }
        _challenge(challenger);
        _assertCampaign(expected);
        _assertContest(contest);
        _assertMoney(challenger, WALLET - credit - (bond - fromCredit), credit - fromCredit);
        assertEq(_burned(), burned);
        _assertConserved();
    }

    function test_challenge_GivenALateProposal() external {
        _toRescue();
        _proposeLate(_sample());
        _assertChallenged(BOND - BOND / 100, 0, 0);
    }

    function testFuzz_challenge_GivenAPublicProposal(uint256 falls, uint256 withstood) external {
        falls = bound(falls, 0, 2);
        withstood = bound(withstood, 0, 2);
        _toCommitted();
        for (uint256 i = 0; i < falls; ++i) {
            vm.warp((i == 0 ? _settleEnd() : _campaign().since) + params.schedule.rescuePeriod);
            _proposeOpenly(colleague, _sample());
            _fallUnruled(colleague);
        }
        vm.warp((falls == 0 ? _settleEnd() : _campaign().since) + params.schedule.rescuePeriod);
        _proposeOpenly(proposer, _sample());
        for (uint256 i = 0; i < withstood; ++i) {
            _contest(colleague, FOR_PROPOSER);
        }
        _assertChallenged(uint128(BOND * 2 ** (falls + withstood)), uint8(withstood), 0);
    }

    /// @dev Challenges that an earlier proposal withstood are not the next one's.
    function test_challenge_GivenAnEarlierProposalWithstoodSome() external {
        _toProposed(_sample());
        _contest(colleague, FOR_PROPOSER);
        _contest(colleague, FOR_CHALLENGER);
        assertEq(registry.contestOf(id).withstood, 0);
        vm.warp(_campaign().since + params.schedule.rescuePeriod);
        _proposeOpenly(proposer, _sample());
        _assertChallenged(2 * BOND, 0, 0);
    }

    function test_challenge_RevertWhen_AnotherProposalIsMeant() external {
        Settlement memory wrong = _sample();
        _toProposed(wrong);
        bytes32 meant = _proposal();
        bytes memory sent = _challengeCall();
        _contest(colleague, FOR_CHALLENGER);
        vm.warp(_campaign().since + params.schedule.rescuePeriod);
        Settlement memory right = _sample();
        right.bundleHash = keccak256("right");
        _proposeOpenly(requester, right);
        _fails(
            challenger,
            sent,
            abi.encodeWithSelector(IRegistryEvents.SettlementMismatch.selector, meant, keccak256(abi.encode(right)))
        );
    }

    function testFuzz_challenge_RevertWhen_TheBondIsAboveTheMost(uint256 most) external {
        _toProposed(_sample());
        most = bound(most, 0, BOND - 1);
        bytes memory call = abi.encodeCall(registry.challenge, (pool, params, _proposal(), most, ""));
        _fails(challenger, call, abi.encodeWithSelector(IRegistryEvents.BondAboveMax.selector, BOND, most));
        vm.prank(challenger);
        registry.challenge(pool, params, _proposal(), BOND, "");
        assertTrue(_status() == Status.Disputed);
    }

    function test_challenge_WithEvidence() external {
        _toProposed(_sample());
        uint256 group = uint256(CampaignId.unwrap(id));
        // Two, and the token's transfer.
        bytes memory call =
            abi.encodeCall(registry.challenge, (pool, params, _proposal(), type(uint256).max, "ipfs://why"));
        assertEq(_logs(challenger, 0, call), 3);
        assertEq(_logs(challenger, 0, _challengeCall()), 2);
        vm.expectEmit();
        emit IRegistryEvents.Challenged(id, challenger, BOND, uint40(vm.getBlockTimestamp()) + 5 hours);
        vm.expectEmit();
        emit IArbitrable.Evidence(address(arbitrator), group, challenger, "ipfs://why");
        vm.prank(challenger);
        registry.challenge(pool, params, _proposal(), type(uint256).max, "ipfs://why");
    }

    function test_challenge_ByTheProposerItself() external {
        _toProposed(_sample());
        _challenge(oracle);
        assertEq(registry.contestOf(id).challenger, oracle);
        _assertMoney(oracle, WALLET - 2 * BOND, 0);
    }

    // ----------------------------------------------------------- requestRuling

    function test_requestRuling_RevertWhen_RulingEndHasCome() external {
        _toDisputed();
        uint256 end = vm.getBlockTimestamp() + params.schedule.rulingPeriod;
        vm.warp(end);
        _fails(payer, COST, _requestCall(), abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end));
        vm.warp(end - 1);
        _requestRuling();
    }

    function test_requestRuling_RevertWhen_RequestedBefore() external {
        _toRequested();
        bytes memory reason =
            abi.encodeWithSelector(IRegistryEvents.RulingAlreadyRequested.selector, id, arbitrator.disputes());
        _fails(payer, COST, _requestCall(), reason);
        _rule(FOR_PROPOSER);
        _fails(payer, COST, _requestCall(), reason);
    }

    function testFuzz_requestRuling_RevertWhen_TooLittleEtherCame(uint256 cost, uint256 sent) external {
        cost = bound(cost, 1, type(uint256).max);
        sent = bound(sent, 0, cost - 1 < 1 ether ? cost - 1 : 1 ether);
        _usePuppet(REFUND);
        puppet.set(cost, DISPUTE);
        _toDisputed();
        bytes memory reason = abi.encodeWithSelector(IRegistryEvents.ArbitrationFee.selector, sent, cost);
        _fails(payer, sent, _requestCall(), reason);
    }

    function test_requestRuling_RevertWhen_TheArbitratorNamesARunningDispute() external {
        _usePuppet(REFUND);
        _toDisputed();
        registry.requestRuling(pool, params);
        bytes memory reason = abi.encodeWithSelector(IRegistryEvents.DisputeExists.selector, address(puppet), DISPUTE);
        CampaignParams memory first = params;
        _useNextCampaign();
        _toDisputed();
        _fails(payer, _requestCall(), reason);
        // The number is of use again once that contest is over.
        registry.resolve(pool, first);
        registry.requestRuling(pool, params);
        assertEq(_dispute(), DISPUTE);
    }

    /// @dev The test has no `receive`.
    function test_requestRuling_RevertWhen_TheCallerRefusesItsChange() external {
        _toDisputed();
        vm.expectRevert(Errors.FailedCall.selector);
        registry.requestRuling{value: COST + 1}(pool, params);
        registry.requestRuling{value: COST}(pool, params);
        assertEq(registry.contestOf(id).payer, address(this));
    }

    function testFuzz_requestRuling(uint256 cost, uint256 more, uint256 number, address caller) external {
        vm.assume(caller.code.length == 0 && uint160(caller) > 0xffff && caller.balance == 0);
        vm.assume(caller != address(vm) && caller != 0x000000000000000000636F6e736F6c652e6c6f67);
        cost = bound(cost, 0, 1e30);
        more = bound(more, 0, 1e30);
        _usePuppet(REFUND);
        puppet.set(cost, number);
        _toDisputed();
        vm.deal(caller, cost + more);
        Contest memory contest = registry.contestOf(id);
        (contest.payer, contest.disputeId) = (caller, number);
        Campaign memory campaign = _campaign();
        uint256 group = uint256(CampaignId.unwrap(id));
        assertEq(_logs(caller, cost + more, _requestCall()), 2);
        vm.expectEmit();
        emit IRegistryEvents.RulingRequested(id, caller, number, cost);
        vm.expectEmit();
        emit IArbitrable.Dispute(address(puppet), number, group, group);
        vm.prank(caller);
        registry.requestRuling{value: cost + more}(pool, params);
        assertEq(address(puppet).balance, cost);
        assertEq(caller.balance, more);
        _assertContest(contest);
        _assertCampaign(campaign);
        _assertConserved();
    }

    // ---------------------------------------------------------- submitEvidence

    function test_submitEvidence() external {
        _toProposed(_sample());
        _assertEvidence();
        _challenge(challenger);
        _assertEvidence();
    }

    function _assertEvidence() private {
        address[3] memory callers = [oracle, stranger, challenger];
        uint256 group = uint256(CampaignId.unwrap(id));
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes32 before = _fingerprint();
            assertEq(_logs(callers[i], 0, _evidenceCall()), 1);
            vm.expectEmit();
            emit IArbitrable.Evidence(address(arbitrator), group, callers[i], "ipfs://");
            vm.prank(callers[i]);
            registry.submitEvidence(pool, params, "ipfs://");
            assertEq(_fingerprint(), before);
        }
    }

    // -------------------------------------------------------------------- rule

    function test_rule_RevertWhen_TheCallerIsNotItsArbitrator() external {
        _toRequested();
        uint256 dispute = _dispute();
        address[6] memory others = [stranger, judge, oracle, challenger, payer, address(puppet)];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IRegistryEvents.UnknownDispute.selector, others[i], dispute);
            _fails(others[i], _ruleCall(dispute, FOR_CHALLENGER), reason);
        }
    }

    function testFuzz_rule_RevertWhen_ThereIsNoSuchDispute(uint256 number, uint256 other, uint256 ruling) external {
        _usePuppet(REFUND);
        _toDisputed();
        bytes memory unknown = abi.encodeWithSelector(IRegistryEvents.UnknownDispute.selector, address(puppet), number);
        _fails(address(puppet), _ruleCall(number, ruling), unknown);
        puppet.set(0, other);
        registry.requestRuling(pool, params);
        if (number != other) _fails(address(puppet), _ruleCall(number, ruling), unknown);
        puppet.rule(registry, other, FOR_PROPOSER);
        _resolve();
        unknown = abi.encodeWithSelector(IRegistryEvents.UnknownDispute.selector, address(puppet), other);
        _fails(address(puppet), _ruleCall(other, ruling), unknown);
    }

    function testFuzz_rule_RevertWhen_TheRulingIsAbove2(uint256 ruling) external {
        ruling = bound(ruling, 3, type(uint256).max);
        _usePuppet(REFUND);
        _toDisputed();
        registry.requestRuling(pool, params);
        bytes memory reason = abi.encodeWithSelector(IRegistryEvents.InvalidRuling.selector, ruling);
        _fails(address(puppet), _ruleCall(DISPUTE, ruling), reason);
        _fails(
            address(puppet), _ruleCall(DISPUTE, 3), abi.encodeWithSelector(IRegistryEvents.InvalidRuling.selector, 3)
        );
    }

    function test_rule_RevertWhen_RulingEndHasCome() external {
        _usePuppet(REFUND);
        _toDisputed();
        registry.requestRuling(pool, params);
        uint256 end = registry.contestOf(id).rulingEnd;
        vm.warp(end);
        bytes memory reason = abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end);
        _fails(address(puppet), _ruleCall(DISPUTE, FOR_CHALLENGER), reason);
        vm.warp(end - 1);
        puppet.rule(registry, DISPUTE, FOR_CHALLENGER);
        // What was ruled in time holds, however late it is applied.
        vm.warp(end + 365 days);
        _resolve();
        assertEq(_campaign().bond, 0);
    }

    function testFuzz_rule_RevertWhen_RuledBefore(uint256 first, uint256 second) external {
        (first, second) = (bound(first, 0, 2), bound(second, 0, 2));
        _usePuppet(REFUND);
        _toDisputed();
        registry.requestRuling(pool, params);
        puppet.rule(registry, DISPUTE, first);
        bytes memory reason = abi.encodeWithSelector(IRegistryEvents.AlreadyRuled.selector, id, DISPUTE);
        _fails(address(puppet), _ruleCall(DISPUTE, second), reason);
        assertEq(registry.contestOf(id).ruling, first + 1);
    }

    function testFuzz_rule(uint256 ruling) external {
        ruling = bound(ruling, 0, 2);
        _usePuppet(REFUND);
        _toDisputed();
        registry.requestRuling(pool, params);
        Contest memory contest = registry.contestOf(id);
        Campaign memory campaign = _campaign();
        contest.ruling = uint8(ruling + 1);
        assertEq(_logs(address(puppet), 0, _ruleCall(DISPUTE, ruling)), 1);
        vm.expectEmit();
        emit IArbitrable.Ruling(address(puppet), DISPUTE, ruling);
        puppet.rule(registry, DISPUTE, ruling);
        _assertContest(contest);
        _assertCampaign(campaign);
        _assertConserved();
    }
}

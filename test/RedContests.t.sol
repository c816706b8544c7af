// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IContributorShare} from "../contracts/interfaces/IContributorShare.sol";
import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {
    CampaignId,
    CampaignParams,
    Inclusion,
    Limits,
    PayoutLeaf,
    Schedule,
    Settlement,
    Status
} from "../contracts/types/Types.sol";
import {ContestBase} from "./base/ContestBase.sol";
import {Digests} from "./base/Digests.sol";
import {DeadArbitrator} from "./mocks/Arbitrators.sol";

/// @dev What attacks and accidents cost, and whom; see RedContests.tree. Balances before and after are shown with -vv.
contract RedContestsTest is ContestBase {
    function _show(string memory who, uint256 before, uint256 later) private {
        emit log_named_decimal_uint(string.concat(who, ", before"), before, 6);
        emit log_named_decimal_uint(string.concat(who, ", after "), later, 6);
    }

    /// @dev A loss of exactly this much, shown.
    function _assertLost(string memory who, uint256 before, uint256 later, uint256 loss) private {
        _show(who, before, later);
        assertEq(later, before - loss, who);
    }

    function _together(address a, address b, address c) private view returns (uint256) {
        return _wealth(a) + _wealth(b) + _wealth(c);
    }

    /// @dev Two annotators' work, honestly counted: 600e6 and 300 shares.
    function _work() private returns (Settlement memory) {
        _addLeaf(annotator, 400e6, 200e18);
        _addLeaf(colleague, 200e6, 100e18);
        return _settlement();
    }

    function _claimAll() private {
        vm.prank(stranger);
        registry.claimMany(params, _all(), PAYOUT | SHARES);
    }

    // ----------------------------------------------------------------- silence

    function test_red_SilentOracleAndWaitingRequester() external {
        _toCommitted();
        bytes memory cancel = abi.encodeCall(registry.cancel, (params));
        bytes memory expire = abi.encodeCall(registry.expire, (params));
        uint256 end = _proposeEnd();
        uint256[4] memory times = [_revealEnd(), _settleEnd(), _settleEnd() + params.schedule.rescuePeriod, end - 1];
        for (uint256 i = 0; i < times.length; ++i) {
            vm.warp(times[i]);
            _fails(requester, cancel, abi.encodeWithSelector(IRegistryEvents.AlreadyCommitted.selector, id));
            _fails(requester, expire, abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, times[i], end));
        }
        vm.warp(end);
        _fails(requester, cancel, abi.encodeWithSelector(IRegistryEvents.AlreadyCommitted.selector, id));
        vm.prank(requester);
        registry.expire(params);
        _assertLost("requester", WALLET, _wealth(requester), ESCROW);
        _assertLost("oracle", WALLET, _wealth(oracle), BOND);
        assertEq(_burned(), ESCROW + BOND);
        _assertConserved();
    }

    function test_red_AnnotatorsLeftAlone() external {
        _toPublic();
        Settlement memory s = _work();
        _proposeOpenly(colleague, s);
        _toFinalized(s);
        _claimAll();
        _show("annotator", WALLET, _wealth(annotator));
        assertEq(_wealth(annotator), WALLET + 400e6);
        _show("annotator that proposed", WALLET, _wealth(colleague));
        assertEq(_wealth(colleague), WALLET + 200e6 + 30e6);
        _assertLost("requester", WALLET, _wealth(requester), 630e6);
        _assertLost("oracle", WALLET, _wealth(oracle), BOND);
        assertEq(_share().balanceOf(annotator), 200e18);
        _assertConserved();
    }

    function test_red_HonestRequesterLeftAlone() external {
        _toPublic();
        Settlement memory s = _work();
        _proposeOpenly(requester, s);
        _toFinalized(s);
        // The fee is the requester's, who did the oracle's work: nothing is paid but the annotators.
        _assertLost("requester", WALLET, _wealth(requester), 600e6);
        _assertLost("oracle", WALLET, _wealth(oracle), BOND);
        _claimAll();
        assertEq(_wealth(annotator) + _wealth(colleague), 2 * WALLET + 600e6);
        assertEq(_share().totalSupply(), 300e18);
        assertTrue(_status() == Status.Final);
        _assertConserved();
    }

    // ---------------------------------------------------- contests with oneself

    /// @dev Oracle, challenger, payer and master of the arbitrator in one.
    function _contestAlone(uint256 ruling) private returns (uint256 purse) {
        _challenge(oracle);
        if (ruling != NEITHER) {
            vm.prank(oracle);
            registry.requestRuling(pool, params);
            puppet.rule(registry, DISPUTE, ruling);
        } else {
            vm.warp(registry.contestOf(id).rulingEnd);
        }
        _resolve();
        // Its bond in the campaign counts as its own still.
        return _wealth(oracle) + _campaign().bond;
    }

    function test_red_OracleChallengesItself() external {
        _usePuppet(REFUND);
        _toProposed(_sample());
        uint256 snapshot = vm.snapshotState();
        _assertLost("oracle, ruling against itself", WALLET, _contestAlone(FOR_CHALLENGER), BOND / 2);
        vm.revertToState(snapshot);
        _assertLost("oracle, ruling for itself", WALLET, _contestAlone(FOR_PROPOSER), BOND / 2);
        vm.revertToState(snapshot);
        _assertLost("oracle, without a ruling", WALLET, _contestAlone(NEITHER), 2 * (BOND / 8));
    }

    /// @dev Invariant 9: losing to oneself costs at least half of the bond.
    function testFuzz_red_OracleChallengesItself(uint128 escrow, uint128 refund, uint256 ruling) external {
        escrow = uint128(bound(escrow, 1, 1e13));
        refund = uint128(bound(refund, 0, 1e12));
        ruling = bound(ruling, FOR_PROPOSER, FOR_CHALLENGER);
        _usePuppet(refund);
        _toProposed(escrow);
        uint256 bond = _bondOf(escrow, refund);
        assertEq(_contestAlone(ruling), WALLET - (bond - bond / 2));
        _assertConserved();
    }

    /// @dev All for itself, and three challenges of its own before anybody else's. The arbitrator looks at the settlement,
    /// not at the challenge.
    function test_red_ProposerUsesUpTheChallengesItself() external {
        _toPublic();
        _addLeaf(proposer, 900e6, 1000e18);
        _proposeOpenly(proposer, _settlement());
        _challenge(challenger);
        vm.prank(annotator);
        registry.submitEvidence(pool, params, "ipfs://the-right-settlement");
        _requestRuling();
        _rule(FOR_CHALLENGER);
        _resolve();
        assertTrue(_status() == Status.Open);
        uint256 later = _wealth(proposer) + _wealth(challenger);
        _assertLost("proposer and its challenger", 2 * WALLET, later, BOND / 2 + REFUND);
        // Nothing of it came from the campaign, which ends as it should.
        assertEq(_campaign().escrow, ESCROW);
        delete leaves;
        Settlement memory s = _work();
        vm.warp(_campaign().since + params.schedule.rescuePeriod);
        _proposeOpenly(requester, s);
        _toFinalized(s);
        _claimAll();
        assertEq(_wealth(annotator) + _wealth(colleague), 2 * WALLET + 600e6);
        assertEq(_wealth(proposer) + _wealth(challenger), later);
        _assertConserved();
    }

    function test_red_ProposerChallengesItselfAndNobodyAsksTheArbitrator() external {
        _toPublic();
        _addLeaf(proposer, 900e6, 1000e18);
        _proposeOpenly(proposer, _settlement());
        _fallUnruled(challenger);
        assertTrue(_status() == Status.Open);
        uint256 later = _wealth(proposer) + _wealth(challenger);
        _assertLost("proposer and its challenger", 2 * WALLET, later, 2 * (BOND / 8));
        assertEq(_campaign().escrow, ESCROW);
        _assertConserved();
    }

    // -------------------------------------------------- an arbitrator that is down

    /// @dev An attacker challenges whatever the honest oracle proposes. Each time costs either side an eighth, and the
    /// oracle a late fee: nobody gains, and the campaign ends all the same.
    function test_red_ArbitratorIsDown() external {
        _usePool(address(new DeadArbitrator()), REFUND);
        _toProposed(_sample());
        uint256 bond = BOND;
        uint256 cost;
        for (uint256 i = 0; i <= params.schedule.tries; ++i) {
            _fallUnruled(challenger);
            cost += _eighth(bond);
            bond -= _eighth(bond);
            emit log_named_uint("proposals that fell", i + 1);
            _assertLost("attacker", WALLET, _wealth(challenger), cost);
            _show("oracle's bond", BOND, _campaign().bond);
            assertEq(_campaign().bond, bond);
            if (i == params.schedule.tries) break;
            _proposeLate(_sample());
            bond -= (bond + 99) / 100;
        }
        assertEq(cost, 81_769_972);
        registry.expire(params);
        _assertLost("oracle", WALLET, _wealth(oracle), BOND);
        _assertLost("requester", WALLET, _wealth(requester), ESCROW);
        assertEq(_burned(), ESCROW + BOND + cost);
        _assertConserved();
    }

    /// @dev The same against public proposals, whose bonds double.
    function test_red_ArbitratorIsDownAndProposalsArePublic() external {
        _usePool(address(new DeadArbitrator()), REFUND);
        _toCommitted();
        for (uint256 i = 0; i <= params.schedule.tries; ++i) {
            _fallOpenly(proposer);
            emit log_named_uint("proposals that fell", i + 1);
            _assertLost("attacker", WALLET, _wealth(challenger), (2 ** (i + 1) - 1) * (BOND / 8));
        }
        registry.expire(params);
        _assertLost("proposer", WALLET, _wealth(proposer), 7 * (BOND / 8));
        _assertLost("oracle, silent", WALLET, _wealth(oracle), BOND);
        _assertLost("requester", WALLET, _wealth(requester), ESCROW);
        _assertConserved();
    }

    /// @dev An attacker who stops leaves a campaign that ends well.
    function test_red_ArbitratorIsDownAndTheAttackerStops() external {
        _usePool(address(new DeadArbitrator()), REFUND);
        _toProposed(_sample());
        _fallUnruled(challenger);
        _proposeLate(_sample());
        _toFinalized(_sample());
        uint256 left = BOND - BOND / 8;
        _assertLost("attacker", WALLET, _wealth(challenger), BOND / 8);
        _assertLost("oracle, before its fee", WALLET, _wealth(oracle) - 30e6, BOND / 8 + (left + 99) / 100);
        _assertLost("requester", WALLET, _wealth(requester), 630e6);
        _assertConserved();
    }

    // ------------------------------------------------------------- a halted chain

    /// @dev A public chain, with the shortest periods that are allowed there.
    function _usePublicChain() private {
        vm.chainId(1);
        registry = _deploy(Limits(48 hours, 7 days, 30 days, 365 days));
        address[7] memory people = [requester, oracle, annotator, colleague, challenger, proposer, payer];
        for (uint256 i = 0; i < people.length; ++i) {
            vm.prank(people[i]);
            token.approve(address(registry), type(uint256).max);
        }
        pool.unbonding = 120 days;
        vm.prank(oracle);
        registry.createPool(pool);
        params = _paramsOf(pool, _createDataset());
        params.schedule = _publicSchedule(vm.getBlockTimestamp());
        _setParams(params);
    }

    function _publicSchedule(uint256 from) private pure returns (Schedule memory s) {
        (s.acceptEnd, s.enrolEnd, s.workStart) = (uint40(from + 1 days), uint40(from + 5 days), uint40(from + 6 days));
        (s.roundLength, s.grace, s.rounds, s.tries) = (5 days, 48 hours, 1, 2);
        (s.revealPeriod, s.settlePeriod, s.window, s.rulingPeriod) = (48 hours, 48 hours, 48 hours, 48 hours);
        (s.rescuePeriod, s.publicPeriod, s.slashWindow) = (7 days, 48 hours, 48 hours);
    }

    /// @dev To the last hour of the work, in which an annotator commits alone.
    function _toWorkOnAPublicChain() private returns (Inclusion memory own) {
        _usePublicChain();
        _join(annotator);
        _toAccepted();
        _enrol(annotator);
        _drawSeed();
        (own.annotator, own.commit) = (annotator, _commitOf(0, 0));
        vm.warp(_commitEnd() - 1 hours);
        vm.prank(annotator);
        registry.commit(params, own.commit, new bytes32[](0));
    }

    /// @dev 47 hours of each period of 48 are lost; whoever acts in the hour left loses nothing.
    function test_red_ChainHaltsForLessThanAPeriod() external {
        Inclusion memory own = _toWorkOnAPublicChain();
        bytes32 commitHash = Digests.commit(id, own.commit);
        skip(1 hours + 47 hours);
        _postReceipt(annotator, commitHash);
        registry.postReveal(params, own, "secret", "labels");
        registry.revealGold(params, "gold");
        skip(47 hours);
        registry.answerReceipt(params, annotator, own.commit, own.proof);
        vm.warp(_revealEnd() + 47 hours);
        _propose(_sample());
        uint256 snapshot = vm.snapshotState();
        skip(params.schedule.window + 47 hours);
        registry.finalize(params, _sample());
        _show("oracle", WALLET, _wealth(oracle));
        assertEq(_wealth(oracle), WALLET + 30e6);
        _assertLost("requester", WALLET, _wealth(requester), 630e6);
        assertEq(_burned(), 0);
        _assertConserved();

        vm.revertToState(snapshot);
        skip(47 hours);
        _challenge(challenger);
        skip(24 hours);
        _requestRuling();
        skip(23 hours);
        _rule(FOR_CHALLENGER);
        skip(365 days);
        _resolve();
        _show("challenger that was right", WALLET, _wealth(challenger));
        assertEq(_wealth(challenger), WALLET + BOND / 2 - REFUND);
        _assertConserved();
    }

    /// @dev All of reveal and settle time is lost. Openings may be posted again for a week, and the oracle pays for each
    /// day begun; receipts and gold that were not posted are lost.
    function test_red_ChainHaltsOverTheOraclesTime() external {
        Inclusion memory own = _toWorkOnAPublicChain();
        vm.warp(_settleEnd() + 1 hours);
        uint256 time = vm.getBlockTimestamp();
        _fails(
            oracle,
            abi.encodeCall(registry.propose, (params, _sample())),
            abi.encodeWithSelector(IRegistryEvents.TooLate.selector, time, _settleEnd())
        );
        bytes memory late = abi.encodeWithSelector(IRegistryEvents.TooLate.selector, time, _revealEnd());
        _fails(annotator, abi.encodeCall(registry.postReceipt, (params, annotator, "commit", "")), late);
        _fails(requester, abi.encodeCall(registry.revealGold, (params, "gold")), late);
        registry.postReveal(params, own, "secret", "labels");
        _proposeLate(_sample());
        _toFinalized(_sample());
        _assertLost("oracle, before its fee", WALLET, _wealth(oracle) - 30e6, BOND / 100);
        _assertLost("requester", WALLET, _wealth(requester), 630e6);
        _assertConserved();
    }

    /// @dev Two days more cost two days' fees, as long as nobody else may propose; from then on the bond is at risk.
    function test_red_ChainHaltsOverTheRescue() external {
        _toWorkOnAPublicChain();
        vm.warp(_settleEnd() + 7 days - 1);
        uint256 snapshot = vm.snapshotState();
        _proposeLate(_sample());
        _toFinalized(_sample());
        _assertLost("oracle, first", WALLET, _wealth(oracle) - 30e6, BOND * 7 / 100);
        vm.revertToState(snapshot);
        skip(1);
        _proposeOpenly(proposer, _sample());
        _toFinalized(_sample());
        _assertLost("oracle, second", WALLET, _wealth(oracle), BOND);
        _assertConserved();
    }

    /// @dev Whoever wanted to challenge could not: what was proposed before the halt stands, right or wrong.
    function test_red_ChainHaltsOverTheWindow() external {
        _toWorkOnAPublicChain();
        vm.warp(_revealEnd());
        _propose(_sample());
        skip(48 hours);
        _fails(
            challenger,
            abi.encodeCall(registry.challenge, (pool, params, _proposal(), type(uint256).max, "")),
            abi.encodeWithSelector(IRegistryEvents.TooLate.selector, vm.getBlockTimestamp(), _revealEnd() + 48 hours)
        );
        registry.finalize(params, _sample());
        _show("oracle", WALLET, _wealth(oracle));
        assertEq(_wealth(oracle), WALLET + 30e6);
        _assertConserved();
    }

    /// @dev The ruling could not be given in time, though it was asked for: both sides lose an eighth, and the payer the fee.
    function test_red_ChainHaltsOverTheRuling() external {
        _toWorkOnAPublicChain();
        vm.warp(_revealEnd());
        _propose(_sample());
        _challenge(challenger);
        _requestRuling();
        uint256 dispute = registry.contestOf(id).disputeId;
        skip(48 hours);
        uint256 time = vm.getBlockTimestamp();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, time, time));
        vm.prank(judge);
        arbitrator.giveRuling(dispute, FOR_CHALLENGER);
        _resolve();
        _assertLost("challenger", WALLET, _wealth(challenger), BOND / 8);
        _assertLost("oracle", WALLET, _wealth(oracle) + _campaign().bond, BOND / 8);
        assertEq(_credit(payer), 0);
        assertEq(payer.balance, 1 ether - COST);
        _assertConserved();
    }

    /// @dev Forty-six days on this schedule: rescue, public period and contests of two tries.
    function test_red_ChainHaltsOverAllProposing() external {
        _toWorkOnAPublicChain();
        vm.warp(_settleEnd());
        assertEq(_proposeEnd() - vm.getBlockTimestamp(), 2 * (7 days + 2 days + 14 days));
        vm.warp(_proposeEnd());
        registry.expire(params);
        _assertLost("oracle", WALLET, _wealth(oracle), BOND);
        _assertLost("requester", WALLET, _wealth(requester), ESCROW);
        assertEq(_wealth(annotator), WALLET - STAKE);
        _assertConserved();
    }

    // -------------------------------------------------------- promises too large

    function test_red_SettlementAboveEscrowOrCap() external {
        _toRevealEnd();
        Settlement memory s = _sample();
        s.payoutTotal = ESCROW;
        bytes memory call = abi.encodeCall(registry.propose, (params, s));
        bytes memory reason = abi.encodeWithSelector(
            IRegistryEvents.PayoutAboveEscrow.selector, uint256(ESCROW) + ESCROW / 20, uint256(ESCROW)
        );
        _fails(oracle, call, reason);
        (s.payoutTotal, s.shareTotal) = (0, 1000e18 + 1);
        call = abi.encodeCall(registry.propose, (params, s));
        _fails(
            oracle,
            call,
            abi.encodeWithSelector(IRegistryEvents.SharesAboveCap.selector, uint256(1000e18 + 1), uint256(1000e18))
        );
    }

    /// @dev Two leaves of the whole each. The second finds nothing, though the registry holds another campaign's money and
    /// the dataset another's shares.
    function test_red_OverIssuedTreeTouchesNoOtherCampaign() external {
        _create();
        _accept();
        CampaignParams memory greedy = params;
        params.nonce = 1;
        _setParams(params);
        _create();
        _accept();
        CampaignParams memory honest = params;
        _drawAndCommit(greedy);
        _drawAndCommit(honest);
        vm.warp(_revealEnd());

        _setParams(greedy);
        CampaignId greedyId = id;
        _addLeaf(proposer, 600e6, 300e18);
        _addLeaf(challenger, 600e6, 300e18);
        Settlement memory s = _settlement();
        (s.payoutTotal, s.shareTotal) = (600e6, 300e18);
        _propose(s);
        PayoutLeaf[] memory promised = leaves;
        bytes32[][2] memory proofs = [_proof(0), _proof(1)];
        delete leaves;
        _setParams(honest);
        Settlement memory right = _work();
        _propose(right);
        skip(params.schedule.window);
        registry.finalize(greedy, s);
        registry.finalize(honest, right);

        registry.claim(greedy, promised[0], proofs[0]);
        uint256 held = token.balanceOf(address(registry));
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ClaimAbovePayout.selector, 600e6, 0));
        registry.claim(greedy, promised[1], proofs[1]);
        assertEq(token.balanceOf(address(registry)), held);
        _show("attackers", 2 * WALLET, _wealth(proposer) + _wealth(challenger));
        assertEq(_wealth(proposer) + _wealth(challenger), 2 * WALLET + 600e6);
        assertEq(registry.campaignOf(greedyId).escrow, 0);

        assertEq(_campaign().escrow, 600e6);
        _claimAll();
        _show("annotators of the other campaign", 2 * WALLET, _wealth(annotator) + _wealth(colleague));
        assertEq(_wealth(annotator) + _wealth(colleague), 2 * WALLET + 600e6);
        assertEq(_share().balanceOf(annotator) + _share().balanceOf(colleague), 300e18);
        assertEq(_share().balanceOf(proposer), 300e18);
        assertEq(_share().balanceOf(address(registry)), 0);
    }

    function _drawAndCommit(CampaignParams memory of_) private {
        _setParams(of_);
        if (vm.getBlockTimestamp() < params.schedule.enrolEnd) vm.warp(params.schedule.enrolEnd);
        registry.armSeed(pool, params);
        vm.roll(vm.getBlockNumber() + 5);
        registry.drawSeed(pool, params);
        vm.warp(params.schedule.workStart);
        _commitAggregate(0);
    }

    /// @dev The same with shares alone: the round runs dry before another's is touched.
    function test_red_OverIssuedSharesRunDry() external {
        _addLeaf(proposer, 0, 300e18);
        _addLeaf(challenger, 0, 300e18);
        Settlement memory s = _settlement();
        s.shareTotal = 300e18;
        _toFinal(s);
        bytes32[] memory proof = _proof(0);
        registry.claim(params, leaves[0], proof);
        proof = _proof(1);
        vm.expectRevert(
            abi.encodeWithSelector(IContributorShare.RoundExhausted.selector, CampaignId.unwrap(id), 0, 300e18)
        );
        registry.claim(params, leaves[1], proof);
        assertEq(_share().totalSupply(), 300e18);
    }

    // --------------------------------------------------------- burning the tries

    /// @dev Requester, oracle and challenger have one purse and do not want to pay the annotators. No way of burning the
    /// tries costs less than the payout would have: after a commitment nothing comes back but by a settlement.
    function test_red_CollusionBurnsTheTriesWithoutRulings() external {
        _toProposed(_sample());
        uint256 before = 3 * WALLET;
        uint256[3] memory losses = [uint256(62_500_000), 118_828_126, 167_622_366];
        for (uint256 i = 0; i <= params.schedule.tries; ++i) {
            _fallUnruled(challenger);
            emit log_named_uint("proposals that fell", i + 1);
            _assertLost("coalition, escrow and bond counted as its own", before, _purse(), losses[i]);
            if (i < params.schedule.tries) _proposeLate(_sample());
        }
        vm.prank(requester);
        registry.expire(params);
        uint256 loss = 1_331_769_972;
        _assertLost("coalition", before, _together(requester, oracle, challenger), loss);
        assertGt(loss, 600e6);
        _assertConserved();
    }

    /// @dev What the coalition has, were all that is in the campaign still its own.
    function _purse() private view returns (uint256) {
        return _together(requester, oracle, challenger) + _campaign().escrow + _campaign().bond;
    }

    /// @dev With an arbitrator of their own they gain nothing: what is lost in a ruling is half burned, and bonds double.
    function test_red_CollusionBurnsTheTriesWithRulings() external {
        _usePuppet(REFUND);
        _toProposed(_sample());
        uint256 before = 3 * WALLET;
        uint256[3] memory losses = [uint256(125e6), 375e6, 875e6];
        for (uint256 i = 0; i <= params.schedule.tries; ++i) {
            _challenge(challenger);
            vm.prank(challenger);
            registry.requestRuling(pool, params);
            puppet.rule(registry, DISPUTE, FOR_CHALLENGER);
            _resolve();
            emit log_named_uint("proposals that fell", i + 1);
            _assertLost("coalition, escrow and bond counted as its own", before, _purse(), losses[i]);
            if (i == params.schedule.tries) break;
            vm.warp(_campaign().since + params.schedule.rescuePeriod);
            _proposeOpenly(oracle, _sample());
        }
        vm.prank(requester);
        registry.expire(params);
        _assertLost("coalition", before, _together(requester, oracle, challenger), 1875e6);
        _assertConserved();
    }

    /// @dev Bad proposals only, on bonds that double, against an honest challenger and arbitrator. The annotators are not
    /// paid for their work; the one who challenged has more than it came to.
    function test_red_CollusionBurnsTheTriesAgainstHonesty() external {
        _toProposed(_sample());
        uint256 before = 3 * WALLET;
        uint256[3] memory losses = [uint256(250e6), 750e6, 1750e6];
        for (uint256 i = 0; i <= params.schedule.tries; ++i) {
            _contest(challenger, FOR_CHALLENGER);
            emit log_named_uint("proposals that fell", i + 1);
            uint256 purse = _together(requester, oracle, proposer) + _campaign().escrow;
            _assertLost("coalition, escrow counted as its own", before, purse, losses[i]);
            if (i == params.schedule.tries) break;
            vm.warp(_campaign().since + params.schedule.rescuePeriod);
            _proposeOpenly(proposer, _sample());
        }
        registry.expire(params);
        _assertLost("coalition", before, _together(requester, oracle, proposer), 2750e6);
        _show("challenger", WALLET, _wealth(challenger));
        assertEq(_wealth(challenger), WALLET + 875e6 - 3 * REFUND);
        assertGt(_wealth(challenger), WALLET + 600e6);
        _assertConserved();
    }

    /// @dev Against others' money, in a campaign whose oracle is silent: eighths of two bonds that double each time.
    function test_red_OutsidersBurnTheTries() external {
        _toCommitted();
        uint256 before = 2 * WALLET;
        uint256 snapshot;
        for (uint256 i = 0; i <= params.schedule.tries; ++i) {
            if (i == params.schedule.tries) snapshot = vm.snapshotState();
            _fallOpenly(proposer);
            uint256 later = _wealth(proposer) + _wealth(challenger);
            emit log_named_uint("proposals that fell", i + 1);
            _assertLost("outsiders", before, later, 2 * (2 ** (i + 1) - 1) * (BOND / 8));
        }
        registry.expire(params);
        _assertLost("outsiders", before, _wealth(proposer) + _wealth(challenger), 437_500_000);
        _assertLost("requester", WALLET, _wealth(requester), ESCROW);
        _assertLost("oracle, silent", WALLET, _wealth(oracle), BOND);

        // One honest proposal in time, and an arbitrator: they lose a whole bond, four times the first, and the campaign ends.
        vm.revertToState(snapshot);
        vm.warp(_campaign().since + params.schedule.rescuePeriod);
        _proposeOpenly(requester, _sample());
        _contest(challenger, FOR_PROPOSER);
        _toFinalized(_sample());
        uint256 lost = 2 * 3 * (BOND / 8) + 4 * BOND;
        _assertLost("outsiders, against honesty", before, _wealth(proposer) + _wealth(challenger), lost);
        _show("requester", WALLET, _wealth(requester));
        assertEq(_wealth(requester), WALLET - 600e6 + 2 * BOND - REFUND);
        _assertConserved();
    }

    // ---------------------------------------------------------- a small first round

    function test_red_FirstRoundAsSmallAsCanBe() external {
        // Nearly all the money there is waits as revenue for the first share.
        token.approve(params.dataset, type(uint256).max);
        _share().payRevenue(9e29);
        _toRevealEnd();
        uint256 snapshot = vm.snapshotState();
        Settlement memory s;
        _finalizes(s);
        vm.revertToState(snapshot);
        s.payoutTotal = 1;
        _finalizes(s);
        vm.revertToState(snapshot);
        s.shareTotal = 1e18 - 1;
        _fails(
            oracle,
            abi.encodeCall(registry.propose, (params, s)),
            abi.encodeWithSelector(IRegistryEvents.SharesBelowOne.selector, uint256(1e18 - 1))
        );
        s.shareTotal = 1e18;
        _finalizes(s);
        skip(7 days);
        assertEq(_share().unstreamed(), 0);
    }

    function _finalizes(Settlement memory s) private {
        _propose(s);
        _toFinalized(s);
        assertTrue(_status() == Status.Final);
        assertEq(_share().totalSupply(), s.shareTotal);
        _assertConserved();
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../../contracts/interfaces/IRegistryEvents.sol";
import {CentralArbitrator} from "../../contracts/mocks/CentralArbitrator.sol";
import {Campaign, Contest, Settlement, Status} from "../../contracts/types/Types.sol";
import {PuppetArbitrator} from "../mocks/Arbitrators.sol";
import {Digests} from "./Digests.sol";
import {RegistryBase} from "./RegistryBase.sol";

/// @dev A campaign that does not run undisturbed: those who propose, challenge, pay and judge, and what each of them has.
abstract contract ContestBase is RegistryBase {
    uint128 internal constant BOND = ESCROW / 4;
    uint128 internal constant REFUND = 1e6;
    /// @dev What everyone who takes part has at first.
    uint256 internal constant WALLET = 1e15;
    /// @dev What the arbitrator asks, in wei.
    uint256 internal constant COST = 0.01 ether;
    /// @dev What the puppet calls its disputes.
    uint256 internal constant DISPUTE = 7;
    // Rulings as arbitrators give them.
    uint256 internal constant NEITHER = 0;
    uint256 internal constant FOR_PROPOSER = 1;
    uint256 internal constant FOR_CHALLENGER = 2;

    address internal challenger = makeAddr("challenger");
    address internal proposer = makeAddr("proposer");
    address internal payer = makeAddr("payer");
    address internal judge = makeAddr("judge");

    /// @dev The pool's, unless a test takes another.
    CentralArbitrator internal arbitrator;
    PuppetArbitrator internal puppet;

    function setUp() public virtual override {
        super.setUp();
        arbitrator = new CentralArbitrator(judge, COST);
        puppet = new PuppetArbitrator();
        _fund(challenger);
        _fund(proposer);
        vm.deal(payer, 1 ether);
        _usePool(address(arbitrator), REFUND);
    }

    function _fund(address who) internal {
        token.transfer(who, WALLET);
        vm.prank(who);
        token.approve(address(registry), type(uint256).max);
    }

    /// @dev Replaces pool and campaign by ones under this arbitrator.
    function _usePool(address arbitrator_, uint128 refund) internal {
        (pool.arbitrator, pool.arbitrationRefund) = (arbitrator_, refund);
        ++pool.nonce;
        vm.prank(oracle);
        params.pool = registry.createPool(pool);
        _setParams(params);
    }

    /// @dev The pool's arbitrator does as told, and asks nothing.
    function _usePuppet(uint128 refund) internal {
        _usePool(address(puppet), refund);
        puppet.set(0, DISPUTE);
    }

    /// @dev A campaign of the same pool that begins now.
    function _useNextCampaign() internal {
        ++params.nonce;
        params.schedule = _schedule(vm.getBlockTimestamp());
        _setParams(params);
    }

    /// @dev Gives proposals months: long enough for late fees to eat a bond.
    function _useMonths(uint128 refund) internal {
        pool.unbonding = 365 days;
        (params.schedule.rescuePeriod, params.schedule.publicPeriod) = (30 days, 30 days);
        _usePool(address(arbitrator), refund);
    }

    // ------------------------------------------------------------ settlements

    function _sample() internal pure returns (Settlement memory s) {
        (s.payoutRoot, s.labelRoot, s.modelRoot) = (keccak256("payouts"), keccak256("labels"), keccak256("model"));
        (s.truthRoot, s.bundleHash) = (keccak256("truth"), keccak256("bundle"));
        (s.payoutTotal, s.shareTotal, s.leaves) = (600e6, 300e18, 10);
    }

    /// @dev Nobody is paid: affordable by every escrow.
    function _bare() internal pure returns (Settlement memory s) {
        s.bundleHash = keccak256("bare");
    }

    // -------------------------------------------------------- times of the line

    /// @dev The longest that one proposal can be contested.
    function _contestTime() internal view returns (uint256) {
        return params.schedule.window + 3 * (uint256(params.schedule.rulingPeriod) + params.schedule.window);
    }

    function _proposeEnd() internal view returns (uint256) {
        uint256 once = uint256(params.schedule.rescuePeriod) + params.schedule.publicPeriod + _contestTime();
        return _settleEnd() + params.schedule.tries * once;
    }

    // ------------------------------------------------------------------- steps

    function _challenge(address who) internal {
        vm.prank(who);
        registry.challenge(pool, params, _proposal(), type(uint256).max, "");
    }

    function _requestRuling() internal {
        vm.prank(payer);
        registry.requestRuling{value: COST}(pool, params);
    }

    /// @dev The arbitrator's judge rules on the dispute at hand.
    function _rule(uint256 ruling) internal {
        uint256 dispute = registry.contestOf(id).disputeId;
        vm.prank(judge);
        arbitrator.giveRuling(dispute, ruling);
    }

    function _resolve() internal {
        vm.prank(stranger);
        registry.resolve(pool, params);
    }

    /// @dev The proposal at hand is challenged and ruled on, in one second.
    function _contest(address who, uint256 ruling) internal {
        _challenge(who);
        _requestRuling();
        _rule(ruling);
        _resolve();
    }

    /// @dev The proposal at hand is challenged, nobody asks the arbitrator, and it falls.
    function _fallUnruled(address who) internal {
        _challenge(who);
        vm.warp(registry.contestOf(id).rulingEnd);
        _resolve();
    }

    function _proposeLate(Settlement memory s) internal {
        vm.prank(oracle);
        registry.proposeLate(params, s);
    }

    function _proposeOpenly(address who, Settlement memory s) internal {
        vm.prank(who);
        registry.proposeOpenly(pool, params, s, type(uint256).max);
    }

    /// @dev A public proposal, as soon as there may be one, falls.
    function _fallOpenly(address who) internal {
        uint256 start = registry.contestOf(id).rejections == 0 ? _settleEnd() : _campaign().since;
        vm.warp(start + params.schedule.rescuePeriod);
        _proposeOpenly(who, _bare());
        _fallUnruled(challenger);
    }

    /// @dev Posts the oracle's receipt for a commitment of which nothing more is known.
    function _postReceipt(address who, bytes32 commitHash) internal {
        (, uint256 key) = makeAddrAndKey("oracle");
        bytes32 separator = Digests.separator(block.chainid, address(registry));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, Digests.typed(separator, Digests.receipt(id, who, commitHash)));
        registry.postReceipt(params, who, commitHash, abi.encodePacked(r, s, v));
    }

    // ------------------------------------------------------------------- calls

    function _wrong(Status status, Status needed) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, status, needed);
    }

    function _challengeCall() internal view returns (bytes memory) {
        return abi.encodeCall(registry.challenge, (pool, params, _proposal(), type(uint256).max, ""));
    }

    function _requestCall() internal view returns (bytes memory) {
        return abi.encodeCall(registry.requestRuling, (pool, params));
    }

    function _evidenceCall() internal view returns (bytes memory) {
        return abi.encodeCall(registry.submitEvidence, (pool, params, "ipfs://"));
    }

    function _resolveCall() internal view returns (bytes memory) {
        return abi.encodeCall(registry.resolve, (pool, params));
    }

    function _ruleCall(uint256 dispute, uint256 ruling) internal view returns (bytes memory) {
        return abi.encodeCall(registry.rule, (dispute, ruling));
    }

    // ------------------------------------------------------------ to a stage

    /// @dev A campaign of this escrow with one commitment.
    function _toCommitted(uint128 escrow) internal {
        vm.prank(requester);
        registry.createCampaign(pool, params, escrow);
        _accept();
        _drawSeed();
        vm.warp(params.schedule.workStart);
        _commitAggregate(0);
    }

    function _toProposed(uint128 escrow) internal {
        _toCommitted(escrow);
        vm.warp(_revealEnd());
        _propose(_bare());
    }

    /// @dev The oracle was silent; it may propose late.
    function _toRescue() internal {
        _toCommitted();
        vm.warp(_settleEnd());
    }

    /// @dev The oracle was silent; anyone may propose.
    function _toPublic() internal {
        _toCommitted();
        vm.warp(_settleEnd() + params.schedule.rescuePeriod);
    }

    function _toDisputed() internal {
        _toProposed(_sample());
        _challenge(challenger);
    }

    function _toRequested() internal {
        _toDisputed();
        _requestRuling();
    }

    function _toFinalized(Settlement memory s) internal {
        vm.warp(_campaign().since + params.schedule.window);
        vm.prank(stranger);
        registry.finalize(params, s);
    }

    // --------------------------------------------------------------- reckoning

    /// @dev What a proposer puts up, from the rule: a quarter of the escrow, rounded up, or four refunds.
    function _bondOf(uint128 escrow, uint128 refund) internal pure returns (uint128) {
        uint128 quarter = escrow % 4 == 0 ? escrow / 4 : escrow / 4 + 1;
        return quarter > 4 * refund ? quarter : 4 * refund;
    }

    /// @dev Of `amount`, the part that a contest without a ruling burns.
    function _eighth(uint256 amount) internal pure returns (uint256) {
        return amount % 8 == 0 ? amount / 8 : amount / 8 + 1;
    }

    function _burned() internal view returns (uint256) {
        return registry.burnedOf(address(token));
    }

    function _people() internal view returns (address[9] memory) {
        return [requester, oracle, annotator, colleague, stranger, challenger, proposer, payer, judge];
    }

    /// @dev Everything that a call could move: tokens, credit and ether of everyone, the campaign and its contest.
    function _fingerprint() internal view returns (bytes32 print) {
        address[9] memory people = _people();
        print = keccak256(abi.encode(_campaign(), registry.contestOf(id), _burned(), registry.poolOf(params.pool)));
        for (uint256 i = 0; i < people.length; ++i) {
            print = keccak256(abi.encode(print, token.balanceOf(people[i]), _credit(people[i]), people[i].balance));
        }
        return keccak256(abi.encode(print, token.balanceOf(address(registry)), address(registry).balance));
    }

    /// @dev The call fails for exactly this reason and moves nothing.
    function _fails(address who, bytes memory call, bytes memory reason) internal {
        _fails(who, 0, call, reason);
    }

    function _fails(address who, uint256 value, bytes memory call, bytes memory reason) internal {
        bytes32 before = _fingerprint();
        vm.prank(who);
        (bool ok, bytes memory returned) = address(registry).call{value: value}(call);
        assertFalse(ok, "went through");
        assertEq(returned, reason, "another reason");
        assertEq(_fingerprint(), before, "moved something");
    }

    /// @dev How many events the call emits, tokens' included; it is undone. (Counting while events are expected counts some
    /// of them twice.)
    function _logs(address who, uint256 value, bytes memory call) internal returns (uint256 count) {
        uint256 snapshot = vm.snapshotState();
        vm.recordLogs();
        vm.prank(who);
        (bool ok,) = address(registry).call{value: value}(call);
        assertTrue(ok, "failed");
        count = vm.getRecordedLogs().length;
        vm.revertToState(snapshot);
    }

    /// @dev Invariant 1 as an equation: every unit that came in is somebody's credit, in a seat, in the campaign or burned.
    function _assertConserved() internal view {
        address[9] memory people = _people();
        uint256 sum = _burned();
        for (uint256 i = 0; i < people.length; ++i) {
            sum += _credit(people[i]) + registry.seatOf(params.pool, people[i]).stake;
        }
        Campaign memory campaign = _campaign();
        Contest memory contest = registry.contestOf(id);
        sum += uint256(campaign.escrow) + campaign.bond;
        if (campaign.status != Status.Final) sum += uint256(contest.proposerBond) + contest.challengeBond;
        assertEq(token.balanceOf(address(registry)), sum, "money appeared or vanished");
        assertEq(address(registry).balance, 0, "ether stayed");
    }

    function _assertMoney(address who, uint256 wallet, uint256 credit) internal view {
        assertEq(token.balanceOf(who), wallet, "wallet");
        assertEq(_credit(who), credit, "credit");
    }

    function _assertContest(Contest memory expected) internal view {
        assertEq(abi.encode(registry.contestOf(id)), abi.encode(expected), "contest");
    }

    function _assertCampaign(Campaign memory expected) internal view {
        assertEq(abi.encode(_campaign()), abi.encode(expected), "campaign");
    }
}

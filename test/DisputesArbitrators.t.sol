// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {Status} from "../contracts/types/Types.sol";
import {ContestBase} from "./base/ContestBase.sol";
import {DeadArbitrator, ReentrantArbitrator} from "./mocks/Arbitrators.sol";

/// @dev Arbitrators that do what none should, and calls that bring ether; see Disputes.tree.
contract DisputesArbitratorsTest is ContestBase {
    /// @dev A contest that the arbitrator leaves open ends by time alone, and so does its campaign, both ways.
    function _assertEndsByTime() private {
        assertTrue(_status() == Status.Disputed);
        vm.warp(registry.contestOf(id).rulingEnd);
        _resolve();
        assertTrue(_status() == Status.Open);
        assertEq(_campaign().bond, BOND - BOND / 8);
        _assertMoney(challenger, WALLET - BOND, BOND - BOND / 8);
        uint256 snapshot = vm.snapshotState();
        vm.warp(_campaign().since + params.schedule.rescuePeriod);
        _proposeOpenly(requester, _sample());
        _toFinalized(_sample());
        assertTrue(_status() == Status.Final);
        _assertConserved();
        vm.revertToState(snapshot);
        vm.warp(_proposeEnd());
        vm.prank(stranger);
        registry.expire(params);
        assertTrue(_status() == Status.Expired);
        assertEq(_burned(), ESCROW + BOND + BOND / 8);
        _assertConserved();
    }

    function test_arbitrator_None() external {
        _usePool(address(0), REFUND);
        _toDisputed();
        _fails(payer, COST, _requestCall(), abi.encodeWithSelector(IRegistryEvents.NoArbitrator.selector));
        _assertEndsByTime();
    }

    function test_arbitrator_WithoutCode() external {
        _usePool(judge, REFUND);
        _toDisputed();
        _fails(payer, COST, _requestCall(), "");
        _assertEndsByTime();
    }

    function test_arbitrator_Dead() external {
        _usePool(address(new DeadArbitrator()), REFUND);
        _toDisputed();
        _fails(payer, _requestCall(), abi.encodeWithSelector(DeadArbitrator.Closed.selector));
        _assertEndsByTime();
    }

    function test_arbitrator_Overpriced() external {
        _usePuppet(REFUND);
        puppet.set(type(uint256).max, DISPUTE);
        _toDisputed();
        bytes memory reason =
            abi.encodeWithSelector(IRegistryEvents.ArbitrationFee.selector, 1 ether, type(uint256).max);
        _fails(payer, 1 ether, _requestCall(), reason);
        _assertEndsByTime();
    }

    function test_arbitrator_Silent() external {
        _toRequested();
        _assertEndsByTime();
    }

    /// @dev Every way back in while a dispute is created.
    function test_arbitrator_Reentrant() external {
        ReentrantArbitrator hostile = new ReentrantArbitrator();
        _usePool(address(hostile), REFUND);
        _toDisputed();
        bytes memory locked = abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        uint256 end = registry.contestOf(id).rulingEnd;
        bytes memory early = abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, vm.getBlockTimestamp(), end);
        bytes memory unknown =
            abi.encodeWithSelector(IRegistryEvents.UnknownDispute.selector, address(hostile), uint256(1));
        _refused(hostile, _challengeCall(), locked);
        _refused(hostile, _requestCall(), locked);
        _refused(hostile, abi.encodeCall(registry.deposit, (address(token), 1)), locked);
        _refused(hostile, _resolveCall(), early);
        _refused(hostile, _ruleCall(1, FOR_PROPOSER), unknown);
        _refused(
            hostile, abi.encodeCall(registry.finalize, (params, _sample())), _wrong(Status.Disputed, Status.Proposed)
        );
        _assertEndsByTime();
    }

    function _refused(ReentrantArbitrator hostile, bytes memory inner, bytes memory reason) private {
        hostile.setCall(inner);
        _fails(payer, _requestCall(), reason);
    }

    /// @dev Whatever it tries after a ruling that decides nothing, or without one, time goes on.
    function test_arbitrator_Puppet() external {
        _usePuppet(REFUND);
        _toDisputed();
        registry.requestRuling(pool, params);
        _fails(
            address(puppet),
            _ruleCall(DISPUTE, 3),
            abi.encodeWithSelector(IRegistryEvents.InvalidRuling.selector, uint256(3))
        );
        _fails(
            address(puppet),
            _ruleCall(DISPUTE + 1, FOR_PROPOSER),
            abi.encodeWithSelector(IRegistryEvents.UnknownDispute.selector, address(puppet), DISPUTE + 1)
        );
        uint256 end = registry.contestOf(id).rulingEnd;
        vm.warp(end);
        _fails(
            address(puppet),
            _ruleCall(DISPUTE, FOR_PROPOSER),
            abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end)
        );
        _assertEndsByTime();
    }

    /// @dev Ruling twice changes nothing: the first ruling ends the contest, and time the campaign.
    function test_arbitrator_RulingTwice() external {
        _usePuppet(REFUND);
        _toDisputed();
        vm.prank(payer);
        registry.requestRuling(pool, params);
        puppet.rule(registry, DISPUTE, FOR_PROPOSER);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.AlreadyRuled.selector, id, DISPUTE));
        puppet.rule(registry, DISPUTE, FOR_CHALLENGER);
        _resolve();
        _toFinalized(_sample());
        assertTrue(_status() == Status.Final);
        _assertMoney(challenger, WALLET - BOND, 0);
        _assertConserved();
    }

    // ------------------------------------------------------------------- ether

    /// @dev Only a request for a ruling brings ether; everything else of this part refuses it.
    function test_ether_RevertWhen_AnyOtherCallBringsSome() external {
        _toProposed(_sample());
        _fails(payer, 1, _challengeCall(), "");
        _fails(payer, 1, _evidenceCall(), "");
        _fails(payer, 1, _ruleCall(1, 1), "");
        _fails(payer, 1, abi.encodeCall(registry.proposeLate, (params, _sample())), "");
        _fails(payer, 1, abi.encodeCall(registry.proposeOpenly, (pool, params, _sample(), type(uint256).max)), "");
        _fails(payer, 1, abi.encodeCall(registry.cancel, (params)), "");
        _fails(payer, 1, abi.encodeCall(registry.expire, (params)), "");
        _fails(payer, 1, abi.encodeCall(registry.freePlace, (params)), "");
        _challenge(challenger);
        _fails(payer, 1, _resolveCall(), "");
        bytes[] memory calls = new bytes[](1);
        calls[0] = _requestCall();
        _fails(payer, COST, abi.encodeCall(registry.multicall, (calls)), "");
    }
}

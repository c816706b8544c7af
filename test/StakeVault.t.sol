// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IStakeVault} from "../contracts/interfaces/IStakeVault.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {Tokens} from "../contracts/libraries/Tokens.sol";
import {
    BlocklistToken,
    FalseToken,
    FeeToken,
    NoReturnToken,
    ReentrantToken
} from "../contracts/mocks/HostileTokens.sol";
import {Pool, PoolId, PoolParams, Seat} from "../contracts/types/Types.sol";
import {Digests} from "./base/Digests.sol";
import {RegistryBase} from "./base/RegistryBase.sol";
import {NameGate} from "./mocks/Seams.sol";
import {LyingToken, ShrinkingToken} from "./mocks/Tokens.sol";

/// @dev Ledger, pools and seats; see StakeVault.tree.
contract StakeVaultTest is RegistryBase {
    modifier using_(address token_) {
        _use(token_);
        _;
    }

    function _deposit(address who, uint256 amount) private returns (uint256) {
        vm.prank(who);
        return registry.deposit(address(token), amount);
    }

    function _withdraw(address who, uint256 amount) private {
        vm.prank(who);
        registry.withdraw(address(token), amount);
    }

    function _leave(address who) private returns (uint256 releaseAt) {
        vm.prank(who);
        registry.leave(params.pool);
        return registry.seatOf(params.pool, who).releaseAt;
    }

    // ----------------------------------------------------------------- deposit

    function test_deposit_RevertWhen_TheAmountIsZero() external {
        vm.expectRevert(IVaultEvents.ZeroAmount.selector);
        _deposit(annotator, 0);
    }

    function test_deposit_RevertWhen_TheTokenReturnsFalse() external using_(address(new FalseToken(1e30))) {
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
        _deposit(annotator, 5);
    }

    function test_deposit_RevertWhen_TheTokenCallsBack() external {
        ReentrantToken hostile = new ReentrantToken(1e30);
        _use(address(hostile));
        bytes[7] memory calls = [
            abi.encodeCall(IStakeVault.deposit, (address(token), 1)),
            abi.encodeCall(IStakeVault.depositWithPermit, (address(token), 1, START, 27, bytes32(0), bytes32(0))),
            abi.encodeCall(IStakeVault.refill, (pool)),
            abi.encodeCall(IStakeVault.withdraw, (address(token), 1)),
            abi.encodeCall(IStakeVault.withdrawFor, (address(token), annotator)),
            abi.encodeCall(IStakeVault.join, (pool, "")),
            abi.encodeCall(registry.topUp, (params, 1))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            hostile.callOnNextTransfer(address(registry), calls[i]);
            vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
            _deposit(annotator, 5);
        }
    }

    function test_deposit_RevertWhen_TheMeasuredBalanceRisesBeyondUint128() external {
        LyingToken liar = new LyingToken();
        vm.startPrank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(128), uint256(1) << 128)
        );
        registry.deposit(address(liar), uint256(1) << 128);
        assertEq(registry.deposit(address(liar), (uint256(1) << 128) - 1), type(uint128).max);
        vm.stopPrank();
    }

    function test_deposit_RevertGiven_ATokenThatTakesInsteadOfPaying()
        external
        using_(address(new ShrinkingToken(1e30)))
    {
        token.transfer(address(registry), 10);
        vm.expectRevert(abi.encodeWithSelector(Tokens.UnexpectedBalance.selector, address(token), 10, 9));
        vm.prank(annotator);
        registry.deposit(address(token), 5);
        assertEq(_credit(annotator), 0);
    }

    function test_deposit_GivenATokenThatKeepsAFee() external using_(address(new FeeToken(1e30))) {
        assertEq(_deposit(annotator, 1000), 990);
        assertEq(_credit(annotator), 990);
    }

    function test_deposit_GivenATokenWithoutReturnValues() external using_(address(new NoReturnToken(1e30))) {
        assertEq(_deposit(annotator, 1000), 1000);
        _withdraw(annotator, 400);
        assertEq(_credit(annotator), 600);
        assertEq(token.balanceOf(address(registry)), 600);
    }

    function testFuzz_deposit(uint256 amount, uint256 more) external {
        (amount, more) = (bound(amount, 1, 5e14), bound(more, 1, 5e14));
        vm.expectEmit();
        emit IVaultEvents.Credited(address(token), annotator, amount);
        assertEq(_deposit(annotator, amount), amount);
        _deposit(annotator, more);
        assertEq(_credit(annotator), amount + more);
        assertEq(token.balanceOf(address(registry)), amount + more);
        assertEq(token.balanceOf(annotator), 1e15 - amount - more);
    }

    // ---------------------------------------------------------------- withdraw

    function test_withdraw_RevertWhen_TheAmountIsZero() external {
        vm.expectRevert(IVaultEvents.ZeroAmount.selector);
        _withdraw(annotator, 0);
    }

    function test_withdraw_RevertWhen_TheCreditIsTooLow() external {
        _deposit(annotator, 10);
        _deposit(colleague, 90);
        vm.expectRevert(
            abi.encodeWithSelector(IVaultEvents.InsufficientCredit.selector, address(token), annotator, 10, 11)
        );
        _withdraw(annotator, 11);
    }

    function test_withdraw_RevertWhen_TheTokenRefuses() external {
        BlocklistToken refusing = new BlocklistToken(1e30);
        _use(address(refusing));
        _deposit(annotator, 10);
        refusing.setBlocked(annotator, true);
        vm.expectRevert(abi.encodeWithSelector(BlocklistToken.Blocked.selector, annotator));
        _withdraw(annotator, 10);
        assertEq(_credit(annotator), 10);
    }

    function test_withdraw_RevertWhen_TheTokenCallsBack() external {
        ReentrantToken hostile = new ReentrantToken(1e30);
        _use(address(hostile));
        _deposit(annotator, 10);
        hostile.callOnNextTransfer(
            address(registry), abi.encodeCall(IStakeVault.withdrawFor, (address(token), annotator))
        );
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        _withdraw(annotator, 5);
    }

    function testFuzz_withdraw(uint256 held, uint256 amount) external {
        held = bound(held, 1, 1e15);
        amount = bound(amount, 1, held);
        _deposit(annotator, held);
        vm.expectEmit();
        emit IVaultEvents.Debited(address(token), annotator, amount);
        _withdraw(annotator, amount);
        assertEq(_credit(annotator), held - amount);
        assertEq(token.balanceOf(annotator), 1e15 - held + amount);
        assertEq(token.balanceOf(address(registry)), held - amount);
    }

    // ------------------------------------------------------------- withdrawFor

    function test_withdrawFor_RevertGiven_NoCredit() external {
        vm.expectRevert(IVaultEvents.ZeroAmount.selector);
        registry.withdrawFor(address(token), annotator);
    }

    function test_withdrawFor_PaysTheAccountAndNothingToTheStranger() external {
        _deposit(annotator, 70);
        _deposit(colleague, 30);
        vm.expectEmit();
        emit IVaultEvents.Debited(address(token), annotator, 70);
        vm.prank(stranger);
        registry.withdrawFor(address(token), annotator);
        assertEq(token.balanceOf(annotator), 1e15);
        assertEq(_wealth(stranger), 0);
        assertEq(_credit(colleague), 30);
    }

    // -------------------------------------------------------------- createPool

    function test_createPool_RevertWhen_TheCallerIsNotTheOracle() external {
        pool.nonce = 1;
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotAllowed.selector, stranger, oracle));
        vm.prank(stranger);
        registry.createPool(pool);
    }

    function test_createPool_RevertWhen_TheTokenIsZero() external {
        pool.token = address(0);
        vm.expectRevert(IVaultEvents.ZeroAddress.selector);
        vm.prank(oracle);
        registry.createPool(pool);
    }

    function test_createPool_RevertWhen_MaxOpenOrSeatStakeIsZero() external {
        pool.maxOpen = 0;
        vm.expectRevert(IVaultEvents.ZeroAmount.selector);
        vm.prank(oracle);
        registry.createPool(pool);
        (pool.maxOpen, pool.seatStake) = (1, 0);
        vm.expectRevert(IVaultEvents.ZeroAmount.selector);
        vm.prank(oracle);
        registry.createPool(pool);
    }

    function test_createPool_RevertWhen_ThePoolExists() external {
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.PoolExists.selector, params.pool));
        vm.prank(oracle);
        registry.createPool(pool);
    }

    function testFuzz_createPool(PoolParams memory rules) external {
        vm.assume(rules.token != address(0) && rules.maxOpen != 0 && rules.seatStake != 0);
        PoolId expected = PoolId.wrap(Digests.poolId(block.chainid, address(registry), rules));
        vm.expectEmit();
        emit IVaultEvents.PoolCreated(expected, rules.oracle, rules);
        vm.prank(rules.oracle);
        PoolId created = registry.createPool(rules);
        assertEq(PoolId.unwrap(created), PoolId.unwrap(expected));
        assertEq(PoolId.unwrap(registry.poolIdOf(rules)), PoolId.unwrap(expected));
        Pool memory state = registry.poolOf(created);
        assertTrue(state.exists);
        assertEq(state.open, 0);
        assertEq(state.maxHardEnd, 0);
    }

    // -------------------------------------------------------------------- join

    function test_join_RevertWhen_ThePoolIsUnknown() external {
        pool.nonce = 1;
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.UnknownPool.selector, registry.poolIdOf(pool)));
        _join(annotator);
    }

    function test_join_RevertWhen_SeatedAlready() external {
        _join(annotator);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.AlreadySeated.selector, params.pool, annotator));
        _join(annotator);
        _leave(annotator);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.AlreadySeated.selector, params.pool, annotator));
        _join(annotator);
    }

    function _joinGated() private returns (bytes memory evidence) {
        pool.gate = address(new NameGate(annotator));
        vm.prank(oracle);
        PoolId gated = registry.createPool(pool);
        return abi.encode(gated, annotator);
    }

    function test_join_RevertWhen_TheGateRefuses() external {
        bytes memory evidence = _joinGated();
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.GateRefused.selector, pool.gate, annotator));
        _join(annotator);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.GateRefused.selector, pool.gate, colleague));
        vm.prank(colleague);
        registry.join(pool, evidence);
    }

    function test_join_LetsInWhomTheGateAdmits() external {
        bytes memory evidence = _joinGated();
        vm.prank(annotator);
        registry.join(pool, evidence);
        assertEq(registry.seatOf(registry.poolIdOf(pool), annotator).stake, STAKE);
    }

    function test_join_RevertWhen_TheStakeDoesNotArriveWhole() external using_(address(new FeeToken(1e30))) {
        vm.expectRevert(
            abi.encodeWithSelector(IVaultEvents.InexactTransfer.selector, address(token), STAKE, STAKE - STAKE / 100)
        );
        _join(annotator);
        // By way of deposit such a token works.
        uint256 credited = _deposit(annotator, 2 * STAKE);
        _join(annotator);
        assertEq(_credit(annotator), credited - STAKE);
    }

    function testFuzz_join_TakesCreditFirst(uint256 credit) external {
        credit = bound(credit, 1, 2 * STAKE);
        _deposit(annotator, credit);
        uint256 spent = credit < STAKE ? credit : STAKE;
        vm.expectEmit();
        emit IVaultEvents.Joined(params.pool, annotator, STAKE);
        vm.expectEmit();
        emit IVaultEvents.Debited(address(token), annotator, spent);
        _join(annotator);
        Seat memory seat = registry.seatOf(params.pool, annotator);
        assertEq(seat.stake, STAKE);
        assertEq(seat.shortSince, 0);
        assertEq(seat.fullSince, START);
        assertEq(seat.releaseAt, 0);
        assertEq(_credit(annotator), credit - spent);
        assertEq(_wealth(annotator), 1e15 - STAKE);
    }

    // ------------------------------------------------------------------- leave

    function test_leave_RevertWhen_NotSeated() external {
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotSeated.selector, params.pool, stranger));
        _leave(stranger);
    }

    function test_leave_RevertWhen_LeavingAlready() external {
        _join(annotator);
        _leave(annotator);
        vm.expectRevert(
            abi.encodeWithSelector(IVaultEvents.AlreadyLeaving.selector, params.pool, annotator, uint40(START))
        );
        _leave(annotator);
    }

    function test_leave_GivenNoCampaign_ReleasesAtOnce() external {
        _join(annotator);
        skip(1 days);
        vm.expectEmit();
        emit IVaultEvents.Left(params.pool, annotator, uint40(START + 1 days));
        assertEq(_leave(annotator), START + 1 days);
        registry.withdrawSeat(pool, annotator);
        assertEq(_credit(annotator), STAKE);
    }

    function test_leave_GivenACampaign_LocksUntilItsHardEnd() external {
        _join(annotator);
        _toAccepted();
        vm.expectEmit();
        emit IVaultEvents.Left(params.pool, annotator, uint40(_hardEnd()));
        assertEq(_leave(annotator), _hardEnd());
    }

    function test_leave_IsNotProlongedByALaterCampaign() external {
        _join(annotator);
        _toAccepted();
        uint256 releaseAt = _leave(annotator);
        vm.warp(START + 30 minutes);
        _setParams(_paramsOf(pool, params.dataset));
        _toAccepted();
        assertGt(_hardEnd(), releaseAt);
        assertEq(registry.seatOf(params.pool, annotator).releaseAt, releaseAt);
        vm.warp(releaseAt);
        registry.withdrawSeat(pool, annotator);
        assertEq(_wealth(annotator), 1e15);
    }

    function test_leave_GivenAShorterCampaignLater_KeepsTheLatestHardEnd() external {
        _join(annotator);
        _toAccepted();
        uint256 longest = _hardEnd();
        params.schedule.tries = 1;
        _setParams(params);
        _toAccepted();
        assertLt(_hardEnd(), longest);
        assertEq(_leave(annotator), longest);
    }

    function test_leave_GivenTheLastHardEndHasPassed_ReleasesAtOnce() external {
        _join(annotator);
        _toAccepted();
        vm.warp(_hardEnd() + 1);
        assertEq(_leave(annotator), _hardEnd() + 1);
    }

    // ------------------------------------------------------------ withdrawSeat

    function test_withdrawSeat_RevertWhen_ThePoolIsUnknown() external {
        pool.nonce = 1;
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.UnknownPool.selector, registry.poolIdOf(pool)));
        registry.withdrawSeat(pool, annotator);
    }

    function test_withdrawSeat_RevertWhen_ThereIsNoSeat() external {
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotSeated.selector, params.pool, annotator));
        registry.withdrawSeat(pool, annotator);
    }

    function test_withdrawSeat_RevertWhen_Locked() external {
        _join(annotator);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.SeatLocked.selector, params.pool, annotator, 0));
        registry.withdrawSeat(pool, annotator);
        _toAccepted();
        uint256 releaseAt = _leave(annotator);
        vm.warp(releaseAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.SeatLocked.selector, params.pool, annotator, releaseAt));
        registry.withdrawSeat(pool, annotator);
        vm.warp(releaseAt);
        registry.withdrawSeat(pool, annotator);
    }

    function test_withdrawSeat_CreditsTheAnnotatorWhoeverCalls() external {
        _join(annotator);
        _leave(annotator);
        vm.expectEmit();
        emit IVaultEvents.SeatWithdrawn(params.pool, annotator, STAKE);
        vm.expectEmit();
        emit IVaultEvents.Credited(address(token), annotator, STAKE);
        vm.prank(stranger);
        registry.withdrawSeat(pool, annotator);
        assertEq(_wealth(annotator), 1e15);
        assertEq(_wealth(stranger), 0);
        Seat memory seat = registry.seatOf(params.pool, annotator);
        assertEq(abi.encode(seat), abi.encode(Seat(0, 0, 0, 0, 0)));
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotSeated.selector, params.pool, annotator));
        registry.withdrawSeat(pool, annotator);
        _join(annotator);
        assertEq(_credit(annotator), 0);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IContributorShare, Stream} from "../contracts/interfaces/IContributorShare.sol";
import {
    BlocklistToken,
    FalseToken,
    FeeToken,
    NoReturnToken,
    ReentrantToken,
    VanishingToken
} from "../contracts/mocks/HostileTokens.sol";
import {RewardToken} from "../contracts/mocks/RewardToken.sol";
import {ContributorShareBase} from "./ContributorShareBase.t.sol";

/// @dev Payments and claims; see ContributorShare.tree.
contract ContributorShareRevenueTest is ContributorShareBase {
    /// @dev Replaces the share by one that pays in `revenueToken`, of which the payer has plenty.
    modifier paidIn(address revenueToken) {
        share = _clone(revenueToken);
        _fund(revenueToken, address(share));
        _;
    }

    // ---------------------------------------------------------------- payRevenue

    function test_payRevenue_RevertWhen_NothingArrives() external paidIn(address(new VanishingToken(1e30))) {
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.NoRevenueReceived.selector, 5));
        _pay(5);
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.NoRevenueReceived.selector, 0));
        _pay(0);
    }

    function test_payRevenue_RevertWhen_RevenueOverTheLifeWouldReach2To104() external {
        _give(holder, 1e18);
        _pay(type(uint104).max - 10);
        skip(WEEK);
        vm.prank(holder);
        share.claimRevenue();
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.RevenueExceeded.selector, type(uint104).max - 10, 11));
        _pay(11);
        _pay(10);
        skip(WEEK);
        assertApproxEqAbs(share.claimable(holder), 10, 1);
        assertEq(share.revenuePaid(), type(uint104).max);
    }

    function test_payRevenue_RevertWhen_TheTokenReturnsFalse() external paidIn(address(new FalseToken(1e30))) {
        vm.expectRevert(
            abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(share.revenueToken()))
        );
        _pay(5);
    }

    function test_payRevenue_RevertWhen_TheTokenCallsBack() external paidIn(address(new ReentrantToken(1e30))) {
        ReentrantToken hostile = ReentrantToken(share.revenueToken());
        _give(holder, 1e18);
        bytes[3] memory entries = [
            abi.encodeCall(share.payRevenue, (1)),
            abi.encodeCall(share.claimRevenue, ()),
            abi.encodeCall(share.claimRevenueFor, (holder))
        ];
        for (uint256 i = 0; i < entries.length; ++i) {
            hostile.callOnNextTransfer(address(share), entries[i]);
            vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
            _pay(1e18);
        }
    }

    function test_payRevenue_GivenNoSupply_ItShouldWaitWithTheClockStandingStill() external {
        _pay(1e18);
        skip(5 days);
        assertEq(share.unstreamed(), 1e18);
        assertEq(share.accumulator(), 0);
        _pay(1e18);
        skip(90 days);
        Stream memory state = share.stream();
        assertEq(state.left, 2e18);
        assertEq(state.end - state.updatedAt, WEEK);
        assertEq(share.unstreamed(), 2e18);
    }

    function test_payRevenue_GivenARunningStream_ItShouldEndAtTheAmountWeightedMean() external {
        _give(holder, 1e18);
        _pay(7e18);
        skip(5 days);
        _pay(6e18); // 2e18 for two days and 6e18 for seven
        Stream memory state = share.stream();
        assertEq(state.left, 8e18);
        assertEq(state.end - block.timestamp, (uint256(2 days) * 2 + WEEK * 6) / 8);
    }

    function testFuzz_payRevenue_GivenARunningStream_DustShouldNotMoveItsEnd(uint104 paid, uint32 time, uint8 times)
        external
    {
        _give(holder, 1e18);
        _pay(bound(paid, 1e18, type(uint104).max / 2));
        uint256 end = share.stream().end;
        skip(bound(time, 0, WEEK - 1 hours));
        for (uint256 i = 0; i < times; ++i) {
            _pay(1);
        }
        assertEq(share.stream().end, end);
    }

    function testFuzz_payRevenue_GivenARunningStream_ItShouldNeverHastenIt(uint104 paid, uint104 more, uint32 time)
        external
    {
        _give(holder, 1e18);
        _pay(bound(paid, 1, type(uint104).max / 2));
        uint256 end = share.stream().end;
        skip(bound(time, 0, WEEK - 1));
        bool running = share.unstreamed() != 0;
        _pay(bound(more, 1, type(uint104).max / 2));
        assertLe(share.stream().end, block.timestamp + WEEK);
        if (running) assertGe(share.stream().end, end);
        else assertEq(share.stream().end, block.timestamp + WEEK);
    }

    function testFuzz_payRevenue_ItShouldStreamOverSevenDays(uint104 paid, uint32 time, uint96 held) external {
        paid = uint104(bound(paid, 1, type(uint104).max));
        time = uint32(bound(time, 0, WEEK));
        held = uint96(bound(held, 1e18, type(uint96).max));
        _give(holder, held);
        vm.expectEmit(address(share));
        emit IContributorShare.RevenuePaid(payer, paid, paid, block.timestamp + WEEK);
        _pay(paid);
        skip(time);
        assertApproxEqAbs(share.claimable(holder), uint256(paid) * time / WEEK, 1);
        skip(WEEK - time);
        assertApproxEqAbs(share.claimable(holder), paid, 1);
        assertEq(share.unstreamed(), 0);
    }

    function test_payRevenue_BuyingBeforeAPaymentAndSellingInTheBlockShouldEarnNothing() external {
        _give(holder, 1e18);
        _transfer(holder, stranger, 1e18);
        _pay(1e24);
        _transfer(stranger, holder, 1e18);
        assertEq(share.claimable(stranger), 0);
        skip(WEEK);
        assertEq(share.claimable(stranger), 0);
        assertApproxEqAbs(share.claimable(holder), 1e24, 1);
    }

    function test_payRevenue_HoldingForABlockShouldEarnThatBlocksPartAtMost() external {
        _give(holder, 1e18);
        _transfer(holder, stranger, 1e18);
        _pay(1e24);
        skip(12);
        _transfer(stranger, holder, 1e18);
        skip(WEEK);
        assertLe(share.claimable(stranger), uint256(1e24) * 12 / WEEK);
    }

    function test_payRevenue_ItShouldCreditWhatArrivedOfATokenWithAFee() external paidIn(address(new FeeToken(1e30))) {
        _give(holder, 1e18);
        vm.prank(payer);
        assertEq(share.payRevenue(1000), 990);
        assertEq(share.stream().left, 990);
        assertEq(share.revenuePaid(), 990);
    }

    function test_payRevenue_GivenTokensSentPastIt_ItShouldCreditOnlyThePayment() external {
        vm.prank(payer);
        token.transfer(address(share), 5e18);
        _pay(7);
        assertEq(share.revenuePaid(), 7);
    }

    // ---------------------------------------------------------------- claimRevenue

    function test_claimRevenue_WhenNothingIsClaimable_ItShouldDoNothing() external {
        _give(holder, 1e18);
        vm.recordLogs();
        vm.prank(stranger);
        assertEq(share.claimRevenue(), 0);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_claimRevenue_RevertWhen_TheTokenRefusesTheAccount()
        external
        paidIn(address(new BlocklistToken(1e30)))
    {
        BlocklistToken list = BlocklistToken(share.revenueToken());
        _give(holder, 1e18);
        _pay(1e18);
        skip(WEEK);
        list.setBlocked(holder, true);
        vm.expectRevert(abi.encodeWithSelector(BlocklistToken.Blocked.selector, holder));
        vm.prank(holder);
        share.claimRevenue();
        // Who is blocked can still be given, send and lose shares: balances call no token.
        _give(holder, 1e18);
        _transfer(holder, other, 2e18);
        list.setBlocked(holder, false);
        vm.prank(holder);
        assertApproxEqAbs(share.claimRevenue(), 1e18, 1);
    }

    function test_claimRevenue_RevertWhen_TheTokenCallsBack() external paidIn(address(new ReentrantToken(1e30))) {
        ReentrantToken hostile = ReentrantToken(share.revenueToken());
        _give(holder, 1e18);
        _pay(1e18);
        skip(WEEK);
        bytes[2] memory entries =
            [abi.encodeCall(share.payRevenue, (1)), abi.encodeCall(share.claimRevenueFor, (holder))];
        for (uint256 i = 0; i < entries.length; ++i) {
            hostile.callOnNextTransfer(address(share), entries[i]);
            vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
            vm.prank(holder);
            share.claimRevenue();
        }
    }

    function test_claimRevenue_GivenATokenWithoutReturnValues_ItShouldPay()
        external
        paidIn(address(new NoReturnToken(1e30)))
    {
        _give(holder, 1e18);
        _pay(1e18);
        skip(WEEK);
        vm.prank(holder);
        assertApproxEqAbs(share.claimRevenue(), 1e18, 1);
        assertApproxEqAbs(NoReturnToken(share.revenueToken()).balanceOf(holder), 1e18, 1);
    }

    function testFuzz_claimRevenue_ItShouldPayWhatClaimableSaysAndKeepTheFraction(
        uint96 held,
        uint104 paid,
        uint16 step
    ) external {
        held = uint96(bound(held, 3e18, type(uint96).max));
        paid = uint104(bound(paid, 1, type(uint104).max));
        step = uint16(bound(step, 2 hours, type(uint16).max));
        _give(holder, held);
        _transfer(holder, other, held / 3);
        _pay(paid);
        while (share.unstreamed() != 0) {
            skip(step);
            uint256 amount = share.claimable(holder);
            if (amount != 0) {
                vm.expectEmit(address(share));
                emit IContributorShare.RevenueClaimed(holder, amount);
            }
            vm.prank(holder);
            assertEq(share.claimRevenue(), amount);
            assertEq(share.claimable(holder), 0);
        }
        // However often the one claimed, the other's patience earned it nothing: fractions are kept.
        uint256 expected = uint256(paid) * (held - held / 3) / held;
        assertApproxEqAbs(token.balanceOf(holder), expected, 1);
        assertApproxEqAbs(share.claimable(other), paid - expected, 2);
    }

    // ---------------------------------------------------------------- claimRevenueFor

    function test_claimRevenueFor_RevertWhen_TheAccountIsAContract() external {
        _give(address(token), 1e18);
        _pay(1e18);
        skip(WEEK);
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.PushToContract.selector, address(token)));
        share.claimRevenueFor(address(token));
        vm.prank(address(token));
        assertApproxEqAbs(share.claimRevenue(), 1e18, 1);
    }

    function test_claimRevenueFor_WhenTheAccountHasNoCode_ItShouldPayIt() external {
        _give(holder, 1e18);
        _pay(1e18);
        skip(WEEK);
        vm.prank(stranger);
        uint256 amount = share.claimRevenueFor(holder);
        assertApproxEqAbs(amount, 1e18, 1);
        assertEq(token.balanceOf(holder), amount);
    }

    function test_claimRevenueFor_WhenTheAccountHasADelegation_ItShouldPayIt() external {
        _give(holder, 1e18);
        _pay(1e18);
        skip(WEEK);
        vm.etch(holder, abi.encodePacked(hex"ef0100", address(implementation)));
        uint256 amount = share.claimRevenueFor(holder);
        assertApproxEqAbs(amount, 1e18, 1);
        assertEq(token.balanceOf(holder), amount);
    }

    function test_claimRevenueFor_RevertWhen_TheCodeIsOnlyAsLongAsADelegation() external {
        vm.etch(holder, abi.encodePacked(hex"600100", address(implementation)));
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.PushToContract.selector, holder));
        share.claimRevenueFor(holder);
    }

    function test_claimRevenueFor_WhenTheAccountIsTheRegistry_ItShouldPayNothing() external {
        _mint("round", 1e18);
        _pay(1e18);
        skip(WEEK);
        assertEq(share.claimable(registry), 0);
        assertEq(share.claimRevenueFor(registry), 0);
        vm.prank(registry);
        assertEq(share.claimRevenue(), 0);
        _release("round", holder, 1e18);
        assertApproxEqAbs(share.claimable(holder), 1e18, 1);
    }
}

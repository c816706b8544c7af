// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ContributorShare} from "../contracts/ContributorShare.sol";
import {LicenseRegistry} from "../contracts/LicenseRegistry.sol";
import {ILicenseRegistry, OfferId, OfferParams} from "../contracts/interfaces/ILicenseRegistry.sol";
import {
    BlocklistToken,
    FalseToken,
    FeeToken,
    NoReturnToken,
    RebasingToken,
    ReentrantToken,
    TollToken
} from "../contracts/mocks/HostileTokens.sol";
import {RewardToken} from "../contracts/mocks/RewardToken.sol";
import {RegistryBase} from "./base/RegistryBase.sol";
import {AlwaysFalseToken} from "./mocks/AlwaysFalseToken.sol";

/// @dev Shares and licences paid in tokens that misbehave, as far as the tests of these contracts do not cover it; see
/// HostileTokens.tree. After each test a second dataset, paid in dollars, pays its holders and its publisher in full.
contract HostileTokensRevenueTest is RegistryBase {
    uint256 private constant WEEK = 7 days;
    uint128 private constant PRICE = 1000;
    /// @dev Of one licence, 60% and the rest.
    uint256 private constant CONTRIBUTORS = 600;
    uint256 private constant PROCEEDS = 400;
    uint256 private constant REVENUE = 7e6;

    address private holder = makeAddr("holder");
    address private other = makeAddr("other");
    address private payer = makeAddr("payer");
    address private publisher;

    LicenseRegistry private licenses;
    RewardToken private dollars;
    ContributorShare private dollarShare;
    ContributorShare private share;
    OfferId private offer;

    function setUp() public override {
        super.setUp();
        publisher = requester;
        licenses = new LicenseRegistry(address(registry));
        dollars = token;
        _sellIn(address(dollars));
        dollarShare = share;
        _pay(REVENUE);
        _buy();
        skip(WEEK);
    }

    modifier leavesDollarsAlone() {
        _;
        uint256 earned = (REVENUE + CONTRIBUTORS) / 2;
        vm.prank(holder);
        assertApproxEqAbs(dollarShare.claimRevenue(), earned, 1);
        assertApproxEqAbs(dollarShare.claimRevenueFor(other), earned, 1);
        vm.prank(publisher);
        assertEq(licenses.withdraw(address(dollars)), PROCEEDS);
        assertEq(dollars.balanceOf(address(licenses)), 0);
        assertApproxEqAbs(dollars.balanceOf(address(dollarShare)), 0, 2);
    }

    // ------------------------------------------------------------------ steps

    /// @dev A dataset whose revenue token is `token_`, with two equal holders, a payer and an offer.
    function _sellIn(address token_) private {
        token = RewardToken(token_);
        vm.prank(publisher);
        share = ContributorShare(registry.createDataset("Street signs", "SIGN", token_, 6000, 1e24));
        _mintShares();
        address[2] memory spenders = [address(licenses), address(share)];
        (bool sent,) = token_.call(abi.encodeCall(token.transfer, (payer, 1e15)));
        for (uint256 i = 0; i < spenders.length; ++i) {
            vm.prank(payer);
            (bool approved,) = token_.call(abi.encodeCall(token.approve, (spenders[i], type(uint256).max)));
            assertTrue(sent && approved);
        }
        vm.prank(publisher);
        offer = licenses.offer(OfferParams(address(share), PRICE, 0, keccak256("terms"), 0));
    }

    function _mintShares() private {
        (address[] memory accounts, uint256[] memory amounts) = (new address[](2), new uint256[](2));
        (accounts[0], accounts[1], amounts[0], amounts[1]) = (holder, other, 1e18, 1e18);
        vm.startPrank(address(registry));
        share.mint("campaign", 2e18);
        share.release("campaign", accounts, amounts);
        vm.stopPrank();
    }

    function _honest() private returns (address) {
        return address(new RewardToken("Coin", "COIN", 6, 1e30));
    }

    function _turn(address behaviour) private {
        vm.etch(address(token), behaviour.code);
    }

    function _pay(uint256 amount) private returns (uint256) {
        vm.prank(payer);
        return share.payRevenue(amount);
    }

    function _buy() private returns (uint256) {
        vm.prank(payer);
        return licenses.buy(offer, payer);
    }

    function _withdraw() private returns (uint256) {
        vm.prank(publisher);
        return licenses.withdraw(address(token));
    }

    function _claim(address who) private returns (uint256) {
        vm.prank(who);
        return share.claimRevenue();
    }

    /// @dev Each holder may claim half of `REVENUE` in `token_`, and the publisher has its part of one licence.
    function _toEarned(address token_) private {
        _sellIn(token_);
        _pay(REVENUE);
        _buy();
        skip(WEEK);
    }

    function _failed() private view returns (bytes memory) {
        return abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token));
    }

    function _isBlocked(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(BlocklistToken.Blocked.selector, account);
    }

    // ------------------------------------------------------------- payRevenue

    function _assertNoPayment(bytes memory reason) private {
        uint256 wallet = token.balanceOf(payer);
        vm.expectRevert(reason);
        _pay(5);
        assertEq(share.revenuePaid(), 0);
        assertEq(token.balanceOf(payer), wallet);
        assertEq(token.balanceOf(address(share)), 0);
    }

    function test_payRevenue_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _sellIn(_honest());
        _turn(address(new AlwaysFalseToken()));
        _assertNoPayment(_failed());
    }

    function test_payRevenue_RevertWhen_Blocked() external leavesDollarsAlone {
        BlocklistToken list = new BlocklistToken(1e30);
        _sellIn(address(list));
        address[2] memory sides = [payer, address(share)];
        for (uint256 i = 0; i < sides.length; ++i) {
            list.setBlocked(sides[i], true);
            _assertNoPayment(_isBlocked(sides[i]));
            list.setBlocked(sides[i], false);
        }
        assertEq(_pay(5), 5);
    }

    function test_payRevenue_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _sellIn(address(new NoReturnToken(1e30)));
        assertEq(_pay(REVENUE), REVENUE);
        assertEq(share.revenuePaid(), REVENUE);
        assertEq(token.balanceOf(address(share)), REVENUE);
    }

    function test_payRevenue_GivenAnUnevenRebase_CreditsWhatArrived() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _sellIn(address(rebasing));
        rebasing.rebase(1.1e18);
        assertEq(_pay(1000), 999);
        assertEq(share.revenuePaid(), 999);
    }

    // ------------------------------------- claimRevenue and claimRevenueFor

    /// @dev Neither the holder's own call nor another's may take the claim away.
    function _assertNoClaim(bytes memory reason) private {
        uint256 due = share.claimable(holder);
        assertApproxEqAbs(due, (REVENUE + CONTRIBUTORS) / 2, 1);
        uint256 held = token.balanceOf(address(share));
        vm.expectRevert(reason);
        _claim(holder);
        vm.expectRevert(reason);
        share.claimRevenueFor(holder);
        assertEq(share.claimable(holder), due);
        assertEq(token.balanceOf(address(share)), held);
    }

    /// @dev The holder by its own call, the other by a stranger's; `keeps` is what the token keeps of each payment in
    /// hundredths.
    function _assertClaims(uint256 keeps) private {
        (uint256 holders, uint256 others) = (share.claimable(holder), share.claimable(other));
        assertGe(holders + others, REVENUE + CONTRIBUTORS - 2);
        assertEq(_claim(holder), holders);
        vm.prank(stranger);
        assertEq(share.claimRevenueFor(other), others);
        assertEq(token.balanceOf(holder), holders - holders * keeps / 100);
        assertEq(token.balanceOf(other), others - others * keeps / 100);
        assertEq(share.claimable(holder) + share.claimable(other), 0);
    }

    function test_claimRevenue_RevertWhen_TheTokenReturnsFalse() external leavesDollarsAlone {
        address honest = _honest();
        _toEarned(honest);
        bytes memory code = honest.code;
        _turn(address(new FalseToken(0)));
        _assertNoClaim(_failed());
        vm.etch(honest, code);
        _assertClaims(0);
    }

    function test_claimRevenue_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _toEarned(_honest());
        _turn(address(new AlwaysFalseToken()));
        _assertNoClaim(_failed());
    }

    function test_claimRevenue_GivenATokenThatKeepsAFee() external leavesDollarsAlone {
        _toEarned(_honest());
        _turn(address(new FeeToken(0)));
        _assertClaims(1);
    }

    function test_claimRevenue_GivenABlockedHolder_PaysTheOthers() external leavesDollarsAlone {
        BlocklistToken list = new BlocklistToken(1e30);
        _toEarned(address(list));
        list.setBlocked(holder, true);
        _assertNoClaim(_isBlocked(holder));
        uint256 others = share.claimRevenueFor(other);
        assertEq(token.balanceOf(other), others);
        list.setBlocked(holder, false);
        assertApproxEqAbs(_claim(holder), others, 1);
    }

    function test_claimRevenueFor_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _toEarned(address(new NoReturnToken(1e30)));
        _assertClaims(0);
    }

    function test_claimRevenueFor_RevertWhen_TheTokenCallsBack() external leavesDollarsAlone {
        ReentrantToken hostile = new ReentrantToken(1e30);
        _toEarned(address(hostile));
        hostile.callOnNextTransfer(address(share), abi.encodeCall(share.claimRevenueFor, (other)));
        _assertNoClaim(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        hostile.callOnNextTransfer(address(0), "");
        _assertClaims(0);
    }

    function test_claimRevenue_GivenAPositiveRebase_PaysWhatWasEarnedAndNoMore() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _toEarned(address(rebasing));
        rebasing.rebase(2e18);
        address[2] memory people = [holder, other];
        for (uint256 i = 0; i < people.length; ++i) {
            uint256 due = share.claimable(people[i]);
            assertApproxEqAbs(due, (REVENUE + CONTRIBUTORS) / 2, 1);
            assertEq(_claim(people[i]), due);
            // The token itself moves a unit less where it cannot halve.
            assertApproxEqAbs(token.balanceOf(people[i]), due, 1);
        }
        assertApproxEqAbs(token.balanceOf(address(share)), REVENUE + CONTRIBUTORS, 4);
        skip(WEEK);
        assertEq(share.claimable(holder), 0);
    }

    /// @dev Who claims first is paid in full; the rest of the token's own loss is the others'. Shares move as ever.
    function test_claimRevenue_GivenANegativeRebase_PaysWhoComesFirst() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _toEarned(address(rebasing));
        rebasing.rebase(0.5e18);
        uint256 first = _claim(other);
        assertApproxEqAbs(first, (REVENUE + CONTRIBUTORS) / 2, 1);
        uint256 due = share.claimable(holder);
        uint256 left = REVENUE + CONTRIBUTORS - 2 * first;
        _assertNoClaim(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, address(share), left, 2 * due)
        );
        vm.prank(holder);
        share.transfer(stranger, 1e18);
        rebasing.rebase(2e18);
        vm.prank(payer);
        token.transfer(address(share), due);
        assertEq(_claim(holder), due);
    }

    // --------------------------------------------------------------------- buy

    function _assertNoSale(bytes memory reason) private {
        uint256 wallet = token.balanceOf(payer);
        vm.expectRevert(reason);
        _buy();
        assertEq(licenses.balanceOf(payer), 1); // the one of `setUp`
        assertEq(share.revenuePaid(), 0);
        assertEq(licenses.proceeds(publisher, address(token)), 0);
        assertEq(token.balanceOf(payer), wallet);
        assertEq(token.balanceOf(address(licenses)), 0);
    }

    function _assertSale() private {
        uint256 wallet = token.balanceOf(payer);
        assertEq(_buy(), 2);
        assertEq(share.revenuePaid(), CONTRIBUTORS);
        assertEq(licenses.proceeds(publisher, address(token)), PROCEEDS);
        assertEq(token.balanceOf(payer), wallet - PRICE);
        assertEq(token.balanceOf(address(licenses)), PROCEEDS);
        assertEq(token.balanceOf(address(share)), CONTRIBUTORS);
    }

    function test_buy_RevertWhen_TheTokenReturnsFalse() external leavesDollarsAlone {
        _sellIn(_honest());
        _turn(address(new FalseToken(0)));
        _assertNoSale(_failed());
    }

    function test_buy_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _sellIn(_honest());
        _turn(address(new AlwaysFalseToken()));
        _assertNoSale(_failed());
    }

    function test_buy_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _sellIn(address(new NoReturnToken(1e30)));
        _assertSale();
    }

    function test_buy_RevertWhen_Blocked() external leavesDollarsAlone {
        BlocklistToken list = new BlocklistToken(1e30);
        _sellIn(address(list));
        address[3] memory sides = [payer, address(licenses), address(share)];
        for (uint256 i = 0; i < sides.length; ++i) {
            list.setBlocked(sides[i], true);
            _assertNoSale(_isBlocked(sides[i]));
            list.setBlocked(sides[i], false);
        }
        _assertSale();
    }

    /// @dev The price arrives whole, but the contributors' part does not go on whole.
    function test_buy_RevertWhen_TheTokenKeepsAFeeOfTheContributorsPart() external leavesDollarsAlone {
        TollToken toll = new TollToken(1e30);
        _sellIn(address(toll));
        toll.setTolled(address(share));
        _assertNoSale(
            abi.encodeWithSelector(
                ILicenseRegistry.InexactPayment.selector, CONTRIBUTORS, CONTRIBUTORS - CONTRIBUTORS / 100
            )
        );
        toll.setTolled(address(0));
        _assertSale();
    }

    function test_buy_RevertGiven_AnUnevenRebase() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _sellIn(address(rebasing));
        rebasing.rebase(1.1e18);
        _assertNoSale(abi.encodeWithSelector(ILicenseRegistry.InexactPayment.selector, PRICE, PRICE - 1));
        rebasing.rebase(uint256(20e18) / 11 + 1); // to twice what it was: even again
        _assertSale();
    }

    // ------------------------------------------------------ withdraw proceeds

    function _assertNoWithdrawal(bytes memory reason) private {
        uint256 held = token.balanceOf(address(licenses));
        vm.expectRevert(reason);
        _withdraw();
        assertEq(licenses.proceeds(publisher, address(token)), PROCEEDS);
        assertEq(token.balanceOf(address(licenses)), held);
    }

    function _assertWithdrawal(uint256 arrives) private {
        uint256 wallet = token.balanceOf(publisher);
        assertEq(_withdraw(), PROCEEDS);
        assertEq(licenses.proceeds(publisher, address(token)), 0);
        assertEq(token.balanceOf(publisher), wallet + arrives);
    }

    function test_withdraw_RevertWhen_TheTokenReturnsFalse() external leavesDollarsAlone {
        address honest = _honest();
        _toEarned(honest);
        bytes memory code = honest.code;
        _turn(address(new FalseToken(0)));
        _assertNoWithdrawal(_failed());
        vm.etch(honest, code);
        _assertWithdrawal(PROCEEDS);
    }

    function test_withdraw_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _toEarned(_honest());
        _turn(address(new AlwaysFalseToken()));
        _assertNoWithdrawal(_failed());
    }

    function test_withdraw_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _toEarned(address(new NoReturnToken(1e30)));
        _assertWithdrawal(PROCEEDS);
    }

    function test_withdraw_GivenATokenThatKeepsAFee() external leavesDollarsAlone {
        _toEarned(_honest());
        _turn(address(new FeeToken(0)));
        _assertWithdrawal(PROCEEDS - PROCEEDS / 100);
        assertEq(token.balanceOf(address(licenses)), 0);
    }

    function test_withdraw_RevertWhen_Blocked() external leavesDollarsAlone {
        BlocklistToken list = new BlocklistToken(1e30);
        _toEarned(address(list));
        list.setBlocked(publisher, true);
        _assertNoWithdrawal(_isBlocked(publisher));
        _claim(holder);
        list.setBlocked(publisher, false);
        _assertWithdrawal(PROCEEDS);
    }

    function test_withdraw_RevertWhen_TheTokenCallsBack() external leavesDollarsAlone {
        ReentrantToken hostile = new ReentrantToken(1e30);
        _toEarned(address(hostile));
        bytes[2] memory calls =
            [abi.encodeCall(licenses.withdraw, (address(dollars))), abi.encodeCall(licenses.buy, (offer, stranger))];
        for (uint256 i = 0; i < calls.length; ++i) {
            hostile.callOnNextTransfer(address(licenses), calls[i]);
            _assertNoWithdrawal(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        }
        hostile.callOnNextTransfer(address(0), "");
        _assertWithdrawal(PROCEEDS);
    }

    function test_withdraw_GivenAPositiveRebase_PaysTheProceedsAndNoMore() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _toEarned(address(rebasing));
        rebasing.rebase(2e18);
        _assertWithdrawal(PROCEEDS);
        assertEq(token.balanceOf(address(licenses)), PROCEEDS);
    }

    /// @dev Proceeds stay what they were and wait until the token is there again.
    function test_withdraw_RevertGiven_ANegativeRebase() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _toEarned(address(rebasing));
        rebasing.rebase(0.5e18);
        _assertNoWithdrawal(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, address(licenses), PROCEEDS, 2 * PROCEEDS
            )
        );
        vm.prank(payer);
        IERC20(address(token)).transfer(address(licenses), PROCEEDS / 2);
        _assertWithdrawal(PROCEEDS);
    }
}

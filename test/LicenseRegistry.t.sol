// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Test} from "forge-std/Test.sol";

import {ContributorShare} from "../contracts/ContributorShare.sol";
import {LicenseRegistry} from "../contracts/LicenseRegistry.sol";
import {IContributorShare} from "../contracts/interfaces/IContributorShare.sol";
import {
    ILicenseRegistry,
    License,
    OfferId,
    OfferParams,
    OfferStatus
} from "../contracts/interfaces/ILicenseRegistry.sol";
import {ITaskRegistry} from "../contracts/interfaces/ITaskRegistry.sol";
import {FeeToken, ReentrantToken} from "../contracts/mocks/HostileTokens.sol";
import {RewardToken} from "../contracts/mocks/RewardToken.sol";
import {Limits} from "../contracts/types/Types.sol";
import {Deployments} from "./base/Deployments.sol";

/// @dev See LicenseRegistry.tree. Datasets are those of a real registry; shares are minted in its name.
contract LicenseRegistryTest is Test {
    uint128 private constant PRICE = 1_000_001;
    uint16 private constant CONTRIBUTOR_BPS = 6000;
    uint32 private constant DURATION = 365 days;

    address private publisher = makeAddr("publisher");
    address private buyer = makeAddr("buyer");
    address private annotator = makeAddr("annotator");
    address private stranger = makeAddr("stranger");

    ITaskRegistry private registry;
    LicenseRegistry private licenses;
    RewardToken private token;
    ContributorShare private share;

    function setUp() external {
        vm.warp(1_800_000_000);
        Limits memory limits = Limits({minPeriod: 1, minRescue: 1, maxPeriod: 365 days, maxHorizon: 3650 days});
        registry = Deployments.registry(limits);
        licenses = new LicenseRegistry(address(registry));
        token = new RewardToken("Dollar", "USD", 6, 1e30);
        share = _dataset(address(token), CONTRIBUTOR_BPS);
        _mintShares(share);
        _fundBuyer(IERC20(address(token)));
    }

    function _dataset(address revenueToken, uint16 bps) private returns (ContributorShare) {
        vm.prank(publisher);
        return ContributorShare(registry.createDataset("Street signs", "SIGN", revenueToken, bps, 1e24));
    }

    function _mintShares(ContributorShare minted) private {
        (address[] memory accounts, uint256[] memory amounts) = (new address[](1), new uint256[](1));
        (accounts[0], amounts[0]) = (annotator, 1e18);
        vm.startPrank(address(registry));
        minted.mint("campaign", 1e18);
        minted.release("campaign", accounts, amounts);
        vm.stopPrank();
    }

    function _fundBuyer(IERC20 money) private {
        money.transfer(buyer, 1e27);
        vm.prank(buyer);
        money.approve(address(licenses), type(uint256).max);
    }

    function _params(uint128 price, uint32 duration) private view returns (OfferParams memory) {
        return OfferParams({
            dataset: address(share), price: price, duration: duration, termsHash: keccak256("terms"), nonce: 7
        });
    }

    function _offer(uint128 price, uint32 duration) private returns (OfferId) {
        return _offer(_params(price, duration));
    }

    function _offer(OfferParams memory params) private returns (OfferId) {
        vm.prank(publisher);
        return licenses.offer(params);
    }

    function _buy(OfferId id) private returns (uint256) {
        vm.prank(buyer);
        return licenses.buy(id, buyer);
    }

    // ---------------------------------------------------------------- constructor

    function test_constructor_RevertWhen_ThereIsNoRegistry() external {
        address[2] memory none = [address(0), stranger];
        for (uint256 i = 0; i < none.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.NoRegistry.selector, none[i]));
            new LicenseRegistry(none[i]);
        }
    }

    function test_constructor_ItShouldBeAnERC721() external view {
        assertEq(licenses.registry(), address(registry));
        assertTrue(licenses.supportsInterface(type(IERC721).interfaceId));
        assertTrue(licenses.supportsInterface(type(IERC721Metadata).interfaceId));
        assertEq(licenses.name(), "labelshare licence");
        assertEq(licenses.symbol(), "LICENCE");
    }

    // ---------------------------------------------------------------- offer

    function test_offer_RevertWhen_TheDatasetIsUnknown() external {
        OfferParams memory params = _params(PRICE, 0);
        params.dataset = stranger;
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.UnknownDataset.selector, stranger));
        licenses.offer(params);
    }

    function test_offer_RevertWhen_TheCallerIsNotThePublisher() external {
        vm.expectRevert(
            abi.encodeWithSelector(ILicenseRegistry.OnlyPublisher.selector, address(share), publisher, stranger)
        );
        vm.prank(stranger);
        licenses.offer(_params(PRICE, 0));
    }

    function test_offer_RevertWhen_ThePriceIsZero() external {
        vm.expectRevert(ILicenseRegistry.PriceIsZero.selector);
        _offer(0, 0);
    }

    function test_offer_RevertWhen_TheOfferWasMadeBefore() external {
        OfferId id = _offer(PRICE, 0);
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.OfferAlreadyMade.selector, id));
        _offer(PRICE, 0);
        vm.prank(publisher);
        licenses.closeOffer(id);
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.OfferAlreadyMade.selector, id));
        _offer(PRICE, 0);
    }

    function test_offer_ItShouldStoreTheRulesUnderTheirHash() external {
        OfferParams memory params = _params(PRICE, DURATION);
        OfferId expected = OfferId.wrap(
            keccak256(
                abi.encode(
                    block.chainid, address(licenses), address(share), PRICE, DURATION, keccak256("terms"), uint64(7)
                )
            )
        );
        assertTrue(licenses.offerStatus(expected) == OfferStatus.None);
        vm.expectEmit(address(licenses));
        emit ILicenseRegistry.Offered(expected, address(share), publisher, PRICE, DURATION, keccak256("terms"), 7);
        OfferId id = _offer(params);
        assertEq(OfferId.unwrap(id), OfferId.unwrap(expected));
        assertEq(OfferId.unwrap(licenses.offerId(params)), OfferId.unwrap(expected));
        assertEq(abi.encode(licenses.offerParams(id)), abi.encode(params));
        assertTrue(licenses.offerStatus(id) == OfferStatus.Open);
        assertEq(licenses.registry(), address(registry));
    }

    // ---------------------------------------------------------------- closeOffer

    function test_closeOffer_RevertWhen_TheOfferIsNotOpen() external {
        OfferId unknown = licenses.offerId(_params(PRICE, 0));
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.OfferNotOpen.selector, unknown));
        vm.prank(publisher);
        licenses.closeOffer(unknown);
        OfferId id = _offer(PRICE, 0);
        vm.startPrank(publisher);
        licenses.closeOffer(id);
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.OfferNotOpen.selector, id));
        licenses.closeOffer(id);
        vm.stopPrank();
    }

    function test_closeOffer_RevertWhen_TheCallerIsNotThePublisher() external {
        OfferId id = _offer(PRICE, 0);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenseRegistry.OnlyPublisher.selector, address(share), publisher, stranger)
        );
        vm.prank(stranger);
        licenses.closeOffer(id);
    }

    function test_closeOffer_ItShouldEndTheSaleAndLeaveSoldLicencesValid() external {
        OfferId id = _offer(PRICE, 0);
        uint256 tokenId = _buy(id);
        vm.expectEmit(address(licenses));
        emit ILicenseRegistry.OfferClosed(id);
        vm.prank(publisher);
        licenses.closeOffer(id);
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.OfferNotOpen.selector, id));
        _buy(id);
        assertTrue(licenses.isLicensed(tokenId, address(share), buyer));
    }

    // ---------------------------------------------------------------- buy

    function test_buy_RevertWhen_TheOfferWasNeverMade() external {
        OfferId id = licenses.offerId(_params(PRICE, 0));
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.OfferNotOpen.selector, id));
        _buy(id);
    }

    function test_buy_RevertGiven_NoShareSupply() external {
        share = _dataset(address(token), CONTRIBUTOR_BPS);
        OfferId id = _offer(PRICE, 0);
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.NoShareHolders.selector, address(share)));
        _buy(id);
        _mintShares(share);
        assertEq(_buy(id), 1);
    }

    function test_buy_RevertWhen_TheTokenTakesAFee() external {
        FeeToken fee = new FeeToken(1e30);
        share = _dataset(address(fee), CONTRIBUTOR_BPS);
        _mintShares(share);
        _fundBuyer(fee);
        OfferId id = _offer(1000, 0);
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.InexactPayment.selector, 1000, 990));
        _buy(id);
    }

    function test_buy_RevertWhen_TheTokenCallsBack() external {
        ReentrantToken hostile = new ReentrantToken(1e30);
        share = _dataset(address(hostile), CONTRIBUTOR_BPS);
        _mintShares(share);
        _fundBuyer(hostile);
        OfferId id = _offer(1000, 0);
        bytes[2] memory entries =
            [abi.encodeCall(licenses.buy, (id, stranger)), abi.encodeCall(licenses.withdraw, (address(token)))];
        for (uint256 i = 0; i < entries.length; ++i) {
            hostile.callOnNextTransfer(address(licenses), entries[i]);
            vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
            _buy(id);
        }
    }

    /// @dev The contributors' part passes what a share can ever be paid: nobody pays for a licence whose income is lost.
    function test_buy_RevertWhen_TheShareCannotTakeThePayment() external {
        RewardToken abundant = new RewardToken("Abundant", "ABU", 18, type(uint256).max);
        share = _dataset(address(abundant), CONTRIBUTOR_BPS);
        _mintShares(share);
        abundant.transfer(buyer, type(uint128).max);
        vm.prank(buyer);
        abundant.approve(address(licenses), type(uint256).max);
        (uint256 contributors,) = licenses.split(address(share), type(uint128).max);
        OfferId id = _offer(type(uint128).max, 0);
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.RevenueExceeded.selector, 0, contributors));
        _buy(id);
        assertEq(licenses.balanceOf(buyer), 0);
        assertEq(abundant.balanceOf(buyer), type(uint128).max);
    }

    /// @dev Neither who sells nor who owns another dataset has a say in this one.
    function test_buy_GivenTwoDatasetsInOneToken_ItShouldKeepTheirMoneyApart() external {
        OfferId first = _offer(PRICE, 0);
        ContributorShare firstShare = share;
        vm.prank(stranger);
        share = ContributorShare(registry.createDataset("Texts", "TEXT", address(token), 10_000, 1e24));
        _mintShares(share);
        OfferParams memory params = _params(PRICE, 0);
        vm.prank(stranger);
        OfferId second = licenses.offer(params);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenseRegistry.OnlyPublisher.selector, address(firstShare), publisher, stranger)
        );
        vm.prank(stranger);
        licenses.closeOffer(first);
        uint256 firstLicence = _buy(first);
        uint256 secondLicence = _buy(second);
        assertEq(firstShare.revenuePaid(), 600_001);
        assertEq(share.revenuePaid(), PRICE);
        assertEq(licenses.proceeds(publisher, address(token)), 400_000);
        assertEq(licenses.proceeds(stranger, address(token)), 0);
        assertFalse(licenses.isLicensed(firstLicence, address(share), buyer));
        assertFalse(licenses.isLicensed(secondLicence, address(firstShare), buyer));
    }

    function test_buy_RevertWhen_TheReceiverIsZero() external {
        OfferId id = _offer(PRICE, 0);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(0)));
        vm.prank(buyer);
        licenses.buy(id, address(0));
    }

    function test_buy_ItShouldMintTheLicenceAndSplitThePrice() external {
        OfferId id = _offer(PRICE, DURATION);
        uint40 expiresAt = uint40(block.timestamp) + DURATION;
        vm.expectEmit(address(licenses));
        emit ILicenseRegistry.LicenseSold(1, id, buyer, stranger, expiresAt, 600_001, 400_000);
        vm.prank(buyer);
        uint256 tokenId = licenses.buy(id, stranger);
        assertEq(tokenId, 1);
        assertEq(licenses.ownerOf(tokenId), stranger);
        License memory bought = licenses.license(tokenId);
        assertEq(bought.dataset, address(share));
        assertEq(bought.expiresAt, expiresAt);
        assertEq(OfferId.unwrap(bought.offer), OfferId.unwrap(id));
        assertEq(token.balanceOf(buyer), 1e27 - PRICE);
        assertEq(share.revenuePaid(), 600_001);
        assertEq(licenses.proceeds(publisher, address(token)), 400_000);
        skip(7 days);
        assertApproxEqAbs(share.claimable(annotator), 600_001, 1);
        assertEq(_buy(id), 2);
    }

    function testFuzz_buy_ItShouldRoundInFavourOfTheContributors(uint16 bps, uint128 price) external {
        bps = uint16(bound(bps, 0, 10_000));
        price = uint128(bound(price, 1, 1e27));
        share = _dataset(address(token), bps);
        _mintShares(share);
        (uint256 contributors, uint256 publisherPart) = licenses.split(address(share), price);
        assertEq(contributors + publisherPart, price);
        assertGe(contributors * 10_000, uint256(price) * bps);
        assertLt(contributors * 10_000, uint256(price) * bps + 10_000);
        _buy(_offer(price, 0));
        assertEq(share.revenuePaid(), contributors);
        assertEq(licenses.proceeds(publisher, address(token)), publisherPart);
        assertEq(token.balanceOf(address(licenses)), publisherPart);
        assertEq(token.allowance(address(licenses), address(share)), 0);
    }

    function test_split_RevertWhen_TheDatasetIsUnknown() external {
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.UnknownDataset.selector, stranger));
        licenses.split(stranger, 1);
    }

    // ---------------------------------------------------------------- withdraw

    function test_withdraw_RevertWhen_TheCallerHasNoProceeds() external {
        _buy(_offer(PRICE, 0));
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.NoProceeds.selector, stranger, address(token)));
        vm.prank(stranger);
        licenses.withdraw(address(token));
    }

    function test_withdraw_ItShouldPayThePublisherAlone() external {
        OfferId id = _offer(PRICE, 0);
        _buy(id);
        _buy(id);
        vm.expectEmit(address(licenses));
        emit ILicenseRegistry.ProceedsWithdrawn(publisher, address(token), 800_000);
        vm.startPrank(publisher);
        assertEq(licenses.withdraw(address(token)), 800_000);
        assertEq(token.balanceOf(publisher), 800_000);
        assertEq(token.balanceOf(address(licenses)), 0);
        vm.expectRevert(abi.encodeWithSelector(ILicenseRegistry.NoProceeds.selector, publisher, address(token)));
        licenses.withdraw(address(token));
        vm.stopPrank();
    }

    // ---------------------------------------------------------------- isLicensed

    function test_isLicensed_WhenItIsNotTheirs_ItShouldSayNo() external {
        uint256 tokenId = _buy(_offer(PRICE, 0));
        assertTrue(licenses.isLicensed(tokenId, address(share), buyer));
        assertFalse(licenses.isLicensed(tokenId, address(share), stranger));
        assertFalse(licenses.isLicensed(tokenId, address(token), buyer));
        assertFalse(licenses.isLicensed(tokenId + 1, address(share), buyer));
        assertFalse(licenses.isLicensed(tokenId + 1, address(0), address(0)));
    }

    function test_isLicensed_GivenADuration_ItShouldSayYesUntilBeforeTheExpiry() external {
        uint256 tokenId = _buy(_offer(PRICE, DURATION));
        skip(DURATION - 1);
        assertTrue(licenses.isLicensed(tokenId, address(share), buyer));
        skip(1);
        assertFalse(licenses.isLicensed(tokenId, address(share), buyer));
    }

    function test_isLicensed_GivenNoDuration_ItShouldSayYesForEver() external {
        uint256 tokenId = _buy(_offer(PRICE, 0));
        skip(1000 * 365 days);
        assertTrue(licenses.isLicensed(tokenId, address(share), buyer));
    }

    function test_isLicensed_GivenTheLongestDuration_ItShouldExpire() external {
        uint256 tokenId = _buy(_offer(PRICE, type(uint32).max));
        skip(type(uint32).max);
        assertFalse(licenses.isLicensed(tokenId, address(share), buyer));
    }

    function test_isLicensed_WhenTheLicenceIsTransferred_ItShouldFollowTheToken() external {
        uint256 tokenId = _buy(_offer(PRICE, 0));
        vm.prank(buyer);
        licenses.transferFrom(buyer, stranger, tokenId);
        assertFalse(licenses.isLicensed(tokenId, address(share), buyer));
        assertTrue(licenses.isLicensed(tokenId, address(share), stranger));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ContributorShare} from "../contracts/ContributorShare.sol";
import {IContributorShare, Round, Stream} from "../contracts/interfaces/IContributorShare.sol";
import {ContributorShareBase} from "./ContributorShareBase.t.sol";

/// @dev Rounds and balances; see ContributorShare.tree.
contract ContributorShareTest is ContributorShareBase {
    bytes32 private constant ROUND = "round";

    // ---------------------------------------------------------------- mint

    function test_mint_RevertWhen_TheCallerIsNotTheRegistry() external {
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.OnlyRegistry.selector, stranger));
        vm.prank(stranger);
        share.mint(ROUND, 1e18);
    }

    function test_mint_RevertWhen_TheRoundWasMintedBefore() external {
        _mint(ROUND, 1e18);
        _release(ROUND, holder, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.RoundAlreadyMinted.selector, ROUND));
        _mint(ROUND, 1e18);
    }

    function test_mint_RevertWhen_TheAmountIsBelowOneShare() external {
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.MintBelowOneShare.selector, 1e18 - 1));
        _mint(ROUND, 1e18 - 1);
    }

    function test_mint_RevertWhen_TheSupplyWouldReach2To96() external {
        _mint(ROUND, type(uint96).max - 1e18);
        vm.expectRevert(
            abi.encodeWithSelector(IContributorShare.SupplyExceeded.selector, type(uint96).max - 1e18, 1e18 + 1)
        );
        _mint("next", 1e18 + 1);
        _mint("next", 1e18);
        assertEq(share.totalSupply(), type(uint96).max);
    }

    function test_mint_ItShouldMintToTheRegistryAndRecordTheRound() external {
        _give(holder, 3e18);
        _pay(7e18);
        skip(1 days);
        uint256 accumulator = share.accumulator();
        vm.expectEmit(address(share));
        emit IERC20.Transfer(address(0), registry, 2e18);
        vm.expectEmit(address(share));
        emit IContributorShare.RoundMinted(ROUND, 2e18, accumulator);
        _mint(ROUND, 2e18);
        Round memory state = share.rounds(ROUND);
        assertEq(state.left, 2e18);
        assertEq(state.accumulator, accumulator);
        assertTrue(state.minted);
        assertEq(share.balanceOf(registry), 2e18);
        assertEq(share.totalSupply(), 5e18);
    }

    function testFuzz_mint_ItShouldLeaveEveryHoldersClaimableUnchanged(
        uint96 held,
        uint96 minted,
        uint104 paid,
        uint32 time
    ) external {
        held = uint96(bound(held, 2e18, type(uint96).max - 1e18));
        minted = uint96(bound(minted, 1e18, type(uint96).max - held));
        _give(holder, held);
        _transfer(holder, other, held / 3);
        _pay(bound(paid, 1, type(uint104).max));
        skip(bound(time, 0, 8 days));
        uint256 first = share.claimable(holder);
        uint256 second = share.claimable(other);
        _mint(ROUND, minted);
        assertEq(share.claimable(holder), first);
        assertEq(share.claimable(other), second);
    }

    function test_mint_GivenRevenueThatWaited_ItShouldStartTheStreamWithTheTimeItHadLeft() external {
        _pay(7e18);
        skip(30 days);
        assertEq(share.unstreamed(), 7e18);
        _give(holder, 1e18);
        assertEq(share.stream().end, block.timestamp + WEEK);
        assertEq(share.claimable(holder), 0);
        skip(1 days);
        assertApproxEqAbs(share.claimable(holder), 1e18, 1);
        skip(WEEK);
        assertApproxEqAbs(share.claimable(holder), 7e18, 1);
    }

    // ---------------------------------------------------------------- release

    function test_release_RevertWhen_TheCallerIsNotTheRegistry() external {
        _mint(ROUND, 1e18);
        (address[] memory accounts, uint256[] memory amounts) = _one(stranger, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.OnlyRegistry.selector, stranger));
        vm.prank(stranger);
        share.release(ROUND, accounts, amounts);
    }

    function test_release_RevertWhen_TheLengthsDiffer() external {
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.LengthMismatch.selector, 2, 1));
        vm.prank(registry);
        share.release(ROUND, new address[](2), new uint256[](1));
    }

    function test_release_RevertWhen_TheRoundHasTooFewSharesLeft() external {
        _mint(ROUND, 2e18);
        _mint("other round", 5e18);
        _release(ROUND, holder, 15e17);
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.RoundExhausted.selector, ROUND, 5e17, 5e17 + 1));
        _release(ROUND, holder, 5e17 + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IContributorShare.RoundExhausted.selector, ROUND, 5e17, type(uint256).max)
        );
        _release(ROUND, holder, type(uint256).max);
    }

    function test_release_RevertWhen_TheRoundWasNeverMinted() external {
        _mint("other round", 5e18);
        vm.expectRevert(abi.encodeWithSelector(IContributorShare.RoundExhausted.selector, ROUND, 0, 1));
        _release(ROUND, holder, 1);
    }

    function test_release_RevertWhen_AnAccountCannotHoldShares() external {
        _mint(ROUND, 1e18);
        address[3] memory refused = [address(0), registry, address(share)];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, refused[i]));
            _release(ROUND, refused[i], 1);
        }
    }

    function test_release_WhenAmountsAreZero_ItShouldSkipThem() external {
        _mint(ROUND, 1e18);
        vm.recordLogs();
        _release(ROUND, address(0), 0);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(share.rounds(ROUND).left, 1e18);
    }

    function test_release_WhenAnAccountRepeats_ItShouldAddUp() external {
        _mint(ROUND, 1e18);
        _pay(1e18);
        skip(WEEK);
        (address[] memory accounts, uint256[] memory amounts) = (new address[](3), new uint256[](3));
        (accounts[0], accounts[1], accounts[2]) = (holder, other, holder);
        (amounts[0], amounts[1], amounts[2]) = (4e17, 1e17, 5e17);
        vm.prank(registry);
        share.release(ROUND, accounts, amounts);
        assertEq(share.balanceOf(holder), 9e17);
        assertApproxEqAbs(share.claimable(holder), 9e17, 1);
        assertApproxEqAbs(share.claimable(other), 1e17, 1);
    }

    function test_release_ItShouldMoveTheShares() external {
        _mint(ROUND, 3e18);
        vm.expectEmit(address(share));
        emit IERC20.Transfer(registry, holder, 2e18);
        vm.expectEmit(address(share));
        emit IContributorShare.RoundReleased(ROUND, 2e18);
        _release(ROUND, holder, 2e18);
        assertEq(share.balanceOf(holder), 2e18);
        assertEq(share.balanceOf(registry), 1e18);
        assertEq(share.rounds(ROUND).left, 1e18);
        assertEq(share.totalSupply(), 3e18);
    }

    /// @dev Both claimants have the same shares of the same round; `other` has older shares too, as has its twin.
    function testFuzz_release_ItShouldGiveALateClaimantWhatAnEarlyOneHas(
        uint88 amount,
        uint104[3] memory paid,
        uint32[3] memory time,
        uint88 older
    ) external {
        amount = uint88(bound(amount, 1e18, type(uint88).max));
        older = uint88(bound(older, 1e18, type(uint88).max));
        address twin = makeAddr("twin");
        _give(other, older);
        _give(twin, older);
        _payBounded(paid[0]);
        skip(bound(time[0], 0, 10 days));
        _mint(ROUND, 4 * uint256(amount));
        _release(ROUND, holder, amount);
        _release(ROUND, other, amount);
        for (uint256 i = 1; i < 3; ++i) {
            _payBounded(paid[i]);
            skip(bound(time[i], 0, 10 days));
        }
        _release(ROUND, stranger, amount);
        _release(ROUND, twin, amount);
        assertApproxEqAbs(share.claimable(stranger), share.claimable(holder), 1);
        assertApproxEqAbs(share.claimable(twin), share.claimable(other), 1);
        skip(1 days);
        assertApproxEqAbs(share.claimable(stranger), share.claimable(holder), 1);
        assertApproxEqAbs(share.claimable(twin), share.claimable(other), 1);
    }

    function _payBounded(uint104 paid) private {
        _pay(bound(paid, 1, type(uint104).max / 3));
    }

    // ---------------------------------------------------------------- transfer

    function test_transfer_RevertWhen_TheReceiverCannotHoldShares() external {
        _give(holder, 1e18);
        address[3] memory refused = [address(0), registry, address(share)];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, refused[i]));
            _transfer(holder, refused[i], 1);
        }
    }

    function test_transfer_RevertWhen_TheBalanceIsTooLow() external {
        _give(holder, 1e18);
        bytes memory expected =
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, holder, 1e18, 1e18 + 1);
        vm.expectRevert(expected);
        _transfer(holder, other, 1e18 + 1);
        vm.expectRevert(expected);
        _transfer(holder, holder, 1e18 + 1);
    }

    function test_transfer_WhenSentToOneself_ItShouldChangeNothing() external {
        _give(holder, 3e18);
        _pay(7e18);
        skip(1 days);
        uint256 earned = share.claimable(holder);
        vm.expectEmit(address(share));
        emit IERC20.Transfer(holder, holder, 3e18);
        _transfer(holder, holder, 3e18);
        assertEq(share.balanceOf(holder), 3e18);
        assertEq(share.claimable(holder), earned);
        skip(1 days);
        assertApproxEqAbs(share.claimable(holder), 2e18, 1);
    }

    function testFuzz_transfer_ItShouldKeepThePairsSum(
        uint96 first,
        uint96 second,
        uint96 moved,
        uint104 paid,
        uint32 time
    ) external {
        first = uint96(bound(first, 1e18, type(uint96).max / 2));
        second = uint96(bound(second, 1e18, type(uint96).max / 2));
        _give(holder, first);
        _give(other, second);
        _pay(bound(paid, 1, type(uint104).max));
        skip(bound(time, 0, 8 days));
        (uint256 of1, uint256 of2) = (share.claimable(holder), share.claimable(other));
        _transfer(holder, other, bound(moved, 0, first));
        // Stronger than the pair's sum: what was earned stays with who earned it.
        assertEq(share.claimable(holder), of1);
        assertApproxEqAbs(share.claimable(other), of2, 1);
        assertLe(share.claimable(other), of2);
    }

    function test_transfer_ItShouldLeaveWhatWasEarnedWithTheSender() external {
        _give(holder, 1e18);
        _pay(7e18);
        skip(3 days);
        _transfer(holder, other, 1e18);
        skip(4 days);
        assertApproxEqAbs(share.claimable(holder), 3e18, 1);
        assertApproxEqAbs(share.claimable(other), 4e18, 1);
    }

    function test_transfer_GivenATransferFromOfZeroByAStranger_ItShouldChangeNobodysClaimable() external {
        _give(holder, 1e18);
        _pay(1e18 + 1);
        for (uint256 i = 0; i < 20; ++i) {
            skip(1 hours + i);
            uint256 earned = share.claimable(holder);
            vm.prank(stranger);
            share.transferFrom(holder, stranger, 0);
            assertEq(share.claimable(holder), earned);
        }
        skip(WEEK);
        assertApproxEqAbs(share.claimable(holder), 1e18 + 1, 1);
    }

    // ---------------------------------------------------------------- permit

    function test_permit_ItShouldAcceptADigestRebuiltFromScratch() external {
        (address signer, uint256 key) = makeAddrAndKey("signer");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _permitDigest(share, signer, 5, 0, block.timestamp));
        share.permit(signer, stranger, 5, block.timestamp, v, r, s);
        assertEq(share.allowance(signer, stranger), 5);
        assertEq(share.nonces(signer), 1);
    }

    function test_permit_RevertWhen_ReplayedLateOrForAnotherClone() external {
        (address signer, uint256 key) = makeAddrAndKey("signer");
        uint256 deadline = block.timestamp;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _permitDigest(share, signer, 5, 0, deadline));
        ContributorShare twin = _clone("Street signs", "SIGN2", address(token));
        vm.expectPartialRevert(bytes4(keccak256("ERC2612InvalidSigner(address,address)")));
        twin.permit(signer, stranger, 5, deadline, v, r, s);
        share.permit(signer, stranger, 5, deadline, v, r, s);
        vm.expectPartialRevert(bytes4(keccak256("ERC2612InvalidSigner(address,address)")));
        share.permit(signer, stranger, 5, deadline, v, r, s);
        skip(1);
        vm.expectRevert(abi.encodeWithSignature("ERC2612ExpiredSignature(uint256)", deadline));
        share.permit(signer, stranger, 5, deadline, v, r, s);
    }

    function test_permit_ItShouldShowTheSameDomainByERC5267() external view {
        (bytes1 fields, string memory name, string memory version, uint256 chainId, address verifier, bytes32 salt,) =
            share.eip712Domain();
        assertEq(fields, hex"0f");
        assertEq(name, share.name());
        assertEq(version, "1");
        assertEq(chainId, block.chainid);
        assertEq(verifier, address(share));
        assertEq(salt, 0);
        assertEq(share.DOMAIN_SEPARATOR(), _domain(share));
    }

    function _domain(ContributorShare clone) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Street signs"),
                keccak256("1"),
                block.chainid,
                clone
            )
        );
    }

    function _permitDigest(ContributorShare clone, address owner, uint256 value, uint256 nonce, uint256 deadline)
        private
        view
        returns (bytes32)
    {
        bytes32 message = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                owner,
                stranger,
                value,
                nonce,
                deadline
            )
        );
        return keccak256(abi.encodePacked(hex"1901", _domain(clone), message));
    }

    // ---------------------------------------------------------------- immutable arguments

    function test_arguments_ItShouldReadThemFromTheClone() external {
        assertEq(share.name(), "Street signs");
        assertEq(share.symbol(), "SIGN");
        assertEq(share.decimals(), 18);
        assertEq(share.revenueToken(), address(token));
        assertEq(share.registry(), registry);
        string memory longest = "1234567890123456789012345678901";
        ContributorShare second = _clone(longest, "", address(1));
        assertEq(second.name(), longest);
        assertEq(second.symbol(), "");
        assertEq(second.revenueToken(), address(1));
    }

    function test_arguments_ItShouldOfferNoInitialiser() external {
        string[3] memory signatures =
            ["initialize()", "initialize(string,string)", "initialize(bytes32,bytes32,address)"];
        for (uint256 i = 0; i < 3; ++i) {
            (bool ok,) = address(share).call(abi.encodeWithSignature(signatures[i], "a", "b", address(this)));
            assertFalse(ok);
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {Test} from "forge-std/Test.sol";

import {ContributorShare} from "../contracts/ContributorShare.sol";
import {RewardToken} from "../contracts/mocks/RewardToken.sol";

/// @dev A share and its people. The registry is an account of the test: the share asks nothing else of it.
abstract contract ContributorShareBase is Test {
    uint256 internal constant WEEK = 7 days;
    uint256 internal constant SCALE = 1 << 104;

    address internal registry = makeAddr("registry");
    address internal payer = makeAddr("payer");
    address internal holder = makeAddr("holder");
    address internal other = makeAddr("other");
    address internal stranger = makeAddr("stranger");

    ContributorShare internal implementation;
    RewardToken internal token;
    ContributorShare internal share;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        implementation = new ContributorShare(registry);
        token = new RewardToken("Dollar", "USD", 6, type(uint128).max);
        share = _clone(address(token));
        _fund(address(token), address(share));
    }

    function _clone(address revenueToken) internal returns (ContributorShare) {
        return _clone("Street signs", "SIGN", revenueToken);
    }

    function _clone(string memory name, string memory symbol, address revenueToken)
        internal
        returns (ContributorShare)
    {
        bytes memory args = abi.encode(
            ShortStrings.toShortString(name), ShortStrings.toShortString(symbol), revenueToken
        );
        return
            ContributorShare(Clones.cloneDeterministicWithImmutableArgs(address(implementation), args, keccak256(args)));
    }

    /// @dev Gives the payer half of what the test has and lets `spender` take it. The call ignores return values, as some
    /// tokens have none.
    function _fund(address revenueToken, address spender) internal {
        uint256 amount = RewardToken(revenueToken).balanceOf(address(this)) / 2;
        (bool sent,) = revenueToken.call(abi.encodeCall(token.transfer, (payer, amount)));
        vm.prank(payer);
        (bool approved,) = revenueToken.call(abi.encodeCall(token.approve, (spender, type(uint256).max)));
        assertTrue(sent && approved);
    }

    function _mint(bytes32 round, uint256 amount) internal {
        vm.prank(registry);
        share.mint(round, amount);
    }

    function _release(bytes32 round, address account, uint256 amount) internal {
        (address[] memory accounts, uint256[] memory amounts) = _one(account, amount);
        vm.prank(registry);
        share.release(round, accounts, amounts);
    }

    /// @dev A new round, all of it in the account's hands.
    function _give(address account, uint256 amount) internal {
        bytes32 round = keccak256(abi.encode(account, amount, block.timestamp));
        _mint(round, amount);
        _release(round, account, amount);
    }

    function _pay(uint256 amount) internal {
        vm.prank(payer);
        share.payRevenue(amount);
    }

    function _transfer(address from, address to, uint256 amount) internal {
        vm.prank(from);
        share.transfer(to, amount);
    }

    function _one(address account, uint256 amount)
        internal
        pure
        returns (address[] memory accounts, uint256[] memory amounts)
    {
        (accounts, amounts) = (new address[](1), new uint256[](1));
        (accounts[0], amounts[0]) = (account, amount);
    }
}

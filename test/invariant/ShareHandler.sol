// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdAssertions} from "forge-std/StdAssertions.sol";
import {StdUtils} from "forge-std/StdUtils.sol";

import {ContributorShare} from "../../contracts/ContributorShare.sol";
import {RewardToken} from "../../contracts/mocks/RewardToken.sol";

/// @dev Moves a share as its registry, payer and holders would, and checks around each move what that move may change.
/// None of its calls reverts: bounds keep each within what the contract accepts.
contract ShareHandler is CommonBase, StdAssertions, StdUtils {
    uint256 private constant SCALE = 1 << 104;

    ContributorShare public immutable share;
    RewardToken public immutable token;
    address public immutable registry;

    address[] public holders;
    bytes32[] public rounds;

    uint256 public minted;
    uint256 public paid;
    uint256 public claimed;
    /// @dev Scaled; what the rounded means may have kept at most.
    uint256 public kept;
    uint256 public lastAccumulator;

    constructor(ContributorShare share_, RewardToken token_, address registry_) {
        (share, token, registry) = (share_, token_, registry_);
        for (uint256 i = 0; i < 5; ++i) {
            holders.push(address(uint160(uint256(keccak256(abi.encode("holder", i))))));
        }
        token.approve(address(share), type(uint256).max);
    }

    /// @dev Whatever is called, revenue per share only grows, and no wallet and no claim grows but by what it says.
    modifier checked() {
        _;
        uint256 accumulator = share.accumulator();
        assertGe(accumulator, lastAccumulator, "15: the accumulator fell");
        lastAccumulator = accumulator;
    }

    // ---------------------------------------------------------------- moves

    function pay(uint256 amount, bool dust) external checked {
        amount = dust ? bound(amount, 1, 1000) : bound(amount, 1, (uint256(1) << 104) / 100);
        if (paid + amount >= 1 << 104) return;
        uint256[] memory before = _wealth();
        assertEq(share.payRevenue(amount), amount);
        paid += amount;
        _assertWealth(before, 0, 0, "16: a payment paid at once");
    }

    function mint(uint256 amount, bool large) external checked {
        uint256 room = type(uint96).max - share.totalSupply();
        if (room < 1e18) return;
        uint256 most = large || room < 1e24 ? room : 1e24;
        amount = bound(amount, 1e18, most);
        bytes32 round = keccak256(abi.encode("round", rounds.length));
        uint256[] memory before = _wealth();
        vm.prank(registry);
        share.mint(round, amount);
        rounds.push(round);
        minted += amount;
        _assertWealth(before, 0, 0, "13: a mint changed a claim");
    }

    function release(uint256 roundSeed, uint256[3] memory holderSeeds, uint256[3] memory parts) external checked {
        if (rounds.length == 0) return;
        bytes32 round = rounds[roundSeed % rounds.length];
        uint256 left = share.rounds(round).left;
        (address[] memory accounts, uint256[] memory amounts) = (new address[](3), new uint256[](3));
        for (uint256 i = 0; i < 3; ++i) {
            accounts[i] = _holder(holderSeeds[i]);
            amounts[i] = i == 2 && parts[2] % 2 == 0 ? left : bound(parts[i], 0, left);
            left -= amounts[i];
        }
        _releaseChecked(round, accounts, amounts);
    }

    function transfer(uint256 fromSeed, uint256 toSeed, uint256 amount, bool all) external checked {
        (address from, address to) = (_holder(fromSeed), _holder(toSeed));
        uint256 balance = share.balanceOf(from);
        amount = all ? balance : bound(amount, 0, balance);
        uint256[] memory before = _wealth();
        vm.prank(from);
        assertTrue(share.transfer(to, amount));
        kept += share.balanceOf(to);
        _assertWealth(before, 1, 0, "13: a transfer moved a claim");
    }

    function claim(uint256 seed, bool byOther) external checked {
        address account = _holder(seed);
        uint256 expected = share.claimable(account);
        uint256[] memory before = _wealth();
        if (!byOther) vm.prank(account);
        uint256 amount = byOther ? share.claimRevenueFor(account) : share.claimRevenue();
        assertEq(amount, expected, "claimable was not what a claim paid");
        claimed += amount;
        _assertWealth(before, 0, 0, "a claim changed more than its place");
    }

    function wait(uint256 time, bool short) external checked {
        time = bound(time, 1, short ? 15 : 9 days);
        (uint256 supply, uint256 streaming) = (share.totalSupply(), share.unstreamed());
        uint256[] memory before = _wealth();
        vm.warp(block.timestamp + time);
        uint256 moved = streaming - share.unstreamed();
        uint256[] memory later = _wealth();
        for (uint256 i = 0; i < holders.length; ++i) {
            uint256 part = supply == 0 ? 0 : share.balanceOf(holders[i]) * moved / supply;
            assertLe(later[i] - before[i], part + 2, "16: more than the stream of that time");
        }
    }

    // ---------------------------------------------------------------- views

    function holderCount() external view returns (uint256) {
        return holders.length;
    }

    function roundCount() external view returns (uint256) {
        return rounds.length;
    }

    /// @dev A released share brings what it earned since its round was minted: no more, and at most a unit less.
    function _releaseChecked(bytes32 round, address[] memory accounts, uint256[] memory amounts) private {
        uint256 earned = share.accumulator() - share.rounds(round).accumulator;
        uint256[] memory before = _wealth();
        vm.prank(registry);
        share.release(round, accounts, amounts);
        uint256[] memory later = _wealth();
        for (uint256 i = 0; i < holders.length; ++i) {
            uint256 received = 0;
            for (uint256 k = 0; k < 3; ++k) {
                if (accounts[k] != holders[i]) continue;
                received += amounts[k];
                kept += share.balanceOf(holders[i]);
            }
            uint256 part = received * earned / SCALE;
            assertLe(later[i], before[i] + part + 1, "a late release gained");
            assertGe(later[i] + 1, before[i] + part, "a late release lost");
        }
    }

    function _holder(uint256 seed) private view returns (address) {
        return holders[seed % holders.length];
    }

    /// @dev Of each holder, what it has been paid and what it may claim.
    function _wealth() private view returns (uint256[] memory wealth) {
        wealth = new uint256[](holders.length);
        for (uint256 i = 0; i < holders.length; ++i) {
            wealth[i] = token.balanceOf(holders[i]) + share.claimable(holders[i]);
        }
    }

    function _assertWealth(uint256[] memory before, uint256 less, uint256 more, string memory message) private view {
        uint256[] memory later = _wealth();
        for (uint256 i = 0; i < holders.length; ++i) {
            assertLe(later[i], before[i] + more, message);
            assertGe(later[i] + less, before[i], message);
        }
    }
}

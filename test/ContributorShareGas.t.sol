// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributorShareBase} from "./ContributorShareBase.t.sol";

/// @dev What calls cost as transactions of their own, with revenue streaming, for accounts that have called before. With
/// isolation the figures are those of receipts; the budgets are upper bounds of these. The figures are kept as data in
/// snapshots/.
/// forge-config: default.isolate = true
contract ContributorShareGasTest is ContributorShareBase {
    string private constant GROUP = "ContributorShare";

    function setUp() public override {
        super.setUp();
        _give(holder, 100e18);
        _give(other, 100e18);
        _pay(100e6);
        skip(1 days);
        _pay(100e6);
        _transfer(holder, other, 1e18);
        _transfer(other, holder, 1e18);
        _claim(holder);
        _claim(other);
        skip(1 days);
    }

    function _claim(address account) private {
        vm.prank(account);
        share.claimRevenue();
    }

    function _record(string memory name, uint256 budget) private {
        assertLe(vm.snapshotGasLastCall(GROUP, name), budget);
    }

    function test_gas_payRevenue() external {
        _pay(100e6);
        _record("payRevenue", 85_000);
    }

    function test_gas_claimRevenue() external {
        _claim(holder);
        _record("claimRevenue", 65_000);
    }

    function test_gas_claimRevenueFor() external {
        share.claimRevenueFor(holder);
        _record("claimRevenueFor", 65_000);
    }

    function test_gas_transfer() external {
        _transfer(holder, other, 1e18);
        _record("transfer, held", 60_000);
    }

    function test_gas_transferToANewHolder() external {
        _transfer(holder, stranger, 1e18);
        _record("transfer, new holder", 75_000);
    }

    function test_gas_mint() external {
        _mint("round", 100e18);
        _record("mint", 95_000);
    }

    /// @dev The worst case of release: every held account has earned, and so has the round.
    function test_gas_release() external {
        _mint("new", 100e18);
        _mint("held", 100e18);
        address[] memory first = _accounts("first", 100);
        _releaseAll("new", first);
        _record("release to 100, new", 100 * 30_000);
        skip(1 hours);
        _releaseAll("held", first);
        _record("release to 100, held", 100 * 12_000);
    }

    function _releaseAll(bytes32 round, address[] memory accounts) private {
        uint256[] memory amounts = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            amounts[i] = 1e18;
        }
        vm.prank(registry);
        share.release(round, accounts, amounts);
    }

    function _accounts(string memory seed, uint256 count) private pure returns (address[] memory accounts) {
        accounts = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            accounts[i] = address(uint160(uint256(keccak256(abi.encode(seed, i)))));
        }
    }
}

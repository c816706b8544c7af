// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Token moves that measure instead of trusting
library Tokens {
    using SafeERC20 for IERC20;

    /// @dev Enough for any honest token's transfer, so that a caller cannot make one fail by sending too little gas.
    uint256 internal constant PUSH_GAS = 150_000;

    /// @notice Too little gas is left to give a transfer its floor.
    error GasFloor(uint256 left, uint256 needed);

    /// @notice Our balance of the token is not what the transfers so far must have left.
    error UnexpectedBalance(address token, uint256 expected, uint256 actual);

    function balance(address token) internal view returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }

    /// @notice Pulls `amount` from the caller, and from nobody else ever, and returns what arrived.
    function pull(address token, uint256 amount) internal returns (uint256 received) {
        uint256 before = balance(token);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 later = balance(token);
        if (later < before) revert UnexpectedBalance(token, before, later);
        received = later - before;
    }

    /// @notice Pays `to` or reverts.
    function push(address token, address to, uint256 amount) internal {
        IERC20(token).safeTransfer(to, amount);
    }

    /// @notice Tries to pay `to` with a fixed ration of gas. False says that the token reported failure; whether it moved
    /// anything all the same is for the caller to measure.
    function tryPush(address token, address to, uint256 amount) internal returns (bool) {
        // 63/64 of the gas left must cover the ration (EIP-150), or a caller could starve it.
        uint256 needed = PUSH_GAS + PUSH_GAS / 32;
        if (gasleft() < needed) revert GasFloor(gasleft(), needed);
        bool ok;
        uint256 size;
        uint256 word;
        // Without allocation: batches call this for each leaf. Whatever more a token returns is not copied.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, shl(224, 0xa9059cbb)) // transfer(address,uint256)
            mstore(add(free, 0x04), shr(96, shl(96, to)))
            mstore(add(free, 0x24), amount)
            mstore(0x00, 0)
            ok := call(PUSH_GAS, token, 0, free, 0x44, 0x00, 0x20)
            size := returndatasize()
            word := mload(0x00)
        }
        if (!ok) return false;
        return size == 0 ? token.code.length != 0 : size >= 32 && word == 1;
    }

    function requireBalance(address token, uint256 expected) internal view {
        uint256 actual = balance(token);
        if (actual != expected) revert UnexpectedBalance(token, expected, actual);
    }
}

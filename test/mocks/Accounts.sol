// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A contract account that agrees to everything it is asked to have signed (ERC-1271).
contract AgreeableAccount {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return 0x1626ba7e;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Hashes of past blocks
library BlockHashes {
    /// @dev The history contract of EIP-2935: 8,191 blocks where it exists.
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// @notice The hash of block `number`, or zero where the chain no longer (or not yet) tells it.
    function at(uint256 number) internal view returns (bytes32 value) {
        value = blockhash(number);
        if (value != 0 || number >= block.number) return value;
        (bool ok, bytes memory result) = HISTORY.staticcall(abi.encode(number));
        // forge-lint: disable-next-line(unsafe-typecast): 32 bytes exactly
        if (ok && result.length == 32) value = bytes32(result);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A source of seeds for chains on which a block's hash is not one
interface IRandomness {
    /// @notice Asks for the value of `key`. Called once the roster is fixed; again if the value failed to come.
    function request(bytes32 key) external;

    /// @notice The value of `key`, or zero while there is none. Must be unknown at the time of the request and, once
    /// there, never change.
    function valueOf(bytes32 key) external view returns (bytes32);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoolId, PoolParams} from "../types/Types.sol";

/// @title Events and errors of the ledger, pools and seats
interface IVaultEvents {
    /// @notice `account` owns `amount` more free credit.
    event Credited(address indexed token, address indexed account, uint256 amount);
    /// @notice `account` spent or withdrew `amount` of free credit.
    event Debited(address indexed token, address indexed account, uint256 amount);
    /// @notice `amount` was burned: it stays in the contract and nobody can ever take it out.
    event Burned(address indexed token, uint256 amount);
    event PoolCreated(PoolId indexed pool, address indexed oracle, PoolParams params);
    event Joined(PoolId indexed pool, address indexed annotator, uint96 stake);
    /// @notice A slashed seat is whole again.
    event Refilled(PoolId indexed pool, address indexed annotator, uint96 amount);
    /// @notice The seat takes no new work and may be withdrawn from `releaseAt` on, or once all places taken so far are free.
    event Left(PoolId indexed pool, address indexed annotator, uint40 releaseAt);
    event SeatWithdrawn(PoolId indexed pool, address indexed annotator, uint96 stake);

    error NotAllowed(address caller, address needed);
    error ZeroAddress();
    error ZeroAmount();
    error InexactTransfer(address token, uint256 asked, uint256 received);
    error InsufficientCredit(address token, address account, uint256 available, uint256 needed);
    error PoolExists(PoolId pool);
    error UnknownPool(PoolId pool);
    error PoolFull(PoolId pool, uint16 maxOpen);
    error UnbondingTooShort(uint256 hardEnd, uint256 latest);
    error AlreadySeated(PoolId pool, address annotator);
    error NotSeated(PoolId pool, address annotator);
    error AlreadyLeaving(PoolId pool, address annotator, uint40 releaseAt);
    error SeatWhole(PoolId pool, address annotator);
    error SeatLocked(PoolId pool, address annotator, uint40 releaseAt);
    error GateRefused(address gate, address annotator);
}

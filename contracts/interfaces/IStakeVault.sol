// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pool, PoolId, PoolParams, Seat} from "../types/Types.sol";
import {IVaultEvents} from "./IVaultEvents.sol";

/// @title Ledger, pools and seats
/// @notice Holds every token of the protocol in one ledger per token: free credit, seat stakes, bonds, escrows and what
/// was burned. Whatever a call takes comes out of the caller's credit first and out of the wallet for the rest, and must
/// arrive exactly; tokens that keep a fee on transfer are put in by `deposit`, which credits what was measured. Tokens whose
/// balances change by themselves are not supported: credits stay what they were, claims may wait until amounts are exact,
/// and what is missing is missing in that token alone.
interface IStakeVault is IVaultEvents {
    /// @notice Puts tokens into the caller's credit.
    /// @return received What arrived, which is what is credited.
    function deposit(address token, uint256 amount) external returns (uint256 received);

    /// @notice The same with the caller's ERC-2612 permit for this contract in place of an approval.
    function depositWithPermit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 received);

    /// @notice Pays `amount` of the caller's credit to the caller.
    function withdraw(address token, uint256 amount) external;

    /// @notice Pays all credit of `account` to `account`. Anyone may call.
    function withdrawFor(address token, address account) external;

    /// @notice Opens a pool. Only the oracle named in it may.
    function createPool(PoolParams calldata params) external returns (PoolId pool);

    /// @notice Takes a seat for the caller at the pool's uniform stake.
    /// @param evidence What the pool's gate asks for; empty where there is none.
    function join(PoolParams calldata params, bytes calldata evidence) external;

    /// @notice Makes the caller's slashed seat whole again: from then on it may be on rosters.
    function refill(PoolParams calldata params) external;

    /// @notice Starts leaving: no new work from now on. The stake stays until every campaign accepted so far has given its
    /// place back, or must have by the latest; no later campaign prolongs this.
    function leave(PoolId pool) external;

    /// @notice Turns the stake of a seat that has left into its annotator's credit. Anyone may call.
    function withdrawSeat(PoolParams calldata params, address annotator) external;

    function creditOf(address token, address account) external view returns (uint256);

    function burnedOf(address token) external view returns (uint256);

    function poolOf(PoolId pool) external view returns (Pool memory);

    function seatOf(PoolId pool, address annotator) external view returns (Seat memory);

    function poolIdOf(PoolParams calldata params) external view returns (PoolId);
}

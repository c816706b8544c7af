// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignParams, PoolParams} from "../types/Types.sol";
import {IArbitrable} from "./IArbitration.sol";
import {IRegistryEvents} from "./IRegistryEvents.sol";

/// @title Contests of a proposed settlement
/// @notice Whoever recomputes a proposal and finds it wrong challenges it with a bond of the proposer's size. The pool's
/// arbitrator judges the settlement as a whole, whatever the challenge says of it. Of what the loser put up one half is
/// burned; the other is the winner's, less the arbitration refund to whoever paid the arbitrator. Without a ruling each
/// side loses an eighth, burned, and the proposal falls.
interface IDisputes is IRegistryEvents, IArbitrable {
    /// @notice Contests the proposal at hand within its window, with a bond that doubles with each challenge it withstood,
    /// three at most.
    /// @param proposal keccak256(abi.encode(settlement)) of what is challenged: a challenge that comes too late for one
    /// proposal does not hit the next.
    /// @param maxBond The most that the caller puts up.
    /// @param evidence Where the reasons are, or the reasons (ERC-1497); empty to add them later.
    function challenge(
        PoolParams calldata pool,
        CampaignParams calldata params,
        bytes32 proposal,
        uint256 maxBond,
        string calldata evidence
    ) external;

    /// @notice Brings the contest before the pool's arbitrator and pays its fee, in ether; what was sent beyond it comes
    /// back. Anyone may: the loser's bond pays the pool's arbitration refund, in its token, to the caller.
    function requestRuling(PoolParams calldata pool, CampaignParams calldata params) external payable;

    /// @notice Adds evidence on a proposal or a contest (ERC-1497). Anyone may.
    function submitEvidence(PoolParams calldata pool, CampaignParams calldata params, string calldata evidence) external;

    /// @notice Applies the ruling, or the lack of one once the ruling period is over. Anyone may.
    function resolve(PoolParams calldata pool, CampaignParams calldata params) external;
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignParams, Inclusion, PayoutLeaf, PoolParams} from "../types/Types.sol";
import {IRegistryEvents} from "./IRegistryEvents.sol";

/// @title Slashing with consent
interface ISlashing is IRegistryEvents {
    /// @notice Takes a leaf's slash from the seat of its account: 5% to the caller's credit, the rest burned. Once per
    /// campaign and account, until the campaign's place is free. Anyone may.
    /// @dev Needs the account's signed commitment, included in time: `cumulativeCount` of it times `stakePerLabel` must
    /// cover the slash, never in part. At most seatStake / maxOpen: no campaign can eat what covers another.
    function slash(
        PoolParams calldata pool,
        CampaignParams calldata params,
        PayoutLeaf calldata leaf,
        bytes32[] calldata proof,
        Inclusion calldata inclusion
    ) external;
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoolId} from "../types/Types.sol";

/// @title Who may join a pool
interface IGate {
    /// @notice Whether `annotator` may join `pool`.
    /// @param evidence What the annotator brings along, in the gate's own form.
    function admits(PoolId pool, address annotator, bytes calldata evidence) external view returns (bool);
}

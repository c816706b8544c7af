// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoolId} from "../types/Types.sol";

/// @title Who may join a pool
/// @notice A pool names its gate when it is made and never changes it. The registry asks once for each seat, at `join`;
/// a seat that is taken stays taken, whatever the gate would say later.
interface IGate {
    /// @notice Whether `annotator` may join `pool`.
    /// @dev For evidence it cannot read a gate answers false rather than reverting: the registry then names the gate and
    /// the account in `GateRefused`. A gate that reverts, or is no contract, lets nobody in. It is asked by a static call
    /// and can change nothing.
    /// @param evidence What the annotator brings along, in the gate's own form.
    function admits(PoolId pool, address annotator, bytes calldata evidence) external view returns (bool);
}

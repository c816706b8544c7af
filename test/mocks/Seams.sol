// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGate} from "../../contracts/interfaces/IGate.sol";
import {IRandomness} from "../../contracts/interfaces/IRandomness.sol";
import {PoolId} from "../../contracts/types/Types.sol";

/// @notice Admits one account that brings the right evidence along.
contract NameGate is IGate {
    address private immutable _named;

    constructor(address named) {
        _named = named;
    }

    function admits(PoolId pool, address annotator, bytes calldata evidence) external view returns (bool) {
        return annotator == _named && keccak256(evidence) == keccak256(abi.encode(pool, annotator));
    }
}

/// @notice A source whose values come when the test says so.
contract ManualRandomness is IRandomness {
    mapping(bytes32 key => bytes32) public valueOf;
    mapping(bytes32 key => uint256) public requests;

    function request(bytes32 key) external {
        ++requests[key];
    }

    function fulfil(bytes32 key, bytes32 value) external {
        valueOf[key] = value;
    }
}

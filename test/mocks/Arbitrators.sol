// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbitrable, IArbitrator} from "../../contracts/interfaces/IArbitration.sol";

// Arbitrators that do what none should.

/// @notice Does as it is told: costs anything, names any dispute, rules anything, whenever and how often.
contract PuppetArbitrator is IArbitrator {
    uint256 private _cost;
    uint256 private _nextId;

    function set(uint256 cost, uint256 nextId) external {
        (_cost, _nextId) = (cost, nextId);
    }

    function createDispute(uint256, bytes calldata) external payable returns (uint256) {
        return _nextId;
    }

    function rule(IArbitrable arbitrable, uint256 disputeId, uint256 ruling) external {
        arbitrable.rule(disputeId, ruling);
    }

    function arbitrationCost(bytes calldata) external view returns (uint256) {
        return _cost;
    }
}

/// @notice Takes no disputes.
contract DeadArbitrator is IArbitrator {
    error Closed();

    function createDispute(uint256, bytes calldata) external payable returns (uint256) {
        revert Closed();
    }

    function arbitrationCost(bytes calldata) external pure returns (uint256) {
        return 0;
    }
}

/// @notice Calls its arbitrable in the middle of the dispute's creation, and passes its revert on.
contract ReentrantArbitrator is IArbitrator {
    bytes private _data;

    function setCall(bytes calldata data) external {
        _data = data;
    }

    function createDispute(uint256, bytes calldata) external payable returns (uint256) {
        (bool ok, bytes memory reason) = msg.sender.call(_data);
        if (ok) return 1;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }

    function arbitrationCost(bytes calldata) external pure returns (uint256) {
        return 0;
    }
}

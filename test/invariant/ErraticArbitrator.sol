// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbitrable, IArbitrator} from "../../contracts/interfaces/IArbitration.sol";

/// @notice An arbitrator of no use: asks absurd fees, closes, names disputes that run already, rules before it was
/// asked, and whatever else, whenever and as often as it is told to.
contract ErraticArbitrator is IArbitrator {
    enum Mood {
        Fair,
        Hasty,
        Overpriced,
        Closed,
        Unpriced
    }

    Mood private _mood;
    uint256 private _price;
    uint256 private _nextId;
    /// @notice Whether a ruling was ever taken before the dispute was known.
    bool public ruledTooEarly;

    error ClosedToday();

    function behave(Mood mood, uint256 price, uint256 nextId) external {
        (_mood, _price, _nextId) = (mood, price, nextId);
    }

    function createDispute(uint256, bytes calldata) external payable returns (uint256) {
        if (_mood == Mood.Closed) revert ClosedToday();
        if (_mood == Mood.Hasty) {
            try IArbitrable(msg.sender).rule(_nextId, 2) {
                ruledTooEarly = true;
            } catch {}
        }
        return _nextId;
    }

    function rule(IArbitrable arbitrable, uint256 disputeId, uint256 ruling) external {
        arbitrable.rule(disputeId, ruling);
    }

    function arbitrationCost(bytes calldata) external view returns (uint256) {
        if (_mood == Mood.Unpriced) revert ClosedToday();
        return _mood == Mood.Overpriced ? type(uint256).max : _price;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbitrable, IArbitrator} from "../interfaces/IArbitration.sol";

/// @title Arbitrator for local chains
/// @notice One account rules on everything (ERC-792). Trusts that account; for trying things out.
contract CentralArbitrator is IArbitrator {
    address public immutable judge;
    uint256 private immutable _cost;

    mapping(uint256 disputeId => address) public arbitrableOf;
    mapping(uint256 disputeId => bool) public ruled;
    uint256 public disputes;

    error NotTheJudge(address caller);
    error FeeNotPaid(uint256 sent, uint256 cost);
    error NoSuchDispute(uint256 disputeId);
    error RuledBefore(uint256 disputeId);

    event DisputeCreation(uint256 indexed _disputeID, address indexed _arbitrable);

    /// @param cost In wei.
    constructor(address judge_, uint256 cost) {
        (judge, _cost) = (judge_, cost);
    }

    /// @inheritdoc IArbitrator
    function createDispute(uint256, bytes calldata) external payable returns (uint256 disputeId) {
        if (msg.value != _cost) revert FeeNotPaid(msg.value, _cost);
        disputeId = ++disputes;
        arbitrableOf[disputeId] = msg.sender;
        emit DisputeCreation(disputeId, msg.sender);
    }

    /// @notice Rules once, and collects the fee.
    function giveRuling(uint256 disputeId, uint256 ruling) external {
        if (msg.sender != judge) revert NotTheJudge(msg.sender);
        address arbitrable = arbitrableOf[disputeId];
        if (arbitrable == address(0)) revert NoSuchDispute(disputeId);
        if (ruled[disputeId]) revert RuledBefore(disputeId);
        ruled[disputeId] = true;
        IArbitrable(arbitrable).rule(disputeId, ruling);
        (bool paid,) = msg.sender.call{value: _cost}("");
        assert(paid);
    }

    /// @inheritdoc IArbitrator
    function arbitrationCost(bytes calldata) external view returns (uint256) {
        return _cost;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title An arbitrator (ERC-792)
interface IArbitrator {
    /// @notice Opens a dispute with rulings 1 to `choices` for its caller; costs what `arbitrationCost` says, in ether.
    function createDispute(uint256 choices, bytes calldata extraData) external payable returns (uint256 disputeId);

    function arbitrationCost(bytes calldata extraData) external view returns (uint256 cost);
}

/// @title What arbitrators call and their interfaces read (ERC-792, ERC-1497)
interface IArbitrable {
    event Ruling(address indexed _arbitrator, uint256 indexed _disputeID, uint256 _ruling);
    event Dispute(
        address indexed _arbitrator, uint256 indexed _disputeID, uint256 _metaEvidenceID, uint256 _evidenceGroupID
    );
    event Evidence(
        address indexed _arbitrator, uint256 indexed _evidenceGroupID, address indexed _party, string _evidence
    );

    /// @notice Records a ruling: 1 for the proposer, 2 for the challenger, 0 for neither. Once per dispute, by the
    /// arbitrator it was opened at, in the ruling period. Moves nothing: whoever likes applies it with `resolve`.
    function rule(uint256 disputeId, uint256 ruling) external;
}

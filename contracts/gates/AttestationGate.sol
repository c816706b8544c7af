// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGate} from "../interfaces/IGate.sol";
import {PoolId} from "../types/Types.sol";
import {Attestation, IEAS} from "./IEAS.sol";

/// @title Admits accounts that an issuer attests to
/// @notice Reads the Ethereum Attestation Service: an account is admitted while it is the recipient of an attestation of
/// one schema by one issuer that is neither revoked nor expired. The evidence is `abi.encode(bytes32 uid)`.
/// @dev Asked at `join` alone: an attestation revoked later takes no seat away, which nobody could do (trust rule 1). What
/// the attestation's data says is not read: the schema is the statement, the issuer answers for it.
contract AttestationGate is IGate {
    /// @notice The attestation service.
    IEAS public immutable eas;
    /// @notice Uid of the schema.
    bytes32 public immutable schema;
    /// @notice Whose attestations count: the attester, by transaction or by delegated signature.
    address public immutable issuer;

    /// @notice There is no attestation service at this address.
    error NoAttestationService(address eas);

    /// @notice Zero is the schema of attestations that do not exist.
    error SchemaIsZero();

    /// @notice Nobody can attest as the zero address.
    error IssuerIsZero();

    constructor(IEAS eas_, bytes32 schema_, address issuer_) {
        if (address(eas_).code.length == 0) revert NoAttestationService(address(eas_));
        if (schema_ == 0) revert SchemaIsZero();
        if (issuer_ == address(0)) revert IssuerIsZero();
        (eas, schema, issuer) = (eas_, schema_, issuer_);
    }

    /// @inheritdoc IGate
    function admits(PoolId, address annotator, bytes calldata evidence) external view returns (bool) {
        if (evidence.length != 32) return false;
        Attestation memory found = eas.getAttestation(bytes32(evidence));
        // One that does not exist is all zero, and our schema is not.
        if (found.schema != schema || found.attester != issuer || found.recipient != annotator) return false;
        return found.revocationTime == 0 && !_expired(found.expirationTime);
    }

    /// @dev As the service itself sees it: not valid any more at the second named.
    function _expired(uint64 expirationTime) private view returns (bool) {
        // An issuer's dates are days apart: the seconds by which a proposer can shift a block's time decide nothing.
        // forge-lint: disable-next-line(block-timestamp)
        return expirationTime != 0 && block.timestamp >= expirationTime;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice An attestation, laid out as every published version of the Ethereum Attestation Service returns it (`Common.sol`
/// of its contracts).
struct Attestation {
    bytes32 uid;
    bytes32 schema;
    uint64 time;
    /// First second at which it is no longer valid; zero if there is none.
    uint64 expirationTime;
    /// When it was revoked; zero if it was not.
    uint64 revocationTime;
    bytes32 refUID;
    address recipient;
    address attester;
    bool revocable;
    bytes data;
}

/// @title What is asked of the Ethereum Attestation Service (https://attest.org)
interface IEAS {
    /// @notice The attestation of that uid; all zero if there is none.
    function getAttestation(bytes32 uid) external view returns (Attestation memory);
}

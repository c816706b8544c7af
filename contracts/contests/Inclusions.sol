// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RegistryState} from "../base/RegistryState.sol";
import {Leaves} from "../libraries/Leaves.sol";
import {TypedData} from "../libraries/TypedData.sol";
import {CampaignId, Commit, Inclusion} from "../types/Types.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @title What the chain knows of commitments
abstract contract Inclusions is RegistryState {
    /// @dev Requires that the annotator signed the commitment and that it was in time; what was committed alone is both.
    function _requireSignedAndIncluded(CampaignId id, Inclusion calldata inclusion)
        internal
        view
        returns (bytes32 commitHash)
    {
        commitHash = TypedData.hash(id, inclusion.commit);
        bool alone = inclusion.signature.length == 0;
        if (!alone && !TypedData.isSignedBy(inclusion.annotator, commitHash, inclusion.signature)) {
            revert InvalidSignature(inclusion.annotator, commitHash);
        }
        bool included = alone
            ? _isAlone(id, inclusion.annotator, inclusion.commit, commitHash)
            : _isUnderRoot(id, inclusion.annotator, inclusion.commit, commitHash, inclusion.proof);
        if (!included) revert NotIncluded(id, inclusion.annotator, commitHash);
    }

    function _isAlone(CampaignId id, address annotator, Commit calldata commit, bytes32 commitHash)
        internal
        view
        returns (bool)
    {
        return _commits[id][annotator][commit.batch] == commitHash;
    }

    function _isUnderRoot(
        CampaignId id,
        address annotator,
        Commit calldata commit,
        bytes32 commitHash,
        bytes32[] calldata proof
    ) internal view returns (bool) {
        bytes32 leaf = Leaves.included(Leaves.domain("AGGREGATE.v1", id), annotator, commitHash);
        return MerkleProof.verifyCalldata(proof, _roundRoots[id][commit.round], leaf);
    }
}

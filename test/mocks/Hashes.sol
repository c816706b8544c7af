// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ids} from "../../contracts/libraries/Ids.sol";
import {Leaves} from "../../contracts/libraries/Leaves.sol";
import {Schedules} from "../../contracts/libraries/Schedules.sol";
import {TypedData} from "../../contracts/libraries/TypedData.sol";
import {
    CampaignId,
    CampaignParams,
    Commit,
    PayoutLeaf,
    PoolId,
    PoolParams,
    Schedule,
    Settlement
} from "../../contracts/types/Types.sol";

/// @notice The libraries' hashes and times, under whatever address this code lies.
contract Hashes {
    function pool(PoolParams calldata p) external view returns (PoolId) {
        return Ids.pool(p);
    }

    function campaign(CampaignParams calldata c) external view returns (CampaignId) {
        return Ids.campaign(c);
    }

    function settlement(Settlement calldata s) external pure returns (bytes32) {
        return Ids.settlement(s);
    }

    function payout(bytes32 dom, PayoutLeaf calldata leaf) external pure returns (bytes32) {
        return Ids.payout(dom, leaf);
    }

    function seat(bytes32 dom, address annotator) external pure returns (bytes32) {
        return Leaves.seat(dom, annotator);
    }

    function domain(string calldata kind, CampaignId id) external view returns (bytes32) {
        return Leaves.domain(kind, id);
    }

    function commit(CampaignId id, Commit calldata c) external pure returns (bytes32) {
        return TypedData.hash(id, c);
    }

    function times(Schedule calldata s) external pure returns (uint256[5] memory) {
        return [
            Schedules.rosterEnd(s),
            Schedules.commitEnd(s),
            Schedules.revealEnd(s),
            Schedules.settleEnd(s),
            Schedules.hardEnd(s)
        ];
    }
}

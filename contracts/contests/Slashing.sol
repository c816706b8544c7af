// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISlashing} from "../interfaces/ISlashing.sol";
import {Ids} from "../libraries/Ids.sol";
import {Leaves} from "../libraries/Leaves.sol";
import {Schedules} from "../libraries/Schedules.sol";
import {
    CampaignId,
    CampaignParams,
    CampaignState,
    Inclusion,
    PayoutLeaf,
    PoolParams,
    Schedule,
    Seat,
    Status
} from "../types/Types.sol";
import {Inclusions} from "./Inclusions.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @title Slashing with consent (documented in ISlashing)
abstract contract Slashing is ISlashing, Inclusions {
    using Schedules for Schedule;

    /// @dev The executor's part of a slash: a twentieth, 5%. Small, so that slashing oneself costs nearly all of it.
    uint256 private constant REWARD_DIVISOR = 20;

    /// @inheritdoc ISlashing
    function slash(
        PoolParams calldata pool,
        CampaignParams calldata params,
        PayoutLeaf calldata leaf,
        bytes32[] calldata proof,
        Inclusion calldata inclusion
    ) external {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Final);
        _requirePool(pool, params);
        _requireBefore(params.schedule.slashEnd(campaign.since));
        bytes32 hash = Ids.payout(Leaves.domain("PAYOUT.v1", id), leaf);
        if (!MerkleProof.verifyCalldata(proof, campaign.settlement, hash)) revert InvalidProof(id);
        _requireConsent(id, pool, params, leaf, inclusion);
        _takeFromSeat(id, params, leaf.account, leaf.slash);
        uint256 reward = leaf.slash / REWARD_DIVISOR;
        emit Slashed(id, leaf.account, msg.sender, leaf.index, leaf.slash, reward);
        _addCredit(params.token, msg.sender, reward);
        _burn(params.token, leaf.slash - reward);
    }

    function _requireConsent(
        CampaignId id,
        PoolParams calldata pool,
        CampaignParams calldata params,
        PayoutLeaf calldata leaf,
        Inclusion calldata inclusion
    ) private view {
        if (leaf.slash == 0) revert NothingToSlash(id, leaf.index);
        if (inclusion.annotator != leaf.account) revert OtherAnnotator(inclusion.annotator, leaf.account);
        uint256 slice = pool.seatStake / pool.maxOpen;
        if (leaf.slash > slice) revert SlashAboveSlice(leaf.slash, slice);
        uint256 signed = uint256(inclusion.commit.cumulativeCount) * params.stakePerLabel;
        if (leaf.slash > signed) revert SlashAboveConsent(leaf.slash, signed);
        _requireSignedAndIncluded(id, inclusion);
    }

    /// @dev A seat that was short when enrolment ended was on no roster. All campaigns that may slash a short seat hold a
    /// place since it was whole, and there are at most maxOpen of them: the stake covers a slice for each.
    function _takeFromSeat(CampaignId id, CampaignParams calldata params, address account, uint256 amount) private {
        if (_slashed[id][account]) revert AlreadySlashed(id, account);
        _slashed[id][account] = true;
        Seat memory seat = _seats[params.pool][account];
        if (seat.fullSince == 0) revert NotSeated(params.pool, account);
        if (seat.shortSince == 0) seat.shortSince = _now();
        else if (seat.shortSince < params.schedule.enrolEnd) revert SeatShort(params.pool, account, seat.shortSince);
        // forge-lint: disable-next-line(unsafe-typecast): at most a slice of a uint96
        seat.stake -= uint96(amount);
        _seats[params.pool][account] = seat;
    }
}

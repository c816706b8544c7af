// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RegistryState} from "../base/RegistryState.sol";
import {IProposals} from "../interfaces/IProposals.sol";
import {Ids} from "../libraries/Ids.sol";
import {Schedules} from "../libraries/Schedules.sol";
import {
    CampaignId,
    CampaignParams,
    CampaignState,
    Contest,
    PoolParams,
    Schedule,
    Settlement,
    Status
} from "../types/Types.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Late and public proposals, and campaigns that came to nothing (documented in IProposals)
abstract contract Proposals is IProposals, RegistryState {
    using SafeCast for uint256;
    using Schedules for Schedule;

    // --------------------------------------------------------------- proposing

    /// @inheritdoc IProposals
    function proposeLate(CampaignParams calldata params, Settlement calldata settlement) external {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Open);
        _requireOracle(params);
        uint256 start = _requireOpenToProposals(id, campaign, params.schedule);
        _requireFrom(start);
        if (campaign.flags & RECEIPTS_OPEN != 0) revert ReceiptsOpen(id, _contests[id].receipts);
        uint256 left = campaign.bond;
        uint256 cost = _lateFeeUp(left, block.timestamp - start);
        if (cost >= left) revert BondUsedUp(id, left, cost);
        // forge-lint: disable-next-line(unsafe-typecast): less than a uint96
        campaign.bond = uint96(left - cost);
        emit ProposedLate(id, cost);
        _propose(id, campaign, params, settlement);
        _burn(params.token, cost);
    }

    /// @inheritdoc IProposals
    function proposeOpenly(
        PoolParams calldata pool,
        CampaignParams calldata params,
        Settlement calldata settlement,
        uint256 maxBond
    ) external nonReentrant {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Open);
        _requirePool(pool, params);
        _requireFrom(_requireOpenToProposals(id, campaign, params.schedule) + params.schedule.rescuePeriod);
        Contest storage contest = _contests[id];
        uint128 bond = (_bondUp(campaign.escrow, pool.arbitrationRefund) << contest.rejections).toUint128();
        if (bond > maxBond) revert BondAboveMax(bond, maxBond);
        (contest.proposer, contest.proposerBond) = (msg.sender, bond);
        campaign.flags |= CONTESTED;
        emit ProposedOpenly(id, msg.sender, bond);
        _propose(id, campaign, params, settlement);
        _take(params.token, bond);
    }

    /// @dev Returns when the rescue at hand began. Nothing is proposed where nobody committed.
    function _requireOpenToProposals(CampaignId id, CampaignState storage campaign, Schedule calldata schedule)
        private
        view
        returns (uint256 start)
    {
        _requireCommitted(id, campaign);
        uint8 rejections = _contests[id].rejections;
        if (rejections > schedule.tries) revert TriesUsedUp(id, schedule.tries);
        _requireBefore(schedule.proposeEnd());
        start = _rescueStart(id, campaign, schedule);
    }

    /// @dev When a proposal fell, or the end of the oracle's own time.
    function _rescueStart(CampaignId id, CampaignState storage campaign, Schedule calldata schedule)
        internal
        view
        returns (uint256)
    {
        return _contests[id].rejections == 0 ? schedule.settleEnd() : campaign.since;
    }

    function _propose(
        CampaignId id,
        CampaignState storage campaign,
        CampaignParams calldata params,
        Settlement calldata settlement
    ) private {
        _requireAffordable(campaign.escrow, params, settlement);
        (campaign.status, campaign.since) = (Status.Proposed, _now());
        campaign.settlement = Ids.settlement(settlement);
        emit Proposed(id, msg.sender, settlement);
    }

    /// @dev Rounded up: against whoever is late.
    function _lateFeeUp(uint256 bond, uint256 late) private pure returns (uint256) {
        uint256 begun = late / 1 days + 1;
        return (bond * begun + 99) / 100;
    }

    // ------------------------------------------------------------------ ending

    /// @inheritdoc IProposals
    function cancel(CampaignParams calldata params) external {
        CampaignId id = Ids.campaign(params);
        CampaignState storage campaign = _campaigns[id];
        if (campaign.status == Status.Open) {
            if (campaign.flags & COMMITTED != 0) revert AlreadyCommitted(id);
            _requireFrom(params.schedule.revealEnd());
            if (campaign.flags & RECEIPTS_OPEN != 0) revert ReceiptsOpen(id, _contests[id].receipts);
            _freePlaceOf(id, campaign, params.pool);
        } else {
            _requireStatus(id, campaign, Status.Created);
            if (msg.sender != params.requester) _requireFrom(params.schedule.acceptEnd);
        }
        (uint256 refund, uint256 bond) = _end(campaign, params, Status.Cancelled);
        // forge-lint: disable-next-line(unsafe-typecast): it was a uint96
        emit Cancelled(id, uint128(refund));
        _addCredit(params.token, params.requester, refund);
        _addCredit(params.token, params.oracle, bond);
    }

    /// @inheritdoc IProposals
    function expire(CampaignParams calldata params) external {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Open);
        _requireCommitted(id, campaign);
        if (_contests[id].rejections <= params.schedule.tries) _requireFrom(params.schedule.proposeEnd());
        _expire(id, campaign, params);
    }

    /// @inheritdoc IProposals
    function freePlace(CampaignParams calldata params) external {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Final);
        _requireFrom(params.schedule.slashEnd(campaign.since));
        if (campaign.flags & PLACE_FREED != 0) revert PlaceAlreadyFreed(id);
        _freePlaceOf(id, campaign, params.pool);
    }

    function _expire(CampaignId id, CampaignState storage campaign, CampaignParams calldata params) internal {
        _freePlaceOf(id, campaign, params.pool);
        (uint256 escrow, uint256 bond) = _end(campaign, params, Status.Expired);
        // forge-lint: disable-next-line(unsafe-typecast): both were uint96
        emit Expired(id, uint128(escrow + bond));
        _burn(params.token, escrow + bond);
    }

    /// @dev Ends a campaign without a settlement; the caller decides who gets what was in it.
    function _end(CampaignState storage campaign, CampaignParams calldata params, Status status)
        private
        returns (uint256 escrow, uint256 bond)
    {
        (escrow, bond) = (campaign.escrow, campaign.bond);
        (campaign.status, campaign.since, campaign.escrow, campaign.bond) = (status, _now(), 0, 0);
        _datasets[params.dataset].reserved -= params.shareCap;
    }
}

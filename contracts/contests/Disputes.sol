// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RegistryState} from "../base/RegistryState.sol";
import {IArbitrable, IArbitrator} from "../interfaces/IArbitration.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {Ids} from "../libraries/Ids.sol";
import {CampaignId, CampaignParams, CampaignState, Contest, Outcome, PoolParams, Status} from "../types/Types.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Contests of a proposed settlement (documented in IDisputes)
abstract contract Disputes is IDisputes, RegistryState {
    using SafeCast for uint256;

    uint8 private constant MAX_CHALLENGES = 3;
    uint256 private constant CHOICES = 2;
    // Rulings as stored: what the arbitrator said, plus one.
    uint8 private constant FOR_PROPOSER = 2;
    uint8 private constant FOR_CHALLENGER = 3;

    /// @inheritdoc IDisputes
    function challenge(
        PoolParams calldata pool,
        CampaignParams calldata params,
        bytes32 proposal,
        uint256 maxBond,
        string calldata evidence
    ) external nonReentrant {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Proposed);
        _requirePool(pool, params);
        _requireBefore(uint256(campaign.since) + params.schedule.window);
        if (proposal != campaign.settlement) revert SettlementMismatch(proposal, campaign.settlement);
        Contest storage contest = _contests[id];
        if (contest.withstood == MAX_CHALLENGES) revert ChallengesUsedUp(id);
        uint128 bond = (_atStake(campaign, contest) << contest.withstood).toUint128();
        if (bond > maxBond) revert BondAboveMax(bond, maxBond);
        (contest.challenger, contest.challengeBond) = (msg.sender, bond);
        contest.rulingEnd = _now() + params.schedule.rulingPeriod;
        (campaign.status, campaign.since) = (Status.Disputed, _now());
        campaign.flags |= CONTESTED;
        emit Challenged(id, msg.sender, bond, contest.rulingEnd);
        if (bytes(evidence).length != 0) _emitEvidence(id, pool, evidence);
        _take(params.token, bond);
    }

    /// @inheritdoc IDisputes
    function requestRuling(PoolParams calldata pool, CampaignParams calldata params) external payable nonReentrant {
        (CampaignId id,) = _in(params, Status.Disputed);
        _requirePool(pool, params);
        Contest storage contest = _contests[id];
        _requireBefore(contest.rulingEnd);
        if (contest.payer != address(0)) revert RulingAlreadyRequested(id, contest.disputeId);
        contest.payer = msg.sender;
        (uint256 disputeId, uint256 cost) = _createDispute(id, pool.arbitrator);
        contest.disputeId = disputeId;
        emit RulingRequested(id, msg.sender, disputeId, cost);
        emit Dispute(pool.arbitrator, disputeId, uint256(CampaignId.unwrap(id)), uint256(CampaignId.unwrap(id)));
        if (msg.value > cost) Address.sendValue(payable(msg.sender), msg.value - cost);
    }

    /// @dev An arbitrator that rules at once, or names a dispute that is not over, is refused here.
    function _createDispute(CampaignId id, address arbitrator) private returns (uint256 disputeId, uint256 cost) {
        if (arbitrator == address(0)) revert NoArbitrator();
        cost = IArbitrator(arbitrator).arbitrationCost("");
        if (msg.value < cost) revert ArbitrationFee(msg.value, cost);
        disputeId = IArbitrator(arbitrator).createDispute{value: cost}(CHOICES, "");
        if (CampaignId.unwrap(_disputes[arbitrator][disputeId]) != 0) revert DisputeExists(arbitrator, disputeId);
        _disputes[arbitrator][disputeId] = id;
    }

    /// @inheritdoc IArbitrable
    function rule(uint256 disputeId, uint256 ruling) external {
        CampaignId id = _disputes[msg.sender][disputeId];
        if (CampaignId.unwrap(id) == 0) revert UnknownDispute(msg.sender, disputeId);
        if (ruling > CHOICES) revert InvalidRuling(ruling);
        Contest storage contest = _contests[id];
        _requireBefore(contest.rulingEnd);
        if (contest.ruling != 0) revert AlreadyRuled(id, disputeId);
        // forge-lint: disable-next-line(unsafe-typecast): at most 3
        contest.ruling = uint8(ruling + 1);
        emit Ruling(msg.sender, disputeId, ruling);
    }

    /// @inheritdoc IDisputes
    function submitEvidence(PoolParams calldata pool, CampaignParams calldata params, string calldata evidence)
        external
    {
        CampaignId id = Ids.campaign(params);
        CampaignState storage campaign = _campaigns[id];
        if (campaign.status != Status.Proposed) _requireStatus(id, campaign, Status.Disputed);
        _requirePool(pool, params);
        _emitEvidence(id, pool, evidence);
    }

    function _emitEvidence(CampaignId id, PoolParams calldata pool, string calldata evidence) private {
        emit Evidence(pool.arbitrator, uint256(CampaignId.unwrap(id)), msg.sender, evidence);
    }

    // --------------------------------------------------------------- resolving

    /// @inheritdoc IDisputes
    function resolve(PoolParams calldata pool, CampaignParams calldata params) external {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Disputed);
        _requirePool(pool, params);
        Contest storage contest = _contests[id];
        uint8 ruling = contest.ruling;
        if (ruling == 0) _requireFrom(contest.rulingEnd);
        if (contest.payer != address(0)) _disputes[pool.arbitrator][contest.disputeId] = CampaignId.wrap(0);
        if (ruling == FOR_PROPOSER) _uphold(id, campaign, params, pool.arbitrationRefund);
        else if (ruling == FOR_CHALLENGER) _reject(id, campaign, params, pool.arbitrationRefund);
        else _dropUnruled(id, campaign, params);
    }

    function _uphold(CampaignId id, CampaignState storage campaign, CampaignParams calldata params, uint128 refund)
        private
    {
        Contest storage contest = _contests[id];
        (address proposer, uint256 lost, address payer) =
            (_proposerOf(contest, params), contest.challengeBond, contest.payer);
        (campaign.status, campaign.since) = (Status.Proposed, _now());
        ++contest.withstood;
        _closeChallenge(contest);
        _divide(id, params.token, Outcome.Upheld, Spoils(proposer, payer, lost, refund));
    }

    function _reject(CampaignId id, CampaignState storage campaign, CampaignParams calldata params, uint128 refund)
        private
    {
        Contest storage contest = _contests[id];
        (address challenger, address payer) = (contest.challenger, contest.payer);
        (uint256 lost, uint256 back) = (_atStake(campaign, contest), contest.challengeBond);
        if (contest.proposer == address(0)) campaign.bond = 0;
        _fall(campaign, contest);
        _divide(id, params.token, Outcome.Rejected, Spoils(challenger, payer, lost, refund));
        _addCredit(params.token, challenger, back);
    }

    /// @dev Burns an eighth of both bonds, rounded up: an unruled contest is worth nothing to either side.
    function _dropUnruled(CampaignId id, CampaignState storage campaign, CampaignParams calldata params) private {
        Contest storage contest = _contests[id];
        (address challenger, address proposer) = (contest.challenger, contest.proposer);
        (uint256 staked, uint256 against) = (_atStake(campaign, contest), contest.challengeBond);
        (uint256 left, uint256 back) = (staked - (staked + 7) / 8, against - (against + 7) / 8);
        // forge-lint: disable-next-line(unsafe-typecast): less than the campaign's own bond
        if (proposer == address(0)) campaign.bond = uint96(left);
        _fall(campaign, contest);
        uint256 burned = staked + against - left - back;
        emit ContestEnded(id, Outcome.Unruled, 0, 0, burned);
        _burn(params.token, burned);
        _addCredit(params.token, challenger, back);
        if (proposer != address(0)) _addCredit(params.token, proposer, left);
    }

    struct Spoils {
        address winner;
        address payer;
        uint256 lost;
        uint256 refund;
    }

    /// @dev Half of what was lost, rounded up, is burned: whoever contests with himself loses that much, be he winner, loser,
    /// payer and arbitrator in one. The refund comes out of the winner's half.
    function _divide(CampaignId id, address token, Outcome outcome, Spoils memory spoils) private {
        uint256 half = spoils.lost / 2;
        uint256 refund = spoils.refund < half ? spoils.refund : half;
        emit ContestEnded(id, outcome, half - refund, refund, spoils.lost - half);
        _burn(token, spoils.lost - half);
        _addCredit(token, spoils.winner, half - refund);
        _addCredit(token, spoils.payer, refund);
    }

    /// @dev The proposal falls: one of the campaign's tries is used.
    function _fall(CampaignState storage campaign, Contest storage contest) private {
        (campaign.status, campaign.since, campaign.settlement) = (Status.Open, _now(), 0);
        ++contest.rejections;
        (contest.proposer, contest.proposerBond, contest.withstood) = (address(0), 0, 0);
        _closeChallenge(contest);
    }

    function _closeChallenge(Contest storage contest) private {
        (contest.ruling, contest.rulingEnd, contest.challenger, contest.challengeBond) = (0, 0, address(0), 0);
        (contest.payer, contest.disputeId) = (address(0), 0);
    }

    /// @dev What answers for the proposal at hand.
    function _atStake(CampaignState storage campaign, Contest storage contest) private view returns (uint256) {
        return contest.proposer == address(0) ? campaign.bond : contest.proposerBond;
    }

    function _proposerOf(Contest storage contest, CampaignParams calldata params) private view returns (address) {
        return contest.proposer == address(0) ? params.oracle : contest.proposer;
    }
}

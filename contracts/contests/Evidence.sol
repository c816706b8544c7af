// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEvidence} from "../interfaces/IEvidence.sol";
import {Ids} from "../libraries/Ids.sol";
import {Schedules} from "../libraries/Schedules.sol";
import {TypedData} from "../libraries/TypedData.sol";
import {CampaignId, CampaignParams, CampaignState, Commit, Inclusion, Schedule, Status} from "../types/Types.sol";
import {Inclusions} from "./Inclusions.sol";
import {Proposals} from "./Proposals.sol";

/// @title Receipts, openings and gold on chain (documented in IEvidence)
abstract contract Evidence is IEvidence, Inclusions, Proposals {
    using Schedules for Schedule;

    uint256 private constant SETTLED = type(uint256).max;

    // ---------------------------------------------------------------- receipts

    /// @inheritdoc IEvidence
    function postReceipt(
        CampaignParams calldata params,
        address annotator,
        bytes32 commitHash,
        bytes calldata oracleSignature
    ) external {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Open);
        _requireFrom(params.schedule.commitEnd());
        _requireBefore(params.schedule.revealEnd());
        bytes32 receipt = TypedData.receiptHash(id, annotator, commitHash);
        if (_receipts[id][receipt] != 0) revert ReceiptAlreadyPosted(id, annotator, commitHash);
        if (!TypedData.isSignedBy(params.oracle, receipt, oracleSignature)) {
            revert InvalidSignature(params.oracle, receipt);
        }
        uint256 answerEnd = block.timestamp + params.schedule.grace;
        _receipts[id][receipt] = answerEnd;
        ++_contests[id].receipts;
        campaign.flags |= RECEIPTS_OPEN;
        emit ReceiptPosted(id, annotator, commitHash, answerEnd);
    }

    /// @inheritdoc IEvidence
    function answerReceipt(
        CampaignParams calldata params,
        address annotator,
        Commit calldata commit,
        bytes32[] calldata proof
    ) external {
        (CampaignId id, CampaignState storage campaign) = _running(params);
        bytes32 commitHash = TypedData.hash(id, commit);
        _requireBefore(_settleReceipt(id, campaign, annotator, commitHash));
        bool included =
            _isAlone(id, annotator, commit, commitHash) || _isUnderRoot(id, annotator, commit, commitHash, proof);
        if (!included) revert NotIncluded(id, annotator, commitHash);
        emit ReceiptAnswered(id, annotator, commitHash);
    }

    /// @inheritdoc IEvidence
    function forfeitBond(CampaignParams calldata params, address annotator, bytes32 commitHash) external {
        (CampaignId id, CampaignState storage campaign) = _running(params);
        _requireFrom(_settleReceipt(id, campaign, annotator, commitHash));
        uint256 bond = campaign.bond;
        campaign.bond = 0;
        emit BondForfeited(id, annotator, commitHash, bond / 2, bond - bond / 2);
        _burn(params.token, bond - bond / 2);
        _addCredit(params.token, annotator, bond / 2);
        if (campaign.flags & COMMITTED == 0) _expire(id, campaign, params);
    }

    /// @dev Also while somebody else's proposal is judged: it must not stop the oracle from answering, nor the annotator from
    /// being paid. The oracle's own cannot be at hand: while a receipt is open it may not propose.
    function _running(CampaignParams calldata params)
        private
        view
        returns (CampaignId id, CampaignState storage campaign)
    {
        id = Ids.campaign(params);
        campaign = _campaigns[id];
        Status status = campaign.status;
        if (status != Status.Proposed && status != Status.Disputed) _requireStatus(id, campaign, Status.Open);
    }

    /// @dev Closes a posted receipt and returns by when it was to be answered.
    function _settleReceipt(CampaignId id, CampaignState storage campaign, address annotator, bytes32 commitHash)
        private
        returns (uint256 answerEnd)
    {
        bytes32 receipt = TypedData.receiptHash(id, annotator, commitHash);
        answerEnd = _receipts[id][receipt];
        if (answerEnd == 0 || answerEnd == SETTLED) revert ReceiptNotOpen(id, annotator, commitHash);
        _receipts[id][receipt] = SETTLED;
        if (--_contests[id].receipts == 0) campaign.flags &= ~RECEIPTS_OPEN;
    }

    // --------------------------------------------------------- openings and gold

    /// @inheritdoc IEvidence
    function postReveal(
        CampaignParams calldata params,
        Inclusion calldata inclusion,
        bytes32 secret,
        bytes calldata labels
    ) external {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Open);
        _requireRevealing(id, campaign, params.schedule);
        bytes32 commitHash = _requireSignedAndIncluded(id, inclusion);
        emit Revealed(id, inclusion.annotator, commitHash, inclusion.commit, secret, labels);
    }

    /// @inheritdoc IEvidence
    function revealGold(CampaignParams calldata params, bytes calldata gold) external {
        (CampaignId id,) = _in(params, Status.Open);
        _requireFrom(params.schedule.commitEnd());
        _requireBefore(params.schedule.revealEnd());
        emit GoldRevealed(id, msg.sender, gold);
    }

    /// @dev No opening before all is committed: until then labels are worth copying.
    function _requireRevealing(CampaignId id, CampaignState storage campaign, Schedule calldata schedule) private view {
        _requireFrom(schedule.commitEnd());
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp < schedule.revealEnd()) return;
        uint256 start = _rescueStart(id, campaign, schedule);
        _requireFrom(start);
        _requireBefore(start + schedule.rescuePeriod);
    }
}

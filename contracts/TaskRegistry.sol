// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributorShare} from "./ContributorShare.sol";
import {Part} from "./base/Part.sol";
import {RegistryState} from "./base/RegistryState.sol";
import {ICampaigns} from "./interfaces/ICampaigns.sol";
import {IContributorShare} from "./interfaces/IContributorShare.sol";
import {IRandomness} from "./interfaces/IRandomness.sol";
import {BlockHashes} from "./libraries/BlockHashes.sol";
import {Cohorts} from "./libraries/Cohorts.sol";
import {Ids} from "./libraries/Ids.sol";
import {Leaves} from "./libraries/Leaves.sol";
import {Multiproofs} from "./libraries/Multiproofs.sol";
import {Schedules} from "./libraries/Schedules.sol";
import {Tokens} from "./libraries/Tokens.sol";
import {TypedData} from "./libraries/TypedData.sol";
import {
    CampaignId,
    CampaignParams,
    CampaignState,
    ClaimBatch,
    Commit,
    Contest,
    Dataset,
    Limits,
    PayoutLeaf,
    Pool,
    PoolId,
    PoolParams,
    Schedule,
    Seat,
    Settlement,
    Status
} from "./types/Types.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The undisturbed life of a campaign (documented in ICampaigns)
/// @dev The part of the registry that every campaign pays for in gas. The rest lives in `RegistryExtension` and behind it in
/// `RegistryContests`, whose code runs on this contract's storage (see Part).
// Ether passes through `requestRuling` behind the fallback, which the analyser does not follow: fee to the arbitrator, change
// to the caller.
// slither-disable-next-line locked-ether
contract TaskRegistry is ICampaigns, RegistryState, Part {
    using Cohorts for Pool;
    using SafeCast for uint256;
    using Schedules for Schedule;

    uint8 private constant PAYOUT = 1;
    uint8 private constant SHARES = 2;
    /// @dev Blocks between arming and the seed's block: the caller of `armSeed` cannot be the one who builds it.
    uint64 private constant SEED_DELAY = 4;
    /// @dev Blocks for which a source other than block hashes may keep its value back before the oracle's bond pays for it:
    /// as long as a block hash can be had (EIP-2935).
    uint64 private constant SOURCE_PATIENCE = 8191;
    /// @dev A seed's word up to here is the block that was armed. A drawn seed is a hash: none this small will ever be met.
    uint256 private constant MAX_BLOCK = type(uint64).max;
    /// @dev The chains on which periods may be short: local nodes and the in-process chain.
    uint256 private constant LOCAL_CHAIN = 31_337;
    uint256 private constant IN_PROCESS_CHAIN = 131_277_322_940_537;
    uint40 private constant SAFE_PERIOD = 48 hours;
    uint40 private constant SAFE_RESCUE = 7 days;

    /// @inheritdoc ICampaigns
    address public immutable shareImplementation;
    uint40 private immutable _minPeriod;
    uint40 private immutable _minRescue;
    uint40 private immutable _maxPeriod;
    uint40 private immutable _maxHorizon;

    constructor(Limits memory limits_, address extension_) Part(extension_) {
        if (block.chainid != LOCAL_CHAIN && block.chainid != IN_PROCESS_CHAIN) {
            if (limits_.minPeriod < SAFE_PERIOD) revert PeriodBelowSafeMinimum(limits_.minPeriod, SAFE_PERIOD);
            if (limits_.minRescue < SAFE_RESCUE) revert PeriodBelowSafeMinimum(limits_.minRescue, SAFE_RESCUE);
        }
        bool ordered = limits_.minPeriod <= limits_.maxPeriod && limits_.minRescue <= limits_.maxPeriod
            && limits_.maxPeriod <= limits_.maxHorizon;
        if (!ordered) revert InconsistentLimits();
        _minPeriod = limits_.minPeriod;
        _minRescue = limits_.minRescue;
        _maxPeriod = limits_.maxPeriod;
        _maxHorizon = limits_.maxHorizon;
        shareImplementation = address(new ContributorShare(address(this)));
    }

    /// @dev Ether comes with a call that needs it or not at all.
    receive() external payable {
        revert EtherRefused(msg.sender, msg.value);
    }

    /// @dev Payable for the one call that brings ether, an arbitrator's fee; all others refuse it.
    fallback() external payable {
        _passOn();
    }

    // ----------------------------------------------------- funding and consent

    /// @inheritdoc ICampaigns
    function createCampaign(PoolParams calldata pool, CampaignParams calldata params, uint128 escrow)
        external
        nonReentrant
        returns (CampaignId id)
    {
        id = Ids.campaign(params);
        CampaignState storage campaign = _campaigns[id];
        if (campaign.status != Status.None) revert CampaignExists(id);
        if (escrow == 0) revert ZeroAmount();
        _requireConsistent(pool, params);
        _reserveShares(params);
        params.schedule.validate(limits(), block.timestamp);
        (campaign.status, campaign.since, campaign.escrow) = (Status.Created, _now(), uint256(escrow).toUint96());
        emit CampaignCreated(id, msg.sender, params.dataset, escrow, params);
        _take(params.token, escrow);
    }

    /// @inheritdoc ICampaigns
    function accept(PoolParams calldata pool, CampaignParams calldata params) external nonReentrant {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Created);
        _requireOracle(params);
        _requireBefore(params.schedule.acceptEnd);
        _requirePool(pool, params);
        uint96 bond = _bondUp(campaign.escrow, pool.arbitrationRefund).toUint96();
        uint8 cohort = _takePlace(params.pool, pool, params.schedule.hardEnd());
        (campaign.status, campaign.since, campaign.bond, campaign.cohort) = (Status.Open, _now(), bond, cohort);
        emit Accepted(id, msg.sender, params.pool, bond);
        _take(params.token, bond);
    }

    // ------------------------------------------------------- enrolment and seed

    /// @inheritdoc ICampaigns
    function postRoster(CampaignParams calldata params, bytes32 root, uint32 count) external {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Open);
        _requireOracle(params);
        _requireBefore(params.schedule.rosterEnd());
        if (campaign.rosterRoot != 0) revert RosterAlreadyPosted(id);
        if (root == 0 || count == 0) revert EmptyRoot();
        campaign.rosterRoot = root;
        emit RosterPosted(id, root, count);
    }

    /// @inheritdoc ICampaigns
    function enrol(CampaignParams calldata params) external {
        (CampaignId id,) = _in(params, Status.Open);
        _requireBefore(params.schedule.enrolEnd);
        if (!_isSeated(params.pool, msg.sender)) revert NotSeated(params.pool, msg.sender);
        if (_enrolled[id][msg.sender]) revert AlreadyEnrolled(id, msg.sender);
        _enrolled[id][msg.sender] = true;
        emit Enrolled(id, msg.sender);
    }

    /// @inheritdoc ICampaigns
    function armSeed(PoolParams calldata pool, CampaignParams calldata params) external nonReentrant {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Open);
        _requireFrom(params.schedule.enrolEnd);
        _requireBefore(params.schedule.commitEnd());
        _requirePool(pool, params);
        uint256 armed = uint256(campaign.seed);
        if (armed > MAX_BLOCK) revert SeedAlreadyDrawn(id);
        // forge-lint: disable-next-line(unsafe-typecast): just compared
        uint96 burned = armed == 0 ? 0 : _missedSeed(id, campaign, uint64(armed), pool.randomness);
        uint64 seedBlock = uint64(block.number) + SEED_DELAY;
        campaign.seed = bytes32(uint256(seedBlock));
        emit SeedArmed(id, seedBlock, burned);
        _burn(params.token, burned);
        if (pool.randomness != address(0)) IRandomness(pool.randomness).request(CampaignId.unwrap(id));
    }

    /// @inheritdoc ICampaigns
    function drawSeed(PoolParams calldata pool, CampaignParams calldata params) external {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Open);
        _requirePool(pool, params);
        uint256 armed = uint256(campaign.seed);
        if (armed > MAX_BLOCK) revert SeedAlreadyDrawn(id);
        if (armed == 0) revert SeedNotArmed(id);
        // forge-lint: disable-next-line(unsafe-typecast): just compared
        uint64 seedBlock = uint64(armed);
        if (block.number <= seedBlock) revert SeedPending(id, seedBlock);
        bytes32 value = _randomValue(id, seedBlock, pool.randomness);
        if (value == 0) revert SeedMissed(id, seedBlock);
        bytes32 seed = keccak256(abi.encode(id, value));
        campaign.seed = seed;
        campaign.flags |= SEEDED;
        emit SeedDrawn(id, seed);
    }

    // ------------------------------------------------------------------ rounds

    /// @inheritdoc ICampaigns
    function commitAggregate(CampaignParams calldata params, uint32 round, bytes32 root, bytes32 itemListsHash)
        external
    {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Open);
        _requireOracle(params);
        uint256 end = _requireRoundStarted(id, campaign, params.schedule, round);
        _requireBefore(end - params.schedule.grace);
        if (root == 0) revert EmptyRoot();
        if (_roundRoots[id][round] != 0) revert RoundAlreadyCommitted(id, round);
        _roundRoots[id][round] = root;
        if (campaign.flags & COMMITTED == 0) campaign.flags |= COMMITTED;
        emit CommitsAggregated(id, round, root, itemListsHash);
    }

    /// @inheritdoc ICampaigns
    function commit(CampaignParams calldata params, Commit calldata sealedBatch, bytes32[] calldata rosterProof)
        external
    {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Open);
        _requireBefore(_requireRoundStarted(id, campaign, params.schedule, sealedBatch.round));
        _requireWellFormed(sealedBatch);
        _requireEnrolled(id, campaign.rosterRoot, rosterProof);
        if (_commits[id][msg.sender][sealedBatch.batch] != 0) {
            revert BatchAlreadyCommitted(id, msg.sender, sealedBatch.batch);
        }
        bytes32 commitHash = TypedData.hash(id, sealedBatch);
        _commits[id][msg.sender][sealedBatch.batch] = commitHash;
        if (campaign.flags & COMMITTED == 0) campaign.flags |= COMMITTED;
        emit Committed(id, msg.sender, commitHash, sealedBatch);
    }

    // -------------------------------------------------------------- settlement

    /// @inheritdoc ICampaigns
    function propose(CampaignParams calldata params, Settlement calldata settlement) external {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Open);
        _requireOracle(params);
        _requireCommitted(id, campaign);
        _requireFrom(params.schedule.revealEnd());
        _requireBefore(params.schedule.settleEnd());
        if (campaign.flags & (CONTESTED | RECEIPTS_OPEN) != 0 || campaign.bond == 0) revert NoExclusiveRight(id);
        _requireAffordable(campaign.escrow, params, settlement);
        (campaign.status, campaign.since) = (Status.Proposed, _now());
        campaign.settlement = Ids.settlement(settlement);
        emit Proposed(id, msg.sender, settlement);
    }

    /// @inheritdoc ICampaigns
    function finalize(CampaignParams calldata params, Settlement calldata settlement) external {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Proposed);
        _requireFrom(uint256(campaign.since) + params.schedule.window);
        bytes32 given = Ids.settlement(settlement);
        if (given != campaign.settlement) revert SettlementMismatch(given, campaign.settlement);
        uint128 fee = _feeDown(settlement.payoutTotal, params.feeBps);
        uint128 surplus = campaign.escrow - settlement.payoutTotal - fee;
        (address proposer, uint256 bond, uint256 lost) = _bonds(id, campaign, params.oracle);
        // What was affordable when proposed is at most the escrow, and at most the cap: the casts fit.
        // forge-lint: disable-next-line(unsafe-typecast)
        (campaign.status, campaign.since, campaign.escrow) = (Status.Final, _now(), uint96(settlement.payoutTotal));
        (campaign.bond, campaign.settlement) = (0, settlement.payoutRoot);
        // forge-lint: disable-next-line(unsafe-typecast)
        _datasets[params.dataset].reserved -= params.shareCap - uint96(settlement.shareTotal);
        emit Finalized(id, settlement.payoutTotal, settlement.shareTotal, fee, surplus);
        _burn(params.token, lost);
        _addCredit(params.token, proposer, bond + fee);
        _addCredit(params.token, params.requester, surplus);
        if (settlement.shareTotal != 0) {
            IContributorShare(params.dataset).mint(CampaignId.unwrap(id), settlement.shareTotal);
        }
    }

    /// @dev Who proposed, the bond that goes back, and the bond of an oracle in whose place somebody else had to propose.
    function _bonds(CampaignId id, CampaignState storage campaign, address oracle)
        private
        returns (address proposer, uint256 bond, uint256 lost)
    {
        if (campaign.flags & CONTESTED == 0) return (oracle, campaign.bond, 0);
        Contest storage contest = _contests[id];
        proposer = contest.proposer;
        if (proposer == address(0)) return (oracle, campaign.bond, 0);
        (bond, lost) = (contest.proposerBond, campaign.bond);
        (contest.proposer, contest.proposerBond) = (address(0), 0);
    }

    // ------------------------------------------------------------------ claims

    /// @inheritdoc ICampaigns
    function claim(CampaignParams calldata params, PayoutLeaf calldata leaf, bytes32[] calldata proof)
        external
        nonReentrant
    {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Final);
        bytes32 hash = Ids.payout(Leaves.domain("PAYOUT.v1", id), leaf);
        if (!MerkleProof.verifyCalldata(proof, campaign.settlement, hash)) revert InvalidProof(id);
        _handOut(id, campaign, params, _alone(leaf), PAYOUT | SHARES);
    }

    /// @inheritdoc ICampaigns
    function claimMany(CampaignParams calldata params, ClaimBatch calldata batch, uint8 parts) external nonReentrant {
        (CampaignId id, CampaignState storage campaign) = _in(params, Status.Final);
        if (parts == 0 || parts > PAYOUT | SHARES) revert InvalidParts(parts);
        // Without leaves a sibling could stand for the root (see OpenZeppelin's MerkleProof).
        PayoutLeaf[] calldata leaves = batch.leaves;
        if (leaves.length == 0) revert NothingToClaim();
        bytes32 root = Multiproofs.rootOf(Leaves.domain("PAYOUT.v1", id), leaves, batch.proof, batch.flags);
        if (root != campaign.settlement) revert InvalidProof(id);
        _handOut(id, campaign, params, leaves, parts);
    }

    /// @dev One leaf as an array: it lies in calldata as the only element would.
    function _alone(PayoutLeaf calldata leaf) private pure returns (PayoutLeaf[] calldata leaves) {
        assembly ("memory-safe") {
            leaves.offset := leaf
            leaves.length := 1
        }
    }

    function _handOut(
        CampaignId id,
        CampaignState storage campaign,
        CampaignParams calldata params,
        PayoutLeaf[] calldata leaves,
        uint8 parts
    ) private {
        uint256 pay = _markClaimed(id, leaves, parts);
        if (parts & PAYOUT != 0 && pay != 0) _payOut(campaign, params.token, leaves, pay);
        if (parts & SHARES != 0) _releaseShares(id, params.dataset, leaves);
    }

    function _payOut(CampaignState storage campaign, address token, PayoutLeaf[] calldata leaves, uint256 total)
        private
    {
        uint96 left = campaign.escrow;
        if (total > left) revert ClaimAbovePayout(total, left);
        // forge-lint: disable-next-line(unsafe-typecast): just compared
        campaign.escrow = left - uint96(total);
        _pushAll(token, leaves);
    }

    /// @dev Pays each leaf's own account. Only the account's own call reverts with its token; for others a refused
    /// transfer becomes credit, so that one blocked account cannot stop a batch.
    function _pushAll(address token, PayoutLeaf[] calldata leaves) private {
        uint256 before = Tokens.balance(token);
        uint256 sent;
        for (uint256 i; i < leaves.length; ++i) {
            PayoutLeaf calldata leaf = leaves[i];
            (address account, uint256 amount) = (leaf.account, leaf.payout);
            if (amount == 0) continue;
            if (account == msg.sender) {
                Tokens.push(token, account, amount);
            } else if (!Tokens.tryPush(token, account, amount)) {
                Tokens.requireBalance(token, before - sent);
                _addCredit(token, account, amount);
                continue;
            }
            // At most the sum of the leaves, which fitted when they were marked.
            unchecked {
                sent += amount;
            }
        }
        Tokens.requireBalance(token, before - sent);
    }

    function _releaseShares(CampaignId id, address dataset_, PayoutLeaf[] calldata leaves) private {
        address[] memory accounts = new address[](leaves.length);
        uint256[] memory amounts = new uint256[](leaves.length);
        uint256 total;
        for (uint256 i; i < leaves.length; ++i) {
            PayoutLeaf calldata leaf = leaves[i];
            (accounts[i], amounts[i]) = (leaf.account, leaf.shares);
            total += leaf.shares;
        }
        if (total != 0) IContributorShare(dataset_).release(CampaignId.unwrap(id), accounts, amounts);
    }

    /// @dev Marks each leaf's parts as handed out and returns the sum of their payouts. Neighbours share a word, which is
    /// written once when the run leaves it.
    function _markClaimed(CampaignId id, PayoutLeaf[] calldata leaves, uint8 parts) private returns (uint256 pay) {
        bytes memory indices = new bytes(8 * leaves.length);
        mapping(uint256 at => uint256) storage claimed = _claimed[id];
        uint256 at = leaves[0].index / LEAVES_A_WORD;
        uint256 word = claimed[at];
        for (uint256 i; i < leaves.length; ++i) {
            PayoutLeaf calldata leaf = leaves[i];
            uint64 index = leaf.index;
            // Quotients and remainders of a constant, and a sum of uint128s, one for each part of calldata: no block holds
            // enough to overflow it.
            unchecked {
                if (index / LEAVES_A_WORD != at) {
                    claimed[at] = word;
                    at = index / LEAVES_A_WORD;
                    word = claimed[at];
                }
                uint256 bits = uint256(parts) << ((index % LEAVES_A_WORD) * 2);
                if (word & bits != 0) revert AlreadyClaimed(id, index, parts);
                word |= bits;
                pay += leaf.payout;
            }
            // Eight bytes each. The last write ends 24 bytes behind the array, in memory that nothing uses yet.
            assembly ("memory-safe") {
                mstore(add(add(indices, 0x20), shl(3, i)), shl(192, index))
            }
        }
        claimed[at] = word;
        emit Claimed(id, parts, indices);
    }

    // ------------------------------------------------------------------ checks

    function _requireConsistent(PoolParams calldata pool, CampaignParams calldata params) private view {
        if (msg.sender != params.requester) revert NotAllowed(msg.sender, params.requester);
        if (params.feeBps > BPS) revert BasisPoints(params.feeBps);
        _requireSame(_existing(pool), params);
        if (pool.oracle != params.oracle) revert ParamsMismatch(_word(params.oracle), _word(pool.oracle));
        if (pool.token != params.token) revert ParamsMismatch(_word(params.token), _word(pool.token));
    }

    /// @dev The end of a round that has begun. No round begins before the seed is drawn.
    function _requireRoundStarted(
        CampaignId id,
        CampaignState storage campaign,
        Schedule calldata schedule,
        uint32 round
    ) private view returns (uint256 end) {
        if (round >= schedule.rounds) revert UnknownRound(round, schedule.rounds);
        if (campaign.flags & SEEDED == 0) revert SeedNotDrawn(id);
        uint256 start = schedule.roundStart(round);
        _requireFrom(start);
        end = start + schedule.roundLength;
    }

    function _requireWellFormed(Commit calldata sealedBatch) private pure {
        if (sealedBatch.root == 0) revert EmptyRoot();
        if (sealedBatch.count == 0 || sealedBatch.cumulativeCount < sealedBatch.count) {
            revert InvalidCommit(sealedBatch.count, sealedBatch.cumulativeCount);
        }
    }

    function _requireEnrolled(CampaignId id, bytes32 rosterRoot, bytes32[] calldata proof) private view {
        if (proof.length == 0 && _enrolled[id][msg.sender]) return;
        bytes32 leaf = Leaves.seat(Leaves.domain("ROSTER.v1", id), msg.sender);
        if (!MerkleProof.verifyCalldata(proof, rosterRoot, leaf)) revert NotEnrolled(id, msg.sender);
    }

    // ----------------------------------------------------------------- helpers

    /// @dev Takes one of the pool's places for a campaign that ends at `hardEnd`.
    function _takePlace(PoolId pool, PoolParams calldata params, uint256 hardEnd) private returns (uint8 cohort) {
        Pool memory state = _pools[pool];
        if (state.open >= params.maxOpen) revert PoolFull(pool, params.maxOpen);
        uint256 latest = block.timestamp + params.unbonding;
        if (hardEnd > latest) revert UnbondingTooShort(hardEnd, latest);
        cohort = state.take();
        if (hardEnd > state.maxHardEnd) state.maxHardEnd = hardEnd.toUint40();
        _pools[pool] = state;
    }

    function _isSeated(PoolId pool, address annotator) private view returns (bool) {
        Seat memory seat = _seats[pool][annotator];
        return seat.fullSince != 0 && seat.shortSince == 0 && seat.releaseAt == 0;
    }

    function _reserveShares(CampaignParams calldata params) private {
        Dataset storage data = _datasets[params.dataset];
        if (data.publisher == address(0)) revert UnknownDataset(params.dataset);
        if (msg.sender != data.publisher) revert NotAllowed(msg.sender, data.publisher);
        uint96 free = data.maxShares - data.reserved;
        if (params.shareCap > free) revert ShareCapExceeded(params.dataset, free, params.shareCap);
        data.reserved += params.shareCap;
    }

    /// @dev Requires that an armed seed was missed, and takes a 64th of the bond for it.
    function _missedSeed(CampaignId id, CampaignState storage campaign, uint64 seedBlock, address source)
        private
        returns (uint96 cost)
    {
        uint64 last = source == address(0) ? seedBlock : seedBlock + SOURCE_PATIENCE;
        bool pending = block.number <= last || _randomValue(id, seedBlock, source) != 0;
        if (pending) revert SeedPending(id, seedBlock);
        cost = campaign.bond / 64;
        campaign.bond -= cost;
    }

    function _randomValue(CampaignId id, uint64 seedBlock, address source) private view returns (bytes32) {
        return source == address(0) ? BlockHashes.at(seedBlock) : IRandomness(source).valueOf(CampaignId.unwrap(id));
    }

    function _word(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc ICampaigns
    function extension() external view returns (address) {
        return _next;
    }

    /// @inheritdoc ICampaigns
    function limits() public view returns (Limits memory) {
        return Limits(_minPeriod, _minRescue, _maxPeriod, _maxHorizon);
    }
}

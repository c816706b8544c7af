// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev keccak256(abi.encode(chainid, registry, PoolParams)).
type PoolId is bytes32;

/// @dev keccak256(abi.encode(chainid, registry, CampaignParams)).
type CampaignId is bytes32;

/// @notice The rules of a standing workforce. Joining a pool is consent to all of them; none can change.
struct PoolParams {
    /// The operator: collects labels, proposes settlements and puts up the bond of each campaign.
    address oracle;
    /// The one token of stakes, bonds, rewards and slashes.
    address token;
    /// What a seat costs. The same for everyone.
    uint96 seatStake;
    /// Seconds for which a leaving seat may at most be held; no campaign may end later than this from its acceptance.
    uint40 unbonding;
    /// How many campaigns may run at once. One campaign can touch at most seatStake / maxOpen of a seat.
    uint16 maxOpen;
    /// Who may join, or zero where anyone may.
    address gate;
    /// The ERC-792 arbitrator of disputes, and what the loser pays for it.
    address arbitrator;
    uint128 arbitrationRefund;
    /// Where the seed comes from, or zero for the hash of a block.
    address randomness;
    uint64 nonce;
}

/// @notice When a campaign does what. Ends are the first second at which a thing is no longer allowed.
struct Schedule {
    uint40 acceptEnd;
    uint40 enrolEnd;
    uint40 workStart;
    uint40 roundLength;
    /// The last seconds of enrolment and of each round, in which whoever the oracle left out acts alone.
    uint40 grace;
    uint16 rounds;
    /// How often others may propose when the oracle is silent or its proposal is rejected; 1 to 8.
    uint8 tries;
    uint40 revealPeriod;
    uint40 settlePeriod;
    /// How long a proposal may be challenged.
    uint40 window;
    uint40 rulingPeriod;
    uint40 rescuePeriod;
    uint40 publicPeriod;
    /// How long after the end seats may be slashed and the campaign keeps its place in the pool.
    uint40 slashWindow;
}

/// @notice All rules of a campaign that the chain enforces; the spec holds the others. Their hash is the campaign's id,
/// so that a signature for an id is consent to the rules.
struct CampaignParams {
    PoolId pool;
    /// The dataset, named by its share token.
    address dataset;
    address requester;
    /// Both repeated from the pool, so that few calls need to carry it.
    address oracle;
    address token;
    /// sha256 of the canonical spec: the CIDv1 (raw) of the spec follows from it.
    bytes32 specHash;
    /// What the campaign reserves of the dataset's maxShares.
    uint96 shareCap;
    uint128 stakePerLabel;
    /// The proposer's fee, in basis points of what annotators are paid.
    uint16 feeBps;
    uint64 nonce;
    Schedule schedule;
}

enum Status {
    None,
    Created,
    Open,
    Proposed,
    Disputed,
    Final,
    Cancelled,
    Expired
}

/// @notice How a challenge ended.
enum Outcome {
    /// No ruling in time, or one that decides nothing: the proposal falls, each side loses an eighth.
    Unruled,
    /// The proposer was right: the proposal stands for a fresh window.
    Upheld,
    /// The challenger was right: the proposal falls.
    Rejected
}

/// @dev What is stored of a campaign. The first slot holds all that the money paths read.
struct CampaignState {
    Status status;
    /// Bits: see RegistryState.
    uint8 flags;
    /// The pool's cohort that counts this campaign's place.
    uint8 cohort;
    uint40 since;
    uint96 escrow;
    uint96 bond;
    bytes32 rosterRoot;
    /// Below 2^64 the block whose hash becomes the seed; after that the seed.
    bytes32 seed;
    bytes32 settlement;
}

/// @notice Who stands against whom in a campaign that does not run undisturbed.
struct Contest {
    /// Who made the proposal at hand with a bond of its own; zero where it is the oracle's, on the campaign's bond.
    address proposer;
    /// Proposals of the campaign that fell. Each doubles the bond of the next public one.
    uint8 rejections;
    /// Challenges that the proposal at hand withstood. Each doubles the bond of the next.
    uint8 withstood;
    /// What the arbitrator ruled in the dispute at hand, plus one: 2 for the proposer, 3 for the challenger; zero before.
    uint8 ruling;
    /// Until when the arbitrator may rule.
    uint40 rulingEnd;
    /// Receipts posted that the oracle has neither answered nor paid for.
    uint32 receipts;
    uint128 proposerBond;
    uint128 challengeBond;
    address challenger;
    /// Who paid the arbitrator, and under which number it knows the dispute.
    address payer;
    uint256 disputeId;
}

/// @notice The state of a campaign, for reading. Its rules are not stored: calls carry them and are checked against the id.
struct Campaign {
    Status status;
    /// Whether any commitment was ever accepted. From then on only a final settlement returns money to the requester.
    bool committed;
    bool placeFreed;
    /// When the status was entered.
    uint40 since;
    /// The block whose hash becomes the seed; zero until armed and once drawn.
    uint64 seedBlock;
    /// The bounty; from finalize on, what claims may still take out of it.
    uint128 escrow;
    uint128 bond;
    bytes32 rosterRoot;
    bytes32 seed;
    /// While Proposed the hash of the settlement; from finalize on its payout root.
    bytes32 settlement;
}

struct Pool {
    bool exists;
    uint16 open;
    /// The latest hardEnd of any campaign ever accepted.
    uint40 maxHardEnd;
    /// Places are counted in cohorts, so that a leaving seat waits for those taken before it left (see Cohorts): the
    /// oldest that is not empty, and the one that takes new places.
    uint32 oldest;
    uint32 newest;
    /// How many places each cohort holds, 16 bits each.
    uint128 counts;
}

/// @notice One annotator's stake in one pool.
struct Seat {
    uint96 stake;
    /// Since when the stake has been whole. While it is short: since when it had been. Zero where there is no seat.
    uint40 fullSince;
    /// Since when the stake has been short of the pool's uniform stake; zero while it is whole. A short seat is on no new
    /// roster.
    uint40 shortSince;
    /// When a leaving seat may be withdrawn at the latest; zero while it stays.
    uint40 releaseAt;
    /// A leaving seat may be withdrawn earlier once the pool's oldest cohort is this one.
    uint32 waitsFor;
}

struct Dataset {
    address publisher;
    /// Shares minted or promised to running campaigns.
    uint96 reserved;
    uint96 maxShares;
    /// The contributors' part of licence income, in basis points.
    uint16 contributorBps;
}

/// @notice What a proposer claims a campaign came to. Roots of OpenZeppelin standard Merkle trees; zero for an empty one.
struct Settlement {
    bytes32 payoutRoot;
    bytes32 labelRoot;
    /// The integer tables of the aggregation model; zero for majority vote.
    bytes32 modelRoot;
    bytes32 truthRoot;
    uint128 payoutTotal;
    uint128 shareTotal;
    uint32 leaves;
    /// sha256 of the published evidence.
    bytes32 bundleHash;
}

/// @notice A row of the payout tree. The cumulative sums include the row; rows are ordered by index.
struct PayoutLeaf {
    uint64 index;
    address account;
    uint128 payout;
    uint128 shares;
    uint128 slash;
    uint128 cumPayout;
    uint128 cumShares;
}

/// @notice Leaves with one multiproof for all of them, in OpenZeppelin's order and with its flags, packed: bit i % 256 of
/// word i / 256 is that of step i, and no word is missing or left over.
struct ClaimBatch {
    PayoutLeaf[] leaves;
    bytes32[] proof;
    uint256[] flags;
}

/// @notice An annotator's sealed batch (EIP-712 `Commit` without the campaign's id).
struct Commit {
    uint32 round;
    uint32 batch;
    bytes32 root;
    uint32 count;
    /// Labels of all the annotator's batches up to and with this one.
    uint32 cumulativeCount;
}

/// @notice A sealed batch with what shows that its annotator signed it and that it was in time.
struct Inclusion {
    address annotator;
    Commit commit;
    /// The annotator's ECDSA signature of `commit`, and its place under the root of its round. Both empty where the
    /// annotator committed it alone: then the chain knows it.
    bytes signature;
    bytes32[] proof;
}

/// @notice Bounds for every period of every schedule, fixed per deployment. All in seconds.
struct Limits {
    /// The least grace, reveal, window, ruling and public period.
    uint40 minPeriod;
    uint40 minRescue;
    uint40 maxPeriod;
    /// The furthest end of a campaign from its creation.
    uint40 maxHorizon;
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IContributorShare} from "../../contracts/interfaces/IContributorShare.sol";
import {ITaskRegistry} from "../../contracts/interfaces/ITaskRegistry.sol";
import {RewardToken} from "../../contracts/mocks/RewardToken.sol";
import {
    Campaign,
    CampaignId,
    CampaignParams,
    ClaimBatch,
    Commit,
    Limits,
    PayoutLeaf,
    PoolId,
    PoolParams,
    Schedule,
    Settlement,
    Status
} from "../../contracts/types/Types.sol";
import {Deployments} from "./Deployments.sol";
import {Digests} from "./Digests.sol";
import {Peek} from "./Peek.sol";
import {Tree, Trees} from "./Trees.sol";

/// @dev A registry, its people, and one campaign that the helpers take from stage to stage.
abstract contract RegistryBase is Test {
    using Trees for Tree;

    uint256 internal constant START = 1_800_000_000;
    uint128 internal constant ESCROW = 1000e6;
    uint96 internal constant STAKE = 100e6;
    uint8 internal constant PAYOUT = 1;
    uint8 internal constant SHARES = 2;

    address internal requester = makeAddr("requester");
    address internal oracle = makeAddr("oracle");
    address internal annotator = makeAddr("annotator");
    address internal colleague = makeAddr("colleague");
    address internal stranger = makeAddr("stranger");

    RewardToken internal token;
    ITaskRegistry internal registry;
    PoolParams internal pool;
    CampaignParams internal params;
    CampaignId internal id;
    /// @dev The payout tree of the campaign at hand, in the order of the leaves' indices.
    PayoutLeaf[] internal leaves;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(1_000_000);
        token = new RewardToken("Dollar", "USD", 6, 1e30);
        registry = _deploy(_limits());
        _endow(address(token));
        pool = _poolOf(address(token));
        vm.prank(oracle);
        registry.createPool(pool);
        params = _paramsOf(pool, _createDataset());
        id = registry.campaignIdOf(params);
    }

    // ------------------------------------------------------------- deployment

    function _limits() internal pure returns (Limits memory) {
        return Limits({minPeriod: 1 hours, minRescue: 2 hours, maxPeriod: 30 days, maxHorizon: 365 days});
    }

    function _deploy(Limits memory limits) internal returns (ITaskRegistry) {
        return Deployments.registry(limits);
    }

    /// @dev Gives everyone a million units of a token that the test holds, and the registry leave to take it. Ignores
    /// return values, as some tokens have none.
    function _endow(address token_) internal {
        address[4] memory people = [requester, oracle, annotator, colleague];
        for (uint256 i = 0; i < people.length; ++i) {
            (bool sent,) = token_.call(abi.encodeCall(token.transfer, (people[i], 1e15)));
            vm.prank(people[i]);
            (bool approved,) = token_.call(abi.encodeCall(token.approve, (address(registry), type(uint256).max)));
            assertTrue(sent && approved);
        }
    }

    /// @dev Replaces token, pool and campaign by ones in `token_`.
    function _use(address token_) internal {
        token = RewardToken(token_);
        _endow(token_);
        pool = _poolOf(token_);
        vm.prank(oracle);
        registry.createPool(pool);
        _setParams(_paramsOf(pool, params.dataset));
    }

    // ------------------------------------------------------------- parameters

    function _poolOf(address token_) internal view returns (PoolParams memory p) {
        (p.oracle, p.token, p.seatStake, p.unbonding) = (oracle, token_, STAKE, 60 days);
        (p.maxOpen, p.arbitrationRefund) = (3, 1e6);
    }

    function _paramsOf(PoolParams memory p, address dataset) internal view returns (CampaignParams memory c) {
        (c.pool, c.dataset, c.requester) = (registry.poolIdOf(p), dataset, requester);
        (c.oracle, c.token, c.specHash) = (p.oracle, p.token, keccak256("spec"));
        (c.shareCap, c.stakePerLabel, c.feeBps) = (1000e18, 1e6, 500);
        c.schedule = _schedule(vm.getBlockTimestamp());
    }

    /// @dev accept 1 h, enrol 2 h more, two rounds of 6 h from 1 h later, then reveal 2 h, settle 3 h.
    function _schedule(uint256 from) internal pure returns (Schedule memory s) {
        s.acceptEnd = uint40(from + 1 hours);
        s.enrolEnd = uint40(from + 3 hours);
        s.workStart = uint40(from + 4 hours);
        (s.roundLength, s.grace, s.rounds, s.tries) = (6 hours, 2 hours, 2, 2);
        (s.revealPeriod, s.settlePeriod, s.window, s.rulingPeriod) = (2 hours, 3 hours, 4 hours, 5 hours);
        (s.rescuePeriod, s.publicPeriod, s.slashWindow) = (7 hours, 8 hours, 9 hours);
    }

    function _setParams(CampaignParams memory c) internal {
        params = c;
        id = registry.campaignIdOf(c);
    }

    function _createDataset() internal returns (address) {
        vm.prank(requester);
        return registry.createDataset("Street signs", "SIGN", address(token), 6000, 10_000e18);
    }

    // -------------------------------------------------------- times of the line

    function _commitEnd() internal view returns (uint256) {
        return params.schedule.workStart + params.schedule.rounds * uint256(params.schedule.roundLength);
    }

    function _revealEnd() internal view returns (uint256) {
        return _commitEnd() + params.schedule.revealPeriod;
    }

    function _settleEnd() internal view returns (uint256) {
        return _revealEnd() + params.schedule.settlePeriod;
    }

    /// @dev The oracle's proposal and then each public try, with its rescue, may be contested three times.
    function _hardEnd() internal view returns (uint256) {
        Schedule memory s = params.schedule;
        uint256 contest = s.window + 3 * (uint256(s.rulingPeriod) + s.window);
        return _settleEnd() + contest + s.tries * (s.rescuePeriod + s.publicPeriod + contest) + s.slashWindow;
    }

    // ------------------------------------------------- a campaign, step by step

    function _join(address who) internal {
        vm.prank(who);
        registry.join(pool, "");
    }

    function _create() internal {
        vm.prank(requester);
        registry.createCampaign(pool, params, ESCROW);
    }

    function _accept() internal {
        vm.prank(oracle);
        registry.accept(pool, params);
    }

    function _enrol(address who) internal {
        vm.prank(who);
        registry.enrol(params);
    }

    function _postRoster(bytes32 root, uint32 count) internal {
        vm.prank(oracle);
        registry.postRoster(params, root, count);
    }

    function _drawSeed() internal {
        vm.warp(params.schedule.enrolEnd);
        registry.armSeed(pool, params);
        vm.roll(vm.getBlockNumber() + 5);
        registry.drawSeed(pool, params);
    }

    function _commitAggregate(uint32 round) internal {
        vm.prank(oracle);
        registry.commitAggregate(params, round, keccak256(abi.encode("root", round)), keccak256("item lists"));
    }

    function _propose(Settlement memory s) internal {
        vm.prank(oracle);
        registry.propose(params, s);
    }

    // ----------------------------------------------------------- to a stage

    function _toCreated() internal {
        _create();
    }

    function _toAccepted() internal {
        _create();
        _accept();
    }

    function _toSeeded() internal {
        _toAccepted();
        _drawSeed();
    }

    function _toWork() internal {
        _toSeeded();
        vm.warp(params.schedule.workStart);
    }

    function _toCommitted() internal {
        _toWork();
        _commitAggregate(0);
    }

    function _toRevealEnd() internal {
        _toCommitted();
        vm.warp(_revealEnd());
    }

    function _toProposed(Settlement memory s) internal {
        _toRevealEnd();
        _propose(s);
    }

    function _toFinal(Settlement memory s) internal {
        _toProposed(s);
        vm.warp(vm.getBlockTimestamp() + params.schedule.window);
        registry.finalize(params, s);
    }

    // ----------------------------------------------------------------- payouts

    function _addLeaf(address account, uint128 payout, uint128 shares) internal {
        (uint128 cumPayout, uint128 cumShares) = (payout, shares);
        uint256 count = leaves.length;
        if (count != 0) {
            cumPayout += leaves[count - 1].cumPayout;
            cumShares += leaves[count - 1].cumShares;
        }
        leaves.push(PayoutLeaf(uint64(count), account, payout, shares, 0, cumPayout, cumShares));
    }

    function _hash(PayoutLeaf memory leaf) internal view returns (bytes32) {
        return Digests.payoutLeaf(Digests.domain("PAYOUT", block.chainid, address(registry), id), leaf);
    }

    function _hashes() internal view returns (bytes32[] memory hashes) {
        hashes = new bytes32[](leaves.length);
        for (uint256 i = 0; i < hashes.length; ++i) {
            hashes[i] = _hash(leaves[i]);
        }
    }

    function _tree() internal view returns (Tree memory) {
        return Trees.build(_hashes());
    }

    /// @dev The honest settlement of the leaves at hand.
    function _settlement() internal view returns (Settlement memory s) {
        s.payoutRoot = _tree().root();
        (s.labelRoot, s.truthRoot, s.bundleHash) = (keccak256("labels"), keccak256("truth"), keccak256("bundle"));
        s.leaves = uint32(leaves.length);
        if (s.leaves == 0) return s;
        (s.payoutTotal, s.shareTotal) = (leaves[s.leaves - 1].cumPayout, leaves[s.leaves - 1].cumShares);
    }

    function _proof(uint256 index) internal view returns (bytes32[] memory) {
        return _tree().proof(_hash(leaves[index]));
    }

    /// @dev The leaves whose bit is set in `picked`, with their multiproof.
    function _batch(uint256 picked) internal view returns (ClaimBatch memory batch) {
        uint256 count;
        bytes32[] memory hashes = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            if ((picked >> i) & 1 == 1) hashes[count++] = _hash(leaves[i]);
        }
        assembly ("memory-safe") {
            mstore(hashes, count)
        }
        (batch.proof, batch.flags) = _tree().packedMultiproof(hashes);
        batch.leaves = new PayoutLeaf[](count);
        for (uint256 i = 0; i < leaves.length; ++i) {
            if ((picked >> i) & 1 == 0) continue;
            bytes32 hash = _hash(leaves[i]);
            for (uint256 j = 0; j < count; ++j) {
                if (hashes[j] == hash) batch.leaves[j] = leaves[i];
            }
        }
    }

    function _all() internal view returns (ClaimBatch memory) {
        return _batch((1 << leaves.length) - 1);
    }

    // ------------------------------------------------------------------- reads

    /// @dev The hash of the proposal at hand.
    function _proposal() internal view returns (bytes32) {
        return Peek.proposal(address(registry), id);
    }

    function _campaign() internal view returns (Campaign memory) {
        return registry.campaignOf(id);
    }

    function _status() internal view returns (Status) {
        return registry.campaignOf(id).status;
    }

    function _credit(address who) internal view returns (uint256) {
        return registry.creditOf(address(token), who);
    }

    function _share() internal view returns (IContributorShare) {
        return IContributorShare(params.dataset);
    }

    /// @dev Wallet and free credit: all that anyone can call their own.
    function _wealth(address who) internal view returns (uint256) {
        return token.balanceOf(who) + _credit(who);
    }

    function _commitOf(uint32 round, uint32 batch) internal pure returns (Commit memory) {
        return Commit({round: round, batch: batch, root: keccak256("sealed"), count: 20, cumulativeCount: 20});
    }
}

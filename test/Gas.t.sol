// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimBatch, PayoutLeaf, Settlement} from "../contracts/types/Types.sol";
import {RegistryBase} from "./base/RegistryBase.sol";
import {Trees} from "./base/Trees.sol";

/// @dev What each call costs as a transaction of its own, in the depth-20 trees of a million leaves. "New" accounts hold
/// nothing of what they get, "held" ones do. Figures are kept as data in snapshots/; the bounds here are the design's
/// budgets, but for those marked "over", which hold what is reached so that it does not get worse.
/// forge-config: default.isolate = true
contract GasTest is RegistryBase {
    string private constant GROUP = "TaskRegistry";
    uint256 private constant DEPTH = 20;
    uint256 private constant MANY = 100;

    function setUp() public override {
        super.setUp();
        (pool.nonce, pool.maxOpen) = (1, 100);
        vm.prank(oracle);
        registry.createPool(pool);
        _setParams(_paramsOf(pool, params.dataset));
        // A deployment in use: nobody's credit, no counter and no pool is touched for the first time.
        _deposit(oracle);
        _deposit(requester);
        params.nonce = 99;
        _setParams(params);
        _toFinal(_sample(0, keccak256("elsewhere")));
        _setParams(_paramsOf(pool, params.dataset));
    }

    function _deposit(address who) private {
        vm.prank(who);
        registry.deposit(address(token), 1);
    }

    function _sample(uint128 shareTotal, bytes32 root) private pure returns (Settlement memory s) {
        (s.payoutRoot, s.labelRoot, s.truthRoot) = (root, keccak256("labels"), keccak256("truth"));
        (s.payoutTotal, s.shareTotal, s.leaves, s.bundleHash) = (900e6, shareTotal, 1 << 20, keccak256("bundle"));
    }

    function _record(string memory name, uint256 budget) private {
        assertLe(vm.snapshotGasLastCall(GROUP, name), budget, name);
    }

    // ---------------------------------------------------------- around the work

    function test_gas_createPool() external {
        pool.nonce = 2;
        vm.prank(oracle);
        registry.createPool(pool);
        _record("createPool", 75_000);
    }

    function test_gas_createDataset() external {
        vm.prank(requester);
        registry.createDataset("Street signs of Europe", "SIGN", address(token), 6000, 10_000e18);
        _record("createDataset", 290_000);
    }

    function test_gas_createCampaign() external {
        registry.withdrawFor(address(token), requester);
        _create();
        _record("createCampaign, from the wallet", 160_000);
    }

    function test_gas_join() external {
        _join(annotator);
        // over: 75,000; a wallet costs an allowance and two balances, credit does not
        _record("join, from the wallet", 78_500);
    }

    function test_gas_join_FromCredit() external {
        vm.prank(annotator);
        registry.deposit(address(token), 2 * STAKE);
        _join(annotator);
        _record("join, from credit", 75_000);
    }

    function test_gas_accept() external {
        _create();
        _accept();
        _record("accept, from credit", 75_000);
    }

    function test_gas_accept_FromTheWallet() external {
        registry.withdrawFor(address(token), oracle);
        _create();
        _accept();
        _record("accept, from the wallet", 75_000);
    }

    function test_gas_roster() external {
        _toAccepted();
        _postRoster(keccak256("roster"), 100);
        _record("postRoster", 60_000);
    }

    function test_gas_enrol() external {
        _join(annotator);
        _toAccepted();
        _enrol(annotator);
        _record("enrol", 60_000);
    }

    function test_gas_seed() external {
        _toAccepted();
        vm.warp(params.schedule.enrolEnd);
        registry.armSeed(pool, params);
        // over: 55,000; opens the slot that drawing then writes for little
        _record("armSeed", 58_000);
        vm.roll(vm.getBlockNumber() + 5);
        registry.drawSeed(pool, params);
        _record("drawSeed", 45_000);
    }

    // ------------------------------------------------------- work and settlement

    function test_gas_commitAggregate() external {
        _toWork();
        _commitAggregate(0);
        _record("commitAggregate, first", 62_000);
        vm.warp(params.schedule.workStart + params.schedule.roundLength);
        _commitAggregate(1);
        _record("commitAggregate, later", 62_000);
    }

    function test_gas_commit() external {
        _join(annotator);
        _toAccepted();
        _enrol(annotator);
        _drawSeed();
        vm.warp(params.schedule.workStart);
        vm.prank(annotator);
        registry.commit(params, _commitOf(0, 0), new bytes32[](0));
        // over: 65,000; the first of a campaign sets `committed`, and the parameters' 24 words cost 5,500
        _record("commit, enrolled alone", 68_400);
    }

    function test_gas_commit_Later() external {
        _join(annotator);
        _toAccepted();
        _enrol(annotator);
        _drawSeed();
        vm.warp(params.schedule.workStart);
        _commitAggregate(0);
        vm.prank(annotator);
        registry.commit(params, _commitOf(0, 0), new bytes32[](0));
        // over: 65,000; the parameters' 24 words
        _record("commit, enrolled alone, later", 65_500);
    }

    function test_gas_commit_FromTheRoster() external {
        _create();
        _accept();
        bytes32 dom = keccak256(abi.encode("ROSTER.v1", block.chainid, address(registry), id));
        bytes32[] memory path = _path("roster");
        _postRoster(_climb(keccak256(bytes.concat(keccak256(abi.encode(dom, annotator)))), path), 1 << 20);
        _drawSeed();
        vm.warp(params.schedule.workStart);
        vm.prank(annotator);
        registry.commit(params, _commitOf(0, 0), path);
        _record("commit, from a roster of depth 20", 82_600);
    }

    function test_gas_settlement() external {
        Settlement memory s = _sample(500e18, keccak256("payouts"));
        _toProposed(s);
        _record("propose", 100_000);
        skip(params.schedule.window);
        registry.finalize(params, s);
        // over: 135,000; the first round of a dataset opens two slots of its share
        _record("finalize", 166_900);
    }

    function test_gas_settlement_LaterRound() external {
        _toFinal(_sample(500e18, keccak256("payouts")));
        _setParams(_paramsOf(pool, params.dataset));
        _toFinal(_sample(500e18, keccak256("payouts")));
        _record("finalize, later round of a dataset", 135_000);
    }

    /// @dev Invariant 19: what the oracle and the finalizer pay does not depend on how much work there was.
    function testFuzz_gas_IsIndependentOfLabelsAndLeaves(uint32 leafCount, uint128 payoutTotal, bytes32 root) external {
        vm.assume(root != 0 && root != keccak256(abi.encode("root", 0)));
        Settlement memory few = _sample(500e18, keccak256("payouts"));
        Settlement memory many = _sample(500e18, root);
        (few.leaves, many.leaves) = (1, uint32(bound(leafCount, 1, type(uint32).max)));
        (few.payoutTotal, many.payoutTotal) = (1, uint128(bound(payoutTotal, 1, 900e6)));
        _toWork();
        uint256 snapshot = vm.snapshotState();
        uint256[3] memory first = _settling(keccak256(abi.encode("root", 0)), few);
        vm.revertToState(snapshot);
        uint256[3] memory second = _settling(root, many);
        for (uint256 i = 0; i < 3; ++i) {
            // Calldata bytes that are zero cost 12 gas less: the only way in which the size of a number shows.
            assertApproxEqAbs(first[i], second[i], 12 * 32 * 8, vm.toString(i));
        }
    }

    function _settling(bytes32 root, Settlement memory s) private returns (uint256[3] memory used) {
        vm.prank(oracle);
        registry.commitAggregate(params, 0, root, keccak256("lists"));
        used[0] = vm.lastCallGas().gasTotalUsed;
        vm.warp(_revealEnd());
        _propose(s);
        used[1] = vm.lastCallGas().gasTotalUsed;
        skip(params.schedule.window);
        registry.finalize(params, s);
        used[2] = vm.lastCallGas().gasTotalUsed;
    }

    // -------------------------------------------------------------------- claims

    function test_gas_claim() external {
        bytes32[] memory path = _path("claim");
        _addLeaf(annotator, 1e6, 1e18);
        leaves[0].account = stranger;
        _toFinal(_sample(500e18, _climb(_hash(leaves[0]), path)));
        vm.prank(stranger);
        registry.claim(params, leaves[0], path);
        // over: 155,000; a word of the bitmap is new, as for one leaf in 128
        _record("claim, new holder, with shares", 163_200);
    }

    function test_gas_claim_Held() external {
        bytes32[] memory path = _path("claim");
        _holdShares(_one(annotator));
        delete leaves;
        _addLeaf(annotator, 1e6, 1e18);
        _toFinal(_sample(500e18, _climb(_hash(leaves[0]), path)));
        vm.prank(annotator);
        registry.claim(params, leaves[0], path);
        _record("claim, held, with shares", 129_000);
    }

    /// @dev Over: 30,000 new and 13,000 held for the payout alone. Of these the token takes 25,160 and 8,060, calldata
    /// 1,600 and the call's own costs, a new word of the bitmap among them, 600. Shares are under budget.
    function test_gas_claimMany_AllOf100() external {
        _claimAll(_people("new"), ", new, all of 100", 30_000, 27_500);
        address[] memory held = _people("held");
        _holdShares(held);
        _claimAll(held, ", held, all of 100", 13_000, 10_500);
    }

    /// @dev The leaves side by side in a tree of a million: one path of siblings for all of them.
    function test_gas_claimMany_DeepTree() external {
        _claimDeep(_people("new"), ", new, 100 of a depth-20 tree", 30_000, 27_500);
        address[] memory held = _people("held");
        _holdShares(held);
        _claimDeep(held, ", held, 100 of a depth-20 tree", 13_000, 10_500);
    }

    function _claimAll(address[] memory accounts, string memory label, uint256 payout, uint256 shares) private {
        _fill(accounts);
        _toFinal(_sample(500e18, Trees.root(_tree())));
        _claimParts(_everything(), label, payout, shares);
    }

    function _claimDeep(address[] memory accounts, string memory label, uint256 payout, uint256 shares) private {
        _fill(accounts);
        ClaimBatch memory batch = _everything();
        bytes32[] memory above = _path("above");
        (batch.proof, batch.flags) = (_append(batch.proof, above), _append(batch.flags, above.length + MANY - 1));
        _toFinal(_sample(500e18, _climb(Trees.root(_tree()), above)));
        _claimParts(batch, label, payout, shares);
    }

    function _claimParts(ClaimBatch memory batch, string memory label, uint256 payout, uint256 shares) private {
        uint256 snapshot = vm.snapshotState();
        vm.prank(stranger);
        registry.claimMany(params, batch, PAYOUT);
        _record(string.concat("claimMany payout", label), MANY * payout);
        vm.revertToState(snapshot);
        vm.prank(stranger);
        registry.claimMany(params, batch, PAYOUT | SHARES);
        _record(string.concat("claimMany payout and shares", label), MANY * (payout + shares));
    }

    /// @dev Claims for all at once, in the order of the sorted hashes.
    function _everything() private view returns (ClaimBatch memory batch) {
        bytes32[] memory hashes = _hashes();
        bytes32[] memory sorted = _hashes();
        (batch.proof, batch.flags) = Trees.packedMultiproof(Trees.build(_hashes()), sorted);
        batch.leaves = new PayoutLeaf[](hashes.length);
        for (uint256 i = 0; i < sorted.length; ++i) {
            for (uint256 j = 0; j < hashes.length; ++j) {
                if (hashes[j] == sorted[i]) batch.leaves[i] = leaves[j];
            }
        }
    }

    /// @dev Lets the accounts hold tokens and shares of the dataset, by another campaign.
    function _holdShares(address[] memory accounts) private {
        _fill(accounts);
        _setParams(_paramsOf(pool, params.dataset));
        _toFinal(_sample(500e18, Trees.root(_tree())));
        registry.claimMany(params, _everything(), PAYOUT | SHARES);
        _setParams(_paramsOf(pool, params.dataset));
    }

    function _fill(address[] memory accounts) private {
        delete leaves;
        for (uint256 i = 0; i < accounts.length; ++i) {
            _addLeaf(accounts[i], 1e6, 1e18);
        }
    }

    function _one(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }

    function _people(string memory seed) private pure returns (address[] memory accounts) {
        accounts = new address[](MANY);
        for (uint256 i = 0; i < MANY; ++i) {
            accounts[i] = address(uint160(uint256(keccak256(abi.encode(seed, i)))));
        }
    }

    // --------------------------------------------------------- trees too deep to build

    function _path(string memory seed) private pure returns (bytes32[] memory path) {
        path = new bytes32[](DEPTH);
        for (uint256 i = 0; i < DEPTH; ++i) {
            path[i] = keccak256(abi.encode(seed, i));
        }
    }

    function _climb(bytes32 from, bytes32[] memory path) private pure returns (bytes32 root) {
        root = from;
        for (uint256 i = 0; i < path.length; ++i) {
            root = Trees.pair(root, path[i]);
        }
    }

    function _append(bytes32[] memory a, bytes32[] memory b) private pure returns (bytes32[] memory both) {
        both = new bytes32[](a.length + b.length);
        for (uint256 i = 0; i < both.length; ++i) {
            both[i] = i < a.length ? a[i] : b[i - a.length];
        }
    }

    /// @dev Flags for `steps` steps, those that were not there before zero.
    function _append(uint256[] memory a, uint256 steps) private pure returns (uint256[] memory all) {
        all = new uint256[]((steps + 255) / 256);
        for (uint256 i = 0; i < a.length; ++i) {
            all[i] = a[i];
        }
    }
}

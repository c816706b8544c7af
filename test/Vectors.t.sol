// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Test} from "forge-std/Test.sol";

import {
    CampaignId,
    CampaignParams,
    Commit,
    PayoutLeaf,
    PoolId,
    PoolParams,
    Schedule,
    Settlement
} from "../contracts/types/Types.sol";
import {Digests} from "./base/Digests.sol";
import {Tree, Trees} from "./base/Trees.sol";
import {Hashes} from "./mocks/Hashes.sol";

/// @dev The values that Python and the contracts must agree on (tests/vectors). Each is computed three times: by the
/// file's author, by the contracts' own libraries under the file's chain and registry, and from the definition.
contract VectorsTest is Test {
    using Trees for Tree;

    struct Proof {
        uint256 index;
        bytes32[] proof;
    }

    struct Multiproof {
        bool[] flags;
        uint256[] indices;
        bytes32[] leaves;
        uint256[] order;
        bytes32[] proof;
    }

    struct SizedTree {
        Multiproof[] multiproofs;
        uint256[] order;
        Proof[] proofs;
        bytes32 root;
        uint256 size;
    }

    string private constant TREE_TYPE = "SizedTree(Multiproof[] multiproofs,uint256[] order,Proof[] proofs,bytes32 root,uint256 size)"
        "Multiproof(bool[] flags,uint256[] indices,bytes32[] leaves,uint256[] order,bytes32[] proof)"
        "Proof(uint256 index,bytes32[] proof)";

    Hashes private hashes;
    string private json;
    uint256 private chain;
    address private registry;
    CampaignId private id;

    /// @dev Reads a file and puts the contracts' libraries at the registry's address on the file's chain.
    function _open(string memory name) private {
        _read(name);
        _settle(vm.parseJsonUint(json, ".chainId"), vm.parseJsonAddress(json, ".registry"), _bytes32(".campaignId"));
    }

    function _read(string memory name) private {
        json = vm.readFile(string.concat("tests/vectors/", name, ".json"));
    }

    function _settle(uint256 chain_, address registry_, bytes32 id_) private {
        (chain, registry, id) = (chain_, registry_, CampaignId.wrap(id_));
        vm.chainId(chain);
        vm.etch(registry, type(Hashes).runtimeCode);
        hashes = Hashes(registry);
    }

    function _bytes32(string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, key);
    }

    function _uint(string memory key) private view returns (uint256) {
        return vm.parseJsonUint(json, key);
    }

    function _address(string memory key) private view returns (address) {
        return vm.parseJsonAddress(json, key);
    }

    function _count(string memory key) private view returns (uint256 count) {
        while (vm.keyExistsJson(json, _at(key, count))) ++count;
    }

    function _at(string memory key, uint256 index) private pure returns (string memory) {
        return string.concat(key, "[", vm.toString(index), "]");
    }

    // ------------------------------------------------------------ ids and domains

    function test_domains() external {
        _read("domains");
        uint256 count = _count("$");
        assertGt(count, 5);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = _at("$", i);
            _settle(
                _uint(string.concat(at, ".chainId")),
                _address(string.concat(at, ".registry")),
                _bytes32(string.concat(at, ".campaignId"))
            );
            string memory kind = vm.parseJsonString(json, string.concat(at, ".kind"));
            bytes32 expected = _bytes32(string.concat(at, ".domain"));
            assertEq(hashes.domain(kind, id), expected);
            assertEq(keccak256(abi.encode(kind, chain, registry, id)), expected);
        }
    }

    function test_ids() external {
        _open("ids");
        PoolParams memory p = abi.decode(vm.parseJsonBytes(json, ".poolEncoded"), (PoolParams));
        CampaignParams memory c = abi.decode(vm.parseJsonBytes(json, ".campaignEncoded"), (CampaignParams));
        bytes32 poolId = _bytes32(".poolId");
        assertEq(PoolId.unwrap(hashes.pool(p)), poolId);
        assertEq(Digests.poolId(chain, registry, p), poolId);
        assertEq(PoolId.unwrap(c.pool), poolId);
        assertEq(CampaignId.unwrap(hashes.campaign(c)), CampaignId.unwrap(id));
        assertEq(CampaignId.unwrap(Digests.campaignId(chain, registry, c)), CampaignId.unwrap(id));
        _assertPoolFields(p);
        _assertCampaignFields(c);
        _assertScheduleFields(c.schedule);
        uint256[5] memory times = hashes.times(c.schedule);
        assertEq(times[0], c.schedule.enrolEnd - c.schedule.grace);
        assertEq(times[1], _uint(".times.commitEnd"));
        assertEq(times[2], _uint(".times.revealEnd"));
        assertEq(times[3], _uint(".times.settleEnd"));
        assertEq(times[4], _uint(".times.hardEnd"));
    }

    function _assertPoolFields(PoolParams memory p) private view {
        assertEq(p.oracle, _address(".poolParams.oracle"));
        assertEq(p.token, _address(".poolParams.token"));
        assertEq(p.seatStake, _uint(".poolParams.seatStake"));
        assertEq(p.unbonding, _uint(".poolParams.unbonding"));
        assertEq(p.maxOpen, _uint(".poolParams.maxOpen"));
        assertEq(p.gate, _address(".poolParams.gate"));
        assertEq(p.arbitrator, _address(".poolParams.arbitrator"));
        assertEq(p.arbitrationRefund, _uint(".poolParams.arbitrationRefund"));
        assertEq(p.randomness, _address(".poolParams.randomness"));
        assertEq(p.nonce, _uint(".poolParams.nonce"));
    }

    function _assertCampaignFields(CampaignParams memory c) private view {
        assertEq(c.dataset, _address(".campaignParams.dataset"));
        assertEq(c.requester, _address(".campaignParams.requester"));
        assertEq(c.oracle, _address(".campaignParams.oracle"));
        assertEq(c.token, _address(".campaignParams.token"));
        assertEq(c.specHash, _bytes32(".campaignParams.specHash"));
        assertEq(c.shareCap, _uint(".campaignParams.shareCap"));
        assertEq(c.stakePerLabel, _uint(".campaignParams.stakePerLabel"));
        assertEq(c.feeBps, _uint(".campaignParams.feeBps"));
        assertEq(c.nonce, _uint(".campaignParams.nonce"));
    }

    function _assertScheduleFields(Schedule memory s) private view {
        string[14] memory names = [
            "acceptEnd",
            "enrolEnd",
            "workStart",
            "roundLength",
            "grace",
            "rounds",
            "tries",
            "revealPeriod",
            "settlePeriod",
            "window",
            "rulingPeriod",
            "rescuePeriod",
            "publicPeriod",
            "slashWindow"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            uint256 word;
            assembly ("memory-safe") {
                word := mload(add(s, mul(i, 0x20)))
            }
            assertEq(word, _uint(string.concat(".campaignParams.schedule.", names[i])), names[i]);
        }
    }

    // -------------------------------------------------------------------- leaves

    function _domain(string memory kind) private view returns (bytes32) {
        return Digests.domain(kind, chain, registry, id);
    }

    function test_leaves_Payout() external {
        _open("leaves");
        bytes32 dom = _domain("PAYOUT");
        uint256 count = _count(".payout");
        assertGt(count, 5);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = _at(".payout", i);
            PayoutLeaf memory leaf = _payoutLeaf(at);
            bytes32 expected = _bytes32(string.concat(at, ".leaf"));
            assertEq(hashes.payout(dom, leaf), expected);
            assertEq(Digests.payoutLeaf(dom, leaf), expected);
        }
    }

    function _payoutLeaf(string memory at) private view returns (PayoutLeaf memory leaf) {
        leaf.index = uint64(_uint(string.concat(at, ".index")));
        leaf.account = _address(string.concat(at, ".account"));
        leaf.payout = uint128(_uint(string.concat(at, ".payout")));
        leaf.shares = uint128(_uint(string.concat(at, ".shares")));
        leaf.slash = uint128(_uint(string.concat(at, ".slash")));
        leaf.cumPayout = uint128(_uint(string.concat(at, ".cumPayout")));
        leaf.cumShares = uint128(_uint(string.concat(at, ".cumShares")));
    }

    function test_leaves_LabelsAndCommitments() external {
        _open("leaves");
        for (uint256 i = 0; i < _count(".label"); ++i) {
            string memory at = _at(".label", i);
            bytes32 leaf = Digests.labelLeaf(
                _domain("LABEL"),
                _address(string.concat(at, ".annotator")),
                uint32(_uint(string.concat(at, ".batch"))),
                uint64(_uint(string.concat(at, ".item"))),
                _bytes32(string.concat(at, ".labelDigest"))
            );
            assertEq(leaf, _bytes32(string.concat(at, ".leaf")));
            at = _at(".commit", i);
            leaf = Digests.commitLeaf(
                _domain("COMMIT"),
                _address(string.concat(at, ".annotator")),
                uint32(_uint(string.concat(at, ".batch"))),
                uint64(_uint(string.concat(at, ".item"))),
                _bytes32(string.concat(at, ".labelDigest")),
                _bytes32(string.concat(at, ".salt"))
            );
            assertEq(leaf, _bytes32(string.concat(at, ".leaf")));
        }
    }

    function test_leaves_RosterAggregateAndTruth() external {
        _open("leaves");
        address annotator = _address(".roster[0].annotator");
        assertEq(hashes.seat(_domain("ROSTER"), annotator), _bytes32(".roster[0].leaf"));
        assertEq(Digests.rosterLeaf(_domain("ROSTER"), annotator), _bytes32(".roster[0].leaf"));
        assertEq(
            Digests.aggregateLeaf(
                _domain("AGGREGATE"), _address(".aggregate[0].annotator"), _bytes32(".aggregate[0].commitHash")
            ),
            _bytes32(".aggregate[0].leaf")
        );
        for (uint256 i = 0; i < _count(".truth"); ++i) {
            string memory at = _at(".truth", i);
            bytes32 leaf = Digests.truthLeaf(
                _domain("TRUTH"),
                uint64(_uint(string.concat(at, ".item"))),
                _bytes32(string.concat(at, ".winnerDigest")),
                uint32(_uint(string.concat(at, ".confidenceQ16"))),
                vm.parseJsonBool(json, string.concat(at, ".accepted"))
            );
            assertEq(leaf, _bytes32(string.concat(at, ".leaf")));
        }
    }

    // --------------------------------------------------------------------- trees

    /// @dev Invariant 20: one root and one proof in Python, JavaScript (tests/vectors/check.mjs) and here, and
    /// OpenZeppelin's MerkleProof accepts them all.
    function test_trees() external {
        _read("trees");
        bytes32[] memory all = new bytes32[](_count(".values"));
        for (uint256 i = 0; i < all.length; ++i) {
            string memory at = _at(".values", i);
            all[i] = Digests.rosterLeaf(_bytes32(string.concat(at, "[0]")), _address(string.concat(at, "[1]")));
        }
        SizedTree[] memory trees = abi.decode(vm.parseJsonTypeArray(json, ".trees", TREE_TYPE), (SizedTree[]));
        assertEq(trees.length, 33);
        for (uint256 i = 0; i < trees.length; ++i) {
            _assertTree(trees[i], all);
        }
    }

    function test_payoutTree() external {
        _read("payouts");
        bytes32[] memory all = new bytes32[](_count(".values"));
        assertGt(all.length, 5);
        for (uint256 i = 0; i < all.length; ++i) {
            string memory at = _at(".values", i);
            PayoutLeaf memory leaf;
            leaf.index = uint64(_uint(string.concat(at, "[1]")));
            leaf.account = _address(string.concat(at, "[2]"));
            leaf.payout = uint128(_uint(string.concat(at, "[3]")));
            leaf.shares = uint128(_uint(string.concat(at, "[4]")));
            leaf.slash = uint128(_uint(string.concat(at, "[5]")));
            leaf.cumPayout = uint128(_uint(string.concat(at, "[6]")));
            leaf.cumShares = uint128(_uint(string.concat(at, "[7]")));
            all[i] = Digests.payoutLeaf(_bytes32(string.concat(at, "[0]")), leaf);
        }
        SizedTree memory vector;
        (vector.size, vector.root) = (all.length, _bytes32(".root"));
        vector.proofs =
            abi.decode(vm.parseJsonTypeArray(json, ".proofs", "Proof(uint256 index,bytes32[] proof)"), (Proof[]));
        vector.multiproofs = abi.decode(
            vm.parseJsonTypeArray(
                json,
                ".multiproofs",
                "Multiproof(bool[] flags,uint256[] indices,bytes32[] leaves,uint256[] order,bytes32[] proof)"
            ),
            (Multiproof[])
        );
        _assertTree(vector, all);
    }

    function _assertTree(SizedTree memory vector, bytes32[] memory all) private pure {
        bytes32[] memory leaves = new bytes32[](vector.size);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = all[i];
        }
        Tree memory tree = Trees.build(leaves);
        assertEq(tree.root(), vector.root);
        assertGt(vector.proofs.length, 0);
        for (uint256 i = 0; i < vector.proofs.length; ++i) {
            bytes32 leaf = all[vector.proofs[i].index];
            assertEq(tree.proof(leaf), vector.proofs[i].proof);
            assertTrue(MerkleProof.verify(vector.proofs[i].proof, vector.root, leaf));
        }
        for (uint256 i = 0; i < vector.multiproofs.length; ++i) {
            _assertMultiproof(tree, vector.multiproofs[i], all);
        }
    }

    function _assertMultiproof(Tree memory tree, Multiproof memory vector, bytes32[] memory all) private pure {
        bytes32[] memory leaves = new bytes32[](vector.order.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = all[vector.order[i]];
        }
        assertEq(leaves, vector.leaves);
        assertTrue(MerkleProof.multiProofVerify(vector.proof, vector.flags, tree.root(), leaves));
        if (leaves.length == 0) return;
        (bytes32[] memory proof, bool[] memory flags) = tree.multiproof(leaves);
        assertEq(proof, vector.proof);
        assertEq(flags, vector.flags);
    }

    // ------------------------------------------------------------------- EIP-712

    function test_typedData() external {
        _read("typed_data");
        _settle(
            _uint(".domain.chainId"),
            _address(".domain.verifyingContract"),
            _bytes32(".statements[0].message.campaignId")
        );
        assertEq(Digests.separator(chain, registry), _bytes32(".domainSeparator"));
        assertEq(_count(".statements"), 4);
        _assertStatement(0, "Enrol", Digests.enrol(id));
        Commit memory batch = Commit({
            round: uint32(_uint(".statements[1].message.round")),
            batch: uint32(_uint(".statements[1].message.batch")),
            root: _bytes32(".statements[1].message.root"),
            count: uint32(_uint(".statements[1].message.count")),
            cumulativeCount: uint32(_uint(".statements[1].message.cumulativeCount"))
        });
        bytes32 commitHash = Digests.commit(id, batch);
        assertEq(hashes.commit(id, batch), commitHash);
        _assertStatement(1, "Commit", commitHash);
        address annotator = _address(".statements[2].message.annotator");
        assertEq(_bytes32(".statements[2].message.commitHash"), commitHash);
        _assertStatement(2, "Receipt", Digests.receipt(id, annotator, commitHash));
        annotator = _address(".statements[3].message.annotator");
        _assertStatement(
            3, "OpeningReceipt", Digests.openingReceipt(id, annotator, _bytes32(".statements[3].message.openingHash"))
        );
    }

    function _assertStatement(uint256 index, string memory primaryType, bytes32 structHash) private view {
        string memory at = _at(".statements", index);
        assertEq(vm.parseJsonString(json, string.concat(at, ".primaryType")), primaryType);
        assertEq(structHash, _bytes32(string.concat(at, ".structHash")));
        bytes32 digest = Digests.typed(Digests.separator(chain, registry), structHash);
        assertEq(digest, _bytes32(string.concat(at, ".digest")));
        bytes memory signature = vm.parseJsonBytes(json, string.concat(at, ".signature"));
        assertEq(ECDSA.recover(digest, signature), _address(string.concat(at, ".signer")));
    }

    // ------------------------------------------------- what needs no JSON to agree

    function testFuzz_settlementHash(Settlement memory s) external {
        hashes = new Hashes();
        assertEq(hashes.settlement(s), Digests.settlement(s));
    }

    function testFuzz_libraries(
        PayoutLeaf memory leaf,
        Commit memory c,
        bytes32 dom,
        CampaignId campaign,
        uint64 chain_
    ) external {
        vm.assume(chain_ != 0);
        vm.chainId(chain_);
        hashes = new Hashes();
        assertEq(hashes.payout(dom, leaf), Digests.payoutLeaf(dom, leaf));
        assertEq(hashes.seat(dom, leaf.account), Digests.rosterLeaf(dom, leaf.account));
        assertEq(hashes.commit(campaign, c), Digests.commit(campaign, c));
        assertEq(hashes.domain("PAYOUT.v1", campaign), Digests.domain("PAYOUT", chain_, address(hashes), campaign));
    }

    function testFuzz_multiproof(uint256 seed, uint8 count, uint256 picked) external pure {
        bytes32[] memory leaves = new bytes32[](bound(count, 1, 60));
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
        Tree memory tree = Trees.build(leaves);
        bytes32[] memory some = new bytes32[](leaves.length);
        uint256 size;
        for (uint256 i = 0; i < leaves.length; ++i) {
            if ((picked >> i) & 1 == 1) some[size++] = leaves[i];
        }
        if (size == 0) some[size++] = leaves[0];
        assembly ("memory-safe") {
            mstore(some, size)
        }
        (bytes32[] memory proof, bool[] memory flags) = tree.multiproof(some);
        assertTrue(MerkleProof.multiProofVerify(proof, flags, tree.root(), some));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdAssertions} from "forge-std/StdAssertions.sol";
import {StdUtils} from "forge-std/StdUtils.sol";

import {ITaskRegistry} from "../../contracts/interfaces/ITaskRegistry.sol";
import {CentralArbitrator} from "../../contracts/mocks/CentralArbitrator.sol";
import {
    CampaignId,
    CampaignParams,
    Commit,
    Limits,
    PayoutLeaf,
    PoolId,
    PoolParams,
    Settlement,
    Status
} from "../../contracts/types/Types.sol";
import {Deployments} from "../base/Deployments.sol";
import {Digests} from "../base/Digests.sol";
import {ErraticArbitrator} from "./ErraticArbitrator.sol";
import {PermitBlocklistToken} from "./PermitBlocklistToken.sol";

/// @dev The pool of the ring: a party that is requester, publisher, oracle, arbitrator, challenger and annotator in
/// one.
uint256 constant RING = 2;

/// @dev A signed batch, and how the chain came to know of it, if it did.
struct Sealed {
    address annotator;
    Commit commit;
    bytes32 hash;
    bool included;
    bool alone;
}

struct Receipted {
    /// Which of the campaign's batches.
    uint256 batch;
    uint256 answerEnd;
    bool settled;
}

/// @dev Who stands against whom.
struct Bout {
    /// Nobody while it is the oracle's proposal, on the campaign's bond.
    address proposer;
    uint256 proposerBond;
    uint256 withstood;
    address challenger;
    uint256 challengeBond;
    uint256 rulingEnd;
    bool asked;
    address payer;
    uint256 disputeId;
    bool ruled;
    uint256 ruling;
}

/// @dev What the model knows of a campaign, next to what the registry says.
struct Known {
    CampaignParams params;
    CampaignId id;
    uint256 pool;
    Status status;
    uint256 since;
    /// Escrow, top-ups and bonds, and what left of them again: credits, claims, burns.
    uint256 paidIn;
    uint256 paidOut;
    uint256 escrow;
    uint256 bond;
    uint256 hardEnd;
    bool accepted;
    /// Holds one of its pool's places.
    bool place;
    bool committed;
    uint64 seedBlock;
    bytes32 seed;
    Settlement settlement;
    PayoutLeaf[] leaves;
    uint256 claimed;
    uint256 released;
    address[] roster;
    bool rosterPosted;
    Sealed[] batches;
    Receipted[] receipts;
    uint256 openReceipts;
    /// Proposals that fell.
    uint256 rejections;
    Bout bout;
}

/// @dev A seat as the model sees it.
struct Chair {
    bool taken;
    uint256 stake;
    /// Since when it has been short of the whole stake; zero while it is not.
    uint256 shortSince;
    /// Zero while it stays.
    uint256 releaseAt;
    /// The campaigns whose places it waits for, and whether the pool could keep these apart from later ones.
    uint256[] waitsFor;
    bool apart;
}

/// @dev The people, pools and datasets of the suite. Pool 0 has an erratic arbitrator and few places; pool 1 an honest
/// judge and room for all; pool 2 is the ring's, whose judge is one of its own, in the token of pool 1. Nobody of the
/// ring does anything in another pool: what it has can then be told from what it was given.
abstract contract RegistryWorld is CommonBase, StdAssertions, StdUtils {
    ITaskRegistry public immutable registry;
    ErraticArbitrator public immutable erratic;
    PermitBlocklistToken[2] public tokens;
    PoolParams[3] internal _pools;
    PoolId[3] internal _poolIds;
    uint256[3] internal _tokenOf = [0, 1, 1];
    CentralArbitrator[3] internal _courts;
    address[3] internal _judges;

    mapping(address who => uint256) internal _keys;
    address[3] public requesters = [_named("requester"), _named("second requester"), _named("ring's requester")];
    address[3] public oracles = [_named("oracle"), _named("second oracle"), _named("ring's oracle")];
    /// @dev The last one is the ring's and joins no pool but its own.
    address[4] public annotators = [_named("a"), _named("b"), _named("c"), _named("ring's annotator")];
    address public accomplice = _named("ring's accomplice");
    address public stranger = _named("stranger");
    address[3] public datasets;
    address[] internal _people;
    mapping(address who => bool) public inRing;

    Known[] internal _known;
    mapping(uint256 pool => mapping(address who => Chair)) internal _chairs;
    mapping(uint256 pool => uint256) internal _latestEnd;
    mapping(uint256 pool => uint256) internal _held;
    mapping(uint256 pool => mapping(uint256 disputeId => bool)) internal _inDispute;
    mapping(uint256 campaign => mapping(uint64 index => uint8)) public parts;
    mapping(uint256 campaign => mapping(address who => bool)) internal _enrolled;
    mapping(uint256 campaign => mapping(address who => bool)) internal _listed;
    mapping(uint256 campaign => mapping(address who => bool)) internal _slashed;
    mapping(uint256 campaign => mapping(uint256 round => bool)) internal _aggregated;
    mapping(uint256 campaign => mapping(address who => uint32)) internal _batchCount;
    mapping(uint256 campaign => mapping(address who => uint32)) internal _labelCount;

    constructor() {
        registry = Deployments.registry(Limits(1 hours, 2 hours, 30 days, 365 days));
        erratic = new ErraticArbitrator();
        _judges = [address(0), _named("judge"), accomplice];
        for (uint256 i = 0; i < 3; ++i) {
            _people.push(requesters[i]);
            _people.push(oracles[i]);
        }
        for (uint256 i = 0; i < 4; ++i) {
            _people.push(annotators[i]);
        }
        _people.push(accomplice);
        for (uint256 i = 0; i < 2; ++i) {
            tokens[i] = new PermitBlocklistToken(1e36);
            _endow(tokens[i]);
        }
        for (uint256 i = 0; i < 3; ++i) {
            _openPool(i);
        }
        address[4] memory ring = [requesters[RING], oracles[RING], annotators[3], accomplice];
        for (uint256 i = 0; i < 4; ++i) {
            inRing[ring[i]] = true;
        }
    }

    function _named(string memory name) private returns (address who) {
        uint256 key = uint256(keccak256(bytes(name)));
        who = vm.addr(key);
        _keys[who] = key;
    }

    function _endow(PermitBlocklistToken token) private {
        for (uint256 i = 0; i < _people.length; ++i) {
            assertTrue(token.transfer(_people[i], 1e30));
            vm.prank(_people[i]);
            token.approve(address(registry), type(uint256).max);
        }
    }

    function _openPool(uint256 index) private {
        PoolParams storage p = _pools[index];
        (p.oracle, p.token, p.seatStake) = (oracles[index], address(tokens[_tokenOf[index]]), 50e6);
        (p.unbonding, p.arbitrationRefund) = (60 days, index == 1 ? 1e9 : 1e6);
        p.maxOpen = [uint16(4), 60_000, 20][index];
        if (index == 0) {
            p.arbitrator = address(erratic);
        } else {
            _courts[index] = new CentralArbitrator(_judges[index], 0.01 ether);
            p.arbitrator = address(_courts[index]);
        }
        vm.prank(oracles[index]);
        _poolIds[index] = registry.createPool(p);
        vm.prank(requesters[index]);
        datasets[index] = registry.createDataset("Data", "DATA", p.token, 5000, type(uint96).max);
    }

    // --------------------------------------------------------------- assertions

    // A cheatcode costs more than to compare, and there are millions of comparisons.

    function assertEq(uint256 left, uint256 right, string memory error) internal pure override {
        if (left != right) super.assertEq(left, right, error);
    }

    function assertEq(address left, address right, string memory error) internal pure override {
        if (left != right) super.assertEq(left, right, error);
    }

    function assertEq(bool left, bool right, string memory error) internal pure override {
        if (left != right) super.assertEq(left, right, error);
    }

    function assertEq(bytes32 left, bytes32 right, string memory error) internal pure override {
        if (left != right) super.assertEq(left, right, error);
    }

    function assertTrue(bool holds, string memory error) internal pure override {
        if (!holds) super.assertTrue(holds, error);
    }

    // ------------------------------------------------------------------- people

    /// @dev How many of the annotators a pool gets to see.
    function _crew(uint256 pool) internal pure returns (uint256) {
        return pool == RING ? 4 : 3;
    }

    function _anyone(uint256 seed) internal view returns (address) {
        return seed % 3 == 0 ? stranger : _people[seed % _people.length];
    }

    /// @dev Someone who may put money into a campaign of this pool, or win some.
    function _player(uint256 pool, uint256 seed) internal view returns (address who) {
        if (pool == RING && seed % 2 == 0) return [accomplice, requesters[RING], oracles[RING]][(seed >> 8) % 3];
        for (uint256 i = 0; i < _people.length; ++i) {
            who = _people[(seed % _people.length + i) % _people.length];
            if (!inRing[who]) break;
        }
        PermitBlocklistToken token = tokens[_tokenOf[pool]];
        return token.blocked(who) ? requesters[0] : who;
    }

    function _signature(address who, bytes32 structHash) internal view returns (bytes memory) {
        bytes32 separator = Digests.separator(block.chainid, address(registry));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[who], Digests.typed(separator, structHash));
        return abi.encodePacked(r, s, v);
    }
}

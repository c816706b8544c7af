// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdAssertions} from "forge-std/StdAssertions.sol";
import {StdUtils} from "forge-std/StdUtils.sol";

import {RegistryExtension} from "../../contracts/RegistryExtension.sol";
import {TaskRegistry} from "../../contracts/TaskRegistry.sol";
import {ITaskRegistry} from "../../contracts/interfaces/ITaskRegistry.sol";
import {BlocklistToken} from "../../contracts/mocks/HostileTokens.sol";
import {
    Campaign,
    CampaignId,
    CampaignParams,
    Limits,
    PayoutLeaf,
    PoolParams,
    Schedule,
    Settlement,
    Status
} from "../../contracts/types/Types.sol";

/// @dev What the model knows of a campaign, next to what the registry says.
struct Known {
    CampaignParams params;
    CampaignId id;
    uint256 pool;
    Status status;
    /// Escrow, top-ups and bond, and what left of it again: credits, claims, burns.
    uint256 paidIn;
    uint256 paidOut;
    uint256 bond;
    bool committed;
    uint64 seedBlock;
    bytes32 seed;
    Settlement settlement;
    PayoutLeaf[] leaves;
    uint256 claimed;
    uint256 released;
    address[] roster;
    bool rosterPosted;
}

/// @dev The people, pools and datasets of the suite, and an independent ledger of who owns what.
abstract contract RegistryWorld is CommonBase, StdAssertions, StdUtils {
    ITaskRegistry public immutable registry;
    BlocklistToken[2] public tokens;
    PoolParams[2] internal _pools;
    address[2] public requesters = [_named("requester"), _named("second requester")];
    address[2] public oracles = [_named("oracle"), _named("second oracle")];
    address[4] public annotators = [_named("a"), _named("b"), _named("c"), _named("d")];
    address public stranger = _named("stranger");
    address[2] public datasets;
    address[] internal _people;

    Known[] internal _known;
    mapping(address token => mapping(address who => uint256)) public credit;
    mapping(address token => uint256) public burned;
    mapping(address token => uint256) public donated;
    mapping(uint256 campaign => mapping(uint64 index => uint8)) public parts;
    mapping(uint256 campaign => mapping(address who => bool)) internal _enrolled;
    mapping(uint256 campaign => mapping(uint256 round => bool)) internal _aggregated;
    mapping(uint256 campaign => mapping(address who => uint32)) internal _batches;

    constructor() {
        registry = ITaskRegistry(
            address(new TaskRegistry(Limits(1 hours, 2 hours, 30 days, 365 days), address(new RegistryExtension())))
        );
        for (uint256 i = 0; i < 2; ++i) {
            _people.push(requesters[i]);
            _people.push(oracles[i]);
            tokens[i] = new BlocklistToken(1e36);
        }
        for (uint256 i = 0; i < 4; ++i) {
            _people.push(annotators[i]);
        }
        for (uint256 i = 0; i < 2; ++i) {
            _endow(tokens[i]);
            _openPool(i);
            vm.prank(requesters[i]);
            datasets[i] = registry.createDataset("Data", "DATA", address(tokens[i]), 5000, type(uint96).max);
        }
    }

    function _named(string memory name) private pure returns (address) {
        return address(uint160(uint256(keccak256(bytes(name)))));
    }

    function _endow(BlocklistToken token) private {
        for (uint256 i = 0; i < _people.length; ++i) {
            assertTrue(token.transfer(_people[i], 1e30));
            vm.prank(_people[i]);
            token.approve(address(registry), type(uint256).max);
        }
    }

    function _openPool(uint256 index) private {
        PoolParams storage p = _pools[index];
        (p.oracle, p.token, p.seatStake) = (oracles[index], address(tokens[index]), 50e6);
        (p.unbonding, p.maxOpen, p.arbitrationRefund) = (60 days, 60_000, 1e6);
        vm.prank(oracles[index]);
        registry.createPool(p);
    }

    // ------------------------------------------------------------------- reads

    function all() external view returns (Known[] memory) {
        return _known;
    }

    function people() external view returns (address[] memory) {
        return _people;
    }

    function poolOf(uint256 index) external view returns (PoolParams memory) {
        return _pools[index];
    }

    function _state(uint256 index) internal view returns (Campaign memory) {
        return registry.campaignOf(_known[index].id);
    }

    function _time() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    function _reach(uint256 time) internal {
        if (_time() < time) vm.warp(time);
    }

    function _commitEnd(uint256 index) internal view returns (uint256) {
        Schedule storage s = _known[index].params.schedule;
        return s.workStart + s.rounds * uint256(s.roundLength);
    }

    function _revealEnd(uint256 index) internal view returns (uint256) {
        return _commitEnd(index) + _known[index].params.schedule.revealPeriod;
    }

    function _settleEnd(uint256 index) internal view returns (uint256) {
        return _revealEnd(index) + _known[index].params.schedule.settlePeriod;
    }

    function hardEnd(uint256 index) public view returns (uint256) {
        Schedule storage s = _known[index].params.schedule;
        uint256 contest = s.window + 3 * (uint256(s.rulingPeriod) + s.window);
        return _settleEnd(index) + contest + s.tries * (s.rescuePeriod + s.publicPeriod + contest) + s.slashWindow;
    }

    // ------------------------------------------------------------ the model's ledger

    function _owes(address token, address who, uint256 amount) internal {
        credit[token][who] += amount;
    }

    /// @dev Takes `amount` from `who` in the model: credit first. Returns what the wallet must have paid.
    function _pays(address token, address who, uint256 amount) internal returns (uint256 fromWallet) {
        uint256 spent = credit[token][who] < amount ? credit[token][who] : amount;
        credit[token][who] -= spent;
        return amount - spent;
    }

    function _burns(address token, uint256 amount) internal {
        burned[token] += amount;
    }
}

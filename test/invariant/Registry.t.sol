// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {console} from "forge-std/console.sol";

import {IContributorShare} from "../../contracts/interfaces/IContributorShare.sol";
import {ITaskRegistry} from "../../contracts/interfaces/ITaskRegistry.sol";
import {Campaign, CampaignId, PoolId, PoolParams, Seat, Status} from "../../contracts/types/Types.sol";
import {RegistryHandler} from "./RegistryHandler.sol";
import {Known} from "./RegistryWorld.sol";

/// @dev The numbers are those of README.md beside this file. A handler that reverts fails the run: every call is made
/// where it must succeed, or checks itself that it fails.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 8
/// forge-config: deep.invariant.fail-on-revert = true
/// forge-config: deep.invariant.runs = 32
/// forge-config: deep.invariant.depth = 96
contract RegistryInvariantTest is Test {
    RegistryHandler private handler;
    ITaskRegistry private registry;

    function setUp() external {
        vm.warp(1_800_000_000);
        vm.roll(1_000_000);
        handler = new RegistryHandler();
        registry = handler.registry();
        bytes4[] memory calls = new bytes4[](25);
        calls[0] = handler.deposit.selector;
        calls[1] = handler.withdraw.selector;
        calls[2] = handler.donate.selector;
        calls[3] = handler.block_.selector;
        calls[4] = handler.join.selector;
        calls[5] = handler.leave.selector;
        calls[6] = handler.withdrawSeat.selector;
        calls[7] = handler.create.selector;
        calls[8] = handler.topUp.selector;
        calls[9] = handler.accept.selector;
        calls[10] = handler.enrol.selector;
        calls[11] = handler.postRoster.selector;
        calls[12] = handler.armSeed.selector;
        calls[13] = handler.missSeed.selector;
        calls[14] = handler.drawSeed.selector;
        calls[15] = handler.commitAggregate.selector;
        calls[16] = handler.commit.selector;
        calls[17] = handler.propose.selector;
        calls[18] = handler.finalize.selector;
        calls[19] = handler.cancel.selector;
        calls[20] = handler.expire.selector;
        calls[21] = handler.freePlace.selector;
        calls[22] = handler.claim.selector;
        calls[23] = handler.pass.selector;
        calls[24] = handler.attack.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: calls}));
    }

    function invariant_registry() external view {
        (Known[] memory known, Campaign[] memory states) = _load();
        _assertSolvency(known, states);
        for (uint256 i = 0; i < known.length; ++i) {
            _assertMoney(known[i], states[i]);
            _assertWork(known[i], states[i]);
            _assertSeats(i, known[i], states[i]);
        }
        _assertShares(known);
        _assertPlaces(known, states);
    }

    function _load() private view returns (Known[] memory known, Campaign[] memory states) {
        known = handler.all();
        states = new Campaign[](known.length);
        for (uint256 i = 0; i < known.length; ++i) {
            states[i] = registry.campaignOf(known[i].id);
        }
    }

    /// @dev 1, 2, 8, 18: what anyone owns is what the model says, to the unit, and the balance covers all of it.
    function _assertSolvency(Known[] memory known, Campaign[] memory states) private view {
        for (uint256 t = 0; t < 2; ++t) {
            address token = address(handler.tokens(t));
            uint256 sum = handler.burned(token) + handler.donated(token);
            assertEq(registry.burnedOf(token), handler.burned(token), "1: sink");
            address[] memory people = handler.people();
            PoolId pool = registry.poolIdOf(handler.poolOf(t));
            for (uint256 i = 0; i < people.length; ++i) {
                uint256 credit = registry.creditOf(token, people[i]);
                assertEq(credit, handler.credit(token, people[i]), "1, 8, 18: credit");
                sum += credit + registry.seatOf(pool, people[i]).stake;
            }
            for (uint256 i = 0; i < known.length; ++i) {
                if (known[i].pool == t) sum += uint256(states[i].escrow) + states[i].bond;
            }
            assertEq(handler.tokens(t).balanceOf(address(registry)), sum, "1: solvency");
            assertEq(handler.tokens(t).balanceOf(handler.stranger()), 0, "18: a stranger gained");
            assertEq(registry.creditOf(token, handler.stranger()), 0, "18: a stranger gained credit");
        }
    }

    /// @dev 3, 4, 9.
    function _assertMoney(Known memory k, Campaign memory state) private pure {
        assertEq(k.paidIn, k.paidOut + state.escrow + state.bond, "3: conservation");
        assertEq(state.bond, k.bond, "9: bond");
        bool running = k.status == Status.Open || k.status == Status.Proposed;
        assertEq(state.bond != 0, running, "9: bond while running only");
        if (k.status == Status.Proposed) {
            uint256 fee = uint256(k.settlement.payoutTotal) * k.params.feeBps / 10_000;
            assertGe(state.escrow, k.settlement.payoutTotal + fee, "4: escrow covers the proposal");
        }
        if (k.status == Status.Final) {
            assertEq(state.escrow, k.settlement.payoutTotal - k.claimed, "4: claimed at most the total");
        }
        if (k.status == Status.Cancelled || k.status == Status.Expired) assertEq(state.escrow, 0, "3: nothing stays");
    }

    /// @dev 8, 11, 23.
    function _assertWork(Known memory k, Campaign memory state) private pure {
        assertEq(state.committed, k.committed, "8: committed");
        if (k.status == Status.Cancelled) assertFalse(k.committed, "8: cancelled after a commitment");
        assertEq(state.seed, k.seed, "23: seed");
        assertEq(state.seedBlock, k.seedBlock, "23: block");
        assertTrue(state.status == k.status, "11: status");
    }

    /// @dev 22: whoever enrolled stays whole and locked until the place is freed, or hardEnd.
    function _assertSeats(uint256 i, Known memory k, Campaign memory state) private view {
        bool running = k.status == Status.Open || k.status == Status.Proposed || k.status == Status.Final;
        if (!running || state.placeFreed || vm.getBlockTimestamp() >= handler.hardEnd(i)) return;
        for (uint256 j = 0; j < 4; ++j) {
            address who = handler.annotators(j);
            bool listed = registry.enrolledAlone(k.id, who);
            for (uint256 r = 0; r < k.roster.length; ++r) {
                listed = listed || k.roster[r] == who;
            }
            if (!listed) continue;
            Seat memory seat = registry.seatOf(k.params.pool, who);
            assertEq(seat.stake, 50e6, "22: stake");
            assertTrue(seat.releaseAt == 0 || seat.releaseAt >= handler.hardEnd(i), "22: lock");
        }
    }

    /// @dev 4, 5, 12.
    function _assertShares(Known[] memory known) private view {
        for (uint256 d = 0; d < 2; ++d) {
            IContributorShare share = IContributorShare(handler.datasets(d));
            (uint256 supply, uint256 reserved, uint256 unreleased) = (0, 0, 0);
            for (uint256 i = 0; i < known.length; ++i) {
                Known memory k = known[i];
                if (k.params.dataset != address(share)) continue;
                if (k.status == Status.Final) {
                    (supply, reserved) = (supply + k.settlement.shareTotal, reserved + k.settlement.shareTotal);
                    uint256 left = share.rounds(CampaignId.unwrap(k.id)).left;
                    assertEq(left, k.settlement.shareTotal - k.released, "4, 5: released");
                    unreleased += left;
                } else if (k.status < Status.Final) {
                    reserved += k.params.shareCap;
                }
            }
            assertEq(share.totalSupply(), supply, "12: supply");
            assertEq(share.balanceOf(address(registry)), unreleased, "12: unreleased");
            assertEq(registry.dataset(address(share)).reserved, reserved, "12: reserved");
            assertLe(reserved, registry.dataset(address(share)).maxShares, "12: caps");
            uint256 balances = unreleased;
            for (uint256 j = 0; j < 4; ++j) {
                balances += share.balanceOf(handler.annotators(j));
            }
            assertEq(balances, supply, "12: balances");
        }
    }

    /// @dev 21, 22: a place is held by each campaign from acceptance until it is freed.
    function _assertPlaces(Known[] memory known, Campaign[] memory states) private view {
        uint256[2] memory open;
        for (uint256 i = 0; i < known.length; ++i) {
            Status s = known[i].status;
            bool held = s == Status.Open || s == Status.Proposed || (s == Status.Final && !states[i].placeFreed);
            if (held) ++open[known[i].pool];
        }
        for (uint256 p = 0; p < 2; ++p) {
            assertEq(registry.poolOf(registry.poolIdOf(handler.poolOf(p))).open, open[p], "22: places");
        }
    }

    /// @dev 21, then the counts. The edges of all runs are added up in the environment; a deep run must take each.
    function afterInvariant() external {
        handler.wind();
        _assertWound();
        _add("LABELSHARE_RUNS", 1);
        _print();
        _countEdges();
    }

    function _assertWound() private view {
        Known[] memory known = handler.all();
        for (uint256 t = 0; t < 2; ++t) {
            address token = address(handler.tokens(t));
            uint256 sum = handler.burned(token) + handler.donated(token);
            for (uint256 i = 0; i < known.length; ++i) {
                Known memory k = known[i];
                // What no leaf could claim: the part of the total that the leaves do not reach, or an absurd tree's rest.
                if (k.pool == t && k.status == Status.Final) sum += k.settlement.payoutTotal - k.claimed;
            }
            assertEq(handler.tokens(t).balanceOf(address(registry)), sum, "21: something is stuck");
            assertEq(registry.poolOf(registry.poolIdOf(handler.poolOf(t))).open, 0, "21: a place is stuck");
        }
        _assertShares(known);
    }

    /// @dev All runs so far are added up in the environment. Over half of each handler's calls must do their thing.
    function _print() private {
        console.log("handler, calls, of which idle, in all runs so far");
        for (uint256 i = 0; i < handler.namesCount(); ++i) {
            string memory name = handler.names(i);
            uint256 calls = _add(string.concat("LABELSHARE_CALLS_", name), handler.calls(name));
            uint256 idle = _add(string.concat("LABELSHARE_IDLE_", name), handler.idle(name));
            console.log(name, calls, idle);
            if (_isLastDeepRun()) assertLt(2 * idle, calls, name);
        }
    }

    function _add(string memory variable, uint256 more) private returns (uint256 total) {
        total = vm.envOr(variable, uint256(0)) + more;
        vm.setEnv(variable, vm.toString(total));
    }

    function _isLastDeepRun() private view returns (bool) {
        bool deep = keccak256(bytes(vm.envOr("FOUNDRY_PROFILE", string("")))) == keccak256("deep");
        return deep && vm.envOr("LABELSHARE_RUNS", uint256(0)) == 32;
    }

    function _countEdges() private {
        string[7] memory labels = [
            "None-Created",
            "Created-Open",
            "Created-Cancelled",
            "Open-Proposed",
            "Open-Cancelled",
            "Open-Expired",
            "Proposed-Final"
        ];
        uint256[7] memory codes = [uint256(0x01), 0x12, 0x15, 0x23, 0x25, 0x26, 0x34];
        for (uint256 i = 0; i < labels.length; ++i) {
            uint256 total = _add(string.concat("LABELSHARE_EDGE_", labels[i]), handler.edges(codes[i]));
            console.log(labels[i], handler.edges(codes[i]), total);
            if (_isLastDeepRun()) assertGt(total, 0, labels[i]);
        }
    }
}

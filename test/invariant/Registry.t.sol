// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {console} from "forge-std/console.sol";

import {ForbiddenMoves} from "./ForbiddenMoves.sol";
import {RegistryHandler} from "./RegistryHandler.sol";

/// @dev The numbers are those of README.md beside this file. A handler that reverts fails the run: every call is made
/// where it must succeed, or checks itself that it fails.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 24
/// forge-config: default.invariant.depth = 64
/// forge-config: deep.invariant.fail-on-revert = true
/// forge-config: deep.invariant.runs = 1600
/// forge-config: deep.invariant.depth = 64
contract RegistryInvariantTest is Test {
    uint256 private constant DEEP_RUNS = 1600;

    RegistryHandler private handler;
    string[] private names;
    bytes4[] private selectors;

    function setUp() external {
        vm.warp(1_800_000_000);
        vm.roll(1_000_000);
        handler = new RegistryHandler();
        _targetLedger();
        _targetLife();
        _targetContests();
        _targetAttacks();
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    function _target(string memory name, bytes4 selector) private {
        names.push(name);
        selectors.push(selector);
    }

    function _targetLedger() private {
        _target("deposit", handler.deposit.selector);
        _target("depositWithPermit", handler.depositWithPermit.selector);
        _target("withdraw", handler.withdraw.selector);
        _target("donate", handler.donate.selector);
        _target("block", handler.block_.selector);
        _target("join", handler.join.selector);
        _target("leave", handler.leave.selector);
        _target("withdrawSeat", handler.withdrawSeat.selector);
        _target("refill", handler.refill.selector);
        _target("pass", handler.pass.selector);
    }

    function _targetLife() private {
        _target("create", handler.create.selector);
        _target("topUp", handler.topUp.selector);
        _target("accept", handler.accept.selector);
        _target("enrol", handler.enrol.selector);
        _target("postRoster", handler.postRoster.selector);
        _target("armSeed", handler.armSeed.selector);
        _target("missSeed", handler.missSeed.selector);
        _target("drawSeed", handler.drawSeed.selector);
        _target("commitAggregate", handler.commitAggregate.selector);
        _target("commit", handler.commit.selector);
        _target("propose", handler.propose.selector);
        _target("finalize", handler.finalize.selector);
        _target("cancel", handler.cancel.selector);
        _target("expire", handler.expire.selector);
        _target("freePlace", handler.freePlace.selector);
        _target("claim", handler.claim.selector);
    }

    function _targetContests() private {
        _target("proposeLate", handler.proposeLate.selector);
        _target("proposeOpenly", handler.proposeOpenly.selector);
        _target("challenge", handler.challenge.selector);
        _target("requestRuling", handler.requestRuling.selector);
        _target("rule", handler.rule.selector);
        _target("resolve", handler.resolve.selector);
        _target("postReceipt", handler.postReceipt.selector);
        _target("answerReceipt", handler.answerReceipt.selector);
        _target("forfeitBond", handler.forfeitBond.selector);
        _target("postReveal", handler.postReveal.selector);
        _target("revealGold", handler.revealGold.selector);
        _target("slash", handler.slash.selector);
    }

    function _targetAttacks() private {
        _target("attackLife", handler.attackLife.selector);
        _target("attackLedger", handler.attackLedger.selector);
        _target("attackContest", handler.attackContest.selector);
        _target("attackEvidence", handler.attackEvidence.selector);
        _target("attackSlash", handler.attackSlash.selector);
    }

    function invariant_registry() external view {
        handler.check();
    }

    /// @dev 21, then the counts. Those of all runs are added up in the environment; the last of a deep test must have
    /// seen each transition and each refusal, and each handler do its thing in over half of its calls.
    function afterInvariant() external {
        handler.wind();
        handler.check();
        handler.checkOver();
        handler.checkWound();
        bool last = _add("RUNS", "", 1) == DEEP_RUNS && _isDeep();
        _countCalls(last);
        _countEdges(last);
        _countPaths(last);
        _countRefusals(last);
    }

    function _countCalls(bool last) private {
        console.log("handler: calls, of which idle, in all runs so far");
        for (uint256 i = 0; i < names.length; ++i) {
            uint256 calls = _add("CALLS", names[i], handler.calls(names[i]));
            uint256 idle = _add("IDLE", names[i], handler.idle(names[i]));
            console.log(names[i], calls, idle);
            if (last) assertLt(2 * idle, calls, names[i]);
        }
    }

    function _countEdges(bool last) private {
        console.log("transition: taken in this run, and in all so far");
        string[10] memory labels = [
            "None-Created",
            "Created-Open",
            "Created-Cancelled",
            "Open-Proposed",
            "Open-Cancelled",
            "Open-Expired",
            "Proposed-Disputed",
            "Proposed-Final",
            "Disputed-Open",
            "Disputed-Proposed"
        ];
        uint256[10] memory codes = [uint256(0x01), 0x12, 0x16, 0x23, 0x26, 0x27, 0x34, 0x35, 0x42, 0x43];
        for (uint256 i = 0; i < labels.length; ++i) {
            _count(labels[i], handler.edges(codes[i]), last);
        }
    }

    function _countPaths(bool last) private {
        string[14] memory labels = [
            "proposed in time",
            "proposed late",
            "proposed openly",
            "upheld",
            "rejected",
            "ruled for neither",
            "unruled",
            "final as the oracle's",
            "final as another's",
            "expired: time used up",
            "expired: tries used up",
            "expired: a receipt broken",
            "seat released by its places",
            "seat released by time"
        ];
        for (uint256 i = 0; i < labels.length; ++i) {
            _count(labels[i], handler.paths(labels[i]), last);
        }
        _count("contest of the ring with itself", handler.selfContests(), last);
    }

    function _countRefusals(bool last) private {
        console.log("forbidden move: refused in this run, and in all so far");
        string[][9] memory moves = ForbiddenMoves.all();
        uint256 sum;
        for (uint256 i = 0; i < moves.length; ++i) {
            for (uint256 j = 0; j < moves[i].length; ++j) {
                sum += handler.refusals(moves[i][j]);
                _count(moves[i][j], handler.refusals(moves[i][j]), last);
            }
        }
        assertEq(sum, handler.allRefusals(), "a forbidden move is not on the list");
    }

    function _count(string memory label, uint256 here, bool last) private {
        uint256 total = _add("TAKEN", label, here);
        console.log(label, here, total);
        if (last) assertGt(total, 0, label);
    }

    function _add(string memory kind, string memory name, uint256 more) private returns (uint256 total) {
        string memory variable = string.concat("LABELSHARE_", kind, "_", name);
        total = vm.envOr(variable, uint256(0)) + more;
        vm.setEnv(variable, vm.toString(total));
    }

    function _isDeep() private view returns (bool) {
        return keccak256(bytes(vm.envOr("FOUNDRY_PROFILE", string("")))) == keccak256("deep");
    }
}

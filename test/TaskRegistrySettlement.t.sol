// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {Campaign, Settlement, Status} from "../contracts/types/Types.sol";
import {ContestBase} from "./base/ContestBase.sol";
import {Digests} from "./base/Digests.sol";

/// @dev Proposals and their end; see TaskRegistrySettlement.tree.
contract TaskRegistrySettlementTest is ContestBase {
    // ----------------------------------------------------------------- propose

    function test_propose_RevertWhen_NotOpen() external {
        _toProposed(_sample());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Proposed, Status.Open));
        _propose(_sample());
    }

    function test_propose_RevertWhen_TheCallerIsNotTheOracle() external {
        _toRevealEnd();
        address[2] memory others = [stranger, requester];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotAllowed.selector, others[i], oracle));
            vm.prank(others[i]);
            registry.propose(params, _sample());
        }
    }

    /// @dev Regression: an oracle could propose itself the escrow of a campaign in which nobody had worked.
    function test_propose_RevertWhen_NobodyCommitted() external {
        _toWork();
        vm.warp(_revealEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NothingCommitted.selector, id));
        _propose(_sample());
    }

    function test_propose_RevertWhen_OutsideItsTime() external {
        _toCommitted();
        vm.warp(_revealEnd() - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, _revealEnd() - 1, _revealEnd()));
        _propose(_sample());
        vm.warp(_settleEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, _settleEnd(), _settleEnd()));
        _propose(_sample());
        uint256 snapshot = vm.snapshotState();
        vm.warp(_settleEnd() - 1);
        _propose(_sample());
        vm.revertToState(snapshot);
        vm.warp(_revealEnd());
        _propose(_sample());
    }

    /// @dev A second proposal in the oracle's own time is a late one.
    function test_propose_RevertWhen_AProposalFell() external {
        _toProposed(_sample());
        _contest(challenger, FOR_CHALLENGER);
        assertLt(vm.getBlockTimestamp(), _settleEnd());
        bytes memory call = abi.encodeCall(registry.propose, (params, _sample()));
        _fails(oracle, call, abi.encodeWithSelector(IRegistryEvents.NoExclusiveRight.selector, id));
    }

    function test_propose_RevertWhen_AReceiptIsOpenOrTheBondLost() external {
        _toCommitted();
        vm.warp(_commitEnd());
        _postReceipt(annotator, "receipt");
        vm.warp(_revealEnd());
        bytes memory call = abi.encodeCall(registry.propose, (params, _sample()));
        _fails(oracle, call, abi.encodeWithSelector(IRegistryEvents.NoExclusiveRight.selector, id));
        registry.forfeitBond(params, annotator, "receipt");
        _fails(oracle, call, abi.encodeWithSelector(IRegistryEvents.NoExclusiveRight.selector, id));
    }

    function testFuzz_propose_RevertWhen_PayoutAndFeeAreAboveTheEscrow(uint128 escrow, uint16 feeBps) external {
        escrow = uint128(bound(escrow, 4, 1e15));
        params.feeBps = uint16(bound(feeBps, 0, 10_000));
        _setParams(params);
        vm.prank(requester);
        registry.createCampaign(pool, params, escrow);
        _accept();
        _drawSeed();
        vm.warp(params.schedule.workStart);
        _commitAggregate(0);
        vm.warp(_revealEnd());
        Settlement memory s = _sample();
        // The largest payout that the escrow covers together with its fee, found without the contract's formula.
        uint128 most = uint128(uint256(escrow) * 10_000 / (10_000 + params.feeBps));
        while (most + 1 + (uint256(most) + 1) * params.feeBps / 10_000 <= escrow) ++most;
        s.payoutTotal = most + 1;
        uint256 needed = s.payoutTotal + uint256(s.payoutTotal) * params.feeBps / 10_000;
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.PayoutAboveEscrow.selector, needed, escrow));
        _propose(s);
        s.payoutTotal = most;
        _propose(s);
        // What is left over is less than one more unit of payout would cost, and never negative.
        vm.warp(vm.getBlockTimestamp() + params.schedule.window);
        registry.finalize(params, s);
        assertLe(_credit(requester), 2);
    }

    function test_propose_RevertWhen_PayoutAndFeeAreAsLargeAsCanBe() external {
        _toRevealEnd();
        Settlement memory s = _sample();
        s.payoutTotal = type(uint128).max;
        uint256 needed = uint256(s.payoutTotal) + uint256(s.payoutTotal) * 500 / 10_000;
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.PayoutAboveEscrow.selector, needed, ESCROW));
        _propose(s);
    }

    function test_propose_RevertWhen_TheSharesAreOutOfBounds() external {
        _toRevealEnd();
        Settlement memory s = _sample();
        s.shareTotal = 1000e18 + 1;
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SharesAboveCap.selector, s.shareTotal, 1000e18));
        _propose(s);
        s.shareTotal = 1e18 - 1;
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SharesBelowOne.selector, 1e18 - 1));
        _propose(s);
        s.shareTotal = 1;
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SharesBelowOne.selector, 1));
        _propose(s);
        s.shareTotal = 1e18;
        _propose(s);
    }

    function test_propose() external {
        _toRevealEnd();
        vm.expectEmit();
        emit IRegistryEvents.Proposed(id, oracle, _sample());
        _propose(_sample());
        Campaign memory state = _campaign();
        assertTrue(state.status == Status.Proposed);
        assertEq(state.since, _revealEnd());
        assertEq(state.settlement, Digests.settlement(_sample()));
        assertEq(state.escrow, ESCROW);
        assertEq(state.bond, ESCROW / 4);
    }

    // ---------------------------------------------------------------- finalize

    function test_finalize_RevertWhen_NotProposed() external {
        _toRevealEnd();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Open, Status.Proposed));
        registry.finalize(params, _sample());
        _propose(_sample());
        skip(params.schedule.window);
        registry.finalize(params, _sample());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Final, Status.Proposed));
        registry.finalize(params, _sample());
    }

    function test_finalize_RevertWhen_TheWindowIsNotOver() external {
        _toProposed(_sample());
        uint256 end = vm.getBlockTimestamp() + params.schedule.window;
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, end - 1, end));
        registry.finalize(params, _sample());
        vm.warp(end);
        registry.finalize(params, _sample());
    }

    function test_finalize_RevertWhen_TheSettlementIsAnother() external {
        _toProposed(_sample());
        skip(params.schedule.window);
        bytes32 proposed = Digests.settlement(_sample());
        for (uint256 word = 0; word < 8; ++word) {
            Settlement memory other = _sample();
            assembly ("memory-safe") {
                let at := add(other, mul(word, 0x20))
                mstore(at, xor(mload(at), 1))
            }
            bytes32 given = Digests.settlement(other);
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SettlementMismatch.selector, given, proposed));
            registry.finalize(params, other);
        }
    }

    function testFuzz_finalize(uint128 payoutTotal, uint16 feeBps, uint128 shareTotal, uint256 late) external {
        params.feeBps = uint16(bound(feeBps, 0, 10_000));
        _setParams(params);
        Settlement memory s = _sample();
        s.payoutTotal = uint128(bound(payoutTotal, 0, uint256(ESCROW) * 10_000 / (10_000 + params.feeBps)));
        s.shareTotal = uint128(bound(shareTotal, 0, 1000)) * 1e18;
        _toProposed(s);
        vm.warp(vm.getBlockTimestamp() + params.schedule.window + bound(late, 0, 3650 days));

        uint128 fee = uint128(uint256(s.payoutTotal) * params.feeBps / 10_000);
        uint128 surplus = ESCROW - s.payoutTotal - fee;
        vm.expectEmit();
        emit IRegistryEvents.Finalized(id, s.payoutTotal, s.shareTotal, fee, surplus);
        vm.prank(stranger);
        registry.finalize(params, s);

        assertEq(_credit(oracle), ESCROW / 4 + fee);
        assertEq(_credit(requester), surplus);
        assertEq(_wealth(stranger), 0);
        assertEq(token.balanceOf(address(registry)), ESCROW + ESCROW / 4);
        Campaign memory state = _campaign();
        assertTrue(state.status == Status.Final);
        assertEq(state.since, vm.getBlockTimestamp());
        assertEq(state.escrow, s.payoutTotal);
        assertEq(state.bond, 0);
        assertEq(state.settlement, s.payoutRoot);
        assertEq(registry.dataset(params.dataset).reserved, s.shareTotal);
        assertEq(_share().totalSupply(), s.shareTotal);
        assertEq(_share().balanceOf(address(registry)), s.shareTotal);
        assertEq(registry.poolOf(params.pool).open, 1);
    }

    function test_finalize_GivenATokenThatRefusesEverything() external {
        _toProposed(_sample());
        skip(params.schedule.window);
        vm.etch(address(token), hex"fe");
        registry.finalize(params, _sample());
        assertTrue(_status() == Status.Final);
    }
}

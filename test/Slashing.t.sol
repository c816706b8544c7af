// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {CampaignParams, Commit, Inclusion, PayoutLeaf, Status} from "../contracts/types/Types.sol";
import {Stakes} from "./base/Stakes.sol";
import {AgreeableAccount} from "./mocks/Accounts.sol";

/// @dev Slashing with consent; see Slashing.tree.
contract SlashingTest is Stakes {
    uint96 private constant SLICE = STAKE / 3;
    uint128 private constant SIGNED = 20e6;

    /// @dev Twenty labels at 1e6 each.
    function _own() private pure returns (Commit memory) {
        return _batch(0, 0, 20, 20);
    }

    modifier slashable() {
        _toSlashable(1, 20, SIGNED);
        _;
    }

    function _slashOwn() private {
        _slash(stranger, 0, _signed(annotator, _own()));
    }

    function _expectWrongStatus(Status status) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, status, Status.Final));
    }

    function _expectTooLate(uint256 time, uint256 end) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, time, end));
    }

    function _expectNotIncluded(address who, Commit memory c) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NotIncluded.selector, id, who, _hashOf(c)));
    }

    function _expectBadSignature(address who, Commit memory c) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidSignature.selector, who, _hashOf(c)));
    }

    function _expectShort(uint256 since) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeatShort.selector, params.pool, annotator, since));
    }

    // ---------------------------------------------------------------- statuses

    /// @dev revealEnd, with the commitments of `_toSlashable`.
    function _toJudgement() private {
        _join(annotator);
        _join(colleague);
        _openMany(1);
        _seedMany(1);
        _include(annotator, _own());
        _include(colleague, _batch(0, 0, 7, 7));
        _postRound(0);
        _blame(annotator, SIGNED);
        vm.warp(_revealEnd());
    }

    function test_RevertWhen_NotFinal() external {
        _toJudgement();
        _expectWrongStatus(Status.Open);
        _slashOwn();
        _propose(_settlement());
        _expectWrongStatus(Status.Proposed);
        _slashOwn();
    }

    function test_RevertWhen_Expired() external {
        _toJudgement();
        vm.warp(_hardEnd());
        registry.expire(params);
        _expectWrongStatus(Status.Expired);
        _slashOwn();
    }

    function test_RevertWhen_ThePoolIsNotTheCampaigns() external slashable movesNothing {
        bytes32 needed = keccak256(abi.encode(block.chainid, registry, pool));
        pool.maxOpen = 1;
        bytes32 given = keccak256(abi.encode(block.chainid, registry, pool));
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ParamsMismatch.selector, given, needed));
        _slashOwn();
    }

    // ------------------------------------------------------------------- times

    function test_RevertWhen_SlashEndHasCome() external slashable {
        uint256 end = uint256(_campaign().since) + params.schedule.slashWindow;
        assertEq(end, _slashEnd());
        vm.warp(end);
        _expectTooLate(end, end);
        _slashOwn();
        vm.warp(end - 1);
        _slashOwn();
    }

    function test_GivenALateFinal_EndsAtHardEnd() external {
        _toJudgement();
        _propose(_settlement());
        vm.warp(_hardEnd() - 1 hours);
        registry.finalize(params, _settlement());
        vm.warp(_hardEnd());
        _expectTooLate(_hardEnd(), _hardEnd());
        _slashOwn();
        vm.warp(_hardEnd() - 1);
        _slashOwn();
    }

    function test_GivenAFinalAfterHardEnd_NeverBegins() external {
        _toJudgement();
        _propose(_settlement());
        vm.warp(_hardEnd());
        registry.finalize(params, _settlement());
        _expectTooLate(_hardEnd(), _hardEnd());
        _slashOwn();
        registry.freePlace(params);
        assertEq(registry.poolOf(params.pool).open, 0);
    }

    // ------------------------------------------------------------------ leaves

    function test_RevertWhen_TheLeafIsNotUnderTheRoot() external slashable movesNothing {
        Inclusion memory inclusion = _signed(annotator, _own());
        bytes32[] memory proof = _proof(0);
        PayoutLeaf memory leaf = leaves[0];
        --leaf.slash;
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.slash(pool, params, leaf, proof, inclusion);
        proof[0] = ~proof[0];
        ++leaf.slash;
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.slash(pool, params, leaf, proof, inclusion);
    }

    function test_RevertWhen_TheLeafSlashesNothing() external slashable movesNothing {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NothingToSlash.selector, id, 1));
        _slash(stranger, 1, _signed(colleague, _batch(0, 0, 7, 7)));
    }

    function test_RevertWhen_TheCommitmentIsAnotherAccounts() external slashable movesNothing {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.OtherAnnotator.selector, colleague, annotator));
        _slash(stranger, 0, _signed(colleague, _batch(0, 0, 7, 7)));
    }

    function test_RevertWhen_AboveTheSlice() external {
        _toSlashable(1, 40, SLICE + 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SlashAboveSlice.selector, SLICE + 1, SLICE));
        _slash(stranger, 0, _signed(annotator, _batch(0, 0, 40, 40)));
        assertEq(_seat(annotator).stake, STAKE);
        assertEq(_credit(stranger), 0);
    }

    function test_WhenTheWholeSlice() external {
        _toSlashable(1, 40, SLICE);
        _slash(stranger, 0, _signed(annotator, _batch(0, 0, 40, 40)));
        assertEq(_seat(annotator).stake, STAKE - SLICE);
    }

    // ----------------------------------------------------------------- consent

    function test_RevertWhen_AboveWhatWasSigned() external {
        _toSlashable(1, 20, SIGNED + 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SlashAboveConsent.selector, SIGNED + 1, SIGNED));
        _slashOwn();
        assertEq(_seat(annotator).stake, STAKE);
        assertFalse(registry.isSlashed(id, annotator));
    }

    function test_WhenAllThatWasSigned() external slashable {
        _slashOwn();
        assertEq(_seat(annotator).stake, STAKE - SIGNED);
    }

    function test_RevertGiven_NoStakePerLabel() external {
        params.stakePerLabel = 0;
        _setParams(params);
        _toSlashable(1, 20, 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SlashAboveConsent.selector, 1, 0));
        _slashOwn();
    }

    function test_RevertWhen_TheSignatureIsBad() external slashable movesNothing {
        Inclusion memory inclusion = _signed(annotator, _own());
        _pick(1);
        bytes32 elsewhere = _hashOf(_own());
        _pick(0);
        bytes[] memory bad = _badSignatures(annotator, _hashOf(_own()), elsewhere);
        for (uint256 i = 0; i < bad.length; ++i) {
            inclusion.signature = bad[i];
            _expectBadSignature(annotator, _own());
            _slash(stranger, 0, inclusion);
        }
    }

    function test_RevertWhen_NotIncluded() external slashable movesNothing {
        Inclusion memory inclusion = _signed(annotator, _own());
        inclusion.commit.cumulativeCount = 21;
        _expectUnincluded(inclusion);
        inclusion.commit.cumulativeCount = 20;
        inclusion.commit.batch = 1;
        _expectUnincluded(inclusion);
        inclusion.commit.batch = 0;
        inclusion.commit.round = 1;
        _expectUnincluded(inclusion);
        inclusion.proof = new bytes32[](0);
        _expectUnincluded(inclusion);
    }

    /// @dev With the annotator's true signature, under no root and not alone.
    function _expectUnincluded(Inclusion memory inclusion) private {
        inclusion.signature = _sign(annotator, _hashOf(inclusion.commit));
        _expectNotIncluded(annotator, inclusion.commit);
        _slash(stranger, 0, inclusion);
        Inclusion memory alone = _alone(annotator, inclusion.commit);
        _expectNotIncluded(annotator, inclusion.commit);
        _slash(stranger, 0, alone);
    }

    function test_RevertWhen_IncludedButUnsigned() external slashable movesNothing {
        Inclusion memory inclusion = _signed(annotator, _own());
        inclusion.signature = "";
        _expectNotIncluded(annotator, _own());
        _slash(stranger, 0, inclusion);
    }

    // -------------------------------------------------------------------- once

    function test_RevertWhen_SlashedBefore() external slashable {
        _slashOwn();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.AlreadySlashed.selector, id, annotator));
        _slashOwn();
        assertEq(_seat(annotator).stake, STAKE - SIGNED);
    }

    function test_RevertWhen_SlashedBeforeByAnotherLeaf() external {
        _blame(annotator, 3e6);
        _toSlashable(1, 20, SIGNED);
        assertEq(leaves[1].account, annotator);
        _slashOwn();
        assertEq(_seat(annotator).stake, STAKE - 3e6);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.AlreadySlashed.selector, id, annotator));
        _slash(stranger, 1, _signed(annotator, _own()));
        assertEq(_seat(annotator).stake, STAKE - 3e6);
        assertTrue(registry.isSlashed(id, annotator));
        assertFalse(registry.isSlashed(id, colleague));
    }

    function test_RevertWhen_ThereNeverWasASeat() external {
        _include(stranger, _own());
        _blame(stranger, SIGNED);
        _toSlashable(1, 20, SIGNED);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotSeated.selector, params.pool, stranger));
        _slash(colleague, 0, _signed(stranger, _own()));
    }

    function test_RevertWhen_TheSeatIsGone() external {
        // Left before the campaign was accepted, and worked all the same.
        _join(annotator);
        vm.prank(annotator);
        registry.leave(params.pool);
        registry.withdrawSeat(pool, annotator);
        _join(colleague);
        _openMany(1);
        _seedMany(1);
        _include(annotator, _own());
        _postRound(0);
        _blame(annotator, SIGNED);
        _settleMany(1);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotSeated.selector, params.pool, annotator));
        _slashOwn();
    }

    // ------------------------------------------------------------- short seats

    /// @dev Campaign 0 is final and may slash; a second one is accepted, whose enrolment ends three hours from now.
    function _toSecondCampaign() private returns (CampaignParams memory first, CampaignParams memory second) {
        _toSlashable(1, 20, SIGNED);
        first = params;
        params.schedule = _schedule(vm.getBlockTimestamp());
        _open(1);
        _enrol(annotator);
        second = params;
        _setParams(first);
    }

    function _finishSecond(CampaignParams memory second) private {
        _setParams(second);
        _drawSeed();
        vm.warp(params.schedule.workStart);
        _postRound(0);
        vm.warp(_revealEnd());
        _propose(_settlement());
        skip(params.schedule.window);
        registry.finalize(params, _settlement());
    }

    function test_GivenAShortSeat_SlashesGivenItWasWholeUntilEnrolEnd() external {
        (, CampaignParams memory second) = _toSecondCampaign();
        vm.warp(second.schedule.enrolEnd);
        _slashOwn();
        _finishSecond(second);
        _slashOwn();
        assertEq(_seat(annotator).stake, STAKE - 2 * SIGNED);
        assertEq(_seat(annotator).shortSince, second.schedule.enrolEnd);
    }

    function test_GivenAShortSeat_RevertGivenItWasShortBeforeEnrolEnd() external {
        (, CampaignParams memory second) = _toSecondCampaign();
        vm.warp(second.schedule.enrolEnd - 1);
        _slashOwn();
        _finishSecond(second);
        _expectShort(second.schedule.enrolEnd - 1);
        _slashOwn();
        assertEq(_seat(annotator).stake, STAKE - SIGNED);
        assertFalse(registry.isSlashed(id, annotator));
    }

    function test_GivenAShortSeat_SlashesGivenItWasRefilled() external {
        (, CampaignParams memory second) = _toSecondCampaign();
        vm.warp(second.schedule.enrolEnd - 1);
        _slashOwn();
        vm.prank(annotator);
        registry.refill(pool);
        _finishSecond(second);
        _slashOwn();
        assertEq(_seat(annotator).stake, STAKE - SIGNED);
        assertEq(_seat(annotator).shortSince, vm.getBlockTimestamp());
    }

    // ----------------------------------------------------------------- success

    function testFuzz_slash(uint128 amount) external {
        amount = uint128(bound(amount, 1, SIGNED));
        _toSlashable(1, 20, amount);
        uint256 reward = amount / 20;
        vm.expectEmit();
        emit IRegistryEvents.Slashed(id, annotator, stranger, 0, amount, reward);
        if (reward != 0) {
            vm.expectEmit();
            emit IVaultEvents.Credited(address(token), stranger, reward);
        }
        vm.expectEmit();
        emit IVaultEvents.Burned(address(token), amount - reward);
        _slashOwn();
        assertEq(_seat(annotator).stake, STAKE - amount);
        assertEq(_seat(annotator).fullSince, START);
        assertEq(_seat(annotator).shortSince, vm.getBlockTimestamp());
        assertEq(_wealth(stranger), reward);
        assertEq(_burned(), amount - reward);
        assertEq(_wealth(annotator), 1e15 - STAKE);
        assertTrue(registry.isSlashed(id, annotator));
    }

    function test_RoundsTheRewardDown() external {
        _toSlashable(1, 20, 19);
        _slashOwn();
        assertEq(_credit(stranger), 0);
        assertEq(_burned(), 19);
    }

    function test_LeavesPayoutAndPlaceAlone() external {
        _addLeaf(annotator, 30e6, 3e18);
        leaves[0].slash = SIGNED;
        _toSlashable(1, 20, SIGNED);
        _slashOwn();
        assertEq(registry.poolOf(params.pool).open, 1);
        assertEq(_campaign().escrow, 80e6);
        registry.claim(params, leaves[0], _proof(0));
        assertEq(_wealth(annotator), 1e15 - STAKE + 30e6);
        assertEq(registry.claimedParts(id, 0), 3);
    }

    function test_OfWhatWasCommittedAlone() external {
        _join(annotator);
        _openMany(1);
        _enrol(annotator);
        _seedMany(1);
        _commitAlone(annotator, _own());
        _blame(annotator, SIGNED);
        _settleMany(1);
        _slash(stranger, 0, _alone(annotator, _own()));
        assertEq(_seat(annotator).stake, STAKE - SIGNED);
        assertEq(_credit(stranger), SIGNED / 20);
    }

    /// @dev What was committed alone counts as it was committed, not as somebody tells it.
    function test_RevertWhen_CommittedAloneForLess() external {
        _join(annotator);
        _openMany(1);
        _enrol(annotator);
        _seedMany(1);
        _commitAlone(annotator, _own());
        _blame(annotator, SIGNED + 1);
        _settleMany(1);
        Inclusion memory inflated = _alone(annotator, _own());
        inflated.commit.cumulativeCount = 21;
        _expectNotIncluded(annotator, inflated.commit);
        _slash(stranger, 0, inflated);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SlashAboveConsent.selector, SIGNED + 1, SIGNED));
        _slash(stranger, 0, _alone(annotator, _own()));
        assertEq(_seat(annotator).stake, STAKE);
    }

    function test_OfWhatALaterRoundHolds() external {
        _join(annotator);
        _openMany(1);
        _seedMany(1);
        _include(annotator, _batch(0, 0, 5, 5));
        _include(annotator, _batch(1, 1, 15, 20));
        _postRound(0);
        vm.warp(uint256(params.schedule.workStart) + params.schedule.roundLength);
        _postRound(1);
        _blame(annotator, SIGNED);
        _settleMany(1);
        _slash(stranger, 0, _signed(annotator, _batch(1, 1, 15, 20)));
        assertEq(_seat(annotator).stake, STAKE - SIGNED);
    }

    function test_OfAContractAccount() external {
        address wallet = address(new AgreeableAccount());
        token.transfer(wallet, STAKE);
        vm.prank(wallet);
        token.approve(address(registry), STAKE);
        _join(wallet);
        _openMany(1);
        _enrol(wallet);
        _seedMany(1);
        _commitAlone(wallet, _own());
        _include(wallet, _batch(0, 1, 5, 25));
        _postRound(0);
        _blame(wallet, SIGNED);
        _settleMany(1);
        Inclusion memory approved =
            Inclusion(wallet, _batch(0, 1, 5, 25), new bytes(65), _inclusionProof(wallet, _batch(0, 1, 5, 25)));
        _expectBadSignature(wallet, _batch(0, 1, 5, 25));
        _slash(stranger, 0, approved);
        _slash(stranger, 0, _alone(wallet, _own()));
        assertEq(_seat(wallet).stake, STAKE - SIGNED);
    }

    /// @dev Whoever signed by key and put code behind the account since (EIP-7702) has signed all the same.
    function test_OfAnAccountThatGainedCode() external slashable {
        vm.etch(annotator, address(new AgreeableAccount()).code);
        _slashOwn();
        assertEq(_seat(annotator).stake, STAKE - SIGNED);
    }

    function test_OfALeavingSeat() external slashable {
        vm.prank(annotator);
        registry.leave(params.pool);
        _slashOwn();
        assertEq(_seat(annotator).stake, STAKE - SIGNED);
        vm.warp(_slashEnd());
        registry.freePlace(params);
        registry.withdrawSeat(pool, annotator);
        assertEq(_credit(annotator), STAKE - SIGNED);
    }

    function test_GivenOneCampaignAtOnce_DrainsTheSeat() external {
        _usePool(1);
        _toSlashable(1, 100, STAKE);
        _slash(stranger, 0, _signed(annotator, _batch(0, 0, 100, 100)));
        assertEq(_seat(annotator).stake, 0);
        assertEq(_seat(annotator).fullSince, START);
        assertEq(_burned(), STAKE - STAKE / 20);
        vm.expectEmit();
        emit IVaultEvents.Refilled(params.pool, annotator, STAKE);
        vm.prank(annotator);
        registry.refill(pool);
        assertEq(_seat(annotator).stake, STAKE);
        assertEq(_wealth(annotator), 1e15 - 2 * STAKE);
    }

    /// forge-config: default.fuzz.runs = 64
    /// forge-config: deep.fuzz.runs = 1000
    function testFuzz_GivesEachCampaignItsSlice(uint16 maxOpen, uint256 order) external {
        maxOpen = uint16(bound(maxOpen, 1, 5));
        _usePool(maxOpen);
        uint96 slice = STAKE / maxOpen;
        _toSlashable(maxOpen, 100, slice);
        uint64 first = uint64(order % maxOpen);
        for (uint64 i = 0; i < maxOpen; ++i) {
            _pick((first + i) % maxOpen);
            assertEq(_seat(annotator).stake, STAKE - i * slice);
            _slash(stranger, 0, _signed(annotator, _batch(0, 0, 100, 100)));
            assertTrue(registry.isSlashed(id, annotator));
        }
        assertEq(_seat(annotator).stake, STAKE % maxOpen);
        assertEq(_seat(colleague).stake, STAKE);
        assertEq(_credit(stranger), maxOpen * uint256(slice / 20));
        assertEq(_burned(), maxOpen * uint256(slice - slice / 20));
    }
}

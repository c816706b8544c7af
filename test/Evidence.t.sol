// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {Commit, Inclusion, Status} from "../contracts/types/Types.sol";
import {Digests} from "./base/Digests.sol";
import {Stakes} from "./base/Stakes.sol";
import {AgreeableAccount} from "./mocks/Accounts.sol";

/// @dev Of forge, not yet of its library: signs with a given nonce.
interface INonceSigner {
    function signWithNonceUnsafe(uint256 key, bytes32 digest, uint256 nonce)
        external
        pure
        returns (uint8 v, bytes32 r, bytes32 s);
}

/// @dev Receipts, openings and gold on chain; see Evidence.tree.
contract EvidenceTest is Stakes {
    uint128 private constant BOND = ESCROW / 4;
    bytes32 private constant SECRET = keccak256("secret");
    bytes private constant LABELS = hex"0100";

    // ------------------------------------------------------------- commitments

    /// @dev Under the root of round 0.
    function _own() private pure returns (Commit memory) {
        return _batch(0, 0, 20, 20);
    }

    /// @dev Receipted and forgotten.
    function _dropped() private pure returns (Commit memory) {
        return _batch(1, 1, 5, 25);
    }

    /// @dev Committed by the colleague alone.
    function _lone() private pure returns (Commit memory) {
        return _batch(1, 1, 10, 17);
    }

    function _toSeats() private {
        _join(annotator);
        _join(colleague);
        _toAccepted();
        _enrol(annotator);
        _enrol(colleague);
        _drawSeed();
        vm.warp(params.schedule.workStart);
    }

    function _toAllCommitted() private {
        _toSeats();
        _include(annotator, _own());
        _include(colleague, _batch(0, 0, 7, 7));
        _postRound(0);
        vm.warp(uint256(params.schedule.workStart) + params.schedule.roundLength);
        _commitAlone(colleague, _lone());
    }

    /// @dev commitEnd, with commitments.
    modifier committed() {
        _toAllCommitted();
        vm.warp(_commitEnd());
        _;
    }

    /// @dev commitEnd of a campaign in which the chain knows of no commitment.
    modifier uncommitted() {
        _toSeats();
        vm.warp(_commitEnd());
        _;
    }

    // ------------------------------------------------------------------- calls

    function _post(address who, Commit memory c) private {
        bytes memory signature = _sign(oracle, _receiptHash(who, c));
        vm.prank(stranger);
        registry.postReceipt(params, who, _hashOf(c), signature);
    }

    function _answer(address who, Commit memory c, bytes32[] memory proof) private {
        vm.prank(stranger);
        registry.answerReceipt(params, who, c, proof);
    }

    function _answerOwn() private {
        _answer(annotator, _own(), _inclusionProof(annotator, _own()));
    }

    function _forfeit(address who, Commit memory c) private {
        vm.prank(stranger);
        registry.forfeitBond(params, who, _hashOf(c));
    }

    function _reveal(Inclusion memory inclusion) private {
        vm.prank(stranger);
        registry.postReveal(params, inclusion, SECRET, LABELS);
    }

    function _none() private pure returns (bytes32[] memory) {
        return new bytes32[](0);
    }

    function _receiptEnd(address who, Commit memory c) private view returns (uint256) {
        return registry.receiptEndOf(id, who, _hashOf(c));
    }

    function _openReceipts() private view returns (uint256) {
        return registry.contestOf(id).receipts;
    }

    function _grace() private view returns (uint256) {
        return params.schedule.grace;
    }

    /// @dev Waits for the end of the rescue, where the stranger, given the means, proposes on a bond of its own.
    function _proposeOpenly(uint256 from) private returns (uint256 bond) {
        bond = BOND << registry.contestOf(id).rejections;
        token.transfer(stranger, bond);
        vm.warp(from + params.schedule.rescuePeriod);
        vm.startPrank(stranger);
        token.approve(address(registry), bond);
        registry.proposeOpenly(pool, params, _settlement(), type(uint256).max);
        vm.stopPrank();
    }

    // ------------------------------------------------------------ expectations

    function _expectWrongStatus(Status status) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, status, Status.Open));
    }

    function _expectTooEarly(uint256 time, uint256 from) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, time, from));
    }

    function _expectTooLate(uint256 time, uint256 end) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, time, end));
    }

    function _expectNotOpen(address who, Commit memory c) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ReceiptNotOpen.selector, id, who, _hashOf(c)));
    }

    function _expectNotIncluded(address who, Commit memory c) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NotIncluded.selector, id, who, _hashOf(c)));
    }

    function _expectBadSignature(address who, bytes32 structHash) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidSignature.selector, who, structHash));
    }

    // ------------------------------------------------------------- postReceipt

    function test_postReceipt_RevertWhen_NotOpen() external committed {
        vm.warp(_revealEnd() - 1);
        uint64 nonce = params.nonce;
        _pick(77);
        _expectWrongStatus(Status.None);
        _post(annotator, _own());
        _pick(nonce);
        vm.warp(_revealEnd());
        _propose(_settlement());
        _expectWrongStatus(Status.Proposed);
        _post(annotator, _own());
    }

    function test_postReceipt_RevertWhen_CommitEndHasNotCome() external {
        _toAllCommitted();
        vm.warp(_commitEnd() - 1);
        _expectTooEarly(_commitEnd() - 1, _commitEnd());
        _post(annotator, _dropped());
        vm.warp(_commitEnd());
        _post(annotator, _dropped());
    }

    function test_postReceipt_RevertWhen_RevealEndHasCome() external committed {
        vm.warp(_revealEnd());
        _expectTooLate(_revealEnd(), _revealEnd());
        _post(annotator, _dropped());
        vm.warp(_revealEnd() - 1);
        _post(annotator, _dropped());
    }

    function _expectPosted(Commit memory c) private {
        vm.expectRevert(
            abi.encodeWithSelector(IRegistryEvents.ReceiptAlreadyPosted.selector, id, annotator, _hashOf(c))
        );
    }

    function test_postReceipt_RevertWhen_PostedBefore() external committed {
        _post(annotator, _own());
        skip(60);
        _expectPosted(_own());
        _post(annotator, _own());
        assertEq(_receiptEnd(annotator, _own()), _commitEnd() + _grace());
        _answerOwn();
        _expectPosted(_own());
        _post(annotator, _own());
    }

    function test_postReceipt_RevertWhen_PostedBeforeUnderAnotherSignature() external committed {
        _post(annotator, _own());
        bytes32 digest =
            Digests.typed(Digests.separator(block.chainid, address(registry)), _receiptHash(annotator, _own()));
        (, uint256 key) = makeAddrAndKey("oracle");
        (uint8 v, bytes32 r, bytes32 s) = INonceSigner(address(vm)).signWithNonceUnsafe(key, digest, 7);
        assertEq(ecrecover(digest, v, r, s), oracle);
        bytes32 hash = _hashOf(_own());
        _expectPosted(_own());
        registry.postReceipt(params, annotator, hash, abi.encodePacked(r, s, v));
    }

    function test_postReceipt_RevertWhen_ForfeitedBefore() external {
        // The answer is due before revealEnd only where grace is the shorter.
        params.schedule.grace = 1 hours;
        _setParams(params);
        _toAllCommitted();
        vm.warp(_commitEnd());
        _post(annotator, _dropped());
        skip(1 hours);
        _forfeit(annotator, _dropped());
        _expectPosted(_dropped());
        _post(annotator, _dropped());
    }

    function test_postReceipt_RevertWhen_TheSignatureIsBad() external committed movesNothing {
        bytes32 hash = _hashOf(_dropped());
        bytes32 receipt = _receiptHash(annotator, _dropped());
        _pick(1);
        bytes32 elsewhere = _receiptHash(annotator, _dropped());
        _pick(0);
        bytes[] memory bad = _badSignatures(oracle, receipt, elsewhere);
        for (uint256 i = 0; i < bad.length; ++i) {
            _expectBadSignature(oracle, receipt);
            registry.postReceipt(params, annotator, hash, bad[i]);
        }
        _expectBadSignature(oracle, receipt);
        registry.postReceipt(params, annotator, hash, "");
        assertEq(_receiptEnd(annotator, _dropped()), 0);
        assertEq(_openReceipts(), 0);
    }

    function test_postReceipt_RevertWhen_ForAnotherAnnotatorOrCommitment() external committed movesNothing {
        bytes32 hash = _hashOf(_dropped());
        bytes memory signature = _sign(oracle, _receiptHash(annotator, _dropped()));
        _expectBadSignature(oracle, _receiptHash(colleague, _dropped()));
        registry.postReceipt(params, colleague, hash, signature);
        bytes32 ownHash = _hashOf(_own());
        _expectBadSignature(oracle, _receiptHash(annotator, _own()));
        registry.postReceipt(params, annotator, ownHash, signature);
        signature = _sign(oracle, Digests.openingReceipt(id, annotator, hash));
        _expectBadSignature(oracle, _receiptHash(annotator, _dropped()));
        registry.postReceipt(params, annotator, hash, signature);
    }

    function test_postReceipt_RevertWhen_TheOracleIsAContract() external {
        address real = oracle;
        oracle = address(new AgreeableAccount());
        token.transfer(oracle, 1e15);
        vm.prank(oracle);
        token.approve(address(registry), type(uint256).max);
        pool = _poolOf(address(token));
        vm.prank(oracle);
        registry.createPool(pool);
        _setParams(_paramsOf(pool, params.dataset));
        _toAllCommitted();
        vm.warp(_commitEnd());
        bytes32 receipt = _receiptHash(annotator, _dropped());
        (bytes32 hash, bytes memory signature) = (_hashOf(_dropped()), _sign(real, receipt));
        _expectBadSignature(oracle, receipt);
        registry.postReceipt(params, annotator, hash, signature);
        _expectBadSignature(oracle, receipt);
        registry.postReceipt(params, annotator, hash, "");
    }

    function test_postReceipt() external committed {
        uint256 end = _commitEnd() + 1 + _grace();
        vm.warp(_commitEnd() + 1);
        vm.expectEmit();
        emit IRegistryEvents.ReceiptPosted(id, annotator, _hashOf(_dropped()), end);
        _post(annotator, _dropped());
        assertEq(_receiptEnd(annotator, _dropped()), end);
        assertEq(_receiptEnd(colleague, _dropped()), 0);
        assertEq(_receiptEnd(annotator, _own()), 0);
        assertEq(_openReceipts(), 1);
        assertEq(_campaign().bond, BOND);
        assertEq(_campaign().escrow, ESCROW);
        _post(colleague, _dropped());
        assertEq(_openReceipts(), 2);
    }

    function test_postReceipt_KeepsTheOracleFromProposing() external committed {
        vm.warp(_revealEnd() - 1);
        _post(annotator, _dropped());
        vm.warp(_revealEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NoExclusiveRight.selector, id));
        _propose(_settlement());
        vm.warp(_settleEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ReceiptsOpen.selector, id, 1));
        vm.prank(oracle);
        registry.proposeLate(params, _settlement());
    }

    function test_postReceipt_KeepsEveryoneFromCancelling() external uncommitted {
        _post(annotator, _dropped());
        _post(colleague, _dropped());
        vm.warp(_revealEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ReceiptsOpen.selector, id, 2));
        vm.prank(requester);
        registry.cancel(params);
    }

    // ----------------------------------------------------------- answerReceipt

    function test_answerReceipt_RevertWhen_Ended() external committed {
        _post(annotator, _own());
        _proposeOpenly(_settleEnd());
        skip(params.schedule.window);
        registry.finalize(params, _settlement());
        _expectWrongStatus(Status.Final);
        _answerOwn();
    }

    /// @dev A grace that outlasts settle and rescue period together.
    modifier longGrace() {
        params.schedule.grace = 12 hours;
        params.schedule.roundLength = 13 hours;
        params.schedule.enrolEnd = params.schedule.acceptEnd + 12 hours;
        params.schedule.workStart = params.schedule.enrolEnd + 1;
        _setParams(params);
        _toAllCommitted();
        vm.warp(_revealEnd() - 1);
        _post(annotator, _own());
        _post(annotator, _dropped());
        _proposeOpenly(_settleEnd());
        assertLt(vm.getBlockTimestamp(), _receiptEnd(annotator, _own()));
        _;
    }

    function test_answerReceipt_WhileAnothersProposalIsJudged() external longGrace {
        uint256 snapshot = vm.snapshotState();
        _answerOwn();
        assertEq(_openReceipts(), 1);
        vm.revertToState(snapshot);
        vm.prank(requester);
        registry.challenge(pool, params, _proposal(), type(uint256).max, "");
        _answerOwn();
        assertEq(_openReceipts(), 1);
        assertEq(_campaign().bond, BOND);
    }

    function test_forfeitBond_WhileAnothersProposalIsJudged() external longGrace {
        vm.warp(_receiptEnd(annotator, _dropped()));
        uint256 snapshot = vm.snapshotState();
        _forfeit(annotator, _dropped());
        assertEq(_credit(annotator), BOND / 2);
        assertTrue(_status() == Status.Proposed);
        skip(params.schedule.window);
        registry.finalize(params, _settlement());
        assertEq(_burned(), BOND / 2);
        vm.revertToState(snapshot);
        vm.warp(uint256(_campaign().since) + params.schedule.window - 1);
        vm.prank(requester);
        registry.challenge(pool, params, _proposal(), type(uint256).max, "");
        vm.warp(_receiptEnd(annotator, _dropped()));
        _forfeit(annotator, _dropped());
        assertTrue(_status() == Status.Disputed);
        assertEq(_campaign().bond, 0);
    }

    function test_answerReceipt_RevertWhen_NotPostedOrSettled() external committed {
        bytes32[] memory proof = _inclusionProof(annotator, _own());
        _expectNotOpen(annotator, _own());
        _answer(annotator, _own(), proof);
        _post(annotator, _own());
        _expectNotOpen(colleague, _own());
        _answer(colleague, _own(), proof);
        _answer(annotator, _own(), proof);
        _expectNotOpen(annotator, _own());
        _answer(annotator, _own(), proof);
        _post(annotator, _dropped());
        skip(_grace());
        _forfeit(annotator, _dropped());
        _expectNotOpen(annotator, _dropped());
        _answer(annotator, _dropped(), _none());
    }

    function test_answerReceipt_RevertWhen_TheGraceIsOver() external committed {
        vm.warp(_revealEnd() - 1);
        _post(annotator, _own());
        uint256 end = _revealEnd() - 1 + _grace();
        vm.warp(end);
        _expectTooLate(end, end);
        _answerOwn();
        vm.warp(end - 1);
        _answerOwn();
    }

    function test_answerReceipt_RevertGiven_NoRoot() external committed {
        _post(annotator, _dropped());
        _expectNotIncluded(annotator, _dropped());
        _answer(annotator, _dropped(), _none());
        _expectNotIncluded(annotator, _dropped());
        _answer(annotator, _dropped(), _inclusionProof(annotator, _own()));
        assertEq(_openReceipts(), 1);
    }

    /// @dev The oracle aggregates in each round what says that it belongs to the other.
    function _toWrongRounds() private {
        _toSeats();
        (bytes32 zero, bytes32 one) = (_leafOf(annotator, _dropped()), _leafOf(annotator, _own()));
        vm.prank(oracle);
        registry.commitAggregate(params, 0, zero, keccak256("item lists"));
        vm.warp(uint256(params.schedule.workStart) + params.schedule.roundLength);
        vm.prank(oracle);
        registry.commitAggregate(params, 1, one, keccak256("item lists"));
        vm.warp(_commitEnd());
    }

    function test_answerReceipt_RevertGiven_AnotherRound() external {
        _toWrongRounds();
        Commit[2] memory both = [_own(), _dropped()];
        for (uint256 i = 0; i < 2; ++i) {
            _post(annotator, both[i]);
            _expectNotIncluded(annotator, both[i]);
            _answer(annotator, both[i], _none());
        }
    }

    function test_answerReceipt_RevertGiven_AnotherBatch() external committed {
        Commit memory renumbered = _own();
        renumbered.batch = 1;
        bytes32[] memory proof = _inclusionProof(annotator, _own());
        _post(annotator, renumbered);
        _expectNotIncluded(annotator, renumbered);
        _answer(annotator, renumbered, proof);
        renumbered = _lone();
        renumbered.batch = 2;
        _post(colleague, renumbered);
        _expectNotIncluded(colleague, renumbered);
        _answer(colleague, renumbered, _none());
    }

    function test_answerReceipt_RevertGiven_AnotherContent() external committed {
        Commit memory other = _own();
        --other.count;
        bytes32[] memory proof = _inclusionProof(annotator, _own());
        _post(annotator, other);
        _expectNotIncluded(annotator, other);
        _answer(annotator, other, proof);
        other = _lone();
        ++other.cumulativeCount;
        _post(colleague, other);
        _expectNotIncluded(colleague, other);
        _answer(colleague, other, _none());
    }

    function test_answerReceipt_RevertGiven_AnotherAnnotatorCommittedTheSame() external committed {
        bytes32[] memory proof = _inclusionProof(annotator, _own());
        _post(colleague, _own());
        _expectNotIncluded(colleague, _own());
        _answer(colleague, _own(), proof);
        _post(annotator, _lone());
        _expectNotIncluded(annotator, _lone());
        _answer(annotator, _lone(), _none());
    }

    function test_answerReceipt_WhenUnderTheRoot() external committed {
        vm.warp(_revealEnd() - 1);
        _post(annotator, _own());
        vm.warp(_revealEnd() + 1);
        vm.expectEmit();
        emit IRegistryEvents.ReceiptAnswered(id, annotator, _hashOf(_own()));
        _answerOwn();
        assertEq(_receiptEnd(annotator, _own()), type(uint256).max);
        assertEq(_openReceipts(), 0);
        assertEq(_campaign().bond, BOND);
        _propose(_settlement());
        assertEq(uint8(_status()), uint8(Status.Proposed));
    }

    function test_answerReceipt_WhenUnderTheRootOfALaterRound() external {
        _toAllCommitted();
        _include(annotator, _dropped());
        _postRound(1);
        vm.warp(_commitEnd());
        _post(annotator, _dropped());
        _answer(annotator, _dropped(), _inclusionProof(annotator, _dropped()));
        assertEq(_openReceipts(), 0);
        _reveal(_signed(annotator, _dropped()));
    }

    function test_answerReceipt_WhenCommittedAlone() external committed {
        _post(colleague, _lone());
        vm.expectEmit();
        emit IRegistryEvents.ReceiptAnswered(id, colleague, _hashOf(_lone()));
        _answer(colleague, _lone(), _none());
        assertEq(_receiptEnd(colleague, _lone()), type(uint256).max);
        assertEq(_openReceipts(), 0);
    }

    function test_answerReceipt_WhenCommittedAloneWithAUselessProof() external committed {
        bytes32[] memory proof = _inclusionProof(annotator, _own());
        _post(colleague, _lone());
        _answer(colleague, _lone(), proof);
        assertEq(_openReceipts(), 0);
    }

    function test_answerReceipt_GivenSeveral() external committed {
        vm.warp(_revealEnd() - 1);
        _post(annotator, _own());
        _post(colleague, _lone());
        vm.warp(_revealEnd());
        _answerOwn();
        assertEq(_openReceipts(), 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NoExclusiveRight.selector, id));
        _propose(_settlement());
        _answer(colleague, _lone(), _none());
        _propose(_settlement());
    }

    // ------------------------------------------------------------- forfeitBond

    function test_forfeitBond_RevertWhen_Ended() external committed {
        _post(annotator, _dropped());
        _proposeOpenly(_settleEnd());
        skip(params.schedule.window);
        registry.finalize(params, _settlement());
        _expectWrongStatus(Status.Final);
        _forfeit(annotator, _dropped());
    }

    function test_forfeitBond_RevertWhen_NotPostedOrSettled() external committed {
        _expectNotOpen(annotator, _dropped());
        _forfeit(annotator, _dropped());
        _post(annotator, _own());
        _post(annotator, _dropped());
        _answerOwn();
        skip(_grace());
        _expectNotOpen(annotator, _own());
        _forfeit(annotator, _own());
        _expectNotOpen(colleague, _dropped());
        _forfeit(colleague, _dropped());
        _forfeit(annotator, _dropped());
        _expectNotOpen(annotator, _dropped());
        _forfeit(annotator, _dropped());
    }

    function test_forfeitBond_RevertWhen_TheGraceIsNotOver() external committed {
        _post(annotator, _dropped());
        uint256 end = _commitEnd() + _grace();
        vm.warp(end - 1);
        _expectTooEarly(end - 1, end);
        _forfeit(annotator, _dropped());
        vm.warp(end);
        _forfeit(annotator, _dropped());
    }

    /// @dev commitEnd of a campaign with this escrow and one commitment.
    function _toCommittedWith(uint128 escrow) private {
        _join(annotator);
        vm.prank(requester);
        registry.createCampaign(pool, params, escrow);
        _accept();
        _drawSeed();
        vm.warp(params.schedule.workStart);
        _commitAggregate(0);
        vm.warp(_commitEnd());
    }

    function testFuzz_forfeitBond_GivenCommitments(uint128 escrow) external {
        escrow = uint128(bound(escrow, 1, 1e14));
        _toCommittedWith(escrow);
        uint256 bond = _campaign().bond;
        _post(annotator, _dropped());
        skip(_grace());
        uint256 oracleBefore = _wealth(oracle);
        vm.expectEmit();
        emit IRegistryEvents.BondForfeited(id, annotator, _hashOf(_dropped()), bond / 2, bond - bond / 2);
        vm.expectEmit();
        emit IVaultEvents.Burned(address(token), bond - bond / 2);
        vm.expectEmit();
        emit IVaultEvents.Credited(address(token), annotator, bond / 2);
        _forfeit(annotator, _dropped());
        assertEq(_credit(annotator), bond / 2);
        assertEq(_burned(), bond - bond / 2);
        assertEq(_wealth(stranger), 0);
        assertEq(_wealth(oracle), oracleBefore);
        assertEq(_campaign().bond, 0);
        assertEq(_campaign().escrow, escrow);
        assertEq(uint8(_status()), uint8(Status.Open));
        assertEq(_openReceipts(), 0);
        assertEq(_receiptEnd(annotator, _dropped()), type(uint256).max);
        assertFalse(_campaign().placeFreed);
    }

    function test_forfeitBond_LeavesNothingForASecondReceipt() external committed {
        _post(annotator, _dropped());
        _post(colleague, _dropped());
        skip(_grace());
        _forfeit(annotator, _dropped());
        assertEq(_openReceipts(), 1);
        vm.expectEmit();
        emit IRegistryEvents.BondForfeited(id, colleague, _hashOf(_dropped()), 0, 0);
        _forfeit(colleague, _dropped());
        assertEq(_openReceipts(), 0);
        assertEq(_credit(annotator), BOND / 2);
        assertEq(_credit(colleague), 0);
        assertEq(_burned(), BOND / 2);
    }

    function test_forfeitBond_EndsTheOraclesRightToPropose() external committed {
        _post(annotator, _dropped());
        skip(_grace());
        _forfeit(annotator, _dropped());
        vm.warp(_revealEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NoExclusiveRight.selector, id));
        _propose(_settlement());
        vm.warp(_settleEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.BondUsedUp.selector, id, 0, 0));
        vm.prank(oracle);
        registry.proposeLate(params, _settlement());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.AlreadyCommitted.selector, id));
        vm.prank(requester);
        registry.cancel(params);
    }

    function test_forfeitBond_GoesOnToRescueAndPublicProposal() external committed {
        _addLeaf(annotator, 400e6, 40e18);
        _post(annotator, _dropped());
        skip(_grace());
        _forfeit(annotator, _dropped());
        vm.warp(_settleEnd());
        _reveal(_signed(annotator, _own()));
        uint256 bond = _proposeOpenly(_settleEnd());
        skip(params.schedule.window);
        uint256 requesterBefore = _wealth(requester);
        registry.finalize(params, _settlement());
        uint256 fee = 400e6 * 500 / 10_000;
        assertEq(_wealth(stranger), bond + fee);
        assertEq(_wealth(requester), requesterBefore + ESCROW - 400e6 - fee);
        assertEq(_burned(), BOND / 2);
        registry.claim(params, leaves[0], _proof(0));
        assertEq(_wealth(annotator), 1e15 - STAKE + BOND / 2 + 400e6);
        assertEq(_share().balanceOf(annotator), 40e18);
    }

    function test_forfeitBond_GivenNoCommitments_Expires() external uncommitted {
        _post(annotator, _dropped());
        skip(_grace());
        uint256 requesterBefore = _wealth(requester);
        vm.expectEmit();
        emit IRegistryEvents.BondForfeited(id, annotator, _hashOf(_dropped()), BOND / 2, BOND / 2);
        vm.expectEmit();
        emit IVaultEvents.Burned(address(token), BOND / 2);
        vm.expectEmit();
        emit IVaultEvents.Credited(address(token), annotator, BOND / 2);
        vm.expectEmit();
        emit IRegistryEvents.PlaceFreed(id, params.pool);
        vm.expectEmit();
        emit IRegistryEvents.Expired(id, ESCROW);
        vm.expectEmit();
        emit IVaultEvents.Burned(address(token), ESCROW);
        _forfeit(annotator, _dropped());
        assertEq(uint8(_status()), uint8(Status.Expired));
        assertEq(_campaign().escrow + _campaign().bond, 0);
        assertTrue(_campaign().placeFreed);
        assertEq(registry.poolOf(params.pool).open, 0);
        assertEq(registry.dataset(params.dataset).reserved, 0);
        assertEq(_burned(), ESCROW + BOND / 2);
        assertEq(_credit(annotator), BOND / 2);
        assertEq(_wealth(requester), requesterBefore);
        assertEq(token.balanceOf(address(registry)), ESCROW + BOND + 2 * STAKE);
    }

    function test_forfeitBond_GivenNoCommitments_SettlesNoSecondReceipt() external uncommitted {
        _post(annotator, _dropped());
        _post(colleague, _dropped());
        skip(_grace());
        _forfeit(annotator, _dropped());
        _expectWrongStatus(Status.Expired);
        _forfeit(colleague, _dropped());
        assertEq(_credit(colleague), 0);
    }

    // -------------------------------------------------------------- postReveal

    function test_postReveal_RevertWhen_NotOpen() external committed {
        vm.warp(_revealEnd());
        _propose(_settlement());
        _expectWrongStatus(Status.Proposed);
        _reveal(_signed(annotator, _own()));
    }

    function test_postReveal_RevertWhen_CommitEndHasNotCome() external {
        _toAllCommitted();
        vm.warp(_commitEnd() - 1);
        _expectTooEarly(_commitEnd() - 1, _commitEnd());
        _reveal(_signed(annotator, _own()));
        vm.warp(_commitEnd());
        _reveal(_signed(annotator, _own()));
    }

    function test_postReveal_RevertWhen_BetweenRevealEndAndRescue() external committed {
        vm.warp(_revealEnd() - 1);
        _reveal(_signed(annotator, _own()));
        vm.warp(_revealEnd());
        _expectTooEarly(_revealEnd(), _settleEnd());
        _reveal(_signed(annotator, _own()));
        vm.warp(_settleEnd() - 1);
        _expectTooEarly(_settleEnd() - 1, _settleEnd());
        _reveal(_signed(annotator, _own()));
        vm.warp(_settleEnd());
        _reveal(_signed(annotator, _own()));
    }

    function test_postReveal_RevertWhen_TheRescueIsOver() external committed {
        uint256 end = _settleEnd() + params.schedule.rescuePeriod;
        vm.warp(end - 1);
        _reveal(_signed(annotator, _own()));
        vm.warp(end);
        _expectTooLate(end, end);
        _reveal(_signed(annotator, _own()));
    }

    function test_postReveal_GivenAProposalFell() external committed {
        vm.warp(_revealEnd());
        _propose(_settlement());
        vm.prank(colleague);
        registry.challenge(pool, params, _proposal(), type(uint256).max, "");
        vm.warp(_revealEnd() + params.schedule.rulingPeriod);
        registry.resolve(pool, params);
        uint256 end = _revealEnd() + params.schedule.rulingPeriod + params.schedule.rescuePeriod;
        _reveal(_signed(annotator, _own()));
        vm.warp(end - 1);
        _reveal(_signed(annotator, _own()));
        vm.warp(end);
        _expectTooLate(end, end);
        _reveal(_signed(annotator, _own()));
    }

    function test_postReveal_RevertWhen_TheSignatureIsBad() external committed movesNothing {
        bytes32 hash = _hashOf(_own());
        _pick(1);
        bytes32 elsewhere = _hashOf(_own());
        _pick(0);
        bytes[] memory bad = _badSignatures(annotator, hash, elsewhere);
        Inclusion memory inclusion = _signed(annotator, _own());
        for (uint256 i = 0; i < bad.length; ++i) {
            inclusion.signature = bad[i];
            _expectBadSignature(annotator, hash);
            _reveal(inclusion);
        }
    }

    function test_postReveal_RevertGiven_NoRootOrAnotherRound() external committed {
        Inclusion memory inclusion = _signed(annotator, _own());
        inclusion.commit.round = 1;
        inclusion.signature = _sign(annotator, _hashOf(inclusion.commit));
        _expectNotIncluded(annotator, inclusion.commit);
        _reveal(inclusion);
        inclusion.proof = _none();
        _expectNotIncluded(annotator, inclusion.commit);
        _reveal(inclusion);
        inclusion.commit.round = 2;
        inclusion.signature = _sign(annotator, _hashOf(inclusion.commit));
        _expectNotIncluded(annotator, inclusion.commit);
        _reveal(inclusion);
    }

    function test_postReveal_RevertGiven_TheRootOfAnotherRound() external {
        _toWrongRounds();
        Commit[2] memory both = [_own(), _dropped()];
        for (uint256 i = 0; i < 2; ++i) {
            Inclusion memory inclusion = Inclusion(annotator, both[i], _sign(annotator, _hashOf(both[i])), _none());
            _expectNotIncluded(annotator, both[i]);
            _reveal(inclusion);
        }
    }

    function test_postReveal_RevertGiven_AnotherContent() external committed {
        Inclusion memory inclusion = _signed(annotator, _own());
        --inclusion.commit.count;
        inclusion.signature = _sign(annotator, _hashOf(inclusion.commit));
        _expectNotIncluded(annotator, inclusion.commit);
        _reveal(inclusion);
        inclusion = _alone(colleague, _lone());
        inclusion.commit.root = keccak256("another");
        _expectNotIncluded(colleague, inclusion.commit);
        _reveal(inclusion);
    }

    function test_postReveal_RevertGiven_AnotherBatch() external committed {
        Inclusion memory inclusion = _signed(annotator, _own());
        inclusion.commit.batch = 1;
        inclusion.signature = _sign(annotator, _hashOf(inclusion.commit));
        _expectNotIncluded(annotator, inclusion.commit);
        _reveal(inclusion);
        inclusion = _alone(colleague, _lone());
        inclusion.commit.batch = 0;
        _expectNotIncluded(colleague, inclusion.commit);
        _reveal(inclusion);
    }

    function test_postReveal_RevertGiven_AnotherAnnotatorCommittedTheSame() external committed {
        Inclusion memory inclusion = _signed(annotator, _own());
        inclusion.annotator = colleague;
        _expectBadSignature(colleague, _hashOf(_own()));
        _reveal(inclusion);
        inclusion.signature = _sign(colleague, _hashOf(_own()));
        _expectNotIncluded(colleague, _own());
        _reveal(inclusion);
        _expectNotIncluded(annotator, _lone());
        _reveal(_alone(annotator, _lone()));
    }

    function test_postReveal_RevertGiven_CommittedAloneButSigned() external committed {
        Inclusion memory inclusion = _alone(colleague, _lone());
        inclusion.signature = _sign(colleague, _hashOf(_lone()));
        _expectNotIncluded(colleague, _lone());
        _reveal(inclusion);
    }

    function test_postReveal_RevertGiven_IncludedButUnsigned() external committed {
        Inclusion memory inclusion = _signed(annotator, _own());
        inclusion.signature = "";
        _expectNotIncluded(annotator, _own());
        _reveal(inclusion);
    }

    function test_postReveal_GivenAContractAccount() external {
        address wallet = address(new AgreeableAccount());
        token.transfer(wallet, STAKE);
        vm.prank(wallet);
        token.approve(address(registry), STAKE);
        _join(wallet);
        _toAccepted();
        _enrol(wallet);
        _drawSeed();
        vm.warp(params.schedule.workStart);
        _include(wallet, _own());
        _postRound(0);
        _commitAlone(wallet, _batch(0, 1, 5, 25));
        vm.warp(_commitEnd());
        Inclusion memory inclusion = Inclusion(wallet, _own(), new bytes(65), _none());
        _expectBadSignature(wallet, _hashOf(_own()));
        _reveal(inclusion);
        inclusion.signature = _sign(stranger, _hashOf(_own()));
        _expectBadSignature(wallet, _hashOf(_own()));
        _reveal(inclusion);
        vm.expectEmit();
        emit IRegistryEvents.Revealed(id, wallet, _hashOf(_batch(0, 1, 5, 25)), _batch(0, 1, 5, 25), SECRET, LABELS);
        _reveal(_alone(wallet, _batch(0, 1, 5, 25)));
    }

    function test_postReveal() external committed movesNothing {
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectEmit();
            emit IRegistryEvents.Revealed(id, annotator, _hashOf(_own()), _own(), SECRET, LABELS);
            _reveal(_signed(annotator, _own()));
            vm.expectEmit();
            emit IRegistryEvents.Revealed(id, colleague, _hashOf(_lone()), _lone(), SECRET, LABELS);
            _reveal(_alone(colleague, _lone()));
        }
    }

    // -------------------------------------------------------------- revealGold

    function test_revealGold_RevertWhen_NotOpen() external {
        _create();
        _expectWrongStatus(Status.Created);
        registry.revealGold(params, "gold");
    }

    function test_revealGold_RevertWhen_CommitEndHasNotCome() external {
        _toAllCommitted();
        vm.warp(_commitEnd() - 1);
        _expectTooEarly(_commitEnd() - 1, _commitEnd());
        registry.revealGold(params, "gold");
        vm.warp(_commitEnd());
        registry.revealGold(params, "gold");
    }

    function test_revealGold_RevertWhen_RevealEndHasCome() external committed {
        vm.warp(_revealEnd() - 1);
        registry.revealGold(params, "gold");
        vm.warp(_revealEnd());
        _expectTooLate(_revealEnd(), _revealEnd());
        registry.revealGold(params, "gold");
    }

    function test_revealGold() external committed movesNothing {
        address[2] memory callers = [requester, stranger];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectEmit();
            emit IRegistryEvents.GoldRevealed(id, callers[i], "gold");
            vm.prank(callers[i]);
            registry.revealGold(params, "gold");
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {console2} from "forge-std/console2.sol";

import {IContributorShare} from "../contracts/interfaces/IContributorShare.sol";
import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {ITaskRegistry} from "../contracts/interfaces/ITaskRegistry.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {CentralArbitrator} from "../contracts/mocks/CentralArbitrator.sol";
import {CampaignId, Commit, Inclusion, PayoutLeaf, Settlement, Status} from "../contracts/types/Types.sol";
import {Digests} from "./base/Digests.sol";
import {Stakes} from "./base/Stakes.sol";
import {Tree, Trees} from "./base/Trees.sol";

/// @dev Attacks on stakes, receipts and shares, each with what the attacker has before and after; see RedStakes.tree.
contract RedStakesTest is Stakes {
    using Trees for Tree;

    uint96 private constant SLICE = STAKE / 3;
    uint128 private constant BOND = ESCROW / 4;

    uint256 private _before;

    // --------------------------------------------------------------- reporting

    /// @dev Wallet, credit and stake.
    function _worth(address who) private view returns (uint256) {
        return _wealth(who) + _seat(who).stake;
    }

    /// @dev Of an oracle and a requester who act together.
    function _colluders() private view returns (uint256) {
        return _worth(requester) + _worth(oracle);
    }

    function _report(string memory what, uint256 before, uint256 afterwards) private pure {
        console2.log(what);
        console2.log("  before", before);
        console2.log("  after ", afterwards);
    }

    function _own() private pure returns (Commit memory) {
        return _batch(0, 0, 20, 20);
    }

    function _expectBadSignature(address who, Commit memory c) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidSignature.selector, who, _hashOf(c)));
    }

    // ------------------------------------------------------------ sham campaign

    /// @dev Requester and oracle forge what they can: roots, leaves, their own signatures, and the time to do it.
    function test_ShamCampaign_WithoutSignatures() external {
        _join(annotator);
        _join(colleague);
        _before = _colluders();
        _openMany(1);
        _seedMany(1);
        _include(annotator, _batch(0, 0, 100, 100));
        _include(colleague, _batch(0, 0, 100, 100));
        _postRound(0);
        _blame(annotator, SLICE);
        _blame(colleague, SLICE);
        _settleMany(1);
        Commit memory forged = _batch(0, 0, 100, 100);
        Inclusion memory inclusion = _signed(annotator, forged);
        bytes[] memory bad = _badSignatures(annotator, _hashOf(forged), keccak256("something else"));
        for (uint256 i = 0; i < bad.length; ++i) {
            inclusion.signature = bad[i];
            _expectBadSignature(annotator, forged);
            _slash(oracle, 0, inclusion);
        }
        inclusion.signature = _sign(oracle, _hashOf(forged));
        _expectBadSignature(annotator, forged);
        _slash(oracle, 0, inclusion);
        Inclusion memory alone = _alone(colleague, forged);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NotIncluded.selector, id, colleague, _hashOf(forged)));
        _slash(oracle, 1, alone);
        _report("sham campaign, no signature: requester and oracle", _before, _colluders());
        assertEq(_colluders(), _before);
        assertEq(_worth(annotator) + _worth(colleague), 2e15);
    }

    function test_ShamCampaign_WithASignature() external {
        _join(annotator);
        _before = _colluders();
        _openMany(1);
        _seedMany(1);
        Commit memory trusting = _batch(0, 0, 1000, 1000);
        _include(annotator, trusting);
        _postRound(0);
        _blame(annotator, SLICE);
        _settleMany(1);
        _slash(oracle, 0, _signed(annotator, trusting));
        _report("sham campaign, honest signature: requester and oracle", _before, _colluders());
        _report("sham campaign, honest signature: the annotator", 1e15, _worth(annotator));
        assertEq(_colluders(), _before + SLICE / 20);
        assertEq(_worth(annotator), 1e15 - SLICE);
    }

    /// @dev Whoever recomputes the settlement finds a slash with no reason, and has half of the bond for it.
    function test_ShamCampaign_Challenged() external {
        address judge = makeAddr("judge");
        pool.arbitrator = address(new CentralArbitrator(judge, 0));
        _usePool(3);
        _join(annotator);
        _before = _colluders();
        _openMany(1);
        _seedMany(1);
        _include(annotator, _own());
        _postRound(0);
        _blame(annotator, 20e6);
        vm.warp(_revealEnd());
        _propose(_settlement());
        vm.startPrank(annotator);
        registry.challenge(pool, params, _proposal(), type(uint256).max, "no reason");
        registry.requestRuling(pool, params);
        vm.stopPrank();
        vm.prank(judge);
        CentralArbitrator(pool.arbitrator).giveRuling(1, 2);
        registry.resolve(pool, params);
        Inclusion memory inclusion = _signed(annotator, _own());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Open, Status.Final));
        _slash(oracle, 0, inclusion);
        vm.warp(_hardEnd());
        registry.expire(params);
        _report("sham campaign, challenged: requester and oracle", _before, _colluders());
        _report("sham campaign, challenged: the annotator", 1e15, _worth(annotator));
        assertEq(_colluders(), _before - ESCROW - BOND);
        assertEq(_worth(annotator), 1e15 + BOND / 2);
    }

    function test_ShamCampaign_AboveTheSlice() external {
        _toSlashable(1, 1000, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SlashAboveSlice.selector, STAKE, SLICE));
        _slash(oracle, 0, _signed(annotator, _batch(0, 0, 1000, 1000)));
        assertEq(_worth(annotator), 1e15);
    }

    // --------------------------------------------- one stake for many campaigns

    function test_OneStakeForManyCampaigns() external {
        _before = 1e15;
        _toSlashable(3, 40, SLICE);
        params.schedule = _schedule(vm.getBlockTimestamp());
        _pick(3);
        _create();
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.PoolFull.selector, params.pool, 3));
        _accept();
        params.schedule = _schedule(START);
        for (uint64 i = 0; i < 3; ++i) {
            _pick(i);
            _slash(stranger, 0, _signed(annotator, _batch(0, 0, 40, 40)));
        }
        _report("one stake for many campaigns: the annotator", _before, _worth(annotator));
        assertEq(_worth(annotator), _before - 3 * uint256(SLICE));
        assertEq(_burned() + _credit(stranger), 3 * uint256(SLICE));
    }

    // ------------------------------------------------------------ small batches

    function test_ManySmallBatches() external {
        _join(annotator);
        _openMany(1);
        _seedMany(1);
        for (uint32 i = 0; i < 20; ++i) {
            _include(annotator, _batch(0, i, 1, i + 1));
        }
        _postRound(0);
        _blame(annotator, 20e6);
        _settleMany(1);
        for (uint32 i = 0; i < 19; ++i) {
            Inclusion memory small = _signed(annotator, _batch(0, i, 1, i + 1));
            vm.expectRevert(
                abi.encodeWithSelector(IRegistryEvents.SlashAboveConsent.selector, 20e6, (i + 1) * uint256(1e6))
            );
            _slash(annotator, 0, small);
        }
        _slash(stranger, 0, _signed(annotator, _batch(0, 19, 1, 20)));
        Inclusion memory again = _signed(annotator, _batch(0, 19, 1, 20));
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.AlreadySlashed.selector, id, annotator));
        _slash(stranger, 0, again);
        _report("many small batches: the annotator", 1e15, _worth(annotator));
        assertEq(_worth(annotator), 1e15 - 20e6);
    }

    // ------------------------------------------------------------------ leaving

    function test_LeavingInTime_StillSlashed() external {
        _join(annotator);
        _openMany(1);
        _seedMany(1);
        _include(annotator, _own());
        _postRound(0);
        vm.prank(annotator);
        registry.leave(params.pool);
        _blame(annotator, 20e6);
        _settleMany(1);
        vm.expectRevert(
            abi.encodeWithSelector(IVaultEvents.SeatLocked.selector, params.pool, annotator, uint40(_hardEnd()))
        );
        registry.withdrawSeat(pool, annotator);
        vm.warp(_slashEnd() - 1);
        _slash(stranger, 0, _signed(annotator, _own()));
        vm.warp(_slashEnd());
        registry.freePlace(params);
        registry.withdrawSeat(pool, annotator);
        _report("leaving in time: the annotator", 1e15, _wealth(annotator));
        assertEq(_wealth(annotator), 1e15 - 20e6);
    }

    function test_LeavingInTime_OffTheRoster() external {
        _join(annotator);
        vm.prank(annotator);
        registry.leave(params.pool);
        _openMany(1);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotSeated.selector, params.pool, annotator));
        _enrol(annotator);
        _seedMany(1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NotEnrolled.selector, id, annotator));
        _commitAlone(annotator, _own());
        registry.withdrawSeat(pool, annotator);
        _report("leaving before: the annotator, without work", 1e15, _wealth(annotator));
        assertEq(_wealth(annotator), 1e15);
    }

    // ------------------------------------------------------- relayer and copier

    /// @dev Annotator and colleague are enrolled, work has begun.
    function _toEnrolledWork() private {
        _join(annotator);
        _join(colleague);
        _openMany(1);
        _enrol(annotator);
        _enrol(colleague);
        _seedMany(1);
    }

    function test_Relayer_Replays() external {
        _toEnrolledWork();
        _before = _worth(stranger);
        _commitAlone(annotator, _own());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NotEnrolled.selector, id, stranger));
        _commitAlone(stranger, _own());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.BatchAlreadyCommitted.selector, id, annotator, 0));
        _commitAlone(annotator, _own());
        // A signed batch of another campaign says nothing here.
        CampaignId here = id;
        _pick(1);
        bytes memory elsewhere = _sign(annotator, _hashOf(_batch(0, 1, 5, 25)));
        _pick(0);
        _include(annotator, _batch(0, 1, 5, 25));
        _postRound(0);
        vm.warp(_commitEnd());
        Inclusion memory replayed = _signed(annotator, _batch(0, 1, 5, 25));
        replayed.signature = elsewhere;
        _expectBadSignature(annotator, _batch(0, 1, 5, 25));
        registry.postReveal(params, replayed, keccak256("secret"), "");
        assertEq(registry.commitOf(here, stranger, 0), 0);
        _report("a relayer replays: the relayer", _before, _worth(stranger));
        assertEq(_worth(stranger), _before);
    }

    function test_Relayer_Drops_AnnotatorCommitsAloneInTheGrace() external {
        _before = _colluders();
        _toEnrolledWork();
        _include(colleague, _batch(0, 0, 7, 7));
        _postRound(0);
        // The round's root holds nothing of the annotator's: the grace is for that.
        uint256 end = uint256(params.schedule.workStart) + params.schedule.roundLength;
        vm.warp(end - 1);
        _commitAlone(annotator, _own());
        vm.warp(_commitEnd());
        vm.expectEmit();
        emit IRegistryEvents.Revealed(id, annotator, _hashOf(_own()), _own(), keccak256("secret"), "");
        registry.postReveal(params, _alone(annotator, _own()), keccak256("secret"), "");
        _addLeaf(annotator, 100e6, 10e18);
        _settleMany(1);
        registry.claim(params, leaves[0], _proof(0));
        _report("a dropped commitment, sent alone: the annotator", 1e15, _worth(annotator));
        assertEq(_worth(annotator), 1e15 + 100e6);
        assertEq(_colluders(), _before - 100e6);
    }

    function test_Oracle_DropsWhatItReceipted() external {
        _toEnrolledWork();
        _include(colleague, _batch(0, 0, 7, 7));
        _postRound(0);
        _before = _worth(oracle) + _campaign().bond;
        vm.warp(_commitEnd());
        bytes memory receipt = _sign(oracle, _receiptHash(annotator, _own()));
        registry.postReceipt(params, annotator, _hashOf(_own()), receipt);
        // It has nothing to answer with: not the colleague's proof, not an empty one.
        bytes32[] memory proof = _inclusionProof(colleague, _batch(0, 0, 7, 7));
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.NotIncluded.selector, id, annotator, _hashOf(_own())));
        registry.answerReceipt(params, annotator, _own(), proof);
        skip(params.schedule.grace);
        registry.forfeitBond(params, annotator, _hashOf(_own()));
        vm.warp(_settleEnd() + params.schedule.rescuePeriod + params.schedule.publicPeriod);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.BondUsedUp.selector, id, 0, 0));
        vm.prank(oracle);
        registry.proposeLate(params, _settlement());
        _report("a dropped commitment, receipted: the oracle", _before, _worth(oracle));
        _report("a dropped commitment, receipted: the annotator", 1e15, _worth(annotator));
        assertEq(_worth(oracle), _before - BOND);
        assertEq(_worth(annotator), 1e15 + BOND / 2);
        assertEq(_burned(), BOND / 2);
    }

    /// @dev A batch of one label, as its author seals it.
    function _seal(address author, bytes32 secret) private view returns (bytes32) {
        bytes32 dom = Digests.domain("COMMIT", block.chainid, address(registry), id);
        return Digests.commitLeaf(dom, author, 0, 4, keccak256(hex"010001"), secret);
    }

    function test_CopiedCommitment() external {
        _toEnrolledWork();
        bytes32 secret = keccak256("the annotator's");
        Commit memory c = Commit(0, 0, _seal(annotator, secret), 1, 1);
        _before = _worth(colleague);
        // The colleague sees the transaction waiting, and is first.
        _commitAlone(colleague, c);
        _commitAlone(annotator, c);
        assertEq(registry.commitOf(id, annotator, 0), registry.commitOf(id, colleague, 0));
        // Nothing that the colleague could know opens it as the colleague's: the author is in the leaf.
        assertEq(_seal(annotator, secret), c.root);
        assertNotEq(_seal(colleague, secret), c.root);
        _addLeaf(annotator, 100e6, 10e18);
        _settleMany(1);
        registry.claim(params, leaves[0], _proof(0));
        PayoutLeaf memory taken = leaves[0];
        taken.account = colleague;
        bytes32[] memory proof = _proof(0);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        vm.prank(colleague);
        registry.claim(params, taken, proof);
        _report("a copied commitment: the copier", _before, _worth(colleague));
        assertEq(_worth(colleague), _before);
        assertEq(_worth(annotator), 1e15 + 100e6);
    }

    // -------------------------------------------------------- hiding everything

    function test_OracleHidesCommitments_Receipted() external {
        _join(annotator);
        _before = _colluders();
        _openMany(1);
        _seedMany(1);
        vm.warp(_revealEnd() - 1);
        bytes memory receipt = _sign(oracle, _receiptHash(annotator, _own()));
        registry.postReceipt(params, annotator, _hashOf(_own()), receipt);
        vm.warp(_revealEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ReceiptsOpen.selector, id, 1));
        vm.prank(requester);
        registry.cancel(params);
        skip(params.schedule.grace);
        registry.forfeitBond(params, annotator, _hashOf(_own()));
        vm.expectRevert(
            abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Expired, Status.Created)
        );
        vm.prank(requester);
        registry.cancel(params);
        _report("hidden commitments, receipted: requester and oracle", _before, _colluders());
        _report("hidden commitments, receipted: the annotator", 1e15, _worth(annotator));
        assertEq(_colluders(), _before - ESCROW - BOND);
        assertEq(_worth(annotator), 1e15 + BOND / 2);
    }

    function test_OracleHidesCommitments_OneCommitsAlone() external {
        _before = _colluders();
        _toEnrolledWork();
        vm.warp(_commitEnd() - 1);
        _commitAlone(annotator, _batch(1, 0, 20, 20));
        vm.warp(_revealEnd());
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.AlreadyCommitted.selector, id));
        vm.prank(requester);
        registry.cancel(params);
        vm.warp(_hardEnd());
        registry.expire(params);
        _report("hidden commitments, one alone: requester and oracle", _before, _colluders());
        assertEq(_colluders(), _before - ESCROW - BOND);
    }

    // --------------------------------------------------------- slashing oneself

    /// @dev A cheat with a batch of one label and one of nineteen, to be slashed by 20e6.
    function _toCheat() private {
        _join(annotator);
        _openMany(1);
        _seedMany(1);
        _include(annotator, _batch(0, 0, 1, 1));
        _include(annotator, _batch(0, 1, 19, 20));
        _postRound(0);
        _blame(annotator, 20e6);
        _settleMany(1);
        _before = _worth(annotator);
    }

    function test_SlashingOneself_WithTheSmallestCommitment() external {
        _toCheat();
        Inclusion memory smallest = _signed(annotator, _batch(0, 0, 1, 1));
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SlashAboveConsent.selector, 20e6, 1e6));
        _slash(annotator, 0, smallest);
        _slash(stranger, 0, _signed(annotator, _batch(0, 1, 19, 20)));
        _report("slashing oneself, smallest commitment: the cheat", _before, _worth(annotator));
        assertEq(_worth(annotator), _before - 20e6);
    }

    function test_SlashingOneself_WithTheRightOne() external {
        _toCheat();
        _slash(annotator, 0, _signed(annotator, _batch(0, 1, 19, 20)));
        _report("slashing oneself, right commitment: the cheat", _before, _worth(annotator));
        assertEq(_worth(annotator), _before - 19e6);
        assertEq(_burned(), 19e6);
    }

    // ------------------------------------------------------- leaves from abroad

    function test_LeafFromAnotherCampaign_Claim() external {
        _addLeaf(annotator, 100e6, 10e18);
        _toSlashable(2, 20, 20e6);
        _before = _worth(annotator);
        (PayoutLeaf memory leaf, bytes32[] memory proof) = (leaves[0], _proof(0));
        registry.claim(params, leaf, proof);
        _pick(1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.claim(params, leaf, proof);
        _report("a leaf in another campaign: the annotator, paid in its own", _before, _worth(annotator));
        assertEq(_worth(annotator), _before + 100e6);
    }

    /// @dev The second campaign's oracle posts the first one's roots, so that only the leaves' domains differ.
    function test_LeafFromAnotherCampaign_GivenItsRoot() external {
        _join(annotator);
        _openMany(2);
        _seedMany(2);
        _include(annotator, _own());
        _pick(0);
        Tree memory round = _roundTree(0);
        _addLeaf(annotator, 100e6, 10e18);
        leaves[0].slash = 20e6;
        Settlement memory s = _settlement();
        (bytes32[] memory proof, Inclusion memory inclusion) = (_proof(0), _signed(annotator, _own()));
        for (uint64 i = 0; i < 2; ++i) {
            _pick(i);
            vm.prank(oracle);
            registry.commitAggregate(params, 0, round.root(), keccak256("item lists"));
        }
        vm.warp(_revealEnd());
        for (uint64 i = 0; i < 2; ++i) {
            _pick(i);
            _propose(s);
        }
        skip(params.schedule.window);
        registry.finalize(params, s);
        assertEq(_campaign().settlement, s.payoutRoot);
        _before = _worth(annotator);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.claim(params, leaves[0], proof);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.slash(pool, params, leaves[0], proof, inclusion);
        _report("a leaf in another campaign with its root: the annotator", _before, _worth(annotator));
        assertEq(_worth(annotator), _before);
    }

    function test_LeafFromAnotherCampaign_Slash() external {
        _toSlashable(2, 20, 20e6);
        (PayoutLeaf memory leaf, bytes32[] memory proof) = (leaves[0], _proof(0));
        Inclusion memory inclusion = _signed(annotator, _own());
        _before = _worth(annotator);
        _pick(1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.InvalidProof.selector, id));
        registry.slash(pool, params, leaf, proof, inclusion);
        // Its own leaf does not go with the consent to another campaign either.
        _expectBadSignature(annotator, _own());
        _slash(stranger, 0, inclusion);
        _report("a slash from another campaign: the annotator", _before, _worth(annotator));
        assertEq(_worth(annotator), _before);
        assertEq(_worth(stranger), 0);
    }

    /// @dev The same state on a chain that split off, as far as the chain's id goes.
    function test_LeafFromAnotherChain() external {
        _addLeaf(annotator, 100e6, 10e18);
        leaves[0].slash = 20e6;
        _toSlashable(1, 20, 1e6);
        (PayoutLeaf memory leaf, bytes32[] memory proof) = (leaves[0], _proof(0));
        Inclusion memory inclusion = _signed(annotator, _own());
        _before = _worth(annotator);
        vm.chainId(block.chainid + 1);
        CampaignId there = registry.campaignIdOf(params);
        assertNotEq(CampaignId.unwrap(there), CampaignId.unwrap(id));
        bytes memory unknown =
            abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, there, Status.None, Status.Final);
        vm.expectRevert(unknown);
        registry.claim(params, leaf, proof);
        vm.expectRevert(unknown);
        registry.slash(pool, params, leaf, proof, inclusion);
        _report("a leaf on another chain: the annotator", _before, _worth(annotator));
        assertEq(_worth(annotator), _before);
        assertEq(_worth(stranger), 0);
    }

    function test_LeafInAnotherRegistry() external {
        _toSlashable(1, 20, 20e6);
        (PayoutLeaf memory leaf, bytes32[] memory proof) = (leaves[1], _proof(1));
        ITaskRegistry other = _deploy(_limits());
        vm.expectRevert(
            abi.encodeWithSelector(
                IRegistryEvents.WrongStatus.selector, other.campaignIdOf(params), Status.None, Status.Final
            )
        );
        other.claim(params, leaf, proof);
        registry.claim(params, leaf, proof);
        assertEq(_worth(colleague), 1e15 + 50e6);
    }

    // ---------------------------------------------------------- flood of shares

    function _payRevenue(uint256 amount) private {
        token.approve(params.dataset, amount);
        _share().payRevenue(amount);
    }

    /// @dev The annotator holds 1,000 of 10,000 shares there can ever be, all that there are so far.
    function _toHolder() private {
        _addLeaf(annotator, 100e6, 1000e18);
        _openMany(1);
        _seedMany(1);
        _commitAggregate(0);
        _settleMany(1);
        registry.claim(params, leaves[0], _proof(0));
        assertEq(_share().balanceOf(annotator), _share().totalSupply());
    }

    /// @dev A campaign with nobody's work in it, which mints `shares` to the publisher.
    function _flood(uint64 nonce, uint96 shares) private {
        delete leaves;
        params.schedule = _schedule(vm.getBlockTimestamp());
        params.shareCap = shares;
        _open(nonce);
        _drawSeed();
        vm.warp(params.schedule.workStart);
        _commitAggregate(0);
        _addLeaf(requester, 0, shares);
        vm.warp(_revealEnd());
        _propose(_settlement());
        skip(params.schedule.window);
        registry.finalize(params, _settlement());
        registry.claim(params, leaves[0], _proof(0));
    }

    function test_FloodOfShares_LeavesWhatWasStreamed() external {
        _toHolder();
        _payRevenue(700e6);
        skip(7 days);
        uint256 claimable = _share().claimable(annotator);
        assertApproxEqAbs(claimable, 700e6, 1);
        _before = _share().claimable(requester);
        _flood(1, 9000e18);
        _report("a flood of shares: the holder's claimable revenue", claimable, _share().claimable(annotator));
        _report("a flood of shares: the publisher's claimable revenue", _before, _share().claimable(requester));
        assertEq(_share().claimable(annotator), claimable);
        assertEq(_share().claimable(requester), 0);
        // From now on the holder has what 1,000 of 10,000 shares were worth from the beginning, and never less.
        _payRevenue(700e6);
        skip(7 days);
        _report(
            "a flood of shares: the holder's part of the next payment", 700e6, _share().claimable(annotator) - claimable
        );
        assertApproxEqAbs(_share().claimable(annotator) - claimable, 70e6, 1);
        assertApproxEqAbs(_share().claimable(requester), 630e6, 1);
    }

    function test_FloodOfShares_EndsAtMaxShares() external {
        _toHolder();
        params.schedule = _schedule(vm.getBlockTimestamp());
        params.shareCap = 9000e18 + 1;
        _pick(1);
        vm.expectRevert(
            abi.encodeWithSelector(IRegistryEvents.ShareCapExceeded.selector, params.dataset, 9000e18, 9000e18 + 1)
        );
        _create();
        _flood(2, 9000e18);
        params.schedule = _schedule(vm.getBlockTimestamp());
        params.shareCap = 1;
        _pick(3);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ShareCapExceeded.selector, params.dataset, 0, 1));
        _create();
        assertEq(_share().totalSupply(), 10_000e18);
        assertEq(_share().balanceOf(annotator), 1000e18);
    }

    function test_FloodOfShares_ByMoreThanTheCap() external {
        _toHolder();
        delete leaves;
        params.schedule = _schedule(vm.getBlockTimestamp());
        _open(1);
        _drawSeed();
        vm.warp(params.schedule.workStart);
        _commitAggregate(0);
        _addLeaf(requester, 0, 1000e18 + 1);
        vm.warp(_revealEnd());
        Settlement memory s = _settlement();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SharesAboveCap.selector, 1000e18 + 1, 1000e18));
        _propose(s);
        // Sums that lie about the leaves mint what they say, and the last to release goes empty: here, the liar.
        s.shareTotal = 1000e18;
        _propose(s);
        skip(params.schedule.window);
        registry.finalize(params, s);
        bytes32[] memory proof = _proof(0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IContributorShare.RoundExhausted.selector, CampaignId.unwrap(id), 1000e18, 1000e18 + 1
            )
        );
        registry.claim(params, leaves[0], proof);
        assertEq(_share().balanceOf(requester), 0);
        assertEq(_share().balanceOf(annotator), 1000e18);
    }

    // -------------------------------------------------------------------- seed

    function test_ChosenSeed_SameForEveryCallerAndTime() external {
        _openMany(1);
        vm.warp(params.schedule.enrolEnd);
        vm.prank(stranger);
        registry.armSeed(pool, params);
        uint64 seedBlock = _campaign().seedBlock;
        assertGt(seedBlock, vm.getBlockNumber());
        bytes32 seed;
        address[3] memory callers = [oracle, requester, stranger];
        for (uint256 i = 0; i < 3; ++i) {
            vm.roll(seedBlock + 1 + 100 * i);
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedPending.selector, id, seedBlock));
            vm.prank(callers[i]);
            registry.armSeed(pool, params);
            uint256 snapshot = vm.snapshotState();
            vm.prank(callers[i]);
            registry.drawSeed(pool, params);
            if (i != 0) assertEq(_campaign().seed, seed);
            seed = _campaign().seed;
            vm.revertToState(snapshot);
        }
        assertEq(seed, keccak256(abi.encode(id, blockhash(seedBlock))));
        registry.drawSeed(pool, params);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedAlreadyDrawn.selector, id));
        vm.prank(oracle);
        registry.armSeed(pool, params);
    }

    function test_ChosenSeed_MissingItCostsTheOracle() external {
        _before = _worth(oracle);
        _openMany(1);
        vm.warp(params.schedule.enrolEnd);
        registry.armSeed(pool, params);
        // No history contract here: after 256 blocks the hash is gone.
        vm.roll(_campaign().seedBlock + 257);
        vm.prank(oracle);
        registry.armSeed(pool, params);
        vm.roll(vm.getBlockNumber() + 5);
        registry.drawSeed(pool, params);
        vm.warp(_revealEnd());
        registry.cancel(params);
        _report("a missed seed: the oracle", _before, _worth(oracle));
        assertEq(_worth(oracle), _before - BOND / 64);
        assertEq(_burned(), BOND / 64);
    }

    // ----------------------------------------------------- shares for a moment

    function test_SharesForAMoment() external {
        _toHolder();
        address buyer = colleague;
        _before = _share().claimable(buyer);
        vm.prank(annotator);
        _share().transfer(buyer, 500e18);
        _payRevenue(700e6);
        // Within the block: nothing.
        assertEq(_share().claimable(buyer), 0);
        skip(12);
        vm.prank(buyer);
        _share().transfer(annotator, 500e18);
        uint256 part = uint256(700e6) * 12 / 7 days / 2;
        skip(7 days);
        _report("shares for one block: the buyer's revenue", _before, _share().claimable(buyer));
        _report("shares for one block: the holder's revenue", 0, _share().claimable(annotator));
        assertApproxEqAbs(_share().claimable(buyer), part, 1);
        assertLt(_share().claimable(buyer), 700e6 / 50_000);
        assertApproxEqAbs(_share().claimable(annotator), 700e6 - part, 2);
    }
}

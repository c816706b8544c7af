// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {CampaignId, PoolId, Status} from "../contracts/types/Types.sol";
import {RegistryBase} from "./base/RegistryBase.sol";
import {ManualRandomness} from "./mocks/Seams.sol";

/// @dev Rosters and seeds; see TaskRegistryEnrolment.tree.
contract TaskRegistryEnrolmentTest is RegistryBase {
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    bytes32 private constant ROOT = keccak256("roster");

    // -------------------------------------------------------------- postRoster

    function test_postRoster_RevertWhen_NotOpen() external {
        _create();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Created, Status.Open));
        _postRoster(ROOT, 2);
    }

    function test_postRoster_RevertWhen_TheCallerIsNotTheOracle() external {
        _toAccepted();
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotAllowed.selector, stranger, oracle));
        vm.prank(stranger);
        registry.postRoster(params, ROOT, 2);
    }

    function test_postRoster_RevertWhen_TheGraceHasBegun() external {
        _toAccepted();
        uint256 end = params.schedule.enrolEnd - params.schedule.grace;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end));
        _postRoster(ROOT, 2);
        vm.warp(end - 1);
        _postRoster(ROOT, 2);
    }

    function test_postRoster_RevertWhen_PostedBefore() external {
        _toAccepted();
        _postRoster(ROOT, 2);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.RosterAlreadyPosted.selector, id));
        _postRoster(ROOT, 2);
    }

    function test_postRoster_RevertWhen_RootOrCountIsZero() external {
        _toAccepted();
        vm.expectRevert(IRegistryEvents.EmptyRoot.selector);
        _postRoster(0, 2);
        vm.expectRevert(IRegistryEvents.EmptyRoot.selector);
        _postRoster(ROOT, 0);
    }

    function test_postRoster() external {
        _toAccepted();
        vm.expectEmit();
        emit IRegistryEvents.RosterPosted(id, ROOT, 2);
        _postRoster(ROOT, 2);
        assertEq(_campaign().rosterRoot, ROOT);
    }

    // ------------------------------------------------------------------- enrol

    function test_enrol_RevertWhen_NotOpen() external {
        _join(annotator);
        _create();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Created, Status.Open));
        _enrol(annotator);
    }

    function test_enrol_RevertWhen_EnrolEndHasCome() external {
        _join(annotator);
        _toAccepted();
        uint256 end = params.schedule.enrolEnd;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end));
        _enrol(annotator);
        vm.warp(end - 1);
        _enrol(annotator);
    }

    function test_enrol_RevertWhen_NotSeatedOrLeaving() external {
        _toAccepted();
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotSeated.selector, params.pool, annotator));
        _enrol(annotator);
        _join(annotator);
        vm.prank(annotator);
        registry.leave(params.pool);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotSeated.selector, params.pool, annotator));
        _enrol(annotator);
    }

    function test_enrol_RevertWhen_EnrolledAlready() external {
        _join(annotator);
        _toAccepted();
        _enrol(annotator);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.AlreadyEnrolled.selector, id, annotator));
        _enrol(annotator);
    }

    function test_enrol() external {
        _join(annotator);
        _toAccepted();
        vm.expectEmit();
        emit IRegistryEvents.Enrolled(id, annotator);
        _enrol(annotator);
        assertTrue(registry.enrolledAlone(id, annotator));
        assertFalse(registry.enrolledAlone(id, colleague));
    }

    // ----------------------------------------------------------------- armSeed

    function _toEnrolEnd() private {
        _toAccepted();
        vm.warp(params.schedule.enrolEnd);
    }

    function _toArmed() private returns (uint64 seedBlock) {
        _toEnrolEnd();
        registry.armSeed(pool, params);
        return _campaign().seedBlock;
    }

    function test_armSeed_RevertWhen_NotOpen() external {
        _create();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Created, Status.Open));
        registry.armSeed(pool, params);
    }

    function test_armSeed_RevertWhen_BeforeEnrolEnd() external {
        _toAccepted();
        uint256 end = params.schedule.enrolEnd;
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooEarly.selector, end - 1, end));
        registry.armSeed(pool, params);
        vm.warp(end);
        registry.armSeed(pool, params);
    }

    function test_armSeed_RevertWhen_CommitEndHasCome() external {
        _toAccepted();
        uint256 end = _commitEnd();
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end));
        registry.armSeed(pool, params);
        vm.warp(end - 1);
        registry.armSeed(pool, params);
    }

    function _otherPool() private returns (PoolId other) {
        pool.nonce = 1;
        vm.prank(oracle);
        other = registry.createPool(pool);
    }

    function test_armSeed_RevertWhen_ThePoolIsAnother() external {
        _toEnrolEnd();
        PoolId other = _otherPool();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ParamsMismatch.selector, other, params.pool));
        registry.armSeed(pool, params);
    }

    function test_armSeed_RevertWhen_TheSeedWasDrawn() external {
        _toSeeded();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedAlreadyDrawn.selector, id));
        registry.armSeed(pool, params);
    }

    function test_armSeed_RevertWhen_TheHashIsToComeOrToBeHad() external {
        uint64 seedBlock = _toArmed();
        uint64[4] memory blocks = [seedBlock - 4, seedBlock, seedBlock + 1, seedBlock + 256];
        for (uint256 i = 0; i < blocks.length; ++i) {
            vm.roll(blocks[i]);
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedPending.selector, id, seedBlock));
            registry.armSeed(pool, params);
        }
    }

    function test_armSeed_ByAStranger() external {
        _toEnrolEnd();
        uint64 seedBlock = uint64(vm.getBlockNumber() + 4);
        vm.expectEmit();
        emit IRegistryEvents.SeedArmed(id, seedBlock, 0);
        vm.prank(stranger);
        registry.armSeed(pool, params);
        assertEq(_campaign().seedBlock, seedBlock);
        assertEq(_campaign().bond, ESCROW / 4);
        assertEq(registry.burnedOf(address(token)), 0);
    }

    function test_armSeed_GivenTheHashWasMissed_BurnsA64thOfTheBond() external {
        uint64 seedBlock = _toArmed();
        uint128 bond = ESCROW / 4;
        uint128 burned;
        for (uint256 i = 0; i < 3; ++i) {
            vm.roll(seedBlock + 257);
            seedBlock += 261;
            uint128 cost = bond / 64;
            vm.expectEmit();
            emit IRegistryEvents.SeedArmed(id, seedBlock, cost);
            vm.expectEmit();
            emit IVaultEvents.Burned(address(token), cost);
            registry.armSeed(pool, params);
            (bond, burned) = (bond - cost, burned + cost);
            assertEq(_campaign().bond, bond);
            assertEq(registry.burnedOf(address(token)), burned);
        }
        vm.roll(seedBlock + 1);
        registry.drawSeed(pool, params);
    }

    // ---------------------------------------------------------------- drawSeed

    function test_drawSeed_RevertWhen_NotOpen() external {
        _create();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Created, Status.Open));
        registry.drawSeed(pool, params);
    }

    function test_drawSeed_RevertWhen_ThePoolIsAnother() external {
        _toArmed();
        PoolId other = _otherPool();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ParamsMismatch.selector, other, params.pool));
        registry.drawSeed(pool, params);
    }

    function test_drawSeed_RevertWhen_NotArmed() external {
        _toEnrolEnd();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedNotArmed.selector, id));
        registry.drawSeed(pool, params);
    }

    function test_drawSeed_RevertWhen_DrawnBefore() external {
        _toSeeded();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedAlreadyDrawn.selector, id));
        registry.drawSeed(pool, params);
    }

    function test_drawSeed_RevertWhen_TheBlockIsNotPast() external {
        uint64 seedBlock = _toArmed();
        vm.roll(seedBlock);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedPending.selector, id, seedBlock));
        registry.drawSeed(pool, params);
        vm.roll(seedBlock + 1);
        registry.drawSeed(pool, params);
    }

    function test_drawSeed_RevertWhen_TheHashWasMissed() external {
        uint64 seedBlock = _toArmed();
        vm.roll(seedBlock + 257);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedMissed.selector, id, seedBlock));
        registry.drawSeed(pool, params);
        vm.roll(seedBlock + 256);
        registry.drawSeed(pool, params);
    }

    function testFuzz_drawSeed_DependsOnTheHashAlone(bytes32 hash, address caller, uint256 blocks, uint256 time)
        external
    {
        vm.assume(hash != 0);
        uint64 seedBlock = _toArmed();
        vm.roll(seedBlock + bound(blocks, 1, 256));
        vm.warp(vm.getBlockTimestamp() + bound(time, 0, 10 days));
        vm.setBlockhash(seedBlock, hash);
        bytes32 seed = keccak256(bytes.concat(CampaignId.unwrap(id), hash));
        vm.expectEmit();
        emit IRegistryEvents.SeedDrawn(id, seed);
        vm.prank(caller);
        registry.drawSeed(pool, params);
        assertEq(_campaign().seed, seed);
    }

    /// @dev The history contract's code as EIP-2935 gives it; its storage slot is the number modulo 8191.
    function test_drawSeed_GivenAHistoryContract_IsTheSameLater() external {
        uint64 seedBlock = _toArmed();
        bytes32 hash = keccak256("hash");
        vm.etch(
            HISTORY,
            hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500"
        );
        vm.store(HISTORY, bytes32(uint256(seedBlock % 8191)), hash);
        vm.roll(seedBlock + 8192);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedMissed.selector, id, seedBlock));
        registry.drawSeed(pool, params);
        vm.roll(seedBlock + 8191);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedPending.selector, id, seedBlock));
        registry.armSeed(pool, params);
        registry.drawSeed(pool, params);
        assertEq(_campaign().seed, keccak256(bytes.concat(CampaignId.unwrap(id), hash)));
    }

    // ---------------------------------------------------------- other sources

    function _toArmedAt(ManualRandomness source) private returns (uint64 seedBlock) {
        (pool.nonce, pool.randomness) = (1, address(source));
        vm.prank(oracle);
        params.pool = registry.createPool(pool);
        _setParams(params);
        return _toArmed();
    }

    function test_source_GivesTheSeed() external {
        ManualRandomness source = new ManualRandomness();
        uint64 seedBlock = _toArmedAt(source);
        assertEq(source.requests(CampaignId.unwrap(id)), 1);
        source.fulfil(CampaignId.unwrap(id), "value");
        vm.roll(seedBlock);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedPending.selector, id, seedBlock));
        registry.drawSeed(pool, params);
        vm.roll(seedBlock + 1);
        registry.drawSeed(pool, params);
        assertEq(_campaign().seed, keccak256(bytes.concat(CampaignId.unwrap(id), bytes32("value"))));
    }

    /// @dev Regression: a source slower than four blocks let any stranger burn the oracle's bond, 64th by 64th.
    function test_source_MayTakeItsTime() external {
        ManualRandomness source = new ManualRandomness();
        uint64 seedBlock = _toArmedAt(source);
        vm.roll(seedBlock + 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedMissed.selector, id, seedBlock));
        registry.drawSeed(pool, params);
        uint64[2] memory blocks = [seedBlock + 1, seedBlock + 8191];
        for (uint256 i = 0; i < blocks.length; ++i) {
            vm.roll(blocks[i]);
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedPending.selector, id, seedBlock));
            vm.prank(stranger);
            registry.armSeed(pool, params);
        }
        vm.roll(seedBlock + 8192);
        source.fulfil(CampaignId.unwrap(id), "value");
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.SeedPending.selector, id, seedBlock));
        registry.armSeed(pool, params);
        source.fulfil(CampaignId.unwrap(id), 0);
        registry.armSeed(pool, params);
        assertEq(source.requests(CampaignId.unwrap(id)), 2);
        assertEq(_campaign().bond, ESCROW / 4 - ESCROW / 256);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {TaskRegistry} from "../contracts/TaskRegistry.sol";
import {Part} from "../contracts/base/Part.sol";
import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {Schedules} from "../contracts/libraries/Schedules.sol";
import {FeeToken} from "../contracts/mocks/HostileTokens.sol";
import {RewardToken} from "../contracts/mocks/RewardToken.sol";
import {
    Campaign,
    CampaignId,
    CampaignParams,
    Dataset,
    Limits,
    PoolId,
    Schedule,
    Status
} from "../contracts/types/Types.sol";
import {Deployments} from "./base/Deployments.sol";
import {Digests} from "./base/Digests.sol";
import {RegistryBase} from "./base/RegistryBase.sol";

/// @dev Datasets, funding, acceptance and deployment; see TaskRegistryFunding.tree.
contract TaskRegistryFundingTest is RegistryBase {
    // ----------------------------------------------------------- createDataset

    function test_createDataset_RevertWhen_ContributorBpsIsAbove10000() external {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.BasisPoints.selector, 10_001));
        registry.createDataset("A", "B", address(token), 10_001, 1e18);
    }

    function test_createDataset_RevertWhen_TheRevenueTokenIsZero() external {
        vm.expectRevert(IVaultEvents.ZeroAddress.selector);
        registry.createDataset("A", "B", address(0), 0, 1e18);
    }

    function test_createDataset_RevertWhen_MaxSharesIsBelowOneShare() external {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.MaxSharesOutOfRange.selector, 1e18 - 1));
        registry.createDataset("A", "B", address(token), 0, 1e18 - 1);
    }

    function test_createDataset_RevertWhen_NameOrSymbolIsTooLong() external {
        string memory long = "12345678901234567890123456789012";
        vm.expectRevert(abi.encodeWithSelector(ShortStrings.StringTooLong.selector, long));
        registry.createDataset(long, "B", address(token), 0, 1e18);
        vm.expectRevert(abi.encodeWithSelector(ShortStrings.StringTooLong.selector, long));
        registry.createDataset("A", long, address(token), 0, 1e18);
    }

    function testFuzz_createDataset(uint16 contributorBps, uint96 maxShares) external {
        contributorBps = uint16(bound(contributorBps, 0, 10_000));
        maxShares = uint96(bound(maxShares, 1e18, type(uint96).max));
        // The share's address is that of the registry's next contract (EIP-161 nonces; two were made before).
        address expected = vm.computeCreateAddress(address(registry), vm.getNonce(address(registry)));
        vm.expectEmit();
        emit IRegistryEvents.DatasetCreated(
            expected, stranger, address(token), "Name", "SYM", contributorBps, maxShares
        );
        vm.prank(stranger);
        address share = registry.createDataset("Name", "SYM", address(token), contributorBps, maxShares);
        assertEq(share, expected);
        Dataset memory data = registry.dataset(share);
        assertEq(data.publisher, stranger);
        assertEq(data.reserved, 0);
        assertEq(data.maxShares, maxShares);
        assertEq(data.contributorBps, contributorBps);
        assertEq(RewardToken(share).name(), "Name");
        assertEq(RewardToken(share).symbol(), "SYM");
    }

    // ---------------------------------------------------------- createCampaign

    function _expectCreateRevert(bytes memory reason) private {
        vm.expectRevert(reason);
        _create();
    }

    function test_createCampaign_RevertWhen_TheCampaignExists() external {
        _create();
        _expectCreateRevert(abi.encodeWithSelector(IRegistryEvents.CampaignExists.selector, id));
        vm.prank(requester);
        registry.cancel(params);
        _expectCreateRevert(abi.encodeWithSelector(IRegistryEvents.CampaignExists.selector, id));
    }

    function test_createCampaign_RevertWhen_TheEscrowIsZero() external {
        vm.expectRevert(IVaultEvents.ZeroAmount.selector);
        vm.prank(requester);
        registry.createCampaign(pool, params, 0);
    }

    function test_createCampaign_RevertWhen_TheCallerIsNotTheRequester() external {
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotAllowed.selector, stranger, requester));
        vm.prank(stranger);
        registry.createCampaign(pool, params, ESCROW);
    }

    function test_createCampaign_RevertWhen_TheFeeIsAbove10000() external {
        params.feeBps = 10_001;
        _expectCreateRevert(abi.encodeWithSelector(IRegistryEvents.BasisPoints.selector, 10_001));
        params.feeBps = 10_000;
        _create();
    }

    function test_createCampaign_RevertWhen_ThePoolIsUnknown() external {
        pool.nonce = 7;
        _expectCreateRevert(abi.encodeWithSelector(IVaultEvents.UnknownPool.selector, registry.poolIdOf(pool)));
    }

    function test_createCampaign_RevertWhen_ThePoolIsAnother() external {
        pool.nonce = 7;
        vm.prank(oracle);
        PoolId other = registry.createPool(pool);
        _expectCreateRevert(abi.encodeWithSelector(IRegistryEvents.ParamsMismatch.selector, other, params.pool));
    }

    function test_createCampaign_RevertWhen_OracleOrTokenAreNotThePools() external {
        params.oracle = stranger;
        _expectCreateRevert(
            abi.encodeWithSelector(
                IRegistryEvents.ParamsMismatch.selector, uint256(uint160(stranger)), uint256(uint160(oracle))
            )
        );
        (params.oracle, params.token) = (oracle, stranger);
        _expectCreateRevert(
            abi.encodeWithSelector(
                IRegistryEvents.ParamsMismatch.selector, uint256(uint160(stranger)), uint256(uint160(address(token)))
            )
        );
    }

    function test_createCampaign_RevertWhen_TheDatasetIsUnknown() external {
        params.dataset = stranger;
        _expectCreateRevert(abi.encodeWithSelector(IRegistryEvents.UnknownDataset.selector, stranger));
    }

    function test_createCampaign_RevertWhen_TheDatasetIsAnothers() external {
        params.requester = stranger;
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotAllowed.selector, stranger, requester));
        vm.prank(stranger);
        registry.createCampaign(pool, params, ESCROW);
    }

    function test_createCampaign_RevertWhen_TheShareCapIsAboveWhatIsFree() external {
        params.shareCap = 6000e18;
        _create();
        (params.nonce, params.shareCap) = (1, 4000e18 + 1);
        _expectCreateRevert(
            abi.encodeWithSelector(IRegistryEvents.ShareCapExceeded.selector, params.dataset, 4000e18, 4000e18 + 1)
        );
        params.shareCap = 4000e18;
        _create();
        assertEq(registry.dataset(params.dataset).reserved, 10_000e18);
    }

    function test_createCampaign_RevertWhen_TheEscrowReaches2To96() external {
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(96), 2 ** 96));
        vm.prank(requester);
        registry.createCampaign(pool, params, 2 ** 96);
        token.transfer(requester, 2 ** 96 - 1);
        vm.prank(requester);
        registry.createCampaign(pool, params, 2 ** 96 - 1);
        assertEq(_campaign().escrow, 2 ** 96 - 1);
    }

    function test_createCampaign_RevertWhen_TheEscrowDoesNotArriveWhole() external {
        _use(address(new FeeToken(1e30)));
        _expectCreateRevert(
            abi.encodeWithSelector(IVaultEvents.InexactTransfer.selector, address(token), ESCROW, ESCROW - ESCROW / 100)
        );
    }

    function testFuzz_createCampaign(CampaignParams memory rules, uint128 escrow, uint128 credit) external {
        escrow = uint128(bound(escrow, 1, 1e15));
        credit = uint128(bound(credit, 1, 1e15));
        (rules.pool, rules.dataset, rules.requester) = (params.pool, params.dataset, requester);
        (rules.oracle, rules.token, rules.schedule) = (oracle, address(token), params.schedule);
        rules.shareCap = uint96(bound(rules.shareCap, 0, 10_000e18));
        rules.feeBps = uint16(bound(rules.feeBps, 0, 10_000));
        _setParams(rules);
        assertEq(CampaignId.unwrap(id), CampaignId.unwrap(Digests.campaignId(block.chainid, address(registry), rules)));
        vm.startPrank(requester);
        registry.deposit(address(token), credit);
        vm.expectEmit();
        emit IRegistryEvents.CampaignCreated(id, requester, params.dataset, escrow, rules);
        registry.createCampaign(pool, rules, escrow);
        vm.stopPrank();
        Campaign memory expected;
        (expected.status, expected.since, expected.escrow) = (Status.Created, uint40(START), escrow);
        assertEq(abi.encode(_campaign()), abi.encode(expected));
        assertEq(registry.dataset(params.dataset).reserved, rules.shareCap);
        assertEq(_credit(requester), credit > escrow ? credit - escrow : 0);
        assertEq(_wealth(requester), 1e15 - escrow);
        assertEq(token.balanceOf(address(registry)), credit > escrow ? credit : escrow);
    }

    // --------------------------------------------------------------- schedules

    /// @dev `good` passes and `bad`, its neighbour, breaks `rule`.
    function _assertBoundary(Schedule memory good, Schedule memory bad, uint8 rule) private {
        params.schedule = bad;
        _expectCreateRevert(abi.encodeWithSelector(Schedules.InvalidSchedule.selector, rule));
        params.schedule = good;
        ++params.nonce;
        params.shareCap = 0;
        _create();
    }

    function test_createCampaign_RevertWhen_TheTimesAreOutOfOrder() external {
        (Schedule memory good, Schedule memory bad) = (_schedule(START), _schedule(START));
        (good.acceptEnd, bad.acceptEnd) = (uint40(START + 1), uint40(START));
        _assertBoundary(good, bad, 1);
        (good, bad) = (_schedule(START), _schedule(START));
        (good.enrolEnd, bad.enrolEnd) = (good.acceptEnd + good.grace, good.acceptEnd + good.grace - 1);
        _assertBoundary(good, bad, 2);
        (good, bad) = (_schedule(START), _schedule(START));
        (good.workStart, bad.workStart) = (good.enrolEnd + 1, good.enrolEnd);
        _assertBoundary(good, bad, 3);
    }

    function test_createCampaign_RevertWhen_RoundsOrTriesAreNoneOrTooManyOrRoundsTooShort() external {
        (Schedule memory good, Schedule memory bad) = (_schedule(START), _schedule(START));
        (good.rounds, bad.rounds) = (1, 0);
        _assertBoundary(good, bad, 4);
        (good, bad) = (_schedule(START), _schedule(START));
        (good.tries, bad.tries) = (1, 0);
        _assertBoundary(good, bad, 4);
        (good, bad) = (_schedule(START), _schedule(START));
        (good.tries, bad.tries) = (8, 9);
        _assertBoundary(good, bad, 4);
        (good, bad) = (_schedule(START), _schedule(START));
        (good.roundLength, bad.roundLength) = (good.grace + 1, good.grace);
        _assertBoundary(good, bad, 5);
        (good, bad) = (_schedule(START), _schedule(START));
        (good.roundLength, bad.roundLength) = (30 days, 30 days + 1);
        _assertBoundary(good, bad, 5);
    }

    /// @dev Every period at both sides of both its bounds. The words of a schedule lie in memory one after the other.
    function test_createCampaign_RevertWhen_APeriodIsOutOfBounds() external {
        uint256[8] memory words = [uint256(4), 7, 8, 9, 10, 11, 12, 13];
        for (uint256 i = 0; i < words.length; ++i) {
            uint8 rule = uint8(6 + i);
            uint256 least = rule == 11 ? 2 hours : 1 hours;
            (Schedule memory good, Schedule memory bad) = (_schedule(START), _schedule(START));
            _setWord(good, words[i], least);
            _setWord(bad, words[i], least - 1);
            _assertBoundary(good, bad, rule);
            // A grace of 30 days needs a longer round than there is; the other rule speaks first.
            if (rule == 6) continue;
            _setWord(good, words[i], 30 days);
            _setWord(bad, words[i], 30 days + 1);
            _assertBoundary(good, bad, rule);
        }
    }

    function _setWord(Schedule memory s, uint256 word, uint256 value) private pure {
        assembly ("memory-safe") {
            mstore(add(s, mul(word, 0x20)), value)
        }
    }

    function test_createCampaign_RevertWhen_HardEndIsBeyondTheHorizon() external {
        Schedule memory good = _schedule(START);
        uint256 later = START + 365 days - _hardEnd();
        (good.acceptEnd, good.enrolEnd) = (uint40(good.acceptEnd + later), uint40(good.enrolEnd + later));
        good.workStart = uint40(good.workStart + later);
        Schedule memory bad = abi.decode(abi.encode(good), (Schedule));
        ++bad.workStart;
        _assertBoundary(good, bad, 14);
        assertEq(_hardEnd(), START + 365 days);
    }

    // ------------------------------------------------------------------- topUp

    function _topUp(address who, uint128 amount) private {
        vm.prank(who);
        registry.topUp(params, amount);
    }

    function test_topUp_RevertWhen_NotCreated() external {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.None, Status.Created));
        _topUp(requester, 1);
        _toAccepted();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Open, Status.Created));
        _topUp(requester, 1);
    }

    function test_topUp_RevertWhen_AcceptEndHasCome() external {
        _create();
        uint256 end = params.schedule.acceptEnd;
        vm.warp(end - 1);
        _topUp(requester, 1);
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end));
        _topUp(requester, 1);
    }

    function test_topUp_RevertWhen_TheAmountIsZero() external {
        _create();
        vm.expectRevert(IVaultEvents.ZeroAmount.selector);
        _topUp(requester, 0);
    }

    function test_topUp_RevertWhen_TheEscrowReaches2To96() external {
        _create();
        token.transfer(requester, 2 ** 96);
        uint128 room = 2 ** 96 - 1 - ESCROW;
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(96), 2 ** 96));
        _topUp(requester, room + 1);
        _topUp(requester, room);
        assertEq(_campaign().escrow, 2 ** 96 - 1);
    }

    function testFuzz_topUp(uint128 amount) external {
        amount = uint128(bound(amount, 1, 1e15));
        _create();
        vm.expectEmit();
        emit IRegistryEvents.ToppedUp(id, colleague, amount);
        _topUp(colleague, amount);
        assertEq(_campaign().escrow, ESCROW + amount);
        assertEq(_wealth(colleague), 1e15 - amount);
        // Whoever paid, a refund is the requester's.
        vm.prank(requester);
        registry.cancel(params);
        assertEq(_credit(requester), ESCROW + amount);
    }

    // ------------------------------------------------------------------ accept

    function test_accept_RevertWhen_NotCreated() external {
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.None, Status.Created));
        _accept();
        _toAccepted();
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.WrongStatus.selector, id, Status.Open, Status.Created));
        _accept();
    }

    function test_accept_RevertWhen_TheCallerIsNotTheOracle() external {
        _create();
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.NotAllowed.selector, stranger, oracle));
        vm.prank(stranger);
        registry.accept(pool, params);
    }

    function test_accept_RevertWhen_AcceptEndHasCome() external {
        _create();
        uint256 end = params.schedule.acceptEnd;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.TooLate.selector, end, end));
        _accept();
        vm.warp(end - 1);
        _accept();
    }

    function test_accept_RevertWhen_ThePoolIsAnother() external {
        _create();
        (pool.nonce, pool.maxOpen) = (1, 100);
        vm.prank(oracle);
        PoolId other = registry.createPool(pool);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.ParamsMismatch.selector, other, params.pool));
        _accept();
    }

    function test_accept_RevertWhen_NoPlaceIsFree() external {
        for (uint64 i = 0; i < pool.maxOpen; ++i) {
            params.nonce = i;
            _toAccepted();
        }
        assertEq(registry.poolOf(params.pool).open, pool.maxOpen);
        params.nonce = pool.maxOpen;
        _create();
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.PoolFull.selector, params.pool, pool.maxOpen));
        _accept();
    }

    function test_accept_RevertWhen_TheUnbondingTimeIsTooShort() external {
        uint256 needed = _hardEnd() - START;
        (pool.nonce, pool.unbonding) = (1, uint40(needed - 1));
        vm.prank(oracle);
        params.pool = registry.createPool(pool);
        _setParams(params);
        _create();
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.UnbondingTooShort.selector, _hardEnd(), _hardEnd() - 1));
        _accept();
        skip(1);
        _accept();
    }

    function test_accept_RevertWhen_TheBondReaches2To96() external {
        (pool.nonce, pool.arbitrationRefund) = (1, 2 ** 94);
        vm.prank(oracle);
        params.pool = registry.createPool(pool);
        _create();
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(96), 2 ** 96));
        _accept();
        --pool.arbitrationRefund;
        vm.prank(oracle);
        params.pool = registry.createPool(pool);
        _setParams(params);
        _create();
        token.transfer(oracle, 2 ** 96);
        _accept();
        assertEq(_campaign().bond, 2 ** 96 - 4);
    }

    function testFuzz_accept(uint128 escrow, uint128 arbitrationRefund) external {
        escrow = uint128(bound(escrow, 1, 1e15));
        arbitrationRefund = uint128(bound(arbitrationRefund, 0, 1e14));
        (pool.nonce, pool.arbitrationRefund) = (1, arbitrationRefund);
        vm.prank(oracle);
        params.pool = registry.createPool(pool);
        _setParams(params);
        vm.prank(requester);
        registry.createCampaign(pool, params, escrow);

        uint128 quarter = escrow % 4 == 0 ? escrow / 4 : escrow / 4 + 1;
        uint128 bond = quarter > 4 * arbitrationRefund ? quarter : 4 * arbitrationRefund;
        skip(10);
        vm.expectEmit();
        emit IRegistryEvents.Accepted(id, oracle, params.pool, bond);
        _accept();
        Campaign memory expected;
        (expected.status, expected.since, expected.escrow) = (Status.Open, uint40(START + 10), escrow);
        expected.bond = bond;
        assertEq(abi.encode(_campaign()), abi.encode(expected));
        assertEq(registry.poolOf(params.pool).open, 1);
        assertEq(registry.poolOf(params.pool).maxHardEnd, _hardEnd());
        assertEq(_wealth(oracle), 1e15 - bond);
    }

    // -------------------------------------------------------------- deployment

    function test_deployment_RevertWhen_TheExtensionHasNoCode() external {
        vm.expectRevert(abi.encodeWithSelector(Part.NoPart.selector, stranger));
        new TaskRegistry(_limits(), stranger);
    }

    /// @dev Bounds that no schedule could meet; the neighbours are met by few, but by some.
    function test_deployment_RevertWhen_TheLimitsAreOutOfOrder() external {
        address extension = Deployments.extension();
        Limits[3] memory bad = [
            Limits(30 days + 1, 2 hours, 30 days, 365 days),
            Limits(1 hours, 30 days + 1, 30 days, 365 days),
            Limits(1 hours, 2 hours, 365 days + 1, 365 days)
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(IRegistryEvents.InconsistentLimits.selector);
            new TaskRegistry(bad[i], extension);
        }
        new TaskRegistry(Limits(30 days, 30 days, 30 days, 30 days), extension);
    }

    function test_deployment_RevertWhen_PeriodsAreShortOffLocalChains() external {
        address extension = Deployments.extension();
        Limits memory short = Limits(48 hours - 1, 7 days, 30 days, 365 days);
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.PeriodBelowSafeMinimum.selector, 48 hours - 1, 48 hours));
        new TaskRegistry(short, extension);
        (short.minPeriod, short.minRescue) = (48 hours, 7 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.PeriodBelowSafeMinimum.selector, 7 days - 1, 7 days));
        new TaskRegistry(short, extension);
        short.minRescue = 7 days;
        new TaskRegistry(short, extension);
        (short.minPeriod, short.minRescue) = (0, 0);
        vm.chainId(131_277_322_940_537);
        new TaskRegistry(short, extension);
    }

    function test_deployment_TellsItsParts() external view {
        assertEq(abi.encode(registry.limits()), abi.encode(_limits()));
        assertGt(registry.extension().code.length, 0);
        assertGt(registry.shareImplementation().code.length, 0);
    }
}

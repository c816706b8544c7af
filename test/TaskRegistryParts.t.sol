// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbitrable} from "../contracts/interfaces/IArbitration.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {ICampaigns} from "../contracts/interfaces/ICampaigns.sol";
import {IDisputes} from "../contracts/interfaces/IDisputes.sol";
import {IEvidence} from "../contracts/interfaces/IEvidence.sol";
import {IProposals} from "../contracts/interfaces/IProposals.sol";
import {IRegistryContests} from "../contracts/interfaces/IRegistryContests.sol";
import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IRegistryExtension} from "../contracts/interfaces/IRegistryExtension.sol";
import {ISlashing} from "../contracts/interfaces/ISlashing.sol";
import {IStakeVault} from "../contracts/interfaces/IStakeVault.sol";
import {ITaskRegistry} from "../contracts/interfaces/ITaskRegistry.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {Campaign, Status} from "../contracts/types/Types.sol";
import {RegistryBase} from "./base/RegistryBase.sol";

/// @dev What the fallback passes on; see TaskRegistryParts.tree.
contract TaskRegistryPartsTest is RegistryBase {
    ITaskRegistry private extension;

    function setUp() public override {
        super.setUp();
        extension = ITaskRegistry(registry.extension());
    }

    function test_direct_TouchesNothingOfTheRegistry() external {
        _join(annotator);
        _toAccepted();
        vm.prank(annotator);
        token.approve(address(extension), type(uint256).max);
        vm.record();
        vm.startPrank(oracle);
        extension.createPool(pool);
        vm.startPrank(annotator);
        extension.deposit(address(token), 5);
        extension.join(pool, "");
        extension.leave(extension.poolIdOf(pool));
        extension.withdrawSeat(pool, annotator);
        extension.withdraw(address(token), 1);
        extension.withdrawFor(address(token), annotator);
        vm.stopPrank();
        (bytes32[] memory reads, bytes32[] memory writes) = vm.accesses(address(registry));
        assertEq(reads.length + writes.length, 0);
        assertEq(token.balanceOf(annotator), 1e15 - STAKE);
        assertEq(registry.seatOf(params.pool, annotator).stake, STAKE);
    }

    function test_direct_KnowsNoCampaignAndNoPoolOfTheRegistry() external {
        _create();
        bytes memory none = abi.encodeWithSelector(
            IRegistryEvents.WrongStatus.selector, extension.campaignIdOf(params), Status.None, Status.Created
        );
        vm.expectRevert(none);
        extension.topUp(params, 1);
        vm.expectRevert(none);
        vm.prank(requester);
        extension.cancel(params);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.UnknownPool.selector, extension.poolIdOf(pool)));
        extension.join(pool, "");
        assertTrue(_status() == Status.Created);
    }

    function test_direct_CreatesNoDataset() external {
        vm.expectRevert();
        extension.createDataset("A", "B", address(token), 0, 1e18);
    }

    function testFuzz_fallback_RevertWhen_NoPartKnowsTheCall(bytes4 selector, bytes calldata rest) external {
        bytes4[] memory known = _selectors();
        for (uint256 i = 0; i < known.length; ++i) {
            vm.assume(selector != known[i]);
        }
        (bool ok, bytes memory answer) = address(registry).call(bytes.concat(selector, rest));
        assertFalse(ok);
        assertEq(answer.length, 0);
    }

    function test_fallback_RevertWhen_ThereIsNoSelector() external {
        (bool ok,) = address(registry).call("");
        assertFalse(ok);
        (ok,) = address(registry).call(hex"aabb");
        assertFalse(ok);
    }

    function test_RevertWhen_EtherIsSent() external {
        vm.deal(address(this), 1 ether);
        address[2] memory parts = [address(registry), address(extension)];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRegistryEvents.EtherRefused.selector, address(this), 1));
            Address.sendValue(payable(parts[i]), 1);
        }
        bool ok;
        (ok,) = address(registry).call{value: 1}(abi.encodeCall(registry.poolOf, (params.pool)));
        assertFalse(ok);
        assertEq(address(registry).balance, 0);
    }

    function test_contests_IsTheThirdPart() external view {
        address contests = registry.contests();
        assertGt(contests.code.length, 0);
        assertEq(contests, extension.contests());
        assertNotEq(contests, registry.extension());
    }

    function test_fallback_PassesReasonsOn() external {
        (bool ok, bytes memory reason) = address(registry).call(abi.encodeCall(registry.withdraw, (address(token), 7)));
        assertFalse(ok);
        assertEq(
            reason,
            abi.encodeWithSelector(
                IVaultEvents.InsufficientCredit.selector, address(token), address(this), uint256(0), uint256(7)
            )
        );
    }

    function test_fallback_PassesAnswersOn() external {
        _create();
        (bool ok, bytes memory answer) = address(registry).call(abi.encodeCall(registry.campaignOf, (id)));
        assertTrue(ok);
        Campaign memory state = abi.decode(answer, (Campaign));
        assertEq(answer, abi.encode(state));
        assertEq(state.escrow, ESCROW);
        (ok, answer) = address(registry).call(abi.encodeCall(registry.cancel, (params)));
        assertFalse(ok);
        vm.prank(requester);
        (ok, answer) = address(registry).call(abi.encodeCall(registry.cancel, (params)));
        assertTrue(ok);
        assertEq(answer.length, 0);
    }

    function _selectors() private pure returns (bytes4[] memory all) {
        bytes4[29] memory list = [
            ICampaigns.createCampaign.selector,
            ICampaigns.accept.selector,
            ICampaigns.postRoster.selector,
            ICampaigns.enrol.selector,
            ICampaigns.armSeed.selector,
            ICampaigns.drawSeed.selector,
            ICampaigns.commitAggregate.selector,
            ICampaigns.commit.selector,
            ICampaigns.propose.selector,
            ICampaigns.finalize.selector,
            ICampaigns.claim.selector,
            ICampaigns.claimMany.selector,
            ICampaigns.extension.selector,
            ICampaigns.shareImplementation.selector,
            ICampaigns.limits.selector,
            IRegistryExtension.createDataset.selector,
            IRegistryExtension.topUp.selector,
            IStakeVault.deposit.selector,
            IStakeVault.withdraw.selector,
            IStakeVault.withdrawFor.selector,
            IStakeVault.createPool.selector,
            IStakeVault.join.selector,
            IStakeVault.leave.selector,
            IStakeVault.withdrawSeat.selector,
            IRegistryExtension.campaignOf.selector,
            IRegistryExtension.contests.selector,
            IRegistryExtension.multicall.selector,
            IStakeVault.depositWithPermit.selector,
            IStakeVault.refill.selector
        ];
        bytes4[11] memory views = [
            IRegistryExtension.campaignIdOf.selector,
            IRegistryExtension.dataset.selector,
            IRegistryExtension.roundRootOf.selector,
            IRegistryExtension.commitOf.selector,
            IRegistryExtension.enrolledAlone.selector,
            IRegistryExtension.claimedParts.selector,
            IStakeVault.creditOf.selector,
            IStakeVault.burnedOf.selector,
            IStakeVault.poolOf.selector,
            IStakeVault.seatOf.selector,
            IStakeVault.poolIdOf.selector
        ];
        bytes4[19] memory contests = [
            IProposals.proposeLate.selector,
            IProposals.proposeOpenly.selector,
            IProposals.cancel.selector,
            IProposals.expire.selector,
            IProposals.freePlace.selector,
            IDisputes.challenge.selector,
            IDisputes.requestRuling.selector,
            IDisputes.submitEvidence.selector,
            IDisputes.resolve.selector,
            IArbitrable.rule.selector,
            IEvidence.postReceipt.selector,
            IEvidence.answerReceipt.selector,
            IEvidence.forfeitBond.selector,
            IEvidence.postReveal.selector,
            IEvidence.revealGold.selector,
            ISlashing.slash.selector,
            IRegistryContests.contestOf.selector,
            IRegistryContests.receiptEndOf.selector,
            IRegistryContests.isSlashed.selector
        ];
        all = new bytes4[](list.length + views.length + contests.length);
        for (uint256 i = 0; i < list.length; ++i) {
            all[i] = list[i];
        }
        for (uint256 i = 0; i < views.length; ++i) {
            all[list.length + i] = views[i];
        }
        for (uint256 i = 0; i < contests.length; ++i) {
            all[list.length + views.length + i] = contests[i];
        }
    }
}

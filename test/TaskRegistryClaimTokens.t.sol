// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {Tokens} from "../contracts/libraries/Tokens.sol";
import {BlocklistToken, FeeToken, NoReturnToken, ReentrantToken} from "../contracts/mocks/HostileTokens.sol";
import {ClaimBatch} from "../contracts/types/Types.sol";
import {RegistryBase} from "./base/RegistryBase.sol";
import {
    DemandingToken,
    DoubleTakingToken,
    GuzzlingToken,
    MovesAndReturnsFalseToken,
    SwitchingToken
} from "./mocks/Tokens.sol";

/// @dev Claims in tokens that misbehave; see TaskRegistryClaims.tree.
contract TaskRegistryClaimTokensTest is RegistryBase {
    /// @dev A final campaign in `token_` that owes the annotator 100 and the colleague 50 units.
    function _toFinalIn(address token_) private {
        _use(token_);
        _addLeaf(annotator, 100e6, 1e18);
        _addLeaf(colleague, 50e6, 1e18);
        _toFinal(_settlement());
    }

    function _claim(address caller, uint256 index) private {
        bytes32[] memory proof = _proof(index);
        vm.prank(caller);
        registry.claim(params, leaves[index], proof);
    }

    function _claimAll() private {
        ClaimBatch memory batch = _all();
        vm.prank(stranger);
        registry.claimMany(params, batch, PAYOUT | SHARES);
    }

    function _assertPaid(address who, uint256 wallet, uint256 credit) private view {
        assertEq(token.balanceOf(who), 1e15 + wallet);
        assertEq(_credit(who), credit);
    }

    // ---------------------------------------------------------- blocked accounts

    function test_claimMany_GivenABlockedAccount() external {
        BlocklistToken blocking = new BlocklistToken(1e30);
        _toFinalIn(address(blocking));
        blocking.setBlocked(annotator, true);
        vm.expectEmit();
        emit IVaultEvents.Credited(address(token), annotator, 100e6);
        _claimAll();
        _assertPaid(annotator, 0, 100e6);
        _assertPaid(colleague, 50e6, 0);
        assertEq(_share().balanceOf(annotator), 1e18);
        assertEq(_wealth(stranger), 0);
        blocking.setBlocked(annotator, false);
        vm.prank(stranger);
        registry.withdrawFor(address(token), annotator);
        _assertPaid(annotator, 100e6, 0);
    }

    function test_claim_RevertWhen_TheBlockedAccountCalls() external {
        BlocklistToken blocking = new BlocklistToken(1e30);
        _toFinalIn(address(blocking));
        blocking.setBlocked(annotator, true);
        bytes32[] memory proof = _proof(0);
        vm.expectRevert(abi.encodeWithSelector(BlocklistToken.Blocked.selector, annotator));
        vm.prank(annotator);
        registry.claim(params, leaves[0], proof);
        assertEq(registry.claimedParts(id, 0), 0);
        blocking.setBlocked(annotator, false);
        _claim(annotator, 0);
        _assertPaid(annotator, 100e6, 0);
    }

    // ------------------------------------------------------------ return values

    function test_claim_GivenATokenThatReturnsFalse() external {
        SwitchingToken switching = new SwitchingToken(1e30);
        _toFinalIn(address(switching));
        switching.setFailing(true);
        _claim(stranger, 0);
        _assertPaid(annotator, 0, 100e6);
        bytes32[] memory proof = _proof(1);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
        vm.prank(colleague);
        registry.claim(params, leaves[1], proof);
    }

    function test_claim_GivenATokenWithoutReturnValues() external {
        _toFinalIn(address(new NoReturnToken(1e30)));
        _claim(stranger, 0);
        _claim(colleague, 1);
        _assertPaid(annotator, 100e6, 0);
        _assertPaid(colleague, 50e6, 0);
    }

    function test_claim_GivenATokenWhoseCodeIsGone() external {
        _toFinalIn(address(new NoReturnToken(1e30)));
        ClaimBatch memory batch = _all();
        vm.etch(address(token), "");
        vm.expectRevert();
        registry.claimMany(params, batch, PAYOUT);
        registry.claimMany(params, batch, SHARES);
        assertEq(_share().balanceOf(annotator), 1e18);
    }

    function test_claim_GivenATokenThatKeepsAFee() external {
        _use(address(new FeeToken(1e30)));
        vm.prank(requester);
        registry.deposit(address(token), 2 * ESCROW);
        vm.prank(oracle);
        registry.deposit(address(token), 2 * ESCROW);
        _addLeaf(annotator, 100e6, 0);
        _toFinal(_settlement());
        (uint256 before, uint256 held) = (token.balanceOf(address(registry)), token.balanceOf(annotator));
        _claim(stranger, 0);
        assertEq(token.balanceOf(annotator), held + 99e6);
        assertEq(_credit(annotator), 0);
        assertEq(token.balanceOf(address(registry)), before - 100e6);
    }

    // ------------------------------------------------- tokens that take too much

    function test_claim_RevertGiven_ATokenThatMovesAndReturnsFalse() external {
        _toFinalIn(address(new MovesAndReturnsFalseToken(1e30)));
        uint256 held = token.balanceOf(address(registry));
        bytes32[] memory proof = _proof(0);
        vm.expectRevert(abi.encodeWithSelector(Tokens.UnexpectedBalance.selector, address(token), held, held - 100e6));
        registry.claim(params, leaves[0], proof);
        assertEq(token.balanceOf(address(registry)), held);
    }

    function test_claim_RevertGiven_ATokenThatTakesTwice() external {
        _toFinalIn(address(new DoubleTakingToken(1e30)));
        uint256 held = token.balanceOf(address(registry));
        address[2] memory callers = [annotator, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes32[] memory proof = _proof(0);
            vm.expectRevert(
                abi.encodeWithSelector(Tokens.UnexpectedBalance.selector, address(token), held - 100e6, held - 200e6)
            );
            vm.prank(callers[i]);
            registry.claim(params, leaves[0], proof);
        }
    }

    /// @dev A leaf for the registry itself harms nobody but the batch that names it.
    function test_claim_RevertGiven_ALeafForTheRegistry() external {
        _addLeaf(address(registry), 10e6, 0);
        _addLeaf(annotator, 20e6, 0);
        _toFinal(_settlement());
        uint256 held = token.balanceOf(address(registry));
        ClaimBatch memory batch = _all();
        vm.expectRevert();
        registry.claimMany(params, batch, PAYOUT);
        _claim(stranger, 1);
        assertEq(token.balanceOf(address(registry)), held - 20e6);
    }

    // -------------------------------------------------------------------- gas

    function test_claim_GivenATokenThatTakesMoreThanItsRation() external {
        GuzzlingToken guzzling = new GuzzlingToken(1e30);
        _toFinalIn(address(guzzling));
        guzzling.setAppetite(150_000);
        _claimAll();
        _assertPaid(annotator, 0, 100e6);
        _assertPaid(colleague, 0, 50e6);
        vm.prank(annotator);
        registry.withdraw(address(token), 100e6);
        _assertPaid(annotator, 100e6, 0);
    }

    /// @dev One token needs all but a little of its ration, the other refuses early and leaves gas to go on with. Whatever
    /// gas a claim is given, it pays both accounts or reverts.
    function test_claimMany_GivenTooLittleGas_NeverCredits() external {
        GuzzlingToken guzzling = new GuzzlingToken(1e30);
        _toFinalIn(address(guzzling));
        guzzling.setAppetite(110_000);
        _assertPaysOrReverts();
    }

    function test_claimMany_GivenTooLittleGasForADemandingToken_NeverCredits() external {
        DemandingToken demanding = new DemandingToken(1e30);
        _toFinalIn(address(demanding));
        demanding.setDemand(147_000);
        _assertPaysOrReverts();
    }

    function _assertPaysOrReverts() private {
        ClaimBatch memory batch = _all();
        uint256 reverted;
        uint256 paid;
        for (uint256 gas_ = 100_000; gas_ < 600_000; gas_ += 499) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(stranger);
            try registry.claimMany{gas: gas_}(params, batch, PAYOUT) {
                _assertPaid(annotator, 100e6, 0);
                _assertPaid(colleague, 50e6, 0);
                ++paid;
            } catch {
                ++reverted;
            }
            vm.revertToState(snapshot);
        }
        assertGt(paid, 100);
        assertGt(reverted, 100);
    }

    function test_claim_RevertWhen_TheGasIsBelowTheFloor() external {
        _addLeaf(annotator, 100e6, 0);
        _toFinal(_settlement());
        bytes32[] memory proof = _proof(0);
        vm.prank(stranger);
        (bool ok, bytes memory reason) =
            address(registry).call{gas: 165_000}(abi.encodeCall(registry.claim, (params, leaves[0], proof)));
        assertFalse(ok);
        assertEq(bytes4(reason), Tokens.GasFloor.selector);
    }

    // ------------------------------------------------------------- reentrancy

    /// @dev The token claims another leaf, withdraws or takes a seat in the middle of a payment: the guard refuses, the
    /// payment fails, and the account keeps what it is owed as credit.
    function test_claim_GivenATokenThatCallsBack() external {
        ReentrantToken hostile = new ReentrantToken(1e30);
        _toFinalIn(address(hostile));
        bytes[4] memory calls = [
            abi.encodeCall(registry.claim, (params, leaves[1], _proof(1))),
            abi.encodeCall(registry.claimMany, (params, _batch(2), PAYOUT)),
            abi.encodeCall(registry.withdrawFor, (address(token), oracle)),
            abi.encodeCall(registry.deposit, (address(token), 1))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 oracles = _credit(oracle);
            hostile.callOnNextTransfer(address(registry), calls[i]);
            _claim(stranger, 0);
            _assertPaid(annotator, 0, 100e6);
            _assertPaid(colleague, 0, 0);
            assertEq(_credit(oracle), oracles);
            vm.revertToState(snapshot);
        }
    }

    /// @dev What is not guarded moves no token: a callback may well cancel, but the measured balance stands.
    function test_claim_GivenATokenThatEndsAnotherCampaign() external {
        ReentrantToken hostile = new ReentrantToken(1e30);
        _toFinalIn(address(hostile));
        bytes32[] memory proof = _proof(0);
        bytes memory freeing = abi.encodeCall(registry.freePlace, (params));
        skip(params.schedule.slashWindow);
        hostile.callOnNextTransfer(address(registry), freeing);
        registry.claim(params, leaves[0], proof);
        _assertPaid(annotator, 100e6, 0);
        assertTrue(_campaign().placeFreed);
    }
}

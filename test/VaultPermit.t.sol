// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ICampaigns} from "../contracts/interfaces/ICampaigns.sol";
import {IProposals} from "../contracts/interfaces/IProposals.sol";
import {IRegistryContests} from "../contracts/interfaces/IRegistryContests.sol";
import {IRegistryEvents} from "../contracts/interfaces/IRegistryEvents.sol";
import {IRegistryExtension} from "../contracts/interfaces/IRegistryExtension.sol";
import {IStakeVault} from "../contracts/interfaces/IStakeVault.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {FeeToken, NoReturnToken, ReentrantToken} from "../contracts/mocks/HostileTokens.sol";
import {Contest, Status} from "../contracts/types/Types.sol";
import {Signing} from "./base/Signing.sol";

/// @notice Hands the registry tokens of the caller in the middle of a permit, and tries to have them counted.
contract PermitCallbackToken is ERC20 {
    IStakeVault private immutable _vault;
    bytes public reason;

    constructor(IStakeVault vault, uint256 supply) ERC20("Callback", "CAL") {
        _vault = vault;
        _mint(msg.sender, supply);
    }

    function permit(address owner, address spender, uint256 value, uint256, uint8, bytes32, bytes32) external {
        _transfer(owner, spender, value);
        try _vault.deposit(address(this), value) {}
        catch (bytes memory data) {
            reason = data;
        }
        _approve(owner, spender, value);
    }
}

/// @dev Deposits by permit, and several calls in one; see VaultPermit.tree.
contract VaultPermitTest is Signing {
    struct Permit {
        uint256 amount;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @dev What the annotator signs for the registry, which has no allowance.
    function _permit(uint256 amount, uint256 deadline) private returns (Permit memory p) {
        vm.prank(annotator);
        token.approve(address(registry), 0);
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                token.DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                        annotator,
                        address(registry),
                        amount,
                        token.nonces(annotator),
                        deadline
                    )
                )
            )
        );
        (, uint256 key) = makeAddrAndKey("annotator");
        (p.amount, p.deadline) = (amount, deadline);
        (p.v, p.r, p.s) = vm.sign(key, digest);
    }

    function _deposit(address who, Permit memory p) private returns (uint256) {
        vm.prank(who);
        return registry.depositWithPermit(address(token), p.amount, p.deadline, p.v, p.r, p.s);
    }

    function _expectNoAllowance(uint256 amount) private {
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(registry), 0, amount)
        );
    }

    // ------------------------------------------------------- depositWithPermit

    function test_depositWithPermit_RevertWhen_TheAmountIsZero() external {
        Permit memory p = _permit(0, START);
        vm.expectRevert(IVaultEvents.ZeroAmount.selector);
        _deposit(annotator, p);
    }

    function test_depositWithPermit_RevertWhen_ThePermitIsBad() external {
        Permit memory p = _permit(500, START);
        bytes32 before = _books();
        ++p.amount;
        _expectNoAllowance(501);
        _deposit(annotator, p);
        --p.amount;
        p.s = ~p.s;
        _expectNoAllowance(500);
        _deposit(annotator, p);
        assertEq(_books(), before);
    }

    function test_depositWithPermit_RevertWhen_ThePermitIsLate() external {
        Permit memory p = _permit(500, START);
        vm.warp(START + 1);
        _expectNoAllowance(500);
        _deposit(annotator, p);
        vm.warp(START);
        _deposit(annotator, p);
    }

    function test_depositWithPermit_RevertWhen_ThePermitIsAnothers() external {
        Permit memory p = _permit(500, START);
        bytes32 before = _books();
        _expectNoAllowance(500);
        _deposit(stranger, p);
        assertEq(_books(), before);
        assertEq(token.allowance(annotator, address(registry)), 0);
        // Nor does a permit that was sent ahead of its owner give anything to whoever deposits.
        token.permit(annotator, address(registry), p.amount, p.deadline, p.v, p.r, p.s);
        _expectNoAllowance(500);
        _deposit(stranger, p);
        assertEq(_books(), before);
    }

    function test_depositWithPermit_RevertWhen_TheTokenIsNoContract() external {
        vm.expectRevert(bytes(""));
        vm.prank(annotator);
        registry.depositWithPermit(makeAddr("nothing"), 1, START, 27, bytes32(0), bytes32(0));
    }

    function test_depositWithPermit_WhenTheTokenCallsBack() external {
        PermitCallbackToken hostile = new PermitCallbackToken(registry, 1000);
        hostile.transfer(annotator, 1000);
        vm.prank(annotator);
        uint256 received = registry.depositWithPermit(address(hostile), 400, START, 27, bytes32(0), bytes32(0));
        assertEq(hostile.reason(), abi.encodePacked(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        assertEq(received, 400);
        assertEq(registry.creditOf(address(hostile), annotator), 400);
        assertEq(registry.creditOf(address(hostile), address(hostile)), 0);
        assertEq(hostile.balanceOf(address(registry)), 800);
    }

    function test_depositWithPermit_GivenItWasUsedBefore() external {
        Permit memory p = _permit(500, START);
        vm.prank(stranger);
        token.permit(annotator, address(registry), p.amount, p.deadline, p.v, p.r, p.s);
        assertEq(_deposit(annotator, p), 500);
        assertEq(_credit(annotator), 500);
        assertEq(_credit(stranger), 0);
    }

    function test_depositWithPermit_GivenATokenWithoutPermits() external {
        _use(address(new NoReturnToken(1e30)));
        assertEq(_deposit(annotator, Permit(500, START, 27, bytes32(0), bytes32(0))), 500);
        assertEq(_credit(annotator), 500);
    }

    function test_depositWithPermit_GivenAnAllowanceAndALatePermit() external {
        Permit memory p = _permit(500, START);
        vm.prank(annotator);
        token.approve(address(registry), 500);
        vm.warp(START + 1);
        assertEq(_deposit(annotator, p), 500);
        assertEq(token.allowance(annotator, address(registry)), 0);
    }

    function test_depositWithPermit_GivenATokenThatKeepsAFee() external {
        _use(address(new FeeToken(1e30)));
        uint256 held = token.balanceOf(annotator);
        assertEq(_deposit(annotator, Permit(1000, START, 27, bytes32(0), bytes32(0))), 990);
        assertEq(_credit(annotator), 990);
        assertEq(token.balanceOf(annotator), held - 1000);
    }

    function testFuzz_depositWithPermit(uint256 amount, uint256 deadline) external {
        amount = bound(amount, 1, 1e15);
        deadline = bound(deadline, START, type(uint256).max);
        Permit memory p = _permit(amount, deadline);
        vm.expectEmit();
        emit IVaultEvents.Credited(address(token), annotator, amount);
        assertEq(_deposit(annotator, p), amount);
        assertEq(_credit(annotator), amount);
        assertEq(token.balanceOf(annotator), 1e15 - amount);
        assertEq(token.balanceOf(address(registry)), amount);
        assertEq(token.nonces(annotator), 1);
        assertEq(token.allowance(annotator, address(registry)), 0);
    }

    // --------------------------------------------------------------- multicall

    function _two(bytes memory first, bytes memory second) private pure returns (bytes[] memory calls) {
        calls = new bytes[](2);
        (calls[0], calls[1]) = (first, second);
    }

    function _depositCall(uint256 amount) private view returns (bytes memory) {
        return abi.encodeCall(IStakeVault.deposit, (address(token), amount));
    }

    function test_multicall_RevertWhen_ACallFails() external movesNothing {
        bytes memory withdrawal = abi.encodeCall(IStakeVault.withdraw, (address(token), 11));
        bytes[] memory calls = _two(_depositCall(10), withdrawal);
        vm.expectRevert(
            abi.encodeWithSelector(IVaultEvents.InsufficientCredit.selector, address(token), annotator, 10, 11)
        );
        vm.prank(annotator);
        registry.multicall(calls);
    }

    function test_multicall_RevertWhen_ACallIsUnknown() external movesNothing {
        bytes[] memory calls = _two(_depositCall(10), hex"deadbeef");
        vm.prank(annotator);
        (bool ok,) = address(registry).call(abi.encodeCall(IRegistryExtension.multicall, (calls)));
        assertFalse(ok);
    }

    function test_multicall_RevertWhen_ItBringsEther() external {
        vm.deal(annotator, 1 ether);
        bytes[] memory calls = _two(_depositCall(10), _depositCall(10));
        vm.prank(annotator);
        (bool ok,) = address(registry).call{value: 1}(abi.encodeCall(IRegistryExtension.multicall, (calls)));
        assertFalse(ok);
        assertEq(annotator.balance, 1 ether);
        assertEq(_credit(annotator), 0);
    }

    function test_multicall_RevertWhen_ATokenCallsBack() external {
        ReentrantToken hostile = new ReentrantToken(1e30);
        _use(address(hostile));
        vm.prank(annotator);
        registry.deposit(address(token), 100);
        bytes[] memory inner =
            _two(_depositCall(1), abi.encodeCall(IStakeVault.withdrawFor, (address(token), annotator)));
        hostile.callOnNextTransfer(address(registry), abi.encodeCall(IRegistryExtension.multicall, (inner)));
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        vm.prank(annotator);
        registry.withdraw(address(token), 50);
        assertEq(_credit(annotator), 100);
    }

    function test_multicall_GivenNoCalls() external movesNothing {
        assertEq(registry.multicall(new bytes[](0)).length, 0);
    }

    function test_multicall_CallsInTheCallersName() external {
        bytes[] memory calls = new bytes[](4);
        calls[0] = _depositCall(STAKE + 7);
        calls[1] = abi.encodeCall(IStakeVault.join, (pool, ""));
        calls[2] = abi.encodeCall(IStakeVault.withdraw, (address(token), 3));
        calls[3] = abi.encodeCall(IStakeVault.creditOf, (address(token), annotator));
        vm.expectEmit();
        emit IVaultEvents.Joined(params.pool, annotator, STAKE);
        vm.prank(annotator);
        bytes[] memory answers = registry.multicall(calls);
        assertEq(abi.decode(answers[0], (uint256)), STAKE + 7);
        assertEq(answers[1].length + answers[2].length, 0);
        assertEq(abi.decode(answers[3], (uint256)), 4);
        assertEq(registry.seatOf(params.pool, annotator).stake, STAKE);
        assertEq(_wealth(annotator), 1e15 - STAKE);
    }

    function test_multicall_ReachesAllParts() external {
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(ICampaigns.createCampaign, (pool, params, ESCROW));
        calls[1] = abi.encodeCall(IRegistryExtension.topUp, (params, 5));
        calls[2] = abi.encodeCall(IRegistryContests.contestOf, (id));
        calls[3] = abi.encodeCall(IProposals.cancel, (params));
        vm.expectEmit();
        emit IRegistryEvents.Cancelled(id, ESCROW + 5);
        vm.prank(requester);
        bytes[] memory answers = registry.multicall(calls);
        assertEq(abi.decode(answers[2], (Contest)).receipts, 0);
        assertEq(_credit(requester), ESCROW + 5);
        assertEq(uint8(_status()), uint8(Status.Cancelled));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ITaskRegistry} from "../contracts/interfaces/ITaskRegistry.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {Tokens} from "../contracts/libraries/Tokens.sol";
import {
    BlocklistToken,
    FalseToken,
    FeeToken,
    NoReturnToken,
    RebasingToken,
    ReentrantToken
} from "../contracts/mocks/HostileTokens.sol";
import {RewardToken} from "../contracts/mocks/RewardToken.sol";
import {ClaimBatch, PayoutLeaf, PoolParams} from "../contracts/types/Types.sol";
import {RegistryBase} from "./base/RegistryBase.sol";
import {AlwaysFalseToken} from "./mocks/AlwaysFalseToken.sol";

/// @dev Uses a permit to make the registry pay out an account's credit in the middle of another's deposit.
contract PermitCallsBackToken is ERC20 {
    address private immutable _registry;
    address private immutable _account;

    constructor(address registry, address account) ERC20("Permit", "PMT") {
        (_registry, _account) = (registry, account);
        _mint(msg.sender, 1e30);
    }

    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external {
        ITaskRegistry(_registry).withdrawFor(address(this), _account);
    }
}

/// @dev Every entry of the registry that moves money, in tokens that misbehave, as far as the tests of the entries
/// themselves do not cover it; see HostileTokens.tree. After each test, whatever the token did, all that others have in
/// another token is there and can be taken out.
contract HostileTokensTest is RegistryBase {
    enum Entry {
        Deposit,
        Join,
        CreateCampaign,
        TopUp,
        Accept,
        Challenge,
        ProposeOpenly
    }

    uint256 private constant CREDIT = 10e6;
    uint256 private constant BOND = ESCROW / 4;
    uint256 private constant DEPOSITED = 300e6;

    RewardToken private dollars;

    /// @dev The annotator has credit in dollars, the colleague a seat.
    function setUp() public override {
        super.setUp();
        dollars = token;
        vm.prank(annotator);
        registry.deposit(address(dollars), DEPOSITED);
        _join(colleague);
    }

    modifier leavesDollarsAlone() {
        (uint256 annotators, uint256 colleagues) = (dollars.balanceOf(annotator), dollars.balanceOf(colleague));
        _;
        assertEq(dollars.balanceOf(annotator), annotators);
        assertEq(dollars.balanceOf(colleague), colleagues);
        assertEq(dollars.balanceOf(address(registry)), DEPOSITED + STAKE);
        _takeOutDollars();
    }

    /// @dev Credit and seat of `setUp`, after which the registry has no dollar left.
    function _takeOutDollars() private {
        (uint256 annotators, uint256 colleagues) = (dollars.balanceOf(annotator), dollars.balanceOf(colleague));
        pool = _poolOf(address(dollars));
        vm.prank(annotator);
        registry.withdraw(address(dollars), DEPOSITED);
        vm.startPrank(colleague);
        registry.leave(registry.poolIdOf(pool));
        registry.withdrawSeat(pool, colleague);
        registry.withdraw(address(dollars), STAKE);
        vm.stopPrank();
        assertEq(dollars.balanceOf(annotator), annotators + DEPOSITED);
        assertEq(dollars.balanceOf(colleague), colleagues + STAKE);
        assertEq(dollars.balanceOf(address(registry)), 0);
    }

    // ---------------------------------------------------------------- entries

    /// @dev Pool and campaign in `token_`, as far as the entry needs them.
    function _before(Entry entry, address token_) private {
        _use(token_);
        if (entry == Entry.TopUp || entry == Entry.Accept) _create();
        if (entry == Entry.Challenge) _toProposed(_settlement());
        if (entry == Entry.ProposeOpenly) {
            _toCommitted();
            vm.warp(_settleEnd() + params.schedule.rescuePeriod);
        }
    }

    /// @dev Tokens whose code can be changed change it: from an honest one to this.
    function _turn(address behaviour) private {
        vm.etch(address(token), behaviour.code);
    }

    function _honest() private returns (address) {
        return address(new RewardToken("Coin", "COIN", 6, 1e30));
    }

    function _call(Entry entry) private view returns (address caller, uint256 amount, bytes memory data) {
        if (entry == Entry.Deposit) {
            return (annotator, CREDIT, abi.encodeCall(registry.deposit, (address(token), CREDIT)));
        }
        if (entry == Entry.Join) return (annotator, STAKE, abi.encodeCall(registry.join, (pool, "")));
        if (entry == Entry.CreateCampaign) {
            return (requester, ESCROW, abi.encodeCall(registry.createCampaign, (pool, params, ESCROW)));
        }
        if (entry == Entry.TopUp) return (colleague, 7e6, abi.encodeCall(registry.topUp, (params, 7e6)));
        if (entry == Entry.Accept) return (oracle, BOND, abi.encodeCall(registry.accept, (pool, params)));
        if (entry == Entry.Challenge) {
            return
                (
                    colleague,
                    BOND,
                    abi.encodeCall(registry.challenge, (pool, params, _proposal(), type(uint256).max, ""))
                );
        }
        return
            (colleague, BOND, abi.encodeCall(registry.proposeOpenly, (pool, params, _settlement(), type(uint256).max)));
    }

    function _assertRefused(Entry entry, bytes memory reason) private {
        (address caller,, bytes memory data) = _call(entry);
        (uint256 wallet, uint256 held) = (token.balanceOf(caller), token.balanceOf(address(registry)));
        uint256 credit = _credit(caller);
        vm.prank(caller);
        (bool ok, bytes memory given) = address(registry).call(data);
        assertFalse(ok);
        assertEq(given, reason);
        assertEq(token.balanceOf(caller), wallet);
        assertEq(token.balanceOf(address(registry)), held);
        assertEq(_credit(caller), credit);
    }

    function _assertTaken(Entry entry) private {
        (address caller, uint256 amount, bytes memory data) = _call(entry);
        (uint256 wallet, uint256 held) = (token.balanceOf(caller), token.balanceOf(address(registry)));
        vm.prank(caller);
        (bool ok,) = address(registry).call(data);
        assertTrue(ok);
        assertEq(token.balanceOf(caller), wallet - amount);
        assertEq(token.balanceOf(address(registry)), held + amount);
        assertEq(_credit(caller), entry == Entry.Deposit ? amount : 0);
    }

    function _failed() private view returns (bytes memory) {
        return abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token));
    }

    // ------------------------------------------- what is taken: returns false

    function _refusesFalse(Entry entry) private {
        _before(entry, _honest());
        _turn(address(new FalseToken(0)));
        _assertRefused(entry, _failed());
    }

    function test_deposit_RevertWhen_TheTokenReturnsFalse() external leavesDollarsAlone {
        _refusesFalse(Entry.Deposit);
    }

    function test_join_RevertWhen_TheTokenReturnsFalse() external leavesDollarsAlone {
        _refusesFalse(Entry.Join);
    }

    function test_createCampaign_RevertWhen_TheTokenReturnsFalse() external leavesDollarsAlone {
        _refusesFalse(Entry.CreateCampaign);
    }

    function test_topUp_RevertWhen_TheTokenReturnsFalse() external leavesDollarsAlone {
        _refusesFalse(Entry.TopUp);
    }

    function test_accept_RevertWhen_TheTokenReturnsFalse() external leavesDollarsAlone {
        _refusesFalse(Entry.Accept);
    }

    function test_challenge_RevertWhen_TheTokenReturnsFalse() external leavesDollarsAlone {
        _refusesFalse(Entry.Challenge);
    }

    function test_proposeOpenly_RevertWhen_TheTokenReturnsFalse() external leavesDollarsAlone {
        _refusesFalse(Entry.ProposeOpenly);
    }

    // --------------------------------- what is taken: moves and returns false

    function _refusesMovedFalse(Entry entry) private {
        _before(entry, _honest());
        _turn(address(new AlwaysFalseToken()));
        _assertRefused(entry, _failed());
    }

    function test_deposit_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _refusesMovedFalse(Entry.Deposit);
    }

    function test_join_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _refusesMovedFalse(Entry.Join);
    }

    function test_createCampaign_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _refusesMovedFalse(Entry.CreateCampaign);
    }

    function test_topUp_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _refusesMovedFalse(Entry.TopUp);
    }

    function test_accept_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _refusesMovedFalse(Entry.Accept);
    }

    function test_challenge_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _refusesMovedFalse(Entry.Challenge);
    }

    function test_proposeOpenly_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _refusesMovedFalse(Entry.ProposeOpenly);
    }

    // --------------------------------------- what is taken: no return values

    function _takesWithoutReturn(Entry entry) private {
        _before(entry, address(new NoReturnToken(1e30)));
        _assertTaken(entry);
    }

    function test_deposit_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _takesWithoutReturn(Entry.Deposit);
    }

    function test_join_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _takesWithoutReturn(Entry.Join);
    }

    function test_createCampaign_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _takesWithoutReturn(Entry.CreateCampaign);
    }

    function test_topUp_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _takesWithoutReturn(Entry.TopUp);
    }

    function test_accept_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _takesWithoutReturn(Entry.Accept);
    }

    function test_challenge_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _takesWithoutReturn(Entry.Challenge);
    }

    function test_proposeOpenly_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _takesWithoutReturn(Entry.ProposeOpenly);
    }

    // ------------------------------------------------ what is taken: blocklist

    /// @dev Either side may be blocked: the one that pays, or the registry.
    function _refusesBlocked(Entry entry) private {
        BlocklistToken list = new BlocklistToken(1e30);
        _before(entry, address(list));
        (address caller,,) = _call(entry);
        address[2] memory sides = [caller, address(registry)];
        for (uint256 i = 0; i < sides.length; ++i) {
            list.setBlocked(sides[i], true);
            _assertRefused(entry, abi.encodeWithSelector(BlocklistToken.Blocked.selector, sides[i]));
            list.setBlocked(sides[i], false);
        }
        _assertTaken(entry);
    }

    function test_deposit_RevertWhen_Blocked() external leavesDollarsAlone {
        _refusesBlocked(Entry.Deposit);
    }

    function test_join_RevertWhen_Blocked() external leavesDollarsAlone {
        _refusesBlocked(Entry.Join);
    }

    function test_createCampaign_RevertWhen_Blocked() external leavesDollarsAlone {
        _refusesBlocked(Entry.CreateCampaign);
    }

    function test_topUp_RevertWhen_Blocked() external leavesDollarsAlone {
        _refusesBlocked(Entry.TopUp);
    }

    function test_accept_RevertWhen_Blocked() external leavesDollarsAlone {
        _refusesBlocked(Entry.Accept);
    }

    function test_challenge_RevertWhen_Blocked() external leavesDollarsAlone {
        _refusesBlocked(Entry.Challenge);
    }

    function test_proposeOpenly_RevertWhen_Blocked() external leavesDollarsAlone {
        _refusesBlocked(Entry.ProposeOpenly);
    }

    // ----------------------------------------- what is taken: fee on transfer

    /// @dev Refused from the wallet; by way of a deposit the same entry takes exactly its amount.
    function _refusesFee(Entry entry) private {
        _before(entry, _honest());
        _turn(address(new FeeToken(0)));
        (address caller, uint256 amount, bytes memory data) = _call(entry);
        _assertRefused(
            entry,
            abi.encodeWithSelector(IVaultEvents.InexactTransfer.selector, address(token), amount, amount - amount / 100)
        );
        vm.startPrank(caller);
        uint256 credited = registry.deposit(address(token), 2 * amount);
        assertEq(credited, 2 * amount - 2 * amount / 100);
        (bool ok,) = address(registry).call(data);
        vm.stopPrank();
        assertTrue(ok);
        assertEq(_credit(caller), credited - amount);
    }

    function test_join_RevertWhen_TheTokenKeepsAFee() external leavesDollarsAlone {
        _refusesFee(Entry.Join);
    }

    function test_createCampaign_RevertWhen_TheTokenKeepsAFee() external leavesDollarsAlone {
        _refusesFee(Entry.CreateCampaign);
    }

    function test_topUp_RevertWhen_TheTokenKeepsAFee() external leavesDollarsAlone {
        _refusesFee(Entry.TopUp);
    }

    function test_accept_RevertWhen_TheTokenKeepsAFee() external leavesDollarsAlone {
        _refusesFee(Entry.Accept);
    }

    function test_challenge_RevertWhen_TheTokenKeepsAFee() external leavesDollarsAlone {
        _refusesFee(Entry.Challenge);
    }

    function test_proposeOpenly_RevertWhen_TheTokenKeepsAFee() external leavesDollarsAlone {
        _refusesFee(Entry.ProposeOpenly);
    }

    // --------------------------------------------- what is taken: calls back

    /// @dev Every other entry that measures or pays is closed while one is open.
    function _refusesCallback(Entry entry) private {
        ReentrantToken hostile = new ReentrantToken(1e30);
        _before(entry, address(hostile));
        bytes memory refusal = abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        bytes[5] memory calls = [
            abi.encodeCall(registry.withdraw, (address(dollars), 1)),
            abi.encodeCall(registry.withdrawFor, (address(dollars), annotator)),
            abi.encodeCall(registry.deposit, (address(hostile), 1)),
            abi.encodeCall(registry.topUp, (params, 1)),
            abi.encodeCall(registry.createCampaign, (pool, params, ESCROW))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            hostile.callOnNextTransfer(address(registry), calls[i]);
            _assertRefused(entry, refusal);
        }
        hostile.callOnNextTransfer(address(0), "");
        _assertTaken(entry);
    }

    function test_deposit_RevertWhen_TheTokenCallsBack() external leavesDollarsAlone {
        _refusesCallback(Entry.Deposit);
    }

    function test_join_RevertWhen_TheTokenCallsBack() external leavesDollarsAlone {
        _refusesCallback(Entry.Join);
    }

    function test_createCampaign_RevertWhen_TheTokenCallsBack() external leavesDollarsAlone {
        _refusesCallback(Entry.CreateCampaign);
    }

    function test_topUp_RevertWhen_TheTokenCallsBack() external leavesDollarsAlone {
        _refusesCallback(Entry.TopUp);
    }

    function test_accept_RevertWhen_TheTokenCallsBack() external leavesDollarsAlone {
        _refusesCallback(Entry.Accept);
    }

    function test_challenge_RevertWhen_TheTokenCallsBack() external leavesDollarsAlone {
        _refusesCallback(Entry.Challenge);
    }

    function test_proposeOpenly_RevertWhen_TheTokenCallsBack() external leavesDollarsAlone {
        _refusesCallback(Entry.ProposeOpenly);
    }

    /// @dev What a callback may do moves no token: a seat that has left turns into credit, in the middle of a deposit whose
    /// measure stands.
    function test_deposit_GivenACallbackThatMovesNoToken() external leavesDollarsAlone {
        ReentrantToken hostile = new ReentrantToken(1e30);
        _use(address(hostile));
        _join(colleague);
        vm.prank(colleague);
        registry.leave(params.pool);
        hostile.callOnNextTransfer(address(registry), abi.encodeCall(registry.withdrawSeat, (pool, colleague)));
        _assertTaken(Entry.Deposit);
        assertEq(_credit(colleague), STAKE);
        assertEq(token.balanceOf(address(registry)), CREDIT + STAKE);
    }

    // ----------------------------------------------- what is taken: rebasing

    /// @dev Such a token moves a unit less than told once its factor is uneven: that is no exact amount.
    function _refusesRebased(Entry entry) private {
        RebasingToken rebasing = new RebasingToken(1e30);
        _before(entry, address(rebasing));
        rebasing.rebase(1.1e18);
        (, uint256 amount,) = _call(entry);
        _assertRefused(
            entry, abi.encodeWithSelector(IVaultEvents.InexactTransfer.selector, address(token), amount, amount - 1)
        );
        rebasing.rebase(uint256(20e18) / 11 + 1); // to twice what it was: even again
        _assertTaken(entry);
    }

    function test_join_RevertGiven_AnUnevenRebase() external leavesDollarsAlone {
        _refusesRebased(Entry.Join);
    }

    function test_createCampaign_RevertGiven_AnUnevenRebase() external leavesDollarsAlone {
        _refusesRebased(Entry.CreateCampaign);
    }

    function test_topUp_RevertGiven_AnUnevenRebase() external leavesDollarsAlone {
        _refusesRebased(Entry.TopUp);
    }

    function test_accept_RevertGiven_AnUnevenRebase() external leavesDollarsAlone {
        _refusesRebased(Entry.Accept);
    }

    function test_challenge_RevertGiven_AnUnevenRebase() external leavesDollarsAlone {
        _refusesRebased(Entry.Challenge);
    }

    function test_proposeOpenly_RevertGiven_AnUnevenRebase() external leavesDollarsAlone {
        _refusesRebased(Entry.ProposeOpenly);
    }

    function test_deposit_GivenAnUnevenRebase_CreditsWhatArrived() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _use(address(rebasing));
        rebasing.rebase(1.1e18);
        vm.prank(annotator);
        assertEq(registry.deposit(address(token), CREDIT), CREDIT - 1);
        assertEq(_credit(annotator), CREDIT - 1);
    }

    // -------------------------------------------------------- permit deposits

    function _depositWithPermit() private returns (uint256) {
        vm.prank(annotator);
        return registry.depositWithPermit(address(token), CREDIT, type(uint256).max, 27, "r", "s");
    }

    /// @dev Without a permit of its own, or with one that fails, a token is taken by allowance, or not at all.
    function test_depositWithPermit_GivenATokenWithoutPermit() external leavesDollarsAlone {
        _use(address(new NoReturnToken(1e30)));
        assertEq(_depositWithPermit(), CREDIT);
        assertEq(_credit(annotator), CREDIT);
        _use(_honest());
        vm.prank(annotator);
        token.approve(address(registry), 0);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(registry), 0, CREDIT)
        );
        _depositWithPermit();
    }

    /// @dev Where the permit calls back, the guard stops what it calls, and the deposit goes on.
    function test_depositWithPermit_GivenAPermitThatCallsBack() external leavesDollarsAlone {
        _use(address(new PermitCallsBackToken(address(registry), colleague)));
        vm.prank(colleague);
        registry.deposit(address(token), CREDIT);
        assertEq(_depositWithPermit(), CREDIT);
        assertEq(_credit(annotator), CREDIT);
        assertEq(_credit(colleague), CREDIT);
        assertEq(token.balanceOf(address(registry)), 2 * CREDIT);
    }

    // ------------------------------------------------ withdraw and withdrawFor

    /// @dev Annotator and colleague have credit in `token_`.
    function _toCredited(address token_) private {
        _use(token_);
        address[2] memory people = [annotator, colleague];
        for (uint256 i = 0; i < people.length; ++i) {
            vm.prank(people[i]);
            registry.deposit(address(token), CREDIT);
        }
    }

    function _withdraw(address who) private {
        vm.prank(who);
        registry.withdraw(address(token), CREDIT);
    }

    function _withdrawFor(address who) private {
        vm.prank(stranger);
        registry.withdrawFor(address(token), who);
    }

    /// @dev Neither way out may be open, and both leave the credit.
    function _assertNoWayOut(bytes memory reason) private {
        uint256 held = token.balanceOf(address(registry));
        vm.expectRevert(reason);
        _withdraw(annotator);
        vm.expectRevert(reason);
        _withdrawFor(annotator);
        assertEq(_credit(annotator), CREDIT);
        assertEq(token.balanceOf(address(registry)), held);
    }

    /// @dev The annotator by its own call, the colleague by a stranger's; each is paid `amount` for its credit.
    function _assertBothWaysOut(uint256 amount) private {
        (uint256 annotators, uint256 colleagues) = (token.balanceOf(annotator), token.balanceOf(colleague));
        _withdraw(annotator);
        _withdrawFor(colleague);
        assertEq(token.balanceOf(annotator), annotators + amount);
        assertEq(token.balanceOf(colleague), colleagues + amount);
        assertEq(_credit(annotator) + _credit(colleague), 0);
        assertEq(_wealth(stranger), 0);
    }

    function test_withdraw_RevertWhen_TheTokenReturnsFalse() external leavesDollarsAlone {
        address honest = _honest();
        _toCredited(honest);
        bytes memory code = honest.code;
        _turn(address(new FalseToken(0)));
        _assertNoWayOut(_failed());
        vm.etch(honest, code);
        _assertBothWaysOut(CREDIT);
    }

    function test_withdraw_RevertWhen_TheTokenMovesAndReturnsFalse() external leavesDollarsAlone {
        _toCredited(_honest());
        _turn(address(new AlwaysFalseToken()));
        _assertNoWayOut(_failed());
    }

    function test_withdraw_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _toCredited(address(new NoReturnToken(1e30)));
        _assertBothWaysOut(CREDIT);
    }

    function test_withdraw_GivenATokenThatKeepsAFee() external leavesDollarsAlone {
        _toCredited(_honest());
        _turn(address(new FeeToken(0)));
        _assertBothWaysOut(CREDIT - CREDIT / 100);
        assertEq(token.balanceOf(address(registry)), 0);
    }

    function test_withdraw_RevertWhen_Blocked() external leavesDollarsAlone {
        BlocklistToken list = new BlocklistToken(1e30);
        _toCredited(address(list));
        list.setBlocked(annotator, true);
        _assertNoWayOut(abi.encodeWithSelector(BlocklistToken.Blocked.selector, annotator));
        list.setBlocked(annotator, false);
        _assertBothWaysOut(CREDIT);
    }

    function test_withdraw_RevertWhen_TheTokenCallsBack() external leavesDollarsAlone {
        ReentrantToken hostile = new ReentrantToken(1e30);
        _toCredited(address(hostile));
        hostile.callOnNextTransfer(address(registry), abi.encodeCall(registry.withdrawFor, (address(token), colleague)));
        _assertNoWayOut(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        hostile.callOnNextTransfer(address(0), "");
        _assertBothWaysOut(CREDIT);
    }

    /// @dev Credits are in units of the token: what a rebase adds is nobody's.
    function test_withdraw_GivenAPositiveRebase_PaysTheCreditAndNoMore() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _toCredited(address(rebasing));
        rebasing.rebase(2e18);
        _assertBothWaysOut(CREDIT);
        assertEq(token.balanceOf(address(registry)), 2 * CREDIT);
    }

    /// @dev Credits stay what they were and are paid in the order of the calls while there is anything.
    function test_withdraw_GivenANegativeRebase_PaysWhoComesFirst() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _toCredited(address(rebasing));
        rebasing.rebase(0.5e18);
        _withdrawFor(colleague);
        assertEq(_credit(colleague), 0);
        assertEq(token.balanceOf(address(registry)), 0);
        _assertNoWayOut(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, address(registry), 0, 2 * CREDIT)
        );
        vm.prank(oracle);
        token.transfer(address(registry), CREDIT);
        _withdraw(annotator);
        assertEq(_credit(annotator), 0);
    }

    // --------------------------------------------------- claim and claimMany

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

    function _claimAll(address caller) private {
        ClaimBatch memory batch = _all();
        vm.prank(caller);
        registry.claimMany(params, batch, PAYOUT | SHARES);
    }

    function _expectClaimRevert(address caller, bytes memory reason) private {
        ClaimBatch memory batch = _all();
        vm.expectRevert(reason);
        vm.prank(caller);
        registry.claimMany(params, batch, PAYOUT | SHARES);
        assertEq(registry.claimedParts(id, 0) | registry.claimedParts(id, 1), 0);
    }

    function _assertPaid(address who, uint256 wallet, uint256 credit) private view {
        assertEq(token.balanceOf(who), 1e15 + wallet);
        assertEq(_credit(who), credit);
    }

    function test_claimMany_GivenATokenThatReturnsFalse() external leavesDollarsAlone {
        address honest = _honest();
        _toFinalIn(honest);
        bytes memory code = honest.code;
        _turn(address(new FalseToken(0)));
        _expectClaimRevert(annotator, _failed());
        _claimAll(stranger);
        _assertPaid(annotator, 0, 100e6);
        _assertPaid(colleague, 0, 50e6);
        vm.etch(honest, code);
        _withdrawFor(annotator);
        _assertPaid(annotator, 100e6, 0);
    }

    function test_claimMany_RevertGiven_ATokenThatMovesAndReturnsFalse() external leavesDollarsAlone {
        _toFinalIn(_honest());
        _turn(address(new AlwaysFalseToken()));
        uint256 held = token.balanceOf(address(registry));
        PayoutLeaf memory first = _all().leaves[0];
        _expectClaimRevert(
            stranger,
            abi.encodeWithSelector(Tokens.UnexpectedBalance.selector, address(token), held, held - first.payout)
        );
        _expectClaimRevert(first.account, _failed());
        assertEq(token.balanceOf(address(registry)), held);
    }

    function test_claimMany_GivenATokenWithoutReturnValues() external leavesDollarsAlone {
        _toFinalIn(address(new NoReturnToken(1e30)));
        _claimAll(annotator);
        _assertPaid(annotator, 100e6, 0);
        _assertPaid(colleague, 50e6, 0);
    }

    function test_claimMany_GivenATokenThatKeepsAFee() external leavesDollarsAlone {
        _toFinalIn(_honest());
        _turn(address(new FeeToken(0)));
        uint256 held = token.balanceOf(address(registry));
        _claimAll(annotator);
        _assertPaid(annotator, 99e6, 0);
        _assertPaid(colleague, 49.5e6, 0);
        assertEq(token.balanceOf(address(registry)), held - 150e6);
    }

    /// @dev A payment in whose middle the token calls back fails and becomes credit.
    function test_claimMany_GivenATokenThatCallsBack() external leavesDollarsAlone {
        ReentrantToken hostile = new ReentrantToken(1e30);
        _toFinalIn(address(hostile));
        (ClaimBatch memory batch, uint256 oracles) = (_all(), _credit(oracle));
        address first = batch.leaves[0].account;
        hostile.callOnNextTransfer(address(registry), abi.encodeCall(registry.withdrawFor, (address(token), oracle)));
        _expectClaimRevert(
            first, abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        (uint256 owed, uint256 held) = (batch.leaves[0].payout, token.balanceOf(address(registry)));
        _claimAll(stranger);
        // The token forgets its errand only in a transfer that succeeds: every payment fails.
        _assertPaid(first, 0, owed);
        assertEq(_credit(annotator) + _credit(colleague), 150e6);
        assertEq(token.balanceOf(address(registry)), held);
        assertEq(_credit(oracle), oracles);
    }

    function test_claim_GivenAPositiveRebase_PaysTheLeafAndNoMore() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _toFinalIn(address(rebasing));
        rebasing.rebase(2e18);
        uint256 held = token.balanceOf(address(registry));
        _claim(annotator, 0);
        _claim(stranger, 1);
        assertEq(token.balanceOf(annotator), 2e15 + 100e6);
        assertEq(token.balanceOf(colleague), 2e15 + 50e6);
        assertEq(token.balanceOf(address(registry)), held - 150e6);
        assertEq(_credit(annotator) + _credit(colleague), 0);
    }

    /// @dev Who comes first is paid. A claim for another then becomes credit; the account's own waits, unclaimed.
    function test_claim_GivenANegativeRebase_PaysWhoComesFirst() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _toFinalIn(address(rebasing));
        uint256 held = token.balanceOf(address(registry));
        assertEq(held, ESCROW + BOND);
        rebasing.rebase(0.1e18);
        _claim(annotator, 0);
        assertEq(token.balanceOf(annotator), 1e14 + 100e6);
        bytes32[] memory proof = _proof(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, address(registry), held - 1000e6, 500e6
            )
        );
        vm.prank(colleague);
        registry.claim(params, leaves[1], proof);
        assertEq(registry.claimedParts(id, 1), 0);
        _claim(stranger, 1);
        assertEq(_credit(colleague), 50e6);
        rebasing.rebase(10e18);
        _withdrawFor(colleague);
        assertEq(token.balanceOf(colleague), 1e15 + 50e6);
    }

    function test_claimMany_GivenANegativeRebase_PaysWhomItCan() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _toFinalIn(address(rebasing));
        rebasing.rebase(0.1e18);
        uint256 held = token.balanceOf(address(registry));
        _claimAll(stranger);
        // Of 125 units either 100 or 50 can be paid, whichever leaf is first; the other is owed.
        uint256 owed = _credit(annotator) + _credit(colleague);
        assertTrue(owed == 50e6 || owed == 100e6);
        assertEq(token.balanceOf(address(registry)), held + owed - 150e6);
    }

    /// @dev The measure that stops a token from taking too much also stops one that cannot move exact amounts. Claims wait
    /// until its factor is even.
    function test_claim_RevertGiven_AnUnevenRebase() external leavesDollarsAlone {
        RebasingToken rebasing = new RebasingToken(1e30);
        _toFinalIn(address(rebasing));
        rebasing.rebase(1.1e18);
        uint256 held = token.balanceOf(address(registry));
        bytes32[] memory proof = _proof(0);
        vm.expectRevert(
            abi.encodeWithSelector(Tokens.UnexpectedBalance.selector, address(token), held - 100e6, held - 100e6 + 1)
        );
        vm.prank(annotator);
        registry.claim(params, leaves[0], proof);
        rebasing.rebase(uint256(20e18) / 11 + 1);
        _claim(annotator, 0);
        assertEq(token.balanceOf(annotator), 2e15 + 100e6);
    }

    // -------------------------------------------------------------- containment

    /// @dev A rebase takes nine tenths of a token in the middle of its campaign: it ends all the same, short. Then a
    /// campaign in dollars runs from end to end in the same registry, and everyone in it gets everything.
    function test_aWholeCampaign_GivenANegativeRebaseOfAnotherToken() external {
        RebasingToken rebasing = new RebasingToken(1e30);
        (PoolParams memory dollarPool, address dataset) = (pool, params.dataset);
        _use(address(rebasing));
        _addLeaf(annotator, 100e6, 1e18);
        _toCommitted();
        rebasing.rebase(0.01e18);
        vm.warp(_revealEnd());
        _propose(_settlement());
        skip(params.schedule.window);
        registry.finalize(params, _settlement());
        _claim(stranger, 0);
        assertEq(_credit(annotator), 100e6);

        delete leaves;
        (token, pool) = (dollars, dollarPool);
        _setParams(_paramsOf(pool, dataset));
        (uint256 requesters, uint256 oracles) = (_wealth(requester), _wealth(oracle));
        _addLeaf(annotator, 600e6, 1e18);
        _addLeaf(colleague, 50e6, 1e18);
        _toFinal(_settlement());
        uint256 annotators = token.balanceOf(annotator);
        uint256 colleagues = token.balanceOf(colleague);
        _claimAll(stranger);
        assertEq(token.balanceOf(annotator), annotators + 600e6);
        assertEq(token.balanceOf(colleague), colleagues + 50e6);
        uint256 fee = uint256(650e6) * params.feeBps / 10_000;
        _withdrawFor(requester);
        _withdrawFor(oracle);
        assertEq(token.balanceOf(requester), requesters - 650e6 - fee);
        assertEq(token.balanceOf(oracle), oracles + fee);
        vm.warp(_hardEnd());
        _takeOutDollars();
    }
}

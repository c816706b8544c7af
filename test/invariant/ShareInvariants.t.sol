// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Round, Stream} from "../../contracts/interfaces/IContributorShare.sol";
import {ContributorShareBase} from "../ContributorShareBase.t.sol";
import {ShareHandler} from "./ShareHandler.sol";

/// @dev Invariants 12 to 16, as far as they concern the share; what a single move may change is checked by the handler.
contract ShareInvariants is ContributorShareBase {
    /// @dev Storage of ContributorShare, in the order of its declarations.
    uint256 private constant ACCUMULATOR_SLOT = 2;
    uint256 private constant ACCOUNTS_SLOT = 3;
    uint256 private constant OWED_SLOT = 4;

    uint256 private constant UNIT = 1 << 104;

    ShareHandler private handler;

    function setUp() public override {
        super.setUp();
        handler = new ShareHandler(share, token, registry);
        token.transfer(address(handler), 1 << 105);
        targetContract(address(handler));
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_12_SupplyIsWhatWasMintedAndWhatIsHeld() external view {
        uint256 unreleased;
        for (uint256 i = 0; i < handler.roundCount(); ++i) {
            unreleased += share.rounds(handler.rounds(i)).left;
        }
        assertEq(share.balanceOf(registry), unreleased);
        uint256 held = unreleased;
        for (uint256 i = 0; i < handler.holderCount(); ++i) {
            held += share.balanceOf(handler.holders(i));
        }
        assertEq(share.totalSupply(), held);
        assertEq(share.totalSupply(), handler.minted());
    }

    /// @dev In whole units, as holders see it.
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_14_ClaimsAreCoveredAndNothingIsStranded() external view {
        uint256 accumulator = share.accumulator();
        uint256 due = share.unstreamed();
        for (uint256 i = 0; i < handler.holderCount(); ++i) {
            due += share.claimable(handler.holders(i));
        }
        for (uint256 i = 0; i < handler.roundCount(); ++i) {
            Round memory round = share.rounds(handler.rounds(i));
            due += round.left * (accumulator - round.accumulator) / UNIT;
        }
        uint256 balance = token.balanceOf(address(share));
        assertEq(balance, handler.paid() - handler.claimed());
        assertLe(due, balance);
        assertLe(balance - due, handler.holderCount() + handler.roundCount() + 3 + handler.kept() / UNIT);
    }

    /// @dev The equation of the contract's documentation, to the last fraction.
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_14_TheBooksBalanceExactly() external view {
        uint256 due = share.unstreamed() * UNIT + _carry() + handler.claimed() * UNIT;
        uint256 accumulator = share.accumulator();
        for (uint256 i = 0; i < handler.holderCount(); ++i) {
            (uint256 owed, uint256 balance, uint256 settled) = _account(handler.holders(i));
            due += owed + balance * (accumulator - settled);
        }
        for (uint256 i = 0; i < handler.roundCount(); ++i) {
            Round memory round = share.rounds(handler.rounds(i));
            due += round.left * (accumulator - round.accumulator);
        }
        assertEq(share.revenuePaid(), handler.paid());
        assertLe(due, handler.paid() * UNIT);
        assertLe(handler.paid() * UNIT - due, handler.kept());
    }

    /// @dev That it never falls is checked by the handler, after each move.
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_15_AccumulatorTimesBalanceFits() external view {
        uint256 accumulator = share.accumulator();
        assertLt(accumulator, 1 << 149);
        assertLt(share.totalSupply(), 1 << 96);
        assertTrue(share.totalSupply() == 0 || share.totalSupply() >= 1e18);
    }

    /// @dev c(t) of this block.
    function _carry() private view returns (uint256) {
        uint256 word = uint256(vm.load(address(share), bytes32(ACCUMULATOR_SLOT)));
        uint256 carry = word >> 152;
        uint256 supply = share.totalSupply();
        if (supply == 0) return carry;
        uint256 moved = share.stream().left - share.unstreamed();
        return (moved * UNIT + carry) % supply;
    }

    function _account(address account) private view returns (uint256 owed, uint256 balance, uint256 settled) {
        owed = uint256(vm.load(address(share), keccak256(abi.encode(account, OWED_SLOT))));
        uint256 word = uint256(vm.load(address(share), keccak256(abi.encode(account, ACCOUNTS_SLOT))));
        (balance, settled) = (uint256(uint96(word)), word >> 96);
        assertEq(balance, share.balanceOf(account));
    }
}

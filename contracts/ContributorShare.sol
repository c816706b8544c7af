// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/ERC20Upgradeable.sol";
import {
    ERC20PermitUpgradeable
} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC20PermitUpgradeable.sol";
import {EIP712Upgradeable} from "@openzeppelin/contracts-upgradeable/utils/cryptography/EIP712Upgradeable.sol";
import {EIP7702Utils} from "@openzeppelin/contracts/account/utils/EIP7702Utils.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IContributorShare, Round, Stream} from "./interfaces/IContributorShare.sol";
import {Tokens} from "./libraries/Tokens.sol";

/// @title Share of a dataset
/// @notice See IContributorShare.
/// @dev The arithmetic of revenue. Amounts are in units of the revenue token; "scaled" means times P = 2^104.
///
/// A checkpoint is the state written by the last payment or mint: a stream of `left` units from `updatedAt` to `end`
/// and the accumulator A, the scaled revenue per share so far. At a later time t the stream has moved
///
///     m(t) = floor(left * (min(t, end) - updatedAt) / (end - updatedAt)),  all of `left` from `end` on,
///
/// and, with supply S and the remainder c of the division before ("carry", scaled),
///
///     A(t) = A + floor((m(t) * P + c) / S),     c(t) = (m(t) * P + c) mod S < S.
///
/// Only a payment (which changes the stream) and a mint (which changes S) write a checkpoint. Whoever transfers, claims
/// or releases leaves it alone, so no traffic of holders changes how revenue is rounded. While S is zero nothing moves
/// and the time left stands still.
///
/// An account with balance b that is settled at s has earned b * (A(t) - s) since, scaled. Sending and claiming add this
/// to `_owed`, exactly, and set s = A(t); a claim pays the whole units of `_owed` and leaves the fraction. Shares that
/// arrive bring their own starting point a: A(t) by transfer, A at the round's mint by release. One mean serves both,
///
///     s' = ceil((b * s + n * a) / (b + n)),
///
/// after which (b + n) * (A - s') is, for every later A, what both parts earn, less r < b + n scaled: under 2^-8 of a
/// unit, kept by the contract. That is why a late release equals an early one, and why neither looks at A(t) nor
/// writes `_owed`. Shares of an unreleased round earn since the round's own A. Hence at all times
///
///     paid * P = left(t) * P + c(t) + claimed * P + sum of all r
///              + sum over accounts of (_owed + b * (A(t) - s)) + sum over rounds of unreleased * (A(t) - A_round)
///
/// so that claims never exceed what arrived.
///
/// Widths: paid < 2^104 (enforced), and S >= 1e18 > 2^59 or S = 0 (no round is smaller), so A <= paid * P / S < 2^149
/// fits uint152; S < 2^96 (enforced), so c and every balance fit uint96, and A * b < 2^248; a scaled sum is at most
/// paid * P < 2^208. The narrowing casts below rest on these.
contract ContributorShare is IContributorShare, ERC20PermitUpgradeable, ReentrancyGuardTransient {
    using ShortStrings for ShortString;

    /// @dev What an account holds, and the accumulator since which it earns what `_owed` does not hold yet.
    struct Account {
        uint96 balance;
        uint152 settled;
    }

    /// @dev Revenue per share and the remainder of its division, both scaled.
    struct Accumulator {
        uint152 perShare;
        uint96 carry;
    }

    struct Totals {
        uint96 supply;
        uint104 paid;
    }

    uint256 private constant SCALE_BITS = 104;
    uint256 private constant STREAM_TIME = 7 days;
    uint256 private constant ONE_SHARE = 1e18;

    /// @inheritdoc IContributorShare
    address public immutable registry;

    Totals private _totals;
    Stream private _stream;
    Accumulator private _accumulator;
    mapping(address account => Account) private _accounts;
    mapping(address account => uint256 scaled) private _owed;
    mapping(bytes32 round => Round) private _rounds;

    modifier onlyRegistry() {
        if (msg.sender != registry) revert OnlyRegistry(msg.sender);
        _;
    }

    constructor(address registry_) {
        registry = registry_;
    }

    // ---------------------------------------------------------------- rounds

    /// @inheritdoc IContributorShare
    function mint(bytes32 round, uint256 amount) external onlyRegistry {
        if (_rounds[round].minted) revert RoundAlreadyMinted(round);
        if (amount < ONE_SHARE) revert MintBelowOneShare(amount);
        uint256 supply = _totals.supply;
        if (amount > type(uint96).max - supply) revert SupplyExceeded(supply, amount);
        uint152 perShare = _checkpoint();
        _totals.supply = uint96(supply + amount);
        // `settled` means nothing for the registry; one in it keeps the slot from being filled anew at every mint.
        _accounts[registry] = Account({balance: _accounts[registry].balance + uint96(amount), settled: 1});
        _rounds[round] = Round({left: uint96(amount), accumulator: perShare, minted: true});
        emit Transfer(address(0), registry, amount);
        emit RoundMinted(round, amount, perShare);
    }

    /// @inheritdoc IContributorShare
    function release(bytes32 round, address[] calldata accounts, uint256[] calldata amounts) external onlyRegistry {
        if (accounts.length != amounts.length) revert LengthMismatch(accounts.length, amounts.length);
        Round memory state = _rounds[round];
        uint256 left = state.left;
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 amount = amounts[i];
            if (amount == 0) continue;
            if (amount > left) revert RoundExhausted(round, left, amount);
            _requireReceiver(accounts[i]);
            unchecked {
                left -= amount; // just compared
            }
            _add(accounts[i], amount, state.accumulator);
            emit Transfer(registry, accounts[i], amount);
        }
        uint256 released = state.left - left;
        if (released == 0) return;
        _rounds[round].left = uint96(left);
        _accounts[registry].balance -= uint96(released);
        emit RoundReleased(round, released);
    }

    // ---------------------------------------------------------------- revenue

    /// @inheritdoc IContributorShare
    function payRevenue(uint256 amount) external nonReentrant returns (uint256 received) {
        received = Tokens.pull(revenueToken(), amount);
        if (received == 0) revert NoRevenueReceived(amount);
        uint256 paid = _totals.paid;
        if (received > type(uint104).max - paid) revert RevenueExceeded(paid, received);
        _checkpoint();
        _totals.paid = uint104(paid + received);
        Stream memory state = _extended(_stream, received);
        _stream = state;
        emit RevenuePaid(msg.sender, received, state.left, state.end);
    }

    /// @inheritdoc IContributorShare
    function claimRevenue() external returns (uint256 amount) {
        return _claim(msg.sender);
    }

    /// @inheritdoc IContributorShare
    function claimRevenueFor(address account) external returns (uint256 amount) {
        if (account.code.length != 0 && EIP7702Utils.fetchDelegate(account) == address(0)) {
            revert PushToContract(account);
        }
        return _claim(account);
    }

    function _claim(address account) private nonReentrant returns (uint256 amount) {
        uint256 perShare = _perShare();
        uint256 owed = _owedAt(account, perShare);
        amount = owed >> SCALE_BITS;
        if (amount == 0) return 0;
        _accounts[account].settled = uint152(perShare);
        _owed[account] = owed - (amount << SCALE_BITS);
        emit RevenueClaimed(account, amount);
        Tokens.push(revenueToken(), account, amount);
    }

    /// @dev The stream at a fresh checkpoint with `received` added. Its time left becomes the amount-weighted mean, rounded
    /// down: seconds are whole and never more than seven days, so a payment never hastens what is left and dust never
    /// delays it.
    function _extended(Stream memory state, uint256 received) private view returns (Stream memory) {
        uint256 left = state.left + received;
        uint256 remaining = state.left == 0 ? 0 : state.end - state.updatedAt;
        remaining = (state.left * remaining + received * STREAM_TIME) / left;
        return
            Stream({left: uint104(left), updatedAt: uint40(block.timestamp), end: uint40(block.timestamp + remaining)});
    }

    // ---------------------------------------------------------------- the accumulator

    /// @dev Writes the checkpoint of this block. Without supply the stream keeps its length and starts anew.
    function _checkpoint() private returns (uint152 perShare) {
        Stream memory state = _stream;
        perShare = _accumulator.perShare;
        if (state.left == 0) return perShare;
        uint256 supply = _totals.supply;
        uint256 remaining = supply == 0 ? state.end - state.updatedAt : _timeLeft(state);
        if (supply != 0) {
            uint256 moved = _moved(state);
            uint256 scaled = (moved << SCALE_BITS) + _accumulator.carry;
            perShare += uint152(scaled / supply);
            _accumulator = Accumulator({perShare: perShare, carry: uint96(scaled % supply)});
            state.left -= uint104(moved);
        }
        state.updatedAt = uint40(block.timestamp);
        state.end = uint40(block.timestamp + remaining);
        _stream = state;
    }

    /// @dev A(t) of this block, without writing.
    function _perShare() private view returns (uint256) {
        Accumulator memory last = _accumulator;
        uint256 moved = _moved(_stream);
        if (moved == 0) return last.perShare;
        uint256 supply = _totals.supply;
        if (supply == 0) return last.perShare;
        return last.perShare + ((moved << SCALE_BITS) + last.carry) / supply;
    }

    /// @dev m(t) of this block, given that there is a supply.
    function _moved(Stream memory state) private view returns (uint256) {
        if (block.timestamp >= state.end) return state.left;
        return uint256(state.left) * (block.timestamp - state.updatedAt) / (state.end - state.updatedAt);
    }

    function _timeLeft(Stream memory state) private view returns (uint256) {
        return block.timestamp < state.end ? state.end - block.timestamp : 0;
    }

    // ---------------------------------------------------------------- balances

    /// @dev Only transfers come here: this contract mints in `mint`, and nothing burns.
    function _update(address from, address to, uint256 value) internal override {
        _requireReceiver(to);
        uint256 held = _accounts[from].balance;
        if (value > held) revert ERC20InsufficientBalance(from, held, value);
        if (value != 0) {
            // Sent to oneself, the second step reads what the first has written.
            uint256 perShare = _perShare();
            _remove(from, value, perShare);
            _add(to, value, perShare);
        }
        emit Transfer(from, to, value);
    }

    /// @dev Adds shares that earn since the accumulator was `since`. Rounded up: the contract keeps the difference.
    function _add(address account, uint256 amount, uint256 since) private {
        Account memory held = _accounts[account];
        uint256 balance = held.balance + amount;
        uint256 settledUp = Math.ceilDiv(held.balance * uint256(held.settled) + amount * since, balance);
        _accounts[account] = Account({balance: uint96(balance), settled: uint152(settledUp)});
    }

    function _remove(address account, uint256 amount, uint256 perShare) private {
        Account memory held = _accounts[account];
        uint256 earned = held.balance * (perShare - held.settled);
        if (earned != 0) _owed[account] += earned;
        _accounts[account] = Account({balance: uint96(held.balance - amount), settled: uint152(perShare)});
    }

    /// @dev Scaled. What the registry's balance earns belongs to the accounts its rounds will be released to.
    function _owedAt(address account, uint256 perShare) private view returns (uint256) {
        if (account == registry) return 0;
        Account memory held = _accounts[account];
        return _owed[account] + held.balance * (perShare - held.settled);
    }

    /// @dev Shares of the registry belong to rounds, and shares of the token itself would earn for nobody.
    function _requireReceiver(address account) private view {
        if (account == address(0) || account == registry || account == address(this)) {
            revert ERC20InvalidReceiver(account);
        }
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IContributorShare
    function revenueToken() public view returns (address token) {
        (,, token) = _arguments();
    }

    /// @inheritdoc IERC20Metadata
    function name() public view override(ERC20Upgradeable, IERC20Metadata) returns (string memory) {
        (ShortString name_,,) = _arguments();
        return name_.toString();
    }

    /// @inheritdoc IERC20Metadata
    function symbol() public view override(ERC20Upgradeable, IERC20Metadata) returns (string memory) {
        (, ShortString symbol_,) = _arguments();
        return symbol_.toString();
    }

    /// @inheritdoc IERC20
    function totalSupply() public view override(ERC20Upgradeable, IERC20) returns (uint256) {
        return _totals.supply;
    }

    /// @inheritdoc IERC20
    function balanceOf(address account) public view override(ERC20Upgradeable, IERC20) returns (uint256) {
        return _accounts[account].balance;
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(ERC20PermitUpgradeable, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }

    /// @inheritdoc IContributorShare
    function claimable(address account) external view returns (uint256) {
        return _owedAt(account, _perShare()) >> SCALE_BITS;
    }

    /// @inheritdoc IContributorShare
    function stream() external view returns (Stream memory) {
        return _stream;
    }

    /// @inheritdoc IContributorShare
    function unstreamed() external view returns (uint256) {
        Stream memory state = _stream;
        return _totals.supply == 0 ? state.left : state.left - _moved(state);
    }

    /// @inheritdoc IContributorShare
    function revenuePaid() external view returns (uint256) {
        return _totals.paid;
    }

    /// @inheritdoc IContributorShare
    function accumulator() external view returns (uint256) {
        return _perShare();
    }

    /// @inheritdoc IContributorShare
    function rounds(bytes32 round) external view returns (Round memory) {
        return _rounds[round];
    }

    /// @dev The permit domain is the token's own name; OpenZeppelin's storage of it stays unused.
    function _EIP712Name() internal view override(EIP712Upgradeable) returns (string memory) {
        return name();
    }

    function _EIP712Version() internal pure override(EIP712Upgradeable) returns (string memory) {
        return "1";
    }

    function _arguments() private view returns (ShortString, ShortString, address) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (ShortString, ShortString, address));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @notice Revenue on its way to the holders of a share.
/// @param left Revenue not streamed yet, in units of the revenue token.
/// @param updatedAt Time at which `left` was written; while the supply is zero the clock stands still here.
/// @param end Time at which the whole of `left` has been streamed.
struct Stream {
    uint104 left;
    uint40 updatedAt;
    uint40 end;
}

/// @notice One settlement's shares.
/// @param left Shares minted for the round and not released yet.
/// @param accumulator Revenue per share, scaled by 2^104, when the round was minted.
/// @param minted Whether the round has been minted, so that it never is again.
struct Round {
    uint96 left;
    uint152 accumulator;
    bool minted;
}

/// @title Share of a dataset
/// @notice An ERC-20 (18 decimals, ERC-2612 permit under the token's own name) whose holders earn the dataset's
/// revenue in one fixed token, streamed over seven days. Each dataset has one share, an EIP-1167 clone whose
/// immutable arguments are `abi.encode(bytes32 name, bytes32 symbol, address revenueToken)`, the two names as
/// OpenZeppelin `ShortString`. A clone needs no initialisation.
/// @dev Shares of a settlement are minted to the registry and released to the accounts that earned them. What
/// unreleased shares earn waits for whoever they are released to. Transfers, mint and release call no token.
///
/// The revenue token may take a fee on transfers: payments are credited by what arrived. A token that rebases or
/// otherwise changes balances without transfers is not supported: its holders share any shortfall in the order
/// in which they claim. Tokens sent to the contract other than by `payRevenue` are not credited to anyone.
///
/// The logs of one share rebuild its state: the `Transfer`s out of the registry that precede a `RoundReleased`,
/// since the one before it, are those of that round.
interface IContributorShare is IERC20Metadata, IERC20Permit {
    /// @notice A settlement's shares were minted to the registry.
    event RoundMinted(bytes32 indexed round, uint256 amount, uint256 accumulator);

    /// @notice Shares of a round left the registry for the accounts that earned them.
    event RoundReleased(bytes32 indexed round, uint256 amount);

    /// @notice `amount` arrived; `left` is streaming since this block and, supply given, until `end`.
    event RevenuePaid(address indexed payer, uint256 amount, uint256 left, uint256 end);

    /// @notice `amount` of the revenue token was sent to `account`.
    event RevenueClaimed(address indexed account, uint256 amount);

    /// @notice Only the registry mints and releases.
    error OnlyRegistry(address caller);

    /// @notice The round has been minted before.
    error RoundAlreadyMinted(bytes32 round);

    /// @notice A round is at least one whole share, which bounds the accumulator.
    error MintBelowOneShare(uint256 amount);

    /// @notice The supply would exceed 2^96 - 1.
    error SupplyExceeded(uint256 supply, uint256 amount);

    /// @notice Each account needs one amount.
    error LengthMismatch(uint256 accounts, uint256 amounts);

    /// @notice The round has only `left` shares to release (none, if it was never minted).
    error RoundExhausted(bytes32 round, uint256 left, uint256 amount);

    /// @notice Nothing of the `amount` asked for arrived.
    error NoRevenueReceived(uint256 amount);

    /// @notice Revenue paid over the share's life would reach 2^104 units.
    error RevenueExceeded(uint256 paid, uint256 received);

    /// @notice Others may not push revenue to a contract: it might let a stranger take what it did not expect.
    error PushToContract(address account);

    // Rounds: called by the registry

    /// @notice Mints the shares of a settlement to the registry and records the accumulator for `release`.
    /// @dev Registry only, once for each round. Leaves what every holder may claim unchanged. Calls no token.
    /// @param round The settlement's campaign.
    /// @param amount At least one whole share (1e18); the supply stays below 2^96.
    function mint(bytes32 round, uint256 amount) external;

    /// @notice Moves a round's shares from the registry to the accounts that earned them, together with what these
    /// shares have earned since the round was minted: a late release loses nothing and gains nothing.
    /// @dev Registry only. Zero amounts are skipped, accounts may repeat. Reverts if an account is zero, the
    /// registry or this token, or if the round has too few shares left. Calls no token.
    function release(bytes32 round, address[] calldata accounts, uint256[] calldata amounts) external;

    // Revenue

    /// @notice Pulls `amount` of the revenue token from the caller and streams what arrives to the holders.
    /// The stream then ends after the amount-weighted mean of the time it had left and seven days.
    /// While the supply is zero, revenue waits.
    /// @return received Units of the revenue token that arrived and were credited; never zero.
    function payRevenue(uint256 amount) external returns (uint256 received);

    /// @notice Sends the caller everything it has earned so far.
    /// @return amount Units of the revenue token sent; zero if there is nothing to send yet.
    function claimRevenue() external returns (uint256 amount);

    /// @notice Sends `account` everything it has earned so far. Anyone may call it.
    /// @dev Only for accounts without code or with an EIP-7702 delegation.
    function claimRevenueFor(address account) external returns (uint256 amount);

    // Views

    /// @notice The contract that mints and releases, and holds the unreleased shares.
    function registry() external view returns (address);

    /// @notice The token in which revenue is paid.
    function revenueToken() external view returns (address);

    /// @notice What `account` would be sent by a claim now, rounded down. Zero for the registry.
    function claimable(address account) external view returns (uint256);

    /// @notice The stream as it was last written; `unstreamed` gives the revenue left now.
    function stream() external view returns (Stream memory);

    /// @notice Revenue not streamed to the holders yet.
    function unstreamed() external view returns (uint256);

    /// @notice Revenue credited over the share's whole life.
    function revenuePaid() external view returns (uint256);

    /// @notice Revenue per share up to now, scaled by 2^104, rounded down.
    function accumulator() external view returns (uint256);

    /// @notice State of a round; all zero if it was never minted.
    function rounds(bytes32 round) external view returns (Round memory);
}

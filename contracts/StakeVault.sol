// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RegistryState} from "./base/RegistryState.sol";
import {IGate} from "./interfaces/IGate.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {Cohorts} from "./libraries/Cohorts.sol";
import {Ids} from "./libraries/Ids.sol";
import {Tokens} from "./libraries/Tokens.sol";
import {Pool, PoolId, PoolParams, Seat} from "./types/Types.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Ledger, pools and seats (documented in IStakeVault)
abstract contract StakeVault is IStakeVault, RegistryState {
    using Cohorts for Pool;
    using SafeCast for uint256;

    // ------------------------------------------------------------------ ledger

    /// @inheritdoc IStakeVault
    function deposit(address token, uint256 amount) external nonReentrant returns (uint256) {
        return _deposit(token, amount);
    }

    /// @inheritdoc IStakeVault
    function depositWithPermit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
        returns (uint256)
    {
        // Whoever copies the permit and sends it first has set the allowance: the deposit goes through all the same.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        return _deposit(token, amount);
    }

    function _deposit(address token, uint256 amount) private returns (uint256 received) {
        if (amount == 0) revert ZeroAmount();
        // Below 2^128 each, no number of credits can overflow a sum and so stop a finalize.
        received = Tokens.pull(token, amount).toUint128();
        _addCredit(token, msg.sender, received);
    }

    /// @inheritdoc IStakeVault
    function withdraw(address token, uint256 amount) external nonReentrant {
        if (amount == 0) revert ZeroAmount();
        _subCredit(token, msg.sender, amount);
        Tokens.push(token, msg.sender, amount);
    }

    /// @inheritdoc IStakeVault
    function withdrawFor(address token, address account) external nonReentrant {
        uint256 amount = _credit[token][account];
        if (amount == 0) revert ZeroAmount();
        _subCredit(token, account, amount);
        Tokens.push(token, account, amount);
    }

    // ------------------------------------------------------------------- pools

    /// @inheritdoc IStakeVault
    function createPool(PoolParams calldata params) external returns (PoolId pool) {
        if (msg.sender != params.oracle) revert NotAllowed(msg.sender, params.oracle);
        if (params.token == address(0)) revert ZeroAddress();
        if (params.maxOpen == 0 || params.seatStake == 0) revert ZeroAmount();
        pool = Ids.pool(params);
        if (_pools[pool].exists) revert PoolExists(pool);
        _pools[pool].exists = true;
        emit PoolCreated(pool, msg.sender, params);
    }

    /// @inheritdoc IStakeVault
    function join(PoolParams calldata params, bytes calldata evidence) external nonReentrant {
        PoolId pool = _existing(params);
        if (_seats[pool][msg.sender].fullSince != 0) revert AlreadySeated(pool, msg.sender);
        _requireAdmitted(params.gate, pool, evidence);
        _seats[pool][msg.sender] =
            Seat({stake: params.seatStake, fullSince: _now(), shortSince: 0, releaseAt: 0, waitsFor: 0});
        emit Joined(pool, msg.sender, params.seatStake);
        _take(params.token, params.seatStake);
    }

    /// @inheritdoc IStakeVault
    function refill(PoolParams calldata params) external nonReentrant {
        PoolId pool = _existing(params);
        Seat memory seat = _seatIn(pool, msg.sender);
        if (seat.releaseAt != 0) revert AlreadyLeaving(pool, msg.sender, seat.releaseAt);
        if (seat.shortSince == 0) revert SeatWhole(pool, msg.sender);
        uint96 missing = params.seatStake - seat.stake;
        (seat.stake, seat.fullSince, seat.shortSince) = (params.seatStake, _now(), 0);
        _seats[pool][msg.sender] = seat;
        emit Refilled(pool, msg.sender, missing);
        _take(params.token, missing);
    }

    /// @inheritdoc IStakeVault
    function leave(PoolId pool) external {
        Seat memory seat = _seatIn(pool, msg.sender);
        if (seat.releaseAt != 0) revert AlreadyLeaving(pool, msg.sender, seat.releaseAt);
        Pool memory state = _pools[pool];
        seat.waitsFor = state.close();
        seat.releaseAt = state.maxHardEnd > _now() ? state.maxHardEnd : _now();
        _pools[pool] = state;
        _seats[pool][msg.sender] = seat;
        emit Left(pool, msg.sender, seat.releaseAt);
    }

    /// @inheritdoc IStakeVault
    function withdrawSeat(PoolParams calldata params, address annotator) external {
        PoolId pool = _existing(params);
        Seat memory seat = _seatIn(pool, annotator);
        Pool memory state = _pools[pool];
        bool released = _now() >= seat.releaseAt || state.oldest >= seat.waitsFor || state.open == 0;
        if (seat.releaseAt == 0 || !released) revert SeatLocked(pool, annotator, seat.releaseAt);
        delete _seats[pool][annotator];
        emit SeatWithdrawn(pool, annotator, seat.stake);
        _addCredit(params.token, annotator, seat.stake);
    }

    function _seatIn(PoolId pool, address annotator) private view returns (Seat memory seat) {
        seat = _seats[pool][annotator];
        if (seat.fullSince == 0) revert NotSeated(pool, annotator);
    }

    function _requireAdmitted(address gate, PoolId pool, bytes calldata evidence) private view {
        if (gate == address(0)) return;
        if (!IGate(gate).admits(pool, msg.sender, evidence)) revert GateRefused(gate, msg.sender);
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc IStakeVault
    function creditOf(address token, address account) external view returns (uint256) {
        return _credit[token][account];
    }

    /// @inheritdoc IStakeVault
    function burnedOf(address token) external view returns (uint256) {
        return _burned[token];
    }

    /// @inheritdoc IStakeVault
    function poolOf(PoolId pool) external view returns (Pool memory) {
        return _pools[pool];
    }

    /// @inheritdoc IStakeVault
    function seatOf(PoolId pool, address annotator) external view returns (Seat memory) {
        return _seats[pool][annotator];
    }

    /// @inheritdoc IStakeVault
    function poolIdOf(PoolParams calldata params) external view returns (PoolId) {
        return Ids.pool(params);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

// Tokens that exist and misbehave, for tests. Each mints `supply` to its deployer and is honest in all else.

/// @notice Keeps 1% of every transfer.
contract FeeToken is ERC20 {
    constructor(uint256 supply) ERC20("Fee", "FEE") {
        _mint(msg.sender, supply);
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : value / 100;
        if (fee != 0) super._update(from, address(0), fee);
        super._update(from, to, value - fee);
    }
}

/// @notice Keeps 1% of what is sent to one account.
contract TollToken is ERC20 {
    address private _tolled;

    constructor(uint256 supply) ERC20("Toll", "TLL") {
        _mint(msg.sender, supply);
    }

    function setTolled(address account) external {
        _tolled = account;
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 fee = from != address(0) && to != address(0) && to == _tolled ? value / 100 : 0;
        if (fee != 0) super._update(from, address(0), fee);
        super._update(from, to, value - fee);
    }
}

/// @notice Takes everything as a fee from whoever pays by allowance.
contract VanishingToken is ERC20 {
    constructor(uint256 supply) ERC20("Vanishing", "VAN") {
        _mint(msg.sender, supply);
    }

    function transferFrom(address from, address, uint256 value) public override returns (bool) {
        _burn(from, value);
        return true;
    }
}

/// @notice Reports failure by returning false.
contract FalseToken is ERC20 {
    constructor(uint256 supply) ERC20("False", "FLS") {
        _mint(msg.sender, supply);
    }

    function transfer(address, uint256) public pure override returns (bool) {
        return false;
    }

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @notice Refuses to send to or take from blocked accounts.
contract BlocklistToken is ERC20 {
    mapping(address account => bool) public blocked;

    error Blocked(address account);

    constructor(uint256 supply) ERC20("Blocklist", "BLK") {
        _mint(msg.sender, supply);
    }

    function setBlocked(address account, bool value) external {
        blocked[account] = value;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (blocked[from]) revert Blocked(from);
        if (blocked[to]) revert Blocked(to);
        super._update(from, to, value);
    }
}

/// @notice Calls a target in the middle of the next transfer, and passes its revert on.
contract ReentrantToken is ERC20 {
    address private _target;
    bytes private _data;

    constructor(uint256 supply) ERC20("Reentrant", "RNT") {
        _mint(msg.sender, supply);
    }

    function callOnNextTransfer(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        address target = _target;
        if (target == address(0)) return;
        _target = address(0);
        (bool ok, bytes memory result) = target.call(_data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }
}

/// @notice Moves balances but returns nothing, as the oldest tokens do.
contract NoReturnToken {
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    constructor(uint256 supply) {
        balanceOf[msg.sender] = supply;
    }

    function approve(address spender, uint256 value) external {
        allowance[msg.sender][spender] = value;
    }

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private {
        balanceOf[from] -= value;
        balanceOf[to] += value;
    }
}

/// @notice Everyone's balance changes at once, without a transfer. Amounts are converted rounding down, as by those that
/// exist, so that a transfer may move a unit less than it was told.
contract RebasingToken is ERC20 {
    uint256 private constant ONE = 1e18;
    uint256 private _factor = ONE;

    constructor(uint256 supply) ERC20("Rebasing", "RBS") {
        _mint(msg.sender, supply);
    }

    /// @param factor What every balance is multiplied by, in 1e-18.
    function rebase(uint256 factor) external {
        _factor = _factor * factor / ONE;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return super.balanceOf(account) * _factor / ONE;
    }

    function totalSupply() public view override returns (uint256) {
        return super.totalSupply() * _factor / ONE;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value * ONE / _factor);
    }
}

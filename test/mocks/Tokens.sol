// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice Pays, and says that it did not.
contract MovesAndReturnsFalseToken is ERC20 {
    constructor(uint256 supply) ERC20("Moves", "MOV") {
        _mint(msg.sender, supply);
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        super.transfer(to, value);
        return false;
    }
}

/// @notice Takes from whoever it should pay, by allowance, one unit instead.
contract ShrinkingToken is ERC20 {
    constructor(uint256 supply) ERC20("Shrinking", "SHR") {
        _mint(msg.sender, supply);
    }

    function transferFrom(address, address to, uint256) public override returns (bool) {
        _burn(to, 1);
        return true;
    }
}

/// @notice Burns `appetite` gas in each transfer before it moves anything.
contract GuzzlingToken is ERC20 {
    uint256 public appetite;

    constructor(uint256 supply) ERC20("Guzzling", "GUZ") {
        _mint(msg.sender, supply);
    }

    function setAppetite(uint256 gas_) external {
        appetite = gas_;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        uint256 wanted = appetite;
        uint256 start = gasleft();
        while (start - gasleft() < wanted) {}
        return super.transfer(to, value);
    }
}

/// @notice Refuses at once, and with nearly all gas left, what comes with less gas than it demands.
contract DemandingToken is ERC20 {
    uint256 private _demand;

    error TooLittleGas(uint256 left);

    constructor(uint256 supply) ERC20("Demanding", "DEM") {
        _mint(msg.sender, supply);
    }

    function setDemand(uint256 gas_) external {
        _demand = gas_;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        if (gasleft() < _demand) revert TooLittleGas(gasleft());
        return super.transfer(to, value);
    }
}

/// @notice Takes from the sender twice what it gives to the receiver.
contract DoubleTakingToken is ERC20 {
    constructor(uint256 supply) ERC20("Double", "DBL") {
        _mint(msg.sender, supply);
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        _burn(msg.sender, value);
        return super.transfer(to, value);
    }
}

/// @notice Says whatever balance it was told to say.
contract LyingToken {
    mapping(address account => uint256) public balanceOf;

    function setBalance(address account, uint256 value) external {
        balanceOf[account] = value;
    }

    function transferFrom(address, address to, uint256 value) external returns (bool) {
        balanceOf[to] += value;
        return true;
    }

    function transfer(address, uint256 value) external returns (bool) {
        balanceOf[msg.sender] -= value;
        return true;
    }
}

/// @notice Honest until it is told to fail, which it reports by returning false.
contract SwitchingToken is ERC20 {
    bool private _failing;

    constructor(uint256 supply) ERC20("Switching", "SWT") {
        _mint(msg.sender, supply);
    }

    function setFailing(bool failing) external {
        _failing = failing;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return _failing ? false : super.transfer(to, value);
    }
}

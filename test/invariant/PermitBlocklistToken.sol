// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @notice Refuses blocked accounts, as the large dollar tokens do, and takes permits.
contract PermitBlocklistToken is ERC20Permit {
    mapping(address account => bool) public blocked;

    error Blocked(address account);

    constructor(uint256 supply) ERC20("Blocklist", "BLK") ERC20Permit("Blocklist") {
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

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MovesAndReturnsFalseToken} from "./Tokens.sol";

/// @notice Moves, and says that it did not, also when it is pulled.
contract AlwaysFalseToken is MovesAndReturnsFalseToken(0) {
    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        super.transferFrom(from, to, value);
        return false;
    }
}

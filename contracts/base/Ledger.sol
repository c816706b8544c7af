// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVaultEvents} from "../interfaces/IVaultEvents.sol";
import {Tokens} from "../libraries/Tokens.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title One ledger per token: free credit and what was burned
/// @dev Stakes, bonds and escrows lie in the state of their seats and campaigns; what they take comes in by `_take` and
/// what they give back goes out by `_addCredit` or `_burn`, so that the balance always covers the sum.
abstract contract Ledger is IVaultEvents, ReentrancyGuardTransient {
    mapping(address token => mapping(address account => uint256)) internal _credit;
    mapping(address token => uint256) internal _burned;

    /// @dev Takes exactly `amount` from the caller: credit first, the wallet for the rest.
    function _take(address token, uint256 amount) internal {
        uint256 credit = _credit[token][msg.sender];
        uint256 spent = credit < amount ? credit : amount;
        if (spent != 0) _subCredit(token, msg.sender, spent);
        uint256 missing = amount - spent;
        if (missing == 0) return;
        uint256 received = Tokens.pull(token, missing);
        if (received != missing) revert InexactTransfer(token, missing, received);
    }

    function _addCredit(address token, address account, uint256 amount) internal {
        if (amount == 0) return;
        _credit[token][account] += amount;
        emit Credited(token, account, amount);
    }

    function _subCredit(address token, address account, uint256 amount) internal {
        uint256 credit = _credit[token][account];
        if (credit < amount) revert InsufficientCredit(token, account, credit, amount);
        _credit[token][account] = credit - amount;
        emit Debited(token, account, amount);
    }

    function _burn(address token, uint256 amount) internal {
        if (amount == 0) return;
        _burned[token] += amount;
        emit Burned(token, amount);
    }
}

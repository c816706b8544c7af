// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A contract that passes on what it does not know to code that runs on the same storage
/// @dev The registry is one address in three parts, since one contract may hold 24,576 bytes of code (EIP-170). Each part
/// names the next when it is constructed; nobody can change it.
abstract contract Part {
    error NoPart(address part);

    address internal immutable _next;

    constructor(address next) {
        if (next.code.length == 0) revert NoPart(next);
        _next = next;
    }

    /// @dev Runs the next part on this contract's storage, with the same caller and ether, and returns what it returns.
    function _passOn() internal {
        address target = _next;
        assembly ("memory-safe") {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}

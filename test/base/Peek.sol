// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {CampaignId} from "../../contracts/types/Types.sol";

/// @dev Reads the registry's storage without a call, so that it may stand between a prank or an expectation and its call.
library Peek {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant CAMPAIGNS_SLOT = 5;
    uint256 private constant SETTLEMENT_OFFSET = 3;

    /// @dev The hash of the proposal at hand; after the end the payout root.
    function proposal(address registry, CampaignId id) internal view returns (bytes32) {
        uint256 start = uint256(keccak256(abi.encode(id, CAMPAIGNS_SLOT)));
        return VM.load(registry, bytes32(start + SETTLEMENT_OFFSET));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RegistryContests} from "../../contracts/RegistryContests.sol";
import {RegistryExtension} from "../../contracts/RegistryExtension.sol";
import {TaskRegistry} from "../../contracts/TaskRegistry.sol";
import {ITaskRegistry} from "../../contracts/interfaces/ITaskRegistry.sol";
import {Limits} from "../../contracts/types/Types.sol";

/// @dev How the three parts of a registry come together.
library Deployments {
    function extension() internal returns (address) {
        return address(new RegistryExtension(address(new RegistryContests())));
    }

    function registry(Limits memory limits) internal returns (ITaskRegistry) {
        return ITaskRegistry(address(new TaskRegistry(limits, extension())));
    }
}

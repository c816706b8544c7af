// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICampaigns} from "./ICampaigns.sol";
import {IRegistryContests} from "./IRegistryContests.sol";
import {IRegistryExtension} from "./IRegistryExtension.sol";

/// @title The registry of datasets and campaigns
/// @notice Everything one address answers: the ledger with its pools and seats, datasets, and campaigns from funding to
/// claims. Parameters travel with each call and are checked against the campaign's id; storage keeps state only. No key
/// owns, pauses or upgrades anything.
interface ITaskRegistry is ICampaigns, IRegistryContests, IRegistryExtension {}

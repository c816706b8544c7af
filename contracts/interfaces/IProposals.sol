// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignParams, PoolParams, Settlement} from "../types/Types.sol";
import {IRegistryEvents} from "./IRegistryEvents.sol";

/// @title What becomes of a campaign whose oracle did not settle it in its own time
/// @notice Where the oracle is silent until settleEnd, or a proposal falls, a rescue begins: annotators open their batches
/// on chain, the oracle may still propose, late. From the rescue's end anyone may propose. As often as the schedule has
/// tries, and until its proposeEnd.
interface IProposals is IRegistryEvents {
    /// @notice The oracle proposes after its exclusive time, or again after its proposal fell unruled. Burns 1% of its
    /// bond for each day begun since the rescue began. Not once its bond is lost.
    function proposeLate(CampaignParams calldata params, Settlement calldata settlement) external;

    /// @notice Anyone proposes, from the end of the rescue on, with a bond of as much as the oracle's at first, doubled for
    /// each proposal that fell. The proposal is judged by what is on chain alone. Once final it earns the fee, and what is
    /// left of the oracle's bond is burned.
    /// @param maxBond The most that the caller puts up.
    function proposeOpenly(
        PoolParams calldata pool,
        CampaignParams calldata params,
        Settlement calldata settlement,
        uint256 maxBond
    ) external;

    /// @notice Ends a campaign and refunds the escrow to the requester's credit: by the requester before acceptance, by
    /// anyone after acceptEnd, and by anyone once revealEnd passed, nobody committed and no receipt says otherwise, when
    /// the bond goes back too.
    function cancel(CampaignParams calldata params) external;

    /// @notice Ends a campaign that came to nothing after work was committed, once its tries or its time are used up:
    /// escrow and bond are burned.
    function expire(CampaignParams calldata params) external;

    /// @notice Gives the place back to the pool once nobody can be slashed for the campaign any more.
    function freePlace(CampaignParams calldata params) external;
}

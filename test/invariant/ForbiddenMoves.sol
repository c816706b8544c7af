// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @dev Every move that the attacks try: each must be refused, and each for its own reason.
library ForbiddenMoves {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function all() internal pure returns (string[][9] memory moves) {
        string[9] memory groups = [
            // Ledger and seats
            "withdraw more than one has|withdraw without credit|withdraw no seat|withdraw a seat that stays|"
            "withdraw a seat early|refill no seat|refill a leaving seat|refill a whole seat|leave again",
            // Enrolment and claims
            "enrol without a seat|enrol while leaving|enrol with a short seat|enrol twice|"
            "claim in another campaign|claim again",
            // An undisturbed life
            "accept again|top up after accepting|create again|roster of a closed campaign|"
            "commit to a closed campaign|propose for a closed campaign|expire a closed campaign|"
            "seed of a closed campaign|draw the seed again|draw unarmed|propose as a stranger|"
            "propose nothing|propose before revealEnd|propose after settleEnd|propose without the right|"
            "finalize|finalize while disputed|finalize in the window|finalize something else",
            // Ends
            "free a place before the end|free a place while slashable|free a place twice|"
            "cancel a closed campaign|cancel before acceptEnd|refund after a commitment|"
            "refund before revealEnd|refund in spite of a receipt|expire what can be refunded|"
            "expire while somebody may propose",
            // Proposals
            "propose late as a stranger|propose late too early|propose late with a receipt open|"
            "propose late without a bond|propose late: nothing|propose late once more|"
            "propose late after proposeEnd|propose openly in the rescue|propose openly for less|"
            "propose openly: nothing|propose openly once more|propose openly after proposeEnd",
            // Contests
            "challenge no proposal|challenge while disputed|challenge after the window|"
            "challenge a fourth time|challenge for less|challenge another proposal|"
            "evidence without a proposal|ask without a dispute|"
            "ask an arbitrator of no use|ask twice|ask for nothing|ask after the ruling period|"
            "resolve without a dispute|resolve before the ruling|resolve under another pool",
            // Rulings
            "rule as a party|rule as a stranger|rule past the court|rule as another pool's arbitrator|"
            "rule what is no choice|rule twice|rule too late",
            // Evidence
            "post a receipt before commitEnd|post a receipt after revealEnd|post a receipt twice|"
            "post a receipt to a closed campaign|forge a receipt|answer a settled receipt|answer too late|"
            "answer with nothing|forfeit early|forfeit twice|forfeit in a closed campaign|"
            "reveal gold before commitEnd|reveal gold after revealEnd|open before commitEnd|"
            "open before the rescue|open after the rescue|open in a closed campaign|"
            "open what was not included|open with a forged signature",
            // Slashes
            "slash before final|slash after slashEnd|slash above the slice|slash above consent|"
            "slash for what was not included|slash for another's batch|slash twice|"
            "slash a seat that was short|slash no seat|slash by a forged leaf|slash without a signature|"
            "slash with a forged signature"
        ];
        for (uint256 i = 0; i < groups.length; ++i) {
            moves[i] = vm.split(groups[i], "|");
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CentralArbitrator} from "../../contracts/mocks/CentralArbitrator.sol";
import {Campaign, Settlement, Status} from "../../contracts/types/Types.sol";
import {Digests} from "../base/Digests.sol";
import {ClaimSteps} from "./ClaimSteps.sol";
import {ErraticArbitrator} from "./ErraticArbitrator.sol";
import {Bout, Known, RING} from "./RegistryWorld.sol";

/// @dev Late and public proposals, challenges and rulings, in the registry and in the model.
abstract contract ContestSteps is ClaimSteps {
    uint256 internal constant FOR_PROPOSER = 1;
    uint256 internal constant FOR_CHALLENGER = 2;

    /// @dev Contests of the ring with itself that cost it what the rule says.
    uint256 public selfContests;

    // --------------------------------------------------------------- proposing

    /// @dev A hundredth of the bond, rounded up, for each day begun.
    function _lateFee(uint256 index) internal view returns (uint256) {
        uint256 owed = _known[index].bond * (1 + (_time() - _rescueStart(index)) / 1 days);
        return owed % 100 == 0 ? owed / 100 : owed / 100 + 1;
    }

    function _proposeLate(uint256 index, uint256 seed) internal {
        Known storage k = _known[index];
        uint256 fee = _lateFee(index);
        Settlement memory s = _draft(index, seed, seed % 4 == 0);
        vm.prank(k.params.oracle);
        registry.proposeLate(k.params, s);
        k.settlement = s;
        k.bond -= fee;
        _gives(index, k.params.oracle, NOBODY, fee);
        _moves(index, Status.Proposed, "proposed late");
    }

    function _publicBond(uint256 index) internal view returns (uint256) {
        return _firstBond(index) * 2 ** _known[index].rejections;
    }

    function _proposeOpenly(uint256 index, uint256 seed, address who) internal {
        Known storage k = _known[index];
        Settlement memory s = _draft(index, seed, seed % 4 == 0);
        uint256 bond = _publicBond(index);
        vm.prank(who);
        registry.proposeOpenly(_pools[k.pool], k.params, s, bond);
        (k.settlement, k.bout.proposer, k.bout.proposerBond) = (s, who, bond);
        _puts(index, who, k.bout.proposerBond);
        _moves(index, Status.Proposed, "proposed openly");
    }

    // ---------------------------------------------------------------- contests

    function _proposerOf(uint256 index) internal view returns (address) {
        Known storage k = _known[index];
        return k.bout.proposer == NOBODY ? k.params.oracle : k.bout.proposer;
    }

    /// @dev What answers for the proposal at hand.
    function _atStake(uint256 index) internal view returns (uint256) {
        Known storage k = _known[index];
        return k.bout.proposer == NOBODY ? k.bond : k.bout.proposerBond;
    }

    function _challengeBond(uint256 index) internal view returns (uint256) {
        return _atStake(index) * 2 ** _known[index].bout.withstood;
    }

    function _challenging(uint256 index, uint256 maxBond) internal view returns (bytes memory) {
        Known storage k = _known[index];
        bytes32 proposal = Digests.settlement(k.settlement);
        return abi.encodeCall(registry.challenge, (_pools[k.pool], k.params, proposal, maxBond, "ipfs://reasons"));
    }

    function _challenge(uint256 index, address who) internal {
        Known storage k = _known[index];
        uint256 bond = _challengeBond(index);
        bytes32 proposal = Digests.settlement(k.settlement);
        vm.prank(who);
        registry.challenge(_pools[k.pool], k.params, proposal, bond, "ipfs://reasons");
        (k.bout.challenger, k.bout.challengeBond) = (who, bond);
        k.bout.rulingEnd = _time() + k.params.schedule.rulingPeriod;
        _puts(index, who, k.bout.challengeBond);
        _moves(index, Status.Disputed);
    }

    /// @dev In pool 0 the arbitrator names the dispute as it likes, short of one that runs.
    function _ask(uint256 index, address payer, uint256 seed) internal {
        Known storage k = _known[index];
        uint256 cost = 0.01 ether;
        uint256 disputeId = k.pool == 0 ? _unusedDispute(seed) : _courts[k.pool].disputes() + 1;
        if (k.pool == 0) cost = _behave(disputeId, seed);
        uint256 sent = cost + (seed >> 16) % 3;
        vm.deal(payer, sent);
        vm.prank(payer);
        registry.requestRuling{value: sent}(_pools[k.pool], k.params);
        assertEq(payer.balance, sent - cost, "10: change kept");
        assertEq(registry.contestOf(k.id).disputeId, disputeId, "10: another dispute");
        (k.bout.asked, k.bout.payer, k.bout.disputeId) = (true, payer, disputeId);
        _inDispute[k.pool][disputeId] = true;
    }

    function _behave(uint256 disputeId, uint256 seed) private returns (uint256 cost) {
        cost = seed % 5;
        bool hasty = (seed >> 8) % 3 == 0;
        erratic.behave(hasty ? ErraticArbitrator.Mood.Hasty : ErraticArbitrator.Mood.Fair, cost, disputeId);
    }

    /// @dev Out of few, so that numbers come again once their dispute is over.
    function _unusedDispute(uint256 seed) private view returns (uint256 disputeId) {
        for (disputeId = seed % 4; _inDispute[0][disputeId];) {
            ++disputeId;
        }
    }

    function _rule(uint256 index, uint256 ruling) internal {
        Known storage k = _known[index];
        if (k.pool == 0) {
            erratic.rule(registry, k.bout.disputeId, ruling);
        } else {
            CentralArbitrator court = _courts[k.pool];
            vm.prank(_judges[k.pool]);
            court.giveRuling(k.bout.disputeId, ruling);
        }
        (k.bout.ruled, k.bout.ruling) = (true, ruling);
    }

    // --------------------------------------------------------------- resolving

    /// @dev 9: whoever contests with himself loses half of the bond that is lost, or the eighths, be he payer and judge
    /// too.
    function _resolve(uint256 index, address caller) internal {
        Known storage k = _known[index];
        bool alone = k.pool == RING && inRing[_proposerOf(index)] && inRing[k.bout.challenger]
            && (!k.bout.asked || inRing[k.bout.payer]);
        uint256 least = _leastLost(index);
        uint256 before = alone ? ringWealth() : 0;
        vm.prank(caller);
        registry.resolve(_pools[k.pool], k.params);
        if (alone) {
            assertGe(before - ringWealth(), least, "9: cheap contest with oneself");
            ++selfContests;
        }
        _bookOutcome(index);
    }

    function _leastLost(uint256 index) private view returns (uint256) {
        Bout storage bout = _known[index].bout;
        (uint256 staked, uint256 against) = (_atStake(index), bout.challengeBond);
        if (bout.ruled && bout.ruling == FOR_PROPOSER) return _half(against);
        if (bout.ruled && bout.ruling == FOR_CHALLENGER) return _half(staked);
        return _eighth(staked) + _eighth(against);
    }

    function _half(uint256 amount) private pure returns (uint256) {
        return amount - amount / 2;
    }

    function _eighth(uint256 amount) private pure returns (uint256) {
        return amount % 8 == 0 ? amount / 8 : amount / 8 + 1;
    }

    function _bookOutcome(uint256 index) private {
        Bout storage bout = _known[index].bout;
        if (bout.asked) _inDispute[_known[index].pool][bout.disputeId] = false;
        if (bout.ruled && bout.ruling == FOR_PROPOSER) _bookUpheld(index);
        else if (bout.ruled && bout.ruling == FOR_CHALLENGER) _bookRejected(index);
        else _bookUnruled(index);
    }

    /// @dev Half is burned; the refund to who paid the arbitrator comes out of the winner's half.
    function _bookSpoils(uint256 index, address loser, address winner, uint256 lost) private {
        Known storage k = _known[index];
        uint256 refund = _pools[k.pool].arbitrationRefund;
        if (refund > lost / 2) refund = lost / 2;
        _gives(index, loser, NOBODY, _half(lost));
        _gives(index, loser, k.bout.payer, refund);
        _gives(index, loser, winner, lost / 2 - refund);
    }

    function _bookUpheld(uint256 index) private {
        Bout storage bout = _known[index].bout;
        _bookSpoils(index, bout.challenger, _proposerOf(index), bout.challengeBond);
        ++bout.withstood;
        _closeChallenge(bout);
        _moves(index, Status.Proposed, "upheld");
    }

    function _bookRejected(uint256 index) private {
        Known storage k = _known[index];
        _bookSpoils(index, _proposerOf(index), k.bout.challenger, _atStake(index));
        _gives(index, k.bout.challenger, k.bout.challenger, k.bout.challengeBond);
        if (k.bout.proposer == NOBODY) k.bond = 0;
        _fall(index, "rejected");
    }

    function _bookUnruled(uint256 index) private {
        Known storage k = _known[index];
        address proposer = _proposerOf(index);
        (uint256 staked, uint256 against) = (_atStake(index), k.bout.challengeBond);
        _gives(index, proposer, NOBODY, _eighth(staked));
        _gives(index, k.bout.challenger, NOBODY, _eighth(against));
        _gives(index, k.bout.challenger, k.bout.challenger, against - _eighth(against));
        if (k.bout.proposer == NOBODY) k.bond -= _eighth(staked);
        else _gives(index, proposer, proposer, staked - _eighth(staked));
        _fall(index, k.bout.ruled ? "ruled for neither" : "unruled");
    }

    function _fall(uint256 index, string memory path) private {
        Known storage k = _known[index];
        ++k.rejections;
        delete k.bout;
        _moves(index, Status.Open, path);
    }

    function _closeChallenge(Bout storage bout) private {
        (bout.challenger, bout.challengeBond, bout.rulingEnd) = (NOBODY, 0, 0);
        (bout.asked, bout.payer, bout.disputeId, bout.ruled, bout.ruling) = (false, NOBODY, 0, false, 0);
    }

    // ---------------------------------------------------------------- the ring

    function _ringMembers() internal view returns (address[4] memory) {
        return [requesters[RING], oracles[RING], annotators[3], accomplice];
    }

    /// @dev All that the ring has: wallets, credit, seats, and what lies in its campaigns of its own money, as the
    /// chain says.
    function ringWealth() public view returns (uint256 wealth) {
        address token = _pools[RING].token;
        address[4] memory ring = _ringMembers();
        for (uint256 i = 0; i < 4; ++i) {
            wealth += tokens[_tokenOf[RING]].balanceOf(ring[i]) + registry.creditOf(token, ring[i]);
            wealth += registry.seatOf(_poolIds[RING], ring[i]).stake;
        }
        for (uint256 i = 0; i < _active.length; ++i) {
            if (_known[_active[i]].pool == RING) wealth += _ringStake(_active[i]);
        }
    }

    function _ringStake(uint256 index) private view returns (uint256 stake) {
        Known storage k = _known[index];
        Campaign memory state = _state(index);
        stake = uint256(state.escrow) + state.bond;
        if (k.status != Status.Proposed && k.status != Status.Disputed) return stake;
        if (inRing[k.bout.proposer]) stake += registry.contestOf(k.id).proposerBond;
        if (inRing[k.bout.challenger]) stake += registry.contestOf(k.id).challengeBond;
    }
}

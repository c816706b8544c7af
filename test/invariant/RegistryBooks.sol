// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Campaign, Schedule, Status} from "../../contracts/types/Types.sol";
import {Known, RegistryWorld} from "./RegistryWorld.sol";

/// @dev The model's ledger, clock and transitions. All arithmetic here and in the steps is written from the rules.
abstract contract RegistryBooks is RegistryWorld {
    /// @dev Whose money becomes nobody's: it is burned.
    address internal constant NOBODY = address(0);

    mapping(address token => mapping(address who => uint256)) public credit;
    mapping(address token => uint256) public burned;
    mapping(address token => uint256) public donated;
    /// @dev What the ring's money lost to others and to the fire, and what others' money gave it.
    uint256 public ringLost;
    uint256 public ringGained;

    /// @dev The block's time, which nothing else moves.
    uint256 private _clock = vm.getBlockTimestamp();
    /// @dev The campaigns that are neither cancelled nor expired: all in which there may be money.
    uint256[] internal _active;
    mapping(uint256 edge => uint256) public edges;
    /// @dev Edges that more than one rule leads along.
    mapping(string path => uint256) public paths;

    // ------------------------------------------------------------------ ledger

    function _owes(address token, address who, uint256 amount) internal {
        credit[token][who] += amount;
    }

    /// @dev Takes `amount` from `who` in the model: credit first. Returns what the wallet must have paid.
    function _pays(address token, address who, uint256 amount) internal returns (uint256 fromWallet) {
        uint256 spent = credit[token][who] < amount ? credit[token][who] : amount;
        credit[token][who] -= spent;
        return amount - spent;
    }

    /// @dev `who` puts money into a campaign.
    function _puts(uint256 index, address who, uint256 amount) internal returns (uint256 fromWallet) {
        _known[index].paidIn += amount;
        return _pays(_known[index].params.token, who, amount);
    }

    /// @dev What `from` put into a campaign becomes the credit of `to`, or is burned.
    function _gives(uint256 index, address from, address to, uint256 amount) internal {
        _known[index].paidOut += amount;
        _hands(_known[index].params.token, from, to, amount);
    }

    function _hands(address token, address from, address to, uint256 amount) internal {
        if (to == NOBODY) burned[token] += amount;
        else _owes(token, to, amount);
        _crosses(from, to, amount);
    }

    function _crosses(address from, address to, uint256 amount) internal {
        if (inRing[from] && !inRing[to]) ringLost += amount;
        if (!inRing[from] && inRing[to]) ringGained += amount;
    }

    // ------------------------------------------------------------- transitions

    function _moves(uint256 index, Status to) internal {
        Known storage k = _known[index];
        assertTrue(_isEdge(k.status, to), "11: not an edge");
        ++edges[uint256(k.status) * 16 + uint256(to)];
        (k.status, k.since) = (to, _time());
        if (to == Status.Created) _active.push(index);
        if (to == Status.Cancelled || to == Status.Expired) _retire(index);
    }

    function _retire(uint256 index) private {
        uint256 last = _active.length - 1;
        for (uint256 i = 0; i < last; ++i) {
            if (_active[i] == index) _active[i] = _active[last];
        }
        _active.pop();
    }

    function _moves(uint256 index, Status to, string memory path) internal {
        _moves(index, to);
        ++paths[path];
    }

    function _isEdge(Status from, Status to) private pure returns (bool) {
        if (from == Status.None) return to == Status.Created;
        if (from == Status.Created) return to == Status.Open || to == Status.Cancelled;
        if (from == Status.Open) return to == Status.Proposed || to == Status.Cancelled || to == Status.Expired;
        if (from == Status.Proposed) return to == Status.Disputed || to == Status.Final;
        return from == Status.Disputed && (to == Status.Proposed || to == Status.Open);
    }

    function _frees(uint256 index) internal {
        _known[index].place = false;
        --_held[_known[index].pool];
    }

    // ------------------------------------------------------------------- clock

    function _state(uint256 index) internal view returns (Campaign memory) {
        return registry.campaignOf(_known[index].id);
    }

    function _time() internal view returns (uint256) {
        return _clock;
    }

    function _reach(uint256 time) internal {
        if (time <= _clock) return;
        _clock = time;
        vm.warp(time);
    }

    function _schedule(uint256 index) internal view returns (Schedule storage) {
        return _known[index].params.schedule;
    }

    function _roundStart(uint256 index, uint256 round) internal view returns (uint256) {
        return _schedule(index).workStart + round * _schedule(index).roundLength;
    }

    function _commitEnd(uint256 index) internal view returns (uint256) {
        return _roundStart(index, _schedule(index).rounds);
    }

    function _revealEnd(uint256 index) internal view returns (uint256) {
        return _commitEnd(index) + _schedule(index).revealPeriod;
    }

    function _settleEnd(uint256 index) internal view returns (uint256) {
        return _revealEnd(index) + _schedule(index).settlePeriod;
    }

    /// @dev Three disputes, and the windows before, between and after them.
    function _contestTime(uint256 index) private view returns (uint256) {
        return _schedule(index).window + 3 * (uint256(_schedule(index).rulingPeriod) + _schedule(index).window);
    }

    function _proposeEnd(uint256 index) internal view returns (uint256) {
        Schedule storage s = _schedule(index);
        return _settleEnd(index) + s.tries * (uint256(s.rescuePeriod) + s.publicPeriod + _contestTime(index));
    }

    function _hardEnd(uint256 index) internal view returns (uint256) {
        return _proposeEnd(index) + _contestTime(index) + _schedule(index).slashWindow;
    }

    /// @dev The end of the oracle's own time, or the fall of its last proposal.
    function _rescueStart(uint256 index) internal view returns (uint256) {
        return _known[index].rejections == 0 ? _settleEnd(index) : _known[index].since;
    }

    function _rescueEnd(uint256 index) internal view returns (uint256) {
        return _rescueStart(index) + _schedule(index).rescuePeriod;
    }

    function _windowEnd(uint256 index) internal view returns (uint256) {
        return _known[index].since + _schedule(index).window;
    }

    function _slashEnd(uint256 index) internal view returns (uint256) {
        uint256 end = _known[index].since + _schedule(index).slashWindow;
        return end < _known[index].hardEnd ? end : _known[index].hardEnd;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlocklistToken} from "../../contracts/mocks/HostileTokens.sol";
import {PoolId, Status} from "../../contracts/types/Types.sol";
import {RegistrySteps} from "./RegistrySteps.sol";
import {Known} from "./RegistryWorld.sol";

/// @dev The calls that the fuzzer makes. Each looks for a campaign in which it can be made, moving time forward where that
/// is all it lacks, and takes a new one there by real calls where there is none: so no call is wasted, and every
/// state is met often. Whoever gains by an illegal move tries it in `attack`.
contract RegistryHandler is RegistrySteps {
    string[] public names;
    mapping(string name => uint256) public calls;
    mapping(string name => uint256) public idle;
    mapping(uint256 edge => uint256) public edges;

    /// @dev Counts a call and looks at what it did to every campaign's state.
    modifier counted(string memory name) {
        if (calls[name] == 0) names.push(name);
        ++calls[name];
        _;
        observe();
    }

    function namesCount() external view returns (uint256) {
        return names.length;
    }

    function observe() public {
        for (uint256 i = 0; i < _known.length; ++i) {
            (Status from, Status to) = (_known[i].status, _state(i).status);
            if (from == to) continue;
            assertTrue(_isEdge(from, to), "11: not an edge");
            ++edges[uint256(from) * 16 + uint256(to)];
            _known[i].status = to;
        }
    }

    /// @dev One call may take a new campaign through several states; `observe` is called between them.
    function _isEdge(Status from, Status to) private pure returns (bool) {
        if (from == Status.None) return to == Status.Created;
        if (from == Status.Created) return to == Status.Open || to == Status.Cancelled;
        if (from == Status.Open) return to == Status.Proposed || to == Status.Cancelled || to == Status.Expired;
        return from == Status.Proposed && to == Status.Final;
    }

    function _idle(string memory name) private {
        ++idle[name];
    }

    // --------------------------------------------------- finding or making a campaign

    function _isOpen(uint256 i, uint256 before) private view returns (bool) {
        return _known[i].status == Status.Open && _time() < before;
    }

    function _find(uint256 seed, function(uint256) view returns (bool) fits) private view returns (uint256) {
        uint256 count = _known.length;
        for (uint256 i = 0; i < count; ++i) {
            uint256 index = (seed % count + i) % count;
            if (fits(index)) return index;
        }
        return count;
    }

    function _isCreated(uint256 i) private view returns (bool) {
        return _known[i].status == Status.Created && _time() < _known[i].params.schedule.acceptEnd;
    }

    function _isEnrolling(uint256 i) private view returns (bool) {
        return _isOpen(i, _known[i].params.schedule.enrolEnd);
    }

    function _lacksRoster(uint256 i) private view returns (bool) {
        uint256 end = _known[i].params.schedule.enrolEnd - _known[i].params.schedule.grace;
        return _isOpen(i, end) && !_known[i].rosterPosted;
    }

    function _isUnarmed(uint256 i) private view returns (bool) {
        return _isOpen(i, _commitEnd(i)) && _known[i].seedBlock == 0;
    }

    function _isArmed(uint256 i) private view returns (bool) {
        return _isOpen(i, _commitEnd(i)) && _known[i].seedBlock != 0 && _known[i].seed == 0;
    }

    function _isWorking(uint256 i) private view returns (bool) {
        if (!_isOpen(i, _commitEnd(i) - _known[i].params.schedule.grace) || _known[i].seed == 0) return false;
        return !_aggregated[i][_roundNow(i)];
    }

    function _isSettling(uint256 i) private view returns (bool) {
        return _isOpen(i, _settleEnd(i)) && _known[i].committed;
    }

    function _isStuck(uint256 i) private view returns (bool) {
        return _known[i].status == Status.Open && _known[i].committed;
    }

    function _isRefundable(uint256 i) private view returns (bool) {
        return _known[i].status == Status.Created || (_known[i].status == Status.Open && !_known[i].committed);
    }

    function _isProposed(uint256 i) private view returns (bool) {
        return _known[i].status == Status.Proposed;
    }

    function _isFinal(uint256 i) private view returns (bool) {
        return _known[i].status == Status.Final;
    }

    function _holdsPlace(uint256 i) private view returns (bool) {
        return _known[i].status == Status.Final && !_state(i).placeFreed;
    }

    /// @dev The round that is running, or the next one if its aggregate is closed already.
    function _roundNow(uint256 i) private view returns (uint32) {
        uint256 start = _known[i].params.schedule.workStart;
        if (_time() < start) return 0;
        uint256 length = _known[i].params.schedule.roundLength;
        uint256 round = (_time() - start) / length;
        bool closed = _time() >= start + (round + 1) * length - _known[i].params.schedule.grace;
        return uint32(closed ? round + 1 : round);
    }

    function _roundStart(uint256 i, uint256 round) private view returns (uint256) {
        return _known[i].params.schedule.workStart + round * _known[i].params.schedule.roundLength;
    }

    /// @dev A new campaign, taken to `stage` by everyone doing their part.
    function _fresh(uint256 seed, uint256 stage) private returns (uint256 index) {
        index = _create(uint256(keccak256(abi.encode(seed, _known.length))));
        observe();
        if (stage == 0) return index;
        _accept(index);
        observe();
        if (stage == 1) return index;
        for (uint256 i = 0; i < 4; ++i) {
            if (_isFree(_known[index].pool, annotators[i]) && (seed >> i) & 1 == 1) _enrol(index, annotators[i]);
        }
        _reach(_known[index].params.schedule.enrolEnd);
        _arm(index, stranger);
        if (stage == 2) return index;
        vm.roll(vm.getBlockNumber() + 5);
        _draw(index, stranger);
        if (stage == 3) return index;
        _reach(_known[index].params.schedule.workStart);
        _aggregate(index, 0);
        if (stage == 4) return index;
        _reach(_revealEnd(index));
        _propose(index, seed, seed % 4 == 0);
        observe();
        if (stage == 5) return index;
        _reach(_time() + _known[index].params.schedule.window);
        _finalize(index, stranger);
        observe();
    }

    function _bring(uint256 seed, function(uint256) view returns (bool) fits, uint256 stage)
        private
        returns (uint256 index)
    {
        index = _find(seed, fits);
        // Now and then a new one all the same, so that several are under way at once.
        if (index == _known.length || seed % 8 == 0) index = _fresh(seed, stage);
    }

    function _anyone(uint256 seed) private view returns (address) {
        return seed % 3 == 0 ? stranger : _people[seed % _people.length];
    }

    // ------------------------------------------------------------------ ledger

    function deposit(uint256 seed, uint256 amount) external counted("deposit") {
        (address who, uint256 t) = (_people[seed % _people.length], (seed >> 8) % 2);
        if (tokens[t].blocked(who)) tokens[t].setBlocked(who, false);
        amount = bound(amount, 1, 1e12);
        uint256 before = tokens[t].balanceOf(address(registry));
        vm.prank(who);
        uint256 received = registry.deposit(address(tokens[t]), amount);
        assertLe(received, tokens[t].balanceOf(address(registry)) - before, "2: credited more than arrived");
        _owes(address(tokens[t]), who, received);
    }

    function withdraw(uint256 seed, uint256 amount, bool byStranger) external counted("withdraw") {
        uint256 t = (seed >> 8) % 2;
        address who = _people[seed % _people.length];
        for (uint256 i = 0; i < _people.length && credit[address(tokens[t])][who] == 0; ++i) {
            who = _people[(seed % 1000 + i) % _people.length];
        }
        uint256 held = credit[address(tokens[t])][who];
        if (held == 0) {
            held = bound(amount, 1, 1e12);
            if (tokens[t].blocked(who)) tokens[t].setBlocked(who, false);
            vm.prank(who);
            registry.deposit(address(tokens[t]), held);
            _owes(address(tokens[t]), who, held);
        }
        if (tokens[t].blocked(who)) tokens[t].setBlocked(who, false);
        amount = byStranger ? held : bound(amount, 1, held);
        uint256 before = tokens[t].balanceOf(who);
        vm.prank(byStranger ? stranger : who);
        if (byStranger) registry.withdrawFor(address(tokens[t]), who);
        else registry.withdraw(address(tokens[t]), amount);
        credit[address(tokens[t])][who] -= amount;
        assertEq(tokens[t].balanceOf(who) - before, amount, "18: paid another");
    }

    function donate(uint256 seed, uint256 amount) external counted("donate") {
        amount = bound(amount, 1, 1e9);
        assertTrue(tokens[seed % 2].transfer(address(registry), amount));
        donated[address(tokens[seed % 2])] += amount;
    }

    function block_(uint256 seed) external counted("block") {
        BlocklistToken token = tokens[seed % 2];
        address who = annotators[(seed >> 8) % 4];
        token.setBlocked(who, !token.blocked(who));
    }

    // ------------------------------------------------------------------- seats

    function join(uint256 seed) external counted("join") {
        for (uint256 i = 0; i < 8; ++i) {
            (uint256 pool, address who) = ((seed % 8 + i) % 2, annotators[(seed % 8 + i) / 2 % 4]);
            if (_isSeated(pool, who)) continue;
            return _letJoin(pool, who);
        }
        (uint256 full, address last) = (seed % 2, annotators[seed % 4]);
        _letLeave(full, last);
        _reach(registry.seatOf(registry.poolIdOf(_pools[full]), last).releaseAt);
        _letOut(full, last);
        _letJoin(full, last);
    }

    function leave(uint256 seed) external counted("leave") {
        for (uint256 i = 0; i < 8; ++i) {
            (uint256 pool, address who) = ((seed % 8 + i) % 2, annotators[(seed % 8 + i) / 2 % 4]);
            if (_isFree(pool, who)) return _letLeave(pool, who);
        }
        for (uint256 i = 0; i < 8; ++i) {
            (uint256 pool, address who) = (i % 2, annotators[i / 2]);
            if (_isSeated(pool, who)) continue;
            _letJoin(pool, who);
            return _letLeave(pool, who);
        }
        _idle("leave");
    }

    /// @dev Also before its time, which must fail.
    function withdrawSeat(uint256 seed, bool wait) external counted("withdrawSeat") {
        (uint256 pool, address who) = (seed % 2, annotators[(seed >> 8) % 4]);
        for (uint256 i = 0; i < 8; ++i) {
            (uint256 p, address a) = ((seed % 8 + i) % 2, annotators[(seed % 8 + i) / 2 % 4]);
            if (_isSeated(p, a) && !_isFree(p, a)) (pool, who) = (p, a);
        }
        _letJoin(pool, who);
        _letLeave(pool, who);
        uint256 releaseAt = registry.seatOf(registry.poolIdOf(_pools[pool]), who).releaseAt;
        if (wait) _reach(releaseAt);
        if (_time() >= releaseAt) return _letOut(pool, who);
        _fails(who, abi.encodeCall(registry.withdrawSeat, (_pools[pool], who)));
    }

    function _letLeave(uint256 pool, address who) private {
        if (!_isFree(pool, who)) return;
        PoolId id = registry.poolIdOf(_pools[pool]);
        vm.prank(who);
        registry.leave(id);
    }

    function _letOut(uint256 pool, address who) private {
        vm.prank(stranger);
        registry.withdrawSeat(_pools[pool], who);
        _owes(_pools[pool].token, who, _pools[pool].seatStake);
    }

    // --------------------------------------------------------- a campaign's life

    function create(uint256 seed) external counted("create") {
        _create(seed);
    }

    function topUp(uint256 seed, uint128 amount) external counted("topUp") {
        uint256 i = _bring(seed, _isCreated, 0);
        address from = _people[seed % 4];
        _topUp(i, from, uint128(bound(amount, 1, 1e12)));
    }

    function accept(uint256 seed) external counted("accept") {
        _accept(_bring(seed, _isCreated, 0));
    }

    function enrol(uint256 seed) external counted("enrol") {
        uint256 i = _bring(seed, _isEnrolling, 1);
        for (uint256 j = 0; j < 4; ++j) {
            address who = annotators[(seed % 4 + j) % 4];
            _letJoin(_known[i].pool, who);
            if (_isFree(_known[i].pool, who) && !_enrolled[i][who]) return _enrol(i, who);
        }
        _idle("enrol");
    }

    function postRoster(uint256 seed) external counted("postRoster") {
        _postRoster(_bring(seed, _lacksRoster, 1));
    }

    function armSeed(uint256 seed) external counted("armSeed") {
        uint256 i = _find(seed, _isUnarmed);
        if (i == _known.length) i = _fresh(seed, 1);
        _reach(_known[i].params.schedule.enrolEnd);
        _arm(i, _anyone(seed));
    }

    function missSeed(uint256 seed) external counted("missSeed") {
        uint256 i = _bring(seed, _isArmed, 2);
        vm.roll(_known[i].seedBlock + 257 + seed % 1000);
        _arm(i, _anyone(seed));
    }

    function drawSeed(uint256 seed) external counted("drawSeed") {
        uint256 i = _bring(seed, _isArmed, 2);
        if (vm.getBlockNumber() > _known[i].seedBlock + 256) _arm(i, stranger);
        uint256 from = vm.getBlockNumber() > _known[i].seedBlock ? vm.getBlockNumber() : _known[i].seedBlock + 1;
        vm.roll(bound(seed, from, _known[i].seedBlock + 256));
        _draw(i, _anyone(seed));
    }

    function commitAggregate(uint256 seed) external counted("commitAggregate") {
        uint256 i = _bring(seed, _isWorking, 3);
        uint32 round = _roundNow(i);
        _reach(_roundStart(i, round));
        _aggregate(i, round);
    }

    function commit(uint256 seed) external counted("commit") {
        uint256 i = _find(seed, _hasWorker);
        if (i == _known.length) {
            for (uint256 j = 0; j < 4; ++j) {
                _letJoin(0, annotators[j]);
                _letJoin(1, annotators[j]);
            }
            i = _fresh(seed | 15, 3);
        }
        uint32 round = _roundNow(i);
        _reach(_roundStart(i, round));
        address who = _worker(i, seed);
        if (who == address(0)) return _idle("commit");
        _commit(i, round, who);
    }

    function _letJoin(uint256 pool, address who) private {
        if (_isSeated(pool, who)) return;
        if (tokens[pool].blocked(who)) tokens[pool].setBlocked(who, false);
        _join(pool, who);
    }

    function _hasWorker(uint256 i) private view returns (bool) {
        return _isWorking(i) && _worker(i, 0) != address(0);
    }

    function _worker(uint256 i, uint256 seed) private view returns (address) {
        for (uint256 j = 0; j < 4; ++j) {
            address who = annotators[(seed % 4 + j) % 4];
            if (_enrolled[i][who] || _inRoster(i, who)) return who;
        }
        return address(0);
    }

    function _inRoster(uint256 i, address who) private view returns (bool) {
        for (uint256 j = 0; j < _known[i].roster.length; ++j) {
            if (_known[i].roster[j] == who) return true;
        }
        return false;
    }

    function propose(uint256 seed, bool absurd) external counted("propose") {
        uint256 i = _bring(seed, _isSettling, 4);
        _reach(_revealEnd(i));
        _propose(i, seed, absurd);
    }

    function finalize(uint256 seed, uint256 late) external counted("finalize") {
        uint256 i = _bring(seed, _isProposed, 5);
        _reach(uint256(_state(i).since) + _known[i].params.schedule.window + bound(late, 0, 1 hours));
        _finalize(i, _anyone(seed));
    }

    function cancel(uint256 seed) external counted("cancel") {
        uint256 i = _find(seed, _isRefundable);
        if (i == _known.length) i = _fresh(seed, seed % 3);
        bool created = _known[i].status == Status.Created;
        address caller = created && seed % 2 == 0 ? _known[i].params.requester : _anyone(seed);
        if (!created) _reach(_commitEnd(i));
        else if (caller != _known[i].params.requester) _reach(_known[i].params.schedule.acceptEnd);
        _cancel(i, caller);
    }

    function expire(uint256 seed) external counted("expire") {
        uint256 i = _find(seed, _isStuck);
        if (i == _known.length) i = _fresh(seed, 4);
        _reach(hardEnd(i));
        _expire(i, _anyone(seed));
    }

    function freePlace(uint256 seed) external counted("freePlace") {
        uint256 i = _bring(seed, _holdsPlace, 6);
        _reach(uint256(_state(i).since) + _known[i].params.schedule.slashWindow);
        _freePlace(i, _anyone(seed));
    }

    function claim(uint256 seed, uint256 picked, uint8 which) external counted("claim") {
        uint256 i = _bring(seed, _isFinal, 6);
        uint256 count = _known[i].leaves.length;
        picked = bound(picked, 1, (1 << count) - 1);
        // Mostly only what is left, so that most claims succeed.
        which = uint8(bound(which, 1, 3));
        if (seed % 4 != 0) picked = _unclaimed(i, which, picked);
        if (picked == 0) picked = _unclaimed(i, which, (1 << count) - 1);
        if (picked == 0) i = _fresh(seed, 6);
        if (picked == 0) picked = 1;
        if (!_claim(i, picked, which, _anyone(seed))) _idle("claim");
    }

    function _unclaimed(uint256 i, uint8 which, uint256 picked) private view returns (uint256 left) {
        for (uint256 j = 0; j < _known[i].leaves.length; ++j) {
            if (parts[i][_known[i].leaves[j].index] & which == 0) left |= 1 << j;
        }
        left &= picked;
    }

    function pass(uint256 seconds_) external counted("pass") {
        vm.warp(_time() + bound(seconds_, 1, 3 hours));
        vm.roll(vm.getBlockNumber() + bound(seconds_, 1, 100));
    }

    // ------------------------------------------------------------------ attacks

    /// @dev Everything that the state of a campaign forbids, by whoever would gain most.
    function attack(uint256 seed) external counted("attack") {
        if (_known.length == 0) _fresh(seed, seed % 7);
        uint256 i = seed % _known.length;
        Known storage k = _known[i];
        Status status = k.status;
        (address requester, address oracle) = (k.params.requester, k.params.oracle);
        if (status != Status.Created) {
            _fails(oracle, abi.encodeCall(registry.accept, (_pools[k.pool], k.params)));
            _fails(requester, abi.encodeCall(registry.topUp, (k.params, 1)));
        }
        // A refund is refused for the commitment, not for the time alone.
        if (status == Status.Open && k.committed && (seed >> 16) % 2 == 0) _reach(_commitEnd(i));
        if (k.committed) _fails(requester, abi.encodeCall(registry.cancel, (k.params)));
        if (status != Status.Open) {
            _fails(oracle, abi.encodeCall(registry.postRoster, (k.params, keccak256("late"), 1)));
            _fails(oracle, abi.encodeCall(registry.commitAggregate, (k.params, 0, keccak256("late"), 0)));
            _fails(oracle, abi.encodeCall(registry.propose, (k.params, k.settlement)));
            _fails(stranger, abi.encodeCall(registry.expire, (k.params)));
            _fails(stranger, abi.encodeCall(registry.armSeed, (_pools[k.pool], k.params)));
        }
        if (status != Status.Proposed) _fails(oracle, abi.encodeCall(registry.finalize, (k.params, k.settlement)));
        if (status != Status.Final) _fails(stranger, abi.encodeCall(registry.freePlace, (k.params)));
        _fails(stranger, abi.encodeCall(registry.propose, (k.params, k.settlement)));
        _attackLedger(seed, k);
        _attackClaims(i, seed);
    }

    function _attackLedger(uint256 seed, Known storage k) private {
        address who = _people[seed % _people.length];
        address token = k.params.token;
        _fails(who, abi.encodeCall(registry.withdraw, (token, credit[token][who] + 1)));
        _fails(stranger, abi.encodeCall(registry.withdraw, (token, 1)));
        address seated = annotators[seed % 4];
        if (_isFree(k.pool, seated)) _fails(seated, abi.encodeCall(registry.withdrawSeat, (_pools[k.pool], seated)));
    }

    /// @dev A leaf of one campaign in another, and leaves once more.
    function _attackClaims(uint256 i, uint256 seed) private {
        uint256 other = _find(seed >> 8, _isFinal);
        if (other == _known.length) return;
        Known storage k = _known[other];
        bytes32[] memory proof = _batch(other, 1).proof;
        if (i != other) _fails(stranger, abi.encodeCall(registry.claim, (_known[i].params, k.leaves[0], proof)));
        if (parts[other][k.leaves[0].index] != 0) {
            _fails(k.leaves[0].account, abi.encodeCall(registry.claim, (k.params, k.leaves[0], proof)));
        }
    }

    function _fails(address who, bytes memory data) private {
        vm.prank(who);
        (bool ok,) = address(registry).call(data);
        assertFalse(ok, "11, 18: an attack succeeded");
    }

    // ----------------------------------------------------------------- the end

    /// @dev Invariant 21: strangers and time end every campaign, and everyone gets out what is theirs.
    function wind() external {
        uint256 last = _time();
        for (uint256 i = 0; i < _known.length; ++i) {
            if (hardEnd(i) > last) last = hardEnd(i);
        }
        _reach(last);
        for (uint256 i = 0; i < _known.length; ++i) {
            _end(i);
        }
        observe();
        for (uint256 i = 0; i < _known.length; ++i) {
            assertTrue(_known[i].status >= Status.Final, "21: not terminal");
            if (_isFinal(i)) _claimEach(i);
        }
        _reach(last + 1 days);
        for (uint256 i = 0; i < _known.length; ++i) {
            if (_holdsPlace(i)) _freePlace(i, stranger);
        }
        _leaveAll();
    }

    function _end(uint256 i) private {
        Status status = _known[i].status;
        if (status == Status.Proposed) {
            _reach(uint256(_state(i).since) + _known[i].params.schedule.window);
            _finalize(i, stranger);
        } else if (_isRefundable(i)) {
            _cancel(i, stranger);
        } else if (status == Status.Open) {
            _expire(i, stranger);
        }
    }

    function _claimEach(uint256 i) private {
        for (uint256 j = 0; j < _known[i].leaves.length; ++j) {
            for (uint8 which = 1; which < 3; ++which) {
                if (parts[i][_known[i].leaves[j].index] & which == 0) _claim(i, 1 << j, which, stranger);
            }
        }
    }

    function _leaveAll() private {
        for (uint256 pool = 0; pool < 2; ++pool) {
            PoolId id = registry.poolIdOf(_pools[pool]);
            for (uint256 i = 0; i < 4; ++i) {
                address who = annotators[i];
                if (tokens[pool].blocked(who)) tokens[pool].setBlocked(who, false);
                if (!_isSeated(pool, who)) continue;
                if (_isFree(pool, who)) {
                    vm.prank(who);
                    registry.leave(id);
                }
                registry.withdrawSeat(_pools[pool], who);
                _owes(_pools[pool].token, who, _pools[pool].seatStake);
            }
            for (uint256 i = 0; i < _people.length; ++i) {
                address token = address(tokens[pool]);
                if (credit[token][_people[i]] == 0) continue;
                registry.withdrawFor(token, _people[i]);
                credit[token][_people[i]] = 0;
            }
        }
    }
}

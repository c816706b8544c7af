// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVaultEvents} from "../../contracts/interfaces/IVaultEvents.sol";
import {PermitBlocklistToken} from "./PermitBlocklistToken.sol";
import {RegistryMaker} from "./RegistryMaker.sol";
import {RING} from "./RegistryWorld.sol";

/// @dev The fuzzer's calls to the ledger and to seats.
abstract contract SeatHandler is RegistryMaker {
    mapping(string name => uint256) public calls;
    mapping(string name => uint256) public idle;
    /// @dev How often each kind of forbidden move was refused.
    mapping(string move => uint256) public refusals;
    uint256 public allRefusals;

    modifier counted(string memory name) {
        ++calls[name];
        _;
    }

    function _idle(string memory name) internal {
        ++idle[name];
    }

    /// @dev The call fails, and for this reason.
    function _refused(string memory move, address who, bytes memory data, bytes4 reason) internal {
        vm.prank(who);
        (bool ok, bytes memory returned) = address(registry).call(data);
        assertFalse(ok, move);
        assertEq(bytes32(bytes4(returned)), bytes32(reason), move);
        ++refusals[move];
        ++allRefusals;
    }

    // ------------------------------------------------------------------ ledger

    function deposit(uint256 seed, uint256 amount) external counted("deposit") {
        (address who, uint256 t) = (_people[seed % _people.length], (seed >> 8) % 2);
        if (tokens[t].blocked(who)) tokens[t].setBlocked(who, false);
        amount = _bound(amount, 1, 1e12);
        uint256 before = tokens[t].balanceOf(address(registry));
        vm.prank(who);
        uint256 received = registry.deposit(address(tokens[t]), amount);
        assertLe(received, tokens[t].balanceOf(address(registry)) - before, "2: credited more than arrived");
        _owes(address(tokens[t]), who, received);
    }

    /// @dev By a permit in place of an allowance, which somebody else may have handed in first.
    function depositWithPermit(uint256 seed, uint256 amount, bool copied) external counted("depositWithPermit") {
        address who = _people[seed % _people.length];
        PermitBlocklistToken token = tokens[(seed >> 8) % 2];
        if (token.blocked(who)) token.setBlocked(who, false);
        amount = _bound(amount, 1, 1e12);
        vm.prank(who);
        token.approve(address(registry), 0);
        (uint8 v, bytes32 r, bytes32 s) = _permit(token, who, amount);
        if (copied) token.permit(who, address(registry), amount, _time(), v, r, s);
        vm.prank(who);
        uint256 received = registry.depositWithPermit(address(token), amount, _time(), v, r, s);
        assertEq(received, amount, "2: credited something else");
        assertEq(token.allowance(who, address(registry)), 0, "2: took something else");
        _owes(address(token), who, received);
        vm.prank(who);
        token.approve(address(registry), type(uint256).max);
    }

    function _permit(PermitBlocklistToken token, address who, uint256 amount)
        private
        view
        returns (uint8, bytes32, bytes32)
    {
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = keccak256(abi.encode(typehash, who, registry, amount, token.nonces(who), _time()));
        return vm.sign(_keys[who], keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), hash)));
    }

    function withdraw(uint256 seed, uint256 amount, bool byStranger) external counted("withdraw") {
        uint256 t = (seed >> 8) % 2;
        address token = address(tokens[t]);
        address who = _creditor(token, seed);
        if (tokens[t].blocked(who)) tokens[t].setBlocked(who, false);
        if (credit[token][who] == 0) {
            vm.prank(who);
            registry.deposit(token, 1e6);
            _owes(token, who, 1e6);
        }
        amount = byStranger ? credit[token][who] : _bound(amount, 1, credit[token][who]);
        uint256 before = tokens[t].balanceOf(who);
        vm.prank(byStranger ? stranger : who);
        if (byStranger) registry.withdrawFor(token, who);
        else registry.withdraw(token, amount);
        credit[token][who] -= amount;
        assertEq(tokens[t].balanceOf(who) - before, amount, "18: paid another");
    }

    function _creditor(address token, uint256 seed) private view returns (address who) {
        for (uint256 i = 0; i < _people.length; ++i) {
            who = _people[(seed % _people.length + i) % _people.length];
            if (credit[token][who] != 0) return who;
        }
    }

    function donate(uint256 seed, uint256 amount) external counted("donate") {
        amount = _bound(amount, 1, 1e9);
        assertTrue(tokens[seed % 2].transfer(address(registry), amount));
        donated[address(tokens[seed % 2])] += amount;
    }

    function block_(uint256 seed) external counted("block") {
        PermitBlocklistToken token = tokens[seed % 2];
        address who = annotators[(seed >> 8) % 4];
        token.setBlocked(who, !token.blocked(who));
    }

    // ------------------------------------------------------------------- seats

    /// @dev The `n`th of all seats that annotators may take.
    function _place(uint256 n) internal view returns (uint256 pool, address who) {
        (pool, who) = (n % 3, annotators[(n / 3) % 4]);
        if (inRing[who]) pool = RING;
    }

    function _findSeat(uint256 seed, function(uint256, address) view returns (bool) fits)
        internal
        view
        returns (bool found, uint256 pool, address who)
    {
        for (uint256 i = 0; i < 12; ++i) {
            (pool, who) = _place(seed % 12 + i);
            if (fits(pool, who)) return (true, pool, who);
        }
    }

    function _isUnseated(uint256 pool, address who) private view returns (bool) {
        return !_isSeated(pool, who);
    }

    function _isStaying(uint256 pool, address who) private view returns (bool) {
        return _isSeated(pool, who) && _chairs[pool][who].releaseAt == 0;
    }

    function _isLeaving(uint256 pool, address who) private view returns (bool) {
        return _isSeated(pool, who) && _chairs[pool][who].releaseAt != 0;
    }

    function _isShort(uint256 pool, address who) private view returns (bool) {
        return _isStaying(pool, who) && _chairs[pool][who].shortSince != 0;
    }

    function join(uint256 seed) external counted("join") {
        (bool found, uint256 pool, address who) = _findSeat(seed, _isUnseated);
        if (!found) (pool, who) = _vacate(seed);
        _letJoin(pool, who);
    }

    /// @dev A seat that may go, or must wait for fewest to end.
    function _vacate(uint256 seed) private returns (uint256 pool, address who) {
        bool found;
        (found, pool, who) = _findSeat(seed, _isGone);
        if (!found) (found, pool, who) = _findSeat(seed, _isLeaving);
        if (!found) {
            (pool, who) = _place(seed % 12);
            _letJoin(pool, who);
            _leave(pool, who);
        }
        if (_isWaiting(pool, who) && _time() < _chairs[pool][who].releaseAt) {
            bytes memory call = abi.encodeCall(registry.withdrawSeat, (_pools[pool], who));
            _refused("withdraw a seat early", who, call, IVaultEvents.SeatLocked.selector);
        }
        if (seed % 16 != 0) _hasten(_chairs[pool][who].waitsFor, seed);
        if (!_isReleased(pool, who)) _reach(_chairs[pool][who].releaseAt);
        ++paths[_time() < _chairs[pool][who].releaseAt ? "seat released by its places" : "seat released by time"];
        _withdrawSeat(pool, who, stranger);
    }

    function leave(uint256 seed) external counted("leave") {
        (bool found, uint256 pool, address who) = _findSeat(seed, _isStaying);
        if (!found) {
            (found, pool, who) = _findSeat(seed, _isUnseated);
            if (!found) return _idle("leave");
            _letJoin(pool, who);
        }
        _leave(pool, who);
    }

    /// @dev As soon as the rule promises it, which may be long before all campaigns must have ended.
    function withdrawSeat(uint256 seed) external counted("withdrawSeat") {
        _vacate(seed);
    }

    function _isGone(uint256 pool, address who) private view returns (bool) {
        return _isLeaving(pool, who) && _isReleased(pool, who);
    }

    function refill(uint256 seed) external counted("refill") {
        (bool found, uint256 pool, address who) = _findSeat(seed, _isShort);
        if (!found) {
            uint256 index = _bringSlashable(seed);
            if (index == _known.length) return _idle("refill");
            (uint256 leaf, uint256 batch) = _slashable(index);
            _slash(index, leaf, batch, _player(_known[index].pool, seed));
            (found, pool, who) = _findSeat(seed, _isShort);
        }
        if (!found) return _idle("refill");
        _refill(pool, who);
    }
}

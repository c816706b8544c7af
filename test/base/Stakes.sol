// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Inclusion, PayoutLeaf, Seat} from "../../contracts/types/Types.sol";
import {Signing} from "./Signing.sol";

/// @dev Several campaigns of one pool at once, from funding to slashes. They share the list of commitments and the leaves;
/// only their ids, and so their hashes and roots, differ.
abstract contract Stakes is Signing {
    // --------------------------------------------------------------- campaigns

    /// @dev The campaign with this nonce is at hand from now on.
    function _pick(uint64 nonce) internal {
        params.nonce = nonce;
        id = registry.campaignIdOf(params);
    }

    /// @dev A pool for this many campaigns, else of the same rules, and the campaign at hand in it.
    function _usePool(uint16 maxOpen) internal {
        pool.maxOpen = maxOpen;
        ++pool.nonce;
        vm.prank(oracle);
        params.pool = registry.createPool(pool);
        _pick(params.nonce);
    }

    function _open(uint64 nonce) internal {
        _pick(nonce);
        _create();
        _accept();
    }

    function _openMany(uint64 campaigns) internal {
        for (uint64 i = 0; i < campaigns; ++i) {
            _open(i);
        }
    }

    /// @dev From enrolEnd, which it waits for, to the start of work.
    function _seedMany(uint64 campaigns) internal {
        for (uint64 i = 0; i < campaigns; ++i) {
            _pick(i);
            _drawSeed();
        }
        vm.warp(params.schedule.workStart);
    }

    function _postRoundMany(uint32 round, uint64 campaigns) internal {
        for (uint64 i = 0; i < campaigns; ++i) {
            _pick(i);
            _postRound(round);
        }
    }

    /// @dev From revealEnd, which it waits for, over the window to final.
    function _settleMany(uint64 campaigns) internal {
        vm.warp(_revealEnd());
        for (uint64 i = 0; i < campaigns; ++i) {
            _pick(i);
            _propose(_settlement());
        }
        skip(params.schedule.window);
        for (uint64 i = 0; i < campaigns; ++i) {
            _pick(i);
            registry.finalize(params, _settlement());
        }
    }

    /// @dev The first `campaigns` campaigns are final; each says that the annotator, who committed `count` labels, is
    /// slashed by `slash` (leaf 0), and the colleague paid (leaf 1). The first of them is at hand.
    function _toSlashable(uint64 campaigns, uint32 count, uint128 slash) internal {
        _join(annotator);
        _join(colleague);
        _openMany(campaigns);
        _seedMany(campaigns);
        _include(annotator, _batch(0, 0, count, count));
        _include(colleague, _batch(0, 0, 7, 7));
        _postRoundMany(0, campaigns);
        _blame(annotator, slash);
        _addLeaf(colleague, 50e6, 50e18);
        _settleMany(campaigns);
        _pick(0);
    }

    function _slashEnd() internal view returns (uint256) {
        uint256 end = uint256(_campaign().since) + params.schedule.slashWindow;
        return end < _hardEnd() ? end : _hardEnd();
    }

    // ------------------------------------------------------------------ slashes

    /// @dev Adds a leaf that slashes and does not pay.
    function _blame(address who, uint128 slash) internal {
        _addLeaf(who, 0, 0);
        leaves[leaves.length - 1].slash = slash;
    }

    function _slash(address by, uint256 index, Inclusion memory inclusion) internal {
        PayoutLeaf memory leaf = leaves[index];
        bytes32[] memory proof = _proof(index);
        vm.prank(by);
        registry.slash(pool, params, leaf, proof, inclusion);
    }

    function _seat(address who) internal view returns (Seat memory) {
        return registry.seatOf(params.pool, who);
    }

    function _burned() internal view returns (uint256) {
        return registry.burnedOf(address(token));
    }
}

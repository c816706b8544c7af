// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IContributorShare} from "./interfaces/IContributorShare.sol";
import {ILicenseRegistry, License, OfferId, OfferParams, OfferStatus} from "./interfaces/ILicenseRegistry.sol";
import {ITaskRegistry} from "./interfaces/ITaskRegistry.sol";
import {Tokens} from "./libraries/Tokens.sol";
import {Dataset} from "./types/Types.sol";

/// @title Sale of dataset licences
/// @notice See ILicenseRegistry.
contract LicenseRegistry is ILicenseRegistry, ERC721, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant BASIS_POINTS = 10_000;

    /// @inheritdoc ILicenseRegistry
    address public immutable registry;

    uint256 private _lastTokenId;
    mapping(OfferId id => OfferStatus) private _status;
    mapping(OfferId id => OfferParams) private _offers;
    mapping(uint256 tokenId => License) private _licenses;
    mapping(address publisher => mapping(address token => uint256)) private _proceeds;

    constructor(address registry_) ERC721("labelshare licence", "LICENCE") {
        if (registry_.code.length == 0) revert NoRegistry(registry_);
        registry = registry_;
    }

    // ---------------------------------------------------------------- offers

    /// @inheritdoc ILicenseRegistry
    function offer(OfferParams calldata params) external returns (OfferId id) {
        _requirePublisher(params.dataset);
        if (params.price == 0) revert PriceIsZero();
        id = offerId(params);
        if (_status[id] != OfferStatus.None) revert OfferAlreadyMade(id);
        _status[id] = OfferStatus.Open;
        _offers[id] = params;
        emit Offered(id, params.dataset, msg.sender, params.price, params.duration, params.termsHash, params.nonce);
    }

    /// @inheritdoc ILicenseRegistry
    function closeOffer(OfferId id) external {
        if (_status[id] != OfferStatus.Open) revert OfferNotOpen(id);
        _requirePublisher(_offers[id].dataset);
        _status[id] = OfferStatus.Closed;
        emit OfferClosed(id);
    }

    // ---------------------------------------------------------------- sale

    /// @inheritdoc ILicenseRegistry
    function buy(OfferId id, address to) external nonReentrant returns (uint256 tokenId) {
        if (_status[id] != OfferStatus.Open) revert OfferNotOpen(id);
        OfferParams memory params = _offers[id];
        if (IERC20(params.dataset).totalSupply() == 0) revert NoShareHolders(params.dataset);
        tokenId = _issue(id, params, to);
        (uint256 contributors, uint256 publisherPart) = _collect(params);
        emit LicenseSold(tokenId, id, msg.sender, to, _licenses[tokenId].expiresAt, contributors, publisherPart);
    }

    /// @inheritdoc ILicenseRegistry
    function withdraw(address token) external nonReentrant returns (uint256 amount) {
        amount = _proceeds[msg.sender][token];
        if (amount == 0) revert NoProceeds(msg.sender, token);
        _proceeds[msg.sender][token] = 0;
        emit ProceedsWithdrawn(msg.sender, token, amount);
        Tokens.push(token, msg.sender, amount);
    }

    function _issue(OfferId id, OfferParams memory params, address to) private returns (uint256 tokenId) {
        tokenId = ++_lastTokenId;
        uint40 expiresAt = params.duration == 0 ? 0 : uint40(block.timestamp) + params.duration;
        _licenses[tokenId] = License({dataset: params.dataset, expiresAt: expiresAt, offer: id});
        _mint(to, tokenId);
    }

    /// @dev Pulls the price and splits it: the contributors' part goes on to the share at once.
    function _collect(OfferParams memory params) private returns (uint256 contributors, uint256 publisherPart) {
        Dataset memory data = _dataset(params.dataset);
        address token = IContributorShare(params.dataset).revenueToken();
        (contributors, publisherPart) = _split(data, params.price);
        _requireExact(params.price, Tokens.pull(token, params.price));
        _proceeds[data.publisher][token] += publisherPart;
        if (contributors == 0) return (contributors, publisherPart);
        IERC20(token).forceApprove(params.dataset, contributors);
        _requireExact(contributors, IContributorShare(params.dataset).payRevenue(contributors));
    }

    function _requireExact(uint256 sent, uint256 received) private pure {
        if (received != sent) revert InexactPayment(sent, received);
    }

    function _requirePublisher(address dataset) private view {
        address publisher = _dataset(dataset).publisher;
        if (publisher != msg.sender) revert OnlyPublisher(dataset, publisher, msg.sender);
    }

    function _dataset(address dataset) private view returns (Dataset memory data) {
        data = ITaskRegistry(registry).dataset(dataset);
        if (data.publisher == address(0)) revert UnknownDataset(dataset);
    }

    function _split(Dataset memory data, uint256 price) private pure returns (uint256 contributors, uint256 rest) {
        contributors = Math.mulDiv(price, data.contributorBps, BASIS_POINTS, Math.Rounding.Ceil);
        rest = price - contributors;
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc ILicenseRegistry
    function isLicensed(uint256 tokenId, address dataset, address account) external view returns (bool) {
        License memory held = _licenses[tokenId];
        if (account == address(0) || _ownerOf(tokenId) != account || held.dataset != dataset) return false;
        return held.expiresAt == 0 || block.timestamp < held.expiresAt;
    }

    /// @inheritdoc ILicenseRegistry
    function license(uint256 tokenId) external view returns (License memory) {
        return _licenses[tokenId];
    }

    /// @inheritdoc ILicenseRegistry
    function offerId(OfferParams calldata params) public view returns (OfferId) {
        return OfferId.wrap(keccak256(abi.encode(block.chainid, address(this), params)));
    }

    /// @inheritdoc ILicenseRegistry
    function offerParams(OfferId id) external view returns (OfferParams memory) {
        return _offers[id];
    }

    /// @inheritdoc ILicenseRegistry
    function offerStatus(OfferId id) external view returns (OfferStatus) {
        return _status[id];
    }

    /// @inheritdoc ILicenseRegistry
    function proceeds(address publisher, address token) external view returns (uint256) {
        return _proceeds[publisher][token];
    }

    /// @inheritdoc ILicenseRegistry
    function split(address dataset, uint256 price) external view returns (uint256 contributors, uint256 publisherPart) {
        return _split(_dataset(dataset), price);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @dev keccak256(abi.encode(chainid, licenceRegistry, OfferParams)).
type OfferId is bytes32;

/// @notice What is for sale, for how much and under which terms. An offer's id is the hash of all of it, so that whoever
/// buys an id has agreed to these rules and no others.
/// @param dataset The dataset, named by its share token.
/// @param price In units of the dataset's revenue token; not zero.
/// @param duration Seconds from the sale for which the licence is valid; zero for a licence without expiry.
/// @param termsHash Hash of the licence's text.
/// @param nonce Tells apart offers of the same terms.
struct OfferParams {
    address dataset;
    uint128 price;
    uint32 duration;
    bytes32 termsHash;
    uint64 nonce;
}

enum OfferStatus {
    None,
    Open,
    Closed
}

/// @param expiresAt First second at which the licence is no longer valid; zero if there is none.
struct License {
    address dataset;
    uint40 expiresAt;
    OfferId offer;
}

/// @title Sale of dataset licences
/// @notice A publisher offers licences of its dataset. A sale mints an ERC-721 licence and splits its price: the
/// contributors' basis points, fixed by the dataset, go to the holders of its share, rounded up; the publisher's part,
/// rounded down, waits here until the publisher withdraws it. Nobody can change an offer, a licence or the split.
/// @dev The price must arrive exactly, and so must the contributors' part at the share: a revenue token that takes a fee
/// on transfers sells no licence. One that rebases is not supported: proceeds stay what they were, what it adds is
/// nobody's, and what it takes away is missing from withdrawals in it, but from no other token's. Licences are
/// transferable; the right follows the token.
interface ILicenseRegistry is IERC721 {
    event Offered(
        OfferId indexed offer,
        address indexed dataset,
        address indexed publisher,
        uint128 price,
        uint32 duration,
        bytes32 termsHash,
        uint64 nonce
    );

    event OfferClosed(OfferId indexed offer);

    /// @notice `buyer` paid for licence `tokenId` of `to`: `contributors` of the price went to the share's holders,
    /// `publisherPart` to the publisher's proceeds.
    event LicenseSold(
        uint256 indexed tokenId,
        OfferId indexed offer,
        address indexed buyer,
        address to,
        uint40 expiresAt,
        uint256 contributors,
        uint256 publisherPart
    );

    event ProceedsWithdrawn(address indexed publisher, address indexed token, uint256 amount);

    /// @notice There is no registry at this address.
    error NoRegistry(address registry);

    /// @notice The registry knows no such dataset.
    error UnknownDataset(address dataset);

    /// @notice Only the dataset's publisher makes and closes its offers.
    error OnlyPublisher(address dataset, address publisher, address caller);

    /// @notice A licence without a price would pay the contributors nothing.
    error PriceIsZero();

    /// @notice The offer was made before; another nonce makes another offer.
    error OfferAlreadyMade(OfferId offer);

    /// @notice The offer was never made or is closed.
    error OfferNotOpen(OfferId offer);

    /// @notice The dataset has no share holders yet who could be paid.
    error NoShareHolders(address dataset);

    /// @notice Not exactly the amount sent arrived.
    error InexactPayment(uint256 sent, uint256 received);

    /// @notice The caller has no proceeds in this token.
    error NoProceeds(address publisher, address token);

    // Offers: called by the publisher

    /// @notice Offers licences, for as many buyers as come, until the offer is closed. Publisher only.
    function offer(OfferParams calldata params) external returns (OfferId id);

    /// @notice Ends an offer for ever. Licences sold stay valid. Publisher only.
    function closeOffer(OfferId id) external;

    // Sale

    /// @notice Buys a licence for `to` at the offer's price, pulled from the caller in the dataset's revenue token.
    /// @dev Not while the dataset's share has no supply. `to` is not called back, so any account can hold a licence.
    /// @return tokenId The licence; numbered from 1.
    function buy(OfferId id, address to) external returns (uint256 tokenId);

    /// @notice Sends the caller all its proceeds in `token`.
    function withdraw(address token) external returns (uint256 amount);

    // Views

    /// @notice The registry whose datasets are sold.
    function registry() external view returns (address);

    /// @notice Whether `account` holds licence `tokenId`, it is one of `dataset`, and it has not expired.
    /// @dev Never reverts: false for a licence that does not exist.
    function isLicensed(uint256 tokenId, address dataset, address account) external view returns (bool);

    /// @notice A licence; all zero if it does not exist. `offerParams` of its offer gives the terms.
    function license(uint256 tokenId) external view returns (License memory);

    /// @notice Id of the offer with these rules, made or not.
    function offerId(OfferParams calldata params) external view returns (OfferId);

    /// @notice Rules of an offer; all zero if it was never made.
    function offerParams(OfferId id) external view returns (OfferParams memory);

    function offerStatus(OfferId id) external view returns (OfferStatus);

    /// @notice What `publisher` may withdraw in `token`.
    function proceeds(address publisher, address token) external view returns (uint256);

    /// @notice How the dataset's licence income of `price` is split; the contributors' part is rounded up.
    function split(address dataset, uint256 price) external view returns (uint256 contributors, uint256 publisherPart);
}

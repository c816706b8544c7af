// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttestationGate} from "../contracts/gates/AttestationGate.sol";
import {Attestation, IEAS} from "../contracts/gates/IEAS.sol";
import {IVaultEvents} from "../contracts/interfaces/IVaultEvents.sol";
import {PoolId} from "../contracts/types/Types.sol";
import {RegistryBase} from "./base/RegistryBase.sol";

struct AttestationRequestData {
    address recipient;
    uint64 expirationTime;
    bool revocable;
    bytes32 refUID;
    bytes data;
    uint256 value;
}

struct AttestationRequest {
    bytes32 schema;
    AttestationRequestData data;
}

struct RevocationRequestData {
    bytes32 uid;
    uint256 value;
}

struct RevocationRequest {
    bytes32 schema;
    RevocationRequestData data;
}

/// @dev What issuers ask of the service.
interface IAttestationService is IEAS {
    function attest(AttestationRequest calldata request) external payable returns (bytes32);
    function revoke(RevocationRequest calldata request) external payable;
    function version() external view returns (string memory);
}

interface ISchemaRegistry {
    function register(string calldata schema, address resolver, bool revocable) external returns (bytes32);
}

/// @dev Against the service's own published code (test/fixtures/eas); see Gates.tree.
contract GatesAttestationTest is RegistryBase {
    PoolId private constant ANY_POOL = PoolId.wrap("pool");

    address private issuer = makeAddr("issuer");

    IAttestationService private eas;
    bytes32 private schema;
    bytes32 private otherSchema;
    AttestationGate private gate;

    function setUp() public override {
        super.setUp();
        string memory json = vm.readFile("test/fixtures/eas/bytecode.json");
        ISchemaRegistry schemas = ISchemaRegistry(_create(vm.parseJsonBytes(json, ".SchemaRegistry")));
        eas = IAttestationService(_create(bytes.concat(vm.parseJsonBytes(json, ".EAS"), abi.encode(address(schemas)))));
        schema = schemas.register("bool reader", address(0), true);
        otherSchema = schemas.register("bool writer", address(0), true);
        gate = new AttestationGate(eas, schema, issuer);
    }

    function _create(bytes memory code) private returns (address deployed) {
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        assertTrue(deployed != address(0));
    }

    function _attest(address attester, bytes32 schema_, address recipient, uint256 expiration)
        private
        returns (bytes32)
    {
        AttestationRequestData memory data =
            AttestationRequestData(recipient, uint64(expiration), true, 0, abi.encode(true), 0);
        vm.prank(attester);
        return eas.attest(AttestationRequest(schema_, data));
    }

    function _admits(address account, bytes32 uid) private view returns (bool) {
        return gate.admits(ANY_POOL, account, abi.encode(uid));
    }

    // ------------------------------------------------------------- constructor

    function test_constructor_RevertWhen_ThereIsNoService() external {
        address[2] memory none = [address(0), stranger];
        for (uint256 i = 0; i < none.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(AttestationGate.NoAttestationService.selector, none[i]));
            new AttestationGate(IEAS(none[i]), schema, issuer);
        }
    }

    function test_constructor_RevertWhen_TheSchemaIsZero() external {
        vm.expectRevert(AttestationGate.SchemaIsZero.selector);
        new AttestationGate(eas, 0, issuer);
    }

    function test_constructor_RevertWhen_TheIssuerIsZero() external {
        vm.expectRevert(AttestationGate.IssuerIsZero.selector);
        new AttestationGate(eas, schema, address(0));
    }

    function test_constructor_TellsWhatItChecks() external view {
        assertEq(address(gate.eas()), address(eas));
        assertEq(gate.schema(), schema);
        assertEq(gate.issuer(), issuer);
        assertEq(eas.version(), "1.4.0");
    }

    // ------------------------------------------------------------------ admits

    function test_admits_TheRecipientToAnyPool() external {
        bytes32 uid = _attest(issuer, schema, annotator, 0);
        Attestation memory found = eas.getAttestation(uid);
        assertEq(
            abi.encode(found),
            abi.encode(Attestation(uid, schema, uint64(START), 0, 0, 0, annotator, issuer, true, abi.encode(true)))
        );
        assertTrue(_admits(annotator, uid));
        assertTrue(gate.admits(PoolId.wrap("another pool"), annotator, abi.encode(uid)));
        skip(1000 * 365 days);
        assertTrue(_admits(annotator, uid));
    }

    function test_admits_WhenTheAttestationIsUnknown_ItShouldSayNo() external {
        bytes32 uid = _attest(issuer, schema, annotator, 0);
        assertFalse(_admits(annotator, ~uid));
        assertFalse(_admits(annotator, 0));
        assertFalse(_admits(address(0), 0));
    }

    function test_admits_WhenTheSchemaIsAnother_ItShouldSayNo() external {
        assertFalse(_admits(annotator, _attest(issuer, otherSchema, annotator, 0)));
    }

    function test_admits_WhenTheIssuerIsAnother_ItShouldSayNo() external {
        assertFalse(_admits(annotator, _attest(annotator, schema, annotator, 0)));
    }

    function test_admits_WhenTheRecipientIsAnother_ItShouldSayNo() external {
        bytes32 uid = _attest(issuer, schema, colleague, 0);
        assertFalse(_admits(annotator, uid));
        assertFalse(_admits(issuer, uid));
        assertTrue(_admits(colleague, uid));
    }

    function test_admits_WhenRevoked_ItShouldSayNo() external {
        bytes32 uid = _attest(issuer, schema, annotator, 0);
        vm.prank(issuer);
        eas.revoke(RevocationRequest(schema, RevocationRequestData(uid, 0)));
        assertFalse(_admits(annotator, uid));
        assertTrue(_admits(annotator, _attest(issuer, schema, annotator, 0)));
    }

    function testFuzz_admits_GivenAnExpiration_ItShouldSayYesUntilBeforeIt(uint64 life) external {
        life = uint64(bound(life, 1, type(uint64).max - START));
        bytes32 uid = _attest(issuer, schema, annotator, START + life);
        vm.warp(START + life - 1);
        assertTrue(_admits(annotator, uid));
        vm.warp(START + life);
        assertFalse(_admits(annotator, uid));
    }

    function test_admits_WhenTheEvidenceIsMalformed_ItShouldSayNo() external {
        bytes memory evidence = abi.encode(_attest(issuer, schema, annotator, 0));
        assertTrue(gate.admits(ANY_POOL, annotator, evidence));
        assertFalse(gate.admits(ANY_POOL, annotator, bytes.concat(evidence, hex"00")));
        assertFalse(gate.admits(ANY_POOL, annotator, bytes.concat(evidence, evidence)));
        for (uint256 size = 0; size < 32; ++size) {
            assembly ("memory-safe") {
                mstore(evidence, size)
            }
            assertFalse(gate.admits(ANY_POOL, annotator, evidence));
        }
    }

    function testFuzz_admits_WhateverTheEvidence_ItShouldNeitherAdmitNorRevert(bytes calldata evidence) external {
        _attest(issuer, schema, annotator, 0);
        assertFalse(gate.admits(ANY_POOL, annotator, evidence));
    }

    // -------------------------------------------------------------------- join

    function test_join_LetsInTheAttestedAndRefusesOthers() external {
        pool.gate = address(gate);
        vm.prank(oracle);
        PoolId gated = registry.createPool(pool);
        bytes32 uid = _attest(issuer, schema, annotator, START + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.GateRefused.selector, address(gate), colleague));
        vm.prank(colleague);
        registry.join(pool, abi.encode(uid));
        vm.prank(annotator);
        registry.join(pool, abi.encode(uid));
        assertEq(registry.seatOf(gated, annotator).stake, STAKE);
        assertEq(registry.seatOf(gated, colleague).stake, 0);
        assertEq(token.balanceOf(address(registry)), STAKE);
    }

    /// @dev The seat is the annotator's: what the issuer does afterwards moves nobody's stake.
    function test_join_GivenALaterRevocation_ItShouldKeepTheSeatAndRefuseTheNext() external {
        pool.gate = address(gate);
        vm.prank(oracle);
        PoolId gated = registry.createPool(pool);
        bytes32 uid = _attest(issuer, schema, annotator, 0);
        vm.prank(annotator);
        registry.join(pool, abi.encode(uid));
        vm.prank(issuer);
        eas.revoke(RevocationRequest(schema, RevocationRequestData(uid, 0)));
        assertEq(registry.seatOf(gated, annotator).stake, STAKE);
        vm.startPrank(annotator);
        registry.leave(gated);
        registry.withdrawSeat(pool, annotator);
        assertEq(_credit(annotator), STAKE);
        vm.expectRevert(abi.encodeWithSelector(IVaultEvents.GateRefused.selector, address(gate), annotator));
        registry.join(pool, abi.encode(uid));
        vm.stopPrank();
    }
}

"""Nobody gets a session for an account but by its signature over the very text that was issued, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select

from labelshare.api.nonces import Nonces
from labelshare.api.settings import ApiSettings
from labelshare.chain.node import Call
from labelshare.errors import InputError
from labelshare.protocol.sign_in import personal_digest
from labelshare.store.database import Database
from labelshare.store.dump import LEFT_OUT
from labelshare.store.schema import sessions, sign_ins
from labelshare.store.sign_ins import SignIns
from labelshare.types import Address
from tests.api.visit import Place, good, new_place, problem

# A wallet that vouches for every signature which begins with the digest itself (ERC-1271).
WALLET = bytes.fromhex("60043560643514631626ba7e60e01b0260005260206000f3")
DEPLOY = bytes.fromhex("6018600c60003960186000f3") + WALLET


@pytest.fixture(scope="module")
def shared() -> Place:
    return new_place()


@pytest.fixture
def place(shared: Place) -> Place:
    """The same campaign, everyone signed out here."""
    return Place.of(shared.stage)


def me(place: Place, token: str) -> Any:
    return place.get("/v1/sessions/current", headers={"Authorization": f"Bearer {token}"})


def test_the_text_is_a_whole_sign_in_message(place: Place) -> None:
    ann = place.stage.people["ann"]
    asked = place.sign_in_text(ann)
    lines = asked["message"].split("\n")

    assert lines[0] == "oracle.test wants you to sign in with your Ethereum account:"
    assert lines[1] == str(ann.address)
    assert (lines[2], lines[4]) == ("", "")
    assert lines[5:] == [
        "URI: http://oracle.test/v1",
        "Version: 1",
        f"Chain ID: {place.stage.chain.chain_id}",
        f"Nonce: {asked['nonce']}",
        f"Issued At: {asked['issuedAt']}",
        f"Expiration Time: {asked['expiresAt']}",
    ]


def test_the_library_of_others_recovers_the_same_signer(place: Place) -> None:
    from eth_account import Account
    from eth_account.messages import encode_defunct

    ann = place.stage.people["ann"]
    text = place.sign_in_text(ann)["message"]
    signature = ann.sign_digest(personal_digest(text))

    assert Account.recover_message(encode_defunct(text=text), signature=signature) == str(ann.address)


def test_a_session_is_its_accounts_until_it_signs_out(place: Place) -> None:
    ann = place.stage.people["ann"]
    token = place.token(ann)
    assert good(me(place, token))["account"] == str(ann.address)

    assert place.ask("DELETE", "/v1/sessions/current", ann).status_code == 204

    problem(me(place, token), 401, "unauthenticated")


def test_a_text_is_good_once(place: Place) -> None:
    ann = place.stage.people["ann"]
    asked = place.sign_in_text(ann)
    good(place.signed_in(asked["nonce"], asked["message"], ann), 201)

    again = place.signed_in(asked["nonce"], asked["message"], ann)

    problem(again, 401, "unauthenticated")


def test_of_many_who_send_one_signature_at_once_one_is_signed_in(place: Place) -> None:
    ann = place.stage.people["ann"]
    asked = place.sign_in_text(ann)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: place.signed_in(asked["nonce"], asked["message"], ann).status_code, range(8))
        )
    assert sorted(answers) == [201] + [401] * 7


def rows(place: Place) -> list[Any]:
    """All that the store has of signing in, but for the salt."""
    with place.stage.database.reading() as connection:
        return [each for table in (sessions, sign_ins) for each in connection.execute(select(table))]


def test_who_signs_nothing_has_nothing_written(place: Place) -> None:
    ann, ben = place.stage.people["ann"], place.stage.people["ben"]
    asked, before = place.sign_in_text(ann), rows(place)
    problem(place.signed_in(asked["nonce"], asked["message"], ben), 403, "bad-signature")
    assert rows(place) == before

    good(place.signed_in(asked["nonce"], asked["message"], ann), 201)
    assert len(rows(place)) == len(before) + 2


def test_any_replica_knows_a_text_and_that_it_was_used(place: Place) -> None:
    ann, other = place.stage.people["ann"], Place.of(place.stage)
    asked = place.sign_in_text(ann)
    good(other.signed_in(asked["nonce"], asked["message"], ann), 201)
    problem(place.signed_in(asked["nonce"], asked["message"], ann), 401, "unauthenticated")


def altered(place: Place, nonce: str, change: str) -> str:
    ben = place.stage.people["ben"].address
    return {
        "another account": ben.hex() + nonce[40:],
        "a later time": nonce[:40] + f"{int(nonce[40:50], 16) + 60:010x}" + nonce[50:],
        "another name": nonce[:50] + "0" * 14 + nonce[64:],
        "no proof": nonce[:64] + "0" * 32,
        "shorter": nonce[:-2],
        "longer": nonce + "00",
        "no hex": nonce[:-1] + "g",
        "of no service": "7e1f00aa52c94a0d",
    }[change]


@pytest.mark.parametrize(
    "change",
    [
        "another account",
        "a later time",
        "another name",
        "no proof",
        "shorter",
        "longer",
        "no hex",
        "of no service",
    ],
)
def test_a_nonce_that_was_not_issued_is_good_for_nothing(place: Place, change: str) -> None:
    """Though the account signs a text with it."""
    signer = place.stage.people["ben" if change == "another account" else "ann"]
    asked = place.sign_in_text(place.stage.people["ann"])
    nonce = altered(place, asked["nonce"], change)
    text = asked["message"].replace(asked["nonce"], nonce)
    problem(place.signed_in(nonce, text, signer), 401, "unauthenticated")


def test_no_text_is_good_in_another_store_or_for_another_service(place: Place) -> None:
    """A store that was restored has no list of what was used, and a salt of its own."""
    account, stage = place.stage.people["ann"].address, place.stage
    salt = SignIns(stage.database).salt()
    assert SignIns(stage.database).salt() == salt
    assert "sign_in_salts" in LEFT_OUT
    with closing(Database.in_memory()) as another:
        other = SignIns(another).salt()
    issued = Nonces(stage.oracle, salt).issue(account, 7)

    assert Nonces(stage.oracle, salt).read(issued.nonce.hex()) == issued
    assert Nonces(stage.oracle, other).read(issued.nonce.hex()) is None
    assert Nonces(stage.stranger, salt).read(issued.nonce.hex()) is None


def test_two_texts_of_one_moment_are_two(place: Place) -> None:
    ann = place.stage.people["ann"]
    one, other = place.sign_in_text(ann), place.sign_in_text(ann)
    assert one["nonce"] != other["nonce"]
    for asked in (one, other):
        good(place.signed_in(asked["nonce"], asked["message"], ann), 201)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("oracle.test wants", "evil.test wants"),
        ("URI: http://oracle.test", "URI: http://evil.test"),
        ("Chain ID: ", "Chain ID: 1"),
        ("Nonce: ", "Nonce: 0"),
        ("Expiration Time: 2", "Expiration Time: 9"),
        ("moves no money", "moves all money"),
    ],
)
def test_a_signature_over_any_other_text_is_refused(place: Place, old: str, new: str) -> None:
    ann = place.stage.people["ann"]
    asked = place.sign_in_text(ann)
    other = asked["message"].replace(old, new)
    assert other != asked["message"]

    problem(place.signed_in(asked["nonce"], other, ann), 403, "bad-signature")


def test_texts_and_sessions_end(place: Place) -> None:
    ann = place.stage.people["ann"]
    asked = place.sign_in_text(ann)
    token = place.token(ann)

    place.clock.seconds += ApiSettings().sign_in_seconds
    problem(place.signed_in(asked["nonce"], asked["message"], ann), 401, "unauthenticated")
    good(me(place, token))
    place.clock.seconds += ApiSettings().session_seconds
    problem(me(place, token), 401, "unauthenticated")


def test_the_store_holds_no_token(place: Place) -> None:
    token = place.token(place.stage.people["ann"])
    assert token not in repr(rows(place))
    assert len(token) == 43  # 32 bytes


def test_a_contract_wallet_signs_in_by_its_own_word(place: Place) -> None:
    stage = place.stage
    receipt = stage.sender.send(stage.stranger, Call(None, DEPLOY, "Wallet"))
    assert receipt.created is not None
    wallet: Address = receipt.created
    for signature, status in ((b"", 403), (b"\1" * 65, 403), (None, 201)):
        asked = good(place.post("/v1/sign-ins", {"account": str(wallet)}), 201)
        given = personal_digest(asked["message"]) + bytes(33) if signature is None else signature
        answer = place.post("/v1/sessions", {"nonce": asked["nonce"], "signature": "0x" + given.hex()})
        assert answer.status_code == status, answer.text
    assert answer.json()["account"] == str(wallet)


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer nonsense", "Basic YWJj", "Bearer \xe4" * 3, "bearer x y"],
)
def test_whoever_is_not_signed_in_is_told_so(place: Place, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    for path in (
        f"{place.root}/assignment",
        f"{place.root}/receipts",
        "/v1/earnings",
        f"{place.root}/reasons",
    ):
        answer = place.get(path, headers=headers)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("body", [{}, {"account": "0x00"}, {"account": 7}, {"account": None}, [], "x"])
def test_who_signs_in_must_be_named(place: Place, body: Any) -> None:
    found = problem(place.post("/v1/sign-ins", body), 422, "invalid-input")
    assert found["errors"]
    assert ("body: must be a JSON object" in found["detail"]) == (not isinstance(body, dict))


@pytest.mark.parametrize("content", [b'{"account": "\\ud800"}', b'{"\\ud800": 1}', b'{"account": "\\u0000"}'])
def test_text_that_no_encoding_holds_is_refused(place: Place, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    found = problem(place.ask("POST", "/v1/sign-ins", content=content, headers=headers), 422, "invalid-input")
    assert found["errors"]


def test_an_address_with_a_wrong_checksum_is_no_account(place: Place) -> None:
    text = str(place.stage.people["ann"].address).swapcase().replace("0X", "0x")
    found = problem(place.post("/v1/sign-ins", {"account": text}), 422, "invalid-input")
    assert found["errors"] == [{"field": "body.account", "message": "wrong address checksum"}]


@pytest.mark.parametrize("url", ["ftp://a", "oracle.test", "http://", "http://a:b@c", "https://a?b=c"])
def test_an_api_has_an_address(url: str) -> None:
    with pytest.raises(InputError, match="address"):
        ApiSettings(url=url)

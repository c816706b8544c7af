"""Accounts: keystores, and what an account holds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelshare.commands.common import LOCAL, READS, Session, command, group
from labelshare.commands.lines import fields
from labelshare.commands.units import ETHER
from labelshare.errors import InputError, KeystoreError

if TYPE_CHECKING:
    from labelshare.chain.keys import Signer

__all__ = ["account"]

account = group("account", "Make, show and look up accounts.")

File = Annotated[Path, typer.Argument(help="The keystore (V3).")]


@command(account, "account new ann.json", LOCAL)
def new(here: Session, file: File) -> None:
    """Make a fresh account and keep its key in a new keystore, readable by you alone."""
    from labelshare.chain.keys import new_signer

    _keep(here, file, new_signer())


@command(account, "account import ann.json --password-file secret < key.txt", LOCAL, name="import")
def import_(here: Session, file: File) -> None:
    """Take a private key (64 hex digits) from the standard input into a new keystore."""
    from labelshare.chain.keys import Signer

    _refuse_existing(file)
    if sys.stdin.isatty():
        text: str = typer.prompt("Private key", hide_input=True, err=True)
    else:
        text = sys.stdin.readline()
    _keep(here, file, Signer(_key_of(text)))


@command(account, "account show ann.json", LOCAL)
def show(here: Session, file: File) -> None:
    """Show a keystore's address; the password is needed only where the file does not state it."""
    from labelshare.chain.keys import load_keystore, stated_address

    stated = stated_address(file)
    address = stated or load_keystore(file, here.password()).address
    here.show({"address": str(address), "file": str(file), "opened": stated is None}, [str(address)])


@command(account, "account balance --key ann.json", (*READS, "key"))
def balance(
    here: Session,
    address: Annotated[str | None, typer.Argument(help="Whose; by default the keystore's.")] = None,
    *,
    token: Annotated[
        str | None, typer.Option(help="Address of the token; by default a development deployment's own.")
    ] = None,
) -> None:
    """Show what an account holds: the chain's coin, a token, and its credit in the registry."""
    from labelshare.client.purse import holdings

    owner, chosen = here.account(address), here.token(token)
    coin, unit = here.contracts.registry.chain.balance(owner), here.unit(chosen)
    held = holdings(here.contracts, chosen, owner)
    here.show(
        {
            "address": str(owner),
            "coin": str(coin),
            "token": str(chosen),
            "symbol": unit.symbol,
            "decimals": unit.decimals,
            "wallet": str(held.wallet),
            "credit": str(held.credit),
        },
        fields(
            [
                ("account", owner),
                ("token", chosen),
                ("coin", ETHER.show(coin)),
                ("wallet", unit.show(held.wallet)),
                ("credit", unit.show(held.credit)),
            ]
        ),
    )


def _keep(here: Session, file: Path, signer: Signer) -> None:
    from labelshare.chain.keys import save_keystore

    _refuse_existing(file)
    try:
        save_keystore(file, signer, here.password(new=True))
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror}") from None
    facts = {"address": str(signer.address), "file": str(file), "development": signer.is_development}
    here.show(facts, fields([("account", signer.address), ("keystore", file)]))
    if signer.is_development:
        typer.echo("This key is public: it works on development chains alone.", err=True)


def _refuse_existing(file: Path) -> None:
    """Told before a key or a password is asked for."""
    if file.exists() or file.is_symlink():
        raise KeystoreError(f"{file} exists; a keystore is never overwritten")


def _key_of(text: str) -> bytes:
    """The bytes of a key; no message shows any of it."""
    digits = text.strip().removeprefix("0x")
    try:
        key = bytes.fromhex(digits) if digits.isalnum() else b""
    except ValueError:
        key = b""
    if len(key) != 32:
        raise InputError("the private key is not 64 hex digits")
    return key

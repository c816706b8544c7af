"""What commands share: their options, the way to the chain, asking before anything is sent, exit codes."""

from __future__ import annotations

import inspect
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labelshare.commands import fees
from labelshare.commands.lines import Pair, fields, steps
from labelshare.commands.units import Unit, plain, printable
from labelshare.errors import (
    ChainError,
    FundsError,
    InputError,
    KeystoreError,
    LabelshareError,
)
from labelshare.types import Address

if TYPE_CHECKING:
    from labelshare.chain.deploy import Contracts, Deployment
    from labelshare.chain.fees import FeePolicy
    from labelshare.chain.keys import Signer
    from labelshare.chain.node import Chain
    from labelshare.commands.sending import KeepingSender

__all__ = [
    "FEES",
    "LOCAL",
    "READS",
    "SENDS",
    "Session",
    "bar",
    "command",
    "group",
    "read_bytes",
    "read_pieces",
    "read_text",
]

Command = Callable[..., None]

REFUSED: Final = 1
BAD_INPUT: Final = 2
PIECE: Final = 1 << 20

_OPTIONS: Final[Mapping[str, tuple[Any, object]]] = {
    "url": (
        Annotated[
            str | None, typer.Option(envvar="LABELSHARE_URL", help="JSON-RPC address of the chain's node.")
        ],
        None,
    ),
    "deployment": (
        Annotated[
            Path | None,
            typer.Option(
                envvar="LABELSHARE_DEPLOYMENT",
                help="Record of the deployment (JSON), which is checked against the chain first.",
            ),
        ],
        None,
    ),
    "key": (
        Annotated[Path | None, typer.Option(help="Keystore (V3) of the account that signs.")],
        None,
    ),
    "password_file": (
        Annotated[
            Path | None, typer.Option(help="File with the keystore's password; it is asked for otherwise.")
        ],
        None,
    ),
    **fees.OPTIONS,
    "yes": (Annotated[bool, typer.Option("--yes", help="Send without asking.")], False),
    "as_json": (
        Annotated[
            bool,
            typer.Option(
                "--json", help="Print JSON and nothing else; amounts are strings of base units, times Unix."
            ),
        ],
        False,
    ),
}

READS: Final = ("url", "deployment", "as_json")
FEES: Final = tuple(fees.OPTIONS)
SENDS: Final = (*READS, "key", "password_file", *FEES, "yes")
LOCAL: Final = ("password_file", "as_json")


class Session:
    """One run of a command: its options, and what they lead to, each opened when first needed."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._url: str | None = options.get("url")
        self._record: Path | None = options.get("deployment")
        self._has_record = "deployment" in options
        self._key: Path | None = options.get("key")
        self._password_file: Path | None = options.get("password_file")
        self._fees = {name: options.get(name) for name in FEES}
        self._yes = bool(options.get("yes"))
        self._units: dict[Address, Unit] = {}
        self.as_json = bool(options.get("as_json"))

    # ------------------------------------------------------------------- the chain

    @cached_property
    def deployment(self) -> Deployment:
        """The record of the contracts, as given."""
        from labelshare.chain.deploy import Deployment

        if self._record is None:
            raise InputError("which contracts? --deployment or LABELSHARE_DEPLOYMENT names their record")
        return Deployment.load(self._record)

    @cached_property
    def chain(self) -> Chain:
        """The chain that the record is about; no other is talked to, where the command has a record."""
        from labelshare.chain.connect import connect

        if self._url is None:
            raise InputError("which chain? --url or LABELSHARE_URL names its node")
        return connect(self._url, expected_chain_id=self.deployment.chain_id if self._has_record else None)

    @property
    def own_node(self) -> str | None:
        """The node's address where it is a development node of this machine, which anyone here may know."""
        from urllib.parse import urlsplit

        from labelshare.chain.loopback import LOOPBACK
        from labelshare.chain.node import DEVELOPMENT_CHAIN_IDS

        url = self._url or ""
        own = urlsplit(url).scheme in {"http", "https"} and urlsplit(url).hostname in LOOPBACK
        return url if own and self.deployment.chain_id in DEVELOPMENT_CHAIN_IDS else None

    @cached_property
    def contracts(self) -> Contracts:
        """The contracts, checked against the chain."""
        return self.deployment.bind(self.chain)

    @cached_property
    def sender(self) -> KeepingSender:
        """What sends: to checked contracts alone."""
        from labelshare.commands.sending import KeepingSender

        return KeepingSender(self.contracts.registry.chain, self.fees)

    @cached_property
    def fees(self) -> FeePolicy:
        """How gas is paid for: the chain's usual policy, and what the options say instead."""
        return fees.chosen(self.chain, **self._fees)

    # ------------------------------------------------------------------ the account

    @cached_property
    def signer(self) -> Signer:
        """The account that signs; refused at once where its key is public and money is real."""
        from labelshare.chain.keys import load_keystore, stated_address

        stated_address(self.key)  # told of a file that is none before the password is asked for
        signer = load_keystore(self.key, self.password())
        self.sender.require_usable(signer)
        return signer

    @property
    def key(self) -> Path:
        """The keystore that was named."""
        if self._key is None:
            raise InputError("who signs? --key names a keystore; `labelshare account new` makes one")
        return self._key

    def password(self, *, new: bool = False) -> str:
        """The keystore's password: from its file, or asked for without being shown."""
        if self._password_file is not None:
            return read_text(self._password_file).removesuffix("\n").removesuffix("\r")
        if not sys.stdin.isatty():
            raise InputError("there is no terminal to ask for the password on; --password-file names a file")
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=new, err=True)
        return asked

    def account(self, given: str | None) -> Address:
        """The address given, or else that which the keystore states; no password is needed."""
        from labelshare.chain.keys import stated_address

        if given is not None:
            return Address(given)
        if self._key is None:
            raise InputError("whose? give an address, or a keystore by --key")
        stated = stated_address(self._key)
        if stated is None:
            raise InputError(f"{self._key} states no address; give one")
        return stated

    # -------------------------------------------------------------------- the money

    def token(self, given: str | None) -> Address:
        """The token given, or else the one that came with a development deployment."""
        if given is not None:
            return Address(given)
        if self.contracts.token is None:
            raise InputError("which token? --token names its address")
        return self.contracts.token.address

    def now(self) -> int:
        """The time for a time line: the chain's, which stands still on a development chain that is idle."""
        chain = self.contracts.registry.chain
        return max(chain.now(), int(time.time())) if chain.is_development else chain.now()

    def unit(self, token: Address) -> Unit:
        """The unit of a token's amounts, as the token states it; `InputError` where there is no token."""
        if not self.contracts.registry.chain.code(token):
            raise InputError(f"no token at {token}")
        if token not in self._units:
            contract = self.contracts.erc20(token)
            self._units[token] = Unit(plain(contract.symbol()), contract.decimals())
        return self._units[token]

    def payment(self, token: Address, amount: int) -> list[str]:
        """What the registry's taking `amount` needs before, in words; credit goes first.

        Raises:
            FundsError: Credit and wallet together hold less.
        """
        from labelshare.client.purse import holdings

        held, unit = holdings(self.contracts, token, self.signer.address), self.unit(token)
        if held.total < amount:
            raise FundsError(
                f"{self.signer.address} holds {unit.show(held.wallet)} in the wallet and "
                f"{unit.show(held.credit)} of credit; {unit.show(amount)} are needed"
            )
        missing = held.missing(amount)
        return [f"let the registry take {unit.show(missing)} from the wallet"] if missing else []

    def require_wallet(self, token: Address, amount: int) -> None:
        """Raise `FundsError` unless the wallet alone holds `amount`."""
        held, unit = self.contracts.erc20(token).balance_of(self.signer.address), self.unit(token)
        if held < amount:
            raise FundsError(
                f"{self.signer.address} holds {unit.show(held)} in the wallet; {unit.show(amount)} are needed"
            )

    # ------------------------------------------------------------- asking, printing

    def confirm(self, *sentences: str, details: Sequence[Pair] = ()) -> None:
        """Show what is about to be sent and ask; with --yes go on at once.

        Args:
            sentences: What each transaction does.
            details: Names and values that go with the last.

        Raises:
            InputError: There is nobody to ask.
            LabelshareError: The answer is no.
        """
        if self._yes:
            return
        if not sys.stdin.isatty():
            raise InputError("there is no terminal to ask on; --yes sends without asking")
        typer.echo(f"On chain {self.chain.chain_id}, {self.signer.address} is to", err=True)
        for line in (*steps(sentences), *fields(details)):
            typer.echo(line, err=True)
        typer.echo("Send? [y/N] ", nl=False, err=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise LabelshareError("nothing was sent")

    def show(self, facts: Mapping[str, Any], lines: Iterable[str]) -> None:
        """Print the result: `facts` as JSON where that was asked for, else the lines."""
        typer.echo(json.dumps(facts, indent=2) if self.as_json else "\n".join(lines))

    def show_sent(self, facts: Mapping[str, Any], rows: Sequence[Pair], lines: Iterable[str] = ()) -> None:
        """Print the result of what was sent, with every transaction; the last is the one that was asked for.

        Args:
            facts: The result as JSON.
            rows: The same as names and values.
            lines: What stands above them.
        """
        sent = self.sender.sent
        last = {"transaction": str(sent[-1].transaction), "block": sent[-1].block} if sent else {}
        every = [
            {"call": each.call, "transaction": str(each.transaction), "block": each.block} for each in sent
        ]
        places: list[Pair] = []
        for each in sent:
            places += [("transaction", each.transaction), ("block", f"{each.block}, {each.call}")]
        self.show({**facts, **last, "transactions": every}, [*lines, *fields([*rows, *places])])

    def sent_before(self) -> str:
        """Which transactions went through before a failure, for its message."""
        sender = self.__dict__.get("sender")
        labels = ", ".join(map(str, sender.sent)) if sender else ""
        return f" (sent before: {labels})" if labels else ""


@contextmanager
def bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on the error stream while many steps are taken, on a terminal; yields what advances it."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=total < 2 or not console.is_terminal) as progress:
        task = progress.add_task(title, total=total)
        yield lambda steps: progress.advance(task, steps)


def group(name: str, about: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(name=name, help=about, no_args_is_help=True, pretty_exceptions_enable=False)


def command(
    of: typer.Typer, example: str, options: Sequence[str] = READS, name: str | None = None
) -> Callable[[Command], Command]:
    """Register a function as a command of a group.

    The function takes a `Session` first, in whose place the command has the options named. Errors of ours
    become one line: exit code 2 for bad input, 1 for everything else.

    Args:
        of: The group.
        example: What follows `labelshare` in the one example of its help.
        options: Names of `_OPTIONS`.
        name: The command's, where it is not the function's.
    """

    def register(function: Command) -> Command:
        signature = inspect.signature(function, eval_str=True)
        own = list(signature.parameters.values())[1:]
        shared = [
            inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for each, (kind, default) in _OPTIONS.items()
            if each in options
        ]

        def run(**given: Any) -> None:
            session = Session({each: given.pop(each) for each in options})
            try:
                function(session, **given)
            except LabelshareError as error:
                raise _told(error, session.sent_before()) from None

        run.__signature__ = signature.replace(parameters=[*own, *shared])  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in (*own, *shared)}
        run.__name__, run.__doc__ = function.__name__, function.__doc__
        of.command(name, epilog=f"Example: labelshare {example}")(run)
        return function

    return register


def read_bytes(path: Path) -> bytes:
    """A file's bytes; `InputError` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def read_pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes a mebibyte at a time, for files of any size; `InputError` if it cannot be read."""
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def read_text(path: Path) -> str:
    """A file's text; `InputError` if it cannot be read or is not UTF-8."""
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8") from None


def _told(error: LabelshareError, sent: str) -> typer.Exit:
    """One line on the error stream, and the exit code."""
    message = " ".join(f"{error}{sent if isinstance(error, ChainError) else ''}".split())
    typer.echo(f"labelshare: {printable(message)}", err=True)
    return typer.Exit(BAD_INPUT if isinstance(error, InputError | KeystoreError) else REFUSED)

"""How gas is paid for, as the options say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labelshare.errors import InputError

if TYPE_CHECKING:
    from labelshare.chain.fees import FeePolicy
    from labelshare.chain.node import Chain

__all__ = ["OPTIONS", "chosen"]

OPTIONS: Final[Mapping[str, tuple[Any, object]]] = {
    "max_fee": (
        Annotated[
            str | None,
            typer.Option(
                envvar="LABELSHARE_MAX_FEE",
                metavar="GWEI",
                help="The most ever offered for a unit of gas; 500 by default, and on development chains no "
                "limit.",
            ),
        ],
        None,
    ),
    "priority_fee": (
        Annotated[
            str | None,
            typer.Option(
                envvar="LABELSHARE_PRIORITY_FEE",
                metavar="GWEI",
                help="What whoever makes the block gets of it; by default what the node suggests.",
            ),
        ],
        None,
    ),
    "replace_after": (
        Annotated[
            int | None,
            typer.Option(
                envvar="LABELSHARE_REPLACE_AFTER",
                metavar="SECONDS",
                min=1,
                help="How long a transaction may wait for a block until it is replaced by one that offers an "
                "eighth more; 60 by default.",
            ),
        ],
        None,
    ),
}
"""The options of every command that sends: what typer is told, and the default."""

_DIGITS: Final = 9
_MOST: Final = 10**9  # gwei: a whole coin for a unit of gas


def chosen(
    chain: Chain, *, max_fee: str | None, priority_fee: str | None, replace_after: int | None
) -> FeePolicy:
    """The usual policy of a chain, with what was chosen in its place.

    Args:
        chain: Where transactions go.
        max_fee: The limit, in gwei per gas; None for the usual one.
        priority_fee: The priority fee, in gwei per gas; None for what the node suggests.
        replace_after: Seconds until a transaction is replaced; None for the usual time.

    Raises:
        InputError: No number of gwei, or a priority fee above the limit.
    """
    from labelshare.chain.fees import policy_of

    changes: dict[str, Any] = {}
    if max_fee is not None:
        changes["cap"] = _wei("--max-fee", max_fee)
    if priority_fee is not None:
        changes["tip"] = _wei("--priority-fee", priority_fee)
    if replace_after is not None:
        changes["patience"] = float(replace_after)
    return replace(policy_of(chain), **changes)


def _wei(option: str, text: str) -> int:
    """Gwei as wei; nothing is rounded."""
    try:
        gwei = Decimal(text)
    except InvalidOperation:
        gwei = Decimal("NaN")
    if not gwei.is_finite() or not 0 <= gwei <= _MOST:
        raise InputError(f"{option} is a number of gwei such as 30 or 1.5, not {text!r:.40}")
    wei = gwei.scaleb(_DIGITS)
    if option == "--max-fee" and not wei:
        raise InputError("with a --max-fee of 0 nothing can be sent")
    if wei != wei.to_integral_value():
        raise InputError(f"{option} has at most {_DIGITS} digits after the point, not {text!r:.40}")
    return int(wei)

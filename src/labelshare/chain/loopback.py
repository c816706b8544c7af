"""Who may talk to a development node: programs and pages of this machine.

A page from elsewhere that a developer visits could otherwise steer the node. Its browser says where a page
is from (`Origin`), and which name it looked up (`Host`): a name that was made to point here is none of ours.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

__all__ = ["HOST", "LOOPBACK", "is_own_host", "is_own_page"]

HOST: Final = "127.0.0.1"
LOOPBACK: Final = frozenset({"localhost", HOST, "::1"})


def is_own_page(origin: str | None) -> bool:
    """Whether a request may be answered that has this `Origin`, or none, as programs have."""
    return origin is None or _name(origin, frozenset({"http", "https"})) in LOOPBACK


def is_own_host(host: str | None) -> bool:
    """Whether a request was meant for this machine by its `Host`, or has none, as programs of HTTP/1.0."""
    return host is None or _name(f"http://{host}", frozenset({"http"})) in LOOPBACK


def _name(url: str, schemes: frozenset[str]) -> str | None:
    """The host of an origin; None if it is none."""
    try:
        where = urlsplit(url)
        host = where.hostname
    except ValueError:
        return None
    return host if where.scheme in schemes and where.username is None and not where.path else None

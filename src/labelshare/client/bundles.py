"""The evidence of settlements from the services that publish it, by whichever account; nobody signs in.

Who is asked need not be trusted: bytes are held against the hash that the chain names. What a service may
take is bounded, in bytes and in time, as it can be slow on purpose.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic
from typing import Final, Self

import structlog

from labelshare.client.connection import require_service
from labelshare.errors import EvidenceError, ServiceError
from labelshare.types import Address, CampaignId, Hash32

__all__ = ["BundleServices", "Publisher"]

MOST_BYTES: Final = 512 * 1024**2
"""The evidence of eight million labels."""
MOST_SECONDS: Final = 300.0
LINE_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.2
_OK: Final = 200
_NOT_FOUND: Final = 404

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Publisher:
    """A service that is asked for bundles.

    Attributes:
        url: Its address, without `/v1`.
        oracle: Whose own service it is, as far as that is known.
    """

    url: str
    oracle: Address | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """`URL`, or `0x…=URL` for an oracle's own service.

        Raises:
            InputError: Not an address of a service, or a plain one of another machine; or no account.
        """
        name, found, url = text.partition("=")
        if not (found and name.startswith("0x")):
            name, url = "", text
        require_service(url, "plain http would let anybody between answer in its place")
        return cls(url.rstrip("/"), Address(name) if name else None)


@dataclass
class BundleServices:
    """Asks one service after the other for a bundle.

    Attributes:
        publishers: The services.
        is_ending: Whether nobody waits for the answer any more.
        most_bytes: What is read of one bundle at most.
        most_seconds: How long one service may take.
    """

    publishers: Sequence[Publisher]
    is_ending: Callable[[], bool] = lambda: False
    most_bytes: int = MOST_BYTES
    most_seconds: float = MOST_SECONDS

    @property
    def oracles(self) -> frozenset[Address]:
        """Those whose own service is among them."""
        return frozenset(each.oracle for each in self.publishers if each.oracle is not None)

    def __call__(self, campaign: CampaignId, digest: Hash32) -> bytes | None:
        """A bundle; None where no service gives it.

        Raises:
            EvidenceError: One may have it, and it is too large to be read.
        """
        too_large: EvidenceError | None = None
        for each in self.publishers:
            try:
                data = self._asked(each.url, campaign, digest)
            except EvidenceError as error:
                too_large = error
                continue
            except ServiceError as error:
                log.warning("bundle not fetched", url=each.url, bundle=str(digest), error=str(error))
                continue
            if data is not None and sha256(data).digest() == digest:
                return data
        if too_large is not None:
            raise too_large
        return None

    def _asked(self, url: str, campaign: CampaignId, digest: Hash32) -> bytes | None:
        import httpx

        try:
            return asyncio.run(self._in_time(f"{url}/v1/campaigns/{campaign}/bundles/{digest}"))
        except httpx.HTTPError as error:
            raise ServiceError(f"{type(error).__name__}: {error}") from None

    async def _in_time(self, url: str) -> bytes | None:
        """As a whole: a service that sends a byte now and then would be waited for without end."""
        reading, end = asyncio.ensure_future(self._read(url)), monotonic() + self.most_seconds
        while not reading.done():
            if self.is_ending() or monotonic() > end:
                reading.cancel()
                raise ServiceError(f"no bundle within {self.most_seconds:.0f} s")
            await asyncio.wait({reading}, timeout=_LOOK_SECONDS)
        return reading.result()

    async def _read(self, url: str) -> bytes | None:
        import httpx

        # As it was stored: nothing that unpacks to more than was sent.
        headers = {"Accept-Encoding": "identity"}
        async with (
            httpx.AsyncClient(timeout=LINE_SECONDS, follow_redirects=False, headers=headers) as http,
            http.stream("GET", url) as response,
        ):
            if response.status_code == _NOT_FOUND:
                return None
            if response.status_code != _OK:
                raise ServiceError(f"the service answers {response.status_code}")
            parts, size = [], 0
            async for part in response.aiter_raw():
                size += len(part)
                if size > self.most_bytes:
                    raise EvidenceError(f"the bundle has more than {self.most_bytes} bytes")
                parts.append(part)
            return b"".join(parts)

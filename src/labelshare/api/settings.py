"""What an API is told: its address, its bounds and its patience."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from labelshare.errors import InputError

__all__ = ["ApiSettings", "Rate"]

MEBIBYTE = 1024**2
BURST_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests a second on average, and at most `burst` at once; a rate of 0 is no limit."""

    per_second: float
    burst: int

    def __post_init__(self) -> None:
        if self.per_second < 0 or self.burst < 1:
            raise InputError(f"a rate is not negative and its burst at least 1, not {self}")

    @classmethod
    def of(cls, per_second: float) -> Self:
        """With a burst of five seconds' worth."""
        return cls(per_second, max(1, round(BURST_SECONDS * per_second)))


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """The settings of one API.

    Attributes:
        url: Where clients reach it, without `/v1`. Its host is what sign-in texts name, so it must be the one
            that clients know.
        message_bytes: How large a batch, sealed or opened, may be on the wire, and a stranger's quote.
        spec_bytes: The same for what holds a spec.
        small_bytes: The same for every other request.
        upload_seconds: How long a content may take to come in; a pause, no longer than a request may.
        uploads: Contents that come in at once, in one process.
        uploads_each: Those of one account, or one client address.
        campaign_bytes: Content of one campaign at most.
        account_bytes: Content of all campaigns of one requester at most.
        request_seconds: How long until a request must have arrived and its answer begun.
        sign_in_seconds: How long a sign-in text is good.
        session_seconds: How long a session lasts.
        reply_seconds: How long the answer to an idempotency key is kept.
        address_rate: Requests of one client address, in one process.
        account_rate: Requests of one account, likewise.
        spec_rate: Specs that one account, or one client address, may hand in.
        large_rate: MiB of large bodies (`labelshare.api.bodies`) of one account, or one client address.
        page: Rows of a page where the client does not say.
        page_most: Rows of a page at most.
        streams: Event streams at once, in one process.
        streams_each: Those of one client address.
        stream_seconds: How long one lasts; the client then resumes it.
        poll_seconds: How often a stream looks for news.
        index_seconds: How old the index may be for the service to call itself ready.
        index_blocks: How many blocks it may lack.
    """

    url: str = "http://127.0.0.1:8000"
    message_bytes: int = 8 * MEBIBYTE
    spec_bytes: int = 64 * MEBIBYTE
    small_bytes: int = MEBIBYTE // 4
    upload_seconds: float = 900.0
    uploads: int = 32
    uploads_each: int = 8
    campaign_bytes: int = 64 * 1024 * MEBIBYTE
    account_bytes: int = 256 * 1024 * MEBIBYTE
    request_seconds: float = 30.0
    sign_in_seconds: int = 300
    session_seconds: int = 12 * 3_600
    reply_seconds: int = 24 * 3_600
    address_rate: Rate = field(default=Rate(200.0, 1_000))
    account_rate: Rate = field(default=Rate(100.0, 500))
    spec_rate: Rate = field(default=Rate(0.1, 20))
    large_rate: Rate = field(default=Rate(2.0, 64))
    page: int = 100
    page_most: int = 1_000
    streams: int = 200
    streams_each: int = 20
    stream_seconds: float = 300.0
    poll_seconds: float = 2.0
    index_seconds: float = 120.0
    index_blocks: int = 64

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
            raise InputError(f"the API's address is http:// or https:// and a host, not {self.url!r:.200}")
        if parts.username or parts.password:
            raise InputError("the API's address holds no user and no password")
        numbers = (
            self.page,
            self.page_most,
            self.streams,
            self.streams_each,
            self.uploads,
            self.uploads_each,
        )
        bodies = (self.message_bytes, self.spec_bytes, self.small_bytes)
        contents = (*bodies, self.campaign_bytes, self.account_bytes, self.upload_seconds)
        times = (self.request_seconds, self.sign_in_seconds, self.session_seconds, self.reply_seconds)
        if min(*numbers, *contents, *times, self.stream_seconds, self.poll_seconds) <= 0:
            raise InputError("sizes, pages and times of an API are above zero")

    @property
    def domain(self) -> str:
        """Host, and port if there is one."""
        return urlsplit(self.url).netloc

    @property
    def uri(self) -> str:
        """What is signed in to."""
        return f"{self.url.rstrip('/')}/v1"

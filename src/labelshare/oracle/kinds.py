"""What a blob is, by its own bytes: never by a name or a header, which say what their sender likes.

Only what stands here is taken from strangers and shown as what it is. A text that looks like markup (HTML,
SVG, XML) may be an item like any other, but nobody's browser is told to open it.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from labelshare.errors import InputError

__all__ = ["BEGINNING", "DOWNLOAD", "Sniffer", "is_shown", "kind_of"]

BEGINNING: Final = 4_096
"""So many first bytes decide."""
TEXT: Final = "text/plain; charset=utf-8"
DOWNLOAD: Final = "application/octet-stream"

# Where and how each kind begins; first come, first served.
_BEGINNINGS: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"OggS\x00"), "audio/ogg"),
    (re.compile(rb"fLaC"), "audio/flac"),
    (re.compile(rb"ID3[\x02-\x04]|\xff[\xfa\xfb\xf2\xf3]"), "audio/mpeg"),
    (re.compile(rb"\x00\x00..ftyp(?:avif|avis)", re.DOTALL), "image/avif"),
    (re.compile(rb"\x00\x00..ftyp(?:M4A |M4B )", re.DOTALL), "audio/mp4"),
    (re.compile(rb"\x00\x00..ftyp(?:isom|iso[2-9]|mp4[12]|avc1|dash|M4V )", re.DOTALL), "video/mp4"),
    (re.compile(rb"\x1a\x45\xdf\xa3.{0,64}webm", re.DOTALL), "video/webm"),
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP: Final = re.compile(r"\ufeff?\s*<(?:[!?a-zA-Z/])")


def kind_of(beginning: bytes) -> str:
    """The media type of what begins so; `DOWNLOAD` for what is none of ours, or is no text to be shown."""
    for begins, kind in _BEGINNINGS:
        if begins.match(beginning):
            return kind
    text = _Text()
    if not text.take(beginning[:BEGINNING]):
        return DOWNLOAD
    return DOWNLOAD if _is_markup(beginning) else TEXT


def is_shown(kind: str) -> bool:
    """Whether a browser may open it where it is, instead of saving it."""
    return kind != DOWNLOAD


def _is_markup(beginning: bytes) -> bool:
    return bool(_MARKUP.match(beginning[:BEGINNING].decode(errors="replace")))


class _Text:
    """Whether bytes that come in pieces are a text: UTF-8 without control characters."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def take(self, piece: bytes, *, last: bool = False) -> bool:
        try:
            return not _CONTROL.search(self._decoder.decode(piece, last))
        except UnicodeDecodeError:
            return False


class Sniffer:
    """Looks at a blob as it comes in, and refuses what is neither text nor one of our media."""

    def __init__(self) -> None:
        self._beginning = b""
        self._text = _Text()
        self._is_text = True

    def take(self, piece: bytes) -> None:
        """The next bytes."""
        if len(self._beginning) < BEGINNING:
            self._beginning += piece[: BEGINNING - len(self._beginning)]
        if self._is_text:
            self._is_text = self._text.take(piece)

    def end(self) -> str:
        """The media type of all; `InputError` for what is not taken."""
        if self._is_text and self._text.take(b"", last=True):
            return kind_of(self._beginning)
        found = kind_of(self._beginning)
        if found in {DOWNLOAD, TEXT}:
            raise InputError(
                "content is text in UTF-8, an image (PNG, JPEG, GIF, WebP, AVIF), sound (WAV, MP3, Ogg, "
                "FLAC, M4A) or film (MP4, WebM); this begins like none of them"
            )
        return found

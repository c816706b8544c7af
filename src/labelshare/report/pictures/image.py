"""Small grey images made large and smooth, as PNG."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

__all__ = ["grey_png"]


def grey_png(ink: Sequence[int], width: int, *, most: int, scale: int = 8) -> bytes:
    """A PNG of an image, enlarged by cubic interpolation; dark ink on white paper.

    Args:
        ink: Values from 0 (paper) to `most` (ink), row by row.
        width: Values in a row.
        most: The darkest value.
        scale: How much larger the picture gets each way.
    """
    rows = [ink[start : start + width] for start in range(0, len(ink), width)]
    wide = [_enlarged([float(value) for value in row], scale) for row in rows]
    tall = [_enlarged(list(column), scale) for column in zip(*wide, strict=True)]
    lines = [bytes(_grey(value, most) for value in row) for row in zip(*tall, strict=True)]
    return _png(lines)


def _enlarged(values: list[float], scale: int) -> list[float]:
    """Catmull and Rom's curve through the values; the edges go on as they end."""
    padded = [values[0], values[0], *values, values[-1], values[-1]]
    result = []
    for step in range(len(values) * scale):
        place = (step + 0.5) / scale + 1.5
        at, t = int(place), place % 1
        a, b, c, d = padded[at - 1 : at + 3]
        curve = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * (b - c) + d - a) * t**3
        result.append(curve / 2)
    return result


def _grey(value: float, most: int) -> int:
    return 255 - round(255 * min(max(value / most, 0.0), 1.0))


def _png(lines: Sequence[bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", len(lines[0]), len(lines), 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines), 9)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

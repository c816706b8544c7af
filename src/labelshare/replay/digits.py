"""The demonstration's crowd: handwritten digits, labelled by simulated annotators.

The images are real (`data/README.md` says where from); nobody labelled them here. The annotators are programs
of five kinds, and every report calls them simulated.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from typing import Final

from labelshare.replay.crowd import Crowd, Vote

__all__ = ["KINDS", "Digit", "load_digits", "simulated_crowd"]

KINDS: Final = {"careful": 12, "average": 9, "lazy": 4, "random": 3, "colluding": 2}
_PIXELS: Final = "0123456789abcdefg"
_LOOKALIKE: Final = {0: 6, 1: 7, 2: 7, 3: 8, 4: 9, 5: 6, 6: 5, 7: 1, 8: 3, 9: 4}


@dataclass(frozen=True, slots=True)
class Digit:
    """An image: its true class and 8 × 8 grey values from 0 (paper) to 16 (ink), row by row."""

    digit: int
    pixels: bytes

    @property
    def digest(self) -> str:
        """sha256 of the 64 grey values, one byte each."""
        return sha256(self.pixels).hexdigest()


def load_digits() -> list[Digit]:
    """The 300 images that ship with the package."""
    text = resources.files("labelshare.replay.data").joinpath("digits.csv").read_text(encoding="ascii")
    rows = (line.split(",") for line in text.splitlines()[1:])
    return [Digit(int(digit), bytes(map(_PIXELS.index, pixels))) for digit, pixels in rows]


def simulated_crowd(seed: int, *, items: int = 300) -> Crowd:
    """Every simulated annotator's answer to every image.

    All of them answer everything, so that whoever is assigned an item has an answer for it.

    Args:
        seed: The same seed gives the same answers.
        items: How many of the images to use, from the first.
    """
    digits = load_digits()[:items]
    dice = random.Random(seed)  # noqa: S311 (a simulation, no secret)
    kinds = [kind for kind, count in KINDS.items() for _ in range(count)]
    workers = [f"{kind} {number}" for kind, count in KINDS.items() for number in range(1, count + 1)]
    agreed = [dice.randrange(10) for _ in digits]
    votes = [
        Vote(item, worker, _ANSWERS[kind](digit.digit, agreed[item], dice))
        for worker, kind in enumerate(kinds)
        for item, digit in enumerate(digits)
    ]
    return Crowd(
        name="handwritten digits",
        simulated=True,
        items=tuple(f"digit {number:03d}" for number in range(len(digits))),
        workers=tuple(workers),
        classes=tuple(map(str, range(10))),
        votes=tuple(votes),
        truth={item: digit.digit for item, digit in enumerate(digits)},
        kinds=tuple(kinds),
    )


def _mostly(right: float) -> Callable[[int, int, random.Random], int]:
    """Right with this chance, else the digit's look-alike or any other."""

    def answer(truth: int, agreed: int, dice: random.Random) -> int:  # noqa: ARG001 (one signature for all kinds)
        if dice.random() < right:
            return truth
        return _LOOKALIKE[truth] if dice.random() < 0.5 else dice.randrange(10)

    return answer


def _anything(truth: int, agreed: int, dice: random.Random) -> int:  # noqa: ARG001
    return dice.randrange(10)


def _as_agreed(truth: int, agreed: int, dice: random.Random) -> int:  # noqa: ARG001
    return agreed


_ANSWERS: Final = {
    "careful": _mostly(0.97),
    "average": _mostly(0.85),
    "lazy": _mostly(0.45),
    "random": _anything,
    "colluding": _as_agreed,
}

"""What a replay tells of itself beside its outcome: names, kinds, gas, and the demonstration's images."""

from __future__ import annotations

from typing import Final

from labelshare.replay.crowd import Crowd
from labelshare.replay.digits import load_digits
from labelshare.replay.life import Lived
from labelshare.report.page import Told
from labelshare.report.pictures.image import grey_png

__all__ = ["CREDIT", "told_of"]

CREDIT: Final = (
    "Images: Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak (1998), UCI Machine "
    "Learning Repository, doi:10.24432/C50P49, licensed under Creative Commons Attribution 4.0 International "
    "(CC BY 4.0, creativecommons.org/licenses/by/4.0); 8 × 8 grey values, enlarged and smoothed here."
)
_WIDTH: Final = 8
_INK: Final = 16


def told_of(crowd: Crowd, lived: Lived) -> Told:
    """What the page of a life is told; images only of the digits, which are the one simulated crowd."""
    digits = load_digits()[: len(crowd.items)] if crowd.simulated else []
    return Told(
        deployment=lived.deployment,
        names=dict(zip(lived.annotators, crowd.workers, strict=True)),
        gas=lived.gas,
        truth=crowd.truth,
        kinds=dict(zip(lived.annotators, crowd.kinds, strict=True)) if crowd.kinds else {},
        simulated=crowd.simulated,
        images={at: grey_png(each.pixels, _WIDTH, most=_INK) for at, each in enumerate(digits)},
        credit=CREDIT if digits else "",
    )

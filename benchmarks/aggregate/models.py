"""The models that are compared: a further one is a line in `MODELS`.

Both sides import this module, so what only one of them has is named here and imported where it runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MODELS", "Model"]


@dataclass(frozen=True)
class Model:
    """One way of choosing labels.

    Attributes:
        title: its name in the table.
        module, function: ours: an `Aggregator` of `labelshare.protocol.aggregation`.
        peer: the class of `crowdkit.aggregation`; None where it has no such model.
        exact: whether both sides must name the same winner wherever no class is tied.
        compiled: whether numba is used where it is installed.
        peer_options: what it is made with.
        largest: the most labels that it is timed on; None for any number.
    """

    title: str
    module: str
    function: str
    peer: str | None
    exact: bool
    compiled: bool
    peer_options: Mapping[str, Any] = field(default_factory=dict)
    largest: int | None = None

    def sizes(self, asked: Sequence[int]) -> list[int]:
        """Those of the sizes asked for that it is timed on."""
        return [size for size in asked if self.largest is None or size <= self.largest]


MODELS: Final[Mapping[str, Model]] = {
    "majority": Model(
        "majority vote",
        "labelshare.protocol.aggregation.majority",
        "majority",
        peer="MajorityVote",
        exact=True,
        compiled=False,
    ),
    "dawid-skene": Model(
        "Dawid–Skene",
        "labelshare.protocol.aggregation.dawid_skene",
        "dawid_skene",
        peer="DawidSkene",
        exact=False,
        compiled=True,
        peer_options={"n_iter": 100},
    ),
    "committee": Model(
        "committee",
        "labelshare.protocol.aggregation.committee",
        "committee",
        peer=None,
        exact=False,
        compiled=True,
        largest=1_000_000,
    ),
}

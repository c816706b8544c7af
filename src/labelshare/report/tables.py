"""Results as tables: columns of plain Python values, exact, which pandas, Polars and Arrow take as they are.

The kind of a column decides its type, whatever its values are, so tables of two campaigns can be put one
below the other:

    kind      Python    pandas                    Polars            Arrow
    TEXT      str       string                    String            string
    COUNT     int       int64                     Int64             int64
    FLAG      bool      boolean                   Boolean           bool
    RATIO     float     float64                   Float64           float64
    UNITS     int       int64, object beyond it   Decimal(38, 0)    decimal128(38, 0)
    TOKENS    Decimal   object                    Decimal(38, s)    decimal128(38, s)

Amounts on chain go up to 2^128 - 1, and ten whole tokens of 18 decimals are more than 64 bits hold; no float
is ever among them. So pandas gets Python's own integers where int64 ends. Where 38 digits do not hold an
amount (which takes 39), Polars gets a String of all its digits and Arrow decimal256(76, s). What is not known
is None here and null there; in pandas NA, NaN or None, by type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

from labelshare.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["Column", "Kind", "Table", "Value", "tokens"]

Value: TypeAlias = str | int | float | Decimal | None


class Kind(Enum):
    """What a column holds: words, numbers of things, yes or no, a part of one, amounts."""

    TEXT = auto()
    COUNT = auto()
    FLAG = auto()
    RATIO = auto()
    UNITS = auto()
    TOKENS = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """A column's values, one a row.

    Attributes:
        kind: Of which type they are.
        values: In the order of the rows; None where nothing is known.
        about: What they say.
        unit: What they are counted in, if in anything.
        scale: Digits behind the point, of `TOKENS`.
    """

    kind: Kind
    values: tuple[Value, ...]
    about: str = ""
    unit: str = ""
    scale: int = 0

    @property
    def described(self) -> str:
        """What the values say, with the unit."""
        return f"{self.about} ({self.unit})" if self.about and self.unit else self.about or self.unit


@dataclass(frozen=True, repr=False)
class Table:
    """A table: its name, and its columns in their order; `InputError` if they are not equally long."""

    name: str
    columns: Mapping[str, Column]

    def __post_init__(self) -> None:
        if len({len(column.values) for column in self.columns.values()}) > 1:
            raise InputError(f"the columns of {self.name} are not equally long")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())).values) if self.columns else 0

    def rows(self) -> list[dict[str, Value]]:
        """Each row as a dict by column name."""
        names, values = list(self.columns), (column.values for column in self.columns.values())
        return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]

    def to_pandas(self) -> pd.DataFrame:
        """The table as a data frame of pandas; `InputError` if pandas is not installed."""
        from labelshare.report import frames

        return frames.to_pandas(self)

    def to_polars(self) -> pl.DataFrame:
        """The table as a data frame of Polars; `InputError` if Polars is not installed."""
        from labelshare.report import frames

        return frames.to_polars(self)

    def to_arrow(self) -> pa.Table:
        """The table as an Arrow table, with meanings and units as metadata of its fields.

        Raises:
            InputError: pyarrow is not installed.
        """
        from labelshare.report import frames

        return frames.to_arrow(self)

    def __repr__(self) -> str:
        from labelshare.report import notebook

        return notebook.text(self)

    def _repr_html_(self) -> str:
        from labelshare.report import notebook

        return notebook.html(self)


def tokens(amount: int, decimals: int) -> Decimal:
    """An amount of base units in whole tokens, to its last digit whatever the decimal context is."""
    return Decimal((int(amount < 0), tuple(map(int, str(abs(amount)))), -decimals))

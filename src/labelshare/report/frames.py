"""Tables for the packages that researchers work with; each is imported where it is asked for."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from labelshare.errors import InputError
from labelshare.report.tables import Column, Kind, Table

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["to_arrow", "to_pandas", "to_polars"]

INT64: Final = 1 << 63
DIGITS: Final = 38  # of a decimal in 128 bits
MOST_DIGITS: Final = 76  # of one in 256


def to_pandas(table: Table) -> pd.DataFrame:
    """The table as a data frame of pandas; `InputError` if pandas is not installed."""
    pandas = _package("pandas")
    return pandas.DataFrame(
        {
            name: pandas.Series(list(column.values), dtype=_pandas_type(column))
            for name, column in table.columns.items()
        }
    )


def to_polars(table: Table) -> pl.DataFrame:
    """The table as a data frame of Polars; `InputError` if Polars is not installed."""
    polars = _package("polars")
    series = []
    for name, column in table.columns.items():
        kind = _polars_type(polars, column)
        values = _digits(column) if kind == polars.String else _decimals(column)
        series.append(polars.Series(name, values, dtype=kind))
    frame: pl.DataFrame = polars.DataFrame(series)
    return frame


def to_arrow(table: Table) -> pa.Table:
    """The table as an Arrow table; `InputError` if pyarrow is not installed."""
    arrow = _package("pyarrow")
    arrays, fields = [], []
    for name, column in table.columns.items():
        kind = _arrow_type(arrow, column)
        values = _digits(column) if kind == arrow.string() else _decimals(column)
        arrays.append(arrow.array(values, type=kind))
        told = {"about": column.about, "unit": column.unit}
        fields.append(arrow.field(name, kind, metadata={key: text for key, text in told.items() if text}))
    return arrow.Table.from_arrays(arrays, schema=arrow.schema(fields, metadata={"name": table.name}))


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise InputError(f'{name} is not installed; pip install "labelshare[data]" brings it') from error


def _pandas_type(column: Column) -> str:
    match column.kind:
        case Kind.TEXT:
            return "string"
        case Kind.COUNT:
            return "int64"
        case Kind.FLAG:
            return "boolean"
        case Kind.RATIO:
            return "float64"
        case Kind.UNITS:
            fits = all(isinstance(each, int) and -INT64 <= each < INT64 for each in column.values)
            return "int64" if fits else "object"
        case Kind.TOKENS:
            return "object"


def _polars_type(polars: Any, column: Column) -> Any:
    match column.kind:
        case Kind.TEXT:
            return polars.String
        case Kind.COUNT:
            return polars.Int64
        case Kind.FLAG:
            return polars.Boolean
        case Kind.RATIO:
            return polars.Float64
        case Kind.UNITS | Kind.TOKENS:
            return polars.Decimal(DIGITS, column.scale) if _length(column) <= DIGITS else polars.String


def _arrow_type(arrow: Any, column: Column) -> Any:
    match column.kind:
        case Kind.TEXT:
            return arrow.string()
        case Kind.COUNT:
            return arrow.int64()
        case Kind.FLAG:
            return arrow.bool_()
        case Kind.RATIO:
            return arrow.float64()
        case Kind.UNITS | Kind.TOKENS:
            if _length(column) <= DIGITS:
                return arrow.decimal128(DIGITS, column.scale)
            long = _length(column) > MOST_DIGITS  # a token of more decimals than any decimal type has
            return arrow.string() if long else arrow.decimal256(MOST_DIGITS, column.scale)


def _length(column: Column) -> int:
    """The digits that the longest amount of a column takes, and at least those behind the point."""
    amounts = (each for each in _decimals(column) if each is not None)
    return max(column.scale, max((len(each.as_tuple().digits) for each in amounts), default=0))


def _decimals(column: Column) -> list[Any]:
    """The values; amounts of base units as decimals, which have no largest."""
    if column.kind is not Kind.UNITS:
        return list(column.values)
    return [None if each is None else Decimal(each) for each in column.values]


def _digits(column: Column) -> list[Any]:
    """The values as text; amounts with all their digits and no exponent."""
    if column.kind is Kind.TEXT:
        return list(column.values)
    return [None if each is None else f"{each:f}" for each in _decimals(column)]

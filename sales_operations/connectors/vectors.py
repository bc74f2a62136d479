"""Whole columns at once, where all of their texts are of the plainest form; the parsers take the others one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sales_operations.connectors.dates import FIRST_YEAR, LAST_YEAR
from sales_operations.connectors.parse import Converter, Errors
from sales_operations.domain.money import LARGEST_MINOR

_MICROS_PER_YEAR = 31_556_952_000_000
_EARLIEST, _LATEST = ((year - 1970) * _MICROS_PER_YEAR for year in (FIRST_YEAR + 1, LAST_YEAR))
"""Instants between which no year has to be looked at closely."""

Vector = Callable[[Sequence[str]], list[Any] | None]
"""Gives the values of a column, or None where any of its texts needs a closer look."""


def quickly(vector: Vector, converter: Converter) -> Converter:
    """The converter, asked only where the vector cannot say."""

    def convert(cells: Sequence[str]) -> tuple[list[Any], Errors]:
        values = vector(cells) if cells else None
        return converter(cells) if values is None else (values, {})

    return convert


def instants(*, naive_is_utc: bool) -> Vector:
    """Microseconds since 1970 of ISO 8601 texts that say their zone, or none of which does where that means UTC."""

    def vector(cells: Sequence[str]) -> list[Any] | None:
        import pyarrow
        import pyarrow.compute as compute

        texts = compute.if_else(compute.equal(column := pyarrow.array(cells, pyarrow.string()), ""), None, column)
        for zone in ("UTC", None) if naive_is_utc else ("UTC",):
            try:
                numbers = compute.cast(texts, pyarrow.timestamp("us", zone)).cast(pyarrow.int64())
            except pyarrow.ArrowInvalid:
                continue
            span = compute.min_max(numbers).as_py()
            if span["min"] is None or _EARLIEST <= span["min"] <= span["max"] < _LATEST:
                values: list[Any] = numbers.to_pylist()
                return values
        return None

    return vector


def amounts(places: int) -> Vector:
    """Minor units of amounts of 0 or more with a decimal point and no more than ``places`` decimals, 2 at most."""

    def vector(cells: Sequence[str]) -> list[Any] | None:
        import pyarrow
        import pyarrow.compute as compute

        texts = compute.if_else(compute.equal(column := pyarrow.array(cells, pyarrow.string()), ""), None, column)
        if compute.any(compute.match_substring_regex(texts, "[^0-9.]")).as_py():
            return None
        scale = pyarrow.scalar(10**places, pyarrow.decimal128(3, 0))
        try:
            exact = compute.cast(texts, pyarrow.decimal128(20, places))
            minor = compute.cast(compute.multiply(exact, scale), pyarrow.int64())
        except pyarrow.ArrowInvalid:
            return None
        most = compute.max(minor).as_py()
        if most is not None and most > LARGEST_MINOR:
            return None
        values: list[Any] = minor.to_pylist()
        return values

    return vector

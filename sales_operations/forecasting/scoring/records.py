"""Records to score: what was known of each, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sales_operations.domain.errors import InvalidInput
from sales_operations.estimation.shrinkage import Floats

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]
DAY = 86_400_000_000
"""Microseconds."""


@dataclass(frozen=True, eq=False)
class Records:
    """One record an entry; all arrays are (n,).

    ``outcome``: 1 won or converted, 0 lost, NaN where it is open. ``groups``: records of one group never stand on both
    sides of a split. ``columns``: field to what it held, as text, empty where it is missing. ``opened`` and ``decided``
    are microseconds since the epoch, NaN where unknown. ``known_from_close``: fields that are declared to be filled in
    with the outcome. ``filled_after``: field to how many decided records have it from the outcome on only, and how many
    have it at all, both as far as their history tells.
    """

    ids: Texts
    groups: Texts
    outcome: Floats
    columns: Mapping[str, Texts]
    opened: Floats
    decided: Floats
    known_from_close: frozenset[str] = frozenset()
    filled_after: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_decided(self) -> Bools:
        """Which have an outcome."""
        return np.asarray(~np.isnan(self.outcome))

    def take(self, rows: Ints | Bools) -> Records:
        """Some of the records."""
        return replace(
            self,
            ids=self.ids[rows],
            groups=self.groups[rows],
            outcome=self.outcome[rows],
            columns={name: held[rows] for name, held in self.columns.items()},
            opened=self.opened[rows],
            decided=self.decided[rows],
        )

    def without(self, fields: Iterable[str]) -> Records:
        """The records without these fields."""
        gone = frozenset(fields)
        return replace(self, columns={name: held for name, held in self.columns.items() if name not in gone})


def records_of(
    frame: Any,
    *,
    outcome: str,
    positive: Iterable[Any],
    negative: Iterable[Any] | None = None,
    id_column: str | None = None,
    opened: str | None = None,
    decided: str | None = None,
    missing: Iterable[str] = (),
    known_from_close: Iterable[str] = (),
) -> Records:
    """Records from a table: a mapping of columns, or a frame of pandas, Polars or Arrow.

    ``positive`` and ``negative`` are the values of the column ``outcome`` that mean won and lost; without ``negative``
    every other filled one means lost. An empty outcome is an open record. Records with the same ``id_column`` are one
    group, and exact copies count once. ``opened`` and ``decided`` name columns of dates. ``missing``: texts that stand
    for an empty cell. Raises InvalidInput.
    """
    table = _columns(frame)
    named = [name for name in (outcome, id_column, opened, decided) if name is not None]
    if absent := [name for name in (*named, *known_from_close) if name not in table]:
        raise InvalidInput(f"the table has no column {', '.join(map(repr, absent))}; it has {', '.join(table)}")
    empty = frozenset(missing)
    texts = {name: _texts(held, empty) for name, held in table.items()}
    ids = texts[id_column] if id_column else np.arange(len(texts[outcome])).astype(str)
    won = np.isin(texts[outcome], [_text(value) for value in positive])
    lost = texts[outcome] != "" if negative is None else np.isin(texts[outcome], [_text(value) for value in negative])
    found = Records(
        ids,
        ids,
        np.where(won, 1.0, np.where(lost, 0.0, np.nan)),
        {name: held for name, held in texts.items() if name not in named},
        _instants(texts[opened]) if opened else np.full(len(ids), np.nan),
        _instants(texts[decided]) if decided else np.full(len(ids), np.nan),
        frozenset(known_from_close),
    )
    return found.take(_first_copies(found)) if id_column else found


def _columns(frame: Any) -> dict[str, Sequence[Any]]:
    if isinstance(frame, Mapping):
        return {str(name): list(values) for name, values in frame.items()}
    import narwhals as nw

    return {name: held.to_list() for name, held in nw.from_native(frame, eager_only=True).to_dict().items()}


def _texts(values: Sequence[Any], empty: frozenset[str]) -> Texts:
    return np.array(["" if (text := _text(value)) in empty else text for value in values], dtype=np.str_)


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    # A whole number that a frame holds as 3.0 for want of a missing integer is 3 all the same.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _instants(texts: Texts) -> Floats:
    parsed = np.full(len(texts), np.nan)
    filled = np.flatnonzero(texts != "")
    try:
        parsed[filled] = texts[filled].astype("datetime64[us]").astype(np.int64)
    except ValueError as error:
        raise InvalidInput(f"a date is not ISO 8601, such as 2026-05-31 or 2026-05-31T12:00:00: {error}") from None
    return parsed


def _first_copies(records: Records) -> Ints:
    written = zip(records.ids, *records.columns.values(), records.outcome, strict=True)
    seen: dict[Any, int] = {}
    for place, row in enumerate(written):
        seen.setdefault(row, place)
    return np.array(list(seen.values()), dtype=np.int64)

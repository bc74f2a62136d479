"""From fields as they are written to numbers that every model takes.

A column of numbers stays one. A text, and a number whose values come again and again, becomes the share won of its
value, shrunk, and how often the value was seen: so that thousands of values are one column, and a value never seen is the
average. A training record's own outcome, and its group's, never enter its own numbers (Micci-Barreca, SIGKDD
Explorations 3, 2001, computed out of fold).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sales_operations.estimation.classification import log_odds
from sales_operations.estimation.shrinkage import Floats, shrunk_mean
from sales_operations.forecasting.scoring.folds import folds_of
from sales_operations.forecasting.scoring.records import Ints, Records, Texts

MANY_VALUES = 50
"""Numbers with more values, that repeat, are taken by value too; texts with more are counted too."""
MOSTLY = 0.95
"""The share of filled cells that have to be numbers, or dates, for the column to be one."""
_PRIOR = 10.0
_FOLDS = 5
_KEY_ROWS = 1000


@dataclass(frozen=True)
class _Values:
    """The values of a column, sorted, with how many training records have each and how much of them was won."""

    values: Texts
    seen: Floats
    won: Floats
    overall: float

    def encoded(self, texts: Texts) -> tuple[Floats, Floats]:
        place = np.minimum(np.searchsorted(self.values, texts), len(self.values) - 1)
        known = self.values[place] == texts
        seen, won = np.where(known, self.seen[place], 0.0), np.where(known, self.won[place], 0.0)
        return log_odds(shrunk_mean(won, seen, self.overall, _PRIOR)), np.log1p(seen)


@dataclass(frozen=True)
class _Column:
    name: str
    is_number: bool
    has_gaps: bool
    values: _Values | None
    counts: bool


class Encoder:
    """Learns from training records how to write any as a row of numbers.

    ``sources`` names the field of each column of the matrix. ``left_out``: fields that say nothing, to the reason.
    """

    def __init__(self, train: Records) -> None:
        self._columns: list[_Column] = []
        self.left_out: dict[str, str] = {}
        self.sources: list[str] = []
        blocks: list[Floats] = []
        inner = folds_of(train.groups, _FOLDS, "encoding")
        groups = np.unique(train.groups, return_inverse=True)[1]
        for name, texts in sorted(train.columns.items()):
            made = self._learnt(name, texts, train.outcome, inner, groups)
            if made is not None:
                blocks += made
                self.sources += [name] * len(made)
        self.matrix: Floats = np.column_stack(blocks) if blocks else np.zeros((len(train), 0))
        """The training records themselves, (n, k); NaN where a number is missing."""

    def encode(self, columns: Mapping[str, Texts], count: int) -> Floats:
        """``count`` records as a matrix (count, k)."""
        blocks: list[Floats] = []
        for column in self._columns:
            texts = columns.get(column.name)
            held = np.full(count, "") if texts is None else texts
            number = numbers(held) if column.is_number else None
            by_value = column.values.encoded(held) if column.values else None
            blocks += _blocks(column, number, by_value)
        return np.column_stack(blocks) if blocks else np.zeros((count, 0))

    def _learnt(self, name: str, texts: Texts, outcome: Floats, inner: Ints, groups: Ints) -> list[Floats] | None:
        filled = texts != ""
        values, place, seen = np.unique(texts, return_inverse=True, return_counts=True)
        distinct = len(values) - (values[0] == "" if len(values) else 0)
        if len(values) < 2:
            self.left_out[name] = "is empty everywhere" if not distinct else "has one value everywhere"
            return None
        number = numbers(texts)
        is_number = bool((~np.isnan(number)).sum() >= MOSTLY * filled.sum())
        keys = distinct == filled.sum() and (not is_number or (distinct >= _KEY_ROWS and _whole(number)))
        if distinct > MANY_VALUES and (keys or (not is_number and distinct > 0.5 * filled.sum())):
            self.left_out[name] = "is different in almost every record, as a key or free text is"
            return None
        by_value = distinct <= 0.5 * filled.sum() and (not is_number or distinct > MANY_VALUES)
        learnt = encoded = None
        if by_value or not is_number:
            won = np.bincount(place, weights=outcome).astype(np.float64)
            learnt = _Values(values, seen.astype(np.float64), won, float(outcome.mean()))
            encoded = _own_outcome_apart(place, outcome, inner, groups, learnt)
        column = _Column(name, is_number, is_number and bool((~filled).any()), learnt, distinct > MANY_VALUES)
        self._columns.append(column)
        return _blocks(column, number if is_number else None, encoded)


def numbers(texts: Texts) -> Floats:
    """Texts as numbers, dates as days since 1970; NaN where they are neither."""
    values, place = np.unique(texts, return_inverse=True)
    return np.array([_number(value) for value in values.tolist()], dtype=np.float64)[place]


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = np.nan
        if len(text) >= 10 and text[4:5] == "-" and text[7:8] == "-":
            try:
                found = float(np.datetime64(text[:10], "D").astype(np.int64))
            except ValueError:
                return np.nan
    return found if np.isfinite(found) else np.nan


def _whole(number: Floats) -> bool:
    known = number[~np.isnan(number)]
    return bool((known == np.floor(known)).all())


def _blocks(column: _Column, number: Floats | None, by_value: tuple[Floats, Floats] | None) -> list[Floats]:
    made: list[Floats] = []
    if number is not None:
        made.append(number)
        if column.has_gaps:
            made.append(np.isnan(number).astype(np.float64))
    if by_value is not None:
        made.append(by_value[0])
        if column.counts:
            made.append(by_value[1])
    return made


def _own_outcome_apart(
    place: Ints, outcome: Floats, inner: Ints, groups: Ints, learnt: _Values
) -> tuple[Floats, Floats]:
    """The training records by value: the share won from the other folds, the count without the own group."""
    share = np.zeros(len(place))
    size = len(learnt.values)
    for fold in range(_FOLDS):
        own = inner == fold
        seen = np.bincount(place[~own], minlength=size)
        won = np.bincount(place[~own], weights=outcome[~own], minlength=size)
        share[own] = shrunk_mean(won, seen, learnt.overall, _PRIOR)[place[own]]
    pair = np.unique(groups * size + place, return_inverse=True, return_counts=True)
    return log_odds(share), np.log1p(learnt.seen[place] - pair[2][pair[1]])

"""The record of forecasts that were made: what each said, at which point of its period, and how far it was off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sales_operations.domain.clock import iso
from sales_operations.domain.money import to_major
from sales_operations.domain.periods import MONTHS, Period, period_of
from sales_operations.estimation.forecast_errors import bias, wape

POINTS = {"start": (0.0, 0.15), "middle": (0.4, 0.6)}
"""Points of a period at which forecasts are compared: the share of its days that had passed, from and to."""
RECENT = 12
"""Accuracy is that of so many periods, those that ended last."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A forecast of won revenue as it was made at ``made_at`` (microseconds), in minor units of ``currency``.

    ``as_of`` is the day that it starts from; ``open`` and ``created_later`` are None where the method does not tell them
    apart. ``data_seq`` is the ledger's number that it knew, ``settings`` a digest of how it forecasts.
    """

    method: str
    period: str
    period_start: date
    period_end: date
    as_of: date
    made_at: int
    currency: str
    total: int
    booked: int
    open: int | None
    created_later: int | None
    p2_5: int
    p10: int
    p50: int
    p90: int
    p97_5: int
    confidence: float
    weights: Mapping[str, float] | None
    data_seq: int
    settings: str

    @property
    def of(self) -> Period:
        """The period that it is about."""
        return Period(self.period, self.period_start, self.period_end)

    @property
    def elapsed(self) -> float:
        """The share of the period's days that had passed."""
        days = (self.period_end - self.period_start).days + 1
        return ((self.as_of - self.period_start).days + 1) / days

    def label(self, fiscal_year_start: int = 1) -> str:
        """What its period is called where years begin in that month."""
        return replace(self.of, fiscal_year_start=fiscal_year_start).label

    def shown(self, fiscal_year_start: int = 1) -> dict[str, object]:
        """The forecast as results show it, in major units."""

        def major(minor: int | None) -> float | None:
            return None if minor is None else to_major(minor, self.currency)

        return {
            "method": self.method,
            "period": self.label(fiscal_year_start),
            "as_of": self.as_of.isoformat(),
            "made_at": iso(self.made_at),
            "total": major(self.total),
            "booked": major(self.booked),
            "open": major(self.open),
            "not_created_yet": major(self.created_later),
            "median": major(self.p50),
            "interval_80": [major(self.p10), major(self.p90)],
            "interval_95": [major(self.p2_5), major(self.p97_5)],
            "confidence": self.confidence,
            "weights": None if self.weights is None else dict(self.weights),
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """A forecast whose period is over, and what was won in it, in minor units."""

    kept: Kept
    actual: int

    @property
    def error(self) -> int:
        """Forecast less won."""
        return self.kept.total - self.actual

    @property
    def side(self) -> int:
        """1 where more was won than half of what could happen, -1 where less."""
        return (self.actual > self.kept.p50) - (self.actual < self.kept.p50)

    @property
    def in_80(self) -> bool:
        """Whether what was won lay in the interval that should hold four of five."""
        return self.kept.p10 <= self.actual <= self.kept.p90

    @property
    def in_95(self) -> bool:
        """The same for 19 of 20."""
        return self.kept.p2_5 <= self.actual <= self.kept.p97_5

    def shown(self, fiscal_year_start: int = 1) -> dict[str, object]:
        """The forecast with what came of it."""
        return self.kept.shown(fiscal_year_start) | {
            "actual": to_major(self.actual, self.kept.currency),
            "error": to_major(self.error, self.kept.currency),
            "in_80": self.in_80,
            "in_95": self.in_95,
        }


@dataclass(frozen=True)
class Record:
    """The forecasts of the last periods that are over, made with one method at one point of each; the oldest first."""

    method: str
    period: str
    point: str
    judged: tuple[Judged, ...]

    @property
    def wape(self) -> float | None:
        """The sum of absolute errors over what was won; None where nothing was."""
        return wape(*self._pairs)

    @property
    def bias(self) -> float | None:
        """The sum of errors over what was won: above 0 where too much was forecast; None where nothing was."""
        return bias(*self._pairs)

    @property
    def in_80(self) -> int:
        """How many lay in their 80 % interval."""
        return sum(one.in_80 for one in self.judged)

    @property
    def in_95(self) -> int:
        """How many lay in their 95 % interval."""
        return sum(one.in_95 for one in self.judged)

    @property
    def where(self) -> str:
        """The point in words."""
        return "at its start" if self.point == "start" else "in its middle"

    def shown(self) -> dict[str, object]:
        """The figures for a result; ``in_80`` and ``in_95`` of ``n``."""
        of = {"method": self.method, "period": self.period, "point": self.point, "n": len(self.judged)}
        return {**of, "wape": self.wape, "bias": self.bias, "in_80": self.in_80, "in_95": self.in_95}

    @property
    def _pairs(self) -> tuple[list[int], list[int]]:
        return [one.kept.total for one in self.judged], [one.actual for one in self.judged]


def judged(kept: Iterable[Kept], won: Mapping[Period, int]) -> list[Judged]:
    """The forecasts of the periods whose outcome is known, in the order given."""
    return [Judged(one, won[one.of]) for one in kept if one.of in won]


def records(found: Sequence[Judged]) -> list[Record]:
    """What each method did at each point of each kind of period: one forecast for each of the last periods.

    At the start that is the earliest one, in the middle the one next to it; of several of one day the last that was made.
    """
    chosen: defaultdict[tuple[str, str, str], dict[date, Judged]] = defaultdict(dict)
    for point, (first, last) in POINTS.items():
        aim = 0.0 if point == "start" else 0.5
        near = [one for one in found if first < one.kept.elapsed <= last]
        distances = [(abs(one.kept.elapsed - aim), -one.kept.made_at, place) for place, one in enumerate(near)]
        for *_, place in sorted(distances):
            kept = near[place].kept
            chosen[kept.method, kept.period, point].setdefault(kept.period_start, near[place])
    return [Record(*key, tuple(one for _, one in sorted(of.items())[-RECENT:])) for key, of in sorted(chosen.items())]


def comparable(kept: Iterable[Kept], fiscal_year_start: int) -> list[Kept]:
    """Those of whole periods of the years that begin in that month: the others have no like among them.

    Left out are forecasts of so many days, and those of an earlier setting whose periods began in other months.
    """
    return [
        one
        for one in kept
        if one.period in MONTHS and one.of == period_of(one.period, one.period_start, fiscal_year_start)
    ]


def leading(kept: Sequence[Kept]) -> list[Kept]:
    """Those of the method that the others are part of, the hybrid; all of them where it was never used."""
    return [one for one in kept if one.method == "hybrid"] or list(kept)

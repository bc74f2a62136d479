"""All forecasts at one origin under one configuration, each corrected and measured by what had come true by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import RLock
from typing import Literal

from sales_operations.forecasting.accuracy import Accuracy, measure
from sales_operations.forecasting.asof import History
from sales_operations.forecasting.bands import Bands, bands
from sales_operations.forecasting.estimates import Estimates
from sales_operations.forecasting.learning import (
    HYBRID,
    LEAST_OBSERVED,
    Lessons,
    Past,
    combined,
    short_windows,
    with_outcome,
)
from sales_operations.forecasting.method import Estimate, Method, run_rate
from sales_operations.forecasting.reconcile import apportioned
from sales_operations.forecasting.window import Window, past_windows

DEALS = "pipeline"
"""The method whose proportions share out what a series expects."""
UNKNOWN = 1.0
"""Relative variance of a run rate that stands in for a method."""
Weights = Mapping[str, float] | Literal["auto"]


@dataclass(frozen=True)
class Forecast:
    """A method's estimate of a window, its range, and how well the method did at the same point of earlier ones.

    ``spread`` is the variance of its relative error beyond luck. ``refused`` says why the method gave no estimate; the
    estimate is then the run rate's and the accuracy nobody's.
    """

    estimate: Estimate
    bands: Bands
    accuracy: Accuracy
    spread: float
    refused: str | None = None


@dataclass(frozen=True)
class Combined:
    """The hybrid: the ``parts`` by method, their ``weights``, and why a method was ``dropped``."""

    forecast: Forecast
    parts: Mapping[str, Estimate]
    weights: Mapping[str, float]
    dropped: Mapping[str, str]


class Study:
    """Forecasts as of ``day``, which is not after the last of ``estimates``. Threads may share one."""

    def __init__(self, estimates: Estimates, day: int | None = None) -> None:
        self.day = estimates.last_day if day is None else day
        self.history: History = estimates.history(self.day)
        self._estimates = estimates
        self._lessons: dict[object, Lessons] = {}
        self._lock = RLock()

    def method(self, name: str) -> Method:
        """The method of that name."""
        return self._estimates.method(name)

    def forecast(self, name: str, window: Window) -> Forecast:
        """One method's forecast of a window whose origin is the study's day."""
        with self._lock:
            found = self._estimates.of([name], window)[name]
            if isinstance(found, str):
                return self._refused(window, found)
            lessons = self._learnt((name,), None, window)
            past = [
                (lessons.corrected(name, one.said[name], one.window.origin).total, one.window.booked(self.history))
                for one in lessons.alike
                if name in one.said
            ]
            estimate = self._parted(lessons.corrected(name, found, self.day), window)
            spread = lessons.spread(name, self.day)
            return Forecast(estimate, bands(estimate, spread, window), measure(past), spread)

    def open_factor(self, name: str, window: Window) -> float:
        """By how much the chances that a method gives open deals are corrected."""
        with self._lock:
            return self._learnt((name,), None, window).factors(name, self.day)[0]

    def combined(self, weights: Weights, dropped: Mapping[str, str], window: Window) -> Combined:
        """All methods but those that are ``dropped`` already, for the reasons given there."""
        with self._lock:
            asked = [name for name in self._estimates.names if name not in dropped]
            found = self._estimates.of(asked, window)
            present = {name: one for name, one in found.items() if isinstance(one, Estimate)}
            reasons = {**dropped, **{name: one for name, one in found.items() if isinstance(one, str)}}
            baseline = run_rate(self.history, window)
            if not present:
                why = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
                parts = dict.fromkeys(self._estimates.names, baseline)
                return Combined(self._refused(window, why), parts, {}, reasons)
            lessons = self._learnt(tuple(present), weights, window)
            said = {name: lessons.corrected(name, one, self.day) for name, one in present.items()}
            shares = lessons.weights(list(said), self.day)
            past = [(lessons.hybrid(one), one.window.booked(self.history)) for one in lessons.alike]
            estimate = self._parted(combined(said, shares), window)
            spread = lessons.spread(HYBRID, self.day)
            measured = measure([(one.total, actual) for one, actual in past if one is not None])
            forecast = Forecast(estimate, bands(estimate, spread, window), measured, spread)
            return Combined(
                forecast, {name: said.get(name, baseline) for name in self._estimates.names}, shares, reasons
            )

    def _refused(self, window: Window, reason: str) -> Forecast:
        baseline = run_rate(self.history, window)
        return Forecast(baseline, bands(baseline, UNKNOWN, window), measure([]), UNKNOWN, reason)

    def _learnt(self, names: tuple[str, ...], weights: Weights | None, window: Window) -> Lessons:
        given = None if weights is None or weights == "auto" else weights
        key = (names, None if given is None else tuple(sorted(given.items())), window)
        if key not in self._lessons:
            first = self.history.observed_from
            alike = [one for one in reversed(past_windows(window)) if one.origin - first + 1 >= LEAST_OBSERVED]
            short: dict[Window, float] = {}
            for day in (*(one.origin for one in alike), self.day):
                short.update(short_windows(self.history, day))
            self._lessons[key] = Lessons(
                sorted((self._past(names, one, weight) for one, weight in short.items()), key=_end),
                [self._past(names, one, 1.0) for one in alike],
                names,
                given,
                first,
            )
        return self._lessons[key]

    def _past(self, names: Sequence[str], window: Window, weight: float) -> Past:
        return with_outcome(self._estimates, self.history, names, window, weight)

    def _parted(self, estimate: Estimate, window: Window) -> Estimate:
        """The estimate with what it expects told apart, by the proportions of the open deals where it knows none itself."""
        deals = self._estimates.of([DEALS], window).get(DEALS) if DEALS in self._estimates.names else None
        if not isinstance(deals, Estimate) or deals.open is None or deals.created_later is None:
            return estimate
        if estimate.open is None:
            lessons = self._learnt((DEALS,), None, window)
            like = lessons.corrected(DEALS, deals, self.day)
            share = like.open / like.rest if like.open is not None and like.rest else 0.0
            opened = float(round(estimate.rest * share))
            estimate = replace(estimate, open=opened, created_later=estimate.rest - opened)
        source = estimate if estimate.by_stage else deals
        return replace(
            estimate,
            by_stage=_apportioned(source.by_stage, estimate.open or 0.0),
            by_rep=_apportioned(source.by_rep, estimate.open or 0.0),
        )


def _end(past: Past) -> tuple[int, int]:
    return past.window.end, past.window.remaining


def _apportioned(shares: Mapping[str, float], total: float) -> dict[str, float]:
    """The shares scaled to add up to ``total``, in whole minor units."""
    known = sum(shares.values())
    if not known:
        return dict.fromkeys(shares, 0.0)
    whole = apportioned([share * total / known for share in shares.values()], round(total))
    return dict(zip(shares, map(float, whole), strict=True))

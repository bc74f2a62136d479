"""Backtests: every method at past origins, from what was known at each, beside the naive baselines and what came true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sales_operations.domain.clock import parse_as_of
from sales_operations.domain.errors import InvalidInput
from sales_operations.forecasting.face import METHODS, Face

if TYPE_CHECKING:
    from sales_operations.forecasting.asof import History
    from sales_operations.forecasting.backtest import Said
    from sales_operations.forecasting.window import Window

EVERY = {"month": 7, "quarter": 14, "year": 30}
"""Days between the origins of a backtest of periods, where none are named."""
LEAST_DAYS = 28
"""Days of closings that the first origin has behind it, where none is named."""
ENDED_DAYS = 60
"""Data whose last closing is older than this end with it: what came later is unknown, not nothing."""
MOST = 500
"""So many origins at most: more would take hours and say no more."""

Progress = Callable[[int, int], None]


class ForecastBacktest(Face):
    """Scores the forecasts. ``config`` as for ``SalesForecaster``."""

    async def backtest(
        self,
        *,
        period: str | None = None,
        horizon: int | None = None,
        start: str | None = None,
        end: str | None = None,
        every: int | None = None,
        methods: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        """Forecast from past origins as it would have been done then, and compare with what came true.

        Either of a calendar ``period`` (the one that holds the origin; quarter by default) or of the ``horizon`` days
        after each origin. Origins lie ``every`` so many days from ``start`` to ``end``, both inclusive dates; without
        them, from four weeks of known closings on, weekly for horizons, until today. ``methods``: all that are
        offered. ``progress`` is called with the origins done and all of them.

        Gives ``methods`` and ``baselines`` (name to figures: see ``scores.figures``), ``best`` of them, and
        ``forecasts``: one entry for each origin and method, with ``as_of``, ``method``, ``total``, ``p10``, ``p50``,
        ``p90``, ``actual`` (None where the window is not over). With ``horizon``, these are what is won after ``as_of``;
        with ``period``, what is won in all of it. Amounts are in major units. What is found is kept in the store for
        ``BacktestHistory``; ``not_kept`` says why that could not be, where it could not. Raises NotFound, Disabled, InvalidInput.
        """
        return await asyncio.to_thread(self._backtest, period, horizon, start, end, every, methods, progress)

    def _backtest(
        self,
        period: str | None,
        horizon: int | None,
        start: str | None,
        end: str | None,
        every: int | None,
        methods: Sequence[str] | None,
        progress: Progress | None,
    ) -> dict[str, Any]:
        from sales_operations.forecasting.asof import load_history
        from sales_operations.forecasting.backtest import backtest
        from sales_operations.forecasting.backtest_history import keep

        names = self._names(methods)
        kind = self.kind(period, horizon)
        at = self.instant(None)
        zone = self.workspace.settings.company.timezone
        with self.workspace.columns() as db:
            known = load_history(db, at, zone)
            [data_seq] = db.execute("SELECT seq FROM meta").fetchone() or [0]
        full = known.at(known.day)
        windows = self._windows(full, kind, horizon, start, end, every)
        estimates, weights = self.estimates(known), self._options.hybrid.weights
        said = []
        for done, group in enumerate(
            backtest(estimates, windows, names, weights, self.dropped(), self.stage_probabilities()), 1
        ):
            said += group
            if progress:
                progress(done, len(windows))
        found = self._told(said, full, names, kind, horizon)
        return found | keep(self, found, data_seq)

    def _names(self, methods: Sequence[str] | None) -> list[str]:
        if methods:
            for name in methods:
                self.check_method(name)
            return list(dict.fromkeys(methods))
        off = self.dropped()
        offered = [name for name in METHODS if name not in off]
        hybrid = "hybrid" in self._options.methods and self._options.hybrid.enabled
        return offered + (["hybrid"] if hybrid else [])

    def _windows(
        self,
        full: History,
        kind: str | None,
        horizon: int | None,
        start: str | None,
        end: str | None,
        every: int | None,
    ) -> list[Window]:
        from sales_operations.forecasting.asof import day_of
        from sales_operations.forecasting.window import window_after, window_of

        step = every if every is not None else 7 if kind is None else EVERY[kind]
        if step < 1:
            raise InvalidInput(f"every: {every} is no number of days between origins; use 1 or more")
        if not len(full.closings.day):
            raise InvalidInput("no deal was ever closed, so there is nothing to test forecasts on: import deals first")
        until = _known_until(full)
        first = self._day("from", start, full.observed_by(until) + LEAST_DAYS - 1)
        last = self._day("to", end, until)
        if first > last:
            raise InvalidInput(
                f"from: {day_of(first)} is after {day_of(last)}; the first origin must not be later than the last, and "
                f"has {LEAST_DAYS} days of closings behind it where it is not named"
            )
        origins = range(first, last + 1, step)
        if len(origins) > MOST:
            fitting = -(-(last - first + 1) // MOST)
            raise InvalidInput(f"{len(origins)} origins are too many, at most {MOST} are; use --every {fitting}")
        if kind is None:
            assert horizon is not None
            return [window_after(origin, horizon) for origin in origins]
        first_month = self.workspace.settings.company.fiscal_year_start
        return [window_of(kind, day_of(origin), first_month) for origin in origins]

    def _day(self, name: str, text: str | None, usual: int) -> int:
        from sales_operations.forecasting.asof import day_number

        if text is None:
            return usual
        at = parse_as_of(text, self.workspace.settings.company.timezone)
        if at.day > self.instant(None).day:
            raise InvalidInput(f"{name}: {text} has not come yet; origins lie in the past")
        return day_number(at.day)

    def _told(
        self, said: Sequence[Said], full: History, names: Sequence[str], kind: str | None, horizon: int | None
    ) -> dict[str, Any]:
        from sales_operations.forecasting.asof import day_of
        from sales_operations.forecasting.scores import best, figures

        until = _known_until(full)
        actual = {one.window: one.window.booked(full) for one in said if one.window.end <= until}
        by_name: dict[str, list[Said]] = {}
        for one in said:
            by_name.setdefault(one.method, []).append(one)
        scored = {name: figures(found, actual, full) for name, found in by_name.items()}
        return {
            "period": kind,
            "horizon": horizon,
            "currency": self.workspace.settings.company.currency,
            "data_until": day_of(until).isoformat(),
            "methods": {name: one for name, one in scored.items() if name in names},
            "baselines": {name: one for name, one in scored.items() if name not in names},
            "best": best(scored),
            "forecasts": [self._entry(one, actual) for one in said if one.method in names],
            "calculated_at": self.workspace.clock().isoformat(),
        }

    def _entry(self, one: Said, actual: dict[Window, float]) -> dict[str, Any]:
        from sales_operations.forecasting.asof import day_of

        true = actual.get(one.window)
        assert one.bands is not None
        entry = {
            "as_of": day_of(one.window.origin).isoformat(),
            "from": day_of(one.window.start).isoformat(),
            "to": day_of(one.window.end).isoformat(),
            "method": one.method,
            "total": self.major(one.total),
            "booked": self.major(one.booked),
            **{name: self.major(value) for name, value in vars(one.bands).items()},
            "actual": None if true is None else self.major(true),
        }
        return entry | ({"refused": one.refused} if one.refused else {})


def _known_until(full: History) -> int:
    newest = int(full.closings.day.max())
    return newest if full.day - newest > ENDED_DAYS else full.day

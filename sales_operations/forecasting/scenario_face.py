"""ForecastScenario: a forecast and what it would be if, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sales_operations.domain.errors import HistoryTooThin, InvalidInput
from sales_operations.forecasting.face import Face
from sales_operations.forecasting.scenario_changes import AMOUNT, Change, changes_of

if TYPE_CHECKING:
    from sales_operations.forecasting.bands import Bands
    from sales_operations.forecasting.method import Estimate
    from sales_operations.forecasting.scenario import OpenDeals
    from sales_operations.forecasting.study import Forecast, Study
    from sales_operations.forecasting.window import Window

METHODS = ("hybrid", "pipeline")
"""The methods that can be asked: the one that knows deals, and the one that follows it in proportion."""


class ForecastScenario(Face):
    """Works out scenarios; keeps nothing. ``config`` as for ``SalesForecaster``."""

    async def what_if(
        self,
        period: str | None = None,
        method: str = "hybrid",
        as_of: str | None = None,
        *,
        horizon: int | None = None,
        slips: Iterable[str] = (),
        wins: Iterable[str] = (),
        loses: Iterable[str] = (),
        amounts: Mapping[str, float | str] | None = None,
        win_rate: float = 0.0,
        new_business: float = 0.0,
    ) -> dict[str, Any]:
        """What the forecast of a ``period`` or a ``horizon`` (see ``SalesForecaster.forecast_sales``) would be if.

        ``slips``, ``wins`` and ``loses`` are ids of open deals that are not won in the period, are won in it, and are lost;
        ``amounts`` are what deals are worth, in major units, by id. ``win_rate`` are percentage points by which the share
        won of all deals differs, ``new_business`` percent by which what is expected from deals not created yet does. How
        each is worked out: ``forecasting.scenario``. ``method`` is hybrid or pipeline.

        Gives ``base`` and ``scenario`` (``total``, ``booked``, ``open``, ``not_created_yet``, ``median``, ``interval_80``,
        ``interval_95``), the ``difference`` of their totals, and ``changes``, each with its ``effect`` alone; what these
        leave of the difference is ``together``. ``win_rate`` is the share won that was measured, and the one ``assumed``;
        ``confidence`` is that of the forecast. Raises NotFound, Disabled, InvalidInput, and HistoryTooThin where the
        chances of open deals cannot be told.
        """
        if method not in METHODS:
            raise InvalidInput(
                f"method: a scenario needs a method that knows deals, not {method!r}; use {' or '.join(METHODS)}"
            )
        self.check_method(method)
        currency = self.workspace.settings.company.currency
        changes = changes_of(
            currency,
            slips=slips,
            wins=wins,
            loses=loses,
            amounts=amounts,
            win_rate=win_rate,
            new_business=new_business,
        )
        return await asyncio.to_thread(self._what_if, period, horizon, method, as_of, changes)

    def _what_if(
        self, period: str | None, horizon: int | None, method: str, as_of: str | None, changes: Sequence[Change]
    ) -> dict[str, Any]:
        from sales_operations.forecasting.bands import bands
        from sales_operations.forecasting.scenario import changed, check, win_rate

        at = self.instant(as_of)
        window = self.window(at, period, horizon)
        if not window.remaining:
            raise InvalidInput(f"as_of: no day of the {window.name} is left after {at.day}; nothing can come otherwise")
        study = self.study(at, now=as_of is None)
        rate = win_rate(study.history)
        check(changes, study.history, rate)
        found, deals = self._found(study, window, method), self._deals(study, window)
        estimate = found.estimate
        outcome = changed(estimate, deals, changes, rate)
        difference = outcome.estimate.total - estimate.total
        alone = [changed(estimate, deals, [one], rate).estimate.total - estimate.total for one in changes]
        return {
            "method": method,
            "period": window.name,
            "base": self._sums(estimate, found.bands),
            "scenario": self._sums(outcome.estimate, bands(outcome.settled, found.spread, window)),
            "difference": self.major(difference),
            "changes": [
                self._change(one, deals) | {"effect": self.major(effect)}
                for one, effect in zip(changes, alone, strict=True)
            ],
            "together": self.major(difference - sum(alone)),
            "win_rate": {"won": rate.won, "closed": rate.closed, "share": rate.share, "assumed": rate.under(changes)},
            **self.described(window, at, found.accuracy),
        }

    def _found(self, study: Study, window: Window, method: str) -> Forecast:
        deals = study.forecast("pipeline", window)
        if deals.refused:
            raise HistoryTooThin(f"a scenario needs the chances of open deals: {deals.refused}")
        if method == "pipeline":
            return deals
        found = study.combined(self._options.hybrid.weights, self.dropped(), window).forecast
        if found.refused:
            raise HistoryTooThin(f"there is no hybrid forecast to change: {found.refused}")
        return found

    def _deals(self, study: Study, window: Window) -> OpenDeals:
        from sales_operations.forecasting.named_deals import open_places
        from sales_operations.forecasting.pipeline import fit_flow
        from sales_operations.forecasting.scenario import OpenDeals
        from sales_operations.forecasting.snapshots import open_now

        history = study.history
        flow = fit_flow(history, window, self.stage_probabilities())
        seen = open_now(history, window.remaining)
        amounts, _ = flow.amounts.of(seen.amount, seen.product)
        luck = study.method("pipeline").fit_forecast(history, window).chance
        correction = study.open_factor("pipeline", window)
        deals = OpenDeals(open_places(history), flow.chances(seen), amounts, correction, later_variance=0.0)
        return replace(deals, later_variance=max(luck.variance - deals.variance, 0.0))

    def _change(self, one: Change, deals: OpenDeals) -> dict[str, Any]:
        if one.deal is None:
            return {"change": one.kind, "value": one.value}
        position = deals.place[one.deal]
        told = {
            "change": one.kind,
            "deal": one.deal,
            "chance": min(float(deals.chance[position]) * deals.correction, 1.0),
            "amount": self.major(float(deals.amount[position])),
        }
        return told | ({"value": self.major(one.value)} if one.kind == AMOUNT else {})

    def _sums(self, estimate: Estimate, range_: Bands) -> dict[str, Any]:
        return {
            "total": self.major(estimate.total),
            "booked": self.major(estimate.booked),
            "open": self.major(estimate.open or 0.0),
            "not_created_yet": self.major(estimate.created_later or 0.0),
            "median": self.major(range_.p50),
            "interval_80": [self.major(range_.p10), self.major(range_.p90)],
            "interval_95": [self.major(range_.p2_5), self.major(range_.p97_5)],
        }

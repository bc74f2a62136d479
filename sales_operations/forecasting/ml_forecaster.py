"""The brief's MLForecaster: what the deals that are handed in will bring."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from sales_operations.domain.money import to_minor
from sales_operations.domain.opportunity import Opportunity
from sales_operations.domain.stages import STAGE_NAMES, OpportunityStage
from sales_operations.forecasting.face import Face

if TYPE_CHECKING:
    from sales_operations.forecasting.asof import History
    from sales_operations.forecasting.snapshots import Snapshots
    from sales_operations.forecasting.window import Window


EXPLAINED = 20
"""Deals whose chance is explained."""


class MLForecaster(Face):
    """Scores deals with the model learnt on the store's history. ``config`` as for ``SalesForecaster``."""

    async def predict(self, pipeline_data: Sequence[Opportunity], period: str) -> dict[str, Any]:
        """Revenue that these deals bring in the current ``period``: ``forecast``, in major units.

        Counted are the deals won in it, by close date, and of the open ones the chance to be won in what is left of it
        (``deals``, by id) times the amount. A deal counts as it is handed in; how long it has been where it is and how
        often it was pushed come from the store, where that knows it. ``contributions`` say of the 20 that are expected to
        bring most, by id, what adds to the log-odds of their chance, on top of ``base``, the mean over typical ones of
        these deals (see ``reasons``). ``confidence`` is that of the method ml. With too little history, each deal's own
        probability serves, confidence is 0 and ``refused`` gives the reason.
        Raises NotFound, Disabled.
        """
        self.check(period, "ml")
        return await asyncio.to_thread(self._predict_now, list(pipeline_data), period)

    def _predict_now(self, deals: list[Opportunity], period: str) -> dict[str, Any]:
        import numpy as np

        from sales_operations.forecasting.amounts import fit_amounts
        from sales_operations.forecasting.asof import day_of
        from sales_operations.forecasting.ml import MlMethod
        from sales_operations.forecasting.reasons import reasons

        at = self.instant(None)
        study, window = self.study(at, now=True), self.window(at, period)
        measured = study.forecast("ml", window)
        first, last = day_of(window.start).isoformat(), day_of(window.origin).isoformat()
        won = [deal for deal in deals if deal.stage is OpportunityStage.CLOSED_WON]
        total = sum(self._minor(deal) or 0 for deal in won if first <= deal.close_date <= last)
        open_deals = [deal for deal in deals if not deal.stage.is_closed]
        seen = self._snapshots(open_deals, study.history, window)
        chances, base, explained = [deal.probability for deal in open_deals], None, {}
        amounts, _ = fit_amounts(study.history).of(seen.amount, seen.product)
        if not measured.refused and open_deals:
            method, correction = cast(MlMethod, study.method("ml")), study.open_factor("ml", window)
            found = np.minimum(method.chances(study.history, seen, window) * correction, 1.0)
            chances, largest = found.tolist(), np.argsort(-found * amounts, kind="stable")[:EXPLAINED]
            why = reasons(
                lambda deals: method.chances(study.history, deals, window), seen.take(largest), seen, correction
            )
            base = why.base
            explained = {open_deals[one].opportunity_id: why.of(place) for place, one in enumerate(largest.tolist())}
        total += sum(round(chance * amount) for chance, amount in zip(chances, amounts.tolist(), strict=True))
        result = {
            "forecast": self.major(total),
            "deals": {deal.opportunity_id: chance for deal, chance in zip(open_deals, chances, strict=True)},
            "base": base,
            "contributions": explained,
            **self.described(window, at, measured.accuracy),
        }
        return result | ({"refused": measured.refused} if measured.refused else {})

    def _minor(self, deal: Opportunity) -> int | None:
        unknown = deal.metadata.get("amount_unknown", False)
        return None if unknown else to_minor(deal.amount, self.workspace.settings.company.currency)

    def _snapshots(self, deals: list[Opportunity], history: History, window: Window) -> Snapshots:
        """The deals as they are handed in, completed from the history."""
        import numpy as np

        from sales_operations.forecasting.asof import NO_DAY, day_number
        from sales_operations.forecasting.snapshots import Snapshots

        zone = ZoneInfo(self.workspace.settings.company.timezone)
        place = {identifier: position for position, identifier in enumerate(history.ids.tolist())}
        reps = {name: code for code, name in enumerate(history.reps)}
        rows = []
        for deal in deals:
            created, stated = _day(deal.created_at, zone), _day(deal.close_date, zone)
            stage, amount = STAGE_NAMES.index(deal.stage.value), self._minor(deal)
            born = window.origin if created is None else min(day_number(created), window.origin)
            since, pushes, product, source = born, 0, -1, -1
            position = place.get(deal.opportunity_id)
            if position is not None:
                row = int(history.last[position])
                since = int(history.since[row]) if history.stage[row] == stage else window.origin
                born, pushes = int(history.created[position]), int(history.pushes[row])
                product, source = int(history.product[row]), int(history.source[row])
            close = NO_DAY if stated is None else day_number(stated)
            rep = reps.get(deal.sales_rep, -1)
            known = np.nan if amount is None else float(amount)
            rows.append((stage, born, since, known, close, pushes, rep, product, source))
        table = np.array(rows, dtype=np.float64).reshape(-1, 9)
        whole = np.nan_to_num(table).astype(np.int64).T
        day, left = np.full((2, len(rows)), ((window.origin,), (window.remaining,)))
        return Snapshots(day, left, whole[0], whole[1], whole[2], table[:, 3], *whole[4:])


def _day(text: str, zone: ZoneInfo) -> date | None:
    """The day in ``zone`` of a date or an instant in ISO 8601; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).astimezone(zone).date()
    except ValueError:
        return None

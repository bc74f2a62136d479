"""The class through which calls are made and looked at."""

from __future__ import annotations

import asyncio
from typing import Any

from sales_operations.domain.errors import InvalidInput
from sales_operations.forecasting.forecaster import SalesForecaster


class ForecastCalls(SalesForecaster):
    """Forecast calls. ``config``: the raw mapping, settings, an open workspace, or None for the defaults."""

    async def submit_call(
        self,
        category: str,
        amount: float | str | None,
        *,
        rep: str | None = None,
        team: str | None = None,
        period: str = "quarter",
        note: str | None = None,
        by: str | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Add a call: what a rep, a team, or the company where neither is given, will bring in a period.

        ``category``: commit or best_case, both of the whole period with what is won already, or pipeline, the open deals
        apart. ``amount`` is in major units of the company's currency; None takes back what was said. ``period``: month,
        quarter or year for the present one, or a label such as 2026-Q4 or FY2027-Q1. ``by``: who calls, by id, e-mail or
        name. Whoever stands above the place adjusts it: that counts instead, and the call stays beside it. Kept with it is
        what was won, what the deals and the roll-up said and what the model expected. Gives the call; ``dry_run`` keeps
        nothing.
        Raises InvalidInput, NotFound, NotAllowed, Disabled.
        """
        asked = (category, amount, rep, team, period, note, by, dry_run)
        return await asyncio.to_thread(self._submit_now, *asked)

    async def list_calls(
        self, period: str = "quarter", as_of: str | None = None, *, single: bool = False
    ) -> dict[str, Any]:
        """The board of a period: see ``board.board``. Calls made later than ``as_of`` do not count. Raises InvalidInput."""
        return await asyncio.to_thread(self._list_now, period, as_of, single)

    async def measure_calls(self, category: str = "commit", as_of: str | None = None) -> dict[str, Any]:
        """How right the commit (or best_case) calls of periods that are over were, person by person: see ``record``.

        ``bias`` is called less won by won, ``wape`` the same without the sign; both also drawn to the team's. Raises InvalidInput.
        """
        return await asyncio.to_thread(self._measure_now, category, as_of)

    def _submit_now(
        self, category: str, amount: float | str | None, rep: str | None, team: str | None, period: str,
        note: str | None, by: str | None, dry_run: bool,
    ) -> dict[str, Any]:  # fmt: skip
        from sales_operations.forecasting.calls.board import shown_call
        from sales_operations.forecasting.calls.model import model
        from sales_operations.forecasting.calls.scene import organisation_of, scene
        from sales_operations.forecasting.calls.submit import (
            amount_of,
            check_category,
            check_period,
            new_call,
            period_named,
        )
        from sales_operations.forecasting.calls.who import called_for, caller

        settings, at = self.workspace.settings, self.instant(None)
        check_category(category)
        when = period_named(period, settings, at.day)
        check_period(when, settings, at.day)
        minor = amount_of(amount, settings.company.currency)
        organisation = organisation_of(self.workspace)
        key = called_for(self.workspace, organisation, rep, team)
        user, kind = caller(self.workspace, organisation, key, by)
        with self.workspace.columns() as db:
            seen = scene(self.workspace, db, when, at)
            expected = model(self, seen, None)
        call = new_call(
            seen, expected, settings, key, category=category, kind=kind, amount=minor, made_by=user, note=note
        )
        call["made_at"] = at.micros
        if not dry_run:
            with self.workspace.unit("forecast call") as unit:
                call["made_at"] = unit.now
                unit.create("forecast_calls", call)
        return shown_call(call, seen.organisation, when.fiscal_year_start) | {"dry_run": dry_run}

    def _list_now(self, period: str, as_of: str | None, single: bool) -> dict[str, Any]:
        from sales_operations.forecasting.calls.agreement import agreed
        from sales_operations.forecasting.calls.board import board
        from sales_operations.forecasting.calls.model import model
        from sales_operations.forecasting.calls.past import past_records
        from sales_operations.forecasting.calls.scene import scene
        from sales_operations.forecasting.calls.submit import period_named

        at = self.instant(as_of)
        with self.workspace.columns() as db:
            seen = scene(self.workspace, db, period_named(period, self.workspace.settings, at.day), at)
            expected = model(self, seen, as_of)
            past = past_records(self.workspace, seen.organisation, seen.deals, at, "commit")
        return board(seen, expected, agreed(seen, past), self.workspace.settings, single=single)

    def _measure_now(self, category: str, as_of: str | None) -> dict[str, Any]:
        from sales_operations.forecasting.calls.deals import Deals
        from sales_operations.forecasting.calls.past import past_records
        from sales_operations.forecasting.calls.scene import organisation_of

        if category not in ("commit", "best_case"):
            raise InvalidInput(f"category: {category!r} cannot be judged by what was won; use commit or best_case")
        settings, at = self.workspace.settings, self.instant(as_of)
        with self.workspace.columns() as db:
            deals = Deals(db, settings, at)
            found = past_records(self.workspace, organisation_of(self.workspace), deals, at, category)
        return {"as_of": at.shown, "category": category, "currency": settings.company.currency} | found

"""OpenDealForecasts: what each open deal is expected to bring, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, cast

from sales_operations.domain.errors import HistoryTooThin, InvalidInput
from sales_operations.domain.stages import STAGE_NAMES
from sales_operations.forecasting.face import Face

if TYPE_CHECKING:
    from collections.abc import Callable

    from sales_operations.forecasting.asof import Floats
    from sales_operations.forecasting.ml import MlMethod
    from sales_operations.forecasting.snapshots import Snapshots
    from sales_operations.forecasting.study import Study
    from sales_operations.forecasting.window import Window

METHODS = ("ml", "pipeline")
"""The methods that give single deals a chance."""
TOP = 20


class OpenDealForecasts(Face):
    """Lists open deals with their chances. ``config`` as for ``SalesForecaster``."""

    async def list_deals(
        self,
        period: str | None = None,
        method: str = "ml",
        as_of: str | None = None,
        *,
        horizon: int | None = None,
        deals: Collection[str] = (),
        top: int = TOP,
    ) -> dict[str, Any]:
        """The open deals that are expected to bring most in what is left of a ``period`` or in a ``horizon`` of days.

        ``deals``: the ``top`` ones, or those of the ids that are asked for, the largest ``expected`` first; each with its
        ``chance`` to be won in time, the ``amount`` that it would bring (``amount_estimated`` where none is stated) and
        ``contributions``: with ``base`` these add up to its log-odds. ``correction`` among them is what the method's past
        forecasts teach. ``open_deals`` and ``expected`` are of all. ``signal`` is the weight of the model of deals against
        the rates by stage, pace, time in it and size; 0 says that there is no usable signal, and the rates serve. Where
        there is too little history for a model, they serve too, ``method`` is pipeline and ``refused`` says what is missing.
        Raises NotFound, Disabled, InvalidInput, and HistoryTooThin where there are no rates either.
        """
        if method not in METHODS:
            raise InvalidInput(f"method: {method!r} gives single deals no chance; use {' or '.join(METHODS)}")
        self.check_method(method)
        if top < 1:
            raise InvalidInput(f"top: {top} is no number of deals; use 1 or more")
        return await asyncio.to_thread(self._list, period, horizon, method, as_of, deals, top)

    def _list(
        self,
        period: str | None,
        horizon: int | None,
        method: str,
        as_of: str | None,
        asked: Collection[str],
        top: int,
    ) -> dict[str, Any]:
        import numpy as np

        from sales_operations.forecasting.amounts import fit_amounts
        from sales_operations.forecasting.named_deals import places_of
        from sales_operations.forecasting.reasons import reasons
        from sales_operations.forecasting.snapshots import open_now

        at = self.instant(as_of)
        window = self.window(at, period, horizon)
        study = self.study(at, now=as_of is None)
        history, rows = study.history, study.history.open_rows
        places = list(places_of(dict.fromkeys(asked), history).values())
        found = study.forecast(method, window)
        refused = found.refused
        if refused and method != "pipeline":
            method, found = "pipeline", study.forecast("pipeline", window)
        if found.refused:
            raise HistoryTooThin(f"the chances of open deals cannot be told: {found.refused}")
        seen = open_now(history, window.remaining)
        chances, correction = self._chances(study, window, method), study.open_factor(method, window)
        chance = np.minimum(chances(seen) * correction, 1.0)
        amount, estimated = fit_amounts(history).of(seen.amount, seen.product)
        expected = chance * amount
        ordered = np.argsort(-expected, kind="stable")
        listed = ordered[np.isin(ordered, places)] if asked else ordered[:top]
        why = reasons(chances, seen.take(listed), seen, correction) if len(listed) else None
        ids = history.ids[history.deal[rows]]
        accounts = self._accounts([str(ids[one]) for one in listed])
        shown = [
            {
                "id": str(ids[one]),
                "account_name": accounts.get(str(ids[one]), ""),
                "stage": STAGE_NAMES[int(history.stage[rows[one]])],
                "sales_rep": history.reps[int(history.rep[rows[one]])],
                "amount": self.major(float(amount[one])),
                "amount_estimated": bool(estimated[one]),
                "chance": float(chance[one]),
                "expected": self.major(float(expected[one])),
                "contributions": why.of(position) if why else {},
            }
            for position, one in enumerate(listed)
        ]
        return {
            "method": method,
            "period": window.name,
            "open_deals": len(rows),
            "expected": self.major(float(np.rint(expected).sum())),
            "signal": found.estimate.details.get("signal"),
            "base": why.base if why else None,
            "deals": shown,
            **({"refused": refused} if refused else {}),
            **self.described(window, at, found.accuracy),
        }

    def _chances(self, study: Study, window: Window, method: str) -> Callable[[Snapshots], Floats]:
        from sales_operations.forecasting.pipeline import fit_flow

        if method == "ml":
            model = cast("MlMethod", study.method("ml"))
            return lambda seen: model.chances(study.history, seen, window)
        return fit_flow(study.history, window, self.stage_probabilities()).chances

    def _accounts(self, ids: Sequence[str]) -> dict[str, str]:
        """The names of the accounts in the present records of deals."""
        with self.workspace.columns() as db:
            rows = db.execute(
                "SELECT opportunity_id, account_name FROM opportunities WHERE list_contains(?, opportunity_id)",
                [list(ids)],
            ).fetchall()
        return {deal: account or "" for deal, account in rows}

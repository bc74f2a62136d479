"""BacktestHistory: the backtests that were run, and what they found."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sales_operations.domain.clock import iso, to_micros
from sales_operations.domain.errors import StoreError
from sales_operations.forecasting.face import Face
from sales_operations.forecasting.keeping import NOT_KEPT, settings_digest

if TYPE_CHECKING:
    from sales_operations.store.backtests import KeptBacktest


class BacktestHistory(Face):
    """Reads the backtests that the store has kept. ``config`` as for ``SalesForecaster``."""

    async def review(self, as_of: str | None = None, *, limit: int = 50) -> dict[str, Any]:
        """The backtests that were run by ``as_of``: ``kept`` is how many, ``backtests`` the newest ``limit``, newest first.

        Each has ``made_at``, ``period`` or ``horizon``, the ``first`` and the ``last`` of its ``origins``, ``data_until``,
        ``data_seq`` and ``settings`` (from which data and by which settings), ``methods`` and ``baselines`` with the
        figures of ``backtest``, and ``best`` of them. Raises InvalidInput.
        """
        return await asyncio.to_thread(self._review, as_of, limit)

    def _review(self, as_of: str | None, limit: int) -> dict[str, Any]:
        from sales_operations.store import backtests

        at = self.instant(as_of)
        with self.workspace.reading() as connection:
            count, made = backtests.made_until(connection, at.micros, limit)
        return {"as_of": at.shown, "kept": count, "backtests": [_shown(one) for one in made]}


def keep(face: Face, found: Mapping[str, Any], data_seq: int) -> dict[str, str]:
    """Keep what a backtest found in a store that had come to ``data_seq``.

    Gives what the result says of it: nothing, or why it was not kept, which is no reason not to answer. Where no method is
    on offer, nothing was found, and nothing is kept.
    """
    from sales_operations.store import backtests

    origins = sorted({one["as_of"] for one in found["forecasts"]})
    if not origins:
        return {}
    made = backtests.KeptBacktest(
        **{name: found[name] for name in ("period", "horizon", "data_until", "currency", "best")},
        made_at=to_micros(face.workspace.clock()),
        first=origins[0],
        last=origins[-1],
        origins=len(origins),
        data_seq=data_seq,
        settings=settings_digest(face),
        figures={name: found[name] for name in ("methods", "baselines")},
    )
    try:
        backtests.keep(face.workspace.engine, made)
    except StoreError as error:
        return {NOT_KEPT: str(error)}
    return {}


def _shown(one: KeptBacktest) -> dict[str, Any]:
    values = {name: value for name, value in vars(one).items() if name != "figures"}
    return values | {"made_at": iso(one.made_at)} | dict(one.figures)

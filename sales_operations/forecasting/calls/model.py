"""What the model expects of every place in a period: reps, teams and company add up to the forecast, to the minor unit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sales_operations.domain.money import to_minor
from sales_operations.forecasting.calls.organisation import COMPANY, Key
from sales_operations.forecasting.calls.scene import Scene
from sales_operations.forecasting.forecaster import SalesForecaster
from sales_operations.forecasting.reconcile import Guess, reconcile

BY_REP = ("hybrid", "pipeline", "ml")
"""The methods that may say whose deals they expect what from, in the order in which they are asked."""
_SELLING_DAYS = 365
"""What the reps won in so many days says who new business will come from."""


@dataclass(frozen=True)
class Model:
    """The forecast by place, in minor units; empty, with the reason in ``none``, where there is no forecast."""

    method: str | None = None
    by_place: Mapping[Key, int] = field(default_factory=dict)
    none: str | None = None


def model(forecaster: SalesForecaster, scene: Scene, as_of: str | None) -> Model:
    """The forecast of a period, shared out among the reps; ``as_of`` as it was asked for, None for the present.

    The company's total is the one that ``forecast`` shows, and is kept: it is what was scored against the past. A rep's
    part is what was won, what is expected from the rep's open deals, and a part of the business not created yet, as the
    rep's part in what was won in the last year, pulled half way to an equal part. Where these do not add up to the total,
    the difference is shared out in proportion to what is expected, to which the variance of such a sum is proportional
    (a compound Poisson process); what is won already is certain.
    """
    if not scene.period.start <= scene.at.day <= scene.period.end:
        return Model(none="the model forecasts the present month, quarter and year")
    options = forecaster.workspace.settings.forecasting
    offered = [name for name in options.methods if getattr(options, name).enabled]
    if not offered:
        return Model(none="no method is offered in sales_operations.forecasting.methods")
    if scene.period.name not in options.periods:
        return Model(none=f"{scene.period.name} is not listed in sales_operations.forecasting.periods")
    method = "hybrid" if "hybrid" in offered else offered[0]
    found = _forecast(forecaster, scene, method, as_of)
    if found.get("refused"):
        return Model(none=str(found["refused"]))
    currency = forecaster.workspace.settings.company.currency
    parts: Mapping[str, float] = {}
    for name in BY_REP:
        if name in offered and not parts:
            parts = (found if name == method else _forecast(forecaster, scene, name, as_of)).get("by_sales_rep") or {}
    total = to_minor(found["total"], currency)
    expected = _expected(scene, {name: to_minor(amount, currency) for name, amount in parts.items()}, total)
    return Model(method, _reconciled(scene, total, expected))


def _forecast(forecaster: SalesForecaster, scene: Scene, method: str, as_of: str | None) -> dict[str, Any]:
    # The present is asked for as such, so that what was worked out today is found again.
    return asyncio.run(forecaster.forecast_sales(scene.period.name, method, as_of))


def _expected(scene: Scene, by_rep: Mapping[str, int], total: int) -> dict[Key, float]:
    """Seller to what is still to be won in the period, before it is made to add up.

    Where no method tells the reps apart, all of it is shared out as new business is.
    """
    won = scene.deals.won(scene.at.day - timedelta(days=_SELLING_DAYS), scene.at.day)
    keys = {name: key for key, name in scene.deals.names.items()} | scene.deals.reps()
    found = {key: 0.0 for key in {*scene.said, *won} if key in scene.organisation.nodes}
    rest = 0 if by_rep else total - sum(one.closed for one in scene.said.values())
    for name, amount in by_rep.items():
        if (key := keys.get(name)) in scene.organisation.nodes:
            closed = scene.said[key].closed if key in scene.said else 0
            found[key] = float(max(amount - closed, 0))
        else:  # what belongs to no deal, or to nobody who is here
            rest += amount
    sellers = [key for key in found if scene.organisation.nodes[key].active] or list(found)
    mean = sum(won.get(key, 0) for key in sellers) / max(len(sellers), 1)
    for key in sellers:
        part = (won.get(key, 0) + mean) / (2 * mean) if mean else 1.0
        found[key] += rest * part / len(sellers)
    return found


def _reconciled(scene: Scene, total: int, expected: Mapping[Key, float]) -> dict[Key, int]:
    places = list(scene.organisation.walk())
    if not expected:
        return {COMPANY: total}
    index = {node.key: number for number, (node, _) in enumerate(places)}
    nothing_expected = not any(expected.values())
    guesses = [Guess(total, 0.0)]
    for node, _ in places[1:]:
        key = node.key
        closed = scene.said[key].closed if key in scene.said else 0
        part = expected.get(key, 0.0)
        variance = float(key in expected) if nothing_expected else part
        guesses.append(Guess() if node.children else Guess(closed + part, variance))
    parents = [-1 if node.parent is None else index[node.parent] for node, _ in places]
    return dict(zip(index, reconcile(parents, guesses), strict=True))

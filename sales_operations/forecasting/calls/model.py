"""What the model expects of every place in a period: reps, teams and company add up to the forecast, to the minor unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sales_operations.domain.money import to_minor
from sales_operations.forecasting.calls.organisation import COMPANY, Key
from sales_operations.forecasting.calls.scene import Scene
from sales_operations.forecasting.face import METHODS
from sales_operations.forecasting.forecaster import SalesForecaster
from sales_operations.forecasting.method import RUN_RATE
from sales_operations.forecasting.pipeline import NOT_CREATED_YET
from sales_operations.forecasting.reconcile import Guess, reconcile

BY_REP = ("pipeline", "ml")
"""The methods that say whose deals they expect what from, the first that is offered being asked."""
_REST = (NOT_CREATED_YET, RUN_RATE)
_SELLING_DAYS = 365
"""What the reps won in so many days says who new business will come from."""


@dataclass(frozen=True)
class Model:
    """The forecast by place, in minor units; empty, with the reason in ``none``, where there is no forecast."""

    method: str | None = None
    by_place: Mapping[Key, int] = field(default_factory=dict)
    none: str | None = None


def model(forecaster: SalesForecaster, scene: Scene) -> Model:
    """The forecast of a period, shared out among the reps.

    The company's total is the one that ``forecast`` shows, and is kept: it is what was scored against the past. A rep's
    part is what was won, what is expected from the rep's open deals, and a part of the business not created yet, as the
    rep's part in what was won in the last year, pulled half way to an equal part. Where these do not add up to the total,
    the difference is shared out in proportion to what is expected, to which the variance of such a sum is proportional
    (a compound Poisson process); what is won already is certain.
    """
    if not scene.period.start <= scene.at.day <= scene.period.end:
        return Model(none="the model forecasts the present month, quarter and year")
    options = forecaster.workspace.settings.forecasting
    offered = [name for name in ("hybrid", *METHODS) if name in options.methods and getattr(options, name).enabled]
    if not offered:
        return Model(none="no method is offered in sales_operations.forecasting.methods")
    found = forecaster.forecast_now(scene.period.name, offered[0], scene.at.shown)
    if found.get("refused"):
        return Model(none=str(found["refused"]))
    total = to_minor(found["total"], forecaster.workspace.settings.company.currency)
    method = next((name for name in BY_REP if name in offered), None)
    expected = _expected(scene, {} if method is None else _by_rep(forecaster, scene, method))
    return Model(offered[0], _reconciled(scene, total, expected))


def _by_rep(forecaster: SalesForecaster, scene: Scene, method: str) -> dict[str, int]:
    found = forecaster.forecast_now(scene.period.name, method, scene.at.shown)["by_sales_rep"] or {}
    currency = forecaster.workspace.settings.company.currency
    return {rep: to_minor(amount, currency) for rep, amount in found.items()}


def _expected(scene: Scene, by_rep: Mapping[str, int]) -> dict[Key, float]:
    """Seller to what is still to be won in the period, before it is made to add up."""
    won = scene.deals.won(scene.at.day - timedelta(days=_SELLING_DAYS), scene.at.day)
    keys = {name: key for key, name in scene.deals.names.items()} | scene.deals.reps()
    found = {key: 0.0 for key in {*scene.said, *won} if key in scene.organisation.nodes}
    for name, amount in by_rep.items():
        if (key := keys.get(name)) in scene.organisation.nodes and name not in _REST:
            closed = scene.said[key].closed if key in scene.said else 0
            found[key] = float(max(amount - closed, 0))
    sellers = [key for key in found if scene.organisation.nodes[key].active] or list(found)
    mean = sum(won.get(key, 0) for key in sellers) / max(len(sellers), 1)
    rest = sum(by_rep.get(name, 0) for name in _REST)
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

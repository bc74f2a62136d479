"""A forecast as results show it: in major units, with its parts and its range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sales_operations.domain.stages import OpportunityStage
from sales_operations.forecasting.asof import History
from sales_operations.forecasting.method import Estimate
from sales_operations.forecasting.study import Forecast
from sales_operations.forecasting.window import Window

NOT_CREATED_YET = "not_created_yet"
"""The group of what is expected from deals that do not exist at the origin."""
RUN_RATE = "run_rate"
"""The group of what is expected where open deals and later ones cannot be told apart."""


def shown(found: Forecast, history: History, window: Window, major: Callable[[float], float]) -> dict[str, Any]:
    """``total`` and what it is made of, ``median``, ``interval_80``, ``interval_95``, and the total by stage, rep, team.

    ``major`` turns minor units into major ones. ``booked``, ``open`` and ``not_created_yet`` add up to ``total``, and so
    does each breakdown; ``open`` and ``not_created_yet`` are None where they are not told apart.
    """
    one, bands = found.estimate, found.bands
    return {
        "total": major(one.total),
        "booked": major(one.booked),
        "open": None if one.open is None else major(one.open),
        "not_created_yet": None if one.created_later is None else major(one.created_later),
        "median": major(bands.p50),
        "interval_80": [major(bands.p10), major(bands.p90)],
        "interval_95": [major(bands.p2_5), major(bands.p97_5)],
        **{
            name: {key: major(value) for key, value in group.items()}
            for name, group in _groups(one, history, window).items()
        },
    }


def _groups(one: Estimate, history: History, window: Window) -> dict[str, dict[str, float]]:
    told_apart = one.open is not None and one.created_later is not None
    rest = {NOT_CREATED_YET: one.created_later or 0.0} if told_apart else {RUN_RATE: one.rest}
    booked = dict(zip(history.reps, window.booked_by_rep(history).tolist(), strict=True))
    by_rep = {rep: booked[rep] + one.by_rep.get(rep, 0.0) for rep in history.reps}
    return {
        "by_stage": {**one.by_stage, OpportunityStage.CLOSED_WON.value: one.booked, **rest},
        "by_sales_rep": {rep: value for rep, value in by_rep.items() if value} | rest,
        "by_team": _by_team(by_rep, dict(zip(history.reps, history.teams, strict=False))) | rest,
    }


def _by_team(by_rep: Mapping[str, float], teams: Mapping[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for rep, value in by_rep.items():
        if value and rep in teams:
            found[teams[rep]] = found.get(teams[rep], 0.0) + value
    return found

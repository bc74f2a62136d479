"""The board of a period: each place with its quota, deals, calls and forecast, as callers see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sales_operations.domain.clock import iso, to_micros
from sales_operations.domain.money import to_major
from sales_operations.domain.periods import period_from
from sales_operations.forecasting.calls.model import Model
from sales_operations.forecasting.calls.organisation import COMPANY, Key, Node, Organisation
from sales_operations.forecasting.calls.rollup import Place
from sales_operations.forecasting.calls.scene import Scene
from sales_operations.forecasting.calls.standing import ADJUSTMENT, CALL, CATEGORIES, Call
from sales_operations.metrics.attainment import (
    COVERAGE_OF_QUOTA,
    COVERAGE_OF_REMAINING_QUOTA,
    QUOTA_ATTAINMENT,
    QUOTA_PACE,
    QUOTA_REMAINING,
)
from sales_operations.metrics.value import OPEN_AMOUNT, OPEN_AMOUNT_UNKNOWN, OPEN_DEALS, WON_AMOUNT
from sales_operations.settings import Settings

_RATIOS = {
    "attainment": QUOTA_ATTAINMENT,
    "pace": QUOTA_PACE,
    "coverage_of_quota": COVERAGE_OF_QUOTA,
    "coverage_of_remaining_quota": COVERAGE_OF_REMAINING_QUOTA,
}


def board(
    scene: Scene, expected: Model, agreed: Mapping[Key, int], settings: Settings, *, single: bool
) -> dict[str, Any]:
    """The period, then ``rows``: the company, below it each team before what it holds, ``depth`` telling how deep.

    Money is in major units. With ``single`` the categories are apart; else closed is part of commit and commit of best
    case. ``reconciled`` is the commit by ``agreement.agreed``. A place of which nothing is known is left out.
    """
    period, currency = scene.period, settings.company.currency
    elapsed = _elapsed(scene, settings.company.timezone)
    shown = _shown(scene, expected)
    return {
        "as_of": scene.at.shown,
        "period": period.label,
        "period_start": period.start.isoformat(),
        "period_end": period.end.isoformat(),
        "elapsed": elapsed,
        "currency": currency,
        "categories": "single" if single else "cumulative",
        "model": {"method": expected.method, "none": expected.none},
        "rows": [
            {
                **_place(scene.organisation, node, depth),
                **_numbers(scene.places[node.key], currency, single),
                **_quota(scene.places[node.key], scene.quotas.get(node.key), elapsed, currency),
                "model": _major(expected.by_place.get(node.key), currency),
                "reconciled": _major(agreed[node.key], currency),
                "calls": _calls(scene, node.key, currency),
            }
            for node, depth in scene.organisation.walk()
            if node.key in shown
        ],
    }


def shown_call(row: Call, organisation: Organisation, fiscal_year_start: int) -> dict[str, Any]:
    """A call as callers see it, with what was known when it was made; ``amount`` is None where one was taken back."""
    currency = row["currency"]
    period = period_from(row["period"], date.fromisoformat(row["period_start"]), fiscal_year_start)
    return {
        "call_id": row["id"],
        "level": row["level"],
        "id": row["holder_id"],
        "name": organisation.nodes[organisation.key(row["level"], row["holder_id"])].name,
        "period": period.label,
        "category": row["category"],
        "kind": row["kind"],
        "amount": _major(row["amount_minor"], currency),
        "currency": currency,
        "note": row["note"],
        "made_by": organisation.name_of(row["made_by"]),
        "made_at": iso(row["made_at"]),
        "known_then": {
            "closed": _major(row["closed_minor"], currency),
            "deals": _major(row["deals_minor"], currency),
            "roll_up": _major(row["rollup_minor"], currency),
            "model": _major(row["model_minor"], currency),
            "model_method": row["model_method"],
        },
    }


def _place(organisation: Organisation, node: Node, depth: int) -> dict[str, Any]:
    return {
        "level": node.key[0],
        "id": node.key[1],
        "name": node.name,
        "manager": organisation.name_of(node.holder) if node.key[0] != "rep" and node.holder else None,
        "depth": depth,
    }


def _numbers(place: Place, currency: str, single: bool) -> dict[str, Any]:
    closed = place.said.closed

    def money(amounts: Mapping[str, int | None]) -> dict[str, float | None]:
        held = _singly(amounts, closed, place.counts["commit"]) if single else amounts
        return {name: _major(held.get(name), currency) for name in CATEGORIES}

    def said(kind: str) -> dict[str, int | None]:
        return {
            name: place.calls[name, kind]["counted_minor"] if (name, kind) in place.calls else None
            for name in CATEGORIES
        }

    return {
        "closed": _major(closed, currency),
        "deals": money(place.deals),
        "open_deals": place.said.open_deals,
        "amount_unknown": place.said.amount_unknown,
        "call": money(said(CALL)),
        "adjustment": money(said(ADJUSTMENT)),
        "roll_up": money(place.rollup),
        "counts": money(place.counts),
    }


def _singly(amounts: Mapping[str, int | None], closed: int, commit: int) -> dict[str, int | None]:
    """Each category without what is surer, at least 0; ``commit`` is what counts where the amounts have none."""
    surer = amounts["commit"]
    below = {"commit": closed, "best_case": commit if surer is None else surer, "pipeline": 0}
    return {name: None if amount is None else max(amount - below[name], 0) for name, amount in amounts.items()}


def _quota(place: Place, quota: int | None, elapsed: float, currency: str) -> dict[str, Any]:
    row = {
        WON_AMOUNT.name: place.said.closed,
        OPEN_AMOUNT.name: place.said.open_amount,
        OPEN_DEALS.name: place.said.open_deals,
        OPEN_AMOUNT_UNKNOWN.name: place.said.amount_unknown,
        "quota": quota,
        "elapsed": elapsed,
    }
    remaining = QUOTA_REMAINING.read(row)
    money = {
        "quota": _major(quota, currency),
        "remaining": None if remaining is None else _major(int(remaining), currency),
    }
    return money | {name: metric.read(row) for name, metric in _RATIOS.items()}


def _calls(scene: Scene, key: Key, currency: str) -> list[dict[str, Any]]:
    """The calls that stand at a place, and by how much what stood below them has moved since."""
    place = scene.places[key]
    found = []
    for (category, kind), call in sorted(
        place.calls.items(), key=lambda item: (CATEGORIES.index(item[0][0]), item[0][1])
    ):
        moved = place.before(category, kind) - call["rollup_minor"]
        found.append(
            shown_call(call, scene.organisation, scene.period.fiscal_year_start)
            | {"moved_since": _major(moved, currency)}
        )
    return found


def _shown(scene: Scene, expected: Model) -> set[Key]:
    """The places of which anything is known, and what they lie in."""
    nodes = scene.organisation.nodes
    named = set(scene.quotas) | scene.said.keys() | {key for key, one in scene.places.items() if one.calls}
    named |= {key for key, value in expected.by_place.items() if value} | {COMPANY}
    found: set[Key] = set()
    for key in named:
        place: Key | None = key
        while place is not None and place not in found:
            found.add(place)
            place = nodes[place].parent
    return found


def _elapsed(scene: Scene, zone: str) -> float:
    """The share of the period that has passed."""
    begun, over = (
        to_micros(datetime.combine(day, time.min, ZoneInfo(zone)))
        for day in (scene.period.start, scene.period.end + timedelta(days=1))
    )
    return min(max((scene.at.micros - begun) / (over - begun), 0.0), 1.0)


def _major(minor: int | None, currency: str) -> float | None:
    return None if minor is None else to_major(minor, currency)

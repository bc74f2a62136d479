"""What a call says, what is refused, and what is kept of the moment in which it was made."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson

from sales_operations.domain.errors import Disabled, InvalidInput
from sales_operations.domain.money import to_major, to_minor, written
from sales_operations.domain.opportunity import new_id
from sales_operations.domain.periods import MONTHS, Period, parse_period, period_of
from sales_operations.forecasting.calls.model import Model
from sales_operations.forecasting.calls.organisation import Key
from sales_operations.forecasting.calls.scene import Scene
from sales_operations.forecasting.calls.standing import CATEGORIES
from sales_operations.settings import Settings

OTHER = {"commit": "best_case", "best_case": "commit"}


def period_named(text: str, settings: Settings, today: date) -> Period:
    """The period of a label, or the present one of that name; a whole one of the company's year. Raises InvalidInput."""
    first = settings.company.fiscal_year_start
    if text in MONTHS:
        return period_of(text, today, first)
    named = parse_period(text, first)
    own = period_of(named.name, named.start, first)
    if own != named:
        raise InvalidInput(
            f"period: {text} is none of the company's, whose year begins in month {first} "
            f"(sales_operations.company.fiscal_year_start); use {own.label} or {own.shifted(1).label}"
        )
    return own


def check_period(period: Period, settings: Settings, today: date) -> None:
    """Raise Disabled for a period that the configuration does not offer, InvalidInput for one that is over."""
    if period.name not in settings.forecasting.periods:
        raise Disabled(f"period {period.name!r} is not listed in sales_operations.forecasting.periods; add it there")
    if period.end < today:
        raise InvalidInput(f"period: {period.label} is over since {period.end}; calls are made before a period ends")


def amount_of(amount: float | str | None, currency: str) -> int | None:
    """Minor units of what is said; None for a call that is taken back. Raises InvalidInput."""
    if amount is None:
        return None
    minor = to_minor(amount, currency)
    if minor < 0:
        raise InvalidInput(f"amount: {amount} is negative; say what the period will bring in all, or 0")
    return minor


def check_category(category: str) -> None:
    """Raise InvalidInput for what nobody calls: closed is a fact."""
    if category not in CATEGORIES:
        raise InvalidInput(f"category: {category!r} is none that is called; use one of {', '.join(CATEGORIES)}")


def new_call(
    scene: Scene, expected: Model, settings: Settings, key: Key, *, category: str, kind: str, amount: int | None,
    made_by: str, note: str | None,
) -> dict[str, Any]:  # fmt: skip
    """The record of a call, without its time. Raises InvalidInput for an amount that contradicts what is known.

    A commit is what the whole period brings, so it is at least what is won already; a best case is at least the commit
    that the same person called.
    """
    place, currency = scene.places[key], settings.company.currency
    if amount is None:
        if (category, kind) not in place.calls:
            raise InvalidInput(f"there is no {category} {kind} for {scene.organisation.nodes[key].name} to take back")
    elif category in OTHER:
        _check_order(place.said.closed, amount, category, currency)
        if (other := place.calls.get((OTHER[category], kind))) is not None:
            _check_other(amount, other["counted_minor"], category, currency)
    members = scene.organisation.members(key)
    return {
        "id": new_id("call"),
        "level": key[0],
        "holder_id": key[1],
        "period": scene.period.name,
        "period_start": scene.period.start.isoformat(),
        "category": category,
        "kind": kind,
        "amount_minor": amount,
        "currency": currency,
        "note": note.strip() or None if note else None,
        "made_by": made_by,
        "closed_minor": place.said.closed,
        "deals_minor": place.deals[category],
        "rollup_minor": place.before(category, kind),
        "model_minor": expected.by_place.get(key),
        "model_method": expected.method if key in expected.by_place else None,
        "members": None if members is None else orjson.dumps(members).decode(),
    }


def _check_order(closed: int, amount: int, category: str, currency: str) -> None:
    if amount < closed:
        raise InvalidInput(
            f"amount: {_said(amount, currency)} is less than the {_said(closed, currency)} won in the period already; "
            f"a {category} call says what the whole period brings, what is won included"
        )


def _check_other(amount: int, other: int, category: str, currency: str) -> None:
    if category == "commit" and amount > other:
        raise InvalidInput(
            f"amount: a commit of {_said(amount, currency)} is more than the best case called, {_said(other, currency)}; "
            "raise the best case first"
        )
    if category == "best_case" and amount < other:
        raise InvalidInput(
            f"amount: a best case of {_said(amount, currency)} is less than the commit called, {_said(other, currency)}; "
            "lower the commit first"
        )


def _said(minor: int, currency: str) -> str:
    return written(to_major(minor, currency), currency)

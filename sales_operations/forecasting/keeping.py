"""Keeps what was forecast, so that it can be held against what came true."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sales_operations.domain.clock import to_micros
from sales_operations.domain.errors import StoreError
from sales_operations.domain.money import to_minor

if TYPE_CHECKING:
    from sales_operations.forecasting.face import Face
    from sales_operations.metrics.forecast_record import Kept

NOT_KEPT = "not_kept"
"""The key under which a result says why it could not be kept."""


def keep(face: Face, found: Mapping[str, Any], day: date, data_seq: int) -> dict[str, str]:
    """Keep a forecast of the present, made on ``day`` from a store that had come to ``data_seq``.

    Gives what the result says of it: nothing, or why it was not kept, which is no reason not to answer. Where a method
    refused, nothing was forecast, and nothing is kept.
    """
    from sales_operations.store import forecasts

    if found.get("refused"):
        return {}
    try:
        forecasts.keep(face.workspace.engine, _made(face, found, day, data_seq))
    except StoreError as error:
        return {NOT_KEPT: str(error)}
    return {}


def settings_digest(face: Face) -> str:
    """A short digest of everything configured that a forecast follows from."""
    settings = face.workspace.settings
    parts = (
        settings.forecasting.model_dump_json(),
        repr(face.stage_probabilities()),
        settings.company.timezone,
        settings.company.currency,
        str(settings.company.fiscal_year_start),
    )
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def _made(face: Face, found: Mapping[str, Any], day: date, data_seq: int) -> Kept:
    from sales_operations.metrics.forecast_record import Kept

    currency = found["currency"]

    def minor(amount: float | None) -> int | None:
        return None if amount is None else to_minor(amount, currency)

    sums = {
        "total": found["total"],
        "booked": found["booked"],
        "p2_5": found["interval_95"][0],
        "p10": found["interval_80"][0],
        "p50": found["median"],
        "p90": found["interval_80"][1],
        "p97_5": found["interval_95"][1],
    }
    return Kept(
        method=found["method"],
        period=found["period"],
        period_start=date.fromisoformat(found["period_start"]),
        period_end=date.fromisoformat(found["period_end"]),
        as_of=day,
        made_at=to_micros(face.workspace.clock()),
        currency=currency,
        open=minor(found["open"]),
        created_later=minor(found["not_created_yet"]),
        confidence=found["confidence"],
        weights=found.get("weights"),
        data_seq=data_seq,
        settings=settings_digest(face),
        **{name: to_minor(amount, currency) for name, amount in sums.items()},
    )

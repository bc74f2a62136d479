"""Kept forecasts against what was won: the finding, what is raised, and that the past stays what it was."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sales_operations.domain.clock import parse_as_of
from sales_operations.domain.periods import period_of
from sales_operations.metrics.forecast_record import Kept
from sales_operations.pipeline import PipelineInsights, PipelineManager
from sales_operations.pipeline.alerts import kept as alerts
from sales_operations.pipeline.insights import insights_of
from sales_operations.store import forecasts

MONTH = 100_000
"""Minor units won in each month."""


def made(day: date, total: int, period: str = "month", width: float = 0.2, **more: Any) -> Kept:
    of = period_of(period, day)
    bounds = {
        "p10": round(total * (1 - width)),
        "p90": round(total * (1 + width)),
        "p2_5": 0,
        "p97_5": round(total * (1 + 2 * width)),
    }
    given = {"method": "hybrid", "confidence": 0.5, "weights": None, "data_seq": 1, "settings": "ab"} | more
    return Kept(
        period=period, period_start=of.start, period_end=of.end, as_of=day,
        made_at=parse_as_of(day.isoformat()).micros, currency="USD", total=total, booked=0, open=None, created_later=None,
        p50=total, **bounds, **given,
    )  # fmt: skip


def months(count: int) -> list[date]:
    """The first days of the months before June 2026, the oldest first."""
    return [period_of("month", date(2026, 6, 1)).shifted(-n).start for n in range(count, 0, -1)]


def won(count: int) -> dict[str, list[dict[str, Any]]]:
    """A deal won in the middle of each of these months."""
    return {
        f"won{day}": [
            {"at": datetime(day.year, day.month, 1), "stage": "lead", "amount": MONTH},
            {"at": datetime(day.year, day.month, 14), "stage": "closed_won", "amount": MONTH},
        ]
        for day in months(count)
    }


def variance(state_of: Any, history: Any, kept: list[Kept], **config: Any) -> dict[str, Any]:
    return insights_of(state_of(history, config=config), kept)["forecast_variance"]


def test_forecasts_of_periods_that_are_over_are_held_against_what_was_won(state_of: Any) -> None:
    kept = [made(day, 105_000) for day in months(4)] + [made(day + timedelta(days=14), 98_000) for day in months(4)]
    found = variance(state_of, won(4), kept)
    middle, start = found["accuracy"]
    assert (start["point"], start["n"], start["wape"], start["bias"], start["in_80"]) == ("start", 4, 0.05, 0.05, 4)
    assert (middle["point"], middle["wape"], middle["bias"]) == ("middle", 0.02, -0.02)
    assert (found["status"], found["severity"], found["next_action"]) == ("measured", "ok", "None.")
    assert (
        "The last 4 hybrid forecasts of a month, made at its start, were off by 5% of what was won, in sum 5% too high; "
        "4 of 4 lay within their 80 % interval."
    ) in found["explanation"]
    assert [one["actual"] for one in found["closed"]] == [1_000.0] * 8


@pytest.mark.parametrize(("off", "severity"), [(1.09, "ok"), (1.2, "warning"), (1.3, "critical")])
def test_the_severity_follows_the_target_of_accuracy(state_of: Any, off: float, severity: str) -> None:
    kept = [made(day, round(MONTH * off), width=0.5) for day in months(3)]
    assert variance(state_of, won(3), kept)["severity"] == severity
    assert variance(state_of, won(3), kept[:2])["severity"] == "unknown"
    generous = {"kpi_targets": {"forecast_accuracy": 0.5}}
    assert variance(state_of, won(3), kept, pipeline_management=generous)["severity"] == "ok"


def test_it_says_which_way_the_present_forecasts_went(state_of: Any) -> None:
    first, latest = made(date(2026, 6, 1), 100_000), made(date(2026, 6, 30), 70_000)
    found = variance(state_of, {}, [first, latest])
    assert (found["status"], found["severity"]) == ("no_period_over", "warning")
    assert found["current"] == [
        {
            "method": "hybrid", "period": "2026-06", "first": {"as_of": "2026-06-01", "total": 1_000.0},
            "latest": {"as_of": "2026-06-30", "total": 700.0}, "moved": -300.0, "moved_share": -0.3, "outside_80": True,
        }
    ]  # fmt: skip
    assert "went from $1,000.00 (2026-06-01) to $700.00 (2026-06-30), out of the range" in found["explanation"]
    assert found["next_action"] == "See what changed the forecast: sales-operations changes."
    within = variance(state_of, {}, [first, replace(latest, total=110_000)])
    assert (within["severity"], within["current"][0]["outside_80"]) == ("ok", False)


def test_forecasts_that_are_always_too_low_are_drift(state_of: Any) -> None:
    kept = [made(day, 95_000) for day in months(9)]
    found = variance(state_of, won(9), kept)
    assert [(one["period"], one["point"], one["kind"]) for one in found["drift"]] == [("month", "start", "one_sided")]
    assert found["severity"] == "warning"
    assert "9 were too low; chance alone does that in 0.39% of cases." in found["explanation"]
    assert found["next_action"].startswith("Find out what is different from the past")
    assert variance(state_of, won(9), kept[4:])["drift"] == []


def test_intervals_that_do_not_hold_are_drift(state_of: Any) -> None:
    kept = [made(day, MONTH + (-1) ** n * 5_000, width=0.01) for n, day in enumerate(months(9))]
    found = variance(state_of, won(9), kept)
    assert [one["kind"] for one in found["drift"]] == ["coverage"]
    assert "0 lay within their 80 % interval, where about 7 should" in found["explanation"]


class Store:
    """A store in which a deal was won in the middle of each of nine months, and forecasts of them that were kept."""

    def __init__(self, stores: Any) -> None:
        stores.clock.now = datetime.fromisoformat("2026-06-30T12:00:00+00:00")
        self.workspace = stores.open()
        deal = {"pipeline": "default", "currency": "USD", "name": "A deal", "is_deleted": 0}
        end = stores.clock.now
        for day in months(9):
            stores.clock.now = datetime.fromisoformat(f"{day}T12:00:00+00:00")
            row = deal | {"id": f"deal{day}", "stage": "lead", "pipeline_stage": "lead", "amount_minor": MONTH}
            with self.workspace.unit("test") as unit:
                unit.create("opportunities", row | {"created_at": unit.now})
            stores.clock.advance(days=13)
            with self.workspace.unit("test") as unit:
                before = unit.get("opportunities", row["id"])
                unit.update("opportunities", before, {"stage": "closed_won", "pipeline_stage": "closed_won"})
        stores.clock.now = end

    def keep(self, *some: Kept) -> None:
        for one in some:
            forecasts.keep(self.workspace.engine, one)

    def find(self, as_of: str | None = None, known_at: str | None = None) -> dict[str, Any]:
        insights = PipelineInsights(self.workspace)
        return asyncio.run(insights.generate_insights(as_of, known_at))["forecast_variance"]


@pytest.fixture
def store(stores: Any) -> Store:
    return Store(stores)


def test_as_of_an_earlier_day_only_forecasts_made_by_then_count_whatever_came_later(store: Store) -> None:
    early, late = [made(day, 104_000) for day in months(9)[:6]], [made(day, 300_000) for day in months(9)[6:]]
    store.keep(*early)
    past = {day: store.find(day) for day in ("2025-08-31", "2025-12-31", "2026-02-20")}
    assert [one["status"] for one in past.values()] == ["no_forecasts_stored", "measured", "measured"]
    assert past["2025-12-31"]["accuracy"][0]["n"] == 3
    known_then = store.find(None, "2026-01-15")
    store.keep(*late, made(date(2026, 6, 30), 400_000))
    assert {day: store.find(day) for day in past} == past
    assert store.find(None, "2026-01-15") == known_then
    assert store.find()["accuracy"][0]["n"] == 9
    managed = asyncio.run(PipelineManager(store.workspace).manage_pipeline())
    assert managed["insights"]["forecast_variance"] == store.find()


def test_drift_is_raised_once_for_as_long_as_it_lasts(store: Store) -> None:
    def raised() -> list[tuple[str, str, str]]:
        rows = alerts.listing(store.workspace, warning="forecast_variance", state="all")
        return [(row["period"], row["state"], row["explanation"][:35]) for row in rows]

    store.keep(*(made(day, 95_000) for day in months(9)))
    alerts.check(store.workspace)
    alerts.check(store.workspace)
    assert raised() == [("month", "open", "Of the last 9 hybrid forecasts of a")]
    # What was forecast at once with better settings takes the place of what the day's first forecast said.
    store.keep(*(replace(made(day, 103_000), made_at=made(day, 1).made_at + 1, settings="cd") for day in months(9)[:5]))
    alerts.check(store.workspace)
    assert [state for _, state, _ in raised()] == ["over"]

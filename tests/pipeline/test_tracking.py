"""The pipeline in figures: against plain loops written from the definitions."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_operations.pipeline.tracking import track
from sales_operations.settings.pipeline_management import TrackingMetric

DEFAULTS = {"lead": 0.1, "qualified": 0.3, "proposal": 0.5, "negotiation": 0.7, "closed_won": 1.0, "closed_lost": 0.0}
AS_OF = ["2025-03-01", "2025-11-15T09:30:00Z", "2026-02-28", "2026-06-30T12:00:00Z"]


def state_at(history: Any, moment: datetime) -> list[dict[str, Any]]:
    """The last step of each deal at or before a moment, deleted ones left out."""
    last = [[step for step in steps if step["at"] <= moment] for steps in history.values()]
    return [steps[-1] for steps in last if steps and not steps[-1].get("deleted")]


def instant(as_of: str) -> datetime:
    if len(as_of) == 10:
        return datetime.fromisoformat(as_of) + timedelta(days=1) - timedelta(microseconds=1)
    return datetime.fromisoformat(as_of).replace(tzinfo=None)


def cents(value: float) -> Decimal:
    return Decimal(str(value)) * 100


def plain_groups(deals: list[dict[str, Any]], key: Any) -> dict[str, tuple[int, int, float]]:
    groups: dict[str, tuple[int, int, float]] = {}
    for deal in deals:
        chance = DEFAULTS[deal["stage"]] if deal.get("probability") is None else deal["probability"]
        amount = deal.get("amount") or 0
        count, total, weighted = groups.get(key(deal), (0, 0, 0.0))
        groups[key(deal)] = (count + 1, total + amount, weighted + amount * chance)
    return groups


def month_of(deal: dict[str, Any]) -> str:
    return deal["close_date"].strftime("%Y-%m") if deal.get("close_date") else "unknown"


@pytest.mark.parametrize("as_of", AS_OF)
def test_every_group_and_total_equals_plain_loops_over_the_deals_as_of_then(state_of, company, as_of):
    result = track(state_of(company, as_of))
    deals = state_at(company, instant(as_of))
    assert result["total_opportunities"] == len(deals) > 0
    keys = {"by_stage": lambda deal: deal["stage"], "by_month": month_of}
    keys["by_sales_rep"] = lambda deal: deal["rep"] or "unassigned"
    for name, key in keys.items():
        expected = plain_groups(deals, key)
        shown = {group: row for group, row in result[name].items() if row["count"]}
        assert set(shown) == set(expected)
        for group, (count, amount, weighted) in expected.items():
            assert (shown[group]["count"], cents(shown[group]["amount"])) == (count, amount)
            assert float(cents(shown[group]["weighted_amount"])) == pytest.approx(weighted, abs=0.0005 * count)


def test_as_of_the_present_instant_equals_the_current_state(state_of, company):
    now = track(state_of(company))
    then = track(state_of(company, "2026-06-30T12:00:00+00:00"))
    assert {**now, "as_of": None} == {**then, "as_of": None}
    assert now["as_of"] == "2026-06-30T12:00:00+00:00"


def test_a_bare_date_means_the_end_of_that_day_in_the_companys_zone_and_is_echoed(state_of):
    history = {"d1": [{"at": datetime(2026, 3, 2, 3), "stage": "lead"}]}  # 10 p.m. on March 1st in New York
    zone = {"company": {"currency": "USD", "timezone": "America/New_York"}}
    result = track(state_of(history, "2026-03-01", config=zone))
    assert (result["total_opportunities"], result["as_of"]) == (1, "2026-03-01")
    assert track(state_of(history, "2026-03-01"))["total_opportunities"] == 0


def test_all_six_stages_stand_in_order_even_where_no_deal_is(state_of):
    result = track(state_of({"d1": [{"at": datetime(2026, 1, 1), "stage": "proposal", "amount": 100}]}))
    assert list(result["by_stage"]) == list(DEFAULTS)
    assert result["by_stage"]["lead"] == {"count": 0, "amount": 0.0, "weighted_amount": 0.0}
    assert result["by_stage"]["proposal"] == {"count": 1, "amount": 1.0, "weighted_amount": 0.5}


def test_a_deal_without_amount_counts_but_adds_nothing_and_is_reported(state_of):
    steps = {"at": datetime(2026, 1, 1), "stage": "qualified"}
    result = track(state_of({"d1": [steps], "d2": [steps | {"amount": 10_000, "close_date": date(2026, 12, 5)}]}))
    assert (result["total_opportunities"], result["total_pipeline_value"], result["amount_unknown"]) == (2, 100.0, 1)
    assert result["by_month"] == {
        "2026-12": {"count": 1, "amount": 100.0, "weighted_amount": 30.0},
        "unknown": {"count": 1, "amount": 0.0, "weighted_amount": 0.0},
    }
    assert result["by_sales_rep"]["unassigned"]["count"] == 2


def test_the_open_deals_stand_beside_the_totals_that_count_closed_ones_too(state_of):
    at = datetime(2026, 1, 1)
    stages = {stage: [{"at": at, "stage": stage, "amount": 1000}] for stage in DEFAULTS}
    result = track(state_of(stages))
    assert (result["total_opportunities"], result["total_pipeline_value"]) == (6, 60.0)
    assert (result["open_opportunities"], result["open_pipeline_value"]) == (4, 40.0)
    assert (result["weighted_pipeline_value"], result["open_weighted_value"]) == (26.0, 16.0)


def test_an_unknown_probability_takes_the_one_that_its_pipelines_stage_is_configured_with(state_of):
    history = {"d1": [{"at": datetime(2026, 1, 1), "stage": "lead", "amount": 10_000}]}
    stages = [{"name": stage, "stage": stage} for stage in DEFAULTS]
    stages[0]["probability"] = 0.05
    result = track(state_of(history, config={"pipelines": {"default": stages}}))
    assert result["weighted_pipeline_value"] == 5.0


def test_only_the_listed_figures_are_computed(state_of, company):
    tracking = {"metrics": ["total_opportunities", "by_month"]}
    result = track(state_of(company, config={"pipeline_management": {"tracking": tracking}}))
    assert {"total_opportunities", "by_month", "tracked_at", "open_opportunities"} <= set(result)
    assert not {"total_pipeline_value", "weighted_pipeline_value", "by_stage", "by_sales_rep"} & set(result)


def test_groups_by_what_the_present_record_says_are_those_of_the_record(state_of):
    history = {f"d{number}": [{"at": datetime(2026, 1, 1), "stage": "lead", "amount": 100}] for number in range(3)}
    wanted = ["by_team", "by_lead_source", "by_product", "by_segment"]
    state = state_of(history, config={"pipeline_management": {"tracking": {"metrics": wanted}}})
    state.db.execute("UPDATE m_opportunities SET lead_source = 'event', product = 'Loom' WHERE id = 'd1'")
    state.db.execute(
        "UPDATE m_opportunities SET lead_source = 'web', product = NULL, account_id = 'a1' WHERE id <> 'd1'"
    )
    state.db.execute("INSERT INTO m_accounts VALUES ('a1', 'Alder', 'mid')")
    result = track(state)
    counts = {name: {group: row["count"] for group, row in result[name].items()} for name in wanted}
    assert counts == {
        "by_team": {"unknown": 3},
        "by_lead_source": {"event": 1, "web": 2},
        "by_product": {"Loom": 1, "unknown": 2},
        "by_segment": {"mid": 2, "unknown": 1},
    }


STEPS = st.fixed_dictionaries(
    {
        "stage": st.sampled_from(list(DEFAULTS)),
        "amount": st.none() | st.integers(0, 2**31),
        "probability": st.none() | st.floats(0, 1),
        "close_date": st.none() | st.dates(date(2020, 1, 1), date(2030, 12, 31)),
        "rep": st.sampled_from([None, "Ada", "Bo", "unassigned"]),
        "team": st.sampled_from([None, "North", "South"]),
    }
)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, max_size=12))
def test_the_groups_of_every_kind_sum_to_the_total_exactly(state_of, steps):
    history = {f"d{number}": [{"at": datetime(2026, 1, 1), **step}] for number, step in enumerate(steps)}
    every = {"pipeline_management": {"tracking": {"metrics": list(get_args(TrackingMetric))}}}
    result = track(state_of(history, config=every))
    names = {"count": "total_opportunities", "amount": "total_pipeline_value"}
    names["weighted_amount"] = "weighted_pipeline_value"
    whole = {"count": 1, "amount": 100, "weighted_amount": 100_000}
    for name, total in names.items():
        for groups in (name for name in get_args(TrackingMetric) if name.startswith("by_")):
            parts = sum(round(Decimal(row[name]) * whole[name]) for row in result[groups].values())
            assert parts == round(Decimal(result[total]) * whole[name])


def test_the_largest_amounts_that_can_be_held_do_not_overflow(state_of):
    history = {
        f"d{number}": [{"at": datetime(2026, 1, 1), "stage": "closed_won", "amount": 2**53}] for number in range(9)
    }
    result = track(state_of(history))
    assert result["total_pipeline_value"] == result["weighted_pipeline_value"] == 9 * 2**53 / 100

"""The analysis by dimension and period: every group equals the same figures written out in plain Python."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

import math
import random
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import mean, median

import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.periods import parse_period
from sales_operations.pipeline.analytics import analytics_of
from sales_operations.pipeline.dimensions import DIMENSIONS

UNTIL = datetime(2026, 6, 30, 12)


def closings(history, start, end=UNTIL):
    """Deal to its last step, for the deals that closed in [start, end) and are closed and there at the end."""
    found = {}
    for deal, steps in history.items():
        known = [step for step in steps if step["at"] <= UNTIL]
        if not known or known[-1].get("deleted") or not known[-1]["stage"].startswith("closed"):
            continue
        # When it was last seen open; a deal that was never open closed when it began.
        closed, opened = known[0]["at"], next(step for step in known if not step.get("deleted"))["at"]
        for step, following in pairwise(known):
            if not step["stage"].startswith("closed") and not step.get("deleted"):
                closed = following["at"]
        if start <= closed < end:
            found[deal] = known[-1] | {"opened": opened, "closed": closed}
    return found


def wilson(won, n, z=1.959964):
    middle = (won + z * z / 2) / (n + z * z)
    half = z * math.sqrt(won * (n - won) / n + z * z / 4) / (n + z * z)
    return middle - half, middle + half


def test_every_rep_has_the_figures_of_its_own_closed_deals(state_of, company):
    groups = defaultdict(list)
    for deal in closings(company, UNTIL - timedelta(days=365)).values():
        groups[deal["rep"] or "unassigned"].append(deal)
    still = defaultdict(int)
    for steps in company.values():
        last = steps[-1]
        if not last["stage"].startswith("closed") and not last.get("deleted"):
            still[last["rep"] or "unassigned"] += 1
    result = analytics_of(state_of(company), "sales_rep")
    assert result["by"] == "sales_rep"
    assert {one["group"]: one["closed_deals"] for one in result["groups"]} == {rep: len(groups[rep]) for rep in groups}
    assert [one["closed_deals"] for one in result["groups"]] == sorted(map(len, groups.values()), reverse=True)
    measured = 0
    for one in result["groups"]:
        deals = groups[one["group"]]
        won = [deal for deal in deals if deal["stage"] == "closed_won"]
        amounts = [deal["amount"] / 100 for deal in won if deal["amount"] is not None]
        cycles = [(deal["closed"] - deal["opened"]).total_seconds() / 86_400 for deal in won]
        assert one["win_rate"]["value"] == len(won) / len(deals)
        assert (one["win_rate"]["low"], one["win_rate"]["high"]) == pytest.approx(wilson(len(won), len(deals)))
        assert (one["deal_size"]["n"], one["velocity"]["open_deals"]) == (len(amounts), still[one["group"]])
        if not amounts:
            assert (one["deal_size"]["value"], one["velocity"]["value"]) == (None, None)
            continue
        assert (one["deal_size"]["mean"], one["deal_size"]["median"]) == pytest.approx((mean(amounts), median(amounts)))
        assert one["velocity"]["cycle_days"] == pytest.approx(mean(cycles))
        expected = still[one["group"]] * len(won) / len(deals) * mean(amounts) / mean(cycles)
        assert one["velocity"]["value"] == pytest.approx(expected)
        size, speed = one["deal_size"], one["velocity"]
        if len(amounts) < 5:
            assert (size["low"], size["high"]) == (None, None)
            continue
        measured += 1
        assert size["low"] < size["mean"] < size["high"]
        assert speed["low"] < speed["value"] < speed["high"]
    assert measured
    assert sum(one["closed_deals"] for one in result["groups"]) == result["window"]["deals"]


def test_every_month_has_its_own_closings_and_the_deals_open_at_its_end(state_of, company):
    result = analytics_of(state_of(company), "month")
    assert [one["group"] for one in result["groups"]] == [f"2025-{n:02}" for n in range(7, 13)] + [
        f"2026-{n:02}" for n in range(1, 7)
    ]
    gone = {deal for deal, steps in company.items() if steps[-1].get("deleted")}
    for one in result["groups"]:
        month = parse_period(one["group"])
        start, after = (datetime.combine(day, datetime.min.time()) for day in (month.start, month.shifted(1).start))
        deals = closings(company, start, min(after, UNTIL + timedelta(microseconds=1)))
        assert one["closed_deals"] == len(deals)
        instant, still = min(after - timedelta(microseconds=1), UNTIL), 0
        for deal, steps in company.items():
            known = [step for step in steps if step["at"] <= instant]
            still += bool(
                deal not in gone
                and known
                and not known[-1].get("deleted")
                and not known[-1]["stage"].startswith("closed")
            )
        assert one["velocity"]["open_deals"] == still


def test_a_period_holds_the_deals_closed_in_it_up_to_the_instant(state_of, company):
    whole = analytics_of(state_of(company), period=parse_period("2026-Q1"))
    assert whole["window"]["deals"] == len(closings(company, datetime(2026, 1, 1), datetime(2026, 4, 1)))
    assert (whole["window"]["period"], whole["window"]["complete"]) == ("2026-Q1", True)
    running = analytics_of(state_of(company), period=parse_period("2026-06"))
    assert running["window"]["deals"] == len(closings(company, datetime(2026, 6, 1)))
    assert running["window"]["complete"] is False


def closed(stage, amount=10_000, **more):
    at = datetime(2026, 6, 1)
    return [{"at": at, "stage": "lead"} | more, {"at": at + timedelta(days=9), "stage": stage, "amount": amount} | more]


@pytest.fixture
def labelled(state_of):
    history = {
        "a": closed("closed_won", team="North", lead_source="web", product="Valve", account_id="acc1"),
        "b": closed("closed_lost", team="North", lead_source="fair", product="Valve", account_id="acc2"),
        "c": closed("closed_won", team="South", lead_source="web", account_id="acc1"),
        "d": [{"at": datetime(2026, 6, 1), "stage": "lead", "team": "South", "product": "Valve"}],
    }
    state = state_of(history)
    state.db.execute("INSERT INTO m_accounts VALUES ('acc1', 'One', 'SMB'), ('acc2', 'Two', NULL)")
    return state


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("team", [("North", 2, 0), ("South", 1, 1)]),
        ("pipeline", [("default", 3, 1)]),
        ("lead_source", [("web", 2, 0), ("fair", 1, 0), ("unknown", 0, 1)]),
        ("product", [("Valve", 2, 1), ("unknown", 1, 0)]),
        ("segment", [("SMB", 2, 0), ("unknown", 1, 1)]),
    ],
)
def test_the_groups_of_a_dimension_are_its_values_and_unknown(labelled, by, expected):
    result = analytics_of(labelled, by)
    found = [(one["group"], one["closed_deals"], one["velocity"]["open_deals"]) for one in result["groups"]]
    assert found == expected
    assert ("present record" in result["by_means"]) == (by in ("lead_source", "product", "segment"))


def test_the_intervals_are_those_of_drawing_the_deals_again(state_of):
    chance = random.Random(5)
    history = {"open": closed("lead")}
    for number in range(90):
        at = datetime(2026, 3, 1)
        won, days, amount = number % 3 == 0, chance.randrange(10, 80), round(chance.lognormvariate(13, 0.8))
        last = {"at": at + timedelta(days=days), "stage": "closed_won" if won else "closed_lost", "amount": amount}
        history[f"d{number}"] = [{"at": at, "stage": "lead"}, last]
    ends = [(steps[1]["stage"] == "closed_won", steps[1]["amount"], steps[1]["at"]) for steps in history.values()][1:]
    deals = [(won, amount / 100, (at - datetime(2026, 3, 1)).days) for won, amount, at in ends]

    def figures(drawn):
        won = [deal for deal in drawn if deal[0]]
        size, days = mean(deal[1] for deal in won), mean(deal[2] for deal in won)
        return size, days, len(won) / len(drawn) * size / days

    draws = [figures(chance.choices(deals, k=90)) for _ in range(3000)]
    found = analytics_of(state_of(history))
    speed = found["velocity"]
    shown = [(found["deal_size"]["low"], found["deal_size"]["high"])]
    shown += [(speed["cycle_days_low"], speed["cycle_days_high"]), (speed["low"], speed["high"])]
    for place, (low, high) in enumerate(shown):
        values = sorted(draw[place] for draw in draws)
        assert (low, high) == (pytest.approx(values[75], rel=0.06), pytest.approx(values[2925], rel=0.06))
    sizes, cycles = (sorted(deal[place] for deal in deals if deal[0]) for place in (1, 2))
    # Of 30 values, the tenth and the tenth from the end hold the median in 95 of 100 samples.
    assert (found["deal_size"]["median_low"], found["deal_size"]["median_high"]) == (sizes[9], sizes[20])
    assert (speed["cycle_days_median_low"], speed["cycle_days_median_high"]) == (cycles[9], cycles[20])


def test_few_deals_have_no_interval_of_a_mean_and_a_wide_one_of_a_share(labelled):
    (web, *_) = analytics_of(labelled, "lead_source")["groups"]
    assert (web["win_rate"]["value"], web["win_rate"]["n"]) == (1.0, 2)
    assert web["win_rate"]["low"] < 0.35
    assert (web["deal_size"]["mean"], web["deal_size"]["low"], web["deal_size"]["high"]) == (100.0, None, None)
    assert (web["velocity"]["value"], web["velocity"]["low"]) == (0.0, None)  # nothing is open


@pytest.mark.parametrize("by", DIMENSIONS)
def test_a_store_without_deals_has_no_groups_or_empty_months(state_of, by):
    groups = analytics_of(state_of({}), by)["groups"]
    assert len(groups) == (12 if by == "month" else 0)
    for one in groups:
        assert (one["closed_deals"], one["win_rate"]["value"], one["velocity"]["value"]) == (0, None, None)


def test_unknown_dimensions_and_periods_to_come_are_errors(state_of):
    with pytest.raises(InvalidInput, match="dimension 'colour' does not exist; use one of sales_rep, team"):
        analytics_of(state_of({}), "colour")
    with pytest.raises(InvalidInput, match="2026-Q3 had not begun by 2026-06-30"):
        analytics_of(state_of({}, "2026-06-30"), period=parse_period("2026-Q3"))

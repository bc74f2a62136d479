"""Stage conversion, time to close and slippage, each against its definition in plain Python."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest

from sales_operations.domain.periods import parse_period
from sales_operations.pipeline.movement import movement
from tests.pipeline.test_analysis_by_group import UNTIL, closings

OPEN = ("lead", "qualified", "proposal", "negotiation")
LATER = {stage: (*OPEN[place + 1 :], "closed_won", "closed_lost") for place, stage in enumerate(OPEN)}


def known(steps, until=UNTIL):
    return [step for step in steps if step["at"] <= until and not step.get("deleted")]


@pytest.mark.parametrize("variant", ["any_stage", "all_stages"])
def test_the_conversion_from_every_stage_to_every_later_one(state_of, company, variant):
    deals = closings(company, UNTIL - timedelta(days=365))
    ways = [({step["stage"] for step in known(company[deal])}, last["stage"]) for deal, last in deals.items()]

    def there(way, end, stage):
        if stage.startswith("closed"):
            return end == stage and (variant == "any_stage" or stage == "closed_lost" or set(OPEN) <= way)
        if variant == "all_stages":
            return set(OPEN[: OPEN.index(stage) + 1]) <= way
        return bool(set(OPEN[OPEN.index(stage) :]) & way) or end == "closed_won"

    cells = movement(state_of(company))["stage_conversion"][variant]["from"]
    assert {start: tuple(ends) for start, ends in cells.items()} == LATER
    for start, ends in cells.items():
        if variant == "any_stage":
            begun = [(way, end) for way, end in ways if start in way]
        else:
            begun = [(way, end) for way, end in ways if there(way, end, start)]
        for stage, cell in ends.items():
            came = sum(there(way, end, stage) for way, end in begun)
            assert (cell["n"], cell["value"]) == (len(begun), pytest.approx(came / len(begun))), (start, stage)
            assert cell["low"] <= cell["value"] <= cell["high"]


def test_time_to_close_follows_open_deals_to_the_instant_and_closed_ones_to_their_end(state_of, company):
    closed = closings(company, datetime(2000, 1, 1))
    lives = []
    for deal, steps in company.items():
        states = [step for step in steps if step["at"] <= UNTIL]
        if states and not states[-1].get("deleted"):
            end = closed[deal]["closed"] if deal in closed else UNTIL
            status = states[-1]["stage"] if deal in closed else "open"
            lives.append(((end - known(steps)[0]["at"]).days, status))
    found = movement(state_of(company))["time_to_close"]
    assert (found["n"], found["closed"], found["longest_days"]) == (len(lives), len(closed), max(lives)[0])
    assert [point["days"] for point in found["points"]] == [7, 14, 30, 60, 90, 120, 180, 270, 365, 540]
    for point in found["points"]:
        surviving, won = Fraction(1), Fraction(0)
        for day in range(point["days"] + 1):
            at_risk = sum(life >= day for life, _ in lives)
            ended = [status for life, status in lives if life == day and status != "open"]
            won += surviving * Fraction(ended.count("closed_won"), at_risk)
            surviving *= 1 - Fraction(len(ended), at_risk)
        assert point["open"] == pytest.approx(float(surviving))
        assert point["won"] == pytest.approx(float(won))
        assert point["open"] + point["won"] + point["lost"] == pytest.approx(1)
        assert point["low"] is None or point["low"] <= point["open"] <= point["high"]


def test_time_to_close_in_a_period_is_of_the_deals_opened_in_it(state_of, company):
    found = movement(state_of(company), parse_period("2025"))["time_to_close"]
    gone = {deal for deal, steps in company.items() if steps[-1].get("deleted")}
    opened = [deal for deal, steps in company.items() if deal not in gone and known(steps)[0]["at"].year == 2025]
    assert (found["n"], found["opened_in"]) == (len(opened), "2025")


def test_what_became_of_the_deals_due_in_a_quarter(state_of, company):
    first, last = datetime(2026, 1, 1) - timedelta(microseconds=1), datetime(2026, 4, 1) - timedelta(microseconds=1)
    due, outcomes, pushes = {}, [], []
    for deal, steps in company.items():
        states = [step for step in steps if step["at"] <= first]
        now = states[-1] if states else {"deleted": True}
        day = now.get("close_date")
        if now.get("deleted") or now["stage"].startswith("closed"):
            continue
        if day is None or not date(2026, 1, 1) <= day <= date(2026, 3, 31):
            continue
        due[deal] = now["amount"] or 0
        end = [step for step in steps if step["at"] <= last][-1]
        if end.get("deleted"):
            outcomes.append("deleted")
        elif end["stage"].startswith("closed"):
            outcomes.append(end["stage"].removeprefix("closed_"))
        else:
            outcomes.append("slipped" if end["close_date"] and end["close_date"] > date(2026, 3, 31) else "standing")
        moves, before = 0, None
        for step in steps:
            if step.get("deleted") or step["close_date"] is None:
                continue
            is_open = not step["stage"].startswith("closed")
            moves += bool(before and is_open and first < step["at"] <= last and step["close_date"] > before)
            before = step["close_date"]
        pushes.append(moves)
    assert len(due) > 10
    assert len(set(outcomes)) > 3
    found = movement(state_of(company), parse_period("2026-Q1"))["slippage"]["this_period"]
    assert (found["period"], found["complete"], found["due_deals"]) == ("2026-Q1", True, len(due))
    assert found["due_amount"] == sum(due.values()) / 100
    assert {name: one["deals"] for name, one in found["outcomes"].items() if one["deals"]} == {
        name: outcomes.count(name) for name in set(outcomes)
    }
    assert found["slip_rate"]["value"] == outcomes.count("slipped") / len(due)
    slipped = sum(amount for amount, outcome in zip(due.values(), outcomes, strict=True) if outcome == "slipped")
    assert found["slip_rate"]["by_amount"] == slipped / sum(due.values())
    assert found["push_rate"]["value"] == sum(count > 0 for count in pushes) / len(due)
    assert found["push_rate"]["pushes_per_deal"] == sum(pushes) / len(due)


def test_a_period_that_runs_is_judged_at_the_instant(state_of):
    start = datetime(2026, 6, 1)
    history = {"d": [{"at": start, "stage": "lead", "close_date": date(2026, 7, 15), "amount": 100}]}
    history["d"].append(history["d"][0] | {"at": datetime(2026, 7, 2), "close_date": date(2026, 10, 1)})
    before, after = (
        movement(state_of(history, day), parse_period("2026-Q3"))["slippage"]["this_period"]
        for day in ("2026-07-01", "2026-07-02")
    )
    assert (before["complete"], before["slip_rate"]["value"], before["outcomes"]["standing"]["deals"]) == (
        False,
        0.0,
        1,
    )
    assert (after["complete"], after["slip_rate"]["value"], after["push_rate"]["value"]) == (False, 1.0, 1.0)


def test_a_period_that_is_over_is_judged_at_its_end(state_of):
    begun = {"at": datetime(2025, 12, 1), "stage": "lead", "close_date": date(2026, 2, 1), "amount": 100}
    pushed = begun | {"at": datetime(2026, 1, 20), "close_date": date(2026, 5, 1)}
    won = pushed | {"at": datetime(2026, 4, 20), "stage": "closed_won"}
    again = pushed | {"at": datetime(2026, 4, 2), "close_date": date(2026, 6, 1)}
    found = movement(state_of({"d": [begun, pushed, again, won]}), parse_period("2026-Q1"))["slippage"]["this_period"]
    assert (found["outcomes"]["slipped"]["deals"], found["outcomes"]["won"]["deals"]) == (1, 0)
    assert found["push_rate"]["pushes_per_deal"] == 1


def test_without_deals_nothing_is_known(state_of):
    found = movement(state_of({}))
    assert found["stage_conversion"]["any_stage"]["from"]["lead"]["closed_won"]["value"] is None
    close = found["time_to_close"]
    assert (close["n"], close["median_days"], close["longest_days"], close["points"]) == (0, None, None, [])
    slips = found["slippage"]["this_period"]
    assert (slips["due_deals"], slips["slip_rate"]["value"], slips["push_rate"]["pushes_per_deal"]) == (0, None, None)

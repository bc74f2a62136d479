"""Chances to be won within so many days, measured on days later than all that was learnt from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sales_operations.connectors.importer import import_file
from sales_operations.domain.errors import HistoryTooThin, InvalidInput
from sales_operations.forecasting.asof import day_number
from sales_operations.forecasting.snapshots import snapshots_of, standing, told_to, won_within
from sales_operations.forecasting.within import WithinEvaluator, evaluate_within
from tests.forecasting.conftest import Company, Simulated, simulate

CHANCES = (0.1, 0.3, 0.5, 0.7)


@pytest.fixture(scope="module")
def found(workspace: Simulated) -> dict[str, Any]:
    return WithinEvaluator(workspace).evaluate(30, 14, "2026-08-20")


def test_chances_beat_the_base_rate_on_later_days(found: dict[str, Any]) -> None:
    assert list(found["models"]) == ["plain_rates", "logistic", "random_forest", "gradient_boosting", "blend"]
    for figures in found["models"].values():
        assert figures["auc"] > 0.65
        assert figures["log_loss"] < found["base_rate_figures"]["log_loss"]
    assert found["base_rate_figures"]["auc"] == 0.5
    assert {key: found[key] for key in ("auc", "log_loss", "brier", "ece")} == found["models"]["blend"]
    assert sum(found["model"].values()) == pytest.approx(1)
    assert sum(one["n"] for one in found["reliability"]) == found["split"]["test"]


def test_the_test_is_the_latest_third_of_the_days_with_a_whole_window_after_them(
    found: dict[str, Any], company: Company
) -> None:
    history = company.history()
    days = np.arange(history.day - 30, history.observed_from - 1, -14)
    assert found["split"]["test_days"] == round(len(days) / 3)
    cut = days[round(len(days) / 3) - 1]
    assert day_number(date.fromisoformat(found["split"]["learnt_by"])) == cut
    seen = [history.at(day).open_rows.size for day in days.tolist() if day >= cut]
    assert found["split"]["test"] == sum(seen)


def test_a_look_is_of_the_deals_open_on_its_day_and_tells_whether_they_were_won_in_time(company: Company) -> None:
    history, day = company.history(), day_number(date(2026, 6, 1))
    rows, days = standing(history, day, day, 7)
    assert set(days.tolist()) == {day}
    then = history.at(day)
    assert set(history.ids[history.deal[rows]]) == set(then.ids[then.deal[then.open_rows]])
    won = won_within(history, rows, days, np.full(len(rows), 30))
    later = history.at(day + 30).closings
    assert set(history.ids[history.deal[rows[won]]]) == set(history.at(day + 30).ids[later.deal[later.won]]) & set(
        history.ids[history.deal[rows]]
    )


def test_what_happened_to_deals_after_the_test_began_changes_no_chance_but_only_outcomes(company: Company) -> None:
    history = company.history()
    chosen = evaluate_within(history, 30, 14, CHANCES)
    cut = day_number(date.fromisoformat(chosen["split"]["learnt_by"]))
    # Whoever was won later was lost instead: the chances of the first day of the test stay, their figures do not.
    other = replace(history, stage=np.where((history.stage == 4) & (history.start > cut), 5, history.stage), _shared={})
    changed = evaluate_within(other, 30, 14, CHANCES)
    assert changed["base_rate"] == chosen["base_rate"]
    assert changed["model"] == chosen["model"]
    assert [(one["low"], one["n"], one["predicted"]) for one in changed["reliability"]] == [
        (one["low"], one["n"], one["predicted"]) for one in chosen["reliability"]
    ]
    assert all(one["observed"] == 0 for one in changed["reliability"])


def test_reps_and_products_that_turn_up_later_are_unknown_to_what_was_learnt_before() -> None:
    company = simulate(5, 200)
    for number, deal in enumerate(sorted(company.deals)[-10:]):
        company.deals[deal] = [replace(state, rep="Aaron") for state in company.deals[deal]]
        company.products[deal] = ("Aleph", "Plus")[number % 2]
    history = company.history()
    earlier = history.at(history.day - 60)
    assert "Aaron" in history.reps
    assert "Aaron" not in earlier.reps
    rows = history.open_rows
    seen = snapshots_of(history, rows, np.full(len(rows), history.day), np.full(len(rows), 30))
    told = told_to(earlier, history, seen)
    names = ["nobody" if code < 0 else earlier.reps[code] for code in told.rep.tolist()]
    assert names == [{"Aaron": "nobody"}.get(rep, rep) for rep in (history.reps[code] for code in seen.rep.tolist())]
    # In the order of names Aleph comes before all others, which were numbered without it.
    assert (told.product == seen.product - 1).all()
    assert set(told.product.tolist()) == {-1, 1}


@pytest.mark.parametrize(
    ("horizon", "every", "message"), [(0, 7, "use 1 to 366"), (367, 7, "use 1 to 366"), (30, 0, "use 1 or more")]
)
def test_days_that_make_no_window_are_refused(company: Company, horizon: int, every: int, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        evaluate_within(company.history(), horizon, every, CHANCES)


@pytest.mark.parametrize(
    ("as_of", "horizon", "message"),
    [("2024-08-20", 60, "deals were seen open on 2 days"), ("2025-01-20", 150, "no window of 150 days was over by")],
)
def test_a_history_without_whole_windows_is_refused_with_what_is_missing(
    company: Company, as_of: str, horizon: int, message: str
) -> None:
    with pytest.raises(HistoryTooThin, match=message):
        evaluate_within(company.history(as_of), horizon, 7, CHANCES)


@pytest.mark.long
def test_chances_of_bpi_2012_to_be_won_within_28_days_rank_and_are_calibrated(shared: Path, sqlite_store: Any) -> None:
    workspace = sqlite_store.open()
    import_file(workspace, "opportunities", shared / "data/bpic2012/events.csv.gz")
    found = WithinEvaluator(workspace).evaluate(28, 7, "2012-01-08")
    assert found["auc"] >= 0.765
    assert found["log_loss"] <= 0.515
    assert found["ece"] <= 0.025

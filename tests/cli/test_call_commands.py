"""The commands about forecast calls, on a store with two reps and one who leads them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import pytest

from sales_operations.cli import calls, common

USERS = "id,name,manager\nu1,Ada Park,u3\nu2,Bo Reyes,u3\nu3,Mo Vance,\n"
CONFIG = "sales_operations:\n  forecasting:\n    methods: [seasonal]\n"


@pytest.fixture
def desk(shop: Any) -> Any:
    (shop.folder / "users.csv").write_text(USERS, "utf-8")
    (shop.folder / "config").mkdir()
    (shop.folder / "config" / "sales_operations_config.yaml").write_text(CONFIG, "utf-8")
    assert shop.invoke("import", "users", "users.csv").exit_code == 0
    return shop


def refused(desk: Any, *arguments: str) -> str:
    done = desk.invoke("call", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    return str(done.stderr)


def test_a_call_is_made_and_stands_on_the_board(desk: Any) -> None:
    made = desk.json("call", "submit", "--rep", "Ada Park", "--amount", "9000", "--note", "signed soon")
    assert (made["made_by"], made["category"], made["amount"], made["note"]) == (
        "Ada Park",
        "commit",
        9000.0,
        "signed soon",
    )
    found = desk.json("call", "list")
    rows = {row["name"]: row for row in found["rows"]}
    assert rows["Ada Park"]["call"]["commit"] == 9000.0
    assert (found["rows"][0]["level"], found["rows"][0]["manager"]) == ("company", "Mo Vance")


def test_the_manager_adjusts_with_as_and_calls_for_the_company(desk: Any) -> None:
    desk.json("call", "submit", "--rep", "u1", "--amount", "9000")
    adjusted = desk.json("call", "submit", "--rep", "u1", "--amount", "8000", "--as", "Mo Vance")
    assert (adjusted["kind"], adjusted["known_then"]["roll_up"]) == ("adjustment", 9000.0)
    company = desk.json("call", "submit", "--company", "--category", "best_case", "--amount", "50000")
    assert (company["made_by"], company["kind"]) == ("Mo Vance", "call")
    assert desk.json("call", "submit", "--team", "Mo Vance", "--amount", "20000")["level"] == "company"


def test_a_dry_run_and_a_call_that_is_taken_back_leave_nothing_standing(desk: Any) -> None:
    assert "nothing was kept" in desk.invoke("call", "submit", "--rep", "u1", "--amount", "9000", "--dry-run").stdout
    assert desk.json("call", "list")["rows"][0]["calls"] == []
    desk.json("call", "submit", "--rep", "u1", "--amount", "9000")
    assert "taken back" in desk.invoke("call", "submit", "--rep", "u1", "--withdraw").stdout
    assert "Calls that stand" not in desk.invoke("call", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--amount", "1"), "say whom the call is for: --rep USER, --team TEAM or --company"),
        (("--rep", "u1", "--company", "--amount", "1"), "say whom the call is for"),
        (("--rep", "u1"), "say the amount (--amount 250000), or take back"),
        (("--rep", "u1", "--amount", "9000", "--withdraw"), "say the amount"),
        (("--rep", "nobody", "--amount", "9000"), "there is no user 'nobody'"),
        (("--rep", "u1", "--amount", "-5"), "is negative"),
        (("--rep", "u1", "--amount", "9000", "--period", "2020-Q1"), "2020-Q1 is over"),
        (("--rep", "u1", "--amount", "9000", "--category", "won"), "use one of commit, best_case, pipeline"),
        (("--rep", "u1", "--amount", "9000", "--as", "Bo Reyes"), "Bo Reyes may not call for Ada Park"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_one_sentence(desk: Any, arguments: tuple[str, ...], told: str) -> None:
    assert told in refused(desk, "submit", *arguments)


@pytest.mark.parametrize("columns", [80, 150])
def test_the_board_fits_the_terminal(desk: Any, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    desk.json(
        "call", "submit", "--rep", "u1", "--amount", "9000", "--note", "a note of some length, as people write them"
    )
    monkeypatch.setattr(common, "PIPED_WIDTH", columns)
    shown = desk.invoke("call", "list").stdout
    assert max(map(len, shown.splitlines())) <= columns
    assert ("Ada Park" in shown, "9,000" in shown, "…" in shown) == (True, True, False)
    assert shown.count("Who ") == (1 if columns >= calls._WIDE else 2)


def test_the_board_of_a_past_day_shows_no_call_of_later(desk: Any) -> None:
    desk.json("call", "submit", "--rep", "u1", "--amount", "9000")
    today = date.fromisoformat(desk.json("call", "list")["as_of"][:10])
    past = desk.json("call", "list", "--as-of", (today - timedelta(days=1)).isoformat())
    assert [row["calls"] for row in past["rows"] if row["calls"]] == []


def test_accuracy_says_where_no_period_is_over(desk: Any) -> None:
    assert desk.json("call", "accuracy")["people"] == []
    assert "No commit call was made for a period that is over by now." in desk.invoke("call", "accuracy").stdout
    assert "use commit or best_case" in refused(desk, "accuracy", "--category", "pipeline")


def test_the_accuracy_of_past_calls_is_shown_by_person(desk: Any) -> None:
    desk.json("call", "submit", "--rep", "u1", "--amount", "9000")
    # As if it had been made for an earlier quarter.
    with closing(sqlite3.connect(desk.folder / "sales_operations.db")) as connection, connection:
        connection.execute("UPDATE forecast_calls SET period_start = '2020-01-01'")
    found = desk.json("call", "accuracy")
    assert [(one["name"], one["calls"], one["wape"]) for one in found["people"]] == [("Ada Park", 1, None)]
    shown = desk.invoke("call", "accuracy").stdout
    assert "Ada Park" in shown
    assert "Beat model" in shown

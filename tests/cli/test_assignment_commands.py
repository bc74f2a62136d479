"""``lead assign``, ``lead assignments`` and ``rep``, run as a person would run them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from sales_operations.settings import load

PAGE = Path(__file__).parents[2] / "docs" / "assignment.md"


def told(shop: Any, *arguments: str) -> str:
    done = shop.invoke(*arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    return str(done.stdout)


def test_all_open_leads_without_a_rep_are_assigned_and_the_reps_told(shop: Any) -> None:
    text = told(shop, "lead", "assign")
    assert text.startswith("2 of 2 leads assigned\n")
    assert "Larch Ltd" in text
    assert "Ada Park has the least open work" in text
    notes = shop.json("inbox")
    assert [(note["recipient"], note["subject"]) for note in notes] == [
        ("Ada Park", "New lead"),
        ("Ada Park", "New lead"),
    ]
    done = shop.invoke("lead", "assign")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "There is no open lead without a rep.\n")


def test_an_explanation_shows_who_came_into_question_and_who_did_not(shop: Any) -> None:
    told(shop, "rep", "out", "Bo Reyes", "--until", "2099-01-31")
    text = told(shop, "lead", "assign", "l1", "--explain")
    lines = [line.split() for line in text.splitlines() if line.strip()]
    assert "Larch Ltd · Ada Park" in text
    assert "Rule 'least loaded': only Ada Park can take it." in text
    assert ["→", "Ada", "Park", "1", "1", "100%"] in lines
    assert ["Bo", "Reyes", "out", "of", "office", "until", "2099-01-31"] in lines


def test_a_dry_run_says_the_same_and_writes_nothing(shop: Any) -> None:
    file = shop.folder / "sales_operations.db"
    before = file.read_bytes()
    dry = shop.json("lead", "assign", "--dry-run", "--explain")
    assert file.read_bytes() == before
    real = shop.json("lead", "assign", "--explain")
    for one in (*dry, *real):
        one.pop("assignment_id")
    assert dry == real
    assert [one["sales_rep"] for one in real] == ["Ada Park", "Ada Park"]  # one open deal, then as many as Bo


def test_past_assignments_are_shown_with_their_reasons(shop: Any) -> None:
    told(shop, "lead", "assign", "l1")
    told(shop, "lead", "convert", "l1")
    newest, first = shop.json("lead", "assignments", "l1")
    assert (first["sales_rep"], first["status"], first["rule"]) == ("Ada Park", "given", "least loaded")
    assert [one["name"] for one in first["candidates"]] == ["Ada Park", "Bo Reyes"]
    assert (newest["status"], newest["reason"]) == ("kept", "Ada Park keeps it as the owner of the lead")
    assert "Ada Park · given" in told(shop, "lead", "assignments", "l1")


def test_a_rep_goes_out_and_comes_back(shop: Any) -> None:
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    assert told(shop, "rep", "out", "u1", "--from", tomorrow) == (
        f"Ada Park is out of office from {tomorrow} until further notice.\n"
    )
    assert shop.json("lead", "assign", "l1", "--dry-run")[0]["sales_rep"] == "Ada Park"
    told(shop, "rep", "out", "u1", "--until", tomorrow)
    assert shop.json("lead", "assign", "l1", "--dry-run")[0]["sales_rep"] == "Bo Reyes"
    [ada, bo] = shop.json("rep", "list")
    assert (ada["name"], ada["open_work"], len(ada["absences"]), bo["absences"]) == ("Ada Park", 1, 2, [])
    assert tomorrow in told(shop, "rep", "list")
    assert "Ada Park takes leads again" in told(shop, "rep", "back", "u1")
    assert shop.json("lead", "assign", "l1", "--dry-run")[0]["sales_rep"] == "Ada Park"
    assert "withdraw" not in told(shop, "rep", "back", "u1")
    done = shop.invoke("rep", "back", "u1")
    assert (done.exit_code, done.stderr) == (2, "error: Ada Park is not out of office, today or later\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lead", "assign", "nothing"], "there is no lead 'nothing'"),
        (["lead", "assignments", "nothing"], "there is no lead 'nothing'"),
        (["rep", "out", "Zed"], "there is no user 'Zed'"),
        (["rep", "out", "u1", "--until", "soon"], "until: 'soon' is not a date"),
        (
            ["rep", "out", "u1", "--from", "2026-12-02", "--until", "2026-12-01"],
            "a last day that is not before the first",
        ),
        (["lead", "assign", "--config", "rules.yaml"], "assignment.rules[0].users[0]: there is no user 'Nobody'"),
    ],
)
def test_bad_input_is_one_message_and_changes_nothing(shop: Any, arguments: list[str], message: str) -> None:
    rules = {"sales_operations": {"assignment": {"rules": [{"name": "A", "users": ["Nobody"]}]}}}
    (shop.folder / "rules.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    before = (shop.folder / "sales_operations.db").read_bytes()
    done = shop.invoke(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert (shop.folder / "sales_operations.db").read_bytes() == before


def test_the_configuration_of_the_page_can_be_used() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(load(yaml.safe_load(example), environ={}).assignment.rules) == 2

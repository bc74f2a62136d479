"""Commands of rules and tasks: what they print, what they leave alone, how they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sales_operations.process.rules.engine import work
from sales_operations.workspace import open_workspace

RULES = """rules:
  - name: offer
    description: Every offer is followed up.
    when: opportunity.stage_changed
    if: {field: stage, is: proposal}
    then: [task: {title: "Ask about {{ deal.account }}", due_in_days: 3}]
  - {name: stale, schedule: daily, if: {days: in_stage, at_least: 20}, then: [assign: u1]}
"""
LOOP = "rules:\n  - {name: round, when: opportunity.stage_changed, then: [move: qualified]}\n"


@pytest.fixture
def ruled(shop: Any) -> Any:
    (shop.folder / "config" / "rules").mkdir(parents=True)
    (shop.folder / "config" / "rules" / "a.yaml").write_text(RULES.replace("u1", "Ada Park"))
    return shop


def works(shop: Any) -> int:
    workspace = open_workspace({}, database=str(shop.folder / "sales_operations.db"))
    try:
        return work(workspace)
    finally:
        workspace.close()


def store(shop: Any) -> bytes:
    return bytes((shop.folder / "sales_operations.db").read_bytes())


def test_rules_are_checked_tried_applied_carried_out_and_told_of(ruled: Any) -> None:
    assert ruled.invoke("rules", "validate").stdout == "The rules are valid: 2 rules, 0 sequences.\n"
    before = store(ruled)
    assert ruled.invoke("rules", "apply", "--dry-run").stdout == (
        "The rules would be a new version. 2 rules, 0 sequences.\n"
    )
    assert ruled.invoke("rules", "list").stdout.startswith("No rules are in force")
    assert store(ruled) == before
    applied = ruled.json("rules", "apply")
    assert (applied["version"], applied["new"], applied["rules"]) == (1, True, ["offer", "stale"])
    assert ruled.json("rules", "apply")["new"] is False
    ruled.invoke("opportunity", "move", "d3", "proposal")
    assert works(ruled) == 1

    (first, second) = ruled.json("rules", "list")["rules"]
    assert (first["rule"], first["trigger"], first["firings"]) == ("offer", "opportunity.stage_changed", {"done": 1})
    assert (first["file"], first["line"], second["firings"]) == ("config/rules/a.yaml", 2, {})
    told = ruled.json("rules", "history", "--rule", "offer", "--deal", "d3")
    assert [one["version"] for one in told["versions"]] == [1]
    (fired,) = told["firings"]
    assert (fired["outcome"], fired["found"][0]["found"]) == ("done", "proposal")
    assert ruled.json("rules", "history", "--as-of", "2020-01-01") == {"versions": [], "firings": []}
    assert ruled.json("rules", "list", "--as-of", "2020-01-01") == {"version": None, "rules": []}

    (task,) = ruled.json("task", "list")
    assert (task["title"], task["owner"], task["status"]) == ("Ask about Cedar Ltd", "Ada Park", "open")
    assert ruled.json("task", "list", "--for", "Bo Reyes") == []
    assert ruled.json("task", "done", task["task_id"])["status"] == "done"
    assert ruled.invoke("task", "done", task["task_id"]).stdout == "Done: Ask about Cedar Ltd\n"
    assert ruled.json("task", "list") == []
    assert [one["status"] for one in ruled.json("task", "list", "--status", "all", "--deal", "d3")] == ["done"]
    assert ruled.json("audit", "verify")["intact"] is True


def test_a_plan_is_shown_as_tables_and_changes_nothing(ruled: Any) -> None:
    before = store(ruled)
    arguments = ("rules", "plan", "--from", "2000-01-01", "--to", "2100-01-01")
    shown = ruled.invoke(*arguments, "--rule", "offer").stdout
    assert store(ruled) == before
    assert "would have fired   1 time, on 1 deal" in " ".join(shown.split("  ")) or "1 time, on 1 deal" in shown
    assert "stage is proposal: yes (proposal)" in shown
    assert "no effect of the actions" in shown
    found = ruled.json("rules", "plan", "--from", "2000-01-01", "--to", "2000-02-01")
    assert [(one["rule"], one["firings"]) for one in found["rules"]] == [("offer", 0), ("stale", 0)]


def test_the_tables_of_rules_history_and_tasks_are_plain_when_piped(ruled: Any) -> None:
    ruled.invoke("rules", "apply")
    ruled.invoke("opportunity", "move", "d3", "proposal")
    works(ruled)
    for arguments in (["rules", "list"], ["rules", "history"], ["task", "list"]):
        done = ruled.run(*arguments, COLUMNS="40")
        assert (done.returncode, done.stderr) == (0, "")
        assert "\x1b" not in done.stdout
        assert all(line == line.rstrip() for line in done.stdout.splitlines())
    assert "Ask about Cedar Ltd" in done.stdout


def test_a_loop_is_an_error_with_its_line_and_nothing_is_written(ruled: Any) -> None:
    Path("loop.yaml").write_text(LOOP)
    before = store(ruled)
    found = ruled.invoke("rules", "validate", "loop.yaml")
    assert found.exit_code == 1
    assert found.stdout.startswith("loop.yaml:2: rules[0]: round sets itself off")
    checked = ruled.invoke("rules", "validate", "loop.yaml", "--json")
    assert checked.exit_code == 1
    assert '"line": 2' in checked.stdout
    done = ruled.invoke("rules", "apply", "loop.yaml")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: loop.yaml:2: rules[0]: round sets itself off")
    assert store(ruled) == before


def test_people_that_the_store_does_not_know_are_found_before_anything_is_applied(ruled: Any) -> None:
    Path("who.yaml").write_text(RULES.replace("u1", "Nobody"))
    before = store(ruled)
    found = ruled.invoke("rules", "validate", "who.yaml")
    assert (found.exit_code, found.stdout) == (
        1,
        "who.yaml:7: rules[1].then[0].assign: there is no user 'Nobody'; name one by record id, e-mail or name\n",
    )
    assert ruled.invoke("rules", "apply", "who.yaml").exit_code == 2
    assert store(ruled) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("rules plan --from 2026-01-02 --to 2026-01-01", "error: the window ends (2026-01-01) before it begins"),
        ("rules plan --from yesterday --to 2026-01-01", "error: as_of: 'yesterday' is neither a date"),
        (
            "rules plan --from 2026-01-01 --to 2026-01-02 --rule no",
            "error: there is no rule 'no'; the files have offer, stale",
        ),
        ("rules apply nowhere.yaml", "error: nowhere.yaml: rules: cannot be read"),
        ("rules history --deal d9", "error: there is no opportunity 'd9'"),
        ("task done task_9", "error: there is no task 'task_9'"),
        ("task list --status late", "error: status 'late' is none of open, done, all"),
        ("task list --for Nobody", "error: there is no user 'Nobody'"),
    ],
)
def test_what_is_not_there_is_refused(ruled: Any, arguments: str, says: str) -> None:
    before = store(ruled)
    done = ruled.invoke(*arguments.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(says)
    assert store(ruled) == before

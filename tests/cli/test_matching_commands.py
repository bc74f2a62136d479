"""Duplicates and merges on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sales_operations.cli.main import app

ACCOUNTS = "id,name,website\nA1,Siemens AG,siemens.com\nA2,SIEMENS,www.siemens.com\nA3,Weaver Looms,\n"
LEADS = "id,first_name,last_name,email,company\nL1,Ada,Lovelace,ada@siemens.com,Siemens\nL2,Bo,Byron,,Weaver Loom\n"


@pytest.fixture
def command(sqlite_store: Any) -> Callable[..., Result]:
    """Runs a command on a store with three accounts and two leads."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--database", sqlite_store.url])

    for kind, text in (("users", "id,name\nu1,Ada Park\n"), ("accounts", ACCOUNTS), ("leads", LEADS)):
        Path(f"{kind}.csv").write_text(text, "utf-8")
        assert run("import", kind, f"{kind}.csv").exit_code == 0
    return run


def test_duplicates_are_shown_with_their_score_and_why(command: Any) -> None:
    shown = command("duplicates").stdout
    assert "1 of 1 pairs of accounts that may be the same" in shown
    assert "domain +0.92, name +0.07" in shown
    [pair] = json.loads(command("duplicates", "accounts", "--json").stdout)["pairs"]
    assert pair["score"] == pytest.approx(sum(pair["parts"].values()))
    assert command("duplicates", "deals").exit_code == 2


def test_a_merge_is_shown_listed_and_undone_and_undone_only_once(command: Any) -> None:
    merged = json.loads(command("account", "merge", "A1", "A2", "--json").stdout)
    assert merged["moved"] == {"external_ids": 1}
    shown = command("account", "merge", "A1", "A3").stdout
    assert f" is a part of {merged['survivor_id']}" in shown
    assert len(json.loads(command("merge", "list", "--json").stdout)) == 2
    assert json.loads(command("duplicates", "--json").stdout) == {"total": 0, "pairs": []}
    assert "two records again" in command("merge", "undo", merged["merge_id"]).stdout
    again = command("merge", "undo", merged["merge_id"])
    assert (again.exit_code, "was undone on" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("account", "merge", "A1", "A1"), "are the same record"),
        (("account", "merge", "A1", "A9"), "accounts has no record 'A9'"),
        (("account", "merge", "A1", "A2", "--rule", "best"), "there is no rule 'best'; use survivor, newest or other"),
        (("contact", "merge", "A1", "A2"), "contacts has no record 'A1'"),
        (("merge", "undo", "merge_x"), "there is no merge 'merge_x'"),
    ],
)
def test_what_cannot_be_merged_is_said_with_exit_code_2(command: Any, arguments: tuple[str, ...], says: str) -> None:
    result = command(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_a_lead_is_converted_without_an_opportunity_and_leads_are_merged(command: Any) -> None:
    [ended] = json.loads(command("lead", "convert", "--no-opportunity", "L1", "--json").stdout)
    assert ended["account_id"] is not None
    assert ended["opportunity_id"] is None
    shown = command("lead", "convert", "--no-opportunity", "L1").stdout
    assert ended["contact_id"] in shown
    assert "without an opportunity" in command("lead", "convert", "L1").stderr
    assert "is a part of" in command("lead", "merge", "L1", "L2").stdout

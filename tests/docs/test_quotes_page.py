"""The page on quotes: its commands and its Python are run, its configuration is loaded, its statuses are the program's."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from sales_operations.cli.main import app
from sales_operations.process.quoting.content import CLOSED, OPEN
from sales_operations.settings import load
from sales_operations.workspace import open_workspace

PAGE = (Path(__file__).parents[2] / "docs" / "quotes.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def desk(sqlite_store: Any) -> Any:
    """The store of the current folder, with a rep, her manager and a deal."""
    workspace = open_workspace({}, database="sales_operations.db", create=True)
    with workspace.unit("test") as unit:
        unit.create("users", {"id": "user_mia", "name": "Mia", "email": "mia@example.com"})
        unit.create("users", {"id": "user_ada", "name": "Ada", "email": "ada@example.com", "manager_id": "user_mia"})
        deal = {"id": "opp_1", "name": "Deal", "owner_id": "user_ada", "amount_minor": 100_00, "currency": "USD"}
        stage = {"pipeline": "default", "pipeline_stage": "proposal", "stage": "proposal", "probability": 0.5}
        unit.create("opportunities", deal | stage | {"created_at": 0})
    workspace.close()
    return sqlite_store


def test_the_commands_of_the_page_lead_to_the_customers_yes(desk: Any) -> None:
    rule = {"name": "All", "steps": [{"approvers": ["manager"]}]}
    Path("config").mkdir()
    Path("config/sales_operations_config.yaml").write_text(
        yaml.safe_dump({"sales_operations": {"approvals": {"rules": [rule]}}}), "utf-8"
    )
    names: dict[str, str] = {"OPPORTUNITY": "opp_1"}
    commands = blocks("")[0].strip().splitlines()
    assert len(commands) == 8
    for command in commands:
        words = [names.get(word, word) for word in shlex.split(command, comments=True)][1:]
        done = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, (command, done.stderr)
        told = json.loads(done.stdout)
        names.setdefault("QUOTE", told["quote_id"] if isinstance(told, dict) else "")
        if "requests" in told:
            names["REQUEST"] = told["requests"][0]
    assert told["status"] == "accepted"
    assert Path("quote.pdf").read_bytes().startswith(b"%PDF-")


def test_the_configuration_of_the_page_can_be_used() -> None:
    [block] = blocks("yaml")
    approvals = load(yaml.safe_load(block), environ={}).approvals
    assert [rule.name for rule in approvals.rules] == ["Large discount", "Large quote"]
    assert approvals.delegations[0].to == "deputy@example.com"


def test_the_python_of_the_page_runs(desk: Any) -> None:
    [block] = blocks("python")
    found: dict[str, Any] = {}
    exec(block, found)
    from sales_operations.process.quoting import quotes

    quote = quotes.show(found["workspace"], found["quote"]["quote_id"])
    assert (quote["status"], quote["total"]) == ("approved", 285.0)
    found["workspace"].close()


def test_the_page_explains_every_status() -> None:
    assert re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE) == [*OPEN, *CLOSED]

"""The page on contracts: its commands are run in their order, its states are the program's."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from sales_operations.cli.main import app
from sales_operations.process.contracting.terms import STATES
from sales_operations.workspace import open_workspace

PAGE = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text("utf-8")


def test_the_commands_of_the_page_lead_to_an_active_contract(sqlite_store: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("SALES_OPERATIONS_KEY_PASSPHRASE", "secret")
    workspace = open_workspace({}, database="sales_operations.db", create=True)
    with workspace.unit("test") as unit:
        deal = {"id": "opp_1", "name": "Deal", "amount_minor": 100_00, "currency": "USD", "created_at": 0}
        stage = {"pipeline": "default", "pipeline_stage": "negotiation", "stage": "negotiation", "probability": 0.7}
        unit.create("opportunities", deal | stage)
    workspace.close()
    names = {"OPPORTUNITY": "opp_1"}
    commands = re.findall(r"^```\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[0].strip().splitlines()
    assert len(commands) == 8
    for command in commands:
        words = [names.get(word, word) for word in shlex.split(command, comments=True)][1:]
        done = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, (command, done.stderr)
        told = json.loads(done.stdout)
        names.setdefault("CONTRACT", told.get("contract_id", ""))
    assert told["status"] == "active"
    assert Path("contract.pdf").read_bytes().startswith(b"%PDF-")


def test_the_page_lists_every_state_in_the_programs_order() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == STATES

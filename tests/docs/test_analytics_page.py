"""The page on analytics: its commands and calls run, its lists are the program's, its example of few deals is true."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import textwrap
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from sales_operations.cli.main import app
from sales_operations.pipeline.dimensions import DIMENSIONS
from sales_operations.pipeline.present import share
from sales_operations.settings import load

PAGE = (Path(__file__).parents[2] / "docs" / "analytics.md").read_text("utf-8")


def listed(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, code marks taken off."""
    rows = re.findall(r"^\| (.*) \|$", PAGE.split(heading)[1].split("\n## ")[0], re.MULTILINE)
    return [[cell.strip("` ") for cell in row.split(" | ")] for row in rows[1:]]


def test_the_commands_of_the_page_run(sqlite_store: Any) -> None:
    sqlite_store.open()
    commands = re.findall(r"^```\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[0].strip().splitlines()
    assert len(commands) == 7
    for command in commands:
        words = [*shlex.split(command)[1:], "--json", "--database", sqlite_store.url]
        done = CliRunner().invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0, (command, done.stderr)
        json.loads(done.stdout)


def test_the_calls_of_the_page_run(sqlite_store: Any) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(f"async def call(config):\n{textwrap.indent(example, '    ')}\n    return locals()", names)
    found = asyncio.run(names["call"](sqlite_store.open()))
    assert found["found"]["by"] == "team"
    assert "slippage" in found["moved"]
    assert [kpi["name"] for kpi in found["scorecard"]["kpis"]] == [row[0] for row in listed("## Key figures")]
    outcomes = found["moved"]["slippage"]["this_period"]["outcomes"]
    assert list(outcomes) == [row[0] for row in listed("## Slips")]


def test_the_page_lists_every_dimension_and_the_targets_that_hold_by_default() -> None:
    assert tuple(row[0] for row in listed("## Which deals")) == DIMENSIONS
    targets = load({"sales_operations": {}}, environ={}).pipeline_management.kpi_targets.model_dump()
    assert {name: float(target[2:]) for name, target, _ in listed("## Key figures")} == targets


def test_two_of_three_is_what_the_page_says() -> None:
    rate = share(2, 3)
    assert f"{rate['low']:.0%}".replace("%", " %") in PAGE
    assert f"from {rate['low'] * 100:.0f} % to {rate['high'] * 100:.0f} %" in PAGE

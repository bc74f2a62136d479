"""A store with a little history, made by the import command, and the ways to run a command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sales_operations.cli.main import app

COMMAND = [sys.executable, "-W", "error", "-m", "sales_operations.cli.main"]
USERS = "id,name\nu1,Ada Park\nu2,Bo Reyes\n"
LEADS = "id,company,product\nl1,Larch Ltd,Loom\nl2,Maple Ltd,Loom\n"
DEALS = """id,name,account,stage,amount,currency,close_date,owner,created_at
d1,First,Alder Ltd,closed_won,1200.50,USD,{day20},u1,{day80}
d2,Second,Birch Ltd,proposal,5000,USD,{ahead30},u2,{day50}
d3,Third,Cedar Ltd,lead,,USD,,u1,{day10}
d4,Fourth,Doum KK,negotiation,90000,JPY,{ahead10},u2,{day40}
"""
HISTORY = """opportunity,changed_at,stage,previous_stage
d1,{day60}T09:00:00Z,qualified,lead
d1,{day20}T09:00:00Z,closed_won,qualified
d2,{day30}T09:00:00Z,proposal,lead
"""


def days(days_back: int = 0) -> dict[str, str]:
    """Names such as ``day20`` and ``ahead10`` to dates, counted from so many days before today."""
    today = datetime.now(UTC).date() - timedelta(days=days_back)
    past = {f"day{number}": today - timedelta(days=number) for number in range(0, 90, 10)}
    ahead = {f"ahead{number}": today + timedelta(days=number) for number in (10, 30)}
    return {name: day.isoformat() for name, day in (past | ahead).items()}


def environment(**more: str) -> dict[str, str]:
    """The environment without what names a store or a key."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SALES_OPERATIONS")} | more


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, in which warnings are errors."""
    done = [*COMMAND, *arguments]
    return subprocess.run(done, cwd=folder, env=environment(**variables), capture_output=True, text=True, check=False)


def imported(folder: Path, days_back: int = 0) -> Path:
    """The store of the files above, as many days ago."""
    files = {"users": USERS, "leads": LEADS, "opportunities": DEALS, "history": HISTORY}
    for kind, text in files.items():
        (folder / f"{kind}.csv").write_text(text.format(**days(days_back)), "utf-8")
        done = run(folder, "import", kind, f"{kind}.csv")
        assert done.returncode == 0, done.stderr
    return folder / "sales_operations.db"


@pytest.fixture(scope="session")
def recent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported(tmp_path_factory.mktemp("recent"))


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported(tmp_path_factory.mktemp("old"), 1_000)


@dataclass
class Shop:
    """A folder with its store as the default one."""

    folder: Path

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return run(self.folder, *arguments, **variables)

    def invoke(self, *arguments: str) -> Result:
        """The command in this process: quick, and seen by a clock that stands still."""
        return CliRunner().invoke(app, arguments, catch_exceptions=False)

    def json(self, *arguments: str) -> Any:
        done = self.invoke(*arguments, "--json")
        assert (done.exit_code, done.stderr) == (0, "")
        return json.loads(done.stdout)


def settled(store: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for name in [name for name in os.environ if name.startswith("SALES_OPERATIONS")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    shutil.copyfile(store, folder / store.name)
    return Shop(folder)


@pytest.fixture
def shop(recent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return settled(recent, tmp_path, monkeypatch)


@pytest.fixture
def old_shop(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return settled(old, tmp_path, monkeypatch)

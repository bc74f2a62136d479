"""Which store is opened: the named one, the default one, or the demonstration company's."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command

from sales_operations.domain.errors import InvalidInput, StoreError, StoreMissing
from sales_operations.store import schema
from sales_operations.store.engine import open_engine, parse_url
from sales_operations.workspace import open_workspace
from tests.cli.conftest import COMMAND, DEALS, days, environment, run

DEFAULT, DEMONSTRATION = "sales_operations.db", "sales_operations_demo.db"
SAYS_SO = f"Demonstration data: a made-up company ({DEMONSTRATION}).\n"


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration store as a reading command made it."""
    folder = tmp_path_factory.mktemp("demonstration")
    done = run(folder, "opportunity", "list", "--limit", "1")
    assert (done.returncode, done.stderr) == (0, SAYS_SO)
    return folder / DEMONSTRATION


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder; no store is named."""
    for name in [name for name in os.environ if name.startswith("SALES_OPERATIONS")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stores_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if file.suffix == ".db"}


def test_as_long_as_there_is_no_other_store_the_demonstration_serves_and_says_so(
    folder: Path, demonstration: Path
) -> None:
    shutil.copyfile(demonstration, folder / DEMONSTRATION)
    done = run(folder, "inbox")
    assert (done.returncode, done.stderr) == (0, SAYS_SO)
    with open_workspace().reading() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM leads WHERE id = 'lead_123'").scalar()
    assert (found, open_workspace().is_demonstration) == (1, True)
    assert stores_in(folder) == {DEMONSTRATION}


def test_the_first_import_makes_the_real_store_which_then_serves(folder: Path, demonstration: Path) -> None:
    shutil.copyfile(demonstration, folder / DEMONSTRATION)
    made_up = (folder / DEMONSTRATION).read_bytes()
    (folder / "deals.csv").write_text(DEALS.format(**days()), "utf-8")
    done = run(folder, "import", "opportunities", "deals.csv", "--json")
    assert done.returncode == 0
    assert "Demonstration" not in done.stderr
    assert stores_in(folder) == {DEFAULT, DEMONSTRATION}
    listed = run(folder, "opportunity", "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert listed.stdout.startswith("4 of 4 opportunities")
    assert (folder / DEMONSTRATION).read_bytes() == made_up


def test_an_import_that_cannot_read_its_file_makes_no_store(folder: Path) -> None:
    done = run(folder, "import", "opportunities", "nowhere.csv")
    assert done.returncode == 2
    assert stores_in(folder) == set()


@pytest.mark.parametrize(
    "named_by", ["option", *(pytest.param(by, marks=pytest.mark.long) for by in ("environment", "configuration"))]
)
def test_a_named_store_is_made_empty_by_a_writer_and_never_filled_by_itself(folder: Path, named_by: str) -> None:
    (folder / "own.yaml").write_text("sales_operations: {store: {database: own.db}}\n", "utf-8")
    arguments, variables = {
        "option": (["--database", "own.db"], {}),
        "environment": ([], {"SALES_OPERATIONS_DATABASE": "own.db"}),
        "configuration": (["--config", "own.yaml"], {}),
    }[named_by]
    reading = run(folder, "opportunity", "list", *arguments, **variables)
    assert (reading.returncode, reading.stdout) == (2, "")
    assert reading.stderr == (
        "error: the store own.db does not exist; import something into it first, or name another one\n"
    )
    assert stores_in(folder) == set()
    writing = run(folder, "lead", "convert", "lead_123", *arguments, **variables)
    assert (writing.returncode, writing.stderr.split(";")[0]) == (2, "error: there is no lead 'lead_123'")
    assert stores_in(folder) == {"own.db"}
    listed = run(folder, "opportunity", "list", *arguments, **variables)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert listed.stdout.startswith("0 of 0 opportunities")


def test_an_option_goes_over_the_environment_which_goes_over_the_configuration(
    folder: Path, empty_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("option.db", "environment.db", "configuration.db"):
        shutil.copyfile(empty_sqlite, folder / name)
    config = {"sales_operations": {"store": {"database": "configuration.db"}}}
    assert open_workspace(config).store_name == "configuration.db"
    monkeypatch.setenv("SALES_OPERATIONS_DATABASE", "environment.db")
    assert open_workspace(config).store_name == "environment.db"
    assert open_workspace(config, database="option.db").store_name == "option.db"


def test_a_demonstration_store_of_an_older_version_is_brought_up_to_date(folder: Path) -> None:
    engine = open_engine(parse_url(DEMONSTRATION))
    with engine.begin() as connection:
        config = schema.migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO ledger VALUES (1, 'x', 'demonstration', 0, '')")
    engine.dispose()
    with pytest.raises(StoreError, match="stands at revision 0001: run 'sales-operations db upgrade'"):
        open_workspace(database=DEMONSTRATION)
    assert open_workspace().is_demonstration
    assert open_workspace(database=DEMONSTRATION).is_demonstration


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("nowhere.db", StoreMissing, "does not exist; import something into it first"),
        ("other.db", StoreMissing, "has no tables yet"),
        ("text.db", StoreError, "damaged or no store"),
        (".", InvalidInput, "is a folder"),
        ("columns.duckdb", InvalidInput, "where its own columns go"),
        ("", InvalidInput, "needs a file"),
        (":memory:", InvalidInput, "needs a file"),
        ("http://x/y", InvalidInput, "no database URL|neither SQLite nor PostgreSQL"),
    ],
)
def test_a_store_that_cannot_be_read_is_refused_with_a_reason(
    folder: Path, name: str, error: type[Exception], says: str
) -> None:
    with sqlite3.connect(folder / "other.db") as connection:
        connection.execute("CREATE TABLE songs (title)")
    connection.close()
    (folder / "text.db").write_text("no database " * 500, "utf-8")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(error, match=says):
        open_workspace({}, database=name or "sqlite://")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_another_programs_database_is_not_made_a_store(folder: Path) -> None:
    with sqlite3.connect(folder / "other.db") as connection:
        connection.execute("CREATE TABLE songs (title)")
    connection.close()
    with pytest.raises(StoreError, match=r"another program \(it has songs\)"):
        open_workspace({}, database="other.db", create=True)


def test_an_open_workspace_is_handed_on_as_it_is(sqlite_store: Any) -> None:
    workspace = sqlite_store.open()
    assert open_workspace(workspace) is workspace


@pytest.mark.long
def test_processes_that_open_the_demonstration_first_at_the_same_moment_build_it_once(folder: Path) -> None:
    looked = [
        subprocess.Popen(
            [*COMMAND, "audit", "verify", "--json"],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    told = [process.communicate(timeout=280) for process in looked]
    assert [process.returncode for process in looked] == [0] * 6
    assert {errors for _, errors in told} == {SAYS_SO}
    assert len({shown for shown, _ in told}) == 1
    assert stores_in(folder) == {DEMONSTRATION}
    assert not list(folder.glob("*.draft*"))


@pytest.mark.long
def test_standard_error_stays_clean_when_many_read_the_columns_at_once(folder: Path, demonstration: Path) -> None:
    shutil.copyfile(demonstration, folder / DEMONSTRATION)
    looked = [
        subprocess.Popen(
            [sys.executable, "-m", "sales_operations.cli.main", "pipeline", "--json"],
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    assert {process.communicate(timeout=280)[1] for process in looked} == {SAYS_SO}
    assert [process.returncode for process in looked] == [0] * 6

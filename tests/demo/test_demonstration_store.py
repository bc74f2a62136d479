from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sales_operations.demo import store
from sales_operations.store import audit, history
from sales_operations.store.engine import open_engine, parse_url, reading

ENSURE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from sales_operations.demo.store import ensure

print(ensure(Path(sys.argv[1]), lambda: datetime(2026, 11, 24, 12, tzinfo=UTC)))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder in which three processes asked for the demonstration store at the same moment."""
    folder = tmp_path_factory.mktemp("demonstration")
    asking = [
        subprocess.Popen([sys.executable, "-c", ENSURE, str(folder / "demo.db")], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert sorted(one.communicate(timeout=120)[0].strip() for one in asking) == ["False", "False", "True"]
    return folder


@pytest.fixture
def connection(folder):
    engine = open_engine(parse_url(str(folder / "demo.db")))
    with reading(engine) as connection:
        yield connection
    engine.dispose()


def test_the_store_is_built_once_and_nothing_is_left_beside_it(folder):
    assert sorted(file.name for file in folder.iterdir() if not file.name.endswith(".lock")) == ["demo.db"]


def test_the_store_is_kept_as_any_other_store_is(folder):
    with sqlite3.connect(folder / "demo.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_chain_and_history_of_the_store_are_whole(connection):
    verdict = audit.verify(connection)
    assert verdict.findings == []
    assert verdict.records > 30_000
    assert history.verify(connection) == []


def test_every_deal_stands_as_its_history_left_it(connection, deals):
    rows = connection.exec_driver_sql(
        "SELECT external_id, stage, amount_minor, CASE WHEN amount_minor IS NOT NULL THEN currency END, close_date "
        "FROM opportunities JOIN external_ids ON record_id = opportunities.id AND kind = 'opportunities'"
    )
    found = {row[0]: tuple(row[1:]) for row in rows}
    assert found == {
        deal.id: (deal.stage, deal.amount, deal.currency if deal.amount is not None else None, deal.close_date)
        for deal in deals.values()
    }


def test_a_build_that_fails_leaves_nothing(tmp_path, monkeypatch, clock):
    monkeypatch.setattr(store, "fill", lambda *_: os.stat(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError):
        store.build(tmp_path / "demo.db", clock)
    assert list(tmp_path.iterdir()) == []

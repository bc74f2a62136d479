"""The tables: made and brought up to date on both databases, and nobody else's touched."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select

from sales_operations.domain.errors import Conflict, InvalidInput, StoreError, StoreMissing
from sales_operations.store import schema, tables
from sales_operations.store.engine import open_engine, parse_url, shown, writing
from sales_operations.workspace import open_workspace

UPGRADE = """
import sys
from alembic import command
from sales_operations.store import schema
from sales_operations.store.engine import parse_url
print("ready", flush=True)
sys.stdin.readline()
schema.upgrade_url(parse_url(sys.argv[1]))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def nothing(request, tmp_path, monkeypatch) -> str:
    """The URL of a database without tables."""
    monkeypatch.chdir(tmp_path)
    if request.param == "sqlite":
        return str(tmp_path / "new.db")
    return request.getfixturevalue("new_database")()


@pytest.fixture
def engine_of():
    opened = []

    def engine(url):
        opened.append(open_engine(parse_url(url)))
        return opened[-1]

    yield engine
    for one in opened:
        one.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_program(stores, engine_of):
    with engine_of(stores.url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_the_newest_migration_is_the_one_that_opening_asks_for():
    assert ScriptDirectory.from_config(schema.migrations()).get_heads() == [schema.HEAD]


def test_a_new_store_has_a_name_of_its_own_and_begins_at_nothing(nothing, engine_of):
    engine = engine_of(nothing)
    assert schema.is_empty(engine)
    schema.upgrade(engine, "a label")
    with engine.connect() as connection:
        [ledger] = connection.execute(tables.ledger.select()).all()
    assert (ledger.label, ledger.seq, ledger.head, ledger.erasures) == ("a label", 0, schema.GENESIS, 0)
    schema.upgrade(engine, "another label")
    with engine.connect() as connection:
        assert connection.execute(tables.ledger.select()).all() == [ledger]


def test_a_store_of_the_first_release_is_brought_up_to_date_with_all_it_holds(nothing, engine_of, clock, findings):
    engine = engine_of(nothing)
    config = schema.migrations()
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            f"INSERT INTO ledger (id, store_id, label, seq, head) VALUES (1, 'old', '', 0, '{schema.GENESIS}')"
        )
        connection.exec_driver_sql("INSERT INTO contact_roles VALUES ('opp_1', 'con_1', NULL, 0)")
        connection.exec_driver_sql("INSERT INTO contact_roles VALUES ('opp_1', 'con_2', 'Buyer', 1)")
    with pytest.raises(StoreError, match=r"stands at revision 0001: run 'sales-operations db upgrade'"):
        schema.check(engine)
    schema.upgrade(engine)
    schema.check(engine)
    workspace = open_workspace({}, database=nothing, clock=clock)
    with workspace.unit("test") as unit:
        unit.create("users", {"id": "user_1", "name": "Ada"})
    assert findings(workspace) == []
    assert workspace.data_version()[0] == "old"
    names = ("opportunity_id", "contact_id", "role", "is_primary", "seq")
    with engine.connect() as connection:
        roles = connection.execute(select(*(tables.RECORDS["roles"].c[name] for name in names)).order_by("seq")).all()
    assert roles == [("opp_1", "con_1", None, 0, 1), ("opp_1", "con_2", "Buyer", 1, 2)]
    workspace.close()


def test_a_store_of_a_newer_program_is_refused_with_nothing_changed(stores, engine_of):
    stores.execute("UPDATE alembic_version SET version_num = '9999'")
    before = stores.dump()
    engine = engine_of(stores.url)
    with pytest.raises(StoreError, match="newer version"):
        schema.check(engine)
    with pytest.raises(StoreError, match="nothing was changed"):
        schema.upgrade(engine)
    assert stores.dump() == before
    assert stores.execute("SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_migration_that_breaks_off_leaves_nothing_behind(nothing, engine_of, monkeypatch):
    engine = engine_of(nothing)
    monkeypatch.setattr(schema, "GENESIS", None)  # the ledger refuses it, after all tables were made
    with pytest.raises(Conflict):
        schema.upgrade(engine)
    assert schema.is_empty(engine)


def test_another_programs_sqlite_file_is_refused_byte_for_byte_unchanged(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "photos.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE photos (id)")
        connection.execute("INSERT INTO photos VALUES (1)")
    with pytest.raises(StoreError, match="another program"):
        open_workspace({}, database=str(file), create=True)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("photos",)]
        assert connection.execute("SELECT * FROM photos").fetchall() == [(1,)]


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 50, b"%PDF-1.7\n" * 99])
def test_a_file_that_is_no_database_is_refused_unchanged(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "file.db"
    file.write_bytes(content)
    for create in (True, False):
        with pytest.raises(StoreError, match="no store of this program"):
            open_workspace({}, database=str(file), create=create)
    assert file.read_bytes() == content


def test_a_store_that_is_not_there_is_said_to_be_missing_and_is_not_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreMissing, match=r"nowhere\.db"):
        open_workspace({}, database="nowhere.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_tables_is_said_to_have_none(new_database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreMissing, match="no tables yet"):
        open_workspace({}, database=new_database())


def test_processes_that_upgrade_at_once_make_one_store(nothing, engine_of):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [subprocess.Popen([sys.executable, "-c", UPGRADE, nothing], **pipes) for _ in range(3)]
    for one in running:
        assert one.stdout.readline() == b"ready\n"
    for one in running:
        one.stdin.write(b"\n")
        one.stdin.flush()
    told = [one.communicate()[1] for one in running]
    assert [one.returncode for one in running] == [0, 0, 0], told
    engine = engine_of(nothing)
    schema.check(engine)
    with engine.connect() as connection:
        assert len(connection.execute(tables.ledger.select()).all()) == 1


@pytest.mark.parametrize("name", ["mysql://somewhere/sales", "://", ":memory:", "sqlite://"])
def test_a_url_that_names_no_store_is_refused(name):
    with pytest.raises(InvalidInput):
        parse_url(name)


def test_a_url_is_shown_without_its_password():
    assert "secret" not in shown(parse_url("postgresql://ada:secret@db.internal/sales"))
    assert shown(parse_url(str(Path("folder") / "store.db"))) == "folder/store.db"

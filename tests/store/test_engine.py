"""Statements that go by the driver's own cursor: the same transaction, the same errors, the same listeners."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DataError, IntegrityError

from sales_operations.domain.errors import Conflict, InvalidInput, StoreError, StoreMissing
from sales_operations.store.engine import insert_many, reading, sent, writing


def add(connection, *rows: tuple[str, str, int]) -> None:
    insert_many(connection, "users", ("id", "name", "seq"), list(rows))


def names(stores) -> list[str]:
    return [name for (name,) in stores.execute("SELECT name FROM users ORDER BY id")]


@pytest.mark.parametrize("count", [0, 1, 2, 8, 9, 51])
def test_rows_are_inserted_whatever_their_number(stores, count):
    with writing(stores.open().engine) as connection:
        add(connection, *((f"user_{number:02}", f"Rep {number}", number) for number in range(count)))
    assert names(stores) == [f"Rep {number}" for number in range(count)]


def test_what_the_drivers_cursor_wrote_goes_with_the_transaction(stores):
    engine = stores.open().engine

    def fail() -> None:
        with writing(engine) as connection:
            add(connection, ("user_1", "Ada", 1))
            assert sent(connection, "SELECT name FROM users").fetchall() == [("Ada",)]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert names(stores) == []


def test_a_record_that_is_there_is_a_conflict(stores):
    engine = stores.open().engine
    with pytest.raises(Conflict, match="another writer") as told, writing(engine) as connection:
        add(connection, ("user_1", "Ada", 1), ("user_1", "Bob", 2))
    assert isinstance(told.value.__cause__, IntegrityError)
    assert names(stores) == []


def test_a_table_that_is_not_there_is_a_missing_store(stores):
    with pytest.raises(StoreMissing, match="db upgrade"), reading(stores.open().engine) as connection:
        sent(connection, "SELECT 1 FROM nowhere")


def test_a_value_that_the_database_refuses_is_a_wrong_input(stores):
    if stores.backend == "sqlite":
        pytest.skip("SQLite takes any text")
    with pytest.raises(InvalidInput, match="cannot be held") as told, writing(stores.open().engine) as connection:
        add(connection, ("user_1", "a\0b", 1))
    assert isinstance(told.value.__cause__, DataError)


def test_who_listens_to_statements_hears_of_it(stores):
    engine = stores.open().engine
    heard: list[tuple[str, object]] = []
    event.listen(engine, "before_cursor_execute", lambda *told: heard.append((told[2], told[3])))
    with writing(engine) as connection:
        add(connection, ("user_1", "Ada", 1))
    assert [values for statement, values in heard if "INTO users" in statement] == [("user_1", "Ada", 1)]


def test_a_connection_that_the_server_ended_is_told_and_replaced(stores, make, findings):
    if stores.backend == "sqlite":
        pytest.skip("SQLite has no server")
    workspace = stores.open()
    make(workspace)

    def cut(unit) -> None:
        [(process,)] = sent(unit.connection, "SELECT pg_backend_pid()").fetchall()
        stores.execute(f"SELECT pg_terminate_backend({process})")
        unit.get("opportunities", "opp_1")

    for shared in (False, True):
        with pytest.raises(StoreError), workspace.unit("test", shared=shared) as unit:
            cut(unit)
        with workspace.unit("test", shared=shared) as unit:
            row = unit.get("opportunities", "opp_1")
            unit.update("opportunities", row, {"amount_minor": row["amount_minor"] + 1})
    assert stores.execute("SELECT amount_minor FROM opportunities") == [(2,)]
    assert findings(workspace) == []

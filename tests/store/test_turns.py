"""Short units of several threads: one after the other, sharing commits, each told only of what is durable."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from sales_operations.domain.errors import SalesOperationsError, StoreError
from sales_operations.store import tables
from sales_operations.store.engine import sent

TIMEOUT = 30


def amount_of(workspace, deal="opp_1") -> int:
    with workspace.reading() as connection:
        return (
            connection.execute(tables.opportunities.select().where(tables.opportunities.c.id == deal))
            .one()
            .amount_minor
        )


def add_one(workspace, deal="opp_1") -> None:
    with workspace.unit("test", shared=True) as unit:
        unit.hold()
        row = unit.get("opportunities", deal)
        unit.update("opportunities", row, {"amount_minor": row["amount_minor"] + 1})


def commits(workspace) -> list[int]:
    counted: list[int] = []
    event.listen(workspace.engine, "commit", lambda _: counted.append(1))
    return counted


def waiting(workspace, number: int) -> None:
    """Wait until so many units wait for their turn."""
    deadline = threading.Event()
    for _ in range(TIMEOUT * 1000):
        if workspace._turns._waiting >= number:
            return
        deadline.wait(0.001)
    raise AssertionError("the units never came")


class Together:
    """Units that all wait while a first one holds the turn, so that they end up in one transaction."""

    def __init__(self, workspace) -> None:
        self.workspace = workspace
        self.errors: dict[int, BaseException] = {}
        self.ended: list[int] = []
        self._threads: list[threading.Thread] = []

    def run(self, *acts: Callable[[], None], first: Callable[[], None] = lambda: None) -> None:
        def act(number: int, one: Callable[[], None]) -> None:
            try:
                one()
            except BaseException as error:
                self.errors[number] = error
            self.ended.append(number)

        try:
            with self.workspace.unit("first", shared=True):
                for number, one in enumerate(acts):
                    self._threads.append(threading.Thread(target=act, args=(number, one)))
                    self._threads[-1].start()
                waiting(self.workspace, len(acts))
                first()
                assert self.ended == []
        finally:
            for thread in self._threads:
                thread.join(TIMEOUT)
            assert not any(thread.is_alive() for thread in self._threads)


def test_units_that_wait_share_one_commit_and_lose_nothing(stores, findings, make):
    workspace = stores.open()
    make(workspace)
    counted = commits(workspace)
    Together(workspace).run(*[lambda: add_one(workspace)] * 10)
    assert len(counted) == 1
    assert amount_of(workspace) == 10
    assert findings(workspace) == []


def test_no_more_than_sixteen_units_share_a_commit(stores, make):
    workspace = stores.open()
    make(workspace)
    counted = commits(workspace)
    Together(workspace).run(*[lambda: add_one(workspace)] * 20)
    assert len(counted) == 2
    assert amount_of(workspace) == 20


def test_a_unit_that_fails_takes_back_its_own_part_alone(stores, findings, make):
    workspace = stores.open()
    make(workspace)

    def fail() -> None:
        with workspace.unit("test", shared=True) as unit:
            row = unit.get("opportunities", "opp_1")
            unit.update("opportunities", row, {"amount_minor": 1_000})
            unit.flush()
            raise RuntimeError("no")

    group = Together(workspace)
    group.run(lambda: add_one(workspace), fail, lambda: add_one(workspace), fail, lambda: add_one(workspace))
    assert {number: type(error) for number, error in group.errors.items()} == {1: RuntimeError, 3: RuntimeError}
    assert amount_of(workspace) == 3
    assert findings(workspace) == []


def test_a_unit_that_hides_an_error_of_the_database_costs_no_other_unit_its_write(stores, findings, make):
    workspace = stores.open()
    make(workspace)

    def hide() -> None:
        with workspace.unit("test", shared=True) as unit, suppress(DBAPIError):
            sent(unit.connection, "SELECT 1 FROM nowhere")

    group = Together(workspace)
    group.run(lambda: add_one(workspace), hide, lambda: add_one(workspace))
    expected = {1: StoreError} if stores.backend == "postgresql" else {}  # SQLite's transaction is as it was
    assert {number: type(error) for number, error in group.errors.items()} == expected
    assert amount_of(workspace) == 2
    assert findings(workspace) == []


def test_when_the_first_unit_fails_those_that_wait_are_served(stores, make):
    workspace = stores.open()
    make(workspace)

    def fail() -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        Together(workspace).run(lambda: add_one(workspace), first=fail)
    assert amount_of(workspace) == 1


def test_a_commit_that_fails_is_told_to_every_unit_that_shared_it(stores, make):
    workspace = stores.open()
    make(workspace)
    before = stores.dump()

    def refuse(_connection: object) -> None:
        raise OSError("no commit today")

    event.listen(workspace.engine, "commit", refuse)
    group = Together(workspace)
    with pytest.raises(StoreError, match="no commit today"):
        group.run(lambda: add_one(workspace), lambda: add_one(workspace))
    assert {type(error) for error in group.errors.values()} == {StoreError}
    event.remove(workspace.engine, "commit", refuse)
    assert stores.dump() == before
    add_one(workspace)
    assert amount_of(workspace) == 1


def test_a_database_that_gives_the_transaction_up_is_told_to_every_unit(stores, make):
    workspace = stores.open()
    make(workspace)
    before = stores.dump()

    def give_up() -> None:
        with workspace.unit("test", shared=True) as unit:
            unit.connection.exec_driver_sql("ROLLBACK")  # as SQLite does of itself when the disk is full
            raise RuntimeError("full")

    group = Together(workspace)
    with pytest.raises(SalesOperationsError):
        group.run(give_up, first=lambda: None)
    assert stores.dump() == before
    add_one(workspace)
    assert amount_of(workspace) == 1


def test_a_unit_inside_another_of_the_same_thread_does_not_wait_for_itself(stores, make):
    workspace = stores.open()
    make(workspace)
    if stores.backend == "sqlite":
        pytest.skip("SQLite has one writer")
    with workspace.unit("outer", shared=True), workspace.unit("inner", shared=True) as unit:
        unit.update("opportunities", unit.get("opportunities", "opp_1"), {"amount_minor": 5})
    assert amount_of(workspace) == 5

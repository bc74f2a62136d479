"""Short writing transactions of one process, one after the other, that share a commit when several wait.

A commit costs one wait for the disk, however much it makes durable, and no other writer may begin before it is over. So a
unit that ends while another one waits leaves its transaction open for that one, and is told only when the last of them has
committed: nobody hears of a write that is not durable. A unit that fails takes back its own part alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from sales_operations.domain.errors import StoreError
from sales_operations.store.engine import sent, translated, writing

MOST = 16
"""Units that share one commit at most, so that the first of them need not wait long, nor writers of other processes."""


@dataclass
class _Group:
    """Units that commit together."""

    connection: Connection
    members: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


class Turns:
    """Hands the writing transaction of one engine from unit to unit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._owner: int | None = None
        self._open: _Group | None = None

    @contextmanager
    def take(self) -> Iterator[Connection]:
        """A connection in a writing transaction that other units may share; it is durable when the ``with`` block is left.

        A unit begun inside another one of the same thread has a transaction of its own. Raises StoreError.
        """
        if self._owner == threading.get_ident():
            with writing(self._engine) as connection:
                yield connection
            return
        self._wait()
        group = None
        try:
            group = self._open or self._begin()
            with translated(self._engine.url):
                yield from self._part(group)
        finally:
            self._pass_on(group)
        group.over.wait()
        if group.error is not None:
            raise StoreError(f"nothing was written: {group.error}") from group.error

    def _wait(self) -> None:
        with self._counting:
            self._waiting += 1
        try:
            self._turn.acquire()
        except BaseException:
            with self._counting:
                self._waiting -= 1
            with self._turn:  # whoever left a commit to this unit must not wait for ever
                if self._open is not None and not self._waiting:
                    self._finish(self._open)
            raise
        with self._counting:
            self._waiting -= 1
        self._owner = threading.get_ident()

    def _begin(self) -> _Group:
        with translated(self._engine.url):
            connection = self._engine.connect().execution_options(writes=True)
            try:
                connection.begin()
            except BaseException:
                connection.close()
                raise
        return _Group(connection)

    def _part(self, group: _Group) -> Iterator[Connection]:
        """One unit's part of the transaction: taken back alone where others have theirs in it.

        PostgreSQL refuses to release a part in which a statement failed, whether or not the unit hid that: a commit would
        say nothing, and lose what the others wrote.
        """
        if not group.members:
            yield group.connection
            group.members = 1
            return
        sent(group.connection, "SAVEPOINT part")
        try:
            yield group.connection
            sent(group.connection, "RELEASE SAVEPOINT part")
        except BaseException:
            try:
                sent(group.connection, "ROLLBACK TO SAVEPOINT part")
                sent(group.connection, "RELEASE SAVEPOINT part")
            except BaseException as error:  # the database gave up the whole transaction, a full disk does that
                group.error = error
            raise
        group.members += 1

    def _pass_on(self, group: _Group | None) -> None:
        """Leave the transaction to the next unit where one waits for it; else commit."""
        try:
            if group is not None:
                if group.members and group.error is None and self._waiting and group.members < MOST:
                    self._open = group
                else:
                    self._finish(group)
        finally:
            self._owner = None
            self._turn.release()

    def _finish(self, group: _Group) -> None:
        self._open = None
        connection = group.connection
        try:
            with translated(self._engine.url):
                if group.members and group.error is None:
                    connection.commit()
                else:
                    connection.rollback()
        except BaseException as error:
            group.error = error
            with suppress(Exception):
                connection.invalidate()  # nobody knows what it still holds
        finally:
            connection.close()
            group.over.set()

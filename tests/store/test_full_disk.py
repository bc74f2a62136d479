"""A disk that is full: the error says so, nothing is half there, and with room again the same write succeeds."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sales_operations.domain.errors import StoreError
from sales_operations.store import schema
from sales_operations.store.engine import open_engine, parse_url
from sales_operations.workspace import open_workspace

MANY = 3_000


def fill(workspace, turn: int) -> None:
    with workspace.unit("fill") as unit:
        for number in range(MANY):
            unit.create("accounts", {"id": f"acc_{turn}_{number}", "name": f"A name of some length {number}" * 4})


def fill_up(workspace, acknowledged: list[int]) -> None:
    for turn in range(200):
        fill(workspace, turn)
        acknowledged.append(turn)


def accounts(workspace) -> set[str]:
    with workspace.reading() as connection:
        return {row[0] for row in connection.exec_driver_sql("SELECT id FROM accounts")}


def check_full(workspace, findings, make_room) -> None:
    """Fill the store until it refuses; see that all acknowledged is there, and go on once there is room."""
    acknowledged: list[int] = []
    with pytest.raises(StoreError, match=r"disk is full.*Free room"):
        fill_up(workspace, acknowledged)
    assert acknowledged
    expected = {f"acc_{turn}_{number}" for turn in acknowledged for number in range(MANY)}
    assert accounts(workspace) == expected
    assert findings(workspace) == []
    make_room()
    fill(workspace, len(acknowledged))
    assert len(accounts(workspace)) == (len(acknowledged) + 1) * MANY
    assert findings(workspace) == []


def test_a_store_that_may_not_grow_refuses_and_goes_on_later(sqlite_store, monkeypatch, findings):
    with closing(sqlite3.connect(sqlite_store.url)) as connection:
        [(pages,)] = connection.execute("PRAGMA page_count").fetchall()
    monkeypatch.setenv("SALES_OPERATIONS_MAX_PAGES", str(pages + 1_000))
    workspace = sqlite_store.open()

    def make_room() -> None:
        monkeypatch.setenv("SALES_OPERATIONS_MAX_PAGES", str(pages + 10_000))
        workspace.engine.dispose()  # the limit is set when a connection is made

    check_full(workspace, findings, make_room)


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Makes the folder a disk of 12 MB; gives False where this user may not mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    mounted = (
        shutil.which("mount") is not None and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_of_a_few_megabytes_is_full_and_free_again(tmp_path, clock, empty_sqlite, findings, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with small_disk(tmp_path / "disk") as mounted:
        # Where mounting is not allowed the folder is an ordinary one, and the limit on pages stands for the disk's.
        if not mounted:
            monkeypatch.setenv("SALES_OPERATIONS_MAX_PAGES", "1000")
        ballast = tmp_path / "disk" / "ballast"
        ballast.write_bytes(b"x" * 6_000_000)
        shutil.copy(empty_sqlite, tmp_path / "disk" / "store.db")
        workspace = open_workspace({}, database=str(tmp_path / "disk" / "store.db"), clock=clock)

        def make_room() -> None:
            ballast.unlink()
            monkeypatch.delenv("SALES_OPERATIONS_MAX_PAGES", raising=False)
            workspace.engine.dispose()

        check_full(workspace, findings, make_room)
        workspace.close()


def test_a_store_is_not_made_on_a_full_disk(sqlite_store, monkeypatch):
    monkeypatch.setenv("SALES_OPERATIONS_MAX_PAGES", "3")
    engine = open_engine(parse_url("new.db"))
    with pytest.raises(StoreError, match="disk is full"):
        schema.upgrade(engine)
    assert schema.is_empty(engine)
    monkeypatch.delenv("SALES_OPERATIONS_MAX_PAGES")
    engine.dispose()
    schema.upgrade(engine)
    assert not schema.is_empty(engine)
    engine.dispose()

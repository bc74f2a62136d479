"""What may be worked out again: kept in a file that nothing depends on."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sales_operations.store import results
from sales_operations.store.results import Results


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb.results"


def test_what_was_put_is_there_for_whoever_opens_the_file(file: Path) -> None:
    assert Results(file).get([b"one"]) == {}
    assert not file.exists()
    Results(file).put({b"one": b"first", b"two": b"second"})
    Results(file).put({b"one": b"again"})
    assert Results(file).get([b"one", b"two", b"three"]) == {b"one": b"again", b"two": b"second"}
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def test_the_oldest_entries_make_room(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST", 10)
    for number in range(25):
        Results(file).put({b"%d" % number: b"value"})
    assert Results(file).get([b"%d" % number for number in range(25)]).keys() == {b"%d" % n for n in range(15, 25)}


@pytest.mark.parametrize("broken", [b"no database at all, but long enough for one", b""])
def test_a_broken_file_has_nothing_and_is_made_anew(file: Path, broken: bytes) -> None:
    file.write_bytes(broken)
    assert Results(file).get([b"one"]) == {}
    Results(file).put({b"one": b"first"})
    assert Results(file).get([b"one"]) == {b"one": b"first"}


def test_bytes_that_were_damaged_unnoticed_are_not_handed_out(file: Path) -> None:
    Results(file).put({b"one": b"the first value", b"two": b"the second value"})
    file.write_bytes(file.read_bytes().replace(b"the first value", b"the other value"))
    assert Results(file).get([b"one", b"two"]) == {b"two": b"the second value"}


def test_without_a_place_to_write_or_behind_a_lock_there_are_no_results_and_no_error(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = Results(file.parent / "missing" / "file")
    nowhere.put({b"one": b"first"})
    assert nowhere.get([b"one"]) == {}
    monkeypatch.setattr(results, "BUSY_SECONDS", 0.05)
    Results(file).put({b"one": b"first"})
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        Results(file).put({b"two": b"second"})
        assert Results(file).get([b"one"]) == {}
    assert Results(file).get([b"one", b"two"]) == {b"one": b"first"}


def test_many_may_put_at_once(file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: Results(file).put({b"%d" % number: b"value"}), range(100)))
    assert len(Results(file).get([b"%d" % number for number in range(100)])) == 100


def test_erasing_a_person_clears_them_away_with_the_columns(sqlite_store: Any) -> None:
    workspace = sqlite_store.open()
    with workspace.columns():
        pass
    workspace.results.put({b"one": b"Ada"})
    with workspace.columns():
        assert workspace.results.get([b"one"])
    sqlite_store.execute("UPDATE ledger SET erasures = erasures + 1")
    with workspace.columns():
        assert not workspace.results.file.exists()

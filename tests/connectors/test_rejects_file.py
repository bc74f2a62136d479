from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path

import pytest

from sales_operations.connectors.batch import Reject
from sales_operations.connectors.rejects import RejectsFile, escaped, rejects_path
from sales_operations.domain.errors import SourceError

REJECT = Reject(7, "amount", "-5", "is negative", ["d1", "=HYPERLINK()", "-5"])


def content(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def test_rejects_are_written_beside_the_file_with_formulas_made_harmless(tmp_path: Path) -> None:
    target = rejects_path(tmp_path / "deals.csv")
    assert target.name == "deals.csv.rejects.csv"
    with RejectsFile(target, ["id", "=name", "amount"]) as rejects:
        rejects.write([REJECT])
        assert not target.exists()
    assert content(target) == [
        ["line", "column", "value", "reason", "id", "'=name", "amount"],
        ["7", "amount", "-5", "is negative", "d1", "'=HYPERLINK()", "-5"],
    ]
    assert list(tmp_path.iterdir()) == [target]


def test_without_rejects_there_is_no_file_and_an_old_one_goes(tmp_path: Path) -> None:
    target = tmp_path / "deals.csv.rejects.csv"
    target.write_text("old")
    with RejectsFile(target, ["id"]) as rejects:
        rejects.write([])
    assert list(tmp_path.iterdir()) == []


def test_what_was_rejected_before_an_error_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "rejects.csv"
    with suppress(RuntimeError), RejectsFile(target, ["id"]) as rejects:
        rejects.write([REJECT])
        raise RuntimeError
    assert len(content(target)) == 2


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(SourceError, match="name another place with --rejects"),
        RejectsFile(tmp_path / "no" / "r.csv", []) as rejects,
    ):
        rejects.write([REJECT])


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1", "'=1"),
        ("+x", "'+x"),
        ("@a", "'@a"),
        ("-x", "'-x"),
        ("\tx", "'\tx"),
        ("-1,200.50", "-1,200.50"),
        ("+49", "+49"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_only_what_a_spreadsheet_would_run_is_escaped(cell: str, shown: str) -> None:
    assert escaped(cell) == shown

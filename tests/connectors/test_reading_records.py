from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from sales_operations.connectors.batch import Batch, Reject
from sales_operations.connectors.batches import read
from sales_operations.connectors.files import open_source
from sales_operations.connectors.library import own
from sales_operations.domain.errors import SourceError
from sales_operations.settings import load

ReadFile = Callable[..., list[Batch]]
HEADER = "id,name,stage,amount,currency,close_date,created_at\n"


def column(batches: list[Batch], name: str) -> list[Any]:
    return [value for batch in batches for value in batch.columns.get(name, [])]


def rejects(batches: list[Batch]) -> list[tuple[int, str, str, str]]:
    return [(one.line, one.column, one.value, one.reason) for batch in batches for one in batch.rejects]


def test_values_come_with_their_types(read_file: ReadFile) -> None:
    text = f"{HEADER}d1, Loom ,Proposal,48000.5,EUR,2024-06-30,2024-02-02T10:00:00Z\n"
    (batch,) = read_file(text)
    assert batch.columns == {
        "id": ["d1"],
        "name": ["Loom"],
        "stage": ["proposal"],
        "canonical_stage": ["proposal"],
        "amount": [4800050],
        "currency": ["EUR"],
        "close_date": ["2024-06-30"],
        "created_at": [1706868000000000],
    }
    assert (batch.kind, batch.lines, batch.attributes) == ("opportunities", [2], [None])


REJECTED = {
    "a missing id": (",a,lead,1,USD,,", "id", "", "is missing"),
    "an id too long": (f"{'x' * 300},a,lead,1,USD,,", "id", "x" * 79 + "…", "is longer than 255"),
    "an id with a control character": ("a\x07b,a,lead,1,USD,,", "id", "a\x07b", "control character"),
    "an unknown stage": (
        "d,a,Verbal,1,USD,,",
        "stage",
        "Verbal",
        'write a mapping with `extends: sales_operations` and under `stages:` the line `"Verbal": qualified`',
    ),
    "a negative amount": ("d,a,lead,-5,USD,,", "amount", "-5", "is negative"),
    "an amount that is not finite": ("d,a,lead,NaN,USD,,", "amount", "NaN", "not a finite number"),
    "an infinite amount": ("d,a,lead,inf,USD,,", "amount", "inf", "not a finite number"),
    "an amount that is no number": ("d,a,lead,many,USD,,", "amount", "many", "is not a number"),
    "an amount too large": (
        "d,a,lead,99999999999999999,USD,,",
        "amount",
        "99999999999999999",
        "larger than can be held",
    ),
    "a currency that is none": ("d,a,lead,1,Dollar,,", "currency", "Dollar", "code of three letters"),
    "a date of the year 0": ("d,a,lead,1,USD,0000-01-01,", "close_date", "0000-01-01", "year outside of 1900 to 2199"),
    "a date of the year 9999": ("d,a,lead,1,USD,9999-12-31,", "close_date", "9999-12-31", "year outside"),
    "a day that does not exist": ("d,a,lead,1,USD,2024-02-30,", "close_date", "2024-02-30", "is not a date"),
    "an instant that is none": ("d,a,lead,1,USD,,soon", "created_at", "soon", "is not a date and time"),
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_row_is_rejected_with_line_column_value_and_reason(case: str, read_file: ReadFile) -> None:
    row, name, value, reason = REJECTED[case]
    (batch,) = read_file(f"{HEADER}ok,a,lead,1,USD,,\n{row}\n")
    (found,) = rejects([batch])
    assert found[:3] == (3, name, value)
    assert reason in found[3]
    assert (batch.columns["id"], batch.read, batch.rejected) == (["ok"], 2, 1)
    assert batch.rejects[0].row == row.split(",")


def test_every_problem_of_a_row_is_told_and_the_row_counts_once(read_file: ReadFile) -> None:
    (batch,) = read_file(f"{HEADER},a,Verbal,-1,USD,soon,\n")
    assert {name for _, name, _, _ in rejects([batch])} == {"close_date", "id", "stage", "amount"}
    assert (batch.read, batch.rejected, len(batch)) == (1, 1, 0)


def test_what_is_missing_is_unknown_and_no_reason_to_reject(read_file: ReadFile) -> None:
    (batch,) = read_file(f"{HEADER}d1,,,,,,\n")
    assert {name: values[0] for name, values in batch.columns.items() if name != "currency"} == {
        "id": "d1",
        "name": None,
        "stage": None,
        "canonical_stage": None,
        "amount": None,
        "close_date": None,
        "created_at": None,
    }
    assert not batch.rejects


def test_rows_of_the_wrong_width_are_rejected_with_the_others(read_file: ReadFile) -> None:
    batches = read_file("id,name,stage\nd1,a,lead\nd2,b\nd3,c,lead,x\n")
    assert [(line, reason.partition(":")[0]) for line, _, _, reason in rejects(batches)] == [
        (3, "too few cells"),
        (4, "too many cells"),
    ]
    assert (column(batches, "id"), batches[0].read, batches[0].rejected) == (["d1"], 3, 2)


def test_unknown_columns_become_attributes_with_sorted_keys(read_file: ReadFile) -> None:
    (batch,) = read_file('id,stage,zeta,alpha\nd1,lead,2,"a ""quote"" and ünïcode"\nd2,lead,,\n')
    first = batch.attributes[0]
    assert first == '{"alpha":"a \\"quote\\" and ünïcode","zeta":"2"}'.encode()
    assert batch.attributes[1] is None


CELL = some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(some.lists(some.tuples(CELL, CELL, CELL), min_size=1, max_size=5))
def test_attributes_hold_what_the_cells_hold(rows: list[tuple[str, str, str]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "file.csv")
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("id", "stage", "b", "a", "c"), *(("d", "lead", *row) for row in rows)])
        (batch,) = read(open_source(path), own(), "opportunities", load({"sales_operations": {}}))
    expected = [{name: cell for name, cell in zip("bac", row, strict=True) if cell} or None for row in rows]
    assert [one and orjson.loads(one) for one in batch.attributes] == expected


def test_a_header_alone_gives_one_empty_batch(read_file: ReadFile) -> None:
    (batch,) = read_file(HEADER)
    assert (len(batch), batch.read, batch.rejects) == (0, 0, [])


def test_stages_of_the_configured_pipelines_are_known(write: Callable[..., Path]) -> None:
    stages = [
        {"name": "Notice sent", "stage": "negotiation"},
        {"name": "Kept", "stage": "closed_won"},
        {"name": "Gone", "stage": "closed_lost"},
    ]
    settings = load({"sales_operations": {"pipelines": {"renewals": stages}}})
    (batch,) = read(open_source(write("id,stage\nd,notice SENT\n")), own(), "opportunities", settings)
    assert (batch.columns["stage"], batch.columns["canonical_stage"]) == (["Notice sent"], ["negotiation"])


def test_a_stage_that_a_mapping_file_lacks_names_the_file_and_the_line(read_file: ReadFile) -> None:
    mapping = "source: x\nkinds:\n  opportunities:\n    fields: {id: id, stage: stage}\n"
    (batch,) = read_file("id,stage\nd,Verbal\n", mapping=mapping)
    reason = rejects([batch])[0][3]
    assert "add under `stages:` in " in reason
    assert 'mapping.yaml the line `"Verbal": qualified`' in reason


MAPPING = """
source: crm
missing: [Select, "-"]
kinds:
  leads:
    fields:
      id: Nr
      first_name: {join: [Given, Middle]}
      email: Mail
      employees: {columns: Size, times: 1}
      lead_source: {constant: Import}
      status: {columns: State, values: {"1": open}}
  quotas:
    fields:
      user: Rep
      period: {constant: quarter}
      period_start: From
      amount: {columns: Target, times: 1000}
"""


def test_a_mapping_joins_replaces_and_fills_in(read_file: ReadFile) -> None:
    text = "Nr,Given,Middle,Mail,Size,State\n1,Ann,B.,A@X.example,Select,1\n2,Ann,,-,12,new\n"
    (batch,) = read_file(text, "leads", MAPPING)
    assert batch.columns["first_name"] == ["Ann B.", "Ann"]
    assert batch.columns["email"] == ["a@x.example", None]
    assert batch.columns["employees"] == [None, 12]
    assert batch.columns["lead_source"] == ["Import", "Import"]
    assert batch.columns["status"] == ["open", "new"]


def test_where_a_kind_has_a_key_its_parts_make_the_identifier(read_file: ReadFile) -> None:
    (batch,) = read_file("Rep,From,Target\nAda,2024-04-01,250\n,2024-04-01,1\n", "quotas", MAPPING)
    assert batch.columns["id"] == ["Ada||quarter|2024-04-01", "||quarter|2024-04-01"]
    assert batch.columns["amount"] == [25_000_000, 100_000]


def test_a_column_that_a_mapping_file_names_and_the_file_lacks_is_a_warning(read_file: ReadFile) -> None:
    (batch,) = read_file("Nr\n1\n", "leads", MAPPING)
    assert "the file has no column for email, employees, status" in batch.warnings[0]


def test_without_identifiers_the_name_stands_in_and_may_not_repeat(read_file: ReadFile) -> None:
    text = "Deal Name,Deal Stage,Amount\nLoom,Closed Won,5\nSpares,Closed Won,6\nLoom,Closed Lost,7\n"
    batches = read_file(text, size=2)
    assert column(batches, "id") == ["Loom", "Spares"]
    assert "'Deal Name' stands in" in batches[0].warnings[0]
    assert [(line, name) for line, name, _, _ in rejects(batches)] == [(4, "Deal Name")]


def test_a_file_that_lacks_what_the_kind_needs_is_refused(read_file: ReadFile) -> None:
    with pytest.raises(SourceError, match=r"nothing gives opportunity \(Deal\)"):
        read_file(
            "When\n2024-01-01\n",
            "history",
            "source: x\nkinds:\n  history:\n    fields: {opportunity: Deal, changed_at: When}\n",
        )


def test_reading_goes_on_behind_the_records_that_are_done(read_file: ReadFile) -> None:
    text = "id,stage\n" + "".join(f"d{number},lead\n" for number in range(10))
    whole = read_file(text, size=4)
    assert [(batch.position, batch.end) for batch in whole] == [(4, 4), (8, 8), (10, 10)]
    assert column(read_file(text, start=whole[0].position, size=4), "id") == [f"d{number}" for number in range(4, 10)]
    assert column(read_file(text, start=10), "id") == []


def test_damage_further_down_is_found_before_the_first_batch(read_file: ReadFile) -> None:
    text = "id,stage\n" + "d,lead\n" * 30 + 'x,"open\n' + "y,lead\n" * 30
    given_out = []
    with pytest.raises(SourceError, match="line 32: a quote opens a cell and is never closed"):
        given_out += read_file(text, size=5)
    assert given_out == []


def test_rejects_hold_the_row_as_it_stands(read_file: ReadFile) -> None:
    (batch,) = read_file("id,stage,note\nd,Verbal, x \n")
    assert batch.rejects == [Reject(2, "stage", "Verbal", batch.rejects[0].reason, ["d", "Verbal", " x "])]

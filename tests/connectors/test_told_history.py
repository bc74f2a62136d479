from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sales_operations.connectors.batch import Batch
from sales_operations.connectors.dates import instant

ReadFile = Callable[..., list[Batch]]
DATA = Path(__file__).parents[3] / "shared" / "data"

DATED = """
source: deals
stages: {New: lead, Engaging: qualified, Won: closed_won, Lost: closed_lost}
kinds:
  opportunities:
    fields: {id: nr, stage: stage, amount: value, close_date: closed, account: account, product: product}
    opens: {at: opened, stage: Engaging, fields: [product]}
    events:
      - {at: closed, when: {stage: [Won, Lost]}, stage: stage, fields: {amount: value, close_date: closed}}
"""

LOG = """
source: log
currency: EUR
stages: {Asked: lead, Offered: proposal, Talked: negotiation, Signed: closed_won, Refused: closed_lost}
kinds:
  history:
    fields: {amount: sum}
    log:
      {case: case, activity: what, at: when, creates: [Asked], ignore: [Mail*], known_at_opening: [amount]}
"""


def at(text: str) -> int:
    return instant(ZoneInfo("UTC"), lambda: "mdy")(text)


def rows(batches: list[Batch], kind: str) -> list[dict[str, Any]]:
    return [
        {name: values[place] for name, values in batch.columns.items() if values[place] is not None}
        for batch in batches
        if batch.kind == kind
        for place in range(len(batch))
    ]


def test_dated_columns_give_the_deals_as_they_are_and_what_happened_when(read_file: ReadFile) -> None:
    text = (
        "nr,product,account,stage,opened,closed,value\n"
        "1,GTX,Mills,Won,2024-01-05,2024-03-01,1054\n"
        "2,MG,,Engaging,2024-02-01,,\n"
        "3,MG,,New,,,\n"
    )
    batches = read_file(text, mapping=DATED)
    assert [(batch.kind, len(batch), batch.read, batch.position, batch.end) for batch in batches] == [
        ("opportunities", 3, 3, 0, 3),
        ("history", 3, 0, 3, 3),
    ]
    deals = rows(batches, "opportunities")
    assert deals[0] == {
        "id": "1",
        "product": "GTX",
        "account": "Mills",
        "stage": "Won",
        "canonical_stage": "closed_won",
        "amount": 105400,
        "currency": "USD",
        "close_date": "2024-03-01",
        "created_at": at("2024-01-05"),
    }
    assert "created_at" not in deals[2]
    assert rows(batches, "history") == [
        {
            "opportunity": "1",
            "changed_at": at("2024-01-05"),
            "opens": True,
            "stage": "Engaging",
            "canonical_stage": "qualified",
            "product": "GTX",
        },
        {
            "opportunity": "1",
            "changed_at": at("2024-03-01"),
            "opens": False,
            "stage": "Won",
            "canonical_stage": "closed_won",
            "amount": 105400,
            "currency": "USD",
            "close_date": "2024-03-01",
        },
        {
            "opportunity": "2",
            "changed_at": at("2024-02-01"),
            "opens": True,
            "stage": "Engaging",
            "canonical_stage": "qualified",
            "product": "MG",
        },
    ]
    assert batches[1].lines == [2, 2, 3]


def test_nothing_is_told_of_a_rejected_row(read_file: ReadFile) -> None:
    header = "nr,product,account,stage,opened,closed,value\n"
    text = f"{header}1,GTX,,Won,2024-01-05,2023-03-01,5\n2,GTX,,Won,soon,2024-03-01,5\n"
    batches = read_file(text, mapping=DATED)
    assert [(one.column, one.reason) for one in batches[0].rejects] == [
        ("closed", "lies before the opening of the deal"),
        ("opened", "is not a date and time; use YYYY-MM-DDTHH:MM:SSZ"),
    ]
    assert [len(batch) for batch in batches] == [0, 0]


LOGGED = """case,sum,what,when,who
A,500,Asked,2024-01-01T10:00:00+01:00,x
A,500,Mail out,2024-01-01T11:00:00+01:00,x
B,70,Asked,2024-01-02T10:00:00+01:00,y
A,500,Offered,2024-01-03T10:00:00+01:00,x
A,500,Offered,2024-01-04T10:00:00+01:00,x
A,500,Talked,2024-01-05T10:00:00+01:00,x
A,500,Offered,2024-01-06T10:00:00+01:00,x
A,500,Signed,2024-01-07T10:00:00+01:00,x
A,500,Refused,2024-01-08T10:00:00+01:00,x
C,1,Offered,2024-01-09T10:00:00+01:00,z
B,70,Danced,2024-01-09T10:00:00+01:00,y
B,70,Refused,,y
,70,Refused,2024-01-09T10:00:00+01:00,y
"""


def test_a_log_gives_deals_and_every_change_of_their_stage(read_file: ReadFile) -> None:
    batches = read_file(LOGGED, "history", LOG)
    assert rows(batches, "opportunities") == [
        {"id": "A", "amount": 50000, "currency": "EUR", "created_at": at("2024-01-01T09:00:00Z")},
        {"id": "B", "amount": 7000, "currency": "EUR", "created_at": at("2024-01-02T09:00:00Z")},
    ]
    told = rows(batches, "history")
    assert [(row["opportunity"], row["stage"], row["opens"], row.get("amount")) for row in told] == [
        ("A", "Asked", True, 50000),
        ("B", "Asked", True, 7000),
        ("A", "Offered", False, None),
        ("A", "Talked", False, None),
        ("A", "Offered", False, None),
        ("A", "Signed", False, None),
    ]
    (deals, history) = batches
    assert (deals.read, history.read, history.skipped, history.rejected, len(history)) == (0, 13, 3, 4, 6)
    assert [(one.line, one.column, one.reason.partition(";")[0]) for one in history.rejects] == [
        (11, "what", "comes before the case C is opened by Asked"),
        (12, "what", "is no known stage"),
        (13, "when", "is missing"),
        (14, "case", "is missing"),
    ]
    assert deals.attributes[0] == b'{"who":"x"}'
    assert deals.sums == {"amount": {"EUR": 57000}}


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_a_log_reads_the_same_in_batches_of_any_size_and_from_any_place(size: int, read_file: ReadFile) -> None:
    whole = read_file(LOGGED, "history", LOG)
    parts = read_file(LOGGED, "history", LOG, size=size)
    assert rows(parts, "history") == rows(whole, "history")
    assert rows(parts, "opportunities") == rows(whole, "opportunities")
    first = [batch for batch in parts if batch.end <= 5]
    rest = read_file(LOGGED, "history", LOG, size=size, start=first[-1].end if first else 0)
    assert rows([*first, *rest], "history") == rows(whole, "history")


def test_activities_that_stand_before_earlier_ones_are_counted(read_file: ReadFile) -> None:
    text = "case,sum,what,when\nA,5,Asked,2024-01-05T00:00:00Z\nA,5,Offered,2024-01-03T00:00:00Z\n"
    batches = read_file(text, "history", LOG)
    assert "1 activities stand before earlier ones of their case" in batches[0].warnings


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not beside the repository")
class TestSharedData:
    def test_the_maven_files_are_read_whole(self, read_file: ReadFile) -> None:
        batches = read_file(DATA / "maven_crm/sales_pipeline.csv", "opportunities", "maven")
        deals, told = rows(batches, "opportunities"), rows(batches, "history")
        assert (len(deals), sum(batch.rejected for batch in batches)) == (7635, 0)
        assert sum(row["opens"] for row in told) == 7135
        assert sum(row["canonical_stage"] == "closed_won" for row in told) == 3042
        assert sum(row.get("amount", 0) for row in told) == batches[0].sums["amount"]["USD"]
        products = {row["name"] for row in rows(read_file(DATA / "maven_crm/products.csv", "products"), "products")}
        assert {row["product"] for row in deals} == products
        assert len(rows(read_file(DATA / "maven_crm/sales_teams.csv", "teams"), "teams")) == 6
        assert len(rows(read_file(DATA / "maven_crm/accounts.csv", "accounts"), "accounts")) == 85

    def test_the_log_of_2012_gives_every_case_with_its_history(self, read_file: ReadFile) -> None:
        batches = read_file(DATA / "bpic2012/events.csv.gz", "history", "bpic2012")
        deals, told = rows(batches, "opportunities"), rows(batches, "history")
        assert (len(deals), sum(batch.rejected for batch in batches)) == (8175, 0)
        assert sum(row["opens"] for row in told) == 8175
        won = {row["opportunity"] for row in told if row["canonical_stage"] == "closed_won"}
        lost = {row["opportunity"] for row in told if row["canonical_stage"] == "closed_lost"}
        assert not won & lost
        assert len(won) > 1000

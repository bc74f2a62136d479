from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sales_operations.connectors.batch import Batch
from sales_operations.connectors.context import ReadOptions
from sales_operations.connectors.dates import instant
from sales_operations.connectors.files import open_source
from sales_operations.connectors.library import shipped
from sales_operations.connectors.recognise import recognise
from sales_operations.domain.kinds import KINDS

ReadFile = Callable[..., list[Batch]]
FIXTURES = Path(__file__).with_name("fixtures")
VENDORS = ("salesforce", "hubspot", "pipedrive", "zoho", "monday")
FILES = sorted(path.relative_to(FIXTURES).as_posix() for path in FIXTURES.glob("*/*.csv"))


def micros(text: str) -> int:
    return instant(ZoneInfo("UTC"), lambda: "mdy")(text)


def rows(batches: list[Batch], kind: str) -> Iterator[dict[str, Any]]:
    for batch in batches:
        if batch.kind == kind:
            for place in range(len(batch)):
                yield {name: values[place] for name, values in batch.columns.items() if values[place] is not None}


@pytest.mark.parametrize("file", FILES)
def test_an_export_is_recognised_and_read_without_rejects(file: str, read_file: ReadFile) -> None:
    vendor, _, name = file.partition("/")
    kind = name.partition("_")[0].removesuffix(".csv")
    path = FIXTURES / file
    recognised = recognise(open_source(path).columns, kind)
    assert recognised.mapping.source == vendor, recognised.why
    batches = read_file(path, kind)
    assert [reject for batch in batches for reject in batch.rejects] == []
    assert sum(len(batch) for batch in batches) > 0
    for batch in batches:
        known = {field.name for field in KINDS[batch.kind].fields}
        assert set(batch.columns) <= known | {
            "canonical_stage",
            "canonical_previous_stage",
            "opens",
            "cleared",
            "product",
        }
        assert {len(values) for values in batch.columns.values()} == {len(batch.lines)} == {len(batch.attributes)}


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_has_an_export_of_deals_and_of_their_history_in_both_forms(vendor: str) -> None:
    held = {Path(file).stem for file in FILES if file.startswith(f"{vendor}/")}
    assert {"opportunities_api", "opportunities_labels", "history_api", "history_labels"} <= held
    assert (FIXTURES / vendor / "SOURCES.md").exists()


SAME_DEAL = {
    "salesforce": ("0065g00000Op1aaAAB", "Ada Winter"),
    "hubspot": ("7001", "Ada Winter"),
    "pipedrive": ("501", "Ada Winter"),
    "zoho": ("4150868000000225400", "Ada Winter"),
    "monday": ("2301", "Ada Winter"),
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_api_names_and_labels_give_the_same_deal(vendor: str, read_file: ReadFile) -> None:
    identifier, owner = SAME_DEAL[vendor]
    found = []
    for form in ("api", "labels"):
        deals = list(rows(read_file(FIXTURES / vendor / f"opportunities_{form}.csv"), "opportunities"))
        found.append(next(deal for deal in deals if deal["id"] == identifier))
    api, labels = found
    for name in ("id", "name", "amount", "currency", "close_date"):
        assert api[name] == labels[name]
    assert labels["owner"] == owner
    assert (api["amount"], api["close_date"]) == (4800000, "2024-06-30")


STAGES = {
    "salesforce": {
        "Prospecting": "lead",
        "Qualification": "qualified",
        "Needs Analysis": "qualified",
        "Value Proposition": "proposal",
        "Id. Decision Makers": "proposal",
        "Perception Analysis": "proposal",
        "Proposal": "proposal",
        "Proposal/Price Quote": "proposal",
        "Negotiation": "negotiation",
        "Negotiation/Review": "negotiation",
        "Closed Won": "closed_won",
        "Closed Lost": "closed_lost",
    },
    "hubspot": {
        "appointmentscheduled": "lead",
        "qualifiedtobuy": "qualified",
        "presentationscheduled": "proposal",
        "decisionmakerboughtin": "negotiation",
        "contractsent": "negotiation",
        "closedwon": "closed_won",
        "closedlost": "closed_lost",
        "Appointment Scheduled": "lead",
        "Qualified To Buy": "qualified",
        "Presentation Scheduled": "proposal",
        "Decision Maker Bought-In": "negotiation",
        "Contract Sent": "negotiation",
        "Closed Won": "closed_won",
        "Closed Lost": "closed_lost",
    },
    "pipedrive": {
        "Qualified": "qualified",
        "Contact Made": "qualified",
        "Demo Scheduled": "qualified",
        "Proposal Made": "proposal",
        "Negotiations Started": "negotiation",
    },
    "zoho": {
        "Qualification": "qualified",
        "Needs Analysis": "qualified",
        "Value Proposition": "proposal",
        "Identify Decision Makers": "proposal",
        "Proposal/Price Quote": "proposal",
        "Negotiation/Review": "negotiation",
        "Closed Won": "closed_won",
        "Closed Lost": "closed_lost",
        "Closed Lost to Competition": "closed_lost",
    },
    "monday": {
        "New": "lead",
        "Discovery": "qualified",
        "Proposal": "proposal",
        "Negotiation": "negotiation",
        "Won": "closed_won",
        "Lost": "closed_lost",
    },
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_default_stages_stand_for_canonical_ones(vendor: str) -> None:
    mapped = {text: rule.stage for text, rule in shipped()[vendor].stages.items()}
    assert {text: mapped.get(text) for text in STAGES[vendor]} == STAGES[vendor]


def test_salesforce_deals_come_with_category_probability_and_deletion(read_file: ReadFile) -> None:
    (first, deleted, bare) = rows(read_file(FIXTURES / "salesforce/opportunities_api.csv"), "opportunities")
    assert first == {
        "id": "0065g00000Op1aaAAB",
        "account": "0015g00000Ac1aaAAB",
        "name": "Northwind - Loom control",
        "amount": 4800000,
        "currency": "USD",
        "stage": "Proposal/Price Quote",
        "canonical_stage": "proposal",
        "probability": 0.75,
        "close_date": "2024-06-30",
        "opportunity_type": "New Business",
        "next_step": "Send quote",
        "lead_source": "Web",
        "forecast_category": "best_case",
        "owner": "0055g00000A1b2CAAR",
        "created_at": micros("2024-02-02T10:00:00Z"),
        "updated_at": micros("2024-05-01T10:00:00Z"),
        "is_deleted": False,
    }
    assert (deleted["is_deleted"], deleted["currency"], deleted["amount"]) == (True, "EUR", 199999)
    assert "amount" not in bare
    assert "account" not in bare


def test_a_salesforce_report_is_read_without_its_footer_and_with_the_identifiers_of_the_api(
    read_file: ReadFile,
) -> None:
    api = read_file(FIXTURES / "salesforce/opportunities_api.csv")
    report = read_file(FIXTURES / "salesforce/opportunities_labels.csv")
    assert report[0].columns["id"] == api[0].columns["id"][:2]
    assert report[0].read == 2
    assert "footer" in report[0].warnings[0]


def test_a_salesforce_field_history_is_told_in_the_form_of_all_history(read_file: ReadFile) -> None:
    (batch,) = read_file(FIXTURES / "salesforce/history_fields_api.csv", "history")
    told = [
        {name: value for name, value in row.items() if name not in ("opportunity", "currency")}
        for row in rows([batch], "history")
    ]
    owner = told[3].pop("owner")
    assert owner.startswith("0055g00000A1b2D")
    assert told == [
        {
            "changed_at": micros("2024-03-05T09:00:00Z"),
            "stage": "Needs Analysis",
            "canonical_stage": "qualified",
            "previous_stage": "Prospecting",
            "canonical_previous_stage": "lead",
        },
        {"changed_at": micros("2024-03-06T09:00:00Z"), "amount": 4800000},
        {"changed_at": micros("2024-03-07T09:00:00Z"), "close_date": "2024-07-31"},
        {"changed_at": micros("2024-03-08T09:00:00Z")},
        {"changed_at": micros("2024-03-09T09:00:00Z"), "cleared": "amount"},
    ]
    # The row of the creation, and the owner told a second time by name.
    assert (batch.read, batch.skipped) == (7, 2)


def test_salesforce_conversion_rates_are_turned_round(read_file: ReadFile) -> None:
    (batch,) = read_file(FIXTURES / "salesforce/rates_api.csv", "rates")
    assert {name: str(values[0]) for name, values in batch.columns.items()} == {
        "id": "USD|EUR|2024-01-01",
        "base_currency": "USD",
        "currency": "EUR",
        "rate": "1.25",
        "valid_from": "2024-01-01",
    }


def test_hubspot_tells_with_a_deal_when_it_entered_its_stages(read_file: ReadFile) -> None:
    batches = read_file(FIXTURES / "hubspot/opportunities_api.csv")
    assert [batch.kind for batch in batches] == ["opportunities", "history"]
    assert [(row["opportunity"], row["stage"], row["changed_at"]) for row in rows(batches, "history")] == [
        ("7001", "Appointment Scheduled", micros("2024-02-02T10:00:00Z")),
        ("7001", "Presentation Scheduled", micros("2024-03-05T09:00:00Z")),
        ("7002", "Appointment Scheduled", micros("2024-01-20T10:00:00Z")),
        ("7002", "Closed Won", micros("2024-03-31T10:00:00Z")),
    ]
    labels = read_file(FIXTURES / "hubspot/opportunities_labels.csv")
    assert [row["stage"] for row in rows(labels, "history")] == [
        "Appointment Scheduled",
        "Contract Sent",
        "Appointment Scheduled",
    ]


def test_hubspot_columns_of_stages_that_are_not_known_are_left_out_with_a_warning(read_file: ReadFile) -> None:
    header = "hs_object_id,dealname,dealstage,hs_v2_date_entered_99,hs_v2_date_entered_closedwon\n"
    text = f"{header}1,a,closedwon,1709629200000,1709629200000\n"
    batches = read_file(text)
    assert [row["stage"] for row in rows(batches, "history")] == ["Closed Won"]
    assert (
        "'hs_v2_date_entered_99' is left out: '99' is no known stage; write a mapping with `extends: hubspot`"
        in batches[0].warnings[0]
    )


def test_the_status_of_a_pipedrive_deal_says_how_it_ended(read_file: ReadFile) -> None:
    batches = read_file(FIXTURES / "pipedrive/opportunities_api.csv")
    deals = {row["id"]: row for row in rows(batches, "opportunities")}
    assert {key: (row["stage"], row["canonical_stage"], row.get("is_deleted")) for key, row in deals.items()} == {
        "501": ("Proposal Made", "proposal", None),
        "502": ("Won", "closed_won", None),
        "503": ("Lost", "closed_lost", None),
        "504": ("Qualified", "qualified", True),
    }
    assert [(row["opportunity"], row["canonical_stage"], row["changed_at"]) for row in rows(batches, "history")] == [
        ("502", "closed_won", micros("2024-03-29 16:00")),
        ("503", "closed_lost", micros("2024-04-25 12:00")),
    ]


def test_pipedrive_times_are_utc_whatever_the_zone_of_the_company(read_file: ReadFile) -> None:
    batches = read_file(FIXTURES / "pipedrive/opportunities_api.csv", company={"timezone": "Asia/Tokyo"})
    assert next(rows(batches, "opportunities"))["created_at"] == micros("2024-02-02T10:00:00Z")


def test_a_monday_board_is_read_across_its_groups(read_file: ReadFile) -> None:
    batches = read_file(FIXTURES / "monday/opportunities_labels.csv")
    assert [(row["id"], row["stage"]) for row in rows(batches, "opportunities")] == [
        ("2301", "Proposal"),
        ("2302", "New"),
        ("2303", "Won"),
    ]
    assert [len(batch.rejects) for batch in batches] == [0]


def test_slashed_dates_of_a_report_follow_the_order_that_is_said(read_file: ReadFile) -> None:
    path = FIXTURES / "salesforce/accounts_labels.csv"
    (row,) = rows(read_file(path, "accounts", options=ReadOptions(date_order="mdy")), "accounts")
    assert row["created_at"] == micros("2024-01-15")
    assert (row["employees"], row["annual_revenue"]) == (1250, 1250000050)

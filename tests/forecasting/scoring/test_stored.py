"""Leads and deals of a store as records: what was known when they came in, and how they ended by an instant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sales_operations.connectors.importer import ImportOptions, import_file
from sales_operations.domain.clock import parse_as_of
from sales_operations.domain.errors import InvalidInput
from sales_operations.forecasting.scoring.stored import stored_records

MAPPING = """
source: crm
missing: [Select]
kinds:
  leads:
    fields: {id: Id, status: State, lead_source: Source, created_at: Created, converted_at: Converted}
    attributes:
      Verdict: {known_from: close}
"""
LEADS = """Id,State,Source,Created,Converted,Verdict,Campus
1,Converted,Web,2025-01-01,2025-02-01,good,North
2,Unqualified,Phone,2025-01-05,,bad,Select
3,Open,Web,2025-01-07,,,South
4,Recycled,Web,2025-03-07,,,South
"""
DEALS = """id,stage,amount,currency,created_at,close_date,product,owner,Competitor
d1,closed_won,1200,USD,2025-01-01,2025-03-01,Basic,Ada,
d2,closed_lost,900,USD,2025-01-10,2025-02-01,Plus,Ben,Acme
d3,proposal,500,USD,2025-01-15,2025-09-01,Plus,Ben,Acme
"""
HISTORY = """opportunity,changed_at,stage,amount,currency
d1,2025-01-01T00:00:00Z,lead,700,USD
d1,2025-02-01T00:00:00Z,proposal,1000,USD
d1,2025-03-01T00:00:00Z,closed_won,1200,USD
d2,2025-01-10T00:00:00Z,lead,,
d2,2025-02-01T00:00:00Z,closed_lost,900,USD
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def at(day: str) -> int:
    return parse_as_of(day).micros


@pytest.fixture
def leads(stores):
    workspace = stores.open()
    mapping = written(stores.folder, "crm.yaml", MAPPING)
    import_file(workspace, "leads", written(stores.folder, "leads.csv", LEADS), ImportOptions(mapping=str(mapping)))
    return workspace


@pytest.fixture
def deals(stores):
    workspace = stores.open()
    import_file(workspace, "opportunities", written(stores.folder, "deals.csv", DEALS))
    import_file(workspace, "history", written(stores.folder, "history.csv", HISTORY))
    return workspace


def test_leads_have_their_outcome_their_further_columns_and_what_was_declared(leads):
    records = stored_records(leads, "leads", at("2026-12-01"))
    order = np.argsort(records.opened)
    assert records.outcome[order].tolist() == pytest.approx([1, 0, np.nan, np.nan], nan_ok=True)
    assert records.columns["Campus"][order].tolist() == ["North", "", "South", "South"]
    assert records.columns["lead_source"][order].tolist() == ["Web", "Phone", "Web", "Web"]
    assert records.known_from_close == {"Verdict"}


def test_a_lead_is_open_before_it_converts_and_absent_before_it_came_in(leads):
    records = stored_records(leads, "leads", at("2025-01-31"))
    assert sorted(records.outcome, key=str) == pytest.approx([0, np.nan, np.nan], nan_ok=True)


def test_an_amount_counts_as_it_was_when_the_deal_came_in(deals):
    records = stored_records(deals, "opportunities", at("2026-12-01"))
    order = np.argsort(records.opened)
    assert records.outcome[order].tolist() == pytest.approx([1, 0, np.nan], nan_ok=True)
    # The history of the second says that there was none yet; that of the third tells nothing, so the look counts.
    assert records.columns["amount"][order].tolist() == ["700.0", "", "500.0"]
    assert records.filled_after["amount"] == (1, 2)


def test_what_happened_later_changes_no_record_of_before(deals, stores):
    before = stored_records(deals, "opportunities", at("2025-02-15"))
    later = HISTORY.replace("d1,2025-03-01T00:00:00Z,closed_won,1200", "d1,2025-03-05T00:00:00Z,closed_lost,99")
    import_file(deals, "history", written(stores.folder, "later.csv", later))
    after = stored_records(deals, "opportunities", at("2025-02-15"))
    assert after.columns.keys() == before.columns.keys()
    assert all((after.columns[name] == held).all() for name, held in before.columns.items())
    assert after.outcome == pytest.approx(before.outcome, nan_ok=True)


def test_other_kinds_are_refused_by_name(sqlite_store):
    with pytest.raises(InvalidInput, match="no scores of 'accounts'; use one of leads, opportunities"):
        stored_records(sqlite_store.open(), "accounts", 0)

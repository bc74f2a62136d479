"""Files brought into a store, on both databases: what is created, changed, kept, counted, and left alone."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pytest

from sales_operations.domain.kinds import KINDS
from sales_operations.process.matching.merging import merge
from sales_operations.settings import Settings, load
from sales_operations.store import match_keys
from sales_operations.workspace import Workspace

FIXTURES = Path(__file__).with_name("fixtures")
HEADER = "id,name,stage,amount,currency,close_date,owner\n"
DEALS = f"""{HEADER}d1,Loom,proposal,100.10,USD,2026-12-01,Ada
d2,Spool,closed_won,200.20,USD,2026-10-01,Ada
d3,Yarn,lead,,USD,,Ben
"""
SOURCES = ("salesforce", "hubspot", "pipedrive", "zoho", "monday")


def exports(vendor: str) -> list[tuple[str, Path]]:
    """The kind and the file of each of a vendor's exports by the API, in the order of the kinds."""
    files = sorted((FIXTURES / vendor).glob("*_api.csv"))
    return sorted(((file.stem.partition("_")[0], file) for file in files), key=lambda one: list(KINDS).index(one[0]))


@pytest.mark.parametrize("order", ["as documented", "backwards", "shuffled"])
@pytest.mark.parametrize("vendor", SOURCES)
def test_a_second_run_of_all_files_changes_nothing(vendor: str, order: str, importing: Any, tmp_path: Path) -> None:
    files = exports(vendor)
    if order == "backwards":
        files.reverse()
    elif order == "shuffled":
        random.Random(vendor).shuffle(files)

    def run(kind: str, file: Path) -> Any:
        return importing(kind, file, rejects=tmp_path / "rejects.csv")

    first = [run(*one) for one in files]
    assert sum(summary.created for summary in first) > 0
    for kind, file in files:  # what was kept as text in deals is linked by reading them again
        run(kind, file)
    before = importing.content()
    importing.stores.clock.advance(days=1)
    second = [run(*one) for one in files]
    assert [(one.kind, one.created, one.updated, one.repeated) for one in second] == [
        (kind, 0, 0, 0) for kind, _ in files
    ]
    for one in second:
        assert one.kind == "history" or one.read == one.unchanged + one.skipped + one.rejected
    assert importing.content() == before
    assert importing.findings() == []


def test_a_row_that_changed_is_updated_and_no_other(importing: Any) -> None:
    importing("opportunities", DEALS)
    before = importing.rows("opportunities", "id, name, stage, amount_minor, seq")
    summary = importing("opportunities", DEALS.replace("200.20", "210"))
    assert (summary.created, summary.updated, summary.unchanged) == (0, 1, 2)
    after = importing.rows("opportunities", "id, name, stage, amount_minor, seq")
    [(old, new)] = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert (old[1:4], new[1:4]) == (("Spool", "closed_won", 20020), ("Spool", "closed_won", 21000))
    assert importing.rows("events", "count(*)") == [(4,)]


def test_records_other_than_deals_are_updated_in_place_and_the_audit_says_what_changed(importing: Any) -> None:
    importing("accounts", "id,name,industry\na1,Mills,textile\na2,Works,steel\n")
    summary = importing("accounts", "id,name,industry\na1,Mills,textiles\na2,Works,steel\n")
    assert (summary.updated, summary.unchanged) == (1, 1)
    assert importing.rows("accounts", "name, industry") == [("Mills", "textiles"), ("Works", "steel")]
    [(detail,)] = importing.rows("audit", "detail", "WHERE action = 'update'")
    assert detail == '{"industry":["textile","textiles"]}'


def test_the_same_identifier_of_two_sources_means_two_records(importing: Any) -> None:
    importing("opportunities", DEALS, source="north")
    summary = importing("opportunities", DEALS.replace("Loom", "Broom"), source="south")
    assert (summary.created, summary.updated) == (3, 0)
    assert importing("opportunities", DEALS, source="north").unchanged == 3
    names = importing.rows("opportunities", "name", "ORDER BY name")
    assert [name for (name,) in names] == ["Broom", "Loom", "Spool", "Spool", "Yarn", "Yarn"]


def test_of_rows_with_the_same_identifier_the_last_counts(importing: Any) -> None:
    summary = importing("opportunities", f"{DEALS}d1,Loom two,lead,5,USD,,\n")
    assert (summary.read, summary.created, summary.repeated) == (4, 3, 1)
    assert ("Loom two", 500) in importing.rows("opportunities", "name, amount_minor")


@pytest.mark.parametrize("kind", ["opportunities", "accounts"])
def test_what_was_changed_here_is_not_undone_by_the_old_file(kind: str, importing: Any) -> None:
    text = DEALS if kind == "opportunities" else "id,name,owner\nd1,Loom,Ada\n"
    importing(kind, text)
    with importing.workspace.unit("a person") as unit:
        deal = next(row for row in importing.rows(kind, "id, name") if row[1] == "Loom")
        unit.update(kind, unit.get(kind, deal[0]), {"name": "Grand loom"})
    # Also not when a record turns up meanwhile that the old file refers to.
    importing("users", "id,name\nu1,Ada\n")
    importing(kind, text)
    [(name, owner_id, owner_text)] = importing.rows(
        kind, "name, owner_id, owner_text", "WHERE name IN ('Loom', 'Grand loom')"
    )
    assert (name, owner_text) == ("Grand loom", None)
    assert owner_id == importing.rows("users", "id")[0][0]
    assert importing(kind, text).updated == 0
    assert importing.findings() == []


def test_a_reference_that_was_changed_here_is_not_linked_to_what_the_old_file_says(importing: Any) -> None:
    importing("opportunities", DEALS)
    with importing.workspace.unit("a person") as unit:
        [(deal,)] = importing.rows("opportunities", "id", "WHERE name = 'Loom'")
        unit.update("opportunities", unit.get("opportunities", deal), {"owner_text": "Cleo"})
    importing("users", "id,name\nu1,Ada\nu2,Ben\n")
    importing("opportunities", DEALS)
    owners = importing.rows("opportunities", "name, owner_text, owner_id IS NULL", "ORDER BY name")
    assert [tuple(map(str, row[:2])) for row in owners] == [("Loom", "Cleo"), ("Spool", "None"), ("Yarn", "None")]


def test_a_reference_to_an_unknown_record_is_kept_as_text_counted_and_linked_later(importing: Any) -> None:
    users = "id,name,manager\nu1,Ada,Grace Hopper\nu2,Ben,Grace Hopper\n"
    summary = importing("users", users)
    assert summary.unresolved == {("manager", "Grace Hopper"): 2}
    assert importing.rows("users", "manager_id, manager_text", "WHERE name = 'Ada'") == [(None, "Grace Hopper")]
    importing("users", "id,name\nu9,Grace Hopper\n", source="people")
    [(grace,)] = importing.rows("users", "id", "WHERE name = 'Grace Hopper'")
    assert importing.rows("users", "manager_id, manager_text", "WHERE name <> 'Grace Hopper'") == [(grace, None)] * 2
    again = importing("users", users)
    assert (again.updated, again.unresolved) == (0, {})


def test_a_name_that_comes_later_in_the_same_file_is_no_unknown_reference(importing: Any) -> None:
    summary = importing("users", "id,name,manager\nu1,Ada,Grace\nu2,Grace,\n")
    assert summary.unresolved == {}
    assert importing.rows("users", "count(manager_id), count(manager_text)", "") == [(1, 0)]


def test_deals_are_linked_when_their_file_is_read_again(importing: Any) -> None:
    summary = importing("opportunities", DEALS)
    assert summary.unresolved == {("owner", "Ada"): 2, ("owner", "Ben"): 1}
    importing("users", "id,name\nu1,Ada\nu2,Ben\n")
    linking = importing("opportunities", DEALS)
    assert (linking.updated, linking.unresolved) == (3, {})
    assert importing.rows("opportunities", "count(owner_id), count(owner_text)", "") == [(3, 0)]
    assert importing("opportunities", DEALS).unchanged == 3
    assert importing.findings() == []


def test_line_items_that_come_before_their_deals_are_linked_by_the_deals(importing: Any) -> None:
    importing("items", "id,opportunity,product,quantity,total,currency\ni1,d1,GTX,1,5,USD\n")
    importing("opportunities", DEALS)
    [(deal,)] = importing.rows("opportunities", "id", "WHERE name = 'Loom'")
    assert importing.rows("items", "opportunity_id, opportunity_text") == [(deal, None)]


CREATING = """
source: agency
kinds:
  users: {fields: {id: rep, name: rep, manager: {columns: boss, creates: true}}}
  teams: {distinct: true, fields: {id: boss, name: boss, manager: {columns: boss, creates: true}}}
"""


@pytest.mark.parametrize("order", [("users", "teams"), ("teams", "users")])
def test_a_mapping_can_make_records_of_those_who_are_only_named(order: Any, importing: Any, write: Any) -> None:
    file, mapping = write("rep,boss\nAda,Grace\nBen,Grace\nGrace,\n"), str(write(CREATING, "agency.yaml"))
    if order[0] == "teams":
        file = write("rep,boss\nAda,Grace\nBen,Grace\n")
    for kind in order:
        importing(kind, file, mapping=mapping)
    assert importing.rows("users", "name", "ORDER BY name") == [("Ada",), ("Ben",), ("Grace",)]
    [(grace,)] = importing.rows("users", "id", "WHERE name = 'Grace'")
    assert importing.rows("teams", "manager_id", "WHERE name = 'Grace'") == [(grace,)]
    assert importing.rows("users", "manager_id", "WHERE name = 'Ada'") == [(grace,)]
    before = importing.content()
    for kind in order:
        assert importing(kind, file, mapping=mapping).updated == 0
    assert importing.content() == before


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("users", "id,name,manager\nu1,Ada,u2\nu2,Ben,u3\nu3,Cleo,u1\nu4,Dan,\n"),
        ("users", "id,name,manager\nu1,Ada,Ben\nu2,Ben,Ada\n"),
        ("users", "id,name,manager\nu1,Ada,u1\n"),
        ("teams", "id,name,parent\nt1,North,t2\nt2,South,t1\n"),
    ],
)
def test_records_that_lead_each_other_in_a_circle_are_refused_and_nothing_is_written(
    kind: str, text: str, importing: Any
) -> None:
    importing(kind, "id,name\nx1,Zoe\n")
    before = importing.stores.dump()
    column = "manager" if kind == "users" else "parent"
    with pytest.raises(Exception, match=rf"{kind} lead each other in a circle: .* → .*; correct the {column}"):
        importing(kind, text, batch_rows=1)
    assert importing.stores.dump() == before


def test_a_dry_run_tells_the_figures_of_a_real_one_and_leaves_the_store_as_it_was(importing: Any) -> None:
    importing("opportunities", DEALS)
    before = importing.stores.dump()
    text = f"{DEALS}d4,New,Verbal,7,USD,,\nd5,Newer,lead,8,EUR,,Cleo\n".replace("200.20", "300")
    dry = importing("opportunities", text, dry_run=True).as_json()
    assert importing.stores.dump() == before
    assert not list(importing.stores.folder.glob("*.rejects.csv"))
    real = importing("opportunities", text).as_json()
    assert (real["read"], real["created"], real["updated"], real["unchanged"], real["rejected"]) == (5, 1, 1, 2, 1)
    assert dry | {"dry_run": False, "rejects_file": real["rejects_file"]} == real


def test_amounts_are_reconciled_per_currency_and_rejected_rows_count_on_the_files_side(importing: Any) -> None:
    text = f"{HEADER}d1,a,lead,100.10,USD,,\nd2,b,Verbal,7.25,USD,,\nd3,c,lead,5000,JPY,,\n"
    told = importing(
        "opportunities", f"{text}d4,d,lead,2,EUR,soon,\nd5,e,lead,,EUR,,\nd6,f,lead,many,USD,,\n"
    ).as_json()
    assert told["amounts"] == {
        "EUR": {"file": 2.0, "store": 0.0, "difference": 2.0},
        "JPY": {"file": 5000.0, "store": 5000.0, "difference": 0.0},
        "USD": {"file": 107.35, "store": 100.1, "difference": 7.25},
    }
    with Path(told["rejects_file"]).open(encoding="utf-8-sig", newline="") as stream:
        rejects = list(csv.DictReader(stream))
    assert [(row["id"], row["column"], row["line"]) for row in rejects] == [
        ("d2", "stage", "3"),
        ("d4", "close_date", "5"),
        ("d6", "amount", "7"),
    ]
    assert (told["read"], told["created"], told["rejected"], told["amount_unknown"]) == (6, 3, 3, 1)


def tracked(workspace: Workspace) -> dict[str, Any]:
    import asyncio

    from sales_operations.pipeline import PipelineTracker

    return asyncio.run(PipelineTracker(workspace).track_pipeline())


def test_a_missing_amount_stays_unknown_counts_nothing_and_is_reported(importing: Any) -> None:
    summary = importing("opportunities", DEALS)
    assert summary.amount_unknown == 1
    assert importing.rows("opportunities", "amount_minor", "WHERE name = 'Yarn'") == [(None,)]
    found = tracked(importing.workspace)
    assert (found["total_opportunities"], found["total_pipeline_value"]) == (3, 300.30)


def test_rows_marked_as_deleted_are_kept_and_counted_nowhere(importing: Any) -> None:
    importing("opportunities", DEALS)
    before = tracked(importing.workspace)
    summary = importing("opportunities", f"{HEADER[:-1]},is_deleted\nd9,Gone,closed_won,9999,USD,2026-10-01,Ada,true\n")
    assert summary.created == 1
    assert importing.rows("opportunities", "is_deleted", "WHERE name = 'Gone'") == [(1,)]
    importing.stores.clock.advance(seconds=1)
    after = tracked(importing.workspace)
    assert {**after, "tracked_at": None, "as_of": None} == {**before, "tracked_at": None, "as_of": None}


def test_a_lead_that_its_source_has_converted_is_linked_to_its_deal_and_not_converted_again(importing: Any) -> None:
    from sales_operations.store.leads import open_ids

    for kind in ("opportunities", "leads"):
        importing(kind, FIXTURES / "salesforce" / f"{kind}_api.csv", rejects=importing.stores.folder / "rejects.csv")
    [(deal,)] = importing.rows("opportunities", "id", "WHERE stage = 'proposal'")
    [(converted_at, linked)] = importing.rows("leads", "converted_at, opportunity_id", "WHERE company = 'Reed Tools'")
    assert (converted_at is not None, linked) == (True, deal)
    with importing.workspace.reading() as connection:
        waiting = open_ids(connection)
    assert [(one,) for one in waiting] == importing.rows("leads", "id", "WHERE company IS NULL")


def test_amounts_without_a_rate_are_warned_of_until_the_rate_is_imported(importing: Any) -> None:
    text = f"{HEADER}d1,a,lead,100,USD,,\nd2,b,lead,50,EUR,,\n"
    assert "amounts in EUR have no rate to USD" in importing("opportunities", text).warnings[-1]
    assert tracked(importing.workspace)["total_pipeline_value"] == 100.0
    importing("rates", "base_currency,currency,rate,valid_from\nUSD,EUR,1.25,2020-01-01\n")
    assert importing("opportunities", text).warnings == []
    assert tracked(importing.workspace)["total_pipeline_value"] == 162.5


def test_an_import_runs_no_stage_action_and_notifies_nobody(importing: Any) -> None:
    importing("opportunities", DEALS.replace("Yarn,lead", "Yarn,negotiation"))
    importing("leads", "id,company\nl1,Mills\n")
    for table in ("quotes", "contracts", "notifications"):
        assert importing.rows(table, "count(*)", "") == [(0,)]
    assert {kind for (kind,) in importing.rows("audit", "DISTINCT kind", "")} == {"opportunities", "leads"}


def test_a_deal_in_a_stage_of_a_configured_pipeline_keeps_it_and_has_its_probability(stores: Any, write: Any) -> None:
    from sales_operations.connectors.importer import import_file

    settings: Settings = load({"sales_operations": {"pipelines": {"default": [
        {"name": "Scoping", "stage": "qualified", "probability": 0.2, "category": "pipeline"},
        {"name": "Won", "stage": "closed_won", "probability": 1.0, "category": "closed"},
        {"name": "Lost", "stage": "closed_lost", "probability": 0.0, "category": "omitted"},
    ]}}})  # fmt: skip
    workspace = stores.open(settings)
    import_file(workspace, "opportunities", write(f"{HEADER}d1,a,Scoping,1,USD,,\n"))
    told = "opportunity,changed_at,stage\nd1,2026-05-01T00:00:00Z,Scoping\nd2,2026-05-01T00:00:00Z,Scoping\n"
    import_file(workspace, "history", write(told))
    kept = stores.execute("SELECT pipeline_stage, stage, probability FROM opportunities")
    assert kept == [("Scoping", "qualified", 0.2)] * 2
    assert stores.execute("SELECT DISTINCT probability FROM events WHERE basis = 'history'") == [(0.2,)]


@pytest.mark.parametrize("rows", [2_001, 4_500])
def test_files_of_more_rows_than_a_batch_are_imported_whole(rows: int, importing: Any) -> None:
    text = HEADER + "".join(f"d{n},Deal {n},lead,{n}.01,USD,,\n" for n in range(rows))
    summary = importing("opportunities", text, batch_rows=2_000)
    assert (summary.read, summary.created) == (rows, rows)
    assert importing.rows("opportunities", "count(*), sum(amount_minor)", "") == [
        (rows, sum(100 * n + 1 for n in range(rows)))
    ]
    assert importing("opportunities", text, batch_rows=2_000).unchanged == rows


def test_a_name_of_two_merged_accounts_means_the_one_that_both_are_now(importing: Any) -> None:
    importing("accounts", "id,name\na1,Mills\na2,Mills\n")
    contacts = "id,last_name,account\nc1,Hall,Mills\n"
    assert importing("contacts", contacts).unresolved == {("account", "Mills"): 1}
    [(kept,), (gone,)] = importing.rows("accounts", "id", "ORDER BY id")
    merge(importing.workspace, "accounts", kept, gone)
    assert importing("contacts", contacts.replace("c1", "c2")).unresolved == {}
    assert (kept,) in importing.rows("contacts", "account_id")


def test_imported_accounts_and_contacts_are_ready_to_be_matched(importing: Any) -> None:
    importing("accounts", "id,name,phone\na1,Mills,+1 206 555 0100\na2,Looms,\n")
    importing("contacts", "id,last_name,email,account\nc1,Hall,hall@mills.example,a1\n")
    seq = importing.rows("ledger", "seq")
    kept = importing.rows("match_keys", "key, record_id", "ORDER BY key, record_id")
    assert len({record for _, record in kept}) == 3
    with importing.workspace.unit("again") as unit:
        match_keys.refresh(unit.connection)
    assert importing.rows("match_keys", "key, record_id", "ORDER BY key, record_id") == kept
    assert importing.rows("match_state", "seq")[0] <= seq[0]

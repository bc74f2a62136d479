"""Erasing a person: nothing of theirs is left, and everything else still adds up."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.pipeline import PipelineManager
from sales_operations.process import SalesProcessAutomator
from sales_operations.store import audit, privacy, tables

PERSONS = {
    ("contacts", "c1"): ["quillfeather", "zoë", "7946 0991", "paperclip", "1971-02-29"],
    ("contacts", "max@cu.example"): ["mustermann", "max@cu.example"],
    ("leads", "l2"): ["wander", "jo@elsewhere"],
    ("users", "u1"): ["kestrelwing", "grace@seller", "closer of large"],
}
"""A person to texts that say who they are; those of the lead with the contact's address go with it."""


def erase(workspace, kind, given):
    with workspace.unit("privacy erase") as unit:
        done = privacy.erase(unit, kind, given)
    privacy.scrub(workspace.engine)
    with workspace.columns():
        pass
    return done


def erase_all_of(workspace, kind, given):
    erased = erase(workspace, kind, given)
    for other in erased.same_email:
        erase(workspace, *other)


def rows_with(stores, texts) -> set[str]:
    """Those of the texts that stand in any table."""
    held = repr(stores.dump()).casefold()
    return {text for text in texts if text in held}


def left_of(stores, texts) -> set[str]:
    """Those of the texts that stand in any table, or anywhere in the files of the store and of the columns."""
    raw = files_of(stores)
    assert (stores.folder / "store.duckdb").exists() or stores.backend == "postgresql"
    return rows_with(stores, texts) | {text for text in texts if text.encode() in raw}


def files_of(stores) -> bytes:
    names = [file for file in stores.folder.iterdir() if ".db" in file.name or ".duckdb" in file.name]
    return b"".join(file.read_bytes() for file in names).lower()


def totals(workspace):
    """All that the pipeline's pages say, deals by their ids: an erased name may be part of a deal's."""

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(held) for key, held in value.items() if key != "name"}
        return sorted(map(plain, value), key=repr) if isinstance(value, list) else value

    return plain(asyncio.run(PipelineManager(workspace).manage_pipeline()))


@pytest.mark.parametrize(("kind", "given"), PERSONS, ids=lambda text: text)
def test_nothing_of_an_erased_person_is_left_in_the_database_or_in_a_file(business, stores, kind, given):
    texts = PERSONS[kind, given]
    with business.columns():
        pass
    assert left_of(stores, texts) == set(texts)
    erase_all_of(business, kind, given)
    assert left_of(stores, texts) == set()


def test_scrubbing_rewrites_the_unused_parts_of_the_files(sqlite_store):
    workspace = sqlite_store.open()
    with closing(sqlite3.connect(sqlite_store.url)) as connection, connection:
        connection.execute("PRAGMA secure_delete = OFF")  # as some builds of SQLite have it
        connection.executemany(
            "INSERT INTO accounts (id, name, seq) VALUES (?, 'Formername', 0)",
            [(str(number),) for number in range(500)],
        )
        connection.execute("DELETE FROM accounts")
    assert b"formername" in files_of(sqlite_store)
    assert privacy.scrub(workspace.engine)
    assert b"formername" not in files_of(sqlite_store)


def test_scrubbing_tells_of_a_reader_that_holds_the_old_state(sqlite_store):
    workspace = sqlite_store.open()
    with closing(sqlite3.connect(sqlite_store.url, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM ledger").fetchall()
        assert not privacy.scrub(workspace.engine)
    assert privacy.scrub(workspace.engine)


@pytest.mark.parametrize(("kind", "given"), PERSONS, ids=lambda text: text)
def test_erasing_one_person_leaves_audit_history_and_totals_green(business, findings, kind, given):
    before = totals(business)
    with business.reading() as connection:
        head = audit.verify(connection).head
    erase(business, kind, given)
    assert findings(business, noted=head) == []
    after = totals(business)
    if kind == "users":
        [user] = {row.id for row in _rows(business, "users") if row.erased_at is not None}
        assert _renamed(before, "Grace Kestrelwing", user) == _renamed(after, "\0", "")
    else:
        assert after == before


def _rows(workspace, kind):
    with workspace.reading() as connection:
        return connection.execute(tables.RECORDS[kind].select()).all()


def _renamed(value, old, new):
    if isinstance(value, dict):
        return {_renamed(key, old, new): _renamed(held, old, new) for key, held in value.items()}
    if isinstance(value, list):
        return sorted((_renamed(held, old, new) for held in value), key=repr)
    return value.replace(old, new) if isinstance(value, str) else value


def test_importing_the_same_files_again_brings_nobody_back(business, stores, bring, findings, files):
    erase_all_of(business, "contacts", "c1")
    erase(business, "contacts", "max@cu.example")
    counts = {kind: bring(business, kind, text) for kind, text in files.items()}
    assert (counts["contacts"].erased, counts["leads"].erased, counts["activities"].erased) == (2, 1, 3)
    assert [one.created + one.updated for one in counts.values()] == [0] * len(counts)
    assert rows_with(stores, [*PERSONS["contacts", "c1"], *PERSONS["contacts", "max@cu.example"]]) == set()
    assert findings(business) == []


def test_changed_rows_of_an_erased_person_bring_nothing_back(business, stores, bring, findings, files):
    erase_all_of(business, "contacts", "c1")
    changed = files["contacts"].replace("Chief Paperclip", "Retired Paperclip").replace("Buyer", "Head Buyer")
    summary = bring(business, "contacts", changed)
    assert (summary.erased, summary.updated) == (1, 1)
    assert rows_with(stores, PERSONS["contacts", "c1"]) == set()
    assert findings(business) == []


def test_new_records_still_find_an_erased_person_by_the_id_that_was_their_name(business, bring, files):
    erased = erase(business, "contacts", "max@cu.example")
    assert erased.external_ids == 1
    bring(business, "activities", files["activities"].replace("x2,mail,", "x9,mail,"))
    [added] = [row for row in _rows(business, "activities") if row.contact_id == erased.record_id and row.subject]
    assert added.contact_text is None


def test_an_erased_record_keeps_its_id_its_references_and_says_when(business, clock):
    before = {row.id: row for row in _rows(business, "contacts")}
    erased = erase(business, "contacts", "c1")
    after = {row.id: row for row in _rows(business, "contacts")}[erased.record_id]
    assert after.erased_at == clock.micros
    assert (after.account_id, after.owner_id) == (before[after.id].account_id, before[after.id].owner_id)
    kept = {"first_name", "last_name", "email", "phone", "title", "attributes", "salt", "personal_digest", "observed"}
    assert {name for name in kept if getattr(after, name) is not None} == set()


def test_what_was_erased_and_what_has_the_same_address_is_told(business):
    erased = erase(business, "contacts", "c1")
    assert (erased.activities, erased.records, erased.events) == (2, 2, 1)
    [(kind, other)] = erased.same_email
    assert (kind, other) == (
        "leads",
        next(row.id for row in _rows(business, "leads") if row.company == "Northwind Example"),
    )


def test_other_persons_keep_their_data(business):
    with business.reading() as connection:
        before = privacy.export(connection, "contacts", "max@cu.example")
    erase_all_of(business, "contacts", "c1")
    with business.reading() as connection:
        after = privacy.export(connection, "contacts", "max@cu.example")
    assert after["record"] == before["record"]
    assert [one["subject"] for one in before["activities"]] == ["Fwd: Zoë Quillfeather wants more"]
    assert all("Zoë" not in one["subject"] for one in after["activities"])


def test_erasing_twice_does_nothing_more(business, stores):
    erase(business, "contacts", "c1")
    before = stores.dump()
    assert erase(business, "contacts", "c1").erased_before is not None
    assert stores.dump() == before


def test_a_converted_lead_is_erased_with_its_deal_intact(business, findings, stores):
    deal = asyncio.run(SalesProcessAutomator(business).automate_lead_to_opportunity("l1"))
    before = totals(business)
    erase_all_of(business, "leads", "l1")
    assert totals(business) == before
    assert findings(business) == []
    again = asyncio.run(SalesProcessAutomator(business).automate_lead_to_opportunity("l1"))
    assert again.opportunity_id == deal.opportunity_id
    assert left_of(stores, PERSONS["contacts", "c1"]) == set()


def test_an_erased_rep_leaves_notes_and_grounds_of_assignments_too(business, findings, stores):
    asyncio.run(SalesProcessAutomator(business).automate_lead_to_opportunity("l1"))
    [note] = _rows(business, "notifications")
    assert note.recipient == "Grace Kestrelwing"
    erased = erase(business, "users", "u1")
    [note] = _rows(business, "notifications")
    assert note.recipient == erased.record_id
    assert left_of(stores, PERSONS["users", "u1"]) == set()
    assert findings(business) == []


def test_the_audit_log_never_held_a_persons_name(business, bring, files):
    bring(business, "contacts", files["contacts"].replace("Quillfeather", "Quillfeather-Nib"))
    bring(business, "users", files["users"] + "u3,Gracious Unknown,unknown@seller.example,Sales Rep,\n")
    with business.reading() as connection:
        entries = repr(connection.execute(tables.audit.select()).all()).casefold()
    assert "last_name" in entries
    for texts in PERSONS.values():
        assert not [text for text in texts if text in entries]


def test_a_text_that_another_person_shares_by_chance_stays(business, bring, stores):
    kept = "Ask Jo Wandererson or big-jo@elsewhere.example.org"
    bring(business, "activities", f"id,activity_type,subject,contact\nx9,call,{kept},c1\n")
    erase(business, "leads", "l2")
    assert kept in {row.subject for row in _rows(business, "activities")}


def test_editing_a_redacted_event_or_the_count_of_erasures_is_found(business, stores, findings):
    erase(business, "contacts", "c1")
    [(seq,)] = stores.execute("SELECT seq FROM events WHERE other LIKE ?", "%For con_%")
    stores.execute("UPDATE events SET other = replace(other, 'For', 'To') WHERE seq = ?", seq)
    assert any("history of opportunities" in what for what in findings(business))
    stores.execute("UPDATE events SET other = replace(other, 'To', 'For') WHERE seq = ?", seq)
    assert findings(business) == []
    stores.execute("UPDATE ledger SET erasures = erasures - 1")
    assert any("erasures" in what for what in findings(business))


@pytest.mark.parametrize("detail", ["x", "7", "{}", '{"redacted":[]}', '{"redacted":{"x":1}}'])
def test_what_an_erasure_says_of_events_cannot_be_made_unreadable(business, stores, findings, detail):
    erase(business, "contacts", "c1")
    stores.execute("UPDATE audit SET detail = ? WHERE action = 'erase' AND detail IS NOT NULL", detail)
    assert len(findings(business)) == 2, "the entry, and the events whose new digest nobody vouches for"


def test_putting_a_name_back_into_an_erased_record_is_found(business, stores, findings):
    erase(business, "contacts", "c1")
    stores.execute("UPDATE contacts SET last_name = 'Quillfeather' WHERE erased_at IS NOT NULL")
    assert any("personal data" in what for what in findings(business))


def test_what_is_erased_stays_so_whoever_writes_the_record(business, findings):
    erased = erase(business, "contacts", "c1")
    with business.unit("test") as unit:
        unit.update(
            "contacts", unit.get("contacts", erased.record_id), {"last_name": "Quillfeather", "account_id": None}
        )
    row = {row.id: row for row in _rows(business, "contacts")}[erased.record_id]
    assert (row.last_name, row.salt, row.account_id) == (None, None, None)
    assert findings(business) == []


def test_an_error_while_erasing_leaves_everything_as_it_was(business, stores):
    before = stores.dump()
    with pytest.raises(RuntimeError, match="on purpose"), business.unit("privacy erase") as unit:
        raise RuntimeError(f"on purpose, after {privacy.erase(unit, 'contacts', 'c1')}")
    assert stores.dump() == before


@pytest.mark.parametrize(
    ("kind", "given", "error"),
    [("contacts", "nobody", NotFound), ("accounts", "a1", InvalidInput), ("history", "d1", InvalidInput)],
)
def test_who_does_not_exist_or_is_no_person_cannot_be_erased(business, stores, kind, given, error):
    before = stores.dump()
    with pytest.raises(error, match=kind):
        erase(business, kind, given)
    assert stores.dump() == before


def test_an_export_shows_everything_that_is_held_of_a_person(business):
    with business.reading() as connection:
        found = privacy.export(connection, "contacts", "c1")
    assert found["record"]["last_name"] == "Quillfeather"
    assert found["record"]["attributes"] == {"Birthday": "1971-02-29"}
    assert found["external_ids"] == [{"source": "sales_operations", "id": "c1"}]
    assert [one["subject"] for one in found["activities"]] == ["Talked to Zoë about paperclips"]
    assert {(one["kind"], *one["columns"]) for one in found["referred_to_by"]} == {
        ("opportunities", "contact_id"),
        ("activities", "contact_id"),
    }
    named = {(one["kind"], *one["columns"]) for one in found["named_in"]}
    assert named >= {("opportunities", "attributes", "contact_text", "name"), ("activities", "subject")}
    assert [(one["action"], one["cause"]) for one in found["changes"]] == [("create", "import contacts contacts.csv")]

"""Whatever is done to the store past the program is found; what the program did never is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sales_operations.domain.opportunity import new_id
from sales_operations.store import audit, history, tables

OUTSIDE = {
    **dict.fromkeys(("external_ids", "import_runs"), None),
    "ledger": {"id", "store_id", "label"},
}
"""Tables (or their columns) that the chain does not vouch for, as ``store.audit`` says."""


@pytest.fixture
def audited(stores, clock):
    """A store with a deal of three changes, a second one, a contact and a user."""
    workspace = stores.open()
    with workspace.unit("test") as unit:
        unit.create("users", {"id": "user_1", "name": "Ada", "capacity": 3})
        unit.create("contacts", {"id": "con_1", "last_name": "Hopper", "account_id": "acc_1"})
        for deal, amount in (("opp_1", 100), ("opp_2", 200)):
            row = {"id": deal, "pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1}
            unit.create("opportunities", {**row, "amount_minor": amount, "currency": "USD", "created_at": unit.now})
    for amount in (300, 500):
        clock.advance(hours=1)
        with workspace.unit("test") as unit:
            deal = unit.get("opportunities", "opp_1")
            unit.update("opportunities", deal, {"amount_minor": amount, "next_step": f"Ask for {amount}"})
            unit.update("users", unit.get("users", "user_1"), {"capacity": amount})
    return workspace


def head_of(workspace) -> str:
    with workspace.reading() as connection:
        return audit.verify(connection).head


def test_an_untouched_store_verifies_and_is_counted(audited, findings):
    with audited.reading() as connection:
        verdict = audit.verify(connection)
    assert (verdict.findings, verdict.entries, verdict.events, verdict.records) == ([], 8, 4, 4)
    assert findings(audited, noted=verdict.head) == []


def test_an_empty_store_verifies(stores, findings):
    assert findings(stores.open()) == []


EDITS = {
    "an entry's actor": "UPDATE audit SET actor = 'nobody' WHERE seq = 5",
    "an entry's detail": "UPDATE audit SET detail = NULL WHERE kind = 'users' AND action = 'update'",
    "an entry's hash": "UPDATE audit SET hash = '00' WHERE seq = 5",
    "the last entry's hash": "UPDATE audit SET hash = '00' WHERE seq = 8",
    "the first entry removed": "DELETE FROM audit WHERE seq = 1",
    "an entry removed": "DELETE FROM audit WHERE seq = 6",
    "the last entry removed": "DELETE FROM audit WHERE seq = 8",
    "the end cut off, ledger mended to it": (
        "DELETE FROM audit WHERE seq > 6",
        "DELETE FROM events WHERE seq > 6",
        "UPDATE ledger SET seq = 6, head = (SELECT hash FROM audit WHERE seq = 6)",
    ),
    "an entry added": (
        "INSERT INTO audit SELECT seq + 100, recorded_at, actor, cause, action, kind, record_id, detail, digest, events_digest,"
        " hash FROM audit WHERE seq = 8"
    ),
    "two entries swapped": (
        "UPDATE audit SET seq = -6 WHERE seq = 6",
        "UPDATE audit SET seq = 6 WHERE seq = 8",
        "UPDATE audit SET seq = 8 WHERE seq = -6",
    ),
    "all entries removed": "DELETE FROM audit",
    "an event's value": "UPDATE events SET amount_minor = 1 WHERE seq = 5",
    "an event's instant": "UPDATE events SET occurred_at = occurred_at - 1 WHERE seq = 5",
    "an event's texts, to no JSON": "UPDATE events SET other = 'x' WHERE seq = 5",
    "an event's texts, to other JSON": "UPDATE events SET other = '7', previous = '[]' WHERE seq = 5",
    "an event's stage, to none there is": "UPDATE events SET stage = 'x' WHERE seq = 3",
    "an event's fields": "UPDATE events SET fields = 0",
    "an event's instant, to none there is": "UPDATE events SET occurred_at = 9000000000000000000, stage = 'closed_won'",
    "an event removed": "DELETE FROM events WHERE seq = 5",
    "the last event removed": "DELETE FROM events WHERE seq = 7",
    "an event moved": "UPDATE events SET seq = 8 WHERE seq = 7",
    "two events swapped": (
        "UPDATE events SET seq = -5 WHERE seq = 5",
        "UPDATE events SET seq = 5 WHERE seq = 7",
        "UPDATE events SET seq = 7 WHERE seq = -5",
    ),
    "an event given to another deal": "UPDATE events SET opportunity_id = 'opp_2' WHERE seq = 5",
    "an event added": (
        "INSERT INTO events (seq, opportunity_id, occurred_at, recorded_at, basis, actor, cause, fields)"
        " VALUES (9, 'opp_1', 1, 1, 'live', 'x', 'y', 0)"
    ),
    "an event added between": (
        "INSERT INTO events (seq, opportunity_id, occurred_at, recorded_at, basis, actor, cause, fields)"
        " VALUES (6, 'opp_1', 1, 1, 'live', 'x', 'y', 0)"
    ),
    "all events removed": "DELETE FROM events",
    "a deal's amount": "UPDATE opportunities SET amount_minor = 1 WHERE id = 'opp_2'",
    "a deal's version": "UPDATE opportunities SET seq = seq - 1 WHERE id = 'opp_2'",
    "a deal's id": "UPDATE opportunities SET id = 'opp_3' WHERE id = 'opp_2'",
    "a deal removed": "DELETE FROM opportunities WHERE id = 'opp_2'",
    "a deal added": (
        "INSERT INTO opportunities (id, stage, status, seq) VALUES ('opp_3', 'lead', 'open', 4)"
    ),
    "two deals' amounts swapped": "UPDATE opportunities SET amount_minor = 700 - amount_minor",
    "a name": "UPDATE users SET name = 'Bob'",
    "a name and its digest": "UPDATE contacts SET last_name = 'x', personal_digest = 'x'",
    "a name removed as if erased": "UPDATE contacts SET last_name = NULL, salt = NULL, erased_at = 1",
    "a person's salt": "UPDATE contacts SET salt = 'x'",
    "a contact removed": "DELETE FROM contacts",
    "the ledger's number": "UPDATE ledger SET seq = seq + 1",
    "the ledger's head": "UPDATE ledger SET head = 'x'",
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_what_is_done_past_the_program_is_found(audited, stores, findings, edit):
    noted = head_of(audited)
    for statement in (edit,) if isinstance(edit, str) else edit:
        stores.execute(statement)
    assert findings(audited, noted)


def test_a_chain_cut_at_its_end_with_all_that_follows_mended_is_found_by_the_noted_head_alone(
    audited, stores, findings
):
    with audited.unit("test") as unit:
        unit.create("teams", {"id": "team_1", "name": "North"})
    noted = head_of(audited)
    stores.execute("DELETE FROM audit WHERE kind = 'teams'")
    stores.execute("DELETE FROM teams")
    stores.execute("UPDATE ledger SET seq = 8, head = (SELECT hash FROM audit WHERE seq = 8)")
    assert findings(audited) == []
    [what] = findings(audited, noted)
    assert noted in what


def test_a_whole_chain_made_anew_is_found_by_the_noted_head_alone(audited, stores, findings):
    noted = head_of(audited)
    for table in (*tables.RECORDS, "events", "audit"):
        stores.execute(f"DELETE FROM {table}")
    stores.execute("UPDATE ledger SET seq = 0, head = ?", "0" * 64)
    assert findings(audited) == []
    [what] = findings(audited, noted)
    assert noted in what


def test_findings_say_what_and_where(audited, stores):
    stores.execute("UPDATE opportunities SET amount_minor = 1 WHERE id = 'opp_2'")
    with audited.reading() as connection:
        [finding] = audit.verify(connection).findings
        [replayed] = history.verify(connection)
    assert (finding.seq, finding.what) == (4, "opportunities opp_2 was changed past this program")
    assert replayed.what == "opportunities opp_2: amount_minor differ from its history"


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_no_more_findings_are_kept_than_were_asked_for(audited, stores, limit):
    stores.execute("UPDATE audit SET actor = 'x', events_digest = 'x'")
    stores.execute("UPDATE opportunities SET name = 'x'")
    with audited.reading() as connection:
        assert 0 < len(audit.verify(connection, limit=limit).findings) <= limit
        assert 0 < len(history.verify(connection, limit=limit)) <= limit


def _cells():
    for name, table in tables.metadata.tables.items():
        apart = OUTSIDE.get(name, set())
        if apart is not None:
            yield from ((name, column) for column in table.c if column.name not in apart)


CELLS = list(_cells())


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.generate],
)
@given(cell=st.sampled_from(CELLS), place=st.integers(0, 9), value=st.integers(-3, 1_000_000), empty=st.booleans())
def test_any_cell_that_is_edited_is_found(audited, stores, findings, cell, place, value, empty):
    table, column = cell
    before = stores.execute(f"SELECT * FROM {table}")
    if not before:
        return
    key = next(iter(tables.metadata.tables[table].primary_key)).name
    keys = [row[0] for row in stores.execute(f"SELECT {key} FROM {table} ORDER BY {key}")]
    [(old,)] = stores.execute(f"SELECT {column.name} FROM {table} WHERE {key} = ?", keys[place % len(keys)])
    given = None if empty and column.nullable else value if column.type.python_type is not str else f"text {value}"
    if given == old:
        return
    change = f"UPDATE {table} SET {column.name} = ? WHERE {key} = ?"
    chosen = keys[place % len(keys)]
    if column.name == key and given in keys:
        return
    stores.execute(change, given, chosen)
    try:
        assert findings(audited), f"{table}.{column.name} of {chosen}: {old!r} became {given!r}"
    finally:
        stores.execute(change, old, given if column.name == key else chosen)
    assert findings(audited) == []


def test_the_example_based_property_covers_the_tables_that_hold_something():
    assert {name for name, _ in CELLS} == set(tables.metadata.tables) - {"external_ids", "import_runs"}


def test_entries_state_old_and_new_values_but_of_persons_only_the_names_of_columns(audited, stores):
    with audited.unit("test") as unit:
        unit.update("contacts", unit.get("contacts", "con_1"), {"last_name": "Murray", "account_id": "acc_2"})
    [(detail,)] = stores.execute("SELECT detail FROM audit WHERE seq = 9")
    assert detail == '{"last_name":null,"account_id":["acc_1","acc_2"]}'


def test_the_same_personal_data_never_leave_the_same_digest_twice(audited, stores):
    digests = set()
    for name in itertools.islice(itertools.cycle(["Hopper", "Murray"]), 4):
        with audited.unit("test") as unit:
            unit.update("contacts", unit.get("contacts", "con_1"), {"last_name": new_id("x")})
            unit.flush()
            unit.update("contacts", unit.get("contacts", "con_1"), {"last_name": name})
        digests |= set(stores.execute("SELECT salt, personal_digest FROM contacts"))
    assert len(digests) == 4

"""Many records at once: what a file says becomes created, changed or unchanged rows."""

from __future__ import annotations

import pytest

from sales_operations.store import tables
from sales_operations.store.load import load, relink

USERS = {"id": ["u1", "u2"], "name": ["Ada", "Grace"], "email": ["ada@seller.example", None], "capacity": [3, None]}


def bring_in(workspace, kind, columns, attributes=None, source="crm"):
    with workspace.unit("import") as unit:
        return load(unit, kind, source, columns, attributes)


def rows(workspace, kind) -> dict:
    with workspace.reading() as connection:
        return {row.id: row for row in connection.execute(tables.RECORDS[kind].select())}


def by_name(workspace, kind="users") -> dict:
    return {row.name: row for row in rows(workspace, kind).values()}


@pytest.fixture
def workspace(stores):
    return stores.open()


def counts(loaded) -> tuple[int, ...]:
    return loaded.created, loaded.updated, loaded.unchanged, loaded.repeated, loaded.erased


def test_new_records_are_created_and_a_second_time_changes_nothing(workspace, stores, findings):
    assert counts(bring_in(workspace, "users", USERS)) == (2, 0, 0, 0, 0)
    before = stores.dump()
    assert counts(bring_in(workspace, "users", USERS)) == (0, 0, 2, 0, 0)
    assert stores.dump() == before
    assert findings(workspace) == []


def test_a_changed_cell_changes_its_record_alone(workspace, findings):
    bring_in(workspace, "users", USERS)
    before = by_name(workspace)
    assert counts(bring_in(workspace, "users", {**USERS, "capacity": [4, None]})) == (0, 1, 1, 0, 0)
    after = by_name(workspace)
    assert (after["Ada"].capacity, after["Grace"]) == (4, before["Grace"])
    assert findings(workspace) == []


def test_of_rows_with_the_same_id_the_last_counts(workspace):
    columns = {"id": ["u1", "u2", "u1"], "name": ["Ada", "Grace", "Ada King"]}
    assert counts(bring_in(workspace, "users", columns)) == (2, 0, 0, 1, 0)
    assert set(by_name(workspace)) == {"Grace", "Ada King"}


def test_the_same_id_of_another_source_is_another_record(workspace):
    bring_in(workspace, "users", USERS)
    assert counts(bring_in(workspace, "users", USERS, source="legacy")) == (2, 0, 0, 0, 0)
    assert len(rows(workspace, "users")) == 4


def test_a_column_that_a_file_lacks_is_left_as_it_is_and_an_empty_cell_clears(workspace):
    bring_in(workspace, "users", USERS)
    bring_in(workspace, "users", {"id": ["u1"], "name": ["Ada"], "email": [None]})
    assert (by_name(workspace)["Ada"].capacity, by_name(workspace)["Ada"].email) == (3, None)


def test_what_was_changed_here_is_not_undone_by_the_same_file(workspace):
    bring_in(workspace, "users", USERS)
    with workspace.unit("here") as unit:
        unit.update("users", unit.get("users", by_name(workspace)["Ada"].id), {"capacity": 9})
    assert counts(bring_in(workspace, "users", USERS)) == (0, 0, 2, 0, 0)
    assert by_name(workspace)["Ada"].capacity == 9


def test_references_are_resolved_kept_as_text_and_counted_where_they_are_unknown(workspace):
    bring_in(workspace, "users", USERS)
    accounts = {"id": ["a1", "a2", "a3"], "name": ["One", "Two", "Three"], "owner": ["u1", "Nobody", None]}
    loaded = bring_in(workspace, "accounts", accounts)
    found = by_name(workspace, "accounts")
    assert (found["One"].owner_id, found["One"].owner_text) == (by_name(workspace)["Ada"].id, None)
    assert (found["Two"].owner_id, found["Two"].owner_text) == (None, "Nobody")
    assert (found["Three"].owner_id, found["Three"].owner_text) == (None, None)
    assert loaded.unresolved == {("owner", "Nobody"): 1}


def test_a_record_that_comes_later_is_linked(workspace, findings):
    bring_in(workspace, "accounts", {"id": ["a1"], "name": ["One"], "owner": ["u1"]})
    bring_in(workspace, "users", USERS)
    with workspace.unit("import") as unit:
        assert relink(unit, "users", "crm") == 1
    [account] = rows(workspace, "accounts").values()
    assert (account.owner_id, account.owner_text) == (by_name(workspace)["Ada"].id, None)
    assert findings(workspace) == []


def test_a_row_may_refer_to_one_of_its_own_file(workspace):
    bring_in(workspace, "users", {"id": ["u1", "u2"], "name": ["Ada", "Grace"], "manager": ["u2", None]})
    found = by_name(workspace)
    assert found["Ada"].manager_id == found["Grace"].id


def test_attributes_are_kept_and_their_change_is_a_change(workspace, findings):
    bring_in(workspace, "users", USERS, [b'{"Desk":"12"}', None])
    assert by_name(workspace)["Ada"].attributes == '{"Desk":"12"}'
    assert counts(bring_in(workspace, "users", USERS, [b'{"Desk":"13"}', None])) == (0, 1, 1, 0, 0)
    assert findings(workspace) == []


def test_a_large_batch_is_loaded_whole(workspace, findings):
    count = 5_000
    columns = {
        "id": [f"a{number}" for number in range(count)],
        "name": [f"Account {number}" for number in range(count)],
    }
    assert counts(bring_in(workspace, "accounts", columns)) == (count, 0, 0, 0, 0)
    assert counts(bring_in(workspace, "accounts", columns)) == (0, 0, count, 0, 0)
    assert len(rows(workspace, "accounts")) == count
    assert findings(workspace) == []

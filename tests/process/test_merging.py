"""Two records become one, and two again."""

from __future__ import annotations

from typing import Any

import pytest

from sales_operations.domain.errors import Conflict, InvalidInput, NotFound
from sales_operations.process.conversion import Converter
from sales_operations.process.matching.merging import listed, merge, undo
from sales_operations.process.stages import contacts
from sales_operations.store import audit, history, leads, opportunities, privacy, tables
from sales_operations.store.load import load

DEAL = {"pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1, "created_at": 1}
ALWAYS_MOVES = {"seq", "updated_at", "salt", "personal_digest"}


def acme(company: Any) -> None:
    """Two accounts of one company, each with a contact, a deal, an activity and an id in a CRM."""
    company.add("accounts", {"id": "acc_a", "name": "Acme", "phone": "1", "industry": "Looms"})
    company.add("accounts", {"id": "acc_b", "name": "Acme Inc", "phone": "2", "country": "UK", "parent_id": "acc_a"})
    for one in "ab":
        company.add("contacts", {"id": f"con_{one}", "last_name": f"Of {one}", "account_id": f"acc_{one}"})
        company.add(
            "opportunities", {"id": f"opp_{one}", "account_id": f"acc_{one}", "contact_id": f"con_{one}", **DEAL}
        )
        company.add("activities", {"id": f"act_{one}", "account_id": f"acc_{one}", "contact_id": f"con_{one}"})
        company.stores.execute(f"INSERT INTO external_ids VALUES ('accounts', 'crm', '00{one}', 'acc_{one}')")


def content(company: Any) -> dict[str, Any]:
    """Every record but what each change moves, and what external ids mean."""
    found: dict[str, Any] = {}
    with company.workspace.reading() as connection:
        for kind, table in tables.RECORDS.items():
            if kind == "merges":
                continue
            for row in connection.execute(table.select()):
                values = dict(zip(tables.COLUMNS[kind], row, strict=True))
                found[row.id] = {name: value for name, value in values.items() if name not in ALWAYS_MOVES}
    return found | {"external": sorted(company.stores.execute("SELECT * FROM external_ids"))}


def assert_whole(company: Any) -> None:
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == []
        assert history.verify(connection) == []


def test_a_merged_account_keeps_everything_that_pointed_to_either(company: Any) -> None:
    acme(company)
    merged = merge(company.workspace, "accounts", "acc_a", "00b")
    assert (merged.survivor_id, merged.merged_id, merged.rule) == ("acc_a", "acc_b", "survivor")
    assert merged.fields == ("country",)
    assert merged.moved == {"contacts": 1, "opportunities": 1, "activities": 1, "external_ids": 1}
    now = content(company)
    assert {now[one]["account_id"] for one in ("con_a", "con_b", "opp_a", "opp_b", "act_a", "act_b")} == {"acc_a"}
    assert (now["acc_a"]["phone"], now["acc_a"]["country"], now["acc_a"]["parent_id"]) == ("1", "UK", None)
    assert now["acc_b"]["is_deleted"] == 1
    assert now["external"] == [("accounts", "crm", "00a", "acc_a"), ("accounts", "crm", "00b", "acc_a")]
    with company.workspace.reading() as connection:
        [events] = history.of_deals(connection, ["opp_b"]).values()
    assert [event.other.get("account_id") for event in events] == ["acc_b", "acc_a"]
    assert events[1].previous == {"account_id": "acc_b"}
    assert_whole(company)


def test_undoing_restores_every_record_exactly(company: Any) -> None:
    acme(company)
    before = content(company)
    merged = merge(company.workspace, "accounts", "acc_a", "acc_b", "other")
    assert set(merged.fields) == {"name", "phone", "country"}
    undone = undo(company.workspace, merged.merge_id)
    assert undone.undone_at is not None
    assert content(company) == before
    assert_whole(company)
    with pytest.raises(Conflict, match="was undone on"):
        undo(company.workspace, merged.merge_id)
    assert [one.merge_id for one in listed(company.workspace)] == [merged.merge_id]


@pytest.mark.parametrize(
    ("kind", "record", "change", "says"),
    [
        ("accounts", "acc_a", {"country": "IE"}, "acc_a: country changed"),
        ("opportunities", "opp_b", {"account_id": None}, "opportunities opp_b: account_id changed"),
    ],
)
def test_an_undo_that_would_lose_a_later_change_is_refused_and_says_which(
    company: Any, kind: str, record: str, change: dict[str, Any], says: str
) -> None:
    acme(company)
    merged = merge(company.workspace, "accounts", "acc_a", "acc_b")
    with company.workspace.unit("later") as unit:
        unit.update(kind, unit.get(kind, record), change)
        unit.update("contacts", unit.get("contacts", "con_b"), {"title": "CTO"})
    before = company.stores.dump()
    with pytest.raises(Conflict, match=says):
        undo(company.workspace, merged.merge_id)
    assert company.stores.dump() == before


def test_later_changes_of_other_fields_survive_an_undo(small: Any) -> None:
    acme(small)
    merged = merge(small.workspace, "accounts", "acc_a", "acc_b")
    with small.workspace.unit("later") as unit:
        unit.update("accounts", unit.get("accounts", "acc_a"), {"city": "London"})
        unit.update("contacts", unit.get("contacts", "con_b"), {"title": "CTO"})
    undo(small.workspace, merged.merge_id)
    now = content(small)
    assert (now["acc_a"]["city"], now["con_b"]["title"], now["con_b"]["account_id"]) == ("London", "CTO", "acc_b")


def test_merges_of_merges_resolve_to_the_last_survivor_and_are_undone_in_reverse(company: Any) -> None:
    acme(company)
    company.add("accounts", {"id": "acc_c", "name": "Acme Group", "domain": "acme.com"})
    before = content(company)
    first = merge(company.workspace, "accounts", "acc_a", "acc_b")
    second = merge(company.workspace, "accounts", "acc_c", "acc_b")  # means acc_a by now
    assert (second.survivor_id, second.merged_id) == ("acc_c", "acc_a")
    with pytest.raises(InvalidInput, match="same record, acc_c"):
        merge(company.workspace, "accounts", "acc_b", "acc_c")
    with pytest.raises(Conflict, match=f"acc_a was merged into acc_c by {second.merge_id}; undo that first"):
        undo(company.workspace, first.merge_id)
    undo(company.workspace, second.merge_id)
    undo(company.workspace, first.merge_id)
    assert content(company) == before


def test_fields_follow_the_named_rule_and_empty_ones_always_take_what_there_is(small: Any) -> None:
    old = {"id": "acc_a", "name": "Old", "phone": "1", "industry": "Looms", "updated_at": 1, "created_at": 1}
    new = {"id": "acc_b", "name": "New", "phone": "2", "updated_at": 2, "annual_revenue_minor": 5, "currency": "EUR"}
    small.add("accounts", old, new)
    undo(small.workspace, merge(small.workspace, "accounts", "acc_a", "acc_b", "newest").merge_id)
    assert merge(small.workspace, "accounts", "acc_b", "acc_a", "newest").fields == ("industry",)
    configured = small.stores.open({"matching": {"merge": {"rule": "survivor", "fields": {"phone": "other"}}}})
    small.add("accounts", {**old, "id": "acc_c"}, {**new, "id": "acc_d"})
    assert set(merge(configured, "accounts", "acc_c", "acc_d").fields) == {"phone", "annual_revenue_minor", "currency"}


def test_a_field_that_does_not_exist_is_named_and_nothing_is_written(small: Any) -> None:
    acme(small)
    before = small.stores.dump()
    configured = small.stores.open({"matching": {"merge": {"fields": {"colour": "newest"}}}})
    with pytest.raises(InvalidInput, match=r"matching\.merge\.fields: no record.*has colour; accounts have name"):
        merge(configured, "accounts", "acc_a", "acc_b")
    for kind, one, error in (
        ("deals", "acc_b", InvalidInput),
        ("accounts", "acc_x", NotFound),
        ("accounts", "00a", InvalidInput),
    ):
        with pytest.raises(error):
            merge(small.workspace, kind, "acc_a", one)
    with pytest.raises(NotFound, match="no merge 'merge_x'"):
        undo(small.workspace, "merge_x")
    assert small.stores.dump() == before


def test_roles_go_to_the_survivor_who_counts_once_where_both_had_one_and_come_back(company: Any) -> None:
    acme(company)
    for number, (deal, one) in enumerate((("opp_a", "con_a"), ("opp_a", "con_b"), ("opp_b", "con_b"))):
        role = {"role": f"role {number}", "is_primary": number % 2}
        company.add("roles", {"id": f"role_{number}", "opportunity_id": deal, "contact_id": one, **role})
    before = content(company)
    merged = merge(company.workspace, "contacts", "con_a", "con_b")
    assert merged.moved == {"roles": 2, "opportunities": 1, "activities": 1}
    assert {content(company)[f"role_{number}"]["contact_id"] for number in range(3)} == {"con_a"}
    with company.workspace.reading() as connection:
        [told] = contacts.listed(connection, opportunities.row(connection, "opp_a"))
    assert (told["contact_id"], sorted(told["roles"]), told["is_primary"]) == ("con_a", ["role 0", "role 1"], True)
    assert undo(company.workspace, merged.merge_id).moved == merged.moved
    assert content(company) == before
    assert_whole(company)


def test_a_merged_lead_stays_converted_and_converting_it_gives_the_survivors_deal(company: Any) -> None:
    company.leads("lead_2", "lead_3")
    deal = company.convert("lead_2")
    merge(company.workspace, "leads", "lead_1", "lead_2")
    for one in ("lead_1", "lead_2"):
        assert company.convert(one).opportunity_id == deal.opportunity_id
        with company.workspace.reading() as connection:
            assert leads.get(connection, one).status == "converted"
    company.convert("lead_3")
    with pytest.raises(InvalidInput, match="both converted"):
        merge(company.workspace, "leads", "lead_1", "lead_3")


def test_a_lead_that_ended_without_an_opportunity_does_so_under_its_survivor_too(small: Any) -> None:
    small.leads("lead_2")
    converter = Converter(small.workspace)
    [found] = converter.convert_without_opportunity(["lead_2"])
    merge(small.workspace, "leads", "lead_1", "lead_2")
    [same] = converter.convert_without_opportunity(["lead_1"])
    assert same.account_id == found.account_id
    with pytest.raises(InvalidInput, match="without an opportunity"):
        converter.convert("lead_1")


def test_a_lead_of_a_company_that_was_merged_goes_to_the_survivor(company: Any) -> None:
    company.add("accounts", {"id": "acc_a", "name": "Acme"}, {"id": "acc_b", "name": "Company of lead_1"})
    merge(company.workspace, "accounts", "acc_a", "acc_b")
    assert company.convert("lead_1").metadata["account_id"] == "acc_a"


def test_an_import_of_the_merged_records_id_changes_the_survivor(company: Any) -> None:
    acme(company)
    merge(company.workspace, "accounts", "acc_a", "acc_b")
    with company.workspace.unit("import") as unit:
        load(unit, "accounts", "crm", {"id": ["00b"], "name": ["Acme Worldwide"]})
    now = content(company)
    assert (now["acc_a"]["name"], now["acc_b"]["name"]) == ("Acme Worldwide", "Acme Inc")


def test_erasing_a_merged_person_erases_all_that_was_one_person(company: Any) -> None:
    company.add("contacts", {"id": "con_a", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@x.com"})
    company.add("contacts", {"id": "con_b", "first_name": "Augusta", "last_name": "Byron", "email": "ada@x.com"})
    company.stores.execute("INSERT INTO external_ids VALUES ('contacts', 'crm', 'augusta@x.com', 'con_b')")
    merged = merge(company.workspace, "contacts", "con_a", "con_b", "other")
    company.convert("lead_1")  # brings the keys in step
    with company.workspace.unit("erase") as unit:
        erasure = privacy.erase(unit, "contacts", "con_b")
    assert (erasure.record_id, erasure.same_email) == ("con_a", ())
    for table, rows in company.stores.dump().items():
        text = repr(rows)
        for word in ("Ada L", "Lovelace", "Augusta", "Byron", "@x.com"):
            assert word not in text, f"{word} in {table}"
    keyed = {record for (record,) in company.stores.execute("SELECT record_id FROM match_keys")}
    assert keyed.isdisjoint({"con_a", "con_b"})
    with pytest.raises(Conflict, match="erased"):
        undo(company.workspace, merged.merge_id)
    assert_whole(company)

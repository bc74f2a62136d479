"""Leads meet the accounts and contacts that are there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sales_operations.domain.errors import Disabled, InvalidInput
from sales_operations.process.conversion import ConvertedLead, Converter
from sales_operations.store import audit, history, match_keys

ADA = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@acme.com", "phone": "+44 20 7946 0991"}


def row(company: Any, table: str, record_id: str) -> dict[str, Any]:
    with company.workspace.unit("look") as unit:
        return unit.get(table, record_id)


def count(company: Any, table: str) -> int:
    return int(company.stores.execute(f"SELECT count(*) FROM {table}")[0][0])


def matching(deal: Any) -> dict[str, Any]:
    found: dict[str, Any] = deal.metadata["attributes"].get("matching", {})
    return found


def rules(**actions: str) -> dict[str, Any]:
    return {"matching": {"rules": actions}}


def test_a_lead_of_an_unknown_company_makes_account_and_contact(company: Any) -> None:
    company.add(
        "leads", {"id": "lead_ada", "company": "Acme Ltd", "country": "UK", "employees": 40, "title": "CTO"} | ADA
    )
    deal = company.convert("lead_ada")
    account, contact = (
        row(company, "accounts", deal.metadata["account_id"]),
        row(company, "contacts", deal.metadata["contact_id"]),
    )
    assert (account["name"], account["domain"], account["country"], account["employees"]) == (
        "Acme Ltd",
        "acme.com",
        "UK",
        40,
    )
    assert {name: contact[name] for name in ADA} == ADA
    assert contact["account_id"] == account["id"]
    assert account["owner_id"] == contact["owner_id"] == deal.metadata["owner_id"]
    assert matching(deal) == {}
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == []
        assert history.verify(connection) == []


def test_the_second_lead_of_a_person_finds_what_the_first_one_made(company: Any) -> None:
    company.add("leads", {"id": "lead_a", "company": "Acme Ltd"} | ADA, {"id": "lead_b", "company": "ACME"} | ADA)
    first, second = company.convert("lead_a"), company.convert("lead_b")
    assert second.opportunity_id != first.opportunity_id
    assert second.metadata["account_id"] == first.metadata["account_id"]
    assert second.metadata["contact_id"] == first.metadata["contact_id"]
    told = matching(second)
    assert told["account"]["parts"] == {"domain": 0.92, "name": 0.0736}
    assert told["account"]["score"] == pytest.approx(sum(told["account"]["parts"].values()))
    assert told["contact"]["score"] >= 0.98


def test_leads_of_one_batch_find_what_the_earlier_ones_made(company: Any) -> None:
    people = [ADA | {"email": f"p{number}@acme.com", "first_name": f"P{number}"} for number in range(3)]
    company.add("leads", *({"id": f"lead_p{number}", "company": "Acme"} | one for number, one in enumerate(people)))
    company.add("leads", {"id": "lead_again", "company": "Acme", "title": "CTO"} | people[0])
    deals = Converter(company.workspace).convert_many(["lead_p0", "lead_p1", "lead_p2", "lead_again"])
    assert len({deal.metadata["account_id"] for deal in deals}) == 1
    assert len({deal.metadata["contact_id"] for deal in deals}) == 3
    assert deals[3].metadata["contact_id"] == deals[0].metadata["contact_id"]
    assert row(company, "contacts", deals[0].metadata["contact_id"])["title"] == "CTO"
    assert count(company, "accounts") == 1
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == []


def test_one_by_one_or_all_at_once_gives_the_same_matches(small: Any) -> None:
    def leads(sort: str, first: str, second: str) -> list[str]:
        mail = f"a@{first}.com"
        rows = [
            {"company": first, "email": mail, "last_name": "One"},
            {"company": f"{first} Inc.", "phone": "030 1234567", "last_name": "Two"},
            {"company": f"{second} & Co", "email": mail},
            {"company": second},
        ]
        small.add("leads", *({"id": f"lead_{sort}{place}"} | one for place, one in enumerate(rows)))
        return [f"lead_{sort}{place}" for place in range(len(rows))]

    alone = [small.convert(lead).metadata["account_id"] for lead in leads("a", "Acme", "Weaver")]
    deals = Converter(small.workspace).convert_many(leads("b", "Borealis", "Cobalt"))
    together = [deal.metadata["account_id"] for deal in deals]
    assert alone[0] == alone[1] == alone[2] != alone[3]
    assert together[0] == together[1] == together[2] != together[3]


def test_only_what_is_empty_in_an_account_or_contact_is_filled(company: Any) -> None:
    company.add("accounts", {"id": "acc_1", "name": "Acme", "industry": "Looms", "domain": "acme.com"})
    company.add("contacts", {"id": "con_1", "last_name": "Byron", "email": "ada@acme.com"})
    company.add("leads", {"id": "lead_a", "company": "Acme", "industry": "Steel", "country": "UK", **ADA})
    deal = company.convert("lead_a")
    account, contact = row(company, "accounts", "acc_1"), row(company, "contacts", "con_1")
    assert deal.metadata["account_id"] == "acc_1"
    assert (account["industry"], account["country"]) == ("Looms", "UK")
    assert (contact["last_name"], contact["first_name"], contact["account_id"]) == ("Byron", "Ada", "acc_1")
    assert count(company, "contacts") == 1


def test_what_a_lead_adds_to_an_account_is_what_the_next_one_is_found_by(small: Any) -> None:
    small.add("accounts", {"id": "acc_1", "name": "Acme"})
    small.add(
        "leads",
        {"id": "lead_a", "company": "Acme", "email": "a@acme.com"},
        {"id": "lead_b", "company": "Weaver", "email": "b@acme.com"},
        {"id": "lead_c", "email": "c@acme.com"},
    )
    together = Converter(small.workspace).convert_many(["lead_a", "lead_b"])
    assert {deal.metadata["account_id"] for deal in [*together, small.convert("lead_c")]} == {"acc_1"}


def test_a_company_that_is_only_similar_gets_an_account_of_its_own_and_the_rep_is_told(company: Any) -> None:
    company.add("accounts", {"id": "acc_1", "name": "Siemens AG"})
    company.add("leads", {"id": "lead_s", "company": "Simens"})
    deal = company.convert("lead_s")
    assert deal.metadata["account_id"] != "acc_1"
    [similar] = matching(deal)["account"]["similar"]
    assert similar["id"] == "acc_1"
    assert 0.6 <= similar["score"] < 0.9
    assert "id" not in matching(deal)["account"]
    told = {note["subject"]: note["message"] for note in company.notes()}
    assert "Account acc_1 (Siemens AG) is similar: 0." in told["Possible duplicate"]


def test_a_rule_that_allows_tells_nobody_and_one_that_blocks_writes_nothing(small: Any) -> None:
    small.add("accounts", {"id": "acc_1", "name": "Siemens AG"})
    small.add("leads", {"id": "lead_s", "company": "Simens"}, {"id": "lead_t", "company": "Siemens"})
    before = small.stores.dump()
    with pytest.raises(
        Disabled, match=r"lead_t.*acc_1.*the same.*sales_operations\.matching\.rules\.same_account is block"
    ):
        Converter(small.stores.open(rules(same_account="block"))).convert_many(["lead_1", "lead_t"])
    assert small.stores.dump() == before
    small.convert("lead_s", rules(similar_account="allow"))
    assert {note["subject"] for note in small.notes()} == {"New opportunity"}


def test_blocked_leads_can_be_left_out_while_the_others_are_converted(small: Any) -> None:
    small.add("accounts", {"id": "acc_1", "name": "Siemens AG"})
    small.add("leads", {"id": "lead_t", "company": "Siemens"})
    blocked: dict[str, str] = {}
    converter = Converter(small.stores.open(rules(same_account="block")))
    deals = converter.convert_many(["lead_1", "lead_t"], blocked=blocked)
    assert [deal.lead_id for deal in deals] == ["lead_1"]
    assert list(blocked) == ["lead_t"]
    assert count(small, "accounts") == 2


def test_records_that_came_by_other_ways_are_found_too_and_what_was_renamed_is(company: Any) -> None:
    company.leads("lead_2", "lead_3")
    company.convert("lead_1")
    company.add("accounts", {"id": "acc_imported", "name": "Company of lead_2"}, {"id": "acc_old", "name": "Elsewhere"})
    assert company.convert("lead_2").metadata["account_id"] == "acc_imported"
    with company.workspace.unit("renamed") as unit:
        unit.update("accounts", unit.get("accounts", "acc_old"), {"name": "Company of lead_3"})
    assert company.convert("lead_3").metadata["account_id"] == "acc_old"


def test_deleted_accounts_are_not_found(small: Any) -> None:
    small.add("accounts", {"id": "acc_gone", "name": "Company of lead_1", "is_deleted": 1})
    assert small.convert("lead_1").metadata["account_id"] != "acc_gone"


def test_without_creation_a_new_company_stays_a_text(small: Any) -> None:
    off = {"matching": {"create_accounts": False, "create_contacts": False}}
    small.add("leads", {"id": "lead_ada", "company": "Acme Ltd"} | ADA)
    deal = small.convert("lead_ada", off)
    assert (deal.account_name, deal.metadata.get("account_id"), deal.metadata.get("contact_id")) == (
        "Acme Ltd",
        None,
        None,
    )
    assert count(small, "accounts") == count(small, "contacts") == 0


def test_a_lead_may_be_converted_without_an_opportunity_and_only_once(company: Any) -> None:
    company.add("leads", {"id": "lead_ada", "company": "Acme Ltd"} | ADA)
    converter = Converter(company.workspace)
    [found] = converter.convert_without_opportunity(["lead_ada"])
    assert found.opportunity_id is None
    assert row(company, "contacts", str(found.contact_id))["account_id"] == found.account_id
    before = company.stores.dump()
    assert converter.convert_without_opportunity(["lead_ada"]) == [found]
    with pytest.raises(InvalidInput, match=rf"converted without an opportunity: account {found.account_id}"):
        converter.convert("lead_ada")
    assert company.stores.dump() == before
    deal = converter.convert("lead_1")
    [same] = converter.convert_without_opportunity(["lead_1"])
    assert same == ConvertedLead("lead_1", deal.metadata["account_id"], None, deal.opportunity_id)
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == []


def test_a_key_that_too_many_share_says_nothing_unless_it_is_strong(company: Any) -> None:
    company.add(
        "accounts",
        *({"id": f"acc_{number:03}", "name": f"Global {'xyz'[number % 3]}{number}"} for number in range(120)),
    )
    company.add(
        "accounts", *({"id": f"acc_d{number:03}", "name": "Twin", "domain": "twin.com"} for number in range(60))
    )
    with company.workspace.unit("look") as unit:
        keyring = match_keys.refresh(unit.connection)
        keys = keyring.company(("global", "x1"), None, None)
        found = match_keys.blocks(unit.connection, keys)
        assert all(len(ids) < 5 for ids in found.values())
        [twin] = match_keys.blocks(unit.connection, keyring.company((), "twin.com", None)).values()
        assert twin == [f"acc_d{number:03}" for number in range(match_keys.BLOCK)]


def test_the_converted_lead_is_the_same_deal_as_read_from_the_store(company: Any) -> None:
    company.add("users", {"id": "user_mail", "email": "aa@example.com"}, {"id": "user_bare"})
    company.add(
        "leads",
        {"id": "lead_ada", "company": "Acme Ltd", "owner_id": "user_mail"} | ADA,
        {"id": "lead_bare", "owner_id": "user_bare"},
    )
    for lead in ("lead_1", "lead_ada", "lead_bare"):
        deal = asyncio.run(company.automator().automate_lead_to_opportunity(lead))
        assert company.deal(deal.opportunity_id) == deal

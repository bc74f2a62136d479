"""The life of a contract: every state, who may do what, versions, amendments, terms that end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from sales_operations.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from sales_operations.process.contract_life import life, reading, renewals
from tests.process.contract_parts import APPROVAL, agreed, contracted, shown, signed_by_all
from tests.process.test_transition import OPEN


@pytest.fixture
def contract(small: Any) -> str:
    """A draft of the deal ``opp_1``."""
    return contracted(small)


def test_a_draft_says_what_was_agreed_and_how_long_it_holds(company: Any) -> None:
    company.add("opportunities", OPEN)
    made = life.draft(company.workspace, "opp_1", starts_on=date(2027, 1, 31), term_months=13)
    assert (made["status"], made["version"], made["amount"]) == ("draft", 1, 1_234.56)
    assert (made["starts_on"], made["ends_on"], made["term_months"]) == ("2027-01-31", "2028-02-29", 13)
    assert "Term: 13 months from 2027-01-31 to 2028-02-29" in made["terms"]
    assert shown(company, made["contract_id"])["versions"] == [{"number": 1, "note": None}]


def test_an_accepted_quote_gives_amount_currency_and_terms_even_if_a_newer_one_is_there(small: Any) -> None:
    small.add("opportunities", OPEN)
    quote = {
        "opportunity_id": "opp_1",
        "items": "[]",
        "discount_minor": 0,
        "valid_until": "2026-12-24",
        "created_at": 0,
    }
    agreed_on = '{"on": "2026-11-01", "payment_days": 14, "term_months": 24, "starts_on": "2027-02-01"}'
    small.add(
        "quotes",
        quote | {"id": "quote_1", "status": "accepted", "amount_minor": 5_000_00, "currency": "EUR", "terms": agreed_on,
                 "net_minor": 4_000_00, "total_minor": 4_760_00},
        quote | {"id": "quote_2", "status": "draft", "amount_minor": 1, "currency": "USD", "total_minor": 1},
    )  # fmt: skip
    made = life.draft(small.workspace, "opp_1")
    assert (made["quote_id"], made["amount"], made["currency"]) == ("quote_1", 4_000.0, "EUR")
    assert (made["starts_on"], made["ends_on"]) == ("2027-02-01", "2029-01-31")
    assert "quote quote_1" in made["terms"]
    assert "within 14 days" in made["terms"]


def test_the_whole_way_from_draft_to_expired(company: Any) -> None:
    contract = contracted(company, APPROVAL)
    workspace = company.stores.open(APPROVAL)
    assert life.submit(workspace, contract, by="Ada")["status"] == "in_approval"
    assert life.approve(workspace, contract, by="Grace")["status"] == "negotiating"
    signed_by_all(workspace, contract)
    assert shown(company, contract)["status"] == "signed"
    active = renewals.activate(workspace, contract)
    assert (active["status"], active["starts_on"], active["ends_on"]) == ("active", "2026-11-24", "2027-11-23")
    company.stores.clock.advance(days=364)
    assert renewals.work(workspace) == 1
    assert shown(company, contract)["status"] == "active", "the last day counts"
    company.stores.clock.advance(days=1)
    assert renewals.work(workspace) == 1
    assert shown(company, contract)["status"] == "expired"


def test_nobody_approves_what_they_handed_in_or_has_no_say(small: Any) -> None:
    contract = contracted(small, APPROVAL)
    small.reps("Heidi", role="Sales Manager")
    workspace = small.stores.open(APPROVAL)
    life.submit(workspace, contract, by="Grace")
    before = small.stores.dump()
    with pytest.raises(NotAllowed, match=r"Grace handed contract .* in"):
        life.approve(workspace, contract, by="Grace")
    with pytest.raises(NotAllowed, match="Ada may not approve contracts"):
        life.approve(workspace, contract, by="Ada")
    with pytest.raises(InvalidInput, match="no user 'Nobody'"):
        life.approve(workspace, contract, by="Nobody")
    assert small.stores.dump() == before
    assert life.approve(workspace, contract, by="Heidi")["status"] == "negotiating"


def test_a_rejected_contract_is_a_draft_again_and_its_owner_reads_why(small: Any) -> None:
    contract = contracted(small, APPROVAL)
    workspace = small.stores.open(APPROVAL)
    life.submit(workspace, contract, by="Ada")
    assert life.approve(workspace, contract, by="Grace", reject="Notice is too short")["status"] == "draft"
    told = {note["subject"]: note for note in small.notes()}
    assert told["Contract to approve"]["recipient"] == "Grace"
    assert "Notice is too short" in told["Contract rejected"]["message"]
    assert told["Contract rejected"]["recipient"] == "Ada"


def test_a_change_after_approval_needs_a_new_approval(small: Any) -> None:
    contract = contracted(small, APPROVAL)
    workspace = small.stores.open(APPROVAL)
    life.submit(workspace, contract, by="Ada")
    life.approve(workspace, contract, by="Grace")
    revised = life.revise(workspace, contract, "Another text")
    assert (revised["status"], revised["version"], revised["terms"]) == ("draft", 2, "Another text")
    with pytest.raises(InvalidInput, match="is draft; only one that is negotiating can be sent"):
        agreed(workspace, contract)


def test_approvers_that_mean_nobody_are_an_error(small: Any) -> None:
    contract = contracted(small)
    workspace = small.stores.open({"contracting": {"approvers": ["role:Director"]}})
    with pytest.raises(InvalidInput, match="no active user is role:Director"):
        life.submit(workspace, contract)


def test_every_version_is_kept_and_the_redline_between_any_two_is_shown(small: Any, contract: str) -> None:
    text = shown(small, contract)["terms"]
    life.revise(small.workspace, contract, text.replace("60 days", "30 days"), note="shorter notice", version=1)
    life.revise(small.workspace, contract, text.replace("60 days", "30 days") + "\n7. Place: Leeds.")
    with small.workspace.reading() as connection:
        assert [one["note"] for one in reading.show(connection, contract)["versions"]] == ["shorter notice", None, None]
        first, last, pieces = reading.changes(connection, contract)
        assert (first, last) == (2, 3)
        assert [(one.kind, one.text) for one in pieces][1:] == [("added", "\n7. Place: Leeds.")]
        _, _, pieces = reading.changes(connection, contract, 1, 2)
        assert [(one.kind, one.text) for one in pieces if one.kind != "same"] == [("removed", "60"), ("added", "30")]
        with pytest.raises(InvalidInput, match="has no version 9; it has 1, 2, 3"):
            reading.changes(connection, contract, 1, 9)


def test_a_text_written_from_an_older_version_is_refused(small: Any, contract: str) -> None:
    life.revise(small.workspace, contract, "Second", version=1)
    before = small.stores.dump()
    with pytest.raises(Conflict, match="is at version 2, not 1"):
        life.revise(small.workspace, contract, "Third", version=1)
    for text, what in (
        ("Second", "has this text and these terms already"),
        ("  ", "is empty"),
        ("a\x00b", "cannot be stored"),
    ):
        with pytest.raises(InvalidInput, match=what):
            life.revise(small.workspace, contract, text)
    assert small.stores.dump() == before


def test_other_terms_make_the_text_and_the_obligations_anew(small: Any, contract: str) -> None:
    made = life.revise(small.workspace, contract, starts_on=date(2026, 11, 1), term_months=6, notice_days=30)
    assert (made["version"], made["starts_on"], made["ends_on"], made["notice_days"]) == (
        2,
        "2026-11-01",
        "2027-04-30",
        30,
    )
    assert "6 months from 2026-11-01 to 2027-04-30, ended by either party with 30 days' notice" in made["terms"]
    signed_by_all(small.workspace, contract)
    renewals.activate(small.workspace, contract)
    assert [one["due_on"] for one in shown(small, contract)["obligations"]] == ["2026-12-01", "2027-03-31"]
    with pytest.raises(InvalidInput, match="is active; only one that is draft"):
        life.revise(small.workspace, contract, term_months=9)


def test_an_amendment_gets_another_text_but_no_terms_of_its_own(small: Any, contract: str) -> None:
    signed_by_all(small.workspace, contract)
    extra = life.amend(small.workspace, contract, 100_00, "more looms")["contract_id"]
    with pytest.raises(InvalidInput, match="follows the terms of another one"):
        life.revise(small.workspace, extra, term_months=9)
    assert life.revise(small.workspace, extra, "More looms.")["version"] == 2


def test_a_step_that_the_state_does_not_allow_is_an_error_and_writes_nothing(small: Any, contract: str) -> None:
    workspace = small.workspace
    before = small.stores.dump()
    steps: list[tuple[Callable[[], Any], str]] = [
        (lambda: renewals.activate(workspace, contract), "is draft; only one that is signed can be activated"),
        (lambda: life.terminate(workspace, contract, "why"), "only one that is signed or active can be terminated"),
        (lambda: life.decline(workspace, contract, "why"), "in approval, negotiating or awaiting signature"),
        (lambda: life.amend(workspace, contract, 1, "x"), "is draft; only a signed or active contract is amended"),
        (lambda: renewals.renew(workspace, contract), "is draft; only an active or expired contract is renewed"),
    ]
    for call, what in steps:
        with pytest.raises(InvalidInput, match=what):
            call()
    with pytest.raises(NotFound, match="no contract 'contract_9'"):
        life.submit(workspace, "contract_9")
    assert small.stores.dump() == before


def test_a_declined_contract_can_be_redrafted(small: Any, contract: str) -> None:
    agreed(small.workspace, contract)
    with pytest.raises(InvalidInput, match="reason is empty"):
        life.decline(small.workspace, contract, " ")
    assert life.decline(small.workspace, contract, "Too dear")["status"] == "declined"
    assert shown(small, contract)["reason"] == "Too dear"
    assert life.revise(small.workspace, contract, "Cheaper")["status"] == "draft"


def test_an_amendment_ends_with_its_contract_and_costs_its_part_of_the_term(company: Any) -> None:
    contract = contracted(company)
    signed_by_all(company.workspace, contract)
    renewals.activate(company.workspace, contract)
    made = life.amend(company.workspace, contract, 365_00, "ten more looms", starts_on=date(2027, 5, 24))
    assert (made["amends_id"], made["ends_on"], made["amount"]) == (contract, "2027-11-23", 184.0)
    assert "ten more looms" in made["terms"]
    assert (
        "184.00 USD, net of taxes, for the time from 2027-05-24 to 2027-11-23; 365.00 USD for a full term"
        in made["terms"]
    )
    for day in (date(2026, 11, 23), date(2027, 11, 24)):
        with pytest.raises(InvalidInput, match="starts within that time"):
            life.amend(company.workspace, contract, 365_00, "more", starts_on=day)
    signed_by_all(company.workspace, made["contract_id"])
    company.stores.clock.advance(days=200)
    assert renewals.activate(company.workspace, made["contract_id"])["ends_on"] == "2027-11-23"
    ended = life.terminate(company.workspace, contract, "The customer moved")
    assert (ended["status"], ended["ends_on"]) == ("terminated", "2027-06-12")
    amendment = shown(company, made["contract_id"])
    assert (amendment["status"], amendment["ends_on"]) == ("terminated", "2027-06-12")


def test_obligations_get_their_days_when_the_contract_begins_and_can_be_met(small: Any, contract: str) -> None:
    signed_by_all(small.workspace, contract)
    renewals.activate(small.workspace, contract)
    found = shown(small, contract)["obligations"]
    assert [(one["title"], one["party"], one["due_on"], one["done_at"]) for one in found] == [
        ("First payment", "customer", "2026-12-24", None),
        ("Last day to give notice", "both", "2027-09-24", None),
    ]
    met = renewals.fulfil(small.workspace, found[0]["obligation_id"])
    assert met["done_at"] == "2026-11-24T12:00:00+00:00"
    small.stores.clock.advance(days=1)
    assert renewals.fulfil(small.workspace, found[0]["obligation_id"]) == met
    with pytest.raises(NotFound, match="no obligation 'x'"):
        renewals.fulfil(small.workspace, "x")


def test_a_signed_contract_begins_by_itself_on_its_first_day(small: Any) -> None:
    small.add("opportunities", OPEN)
    contract = life.draft(small.workspace, "opp_1", starts_on=date(2026, 12, 1))["contract_id"]
    signed_by_all(small.workspace, contract)
    with pytest.raises(InvalidInput, match="begins on 2026-12-01"):
        renewals.activate(small.workspace, contract)
    assert renewals.work(small.workspace) == 0
    small.stores.clock.advance(days=7)
    assert renewals.work(small.workspace) == 1
    assert shown(small, contract)["status"] == "active"


def test_contracts_are_listed_by_state_and_deal(small: Any, contract: str) -> None:
    with small.workspace.reading() as connection:
        assert [one["contract_id"] for one in reading.listing(connection, status="draft", opportunity_id="opp_1")] == [
            contract
        ]
        assert reading.listing(connection, status="signed") == []
        with pytest.raises(InvalidInput, match="status 'new'"):
            reading.listing(connection, status="new")
        with pytest.raises(NotFound, match="no opportunity 'opp_9'"):
            reading.listing(connection, opportunity_id="opp_9")


def test_erasing_a_person_takes_their_name_out_of_texts_and_signatures(company: Any) -> None:
    from sales_operations.store import audit, privacy

    contract = contracted(company)
    company.add("contacts", {"id": "con_1", "first_name": "Grete", "last_name": "Hermann"})
    text = shown(company, contract)["terms"] + "\n7. Contact: Grete Hermann."
    life.revise(company.workspace, contract, text, note="asked for by Grete Hermann")
    life.revise(company.workspace, contract, text + " Leeds.", note="again")
    agreed(company.workspace, contract, "Grete Hermann")
    with company.workspace.unit("erase") as unit:
        privacy.erase(unit, "contacts", "con_1")
    found = shown(company, contract)
    assert "Hermann" not in repr(found)
    assert found["signatures"][0]["name"] == "con_1"
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == []

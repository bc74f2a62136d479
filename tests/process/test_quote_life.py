"""Quotes after their first draft: copied, revised, sent, accepted, rejected, expired, erased."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson
import pytest

from sales_operations.domain.errors import Conflict, InvalidInput, NotFound
from sales_operations.process.quoting import decisions as quote_decisions
from sales_operations.process.quoting import expiry as quote_expiry
from sales_operations.process.quoting import quotes
from sales_operations.process.quoting.quoter import create, make_quote
from sales_operations.store import privacy
from tests.process.quote_parts import contents, entry, quoted, sound, status, stocked, unchanged
from tests.process.test_transition import OPEN


def test_a_copy_has_each_line_once_and_is_a_draft_of_its_own(company: Any) -> None:
    first = quoted(company)
    quotes.edit(company.workspace, first, {"lines": [{"product": "Loom", "discounts": ["5%"]}], "discounts": ["1%"]})
    quote_decisions.send(company.workspace, first)
    company.stores.clock.advance(days=3)
    copy = quotes.clone(company.workspace, first)
    again = quotes.clone(company.workspace, copy["quote_id"])
    assert contents(company, first) == contents(company, copy["quote_id"]) == contents(company, again["quote_id"])
    assert (copy["status"], copy["version"], copy["copied_from"]) == ("draft", 1, first)
    assert copy["root_id"] == copy["quote_id"]
    assert copy["valid_until"] == "2026-12-27"
    assert status(company, first) == "sent"
    sound(company)


def test_a_copy_can_go_to_another_deal_and_takes_the_prices_of_its_own_day(small: Any) -> None:
    small.add("opportunities", OPEN | {"id": "opp_2"})
    first = quoted(small)
    quotes.edit(small.workspace, first, {"lines": [{"product": "Loom", "quantity": 1}, {"line": 1, "remove": True}]})
    with small.workspace.unit("test") as unit:
        unit.update("pricebooks", unit.get("pricebooks", "price_now"), {"valid_to": "2026-11-24"})
        unit.create("pricebooks", entry("price_next", "prod_loom", 130_00, valid_from="2026-11-25"))
    small.stores.clock.advance(days=1)
    copy = quotes.clone(small.workspace, first, "opp_2")
    assert (copy["opportunity_id"], copy["total"], copy["priced_on"]) == ("opp_2", 180.0, "2026-11-25")
    assert quotes.edit(small.workspace, first, {})["total"] == 150.0


def test_a_new_version_supersedes_the_open_one(company: Any) -> None:
    first = quoted(company)
    quote_decisions.send(company.workspace, first)
    second = quotes.revise(company.workspace, first)
    assert (second["version"], second["root_id"], second["status"]) == (2, first, "draft")
    assert status(company, first) == "superseded"
    assert contents(company, first) == contents(company, second["quote_id"])
    unchanged(company, Conflict, "has a later version", lambda: quotes.revise(company.workspace, first))
    unchanged(company, Conflict, "is superseded", lambda: quote_decisions.accept(company.workspace, first))
    shown = quotes.show(company.workspace, second["quote_id"])
    assert [(one["version"], one["status"]) for one in shown["versions"]] == [(1, "superseded"), (2, "draft")]
    sound(company)


def test_a_deal_that_enters_proposal_again_keeps_its_open_quote_unless_its_items_changed(company: Any) -> None:
    stocked(company)
    deal = company.deal("opp_1")
    for stage in ("proposal", "qualified", "proposal"):
        deal = company.move(deal, stage)
    [first] = quotes.listing(company.workspace, "opp_1")
    with company.workspace.unit("test") as unit:
        unit.update("items", unit.get("items", "item_2"), {"total_minor": 45_00})
    for stage in ("qualified", "proposal"):
        deal = company.move(deal, stage)
    second, old = quotes.listing(company.workspace, "opp_1")
    assert (old["quote_id"], old["status"]) == (first["quote_id"], "superseded")
    assert (second["version"], second["status"], second["total"]) == (2, "draft", 345.0)
    with company.workspace.unit("test") as unit:
        row = unit.get("opportunities", "opp_1")
        kept = make_quote(unit, company.workspace.settings, row, OPEN["amount_minor"], "USD")
    assert (kept["quote_id"], kept["is_new"]) == (second["quote_id"], False)


def test_accepting_writes_the_deal_and_supersedes_its_other_quotes_in_one_transaction(company: Any) -> None:
    first = quoted(company)
    other = quotes.clone(company.workspace, first)["quote_id"]
    quotes.edit(company.workspace, first, {"discounts": ["10%"]})
    quote_decisions.send(company.workspace, first)
    company.stores.clock.advance(days=7)
    done = quote_decisions.accept(company.workspace, first)
    assert (done["status"], done["decided_at"]) == ("accepted", "2026-12-01T12:00:00+00:00")
    assert status(company, other) == "superseded"
    deal = company.deal("opp_1")
    assert (deal.amount, deal.close_date) == (315.0, "2027-01-31")
    numbers = company.stores.execute("SELECT seq FROM audit WHERE cause = 'quote accepted'")
    assert len(numbers) == 4  # two quotes, the deal, the note to its owner
    before = company.stores.dump()
    assert quote_decisions.accept(company.workspace, first)["status"] == "accepted"
    assert company.stores.dump() == before
    sound(company)


def test_a_close_date_that_is_past_or_missing_becomes_the_day_of_acceptance(small: Any) -> None:
    quote_id = quoted(small)
    for given_date in ("2026-11-23", None):
        with small.workspace.unit("test") as unit:
            unit.update("opportunities", unit.get("opportunities", "opp_1"), {"close_date": given_date})
        quote_id = quotes.clone(small.workspace, quote_id)["quote_id"]
        quote_decisions.send(small.workspace, quote_id)
        quote_decisions.accept(small.workspace, quote_id)
        assert small.deal("opp_1").close_date == "2026-11-24"


def test_an_expired_quote_cannot_be_accepted_and_nothing_is_written(company: Any) -> None:
    quote_id = quoted(company)
    quote_decisions.send(company.workspace, quote_id)
    company.stores.clock.advance(days=30)
    before_expiry = company.stores.dump()
    company.stores.clock.advance(days=1)
    says = f"quote {quote_id} expired on 2026-12-24; it cannot be accepted: 'sales-operations quote revise"
    unchanged(company, InvalidInput, says, lambda: quote_decisions.accept(company.workspace, quote_id))
    assert company.stores.dump() == before_expiry
    assert quote_expiry.work(company.workspace) == 1
    unchanged(company, InvalidInput, says, lambda: quote_decisions.accept(company.workspace, quote_id))
    revised = quotes.revise(company.workspace, quote_id)
    quote_decisions.send(company.workspace, revised["quote_id"])
    assert quote_decisions.accept(company.workspace, revised["quote_id"])["status"] == "accepted"


def test_quotes_expire_after_their_last_day_and_owners_are_told_once(company: Any) -> None:
    quote_id = quoted(company)
    company.stores.clock.advance(days=30)
    assert quote_expiry.work(company.workspace) == 0
    company.stores.clock.advance(days=1)
    assert quote_expiry.work(company.workspace) == 1
    assert status(company, quote_id) == "expired"
    assert quote_expiry.work(company.workspace) == 0
    assert [note["subject"] for note in company.notes()] == ["Quote expired"]


@pytest.mark.parametrize("step", ["send", "accept", "reject", "submit", "withdraw", "edit"])
def test_a_decided_quote_stays_as_it_is(small: Any, step: str) -> None:
    quote_id = quoted(small)
    quote_decisions.reject(small.workspace, quote_id, "Too dear")
    assert quotes.show(small.workspace, quote_id)["reason"] == "Too dear"
    before = small.stores.dump()
    if step == "reject":
        quote_decisions.reject(small.workspace, quote_id)
    elif step == "edit":
        with pytest.raises(Conflict, match="is rejected and cannot be edited; revise it"):
            quotes.edit(small.workspace, quote_id, {"discounts": ["1%"]})
    else:
        with pytest.raises(Conflict, match="is rejected"):
            getattr(quote_decisions, step)(small.workspace, quote_id)
    assert small.stores.dump() == before


def test_a_sent_quote_is_not_edited_any_more(small: Any) -> None:
    quote_id = quoted(small)
    quote_decisions.send(small.workspace, quote_id)
    unchanged(small, Conflict, "is sent and cannot be edited", lambda: quotes.edit(small.workspace, quote_id, {}))


def test_the_quote_of_a_lost_deal_cannot_be_accepted(small: Any) -> None:
    quote_id = quoted(small)
    quote_decisions.send(small.workspace, quote_id)
    small.move(small.deal("opp_1"), "closed_lost")
    unchanged(small, Conflict, "is lost; reopen it", lambda: quote_decisions.accept(small.workspace, quote_id))


def test_a_change_that_starts_from_an_old_look_is_a_conflict(small: Any) -> None:
    quote_id = quoted(small)
    seq = quotes.show(small.workspace, quote_id)["seq"]
    changed = quotes.edit(small.workspace, quote_id, {"discounts": ["1%"]}, seq=seq)
    says = f"seq {seq}, now {changed['seq']}"
    for call in (quotes.revise, quote_decisions.submit, quote_decisions.send, quote_decisions.accept):
        unchanged(small, Conflict, says, partial(call, small.workspace, quote_id, seq=seq))


def test_what_is_not_there_is_not_found(small: Any) -> None:
    stocked(small)
    for call in (quotes.show, quotes.clone, quote_decisions.send):
        unchanged(small, NotFound, "there is no quote 'quote_x'", partial(call, small.workspace, "quote_x"))
    unchanged(small, NotFound, "no opportunity 'opp_x'", lambda: create(small.workspace, "opp_x"))
    unchanged(small, InvalidInput, "a quote is never 'lost'", lambda: quotes.listing(small.workspace, status="lost"))


def test_a_quote_of_the_first_release_can_be_shown_edited_and_sent(company: Any) -> None:
    company.add("opportunities", OPEN)
    items = [{"product": "Loom", "quantity": "3", "list_minor": 99_99, "total_minor": 90_00}]
    old = {
        "opportunity_id": "opp_1",
        "currency": "USD",
        "discount_minor": 9_99,
        "created_at": company.stores.clock.micros,
    }
    company.add(
        "quotes",
        old | {"id": "quote_1", "amount_minor": 99_99, "total_minor": 90_00, "items": orjson.dumps(items).decode(),
               "valid_until": "2026-12-24"},
        old | {"id": "quote_2", "amount_minor": 5_00, "total_minor": 5_00, "items": "[]", "valid_until": "2026-12-24",
               "discount_minor": 0},
    )  # fmt: skip
    shown = quotes.show(company.workspace, "quote_1")
    assert (shown["status"], shown["version"], shown["net"], shown["items"][0]["discount"]) == ("draft", 1, 90.0, 9.99)
    assert quotes.edit(company.workspace, "quote_1", {"discounts": ["10%"]})["total"] == 81.0
    assert quote_decisions.send(company.workspace, "quote_2")["total"] == 5.0
    assert quotes.revise(company.workspace, "quote_2")["version"] == 2
    sound(company)


def test_erasing_a_person_takes_their_name_out_of_quotes_and_leaves_the_chain(company: Any) -> None:
    quote_id = quoted(company)
    company.add("contacts", {"id": "con_1", "first_name": "Grace", "last_name": "Hopper"})
    quotes.edit(company.workspace, quote_id, {"notes": "As agreed with Grace Hopper"})
    quote_decisions.reject(company.workspace, quote_id, "Grace Hopper says no")
    with company.workspace.unit("erase") as unit:
        privacy.erase(unit, "contacts", "con_1")
    shown = quotes.show(company.workspace, quote_id)
    assert (shown["notes"], shown["reason"]) == ("As agreed with con_1", "con_1 says no")
    assert "Hopper" not in repr(company.stores.dump())
    sound(company)

"""Approval of quotes in a store: who is asked, what a decision does, and that nothing goes round it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import orjson
import pytest
import yaml
from sqlalchemy import select

from sales_operations.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound, SalesOperationsError
from sales_operations.process.quoting import approval_requests, quotes
from sales_operations.process.quoting import decisions as quote_decisions
from sales_operations.process.quoting.approvals import Figures
from sales_operations.process.quoting.offer import figures_of
from sales_operations.process.quoting.quoter import create
from sales_operations.settings import load
from sales_operations.store import audit, tables
from tests.process.quote_parts import sound, status, unchanged
from tests.process.test_transition import OPEN

RULES = """
- name: Discount
  when: {discount_percent_above: 20}
  steps: [{approvers: [manager]}]
"""
CHAIN = """
- name: Large
  when: {amount_above: 1000}
  steps:
    - {approvers: [manager, "role:finance"], need: all}
    - {approvers: [head@example.com, Deputy], need: any}
- name: Payment
  when: {payment_days_above: 60}
  steps: [{approvers: ["role:finance"]}]
"""


def approvals(rules: str = RULES, **more: Any) -> dict[str, Any]:
    return {"sales_operations": {"approvals": {"rules": yaml.safe_load(rules), **more}}}


def staffed(company: Any, config: Any = None) -> tuple[Any, str]:
    """Ada (who reports to Mia) with a deal of 1,234.56 and its quote; the workspace knows the rules."""
    company.add(
        "users",
        {"id": "user_mia", "name": "Mia", "manager_id": "user_head"},
        {"id": "user_fin1", "name": "Fin One", "role": "Finance"},
        {"id": "user_fin2", "name": "Fin Two", "role": "finance", "is_active": 0},
        {"id": "user_head", "name": "Head", "email": "head@example.com"},
        {"id": "user_deputy", "name": "Deputy"},
    )
    with company.workspace.unit("test") as unit:
        unit.update("users", unit.get("users", "user_ada"), {"manager_id": "user_mia"})
    company.add("opportunities", OPEN)
    workspace = company.stores.open(config or approvals())
    return workspace, str(create(workspace, "opp_1")["quote_id"])


def asked(workspace: Any, user: str | None = None) -> list[dict[str, Any]]:
    with workspace.reading() as connection:
        return approval_requests.waiting_for(connection, workspace.settings, user, date(2026, 11, 24))


def discounted(workspace: Any, quote_id: str, percent: str, **more: Any) -> dict[str, Any]:
    return quotes.edit(workspace, quote_id, {"discounts": [percent], **more})


def approved_at(workspace: Any, quote_id: str, percent: str = "25%") -> None:
    discounted(workspace, quote_id, percent)
    [request] = quote_decisions.submit(workspace, quote_id, by="Ada")["requests"]
    quote_decisions.decide(workspace, request, True, by="Mia")


def test_a_quote_below_all_limits_goes_out_without_asking_anybody(small: Any) -> None:
    workspace, quote_id = staffed(small)
    discounted(workspace, quote_id, "20%")
    done = quote_decisions.submit(workspace, quote_id)
    assert (done["status"], done["requests"]) == ("approved", [])
    assert quote_decisions.send(workspace, quote_id)["status"] == "sent"


def test_a_quote_that_needs_approval_can_neither_be_sent_nor_accepted_without(company: Any) -> None:
    workspace, quote_id = staffed(company)
    discounted(workspace, quote_id, "25%")
    says = r"without approval: Discount \(discount 25 %, more than 20 %\); 'sales-operations quote submit"
    for step in (quote_decisions.send, quote_decisions.accept):
        unchanged(company, Conflict, says, partial(step, workspace, quote_id))
    [request] = quote_decisions.submit(workspace, quote_id, by="Ada")["requests"]
    for step in (quote_decisions.send, quote_decisions.accept):
        unchanged(company, Conflict, "is in approval and cannot be", partial(step, workspace, quote_id))
    done = quote_decisions.decide(workspace, request, True, by="Mia", comment="A good customer")
    assert (done["status"], done["outcome"], done["quote_status"]) == ("approved", "approved", "approved")
    assert (done["comment"], done["decided_by"]) == ("A good customer", "user_mia")
    assert quote_decisions.send(workspace, quote_id)["status"] == "sent"
    assert quote_decisions.accept(workspace, quote_id)["status"] == "accepted"
    notes = [(note["recipient"], note["subject"]) for note in reversed(company.notes())]
    assert notes == [("Mia", "Approval wanted"), ("Ada", "Quote approved"), ("Ada", "Quote accepted")]
    sound(company)


def test_a_rejection_ends_the_round_and_gives_the_quote_back(company: Any) -> None:
    workspace, quote_id = staffed(company, approvals(CHAIN))
    quotes.edit(workspace, quote_id, {"payment_days": 90})
    done = quote_decisions.submit(workspace, quote_id, by="Ada")
    assert len(done["requests"]) == 5
    payment = next(one for one in asked(workspace) if one["rule"] == "Payment")
    over = quote_decisions.decide(workspace, payment["request_id"], False, by="Fin One", comment="Too long")
    assert (over["outcome"], over["quote_status"]) == ("rejected", "draft")
    assert asked(workspace) == []
    assert {one["status"] for one in quotes.show(workspace, quote_id)["requests"]} == {"rejected", "withdrawn"}
    assert "Too long" in company.notes()[0]["message"]
    sound(company)


def test_rules_are_asked_side_by_side_and_steps_one_after_the_other(company: Any) -> None:
    workspace, quote_id = staffed(company, approvals(CHAIN))
    quotes.edit(workspace, quote_id, {"payment_days": 90})
    quote_decisions.submit(workspace, quote_id, by="Ada")

    def open_ones() -> list[tuple[str, int, str]]:
        return sorted((one["rule"], one["step"], one["approver"]) for one in asked(workspace))

    def say_yes(rule: str, who: str) -> dict[str, Any]:
        [request] = [one for one in asked(workspace) if (one["rule"], one["approver"]) == (rule, who)]
        return quote_decisions.decide(workspace, request["request_id"], True, by=who)

    assert open_ones() == [("Large", 1, "Fin One"), ("Large", 1, "Mia"), ("Payment", 1, "Fin One")]
    say_yes("Large", "Mia")
    assert open_ones() == [("Large", 1, "Fin One"), ("Payment", 1, "Fin One")]
    say_yes("Large", "Fin One")
    assert open_ones() == [("Large", 2, "Deputy"), ("Large", 2, "Head"), ("Payment", 1, "Fin One")]
    assert say_yes("Large", "Deputy")["outcome"] is None
    assert open_ones() == [("Payment", 1, "Fin One")]
    assert say_yes("Payment", "Fin One")["outcome"] == "approved"
    assert status(company, quote_id) == "approved"
    sound(company)


def test_an_edit_after_approval_that_makes_nothing_worse_keeps_it_and_any_other_needs_a_new_one(company: Any) -> None:
    workspace, quote_id = staffed(company)
    approved_at(workspace, quote_id)
    better = discounted(workspace, quote_id, "22%", payment_days=14)
    assert (better["status"], better["approval"]["covered"]) == ("approved", ["Discount"])
    # Measured against what was judged, not against the last edit.
    assert discounted(workspace, quote_id, "25%", payment_days=30)["status"] == "approved"
    worse = discounted(workspace, quote_id, "26%")
    assert worse["status"] == "draft"
    assert worse["approval"]["worse"][0] == "the discount rose from 25 % to 26 %"
    unchanged(company, Conflict, "without approval", lambda: quote_decisions.send(workspace, quote_id))
    [request] = quote_decisions.submit(workspace, quote_id, by="Ada")["requests"]
    assert "Since the last approval, the discount rose from 25 % to 26 %" in company.notes()[0]["message"]
    quote_decisions.decide(workspace, request, True, by="Mia")
    assert quote_decisions.send(workspace, quote_id)["status"] == "sent"


def test_an_edit_during_approval_withdraws_the_requests(company: Any) -> None:
    workspace, quote_id = staffed(company)
    discounted(workspace, quote_id, "25%")
    [request] = quote_decisions.submit(workspace, quote_id, by="Ada")["requests"]
    assert discounted(workspace, quote_id, "60%")["status"] == "draft"
    decide = partial(quote_decisions.decide, workspace, request, True, by="Mia")
    unchanged(company, Conflict, f"request {request} is withdrawn and the quote {quote_id} is draft", decide)
    quote_decisions.submit(workspace, quote_id, by="Ada")
    unchanged(company, Conflict, "is withdrawn", decide)


def test_neither_a_copy_nor_a_price_written_by_hand_goes_round_an_approval(company: Any) -> None:
    workspace, quote_id = staffed(company)
    approved_at(workspace, quote_id, "40%")
    copy = quotes.clone(workspace, quote_id)
    assert copy["status"] == "draft"
    unchanged(company, Conflict, "without approval", lambda: quote_decisions.send(workspace, copy["quote_id"]))
    assert len(quote_decisions.submit(workspace, copy["quote_id"], by="Ada")["requests"]) == 1
    other = create(workspace, "opp_1")["quote_id"]
    quotes.edit(workspace, other, {"lines": [{"line": 1, "price": 100}]})
    unchanged(company, Conflict, "discount 91.9 %", lambda: quote_decisions.send(workspace, other))


def test_a_new_version_stands_on_the_approval_of_the_one_before_while_that_was_valid(company: Any) -> None:
    workspace, quote_id = staffed(company)
    approved_at(workspace, quote_id)
    quote_decisions.send(workspace, quote_id)
    second = quotes.revise(workspace, quote_id)["quote_id"]
    assert discounted(workspace, second, "24%")["approval"]["covered"] == ["Discount"]
    assert quote_decisions.send(workspace, second)["status"] == "sent"
    third = quotes.revise(workspace, second)["quote_id"]
    discounted(workspace, third, "26%")
    unchanged(company, Conflict, "without approval", lambda: quote_decisions.send(workspace, third))
    discounted(workspace, third, "25%")
    company.stores.clock.advance(days=31)
    fourth = quotes.revise(workspace, third)["quote_id"]
    unchanged(company, Conflict, "without approval", lambda: quote_decisions.send(workspace, fourth))


def test_rules_that_are_tightened_after_the_approval_are_asked_before_the_quote_goes_out(company: Any) -> None:
    workspace, quote_id = staffed(company)
    approved_at(workspace, quote_id)
    tightened = company.stores.open(approvals(RULES.replace("[manager]", "[head@example.com]")))
    unchanged(company, Conflict, "without approval", lambda: quote_decisions.send(tightened, quote_id))


def test_a_quote_that_expires_in_approval_is_not_approved_any_more(company: Any) -> None:
    workspace, quote_id = staffed(company)
    discounted(workspace, quote_id, "25%")
    [request] = quote_decisions.submit(workspace, quote_id, by="Ada")["requests"]
    company.stores.clock.advance(days=31)
    decide = partial(quote_decisions.decide, workspace, request, True, by="Mia")
    unchanged(company, InvalidInput, "expired on 2026-12-24; it cannot be approved", decide)


@pytest.mark.parametrize(
    ("who", "error", "says"),
    [
        ("Ada", NotAllowed, "Ada may not decide this: it is Mia who is asked"),
        ("Deputy", NotAllowed, "Deputy may not decide this"),
        ("Nobody", InvalidInput, "there is no user 'Nobody'"),
    ],
)
def test_only_who_is_asked_may_decide(company: Any, who: str, error: type[Exception], says: str) -> None:
    workspace, quote_id = staffed(company)
    discounted(workspace, quote_id, "25%")
    [request] = quote_decisions.submit(workspace, quote_id, by="Ada")["requests"]
    unchanged(company, error, says, lambda: quote_decisions.decide(workspace, request, True, by=who))


def delegated(to: str, first: str, last: str, **more: Any) -> dict[str, Any]:
    days = yaml.safe_load(f"{{first_day: {first}, last_day: {last}}}")
    return approvals(delegations=[{"of": "Mia", "to": to} | days], **more)


def test_a_delegate_decides_in_the_place_of_an_approver_on_the_given_days(company: Any) -> None:
    workspace, quote_id = staffed(company, delegated("Deputy", "2026-11-25", "2026-11-26"))
    discounted(workspace, quote_id, "25%")
    [request] = quote_decisions.submit(workspace, quote_id, by="Ada")["requests"]
    decide = partial(quote_decisions.decide, workspace, request, True, by="Deputy")
    unchanged(company, NotAllowed, "Deputy may not decide this", decide)
    company.stores.clock.advance(days=1)
    done = decide()
    assert (done["approver"], done["decided_by"], done["outcome"]) == ("user_mia", "user_deputy", "approved")


def test_nobody_approves_a_quote_of_their_own_unless_that_is_configured(company: Any) -> None:
    workspace, quote_id = staffed(company, delegated("Ada", "2026-11-01", "2026-11-30"))
    discounted(workspace, quote_id, "25%")
    [request] = quote_decisions.submit(workspace, quote_id, by="Ada")["requests"]
    decide = partial(quote_decisions.decide, request_id=request, agreed=True, by="Ada")
    unchanged(company, NotAllowed, "may not decide on a quote of their own", lambda: decide(workspace))
    relaxed = company.stores.open(delegated("Ada", "2026-11-01", "2026-11-30", own_quotes=True))
    assert decide(relaxed)["outcome"] == "approved"


def test_where_only_the_owner_is_named_the_owners_manager_is_asked(small: Any) -> None:
    workspace, quote_id = staffed(small, approvals(RULES.replace("manager", "Ada")))
    discounted(workspace, quote_id, "25%")
    quote_decisions.submit(workspace, quote_id, by="Ada")
    assert [one["approver"] for one in asked(workspace)] == ["Mia"]


@pytest.mark.parametrize("approver", ["role:Nobody", "nobody@example.com", "Fin Two"])
def test_a_rule_that_names_nobody_who_may_be_asked_is_a_clear_error(company: Any, approver: str) -> None:
    workspace, quote_id = staffed(company, approvals(RULES.replace("manager", f'"{approver}"')))
    discounted(workspace, quote_id, "25%")
    says = "approval rule 'Discount': .* means no active user who may approve this quote"
    unchanged(company, InvalidInput, says, lambda: quote_decisions.submit(workspace, quote_id))


def test_a_list_of_requests_shows_ones_own_and_those_one_stands_in_for(small: Any) -> None:
    workspace, quote_id = staffed(small, delegated("Deputy", "2026-11-01", "2026-11-30"))
    discounted(workspace, quote_id, "25%")
    quote_decisions.submit(workspace, quote_id, by="Ada")
    assert [len(asked(workspace, user)) for user in ("user_mia", "user_deputy", "user_ada", None)] == [1, 1, 0, 1]
    assert asked(workspace)[0]["figures"]["discount_percent"] == 25.0
    with pytest.raises(NotFound, match="there is no request for approval 'approval_x'"):
        quote_decisions.decide(workspace, "approval_x", True, by="Mia")


def test_withdrawing_gives_the_quote_back_as_a_draft(company: Any) -> None:
    workspace, quote_id = staffed(company)
    discounted(workspace, quote_id, "25%")
    quote_decisions.submit(workspace, quote_id, by="Ada")
    assert quote_decisions.withdraw(workspace, quote_id)["status"] == "draft"
    assert asked(workspace) == []
    unchanged(company, Conflict, "is draft, not in approval", lambda: quote_decisions.withdraw(workspace, quote_id))


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run all at the same moment, each in a thread of its own; what they gave, or the error that they met."""
    gate, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            found[place] = call()
        except SalesOperationsError as error:
            found[place] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def unjudged(connection: Any, settings: Any, today: str) -> list[str]:
    """Quotes that are approved, or went on from there, although nobody judged figures as bad as theirs.

    An answer counts for every version of the quote that it was given to.
    """
    rows = quotes.record.of_deal(connection, "opp_1")
    versions = {row["id"]: row["root_id"] for row in rows}
    table = tables.RECORDS["approvals"]
    answers = connection.execute(select(table.c.quote_id, table.c.judged).where(table.c.status == "approved")).all()
    found = []
    for row in rows:
        figures = figures_of(row)
        bare = approval_requests.judgement(connection, settings, row | {"judged": None}, figures, today)
        judged = [
            Figures(**orjson.loads(answer.judged)["figures"])
            for answer in answers
            if versions[answer.quote_id] == row["root_id"]
        ]
        went_on = row["status"] in ("approved", "sent", "accepted")
        if went_on and bare.needed and not any(one.discount >= figures.discount for one in judged):
            found.append(row["id"])
    return found


@pytest.mark.parametrize("round_", range(8))
def test_managers_who_approve_while_others_edit_never_leave_an_approved_quote_that_nobody_judged(
    company: Any, round_: int
) -> None:
    workspace, quote_id = staffed(company)
    discounted(workspace, quote_id, "25%")
    [request] = quote_decisions.submit(workspace, quote_id, by="Ada")["requests"]
    others = [company.stores.open(approvals()) for _ in range(4)]
    outcomes = together(
        partial(quote_decisions.decide, others[0], request, True, by="Mia"),
        partial(discounted, others[1], quote_id, "60%"),
        partial(discounted, others[2], quote_id, f"{20 + round_}%"),
        partial(quote_decisions.send, others[3], quote_id),
        partial(quote_decisions.decide, others[3], request, round_ % 2 == 0, by="Mia"),
    )
    assert any(not isinstance(outcome, Exception) for outcome in outcomes)
    assert all(not isinstance(one, Exception) or isinstance(one, (Conflict, InvalidInput)) for one in outcomes)
    with company.workspace.reading() as connection:
        assert unjudged(connection, workspace.settings, "2026-11-24") == []
        assert audit.verify(connection).findings == []
    [[answered]] = company.stores.execute("SELECT count(*) FROM approvals WHERE status IN ('approved', 'rejected')")
    assert answered <= 1


def test_two_editors_who_looked_at_the_same_quote_do_not_overwrite_each_other(company: Any) -> None:
    workspace, quote_id = staffed(company)
    seq = quotes.show(workspace, quote_id)["seq"]
    others = [company.stores.open(approvals()) for _ in range(4)]
    outcomes = together(
        *(partial(quotes.edit, one, quote_id, {"discounts": ["5%"], "payment_days": day}, seq=seq)
          for day, one in enumerate(others))
    )  # fmt: skip
    done = [one for one in outcomes if not isinstance(one, Exception)]
    assert len(done) == 1
    assert quotes.show(workspace, quote_id)["payment_days"] == done[0]["payment_days"]


def test_versions_made_at_the_same_moment_are_one(company: Any) -> None:
    _, quote_id = staffed(company)
    others = [company.stores.open() for _ in range(4)]
    outcomes = together(*(partial(quotes.revise, one, quote_id) for one in others))
    assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "Conflict", "Conflict", "dict"]
    rows = company.stores.execute("SELECT version FROM quotes WHERE status = 'draft' ORDER BY version")
    assert rows == [(2,)]


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ("- {name: A, steps: [{approvers: []}]}", r"rules\[0\].steps\[0\].approvers"),
        ("- {name: A, steps: []}", r"rules\[0\].steps"),
        ("- {name: A}", r"rules\[0\].steps: is missing; give a list of at least one step"),
        ("- {name: A, when: {discount_percent_above: 120}, steps: [{approvers: [manager]}]}", "at most 100"),
        ("- {name: A, when: {colour: 1}, steps: [{approvers: [manager]}]}", "unknown key"),
        ("- {name: A, steps: [{approvers: [x], need: most}]}", "expected one of any, all"),
        ("- {name: A, steps: [{approvers: [x]}]}\n- {name: a, steps: [{approvers: [x]}]}", "two rules are called 'a'"),
    ],
)
def test_rules_that_cannot_be_used_are_named_with_their_key(rules: str, says: str) -> None:
    with pytest.raises(SalesOperationsError, match=says):
        load(approvals(rules), environ={})


def test_a_delegation_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(SalesOperationsError, match="the delegation of 'Mia' ends on 2026-11-01, before it begins"):
        load(delegated("Ada", "2026-11-02", "2026-11-01"), environ={})

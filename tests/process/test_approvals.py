"""Which quotes need approval, what an earlier approval still covers, and what answers lead to: decided without a store."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.process.quoting.approvals import Approved, Asked, Figures, Judgement, judge, progress, worsened
from sales_operations.settings.approvals import ApprovalRule

PLAIN = Figures("USD", 1_000_00, 800_00, 800_00, 500_00, 350_00, 500_00, 30, 12)
"""20 % off, 30 % on one line, a margin of 37.5 %, 30 days, 12 months."""


def rule(name: str = "Rule", **when: Any) -> ApprovalRule:
    steps = ({"approvers": ("manager",)},)
    return ApprovalRule.model_validate({"name": name, "when": when, "steps": steps})


def rated(minor: int, currency: str, wanted: str) -> Fraction | None:
    """Two dollars for a euro; nothing is known of other currencies."""
    rates = {("USD", "USD"): 1, ("EUR", "USD"): 2, ("USD", "EUR"): Fraction(1, 2), ("EUR", "EUR"): 1}
    rate = rates.get((currency, wanted))
    return None if rate is None else Fraction(minor, 100) * rate


def judged(figures: Figures, *rules: ApprovalRule, before: Approved | None = None) -> Judgement:
    return judge(rules, figures, before, "USD", rated)


@pytest.mark.parametrize(
    ("when", "figures", "applies"),
    [
        ({"discount_percent_above": 20}, {}, False),
        ({"discount_percent_above": 20}, {"amount_minor": 799_99, "net_minor": 799_99}, True),
        ({"discount_percent_above": 19.999}, {}, True),
        ({"discount_percent_above": 0}, {"list_minor": 0, "amount_minor": 0, "net_minor": 0}, False),
        ({"line_discount_percent_above": 30}, {}, False),
        ({"line_discount_percent_above": 30}, {"line_amount_minor": 349_99}, True),
        ({"margin_percent_below": 37.5}, {}, False),
        ({"margin_percent_below": 37.5}, {"cost_minor": 500_01}, True),
        ({"margin_percent_below": 0}, {"cost_minor": 800_01}, True),
        ({"margin_percent_below": 10}, {"cost_minor": None}, True),
        ({"margin_percent_below": 10}, {"amount_minor": 0, "net_minor": 0}, True),
        ({"amount_above": 800}, {}, False),
        ({"amount_above": 799.99}, {}, True),
        ({"amount_above": 800}, {"currency": "EUR"}, True),
        ({"amount_above": 800, "currency": "EUR"}, {"currency": "EUR"}, False),
        ({"amount_above": 400, "currency": "EUR"}, {}, False),
        ({"amount_above": 1_000_000}, {"currency": "SEK"}, True),
        ({"payment_days_above": 30}, {}, False),
        ({"payment_days_above": 29}, {}, True),
        ({"term_months_above": 12}, {}, False),
        ({"term_months_above": 11}, {}, True),
        ({"term_months_below": 12}, {}, False),
        ({"term_months_below": 13}, {}, True),
        ({"term_months_below": 1}, {"term_months": None}, True),
        ({}, {}, True),
        ({"discount_percent_above": 10, "payment_days_above": 30}, {}, False),
        ({"discount_percent_above": 10, "payment_days_above": 20}, {}, True),
    ],
)
def test_a_rule_applies_where_all_its_conditions_hold(when: Any, figures: Any, applies: bool) -> None:
    assert bool(judged(replace(PLAIN, **figures), rule(**when)).needed) == applies


def test_it_is_said_why_a_rule_applies() -> None:
    [found] = judged(PLAIN, rule(discount_percent_above=15, amount_above=500, margin_percent_below=40)).needed
    assert found.reasons == (
        "discount 20 %, more than 15 %",
        "margin 37.5 %, to be at least 40 %",
        "net price $800.00, more than $500.00",
    )
    [found] = judged(replace(PLAIN, currency="SEK"), rule(amount_above=5_000)).needed
    assert found.reasons == ("net price 800.00 SEK without a rate to USD, more than $5,000.00",)


RULE = rule(discount_percent_above=10, amount_above=500, term_months_below=24)


def approved(figures: Figures, *rules: ApprovalRule) -> Approved:
    return Approved(figures, frozenset(one.digest for one in judged(figures, *rules).needed))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount_minor": 799_00, "net_minor": 799_00, "cost_minor": 400_00}, "the discount rose from 20 % to 20.1 %"),
        ({"line_amount_minor": 349_00}, "the largest discount of a line rose from 30 % to 30.2 %"),
        ({"cost_minor": 501_00}, "the margin of 37.5 % fell to 37.38 %"),
        ({"cost_minor": None}, "the margin of 37.5 % is unknown now"),
        ({"payment_days": 31}, "payment is due after 31 days instead of 30"),
        (
            {"list_minor": 2_000_00, "amount_minor": 1_600_00, "net_minor": 1_600_00, "cost_minor": 1_000_00},
            "the net price rose from $800.00 to",
        ),
        ({"term_months": 11}, "the term is 11 months instead of 12"),
        ({"currency": "EUR"}, "the currency is EUR, not USD"),
    ],
)
def test_an_approval_falls_when_a_judged_figure_gets_worse_and_the_figure_is_named(change: Any, says: str) -> None:
    judgement = judged(replace(PLAIN, **change), RULE, before=approved(PLAIN, RULE))
    assert [one.rule for one in judgement.needed] == [RULE]
    assert len(judgement.worse) == 1
    assert says in judgement.worse[0]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {
            "amount_minor": 850_00,
            "net_minor": 850_00,
            "list_minor": 1_000_00,
            "cost_minor": 400_00,
            "line_amount_minor": 400_00,
        },
        {"amount_minor": 400_00, "net_minor": 400_00, "list_minor": 500_00, "cost_minor": 250_00},
        {"payment_days": 14},
        {"term_months": 18},
    ],
)
def test_an_approval_stands_while_nothing_that_was_judged_got_worse(change: Any) -> None:
    before = approved(PLAIN, rule(discount_percent_above=10, term_months_below=24))
    judgement = judged(replace(PLAIN, **change), rule(discount_percent_above=10, term_months_below=24), before=before)
    assert (judgement.needed, judgement.worse) == ((), ())


def test_a_rule_that_was_not_asked_before_or_has_changed_since_is_asked() -> None:
    before = approved(PLAIN, RULE)
    stricter = rule(discount_percent_above=5, amount_above=500, term_months_below=24)
    assert [one.rule for one in judged(PLAIN, stricter, before=before).needed] == [stricter]
    added = rule("Other", payment_days_above=10)
    judgement = judged(PLAIN, RULE, added, before=before)
    assert [one.rule for one in judgement.needed] == [added]
    assert [one.rule for one in judgement.covered] == [RULE]


def test_what_got_worse_needs_nobody_as_long_as_no_rule_applies() -> None:
    lax = rule(discount_percent_above=50)
    judgement = judged(replace(PLAIN, amount_minor=700_00, net_minor=700_00), lax, before=approved(PLAIN, lax))
    assert judgement.needed == ()


figures = st.builds(
    Figures,
    st.sampled_from(["USD", "EUR"]),
    st.integers(1_000, 2_000),
    st.integers(0, 1_000),
    st.integers(0, 1_000),
    st.integers(100, 900),
    st.integers(0, 100),
    st.none() | st.integers(0, 1_500),
    st.integers(0, 90),
    st.none() | st.integers(0, 60),
)
rules = st.builds(
    lambda name, when: rule(name, **when),
    st.sampled_from("ABC"),
    st.fixed_dictionaries(
        {},
        optional={
            "discount_percent_above": st.integers(0, 90),
            "line_discount_percent_above": st.integers(0, 90),
            "margin_percent_below": st.integers(-50, 90),
            "amount_above": st.integers(0, 20),
            "payment_days_above": st.integers(0, 90),
            "term_months_above": st.integers(0, 60),
            "term_months_below": st.integers(0, 60),
        },
    ),
)


@given(figures, figures, st.lists(rules, max_size=3, unique_by=lambda one: one.name))
def test_whatever_is_changed_a_rule_is_only_covered_if_it_was_passed_by_figures_that_were_no_better(
    before: Figures, after: Figures, asked: list[ApprovalRule]
) -> None:
    judgement = judged(after, *asked, before=approved(before, *asked))
    applied_before = {one.rule.name for one in judged(before, *asked).needed}
    applying = {one.rule.name for one in judged(after, *asked).needed}
    covered = {one.rule.name for one in judgement.covered}
    assert covered | {one.rule.name for one in judgement.needed} == applying
    assert covered <= applied_before
    if covered:
        assert after.currency == before.currency
        assert after.discount <= before.discount
        assert after.line_discount <= before.line_discount
        assert before.margin is None or (after.margin is not None and after.margin >= before.margin)
        assert after.payment_days <= before.payment_days


@given(figures, st.lists(rules, max_size=3))
def test_nothing_is_worse_than_itself(one: Figures, asked: list[ApprovalRule]) -> None:
    assert worsened(one, one, asked) == []


def asked(*parts: str) -> list[Asked]:
    """Requests written as ``rule.step.need.status``."""
    return [Asked(str(number), *_read(part)) for number, part in enumerate(parts)]


def _read(part: str) -> tuple[str, int, str, str]:
    name, step, need, status = part.split(".")
    return name, int(step), need, status


@pytest.mark.parametrize(
    ("parts", "changes", "outcome"),
    [
        ((), {}, "approved"),
        (("A.1.any.waiting", "A.2.any.waiting"), {"0": "pending"}, None),
        (("A.1.any.pending", "A.2.any.waiting"), {}, None),
        (("A.1.any.approved", "A.2.any.waiting"), {"1": "pending"}, None),
        (("A.1.any.approved", "A.2.any.approved"), {}, "approved"),
        (("A.1.any.approved", "A.1.any.pending"), {"1": "skipped"}, "approved"),
        (("A.1.all.approved", "A.1.all.pending"), {}, None),
        (("A.1.all.approved", "A.1.all.approved"), {}, "approved"),
        (("A.1.any.approved", "B.1.any.waiting"), {"1": "pending"}, None),
        (("A.1.any.rejected", "A.2.any.waiting", "B.1.any.pending", "B.1.any.approved"),
         {"1": "withdrawn", "2": "withdrawn"}, "rejected"),
    ],
)  # fmt: skip
def test_steps_open_one_after_the_other_and_rules_go_side_by_side(parts: Any, changes: Any, outcome: Any) -> None:
    found = progress(asked(*parts))
    assert (found.changes, found.outcome) == (changes, outcome)


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 3)), min_size=1, max_size=6, unique=True),
    st.data(),
)
def test_a_round_that_is_answered_to_its_end_is_approved_only_if_every_step_has_its_agreement(
    steps: list[tuple[str, int]], data: st.DataObject
) -> None:
    needs = {step: data.draw(st.sampled_from(["any", "all"])) for step in steps}
    requests = [
        Asked(f"{name}{step}-{number}", name, step, needs[name, step], "waiting")
        for name, step in steps
        for number in range(data.draw(st.integers(1, 3)))
    ]
    answers: dict[str, str] = {}
    outcome = None
    while outcome is None:
        found = progress(requests)
        requests = [replace(one, status=found.changes.get(one.request_id, one.status)) for one in requests]
        outcome = found.outcome
        pending = [one for one in requests if one.status == "pending"]
        assert outcome or pending, "somebody has to be asked until the end"
        if not outcome:
            chosen = data.draw(st.sampled_from(pending)).request_id
            answers[chosen] = data.draw(st.sampled_from(["approved", "approved", "approved", "rejected"]))
            requests = [replace(one, status=answers[chosen]) if one.request_id == chosen else one for one in requests]
    assert not [one for one in requests if one.status in ("waiting", "pending")]
    assert (outcome == "rejected") == ("rejected" in answers.values())
    if outcome == "approved":
        for step, need in needs.items():
            said = [one.status == "approved" for one in requests if (one.rule, one.step) == step]
            assert all(said) if need == "all" else any(said)

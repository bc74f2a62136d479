"""Conditions: their logic, unknown values, and what can be said before all facts are known."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_operations.process.rules.conditions import UNDETERMINED, Comparison, Condition, Fact, Group, grounds, holds

NAMES = ("a", "b", "c")


class Given:
    """Facts by name."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def value(self, fact: Fact) -> Any:
        return self.values[fact.name]


def is_one(name: str) -> Comparison:
    return Comparison(Fact("field", name, "number"), "is", Decimal(1))


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    st.sampled_from([is_one(name) for name in NAMES]),
    lambda inner: st.one_of(
        st.tuples(inner).map(lambda members: Group("not", members)),
        st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, max_size=3).map(tuple)).map(lambda one: Group(*one)),
    ),
    max_leaves=8,
)


def plainly(condition: Condition, values: dict[str, int]) -> bool:
    if isinstance(condition, Comparison):
        return values[condition.fact.name] == 1
    answers = [plainly(member, values) for member in condition.members]
    return {"all": all(answers), "any": any(answers), "not": not all(answers)}[condition.kind]


@settings(deadline=None)
@given(CONDITIONS, st.fixed_dictionaries(dict.fromkeys(NAMES, st.integers(0, 1))))
def test_groups_follow_plain_logic(condition: Condition, values: dict[str, int]) -> None:
    assert holds(condition, Given(**values)) is plainly(condition, values)


@settings(deadline=None)
@given(CONDITIONS, st.fixed_dictionaries(dict.fromkeys(NAMES, st.sampled_from([0, 1, UNDETERMINED]))))
def test_an_answer_that_is_given_early_stays_right_whatever_the_open_facts_turn_out_to_be(
    condition: Condition, values: dict[str, Any]
) -> None:
    early = holds(condition, Given(**values))
    choices = [(0, 1) if values[name] is UNDETERMINED else (values[name],) for name in NAMES]
    for chosen in product(*choices):
        if early is not None:
            assert plainly(condition, dict(zip(NAMES, chosen, strict=True))) is early


@pytest.mark.parametrize(
    ("operator", "value", "found", "held"),
    [
        ("is", "Proposal", "proposal", True),
        ("is", "proposal", None, False),
        ("is_not", "proposal", None, True),
        ("one_of", ("a", "B"), "b", True),
        ("none_of", ("a", "b"), "c", True),
        ("none_of", ("a", "b"), None, True),
        ("above", Decimal("0.1"), 0.1, False),
        ("at_least", Decimal("0.1"), 0.1, True),
        ("below", Decimal(5), None, False),
        ("at_most", Decimal(5), Decimal("5.00"), True),
        ("above", "2026-01-31", "2026-02-01", True),
        ("contains", "CALL", "please call them", True),
        ("contains", "call", None, False),
        ("known", True, None, False),
        ("known", False, None, True),
        ("known", True, 0, True),
    ],
)
def test_a_comparison_and_what_it_says_of_an_unknown_value(operator: str, value: Any, found: Any, held: bool) -> None:
    condition = Comparison(Fact("field", "a", "text"), operator, value)
    assert holds(condition, Given(a=found)) is held
    (told,) = grounds(condition, Given(a=found))
    assert told["held"] is held

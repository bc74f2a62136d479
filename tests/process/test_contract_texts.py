"""Texts of contracts: templates, the clause library, what a user changes, and what changed between two versions."""

from __future__ import annotations

import asyncio
import calendar
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.process import ContractManager
from sales_operations.process.contracting.redline import redline
from sales_operations.process.contracting.terms import STATES, last_day, prorated, raised, state_after
from tests.process.test_transition import OPEN

DAYS = st.dates(date(1990, 1, 1), date(2200, 12, 31))


@pytest.fixture
def templates(small: Any) -> Path:
    """A folder of the user's templates, and a deal to draft from."""
    small.add("opportunities", OPEN)
    folder = small.stores.folder / "templates"
    folder.mkdir()
    return Path(folder)


def drafted(small: Any, templates: Path, template: str = "standard") -> str:
    contracts = {"contracts": {"template": template}}
    config = {"documents": {"templates": str(templates)}, "process_automation": contracts}
    made = asyncio.run(ContractManager(small.stores.open(config)).prepare_contract(small.deal("opp_1")))
    return str(made["terms"])


def test_a_users_template_and_clauses_go_before_the_built_in_ones(small: Any, templates: Path) -> None:
    (templates / "short.contract.yaml").write_text('opening: "For {{ account }}."\nclauses: [gift, payment]\n', "utf-8")
    (templates / "clauses.yaml").write_text('gift: {title: Gift, text: "a loom for {{ amount }}."}\n', "utf-8")
    assert drafted(small, templates, "short") == (
        "For Example Ltd.\n1. Gift: a loom for 1,234.56.\n2. Payment: within 30 days of the invoice date."
    )
    assert drafted(small, templates).startswith("Agreement between")
    (templates / "clauses.yaml").write_text('payment: {title: Payment, text: "at once."}\n', "utf-8")
    assert "Payment: at once." in drafted(small, templates), "a changed file is read again"


def test_a_clause_that_says_nothing_is_left_out_and_the_numbers_close_up(small: Any, templates: Path) -> None:
    (templates / "clauses.yaml").write_text('price: {title: Price, text: "{% if false %}x{% endif %}"}\n', "utf-8")
    text = drafted(small, templates)
    assert "Price" not in text
    assert "\n2. Payment:" in text


@pytest.mark.parametrize(
    ("clause", "what"),
    [
        ("{{ account.__class__.__mro__ }}", r"clauses\.yaml clause price, line 1: .*may not reach for '__"),
        ("{{ ''['__class__'] }}", r"clauses\.yaml clause price, line 1: .*no attribute '__class__'"),
        ("a\n    {{ nothing }}", r"clauses\.yaml clause price, line 2: 'nothing' is undefined"),
        ("{{ account.upper() }}", "may call only range"),
        ("{% for i in range(999999999) %}{% endfor %}", "at most 100,000"),
        ("{{ account", "clause price, line 1"),
    ],
)
def test_a_template_that_reaches_out_is_an_error_with_its_place_and_nothing_is_written(
    small: Any, templates: Path, clause: str, what: str
) -> None:
    (templates / "clauses.yaml").write_text(f"price:\n  title: Price\n  text: |-\n    {clause}\n", "utf-8")
    before = small.stores.dump()
    with pytest.raises(InvalidInput, match=what):
        drafted(small, templates)
    assert small.stores.dump() == before


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("standard.contract.yaml", "opening: x\nclauses: [nowhere]\n", r"no clause 'nowhere' in clauses\.yaml; it has subject"),
        ("standard.contract.yaml", "opening: x\n", r"standard\.contract\.yaml:1: clauses: Field required"),
        ("standard.contract.yaml", "opening: x\nclauses: [price]\ncolour: red\n", r"yaml:3: colour: Extra inputs"),
        ("standard.contract.yaml", "opening: [\n", r"standard\.contract\.yaml"),
        ("clauses.yaml", "price: {title: Price}\n", r"clauses\.yaml:1: price\.text: Field required"),
        ("clauses.yaml", "price: {title: Price, text: x, obligations: [{title: a, party: both, due: first_day, days: soon}]}\n",
         "days are 'soon'; they have to be a whole number"),
        ("clauses.yaml", b"price: \xff\n", "cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_an_error_with_its_place(
    small: Any, templates: Path, file: str, text: str | bytes, what: str
) -> None:
    (templates / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises((InvalidInput, NotFound), match=what):
        drafted(small, templates)


def test_an_unknown_template_names_those_that_there_are(small: Any, templates: Path) -> None:
    for name in ("ornate", "../standard", "Standard!"):
        with pytest.raises(NotFound, match=r"template .*contracts\.template.*use amendment, standard"):
            drafted(small, templates, name)


@given(st.text("ab \n.é", max_size=60), st.text("ab \n.é", max_size=60))
def test_a_redline_holds_both_texts_exactly(older: str, newer: str) -> None:
    pieces = redline(older, newer)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == older
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == newer
    assert all(piece.text for piece in pieces)
    assert not any(one.kind == other.kind for one, other in pairwise(pieces))
    assert (older == newer) == all(piece.kind == "same" for piece in pieces)


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_redline_holds_any_text(older: str, newer: str) -> None:
    pieces = redline(older, newer)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == older
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == newer


def test_a_redline_shows_words_that_changed_and_no_more() -> None:
    pieces = redline("1. Price: 100 USD.\n2. Term: 12 months.", "1. Price: 120 USD.\n2. Term: 12 months.")
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("same", "1. Price: "),
        ("removed", "100"),
        ("added", "120"),
        ("same", " USD.\n2. Term: 12 months."),
    ]


@given(DAYS, st.integers(1, 120))
def test_terms_follow_on_each_other_without_gap_or_overlap(first: date, months: int) -> None:
    last = last_day(first, months)
    place = first.year * 12 + first.month - 1 + months
    year, month = divmod(place, 12)
    length = calendar.monthrange(year, month + 1)[1]
    if first.day <= length:
        assert last + timedelta(days=1) == date(year, month + 1, first.day)
    else:
        assert last == date(year, month + 1, length)


@given(st.integers(0, 10**12), DAYS, st.integers(1, 36), st.data())
def test_parts_of_a_term_cost_their_days_and_the_whole_costs_all(
    full: int, first: date, months: int, data: Any
) -> None:
    last = last_day(first, months)
    assert prorated(full, (first, last), first, last) == full
    cut = data.draw(st.dates(first, last))
    if cut < last:
        parts = prorated(full, (first, last), first, cut) + prorated(full, (first, last), cut + timedelta(days=1), last)
        assert abs(parts - full) <= 1
    with pytest.raises(InvalidInput, match="does not lie within"):
        prorated(full, (first, last), first - timedelta(days=1), last)


def test_an_uplift_is_rounded_half_to_even() -> None:
    from decimal import Decimal

    assert [raised(minor, Decimal(5)) for minor in (10, 30, 50)] == [10, 32, 52]
    assert raised(1_234_56, Decimal("-100")) == 0


def test_every_state_is_reached_and_no_end_is_left_but_by_revision_or_renewal() -> None:
    actions = ("submit", "release", "approve", "reject", "revise", "send", "sign", "decline", "activate", "terminate",
               "expire", "supersede")  # fmt: skip
    ways = []
    for state in STATES:
        for action in actions:
            try:
                ways.append((state, action, state_after("contract_1", state, action)))
            except InvalidInput:
                continue
    assert {reached for _, _, reached in ways} == set(STATES)
    assert {
        (state, action) for state, action, _ in ways if state in ("expired", "renewed", "terminated", "declined")
    } == {
        ("declined", "revise"),
        ("expired", "supersede"),
    }

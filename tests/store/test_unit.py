"""One transaction: all of it or nothing, whoever else writes, whenever it ends."""

from __future__ import annotations

import pytest

from sales_operations.domain.errors import Conflict, NotFound
from sales_operations.store import tables

DEAL = {"pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1, "currency": "USD"}


def only_deal(workspace) -> dict:
    with workspace.reading() as connection:
        row = connection.execute(tables.opportunities.select()).one()
    return dict(zip(tables.COLUMNS["opportunities"], row, strict=True))


def amount(unit, deal, minor: int) -> dict:
    return unit.update("opportunities", deal, {"amount_minor": minor})


def test_a_unit_writes_record_event_and_entry_together(stores, findings, make):
    workspace = stores.open()
    make(workspace, amount_minor=700)
    held = stores.dump()
    [deal], [event], [entry], [ledger] = (held[name] for name in ("opportunities", "events", "audit", "ledger"))
    assert deal[-1] == event[0] == entry[0] == ledger[3] == 1
    assert findings(workspace) == []


def test_a_unit_without_changes_writes_nothing(stores, make):
    workspace = stores.open()
    make(workspace)
    before = stores.dump()
    with workspace.unit("test") as unit:
        deal = unit.get("opportunities", "opp_1")
        assert unit.update("opportunities", deal, {"amount_minor": 0}) == deal
    assert stores.dump() == before


def much(unit) -> None:
    unit.create("users", {"id": "user_1", "name": "Ada"})
    unit.create("opportunities", {"id": "opp_2", **DEAL, "created_at": unit.now})
    unit.update("opportunities", unit.get("opportunities", "opp_1"), {"amount_minor": 1})


def an_error(_unit) -> None:
    raise RuntimeError


def an_error_after_writing(unit) -> None:
    unit.flush()
    raise RuntimeError


def the_same_record_twice(unit) -> None:
    unit.create("users", {"id": "user_1", "name": "Ada again"})


def a_text_that_cannot_be(unit) -> None:
    unit.create("users", {"id": "user_2", "name": "half a \ud800 pair"})


def a_number_that_cannot_be(unit) -> None:
    unit.create("users", {"id": "user_2", "capacity": 2**80})


def an_unknown_record(unit) -> None:
    unit.get("users", "user_9")


def do(workspace, *acts) -> None:
    with workspace.unit("test") as unit:
        for act in acts:
            act(unit)


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (an_error, RuntimeError),
        (an_error_after_writing, RuntimeError),
        (the_same_record_twice, Conflict),
        (a_text_that_cannot_be, TypeError),
        (a_number_that_cannot_be, TypeError),
        (an_unknown_record, NotFound),
    ],
    ids=lambda act: getattr(act, "__name__", ""),
)
def test_an_error_inside_leaves_the_store_as_it_was(stores, findings, act, error, make):
    workspace = stores.open()
    make(workspace)
    before = stores.dump()
    with pytest.raises(error):
        do(workspace, much, act)
    assert stores.dump() == before
    do(workspace, much)
    assert findings(workspace) == []


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(stores, findings, make):
    workspace = stores.open()
    make(workspace)
    old = only_deal(workspace)
    do(workspace, lambda unit: amount(unit, old, 1))
    before = stores.dump()
    with pytest.raises(Conflict, match="opp_1"):
        do(workspace, lambda unit: unit.create("users", {"id": "user_1"}), lambda unit: amount(unit, old, 2))
    assert stores.dump() == before
    assert findings(workspace) == []


def test_two_changes_of_one_record_in_a_unit_are_refused_unless_the_second_follows_the_first(stores, findings, make):
    workspace = stores.open()
    make(workspace)
    old = only_deal(workspace)
    with pytest.raises(Conflict):
        do(workspace, lambda unit: amount(unit, old, 1), lambda unit: amount(unit, old, 2))
    with workspace.unit("test") as unit:
        after = amount(unit, old, 1)
        unit.flush()
        amount(unit, after, 2)
    assert only_deal(workspace)["amount_minor"] == 2
    assert findings(workspace) == []

"""One transaction: all of it or nothing, whoever else writes, whenever it ends."""

from __future__ import annotations

import os
import random
import signal

import pytest

from sales_operations.domain.errors import Conflict, NotFound
from sales_operations.store import history, tables

DEAL = {"pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1, "currency": "USD"}


def make(workspace, deal: str = "opp_1", **values) -> None:
    with workspace.unit("test") as unit:
        unit.create("opportunities", {"id": deal, **DEAL, "amount_minor": 0, "created_at": unit.now, **values})


def only_deal(workspace) -> dict:
    with workspace.reading() as connection:
        row = connection.execute(tables.opportunities.select()).one()
    return dict(zip(tables.COLUMNS["opportunities"], row, strict=True))


def amount(unit, deal, minor: int) -> dict:
    return unit.update("opportunities", deal, {"amount_minor": minor})


def test_a_unit_writes_record_event_and_entry_together(stores, findings):
    workspace = stores.open()
    make(workspace, amount_minor=700)
    held = stores.dump()
    [deal], [event], [entry], [ledger] = (held[name] for name in ("opportunities", "events", "audit", "ledger"))
    assert deal[-1] == event[0] == entry[0] == ledger[3] == 1
    assert findings(workspace) == []


def test_a_unit_without_changes_writes_nothing(stores):
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
def test_an_error_inside_leaves_the_store_as_it_was(stores, findings, act, error):
    workspace = stores.open()
    make(workspace)
    before = stores.dump()
    with pytest.raises(error):
        do(workspace, much, act)
    assert stores.dump() == before
    do(workspace, much)
    assert findings(workspace) == []


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(stores, findings):
    workspace = stores.open()
    make(workspace)
    old = only_deal(workspace)
    do(workspace, lambda unit: amount(unit, old, 1))
    before = stores.dump()
    with pytest.raises(Conflict, match="opp_1"):
        do(workspace, lambda unit: unit.create("users", {"id": "user_1"}), lambda unit: amount(unit, old, 2))
    assert stores.dump() == before
    assert findings(workspace) == []


def test_two_changes_of_one_record_in_a_unit_are_refused_unless_the_second_follows_the_first(stores, findings):
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


def start(*writers):
    for one in writers:
        one.wait_until_ready()
    for one in writers:
        one.begin()
    return writers


@pytest.mark.parametrize("times", [25, pytest.param(400, marks=pytest.mark.long)])
def test_two_processes_that_change_the_same_deal_lose_no_update(stores, findings, times, writer):
    workspace = stores.open()
    make(workspace)
    arguments = ("increments", stores.url, "opp_1", str(times))
    both = start(writer(*arguments), writer(*arguments))
    told = [line.split() for one in both for line in one.communicate()[0].splitlines()]
    amounts = [int(amount) for amount, _ in told]
    assert sorted(amounts) == list(range(1, 2 * times + 1)), "an acknowledged update was written over"
    numbers = {int(amount): int(seq) for amount, seq in told}
    assert [numbers[amount] for amount in sorted(numbers)] == sorted(numbers.values()), "numbers are in commit order"
    with workspace.reading() as connection:
        [events] = history.of_deals(connection, ["opp_1"]).values()
        assert connection.execute(tables.opportunities.select()).one().amount_minor == 2 * times
    assert [event.values["amount_minor"] for event in events] == list(range(2 * times + 1))
    assert findings(workspace) == []


def test_a_reader_that_follows_the_numbers_misses_nothing_while_two_processes_write(stores, writer):
    workspace = stores.open()
    make(workspace)
    arguments = ("increments", stores.url, "opp_1", "40")
    seen, last = [], 0
    start(writer(*arguments), writer(*arguments))
    while len(seen) < 81:
        with workspace.reading() as connection:
            fresh = tables.events.select().where(tables.events.c.seq > last).order_by(tables.events.c.seq)
            seen += [row.amount_minor for row in connection.execute(fresh)]
            last = connection.execute(tables.ledger.select()).one().seq
    assert seen == list(range(81))


@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.long)])
def test_a_process_that_is_killed_leaves_every_acknowledged_write_and_nothing_half_written(
    stores, findings, kills, writer
):
    workspace = stores.open()
    chance = random.Random(kills)
    for turn in range(kills):
        [victim] = start(writer("deals", stores.url, str(turn)))
        acknowledged = [victim.stdout.readline().strip() for _ in range(chance.randrange(1, 12))]
        os.kill(victim.pid, signal.SIGKILL)
        rest = victim.communicate()[0]  # a line without its end was not told
        acknowledged += [line.strip() for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        assert victim.returncode == -signal.SIGKILL
        held = stores.dump()
        deals = {row[0] for row in held["opportunities"] if row[0].startswith(f"opp_{turn}_")}
        notes = {row[3] for row in held["notifications"] if row[0].startswith(f"note_{turn}_")}
        assert deals >= set(acknowledged)
        assert len(deals) <= len(acknowledged) + 1
        assert deals == notes
    assert findings(workspace) == []
    make(workspace, "opp_after")
    assert findings(workspace) == []

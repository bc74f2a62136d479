"""Two processes that write at once: no update is lost silently, and the numbers are in the order of the commits."""

from __future__ import annotations

import pytest

from sales_operations.store import history, tables


@pytest.mark.parametrize("times", [25, pytest.param(400, marks=pytest.mark.long)])
def test_two_processes_that_change_the_same_deal_lose_no_update(stores, findings, times, writer, start, make):
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


def test_a_reader_that_follows_the_numbers_misses_nothing_while_two_processes_write(stores, writer, start, make):
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

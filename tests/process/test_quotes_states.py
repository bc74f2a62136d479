"""Whatever is done to quotes, in whatever order: one open version, exact totals, nothing out without its approval."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from sales_operations.domain.errors import Conflict, InvalidInput
from sales_operations.process.quoting import decisions as quote_decisions
from sales_operations.process.quoting import expiry as quote_expiry
from sales_operations.process.quoting import quotes
from sales_operations.process.quoting.content import OPEN as OPEN_STATUSES
from sales_operations.process.quoting.quoter import create
from sales_operations.store import audit, history, opportunities
from tests.conftest import Clock, Stores
from tests.process.conftest import Company
from tests.process.quote_parts import item
from tests.process.test_approvals_of_quotes import approvals, staffed, unjudged

EXPECTED = (Conflict, InvalidInput)


class Quotes(RuleBasedStateMachine):
    """Ada and Mia work on the quotes of one deal."""

    empty: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copyfile(self.empty, self.folder / "store.db")
        stores = Stores(str(self.folder / "store.db"), "sqlite", self.folder, Clock())
        self.company = Company(stores, stores.open())
        self.company.reps("Ada")
        self.workspace, first = staffed(self.company, approvals())
        self.company.add("items", item("item_1", product_text="Loom", quantity="3", total_minor=1_000_01))
        self.ids = [first]
        self.requests: list[str] = []

    def teardown(self) -> None:
        with self.workspace.reading() as connection:
            assert audit.verify(connection).findings == []
            assert history.verify(connection) == []
        for workspace in self.company.stores.opened:
            workspace.close()
        shutil.rmtree(self.folder)

    def attempt(self, call: Any, *arguments: Any, **more: Any) -> dict[str, Any] | None:
        before = self.workspace.data_version()
        try:
            done: dict[str, Any] = call(self.workspace, *arguments, **more)
        except EXPECTED:
            assert self.workspace.data_version() == before, "what is refused writes nothing"
            return None
        if done["quote_id"] not in self.ids:
            self.ids.append(done["quote_id"])
        return done

    chosen = st.integers(0, 1_000)

    def quote(self, number: int) -> str:
        return self.ids[number % len(self.ids)]

    @precondition(lambda self: len(self.ids) < 12)
    @rule()
    def make(self) -> None:
        self.attempt(create, "opp_1")

    @rule(number=chosen, percent=st.integers(0, 40))
    def discount(self, number: int, percent: int) -> None:
        self.attempt(quotes.edit, self.quote(number), {"discounts": [f"{percent}%"]})

    @rule(number=chosen, price=st.integers(100, 1_300))
    def price(self, number: int, price: int) -> None:
        self.attempt(quotes.edit, self.quote(number), {"lines": [{"line": 1, "price": price}]})

    @precondition(lambda self: len(self.ids) < 12)
    @rule(number=chosen)
    def copy(self, number: int) -> None:
        first = self.quote(number)
        done = self.attempt(quotes.clone, first)
        assert done is not None
        assert done["status"] == "draft"
        assert self.lines(done["quote_id"]) == self.lines(first)

    @precondition(lambda self: len(self.ids) < 12)
    @rule(number=chosen)
    def revise(self, number: int) -> None:
        first = self.quote(number)
        done = self.attempt(quotes.revise, first)
        assert done is None or self.lines(done["quote_id"]) == self.lines(first)

    @rule(number=chosen)
    def submit(self, number: int) -> None:
        done = self.attempt(quote_decisions.submit, self.quote(number), by="Ada")
        self.requests += done["requests"] if done else []

    @precondition(lambda self: self.requests)
    @rule(number=chosen, agreed=st.booleans())
    def decide(self, number: int, agreed: bool) -> None:
        request = self.requests[number % len(self.requests)]
        self.attempt(quote_decisions.decide, request, agreed, by="Mia")

    @rule(number=chosen, step=st.sampled_from(["send", "accept", "reject", "withdraw"]))
    def go_on(self, number: int, step: str) -> None:
        self.attempt(getattr(quote_decisions, step), self.quote(number))

    @rule(days=st.integers(1, 20))
    def wait(self, days: int) -> None:
        self.company.stores.clock.advance(days=days)
        quote_expiry.work(self.workspace)

    def lines(self, quote_id: str) -> list[Any]:
        with self.workspace.reading() as connection:
            items = orjson.loads(quotes.record.find(connection, quote_id)["items"])
        return [(one.get("item_id"), one["product"], one["quantity"]) for one in items]

    @invariant()
    def the_books_are_in_order(self) -> None:
        with self.workspace.reading() as connection:
            rows = quotes.record.of_deal(connection, "opp_1")
            deal = opportunities.row(connection, "opp_1")
            assert unjudged(connection, self.workspace.settings, self.company.stores.clock.now.date().isoformat()) == []
        open_ones = Counter(one["root_id"] for one in rows if one["status"] in OPEN_STATUSES)
        assert set(open_ones.values()) <= {1}
        versions = Counter((one["root_id"], one["version"]) for one in rows)
        assert set(versions.values()) <= {1}
        accepted = [one for one in rows if one["status"] == "accepted"]
        assert len(accepted) <= 1
        for one in rows:
            items = orjson.loads(one["items"])
            assert one["total_minor"] == sum(part["total_minor"] for part in items)
            assert one["amount_minor"] - one["discount_minor"] == one["net_minor"]
            known = [part["item_id"] for part in items if part.get("item_id")]
            assert len(known) == len(set(known)), "no item stands in a quote twice"
        if accepted:
            assert deal["amount_minor"] == accepted[0]["net_minor"]


def run(empty: Path, examples: int, steps: int) -> None:
    Quotes.empty = empty
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Quotes,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_no_order_of_steps_breaks_a_rule_of_quotes(empty_sqlite: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    run(empty_sqlite, 5, 20)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_no_long_order_of_steps_breaks_a_rule_of_quotes(empty_sqlite: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    run(empty_sqlite, int(os.environ.get("QUOTE_EXAMPLES", "60")), 60)

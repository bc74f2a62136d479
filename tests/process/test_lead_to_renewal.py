"""A whole business played by chance, from the lead to the renewed contract: what must always hold, holds after each step."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sales_operations.domain.errors import Conflict, GateUnmet, InvalidInput, NotAllowed, NotFound
from sales_operations.process import OpportunityStore, SalesProcessAutomator
from sales_operations.process.contract_life import life as contract_life
from sales_operations.process.contract_life import renewals as contract_renewals
from sales_operations.process.contract_life import sending as contract_sending
from sales_operations.process.quoting import approval_requests, quotes
from sales_operations.process.quoting import decisions as quote_decisions
from sales_operations.process.quoting import expiry as quote_expiry
from sales_operations.process.quoting.quoter import create
from sales_operations.process.stages import advance as stage_advance
from sales_operations.process.stages import audit as stage_audit
from sales_operations.process.stages.transition import move
from sales_operations.store import audit, history
from sales_operations.workspace import open_workspace
from tests.conftest import Clock
from tests.process.contract_parts import identity_of, key_of

CONFIG: dict[str, Any] = {
    "sales_operations": {
        "process_automation": {
            "stage_transitions": {
                "lead_to_qualified": {"auto_transition": True},
                "negotiation_to_closed": {"auto_close": True},
            }
        },
        "pipelines": {
            "default": [
                {"name": "lead", "stage": "lead"},
                {"name": "qualified", "stage": "qualified", "exit": {"fields": ["next_step"]}},
                {"name": "proposal", "stage": "proposal", "exit": {"quote": "approved"}},
                {"name": "negotiation", "stage": "negotiation"},
                {"name": "closed_won", "stage": "closed_won"},
                {"name": "closed_lost", "stage": "closed_lost"},
            ]
        },
        "approvals": {
            "rules": [
                {"name": "Discount", "when": {"discount_percent_above": 20}, "steps": [{"approvers": ["manager"]}]}
            ]
        },
        "contracting": {"approvers": ["role:Sales Manager"]},
    }
}
EXPECTED = (Conflict, GateUnmet, InvalidInput, NotAllowed, NotFound)
"""What a step may be refused with; then it has written nothing."""
STAGES = ("lead", "qualified", "proposal", "negotiation", "closed_won", "closed_lost")
ROWS = {
    "users": (
        {"id": "user_mia", "name": "Mia", "role": "Sales Manager"},
        {"id": "user_ada", "name": "Ada", "role": "Sales Rep", "manager_id": "user_mia"},
        {"id": "user_bob", "name": "Bob", "role": "Sales Rep", "manager_id": "user_mia"},
    ),
    "products": ({"id": "prod_loom", "name": "Loom", "code": "L1"}, {"id": "prod_oil", "name": "Oil", "code": "O1"}),
    "pricebooks": (
        {"id": "p1", "product_id": "prod_loom", "unit_price_minor": 1_333_33, "currency": "USD", "valid_from": "2020-01-01"},
        {"id": "p2", "product_id": "prod_oil", "unit_price_minor": 7_77, "currency": "USD", "valid_from": "2020-01-01"},
    ),
}  # fmt: skip
REACHED = (
    *(("opportunities", status) for status in ("open", "won", "lost")),
    *(
        ("quotes", status)
        for status in ("draft", "in_approval", "approved", "sent", "accepted", "rejected", "superseded")
    ),
    *(("contracts", status) for status in ("in_approval", "negotiating", "awaiting_signature", "signed", "active")),
    *(("contracts", status) for status in ("declined", "terminated", "renewed", "expired")),
    *(("gate", how) for how in ("met", "overridden")),
)
"""What the long plays have to come to."""
ALL_THE_WAY = 8
_STEPS = 12
"""From the first quote to the end of the contract."""
ENDS = ("renewed", "renewed", "terminated", "declined", "rejected")
"""How a deal that takes its usual way may end."""
_number = st.integers(0, 1_000_000)


class Business(RuleBasedStateMachine):
    """Everything that people and the program do, in any order."""

    store: Path
    folder: Path
    played = all_steps = 0
    met: Counter[tuple[str, str]]
    """(kind, status) to how often any play was seen to have come to it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.leads = self.steps = 0
        type(self).played += 1
        self.file = self.folder / f"business_{self.played}.db"

    @initialize()
    def found(self) -> None:
        shutil.copyfile(self.store, self.file)
        self.workspace = open_workspace(CONFIG, database=str(self.file), clock=self.clock)
        self.automator = SalesProcessAutomator(self.workspace)
        with self.workspace.unit("test") as unit:
            for kind, rows in ROWS.items():
                for row in rows:
                    unit.create(kind, dict(row))

    def teardown(self) -> None:
        if hasattr(self, "workspace"):
            self.sound()
            self.note()
            self.workspace.close()
            self.file.unlink()

    def note(self) -> None:
        """Note what the play has come to."""
        for kind in ("opportunities", "quotes", "contracts"):
            self.met.update((kind, row[0]) for row in self.select(f"SELECT DISTINCT status FROM {kind}"))
        overridden = self.select("SELECT DISTINCT override IS NULL FROM passages")
        self.met.update(("gate", "met" if row[0] else "overridden") for row in overridden)

    def ids(self, kind: str, status: str | None = None) -> list[str]:
        rest = "" if status is None else f" WHERE coalesce(status, 'draft') = '{status}'"
        with self.workspace.reading() as connection:
            return [row[0] for row in connection.exec_driver_sql(f"SELECT id FROM {kind}{rest} ORDER BY seq")]

    def pick(self, kind: str, number: int, *likely: str) -> str | None:
        """One of the records; one in a state that the step is meant for, three times of four, where there is any."""
        found: list[str] = []
        for status in likely:
            if number % 4:
                found += self.ids(kind, status)
        found = found or self.ids(kind)
        return found[number // 4 % len(found)] if found else None

    def attempt(self, step: Callable[[], Any]) -> Any:
        """Do it, or be refused and leave everything as it was."""
        before = self.workspace.data_version()
        self.clock.advance(seconds=1)
        try:
            return step()
        except EXPECTED:
            assert self.workspace.data_version() == before, "a step that was refused has written something"
            return None

    @rule(number=_number)
    def a_lead_is_converted_once(self, number: int) -> None:
        if not self.leads or number % 3:
            self.leads += 1
            row = {"id": f"lead_{self.leads}", "company": f"Company {self.leads}", "product": "Loom"}
            with self.workspace.unit("test") as unit:
                unit.create("leads", row)
        lead = f"lead_{number % self.leads + 1}"
        first = self.attempt(lambda: asyncio.run(self.automator.automate_lead_to_opportunity(lead)))
        again = self.attempt(lambda: asyncio.run(self.automator.automate_lead_to_opportunity(lead)))
        assert first is not None
        assert first.opportunity_id == again.opportunity_id

    @rule(
        number=_number, stage=st.sampled_from(STAGES), override=st.sampled_from((None, None, None, "the CEO said so"))
    )
    def a_deal_moves(self, number: int, stage: str, override: str | None) -> None:
        if deal := self.pick("opportunities", number, "open"):
            self.attempt(lambda: move(self.workspace, deal, stage, override=override))

    @rule(number=_number, step=st.sampled_from(("call", "demo", None)))
    def a_deal_is_edited(self, number: int, step: str | None) -> None:
        if deal := self.pick("opportunities", number):

            def edit() -> None:
                store = OpportunityStore(self.workspace)
                found = asyncio.run(store.get_opportunity(deal))
                found.metadata["next_step"] = step
                found.amount = number / 100
                asyncio.run(store.update_opportunity(found))

            self.attempt(edit)

    @rule(number=_number)
    def a_quote_is_made(self, number: int) -> None:
        if deal := self.pick("opportunities", number, "open"):
            self.attempt(lambda: create(self.workspace, deal))

    @rule(number=_number, percent=st.sampled_from(("5%", "20%", "25%", "40%", "100%")), quantity=st.integers(1, 9))
    def a_quote_is_edited(self, number: int, percent: str, quantity: int) -> None:
        if quote := self.pick("quotes", number, "draft", "in_approval", "approved"):
            changes: list[dict[str, Any]] = [
                {"discounts": [percent]},
                {"lines": [{"product": "L1", "quantity": quantity}], "discounts": []},
                {"lines": [{"line": 1, "discounts": [percent]}]},
                {"lines": [{"product": "O1", "quantity": quantity}, {"line": 1, "remove": True}]},
                {"payment_days": quantity * 10},
            ]
            self.attempt(lambda: quotes.edit(self.workspace, quote, changes[number % len(changes)]))

    @rule(number=_number, what=st.sampled_from(("submit", "submit", "withdraw", "send", "accept", "reject")))
    def a_quote_goes_on(self, number: int, what: str) -> None:
        likely = {
            "submit": ("draft",),
            "withdraw": ("in_approval",),
            "send": ("approved",),
            "accept": ("sent", "approved"),
        }
        if quote := self.pick("quotes", number, *likely.get(what, ())):
            self.attempt(lambda: getattr(quote_decisions, what)(self.workspace, quote))

    @rule(number=_number, agreed=st.booleans(), who=st.sampled_from(("Mia", "Mia", "Ada")))
    def an_approval_is_decided(self, number: int, agreed: bool, who: str) -> None:
        with self.workspace.reading() as connection:
            asked = approval_requests.waiting_for(connection, self.workspace.settings, None, self.clock().date())
        if asked:
            request = asked[number % len(asked)]["request_id"]
            self.attempt(lambda: quote_decisions.decide(self.workspace, request, agreed, by=who))

    @rule(number=_number, copy=st.booleans())
    def a_quote_is_copied_or_revised(self, number: int, copy: bool) -> None:
        if quote := self.pick("quotes", number):
            self.attempt(lambda: (quotes.clone if copy else quotes.revise)(self.workspace, quote))

    @rule(number=_number, term=st.sampled_from((None, 1, 12)))
    def a_contract_is_drafted(self, number: int, term: int | None) -> None:
        if deal := self.pick("opportunities", number, "open"):
            self.attempt(lambda: contract_life.draft(self.workspace, deal, term_months=term))

    @rule(number=_number, what=st.sampled_from(("revise", "submit", "approve", "send", "sign", "sign", "decline")))
    def a_contract_comes_to_its_signature(self, number: int, what: str) -> None:
        likely = {
            "submit": ("draft",),
            "approve": ("in_approval",),
            "send": ("negotiating",),
            "sign": ("awaiting_signature",),
            "decline": ("awaiting_signature", "negotiating"),
        }
        contract = self.pick("contracts", number, *likely.get(what, ()))
        if contract is None:
            return
        steps: dict[str, Callable[[], Any]] = {
            "revise": lambda: contract_life.revise(self.workspace, contract, f"Agreed: {number}."),
            "submit": lambda: contract_life.submit(self.workspace, contract, by="Ada"),
            "approve": lambda: contract_life.approve(
                self.workspace, contract, by="Mia", reject=None if number % 5 else "too vague"
            ),
            "send": lambda: contract_sending.send(
                self.workspace, contract, [contract_sending.Signer("Ada", identity_of("Ada")[1])]
            ),
            "sign": lambda: contract_sending.sign(
                self.workspace, contract, key_of("Ada" if number % 5 else "Eve", self.workspace)
            ),
            "decline": lambda: contract_life.decline(self.workspace, contract, "too dear"),
        }
        self.attempt(steps[what])

    @rule(number=_number, what=st.sampled_from(("activate", "activate", "terminate", "renew", "amend")))
    def a_contract_lives(self, number: int, what: str) -> None:
        contract = self.pick("contracts", number, "signed" if what == "activate" else "active")
        if contract is None:
            return
        steps: dict[str, Callable[[], Any]] = {
            "activate": lambda: contract_renewals.activate(self.workspace, contract),
            "terminate": lambda: contract_life.terminate(self.workspace, contract, "no more need"),
            "renew": lambda: contract_renewals.renew(
                self.workspace, contract, price=("same", "list", "uplift")[number % 3]
            ),
            "amend": lambda: contract_life.amend(self.workspace, contract, number % 900 + 1, "more looms"),
        }
        self.attempt(steps[what])

    @rule(
        number=_number,
        times=st.integers(1, ALL_THE_WAY),
        percent=st.sampled_from(("5%", "25%")),
        end=st.sampled_from(ENDS),
    )
    def a_deal_takes_its_usual_way(self, number: int, times: int, percent: str, end: str) -> None:
        """Each time the step that people would do next; at the most, to the end of the contract and on to its renewal."""
        deal = self.pick("opportunities", number, "open", "won")
        if deal is None:
            return
        for _ in range(times if times < ALL_THE_WAY else _STEPS):
            self.attempt(self._usual_step(deal, percent, end))
        if times == ALL_THE_WAY:
            for row in self.select(f"SELECT renewal_opportunity_id FROM contracts WHERE opportunity_id = '{deal}'"):
                for _ in range(_STEPS if row[0] else 0):
                    self.attempt(self._usual_step(row[0], percent, end))

    def _usual_step(self, deal: str, percent: str, end: str) -> Callable[[], Any]:
        def newest(kind: str) -> tuple[str, str]:
            rows = self.select(f"SELECT id, status FROM {kind} WHERE opportunity_id = '{deal}' ORDER BY seq DESC")
            alive = [row for row in rows if row.status not in ("superseded", "expired", "rejected", "declined")]
            return (alive[0].id, alive[0].status) if alive else ("", "none")

        (quote, quoted), (contract, contracted) = newest("quotes"), newest("contracts")
        signer = contract_sending.Signer("Ada", identity_of("Ada")[1])
        after_quote: dict[str, Callable[[], Any]] = {
            "none": lambda: create(self.workspace, deal),
            "draft": lambda: self._offer(quote, percent),
            "in_approval": lambda: self._agree(quote),
            "approved": lambda: quote_decisions.send(self.workspace, quote),
            "sent": lambda: quote_decisions.accept(self.workspace, quote),
            "accepted": lambda: contract_life.draft(self.workspace, deal),
        }
        after_contract: dict[str, Callable[[], Any]] = {
            "draft": lambda: contract_life.submit(self.workspace, contract, by="Ada"),
            "in_approval": lambda: contract_life.approve(self.workspace, contract, by="Mia"),
            "negotiating": lambda: contract_sending.send(self.workspace, contract, [signer]),
            "awaiting_signature": lambda: contract_sending.sign(
                self.workspace, contract, key_of("Ada", self.workspace)
            ),
            "signed": lambda: contract_renewals.activate(self.workspace, contract),
            "active": self._a_year_passes,
        }
        early: dict[tuple[str, str], Callable[[], Any]] = {
            ("rejected", "sent"): lambda: quote_decisions.reject(self.workspace, quote),
            ("declined", "awaiting_signature"): lambda: contract_life.decline(self.workspace, contract, "too dear"),
            ("terminated", "active"): lambda: contract_life.terminate(self.workspace, contract, "no more need"),
        }
        if quoted == "accepted" and contracted in after_contract:
            return early.get((end, contracted), after_contract[contracted])
        return early.get((end, quoted), after_quote[quoted])

    def _a_year_passes(self) -> None:
        self.clock.advance(days=366)
        contract_renewals.work(self.workspace)

    def _offer(self, quote: str, percent: str) -> None:
        changes = {"lines": [{"product": "L1", "quantity": 1}], "discounts": [percent]}
        self.attempt(lambda: quotes.edit(self.workspace, quote, changes))
        self.attempt(lambda: quote_decisions.submit(self.workspace, quote, by="Ada"))

    def _agree(self, quote: str) -> None:
        with self.workspace.reading() as connection:
            asked = approval_requests.waiting_for(connection, self.workspace.settings, None, self.clock().date())
        for one in asked:
            if one["quote_id"] == quote:
                quote_decisions.decide(self.workspace, one["request_id"], True, by="Mia")

    @rule(days=st.sampled_from((0, 0, 1, 1, 7, 7, 31, 300)))
    def time_passes_and_the_schedules_run(self, days: int) -> None:
        self.clock.advance(days=days)
        for work in (quote_expiry.work, contract_renewals.work, stage_advance.work):
            work(self.workspace)

    def select(self, statement: str) -> list[Any]:
        with self.workspace.reading() as connection:
            return list(connection.exec_driver_sql(statement))

    @invariant()
    @precondition(lambda self: hasattr(self, "workspace"))
    def a_quote_has_one_open_version_and_exact_totals(self) -> None:
        roots = self.select(
            "SELECT root_id FROM quotes WHERE status IN ('draft', 'in_approval', 'approved', 'sent') "
            "GROUP BY root_id HAVING count(*) > 1"
        )
        assert roots == []
        for row in self.select("SELECT items, amount_minor, discount_minor, net_minor, total_minor FROM quotes"):
            items = orjson.loads(row.items)
            assert sum(one["net_minor"] for one in items) == row.net_minor
            assert row.amount_minor - row.discount_minor == row.net_minor
            assert row.total_minor >= row.net_minor >= 0

    @invariant()
    @precondition(lambda self: hasattr(self, "workspace"))
    def what_is_closed_has_a_reason_and_what_was_accepted_was_judged(self) -> None:
        with self.workspace.reading() as connection:
            unexplained = stage_audit.closed_without_reason(connection)
        bare = self.select(
            "SELECT id FROM opportunities WHERE stage = 'closed_lost' AND coalesce(loss_reason, '') = ''"
        )
        assert bare == []
        assert all(one for one in unexplained)
        unjudged = self.select(
            "SELECT id FROM quotes WHERE status IN ('approved', 'sent', 'accepted') AND judged IS NULL"
        )
        assert unjudged == [], "nothing goes out that nobody, and no rule, has judged"
        self.steps += 1
        type(self).all_steps += 1
        if self.steps % 5 == 0:
            self.note()
        if self.steps % 25 == 0:
            self.sound()

    def sound(self) -> None:
        with self.workspace.reading() as connection:
            assert stage_audit.unmet_without_override(connection, self.workspace.settings) == []
            assert [*audit.verify(connection).findings, *history.verify(connection)] == []


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("plays", "steps"), [(4, 50), pytest.param(120, 100, marks=pytest.mark.long)])
def test_from_the_lead_to_the_renewed_contract(sqlite_store, tmp_path, plays, steps):
    sqlite_store.open().close()

    class Played(Business):
        store, folder, met = Path(sqlite_store.url), tmp_path, Counter()

    run_state_machine_as_test(
        Played,
        settings=settings(
            max_examples=plays,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    if plays >= 100:
        assert Played.all_steps >= 10_000
        assert set(REACHED) <= Played.met.keys(), "the plays do not come to everything that they are to try"

"""Gates bind on every path that moves a live deal; an override is a reason that stays; nobody gets round one unseen."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import event
from typer.testing import CliRunner

from sales_operations.cli.main import app
from sales_operations.domain.errors import GateUnmet, InvalidInput
from sales_operations.process import OpportunityStore
from sales_operations.process.stages.audit import overrides, unmet_without_override
from sales_operations.process.stages.transition import move, move_in, move_many
from sales_operations.process.stages.ways import ways
from sales_operations.store import audit, history
from sales_operations.store.privacy import erase
from tests.process.test_transition import OPEN

STAGES = [
    {"name": "Open", "stage": "lead", "exit": {"fields": ["amount"]}},
    {
        "name": "Checked",
        "stage": "qualified",
        "exit": {
            "conditions": [{"field": "amount", "at_least": 1000}],
            "activities": [{"kind": "meeting", "within_days": 30}],
            "contacts": 1,
        },
    },
    {"name": "Offer", "stage": "proposal", "exit": {"quote": "accepted"}},
    {"name": "Won", "stage": "closed_won"},
    {"name": "Lost", "stage": "closed_lost", "moves": ["Open", "Lost"]},
]
GATED = {"pipelines": {"default": STAGES, "free": [{k: v for k, v in one.items() if k != "exit"} for one in STAGES]}}
DEAL = OPEN | {"pipeline_stage": "Checked", "stage": "qualified", "amount_minor": 500_00, "probability": 0.3}
MISSING = (
    "Checked asks for amount at least 1,000 (it is 500)",
    "Checked asks for 1 x activity 'meeting' in the last 30 days (found 0)",
    "Checked asks for 1 contacts (found 0)",
)


@pytest.fixture
def gate(company: Any) -> Any:
    """A workspace with gates, and one deal that lacks all that its stage asks for."""
    company.add("opportunities", DEAL)
    return company.stores.open(GATED)


def complete(workspace: Any) -> None:
    """What the deal lacks for an offer."""
    with workspace.unit("test") as unit:
        deal = unit.get("opportunities", "opp_1")
        unit.update("opportunities", deal, {"amount_minor": 1_000_00, "contact_id": "con_1"})
        meeting = {"id": "act_1", "opportunity_id": "opp_1", "activity_type": "Meeting", "occurred_at": unit.now}
        unit.create("activities", meeting)


def by_library(workspace: Any) -> None:
    move(workspace, "opp_1", "Offer")


def by_an_open_unit(workspace: Any) -> None:
    with workspace.unit("a rule") as unit:
        move_in(unit, workspace.settings, unit.get("opportunities", "opp_1"), "proposal")


def by_the_store(workspace: Any) -> None:
    store = OpportunityStore(workspace)
    deal = asyncio.run(store.get_opportunity("opp_1"))
    deal.stage, deal.metadata["pipeline_stage"] = type(deal.stage).PROPOSAL, "Offer"
    asyncio.run(store.update_opportunity(deal))


def by_a_plain_change(workspace: Any) -> None:
    with workspace.unit("test") as unit:
        unit.update(
            "opportunities", unit.get("opportunities", "opp_1"), {"stage": "proposal", "pipeline_stage": "Offer"}
        )


def by_another_pipeline_and_back(workspace: Any) -> None:
    move(workspace, "opp_1", "qualified", pipeline="free")
    move(workspace, "opp_1", "Offer", pipeline="default")


def by_winning(workspace: Any) -> None:
    move(workspace, "opp_1", "Won", pipeline="free")


def by_losing_and_reopening(workspace: Any) -> None:
    move(workspace, "opp_1", "closed_lost")
    move(workspace, "opp_1", "Open")
    move(workspace, "opp_1", "Offer")


PATHS = [
    by_library,
    by_an_open_unit,
    by_the_store,
    by_a_plain_change,
    by_another_pipeline_and_back,
    by_winning,
    by_losing_and_reopening,
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_a_gate_refuses_on_every_path_and_opens_when_its_criteria_are_met(company: Any, gate: Any, path: Any) -> None:
    with pytest.raises(GateUnmet, match="asks for") as refused:
        path(gate)
    assert set(MISSING) <= set(refused.value.reasons)
    assert company.deal("opp_1").stage.value in ("lead", "qualified")
    assert company.stores.execute("SELECT count(*) FROM quotes") == [(0,)]
    with gate.reading() as connection:
        assert unmet_without_override(connection, gate.settings) == []


@pytest.mark.parametrize("path", PATHS[:4], ids=lambda path: path.__name__)
def test_what_is_complete_passes_and_the_passage_is_written_down(company: Any, gate: Any, path: Any) -> None:
    complete(gate)
    path(gate)
    assert company.deal("opp_1").metadata["pipeline_stage"] == "Offer"
    passages = company.stores.execute("SELECT stage_left, stage, asked, unmet, override FROM passages")
    assert passages == [("Checked", "Offer", '["Checked"]', None, None)]
    with gate.reading() as connection:
        assert unmet_without_override(connection, gate.settings) == []
        assert audit.verify(connection).findings == history.verify(connection) == []


def test_a_refused_move_writes_nothing(company: Any, gate: Any) -> None:
    before = company.stores.dump()
    for path in PATHS[:4]:
        with pytest.raises(GateUnmet):
            path(gate)
    assert company.stores.dump() == before


def test_an_override_is_kept_with_what_was_missing_and_who_gave_it(company: Any, gate: Any) -> None:
    moved = move(gate, "opp_1", "Offer", override="the board wants it")
    assert moved.stage.value == "proposal"
    with gate.reading() as connection:
        [kept] = overrides(connection, "opp_1")
        assert unmet_without_override(connection, gate.settings) == []
        assert audit.verify(connection).findings == []
    assert (kept["from"], kept["to"], kept["unmet"]) == ("Checked", "Offer", list(MISSING))
    assert kept["override"] == "the board wants it"
    assert kept["actor"]
    [(detail,)] = company.stores.execute(
        "SELECT a.detail FROM audit a JOIN events e ON e.seq = a.seq WHERE e.stage = 'proposal'"
    )
    assert json.loads(detail)["gate"] == "overridden"
    assert "board" not in detail, "free text may name a person, and stays out of the chain"


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_override_without_a_reason_is_refused(company: Any, gate: Any, empty: str) -> None:
    before = company.stores.dump()
    with pytest.raises(InvalidInput, match="override needs a reason"):
        move(gate, "opp_1", "Offer", override=empty)
    assert company.stores.dump() == before


def test_an_override_that_was_not_needed_is_not_recorded(company: Any, gate: Any) -> None:
    complete(gate)
    move(gate, "opp_1", "Offer", override="to be sure")
    assert company.stores.execute("SELECT override, unmet FROM passages") == [(None, None)]


def test_of_many_deals_the_refused_stay_and_the_others_move(company: Any, gate: Any) -> None:
    company.add("opportunities", *({**DEAL, "id": f"opp_{number}"} for number in range(2, 30)))
    complete(gate)
    statements: list[str] = []
    event.listen(gate.engine, "before_cursor_execute", lambda *sent: statements.append(sent[2]))
    many = move_many(gate, [f"opp_{number}" for number in range(1, 30)], "Offer")
    assert [row["id"] for row in many.rows] == ["opp_1"]
    assert set(many.blocked) == {f"opp_{number}" for number in range(2, 30)}
    assert many.blocked["opp_2"] == MISSING
    assert sum("FROM activities" in one for one in statements) == 1, "facts are read once for all"
    again = move_many(gate, ["opp_2", "opp_3"], "Offer", override="clean-up")
    assert (len(again.rows), again.blocked) == (2, {})
    with gate.reading() as connection:
        assert unmet_without_override(connection, gate.settings) == []


def test_without_gates_nothing_is_read_or_written_for_them(company: Any) -> None:
    company.add("opportunities", DEAL)
    statements: list[str] = []
    event.listen(company.workspace.engine, "before_cursor_execute", lambda *sent: statements.append(sent[2]))
    move(company.workspace, "opp_1", "negotiation")
    assert not any("FROM activities" in one or "passages" in one for one in statements)


def test_an_allowed_move_list_binds_reopening_too(company: Any, gate: Any) -> None:
    move(gate, "opp_1", "closed_lost", reason="price")
    with pytest.raises(GateUnmet, match="Lost allows moves to Open, Lost, not to Offer"):
        move(gate, "opp_1", "Offer")
    assert move(gate, "opp_1", "Open").status.value == "open"


def test_finished_changes_of_an_import_are_told_which_may_not_be_made(company: Any, gate: Any) -> None:
    company.add("opportunities", DEAL | {"id": "opp_2", "contact_id": "con_1", "amount_minor": 2_000_00})
    company.add("activities", {"id": "act_2", "opportunity_id": "opp_2", "activity_type": "meeting", "occurred_at": 1})
    with gate.unit("import") as unit:
        found = [unit.get("opportunities", one) for one in ("opp_1", "opp_2")]
        changes = [(one, {**one, "stage": "proposal", "pipeline_stage": "Offer"}) for one in found]
        reasons = unit.admit(changes)
        assert reasons["opp_1"] == MISSING
        assert reasons["opp_2"] == (MISSING[1],)
        assert unit.admit([(one, {**one, "amount_minor": 1}) for one in found]) == {}


def test_a_move_that_went_round_the_gates_is_found(company: Any, gate: Any) -> None:
    complete(gate)
    move(gate, "opp_1", "Offer")
    company.add("opportunities", DEAL | {"id": "opp_2"})
    company.stores.clock.advance(minutes=1)
    move(company.workspace, "opp_2", "proposal")  # by a program that knows of no gates
    with gate.reading() as connection:
        [finding] = unmet_without_override(connection, gate.settings)
        assert unmet_without_override(connection, company.workspace.settings) == []
    assert "opp_2 went to proposal and no gate was asked" in finding.what
    company.stores.execute("UPDATE passages SET unmet = '[]'")
    with gate.reading() as connection:
        assert len(unmet_without_override(connection, gate.settings)) == 2


def test_the_ways_of_a_deal_say_what_is_missing_for_each(company: Any, gate: Any) -> None:
    before = company.stores.dump()
    found = {way["stage"]: way["unmet"] for way in ways(gate, "opp_1")["ways"]}
    assert found["Open"] == found["Lost"] == []
    assert found["Offer"] == list(MISSING)
    assert found["Won"] == [*MISSING, "Offer asks for a quote that is accepted (found none)"]
    assert company.stores.dump() == before


def test_an_erased_person_leaves_the_reason_of_an_override(company: Any, gate: Any) -> None:
    company.add("contacts", {"id": "con_9", "first_name": "Grace", "last_name": "Hopper"})
    move(gate, "opp_1", "Offer", override="Grace Hopper promised to sign")
    with gate.unit("erase") as unit:
        erase(unit, "contacts", "con_9")
    with gate.reading() as connection:
        assert overrides(connection)[0]["override"] == "con_9 promised to sign"
        assert audit.verify(connection).findings == []


def test_the_command_line_refuses_explains_and_overrides(small: Any) -> None:
    small.add("opportunities", DEAL, DEAL | {"id": "opp_2"})
    config = small.stores.folder / "gates.yaml"
    config.write_text(json.dumps({"sales_operations": GATED}), "utf-8")
    common = ["--database", small.stores.url, "--config", str(config)]

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["opportunity", *arguments, *common])

    refused = run("move", "opp_1", "Offer")
    assert refused.exit_code == 2
    assert MISSING[0] in refused.stderr
    assert "--override WHY" in refused.stderr
    many = run("move", "opp_1", "opp_2", "Offer", "--json")
    assert (many.exit_code, json.loads(many.stdout)["blocked"]["opp_2"]) == (2, list(MISSING))
    assert json.loads(run("gates", "opp_1", "--json").stdout)["ways"][1] == {
        "stage": "Offer",
        "open": False,
        "unmet": list(MISSING),
    }
    passed = run("move", "opp_1", "Offer", "--override", "agreed by phone", "--json")
    assert json.loads(passed.stdout)["stage"] == "proposal"
    assert json.loads(run("overrides", "--json").stdout)[0]["override"] == "agreed by phone"
    assert json.loads(run("show", "opp_1", "--json").stdout)["history"][-1]["override"] == "agreed by phone"
    assert "gate overridden: agreed by phone" in run("show", "opp_1").stdout
    lost = run("move", "opp_2", "closed_lost", "--reason", "too dear", "--json")
    assert json.loads(lost.stdout)["metadata"]["loss_reason"] == "too dear"
    assert json.loads(run("unexplained", "--json").stdout) == []

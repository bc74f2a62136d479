"""Own pipelines: what they mean, and which cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sales_operations.domain.criteria import Activities, Condition, Exit
from sales_operations.domain.errors import NotFound
from sales_operations.domain.stages import DEFAULT_PIPELINE, OpportunityStage, PipelineStage
from sales_operations.settings import describe, load, validate

PLACE = "sales_operations.pipelines.partner"
OPEN = "{name: Registered, stage: lead, probability: 0.05}"
WON, LOST = "{name: Won, stage: closed_won}", "{name: Lost, stage: closed_lost}"


def partner(folder: Path, *stages: str, name: str = "partner") -> Path:
    file = folder / "config.yaml"
    lines = "".join(f"      - {stage}\n" for stage in stages)
    file.write_text(f"sales_operations:\n  pipelines:\n    {name}:\n{lines}")
    return file


def mapping(**pipelines: Any) -> dict[str, Any]:
    return {"sales_operations": {"pipelines": pipelines}}


def test_without_any_the_built_in_pipeline_serves() -> None:
    settings = load({}, environ={})
    assert settings.pipeline() == settings.pipeline("default") == DEFAULT_PIPELINE
    assert list(settings.pipelines) == ["default"]


def test_what_a_stage_leaves_out_follows_from_its_canonical_stage(tmp_path: Path) -> None:
    file = partner(tmp_path, OPEN, "{name: Offer, stage: proposal, category: commit}", WON, LOST)
    assert load(file, environ={}).pipeline("partner").stages == (
        PipelineStage("Registered", OpportunityStage.LEAD, 0.05, "pipeline"),
        PipelineStage("Offer", OpportunityStage.PROPOSAL, 0.5, "commit"),
        PipelineStage("Won", OpportunityStage.CLOSED_WON, 1.0, "closed"),
        PipelineStage("Lost", OpportunityStage.CLOSED_LOST, 0.0, "omitted"),
    )


def test_own_pipelines_stand_beside_the_built_in_one_and_are_found_in_any_case(tmp_path: Path) -> None:
    settings = load(partner(tmp_path, OPEN, WON, LOST), environ={})
    assert list(settings.pipelines) == ["default", "partner"]
    assert settings.pipeline() == DEFAULT_PIPELINE
    assert settings.pipeline("PARTNER").name == "partner"


def test_one_called_default_replaces_the_built_in_one(tmp_path: Path) -> None:
    settings = load(partner(tmp_path, OPEN, WON, LOST, name="Default"), environ={})
    assert [stage.name for stage in settings.pipeline().stages] == ["Registered", "Won", "Lost"]


def test_an_unknown_pipeline_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="'channel' does not exist; use one of default, partner"):
        load(partner(tmp_path, OPEN, WON, LOST), environ={}).pipeline("channel")


CASES: dict[str, tuple[list[str], list[tuple[str, int, str]]]] = {
    "no won stage": ([OPEN, LOST], [(PLACE, 3, "no stage stands for closed_won; add one with stage: closed_won")]),
    "no lost stage": ([OPEN, WON], [(PLACE, 3, "no stage stands for closed_lost")]),
    "a closed stage first": ([WON, OPEN, LOST], [(f"{PLACE}[0].stage", 4, "must be an open one")]),
    "a repeated name": ([OPEN, OPEN.upper().lower(), WON, LOST], [(f"{PLACE}[1].name", 5, "'registered'; rename one")]),
    "a name that means another stage": (
        [OPEN, "{name: Proposal, stage: negotiation}", WON, LOST],
        [(f"{PLACE}[1].name", 5, "'Proposal' is a canonical stage, but this one stands for 'negotiation'")],
    ),
    "no name": ([OPEN, "{stage: proposal}", WON, LOST], [(f"{PLACE}[1].name", 5, "is missing; give text")]),
    "an empty name": ([OPEN, "{name: '', stage: proposal}", WON, LOST], [(f"{PLACE}[1].name", 5, "found the text ''")]),
    "no meaning": (
        ["name: Offer", OPEN, WON, LOST],
        [(f"{PLACE}[0].stage", 4, "is missing; give one of lead, qualified, proposal")],
    ),
    "an unknown meaning": (
        [OPEN, "{name: Offer, stage: proposals}", WON, LOST],
        [(f"{PLACE}[1].stage", 5, "did you mean proposal?")],
    ),
    "an unknown category": (
        [OPEN, "{name: Offer, stage: proposal, category: bestcase}", WON, LOST],
        [(f"{PLACE}[1].category", 5, "did you mean best_case?")],
    ),
    "an impossible chance": (
        [OPEN, "{name: Offer, stage: proposal, probability: 50}", WON, LOST],
        [(f"{PLACE}[1].probability", 5, "a number from 0 to 1; found 50")],
    ),
    "a doubtful win": (
        [OPEN, "{name: Won, stage: closed_won, probability: 0.9}", LOST],
        [(f"{PLACE}[1].probability", 5, "the probability of closed_won is 1; leave this out")],
    ),
    "an open stage that counts as closed": (
        ["{name: Offer, stage: proposal, category: closed}", WON, LOST],
        [(f"{PLACE}[0].category", 4, "only a stage that stands for closed_won")],
    ),
    "a stage that is a word": (
        [OPEN, "Offer", WON, LOST],
        [(f"{PLACE}[1]", 5, "expected keys below it (name, stage,")],
    ),
    "an unknown key": ([f"{OPEN[:-1]}, chance: 1}}", WON, LOST], [(f"{PLACE}[0].chance", 4, "unknown key")]),
}


GATE = "{name: Offer, stage: proposal, "
CASES |= {
    "a move to nowhere": (
        [OPEN, GATE + "moves: [Won, Signed]}", WON, LOST],
        [(f"{PLACE}[1].moves[1]", 5, "the pipeline has no stage 'Signed'")],
    ),
    "an exit from the end": (
        [OPEN, "{name: Won, stage: closed_won, exit: {contacts: 1}}", LOST],
        [(f"{PLACE}[1].exit", 5, "nothing comes after a closed stage")],
    ),
    "a field that no deal has": (
        [OPEN, GATE + "exit: {fields: [amount, budget]}}", WON, LOST],
        [(f"{PLACE}[1].exit.fields[1]", 5, "a deal has no field 'budget'; use one of amount,")],
    ),
    "a condition on a field that no deal has": (
        [OPEN, GATE + "exit: {conditions: [{field: amout, above: 1}]}}", WON, LOST],
        [(f"{PLACE}[1].exit.conditions[0].field", 5, "a deal has no field 'amout'")],
    ),
    "a condition that bounds nothing": (
        [OPEN, GATE + "exit: {conditions: [{field: amount}]}}", WON, LOST],
        [(f"{PLACE}[1].exit.conditions[0]", 5, "bounds nothing; add one of above")],
    ),
    "a bound that is text": (
        [OPEN, GATE + "exit: {conditions: [{field: amount, above: much}]}}", WON, LOST],
        [(f"{PLACE}[1].exit.conditions[0].above", 5, "expected a number; found the text 'much'")],
    ),
    "no activities": (
        [OPEN, GATE + "exit: {activities: [{kind: call, count: 0}]}}", WON, LOST],
        [(f"{PLACE}[1].exit.activities[0].count", 5, "expected a whole number from 1 to 1000; found 0")],
    ),
    "a quote in no such state": (
        [OPEN, GATE + "exit: {quote: accept}}", WON, LOST],
        [(f"{PLACE}[1].exit.quote", 5, "did you mean accepted?")],
    ),
    "an unknown criterion": (
        [OPEN, GATE + "exit: {contact: 1}}", WON, LOST],
        [(f"{PLACE}[1].exit.contact", 5, "unknown key; did you mean contacts?")],
    ),
    "a word for criteria": (
        [OPEN, GATE + "exit: amount}", WON, LOST],
        [(f"{PLACE}[1].exit", 5, "expected keys below it (fields, conditions")],
    ),
}


def test_what_a_stage_asks_for_is_read_and_shown(tmp_path: Path) -> None:
    exits = "exit: {fields: [product], conditions: [{field: amount, at_least: 5}], activities: [{count: 2}], quote: approved}"
    file = partner(tmp_path, OPEN, f"{GATE}moves: [Won], {exits}}}", WON, LOST)
    stage = load(file, environ={}).pipeline("partner").stages[1]
    assert (stage.is_gate, stage.moves) == (True, ("Won",))
    assert stage.exit == Exit(
        fields=("product",),
        conditions=(Condition("amount", at_least=5),),
        activities=(Activities(2),),
        quote="approved",
    )
    [shown] = [row.value[1] for row in describe(file, environ={}) if row.key == PLACE]
    assert shown["exit"] == {
        "fields": ["product"],
        "conditions": [{"field": "amount", "at_least": 5}],
        "activities": [{"count": 2}],
        "quote": "approved",
    }


@pytest.mark.parametrize("name", CASES)
def test_a_pipeline_that_cannot_be_used_is_a_problem(name: str, tmp_path: Path) -> None:
    stages, expected = CASES[name]
    problems = validate(partner(tmp_path, *stages), environ={})
    assert [(problem.key, problem.line) for problem in problems] == [(key, line) for key, line, _ in expected]
    for problem, (_, _, words) in zip(problems, expected, strict=True):
        assert words in problem.message


def test_a_pipeline_without_stages_lacks_both_ends() -> None:
    problems = validate(mapping(partner=[]), environ={})
    assert [problem.message.split(";")[0] for problem in problems] == [
        "no stage stands for closed_won",
        "no stage stands for closed_lost",
    ]


def test_names_of_pipelines_differ_by_more_than_their_case() -> None:
    stages = [
        {"name": "A", "stage": "lead"},
        {"name": "W", "stage": "closed_won"},
        {"name": "L", "stage": "closed_lost"},
    ]
    (problem,) = validate(mapping(partner=stages, Partner=stages), environ={})
    assert (problem.key, problem.message) == (
        "sales_operations.pipelines.Partner",
        "'partner' is the same name but for its case; rename one",
    )
    (problem,) = validate(mapping(**{" ": stages}), environ={})
    assert problem.message == "a pipeline needs a name"


def test_the_name_of_a_pipeline_is_text(tmp_path: Path) -> None:
    (problem,) = validate(partner(tmp_path, OPEN, WON, LOST, name="2024"), environ={})
    assert "the key 2024 is not text; put it in quotes" in problem.message

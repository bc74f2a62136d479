"""What a move of a deal has to pass, decided on values alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.criteria import DAY_MICROS, Activities, Condition, Exit, Facts, unmet
from sales_operations.domain.gates import asked, decide, moves
from sales_operations.domain.stages import DEFAULT_PIPELINE, OpportunityStage, Pipeline, PipelineStage

NOW = 1_000 * DAY_MICROS


def stage(name: str, canonical: str, **more: Any) -> PipelineStage:
    return PipelineStage(name, OpportunityStage(canonical), 0.5, "pipeline", **more)


def asks(name: str) -> Exit:
    return Exit(fields=(f"attributes.{name}",))


GATED = Pipeline(
    "gated",
    (
        stage("New", "lead", exit=asks("New")),
        stage("Known", "qualified"),
        stage("Met", "qualified", exit=asks("Met")),
        stage("Offer", "proposal", exit=asks("Offer")),
        stage("Won", "closed_won"),
        stage("Lost", "closed_lost"),
    ),
)
OTHER = Pipeline("other", tuple(stage(one.name, one.canonical.value) for one in GATED.stages))
AT = {one.name: one for one in GATED.stages}


def at(name: str, pipeline: str = "gated") -> dict[str, Any]:
    return {"pipeline": pipeline, "pipeline_stage": name, "stage": AT[name].canonical.value}


@pytest.mark.parametrize(
    ("left", "reached", "names"),
    [
        ("New", "Known", ["New"]),
        ("New", "Offer", ["New", "Met"]),
        ("Known", "Met", []),
        ("Met", "Won", ["Met", "Offer"]),
        ("New", "Won", ["New", "Met", "Offer"]),
        ("Offer", "New", []),
        ("Offer", "Lost", []),
        ("Won", "Lost", []),
        ("Lost", "New", []),
        ("Lost", "Offer", ["New", "Met"]),
        ("Lost", "Won", ["New", "Met", "Offer"]),
        ("Won", "Offer", ["New", "Met"]),
        ("Met", "Met", []),
    ],
)
def test_a_move_is_asked_for_all_that_lies_before_the_stage_it_reaches(
    left: str, reached: str, names: list[str]
) -> None:
    assert [one.name for one in asked(GATED, GATED, at(left), at(reached)).stages] == names


def test_a_deal_from_another_pipeline_is_asked_from_the_first_stage_on() -> None:
    wanted = asked(OTHER, GATED, at("Offer", "other"), at("Offer"))
    assert [one.name for one in wanted.stages] == ["New", "Met"]


def test_a_deal_that_leaves_for_a_pipeline_without_gates_is_asked_as_far_as_it_goes_on() -> None:
    assert not asked(GATED, OTHER, at("Known"), at("Met", "other"))
    assert not asked(GATED, OTHER, at("Known"), at("Lost", "other"))
    assert [one.name for one in asked(GATED, OTHER, at("Known"), at("Won", "other")).stages] == ["Met", "Offer"]


def test_a_stage_name_does_not_hide_that_the_canonical_stage_changed() -> None:
    wanted = asked(GATED, GATED, at("Offer"), {**at("Offer"), "stage": "closed_won"})
    assert [one.name for one in wanted.stages] == ["Offer"]


def test_a_stage_that_only_its_source_knows_counts_as_the_first_of_its_meaning() -> None:
    wanted = asked(GATED, GATED, {**at("Known"), "pipeline_stage": "Prospecting"}, at("Offer"))
    assert [one.name for one in wanted.stages] == ["Met"]


def test_where_moves_are_listed_every_other_move_is_forbidden() -> None:
    narrow = Pipeline("gated", (stage("New", "lead", moves=("Known", "lost")), *GATED.stages[1:]))
    assert not asked(narrow, narrow, at("New"), at("Known"))
    assert not asked(narrow, narrow, at("New"), at("Lost"))
    wanted = asked(narrow, narrow, at("New"), at("Met"))
    assert wanted.forbidden == "New allows moves to Known, lost, not to Met"
    assert decide(wanted, {}, Facts(), NOW).reasons == (wanted.forbidden,)


@given(st.sampled_from(DEFAULT_PIPELINE.stages), st.sampled_from(DEFAULT_PIPELINE.stages))
def test_the_built_in_pipeline_asks_for_nothing(left: PipelineStage, reached: PipelineStage) -> None:
    before = {"pipeline": "default", "pipeline_stage": left.name, "stage": left.canonical.value}
    after = {"pipeline": "default", "pipeline_stage": reached.name, "stage": reached.canonical.value}
    assert not asked(DEFAULT_PIPELINE, DEFAULT_PIPELINE, before, after)


NAMES = [one.name for one in GATED.stages]


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["gated", "other"])), max_size=8),
    st.sets(st.sampled_from(["New", "Met", "Offer"])),
)
def test_no_way_of_moves_gets_past_a_gate_whose_criteria_are_never_met(
    way: list[tuple[str, str]], met: set[str]
) -> None:
    pipelines = {"gated": GATED, "other": OTHER}
    deal = {**at("New"), "attributes": "{" + ", ".join(f'"{name}": 1' for name in sorted(met)) + "}"}
    for name, pipeline in way:
        after = {**deal, **at(name, pipeline)}
        wanted = asked(pipelines[deal["pipeline"]], pipelines[pipeline], deal, after)
        if not decide(wanted, after, Facts(), NOW).reasons:
            deal = after
        if deal["pipeline"] == "gated" and deal["pipeline_stage"] != "Lost":
            behind = NAMES[: NAMES.index(deal["pipeline_stage"])]
            assert {one for one in behind if one in ("New", "Met", "Offer")} <= met


def test_only_a_change_of_place_is_a_move() -> None:
    deal = {**at("New"), "amount_minor": 1, "is_deleted": 0}
    assert not moves(deal, {**deal, "amount_minor": 2, "is_deleted": 1})
    assert moves(deal, {**deal, "pipeline": "other"})


DEAL = {
    "amount_minor": 1_000_00,
    "currency": "EUR",
    "product": "Loom",
    "contact_id": "con_1",
    "attributes": '{"seats": 5}',
}
CALLS = [("call", NOW - 2 * DAY_MICROS), ("Meeting", NOW - 40 * DAY_MICROS), (None, NOW + DAY_MICROS)]


@pytest.mark.parametrize(
    ("wanted", "reasons"),
    [
        (Exit(fields=("amount", "product", "contact", "attributes.seats")), []),
        (Exit(fields=("close_date", "attributes.budget")), ["close date (not known)", "attributes.budget (not known)"]),
        (Exit(conditions=(Condition("amount", at_least=1000.0, at_most=1000.0),)), []),
        (Exit(conditions=(Condition("amount", above=1000.0),)), ["amount above 1,000 (it is 1,000)"]),
        (Exit(conditions=(Condition("attributes.seats", below=5.0),)), ["attributes.seats below 5 (it is 5)"]),
        (Exit(conditions=(Condition("probability", above=0.1),)), ["probability above 0.1 (not known)"]),
        (Exit(conditions=(Condition("product", one_of=("loom", "Warp")),)), []),
        (Exit(conditions=(Condition("product", one_of=("Warp",)),)), ["product one of Warp (it is Loom)"]),
        (Exit(conditions=(Condition("product", above=1.0),)), ["product above 1 (it is Loom)"]),
        (Exit(activities=(Activities(2),)), []),
        (Exit(activities=(Activities(3),)), ["3 x activity (found 2)"]),
        (Exit(activities=(Activities(1, "CALL", 2),)), []),
        (Exit(activities=(Activities(1, "meeting", 30),)), ["1 x activity 'meeting' in the last 30 days (found 0)"]),
        (Exit(contacts=2, roles=("buyer",)), []),
        (Exit(contacts=3), ["3 contacts (found 2)"]),
        (Exit(roles=("sponsor",)), ["a contact in the role 'sponsor' (found none)"]),
        (Exit(quote="approved"), []),
        (Exit(quote="accepted"), ["a quote that is accepted (found none)"]),
    ],
)
def test_criteria_say_what_a_deal_lacks(wanted: Exit, reasons: list[str]) -> None:
    facts = Facts(
        activities=CALLS, contacts={"con_1": set(), "con_2": {"Buyer", "User"}}, quotes={"sent", "superseded"}
    )
    assert unmet(wanted, DEAL, facts, NOW) == reasons

"""The six stages, and pipelines of own stages."""

from __future__ import annotations

import pytest

from sales_operations.domain.errors import NotFound
from sales_operations.domain.stages import (
    DEFAULT_CATEGORIES,
    DEFAULT_PIPELINE,
    DEFAULT_PROBABILITIES,
    FORECAST_CATEGORIES,
    OpportunityStage,
    OpportunityStatus,
    Pipeline,
    PipelineStage,
)

OWN = Pipeline(
    "own",
    (
        PipelineStage("Fresh", OpportunityStage.LEAD, 0.05, "pipeline"),
        PipelineStage("Offer", OpportunityStage.PROPOSAL, 0.4, "best_case"),
        PipelineStage("Offer 2", OpportunityStage.PROPOSAL, 0.6, "commit"),
        PipelineStage("Straße", OpportunityStage.NEGOTIATION, 0.7, "commit"),
    ),
)


def test_the_default_probabilities_are_the_briefs() -> None:
    assert [DEFAULT_PROBABILITIES[stage] for stage in OpportunityStage] == [0.1, 0.3, 0.5, 0.7, 1.0, 0.0]
    assert set(DEFAULT_CATEGORIES.values()) == set(FORECAST_CATEGORIES)


@pytest.mark.parametrize("stage", OpportunityStage)
def test_a_stage_is_closed_exactly_where_its_status_is_not_open(stage: OpportunityStage) -> None:
    assert stage.is_closed == (stage.status is not OpportunityStatus.OPEN) == stage.value.startswith("closed")


@pytest.mark.parametrize("stage", OpportunityStage)
def test_the_default_pipeline_has_the_six_under_their_own_names(stage: OpportunityStage) -> None:
    for wanted in (stage, stage.value, stage.value.upper()):
        assert DEFAULT_PIPELINE.find(wanted).canonical is stage
    assert DEFAULT_PIPELINE.first.name == "lead"


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("offer 2", "Offer 2"),
        ("OFFER", "Offer"),
        ("proposal", "Offer"),
        (OpportunityStage.PROPOSAL, "Offer"),
        ("STRASSE", "Straße"),
        ("lead", "Fresh"),
    ],
)
def test_an_own_stage_is_found_by_its_name_or_the_first_of_a_canonical_stage(wanted: str, name: str) -> None:
    assert OWN.find(wanted).name == name


@pytest.mark.parametrize("wanted", ["", "sold", "qualified", OpportunityStage.CLOSED_WON])
def test_a_stage_that_a_pipeline_lacks_is_not_found_and_the_others_are_named(wanted: str) -> None:
    with pytest.raises(NotFound, match="does not exist in pipeline 'own'; it has Fresh, Offer, Offer 2, Straße"):
        OWN.find(wanted)

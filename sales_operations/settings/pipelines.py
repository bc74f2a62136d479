"""Keys of ``pipelines``: own stages, each standing for one of the six canonical ones."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sales_operations.domain.stages import (
    DEFAULT_CATEGORIES,
    DEFAULT_PIPELINE,
    DEFAULT_PROBABILITIES,
    OpportunityStage,
    Pipeline,
    PipelineStage,
)
from sales_operations.settings.base import Expect, Section, Several, Share, Text

CanonicalStage = Literal["lead", "qualified", "proposal", "negotiation", "closed_won", "closed_lost"]
Category = Literal["pipeline", "best_case", "commit", "closed", "omitted"]


class StageSettings(Section):
    """One stage of a pipeline."""

    name: Text = Field(description="The stage's own name.")
    stage: CanonicalStage = Field(description="The canonical stage that it stands for.")
    probability: Share | None = Field(
        default=None, description="Chance that a deal here is won; without it, the canonical one."
    )
    category: Category | None = Field(default=None, description="Forecast category; without it, the canonical stage's.")

    def as_domain(self) -> PipelineStage:
        """The same stage in the domain's terms, what was left out filled in."""
        canonical = OpportunityStage(self.stage)
        probability = DEFAULT_PROBABILITIES[canonical] if self.probability is None else self.probability
        return PipelineStage(self.name, canonical, probability, self.category or DEFAULT_CATEGORIES[canonical])


StagesByPipeline = dict[str, Several[StageSettings]]

BUILT_IN: StagesByPipeline = {
    DEFAULT_PIPELINE.name: tuple(
        StageSettings.model_validate({"name": stage.name, "stage": stage.canonical.value})
        for stage in DEFAULT_PIPELINE.stages
    )
}


def _with_built_in(given: StagesByPipeline) -> StagesByPipeline:
    return given if any(_same(name, DEFAULT_PIPELINE.name) for name in given) else {**BUILT_IN, **given}


def _same(name: str, other: str) -> bool:
    return name.strip().casefold() == other.strip().casefold()


Pipelines = Annotated[
    StagesByPipeline, AfterValidator(_with_built_in), Expect("a list of stages for each pipeline's name")
]


def find_pipeline(pipelines: StagesByPipeline, wanted: str) -> Pipeline | None:
    """The pipeline of that name, whatever its case, in the domain's terms."""
    for name, stages in pipelines.items():
        if _same(name, wanted):
            return Pipeline(name, tuple(stage.as_domain() for stage in stages))
    return None

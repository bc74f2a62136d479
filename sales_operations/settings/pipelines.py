"""Keys of ``pipelines``: own stages, each standing for one of the six canonical ones, and what each asks of a deal."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sales_operations.domain.criteria import NOTHING, Activities, Condition, Exit
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


Amount = Annotated[float, Field(allow_inf_nan=False), Expect("a number")]
Words = Annotated[Several[Text], Field(min_length=1), Expect("a list of at least one text")]
Count = Annotated[int, Field(ge=1, le=1000), Expect("a whole number from 1 to 1000")]
Days = Annotated[int, Field(ge=1, le=3650), Expect("a whole number from 1 to 3650")]


class ConditionSettings(Section):
    """A bound on one field of a deal."""

    field: Text = Field(description="A field of the deal; an amount is in the deal's own currency.")
    above: Amount | None = Field(default=None, description="The field is more than this.")
    at_least: Amount | None = Field(default=None, description="The field is this or more.")
    below: Amount | None = Field(default=None, description="The field is less than this.")
    at_most: Amount | None = Field(default=None, description="The field is this or less.")
    one_of: Words | None = Field(default=None, description="The field is one of these texts.")


class ActivitySettings(Section):
    """Activities that a deal needs."""

    kind: Text | None = Field(default=None, description="The kind of activity, as imported; without it, any.")
    count: Count = Field(default=1, description="How many of them.")
    within_days: Days | None = Field(
        default=None, description="Only those of so many past days count; without it, all."
    )


class ExitSettings(Section):
    """What a stage asks for before a deal goes on."""

    fields: Words | None = Field(
        default=None, description="Fields that must be filled, such as `amount` or `attributes.budget`."
    )
    conditions: Annotated[Several[ConditionSettings], Expect("a list of conditions")] | None = Field(
        default=None,
        description="Bounds on fields: a `field` with `above`, `at_least`, `below`, `at_most` or `one_of`.",
    )
    activities: Annotated[Several[ActivitySettings], Expect("a list of activities")] | None = Field(
        default=None, description="Activities: `count`, and `kind` and `within_days` where they matter."
    )
    contacts: Count | None = Field(default=None, description="How many contacts the deal has at least.")
    roles: Words | None = Field(default=None, description="Roles that contacts of the deal have to fill.")
    quote: Literal["approved", "accepted"] | None = Field(
        default=None, description="The deal has a quote that is approved (or sent or accepted already), or accepted."
    )

    def as_domain(self) -> Exit:
        """The same criteria in the domain's terms."""
        if self == _ASKS_NOTHING:
            return NOTHING
        return Exit(
            fields=self.fields or (),
            conditions=tuple(
                Condition(one.field, one.above, one.at_least, one.below, one.at_most, one.one_of or ())
                for one in self.conditions or ()
            ),
            activities=tuple(Activities(one.count, one.kind, one.within_days) for one in self.activities or ()),
            contacts=self.contacts or 0,
            roles=self.roles or (),
            quote=self.quote,
        )


_ASKS_NOTHING = ExitSettings()


class StageSettings(Section):
    """One stage of a pipeline."""

    name: Text = Field(description="The stage's own name.")
    stage: CanonicalStage = Field(description="The canonical stage that it stands for.")
    probability: Share | None = Field(
        default=None, description="Chance that a deal here is won; without it, the canonical one."
    )
    category: Category | None = Field(default=None, description="Forecast category; without it, the canonical stage's.")
    moves: Annotated[Several[Text], Expect("a list of stages")] | None = Field(
        default=None, description="The stages of this pipeline that a deal may go to from here; without it, any."
    )
    exit: ExitSettings = _ASKS_NOTHING

    def as_domain(self) -> PipelineStage:
        """The same stage in the domain's terms, what was left out filled in."""
        canonical = OpportunityStage(self.stage)
        probability = DEFAULT_PROBABILITIES[canonical] if self.probability is None else self.probability
        category = self.category or DEFAULT_CATEGORIES[canonical]
        return PipelineStage(self.name, canonical, probability, category, self.exit.as_domain(), self.moves)


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

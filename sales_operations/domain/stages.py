"""Stages: the six canonical ones, and pipelines of own stages that map onto them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from sales_operations.domain.criteria import NOTHING, Exit
from sales_operations.domain.errors import NotFound


class OpportunityStage(Enum):
    """The six canonical stages, in the order a deal passes them."""

    LEAD = "lead"
    QUALIFIED = "qualified"
    PROPOSAL = "proposal"
    NEGOTIATION = "negotiation"
    CLOSED_WON = "closed_won"
    CLOSED_LOST = "closed_lost"

    @property
    def is_closed(self) -> bool:
        """Whether a deal in this stage is won or lost."""
        return self in (OpportunityStage.CLOSED_WON, OpportunityStage.CLOSED_LOST)

    @property
    def status(self) -> OpportunityStatus:
        """The status that a deal has in this stage."""
        if self is OpportunityStage.CLOSED_WON:
            return OpportunityStatus.WON
        return OpportunityStatus.LOST if self is OpportunityStage.CLOSED_LOST else OpportunityStatus.OPEN


class OpportunityStatus(Enum):
    """Whether a deal is still being worked on, and how it ended."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


NOT_GIVEN = "not_given"
"""Recorded as the reason of a deal that was won or lost without one."""
REASONS = {OpportunityStage.CLOSED_WON.value: "win_reason", OpportunityStage.CLOSED_LOST.value: "loss_reason"}
"""Closed stage to the field that says why."""
STAGE_NAMES = tuple(stage.value for stage in OpportunityStage)
DEFAULT_PROBABILITIES = dict(zip(OpportunityStage, (0.1, 0.3, 0.5, 0.7, 1.0, 0.0), strict=True))
FORECAST_CATEGORIES = ("pipeline", "best_case", "commit", "closed", "omitted")
DEFAULT_CATEGORIES = dict(
    zip(OpportunityStage, ("pipeline", "pipeline", "best_case", "commit", "closed", "omitted"), strict=True)
)


@dataclass(frozen=True)
class PipelineStage:
    """A pipeline's own stage: its name, the canonical stage it stands for, probability and forecast category.

    ``exit`` is what it asks for before a deal goes on; ``moves`` names the stages that a deal may go to from here, None any.
    """

    name: str
    canonical: OpportunityStage
    probability: float
    category: str
    exit: Exit = NOTHING
    moves: tuple[str, ...] | None = None

    @property
    def is_gate(self) -> bool:
        """Whether a move away from here may be refused."""
        return self.exit != NOTHING or self.moves is not None


@dataclass(frozen=True)
class Pipeline:
    """Named stages in order."""

    name: str
    stages: tuple[PipelineStage, ...]

    def find(self, wanted: OpportunityStage | str) -> PipelineStage:
        """The own stage of that name, or else the first that stands for that canonical stage. Raises NotFound."""
        if isinstance(wanted, str):
            for stage in self.stages:
                if stage.name.casefold() == wanted.casefold():
                    return stage
        value = wanted.value if isinstance(wanted, OpportunityStage) else wanted.casefold()
        for stage in self.stages:
            if stage.canonical.value == value:
                return stage
        known = ", ".join(stage.name for stage in self.stages)
        raise NotFound(f"stage {value!r} does not exist in pipeline {self.name!r}; it has {known}")

    def standing(self, own: str | None, canonical: str) -> int | None:
        """The place of the stage of that name that stands for ``canonical``, or else of the first that does; None for none."""
        alike = [place for place, stage in enumerate(self.stages) if stage.canonical.value == canonical]
        folded = (own or "").casefold()
        named = (place for place in alike if self.stages[place].name.casefold() == folded)
        return next(named, alike[0] if alike else None)

    @cached_property
    def has_gates(self) -> bool:
        """Whether any move in it may be refused."""
        return any(stage.is_gate for stage in self.stages)

    @property
    def first(self) -> PipelineStage:
        """Where a new deal starts."""
        return self.stages[0]


DEFAULT_PIPELINE = Pipeline(
    "default",
    tuple(
        PipelineStage(stage.value, stage, DEFAULT_PROBABILITIES[stage], DEFAULT_CATEGORIES[stage])
        for stage in OpportunityStage
    ),
)

"""Whether a deal may make a move: values in, a verdict out.

A move goes on when it reaches a later stage of the pipeline, or wins the deal. It then needs the exit criteria of every
open stage before the one it reaches, skipped ones included, from the stage that the deal stands in on. A deal that was
closed, or that comes from another pipeline, is asked from the first stage on, so no detour leads round a gate. Going back
and losing need no criteria. Where a stage lists its moves, every move away from it must be one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sales_operations.domain.criteria import NOTHING, Facts, unmet
from sales_operations.domain.stages import OpportunityStage, Pipeline, PipelineStage

_PLACE = ("pipeline", "pipeline_stage", "stage")


@dataclass(frozen=True)
class Asked:
    """The stages whose criteria a move needs, and a move that is not allowed, in words."""

    stages: tuple[PipelineStage, ...] = ()
    forbidden: str | None = None

    def __bool__(self) -> bool:
        return bool(self.stages) or self.forbidden is not None


@dataclass(frozen=True)
class Verdict:
    """Which stages were asked, by name, and every reason why the deal may not make the move; none where it may."""

    asked: tuple[str, ...]
    reasons: tuple[str, ...]


def moves(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a deal stands elsewhere after a change."""
    return any(before.get(name) != after.get(name) for name in _PLACE)


def asked(old: Pipeline, new: Pipeline, before: Mapping[str, Any], after: Mapping[str, Any]) -> Asked:
    """What a move from the row ``before`` in one pipeline to the row ``after`` in another, or the same, has to pass."""
    if not (old.has_gates or new.has_gates):
        return Asked()
    same = old.name == new.name
    left = old.standing(before["pipeline_stage"], before["stage"])
    reached = new.standing(after["pipeline_stage"], after["stage"])
    standing, entered = OpportunityStage(before["stage"]), OpportunityStage(after["stage"])
    if same and left == reached and standing is entered:
        return Asked()
    stages: list[PipelineStage] = []
    won_already = same and standing is entered is OpportunityStage.CLOSED_WON
    if entered is not OpportunityStage.CLOSED_LOST and not won_already:
        goes_on = same and not standing.is_closed and left is not None
        stages = _open_stages(new, left if goes_on and left is not None else 0, reached, entered)
        if not same and not standing.is_closed and _rank(entered) > _rank(standing):
            stages = [*_open_stages(old, left or 0, None, entered), *stages]
    forbidden = None
    if same and left is not None and reached is not None and (allowed := old.stages[left].moves) is not None:
        target = new.stages[reached].name
        if target.casefold() not in {name.casefold() for name in allowed}:
            forbidden = f"{old.stages[left].name} allows moves to {', '.join(allowed) or 'no stage'}, not to {target}"
    return Asked(tuple(stage for stage in stages if stage.exit != NOTHING), forbidden)


def _rank(stage: OpportunityStage) -> int:
    return list(OpportunityStage).index(stage)


def _open_stages(pipeline: Pipeline, start: int, reached: int | None, entered: OpportunityStage) -> list[PipelineStage]:
    """The open stages from one place on that lie before the place reached or, where that is none, before its meaning."""
    return [
        stage
        for place, stage in enumerate(pipeline.stages)
        if place >= start
        and not stage.canonical.is_closed
        and (
            entered is OpportunityStage.CLOSED_WON
            or (place < reached if reached is not None else _rank(stage.canonical) < _rank(entered))
        )
    ]


def decide(asked_of: Asked, deal: Mapping[str, Any], facts: Facts, now: int) -> Verdict:
    """Judge a move by the deal as it would be after it, and the facts. ``now`` in microseconds since the epoch."""
    reasons = [] if asked_of.forbidden is None else [asked_of.forbidden]
    for stage in asked_of.stages:
        reasons += [f"{stage.name} asks for {what}" for what in unmet(stage.exit, deal, facts, now)]
    return Verdict(tuple(stage.name for stage in asked_of.stages), tuple(reasons))

"""Where a deal may go from where it stands, and what it lacks for the rest."""

from __future__ import annotations

from typing import Any

from sales_operations.domain.clock import to_micros
from sales_operations.process.stages.moves import changes_of
from sales_operations.store import opportunities
from sales_operations.workspace import Workspace


def ways(workspace: Workspace, opportunity_id: str) -> dict[str, Any]:
    """The deal, its pipeline and stage, and for every other stage whether it may go there, with all that it lacks.

    Nothing is written. Raises NotFound.
    """
    now = to_micros(workspace.clock())
    with workspace.reading() as connection:
        deal = opportunities.row(connection, opportunity_id)
        pipeline = workspace.pipeline(deal["pipeline"])
        moves = [(one, changes_of(connection, now, workspace.settings, deal, one.name)) for one in pipeline.stages]
        elsewhere = [(stage, {**deal, **changes}) for stage, changes in moves if changes]
        judged = workspace.gates.judge(connection, now, [(deal, after) for _, after in elsewhere])
        lacking = [() if one is None else one.verdict.reasons for one in judged]
    return {
        "opportunity_id": deal["id"],
        "pipeline": pipeline.name,
        "stage": deal["pipeline_stage"],
        "ways": [
            {"stage": stage.name, "open": not reasons, "unmet": list(reasons)}
            for (stage, _), reasons in zip(elsewhere, lacking, strict=True)
        ],
    }

"""The kept scores of the deals that findings list."""

from __future__ import annotations

from typing import Any

from sales_operations.store import scores
from sales_operations.workspace import Workspace


def with_scores(workspace: Workspace, found: dict[str, Any], until: int) -> dict[str, Any]:
    """The findings, each listed deal with the newest ``score`` that was made of it up to an instant, where there is one."""
    listed = [deal for finding in found.values() if isinstance(finding, dict) for deal in finding.get("deals", ())]
    if listed:
        with workspace.reading() as connection:
            made = scores.latest(connection, "opportunities", until, {deal["opportunity_id"] for deal in listed})
        for deal in listed:
            if (score := made.get(deal["opportunity_id"])) is not None:
                deal["score"] = score.chance
    return found

"""What the worker does by itself about the pipeline, and when."""

from __future__ import annotations

from functools import partial

from sales_operations.effects.schedules import Schedule
from sales_operations.settings.schedule import cron_of
from sales_operations.workspace import Workspace


def schedules(workspace: Workspace) -> list[Schedule]:
    """All periodic work of this package, ready to run on a workspace; reports where they are not turned off."""
    reporting = workspace.settings.pipeline_management.reporting
    if not reporting.enabled:
        return []
    return [Schedule("reports", cron_of(reporting.schedule), partial(_reports, workspace))]


def _reports(workspace: Workspace) -> int:
    from sales_operations.pipeline.issue import issue

    return issue(workspace)

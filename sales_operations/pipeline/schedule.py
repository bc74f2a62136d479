"""What the worker does by itself about the pipeline, and when."""

from __future__ import annotations

from functools import partial

from sales_operations.effects.schedules import Schedule
from sales_operations.settings.schedule import cron_of
from sales_operations.workspace import Workspace


def schedules(workspace: Workspace) -> list[Schedule]:
    """All periodic work of this package, ready to run on a workspace; reports and insights where they are not turned off."""
    management = workspace.settings.pipeline_management
    reporting, insights = management.reporting, management.insights
    wanted = [
        (reporting.enabled, Schedule("reports", cron_of(reporting.schedule), partial(_reports, workspace))),
        (insights.enabled, Schedule("insights", cron_of(insights.schedule), partial(_insights, workspace))),
    ]
    return [schedule for enabled, schedule in wanted if enabled]


def _reports(workspace: Workspace) -> int:
    from sales_operations.pipeline.issue import issue

    return issue(workspace)


def _insights(workspace: Workspace) -> int:
    from sales_operations.pipeline.alerts.kept import check

    return check(workspace)

"""The whole configuration, typed: every key below ``sales_operations``."""

from __future__ import annotations

from pydantic import Field

from sales_operations.domain.errors import NotFound
from sales_operations.domain.stages import DEFAULT_PIPELINE, Pipeline
from sales_operations.settings.approvals import Approvals
from sales_operations.settings.assignment import Assignment
from sales_operations.settings.automation import Automation
from sales_operations.settings.base import Section
from sales_operations.settings.contracting import Contracting, Documents
from sales_operations.settings.estimates import Estimates
from sales_operations.settings.forecasting import Forecasting
from sales_operations.settings.matching import Matching
from sales_operations.settings.notifications import Notifications
from sales_operations.settings.organisation import Company, Results, Store
from sales_operations.settings.pipeline_management import PipelineManagement
from sales_operations.settings.pipelines import BUILT_IN, Pipelines, find_pipeline
from sales_operations.settings.pricing import Pricing
from sales_operations.settings.process_automation import ProcessAutomation
from sales_operations.settings.sales_enablement import SalesEnablement

ROOT = "sales_operations"
"""The key that everything in a configuration stands below."""


class Settings(Section):
    """What a configuration says, checked and completed with defaults. Attributes follow the keys of the file."""

    process_automation: ProcessAutomation = ProcessAutomation()
    forecasting: Forecasting = Forecasting()
    pipeline_management: PipelineManagement = PipelineManagement()
    sales_enablement: SalesEnablement = SalesEnablement()
    assignment: Assignment = Assignment()
    company: Company = Company()
    automation: Automation = Automation()
    matching: Matching = Matching()
    estimates: Estimates = Estimates()
    contracting: Contracting = Contracting()
    documents: Documents = Documents()
    notifications: Notifications = Notifications()
    approvals: Approvals = Approvals()
    pricing: Pricing = Pricing()
    store: Store = Store()
    results: Results = Results()
    pipelines: Pipelines = Field(
        default=BUILT_IN,
        description="Own pipelines beside the built-in `default`; one called `default` replaces it. Stages stand in "
        "the order in which a deal passes them: an open one first, at least one closed_won and one closed_lost.",
    )

    def pipeline(self, name: str | None = None) -> Pipeline:
        """The pipeline of that name, or the one called ``default``. Raises NotFound for a name that no pipeline has."""
        found = find_pipeline(self.pipelines, name or DEFAULT_PIPELINE.name)
        if found is None:
            known = ", ".join(self.pipelines)
            raise NotFound(f"pipeline {name!r} does not exist; use one of {known}, or add it under {ROOT}.pipelines")
        return found

    def known_pipeline(self, name: str | None) -> Pipeline:
        """The pipeline of that name; the default one for a pipeline that only its source knows."""
        return find_pipeline(self.pipelines, name or "") or self.pipeline()

    def chances(self) -> dict[str, float]:
        """Own stage, in small letters, to its configured probability; without those on which two pipelines disagree."""
        found: dict[str, set[float]] = {}
        for name in self.pipelines:
            for stage in self.pipeline(name).stages:
                found.setdefault(stage.name.casefold(), set()).add(stage.probability)
        return {stage: chances.pop() for stage, chances in found.items() if len(chances) == 1}


class ConfigurationFile(Section):
    """The one key at the head of a file, and everything below it."""

    sales_operations: Settings

"""The process as a whole: leads become opportunities, opportunities advance."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from sales_operations.domain.opportunity import Opportunity
from sales_operations.domain.stages import OpportunityStage
from sales_operations.process.conversion import Converter
from sales_operations.process.stages.transition import move
from sales_operations.workspace import open_workspace

logger = logging.getLogger(__name__)


class SalesProcessAutomator:
    """Automates the sales process. ``config``: a raw mapping, settings, an open workspace, or nothing."""

    def __init__(self, config: Any = None) -> None:
        self.workspace = open_workspace(config, create=True)
        self._converter = Converter(self.workspace)

    async def automate_lead_to_opportunity(self, lead_id: str) -> Opportunity:
        """Convert a lead: amount and close date estimated, rep assigned and told. A converted lead gives the same deal.

        ``lead_id`` is a record id or the lead's id in its source. Raises NotFound, Disabled, InvalidInput.
        """
        opportunity = await asyncio.to_thread(self._converter.convert, lead_id)
        logger.info("lead %s is opportunity %s", lead_id, opportunity.opportunity_id)
        return opportunity

    async def automate_stage_transition(
        self,
        opportunity_id: str,
        new_stage: OpportunityStage | str,
        *,
        reason: str | None = None,
        override: str | None = None,
        pipeline: str | None = None,
    ) -> Opportunity:
        """Move a deal to a stage, given as the enum, its value or an own stage's name, and run the step's actions.

        Entering proposal makes a quote, entering negotiation a contract, as far as the configuration allows; a closed
        stage sets status, probability and close date. ``reason`` says why the deal is won or lost, ``override`` why it
        passes a gate that refuses it, ``pipeline`` names another pipeline to go to. Raises NotFound, GateUnmet.
        """
        opportunity = await asyncio.to_thread(
            move, self.workspace, opportunity_id, new_stage, reason=reason, override=override, pipeline=pipeline
        )
        logger.info("opportunity %s stands in %s", opportunity_id, opportunity.stage.value)
        return opportunity

"""From the lead to the closed deal. It decides and writes; it never forecasts or reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sales_operations.lazy import attribute

if TYPE_CHECKING:
    from sales_operations.domain.opportunity import Opportunity as Opportunity
    from sales_operations.domain.stages import OpportunityStage as OpportunityStage
    from sales_operations.domain.stages import OpportunityStatus as OpportunityStatus
    from sales_operations.process.automator import SalesProcessAutomator as SalesProcessAutomator
    from sales_operations.process.contracting.contracts import ContractManager as ContractManager
    from sales_operations.process.notifier import NotificationService as NotificationService
    from sales_operations.process.quoting.quoter import Quoter as Quoter
    from sales_operations.process.stores import LeadStore as LeadStore
    from sales_operations.process.stores import OpportunityStore as OpportunityStore

_HOMES = {
    "Opportunity": "sales_operations.domain.opportunity",
    "OpportunityStage": "sales_operations.domain.stages",
    "OpportunityStatus": "sales_operations.domain.stages",
    "SalesProcessAutomator": "sales_operations.process.automator",
    "ContractManager": "sales_operations.process.contracting.contracts",
    "NotificationService": "sales_operations.process.notifier",
    "Quoter": "sales_operations.process.quoting.quoter",
    "LeadStore": "sales_operations.process.stores",
    "OpportunityStore": "sales_operations.process.stores",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    return attribute(__name__, _HOMES, name)

"""Keys that are accepted and checked, while the room that obeys them is not built yet. The list may only shrink."""

from __future__ import annotations

NO_EFFECT_YET: tuple[str, ...] = (
    "sales_operations.sales_enablement.training.enabled",
    "sales_operations.sales_enablement.training.modules",
    "sales_operations.sales_enablement.training.frequency",
    "sales_operations.sales_enablement.content.enabled",
    "sales_operations.sales_enablement.content.types",
    "sales_operations.sales_enablement.tools.enabled",
    "sales_operations.sales_enablement.tools.tools",
    "sales_operations.sales_enablement.playbooks.enabled",
    "sales_operations.sales_enablement.playbooks.stages",
)
NOTE = "no effect yet"


def note(key: str) -> str:
    """``no effect yet`` for a dotted key of the list, or else the empty text."""
    return NOTE if key in NO_EFFECT_YET else ""

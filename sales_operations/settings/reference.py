"""The table of every key for ``docs/configuration.md``, made from the schema.

``python -m sales_operations.settings.reference docs/configuration.md`` renews the page below its marker.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sales_operations.settings import approvals, assignment, notifications, pricing
from sales_operations.settings.pending import NOTE, note
from sales_operations.settings.pipelines import StageSettings
from sales_operations.settings.schema import ROOT, ConfigurationFile
from sales_operations.settings.shape import Shape, dotted, field_shape, leaves

ENTRIES: dict[str, type[BaseModel]] = {
    "pipelines.NAME[].": StageSettings,
    "assignment.rules[].": assignment.Rule,
    "assignment.territories[].": assignment.Territory,
    "assignment.….when[].all[].": assignment.Row,
    "approvals.rules[].": approvals.ApprovalRule,
    "approvals.rules[].steps[].": approvals.ApprovalStep,
    "approvals.delegations[].": approvals.Delegation,
    "pricing.taxes.COUNTRY.CLASS.": pricing.PricingTaxClass,
    "pricing.taxes.COUNTRY.CLASS.rates[].": pricing.PricingTax,
    "pricing.products.CODE.": pricing.PricingProduct,
    "pricing.products.CODE.tiers[].": pricing.PricingTier,
    "pricing.bundles.CODE.": pricing.PricingBundle,
    "pricing.bundles.CODE.parts[].": pricing.PricingPart,
    "notifications.channels.NAME.": notifications.ChannelSettings,
    "notifications.routes[].": notifications.RouteSettings,
    "notifications.templates.EVENT.": notifications.TemplateSettings,
}
"""How the keys of a list's entries begin, and what stands there."""
MARKER = "<!-- What follows is made by `python -m sales_operations.settings.reference`. -->\n"


def table() -> str:
    """Every key with its type, default and meaning, as a table in Markdown."""
    head = ["| key | type | default | what it does |", "|---|---|---|---|"]
    entries = [row for prefix, section in ENTRIES.items() for row in _rows(section, prefix)]
    return "\n".join([*head, *_rows(ConfigurationFile, ""), *entries]) + "\n"


def renewed(page: str) -> str:
    """The page with its table made anew; what stands above the marker stays. Raises ValueError without a marker."""
    above, marker, _ = page.partition(MARKER)
    if not marker:
        raise ValueError(f"the page has no line {MARKER!r}")
    return f"{above}{marker}\n{table()}"


def _rows(section: type[BaseModel], prefix: str) -> Iterator[str]:
    for path, field in leaves(section):
        default = "required" if field.is_required() else _default(field.get_default(), field_shape(field))
        key = f"{prefix}{dotted(path)}"
        pending = f" **{NOTE}**" if note(key) else ""
        key = key.removeprefix(f"{ROOT}.")
        yield f"| `{key}` | {field_shape(field).expected} | {default} | {field.description}{pending} |"


def _default(value: Any, shape: Shape) -> str:
    if value is None or value in ("", (), {}):
        return "none"
    if isinstance(value, dict):
        return "the built-in one"
    if isinstance(value, tuple):
        entry = shape.child(0)
        return "all" if entry is None or set(value) == set(entry.words) else f"`{', '.join(map(str, value))}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(renewed(target.read_text("utf-8")), "utf-8")

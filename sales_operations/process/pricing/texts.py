"""The trace as lines that a person reads from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator

from sales_operations.process.pricing.exact import money
from sales_operations.process.pricing.priced import Priced

WIDEST = 72


def written_trace(priced: Priced) -> list[str]:
    """One line a step, under the line that it belongs to: why, by how much, and the amount after it."""
    return list(_lines(priced))


def _lines(priced: Priced) -> Iterator[str]:
    width = min(max(len(step.text) for step in priced.trace if step.kind != "conversion"), WIDEST)
    places = {step.line for step in priced.trace}
    for position, line in [*enumerate(priced.lines), (None, None)]:
        if position not in places:
            continue
        yield f"{position + 1}. {line.name or line.product}" if position is not None and line else "The quote"
        for step in (step for step in priced.trace if step.line == position):
            amount = money(step.amount_minor, priced.currency)
            effect = f"{money(step.effect_minor, priced.currency):>15}" if step.effect_minor else " " * 15
            shown = f"{effect} {amount:>15} {priced.currency}" if step.kind != "conversion" else ""
            yield f"   {step.text:<{width}} {shown}".rstrip()

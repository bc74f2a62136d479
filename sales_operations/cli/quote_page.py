"""A quote on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sales_operations.cli.common import block, table

if TYPE_CHECKING:
    from rich.console import RenderableType


def page(quote: dict[str, Any], *, trace: bool = False) -> list[RenderableType]:
    """A quote as ``quotes.show`` or a command gives it: facts, lines, totals; versions and requests where it has them."""
    from sales_operations.domain.money import written

    def amount(value: float) -> str:
        return written(value, quote["currency"])

    facts = [
        ("Opportunity", quote["opportunity_id"]),
        ("Version", f"{quote['version']}, {quote['status'].replace('_', ' ')} (seq {quote['seq']})"),
        ("Valid until", quote["valid_until"]),
        ("Prices of", quote["priced_on"]),
        ("Payment", f"within {quote['payment_days']} days"),
        ("Term", f"{quote['term_months']} months" if quote["term_months"] else ""),
        ("Copy of", quote["copied_from"] or ""),
        ("Notes", quote["notes"] or ""),
        ("Reason", quote["reason"] or ""),
        *(("Problem", problem) for problem in quote["problems"]),
    ]
    parts: list[RenderableType] = [block(f"Quote {quote['quote_id']}", [fact for fact in facts if fact[1]])]
    rows = [
        [str(one["line"]), one["product"], f"{one['quantity']:g}", amount(one["amount"]), amount(-one["discount"]),
         ", ".join(one["discounts"]), amount(one["net"])]
        for one in quote["items"]
    ]  # fmt: skip
    columns = [("Line", "right"), ("Item", "left"), ("Quantity", "right"), ("List price", "right"), ("Less", "right")]
    parts.append(table("", [*columns, ("Discounts", "left"), ("Net", "right")], rows))
    totals = [
        ("List price", amount(quote["amount"])),
        ("Discount", amount(-quote["discount"])),
        *(("On the total", text) for text in quote["discounts"]),
        ("Net", amount(quote["net"])),
        *((f"{tax['name']} {tax['percent']:g} %", amount(tax["tax"])) for tax in quote["taxes"]),
        ("Total", amount(quote["total"])),
    ]
    parts.append(block("Price", totals))
    if trace:
        steps = [
            ["" if one["line"] is None else str(one["line"]), one["text"], amount(one["effect"]), amount(one["amount"])]
            for one in quote["trace"]
        ]
        columns = [("Line", "right"), ("Step", "left"), ("Effect", "right"), ("Amount", "right")]
        parts.append(table("How the price came about", columns, steps))
    if len(quote.get("versions", ())) > 1:
        rows = [[str(one["version"]), one["quote_id"], one["status"]] for one in quote["versions"]]
        parts.append(table("Versions", [("Version", "right"), ("Quote", "left"), ("Status", "left")], rows))
    if isinstance(quote.get("requests"), list) and quote["requests"] and isinstance(quote["requests"][0], dict):
        rows = [
            [one["rule"], str(one["step"]), one["approver"], one["status"], one["comment"] or "", one["request_id"]]
            for one in quote["requests"]
        ]
        columns = [("Rule", "left"), ("Step", "right"), ("Asked", "left"), ("Answer", "left"), ("Comment", "left")]
        parts.append(table("Approval", [*columns, ("Request", "left")], rows))
    return parts

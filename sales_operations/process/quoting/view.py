"""A quote as callers see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from sales_operations.domain.clock import iso
from sales_operations.domain.money import exponent, to_major
from sales_operations.process.quoting.content import Reduction, content_of


def shown(row: Mapping[str, Any], *, trace: bool = False) -> dict[str, Any]:
    """A quote as callers see it, amounts in major units, dates as text; with ``trace``, how the price came about."""
    currency, content = row["currency"], content_of(row)

    def major(minor: int) -> float:
        return to_major(minor, currency)

    items = []
    for line, stored in zip(content.lines, orjson.loads(row["items"]) or [{}], strict=True):
        listed = stored.get("list_minor", row["amount_minor"] if not stored else 0)
        total = stored.get("total_minor", row["total_minor"] if not stored else 0)
        net = stored.get("net_minor", total)
        item = {
            "line": line.number,
            "product": line.product,
            "code": line.code,
            "quantity": float(line.quantity),
            "amount": major(listed),
            "discount": major(listed - stored.get("amount_minor", total)),
            "discounts": [reduction_text(one, currency) for one in line.discounts],
            "net": major(net),
            "tax": major(stored.get("tax_minor", 0)),
            "total": major(total),
        }
        dates = {name: getattr(line, name) for name in ("starts_on", "ends_on", "term_months", "bundle", "problem")}
        items.append(item | {name: value for name, value in dates.items() if value is not None})
    pricing = orjson.loads(row["pricing"]) if row["pricing"] else {"taxes": [], "trace": []}
    result = {
        "quote_id": row["id"],
        "opportunity_id": row["opportunity_id"],
        "root_id": row["root_id"] or row["id"],
        "version": row["version"] or 1,
        "status": row["status"] or "draft",
        "amount": major(row["amount_minor"]),
        "items": items,
        "discount": major(row["discount_minor"]),
        "discounts": [reduction_text(one, currency) for one in content.discounts],
        "net": major(row["total_minor"] if row["net_minor"] is None else row["net_minor"]),
        "tax": major(row["tax_minor"] or 0),
        "taxes": [
            {"name": tax["name"], "percent": float(tax["percent"]), "base": major(tax["base_minor"]),
             "tax": major(tax["tax_minor"])}
            for tax in pricing["taxes"]
        ],
        "total": major(row["total_minor"]),
        "currency": currency,
        "priced_on": content.on,
        "payment_days": content.payment_days,
        "term_months": content.term_months,
        "starts_on": content.starts_on,
        "country": content.country,
        "problems": list(content.problems),
        "valid_until": row["valid_until"],
        "notes": row["notes"],
        "reason": row["reason"],
        "copied_from": row["copied_from"],
        "created_at": iso(row["created_at"]),
        "sent_at": None if row["sent_at"] is None else iso(row["sent_at"]),
        "decided_at": None if row["decided_at"] is None else iso(row["decided_at"]),
        "seq": row.get("seq"),
    }  # fmt: skip
    if trace:
        numbers = [line.number for line in content.lines if not line.problem]
        result["trace"] = [
            {"line": None if step["line"] is None else numbers[step["line"]], "kind": step["kind"],
             "text": step["text"], "effect": major(step["effect_minor"]), "amount": major(step["amount_minor"])}
            for step in pricing["trace"]
        ]  # fmt: skip
    return result


def reduction_text(one: Reduction, currency: str) -> str:
    """A discount as it is given: ``10%`` or ``Loyalty: 50.00``."""
    amount = f"{to_major(one.amount_minor or 0, currency):.{exponent(currency)}f}"
    text = amount if one.percent is None else f"{one.percent}%"
    return text if one.name == "Discount" else f"{one.name}: {text}"

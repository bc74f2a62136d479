"""What the tests of quotes share: a deal with items, a catalogue, and what must hold of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from sales_operations.process.quoting.quoter import create
from sales_operations.store import audit, history
from tests.process.test_transition import OPEN


def item(identity: str, **columns: Any) -> dict[str, Any]:
    return {"id": identity, "opportunity_id": "opp_1", "currency": "USD", **columns}


def entry(identity: str, product: str, price: int | None, **columns: Any) -> dict[str, Any]:
    return {"id": identity, "product_id": product, "unit_price_minor": price, "currency": "USD", **columns}


def stocked(company: Any) -> None:
    """A deal with two items, and a catalogue of three products with prices for 2026."""
    company.add("opportunities", OPEN)
    company.add(
        "products",
        {"id": "prod_loom", "name": "Loom", "code": "L1", "attributes": '{"cost": "60"}'},
        {"id": "prod_setup", "name": "Setup", "code": "S1", "list_price_minor": 50_00, "currency": "USD"},
        {"id": "prod_rare", "name": "Rare", "code": "R1"},
    )
    company.add(
        "pricebooks",
        entry("price_old", "prod_loom", 90_00, valid_from="2025-01-01", valid_to="2025-12-31"),
        entry("price_now", "prod_loom", 100_00, valid_from="2026-01-01"),
        entry("price_eur", "prod_loom", 95_00, valid_from="2026-01-01") | {"currency": "EUR"},
    )
    company.add(
        "items",
        item("item_1", product_id="prod_loom", quantity="3", unit_price_minor=120_00, total_minor=300_00),
        item("item_2", product_id="prod_setup", quantity="1", unit_price_minor=50_00, total_minor=50_00),
    )


def status(company: Any, quote_id: str) -> str:
    [[found]] = company.stores.execute("SELECT status FROM quotes WHERE id = ?", quote_id)
    return str(found)


def sound(company: Any) -> None:
    """Chain, history and records agree."""
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == []
        assert history.verify(connection) == []


def unchanged(company: Any, error: type[Exception], says: str, call: Callable[[], Any]) -> None:
    before = company.stores.dump()
    with pytest.raises(error, match=says):
        call()
    assert company.stores.dump() == before


def quoted(company: Any) -> str:
    stocked(company)
    return str(create(company.workspace, "opp_1")["quote_id"])


def contents(company: Any, quote_id: str) -> list[dict[str, Any]]:
    [[text]] = company.stores.execute("SELECT items FROM quotes WHERE id = ?", quote_id)
    return list(orjson.loads(text))

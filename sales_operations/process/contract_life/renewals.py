"""A contract in time: it begins, a renewal is opened ahead of its end, it expires or is renewed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from sales_operations.domain.clock import day_of, iso, to_micros
from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.money import to_major
from sales_operations.domain.opportunity import new_id
from sales_operations.process.contract_life.life import amendments
from sales_operations.process.contracting import contracts
from sales_operations.process.contracting.records import duties, get, plain, step, tell_owner
from sales_operations.process.contracting.terms import RenewedLine, last_day, raised, renewed_total
from sales_operations.process.pricing.books import choose
from sales_operations.process.quoting.content import Line
from sales_operations.process.quoting.sources import sources
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

PRICES = ("same", "list", "uplift")


def activate(workspace: Workspace, contract_id: str) -> dict[str, Any]:
    """Begin a signed contract: on its first day, or today where it names none. Its obligations get their days.

    Raises InvalidInput for a contract that is not signed, or that begins later.
    """
    with workspace.unit("activate contract") as unit:
        return contracts.shown(_activate(unit, workspace.settings, get(unit, contract_id)))


def renew(
    workspace: Workspace, contract_id: str, *, price: str | None = None, uplift_percent: float | None = None
) -> dict[str, Any]:
    """Open the opportunity that renews an active or expired contract, ahead of its time if need be.

    ``price`` (same, list, uplift) and ``uplift_percent`` go before what the contract says. Gives contract_id,
    opportunity_id, amount, currency, price, close_date, notes. Raises InvalidInput where it is open already.
    """
    if price is not None and price not in PRICES:
        raise InvalidInput(f"price {price!r}: use one of {', '.join(PRICES)}")
    with workspace.unit("renew contract") as unit:
        row = get(unit, contract_id)
        if row["status"] not in ("active", "expired") or row["amends_id"]:
            what = "is an amendment" if row["amends_id"] else f"is {row['status'].replace('_', ' ')}"
            raise InvalidInput(f"contract {contract_id} {what}; only an active or expired contract is renewed")
        if row["renewal_opportunity_id"]:
            raise InvalidInput(f"contract {contract_id} is being renewed by {row['renewal_opportunity_id']} already")
        percent = Decimal(str(uplift_percent if uplift_percent is not None else row["uplift_percent"] or 0))
        chosen = price or ("uplift" if uplift_percent is not None else row["renewal"])
        return _open_renewal(unit, workspace.settings, row, "same" if chosen in (None, "none") else chosen, percent)


def fulfil(workspace: Workspace, obligation_id: str) -> dict[str, Any]:
    """Record that an obligation is met. Raises NotFound; meeting it twice changes nothing."""
    with workspace.unit("fulfil obligation") as unit:
        row = unit.find("obligations", obligation_id)
        if row is None:
            raise NotFound(f"there is no obligation {obligation_id!r}; 'sales-operations contract show' lists them")
        return shown_obligation(row if row["done_at"] else unit.update("obligations", row, {"done_at": unit.now}))


def shown_obligation(row: dict[str, Any]) -> dict[str, Any]:
    """A stored obligation as callers see it."""
    held = {name: row[name] for name in ("contract_id", "title", "party", "due_on")}
    return {"obligation_id": row["id"], **held, "done_at": iso(row["done_at"]) if row["done_at"] else None}


def work(workspace: Workspace) -> int:
    """What the day brings: contracts begin, expire, and get their renewals; gives the number of changes. For a schedule."""
    settings, table, done = workspace.settings, tables.RECORDS["contracts"].c, 0
    today = day_of(to_micros(workspace.clock()), settings.company.timezone).isoformat()
    ahead = (date.fromisoformat(today) + timedelta(days=settings.contracting.renewal.open_days)).isoformat()
    begins = (table.status == "signed") & (table.starts_on.is_(None) | (table.starts_on <= today))
    to_renew = (
        (table.status == "active")
        & (table.ends_on <= ahead)
        & table.renewal_opportunity_id.is_(None)
        & table.amends_id.is_(None)
        & table.renewal.in_(PRICES)
    )
    ended = (table.status == "active") & (table.ends_on < today)
    for due, act in ((begins, _begin), (to_renew, _renewed), (ended, _expired)):
        with workspace.reading() as connection:
            found = connection.execute(select(table.id).where(due).order_by(table.id)).scalars().all()
        for contract_id in found:
            with workspace.unit("contracts of the day") as unit:
                done += act(unit, settings, get(unit, contract_id), today)
    return done


def _begin(unit: Unit, settings: Settings, row: dict[str, Any], today: str) -> bool:
    if row["status"] != "signed" or (row["starts_on"] or today) > today:
        return False
    _activate(unit, settings, row)
    return True


def _renewed(unit: Unit, settings: Settings, row: dict[str, Any], today: str) -> bool:
    if row["status"] != "active" or row["renewal_opportunity_id"]:
        return False
    _open_renewal(unit, settings, row, row["renewal"], Decimal(row["uplift_percent"] or 0))
    return True


def _expired(unit: Unit, settings: Settings, row: dict[str, Any], today: str) -> bool:
    if row["status"] != "active" or row["ends_on"] >= today:
        return False
    step(unit, row, "expire")
    tell_owner(unit, row, "expired", f"Contract {row['id']} ended on {row['ends_on']}.")
    return True


def _activate(unit: Unit, settings: Settings, row: dict[str, Any]) -> dict[str, Any]:
    today = day_of(unit.now, settings.company.timezone)
    first = date.fromisoformat(row["starts_on"]) if row["starts_on"] else today
    if first > today and row["status"] == "signed":
        raise InvalidInput(f"contract {row['id']} begins on {first}; it cannot be activated before")
    last = date.fromisoformat(row["ends_on"]) if row["ends_on"] else last_day(first, row["term_months"])
    after = step(unit, row, "activate", starts_on=first.isoformat(), ends_on=last.isoformat())
    for one in duties(row):
        due = (first if one["due"] == "first_day" else last) + timedelta(days=one["days"])
        duty = {"id": new_id("obligation"), "contract_id": row["id"], "title": one["title"], "party": one["party"]}
        unit.create("obligations", duty | {"due_on": due.isoformat(), "created_at": unit.now})
    if row["renews_id"]:
        former = get(unit, row["renews_id"])
        if former["status"] in ("active", "expired"):
            step(unit, former, "supersede")
    tell_owner(unit, row, "active", f"Contract {row['id']} runs from {first} to {last}.")
    return after


def _open_renewal(
    unit: Unit, settings: Settings, row: dict[str, Any], price: str, uplift_percent: Decimal
) -> dict[str, Any]:
    """An open opportunity like the contract's own, with its items, at the renewed price."""
    former = unit.get("opportunities", row["opportunity_id"])
    stage, currency = settings.known_pipeline(former["pipeline"]).first, row["currency"]
    items, notes = _items(unit, settings, row, price, uplift_percent)
    added = sum(one["full_minor"] or 0 for one in amendments(unit, row["id"], ("active", "expired")))
    extra = raised(added, uplift_percent) if price == "uplift" else added
    if items:
        amount = sum(item["total_minor"] for item in items) + extra
    else:
        whole = row["full_minor"] or row["amount_minor"]
        amount = (raised(whole, uplift_percent) if price == "uplift" else whole) + extra
        notes += ["the deal has no items with list prices; the price stays"] if price == "list" else []
    kept = ("account_id", "account_text", "contact_id", "contact_text", "owner_id", "owner_text", "product", "pipeline")
    deal = {name: former[name] for name in kept} | {
        "id": new_id("opp"),
        "name": f"Renewal of {former['name'] or row['account_name'] or row['id']}",
        "pipeline_stage": stage.name,
        "stage": stage.canonical.value,
        "probability": stage.probability,
        "forecast_category": stage.category,
        "amount_minor": amount,
        "currency": currency,
        "close_date": max(row["ends_on"], day_of(unit.now, settings.company.timezone).isoformat()),
        "opportunity_type": "Renewal",
        "created_at": unit.now,
    }
    unit.create("opportunities", deal)
    for item in items:
        unit.create("items", item | {"id": new_id("item"), "opportunity_id": deal["id"], "created_at": unit.now})
    unit.update("contracts", row, {"renewal_opportunity_id": deal["id"]})
    told = f"Contract {row['id']} ends on {row['ends_on']}; {deal['id']} renews it at {price} price"
    tell_owner(unit, row, "renewal", f"{told}{''.join(f'; {note}' for note in notes)}.", subject="Renewal opened")
    return {
        "contract_id": row["id"],
        "opportunity_id": deal["id"],
        "amount": to_major(amount, currency),
        "currency": currency,
        "price": price,
        "close_date": deal["close_date"],
        "notes": notes,
    }


def _items(
    unit: Unit, settings: Settings, row: dict[str, Any], price: str, uplift_percent: Decimal
) -> tuple[list[dict[str, Any]], list[str]]:
    """The deal's items at the renewed price, where they add up to what the contract says; and what has to be told."""
    table = tables.RECORDS["items"]
    statement = select(table).where(table.c.opportunity_id == row["opportunity_id"]).order_by(table.c.id)
    found = [plain(one) for one in unit.connection.execute(statement)]
    found = [one for one in found if not one["is_deleted"] and one["total_minor"] is not None]
    agreed = sum(one["total_minor"] for one in found) == (row["full_minor"] or row["amount_minor"])
    if any(one["currency"] != row["currency"] for one in found) or (price != "list" and not agreed):
        return [], []  # another price was agreed on than that of the items
    asked = [Line(place, "", "1", product_id=one["product_id"]) for place, one in enumerate(found)]
    entries = sources(unit.connection, asked, settings.pricing.book).entries
    today, notes, renewed = day_of(unit.now, settings.company.timezone), [], []
    for one in found:
        line, unit_minor, discount = RenewedLine(Decimal(one["quantity"] or "1"), one["total_minor"]), None, None
        if price == "list" and one["product_id"]:
            try:
                listed = choose(entries, one["product_id"], row["currency"], today).unit_price_minor
                line, unit_minor = replace(line, list_minor=listed), round(listed)
            except (NotFound, InvalidInput) as error:
                notes.append(f"a price stays as it is: {error}")
        if unit_minor is None:
            unit_minor, discount = one["unit_price_minor"], one["discount"]
            if price == "uplift" and unit_minor is not None:
                unit_minor = raised(unit_minor, uplift_percent)
        kept = {name: one[name] for name in ("product_id", "product_text", "quantity", "currency")}
        total = renewed_total(line, price, uplift_percent)
        renewed.append(kept | {"unit_price_minor": unit_minor, "discount": discount, "total_minor": total})
    return renewed, notes

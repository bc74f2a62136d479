"""The demonstration company as import rows: three years of leads, deals and their whole history, from a seed."""

from __future__ import annotations

from datetime import date

import numpy as np

from sales_operations.demo.activities import activity_rows
from sales_operations.demo.catalog import CURRENCIES, LABEL, PIPELINE, PRODUCT_NAMES, SOURCES, TYPES
from sales_operations.demo.columns import Column, Floats, Rows, known, said
from sales_operations.demo.customers import Market, contact_id
from sales_operations.demo.deals import Deals, simulate
from sales_operations.demo.dirt import soil
from sales_operations.demo.history import Handover, record
from sales_operations.demo.leads import lead_rows
from sales_operations.demo.prices import pricebook_rows, product_rows, quote, rate_rows
from sales_operations.demo.seasons import Seasons
from sales_operations.demo.staff import Staff

_STREAMS = 11


def generate(seed: int, today: date) -> dict[str, Rows]:
    """All rows of the demonstration company, by kind in the order to import them; the same for the same arguments.

    The recorded years start with the quarter that holds the day three years before ``today`` and end before ``today``
    begins (UTC); only planned close dates and quotas lie beyond. Deals that were open at the start came before it, and
    only those: the first recorded quarter is a full one, but nothing was won before it.

    Each kind is columnar: field name to values, all of one length. Money is in minor units of the row's ``currency``,
    dates are ``YYYY-MM-DD``, instants microseconds since 1970 in UTC, probabilities 0 to 1, discounts percent,
    references external ids; None is unknown. ``opportunities`` hold the state at creation, ``history`` every change
    after it with the new values (None: unchanged), by deal and time. ``is_deleted`` is today's.
    """
    # Each part draws from a stream of its own, so that a change of one leaves the others as they were.
    rngs = [np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(_STREAMS)]
    seasons = Seasons(today)
    staff, market = Staff(rngs[0], seasons), Market(rngs[1])
    deals = simulate(rngs[2], seasons, staff, market)
    ids = [f"deal_{number:04d}" for number in range(1, len(deals) + 1)]
    quoted = quote(rngs[3], seasons, staff, deals, ids)
    journal, handover = record(rngs[4], seasons, staff, deals, quoted)
    first, history = journal.told(ids, staff.ids)
    leads, lead_of = lead_rows(rngs[5], seasons, staff, market, deals, ids)
    opportunities = _opportunities(rngs[6], market, deals, first, lead_of)
    since, owners = _relations(rngs[7], seasons, staff, market, deals, handover)
    kinds = {
        "teams": staff.teams(seasons),
        "users": staff.users(seasons),
        "products": product_rows(seasons),
        "pricebooks": pricebook_rows(seasons),
        "accounts": market.accounts(rngs[7], since, owners),
        "contacts": market.contacts(rngs[7], since, owners, seasons.today),
        "leads": leads,
        "opportunities": opportunities,
        "history": history,
        "items": quoted.items,
        "activities": activity_rows(rngs[8], seasons, staff, deals, handover, opportunities, leads),
        "quotas": staff.quotas(seasons),
        "rates": rate_rows(rngs[9], seasons),
    }
    soil(rngs[10], seasons, kinds)
    return kinds


def _opportunities(rng: np.random.Generator, market: Market, deals: Deals, first: Rows, lead_of: Column) -> Rows:
    count = len(deals)
    placed = rng.random(count) >= 0.015
    met = placed & (rng.random(count) >= 0.07)
    deleted = (rng.random(count) < 0.015) & ~deals.from_lead
    products, types = said(PRODUCT_NAMES, deals.product), said(TYPES, deals.type)
    suffix = said(["", *(f", {word}" for word in TYPES[1:])], deals.type)
    names = zip(said(market.names, deals.account), products, suffix, strict=True)
    return {
        "id": first["opportunity"],
        "name": [f"{company}{LABEL} - {product}{end}" for company, product, end in names],
        "account": known(said(market.ids, deals.account), placed),
        "contact": known([contact_id(account) for account in deals.account.tolist()], met),
        "lead": lead_of,
        "created_at": first["created_at"],
        "pipeline": [PIPELINE] * count,
        **{name: first[name] for name in ("stage", "amount", "close_date", "owner")},
        "currency": said(CURRENCIES, deals.currency),
        "opportunity_type": types,
        "lead_source": said(SOURCES, deals.source),
        "product": products,
        "is_deleted": deleted.tolist(),
    }


def _relations(
    rng: np.random.Generator, seasons: Seasons, staff: Staff, market: Market, deals: Deals, handover: Handover
) -> tuple[Floats, Column]:
    """When each account was entered, not after its first deal, and who owns it: the active owner of its last deal."""
    since = rng.uniform(seasons.begin, seasons.today, len(market))
    since[market.legacy] = seasons.begin - rng.uniform(1, 700, len(market.legacy))
    np.minimum.at(since, deals.account, deals.created)
    owner = staff.assign(rng, np.full(len(market), seasons.today - 0.5), market.region)
    last = np.where(np.isnan(handover.when), deals.rep, handover.owner)
    stays = np.isinf(staff.left[last])
    owner[deals.account[stays]] = last[stays]
    return since, [staff.ids[rep] for rep in owner.tolist()]

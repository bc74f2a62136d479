"""Leads: those that became deals, those that did not, the few still open, and ``lead_123``."""

from __future__ import annotations

import numpy as np

from sales_operations.demo import catalog
from sales_operations.demo.catalog import COUNTRIES, LABEL, PRODUCT_NAMES, SOURCES, plain
from sales_operations.demo.columns import Column, Floats, Ints, Rows, known, pick, said
from sales_operations.demo.customers import Market, headcounts, people, places
from sales_operations.demo.deals import Deals
from sales_operations.demo.seasons import Seasons, instants
from sales_operations.demo.staff import Staff

_UNCONVERTED = 4_550
_SEGMENT_SHARES = (0.66, 0.25, 0.09)
_SOURCE_SHARES = (0.36, 0.25, 0.17, 0.05, 0.04, 0.13)
_KNOWN_COMPANY = 0.12
_RATINGS = ["hot", "warm", "cold"]
_STATUSES = ["converted", "open", "working", "nurturing", "disqualified"]


def lead_rows(
    rng: np.random.Generator, seasons: Seasons, staff: Staff, market: Market, deals: Deals, ids: list[str]
) -> tuple[Rows, Column]:
    """Rows of leads by time of creation, ``lead_123`` last; and the lead id of each deal, None where it had none."""
    deal, other = np.flatnonzero(deals.from_lead), _UNCONVERTED
    converted, count = len(deal), len(deal) + other
    waited = np.minimum(rng.lognormal(1.1, 0.9, converted), 60)
    created = np.append(deals.created[deal] - waited, seasons.arrivals(rng, other, since=seasons.start))
    # The others come from companies without account, or, now and then, from one that has one.
    account = np.append(deals.account[deal], rng.integers(len(market), size=other))
    familiar = np.append(np.ones(converted, bool), rng.random(other) < _KNOWN_COMPANY)
    region = np.where(familiar, market.region[account], pick(rng, catalog.REGION_SHARES, count))
    country = np.where(familiar, market.country[account], places(rng, region))
    drawn = headcounts(rng, pick(rng, _SEGMENT_SHARES, count))
    industry = np.where(familiar, market.industry[account], pick(rng, catalog.INDUSTRY_SHARES, count))
    strangers = iter(market.strangers)
    company = [
        market.names[a] if k else next(strangers) for a, k in zip(account.tolist(), familiar.tolist(), strict=True)
    ]
    person = people(rng, [f"{plain(name)}.example" for name in company])
    # A lead that became a deal is the account's first contact.
    person = {
        name: said(market.people[name], account[:converted]) + column[converted:] for name, column in person.items()
    }
    rating = np.append(pick(rng, (0.45, 0.42, 0.13), converted), pick(rng, (0.13, 0.5, 0.37), other))
    status = np.append(np.zeros(converted, np.int64), _unconverted(rng, seasons.today - created[converted:]))
    owner = np.append(deals.rep[deal], staff.assign(rng, created[converted:], region[converted:]))
    # Nobody has taken up most of the new ones yet.
    taken = (status != 1) | (rng.random(count) < 0.4)
    columns: Rows = {
        **person,
        "title": said(catalog.JOB_TITLES, rng.integers(len(catalog.JOB_TITLES), size=count)),
        "company": [name + LABEL for name in company],
        "industry": said(catalog.INDUSTRIES, industry),
        "country": said([place[0] for place in COUNTRIES], country),
        "employees": np.where(familiar, market.employees[account], drawn).tolist(),
        "lead_source": said(SOURCES, np.append(deals.source[deal], pick(rng, _SOURCE_SHARES, other))),
        "status": said(_STATUSES, status),
        "rating": said(_RATINGS, rating),
        "product": said(PRODUCT_NAMES, np.append(deals.product[deal], rng.integers(len(PRODUCT_NAMES), size=other))),
        "owner": known(said(staff.ids, owner), taken),
        "created_at": instants(created),
        "converted_at": instants(deals.created[deal]) + [None] * other,
        "opportunity": said(ids, deal) + [None] * other,
        "is_deleted": [False] * count,
    }
    order = np.argsort(created, kind="stable").tolist()
    # Numbers start above a thousand, so that none of these is the lead_123 that examples speak of.
    rows: Rows = {"id": [f"lead_{number + 1001}" for number in range(count)]}
    rows.update({name: [column[place] for place in order] for name, column in columns.items()})
    lead_of = dict(zip(rows["opportunity"], rows["id"], strict=True))
    for name, value in _example(seasons).items():
        rows[name].append(value)
    return rows, [lead_of.get(deal_id) for deal_id in ids]


def _unconverted(rng: np.random.Generator, age: Floats) -> Ints:
    """Status of leads that did not convert, by their age in days: dropped sooner or later, a few kept warm."""
    count = len(age)
    worked = rng.random(count) < np.exp(-age / 26)
    fresh = worked & (rng.random(count) < np.exp(-age / 6))
    return np.select([fresh, worked, rng.random(count) < 0.012], [1, 2, 3], 4)


def _example(seasons: Seasons) -> dict[str, object]:
    """The lead that the documentation and the first run speak of: recent, open, never converted."""
    return {
        "id": "lead_123",
        "first_name": "Noor",
        "last_name": "Castellanos",
        "email": "noor.castellanos@hollowbrook-dairy.test",
        "phone": "+1-404-555-0123",
        "title": "Quality Director",
        "company": "Hollowbrook Dairy" + LABEL,
        "industry": "Food & Beverage",
        "country": "United States",
        "employees": 340,
        "lead_source": "website",
        "status": "open",
        "rating": "warm",
        "product": "Thistle Gas Analyzer",
        "owner": None,
        "created_at": instants(np.array([seasons.today - 1.75]))[0],
        "converted_at": None,
        "opportunity": None,
        "is_deleted": False,
    }

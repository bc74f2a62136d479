"""The invented customers: accounts as the deals see them, then the rows of accounts and contacts."""

from __future__ import annotations

import numpy as np

from sales_operations.demo import catalog
from sales_operations.demo.catalog import COUNTRIES, FIRST_NAMES, LABEL, LAST_NAMES, plain
from sales_operations.demo.columns import Column, Floats, Ints, Rows, known, pick, said
from sales_operations.demo.seasons import instants

_ACCOUNTS = 2_440
_STRANGERS = 5_000
_MORE_CONTACTS = 1_480
_LEGACY_SHARE = 0.14
# Employees by segment: median, fewest, most.
_EMPLOYEES = np.array(((45, 3, 199), (520, 200, 1_999), (4_200, 2_000, 60_000)))
_FIRST_PLAIN, _LAST_PLAIN = ([plain(name) for name in names] for names in (FIRST_NAMES, LAST_NAMES))


def company_names(rng: np.random.Generator, count: int) -> list[str]:
    """Distinct invented company names, without the label."""
    first, second, trade = catalog.COMPANY_WORDS
    numbers = rng.permutation(len(first) * len(second) * len(trade))[:count]
    rest, a = np.divmod(numbers, len(first))
    c, b = np.divmod(rest, len(second))
    return [f"{x}{y} {z}" for x, y, z in zip(said(first, a), said(second, b), said(trade, c), strict=True)]


def places(rng: np.random.Generator, regions: Ints) -> Ints:
    """An index into ``catalog.COUNTRIES`` for each region."""
    shares = np.array([[country[2] * (country[1] == r) for country in COUNTRIES] for r in range(len(catalog.REGIONS))])
    return pick(rng, shares[regions], len(regions))


def headcounts(rng: np.random.Generator, segments: Ints) -> Ints:
    """Employees of a company of each segment."""
    median, fewest, most = _EMPLOYEES[segments].T
    drawn: Ints = np.clip(median * np.exp(rng.normal(0, 0.55, len(segments))), fewest, most).astype(np.int64)
    return drawn


def people(rng: np.random.Generator, domains: list[str]) -> Rows:
    """Name, e-mail (at each given domain) and phone number (of a range kept for fiction) of invented people."""
    tops = (len(FIRST_NAMES), len(LAST_NAMES), 789, 100)
    first, last, area, phone = (rng.integers(top, size=len(domains)).tolist() for top in tops)
    return {
        "first_name": [FIRST_NAMES[index] for index in first],
        "last_name": [LAST_NAMES[index] for index in last],
        "email": [f"{_FIRST_PLAIN[f]}.{_LAST_PLAIN[n]}@{d}" for f, n, d in zip(first, last, domains, strict=True)],
        "phone": [f"+1-{a + 201}-555-01{p:02d}" for a, p in zip(area, phone, strict=True)],
    }


class Market:
    """The accounts as arrays, one element an account; ``country`` indexes ``catalog.COUNTRIES``.

    ``legacy`` holds the indexes of those that were customers before the recorded years, ``strangers`` the names of
    companies without account.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.region = pick(rng, catalog.REGION_SHARES, _ACCOUNTS)
        self.country = places(rng, self.region)
        self.segment = pick(rng, catalog.SEGMENT_SHARES, _ACCOUNTS)
        self.employees = headcounts(rng, self.segment)
        self.industry = pick(rng, catalog.INDUSTRY_SHARES, _ACCOUNTS)
        self.legacy = np.flatnonzero(rng.random(_ACCOUNTS) < _LEGACY_SHARE)
        names = company_names(rng, _ACCOUNTS + _STRANGERS)
        self.names, self.strangers = names[:_ACCOUNTS], names[_ACCOUNTS:]
        self.ids = [f"account_{number:04d}" for number in range(1, _ACCOUNTS + 1)]
        self.domains = [f"{plain(name)}.example" for name in self.names]
        self.people = people(rng, self.domains)

    def __len__(self) -> int:
        return _ACCOUNTS

    def accounts(self, rng: np.random.Generator, since: Floats, owners: Column) -> Rows:
        """Rows of accounts; ``since`` says when each was entered, ``owners`` whose it is."""
        revenue = np.round(self.employees * np.exp(rng.normal(11.9, 0.4, _ACCOUNTS)), -4).astype(np.int64) * 100
        large = rng.permutation(np.flatnonzero(self.segment == 2)).tolist()
        # A parent with the lower number rules out cycles.
        parents = {max(pair): min(pair) for pair in zip(large[:40], large[40:80], strict=True)}
        countries = [COUNTRIES[index] for index in self.country.tolist()]
        city = rng.random(_ACCOUNTS).tolist()
        return {
            "id": list(self.ids),
            "name": [name + LABEL for name in self.names],
            "domain": list(self.domains),
            "website": [f"https://www.{domain}" for domain in self.domains],
            "industry": said(catalog.INDUSTRIES, self.industry),
            "segment": said(catalog.SEGMENTS, self.segment),
            "employees": self.employees.tolist(),
            "annual_revenue": known(revenue.tolist(), rng.random(_ACCOUNTS) < 0.85),
            "currency": [catalog.CURRENCY] * _ACCOUNTS,
            "country": [country[0] for country in countries],
            "city": [country[3][int(u * len(country[3]))] for country, u in zip(countries, city, strict=True)],
            "parent": [self.ids[parents[index]] if index in parents else None for index in range(_ACCOUNTS)],
            "owner": owners,
            "created_at": instants(since),
            "is_deleted": [False] * _ACCOUNTS,
        }

    def contacts(self, rng: np.random.Generator, since: Floats, owners: Column, until: int) -> Rows:
        """Rows of contacts: one for each account first (in the accounts' order), then more of them, up to ``until``."""
        more = np.sort(rng.integers(_ACCOUNTS, size=_MORE_CONTACTS))
        account = np.append(np.arange(_ACCOUNTS), more)
        extra = people(rng, said(self.domains, more))
        later = since[more] + rng.random(len(more)) * (until - since[more])
        return {
            "id": [contact_id(number) for number in range(len(account))],
            **{name: self.people[name] + extra[name] for name in extra},
            "title": said(catalog.JOB_TITLES, rng.integers(len(catalog.JOB_TITLES), size=len(account))),
            "account": said(self.ids, account),
            "owner": said(owners, account),
            "created_at": instants(np.append(since, later)),
            "is_deleted": [False] * len(account),
        }


def contact_id(number: int) -> str:
    """The id of a contact; the first contact of an account has the account's number."""
    return f"contact_{number + 1:05d}"

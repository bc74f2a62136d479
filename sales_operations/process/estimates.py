"""What a new deal may be worth and when it may close: from similar past deals, shrunk towards all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sales_operations.domain.money import exponent, to_minor
from sales_operations.estimation.shrinkage import shrunk_mean
from sales_operations.workspace import Workspace

RENEWED_AFTER = timedelta(minutes=1)
"""For so long, one reading of the past deals serves: a deal that is won meanwhile moves an estimate by little."""
SIZES = (10, 50, 200, 1_000, 5_000)
"""Upper bounds of the groups of companies by the number of their people."""
_MIDDLE_80 = 1.2816

_SIZE = "CASE " + " ".join(f"WHEN people <= {bound} THEN {place}" for place, bound in enumerate(SIZES))
_QUERY = f"""
WITH won AS (
    SELECT o.product, a.segment, coalesce(a.employees, l.employees) AS people, o.lead_source, ln(o.amount_minor) AS amount,
        greatest(date_diff('day', CAST(o.created_at AS DATE), o.close_date), 0) AS days
    FROM opportunities o LEFT JOIN accounts a USING (account_id) LEFT JOIN leads l ON l.lead_id = o.lead_id
    WHERE o.status = 'won' AND o.amount_minor > 0 AND o.close_date IS NOT NULL),
sized AS (SELECT *, CASE WHEN people IS NOT NULL THEN {_SIZE} ELSE {len(SIZES)} END END AS size FROM won)
SELECT product, segment, size, lead_source, grouping(product, segment, size, lead_source) AS level, count(*) AS deals,
    sum(amount) AS amounts, sum(amount * amount) AS squares, sum(days) AS days, sum(days * days) AS squared_days
FROM sized GROUP BY CUBE (product, segment, size, lead_source)
"""
_EVERYTHING = 0b1111
"""The level on which no attribute is told apart."""


@dataclass(frozen=True)
class Peers:
    """Won deals of one group: their number, and sums of logarithms of amounts, of days to the close, and of both squared."""

    deals: float
    amounts: float
    squares: float
    days: float
    squared_days: float


class Estimate(NamedTuple):
    """An amount (minor units of the company's currency, None where nothing is known), a close date, and the grounds."""

    amount_minor: int | None
    close_date: date
    grounds: dict[str, Any]


class Estimator:
    """Estimates from the won deals that the store held when they were last read."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._currency = workspace.settings.company.currency
        self._settings = workspace.settings.estimates
        self._read()

    def renew(self) -> None:
        """Read the won deals again where the store has moved on, and the last reading is not of this minute."""
        if self._workspace.clock() - self._read_at >= RENEWED_AFTER and self._workspace.data_version() != self._version:
            self._read()

    def _read(self) -> None:
        self._read_at: datetime = self._workspace.clock()
        self._version = self._workspace.data_version()
        with self._workspace.columns() as db:
            found = db.execute(_QUERY).fetchall()
            prices = db.execute("SELECT name, list_price_minor FROM products WHERE list_price_minor > 0").fetchall()
        self._prices: dict[str, int] = dict(prices)
        # DuckDB's sums of whole numbers are decimals.
        self._groups = {tuple(row[:5]): Peers(*map(float, row[5:])) for row in found if row[5]}
        self._known: dict[tuple[Any, ...], tuple[int | None, int, dict[str, Any]]] = {}

    def estimate(
        self,
        product: str | None,
        lead_source: str | None,
        today: date,
        segment: str | None = None,
        employees: int | None = None,
    ) -> Estimate:
        """The geometric mean of the amounts, and the mean of the days, that similar won deals took.

        Groups from wide to narrow: all, same product, same segment of customers, same size of company, same source, as far as
        a deal was won there; each is shrunk towards the wider one.
        """
        size = None if employees is None else sum(employees > bound for bound in SIZES)
        asked = (product or None, segment or None, size, lead_source or None)
        if asked not in self._known:
            self._known[asked] = self._of(asked)
        minor, days, grounds = self._known[asked]
        return Estimate(minor, today + timedelta(days=days), grounds)

    def _of(self, asked: tuple[Any, ...]) -> tuple[int | None, int, dict[str, Any]]:
        """Amount, days and grounds of the narrowest group of deals that is known."""
        product, strength = asked[0], float(self._settings.peers)
        key: list[Any] = [None, None, None, None, _EVERYTHING]
        group = self._groups.get(tuple(key))
        if group is None:
            return self._of_nothing(product)
        amount, days, spread, deviation, said = group.amounts / group.deals, group.days / group.deals, 0.0, 0.0, []
        narrowed = [group]
        for place, value in enumerate(asked):
            narrower = [*key[:place], value, *key[place + 1 : 4], key[4] & ~(1 << (3 - place))]
            if value is None or (found := self._groups.get(tuple(narrower))) is None:
                continue
            key, group = narrower, found
            narrowed.append(found)
            amount = float(shrunk_mean(found.amounts, found.deals, amount, strength))
            days = float(shrunk_mean(found.days, found.deals, days, strength))
            said.append(_WORDS[place](value))
        for one in narrowed:
            if one.deals > 1:
                spread = math.sqrt(max(one.squares / one.deals - (one.amounts / one.deals) ** 2, 0.0))
                deviation = math.sqrt(max(one.squared_days / one.deals - (one.days / one.deals) ** 2, 0.0))
        grounds: dict[str, Any] = {
            "method": "means of similar won deals, shrunk towards wider groups",
            "basis": f"won deals {' '.join(said)}" if said else "all won deals",
            "peers": int(group.deals),
            "days_to_close": round(days),
        }
        if narrowed[0].deals > 1:
            # The middle 80 % of a lognormal, and of a normal distribution.
            scale = 10 ** exponent(self._currency)
            signs = (-_MIDDLE_80, _MIDDLE_80)
            grounds["amount_80_percent"] = [round(math.exp(amount + sign * spread) / scale, 2) for sign in signs]
            grounds["days_80_percent"] = [max(0, round(days + sign * deviation)) for sign in signs]
        return _rounded(math.exp(amount), self._currency), round(days), grounds

    def _of_nothing(self, product: str | None) -> tuple[int | None, int, dict[str, Any]]:
        """No deal was won: the list price, else the configured amount, else no amount; the configured days."""
        days = self._settings.days
        if product in self._prices:
            minor, basis, method = self._prices[product], f"list price of {product}", "list price"
        elif self._settings.amount is not None:
            minor, basis, method = to_minor(self._settings.amount, self._currency), "estimates.amount", "configured"
        else:
            minor, basis, method = None, "nothing is known", "none"
        return minor, days, {"method": method, "basis": basis, "peers": 0, "days_to_close": days}


def _people(size: int) -> str:
    if size == len(SIZES):
        return f"to companies of over {SIZES[-1]:,} people"
    return f"to companies of {SIZES[size - 1] + 1 if size else 1:,} to {SIZES[size]:,} people"


_WORDS = ("of {}".format, "in segment {}".format, _people, "from {}".format)
"""How each attribute is told in the grounds."""


def _rounded(minor: float, currency: str) -> int:
    """To three significant digits of major units: more would pretend to know."""
    major = minor / 10 ** exponent(currency)
    digits = 2 - math.floor(math.log10(major)) if major > 0 else 0
    return int(round(round(major, digits) * 10 ** exponent(currency)))  # noqa: RUF046 - a power of int is typed Any

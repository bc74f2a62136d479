"""What a new deal may be worth and when it may close: from similar past deals, shrunk towards all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sales_operations.domain.money import exponent
from sales_operations.estimation.shrinkage import shrunk_mean
from sales_operations.workspace import Workspace

UNKNOWN_DAYS = 90
"""Days until a deal is expected to close where nothing is known."""
PEERS = 8.0
"""As many past deals speak for the wider group as for a narrower one of the same size."""

_QUERY = """
SELECT product, lead_source, grouping(product, lead_source) AS level, count(*) AS deals,
    sum(ln(amount_minor)) AS amounts, sum(ln(amount_minor) * ln(amount_minor)) AS squares,
    sum(greatest(date_diff('day', CAST(created_at AS DATE), close_date), 0)) AS days
FROM opportunities
WHERE status = 'won' AND amount_minor > 0 AND close_date IS NOT NULL
GROUP BY GROUPING SETS ((), (product), (product, lead_source))
HAVING deals > 0
"""


@dataclass(frozen=True)
class Peers:
    """Won deals of one group: their number, sums of logarithms of amounts and of squares, sum of days to the close."""

    deals: int
    amounts: float
    squares: float
    days: float


@dataclass(frozen=True)
class Estimate:
    """An amount (minor units of the company's currency, None where nothing is known), a close date, and the grounds."""

    amount_minor: int | None
    close_date: date
    grounds: dict[str, Any]


class Estimator:
    """Estimates from the won deals that the store holds when it is made."""

    def __init__(self, workspace: Workspace) -> None:
        self._currency = workspace.settings.company.currency
        with workspace.columns() as db:
            found = db.execute(_QUERY).fetchall()
            prices = db.execute("SELECT name, list_price_minor FROM products WHERE list_price_minor > 0").fetchall()
        self._prices: dict[str, int] = dict(prices)
        self._groups = {(level, product, source): Peers(*figures) for product, source, level, *figures in found}

    def estimate(self, product: str | None, lead_source: str | None, today: date) -> Estimate:
        """The geometric mean of the amounts, and the mean of the days, that similar won deals took.

        Groups from wide to narrow: all, same product, same product and source; each is shrunk towards the wider one.
        """
        amount: float | None = None
        days: float = UNKNOWN_DAYS
        spread, peers, basis = None, 0, "nothing is known"
        narrowing: list[tuple[str, tuple[int, str | None, str | None]]] = [("all won deals", (3, None, None))]
        if product:
            narrowing.append((f"won deals of {product}", (1, product, None)))
        if product and lead_source:
            narrowing.append((f"won deals of {product} from {lead_source}", (0, product, lead_source)))
        for name, key in narrowing:
            group = self._groups.get(key)
            if group is None:
                break
            if amount is None:
                amount, days = group.amounts / group.deals, group.days / group.deals
            else:
                amount = float(shrunk_mean(group.amounts, group.deals, amount, PEERS))
                days = float(shrunk_mean(group.days, group.deals, days, PEERS))
            peers, basis = group.deals, name
            if group.deals > 1:
                spread = math.sqrt(max(group.squares / group.deals - (group.amounts / group.deals) ** 2, 0.0))
        minor = None if amount is None else _rounded(math.exp(amount), self._currency)
        if minor is None and product in self._prices:
            minor, basis = self._prices[product], f"list price of {product}"
        close = today + timedelta(days=round(days))
        grounds: dict[str, Any] = {"basis": basis, "peers": peers, "days_to_close": round(days)}
        if amount is not None and spread is not None:
            # The middle 80 % of a lognormal.
            scale = 10 ** exponent(self._currency)
            grounds["amount_80_percent"] = [
                round(math.exp(amount + sign * 1.2816 * spread) / scale, 2) for sign in (-1, 1)
            ]
        return Estimate(minor, close, grounds)


def _rounded(minor: float, currency: str) -> int:
    """To three significant digits of major units: more would pretend to know."""
    major = minor / 10 ** exponent(currency)
    digits = 2 - math.floor(math.log10(major)) if major > 0 else 0
    return int(round(round(major, digits) * 10 ** exponent(currency)))  # noqa: RUF046 - a power of int is typed Any

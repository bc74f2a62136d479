"""Products, price books, exchange rates, and the priced lines of each deal that got as far as a proposal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.demo.catalog import CURRENCIES, CURRENCY, PRODUCT_NAMES, PRODUCTS
from sales_operations.demo.columns import Floats, Ints, Rows, said
from sales_operations.demo.deals import NEGOTIATION, PROPOSAL, Deals
from sales_operations.demo.seasons import Seasons, instants, iso_days, month_end
from sales_operations.demo.staff import Staff

_PRICE_RISE = 1.03
_STANDARD, _PARTNER = "Standard (demonstration)", "Partner (demonstration)"
_PARTNER_FACTOR = 0.88
# Units of the currency per dollar that the price book fixes; the market's rate wanders around its inverse.
_PER_DOLLAR = (1.0, 0.92, 0.79)
_COMPANIONS = np.array((5, 4, 2, 6, 6, 7, 4, 6))  # what is sold along with each product
_IDS = [f"product_{number:02d}" for number in range(1, len(PRODUCTS) + 1)]


def _prices(currency: int, years_ago: int, factor: float = 1.0) -> list[int]:
    """The price of each product in minor units, at whole fives of the currency."""
    scale = _PER_DOLLAR[currency] * factor / _PRICE_RISE**years_ago / 5
    return [round(product.price * scale) * 500 for product in PRODUCTS]


def product_rows(seasons: Seasons) -> Rows:
    """Rows of products, at today's list prices in dollars."""
    count = len(PRODUCTS)
    return {
        "id": list(_IDS),
        "name": list(PRODUCT_NAMES),
        "code": [f"LKS-{product.family[:2].upper()}{number:02d}" for number, product in enumerate(PRODUCTS, 1)],
        "family": [product.family for product in PRODUCTS],
        "list_price": _prices(0, 0),
        "currency": [CURRENCY] * count,
        "is_active": [True] * count,
        "created_at": instants(np.full(count, float(seasons.begin))),
    }


def pricebook_rows(seasons: Seasons) -> Rows:
    """Rows of price-book entries, by calendar year: the standard book in each currency, the partners' in dollars."""
    last = seasons.today_date.year
    books = [(_STANDARD, currency, 1.0) for currency in range(len(CURRENCIES))] + [(_PARTNER, 0, _PARTNER_FACTOR)]
    entries = [
        (book, _IDS[product], price, CURRENCIES[currency], f"{year}-01-01", f"{year}-12-31" if year < last else None)
        for year in range(seasons.start_date.year - 1, last + 1)
        for book, currency, factor in books
        for product, price in enumerate(_prices(currency, last - year, factor))
    ]
    names = ("pricebook", "product", "unit_price", "currency", "valid_from", "valid_to")
    rows: Rows = {"id": [f"price_{number:04d}" for number in range(1, len(entries) + 1)]}
    rows.update({name: list(column) for name, column in zip(names, zip(*entries, strict=True), strict=True)})
    return rows


def rate_rows(rng: np.random.Generator, seasons: Seasons) -> Rows:
    """Rows of monthly exchange rates, dollars per unit of each other currency, from before the first deal on."""
    days = np.unique(month_end(np.arange(seasons.begin - 31, seasons.today)) + 1)
    days = days[days < seasons.today]
    others, count = CURRENCIES[1:], len(days)
    rates: list[float] = []
    for per_dollar in _PER_DOLLAR[1:]:
        drift = 0.0
        for shock in rng.normal(0, 0.012, count).tolist():
            drift = 0.92 * drift + shock
            rates.append(round(float(np.exp(drift)) / per_dollar, 4))
    return {
        "id": [f"rate_{number:03d}" for number in range(1, len(rates) + 1)],
        "base_currency": [CURRENCY] * len(rates),
        "currency": [currency for currency in others for _ in range(count)],
        "rate": list(rates),
        "valid_from": iso_days(days) * len(others),
    }


@dataclass(frozen=True)
class Quoted:
    """What was quoted for each deal, in minor units of its currency; 0 where nothing was.

    ``first`` is the amount at the proposal, ``final`` that from ``settled`` on (NaN: the first one stood).
    """

    first: Ints
    final: Ints
    settled: Floats
    items: Rows


def minor_values(deals: Deals) -> Floats:
    """Each deal's value in minor units of its own currency."""
    values: Floats = deals.value * np.array(_PER_DOLLAR)[deals.currency] * 100
    return values


def quote(rng: np.random.Generator, seasons: Seasons, staff: Staff, deals: Deals, ids: list[str]) -> Quoted:
    """Price every deal that reached a proposal (but for a few forgotten): the totals of its lines are its amount."""
    proposed = deals.entered[:, PROPOSAL]
    chosen = np.flatnonzero(~np.isnan(proposed) & (deals.won | (rng.random(len(deals)) < 0.97)))
    part, count = deals.where(chosen), len(chosen)
    product = np.stack([part.product, _COMPANIONS[part.product], (part.product + 3) % len(PRODUCTS)], axis=1)
    share = np.stack([np.ones(count), rng.uniform(0.1, 0.4, count), rng.uniform(0.05, 0.2, count)], axis=1)
    share *= rng.random((count, 3)) < (1.0, 0.42, 0.12)
    year = proposed[chosen].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    age = seasons.today_date.year - year
    ages, currencies = range(age.max() + 1), range(len(CURRENCIES))
    table = np.array([[_prices(currency, years) for years in ages] for currency in currencies])
    unit = table[part.currency[:, None], age[:, None], product]
    wanted = minor_values(part)[:, None] * share / share.sum(axis=1, keepdims=True)
    quantity = np.where(share > 0, np.maximum(np.rint(wanted / unit), 1), 0).astype(np.int64)

    generosity = staff.generosity[part.rep]
    early = np.where(rng.random(count) < 0.25 + 0.5 * generosity, rng.integers(1, 5, count) * 25, 0)
    settled, more = _settlement(rng, seasons, part, generosity)
    # Now and then the customer takes more instead of paying less.
    grown = rng.random(count) < 0.16
    later = np.where(grown | np.isnan(settled), early, early + more)
    bigger = np.where((grown & ~np.isnan(settled))[:, None], np.ceil(quantity * 1.2), quantity).astype(np.int64)
    totals = _totals(bigger, unit, later)
    amounts, times = np.zeros((2, len(deals)), dtype=np.int64), np.full(len(deals), np.nan)
    amounts[:, chosen] = _totals(quantity, unit, early).sum(axis=1), totals.sum(axis=1)
    times[chosen] = settled
    deal, line = np.nonzero(share)
    items: Rows = {
        "id": [f"item_{number:05d}" for number in range(1, len(deal) + 1)],
        "opportunity": said(ids, chosen[deal]),
        "product": said(_IDS, product[deal, line]),
        "quantity": bigger[deal, line].tolist(),
        "unit_price": unit[deal, line].tolist(),
        "discount": (later[deal] / 10).tolist(),
        "total": totals[deal, line].tolist(),
        "currency": said(CURRENCIES, part.currency[deal]),
        "created_at": instants(proposed[chosen][deal]),
    }
    return Quoted(amounts[0], amounts[1], times, items)


def _settlement(rng: np.random.Generator, seasons: Seasons, deals: Deals, generosity: Floats) -> tuple[Floats, Ints]:
    """When negotiation changed the terms (NaN: never), and the further discount in tenths of a percent."""
    count, since = len(deals), deals.entered[:, NEGOTIATION]
    asked = rng.random(count) < 0.42 + 0.35 * generosity
    when = since + rng.uniform(0.35, 0.95, count) * (np.fmin(deals.end, seasons.today) - since)
    rush = month_end(np.nan_to_num(when).astype(np.int64), 3) - when <= 14
    percent = rng.gamma(2.0, 2.2 + 3.0 * generosity, count) + 3.0 * rush
    return np.where(asked, when, np.nan), np.clip(np.rint(percent * 2), 2, 60).astype(np.int64) * 5


def _totals(quantity: Ints, unit: Ints, tenths: Ints) -> Ints:
    """Line totals in minor units after a discount in tenths of a percent, rounded half up."""
    return (quantity * unit * (1000 - tenths)[:, None] + 500) // 1000

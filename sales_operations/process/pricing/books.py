"""Price books: which price holds for a product, a currency and a day; and conversion, where it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.money import exponent
from sales_operations.process.pricing.exact import exact, trimmed, unit_money, whole
from sales_operations.process.pricing.rules import Rounding


@dataclass(frozen=True)
class PriceEntry:
    """A price in a book: of one unit for the default term, in minor units, from ``valid_from`` up to and with
    ``valid_to`` (None: without end)."""

    product: str
    currency: str | None
    unit_price_minor: int | Decimal
    valid_from: date | None = None
    valid_to: date | None = None
    book: str = ""


@dataclass(frozen=True)
class Rate:
    """From ``valid_from`` on, one unit of ``currency`` is worth ``rate`` units of ``base_currency``."""

    base_currency: str
    currency: str
    rate: Decimal
    valid_from: date
    name: str = ""


def choose(entries: Iterable[PriceEntry], product: str, currency: str, on: date, book: str | None = None) -> PriceEntry:
    """The one price of a product in a currency on a day, in one book or in all.

    Raises NotFound where there is none, InvalidInput where there are several, or one without a currency.
    """
    exponent(currency)
    known = [one for one in entries if one.product == product and (book is None or one.book == book)]
    valid = [one for one in known if _holds(one, on)]
    for one in valid:
        if not one.currency:
            raise InvalidInput(f"the price of {product!r}{_of(one)} has no currency; give it one in the price book")
    found = [one for one in valid if one.currency == currency]
    if len(found) > 1:
        raise InvalidInput(
            f"{product!r} has {len(found)} prices in {currency} on {on}: {'; '.join(_described(one) for one in found)}. "
            "Name one price book, or end the older price before the newer begins"
        )
    if not found:
        raise NotFound(
            f"{product!r} has no price in {currency} on {on}{f' in the price book {book!r}' if book else ''}"
            f"{_instead(known, valid, currency)}; add one, or give the line a price of its own"
        )
    return found[0]


def choose_rate(rates: Iterable[Rate], source: str, target: str, on: date) -> tuple[Rate, Fraction]:
    """The latest rate on a day between two currencies, and what one unit of the source is worth in the target.

    A rate that names the target as its base goes before one that has to be turned round. Raises NotFound where there
    is neither, InvalidInput where two of one day contradict or the rate is not above zero.
    """
    known = [rate for rate in rates if rate.valid_from <= on]
    direct = [rate for rate in known if (rate.currency, rate.base_currency) == (source, target)]
    turned = [rate for rate in known if (rate.currency, rate.base_currency) == (target, source)]
    ways = direct or turned
    if not ways:
        raise NotFound(f"there is no rate from {source} to {target} on {on}; add one, or a price in {target}")
    latest = max(ways, key=lambda rate: rate.valid_from)
    if any(rate.valid_from == latest.valid_from and rate.rate != latest.rate for rate in ways):
        raise InvalidInput(f"there are two rates between {source} and {target} from {latest.valid_from}; keep one")
    factor = exact(latest.rate, f"the rate between {source} and {target} from {latest.valid_from}")
    if not factor:
        raise InvalidInput(f"the rate between {source} and {target} from {latest.valid_from} is 0; mend it")
    return latest, factor if direct else 1 / factor


def converted(entry: PriceEntry, rates: Iterable[Rate], target: str, on: date, rounding: Rounding) -> tuple[int, str]:
    """A book price in another currency, rounded to its minor unit, and a text that says how.

    Raises as ``choose_rate``, and InvalidInput where a price rounds to nothing.
    """
    source = entry.currency or ""
    rate, factor = choose_rate(rates, source, target, on)
    listed = exact(entry.unit_price_minor, f"the price of {entry.product!r}")
    price = whole(listed * factor * Fraction(10) ** (exponent(target) - exponent(source)), rounding)
    shown = f"{unit_money(Decimal(entry.unit_price_minor), source)} {source}"
    if listed and not price:
        raise InvalidInput(f"the price of {entry.product!r}, {shown}, is less than half a minor unit of {target}")
    named = f"{rate.name}, " if rate.name else ""
    worth = f"1 {rate.currency} = {trimmed(rate.rate)} {rate.base_currency}, {named}from {rate.valid_from}"
    return price, f"{shown} is {unit_money(Decimal(price), target)} {target} ({worth})"


def _holds(entry: PriceEntry, on: date) -> bool:
    return (entry.valid_from is None or entry.valid_from <= on) and (entry.valid_to is None or on <= entry.valid_to)


def _of(entry: PriceEntry) -> str:
    return f" in the price book {entry.book!r}" if entry.book else ""


def _described(entry: PriceEntry) -> str:
    price = unit_money(Decimal(entry.unit_price_minor), entry.currency or "")
    since, until = (
        f" {word} {day}" if day else "" for word, day in (("from", entry.valid_from), ("to", entry.valid_to))
    )
    return f"{price}{_of(entry)}{since}{until}"


def _instead(known: list[PriceEntry], valid: list[PriceEntry], currency: str) -> str:
    """What there is in its place, as a hint."""
    if valid:
        return f" (there are prices in {', '.join(sorted({one.currency or '' for one in valid}))})"
    if any(one.currency == currency for one in known):
        return " (there are prices for other days)"
    return ""

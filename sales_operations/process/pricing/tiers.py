"""Quantity tiers: what a quantity costs at the bands of its product."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.pricing.exact import exact, percentage, six_decimals, trimmed, unit_money
from sales_operations.process.pricing.rules import Tier, Tiers


@dataclass(frozen=True)
class Tiered:
    """What a quantity costs for the default term (exact minor units), and why."""

    amount: Fraction
    text: str


def tiered(tiers: Tiers, listed: Fraction, quantity: Fraction, currency: str, product: str) -> Tiered:
    """The amount of a quantity whose list price is ``listed`` minor units a unit.

    A band never makes a unit dearer than its list price. Raises InvalidInput for bands that do not rise, that do not
    cover every quantity, or that have no price in the currency.
    """
    bands = _checked(tiers, product)
    reached = next(place for place, end in enumerate(bands) if end is None or quantity <= end)
    first = reached if tiers.mode == "range" else 0
    amount, texts, start = Fraction(0), [], Fraction(0)
    for place in range(reached + 1):
        end = bands[place]
        part = quantity if tiers.mode == "range" else min(quantity, end if end is not None else quantity) - start
        start = end if end is not None else quantity
        if place < first:
            continue
        rate = _rate(tiers.bands[place], listed, currency, product)
        amount += part * rate
        price = unit_money(six_decimals(rate), currency)
        percent = tiers.bands[place].percent_off
        why = f" ({trimmed(percent)} % off)" if percent else ""
        texts.append(f"{trimmed(six_decimals(part))} at {price}{why}")
    return Tiered(amount, f"{tiers.mode} tier: {' + '.join(texts)}")


def first_price(tiers: Tiers | None, currency: str) -> int | Decimal | None:
    """The price of the first band, which serves as list price where there is no other; None where it has none."""
    prices = tiers.bands[0].prices_minor if tiers and tiers.bands else None
    return prices.get(currency) if prices else None


def _checked(tiers: Tiers, product: str) -> list[Fraction | None]:
    if not tiers.bands or tiers.bands[-1].up_to is not None:
        raise InvalidInput(f"the tiers of {product!r} end somewhere; leave up_to out in the last one")
    ends: list[Fraction | None] = []
    before = Fraction(0)
    for tier in tiers.bands[:-1]:
        if tier.up_to is None:
            raise InvalidInput(f"a tier of {product!r} before the last has no end; give it up_to")
        end = exact(tier.up_to, f"up_to in the tiers of {product!r}")
        if end <= before:
            raise InvalidInput(f"the tiers of {product!r} do not rise: up_to {tier.up_to} comes after {before}")
        ends.append(end)
        before = end
    return [*ends, None]


def _rate(tier: Tier, listed: Fraction, currency: str, product: str) -> Fraction:
    if (tier.prices_minor is None) == (tier.percent_off is None):
        raise InvalidInput(f"a tier of {product!r} needs either a price or percent_off")
    if tier.percent_off is not None:
        return listed * (1 - percentage(tier.percent_off, f"percent_off in the tiers of {product!r}"))
    prices = tier.prices_minor or {}
    if currency not in prices:
        known = ", ".join(prices) or "none"
        raise InvalidInput(f"the tier of {product!r} {_span(tier)} has no price in {currency} (only {known}); add one")
    return min(listed, exact(prices[currency], f"the price of a tier of {product!r}"))


def _span(tier: Tier) -> str:
    return "without end" if tier.up_to is None else f"up to {trimmed(tier.up_to)}"

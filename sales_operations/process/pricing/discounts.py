"""Discounts: several on one amount, in a stated order, each with the effect that it had."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.pricing.exact import exact, money, percentage, trimmed, whole
from sales_operations.process.pricing.priced import DiscountEffect
from sales_operations.process.pricing.request import Discount
from sales_operations.process.pricing.rules import Rules


@dataclass(frozen=True)
class Discounted:
    """What is left (exact minor units), and for each discount its effect, what was left after it, and why."""

    amount: Fraction
    effects: tuple[tuple[DiscountEffect, int, str], ...]


def discounted(base: Fraction, discounts: tuple[Discount, ...], rules: Rules, currency: str, where: str) -> Discounted:
    """Take discounts off an amount.

    ``compound``: each off what the ones before it left. ``additive``: each off the amount before all of them. What is
    left is exact; shown amounts are its roundings, effects the differences between these.
    Raises InvalidInput for a percentage outside 0 to 100, and for a discount that would lead below zero.
    """
    left, effects = base, []
    shown = whole(base, rules.rounding)
    for discount, off, why in _taken(base, discounts, rules, currency, where):
        # Amounts are whole: what is shown may be taken off in full although a fraction less is there.
        if off > max(left, Fraction(shown)):
            raise InvalidInput(
                f"the discount {discount.name!r} on {where} takes off {money(whole(off, rules.rounding), currency)} "
                f"{currency}, but only {money(shown, currency)} is left; lower it, or leave it out"
            )
        left = max(left - off, Fraction(0))
        now = whole(left, rules.rounding)
        effects.append((DiscountEffect(discount.name, discount.percent, discount.amount_minor, shown - now), now, why))
        shown = now
    return Discounted(left, tuple(effects))


def _taken(
    base: Fraction, discounts: tuple[Discount, ...], rules: Rules, currency: str, where: str
) -> Iterator[tuple[Discount, Fraction, str]]:
    left = base
    for discount in discounts:
        what = f"the discount {discount.name!r} on {where}"
        if (discount.percent is None) == (discount.amount_minor is None):
            raise InvalidInput(f"{what} needs either a percentage or an amount")
        if discount.percent is not None:
            of = left if rules.discount_order == "compound" else base
            off = of * percentage(discount.percent, what)
            why = f"{discount.name}: {trimmed(discount.percent)} % of {money(whole(of, rules.rounding), currency)}"
        else:
            amount = discount.amount_minor
            if not isinstance(amount, int):
                raise InvalidInput(f"{what} is {amount!r}; give whole minor units")
            off = exact(amount, what)
            why = f"{discount.name}: {money(amount, currency)} off"
        yield discount, off, why
        left = max(left - off, Fraction(0))

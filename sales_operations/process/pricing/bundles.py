"""Bundles: parts that are sold together, at one price or with a percentage off."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.process.pricing.exact import exact, percentage, shared_out, whole
from sales_operations.process.pricing.request import Bundle, LineRequest
from sales_operations.process.pricing.rules import Rounding, Rules


def opened(
    rules: Rules, code: str, currency: str, quantity: Decimal = Decimal(1), key: str | None = None
) -> tuple[Bundle, tuple[LineRequest, ...]]:
    """A bundle of the rules and the lines of its parts, for a request. ``key`` tells apart two of one code.

    Raises NotFound for a code that is no bundle's, InvalidInput where its price is not given in the currency.
    """
    rule = rules.bundles.get(code)
    if rule is None:
        raise NotFound(f"there is no bundle {code!r}; use one of {', '.join(rules.bundles) or 'none'}, or add it")
    price = None
    if rule.prices_minor is not None:
        price = rule.prices_minor.get(currency)
        if price is None:
            raise InvalidInput(
                f"the bundle {code!r} has no price in {currency} (only {', '.join(rule.prices_minor)}); add one"
            )
    made = Bundle(key or code, rule.name or code, quantity, price, rule.percent_off)
    lines = tuple(LineRequest(product, quantity * each, product, bundle=made.key) for product, each in rule.parts)
    return made, lines


def checked(bundles: Sequence[Bundle], lines: Sequence[LineRequest]) -> dict[str, Bundle]:
    """The bundles by key. Raises InvalidInput for what does not fit together."""
    found: dict[str, Bundle] = {}
    for bundle in bundles:
        if bundle.key in found:
            raise InvalidInput(f"two bundles have the key {bundle.key!r}; give each its own")
        if (bundle.price_minor is None) == (bundle.percent_off is None):
            raise InvalidInput(f"the bundle {bundle.key!r} needs either a price or percent_off")
        if not any(line.bundle == bundle.key for line in lines):
            raise InvalidInput(f"the bundle {bundle.key!r} has no lines; add its parts, or leave it out")
        found[bundle.key] = bundle
    for position, line in enumerate(lines, 1):
        if line.bundle is not None and line.bundle not in found:
            raise InvalidInput(f"line {position} is part of the bundle {line.bundle!r}, which the request lacks")
    return found


def fixed_shares(bundle: Bundle, listed: Sequence[int], factors: Sequence[Fraction], rounding: Rounding) -> list[int]:
    """What each part of a bundle with a price costs, in whole minor units, by its list amount.

    A bundle never costs more than its parts. Raises InvalidInput where the parts' terms differ.
    """
    if len(set(factors)) > 1:
        raise InvalidInput(f"the parts of the bundle {bundle.key!r} have different terms; its price needs one")
    price = exact(bundle.price_minor or 0, f"the price of the bundle {bundle.key!r}")
    count = exact(bundle.quantity, f"the quantity of the bundle {bundle.key!r}")
    total = whole(price * count * factors[0], rounding, f"the bundle {bundle.key!r}")
    return shared_out(min(total, sum(listed)), listed)


def share_left(bundle: Bundle) -> Fraction:
    """What a bundle with a percentage leaves of its parts' amounts."""
    return 1 - percentage(bundle.percent_off or 0, f"percent_off of the bundle {bundle.key!r}")

"""Taxes: what comes on top of the lines' amounts, or is contained in them, to the last minor unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.pricing.exact import apportioned, percentage, shared_out, whole
from sales_operations.process.pricing.priced import TaxEffect
from sales_operations.process.pricing.request import LineRequest, PriceRequest
from sales_operations.process.pricing.rules import Rounding, Rules, TaxClass, TaxRate

Cells = dict[tuple[int, int], int]
"""Position of the line and of the rate within its class, to the tax in minor units."""


@dataclass(frozen=True)
class Taxed:
    """One line's net amount and taxes."""

    net_minor: int
    taxes: tuple[TaxEffect, ...]

    @property
    def tax_minor(self) -> int:
        """All its taxes."""
        return sum(tax.tax_minor for tax in self.taxes)


def class_of(request: PriceRequest, line: LineRequest, where: str) -> TaxClass | None:
    """The tax class of a line; None where the request has no taxes at all. Raises InvalidInput where it is not clear."""
    if not request.taxes:
        return None
    rule = request.rules.products.get(line.code or line.product)
    name = line.tax_class or (rule.tax_class if rule else None) or request.tax_class
    known = [one.name for one in request.taxes]
    if len(set(known)) < len(known):
        raise InvalidInput(f"two tax classes have one name ({', '.join(known)}); keep one of each")
    if name is None:
        raise InvalidInput(f"{where} has no tax class; give it one of {', '.join(known)}")
    if name not in known:
        raise InvalidInput(f"{where} has the tax class {name!r}, which is not among {', '.join(known)}; add it")
    return request.taxes[known.index(name)]


def taxed(amounts: Sequence[int], classes: Sequence[TaxClass | None], rules: Rules) -> list[Taxed]:
    """The taxes of lines, from their amounts in minor units and their classes.

    Rounded for each line and rate (``line``), or once for each rate (``total``; contained ones once for each rate of a
    class) and shared out to the lines by largest remainder.
    """
    cells: Cells = {}
    for one in {found.name: found for found in classes if found}.values():
        places = [place for place, found in enumerate(classes) if found is one]
        if one.inclusive:
            groups = [[place] for place in places] if rules.tax_rounding == "line" else [places]
            for group in groups:
                cells |= _contained(one, group, amounts, rules.rounding)
    cells |= _on_top(amounts, classes, rules)
    return [_line(place, amounts[place], found, cells) for place, found in enumerate(classes)]


def _line(place: int, amount: int, found: TaxClass | None, cells: Cells) -> Taxed:
    if found is None:
        return Taxed(amount, ())
    each = [cells[place, position] for position in range(len(found.rates))]
    net = amount - sum(each) if found.inclusive else amount
    taxes = zip(found.rates, each, strict=True)
    return Taxed(net, tuple(TaxEffect(rate.name, rate.percent, found.inclusive, net, tax) for rate, tax in taxes))


def _share(rate: TaxRate) -> Fraction:
    return percentage(rate.percent, f"the tax {rate.name!r}")


def _on_top(amounts: Sequence[int], classes: Sequence[TaxClass | None], rules: Rules) -> Cells:
    by_rate: dict[tuple[str, Fraction], list[tuple[tuple[int, int], Fraction]]] = {}
    for place, found in enumerate(classes):
        for position, rate in enumerate(found.rates if found and not found.inclusive else ()):
            part = amounts[place] * _share(rate)
            by_rate.setdefault((rate.name, _share(rate)), []).append(((place, position), part))
    cells: Cells = {}
    for parts in by_rate.values():
        exact_parts = [part for _, part in parts]
        if rules.tax_rounding == "line":
            rounded = [whole(part, rules.rounding) for part in exact_parts]
        else:
            rounded = apportioned(whole(sum(exact_parts, Fraction(0)), rules.rounding), exact_parts)
        cells |= {cell: tax for (cell, _), tax in zip(parts, rounded, strict=True)}
    return cells


def _contained(found: TaxClass, places: list[int], amounts: Sequence[int], rounding: Rounding) -> Cells:
    """Whole taxes: a column for each rate, rounded, and a row for each line that is never more than its amount."""
    rates = [_share(rate) for rate in found.rates]
    whole_amount = sum(amounts[place] for place in places)
    columns: list[int] = []
    for rate in rates:
        tax = whole(whole_amount * rate / (1 + sum(rates)), rounding)
        columns.append(min(tax, whole_amount - sum(columns)))
    left = shared_out(sum(columns), [amounts[place] for place in places])
    cells: Cells = {}
    # Rate after rate out of what the lines have left, so that rows and columns both add up.
    for position, column in enumerate(columns):
        for row, (place, tax) in enumerate(zip(places, shared_out(column, left), strict=True)):
            cells[place, position] = tax
            left[row] -= tax
    return cells

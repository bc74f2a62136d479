"""What a request costs, worked out a second time from docs/pricing.md: in Decimal of a hundred digits, in the plainest way.

It shares no code with the product: it only reads the request's values.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

PLACES = {"JPY": 0, "KWD": 3, "EUR": 2, "USD": 2}
NOISE = Decimal(1).scaleb(-40)
"""Quotients are cut here: far above their error, far below any difference that the inputs can make."""


class Refused(Exception):
    """A discount would lead below zero, or a converted price rounds to nothing."""


@dataclass
class Line:
    listed: int = 0
    gross: int = 0
    discounts: tuple[int, ...] = ()
    share: int = 0
    amount: int = 0
    net: int = 0
    taxes: tuple[int, ...] = ()
    cost: int | None = None
    exact: Decimal = Decimal(0)
    factor: Decimal = Decimal(1)


@dataclass
class Answer:
    lines: list[Line]
    total_discounts: tuple[int, ...]
    rates: dict[tuple[str, Decimal, bool], int]
    margin: Decimal | None
    share: Decimal | None

    def sum(self, name: str) -> int:
        return sum(getattr(line, name) for line in self.lines)


def answer(request: Any) -> Answer:
    with localcontext(Context(prec=100)):
        return Sheet(request).worked_out()


class Sheet:
    def __init__(self, request: Any) -> None:
        self.request = request
        self.rules = request.rules

    def rounded(self, value: Decimal) -> int:
        mode = {"half_even": ROUND_HALF_EVEN, "half_up": ROUND_HALF_UP}[self.rules.rounding]
        return int(value.quantize(NOISE).quantize(Decimal(1), rounding=mode))

    def worked_out(self) -> Answer:
        request = self.request
        lines = [self.line(one) for one in request.lines]
        for bundle in request.bundles:
            self.bundle(bundle, lines)
        for one, line in zip(request.lines, lines, strict=True):
            line.gross = self.rounded(line.exact)
            line.exact, line.discounts = self.discounts(line.exact, one.discounts)
            line.amount = self.rounded(line.exact)
        before = sum(line.amount for line in lines)
        left, offs = self.discounts(Decimal(before), request.discounts)
        shares = by_remainder(before - self.rounded(left), [line.amount for line in lines])
        for line, share in zip(lines, shares, strict=True):
            line.share = share
            line.amount -= share
        rates = self.taxes(lines)
        net, listed = sum(line.net for line in lines), sum(line.listed for line in lines)
        costs = [line.cost for line in lines]
        margin = share_of_list = None
        if net and None not in costs:
            margin = ((net - Decimal(sum(costs))) / net).quantize(NOISE).quantize(Decimal("1e-6"), ROUND_FLOOR)
        if listed:
            let_go = Decimal(listed - sum(line.amount for line in lines)) / listed
            share_of_list = let_go.quantize(NOISE).quantize(Decimal("1e-6"), ROUND_CEILING)
        return Answer(lines, offs, rates, margin, share_of_list)

    def line(self, one: Any) -> Line:
        line = Line()
        rule = self.rules.products.get(one.code or one.product)
        tiers = one.tiers
        price = one.unit_price_minor
        if price is None:
            if tiers is None and rule:
                tiers = rule.tiers
            first = (tiers.bands[0].prices_minor or {}).get(self.request.currency) if tiers else None
            price = self.book_price(one.product, first)
        price = Decimal(price)
        default = one.default_term_months or (rule.default_term_months if rule else None)
        line.factor = self.term(one, default or self.rules.default_term_months)
        line.exact = one.quantity * price * line.factor
        line.listed = self.rounded(line.exact)
        fixed = {bundle.key for bundle in self.request.bundles if bundle.price_minor is not None}
        if tiers and one.bundle not in fixed:
            line.exact = self.tiers(tiers, price, one.quantity) * line.factor
        if one.cost_minor is not None:
            line.cost = self.rounded(one.quantity * Decimal(one.cost_minor) * line.factor)
        return line

    def book_price(self, product: str, first_tier: Any) -> Decimal:
        request = self.request
        for currency in (request.currency, None, request.convert_from):
            if currency is None and first_tier is not None:
                return Decimal(first_tier)
            found = [
                entry
                for entry in request.entries
                if (entry.product, entry.currency) == (product, currency)
                and (request.book is None or entry.book == request.book)
                and (entry.valid_from or date.min) <= request.on <= (entry.valid_to or date.max)
            ]
            if found:
                (entry,) = found
                price = Decimal(entry.unit_price_minor)
                return price if currency == request.currency else self.converted(price, currency)
        raise LookupError(product)

    def converted(self, price: Decimal, source: str) -> Decimal:
        target = self.request.currency
        for pair, turned in (((source, target), False), ((target, source), True)):
            known = [
                rate
                for rate in self.request.rates
                if (rate.currency, rate.base_currency) == pair and rate.valid_from <= self.request.on
            ]
            if known:
                rate = sorted(known, key=lambda rate: rate.valid_from)[-1].rate
                major = price / Decimal(10) ** PLACES[source]
                major = major / rate if turned else major * rate
                found = Decimal(self.rounded(major * Decimal(10) ** PLACES[target]))
                if price and not found:
                    raise Refused
                return found
        raise LookupError(source)

    def term(self, one: Any, default: int) -> Decimal:
        start, last = one.starts_on, one.ends_on
        if one.term_months is not None:
            if start is None:
                return Decimal(one.term_months) / default
            end = anniversary(start, one.term_months)
        elif start is None:
            return Decimal(1)
        else:
            end = last + timedelta(days=1)
        step = default if self.rules.proration == "day" else 1
        count = 0
        while anniversary(start, (count + 1) * step) <= end:
            count += 1
        begun, full = anniversary(start, count * step), anniversary(start, (count + 1) * step)
        rest = Decimal((end - begun).days) / (full - begun).days
        if self.rules.proration == "day":
            return count + rest
        if self.rules.proration == "whole_month":
            rest = Decimal(1 if rest else 0)
        return (count + rest) / default

    def tiers(self, tiers: Any, listed: Decimal, quantity: Decimal) -> Decimal:
        total, start, reached = Decimal(0), Decimal(0), Decimal(0)
        for band in tiers.bands:
            if band.percent_off is not None:
                rate = listed - listed * band.percent_off / 100
            else:
                rate = min(listed, Decimal(band.prices_minor[self.request.currency]))
            end = quantity if band.up_to is None else min(quantity, band.up_to)
            total += (end - start) * rate
            start, reached = end, rate
            if end == quantity:
                break
        return total if tiers.mode == "slab" else quantity * reached

    def bundle(self, bundle: Any, lines: list[Line]) -> None:
        parts = [line for one, line in zip(self.request.lines, lines, strict=True) if one.bundle == bundle.key]
        if bundle.percent_off is not None:
            for line in parts:
                line.exact = line.exact * (100 - bundle.percent_off) / 100
            return
        price = self.rounded(Decimal(bundle.price_minor) * bundle.quantity * parts[0].factor)
        listed = [line.listed for line in parts]
        for line, share in zip(parts, by_remainder(min(price, sum(listed)), listed), strict=True):
            line.exact = Decimal(share)

    def discounts(self, base: Decimal, discounts: Any) -> tuple[Decimal, tuple[int, ...]]:
        left, effects = base, []
        for one in discounts:
            of = left if self.rules.discount_order == "compound" else base
            off = of * one.percent / 100 if one.percent is not None else Decimal(one.amount_minor)
            if off > left and off > self.rounded(left):
                raise Refused
            after = max(left - off, Decimal(0))
            effects.append(self.rounded(left) - self.rounded(after))
            left = after
        return left, tuple(effects)

    def taxes(self, lines: list[Line]) -> dict[tuple[str, Decimal, bool], int]:
        names = {one.name: one for one in self.request.taxes}
        classes = [names.get(self.class_name(one)) for one in self.request.lines]
        each: list[dict[str, int]] = [{} for _ in lines]
        by_line = self.rules.tax_rounding == "line"
        on_top: dict[tuple[str, Decimal], list[int]] = {}
        for place, found in enumerate(classes):
            for rate in found.rates if found and not found.inclusive else ():
                on_top.setdefault((rate.name, rate.percent), []).append(place)
        for (name, percent), places in on_top.items():
            exact = [lines[place].amount * percent / 100 for place in places]
            if by_line:
                taxes = [self.rounded(tax) for tax in exact]
            else:
                taxes = [int(tax) for tax in exact]
                ranked = sorted(range(len(places)), key=lambda n: (taxes[n] - exact[n], n))
                for n in ranked[: self.rounded(sum(exact, Decimal(0))) - sum(taxes)]:
                    taxes[n] += 1
            for place, tax in zip(places, taxes, strict=True):
                each[place][name] = tax
        for found in self.request.taxes:
            places = [place for place, one in enumerate(classes) if one is found and found.inclusive]
            for group in [[place] for place in places] if by_line else [places] if places else []:
                self.contained(found, group, lines, each)
        rates: dict[tuple[str, Decimal, bool], int] = {}
        for line, found, taxes in zip(lines, classes, each, strict=True):
            line.taxes = tuple(taxes[rate.name] for rate in found.rates) if found else ()
            line.net = line.amount - (sum(line.taxes) if found and found.inclusive else 0)
            for rate, tax in zip(found.rates if found else (), line.taxes, strict=True):
                key = (rate.name, rate.percent, found.inclusive)
                rates[key] = rates.get(key, 0) + tax
        return rates

    def class_name(self, one: Any) -> str | None:
        rule = self.rules.products.get(one.code or one.product)
        return one.tax_class or (rule.tax_class if rule else None) or self.request.tax_class

    def contained(self, found: Any, group: list[int], lines: list[Line], each: list[dict[str, int]]) -> None:
        amounts = [lines[place].amount for place in group]
        percents = sum((rate.percent for rate in found.rates), Decimal(0))
        columns: list[int] = []
        for rate in found.rates:
            tax = self.rounded(sum(amounts) * rate.percent / (100 + percents))
            columns.append(min(tax, sum(amounts) - sum(columns)))
        to_give = by_remainder(sum(columns), amounts)
        for rate, column in zip(found.rates, columns, strict=True):
            given = by_remainder(column, to_give)
            for place, tax in zip(group, given, strict=True):
                each[place][rate.name] = tax
            to_give = [before - tax for before, tax in zip(to_give, given, strict=True)]


def by_remainder(total: int, weights: list[int]) -> list[int]:
    """In whole numbers alone."""
    whole = sum(weights)
    if whole == 0:
        return [total, *[0] * (len(weights) - 1)]
    parts = [divmod(total * weight, whole) for weight in weights]
    shares = [share for share, _ in parts]
    for place in sorted(range(len(parts)), key=lambda n: (-parts[n][1], n))[: total - sum(shares)]:
        shares[place] += 1
    return shares


def anniversary(start: date, months: int) -> date:
    year, month = start.year, start.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))

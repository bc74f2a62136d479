"""One line on its own: its list amount, its tiers, its part of a bundle, its own discounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.process.pricing.books import choose, converted
from sales_operations.process.pricing.bundles import checked, fixed_shares, share_left
from sales_operations.process.pricing.discounts import discounted
from sales_operations.process.pricing.exact import exact, money, six_decimals, trimmed, unit_money, whole
from sales_operations.process.pricing.priced import DiscountEffect, Step, StepKind
from sales_operations.process.pricing.request import Bundle, LineRequest, PriceRequest
from sales_operations.process.pricing.rules import Tiers
from sales_operations.process.pricing.terms import term_factor
from sales_operations.process.pricing.tiers import first_price, tiered


@dataclass
class Draft:
    """A line as it is worked out: ``amount`` is exact, ``shown`` its rounding after the last step."""

    position: int
    request: LineRequest
    currency: str
    unit_list: Fraction
    quantity: Fraction
    factor: Fraction | None
    book: str | None
    amount: Fraction = Fraction(0)
    unit: Fraction = Fraction(0)
    shown: int = 0
    list_minor: int = 0
    gross_minor: int = 0
    discounts: tuple[DiscountEffect, ...] = ()
    steps: list[Step] = field(default_factory=list)

    @property
    def where(self) -> str:
        """The line in an error."""
        return f"line {self.position + 1} ({self.request.name or self.request.product})"

    def note(self, kind: StepKind, text: str, now: int) -> None:
        """Add a step that leads to another shown amount."""
        self.steps.append(Step(self.position, kind, text, now - self.shown, now))
        self.shown = now


def drafted(request: PriceRequest) -> list[Draft]:
    """Every line up to its own discounts. Raises InvalidInput or NotFound, naming the line."""
    bundles = checked(request.bundles, request.lines)
    drafts = [_listed(request, position) for position in range(len(request.lines))]
    for draft in drafts:
        bundle = bundles.get(draft.request.bundle or "")
        tiers = _tiers(request, draft.request)
        # A bundle's price stands in place of its parts' tiers.
        if tiers and (bundle is None or bundle.price_minor is None):
            _apply_tiers(request, draft, tiers)
        draft.gross_minor = draft.shown
    for bundle in bundles.values():
        _apply_bundle(request, bundle, [draft for draft in drafts if draft.request.bundle == bundle.key])
    for draft in drafts:
        found = discounted(draft.amount, draft.request.discounts, request.rules, request.currency, draft.where)
        draft.amount = found.amount
        draft.discounts = tuple(effect for effect, _, _ in found.effects)
        for _, now, text in found.effects:
            draft.note("discount", text, now)
    return drafts


def _listed(request: PriceRequest, position: int) -> Draft:
    line = request.lines[position]
    rules = request.rules
    rule = rules.products.get(line.code or line.product)
    where = f"line {position + 1} ({line.name or line.product})"
    quantity = exact(line.quantity, f"the quantity of {where}")
    defaults = (line.default_term_months, rule.default_term_months if rule else None, rules.default_term_months)
    try:
        factor = term_factor(
            rules.proration,
            next(months for months in defaults if months is not None),
            starts_on=line.starts_on,
            ends_on=line.ends_on,
            months=line.term_months,
        )
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from None
    price, book, reason = _unit_price(request, line, where)
    draft = Draft(position, line, request.currency, price, quantity, factor, book)
    if reason:
        draft.note("conversion", reason, 0)
    draft.unit = price
    draft.amount = quantity * price * (1 if factor is None else factor)
    draft.list_minor = whole(draft.amount, rules.rounding, where)
    shown = unit_money(six_decimals(price), request.currency)
    term = "" if factor is None else f" × {six_decimals(factor)} of the default term"
    source = f" (price book {book})" if book else ""
    draft.note("list", f"list price: {trimmed(line.quantity)} × {shown}{term}{source}", draft.list_minor)
    return draft


def _unit_price(request: PriceRequest, line: LineRequest, where: str) -> tuple[Fraction, str | None, str]:
    """The list price of a unit, the book that it is from, and how it was converted if it was."""
    if line.unit_price_minor is not None:
        return exact(line.unit_price_minor, f"the unit price of {where}"), None, ""
    try:
        entry = choose(request.entries, line.product, request.currency, request.on, request.book)
    except NotFound as error:
        # Tiers with prices are a price list of their own; conversion happens only where it was asked for.
        listed = first_price(_tiers(request, line), request.currency)
        if listed is not None:
            return exact(listed, f"the price of the first tier of {where}"), None, ""
        if request.convert_from is None:
            raise NotFound(f"{where}: {error}") from None
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from None
    else:
        return exact(entry.unit_price_minor, f"the price of {where}"), entry.book or None, ""
    try:
        entry = choose(request.entries, line.product, request.convert_from, request.on, request.book)
        price, reason = converted(entry, request.rates, request.currency, request.on, request.rules.rounding)
    except (InvalidInput, NotFound) as error:
        raise type(error)(f"{where}: {error}") from None
    return Fraction(price), entry.book or None, f"converted: {reason}"


def _tiers(request: PriceRequest, line: LineRequest) -> Tiers | None:
    """A line's own tiers; those of the rules only where it has no price of its own, which is an agreed one."""
    if line.tiers or line.unit_price_minor is not None:
        return line.tiers
    rule = request.rules.products.get(line.code or line.product)
    return rule.tiers if rule else None


def _apply_tiers(request: PriceRequest, draft: Draft, tiers: Tiers) -> None:
    product = draft.request.code or draft.request.product
    found = tiered(tiers, draft.unit_list, draft.quantity, request.currency, product)
    draft.unit = found.amount / draft.quantity if draft.quantity else draft.unit_list
    draft.amount = found.amount * (1 if draft.factor is None else draft.factor)
    draft.note("tier", found.text, whole(draft.amount, request.rules.rounding, draft.where))


def _apply_bundle(request: PriceRequest, bundle: Bundle, parts: Sequence[Draft]) -> None:
    rounding = request.rules.rounding
    if bundle.price_minor is None:
        left = share_left(bundle)
        percent = trimmed(Decimal(bundle.percent_off or 0))
        for draft in parts:
            draft.amount *= left
            draft.note("bundle", f"bundle {bundle.name}: {percent} % off", whole(draft.amount, rounding, draft.where))
    else:
        factors = [Fraction(1) if draft.factor is None else draft.factor for draft in parts]
        shares = fixed_shares(bundle, [draft.list_minor for draft in parts], factors, rounding)
        price = f"{trimmed(bundle.quantity)} × {unit_money(Decimal(bundle.price_minor), request.currency)}"
        text = f"bundle {bundle.name}: part of {price}, {money(sum(shares), request.currency)} together, by list price"
        for draft, share in zip(parts, shares, strict=True):
            draft.amount = Fraction(share)
            draft.note("bundle", text, share)
    for draft in parts:
        draft.gross_minor = draft.shown

"""Changes to what stands in a quote, given as plain keys and values; nothing is priced here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.money import exponent
from sales_operations.process.quoting.content import Content, Line, PlacedBundle, Reduction

_QUOTE_KEYS = ("lines", "discounts", "payment_days", "term_months", "starts_on", "country")
_LINE_KEYS = ("line", "product", "bundle", "quantity", "price", "discounts", "name", "starts_on", "ends_on",
              "term_months", "tax_class", "remove")  # fmt: skip
_PERCENT = re.compile(r"(?:(?P<name>.*\S)\s*:\s*)?(?P<number>\d+(?:\.\d+)?)\s*(?P<percent>%?)")
LONGEST_TERM = 600
LONGEST_PAYMENT = 3650


@dataclass(frozen=True)
class Catalogue:
    """What an edit may look up. ``line(given, number, quantity)``: a line for a product named by id, code or name, or None.

    ``has_price``: whether the price books have a price for such a line. ``parts``: product codes and quantities of a bundle.
    """

    line: Callable[[str, int, str], Line | None]
    has_price: Callable[[Line], bool]
    parts: Callable[[str, Decimal], Sequence[tuple[str, Decimal]]]


def edited(content: Content, changes: Mapping[str, Any], catalogue: Catalogue) -> Content:
    """The content after the changes.

    ``lines`` is a list of mappings: ``{"line": 2, …}`` changes a line, with ``"remove": true`` takes it out;
    ``{"product": "Loom", "quantity": 3, …}`` and ``{"bundle": "SUITE", "quantity": 1}`` add. Keys of a line: quantity,
    price (of one unit, in major units; what lies below the list price is a discount; None: the list price), discounts (as
    ``["10%", "Loyalty: 50.00"]``), name, starts_on, ends_on, term_months, tax_class. Keys beside: discounts (on the
    total), payment_days, term_months, starts_on, country
    (whose taxes hold).
    Raises InvalidInput, NotFound.
    """
    _known(changes, _QUOTE_KEYS, "a quote")
    for entry in _list(changes.get("lines", ()), "lines"):
        content = _line_edited(content, entry, catalogue)
    if "discounts" in changes:
        content = replace(content, discounts=_reductions(changes["discounts"], content.currency))
    if "payment_days" in changes:
        days = _whole(changes["payment_days"], "payment_days", 0, LONGEST_PAYMENT)
        content = replace(content, payment_days=days)
    if "term_months" in changes:
        content = replace(content, term_months=_months(changes["term_months"]))
    if "starts_on" in changes:
        content = replace(content, starts_on=day(changes["starts_on"], "starts_on"))
    if "country" in changes:
        content = replace(content, country=None if changes["country"] is None else _text(changes["country"], "country"))
    if not content.lines:
        raise InvalidInput("the quote would have no line left; reject it instead, or add a line")
    return content


def _line_edited(content: Content, entry: Mapping[str, Any], catalogue: Catalogue) -> Content:
    if not isinstance(entry, Mapping):
        raise InvalidInput(f"a line is given as keys and values, not {entry!r}")
    _known(entry, _LINE_KEYS, "a line")
    ways = [key for key in ("line", "product", "bundle") if entry.get(key) is not None]
    if len(ways) != 1:
        raise InvalidInput("an entry of lines names one of line (to change it), product or bundle (to add it)")
    if ways == ["bundle"]:
        return _with_bundle(content, entry, catalogue)
    if ways == ["product"]:
        return replace(content, lines=(*content.lines, _new(content, entry, catalogue)))
    place = next((place for place, line in enumerate(content.lines) if line.number == entry["line"]), None)
    if place is None:
        known = ", ".join(str(line.number) for line in content.lines)
        raise NotFound(f"the quote has no line {entry['line']!r}; it has {known}")
    lines = list(content.lines)
    if entry.get("remove"):
        gone = lines.pop(place)
        bundles = tuple(
            one for one in content.bundles if one.key != gone.bundle or any(line.bundle == one.key for line in lines)
        )
        return replace(content, lines=tuple(lines), bundles=bundles)
    lines[place] = _changed(lines[place], entry, content.currency, catalogue)
    return replace(content, lines=tuple(lines))


def _new(content: Content, entry: Mapping[str, Any], catalogue: Catalogue) -> Line:
    number = _highest(content.lines) + 1
    given, quantity = str(entry["product"]), _quantity(entry.get("quantity", 1))
    line = catalogue.line(given, number, quantity)
    if line is None:
        if entry.get("price") is None:
            raise NotFound(f"there is no product {given!r}; give the line a price to sell it all the same")
        line = Line(number, given, quantity)
    return _changed(line, entry, content.currency, catalogue)


def _with_bundle(content: Content, entry: Mapping[str, Any], catalogue: Catalogue) -> Content:
    code, quantity = str(entry["bundle"]), _quantity(entry.get("quantity", 1))
    lines = list(content.lines)
    key = f"{code}-{_highest(lines) + 1}"
    for product, each in catalogue.parts(code, Decimal(quantity)):
        line = catalogue.line(product, _highest(lines) + 1, format(each.normalize(), "f"))
        if line is None:
            raise NotFound(f"there is no product {product!r}, which the bundle {code!r} has as a part")
        lines.append(replace(line, bundle=key))
    bundles = (*content.bundles, PlacedBundle(key, code, quantity))
    return replace(content, lines=tuple(lines), bundles=bundles)


def _highest(lines: Sequence[Line]) -> int:
    return max((line.number for line in lines), default=0)


def _changed(line: Line, entry: Mapping[str, Any], currency: str, catalogue: Catalogue) -> Line:
    if "quantity" in entry and entry.get("product") is None:
        line = replace(line, quantity=_quantity(entry["quantity"]))
    if "price" in entry:
        line = _at_price(line, entry["price"], currency, catalogue)
    if "discounts" in entry:
        line = replace(line, discounts=_reductions(entry["discounts"], currency))
    if "name" in entry:
        line = replace(line, product=_text(entry["name"], "name"))
    if "starts_on" in entry:
        line = replace(line, starts_on=day(entry["starts_on"], "starts_on"))
    if "ends_on" in entry:
        line = replace(line, ends_on=day(entry["ends_on"], "ends_on"))
    if "term_months" in entry:
        line = replace(line, term_months=_months(entry["term_months"]))
    if "tax_class" in entry:
        line = replace(line, tax_class=None if entry["tax_class"] is None else _text(entry["tax_class"], "tax_class"))
    return line


def _at_price(line: Line, price: Any, currency: str, catalogue: Catalogue) -> Line:
    """A price below the list price is a discount: a list price is never overwritten, or approvals could be evaded."""
    if price is None:
        known = line.unit_minor is not None or line.product_id is not None
        return replace(line, agreed_minor=None, problem=None if known else line.problem)
    minor = format(_number(price, "price").scaleb(exponent(currency)).normalize(), "f")
    listed = line.unit_minor is not None and line.problem is None
    if listed or (line.product_id is not None and catalogue.has_price(line)):
        return replace(line, agreed_minor=minor, problem=None)
    return replace(line, unit_minor=minor, agreed_minor=None, problem=None)


def _reductions(given: Any, currency: str) -> tuple[Reduction, ...]:
    return tuple(_reduction(one, currency) for one in _list(given, "discounts"))


def _reduction(text: Any, currency: str) -> Reduction:
    found = _PERCENT.fullmatch(str(text).strip())
    if found is None:
        raise InvalidInput(f"the discount {text!r} is not understood; write 10% or an amount such as 50.00")
    number, name = Decimal(found["number"]), found["name"] or "Discount"
    if not found["percent"]:
        minor = number.scaleb(exponent(currency))
        if minor != minor.to_integral_value():
            raise InvalidInput(f"the discount {text!r} has more decimals than {currency} has")
        return Reduction(name, amount_minor=int(minor))
    if number > 100:
        raise InvalidInput(f"the discount {text!r} is more than 100 %")
    return Reduction(name, percent=format(number.normalize(), "f"))


def day(value: Any, name: str) -> str | None:
    """A date as ``YYYY-MM-DD``, None for None. Raises InvalidInput."""
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise InvalidInput(f"{name} {value!r} is no date; write YYYY-MM-DD") from None


def _months(value: Any) -> int | None:
    return None if value is None else _whole(value, "term_months", 1, LONGEST_TERM)


def _whole(value: Any, name: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidInput(f"{name} {value!r} is not a whole number from {least} to {most}")
    return value


def _quantity(value: Any) -> str:
    number = _number(value, "quantity")
    if not number:
        raise InvalidInput("the quantity is 0; remove the line instead")
    return format(number.normalize(), "f")


def _number(value: Any, name: str) -> Decimal:
    try:
        number = Decimal(str(value))
        if number.is_finite() and 0 <= number < 10**15 and not isinstance(value, bool):
            return number
    except InvalidOperation:
        pass
    raise InvalidInput(f"{name} {value!r} is not a number from 0 on")


def _text(value: Any, name: str) -> str:
    text = str(value).strip()
    if not text or len(text) > 500 or "\x00" in text:
        raise InvalidInput(f"{name} is empty, too long, or holds a character that cannot be stored")
    return text


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise InvalidInput(f"{name} is a list, not {value!r}")
    return list(value)


def _known(given: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for key in given:
        if key not in known:
            raise InvalidInput(f"{what} has no {key!r} to change; it has {', '.join(known)}")

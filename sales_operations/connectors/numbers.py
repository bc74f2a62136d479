"""Numbers as exports write them: separators of thousands, decimal commas, currency signs, percent, parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.money import LARGEST_MINOR, exponent, to_minor

Mark = Literal[".", ","]
Decide = Callable[[], Mark]
"""Says what the decimal mark of a column is; asked only where a number such as 1,234 could be read both ways."""

SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₪": "ILS", "zł": "PLN", "₫": "VND",
    "฿": "THB", "₴": "UAH", "R$": "BRL", "US$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD",
    "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "MX$": "MXN",
}  # fmt: skip
"""Signs that belong to one currency. A bare $, ¥ or kr belongs to several and says nothing."""
_SHARED_SIGNS = ("$", "¥", "kr.", "kr", "Rs.", "Rs")
_BLANKS = str.maketrans("", "", " \u00a0\u2009\u202f'’")
_MARKED = re.compile(r"^([^\d.,+\-]*)([+\-]?)\s*([^\d.,+\-]*)([\d.,]+)(-?)\s*([^\d.,]*)$", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}([.,])\d{2,3}(?:\1\d{2,3})*", re.ASCII)
_SCIENTIFIC = re.compile(r"[+\-]?\d+(?:\.\d+)?[eE][+\-]?\d{1,3}", re.ASCII)
_NOT_FINITE = re.compile(r"[+\-]?(nan|inf|infinity|∞)", re.IGNORECASE)
_MOST_DIGITS = 24
_NO_NUMBER = "is not a number"


def number(text: str, decide: Decide = lambda: ".") -> tuple[Decimal, str]:
    """The number that a text says, and what stands around it: a currency code or sign, ``%`` or nothing.

    ``(1,200)`` and ``1200-`` are negative. Raises ValueError for no number, one that is not finite, or one of more than
    24 digits.
    """
    packed = text.translate(_BLANKS)
    negative = packed.startswith("(") and packed.endswith(")")
    packed = packed[1:-1] if negative else packed
    if _NOT_FINITE.fullmatch(packed):
        raise ValueError("is not a finite number")
    if _SCIENTIFIC.fullmatch(packed):
        value = Decimal(packed)
        if value and abs(value.adjusted()) > _MOST_DIGITS:
            raise ValueError("is too large or too small")
        return (-value if negative else value), ""
    parts = _MARKED.match(packed)
    if parts is None or not packed.isprintable():
        raise ValueError(_NO_NUMBER)
    before, minus, behind, digits, late_minus, after = parts.groups()
    around = [mark for mark in (before, behind, after) if mark]
    if len(around) > 1 or (minus == "-" and late_minus):
        raise ValueError(_NO_NUMBER)
    value = _value(digits, decide)
    return (-value if negative or minus == "-" or late_minus else value), around[0] if around else ""


def evidence(text: str) -> str:
    """What a text shows of its column's decimal mark: ``.``, ``,``, ``?`` where both are possible, or nothing."""
    digits = "".join(re.findall(r"[0-9.,]", text))
    points, commas = digits.count("."), digits.count(",")
    if not points + commas or points + commas == len(digits):
        return ""
    if points and commas:
        return "." if digits.rfind(".") > digits.rfind(",") else ","
    mark = "." if points else ","
    if points + commas > 1:
        return "," if mark == "." else "."
    return "?" if _either(digits, mark) else mark


def _either(digits: str, mark: str) -> bool:
    whole, _, rest = digits.partition(mark)
    return len(rest) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0"


def _value(digits: str, decide: Decide) -> Decimal:
    shown = evidence(digits)
    mark = decide() if shown == "?" else shown or "."
    whole, _, rest = digits.rpartition(mark) if mark in digits else (digits, "", "")
    grouping = "," if mark == "." else "."
    if mark in whole or grouping in rest or len(digits) > _MOST_DIGITS:
        raise ValueError(_NO_NUMBER if len(digits) <= _MOST_DIGITS else f"has more than {_MOST_DIGITS} digits")
    if grouping in whole and not _GROUPED.fullmatch(whole):
        raise ValueError("is not a number: its separators do not stand between groups of three digits")
    joined = whole.replace(grouping, "")
    if not joined and not rest:
        raise ValueError(_NO_NUMBER)
    return Decimal(f"{joined or '0'}.{rest or '0'}") if rest else Decimal(joined)


def decimal(decide: Decide, *, times: Decimal = Decimal(1), inverse: bool = False) -> Callable[[str], Decimal]:
    """A parser of plain numbers; a percent sign behind one is left out.

    ``times``: what each is multiplied by. ``inverse``: whether 1 is divided by it first, where a rate is written the
    other way round.
    """

    def parse(text: str) -> Decimal:
        value, around = number(text, decide)
        if around not in ("", "%"):
            raise ValueError(_NO_NUMBER)
        if inverse and not value:
            raise ValueError("is 0, and has no inverse")
        return (1 / value if inverse else value) * times if inverse or times != 1 else value

    return parse


def integer(decide: Decide) -> Callable[[str], int]:
    """A parser of whole numbers that are not negative."""
    read = decimal(decide)

    def parse(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) < 16:
            return int(text)
        value = read(text)
        if value != value.to_integral_value() or not 0 <= value <= LARGEST_MINOR:
            raise ValueError("is not a whole number of 0 or more")
        return int(value)

    return parse


def fraction(decide: Decide, *, percent: bool) -> Callable[[str], float]:
    """A parser of shares from 0 to 1; ``percent`` says that they are written from 0 to 100, as a percent sign does."""

    def parse(text: str) -> float:
        value, around = number(text, decide)
        if around not in ("", "%"):
            raise ValueError(_NO_NUMBER)
        share = value / 100 if percent or around == "%" else value
        if not 0 <= share <= 1:
            hint = "" if percent or around else "; if it is a percentage, say `unit: percent` in the mapping"
            raise ValueError(f"is not between 0 and {'100' if percent or around else '1'}{hint}")
        return float(share)

    return parse


def money(
    currency: str, decide: Decide, *, negative: bool, times: Decimal = Decimal(1)
) -> Callable[[str], int]:  # fmt: skip
    """A parser of amounts in major units of a currency; gives minor units.

    ``negative``: whether an amount below 0 may stand. ``times``: what the number is multiplied by, where a column
    counts in thousands or millions. A sign or code of another currency is an error.
    """
    places = exponent(currency)
    scale: int = 10**places

    def parse(text: str) -> int:
        if times == 1 and len(text) < 14 and text.isascii():
            whole, _, rest = text.partition(".")
            if whole.isdigit() and len(rest) <= min(places, 2):
                if not rest:
                    return int(whole) * scale
                if rest.isdigit():
                    return int(whole) * scale + int(rest.ljust(places, "0"))
        value, around = number(text, decide)
        said = currency_of(around)
        if said not in ("", currency):
            raise ValueError(f"is an amount in {said}, but the currency of the row is {currency}")
        if value < 0 and not negative:
            raise ValueError("is negative; an amount is 0 or more")
        try:
            return to_minor(value * times, currency)
        except InvalidInput:
            raise ValueError("is larger than can be held exactly") from None

    return parse


def currency_of(around: str) -> str:
    """The currency that the text around a number names; nothing if it names none, or one of several.

    Raises ValueError for a text that is no currency.
    """
    if not around or around in _SHARED_SIGNS:
        return ""
    if around in SIGNS:
        return SIGNS[around]
    code = around.upper().rstrip("$€£")
    if len(code) == 3 and code.isascii() and code.isalpha():
        return code
    raise ValueError(_NO_NUMBER)


def currency_in(text: str) -> str | None:
    """The currency that an amount is written with, if it says one; None too for what is no amount."""
    parts = _MARKED.match(text.translate(_BLANKS).strip("()"))
    if parts is None:
        return None
    try:
        return currency_of(parts[1] or parts[3] or parts[6]) or None
    except ValueError:
        return None


def currency(text: str) -> str:
    """A currency by its code or by a sign that belongs to it alone. Raises ValueError."""
    if text in SIGNS:
        return SIGNS[text]
    try:
        exponent(text.upper())
    except InvalidInput:
        raise ValueError("is not a currency code of three letters such as USD") from None
    return text.upper()

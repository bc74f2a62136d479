"""Terms of a contract: its states, its days, and prices that follow from days. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.pricing.terms import months_later

STATES = ("draft", "in_approval", "negotiating", "awaiting_signature", "signed", "active", "expired", "renewed",
          "terminated", "declined")  # fmt: skip
"""Every state of a contract, in the order in which it passes them; the last four are ends."""
_MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "submit": (("draft",), "in_approval"),
    "release": (("draft",), "negotiating"),
    "approve": (("in_approval",), "negotiating"),
    "reject": (("in_approval",), "draft"),
    "revise": (("draft", "in_approval", "negotiating", "awaiting_signature", "declined"), "draft"),
    "send": (("negotiating",), "awaiting_signature"),
    "sign": (("awaiting_signature",), "signed"),
    "decline": (("in_approval", "negotiating", "awaiting_signature"), "declined"),
    "activate": (("signed",), "active"),
    "terminate": (("signed", "active"), "terminated"),
    "expire": (("active",), "expired"),
    "supersede": (("active", "expired"), "renewed"),
}

_DONE = {"submit": "submitted", "send": "sent", "supersede": "renewed"}


def state_after(contract_id: str, state: str, action: str) -> str:
    """The state that an action leads to. Raises InvalidInput where a contract in ``state`` does not allow it."""
    allowed, reached = _MOVES[action]
    if state not in allowed:
        raise InvalidInput(
            f"contract {contract_id} is {_words(state)}; only one that is {_any(allowed)} can be {_done(action)}"
        )
    return reached


def last_day(first: date, months: int) -> date:
    """The last day of a term: the one before the day of the same number, or the month's last where it has none such."""
    following = months_later(first, months)
    return following if following.day < first.day else following - timedelta(days=1)


def prorated(full_minor: int, term: tuple[date, date], first: date, last: date) -> int:
    """What the days from ``first`` to ``last`` bear of the price of the whole term, by days; rounded half to even.

    First and last days count, of the term too. Raises InvalidInput where these days do not lie within the term.
    """
    if not term[0] <= first <= last <= term[1]:
        raise InvalidInput(f"{first} to {last} does not lie within the term from {term[0]} to {term[1]}")
    return round(Fraction(full_minor * ((last - first).days + 1), (term[1] - term[0]).days + 1))


@dataclass(frozen=True)
class RenewedLine:
    """A line of the deal that is renewed: its quantity and total, and today's list price of one unit where there is one."""

    quantity: Decimal
    total_minor: int
    list_minor: int | Decimal | None = None


def renewed_total(line: RenewedLine, price: str, uplift_percent: Decimal) -> int:
    """What a line costs when it is renewed at the ``same`` price, at today's ``list`` price, or with an ``uplift``.

    Minor units, rounded half to even. A line without a list price keeps its price.
    """
    if price == "list" and line.list_minor is not None:
        return _rounded(line.quantity * line.list_minor)
    return raised(line.total_minor, uplift_percent) if price == "uplift" else line.total_minor


def raised(minor: int, percent: Decimal) -> int:
    """An amount raised by so many percent, rounded half to even."""
    return _rounded(minor * (100 + percent) / 100)


def _rounded(exact: Decimal) -> int:
    return int(exact.to_integral_value(ROUND_HALF_EVEN))


def _words(state: str) -> str:
    return state.replace("_", " ")


def _any(states: tuple[str, ...]) -> str:
    *others, last = map(_words, states)
    return f"{', '.join(others)} or {last}" if others else last


def _done(action: str) -> str:
    return _DONE.get(action) or (f"{action}d" if action.endswith("e") else f"{action}ed")

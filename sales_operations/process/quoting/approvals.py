"""Which quotes need whose approval, whether an earlier approval still covers them, and what a decision leads to.

Values in, decisions out. Percentages are compared as exact fractions of whole minor units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from hashlib import sha256
from typing import Any

from sales_operations.domain.money import to_major, written
from sales_operations.settings.approvals import ApprovalConditions, ApprovalRule

Converted = Callable[[int, str, str], Fraction | None]
"""Minor units, their currency and another one to major units of that other one; None where no rate is known."""


@dataclass(frozen=True)
class Figures:
    """What is judged in a quote. Amounts are minor units, ``line_…`` those of the line with the largest discount.

    ``list_minor`` and ``amount_minor`` stand before and after all discounts, ``net_minor`` is without taxes.
    ``cost_minor`` is None unless the cost of every line is known; ``term_months`` is None for a sale without a term.
    """

    currency: str
    list_minor: int
    amount_minor: int
    net_minor: int
    line_list_minor: int
    line_amount_minor: int
    cost_minor: int | None
    payment_days: int
    term_months: int | None

    @property
    def discount(self) -> Fraction:
        """The whole discount in percent of the list price."""
        return _percent_off(self.list_minor, self.amount_minor)

    @property
    def line_discount(self) -> Fraction:
        """The largest discount of a line in percent of its list price."""
        return _percent_off(self.line_list_minor, self.line_amount_minor)

    @property
    def margin(self) -> Fraction | None:
        """What is left of the net price after costs, in percent of it; None where it is unknown."""
        if self.cost_minor is None or not self.net_minor:
            return None
        return Fraction(100 * (self.net_minor - self.cost_minor), self.net_minor)

    def shown(self) -> dict[str, Any]:
        """The figures as people read them: amounts in major units, percentages to two places."""
        margin = self.margin
        return {
            "currency": self.currency,
            "list": to_major(self.list_minor, self.currency),
            "net": to_major(self.net_minor, self.currency),
            "discount_percent": _rounded(self.discount),
            "line_discount_percent": _rounded(self.line_discount),
            "margin_percent": None if margin is None else _rounded(margin),
            "payment_days": self.payment_days,
            "term_months": self.term_months,
        }

    def stored(self) -> dict[str, Any]:
        """The figures as JSON holds them; ``Figures(**…)`` reads them back."""
        return asdict(self)


@dataclass(frozen=True)
class Applying:
    """A rule that applies to a quote, and why. ``digest`` is of the rule's whole content."""

    rule: ApprovalRule
    digest: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Approved:
    """What was approved before: the figures that were judged, and the digests of the rules that were passed."""

    figures: Figures
    rules: frozenset[str]


@dataclass(frozen=True)
class Judgement:
    """What a quote needs now.

    ``needed`` are the rules to be asked, none where it may go out; ``covered`` are those that an earlier approval stands
    for; ``worse`` says what got worse since that approval.
    """

    needed: tuple[Applying, ...]
    covered: tuple[Applying, ...]
    worse: tuple[str, ...]


def judge(
    rules: Iterable[ApprovalRule], figures: Figures, before: Approved | None, currency: str, converted: Converted
) -> Judgement:
    """Which rules have to be asked about these figures. ``currency`` is that of an ``amount_above`` without one.

    An earlier approval covers a rule that it passed, word for word the same, as long as nothing that was judged got worse.
    """
    applying = [found for rule in rules if (found := _applies(rule, figures, currency, converted)) is not None]
    worse = () if before is None else tuple(worsened(before.figures, figures, [one.rule for one in applying]))
    passed = frozenset() if before is None or worse else before.rules
    return Judgement(
        tuple(one for one in applying if one.digest not in passed),
        tuple(one for one in applying if one.digest in passed),
        worse,
    )


def worsened(before: Figures, after: Figures, rules: Iterable[ApprovalRule]) -> list[str]:
    """What got worse between two judgements, in words. Amount and term have a worse side only where a rule gives it one."""
    if before.currency != after.currency:
        return [f"the currency is {after.currency}, not {before.currency}"]
    found = []
    for name, old, new in (
        ("discount", before.discount, after.discount),
        ("largest discount of a line", before.line_discount, after.line_discount),
    ):
        if new > old:
            found.append(f"the {name} rose from {_percent(old)} to {_percent(new)}")
    if before.margin is not None and (after.margin is None or after.margin < before.margin):
        fell = "is unknown now" if after.margin is None else f"fell to {_percent(after.margin)}"
        found.append(f"the margin of {_percent(before.margin)} {fell}")
    if after.payment_days > before.payment_days:
        found.append(f"payment is due after {after.payment_days} days instead of {before.payment_days}")
    conditions = [rule.when for rule in rules]
    if any(when.amount_above is not None for when in conditions) and after.net_minor > before.net_minor:
        old_amount, new_amount = (_amount(one.net_minor, one.currency) for one in (before, after))
        found.append(f"the net price rose from {old_amount} to {new_amount}")
    old_term, new_term = before.term_months or 0, after.term_months or 0
    longer = any(when.term_months_above is not None for when in conditions) and new_term > old_term
    shorter = any(when.term_months_below is not None for when in conditions) and new_term < old_term
    if longer or shorter:
        found.append(f"the term is {new_term} months instead of {old_term}")
    return found


def _applies(rule: ApprovalRule, figures: Figures, currency: str, converted: Converted) -> Applying | None:
    reasons: list[str] = []
    for holds, reason in _conditions(rule.when, figures, currency, converted):
        if not holds:
            return None
        reasons.append(reason)
    digest = sha256(rule.model_dump_json().encode()).hexdigest()[:16]
    return Applying(rule, digest, tuple(reasons) or ("it applies to every quote",))


def _conditions(
    when: ApprovalConditions, figures: Figures, currency: str, converted: Converted
) -> Iterable[tuple[bool, str]]:
    """Whether each given condition holds, and what is said where it does."""
    if when.discount_percent_above is not None:
        limit = _exact(when.discount_percent_above)
        yield figures.discount > limit, f"discount {_percent(figures.discount)}, more than {_percent(limit)}"
    if when.line_discount_percent_above is not None:
        limit = _exact(when.line_discount_percent_above)
        said = f"a line's discount {_percent(figures.line_discount)}, more than {_percent(limit)}"
        yield figures.line_discount > limit, said
    if when.margin_percent_below is not None:
        limit, margin = _exact(when.margin_percent_below), figures.margin
        said = "margin unknown" if margin is None else f"margin {_percent(margin)}"
        yield margin is None or margin < limit, f"{said}, to be at least {_percent(limit)}"
    if when.amount_above is not None:
        code = when.currency or currency
        amount = converted(figures.net_minor, figures.currency, code)
        said = f"net price {_amount(figures.net_minor, figures.currency)}"
        said += f" without a rate to {code}" if amount is None else ""
        yield (
            amount is None or amount > _exact(when.amount_above),
            f"{said}, more than {written(when.amount_above, code)}",
        )
    if when.payment_days_above is not None:
        said = f"payment after {figures.payment_days} days, more than {when.payment_days_above}"
        yield figures.payment_days > when.payment_days_above, said
    term = figures.term_months or 0
    if when.term_months_above is not None:
        yield term > when.term_months_above, f"a term of {term} months, more than {when.term_months_above}"
    if when.term_months_below is not None:
        yield term < when.term_months_below, f"a term of {term} months, less than {when.term_months_below}"


@dataclass(frozen=True)
class Asked:
    """One person's part in a round of approval: ``waiting`` for an earlier step, ``pending``, ``approved``, ``rejected``,
    ``skipped`` (others were enough) or ``withdrawn``.
    """

    request_id: str
    rule: str
    step: int
    need: str
    status: str


@dataclass(frozen=True)
class Progress:
    """Request id to its new status, and ``approved`` or ``rejected`` once the round is over."""

    changes: dict[str, str]
    outcome: str | None


def progress(requests: Sequence[Asked]) -> Progress:
    """What follows from the answers so far: steps that open, requests that nobody needs any more, the end of the round.

    One rejection ends it. A round without requests is approved.
    """
    if any(one.status == "rejected" for one in requests):
        open_ones = [one.request_id for one in requests if one.status in ("waiting", "pending")]
        return Progress(dict.fromkeys(open_ones, "withdrawn"), "rejected")
    changes: dict[str, str] = {}
    through = True
    for rule in dict.fromkeys(one.rule for one in requests):
        for step in sorted({one.step for one in requests if one.rule == rule}):
            asked = [one for one in requests if (one.rule, one.step) == (rule, step)]
            answers = [one.status == "approved" for one in asked]
            passed = all(answers) if asked[0].need == "all" else any(answers)
            for one in asked:
                if passed and one.status in ("waiting", "pending"):
                    changes[one.request_id] = "skipped"
                elif not passed and one.status == "waiting":
                    changes[one.request_id] = "pending"
            if not passed:
                through = False
                break
    return Progress(changes, "approved" if through else None)


def _percent_off(listed: int, amount: int) -> Fraction:
    return Fraction(100 * (listed - amount), listed) if listed else Fraction(0)


def _exact(number: float) -> Fraction:
    return Fraction(str(number))


def _rounded(percent: Fraction) -> float:
    return round(float(percent), 2)


def _percent(percent: Fraction) -> str:
    return f"{_rounded(percent):g} %"


def _amount(minor: int, currency: str) -> str:
    return written(to_major(minor, currency), currency)

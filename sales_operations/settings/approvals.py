"""Keys of ``approvals``: which quotes somebody has to agree to, who, and in which order."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sales_operations.settings.base import Expect, Section, Several, Text
from sales_operations.settings.organisation import Currency

Percent = Annotated[float, Field(ge=-1000, le=100, allow_inf_nan=False), Expect("a percentage of at most 100")]
Amount = Annotated[float, Field(ge=0, le=1e13, allow_inf_nan=False), Expect("an amount in whole currency units")]
Days = Annotated[int, Field(ge=0, le=3650), Expect("a whole number from 0 to 3650")]
Months = Annotated[int, Field(ge=0, le=600), Expect("a whole number from 0 to 600")]
Day = Annotated[date, Expect("a date such as 2026-12-24")]


class ApprovalConditions(Section):
    """When a rule applies: where all that is given here holds; where nothing is given, always."""

    discount_percent_above: Percent | None = Field(
        default=None, description="The whole discount is more than this share of the list price."
    )
    line_discount_percent_above: Percent | None = Field(
        default=None, description="The discount of any one line is more than this share of its list price."
    )
    margin_percent_below: Percent | None = Field(
        default=None, description="The margin is below this share of the net price, or unknown for want of costs."
    )
    amount_above: Amount | None = Field(default=None, description="The net price is more than this, in `currency`.")
    currency: Currency | None = Field(
        default=None, description="The currency of `amount_above`; without it, the company's."
    )
    payment_days_above: Days | None = Field(default=None, description="The customer may pay later than this.")
    term_months_above: Months | None = Field(default=None, description="The term is longer than this.")
    term_months_below: Months | None = Field(default=None, description="The term is shorter than this.")


class ApprovalStep(Section):
    """One step of a rule: people who are asked at the same time."""

    approvers: Annotated[
        Several[Text], Field(min_length=1), Expect("a list of users: an e-mail, an id, a name, role:NAME or manager")
    ] = Field(
        description="Who is asked: a user's e-mail, id or name; `role:NAME` for all active users of a role; `manager` for "
        "the manager of the deal's owner."
    )
    need: Literal["any", "all"] = Field(
        default="any", description="Whether one of them is enough, or all have to agree."
    )


Steps = Annotated[Several[ApprovalStep], Field(min_length=1), Expect("a list of at least one step")]


class ApprovalRule(Section):
    """One rule. The rules that apply to a quote are asked side by side; the steps of a rule one after the other."""

    name: Text = Field(description="What the rule is called where somebody has to decide.")
    when: ApprovalConditions = ApprovalConditions()
    steps: Steps = Field(description="Who is asked; a step is opened when the one before it is through.")


class Delegation(Section):
    """Somebody decides for somebody else, on all days from the first to the last."""

    of: Text = Field(description="Whose approvals: a user's e-mail, id or name.")
    to: Text = Field(description="Who may decide in their place: a user's e-mail, id or name.")
    first_day: Day = Field(description="The first day on which that holds.")
    last_day: Day = Field(description="The last day.")


def _distinct(rules: tuple[ApprovalRule, ...]) -> tuple[ApprovalRule, ...]:
    names = [rule.name.casefold() for rule in rules]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise ValueError(f"two rules are called {rules[position].name[:60]!r}; give one another name")
    return rules


def _forward(delegations: tuple[Delegation, ...]) -> tuple[Delegation, ...]:
    for one in delegations:
        if one.last_day < one.first_day:
            raise ValueError(f"the delegation of {one.of[:60]!r} ends on {one.last_day}, before it begins")
    return delegations


class Approvals(Section):
    """Which quotes need approval, and whose."""

    rules: Annotated[Several[ApprovalRule], AfterValidator(_distinct), Expect("a list of rules")] = Field(
        default=(), description="The rules; without any, no quote needs approval."
    )
    own_quotes: bool = Field(
        default=False, description="A person may approve a quote of a deal that they own, or that they submitted."
    )
    delegations: Annotated[Several[Delegation], AfterValidator(_forward), Expect("a list of delegations")] = Field(
        default=(), description="Who decides in whose place, and when."
    )

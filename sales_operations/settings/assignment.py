"""Keys of ``assignment``: who gets a lead, by which rule, and within which time it has to be answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sales_operations.settings.base import Expect, Section, Several, Text

FIELDS = (
    "company",
    "industry",
    "country",
    "employees",
    "lead_source",
    "status",
    "rating",
    "product",
    "segment",
    "region",
    "city",
    "postal_code",
    "score",
)
"""What a condition may ask of a lead, beside ``attributes.NAME`` for a column of one's own; segment is the account's, score
the newest chance of conversion in percent."""
NUMBERS = ("employees", "score")

Method = Literal["round_robin", "weighted_round_robin", "least_loaded"]
Keep = Literal["lead_owner", "account_owner"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _field(name: str) -> str:
    if name not in FIELDS and not (name.startswith("attributes.") and len(name) > len("attributes.")):
        raise ValueError(
            f"{name[:60]!r} is no field of a lead; use one of {', '.join(FIELDS)}, or attributes.NAME for a column "
            "of your own"
        )
    return name


def _day(given: Any) -> Any:
    try:
        return date.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        return given  # the type says what is expected


Words = Annotated[Several[Text], Field(min_length=1), Expect("a list of at least one text")]
References = Annotated[Several[Text], Expect("a list of names, e-mail addresses or ids")]
Hours = Annotated[float, Field(ge=0.1, le=1000, allow_inf_nan=False), Expect("a number of hours from 0.1 to 1000")]
HourOfDay = Annotated[float, Field(ge=0, le=24, allow_inf_nan=False), Expect("an hour of the day from 0 to 24")]
Count = Annotated[int, Field(ge=0, le=1_000_000_000), Expect("a whole number from 0 to 1000000000")]
Weight = Annotated[int, Field(ge=0, le=1000), Expect("a whole number from 0 to 1000")]


class Row(Section):
    """One condition. Where several operators are given, all must hold; texts are compared whatever their case."""

    field: Annotated[Text, AfterValidator(_field), Expect("a field of a lead")] = Field(
        description=f"What is asked: {', '.join(FIELDS)}, or attributes.NAME."
    )
    one_of: Words | None = Field(default=None, description="The value is one of these.")
    none_of: Words | None = Field(default=None, description="The value is none of these, or unknown.")
    starts_with: Words | None = Field(default=None, description="The value starts with one of these.")
    at_least: Count | None = Field(
        default=None, description="The number of employees, or the score in percent, is this or more."
    )
    at_most: Count | None = Field(
        default=None, description="The number of employees, or the score in percent, is this or less."
    )
    known: bool | None = Field(default=None, description="Whether the value is known.")

    @model_validator(mode="after")
    def _asks_something(self) -> Row:
        numbers = self.at_least is not None or self.at_most is not None
        texts = self.one_of or self.none_of or self.starts_with
        if not numbers and not texts and self.known is None:
            raise ValueError("asks nothing; give one of one_of, none_of, starts_with, at_least, at_most, known")
        if numbers != (self.field in NUMBERS) and (numbers or texts):
            raise ValueError(
                f"at_least and at_most are for {' and '.join(NUMBERS)}, the other operators for the other fields"
            )
        return self


class Group(Section):
    """Conditions that hold together."""

    all: Annotated[Several[Row], Field(min_length=1), Expect("a list of at least one condition")] = Field(
        description="Conditions that must all hold."
    )


Groups = Annotated[Several[Group], Expect("a list of groups of conditions")]


class Territory(Section):
    """A part of the market and who works it."""

    name: Text = Field(description="The territory's name.")
    parent: Text | None = Field(
        default=None, description="The territory that it is a part of: a lead must fit that one too."
    )
    when: Groups = Field(default=(), description="A lead fits where any of these groups holds; without groups, always.")
    users: References = Field(default=(), description="Who works it; with teams; without either, who works the parent.")
    teams: References = Field(default=(), description="Teams whose members, and their sub-teams' members, work it.")


class Rule(Section):
    """One way to hand out leads."""

    name: Text = Field(description="The rule's name; its rotation is kept under it.")
    priority: Count = Field(default=100, description="Rules are tried from the lowest number up; equal ones as listed.")
    when: Groups = Field(default=(), description="The rule is for leads for which any of these groups holds.")
    keep: Annotated[Several[Keep], Expect("a list of any of lead_owner, account_owner")] = Field(
        default=(), description="Whose the lead is already keeps it, in this order, where available."
    )
    users: References = Field(default=(), description="Who may get the lead.")
    teams: References = Field(default=(), description="Teams whose members, and their sub-teams' members, may get it.")
    roles: References = Field(default=(), description="Roles whose holders may get it.")
    territory: bool = Field(default=False, description="Only who works the most specific territory that fits the lead.")
    skills: References = Field(default=(), description="Only who has all of these skills.")
    skill_field: Literal["product", "industry", "country", "segment"] | None = Field(
        default=None, description="Only who has the lead's value of this field as a skill."
    )
    method: Method = Field(default="least_loaded", description="How one of them is chosen.")
    weights: Annotated[dict[Text, Weight], Expect("a whole number from 0 to 1000 for each user")] = Field(
        default={}, description="Shares of weighted_round_robin by user; 1 for who is not named, 0 gets none."
    )
    stop_at_capacity: bool = Field(
        default=False, description="Who has as many open deals and leads as capacity gets none."
    )
    respond_within_hours: Hours | None = Field(
        default=None, description="Working hours to answer in; without it, `response_time.hours`."
    )

    @model_validator(mode="after")
    def _weights_are_used(self) -> Rule:
        if self.weights and self.method != "weighted_round_robin":
            raise ValueError("weights are for the method weighted_round_robin; set it, or leave the weights out")
        return self


class ResponseTime(Section):
    """How soon a chosen rep has to answer, and what happens if not. The time zone is the company's."""

    hours: Hours | None = Field(
        default=None, description="Working hours to answer a lead in; without it, no time is set."
    )
    working_days: Annotated[
        Several[Weekday], Field(min_length=1), Expect("a list of at least one of mon, tue, wed, thu, fri, sat, sun")
    ] = Field(default=("mon", "tue", "wed", "thu", "fri"), description="Days on which the time runs.")
    day_starts: HourOfDay = Field(default=9, description="Hour at which a working day starts, such as 8.5.")
    day_ends: HourOfDay = Field(default=17, description="Hour at which a working day ends.")
    holidays: Annotated[
        Several[Annotated[date, BeforeValidator(_day), Expect("a date such as 2026-12-25")]],
        Expect("a list of dates such as 2026-12-25"),
    ] = Field(default=(), description="Days on which no time runs.")
    reassignments: Annotated[int, Field(ge=0, le=20), Expect("a whole number from 0 to 20")] = Field(
        default=2, description="How often an unanswered lead goes to somebody else before the manager is told."
    )

    @model_validator(mode="after")
    def _has_hours(self) -> ResponseTime:
        if self.day_starts >= self.day_ends:
            raise ValueError(f"a working day that starts at {self.day_starts:g} cannot end at {self.day_ends:g}")
        return self


class Assignment(Section):
    """Who gets a lead."""

    keep: Annotated[Several[Keep], Expect("a list of any of lead_owner, account_owner")] = Field(
        default=("lead_owner",), description="Whose a lead is already keeps it, before any rule is asked."
    )
    rules: Annotated[Several[Rule], Expect("a list of rules")] = Field(
        default=(), description="Rules, tried by priority; one that has nobody for a lead hands it to the next."
    )
    catch_all: Literal["least_loaded", "round_robin", "nobody"] = Field(
        default="least_loaded", description="How leads that no rule gave to anybody go to those who sell."
    )
    when_nobody: Literal["unassigned", "error"] = Field(
        default="unassigned",
        description="What happens where nobody can take a lead: it stays without rep, or an error.",
    )
    territories: Annotated[Several[Territory], Expect("a list of territories")] = Field(
        default=(), description="Parts of the market, for rules with territory."
    )
    skills: Annotated[dict[Text, Words], Expect("a list of skills for each user")] = Field(
        default={}, description="Skills by user, beside those of the users' own attribute `skills`."
    )
    response_time: ResponseTime = ResponseTime()

    @model_validator(mode="after")
    def _names_fit(self) -> Assignment:
        for what, names in (
            ("rule", [one.name for one in self.rules]),
            ("territory", [one.name for one in self.territories]),
        ):
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise ValueError(f"two {what} entries are called {min(twice)[:60]!r}; rename one")
        parents = {one.name: one.parent for one in self.territories}
        for name, parent in parents.items():
            seen = {name}
            while parent is not None:
                if parent not in parents:
                    raise ValueError(f"territory {name[:60]!r}: its parent {parent[:60]!r} does not exist")
                if parent in seen:
                    raise ValueError(f"territory {name[:60]!r} is a part of itself, by its parent {parent[:60]!r}")
                seen.add(parent)
                parent = parents[parent]
        if not parents and any(rule.territory for rule in self.rules):
            raise ValueError("a rule goes by territory, but there are no territories; list them, or take territory out")
        return self

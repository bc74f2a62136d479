"""Whether two records are the same company or the same person: a score between 0 and 1, and what it consists of.

Each thing that two records have in common takes away a share of the doubt that is left; what speaks against takes away
from the score. So the parts of a score add up to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sales_operations.domain import normal_forms

SHARES = {
    "e-mail": 0.98,
    "domain": 0.92,
    "name": 0.92,
    "phone": 0.75,
    "person's name": 0.6,
    "account": 0.5,
}
"""What agrees, to the share of the doubt that it takes away. A name that is only alike takes away less."""
OTHER = {"other domain": 0.15, "other e-mail": 0.2, "other country": 0.1}
"""What differs where both are known, to the share of the score that it takes away."""
_LEAST_ALIKE = 0.75
"""Names below this likeness say nothing."""
_PART_OF_NAME = 0.55


class Profile(NamedTuple):
    """What of a record is compared, in normal forms. ``is_person`` says by which rules; ``label`` is for people."""

    record_id: str
    is_person: bool
    label: str
    words: tuple[str, ...] = ()
    domain: str | None = None
    email: str | None = None
    phone: str | None = None
    country: str | None = None
    account_id: str | None = None


class Score(NamedTuple):
    """How sure it is that two records are the same, and the parts, (what, share), that add up to it."""

    total: float
    parts: tuple[tuple[str, float], ...]

    @property
    def told(self) -> dict[str, float]:
        """The parts as they are stored."""
        return {what: round(share, 4) for what, share in self.parts}


class Match(NamedTuple):
    """The record that another one is the same as (None: none is), and those that are only similar, the likest first."""

    same: Profile | None = None
    score: Score | None = None
    similar: tuple[tuple[Profile, Score], ...] = ()


NO_MATCH = Match()
"""Nothing is the same, nothing is similar."""


def company(row: Mapping[str, Any]) -> Profile:
    """An account's profile."""
    return Profile(
        row["id"],
        False,
        row.get("name") or row["id"],
        normal_forms.company_words(row.get("name")),
        normal_forms.domain(row.get("domain"), row.get("website")),
        phone=normal_forms.phone(row.get("phone")),
        country=(row.get("country") or "").strip().casefold() or None,
    )


def company_of_lead(lead: Mapping[str, Any], free_mail: frozenset[str] = normal_forms.FREE_MAIL) -> Profile:
    """The profile of the company that a lead works for; an address that anybody can have says nothing of it."""
    address = normal_forms.email(lead.get("email"))
    host = normal_forms.domain(address) if address else None
    return Profile(
        lead["id"],
        False,
        lead.get("company") or "",
        normal_forms.company_words(lead.get("company")),
        None if host in free_mail else host,
        phone=normal_forms.phone(lead.get("phone")),
        country=(lead.get("country") or "").strip().casefold() or None,
    )


def person(row: Mapping[str, Any], account_id: str | None = None) -> Profile:
    """The profile of a contact, or of the person behind a lead."""
    names = (row.get("first_name"), row.get("last_name"))
    return Profile(
        row["id"],
        True,
        " ".join(name for name in names if name) or row.get("email") or row["id"],
        normal_forms.person_words(*names),
        email=normal_forms.email(row.get("email")),
        phone=normal_forms.phone(row.get("phone")),
        account_id=row.get("account_id") or account_id,
    )


def compare(one: Profile, other: Profile) -> Score:
    """The score of two profiles of the same sort."""
    agreeing: list[tuple[str, float]] = []
    against: list[tuple[str, float]] = []
    if one.is_person:
        _weigh("e-mail", one.email, other.email, agreeing, against)
        if (alike := likeness(one.words, other.words)) > 0:
            agreeing.append(("person's name", SHARES["person's name"] * alike))
        if one.account_id and one.account_id == other.account_id:
            agreeing.append(("account", SHARES["account"]))
    else:
        _weigh("domain", one.domain, other.domain, agreeing, against)
        if (alike := likeness(one.words, other.words)) > 0:
            agreeing.append(("name", SHARES["name"] * alike))
        elif _is_part(one.words, other.words):
            agreeing.append(("part of the name", _PART_OF_NAME))
        _weigh("country", one.country, other.country, agreeing, against)
    if one.phone and one.phone == other.phone:
        agreeing.append(("phone", SHARES["phone"]))
    total, parts = 0.0, []
    for what, share in agreeing:
        parts.append((what, share * (1 - total)))
        total += parts[-1][1]
    for what, share in against:
        parts.append((what, -share * total))
        total += parts[-1][1]
    return Score(round(total, 4), tuple(part for part in parts if part[1]))


def _weigh(
    what: str,
    one: str | None,
    other: str | None,
    agreeing: list[tuple[str, float]],
    against: list[tuple[str, float]],
) -> None:
    if one and other:
        if one == other:
            agreeing.append((what, SHARES.get(what, 0.0)))
        else:
            against.append((f"other {what}", OTHER[f"other {what}"]))


def likeness(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """How alike two names are, 0 to 1: 1 for the same words in any order, 0 where numbers in them differ.

    Between, the share of letters that need not be changed (RapidFuzz), from a least likeness on.
    """
    if not one or not other:
        return 0.0
    first, second = sorted(one), sorted(other)
    if first == second:
        return 1.0
    if [word for word in first if _has_digit(word)] != [word for word in second if _has_digit(word)]:
        return 0.0
    from rapidfuzz import fuzz

    cutoff = _LEAST_ALIKE * 100
    found = max(
        fuzz.ratio(" ".join(first), " ".join(second), score_cutoff=cutoff),
        fuzz.ratio("".join(one), "".join(other), score_cutoff=cutoff),
    )
    return max(0.0, (found / 100 - _LEAST_ALIKE) / (1 - _LEAST_ALIKE))


def _is_part(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether a name is another one that goes on: its beginning, word by word, of more than a few letters."""
    short, long = sorted((one, other), key=len)
    return 0 < len(short) < len(long) and long[: len(short)] == short and len("".join(short)) > 4


def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))


def decide(wanted: Profile, candidates: Iterable[Profile], same_at: float, similar_at: float) -> Match:
    """The candidate that is the same, and those that are similar. Of equal scores, the first candidate's counts."""
    scored = [(candidate, compare(wanted, candidate)) for candidate in candidates]
    scored.sort(key=lambda found: -found[1].total)
    likely = tuple(found for found in scored if found[1].total >= similar_at)
    if likely and likely[0][1].total >= same_at:
        return Match(likely[0][0], likely[0][1], likely[1:])
    return Match(similar=likely)

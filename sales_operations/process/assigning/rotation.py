"""Whose turn it is: smooth weighted round robin.

For each lead, everybody who could have taken it is credited with their share of one lead, and who takes it pays one. The
one with the most credit is next. So over any stretch everybody is within one lead of their share, and a lead that only
some could take changes nothing for the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ONE = 10**12
"""The credit that one lead costs: whole numbers, so that nothing depends on how fractions are rounded."""

Turns = dict[str, int]
"""User id to credit."""


def entered(turns: Mapping[str, int], available: Sequence[str]) -> Turns:
    """The credits of those who take leads now.

    Who is away or gone has none. Who comes, for the first time or back, starts at the level of the others (the mean), so
    that nothing of the time before is made up for.
    """
    present = [turns[user] for user in available if user in turns]
    level = sum(present) // len(present) if present else 0
    return {user: turns.get(user, level) for user in available}


def credited(turns: Mapping[str, int], weights: Mapping[str, int]) -> Turns:
    """The credits before the choice: each of ``weights``, who could take the lead, has got a share of it."""
    total = sum(weights.values())
    return {**turns, **{user: turns[user] + ONE * weight // total for user, weight in weights.items()}}


def paid(turns: Mapping[str, int], user: str) -> Turns:
    """The credits after ``user`` took the lead."""
    return {**turns, user: turns[user] - ONE}

"""How right each person's calls were, once the periods were over, and whether they beat what they replaced."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sales_operations.estimation.intervals import wilson
from sales_operations.estimation.shrinkage import shrunk_mean
from sales_operations.forecasting.calls.organisation import Key, Organisation
from sales_operations.forecasting.calls.standing import Call, in_company

PRIOR_PERIODS = 4.0
"""So many periods speak for a person's team, and for the company behind the team: as many as weigh for equal methods."""
LEVEL, Z = 0.95, 1.959964
RIVALS = ("roll_up", "model")
Won = Callable[[Call], Mapping[Key, int]]
"""A call to what each owner won in its period."""


@dataclass(frozen=True)
class Judged:
    """A call whose period is over, in minor units. ``about`` is its place and period, which count once.

    ``weight`` shares that one out among the calls that a person made about it. ``rivals``: what was replaced, and the model.
    """

    by: str
    about: tuple[Any, ...]
    amount: int
    actual: int
    weight: float
    rivals: Mapping[str, int | None]

    @property
    def error(self) -> int:
        """Called less won."""
        return self.amount - self.actual


def judged(calls: Sequence[Call], won: Won, rates: Mapping[str, float], currency: str) -> list[Judged]:
    """The calls of periods that are over, each against what its members won: the reps of then, whoever they report to now."""
    kept = [(call, in_company(call["amount_minor"], call["currency"], rates, currency)) for call in calls]
    often = Counter((call["made_by"], _about(call)) for call, amount in kept if amount is not None)
    found = []
    for call, amount in kept:
        if amount is None:
            continue
        of = won(call)
        members = None if call["members"] is None else [("rep", one) for one in orjson.loads(call["members"])]
        actual = sum(of.values()) if members is None else sum(of.get(one, 0) for one in members)
        rivals = {
            name: in_company(call[column], call["currency"], rates, currency)
            for name, column in zip(RIVALS, ("rollup_minor", "model_minor"), strict=True)
        }
        weight = 1 / often[call["made_by"], _about(call)]
        found.append(Judged(call["made_by"], _about(call), amount, actual, weight, rivals))
    return found


def records(found: Sequence[Judged], organisation: Organisation) -> dict[str, Any]:
    """``all`` calls together, and ``people``: each one's figures, drawn to the team's as far as periods are few."""
    everybody = _figures(found, None)
    of_team: defaultdict[Key | None, list[Judged]] = defaultdict(list)
    of_person: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in found:
        of_team[_team(organisation, one.by)].append(one)
        of_person[one.by].append(one)
    teams = {team: _figures(those, everybody) for team, those in of_team.items()}
    people = []
    for user, those in sorted(of_person.items(), key=lambda item: organisation.name_of(item[0])):
        team = _team(organisation, user)
        named = {
            "user_id": user,
            "name": organisation.name_of(user),
            "team": organisation.nodes[team].name if team else None,
        }
        people.append(named | _figures(those, teams[team]))
    return {"all": everybody, "people": people}


def _about(call: Call) -> tuple[Any, ...]:
    return call["level"], call["holder_id"], call["period"], call["period_start"]


def _team(organisation: Organisation, user: str) -> Key | None:
    node = organisation.nodes.get(("rep", user))
    return node.parent if node else None


def _figures(found: Sequence[Judged], prior: Mapping[str, Any] | None) -> dict[str, Any]:
    """The figures of some calls; ``prior`` has those that the shrunk ones are drawn to."""
    count = len({one.about for one in found})
    wape = _ratio(found, lambda one: abs(one.error))
    bias = _ratio(found, lambda one: one.error)
    return {
        "calls": len(found),
        "periods": count,
        "wape": wape,
        "bias": bias,
        "wape_shrunk": _drawn(wape, count, prior, "wape_shrunk"),
        "bias_shrunk": _drawn(bias, count, prior, "bias_shrunk"),
    } | {f"against_{rival}": _against(found, rival) for rival in RIVALS}


def _ratio(found: Iterable[Judged], error: Callable[[Judged], float]) -> float | None:
    """Weighted errors by weighted won revenue; None where nothing was won."""
    held = list(found)
    won = math.fsum(one.weight * one.actual for one in held)
    return math.fsum(one.weight * error(one) for one in held) / won if won > 0 else None


def _drawn(value: float | None, count: int, prior: Mapping[str, Any] | None, name: str) -> float | None:
    towards = None if prior is None else prior[name]
    if value is None or towards is None:
        return towards if value is None else value
    return float(shrunk_mean(value * count, count, towards, PRIOR_PERIODS))


def _against(found: Sequence[Judged], rival: str) -> dict[str, Any]:
    """The calls against what they replaced, or against the model, where that is known and another number.

    ``closer``: the periods in which they came nearer to what was won; ``verdict`` takes a side only where the interval does.
    """
    known = [one for one in found if one.rivals[rival] not in (None, one.amount)]
    of_period: defaultdict[tuple[Any, ...], float] = defaultdict(float)
    for one in known:
        of_period[one.by, *one.about] += one.weight * (abs((one.rivals[rival] or 0) - one.actual) - abs(one.error))
    closer, count = sum(gain > 0 for gain in of_period.values()), sum(gain != 0 for gain in of_period.values())
    low, high = wilson(closer, count, Z)
    verdict = "call" if low > 0.5 else rival if high < 0.5 else "not_clear"
    return {
        "periods": count,
        "closer": closer,
        "low": low if count else None,
        "high": high if count else None,
        "level": LEVEL,
        "wape": _ratio(known, lambda one: abs(one.error)),
        f"wape_{rival}": _ratio(known, lambda one: abs((one.rivals[rival] or 0) - one.actual)),
        "verdict": verdict,
    }

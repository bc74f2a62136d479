"""What a company wrote down of its world: the history that forecasts are made from, and what came true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from benchmarks.companies.company import HORIZON, Company, Floats, Ints
from benchmarks.companies.world import WON, Deals, World
from sales_operations.forecasting.asof import NO_DAY, History

CENTS = 100
Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, eq=False)
class Lived:
    """A company's record to its end, the world as it truly was at each judged origin, and the amounts won after each.

    ``actual`` is what was won in the 30 days after each origin, in minor units: (origins,).
    """

    company: Company
    history: History
    worlds: tuple[World, ...]
    actual: Floats


def live(company: Company) -> Lived:
    """Let the company live from its first day to its last, and write down what its people would."""
    rng = np.random.default_rng([company.seed, 1])
    world, worlds = World.before(company), []
    steps: list[tuple[int, Deals]] = []
    origins = set(company.origins.tolist())
    for touched in world.days(company.end - company.began + 1, rng):
        steps.append((world.day, touched))
        if world.day in origins:
            worlds.append(world.copied(1))
    won = [touched.amount[touched.stage == WON].sum() * CENTS for _, touched in steps]
    total = np.append(0.0, np.cumsum(won))
    after = company.origins - company.began + 1
    history = begun_on(_written(company, steps, rng), company.recorded)
    return Lived(company, history, tuple(worlds), np.asarray(total[after + HORIZON] - total[after]))


def begun_on(history: History, day: int) -> History:
    """The record as it is where it began on ``day``: deals that were closed before were never entered."""
    last = history.last
    kept = (history.stage[last] < WON) | (history.since[last] >= day)
    rows = kept[history.deal]
    return History(
        day=history.day,
        deal=(np.cumsum(kept) - 1)[history.deal[rows]],
        start=history.start[rows],
        stage=history.stage[rows],
        amount=history.amount[rows],
        close=history.close[rows],
        rep=history.rep[rows],
        gone=history.gone[rows],
        product=history.product[rows],
        source=history.source[rows],
        ids=history.ids[kept],
        reps=history.reps,
    )


def _written(company: Company, steps: list[tuple[int, Deals]], rng: np.random.Generator) -> History:
    """Every state of every deal, with the amounts and close dates that people state."""
    day = np.concatenate([np.full(len(touched.copy), day) for day, touched in steps])
    deal, stage, amount, speed, rep, product = (
        np.concatenate([getattr(touched, name) for _, touched in steps])
        for name in ("number", "stage", "amount", "speed", "rep", "product")
    )
    order = np.lexsort((day, deal))
    day, deal, stage, amount, speed, rep, product = (
        column[order] for column in (day, deal, stage, amount, speed, rep, product)
    )
    first = np.append(True, deal[1:] != deal[:-1])[: len(deal)]
    last = np.append(first[1:], True)[: len(deal)]
    closed = np.where(stage[last] >= WON, day[last], company.end + 1)
    taken = company.cycle / np.sqrt(np.maximum(speed[first], 0.1)) * rng.lognormal(0, 0.5, len(closed))
    dated = rng.random(len(closed)) >= company.undated
    stated = np.where(dated, day[first] + np.rint(taken).astype(np.int64), NO_DAY)
    which, when, moved_to = _pushes(company, stated, closed, rng)

    # Rows of states and rows of pushes in one order; each fills in what it does not say from the row before.
    more, none = len(when), np.full(len(when), -1)
    close = np.where(first, stated[deal], np.where(stage >= WON, day, -1))
    begun = np.append(first, np.zeros(more, dtype=bool))
    deal, day = np.append(deal, which), np.append(day, when)
    stage, close, amount = np.append(stage, none), np.append(close, moved_to), np.append(amount, none)
    order = np.lexsort((np.arange(len(day)), day, deal))
    deal, day = deal[order], day[order]
    stage, close, amount = _filled(stage[order]), _filled(close[order]), _filled(amount[order])
    if company.unpriced:
        priced = np.cumsum(stage > 0)
        unknown = priced - priced[np.flatnonzero(begun[order])][deal] == 0
        amount = np.where(unknown, np.nan, amount)
    kept = np.append((deal[1:] != deal[:-1]) | (day[1:] != day[:-1]), True)[: len(deal)]
    deals, reps = len(closed), len(company.rep_share)
    return History(
        day=company.end,
        deal=deal[kept],
        start=day[kept],
        stage=stage[kept],
        amount=amount[kept] * CENTS,
        close=close[kept],
        rep=rep[first][deal[kept]],
        gone=np.zeros(int(kept.sum()), dtype=bool),
        product=product[first][deal[kept]],
        source=np.zeros(int(kept.sum()), dtype=np.int64),
        ids=np.array([f"deal_{number}" for number in range(deals)], dtype=np.object_),
        reps=tuple(f"Rep {number}" for number in range(reps)),
    )


def _pushes(company: Company, stated: Ints, closed: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Which deals had their close date moved when, and to which day: people notice late that it has passed."""
    parts: list[tuple[Ints, Ints, Ints]] = [(np.zeros(0, np.int64),) * 3]
    deals = np.flatnonzero(stated != NO_DAY)
    close = stated[deals]
    while len(deals):
        noticed = close + rng.geometric(company.pushed, len(deals))
        still = noticed < closed[deals]
        deals, noticed = deals[still], noticed[still]
        close = noticed + rng.integers(7, 61, len(deals))
        parts.append((deals, noticed, close))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def _filled(column: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """A column in which -1 stands for what the row before says."""
    return column[np.maximum.accumulate(np.where(column != -1, np.arange(len(column)), 0))]

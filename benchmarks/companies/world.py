"""How a company goes on, day by day: all open deals at once, of one world or of many copies of it side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Self

import numpy as np

from benchmarks.companies.company import LONGEST_STAY, STAGES, YEAR, Company, Floats, Ints

WON, LOST = STAGES, STAGES + 1
ALIVE, SIGNED, DEAD = 0, 1, 2
"""What a deal is in truth. A signed or dead one may stand open in the book until the next clean-up."""
_EPOCH = date(1970, 1, 1)


@dataclass(eq=False)
class Deals:
    """One entry a deal; ``copy`` says which copy of the world it is in, ``number`` counts the arrivals of that copy."""

    copy: Ints
    number: Ints
    stage: Ints
    entered: Ints
    truth: Ints
    speed: Floats
    odds: Floats
    amount: Floats
    repriced: Ints
    """1 while the deal's amount is still to change."""
    rep: Ints
    product: Ints

    @classmethod
    def none(cls) -> Self:
        """No deals."""
        real = {"speed", "odds", "amount"}
        return cls(**{one.name: np.zeros(0, float if one.name in real else np.int64) for one in fields(cls)})

    def where(self, chosen: object) -> Self:
        """Those that an index or a mask chooses."""
        return type(self)(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})

    def and_more(self, more: Self) -> Self:
        """These and then others."""
        names = [one.name for one in fields(self)]
        return type(self)(**{name: np.concatenate([getattr(self, name), getattr(more, name)]) for name in names})


@dataclass(eq=False)
class World:
    """``copies`` worlds at the end of ``day``. ``walk`` are the random walks of arrivals, odds and amounts (3, copies)."""

    company: Company
    day: int
    deals: Deals
    walk: Floats
    week: Floats
    arrived: Ints

    @classmethod
    def before(cls, company: Company) -> Self:
        """The world on the eve of its first day."""
        walk, week, arrived = np.zeros((3, 1)), np.ones(1), np.zeros(1, np.int64)
        return cls(company, company.began - 1, Deals.none(), walk, week, arrived)

    def copied(self, copies: int) -> Self:
        """This one world, ``copies`` times: each goes its own way from here."""
        many = self.deals.where(np.tile(np.arange(len(self.deals.copy)), copies))
        many.copy = np.repeat(np.arange(copies), len(self.deals.copy))
        walk, week = np.repeat(self.walk, copies, axis=-1), np.repeat(self.week, copies)
        return type(self)(self.company, self.day, many, walk, week, np.repeat(self.arrived, copies))

    def days(self, count: int, rng: np.random.Generator) -> Iterator[Deals]:
        """Go on by so many days; each day gives the deals that were new, moved or closed on it, as they are now."""
        for _ in range(count):
            self.day += 1
            self.walk += rng.normal(0, self.company.wander / np.sqrt(YEAR), self.walk.shape)
            self.week = self._week(rng)
            new = self._arrivals(rng)
            was = self.deals
            moved = self._moves(was, rng)
            closed = was.stage >= WON
            touched = was.where(moved).and_more(new)
            self.deals = was.where(~closed).and_more(new)
            yield touched

    def _week(self, rng: np.random.Generator) -> Floats:
        if (self.day + 3) % 7:
            return self.week
        lump = self.company.lumpiness
        return rng.gamma(1 / lump, lump, len(self.week))

    def _drift(self, which: int) -> Floats:
        """The logarithm of arrivals, odds or amounts over what they were in the beginning: (copies,)."""
        years = (self.day - self.company.began) / YEAR
        return np.asarray(self.company.growth[which] * years + self.walk[which])

    def _arrivals(self, rng: np.random.Generator) -> Deals:
        """Poisson by day around the week's factor: by week negative binomial."""
        own = self.company
        rate = own.arrivals * own.weekdays[(self.day + 3) % 7] * self._season(0) * self._holidays()
        counts = rng.poisson(rate * self.week * np.exp(self._drift(0)))
        copy = np.repeat(np.arange(len(counts)), counts)
        total = len(copy)
        first = np.cumsum(counts) - counts
        number = self.arrived[copy] + np.arange(total) - first[copy]
        self.arrived = self.arrived + counts
        rep = rng.choice(len(own.rep_share), total, p=own.rep_share)
        product = rng.choice(len(own.product_share), total, p=own.product_share)
        spread = own.product_spread
        price = own.product_price[product] * np.exp(rng.normal(-(spread**2) / 2, spread, total) + self._drift(2)[copy])
        return Deals(
            copy=copy,
            number=number,
            stage=np.zeros(total, np.int64),
            entered=np.full(total, self.day),
            truth=np.full(total, ALIVE),
            speed=rng.gamma(1 / own.frailty, own.frailty, total) * own.rep_speed[rep],
            odds=rng.normal(0, own.spread, total) + own.rep_odds[rep] + own.product_odds[product],
            amount=np.rint(price),
            repriced=(rng.random(total) < own.repriced).astype(np.int64),
            rep=rep,
            product=product,
        )

    def _moves(self, deals: Deals, rng: np.random.Generator) -> Ints:
        """Let deals leave their stages, in place; the index of those that changed in the book."""
        own, rush = self.company, self._rush()
        stayed = self.day - deals.entered
        hazard = own.stay[deals.stage, np.minimum(stayed, LONGEST_STAY - 1)] * deals.speed
        hazard *= own.weekdays[(self.day + 3) % 7] * self._season(1) * self._holidays()
        hazard = np.where(deals.stage >= 2, hazard * rush, hazard)
        leaving = (rng.standard_exponential(len(hazard)) < hazard) & (deals.truth == ALIVE)
        one = np.flatnonzero(leaving)
        stage = deals.stage[one]
        tired = own.tiring * np.log((stayed[one] + 1) / own.scale[stage])
        odds = own.passing[stage] + deals.odds[one] + self._drift(1)[deals.copy[one]] - np.maximum(tired, 0)
        odds += np.log(rush) / 2 * (stage >= 2)
        chance, jump = rng.random(len(one)), rng.random(len(one))
        lost = chance > 1 / (1 + np.exp(-odds))
        back = ~lost & (jump < own.back) & (stage > 0)
        skip = ~lost & ~back & (jump > 1 - own.skip) & (stage < STAGES - 1)
        onward = np.where(back, stage - 1, stage + 1 + skip)
        closing = lost | (onward == WON)
        late = closing & (rng.random(len(one)) < own.late)
        deals.truth[one] = np.where(lost, DEAD, np.where(closing, SIGNED, ALIVE))
        moved = one[~closing]
        deals.stage[moved], deals.entered[moved] = onward[~closing], self.day
        self._reprice(deals, moved, rng)
        shown = [moved, self._close(deals, one[closing & ~late])]
        if self._is_cleanup():
            idle = (deals.truth == ALIVE) & (self.day - deals.entered > own.idle)
            deals.truth[idle & (rng.random(len(idle)) < own.swept)] = DEAD
            shown.append(self._close(deals, np.flatnonzero((deals.truth != ALIVE) & (deals.stage < WON))))
        return np.concatenate(shown)

    def _close(self, deals: Deals, chosen: Ints) -> Ints:
        deals.stage[chosen] = np.where(deals.truth[chosen] == SIGNED, WON, LOST)
        deals.entered[chosen] = self.day
        return chosen

    def _reprice(self, deals: Deals, moved: Ints, rng: np.random.Generator) -> None:
        """Deals that are to change their amount do so once, when they enter the third stage or a later one."""
        due = moved[(deals.stage[moved] >= 2) & (deals.repriced[moved] == 1)]
        deals.amount[due] = np.rint(deals.amount[due] * np.exp(rng.normal(-0.05, 0.25, len(due))))
        deals.repriced[due] = 0

    def _season(self, which: int) -> float:
        angle = 2 * np.pi * self.day / YEAR + self.company.phase + which
        return float(1 + self.company.season[which] * np.sin(angle))

    def _holidays(self) -> float:
        day = _EPOCH + timedelta(days=self.day)
        inside = (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 2)
        return self.company.holidays if inside else 1.0

    def _rush(self) -> float:
        """The last two weeks of a quarter, and the tired first two of the next."""
        ahead, behind = (_EPOCH + timedelta(days=self.day + days) for days in (14, -14))
        day = _EPOCH + timedelta(days=self.day)
        if (ahead.month - 1) // 3 != (day.month - 1) // 3:
            return self.company.rush
        return self.company.rush**-0.3 if (behind.month - 1) // 3 != (day.month - 1) // 3 else 1.0

    def _is_cleanup(self) -> bool:
        day = _EPOCH + timedelta(days=self.day)
        if self.company.cleanup == 7:
            return day.weekday() == 4
        return (day + timedelta(days=1)).day == 1

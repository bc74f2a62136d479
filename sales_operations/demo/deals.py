"""The life of each deal: who sells what to whom, how fast it moves through the stages, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from sales_operations.demo.catalog import COUNTRIES, CURRENCIES, PRODUCTS, TYPES
from sales_operations.demo.columns import Bools, Floats, Ints, pick
from sales_operations.demo.customers import Market
from sales_operations.demo.seasons import VALUE_GROWTH, Seasons
from sales_operations.demo.staff import Staff

NEW, EXPANSION, RENEWAL = range(len(TYPES))
LEAD, QUALIFIED, PROPOSAL, NEGOTIATION, WON, LOST = range(6)

_NEW_A_DAY = 2.06
_REPEAT_A_DAY = 0.88
# Per stage: log-odds of going on, median days of average work, spread of the days (sigma of the logarithm).
_ODDS = (0.72, 0.92, 0.72, 0.86)
_DAYS = (12.0, 22.0, 25.0, 22.0)
_SPREAD = (0.80, 0.70, 0.70, 0.65)
_LINGER = 1.7  # a deal that will be lost stays this much longer before somebody says so
# By segment: log-odds, days, median value in dollars, spread of the value.
_SEGMENT_ODDS = (0.10, 0.02, -0.22)
_SEGMENT_PACE = (0.80, 1.10, 1.55)
_SEGMENT_VALUE = (8_000, 17_500, 42_000)
_SEGMENT_SPREAD = (0.68, 0.74, 0.80)
# By source, in the order of the catalog: share among new business, log-odds, and how often it came as a lead.
_SOURCE_SHARES = (0.30, 0.14, 0.15, 0.15, 0.12, 0.14, 0.0)
_SOURCE_ODDS = (0.0, -0.20, -0.05, 0.45, 0.25, -0.40, 0.15)
_SOURCE_LEADS = (0.92, 0.95, 0.88, 0.62, 0.40, 0.50, 0.0)
_EXISTING = 6
_TYPE_ODDS = (-0.10, 0.25, 0.75)
_TYPE_PACE = (1.0, 0.85, 0.70)
_TYPE_VALUE = (1.0, 0.90, 0.75)
_REGION_ODDS = (0.05, 0.0, -0.05, -0.10)


@dataclass
class Deals:
    """All deals as arrays, one element a deal, by time of creation.

    Times are days since 1970; NaN: has not happened before today. ``entered`` has a column for each of the four open
    stages. ``lost_in`` is the stage that a lost deal was lost from, else -1. ``interest`` is the customer's hidden
    inclination, ``stalled`` whether the deal got stuck. ``currency`` indexes
    ``catalog.CURRENCIES``, ``value`` is in dollars.
    """

    created: Floats
    account: Ints
    rep: Ints
    product: Ints
    source: Ints
    type: Ints
    segment: Ints
    currency: Ints
    value: Floats
    interest: Floats
    from_lead: Bools
    stalled: Bools
    entered: Floats
    closed: Floats
    won: Bools
    lost_in: Ints

    def __len__(self) -> int:
        return len(self.created)

    @property
    def end(self) -> Floats:
        """When the deal closed, or infinity while it is open."""
        return np.where(np.isnan(self.closed), np.inf, self.closed)

    def where(self, chosen: Bools | Ints) -> Deals:
        """The chosen deals, in the order chosen."""
        return Deals(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def simulate(rng: np.random.Generator, seasons: Seasons, staff: Staff, market: Market) -> Deals:
    """Deals open in the recorded years: first new business, then what its customers buy again."""
    days = seasons.today - seasons.begin
    created = seasons.arrivals(rng, round(days * _NEW_A_DAY))
    account = rng.integers(len(market), size=len(created))
    fresh = _deals(rng, seasons, staff, market, created, account, np.full(len(created), NEW))

    created = seasons.arrivals(rng, round(days * _REPEAT_A_DAY))
    wins = np.flatnonzero(fresh.won)
    wins = wins[np.argsort(fresh.closed[wins], kind="stable")]
    customers = np.concatenate([market.legacy, fresh.account[wins]])
    # Legacy customers come first, then those won at least 60 days before: nobody buys again before the first time.
    available = len(market.legacy) + np.searchsorted(fresh.closed[wins], created - 60)
    account = customers[(rng.random(len(created)) * available).astype(np.int64)]
    again = _deals(rng, seasons, staff, market, created, account, pick(rng, (0, 0.62, 0.38), len(created)))

    names = [field.name for field in fields(Deals)]
    both = Deals(**{name: np.concatenate([getattr(fresh, name), getattr(again, name)]) for name in names})
    both = both.where(np.argsort(both.created, kind="stable"))
    return both.where((both.created >= seasons.start) | (both.end >= seasons.start))


def _deals(
    rng: np.random.Generator,
    seasons: Seasons,
    staff: Staff,
    market: Market,
    created: Floats,
    account: Ints,
    types: Ints,
) -> Deals:
    count = len(created)
    segment = market.segment[account]
    rep = staff.assign(rng, created, market.region[account])
    product = pick(rng, np.array([item.demand for item in PRODUCTS]).T[segment], count)
    source = np.where(types == NEW, pick(rng, _SOURCE_SHARES, count), _EXISTING)
    # Beyond 2.6 sigma a single deal would outweigh a whole quarter.
    size = np.clip(rng.normal(0, 1, count), -2.6, 2.6)
    value = np.asarray(_SEGMENT_VALUE)[segment] * np.exp(np.asarray(_SEGMENT_SPREAD)[segment] * size)
    value *= np.asarray(_TYPE_VALUE)[types] * VALUE_GROWTH ** seasons.years(created)

    interest = rng.normal(0, 0.55, count)
    odds = interest + staff.skill_at(rep, created) - 0.12 * size
    odds += np.array([item.odds for item in PRODUCTS])[product] * np.where(segment == 2, 0.5, 1.0)
    odds += np.asarray(_SEGMENT_ODDS)[segment] + np.asarray(_SOURCE_ODDS)[source] + np.asarray(_TYPE_ODDS)[types]
    odds += np.asarray(_REGION_ODDS)[market.region[account]]
    # Software sells well into large companies and badly into small ones; sensors the other way round.
    software = np.array([item.family == "Software" for item in PRODUCTS])[product]
    odds += np.where(software, 0.3, -0.1) * (segment - 1)
    pace = np.asarray(_SEGMENT_PACE)[segment] * np.asarray(_TYPE_PACE)[types]
    pace *= np.exp(0.12 * size - 0.25 * staff.skill[rep] - 0.20 * interest)

    starts_qualified = rng.random(count) < np.where(types == NEW, 0.04, 0.30)
    from_lead = (rng.random(count) < np.asarray(_SOURCE_LEADS)[source]) & ~starts_qualified
    entered, closed, lost_in, stalled = _walk(rng, seasons, created, starts_qualified, odds, pace)
    entered[entered >= seasons.today] = np.nan
    happened = closed < seasons.today
    # Most deals abroad are agreed in dollars all the same.
    local = np.array([CURRENCIES.index(place[4]) for place in COUNTRIES])[market.country[account]]
    return Deals(
        created=created,
        account=account,
        rep=rep,
        product=product,
        source=source,
        type=types,
        segment=segment,
        currency=np.where(rng.random(count) < 0.27, local, 0),
        value=value,
        interest=interest,
        from_lead=from_lead,
        stalled=stalled,
        entered=entered,
        closed=np.where(happened, closed, np.nan),
        won=happened & (lost_in < 0),
        lost_in=np.where(happened, lost_in, -1),
    )


def _walk(
    rng: np.random.Generator, seasons: Seasons, created: Floats, starts_qualified: Bools, odds: Floats, pace: Floats
) -> tuple[Floats, Floats, Ints, Bools]:
    """Stage by stage: how long each deal stays, and whether it goes on. Gives entered, closed, lost_in, stalled."""
    count = len(created)
    entered = np.full((count, 4), np.nan)
    closed = np.full(count, np.nan)
    lost_in = np.full(count, -1)
    ever_stalled = np.zeros(count, dtype=bool)
    now = created.copy()
    alive = np.ones(count, dtype=bool)
    for stage in range(4):
        entered[:, stage] = np.where(alive, now, np.nan)
        stalled = rng.random(count) < 0.09
        days = _DAYS[stage] * pace * np.exp(rng.normal(0, _SPREAD[stage], count))
        days *= np.where(stalled, rng.uniform(2.0, 5.0, count), 1.0)
        going = rng.random(count) < 1 / (1 + np.exp(-(_ODDS[stage] + odds - 0.9 * stalled)))
        skipped = starts_qualified
        if stage != LEAD:
            skipped = (rng.random(count) < 0.045) & (stage != PROPOSAL) & (entered[:, stage - 1] < now)
        going |= skipped
        days = np.where(skipped, 0.0, np.where(going, days, days * _LINGER))
        entered[skipped, stage] = np.nan
        signing = going & (stage == NEGOTIATION)
        left = np.where(signing, seasons.after(now, days, signing=True), seasons.after(now, days))
        lost = alive & ~going
        closed[lost], lost_in[lost] = left[lost], stage
        ever_stalled |= alive & stalled & ~skipped
        alive &= going
        now = np.where(alive, left, now)
    closed[alive] = now[alive]
    return entered, closed, lost_in, ever_stalled

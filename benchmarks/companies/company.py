"""What one company is like: everything that its deals obey, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STAGES = 4
LONGEST_STAY = 900
"""Days in a stage after which the hazard of leaving it stays as it is."""
FIRST_DAY = 19_358
"""2023-01-01 as days since 1970-01-01: around here the records of the companies begin."""
YEAR = 365.25
HORIZON = 30
LEAST_BEFORE = 5 * HORIZON
"""Days of record before the first judged origin: four completed windows, and a month to start the first of them from."""


@dataclass(frozen=True, eq=False)
class Company:
    """Days are numbers since 1970-01-01; rates are by day; ``stay`` is the hazard of leaving (stages, days in it)."""

    seed: int
    began: int
    """The first day of the world: the record begins later, at ``recorded``."""
    recorded: int
    end: int
    origins: Ints
    arrivals: float
    lumpiness: float
    """Variance of a week's factor of arrivals, whose mean is 1."""
    growth: Floats
    """Of the logarithm of arrivals, of the odds to win and of amounts in a year: (3,)."""
    wander: float
    """Standard deviation in a year of the random walks on top of growth."""
    weekdays: Floats
    season: Floats
    """Amplitudes of arrivals and of decisions (2,)."""
    phase: float
    rush: float
    """How many times as many decisions are made in the last two weeks of a quarter."""
    holidays: float
    """Activity from 22 December to 2 January, 1 being usual."""
    stay: Floats
    scale: Floats
    """Typical days in each stage (stages,)."""
    passing: Floats
    """Log odds of going on when a deal leaves a stage (stages,)."""
    tiring: float
    """How much these odds fall with the logarithm of the time in the stage over what is typical."""
    frailty: float
    """Variance of the deals' own speed, whose mean is 1."""
    spread: float
    """Standard deviation of the deals' own log odds."""
    skip: float
    back: float
    rep_share: Floats
    rep_speed: Floats
    rep_odds: Floats
    product_share: Floats
    product_price: Floats
    product_odds: Floats
    product_spread: float
    repriced: float
    """Share of deals whose amount changes on entering the third stage."""
    late: float
    """Share of closings that are written down on the next clean-up only."""
    cleanup: int
    """Days between clean-ups: 7 for Fridays, 30 for ends of months."""
    swept: float
    """Chance of a deal that stayed beyond ``idle`` days to be swept out at a clean-up."""
    idle: float
    cycle: float
    """Days that a deal is first said to take."""
    unpriced: bool
    """Whether deals have no amount before their second stage."""
    undated: float
    """Share of deals without a stated close date."""
    pushed: float
    """Chance a day that an overdue close date is moved."""


def draw(seed: int) -> Company:
    """The company of a seed."""
    rng = np.random.default_rng([seed, 0])
    yearly = float(np.exp(rng.uniform(np.log(200), np.log(3000))))
    cycle = float(np.exp(rng.uniform(np.log(20), np.log(150))))
    recorded = FIRST_DAY + int(rng.integers(0, 365))
    days = int(rng.uniform(14, 40) * YEAR / 12)
    end = recorded + days
    judged = min(int(rng.integers(4, 13)), (days - LEAST_BEFORE) // HORIZON)
    scale = cycle * rng.dirichlet(np.full(STAGES, 6.0))
    reps, products = int(rng.integers(2, 25)), int(rng.integers(1, 7))
    win_rate = rng.uniform(0.1, 0.45)
    losing = rng.dirichlet(np.array([4.0, 3.0, 2.5, 2.0]))
    chance = win_rate**losing
    cleanup = int(rng.choice([7, 30]))
    # A third of the companies began with an empty book on the day on which they began to write.
    warm = 0 if rng.random() < 1 / 3 else int(3 * cycle + 90)
    return Company(
        seed=seed,
        began=recorded - warm,
        recorded=recorded,
        end=end,
        origins=end - HORIZON * np.arange(judged, 0, -1, dtype=np.int64),
        arrivals=yearly / YEAR,
        lumpiness=float(rng.uniform(0.02, 0.3)),
        growth=rng.normal([0.08, 0.0, 0.04], [0.2, 0.15, 0.08]),
        wander=float(rng.uniform(0.02, 0.15)),
        weekdays=_weekdays(rng),
        season=rng.uniform(0, [0.3, 0.25]),
        phase=float(rng.uniform(0, 2 * np.pi)),
        rush=float(rng.uniform(1, 2.5)),
        holidays=float(rng.choice([1.0, 0.25, 0.5])),
        stay=_hazards(scale, rng),
        scale=scale,
        passing=np.log(chance / (1 - chance)),
        tiring=float(rng.uniform(0, 0.6)),
        frailty=float(rng.uniform(0.1, 0.7)),
        spread=float(rng.uniform(0.2, 0.8)),
        skip=float(rng.uniform(0, 0.15)),
        back=float(rng.uniform(0, 0.08)),
        rep_share=rng.dirichlet(np.full(reps, 3.0)),
        rep_speed=rng.gamma(12.0, 1 / 12.0, reps),
        rep_odds=rng.normal(0, 0.35, reps),
        product_share=rng.dirichlet(np.full(products, 2.0)),
        product_price=np.exp(rng.uniform(np.log(1_000), np.log(40_000)) + rng.normal(0, 0.5, products)),
        product_odds=rng.normal(0, 0.2, products),
        product_spread=float(rng.uniform(0.25, 0.8)),
        repriced=float(rng.uniform(0.1, 0.7)),
        late=float(rng.choice([0.0, rng.uniform(0.1, 0.5)])),
        cleanup=cleanup,
        swept=float(rng.uniform(0, 0.3)) * cleanup / 30,
        idle=float(rng.uniform(1.5, 4) * cycle),
        cycle=cycle,
        unpriced=bool(rng.random() < 0.2),
        undated=float(rng.choice([0.0, 0.15])),
        pushed=float(rng.uniform(0.02, 0.3)),
    )


def _weekdays(rng: np.random.Generator) -> Floats:
    """Activity from Monday to Sunday, 1 on the mean."""
    found = np.append(rng.uniform(0.8, 1.2, 5), np.full(2, rng.choice([0.03, 0.2])))
    return np.asarray(found / found.mean())


def _hazards(scale: Floats, rng: np.random.Generator) -> Floats:
    """By stage a Weibull hazard, which rises or falls, or a log-logistic one, which has a hump."""
    days = np.arange(LONGEST_STAY) + 0.5
    rows = []
    for typical in scale:
        shape = rng.uniform(0.8, 2.0)
        hazard = shape / typical * (days / typical) ** (shape - 1)
        if rng.random() < 0.5:
            hazard /= 1 + (days / typical) ** shape
        rows.append(np.maximum(np.minimum(hazard, 0.5), 0.1 / typical / (1 + days / typical)))
    return np.array(rows)

"""The sales staff: teams, users and quotas, and the habits that tell one rep from another."""

from __future__ import annotations

import numpy as np

from sales_operations.demo import catalog
from sales_operations.demo.catalog import REGIONS, REPS, plain
from sales_operations.demo.columns import Floats, Ints, Rows, pick
from sales_operations.demo.seasons import Seasons, day_number, instants, quarter_start

_BOSSES = [catalog.HEAD, catalog.OPERATIONS, *catalog.MANAGERS]
_TEAMS = ["team_sales", *(f"team_{region.lower()}" for region in REGIONS)]
_QUOTA_MINOR = 7_800_000
_LEAVE_DAYS = 40
_RAMP_DAYS = 180


def _user(number: int) -> str:
    return f"user_{number + 1:02d}"


class Staff:
    """The reps as arrays, one element a rep, in the order of ``catalog.REPS``.

    ``skill`` is in log-odds of advancing a deal one stage; ``sloppiness`` (0 to 1) is how late and how often close
    dates are moved; ``generosity`` (0 to 1) is the habit of giving discounts. Times are days since 1970.
    """

    def __init__(self, rng: np.random.Generator, seasons: Seasons) -> None:
        count, length = len(REPS), seasons.today - seasons.start
        self.ids = [_user(number + len(_BOSSES)) for number in range(count)]
        self.region = np.array([region for _, region in REPS])
        joined = [catalog.JOINED.get(name, -0.4 - 0.03 * number) for number, (name, _) in enumerate(REPS)]
        self.joined = seasons.start + np.floor(np.array(joined) * length)
        self.left = seasons.start + np.floor(np.array([catalog.LEFT.get(name, np.inf) for name, _ in REPS]) * length)
        away = np.array([name in catalog.ON_LEAVE for name, _ in REPS])
        self._free_until = np.where(away, seasons.today - _LEAVE_DAYS, self.left)
        self.skill = rng.permutation(np.linspace(-0.34, 0.34, count)) + rng.normal(0, 0.05, count)
        self.sloppiness = np.clip(0.5 - 0.8 * self.skill + rng.normal(0, 0.15, count), 0.05, 0.95)
        self.generosity = np.clip(0.45 - 0.4 * self.skill + rng.normal(0, 0.2, count), 0.05, 0.95)
        self._load = rng.uniform(0.75, 1.25, count)

    def assign(self, rng: np.random.Generator, times: Floats, regions: Ints) -> Ints:
        """A rep for each time and region, among those of the region who take new work at that time."""
        moment = times[:, None]
        free = (regions[:, None] == self.region) & (self.joined <= moment) & (moment < self._free_until)
        return pick(rng, free * self._load, len(times))

    def skill_at(self, reps: Ints, times: Floats) -> Floats:
        """Skill of each rep at a time; somebody new starts lower and catches up within half a year."""
        skill: Floats = self.skill[reps] - 0.35 * np.clip(1 - (times - self.joined[reps]) / _RAMP_DAYS, 0, 1)
        return skill

    def teams(self, seasons: Seasons) -> Rows:
        """Rows of the sales organisation and its regional teams."""
        return {
            "id": list(_TEAMS),
            "name": [catalog.COMPANY, *(f"Demo {region}" for region in REGIONS)],
            "parent": [None, *_TEAMS[:1] * len(REGIONS)],
            "manager": [_user(0), *(_user(number + 2) for number in range(len(REGIONS)))],
            "region": [None, *REGIONS],
            "created_at": instants(np.full(len(_TEAMS), float(seasons.begin))),
        }

    def users(self, seasons: Seasons) -> Rows:
        """Rows of everybody; who left is inactive, who is on leave has no capacity."""
        names = [*_BOSSES, *(name for name, _ in REPS)]
        rest, managers = len(REPS), len(REGIONS)
        capacity = [
            0 if n in catalog.LEFT or n in catalog.ON_LEAVE else 25 if n in catalog.JOINED else 35 for n, _ in REPS
        ]
        return {
            "id": [_user(number) for number in range(len(names))],
            "name": names,
            "email": [".".join(map(plain, name.split(" ", 1))) + f"@{catalog.STAFF_DOMAIN}" for name in names],
            "role": ["vp", "operations"] + ["manager"] * managers + ["rep"] * rest,
            "title": ["VP Sales", "Sales Operations Manager"]
            + ["Regional Sales Manager"] * managers
            + ["Account Executive"] * rest,
            "manager": [None] + [_user(0)] * (managers + 1) + [_user(region + 2) for _, region in REPS],
            "team": [_TEAMS[0]] * 2 + _TEAMS[1:] + [_TEAMS[region + 1] for _, region in REPS],
            "capacity": [None] * len(_BOSSES) + capacity,
            "is_active": [name not in catalog.LEFT for name in names],
            "created_at": instants(np.append(np.full(len(_BOSSES), seasons.begin - 400.0), self.joined)),
        }

    def quotas(self, seasons: Seasons) -> Rows:
        """A quota for each rep and quarter of service, from the first recorded quarter to four after today's."""
        rows: Rows = {name: [] for name in ("id", "user", "period", "period_start", "amount", "currency")}
        for number in range(17):
            start, after = (quarter_start(seasons.start_date, number + step) for step in (0, 1))
            weight = (0.92, 1.0, 0.9, 1.18)[(start.month - 1) // 3] * 1.08 ** (number / 4)
            for rep, user in enumerate(self.ids):
                if self.joined[rep] < day_number(after) and self.left[rep] > day_number(start):
                    served = min(max((day_number(after) - self.joined[rep]) / _RAMP_DAYS, 0.25), 1.0)
                    amount = round(_QUOTA_MINOR * weight * served / 100_000) * 100_000
                    values = (f"quota_{len(rows['id']) + 1:03d}", user, "quarter", start.isoformat(), amount)
                    for name, value in zip(rows, (*values, catalog.CURRENCY), strict=True):
                        rows[name].append(value)
        return rows

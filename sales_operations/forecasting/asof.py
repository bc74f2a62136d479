"""What was known at an origin: the deals' history as arrays, read once and sliced to any earlier day.

Nothing here or above looks at the end of a validity interval, because that end is a later event: a state holds until
the next known one. Days are numbers since 1970-01-01 in the company's time zone; amounts are minor units as floats,
NaN where unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import numpy.typing as npt

from sales_operations.domain.clock import AsOf, day_end
from sales_operations.domain.stages import STAGE_NAMES

if TYPE_CHECKING:
    import duckdb

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Value = TypeVar("Value")

WON = STAGE_NAMES.index("closed_won")
LOST = STAGE_NAMES.index("closed_lost")
OPEN_STAGES = STAGE_NAMES[:WON]
NO_DAY = -(2**31)
"""Stands for an unknown date."""
FOREVER = 2**31
YEAR = 365
LONGEST = 5 * YEAR
"""Days before the origin beyond which nothing is learnt: what sold then says little, and a wrong year costs nothing."""
_USUAL, _TIMES = 0.95, 10.0
"""A won deal teaches at most so many times what that share of them stays below."""
_EPOCH = date(1970, 1, 1)
_EARLIEST, _LATEST = date(1900, 1, 1), date(2200, 1, 1)
_DAY_MICROS = 86_400_000_000


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The date of a day number."""
    return _EPOCH + timedelta(days=number)


@dataclass(frozen=True, eq=False)
class Closings:
    """Deals that are closed at the origin, by the day on which they became so: all arrays have one entry a deal.

    ``row`` is that of its latest state.
    """

    row: Ints
    deal: Ints
    day: Ints
    amount: Floats
    won: Bools
    rep: Ints


@dataclass(frozen=True, eq=False)
class History:
    """Every state that the deals had at the end of a day, up to ``day``; one row a state, ordered by deal and start.

    ``product`` and ``source`` are what was known of the deal when the state began; ``ids`` has one entry a deal, and
    ``teams``, where they are known, one for each of ``reps``. ``gone`` marks states in which a deal was deleted;
    after ``at`` no deal is left that is deleted at the origin. ``texts``, where the history was loaded from a store, has
    a hash of the texts that the codes of a row stand for.
    """

    day: int
    deal: Ints
    start: Ints
    stage: Ints
    amount: Floats
    close: Ints
    rep: Ints
    gone: Bools
    product: Ints
    source: Ints
    ids: npt.NDArray[np.object_]
    reps: tuple[str, ...]
    teams: tuple[str, ...] = ()
    texts: npt.NDArray[np.uint64] | None = None
    _whole: History | None = None
    _shared: dict[object, object] = field(default_factory=dict)

    def at(self, day: int) -> History:
        """The same as known at the end of an earlier day, deals deleted by then left out."""
        known = self.start <= day
        last = _last_of_group(self.deal[known])
        alive = np.zeros(len(self.ids), dtype=bool)
        alive[self.deal[known][last & ~self.gone[known]]] = True
        rows = known & alive[self.deal]
        # Codes are numbered anew, so that nothing tells of reps or products that turn up later.
        rep, seen = _numbered_anew(self.rep[rows])
        return History(
            day=day,
            deal=(np.cumsum(alive) - 1)[self.deal[rows]],
            start=self.start[rows],
            stage=self.stage[rows],
            amount=self.amount[rows],
            close=self.close[rows],
            rep=rep,
            gone=self.gone[rows],
            product=_numbered_anew(self.product[rows])[0],
            source=_numbered_anew(self.source[rows])[0],
            ids=self.ids[alive],
            reps=tuple(self.reps[code] for code in seen.tolist()),
            teams=tuple(self.teams[code] for code in seen.tolist()) if self.teams else (),
            _whole=self._whole or self,
        )

    def as_told(self, day: int) -> History:
        """The same as was known then: with the deals that were deleted between that day and this one's."""
        return (self._whole or self).at(min(day, self.day))

    def once(self, key: object, work: Callable[[], Value]) -> Value:
        """What ``work`` returns, done once for this history, so that methods share what they derive from it."""
        if key not in self._shared:
            self._shared[key] = work()
        return cast(Value, self._shared[key])

    @cached_property
    def last(self) -> Ints:
        """The row of each deal's latest state."""
        return np.flatnonzero(_last_of_group(self.deal))

    @cached_property
    def created(self) -> Ints:
        """The first day of each deal."""
        return self.start[np.flatnonzero(_first_of_group(self.deal))]

    @cached_property
    def since(self) -> Ints:
        """For each row, the day on which the deal entered the stage that it is in."""
        new_run = _first_of_group(self.deal)
        new_run[1:] |= self.stage[1:] != self.stage[:-1]
        return self.start[np.maximum.accumulate(np.where(new_run, np.arange(len(new_run)), 0))]

    @cached_property
    def end(self) -> Ints:
        """For each row, the day on which the next state began; ``FOREVER`` for the latest."""
        end = np.full(len(self.deal), FOREVER, dtype=np.int64)
        same = ~_first_of_group(self.deal)[1:]
        end[:-1][same] = self.start[1:][same]
        return end

    @cached_property
    def pushes(self) -> Ints:
        """For each row, how often the stated close date had been moved to a later day."""
        later = np.zeros(len(self.deal), dtype=np.int64)
        known = self.close[:-1] != NO_DAY
        later[1:] = ~_first_of_group(self.deal)[1:] & known & (self.close[1:] > self.close[:-1])
        total = np.cumsum(later)
        return total - total[np.flatnonzero(_first_of_group(self.deal))][self.deal]

    @cached_property
    def open_rows(self) -> Ints:
        """The row of the latest state of each deal that is open."""
        return self.last[self.stage[self.last] < WON]

    @cached_property
    def observed_from(self) -> int:
        """The day of the first closing, or five years ago: the day after the origin where nothing ever closed.

        Before it closings were not written down, and days without one would say nothing.
        """
        return self.observed_by(self.day)

    def observed_by(self, day: int) -> int:
        """The same as of an earlier day."""
        return max(int(self.closings.day.min(initial=day + 1)), day - LONGEST)

    @cached_property
    def flowing_from(self) -> int:
        """The day from which closings came at the pace of the business, where ``observed_from`` may lie before it.

        A record of deals that begins with the first deal's creation sees few closings until those deals are ripe: for
        as long as half of the won ones took.
        """
        won = self.closings.won
        if not won.any():
            return self.observed_from
        ages = self.closings.day[won] - self.created[self.closings.deal[won]]
        return max(self.observed_from, int(self.created.min()) + int(np.median(ages)))

    @cached_property
    def closings(self) -> Closings:
        """The deals that are closed, and since when."""
        rows = self.last[self.stage[self.last] >= WON]
        return Closings(
            rows, self.deal[rows], self.since[rows], self.amount[rows], self.stage[rows] == WON, self.rep[rows]
        )

    @cached_property
    def usual_most(self) -> float:
        """The most that a won deal teaches of what others will bring: ten times what all but a twentieth of them did.

        Of those of the last year, or of all where it saw none. One larger than that, a slip of the pen or the deal of a
        decade, would be all that is learnt from. What it brought stays booked.
        """
        closings = self.closings
        known = closings.won & (closings.amount > 0)
        recent = known & (closings.day > self.day - YEAR)
        amounts = closings.amount[recent if recent.any() else known]
        return float(np.quantile(amounts, _USUAL, method="lower")) * _TIMES if len(amounts) else np.inf

    @cached_property
    def taught(self) -> Floats:
        """The amounts of ``closings``, none above ``usual_most``."""
        return np.minimum(self.closings.amount, self.usual_most)

    def won_per_day(self, first: int, last: int) -> Floats:
        """Won revenue of each day from ``first`` to ``last``, both inclusive; unknown amounts count 0."""
        return self._per_day(self.closings.amount, first, last)

    def taught_per_day(self, first: int, last: int) -> Floats:
        """The same of what deals teach."""
        return self._per_day(self.taught, first, last)

    def _per_day(self, amounts: Floats, first: int, last: int) -> Floats:
        closings = self.closings
        inside = closings.won & (closings.day >= first) & (closings.day <= last)
        return sums_by(closings.day[inside] - first, amounts[inside], last - first + 1)


def sums_by(group: Ints, values: Floats, count: int) -> Floats:
    """The sum of each of ``count`` groups; NaN, an unknown value, counts 0."""
    return np.bincount(group, weights=np.nan_to_num(values), minlength=count).astype(np.float64)


def _numbered_anew(codes: Ints) -> tuple[Ints, Ints]:
    """Codes from 0 on in the same order, those that do not occur left out; and the old ones: what np.unique gives."""
    seen = np.bincount(codes) > 0
    return (np.cumsum(seen) - 1)[codes], np.flatnonzero(seen)


def _first_of_group(group: Ints) -> Bools:
    first = np.ones(len(group), dtype=bool)
    first[1:] = group[1:] != group[:-1]
    return first


def _last_of_group(group: Ints) -> Bools:
    last = np.ones(len(group), dtype=bool)
    last[:-1] = group[1:] != group[:-1]
    return last


_STAGE = " ".join(f"WHEN '{name}' THEN {code}" for code, name in enumerate(STAGE_NAMES))
_KNOWN = "FROM intervals WHERE valid_from <= make_timestamp($as_of)"
_TOLD = """
    SELECT opportunity_id, make_timestamp(occurred_at) AS valid_from,
        last_value(product IGNORE NULLS) OVER so_far AS product,
        last_value(lead_source IGNORE NULLS) OVER so_far AS source
    FROM m_events WHERE (product IS NOT NULL OR lead_source IS NOT NULL) AND occurred_at <= $as_of
    WINDOW so_far AS (PARTITION BY opportunity_id ORDER BY occurred_at, seq)
    QUALIFY row_number() OVER (PARTITION BY opportunity_id, occurred_at ORDER BY seq DESC) = 1"""
_STATES = f"""
    SELECT dense_rank() OVER (ORDER BY known.opportunity_id) - 1 AS deal, epoch_us(known.valid_from) AS micros,
        CASE stage {_STAGE} END AS stage, CAST(amount_minor AS DOUBLE) AS amount, deleted AS gone,
        coalesce(date_diff('day', DATE '1970-01-01', close_date), {NO_DAY}) AS close,
        dense_rank() OVER (ORDER BY sales_rep) - 1 AS rep,
        dense_rank() OVER (ORDER BY product) - 1 AS product, dense_rank() OVER (ORDER BY source) - 1 AS source,
        hash(known.opportunity_id, sales_rep, product, source) AS texts
    FROM (SELECT * {_KNOWN}) known ASOF LEFT JOIN ({_TOLD}) told
        ON known.opportunity_id = told.opportunity_id AND known.valid_from >= told.valid_from
    ORDER BY known.opportunity_id, known.valid_from"""
_DEALS = f"SELECT DISTINCT opportunity_id AS id {_KNOWN} ORDER BY id"
_REPS = f"SELECT sales_rep, coalesce(arg_max(team, valid_from), 'no team') {_KNOWN} GROUP BY ALL ORDER BY sales_rep"


def load_history(db: duckdb.DuckDBPyConnection, as_of: AsOf, zone: str = "UTC") -> History:
    """Every state known at ``as_of`` from the tables ``intervals`` and ``m_events``; slice it with ``at``.

    Of several states within one day in ``zone`` the last is kept. Product and lead source begin no state of their own.
    """
    bound = {"as_of": as_of.micros}
    states = db.execute(_STATES, bound).fetchnumpy()
    deals = db.execute(_DEALS, bound).fetchnumpy()
    reps = db.execute(_REPS, bound).fetchall()
    start = _days(np.asarray(states["micros"], dtype=np.int64), zone)
    deal = np.asarray(states["deal"], dtype=np.int64)
    kept = _last_of_group(deal) | np.append(start[1:] != start[:-1], True)[: len(deal)]
    return History(
        day=day_number(as_of.day),
        deal=deal[kept],
        start=start[kept],
        stage=np.asarray(states["stage"], dtype=np.int64)[kept],
        amount=np.ma.filled(states["amount"].astype(np.float64), np.nan)[kept],
        close=np.asarray(states["close"], dtype=np.int64)[kept],
        rep=np.asarray(states["rep"], dtype=np.int64)[kept],
        gone=np.asarray(states["gone"], dtype=bool)[kept],
        product=np.asarray(states["product"], dtype=np.int64)[kept],
        source=np.asarray(states["source"], dtype=np.int64)[kept],
        ids=np.asarray(deals["id"], dtype=np.object_),
        reps=tuple(str(name) for name, _ in reps),
        teams=tuple(str(team) for _, team in reps),
        texts=np.asarray(states["texts"], dtype=np.uint64)[kept],
    )


def _days(micros: Ints, zone: str) -> Ints:
    """The day in ``zone`` of each instant."""
    if zone == "UTC" or not len(micros):
        return micros // _DAY_MICROS
    days = np.clip(micros // _DAY_MICROS, day_number(_EARLIEST), day_number(_LATEST))
    first, last = int(days.min()) - 1, int(days.max()) + 1
    ends = [day_end(day_of(day), zone) for day in range(first, last + 1)]
    return first + np.searchsorted(np.asarray(ends), micros, side="left")

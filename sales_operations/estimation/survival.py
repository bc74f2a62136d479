"""How long it takes until something happens, where some observations end before it has (they are censored)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sales_operations.estimation.shrinkage import Floats

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Curve:
    """At each time where something happened, ascending: all arrays have one entry a time.

    ``at_risk`` counts those still observed just before; ``surviving`` is the share to whom nothing has happened up to
    and at that time, ``low`` and ``high`` its interval. ``incidence`` (causes, times): the share to whom each cause has.
    """

    time: Ints
    at_risk: Ints
    surviving: Floats
    low: Floats
    high: Floats
    incidence: Floats

    @property
    def median(self) -> int | None:
        """The first time at which no more than half survive; None where the curve does not get there."""
        reached = np.flatnonzero(self.surviving <= 0.5)
        return int(self.time[reached[0]]) if len(reached) else None

    def place(self, time: int) -> int:
        """The index of the last entry at or before a time; -1 before the first."""
        return int(np.searchsorted(self.time, time, side="right")) - 1


def curve(time: npt.ArrayLike, happened: npt.ArrayLike, censored: npt.ArrayLike, z: float) -> Curve:
    """Kaplan and Meier's estimate (JASA 53, 1958), with the incidence of each cause by Aalen and Johansen.

    ``time`` (n,): distinct whole times, ascending. ``happened`` (causes, n): how many of each cause at that time.
    ``censored`` (n,): how many were observed up to that time only; they count as observed at it. ``z`` is the normal
    quantile of the interval, which is Greenwood's on the log-log scale; nan where it is not defined.
    """
    times = np.asarray(time, dtype=np.int64)
    causes = np.atleast_2d(np.asarray(happened, dtype=np.int64))
    events, lost = causes.sum(axis=0), np.asarray(censored, dtype=np.int64)
    at_risk = (events + lost)[::-1].cumsum()[::-1]
    kept = events > 0
    times, causes, events, at_risk = times[kept], causes[:, kept], events[kept], at_risk[kept]
    surviving = np.cumprod(1 - events / at_risk)
    before = np.concatenate(([1.0], surviving[:-1]))
    incidence = np.cumsum(causes / at_risk * before, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(events / (at_risk * (at_risk - events)))
        spread = z * np.sqrt(variance) / np.abs(np.log(surviving))
        low, high = surviving ** np.exp(spread), surviving ** np.exp(-spread)
    inside = (surviving > 0) & (surviving < 1)
    return Curve(times, at_risk, surviving, np.where(inside, low, np.nan), np.where(inside, high, np.nan), incidence)

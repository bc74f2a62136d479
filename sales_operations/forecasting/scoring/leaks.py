"""Fields that know the outcome: declared, or found by evidence. A model that learnt from them would fail on open records.

Evidence is what the records themselves show; a field that is filled in after the outcome, yet alike on won and lost and
never seen on an open record, shows nothing, and only a mapping can declare it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np

from sales_operations.estimation.classification import log_losses
from sales_operations.estimation.shrinkage import Floats, shrunk_mean
from sales_operations.forecasting.scoring.encoding import MANY_VALUES, numbers
from sales_operations.forecasting.scoring.folds import folds_of
from sales_operations.forecasting.scoring.records import DAY, Ints, Records, Texts

DECIDES_ALONE = 0.4
"""The share of the uncertainty that no single field known in time takes away. The strongest honest field of the public
data takes .17, of the made-up companies less."""
STRONG = 0.2
"""The same for a field that is also filled more often for one outcome."""
FILL_GAP = 0.2
"""Difference in the share filled, between outcomes or between open and decided, that counts."""
LATE_SHARE = 0.5
"""The share of a field's first fillings, as far as history tells, that fell on the outcome or later."""
LEAST = 20
"""Records on each side, below which there is no evidence."""
_AGE = 91 * DAY
_SURE = 4.0
_CUTS = 20
_FOLDS = 5
_PRIOR = 5.0


@dataclass(frozen=True)
class Leak:
    """A refused field. ``evidence``: ``declared``, ``history``, ``fill_rate`` or ``strength``."""

    field: str
    evidence: str
    explanation: str


def leaks_in(train: Records, open_now: Records) -> list[Leak]:
    """The fields of decided records that know too much, by name; the first evidence found counts.

    ``open_now`` are the undecided ones: what the model is for.
    """
    found = []
    for name, texts in sorted(train.columns.items()):
        leak = next(_evidence(name, texts, train, open_now), None)
        if leak is not None:
            found.append(leak)
    return found


def _evidence(name: str, texts: Texts, train: Records, open_now: Records) -> Iterator[Leak]:
    if name in train.known_from_close:
        yield Leak(name, "declared", "a mapping declares that it is filled in with the outcome (known_from: close)")
    late, told = train.filled_after.get(name, (0, 0))
    if told >= LEAST and late >= LATE_SHARE * told:
        yield Leak(name, "history", f"was first filled on the day of the outcome or later in {late} of {told} records")
    if len(open_now) >= LEAST and len(train) >= LEAST and name in open_now.columns:
        yield from _filled(name, texts, train, open_now)
    if min(train.outcome.sum(), (1 - train.outcome).sum()) >= LEAST:
        yield from _strength(name, texts, train)


def _filled(name: str, texts: Texts, train: Records, open_now: Records) -> Iterator[Leak]:
    """Compares records opened in the same 91 days, so that a field that came into use later is none."""
    decided, still_open = texts != "", open_now.columns[name] != ""
    here, there = _ages(train.opened), _ages(open_now.opened)
    shared = np.intersect1d(here, there)
    # Where no age is shared, there is only the whole to compare.
    pairs = [(decided[here == age], still_open[there == age]) for age in shared] or [(decided, still_open)]
    size = np.array([len(b) for _, b in pairs], dtype=np.float64)
    weight = size / size.sum()
    closed_share = np.array([a.mean() for a, _ in pairs])
    open_share = np.array([b.mean() for _, b in pairs])
    gap = float(weight @ (closed_share - open_share))
    pooled = [(a.sum() + b.sum()) / (len(a) + len(b)) for a, b in pairs]
    errors = [p * (1 - p) * (1 / len(a) + 1 / len(b)) for p, (a, b) in zip(pooled, pairs, strict=True)]
    if abs(gap) >= FILL_GAP and abs(gap) > _SURE * sqrt(float(weight**2 @ np.array(errors))):
        yield Leak(
            name,
            "fill_rate",
            f"is filled on {weight @ closed_share:.0%} of decided records and on {weight @ open_share:.0%} of open ones "
            "of the same age",
        )


def _ages(opened: Floats) -> Ints:
    return np.where(np.isnan(opened), -1, np.nan_to_num(opened) // _AGE).astype(np.int64)


def _strength(name: str, texts: Texts, train: Records) -> Iterator[Leak]:
    share = explained_alone(texts, train.outcome, train.groups)
    filled = texts != ""
    of_won, of_lost = filled[train.outcome == 1].mean(), filled[train.outcome == 0].mean()
    if share >= DECIDES_ALONE:
        yield Leak(name, "strength", f"alone takes away {share:.0%} of the uncertainty; nothing known in time does")
    elif share >= STRONG and abs(of_won - of_lost) >= FILL_GAP:
        yield Leak(
            name,
            "strength",
            f"alone takes away {share:.0%} of the uncertainty, and is filled on {of_won:.0%} of the won and {of_lost:.0%} "
            "of the lost: it is filled in because of what happened",
        )


def explained_alone(texts: Texts, outcome: Floats, groups: Texts) -> float:
    """The share of the log loss of the base rate that one field takes away, measured on records apart from the fitted.

    A field of numbers is cut at its twentieths; a missing value is a value of its own.
    """
    number = numbers(texts)
    known = ~np.isnan(number)
    values, place = np.unique(texts, return_inverse=True)
    if len(values) > MANY_VALUES and known.sum() >= 0.95 * (texts != "").sum():
        cuts = np.unique(np.quantile(number[known], np.linspace(0, 1, _CUTS + 1)))
        place = np.where(known, np.searchsorted(cuts, number) + 1, 0)
    size = int(place.max()) + 1
    chance = np.zeros(len(outcome))
    base = np.zeros(len(outcome))
    fold = folds_of(groups, _FOLDS, "strength")
    for one in range(_FOLDS):
        own = fold == one
        if own.all() or not own.any():
            continue
        seen = np.bincount(place[~own], minlength=size)
        won = np.bincount(place[~own], weights=outcome[~own], minlength=size)
        base[own] = shrunk_mean(outcome[~own].sum(), (~own).sum(), 0.5, 1.0)
        chance[own] = shrunk_mean(won, seen, base[own][0], _PRIOR)[place[own]]
    return 1 - float(log_losses(outcome, chance).sum() / log_losses(outcome, base).sum())


def refused(leaks: Iterable[Leak], allowed: Iterable[str] = ()) -> list[str]:
    """The fields to leave out, but for those that the caller vouches for."""
    vouched = frozenset(allowed)
    return [leak.field for leak in leaks if leak.field not in vouched]

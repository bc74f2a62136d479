"""Which records are learnt from and which judge: in time where outcomes have dates, else by hash; groups stay together."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

import numpy as np

from sales_operations.estimation.shrinkage import Floats
from sales_operations.forecasting.scoring.records import DAY, Bools, Ints, Records, Texts

LEAST_DATED = 0.95
"""The share of outcomes that need a date for time to decide."""
LEAST_DAYS = 20
"""Days on which outcomes fell, below which dates are those of a migration, not of the outcomes."""
TEST_SHARE = 5
"""One in so many is for the test."""
_BLOCKS = 5
_LARGE = 20_000


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to learn from and rows to judge by; no group is in both."""

    fit: Ints
    judge: Ints


def folds_of(groups: Texts, count: int, salt: str = "") -> Ints:
    """A fold from 0 for every record, the same for a group: the first 8 digits of its SHA-256, modulo ``count``.

    Different ``salt`` draws anew; without it, anybody finds the same fold by the id alone.
    """
    values, place = np.unique(groups, return_inverse=True)
    drawn = [int(sha256(f"{salt}{value}".encode()).hexdigest()[:8], 16) % count for value in values]
    return np.array(drawn, dtype=np.int64)[place] if len(drawn) else np.zeros(0, dtype=np.int64)


def is_dated(records: Records) -> bool:
    """Whether nearly all outcomes have a date, and not all that of one import."""
    known = records.decided[records.is_decided]
    known = known[~np.isnan(known)]
    enough = len(known) >= LEAST_DATED * records.is_decided.sum()
    return bool(enough and len(np.unique(known // DAY)) >= LEAST_DAYS)


def train_and_test(records: Records) -> Split:
    """The decided records in two: the latest fifth of the outcomes for the test, or a fifth by hash of the group."""
    rows = np.flatnonzero(records.is_decided)
    if not is_dated(records):
        test = folds_of(records.groups[rows], TEST_SHARE) == 0
        return Split(rows[~test], rows[test])
    when = _when(records)[rows]
    return _apart(records, rows, when > np.quantile(when, 1 - 1 / TEST_SHARE, method="lower"))


def validation(train: Records) -> list[Split]:
    """Splits inside decided records: each later fifth judged by what came before it, or by hash of the group.

    The first two fifths are never judged where time decides.
    """
    rows = np.arange(len(train))
    if not is_dated(train):
        count = 3 if len(train) > _LARGE else _BLOCKS
        fold = folds_of(train.groups, count, "validation")
        return [Split(rows[fold != one], rows[fold == one]) for one in range(count)]
    when = _when(train)
    bounds = np.quantile(when, np.arange(2, _BLOCKS + 1) / _BLOCKS, method="lower")
    made = []
    for start, end in pairwise(bounds):
        upto = rows[when <= end]
        made.append(_apart(train, upto, when[upto] > start))
    return [split for split in made if len(split.fit) and len(split.judge)]


def _when(records: Records) -> Floats:
    """When each was decided; the few without a date count as the earliest."""
    return np.nan_to_num(records.decided, nan=-np.inf)


def _apart(records: Records, rows: Ints, judged: Bools) -> Split:
    """Later rows judge; a group with a later row is not learnt from."""
    judge = rows[judged]
    fit = rows[~judged]
    return Split(fit[~np.isin(records.groups[fit], records.groups[judge])], judge)

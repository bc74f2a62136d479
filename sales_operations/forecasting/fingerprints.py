"""A number for all that was known at the end of any day: the same for the same, another for anything else.

Each row of the history has a random-looking number of 64 bits that its content gives; the sum of those that began by a day
is the day's. A row that is added, missing or other changes it, but for one case in 2^64; what begins later does not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sales_operations.forecasting.asof import History

Words = npt.NDArray[np.uint64]


class Fingerprints:
    """Those of a history as ``load_history`` gives it: all of its rows count, those of deleted deals too."""

    def __init__(self, known: History) -> None:
        assert known.texts is not None
        words = known.texts
        for column in (known.start, known.stage, known.amount, known.close, known.gone.astype(np.int64)):
            words = _mixed(words ^ column.view(np.uint64))
        order = np.argsort(known.start, kind="stable")
        self._days = known.start[order]
        self._sums = np.append(np.uint64(0), np.cumsum(words[order], dtype=np.uint64))

    def of(self, day: int) -> int:
        """The number of a day."""
        return int(self._sums[np.searchsorted(self._days, day, side="right")])


def _mixed(words: Words) -> Words:
    """Each word as one that tells nothing of its likes: the finalizer of SplitMix64 (Steele, Lea and Flood, 2014)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))

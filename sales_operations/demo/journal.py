"""The journal of changes: collected in any order, then told in the order of time, deal by deal."""

from __future__ import annotations

import numpy as np

from sales_operations.demo.catalog import LOSS_REASONS
from sales_operations.demo.columns import Bools, Column, Floats, Ints, Rows, known, said
from sales_operations.demo.seasons import iso_days, to_seconds
from sales_operations.domain.stages import STAGE_NAMES

_FIELDS = ("stage", "amount", "close_date", "owner", "probability", "loss_reason")
_UNCHANGED = -1


class Journal:
    """Changes of deals; the first one of each deal is its creation."""

    def __init__(self) -> None:
        self._changes: dict[str, list[Ints]] = {name: [] for name in ("deal", *_FIELDS)}
        self._times: list[Floats] = []

    def add(self, deals: Ints, times: Floats, **values: Ints | int) -> None:
        """Note changes of several deals (indexes) at ``times`` (days since 1970).

        ``values``: ``stage`` as an index into the six stages, ``amount`` in minor units, ``close_date`` as a day
        number, ``owner`` as a rep's index, ``probability`` in whole percent, ``loss_reason`` as an index into the
        catalog's. What is not given, or -1, is unchanged.
        """
        self._times.append(times)
        for name, blocks in self._changes.items():
            value = deals if name == "deal" else values.get(name, _UNCHANGED)
            blocks.append(np.broadcast_to(np.asarray(value, dtype=np.int64), deals.shape))

    def told(self, ids: list[str], owners: list[str]) -> tuple[Rows, Rows]:
        """The first state of each deal (in the deals' order), and the rows of the changes after it.

        Times are whole seconds, strictly increasing within a deal.
        """
        changes = {name: np.concatenate(blocks) for name, blocks in self._changes.items()}
        times = np.concatenate(self._times)
        order = np.lexsort((times, changes["deal"]))
        changes = {name: values[order] for name, values in changes.items()}
        deal = changes.pop("deal")
        seconds = _spread(deal, to_seconds(times[order]))
        first = np.append(True, deal[1:] != deal[:-1])
        words = {"stage": list(STAGE_NAMES), "owner": owners, "loss_reason": LOSS_REASONS}

        def rows(chosen: Bools, when: str) -> Rows:
            told: Rows = {"opportunity": said(ids, deal[chosen]), when: (seconds[chosen] * 1_000_000).tolist()}
            told.update({name: _shown(name, values[chosen], words) for name, values in changes.items()})
            return told

        return rows(first, "created_at"), rows(~first, "changed_at")


def _shown(name: str, values: Ints, words: dict[str, list[str]]) -> Column:
    if name in words:
        shown = said([*words[name], None], values)
    elif name == "close_date":
        shown = iso_days(values)
    else:
        shown = (values / 100 if name == "probability" else values).tolist()
    return known(shown, values != _UNCHANGED)


def _spread(deal: Ints, seconds: Ints) -> Ints:
    """Seconds, ascending within each deal, moved on where needed so that no two of a deal are the same."""
    place, apart = np.arange(len(deal)), deal * 2**40
    spread: Ints = np.maximum.accumulate(seconds - place + apart) - apart + place
    return spread

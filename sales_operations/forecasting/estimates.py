"""What each method says at any origin of one history, each worked out once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.asof import History
from sales_operations.forecasting.kept import KeptEstimates
from sales_operations.forecasting.method import Estimate, Method, check_recent
from sales_operations.forecasting.window import Window

_HISTORIES = 3
"""Slices of the history that are kept, with what methods share of them; the origins are gone through one by one."""


class Estimates:
    """Estimates by ``methods`` from ``known``, a history as ``load_history`` gives it; ``kept``: those of earlier times."""

    def __init__(self, known: History, methods: Sequence[Method], kept: KeptEstimates | None = None) -> None:
        self._known = known
        self._kept = kept
        self._methods = {method.name: method for method in methods}
        self._slices: OrderedDict[int, History] = OrderedDict()
        self._found: dict[tuple[str, Window], Estimate | str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The methods, in order."""
        return tuple(self._methods)

    @property
    def last_day(self) -> int:
        """The latest origin there may be."""
        return self._known.day

    def method(self, name: str) -> Method:
        """The method of that name."""
        return self._methods[name]

    def history(self, day: int) -> History:
        """What was known at the end of a day."""
        if day not in self._slices:
            self._slices[day] = self._known.at(day)
            while len(self._slices) > _HISTORIES:
                self._slices.popitem(last=False)
        self._slices.move_to_end(day)
        return self._slices[day]

    def of(self, names: Iterable[str], window: Window) -> dict[str, Estimate | str]:
        """By method the estimate, or why it refuses."""
        asked = list(names)
        if missing := [self._methods[name] for name in asked if (name, window) not in self._found]:
            said = self._kept.get(missing, window) if self._kept else {}
            new = [method for method in missing if method.name not in said]
            said |= {method.name: self._worked_out(method, window) for method in new}
            if self._kept and new:
                self._kept.put(new, window, said)
            self._found.update({(name, window): one for name, one in said.items()})
        return {name: self._found[name, window] for name in asked}

    def _worked_out(self, method: Method, window: Window) -> Estimate | str:
        history = self.history(window.origin)
        try:
            check_recent(history)
            return method.fit_forecast(history, window)
        except HistoryTooThin as reason:
            return str(reason)

"""What each method says at any origin of one history, each worked out once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.asof import History
from sales_operations.forecasting.method import Estimate, Method, check_recent
from sales_operations.forecasting.window import Window

_HISTORIES = 3
"""Slices of the history that are kept, with what methods share of them; the origins are gone through one by one."""


class Estimates:
    """Estimates by ``methods`` from ``known``, a history as ``load_history`` gives it."""

    def __init__(self, known: History, methods: Sequence[Method]) -> None:
        self._known = known
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
        return {name: self._one(name, window) for name in names}

    def _one(self, name: str, window: Window) -> Estimate | str:
        key = (name, window)
        if key not in self._found:
            history = self.history(window.origin)
            try:
                check_recent(history)
                self._found[key] = self._methods[name].fit_forecast(history, window)
            except HistoryTooThin as reason:
                self._found[key] = str(reason)
        return self._found[key]

"""Open deals by the ids that people name them by."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.forecasting.asof import LOST, WON, History, day_of


def open_places(history: History) -> dict[str, int]:
    """Where each open deal, by its id, stands among ``history.open_rows``."""
    ids = history.ids[history.deal[history.open_rows]].tolist()
    return {deal: position for position, deal in enumerate(ids)}


def places_of(deals: Iterable[str], history: History) -> dict[str, int]:
    """The same for some of them. Raises NotFound for deals that do not exist, InvalidInput for closed ones."""
    places = open_places(history)
    return {deal: places[deal] if deal in places else _refuse(deal, history) for deal in deals}


def _refuse(deal: str, history: History) -> int:
    found = np.flatnonzero(history.ids == deal)
    if not len(found):
        raise NotFound(f"deal {deal!r} does not exist as of {day_of(history.day)}; name the id of an open deal")
    row = int(history.last[found[0]])
    said = {WON: "won", LOST: "lost"}[int(history.stage[row])]
    raise InvalidInput(
        f"deal {deal!r} was {said} on {day_of(int(history.since[row]))}; only open deals can be named here"
    )

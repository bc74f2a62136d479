"""One set of commit numbers from all that was said of reps, teams and company, which adds up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sales_operations.forecasting.calls.organisation import Key
from sales_operations.forecasting.calls.rollup import Place
from sales_operations.forecasting.calls.scene import Scene
from sales_operations.forecasting.calls.standing import ADJUSTMENT, CALL, Call
from sales_operations.forecasting.reconcile import Guess, reconcile

_UNMEASURED = 1.0
"""Stands for everybody's error as long as nobody's is known: only how they compare makes a difference."""


def agreed(scene: Scene, past: Mapping[str, Any]) -> dict[Key, int]:
    """Place to its reconciled commit in minor units.

    A rep stands for what counts there, a group or the company for what was called for it, if anything was. How far each
    may be off is the past error of who said it (``wape_shrunk`` of ``record.records``), or else everybody's, of what is
    not won yet; so a good caller's number moves the less, and what is won does not move.
    """
    errors = {one["user_id"]: one["wape_shrunk"] for one in past["people"]}
    usual = past["all"]["wape"]

    def guess(place: Place, leaf: bool) -> Guess:
        call = _word(place)
        if call is None and not leaf:
            return Guess()
        value = max(place.before("commit", None), place.said.closed)
        known = errors.get(call["made_by"]) if call is not None else None
        error = next((one for one in (known, usual) if one is not None), _UNMEASURED)
        return Guess(value, (error * (value - place.said.closed)) ** 2)

    nodes = [node for node, _ in scene.organisation.walk()]
    index = {node.key: number for number, node in enumerate(nodes)}
    parents = [-1 if node.parent is None else index[node.parent] for node in nodes]
    guesses = [guess(scene.places[node.key], not node.children) for node in nodes]
    return dict(zip(index, reconcile(parents, guesses), strict=True))


def _word(place: Place) -> Call | None:
    """What was said of a place last by who stands highest."""
    return place.calls.get(("commit", ADJUSTMENT)) or place.calls.get(("commit", CALL))

"""The moments of one deal: what changed, and how the deal stood before and after, as known then.

Events are taken in the order in which they happened. What an import inferred and a recorded history later replaced is
left out, as in every other answer about the past; nothing else that came later is looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sales_operations.domain.events import Event, derive
from sales_operations.domain.stages import OpportunityStage
from sales_operations.process.rules.vocabulary import DEAL_FIELDS

_WORDS: dict[str, list[str]] = {}
"""Column of a deal to the fields that it stands for."""
for _name, _word in DEAL_FIELDS.items():
    for _column in _word.columns:
        _WORDS.setdefault(_column, []).append(_name)


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of a deal. ``before`` is empty where the deal begins; ``changed`` names fields of the rules' words.

    ``stage_seq`` and ``staged_at`` tell of the event that brought the deal into its stage. Instants are microseconds.
    """

    event: Event
    before: dict[str, Any]
    after: dict[str, Any]
    changed: frozenset[str]
    staged_at: int
    stage_seq: int

    @property
    def is_there(self) -> bool:
        """Whether the deal exists after the event, and is not deleted."""
        return not self.after.get("is_deleted")


def timeline(events: Iterable[Event]) -> list[Moment]:
    """Every moment of a deal, oldest first, from all its events that are known."""
    ordered = sorted(events, key=lambda event: (event.occurred_at, event.seq))
    moments: list[Moment] = []
    before: dict[str, Any] = {}
    staged_at = stage_seq = 0
    for position, event in enumerate(ordered):
        after = _state(ordered, position)
        different = {column for column in _WORDS if before.get(column) != after.get(column)}
        changed = frozenset(chain.from_iterable(_WORDS[column] for column in different))
        if not before or "pipeline_stage" in changed or "pipeline" in changed:
            staged_at, stage_seq = event.occurred_at, event.seq
        moments.append(Moment(event, before, after, changed, staged_at, stage_seq))
        before = after
    return moments


def at(moments: Sequence[Moment], instant: int) -> Moment | None:
    """The last moment up to an instant; None where the deal was not there yet."""
    place = bisect_right(moments, instant, key=lambda moment: moment.event.occurred_at)
    return moments[place - 1] if place else None


def _state(ordered: list[Event], position: int) -> dict[str, Any]:
    now = ordered[position].occurred_at
    last = position + 1
    while last < len(ordered) and ordered[last].occurred_at == now:  # of the same instant, but later
        last += 1
    state = derive([*ordered[: position + 1], *ordered[last:]], now)
    state["status"] = OpportunityStage(state["stage"]).status.value
    return state

"""The history of a deal: appended events, and how any past state follows from them.

An event says which fields took which value at one instant. Its ``basis`` says how that is known:

* ``live``: it happened in this program;
* ``history``: a row of the source's own history says so;
* ``inferred``: drawn from one look at the source's current state (created, closed or last modified then).

A history row at or after an inferred change of the same field, or one that ends at the same value, replaces it. So
the order in which a state and its history are imported makes no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sales_operations.domain.clock import from_micros
from sales_operations.domain.stages import DEFAULT_PIPELINE, OpportunityStage

TRACKED = (
    "pipeline",
    "pipeline_stage",
    "stage",
    "probability",
    "amount_minor",
    "currency",
    "forecast_category",
    "close_date",
    "owner_id",
    "owner_text",
    "is_deleted",
)
"""Fields with a column of their own in the history; every other field travels in ``other``."""

BIT = {name: 1 << position for position, name in enumerate(TRACKED)}
"""Field to its bit in ``Event.fields``."""

GROUPS = {
    "pipeline": ("pipeline",),
    "pipeline_stage": ("pipeline_stage", "stage"),
    "amount_minor": ("amount_minor", "currency"),
    "owner_id": ("owner_id", "owner_text"),
    "probability": ("probability",),
    "forecast_category": ("forecast_category",),
    "close_date": ("close_date",),
    "is_deleted": ("is_deleted",),
}
"""The field that decides for its group whether history replaces an inference, to the fields of the group."""

GROUP_MASK = {leader: sum(BIT[name] for name in names) for leader, names in GROUPS.items()}

BEFORE_ANYTHING_IS_KNOWN = {
    "pipeline": DEFAULT_PIPELINE.name,
    "pipeline_stage": DEFAULT_PIPELINE.first.name,
    "stage": DEFAULT_PIPELINE.first.canonical.value,
    "probability": DEFAULT_PIPELINE.first.probability,
}
"""A deal that is known to exist has a stage; until its history names one, it is the first."""


@dataclass(slots=True)
class Event:
    """One change of one deal. ``values`` and ``other`` hold new values, ``previous`` the ones before, where known.

    Times are microseconds since the epoch. ``seq`` and ``recorded_at`` are 0 until the event is written.
    """

    opportunity_id: str
    occurred_at: int
    basis: str
    values: dict[str, Any]
    other: dict[str, Any] = field(default_factory=dict)
    previous: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
    recorded_at: int = 0

    @property
    def fields(self) -> int:
        """The bits of the tracked fields that this event sets."""
        return _mask(tuple(self.values))


@lru_cache(maxsize=1024)
def _mask(names: tuple[str, ...]) -> int:
    return sum(map(BIT.__getitem__, names))


_IN_ORDER = attrgetter("occurred_at")


def _replaced(event: Event, last: Mapping[str, tuple[int, Any]]) -> set[str]:
    """Fields of an inferred event that the recorded history replaces."""
    gone: set[str] = set()
    for leader, (occurred_at, value) in last.items():
        if leader in event.values and (occurred_at >= event.occurred_at or value == event.values[leader]):
            gone.update(GROUPS[leader])
    return gone


def derive(events: Iterable[Event], until: int | None = None) -> dict[str, Any]:
    """The state after all ``events`` of one deal, given in the order of their numbers, those not yet written last.

    With ``until``, in microseconds since the epoch, the state at that instant, as all events together tell it; empty
    where the deal was not there yet. Of events at the same instant, the one written later counts.
    ``created_at`` is the recorded one, else that of the first event; ``updated_at`` is that of the last. A closed deal
    without a close date was closed on the day (UTC) it entered its stage.
    """
    ordered = sorted(events, key=_IN_ORDER)
    last: dict[str, tuple[int, Any]] = {}
    told: dict[str, int] = {}
    earliest: dict[str, Any] = {}
    for event in ordered:
        if event.basis == "history":
            for leader in GROUPS.keys() & event.values.keys():
                last[leader] = (event.occurred_at, event.values[leader])
            told.update(dict.fromkeys(event.other, event.occurred_at))
            for name in event.values.keys() & event.previous.keys():
                earliest.setdefault(name, event.previous[name])
    if until is not None and not (ordered := [event for event in ordered if event.occurred_at <= until]):
        return {}
    state: dict[str, Any] = {}
    other: dict[str, Any] = {"created_at": ordered[0].occurred_at}
    staged_at = ordered[0].occurred_at
    for event in ordered:
        values, beside = event.values, event.other
        if (last or told) and event.basis == "inferred":
            gone = _replaced(event, last)
            values = {name: value for name, value in values.items() if name not in gone}
            beside = {name: value for name, value in beside.items() if told.get(name) != event.occurred_at}
        state.update(values)
        if "stage" in values:
            staged_at = event.occurred_at
        other.update(beside)
    known_before = {name: value for name, value in earliest.items() if value is not None}
    derived = {**BEFORE_ANYTHING_IS_KNOWN, **known_before, **state, **other}
    derived["updated_at"] = ordered[-1].occurred_at
    if derived.get("close_date") is None and OpportunityStage(derived["stage"]).is_closed:
        derived["close_date"] = from_micros(staged_at).date().isoformat()
    return derived

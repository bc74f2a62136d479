"""Many deals at once, and many rows of their history: what an import says, as events, and the state that follows.

A current state is one look at a deal. It tells that the deal existed from its creation on, and everything else only from
the day it was closed, else last modified, else imported: no final value is carried back to the creation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sales_operations.domain.clock import to_micros
from sales_operations.domain.events import GROUPS, TRACKED, Event
from sales_operations.domain.kinds import KINDS
from sales_operations.domain.stages import DEFAULT_PROBABILITIES, OpportunityStage
from sales_operations.store import first_looks, history, identity
from sales_operations.store.load import Columns, Loaded, existing, observed, record_ids, references, stored_columns
from sales_operations.store.unit import Change, Unit

_TRACKED = frozenset(TRACKED)
_PROBABILITY = {stage.value: probability for stage, probability in DEFAULT_PROBABILITIES.items()}
_DERIVED = ("id", "created_at", "updated_at")
_APART = _TRACKED.union(_DERIVED)
_CLOSED = frozenset(stage.value for stage in OpportunityStage if stage.is_closed)
_STATUS = {stage.value: stage.status.value for stage in OpportunityStage}
_LEFT_OUT = ("pipeline", "pipeline_stage", "stage", "currency", "is_deleted")
"""What a look that does not say it leaves as it was."""
_REFERENCES = tuple(field.name for field in KINDS["opportunities"].fields if field.type == "ref")


@dataclass(frozen=True, slots=True)
class _Look:
    """What a row of the batch says of a deal that is there: as stored, what is said, the digest of it, the row."""

    before: dict[str, Any]
    row: dict[str, Any]
    said: str
    position: int


class DealLoader:
    """Loads deals and history of one source.

    ``zone`` says when the day of a close date begins; ``exported_at`` when the states were looked at, in microseconds,
    if that was before they are loaded. ``chances``: own stage, in small letters, to the probability that its pipeline is
    configured with; other stages have their canonical one's.
    """

    def __init__(
        self, source: str, zone: str, exported_at: int | None = None, chances: Mapping[str, float] | None = None
    ) -> None:
        self._chances = chances or {}
        self._source = source
        self._zone = ZoneInfo(zone)
        self._exported_at = exported_at
        self._days: dict[str, int] = {}

    def states(self, unit: Unit, columns: Columns, attributes: Sequence[bytes | None] | None = None) -> Loaded:
        """Take up current states. Where an id comes twice, the last row counts."""
        loaded = Loaded()
        stored = stored_columns(unit, "opportunities", self._source, columns, attributes, loaded)
        ids, last = record_ids(unit, "opportunities", self._source, columns["id"], loaded)
        stored["id"] = [ids[text] for text in columns["id"]]
        self._complete(stored, columns)
        present = existing(unit, "opportunities", ids.values())
        looked_at = unit.now if self._exported_at is None else min(self._exported_at, unit.now)
        digests = observed(columns, attributes)
        # In the order of the ids, so that one batch touches each page of an index once.
        fresh = [last[record_id] for record_id in sorted(last) if record_id not in present]
        if fresh:
            self._look_first(unit, stored, digests, fresh, looked_at)
            loaded.created += len(fresh)
        if present:
            self._look_again(unit, self._changed(stored, columns, digests, present, last, loaded), looked_at, loaded)
        return loaded

    def _look_first(
        self, unit: Unit, stored: dict[str, Sequence[Any]], digests: list[str], fresh: list[int], looked_at: int
    ) -> None:
        """Write the deals in the rows ``fresh``, which the store does not hold."""
        looks: dict[str, Sequence[Any]] = {
            name: [column[position] for position in fresh] for name, column in stored.items()
        }
        unknown = [None] * len(fresh)
        looks["created_at"] = created = [
            None if begun is None else min(begun, looked_at) for begun in looks.get("created_at", unknown)
        ]
        held = zip(*(looks.get(name, unknown) for name in ("stage", "close_date", "updated_at")), strict=True)
        seen_at = [
            max(self._seen_at(stage, due, modified, looked_at), begun or 0)
            for (stage, due, modified), begun in zip(held, created, strict=True)
        ]
        first_looks.write(unit, looks, seen_at, [digests[position] for position in fresh])

    def _changed(
        self,
        stored: dict[str, Sequence[Any]],
        columns: Columns,
        digests: list[str],
        present: dict[str, dict[str, Any]],
        last: dict[str, int],
        loaded: Loaded,
    ) -> list[_Look]:
        """Looks at known deals that say something new."""
        changed: list[_Look] = []
        referring = [name for name in _REFERENCES if name in columns]
        for record_id in sorted(present):
            before, position = present[record_id], last[record_id]
            said = digests[position]
            row = {name: column[position] for name, column in stored.items()}
            if before["observed"] == said:
                waiting = {name: columns[name][position] for name in referring if before[f"{name}_text"] is not None}
                if waiting and (linked := _linked(before, row, waiting)):
                    changed.append(_Look(before, linked, said, position))
                else:
                    loaded.unchanged += 1
                continue
            for name in _LEFT_OUT:
                if name in row and row[name] is None:
                    del row[name]
            changed.append(_Look(before, row, said, position))
        return changed

    def _first_look(self, row: dict[str, Any], now: int) -> list[Event]:
        """The events of a deal that is seen for the first time."""
        deal, get = row["id"], row.get
        created = get("created_at")
        created = min(created, now) if created is not None else None
        seen = self._seen_at(get("stage"), get("close_date"), get("updated_at"), now)
        at = max(seen, created or 0)
        events = [] if created is None else [Event(deal, created, "inferred", {}, {"created_at": created})]
        members = _members(tuple([name for name in TRACKED if get(name) is not None]))
        values = dict(zip(members, map(get, members), strict=True))
        other = {name: value for name, value in row.items() if value is not None and name not in _APART}
        events.append(Event(deal, at, "inferred", values, other))
        return events

    def _seen_at(self, stage: str | None, close_date: str | None, modified: int | None, now: int) -> int:
        """When a current state is known to hold from: its closing, else its last modification, else now."""
        if stage in _CLOSED and close_date:
            return min(self._day(close_date), now)
        return min(modified, now) if modified is not None else now

    def _day(self, text: str) -> int:
        found = self._days.get(text)
        if found is None:
            begins = datetime.combine(date.fromisoformat(text), time.min, self._zone)
            found = self._days[text] = to_micros(begins.astimezone(UTC))
        return found

    def _look_again(self, unit: Unit, looks: list[_Look], looked_at: int, loaded: Loaded) -> None:
        """Deals that are there already: from a history imported before, from an earlier look, or made by this program.

        What would move a live deal past a gate is refused, and the deal stays as it is.
        """
        events_of = history.of_deals(unit.connection, [look.before["id"] for look in looks])
        changes: list[tuple[_Look, dict[str, Any], list[Event]]] = []
        live: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for look in looks:
            before, known = look.before, events_of.get(look.before["id"], [])
            state, fresh = self._told_again(unit, look, known, looked_at)
            after = {"id": before["id"], **state, "observed": look.said}
            changes.append((look, after, fresh))
            if before["observed"] is not None or any(event.basis == "live" for event in known):
                live.append((before, after))
        refused = unit.admit(live)
        for look, after, fresh in changes:
            if after["id"] in refused:
                loaded.refused[look.position] = refused[after["id"]]
                continue
            if fresh:
                loaded.updated += 1
            else:
                loaded.unchanged += 1
            unit.add(Change("opportunities", "update", after, look.before["seq"], events=fresh))

    def _told_again(
        self, unit: Unit, look: _Look, known: list[Event], looked_at: int
    ) -> tuple[dict[str, Any], list[Event]]:
        """The state of a deal after another look at it, and the events that the look adds."""
        before, row = look.before, look.row
        if before["observed"] is None:
            fresh = self._first_look(row, looked_at)
        else:
            fresh = [self._difference(before, row, looked_at, "inferred")]
        fresh = [event for event in fresh if event.values or event.other]
        state = history.state_of([*known, *fresh])
        if before["observed"] is not None and any(state.get(name) != row[name] for name in _TRACKED & row.keys()):
            # An older history says the same as this look, but something came between: the look is the latest word.
            fresh = [self._difference(before, row, unit.now, "live")]
            state = history.state_of([*known, *fresh])
        return state, fresh

    def _difference(self, before: dict[str, Any], row: dict[str, Any], now: int, basis: str) -> Event:
        names = [name for name in row if name not in _DERIVED and row[name] != before.get(name)]
        at = (
            now
            if basis == "live"
            else max(
                self._seen_at(row.get("stage"), row.get("close_date"), row.get("updated_at"), now),
                before["updated_at"] + 1,
            )
        )
        return Event(
            before["id"],
            at,
            basis,
            _whole_groups(tuple(_TRACKED.intersection(names)), {**before, **row}),
            {name: row[name] for name in names if name not in _TRACKED},
            {name: before[name] for name in names},
        )

    def changes(self, unit: Unit, columns: Columns) -> Loaded:
        """Take up rows of history; a deal that is not known yet begins with its first row."""
        loaded = Loaded()
        fields = {field.name: field for field in KINDS["history"].fields}
        owners = references(unit, self._source, fields["owner"], columns.get("owner", []), loaded)
        external = columns["opportunity"]
        ids = identity.resolve(unit.connection, "opportunities", self._source, external)
        fresh, _ = record_ids(
            unit, "opportunities", self._source, [text for text in external if text not in ids], Loaded()
        )
        ids |= fresh
        appended: dict[str, list[Event]] = {}
        for position, text in enumerate(external):
            event = self._told(ids[text], columns, position, owners)
            if event.values or event.other or "opens" in columns:
                appended.setdefault(event.opportunity_id, []).append(event)
        present = existing(unit, "opportunities", appended)
        events_of = history.of_deals(unit.connection, present)
        for deal, events in appended.items():
            known = events_of.get(deal, [])
            told = {_content(event) for event in known if event.basis == "history"}
            new = []
            for event in sorted(events, key=lambda event: event.occurred_at):
                if _content(event) in told:
                    loaded.unchanged += 1
                else:
                    told.add(_content(event))
                    new.append(event)
            if not new:
                continue
            state = history.state_of([*known, *new])
            before = present.get(deal)
            action, version = ("create", None) if before is None else ("update", before["seq"])
            observed_before = before["observed"] if before else None
            row = {"id": deal, **state, "observed": observed_before}
            unit.add(Change("opportunities", action, row, version, events=new))
            loaded.created += len(new)
        return loaded

    def _chance(self, own: str, canonical: str) -> float:
        """The probability of a stage, where a file says none."""
        return self._chances.get(own.casefold(), _PROBABILITY[canonical])

    def _complete(self, stored: dict[str, Sequence[Any]], columns: Columns) -> None:
        """What follows from the stage, where the file says nothing of it; no currency without an amount."""
        own, canonical = columns.get("stage"), columns.get("canonical_stage")
        unknown = [None] * len(columns["id"])
        if own is not None and canonical is not None:
            stored["stage"] = canonical
            stored["pipeline_stage"] = [
                name if stage is not None else None for name, stage in zip(own, canonical, strict=True)
            ]
            stored["probability"] = [
                self._chance(name, stage) if chance is None and stage is not None else chance
                for name, stage, chance in zip(own, canonical, stored.get("probability", unknown), strict=True)
            ]
        if "currency" in stored:
            amounts = stored.get("amount_minor", unknown)
            if None in amounts:
                stored["currency"] = [
                    None if amount is None else currency
                    for amount, currency in zip(amounts, stored["currency"], strict=True)
                ]

    def _told(self, deal: str, columns: Columns, position: int, owners: dict[str, str]) -> Event:
        def cell(name: str) -> Any:
            column = columns.get(name)
            return None if column is None else column[position]

        values: dict[str, Any] = {}
        previous: dict[str, Any] = {}
        other: dict[str, Any] = {}
        if (canonical := cell("canonical_stage")) is not None:
            values |= {
                "pipeline_stage": cell("stage"),
                "stage": canonical,
                "probability": self._chance(cell("stage"), canonical),
            }
            if (before := cell("canonical_previous_stage")) is not None:
                previous |= {
                    "pipeline_stage": cell("previous_stage"),
                    "stage": before,
                    "probability": self._chance(cell("previous_stage"), before),
                }
        if (amount := cell("amount")) is not None:
            values |= {"amount_minor": amount, "currency": cell("currency")}
        for name in ("probability", "forecast_category", "close_date"):
            if (value := cell(name)) is not None:
                values[name] = value
        if (owner := cell("owner")) is not None:
            values |= {"owner_id": owners.get(owner), "owner_text": None if owner in owners else owner}
        for name in ("loss_reason", "product", "lead_source", "opportunity_type"):
            if (value := cell(name)) is not None:
                other[name] = value
        if (emptied := cell("cleared")) is not None:
            values |= _EMPTIED.get(emptied, {emptied: None})
        return Event(deal, cell("changed_at"), "history", values, other, previous)


def _linked(before: dict[str, Any], row: dict[str, Any], said: dict[str, str | None]) -> dict[str, Any]:
    """References of an unchanged deal that were kept as text, unchanged since, and are known now; empty for none."""
    found: dict[str, Any] = {}
    for name, text in said.items():
        if text is not None and before[f"{name}_text"] == text and row[f"{name}_id"] is not None:
            found |= {f"{name}_id": row[f"{name}_id"], f"{name}_text": None}
    return found and {**found, "updated_at": before["updated_at"]}


def _whole_groups(names: tuple[str, ...], row: dict[str, Any]) -> dict[str, Any]:
    """The values of these fields and of those that change with them, so that history replaces all of a group or none."""
    return {name: row.get(name) for name in _members(names)}


@lru_cache(maxsize=1024)
def _members(names: tuple[str, ...]) -> tuple[str, ...]:
    whole = {name for group in GROUPS.values() if not set(names).isdisjoint(group) for name in group}
    return tuple(name for name in TRACKED if name in whole)


_EMPTIED: dict[str, dict[str, Any]] = {
    "amount": {"amount_minor": None},
    "owner": {"owner_id": None, "owner_text": None},
    "stage": {},
    "loss_reason": {},
}
"""What it means that a field of the source was emptied. A deal is never without a stage."""


def _content(event: Event) -> tuple[Any, ...]:
    return (
        event.occurred_at,
        tuple(sorted(event.values.items(), key=lambda item: item[0])),
        tuple(event.other.items()),
    )

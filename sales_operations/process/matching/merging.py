"""Two records become one, with all that pointed to either; and become two again when it was a mistake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select, update

from sales_operations.domain.clock import iso
from sales_operations.domain.errors import Conflict, InvalidInput, NotFound
from sales_operations.domain.opportunity import new_id
from sales_operations.process.matching.merge_rules import decided
from sales_operations.settings.matching import Merging
from sales_operations.store import identity, lookup, merges, tables
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

REFERENCE = {"accounts": "account", "contacts": "contact", "leads": "lead"}
"""Kinds that can be merged, and how a column that points to one begins."""


@dataclass(frozen=True)
class Merged:
    """A merge that happened, or was undone: its id, the two records, fields that changed, and what was pointed elsewhere."""

    merge_id: str
    kind: str
    survivor_id: str
    merged_id: str
    rule: str
    fields: tuple[str, ...]
    moved: dict[str, int]
    created_at: str
    undone_at: str | None = None


def merge(workspace: Workspace, kind: str, survivor: str, other: str, rule: str | None = None) -> Merged:
    """Make ``other`` a part of ``survivor``: fields by the rule, everything that pointed to it pointed to the survivor.

    ``other`` stays as a deleted record that means the survivor. Both are record ids, or ids in their sources. ``rule``
    (survivor, newest, other) goes before the configured one. Raises NotFound, InvalidInput.
    """
    if kind not in REFERENCE:
        raise InvalidInput(f"{kind!r} cannot be merged; use one of {', '.join(REFERENCE)}")
    configured = workspace.settings.matching.merge
    merging = Merging.model_validate({**configured.model_dump(), "rule": rule}) if rule else configured
    with workspace.unit(f"merge {kind}") as unit:
        unit.hold()
        kept, gone = _present(unit, kind, survivor), _present(unit, kind, other)
        if kept["id"] == gone["id"]:
            raise InvalidInput(f"{survivor!r} and {other!r} are the same record, {kept['id']}")
        changes = decided(kind, kept, gone, merging)
        _redirected_to_itself(kind, kept, gone, changes)
        moved = _move(unit, kind, gone["id"], kept["id"]) | {"is_deleted": gone["is_deleted"]}
        row = {
            "id": new_id("merge"),
            "kind": kind,
            "survivor_id": kept["id"],
            "merged_id": gone["id"],
            "rule": orjson.dumps(merging.model_dump()).decode(),
            "changes": orjson.dumps({name: [kept.get(name), value] for name, value in changes.items()}).decode(),
            "moved": orjson.dumps(moved).decode(),
            "created_at": unit.now,
        }
        unit.create("merges", row)
        if changes:
            unit.update(kind, kept, changes)
        unit.update(kind, gone, {"is_deleted": 1})
        unit.flush()
        return _told(row)


def _present(unit: Unit, kind: str, given: str) -> dict[str, Any]:
    found = identity.find(unit.connection, kind, given)
    if found is not None:
        found = merges.survivors(unit.connection, [found]).get(found, found)
    row = unit.find(kind, found) if found else None
    if row is None or row["is_deleted"]:
        raise NotFound(f"{kind} has no record {given!r}")
    if row.get("erased_at") is not None:
        raise InvalidInput(f"the personal data of {row['id']} were erased; it cannot be merged")
    return row


def _redirected_to_itself(kind: str, kept: dict[str, Any], gone: dict[str, Any], changes: dict[str, Any]) -> None:
    """A survivor does not become its own parent."""
    if kind == "accounts":
        if changes.get("parent_id") in (kept["id"], gone["id"]):
            del changes["parent_id"]
        if kept["parent_id"] == gone["id"] and "parent_id" not in changes:
            changes["parent_id"] = None


def references(kind: str) -> Iterable[tuple[str, str]]:
    """Kind of record and column of everything that can point to a record of ``kind``."""
    ending = f"{REFERENCE[kind]}_id"
    for name, columns in tables.COLUMNS.items():
        for column in columns:
            if column == ending or (name == kind == "accounts" and column == "parent_id"):
                yield name, column


def _move(unit: Unit, kind: str, gone: str, kept: str) -> dict[str, Any]:
    """Point everything from one record to the other; gives ``references``: [kind, column, id], and ``external_ids``."""
    moved: list[list[str]] = []
    changed: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {}
    for name, column in references(kind):
        for row in sorted(lookup.rows(unit.connection, name, column, [gone]), key=lambda row: str(row["id"])):
            if row["id"] in (kept, gone):  # the two themselves: see _redirected_to_itself
                continue
            before, changes = changed.setdefault((name, row["id"]), (row, {}))
            changes[column] = kept
            moved.append([name, column, row["id"]])
    for (name, _), (before, changes) in changed.items():
        unit.update(name, before, changes)
    return {"references": moved, "external_ids": _move_external_ids(unit, kind, gone, kept)}


def _move_external_ids(unit: Unit, kind: str, gone: str, kept: str) -> list[list[str]]:
    ids = tables.external_ids.c
    found = unit.connection.execute(
        select(ids.source, ids.external_id).where(ids.kind == kind, ids.record_id == gone).order_by(ids.source)
    )
    moved = [[row.source, row.external_id] for row in found]
    _point_external_ids(unit, kind, moved, kept)
    return moved


def _point_external_ids(unit: Unit, kind: str, moved: list[list[str]], record_id: str) -> None:
    ids = tables.external_ids
    for source, text in moved:
        one = (ids.c.kind == kind) & (ids.c.source == source) & (ids.c.external_id == text)
        unit.connection.execute(update(ids).where(one).values(record_id=record_id))


def undo(workspace: Workspace, merge_id: str) -> Merged:
    """Make two records of one again, each as it was, with what pointed to it then.

    Raises NotFound, Conflict where something changed since that this would lose, with what it is; nothing is written then.
    """
    with workspace.unit("undo merge") as unit:
        unit.hold()
        row = unit.find("merges", merge_id)
        if row is None:
            raise NotFound(f"there is no merge {merge_id!r}; 'sales-operations merge list' shows them")
        if row["undone_at"] is not None:
            raise Conflict(f"merge {merge_id} was undone on {iso(row['undone_at'])}")
        kind, kept, gone = (
            row["kind"],
            unit.get(row["kind"], row["survivor_id"]),
            unit.get(row["kind"], row["merged_id"]),
        )
        moved = orjson.loads(row["moved"])
        changes = orjson.loads(row["changes"] or "{}")
        pointing = _pointing(unit, moved["references"])
        lost = [*_in_the_way(unit, row, kept, gone), *_changed_since(kept, changes)]
        lost += _pointed_elsewhere(unit, kind, kept["id"], moved, pointing)
        if lost:
            raise Conflict(f"merge {merge_id} cannot be undone, changes made since would be lost:\n" + "\n".join(lost))
        back: dict[tuple[str, str], dict[str, Any]] = {}
        for name, column, record_id in moved["references"]:
            back.setdefault((name, record_id), {})[column] = gone["id"]
        for (name, record_id), columns in back.items():
            unit.update(name, pointing[name, record_id], columns)
        _point_external_ids(unit, kind, moved["external_ids"], gone["id"])
        if changes:
            unit.update(kind, kept, {name: before for name, (before, _) in changes.items()})
        unit.update(kind, gone, {"is_deleted": moved["is_deleted"]})
        after = unit.update("merges", row, {"undone_at": unit.now})
        unit.flush()
        return _told(after)


def _pointing(unit: Unit, moved: list[list[str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The records that were pointed elsewhere, as they are now."""
    ids: dict[str, set[str]] = {}
    for name, _, record_id in moved:
        ids.setdefault(name, set()).add(record_id)
    return {
        (name, row["id"]): row
        for name, wanted in ids.items()
        for row in lookup.rows(unit.connection, name, "id", wanted)
    }


def _in_the_way(unit: Unit, row: dict[str, Any], kept: dict[str, Any], gone: dict[str, Any]) -> list[str]:
    """Later merges of the survivor, and erasures."""
    found = [f"{one['id']}: the personal data were erased" for one in (kept, gone) if one.get("erased_at") is not None]
    for later in merges.of_record(unit.connection, kept["id"]):
        if later["undone_at"] is None and later["merged_id"] == kept["id"]:
            found.append(f"{kept['id']} was merged into {later['survivor_id']} by {later['id']}; undo that first")
    return found


def _changed_since(kept: dict[str, Any], changes: dict[str, Any]) -> list[str]:
    differing = [name for name, (_, after) in changes.items() if kept[name] != after]
    return [f"{kept['id']}: {', '.join(differing)} changed"] if differing else []


def _pointed_elsewhere(
    unit: Unit, kind: str, kept: str, moved: dict[str, Any], pointing: dict[tuple[str, str], dict[str, Any]]
) -> list[str]:
    lost = []
    for name, column, record_id in moved["references"]:
        now = pointing.get((name, record_id))
        if now is None or now[column] != kept:
            lost.append(f"{name} {record_id}: {column} changed")
    ids = tables.external_ids.c
    for source, text in moved["external_ids"]:
        one = select(ids.record_id).where(ids.kind == kind, ids.source == source, ids.external_id == text)
        if unit.connection.execute(one).scalar() != kept:
            lost.append(f"the id {text} of {source} changed")
    return lost


def listed(workspace: Workspace, limit: int = 50) -> list[Merged]:
    """The newest merges, undone ones included."""
    table = tables.RECORDS["merges"]
    with workspace.reading() as connection:
        found = connection.execute(select(table).order_by(table.c.created_at.desc(), table.c.id).limit(limit))
        return [_told(dict(zip(tables.COLUMNS["merges"], row, strict=True))) for row in found]


def _told(row: dict[str, Any]) -> Merged:
    counts: dict[str, int] = {}
    moved = orjson.loads(row["moved"])
    for name, _, _ in moved["references"]:
        counts[name] = counts.get(name, 0) + 1
    if moved["external_ids"]:
        counts["external_ids"] = len(moved["external_ids"])
    undone = row.get("undone_at")
    return Merged(
        row["id"],
        row["kind"],
        row["survivor_id"],
        row["merged_id"],
        orjson.loads(row["rule"])["rule"],
        tuple(orjson.loads(row["changes"] or "{}")),
        counts,
        iso(row["created_at"]),
        None if undone is None else iso(undone),
    )

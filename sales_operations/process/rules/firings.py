"""Firings: a rule acted, was held back, or was cut off, once for each cause; kept with what it found and what it did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, func, select

from sales_operations.domain.clock import iso
from sales_operations.process.rules.ruleset import Rule
from sales_operations.process.rules.timeline import Moment
from sales_operations.store import tables
from sales_operations.store.engine import one_of

Outcome = Literal["done", "blocked", "outdated", "cut"]
"""``blocked``: an action was refused, and none was done. ``outdated``: the deal no longer fitted when its turn came.
``cut``: the rule had set off its own cause."""
_IN_CAUSE = re.compile(r"\((firing_[0-9a-f]{32})\)$")


@dataclass(frozen=True)
class Firing:
    """A rule that is due: for which cause, of what, with what it found. ``chain`` names the rules behind the cause."""

    rule: str
    cause: str
    cause_seq: int | None
    opportunity_id: str | None
    lead_id: str | None
    grounds: list[dict[str, Any]]
    chain: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same for the same rule, cause and record, however often it comes up."""
        subject = self.opportunity_id or self.lead_id or ""
        return "firing_" + sha256("\0".join((self.rule, self.cause, subject)).encode()).hexdigest()[:32]

    @property
    def unit_cause(self) -> str:
        """What the changes of the firing name as their cause."""
        return f"rule {self.rule} ({self.id})"

    def row(
        self, version: str, outcome: Outcome, actions: list[dict[str, Any]], now: int, reason: str | None = None
    ) -> dict[str, Any]:
        """The record of it."""
        return {
            "id": self.id,
            "rule": self.rule,
            "version_id": version,
            "cause": self.cause,
            "cause_seq": self.cause_seq,
            "opportunity_id": self.opportunity_id,
            "lead_id": self.lead_id,
            "outcome": outcome,
            "reason": reason,
            "facts": orjson.dumps(self.grounds).decode(),
            "actions": orjson.dumps(actions).decode(),
            "chain": orjson.dumps(list(self.chain)).decode(),
            "fired_at": now,
        }


def cause_of(rule: Rule, moment: Moment, seq: int, tick: int | None = None) -> str:
    """What the rule fires once for. ``seq`` is the number of the event, ``tick`` the time of the schedule."""
    if rule.once == "stage":
        return f"stage {moment.stage_seq}"
    if rule.once == "deal":
        return "deal"
    return f"run {iso(tick)}" if rule.once == "run" and tick is not None else f"event {seq}"


def known(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Those of the firings that happened already."""
    table = tables.RECORDS["rule_firings"].c
    return set(connection.execute(select(table.id).where(one_of(connection, table.id, ids))).scalars())


def chain_of(connection: Connection, cause: str) -> tuple[str, ...]:
    """The rules that led to a change, first to last, from what the change names as its cause."""
    found = _IN_CAUSE.search(cause)
    return chain_with(connection, found[1]) if found is not None else ()


def chain_with(connection: Connection, firing_id: str) -> tuple[str, ...]:
    """The rules that led to a firing, first to last, its own the last."""
    table = tables.RECORDS["rule_firings"].c
    row = connection.execute(select(table.rule, table.chain).where(table.id == firing_id)).first()
    return (*orjson.loads(row.chain), row.rule) if row is not None else ()


def listing(
    connection: Connection,
    *,
    rule: str | None = None,
    opportunity_id: str | None = None,
    limit: int = 50,
    until: int | None = None,
) -> list[dict[str, Any]]:
    """The newest firings, newest first, as callers see them."""
    table = tables.RECORDS["rule_firings"]
    statement = select(table).order_by(table.c.fired_at.desc(), table.c.seq.desc()).limit(limit)
    if rule is not None:
        statement = statement.where(table.c.rule == rule)
    if opportunity_id is not None:
        statement = statement.where(table.c.opportunity_id == opportunity_id)
    if until is not None:
        statement = statement.where(table.c.fired_at <= until)
    return [_shown(row._mapping) for row in connection.execute(statement)]


def counts(connection: Connection, until: int | None = None) -> dict[str, dict[str, int]]:
    """Rule to how often it fired with each outcome."""
    table = tables.RECORDS["rule_firings"].c
    statement = select(table.rule, table.outcome, func.count()).group_by(table.rule, table.outcome)
    if until is not None:
        statement = statement.where(table.fired_at <= until)
    found: dict[str, dict[str, int]] = {}
    for rule, outcome, count in connection.execute(statement):
        found.setdefault(rule, {})[outcome] = count
    return found


def _shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    names = ("id", "rule", "version_id", "cause", "cause_seq", "opportunity_id", "lead_id", "outcome", "reason")
    return {name: row[name] for name in names} | {
        "found": orjson.loads(row["facts"]),
        "actions": orjson.loads(row["actions"]),
        "chain": orjson.loads(row["chain"]),
        "fired_at": iso(row["fired_at"]),
    }

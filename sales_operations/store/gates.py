"""The gates of the configured pipelines, asked of deals in the store: facts are read for many deals at once.

Where no pipeline declares a gate, nothing is read. Whoever writes asks inside the writing transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, func, select

from sales_operations.domain.criteria import Exit, Facts
from sales_operations.domain.gates import Asked, Verdict, asked, decide, moves
from sales_operations.domain.stages import DEFAULT_PIPELINE, Pipeline
from sales_operations.settings import Settings
from sales_operations.store import contacts, tables
from sales_operations.store.engine import one_of

Rows = Mapping[str, Any]


@dataclass(frozen=True)
class Judgement:
    """A verdict on one move, with the pipeline whose gates gave it and a digest of these gates."""

    pipeline: str
    gates: str
    verdict: Verdict


class Gates:
    """The configured pipelines by name, and what they say about moves."""

    def __init__(self, settings: Settings) -> None:
        found = [settings.pipeline(name) for name in settings.pipelines]
        self._pipelines = {pipeline.name.strip().casefold(): pipeline for pipeline in found}
        self._default = self._pipelines[DEFAULT_PIPELINE.name]
        self.exist = any(pipeline.has_gates for pipeline in found)

    def pipeline(self, name: str | None) -> Pipeline:
        """The configured pipeline of that name; the default one for a pipeline that only its source knows."""
        return self._pipelines.get((name or "").strip().casefold(), self._default)

    def asked(self, before: Rows, after: Rows) -> Asked:
        """What a change of a deal has to pass; nothing where the deal does not move."""
        if not self.exist or not moves(before, after):
            return Asked()
        return asked(self.pipeline(before.get("pipeline")), self.pipeline(after.get("pipeline")), before, after)

    def judge(self, connection: Connection, now: int, changes: Sequence[tuple[Rows, Rows]]) -> list[Judgement | None]:
        """A judgement for every (before, after); None where a change has nothing to pass. ``now`` in microseconds."""
        wanted = [self.asked(before, after) for before, after in changes]
        exits = [stage.exit for one in wanted for stage in one.stages]
        deals = [after for one, (_, after) in zip(wanted, changes, strict=True) if one.stages]
        known = facts(connection, deals, exits, now) if deals else {}
        judgements: list[Judgement | None] = []
        for one, (_, after) in zip(wanted, changes, strict=True):
            if not one:
                judgements.append(None)
                continue
            pipeline = self.pipeline(after.get("pipeline"))
            verdict = decide(one, after, known.get(after["id"], Facts()), now)
            judgements.append(Judgement(pipeline.name, digest(pipeline), verdict))
        return judgements


@lru_cache(maxsize=64)
def digest(pipeline: Pipeline) -> str:
    """Changes whenever what a pipeline asks for changes."""
    said = [(stage.name, stage.canonical.value, stage.exit, stage.moves) for stage in pipeline.stages]
    return blake2b(repr(said).encode(), digest_size=8).hexdigest()


def facts(connection: Connection, rows: Sequence[Rows], exits: Sequence[Exit], now: int) -> dict[str, Facts]:
    """Deal id to what the store knows of it beside its row, as far as the criteria ask for it. ``rows``: of the deals."""
    deals = {row["id"] for row in rows}
    known = {deal: Facts() for deal in deals}
    if any(wanted.activities for wanted in exits):
        done = tables.RECORDS["activities"].c
        statement = select(done.opportunity_id, done.activity_type, done.occurred_at).where(
            one_of(connection, done.opportunity_id, deals),
            func.coalesce(done.is_deleted, 0) == 0,
            done.occurred_at <= now,
        )
        for deal, kind, at in connection.execute(statement):
            known[deal].activities.append((kind, at))
    if any(wanted.contacts or wanted.roles or "contact" in wanted.fields for wanted in exits):
        for deal, people in contacts.of_deals(connection, rows).items():
            known[deal].contacts = {
                contact: {held["role"] for held in roles if held["role"]} for contact, roles in people.roles.items()
            }
            known[deal].same = people.same
    if any(wanted.quote for wanted in exits):
        quotes = tables.RECORDS["quotes"].c
        states = select(quotes.opportunity_id, quotes.status).where(one_of(connection, quotes.opportunity_id, deals))
        for deal, status in connection.execute(states):
            known[deal].quotes.add(status)
    return known

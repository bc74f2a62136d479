"""Records that may be the same, with the score of each pair and what it consists of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import func, select

from sales_operations.domain import normal_forms
from sales_operations.domain.errors import InvalidInput
from sales_operations.process.matching.matching import Profile, Score, company, compare, person
from sales_operations.store import lookup, match_keys, tables
from sales_operations.store.match_keys import BLOCK, Keyring
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

KINDS = ("accounts", "contacts", "leads")
_CHUNK = 5_000


@dataclass(frozen=True)
class Pair:
    """Two records that may be the same."""

    one: Profile
    other: Profile
    score: Score


def duplicates(workspace: Workspace, kind: str, at_least: float | None = None) -> list[Pair]:
    """Pairs of accounts, of contacts, or of leads that are not converted, from a score on, the likest first.

    ``at_least`` is by default the configured score of similar records. Pairs that share no key (no address, number or sound
    of a name) are not looked at, and a key that more than a few dozen records have says nothing. Raises InvalidInput.
    """
    if kind not in KINDS:
        raise InvalidInput(f"{kind!r} are not compared; use one of {', '.join(KINDS)}")
    least = workspace.settings.matching.similar_at if at_least is None else at_least
    if not 0 <= least <= 1:
        raise InvalidInput(f"a score lies between 0 and 1, not at {least}")
    with workspace.unit("duplicates") as unit:
        unit.hold()
        keyring = match_keys.refresh(unit.connection)
        found = _of_leads(unit, keyring) if kind == "leads" else _of_records(unit, kind)
        scored = (Pair(one, other, compare(one, other)) for one, other in found)
        pairs = [pair for pair in scored if pair.score.total >= least]
    return sorted(pairs, key=lambda pair: (-pair.score.total, pair.one.record_id, pair.other.record_id))


def _of_records(unit: Unit, kind: str) -> Iterator[tuple[Profile, Profile]]:
    pairs = match_keys.pairs(unit.connection, kind)
    ids = sorted({record_id for pair in pairs for record_id in pair})
    profiles: dict[str, Profile] = {}
    for start in range(0, len(ids), _CHUNK):
        for row in lookup.rows(unit.connection, kind, "id", ids[start : start + _CHUNK]):
            if not row["is_deleted"] and row.get("erased_at") is None:
                profiles[row["id"]] = company(row) if kind == "accounts" else person(row)
    for one, other in pairs:
        if one in profiles and other in profiles:
            yield profiles[one], profiles[other]


def _of_leads(unit: Unit, keyring: Keyring) -> Iterator[tuple[Profile, Profile]]:
    """Leads have no keys in the store: those that wait are few beside accounts and contacts."""
    leads = tables.leads.c
    names = ("id", "first_name", "last_name", "email", "phone", "company")
    waiting = select(*(leads[name] for name in names)).where(
        leads.converted_at.is_(None), func.coalesce(leads.is_deleted, 0) == 0, leads.erased_at.is_(None)
    )
    profiles: list[Profile] = []
    blocks: dict[int, list[int]] = {}
    for values in unit.connection.execute(waiting.order_by(leads.id)):
        row = dict(zip(names, values, strict=True))
        profile = person(row, " ".join(normal_forms.company_words(row["company"])) or None)
        keys = keyring.person(profile.words, profile.email, profile.phone, profile.account_id)
        for digest, _ in keys:
            blocks.setdefault(digest, []).append(len(profiles))
        profiles.append(profile)
    for one, other in _in_blocks(blocks.values()):
        yield profiles[one], profiles[other]


def _in_blocks(blocks: Iterable[list[int]]) -> list[tuple[int, int]]:
    return sorted({pair for block in blocks if len(block) <= BLOCK for pair in combinations(block, 2)})

"""The account and the contact of each lead of a batch: found among those that are there, or made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from sales_operations.domain import normal_forms
from sales_operations.domain.errors import Disabled
from sales_operations.domain.opportunity import new_id
from sales_operations.process.matching.matching import (
    NO_MATCH,
    Match,
    Profile,
    Score,
    company,
    company_of_lead,
    decide,
    person,
)
from sales_operations.settings import Settings
from sales_operations.store import lookup, match_keys, merges
from sales_operations.store.match_keys import Key
from sales_operations.store.unit import Unit

_OF_ACCOUNT = ("industry", "country", "employees")
_OF_CONTACT = ("first_name", "last_name", "email", "phone", "title")
"""Fields that a lead hands on to its account and its contact."""


@dataclass(slots=True)
class Belonging:
    """Where a lead belongs: records, whether they are new, why (``grounds``), and what a rep should be told (``alerts``)."""

    account: dict[str, Any] | None = None
    contact: dict[str, Any] | None = None
    new_account: bool = False
    new_contact: bool = False
    grounds: dict[str, Any] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)


class LeadMatcher:
    """Matches the leads of one batch, and writes the accounts and contacts that it makes or completes when ``write`` is called.

    The unit is held, so that what is found stays true. A lead finds what an earlier one of its batch made.
    """

    def __init__(self, unit: Unit, settings: Settings, leads: Iterable[dict[str, Any]]) -> None:
        self._unit = unit
        self._settings = settings.matching
        self._free = normal_forms.FREE_MAIL.union(self._settings.free_mail or ())
        self._keyring = match_keys.refresh(unit.connection)
        self._rows: dict[str, dict[str, Any]] = {}
        self._profiles: dict[str, Profile] = {}
        self._fresh: defaultdict[int, list[str]] = defaultdict(list)
        self._keys: list[tuple[int, str]] = []
        self._made: dict[str, list[dict[str, Any]]] = {"accounts": [], "contacts": []}
        self._filled: dict[str, tuple[str, dict[str, Any]]] = {}
        self._asked: dict[str, tuple[Profile, list[Key], Profile, list[Key]]] = {}
        for lead in leads:
            employer, someone = company_of_lead(lead, self._free), person(lead)
            self._asked[lead["id"]] = (
                employer,
                self._keyring.company(employer.words, employer.domain, employer.phone),
                someone,
                self._keyring.person(someone.words, someone.email, someone.phone, None),
            )
        keys = chain.from_iterable((*of_company, *of_person) for _, of_company, _, of_person in self._asked.values())
        self._blocks = match_keys.blocks(unit.connection, keys)
        self._read("accounts", (of_company for _, of_company, _, _ in self._asked.values()))
        self._same_accounts = {lead_id: self._account(asked[0], asked[1]) for lead_id, asked in self._asked.items()}
        self._look_for_names()

    def _look_for_names(self) -> None:
        """People may be known to an account by their names alone: their keys need the account, so they are read second."""
        named: list[Key] = []
        for lead_id, (_, _, someone, of_person) in self._asked.items():
            same = self._same_accounts[lead_id].same
            if same is not None and someone.words:
                more = self._keyring.person(someone.words, None, None, same.record_id)
                of_person += more
                named += more
        self._blocks |= match_keys.blocks(self._unit.connection, named)
        self._read("contacts", (of_person for _, _, _, of_person in self._asked.values()))

    def _read(self, kind: str, keys: Iterable[list[Key]]) -> None:
        if not self._blocks:
            return
        digests = {key.digest for key in chain.from_iterable(keys)}
        ids = {record_id for digest in digests for record_id in self._blocks.get(digest, ())}
        rows = {row["id"]: row for row in lookup.rows(self._unit.connection, kind, "id", ids)}
        gone = [row["id"] for row in rows.values() if row["is_deleted"]]
        now = merges.survivors(self._unit.connection, gone) if gone else {}
        further = set(now.values()).difference(rows)
        rows |= {row["id"]: row for row in lookup.rows(self._unit.connection, kind, "id", further)}
        for record_id, row in rows.items():
            # What a merged record was called still means the one that it is part of.
            lives = rows[now.get(record_id, record_id)]
            if not lives["is_deleted"] and row.get("erased_at") is None and lives.get("erased_at") is None:
                profile = company(row) if kind == "accounts" else person(row)
                self._rows[record_id] = lives
                self._profiles[record_id] = profile._replace(record_id=lives["id"])

    def _candidates(self, blocks: dict[int, list[str]], keys: list[Key]) -> list[Profile]:
        """The profiles of the records that share a key, the oldest record first."""
        if not blocks:
            return []
        rows = self._rows
        ids = {one for digest, _ in keys if digest in blocks for one in blocks[digest] if one in rows}
        if len(ids) > 1:
            return [self._profiles[one] for one in sorted(ids, key=lambda one: (rows[one]["created_at"] or 0, one))]
        return [self._profiles[one] for one in ids]

    def _account(self, wanted: Profile, keys: list[Key]) -> Match:
        stored = self._candidates(self._blocks, keys)
        return decide(wanted, stored, self._settings.same_at, self._settings.similar_at) if stored else NO_MATCH

    def belonging(self, lead: dict[str, Any]) -> Belonging:
        """Where a lead belongs. Raises Disabled where a rule blocks what was found, and names its key."""
        employer, of_company, someone, of_person = self._asked[lead["id"]]
        found = Belonging()
        match = self._same_accounts[lead["id"]]
        if match.same is None and self._fresh and (fresh := self._candidates(self._fresh, of_company)):
            made = decide(employer, fresh, self._settings.same_at, self._settings.similar_at)
            match = Match(made.same, made.score, made.similar + match.similar)
        self._judge("account", match, lead, found)
        account_id = match.same.record_id if match.same is not None else None
        person_match = self._person(someone, of_person, account_id)
        self._judge("contact", person_match, lead, found)
        if match.same is not None:
            found.account = self._rows[match.same.record_id]
        elif lead["company"] and self._settings.create_accounts:
            found.account = self._make_account(lead, employer, of_company)
            found.new_account = True
        if person_match.same is not None:
            found.contact = self._rows[person_match.same.record_id]
        elif (someone.words or someone.email) and self._settings.create_contacts:
            account_id = found.account["id"] if found.account else None
            found.contact = self._make_contact(lead, account_id, someone, of_person)
            found.new_contact = True
        return found

    def _person(self, someone: Profile, keys: list[Key], account_id: str | None) -> Match:
        people = self._candidates(self._blocks, keys)
        if self._fresh:
            if account_id and someone.words:
                keys = keys + self._keyring.person(someone.words, None, None, account_id)
            known = {one.record_id for one in people}
            people += [one for one in self._candidates(self._fresh, keys) if one.record_id not in known]
        if not people:
            return NO_MATCH
        wanted = someone._replace(account_id=account_id)
        return decide(wanted, people, self._settings.same_at, self._settings.similar_at)

    def _judge(self, what: str, match: Match, lead: dict[str, Any], found: Belonging) -> None:
        """Note why, and do what the rules say."""
        if match is NO_MATCH:
            return
        grounds: dict[str, Any] = {}
        if match.same is not None and match.score is not None:
            grounds = {"id": match.same.record_id, "score": match.score.total, "parts": match.score.told}
            self._act(f"same_{what}", match.same, match.score, lead, found)
        elif match.similar:
            self._act(f"similar_{what}", *match.similar[0], lead, found)
        if match.similar:
            grounds["similar"] = [
                {"id": one.record_id, "score": score.total, "parts": score.told} for one, score in match.similar[:3]
            ]
        if grounds:
            found.grounds[what] = grounds

    def _act(self, rule: str, one: Profile, score: Score, lead: dict[str, Any], found: Belonging) -> None:
        action = getattr(self._settings.rules, rule)
        if action == "allow":
            return
        sort, what = rule.split("_")
        parts = ", ".join(f"{name} {share:+.2f}" for name, share in score.parts)
        told = f"{what} {one.record_id} ({one.label}) is {'the same' if sort == 'same' else 'similar'}: {score.total:.2f} ({parts})"
        if action == "block":
            raise Disabled(
                f"lead {lead['id']} is not converted: {told}, and sales_operations.matching.rules.{rule} is block; "
                "merge or correct the records, or set the rule to alert or allow"
            )
        found.alerts.append(told[0].upper() + told[1:])

    def _make_account(self, lead: dict[str, Any], employer: Profile, keys: list[Key]) -> dict[str, Any]:
        row = {
            "id": new_id("acc"),
            "name": lead["company"],
            "domain": employer.domain,
            **{name: lead[name] for name in _OF_ACCOUNT},
            "created_at": self._unit.now,
        }
        # A lead's number is the person's, so the account has none.
        if employer.phone:
            keys = self._keyring.company(employer.words, employer.domain, None)
        self._note("accounts", row, employer._replace(record_id=row["id"], phone=None), keys)
        return row

    def _make_contact(
        self, lead: dict[str, Any], account_id: str | None, someone: Profile, keys: list[Key]
    ) -> dict[str, Any]:
        row = {
            "id": new_id("con"),
            **{name: lead[name] for name in _OF_CONTACT},
            "account_id": account_id,
            "created_at": self._unit.now,
        }
        if account_id:
            keys = keys + self._keyring.person(someone.words, None, None, account_id)
        self._note("contacts", row, someone._replace(record_id=row["id"], account_id=account_id), keys)
        return row

    def _note(self, kind: str, row: dict[str, Any], profile: Profile, keys: list[Key]) -> None:
        record_id = row["id"]
        self._made[kind].append(row)
        self._rows[record_id], self._profiles[record_id] = row, profile
        self._file(record_id, keys)

    def _file(self, record_id: str, keys: list[Key]) -> None:
        for digest, _ in keys:
            self._fresh[digest].append(record_id)
        self._keys += [(digest, record_id) for digest, _ in keys]

    def complete(self, lead: dict[str, Any], found: Belonging, owner_id: str | None) -> None:
        """Give new records their owner, and fill what is empty in those that were there."""
        if found.account is not None:
            employer = self._asked[lead["id"]][0]
            said = {"domain": employer.domain, **{name: lead[name] for name in _OF_ACCOUNT}}
            if found.account.get("website"):
                del said["domain"]
            self._fill("accounts", found.account, said, owner_id if found.new_account else None)
        if found.contact is not None:
            said = {name: lead[name] for name in _OF_CONTACT}
            if not found.contact.get("account_text") and found.account is not None:
                said["account_id"] = found.account["id"]
            self._fill("contacts", found.contact, said, owner_id if found.new_contact else None)

    def _fill(self, kind: str, row: dict[str, Any], said: dict[str, Any], owner_id: str | None) -> None:
        missing = {name: value for name, value in said.items() if value is not None and row.get(name) is None}
        if owner_id is not None:
            missing["owner_id"] = owner_id
        if not missing:
            return
        if "seq" in row:
            self._filled.setdefault(row["id"], (kind, dict(row)))
        row.update(missing)
        if missing.keys() != {"owner_id"}:
            # What was filled in may be what a later lead of this batch is found by.
            self._profiles[row["id"]] = company(row) if kind == "accounts" else person(row)
            self._file(row["id"], self._keyring.of_record(kind, row))

    def write(self) -> None:
        """Write what was made and completed, everything else of the unit with it, and the keys of it all."""
        unit, keys = self._unit, self._keys
        for kind, rows in self._made.items():
            for row in rows:
                unit.create(kind, row)
        for record_id, (kind, before) in self._filled.items():
            row = self._rows[record_id]
            unit.update(kind, before, {name: value for name, value in row.items() if value != before[name]})
        seq = unit.flush()
        if keys:
            match_keys.add(unit.connection, keys)
            match_keys.reached(unit.connection, seq)

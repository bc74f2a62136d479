"""Who reports to whom: reps in their teams, teams in teams, up to the company. As it is now; the store keeps no earlier one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str | None]
"""Level and id: (``rep``, user), (``team``, team), (``reports``, manager whose reports are in no team), ``COMPANY``."""

COMPANY: Key = ("company", None)
Person = Mapping[str, Any]


@dataclass
class Node:
    """One place. ``holder`` is the user whose own call it is: the rep, or who manages it; None where nobody does."""

    key: Key
    name: str
    holder: str | None = None
    parent: Key | None = COMPANY
    children: list[Key] = field(default_factory=list)
    active: bool = True


class Organisation:
    """The tree of ``store.calls.users`` and ``store.calls.teams``; ``company`` is the company's name.

    A rep belongs to the team, or else to the only team of the manager, or else to the manager's reports. Where one group
    holds all others, it is the company: its manager calls for the whole.
    """

    def __init__(self, users: Sequence[Person], teams: Sequence[Person], company: str) -> None:
        self.users = {user["id"]: user for user in users}
        self._teams = {team["id"]: team for team in teams}
        self._led: defaultdict[str, list[str]] = defaultdict(list)
        for team in teams:
            self._led[team["manager_id"] or ""].append(team["id"])
        self.nodes: dict[Key, Node] = {COMPANY: Node(COMPANY, company, parent=None)}
        self._same: dict[Key, Key] = {}
        self._build()
        self._crown()
        self.nodes[COMPANY].name = self.nodes[COMPANY].name or "Company"

    def key(self, level: str, holder: str | None, name: str | None = None) -> Key:
        """Where something of this level and id stands; what is no more, or was never here, gets a place in the company."""
        key = self._same.get((level, holder), (level, holder))
        if key not in self.nodes:
            self.nodes[key] = Node(key, name or str(holder), active=False)
            self.nodes[COMPANY].children.append(key)
        return key

    def knows(self, key: Key) -> bool:
        """Whether such a place is there."""
        return self._same.get(key, key) in self.nodes

    def name_of(self, user: str | None) -> str:
        """What a user is called; the id of one that is no more."""
        return str(self.users[user]["name"]) if user in self.users else user or ""

    def walk(self, key: Key = COMPANY, depth: int = 0) -> Iterator[tuple[Node, int]]:
        """Each place with its depth: a group before what it holds, reps before groups, both by name."""
        node = self.nodes[key]
        yield node, depth
        for child in sorted(node.children, key=lambda one: (one[0] != "rep", self.nodes[one].name, str(one[1]))):
            yield from self.walk(child, depth + 1)

    def members(self, key: Key) -> list[str] | None:
        """The users whose deals a place is about; None for all."""
        if key == COMPANY:
            return None
        return sorted(str(node.key[1]) for node, _ in self.walk(key) if node.key[0] == "rep")

    def above(self, key: Key) -> set[str]:
        """The users who may adjust a place: the managers of what it lies in, and the managers of its holder."""
        node, found = self.nodes[key], set()
        found |= self._chain(node.holder)
        while node.parent is not None:
            node = self.nodes[node.parent]
            if node.holder is not None:
                found |= {node.holder} | self._chain(node.holder)
        return found - {self.nodes[key].holder}

    def _chain(self, user: str | None) -> set[str]:
        """The manager of a user, that one's manager, and so on."""
        found: set[str] = set()
        while user in self.users and (user := self.users[user]["manager_id"]) in self.users and user not in found:
            found.add(str(user))
        return found

    def _build(self) -> None:
        for team in self._teams.values():
            key: Key = ("team", team["id"])
            self.nodes[key] = Node(key, team["name"], team["manager_id"], self._over_team(team))
        for user in self.users.values():
            group = self._group_of(user)
            self._ensure(group)
            key = ("rep", user["id"])
            self.nodes[key] = Node(key, user["name"], user["id"], group, active=bool(user["is_active"]))
        for node in self.nodes.values():
            if node.parent is not None:
                self.nodes[node.parent].children.append(node.key)

    def _ensure(self, group: Key) -> None:
        """Make the place of a manager's reports, and those above it."""
        if group in self.nodes:
            return
        manager = str(group[1])
        over = COMPANY if self._circular(group) else self._group_of(self.users[manager])
        self._ensure(over)
        self.nodes[group] = Node(group, f"Reports of {self.name_of(manager)}", manager, over)

    def _group_of(self, user: Person) -> Key:
        if user["team_id"] in self._teams:
            return "team", user["team_id"]
        manager = user["manager_id"] if user["manager_id"] in self.users else None
        for leader in (user["id"], manager or ""):
            if leader and len(self._led[leader]) == 1:
                return "team", self._led[leader][0]
        return COMPANY if manager is None else ("reports", manager)

    def _circular(self, group: Key) -> bool:
        """Whether somebody stands above themselves."""
        return group[1] in self._chain(str(group[1]))

    def _over_team(self, team: Person) -> Key:
        seen, over = {team["id"]}, team["parent_id"]
        while over in self._teams and over not in seen:
            seen.add(over)
            over = self._teams[over]["parent_id"]
        parent = team["parent_id"]
        return ("team", parent) if parent in self._teams and over not in seen else COMPANY

    def _sells(self, key: Key) -> bool:
        """Whether anybody in it manages nobody; managers alone are no group beside the teams that they manage."""
        managers = {user["manager_id"] for user in self.users.values()}
        return any(one not in managers for one in self.members(key) or ())

    def _crown(self) -> None:
        """Let the only group under the company be the company, and find who stands above all groups."""
        company = self.nodes[COMPANY]
        groups = [key for key in company.children if key[0] == "team" or (key[0] == "reports" and self._sells(key))]
        if len(groups) == 1:
            only = self.nodes.pop(groups[0])
            company.children.remove(only.key)
            company.children += only.children
            for child in only.children:
                self.nodes[child].parent = COMPANY
            company.holder, self._same[only.key] = only.holder, COMPANY
            company.name = company.name or only.name
        elif groups:
            held = [self.nodes[key].holder for key in groups]
            shared = [self._chain(one) | {one} for one in held if one]
            common = sorted(set.intersection(*shared)) if shared else []
            company.holder = max(common, key=lambda one: len(self._chain(one)), default=None)

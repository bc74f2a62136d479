"""What assignments in one store start from: rules, people and open work, kept between transactions and up to date in each.

A single conversion would otherwise read all users and count all open deals anew.
"""

from __future__ import annotations

from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select

from sales_operations.process.assigning import people, rules
from sales_operations.process.assigning.decision import Decider
from sales_operations.process.assigning.facts import Asked
from sales_operations.process.assigning.named import rules_of
from sales_operations.process.assigning.roster import people_of
from sales_operations.process.assigning.workload import Workload
from sales_operations.settings import assignment as keys
from sales_operations.store import tables
from sales_operations.store.engine import one_of

_WHERE = """
SELECT seq, head, (SELECT hash FROM audit WHERE seq = {mark}), (SELECT max(seq) FROM users), (SELECT max(seq) FROM teams),
    (SELECT max(seq) FROM absences), (SELECT max(seq) FROM opportunities),
    (SELECT max(seq) FROM assignments WHERE in_hand = 1)
FROM ledger
"""


class Base:
    """The rules and people of one configuration, and the contents under which decisions refer to them."""

    def __init__(self, connection: Connection, given: keys.Assignment, day: str) -> None:
        self.given = given
        self.rules, skills = rules_of(connection, given)
        self.asked = Asked(self.rules)
        self.people, self.names = people_of(connection, day, self.rules.users, skills)
        texts = (rules.written(self.rules), people.written(self.people))
        self.contents = {rules.digest(text): text for text in texts}
        """Digest to content: of the rules, then of the people."""
        self._decider: Decider | None = None
        self.missing = frozenset(self.contents)
        """Digests of the contents that the store did not hold yet, when it was last asked."""

    def decider(self, day: str) -> Decider:
        """Decides by these rules between these people on a day (ISO)."""
        if self._decider is None or self._decider.day != day:
            self._decider = Decider(self.rules, self.people, day)
        return self._decider

    @property
    def ids(self) -> tuple[str, str]:
        """The digests of the rules and of the people."""
        first, second = self.contents
        return first, second


class Standing:
    """One store's, as of a sequence number whose place in the audit chain is ``head``."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.workload = Workload()
        self._seq = -1
        self._head = ""
        self._marks: tuple[int | None, ...] = ()
        self._bases: list[Base] = []

    def refresh(self, connection: Connection, given: keys.Assignment, day: str) -> Base:
        """Bring everything up to the connection's present. Raises SettingsError."""
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        found = connection.exec_driver_sql(_WHERE.format(mark=mark), (self._seq,)).one()
        seq, head, past = found[:3]
        marks, newest_deal, newest_in_hand = tuple(found[3:6]), found[6] or 0, found[7] or 0
        # Another chain at our number: what we read was never committed, or the store was put back from a backup.
        since, self._seq = self._seq, -1  # until all of it is read
        if since < 0 or past != self._head:
            self.workload.read(connection)
            self._bases = []
        else:
            if newest_deal > since:
                self.workload.follow_deals(connection, since)
            if newest_in_hand > since or (seq > since and self.workload.has_leads):
                self.workload.follow_leads(connection, since)
        if self._marks != marks:
            self._bases = []
        self._seq, self._head, self._marks = seq, head, marks
        base = next((one for one in self._bases if one.given is given), None)
        if base is None:
            base = Base(connection, given, day)
            self._bases = [base, *self._bases[:3]]
        if base.missing:
            bases = tables.RECORDS["assignment_bases"].c
            there = connection.execute(select(bases.id).where(one_of(connection, bases.id, base.missing)))
            base.missing = base.missing.difference(row.id for row in there)
        return base


_standings: WeakKeyDictionary[Engine, Standing] = WeakKeyDictionary()
_standings_lock = Lock()


def standing_of(engine: Engine) -> Standing:
    """What is kept for the store behind an engine."""
    with _standings_lock:
        return _standings.setdefault(engine, Standing())

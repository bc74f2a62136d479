"""Conversion of leads, one by one and many at once: the public API, the raw driver replaying it, and plain Core."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import files
from benchmarks.alone import alone
from benchmarks.figures import Bench, Figure, Measurement

if TYPE_CHECKING:
    from sales_operations.process.conversion import Converter

PER_SINGLE = 20
"""So many leads are converted in batches for each one that is converted alone."""


def measure(bench: Bench) -> list[Figure]:
    folder, count = bench.folder, bench.sizes.conversions
    store = folder / "leads.db"
    alone(write_leads, str(store), count)
    found = {}
    for name, step in (("public", by_api), ("raw", by_driver), ("core", by_core)):
        copy = folder / f"leads_{name}.db"
        shutil.copyfile(store, copy)
        found[name] = alone(step, str(copy), count)["per_s"]
    many = count * PER_SINGLE
    alone(write_leads, str(folder / "many.db"), many)
    shutil.copyfile(folder / "many.db", folder / "many_raw.db")
    bulk = alone(by_batch, str(folder / "many.db"), many)["per_s"]
    rows = alone(by_rows, str(folder / "many_raw.db"), many)["per_s"]
    return [
        Figure("public API", found["public"], "leads/s"),
        Figure("raw driver, the same statements", found["raw"], "leads/s"),
        Figure("SQLAlchemy Core, plainly written", found["core"], "leads/s"),
        Figure("public API, of the raw driver's speed", found["public"] / found["raw"], "x", 0.1),
        Figure("public API, of plain Core's speed", found["public"] / found["core"], "x", 1),
        Figure(f"{many:,} leads in batches", bulk, "leads/s", 20_000),
        Figure("raw driver, the very rows of a batch", rows, "leads/s"),
        Figure("in batches, of the raw driver's speed", bulk / rows, "x"),
    ]


def write_leads(store: str, count: int) -> dict[str, Any]:
    """A store of the demonstration company with ``count`` more open leads."""
    from sales_operations.demo import store as demo
    from sales_operations.store.engine import open_engine, parse_url
    from sales_operations.store.load import load
    from sales_operations.store.unit import unit

    Path(store).unlink(missing_ok=True)
    demo.build(Path(store), files.moment)
    engine = open_engine(parse_url(store))
    with unit(engine, files.moment, "benchmark", "more leads") as transaction:
        ids = _ids(count + 1)
        load(transaction, "leads", "benchmark", {"id": ids, "company": [f"{_word(one)} {_word(one[::-1])}" for one in ids],
                                                 "first_name": [_word(one + "f") for one in ids],
                                                 "last_name": [_word(one + "l") for one in ids],
                                                 "email": [f"{one}@{_word(one).lower()}.example" for one in ids],
                                                 "product": ["Canopy Monitoring"] * len(ids),
                                                 "lead_source": ["website"] * len(ids),
                                                 "status": ["new"] * len(ids)})  # fmt: skip
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return {}


def _word(seed: str) -> str:
    """A word of letters alone, always the same for a seed."""
    return "".join(chr(ord("a") + byte % 26) for byte in blake2b(seed.encode(), digest_size=7).digest()).title()


def _ids(count: int) -> list[str]:
    return [f"lead_9{number:06}" for number in range(count)]


def _rate(convert: Callable[[str], object], count: int) -> dict[str, Any]:
    """Leads a second, the first one not counted."""
    first, *ids = _ids(count + 1)
    convert(first)
    began = time.perf_counter()
    for one in ids:
        convert(one)
    return {"per_s": count / (time.perf_counter() - began)}


def by_api(store: str, count: int) -> dict[str, Any]:
    from sales_operations.process import SalesProcessAutomator
    from sales_operations.workspace import open_workspace

    async def all_of_them() -> dict[str, Any]:
        automator = SalesProcessAutomator(open_workspace({}, database=store, clock=files.moment))
        first, *ids = _ids(count + 1)
        await automator.automate_lead_to_opportunity(first)
        began = time.perf_counter()
        for one in ids:
            await automator.automate_lead_to_opportunity(one)
        return {"per_s": count / (time.perf_counter() - began)}

    return asyncio.run(all_of_them())


def by_batch(store: str, count: int) -> dict[str, Any]:
    """Many leads by one call, which makes a transaction of every thousand."""
    from sales_operations.process.conversion import Converter
    from sales_operations.workspace import open_workspace

    converter = Converter(open_workspace({}, database=store, clock=files.moment))
    first, *ids = _ids(count + 1)
    converter.convert(first)
    began = time.perf_counter()
    converter.convert_many(ids)
    return {"per_s": count / (time.perf_counter() - began)}


def by_driver(store: str, count: int) -> dict[str, Any]:
    """What one conversion after another sent to the database, sent again by the bare driver."""

    def one_by_one(converter: Converter, ids: list[str]) -> None:
        for one in ids:
            converter.convert(one)

    return {"per_s": count / _replayed(store, *_noted(store, count, one_by_one))}


def by_rows(store: str, count: int) -> dict[str, Any]:
    """What a conversion in batches wrote, without what it read, written again by the bare driver."""
    sent, first = _noted(store, count, lambda converter, ids: converter.convert_many(ids))
    reads = ("SELECT", "WITH")
    before, after = (
        [one for one in part if not one[0].lstrip().startswith(reads)] for part in (sent[:first], sent[first:])
    )
    return {"per_s": count / _replayed(store, before + after, len(before))}


def _noted(
    store: str, count: int, convert: Callable[[Converter, list[str]], object]
) -> tuple[list[tuple[str, Any, bool]], int]:
    """Statements (text, parameters, whether many) of a conversion of all leads on a copy, and how many are the first lead's.

    The first conversion reads what the later ones know.
    """
    from sqlalchemy import event

    from sales_operations.process.conversion import Converter
    from sales_operations.workspace import open_workspace

    copy = f"{store}.noted"
    shutil.copyfile(store, copy)
    workspace = open_workspace({}, database=copy, clock=files.moment)
    sent: list[tuple[str, Any, bool]] = []

    def note(_c: object, _k: object, statement: str, parameters: Any, _x: object, many: bool) -> None:
        sent.append((statement, parameters, many))

    event.listen(workspace.engine, "before_cursor_execute", note)
    event.listen(workspace.engine, "commit", lambda _: sent.append(("COMMIT", (), False)))
    event.listen(workspace.engine, "rollback", lambda _: sent.append(("ROLLBACK", (), False)))
    converter, ids = Converter(workspace), _ids(count + 1)
    converter.convert(ids[0])
    first = len(sent)
    convert(converter, ids[1:])
    workspace.close()
    return sent, first


def _replayed(store: str, sent: list[tuple[str, Any, bool]], first: int) -> float:
    """Seconds that the bare driver needs for the statements after the first so many, with the product's own PRAGMAs."""
    connection = sqlite3.connect(store, isolation_level=None)
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-131072",
                    "temp_store=MEMORY", "wal_autocheckpoint=8000"):  # fmt: skip
        connection.execute(f"PRAGMA {setting}")
    for place, (statement, parameters, many) in enumerate(sent):
        if place == first:
            began = time.perf_counter()
        found = (connection.executemany if many else connection.execute)(statement, parameters)
        if found.description is not None:
            found.fetchall()
    spent = time.perf_counter() - began
    connection.close()
    return spent


def by_core(store: str, count: int) -> dict[str, Any]:
    """The same reading and writing in SQLAlchemy Core as one writes it: a statement where it is needed."""
    from sqlalchemy import func, insert, select, update

    from sales_operations.domain.clock import to_micros
    from sales_operations.store import tables
    from sales_operations.store.engine import open_engine, parse_url, reading, writing

    engine = open_engine(parse_url(store))
    leads, deals, records = tables.leads, tables.opportunities, tables.RECORDS
    users, accounts, contacts = records["users"], records["accounts"], records["contacts"]
    keys, ledger = tables.match_keys, tables.ledger
    now = to_micros(files.moment())

    def audited(seq: int, action: str, kind: str, record: str) -> dict[str, Any]:
        return {"seq": seq, "recorded_at": now, "actor": "benchmark", "cause": "lead to opportunity", "action": action,
                "kind": kind, "record_id": record, "digest": "0" * 64, "hash": "0" * 64}  # fmt: skip

    def convert(lead_id: str) -> None:
        deal, account, contact = (f"{kind}_{uuid.uuid4().hex}" for kind in ("opp", "acc", "con"))
        with writing(engine) as connection:
            lead = connection.execute(select(leads).where(leads.c.id == lead_id)).one()
            connection.execute(select(deals.c.id).where(deals.c.lead_id == lead_id)).first()
            asked = [hash(text) for text in (lead.company, lead.company.split()[0], lead.email, lead.last_name)]
            connection.execute(select(keys).where(keys.c.key.in_(asked))).all()
            reps = connection.execute(select(users).where(users.c.is_active == 1)).all()
            loads = connection.execute(
                select(deals.c.owner_id, func.count()).where(deals.c.status == "open").group_by(deals.c.owner_id)
            )
            working: dict[str | None, int] = dict(loads.tuples().all())
            rep = min(reps, key=lambda one: working.get(one.id, 0))
            seq = connection.execute(update(ledger).values(seq=ledger.c.seq + 6).returning(ledger.c.seq)).scalar_one()
            row = {"id": deal, "name": lead.company, "lead_id": lead.id, "pipeline": "default", "pipeline_stage": "lead",
                   "stage": "lead", "status": "open", "probability": 0.1, "amount_minor": 100_000, "currency": "USD",
                   "close_date": "2027-02-22", "owner_id": rep.id, "account_id": account, "contact_id": contact,
                   "created_at": now, "updated_at": now, "seq": seq}  # fmt: skip
            connection.execute(insert(deals).values(row))
            connection.execute(
                insert(accounts).values(id=account, name=lead.company, owner_id=rep.id, created_at=now, seq=seq - 3)
            )
            connection.execute(
                insert(contacts).values(
                    id=contact, first_name=lead.first_name, last_name=lead.last_name, email=lead.email,
                    account_id=account, owner_id=rep.id, created_at=now, seq=seq - 4
                )
            )  # fmt: skip
            found = [{"key": key, "record_id": account} for key in asked]
            connection.execute(insert(keys), found)
            connection.execute(
                insert(records["assignments"]).values(
                    id=f"assign_{uuid.uuid4().hex}", lead_id=lead.id, user_id=rep.id, rule="least loaded", status="given",
                    in_hand=0, attempt=0, rules_id="-", people_id="-", inputs="{}", decision="{}", created_at=now,
                    seq=seq - 5
                )
            )  # fmt: skip
            connection.execute(
                insert(tables.events).values(
                    seq=seq, opportunity_id=deal, occurred_at=now, recorded_at=now, basis="live", actor="benchmark",
                    cause="lead to opportunity", fields=255, stage="lead", amount_minor=100_000, currency="USD"
                )
            )  # fmt: skip
            changed = {"converted_at": now, "opportunity_id": deal, "status": "converted", "seq": seq - 1}
            connection.execute(update(leads).where(leads.c.id == lead_id).values(changed))
            connection.execute(
                insert(records["notifications"]).values(
                    id=f"note_{uuid.uuid4().hex}", recipient=rep.name, subject="New opportunity", message=lead.company,
                    opportunity_id=deal, created_at=now, seq=seq - 2
                )
            )  # fmt: skip
            written = ("opportunities", "leads", "notifications", "accounts", "contacts", "assignments")
            entries = [audited(seq - place, "write", kind, f"{deal}{place}") for place, kind in enumerate(written)]
            connection.execute(insert(tables.audit), entries)
        with reading(engine) as connection:
            connection.execute(select(deals).where(deals.c.id == deal)).one()

    found = _rate(convert, count)
    engine.dispose()
    return found


MEASUREMENT = Measurement(
    "conversion",
    "One lead after another on SQLite, each its own transaction: account and contact made, assigned, estimated, notified. "
    "The raw driver replays the very statements that the API sent; Core does the same work without scores, audit digests "
    "or grounds. Then many leads at once: matched, assigned, estimated, with history, audit and notifications; and what the "
    "raw driver needs to write the very rows of that, a commit for each thousand leads.",
    measure,
)

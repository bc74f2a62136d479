"""The columns follow the store, whoever changes it, whoever looks, and whatever befell their file."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from sales_operations.domain.errors import StoreError
from sales_operations.domain.stages import OpportunityStage
from sales_operations.store import columns, privacy
from sales_operations.store.columns import Columns
from sales_operations.store.engine import parse_url
from sales_operations.store.load import existing

TABLES = (
    "users",
    "opportunities",
    "intervals",
    "leads",
    "accounts",
    "activities",
    "products",
    "items",
    "quotas",
    "meta",
)


def contents(held: Columns) -> dict[str, list[tuple]]:
    with held.open() as db:
        return {name: db.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in TABLES}


@pytest.fixture
def made(stores) -> Callable[[str], Columns]:
    def make(name: str, currency: str = "USD") -> Columns:
        return Columns(parse_url(stores.url), stores.folder / f"{name}.duckdb", currency)

    return make


class Life:
    """Random changes of a store, one unit each."""

    def __init__(self, workspace, chance: random.Random) -> None:
        self._workspace, self._chance, self._count = workspace, chance, 0
        self._made: dict[str, list[str]] = {}

    def step(self) -> str:
        acts = (self.deal, self.deal, self.move, self.move, self.amount, self.gone, self.rep, self.renamed, self.team,
                self.account, self.lead, self.activity, self.product, self.item, self.quota, self.rate, self.erased)  # fmt: skip
        act = self._chance.choice(acts)
        with self._workspace.unit(act.__name__) as unit:
            act(unit)
        return act.__name__

    def _new(self, unit, kind: str, **values) -> None:
        self._count += 1
        made = f"{kind}_{self._count:04}"
        self._made.setdefault(kind, []).append(made)
        unit.create(kind, {"id": made, **values})

    def _any(self, kind: str) -> str | None:
        return self._chance.choice([*self._made.get(kind, []), None])

    def _change(self, unit, kind: str, **values) -> None:
        if chosen := self._any(kind):
            unit.update(kind, unit.get(kind, chosen), values)

    def _day(self) -> str:
        return f"2026-{self._chance.randrange(1, 13):02}-{self._chance.randrange(1, 29):02}"

    def deal(self, unit) -> None:
        values = {"name": "A deal", "owner_id": self._any("users"), "account_id": self._any("accounts")}
        values |= {"pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1}
        values |= {"amount_minor": self._chance.choice([None, 100, 25_000]), "close_date": self._day()}
        currency = self._chance.choice(["USD", "EUR", "JPY"])
        self._new(unit, "opportunities", **values, currency=currency, created_at=unit.now)

    def move(self, unit) -> None:
        stage = self._chance.choice(list(OpportunityStage)).value
        self._change(
            unit,
            "opportunities",
            stage=stage,
            pipeline_stage=stage,
            close_date=self._chance.choice([None, self._day()]),
        )

    def amount(self, unit) -> None:
        self._change(unit, "opportunities", amount_minor=self._chance.randrange(10_000), owner_id=self._any("users"))

    def gone(self, unit) -> None:
        self._change(unit, "opportunities", is_deleted=self._chance.choice([0, 1]))

    def rep(self, unit) -> None:
        self._new(unit, "users", name=self._chance.choice(["Ada", "Grace"]), team_id=self._any("teams"))

    def renamed(self, unit) -> None:
        self._change(unit, "users", name=self._chance.choice(["Ada", "Grace", "Heidi"]))

    def team(self, unit) -> None:
        self._new(unit, "teams", name="North", region=self._chance.choice(["EMEA", None]))

    def account(self, unit) -> None:
        self._change(unit, "accounts", name="Southwind", is_deleted=self._chance.choice([0, 1]))
        self._new(unit, "accounts", name="Northwind")

    def lead(self, unit) -> None:
        self._new(
            unit, "leads", last_name="Hopper", company="Northwind", owner_id=self._any("users"), created_at=unit.now
        )

    def activity(self, unit) -> None:
        self._new(unit, "activities", subject="A call", opportunity_id=self._any("opportunities"), occurred_at=unit.now)

    def product(self, unit) -> None:
        self._change(unit, "products", name="A better product")
        self._new(unit, "products", name="A product", list_price_minor=500, currency="EUR")

    def item(self, unit) -> None:
        deal, product = self._any("opportunities"), self._any("products")
        self._new(
            unit, "items", opportunity_id=deal, product_id=product, quantity="2.5", total_minor=90, currency="EUR"
        )

    def quota(self, unit) -> None:
        self._new(
            unit,
            "quotas",
            user_id=self._any("users"),
            period="month",
            period_start=self._day(),
            amount_minor=7,
            currency="EUR",
        )

    def rate(self, unit) -> None:
        currency, rate = self._chance.choice(["EUR", "JPY"]), self._chance.choice(["1.25", "0.0075"])
        self._new(unit, "rates", base_currency="USD", currency=currency, rate=rate, valid_from=self._day())

    def erased(self, unit) -> None:
        if chosen := self._any("users"):
            privacy.erase(unit, "users", chosen)


@pytest.mark.parametrize(("steps", "seed"), [(3, 1), pytest.param(40, 2, marks=pytest.mark.long)])
def test_columns_that_follow_equal_columns_built_anew_after_every_change(stores, made, clock, findings, steps, seed):
    workspace = stores.open()
    life, follower, done = Life(workspace, random.Random(seed)), made("follower"), []
    for _ in range(40):  # something to begin with
        life.step()
    for number in range(steps):
        clock.advance(hours=1)
        done.append(life.step())
        anew = made(f"anew_{number}")
        assert contents(follower) == contents(anew), done
        anew.file.unlink()
    assert findings(workspace) == []


def one_deal(workspace, amount: int = 0) -> None:
    with workspace.unit("test") as unit:
        row = {"id": "opp_1", "pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1}
        unit.create("opportunities", {**row, "amount_minor": amount, "currency": "USD", "created_at": unit.now})


def raise_amount(workspace, amount: int) -> None:
    with workspace.unit("test") as unit:
        deal = existing(unit, "opportunities", ["opp_1"])["opp_1"]
        unit.update("opportunities", deal, {"amount_minor": amount})


def amount_in(held: Columns) -> int:
    with held.open() as db:
        [(amount,)] = db.execute("SELECT amount_minor FROM opportunities").fetchall()
    return amount


@pytest.mark.parametrize("readers", [2, pytest.param(20, marks=pytest.mark.long)])
def test_processes_that_look_at_once_while_one_writes_each_see_one_version_in_step(stores, writer, readers):
    workspace = stores.open()
    one_deal(workspace)
    busy = writer("increments", stores.url, "opp_1", "1000000")
    looking = [writer("columns", stores.url) for _ in range(readers)]
    for one in (busy, *looking):
        one.wait_until_ready()
    for one in (busy, *looking):
        one.begin()
    told = [one.communicate()[0].split() for one in looking]
    assert [one.returncode for one in looking] == [0] * readers
    for at_start, seq, present, latest in (map(int, line) for line in told):
        assert seq >= at_start
        assert present == latest == seq - 1  # each change of the one deal took one number


def test_who_cannot_build_in_time_sees_the_version_before_and_its_number(stores, made, monkeypatch):
    workspace = stores.open()
    one_deal(workspace, 1)
    held = made("held")
    assert amount_in(held) == 1
    raise_amount(workspace, 2)
    monkeypatch.setattr(columns, "LOCK_SECONDS", 0.05)
    with FileLock(f"{held.file}.lock"):
        assert (held.refresh().seq, amount_in(held)) == (1, 1)
    other = made("other")
    with FileLock(f"{other.file}.lock"), pytest.raises(StoreError, match="being built by another process"):
        other.refresh()
    assert (held.refresh().seq, amount_in(held)) == (2, 2)


def test_a_reader_keeps_its_version_while_the_next_takes_its_place(stores, made):
    workspace = stores.open()
    one_deal(workspace, 1)
    held = made("held")
    with held.open() as db:
        before = held.file.stat().st_ino
        raise_amount(workspace, 2)
        assert amount_in(held) == 2
        assert held.file.stat().st_ino != before
        assert db.execute("SELECT amount_minor FROM opportunities").fetchall() == [(1,)]
    assert sorted(file.name for file in stores.folder.glob("held*")) == ["held.duckdb", "held.duckdb.lock"]


def damaged(file: Path, how: str) -> None:
    content = file.read_bytes()
    if how == "another database":
        file.unlink()
        with closing(duckdb.connect(str(file))) as db:
            db.execute("CREATE TABLE photos (id INTEGER)")
        return
    file.write_bytes({
        "empty": b"",
        "half": content[: len(content) // 2],
        "text": b"not a database at all\n" * 1_000,
        "zeros": bytes(len(content)),
        "head alone": content[:100],
    }[how])  # fmt: skip


@pytest.mark.parametrize("how", ["empty", "half", "text", "zeros", "head alone", "another database"])
def test_a_file_that_is_broken_is_built_anew(sqlite_store, how):
    workspace = sqlite_store.open()
    one_deal(workspace, 1)
    held = Columns(parse_url(sqlite_store.url), sqlite_store.folder / "held.duckdb", "USD")
    assert amount_in(held) == 1
    damaged(held.file, how)
    assert held.version() is None
    assert amount_in(held) == 1


@pytest.mark.parametrize("column", ["format", "currency", "erased", "store_id"])
def test_a_file_of_another_format_currency_or_store_or_from_before_an_erasure_is_built_anew(sqlite_store, column):
    workspace = sqlite_store.open()
    one_deal(workspace, 1)
    held = Columns(parse_url(sqlite_store.url), sqlite_store.folder / "held.duckdb", "USD")
    assert amount_in(held) == 1
    with closing(duckdb.connect(str(held.file))) as db:
        db.execute("UPDATE opportunities SET amount_minor = 99")
        db.execute(f"UPDATE meta SET {column} = '77'")
    assert amount_in(held) == 1


@pytest.mark.parametrize("further", [0, 1, 2])
def test_a_store_that_was_put_back_from_a_backup_is_followed_back(sqlite_store, further):
    workspace = sqlite_store.open()
    one_deal(workspace, 1)
    with closing(workspace.engine.raw_connection()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(sqlite_store.url, "backup.db")
    raise_amount(workspace, 2)
    held = Columns(parse_url(sqlite_store.url), sqlite_store.folder / "held.duckdb", "USD")
    assert amount_in(held) == 2
    workspace.close()
    shutil.copy("backup.db", sqlite_store.url)
    for name in ("-wal", "-shm"):
        Path(sqlite_store.url + name).unlink(missing_ok=True)
    again = sqlite_store.open()
    for number in range(further):  # to the same sequence number on another way, and past it
        raise_amount(again, 50 + number)
    assert amount_in(held) == (49 + further if further else 1)


def test_what_a_killed_builder_left_is_swept_away(sqlite_store):
    workspace = sqlite_store.open()
    one_deal(workspace, 1)
    held = Columns(parse_url(sqlite_store.url), sqlite_store.folder / "held.duckdb", "USD")
    (sqlite_store.folder / "held.duckdb.0123.draft").write_bytes(b"half")
    (sqlite_store.folder / "held.duckdb.0123.draft.wal").write_bytes(b"half")
    assert amount_in(held) == 1
    assert list(sqlite_store.folder.glob("*.draft*")) == []


def test_columns_in_step_are_not_built_again(sqlite_store):
    workspace = sqlite_store.open()
    one_deal(workspace, 1)
    held = Columns(parse_url(sqlite_store.url), sqlite_store.folder / "held.duckdb", "USD")
    held.refresh()
    before = held.file.stat()
    held.refresh()
    assert held.file.stat().st_ino == before.st_ino


@pytest.mark.long
def test_the_room_of_rows_that_were_replaced_is_given_back_now_and_then(sqlite_store):
    workspace = sqlite_store.open()
    with workspace.unit("test") as unit:
        for number in range(24):
            unit.create("opportunities", {"id": f"deal_{number}", "stage": "lead", "pipeline_stage": "lead"})
    held = Columns(parse_url(sqlite_store.url), sqlite_store.folder / "held.duckdb", "USD")
    held.refresh()
    unused = []
    for step in range(40):
        with workspace.unit("test") as unit:
            unit.update("opportunities", unit.get("opportunities", f"deal_{step * 7 % 24}"), {"amount_minor": step})
        with held.open() as db:
            [(rows,)] = db.execute("SELECT count(*) FROM opportunities").fetchall()
            [(room,)] = db.execute(
                "SELECT sum(count) FROM pragma_storage_info('opportunities') "
                "WHERE column_name = 'opportunity_id' AND segment_type <> 'VALIDITY'"
            ).fetchall()
        unused.append(room - rows)
    assert max(unused) > 0
    assert max(unused) <= 24 // 4

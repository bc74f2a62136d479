"""An import that is killed in the middle goes on where it stopped, and ends like one that was never disturbed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sales_operations.connectors.importer import ImportOptions, import_file

ROWS, BATCH = 900, 60
WORKER = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from sales_operations.connectors.importer import ImportOptions, import_file
from sales_operations.workspace import open_workspace

database, kind, file, batch, mapping = sys.argv[1:]
workspace = open_workspace({"sales_operations": {}}, database=database, clock=lambda: datetime(2026, 11, 24, 12, tzinfo=UTC))
options = ImportOptions(batch_rows=int(batch), mapping=mapping or None)
def tell(*_):
    print("rows are in", flush=True)
    sys.stdin.readline()  # goes on when it is told to, so that nobody has to guess how far it is

summary = import_file(workspace, kind, Path(file), options, tell)
print(json.dumps(summary.as_json()))
"""
LOG = """
source: log
currency: EUR
stages: {Asked: lead, Offered: proposal, Signed: closed_won, Refused: closed_lost}
kinds:
  history:
    fields: {amount: sum}
    log: {case: case, activity: what, at: when, creates: [Asked], known_at_opening: [amount]}
"""


def contents(kind: str) -> str:
    """A file with rejects, unknown references, repeated rows and amounts in two currencies."""
    chance = random.Random(11)
    if kind == "accounts":
        parents = [f"{n},Account {n},a{chance.randrange(ROWS)}\n" for n in range(ROWS)]
        return "id,name,parent\n" + "".join(f"a{line}" for line in parents)
    if kind == "history":
        steps = [("Asked", 1), ("Offered", 2), ("Signed", 3)]
        rows = [(n, what, day) for n in range(ROWS // 3) for what, day in steps]
        rows.sort(key=lambda row: (row[2], chance.random()))
        return "case,sum,what,when\n" + "".join(
            f"c{n},{n},{what if n % 97 else 'Danced'},2026-03-0{day}T10:00:00Z\n" for n, what, day in rows
        )
    stages = ("lead", "qualified", "proposal", "closed_won", "Verbal")
    return "id,name,stage,amount,currency,close_date,owner,created_at\n" + "".join(
        f"d{n if chance.random() > 0.02 else n // 2},Deal {n},{chance.choice(stages)},{chance.randrange(10**6) / 100},"
        f"{chance.choice(('USD', 'EUR'))},2026-0{chance.randrange(1, 9)}-15,Rep {chance.randrange(5)},2026-01-01T09:00:00Z\n"
        for n in range(ROWS)
    )


def start(database: str, kind: str, file: Path, mapping: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, database, kind, str(file), str(BATCH), mapping]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=file.parent)


def kill_in_the_middle(process: subprocess.Popen[str], chance: random.Random) -> None:
    """Let some batches come in, then a little more, and end the process as a power cut would."""
    assert process.stdout is not None
    assert process.stdin is not None
    for _ in range(chance.randrange(3, ROWS // BATCH - 2)):  # of a log, two for each transaction
        assert process.stdout.readline() == "rows are in\n"
        process.stdin.write("\n")
        process.stdin.flush()
    time.sleep(chance.random() * 0.03)
    process.kill()
    process.communicate()


def undisturbed(importing: Any, kind: str, file: Path, mapping: str) -> dict[str, Any]:
    options = ImportOptions(batch_rows=BATCH, mapping=mapping or None)
    return import_file(importing.workspace, kind, file, options).as_json()


def check_interruptions(importing: Any, kind: str, write: Any, chances: list[random.Random], fresh_store: Any) -> None:
    file = write(contents(kind), f"{kind}.csv")
    mapping = str(write(LOG, "log.yaml")) if kind == "history" else ""
    whole = undisturbed(importing, kind, file, mapping)
    rejects = Path(whole["rejects_file"]).read_bytes() if whole["rejects_file"] else None
    assert whole["read"] == ROWS
    expected = importing.stores.dump()
    for chance in chances:
        database = fresh_store()
        kill_in_the_middle(start(database.stores.url, kind, file, mapping), chance)
        assert database.findings() == []
        [(passed,)] = database.rows("import_runs", "rows_done", "")
        assert 0 < passed < ROWS
        process = start(database.stores.url, kind, file, mapping)
        told = json.loads(process.communicate()[0].splitlines()[-1])
        assert process.returncode == 0
        assert told.pop("resumed_at") == passed
        assert {**told, "resumed_at": 0} == whole
        if rejects is not None:
            assert Path(told["rejects_file"]).read_bytes() == rejects
        assert database.findings() == []
        found = database.stores.dump()
        # The audit chain, the numbers and the last hash are the same too: nothing was written twice or left out.
        for table in expected.keys() - {"import_runs", "ledger"}:
            assert found[table] == expected[table], table
        assert [row[3:] for row in found["ledger"]] == [row[3:] for row in expected["ledger"]]
        assert database.rows("import_runs", "count(*), count(finished_at)", "") == [(1, 1)]


@pytest.fixture
def fresh_store(importing: Any, request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Makes further empty stores on the same database as the test's own."""
    import shutil
    from dataclasses import replace

    numbers = iter(range(1000))

    def make() -> Any:
        if importing.stores.backend == "sqlite":
            url = str(tmp_path / f"store_{next(numbers)}.db")
            shutil.copyfile(request.getfixturevalue("empty_sqlite"), url)
        else:
            url = request.getfixturevalue("new_database")(request.getfixturevalue("empty_postgresql"))
        return replace(importing, stores=replace(importing.stores, url=url), opened=None)

    return make


def test_an_import_killed_in_the_middle_goes_on_and_ends_the_same(importing: Any, write: Any, fresh_store: Any) -> None:
    kind = {"sqlite": "history", "postgresql": "opportunities"}[importing.stores.backend]
    check_interruptions(importing, kind, write, [random.Random(kind)], fresh_store)


@pytest.mark.long
@pytest.mark.parametrize(("kind", "times"), [("opportunities", 15), ("accounts", 5), ("history", 10)])
def test_an_import_killed_anywhere_goes_on_and_ends_the_same(
    kind: str, times: int, importing: Any, write: Any, fresh_store: Any
) -> None:
    check_interruptions(importing, kind, write, [random.Random() for _ in range(times)], fresh_store)


def test_an_interrupted_import_begins_anew_where_the_mapping_has_changed(importing_here: Any, write: Any) -> None:
    """Else rows that the old mapping rejected would be passed over."""
    file = write("case,sum,what,when\n" + "".join(f"c{n},1,Asked,2026-03-01T10:00:00Z\n" for n in range(3)))
    mapping = write(LOG.replace("Asked: lead, ", ""), "log.yaml")
    calls = 0

    def stop(*_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(importing_here.workspace, "history", file, ImportOptions(mapping=str(mapping), batch_rows=1), stop)
    mapping.write_text(LOG)
    summary = import_file(importing_here.workspace, "history", file, ImportOptions(mapping=str(mapping), batch_rows=1))
    assert (summary.resumed_at, summary.created, summary.rejected) == (0, 3, 0)


def test_a_file_that_breaks_off_before_its_first_batch_is_in_leaves_no_trace(importing_here: Any, write: Any) -> None:
    before = importing_here.stores.dump()
    file = write("id,name,stage\nd1,a,lead\nd2," + "x" * ((1 << 20) + 1) + ",lead\n")
    with pytest.raises(Exception, match="a cell is longer than 1048576 characters"):
        importing_here("opportunities", file)
    assert importing_here.stores.dump() == before

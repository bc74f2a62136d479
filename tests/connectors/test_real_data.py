"""Real exports through the shipped mappings, held against a plain reading of the same files."""

from __future__ import annotations

import csv
import gzip
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sales_operations.connectors.importer import ImportOptions, import_file
from sales_operations.connectors.summary import Summary
from sales_operations.settings import load
from sales_operations.store import audit, history
from sales_operations.workspace import Workspace, open_workspace

COMMAND = Path(sys.executable).with_name("sales-operations")
MAVEN = (("teams", "sales_teams"), ("users", "sales_teams"), ("accounts", "accounts"), ("products", "products"),
         ("opportunities", "sales_pipeline"))  # fmt: skip
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Imported:
    """A store with imported files, and what their imports said."""

    file: Path
    workspace: Workspace
    summaries: dict[str, Summary]

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with self.workspace.reading() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def findings(self) -> list[Any]:
        with self.workspace.reading() as connection:
            return [*audit.verify(connection).findings, *history.verify(connection)]


@pytest.fixture(scope="module")
def new_store(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Iterator[Callable[[], Imported]]:
    made: list[Imported] = []

    def make() -> Imported:
        file = tmp_path_factory.mktemp("real") / "sales_operations.db"
        shutil.copyfile(empty_sqlite, file)
        workspace = open_workspace(load({"sales_operations": {}}), database=str(file), clock=lambda: NOW)
        made.append(Imported(file, workspace, {}))
        return made[-1]

    yield make
    for one in made:
        one.workspace.close()


@pytest.fixture(scope="module")
def maven(shared: Path, new_store: Callable[[], Imported]) -> Imported:
    made = new_store()
    for kind, name in MAVEN:
        made.summaries[kind] = import_file(made.workspace, kind, shared / f"data/maven_crm/{name}.csv")
    return made


def maven_rows(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / f"data/maven_crm/{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


class TestMaven:
    def test_every_row_comes_in(self, maven: Imported) -> None:
        counts = {kind: (one.created, one.rejected) for kind, one in maven.summaries.items()}
        assert counts == {"teams": (6, 0), "users": (35, 0), "accounts": (85, 0), "products": (7, 0),
                          "opportunities": (7635, 0)}  # fmt: skip

    def test_the_sums_are_those_of_the_file_to_the_cent(self, maven: Imported, shared: Path) -> None:
        expected: Counter[str] = Counter()
        for row in maven_rows(shared, "sales_pipeline"):
            expected[row["sales_agent"]] += int(Decimal(row["close_value"] or 0) * 100)
        stored = maven.ask(
            "SELECT u.name, coalesce(sum(o.amount_minor), 0) FROM opportunities o JOIN users u ON u.id = o.owner_id GROUP BY 1"
        )
        assert dict(stored) == dict(expected)
        [amounts] = maven.summaries["opportunities"].as_json()["amounts"].values()
        assert amounts == {"file": (total := sum(expected.values()) / 100), "store": total, "difference": 0.0}

    def test_stages_and_dates_are_those_of_the_file(self, maven: Imported, shared: Path) -> None:
        canonical = {"Prospecting": "lead", "Engaging": "qualified", "Won": "closed_won", "Lost": "closed_lost"}
        expected = Counter(
            (canonical[row["deal_stage"]], row["close_date"] or None) for row in maven_rows(shared, "sales_pipeline")
        )
        assert Counter(maven.ask("SELECT stage, close_date FROM opportunities")) == expected

    def test_a_product_that_the_deals_spell_differently_is_the_one_of_the_price_list(self, maven: Imported) -> None:
        names = {name for (name,) in maven.ask("SELECT DISTINCT product FROM opportunities")}
        assert names == {name for (name,) in maven.ask("SELECT name FROM products")}
        assert "GTX Pro" in names

    def test_teams_have_their_managers_and_agents_their_teams(self, maven: Imported, shared: Path) -> None:
        expected = {(row["sales_agent"], row["manager"]) for row in maven_rows(shared, "sales_teams")}
        led = maven.ask("SELECT u.name, m.name FROM users u JOIN users m ON m.id = u.manager_id")
        assert set(led) == expected
        teams = (
            "SELECT u.name, m.name FROM users u JOIN teams t ON t.id = u.team_id JOIN users m ON m.id = t.manager_id"
        )
        assert set(maven.ask(teams)) == expected
        assert maven.ask("SELECT count(*) FROM users") == [(35 + 6,)]

    def test_only_reps_are_given_new_deals(self, maven: Imported, shared: Path) -> None:
        from sales_operations.process.assigning.assignment import Assigner

        with maven.workspace.reading() as connection:
            names = {candidate.name for candidate in Assigner(connection).candidates}
        assert names == {row["sales_agent"] for row in maven_rows(shared, "sales_teams")}

    def test_a_second_run_changes_nothing_and_all_checks_are_green(self, maven: Imported, shared: Path) -> None:
        before = maven.workspace.data_version()
        for kind, name in MAVEN:
            again = import_file(maven.workspace, kind, shared / f"data/maven_crm/{name}.csv")
            assert (again.created, again.updated, again.unresolved) == (0, 0, {})
            assert again.unchanged == maven.summaries[kind].created
        assert maven.workspace.data_version() == before
        assert maven.findings() == []

    @pytest.mark.long
    def test_the_whole_run_works_on_it_and_says_that_there_are_no_leads(self, maven: Imported, tmp_path: Path) -> None:
        command = [str(COMMAND), "run", "--database", str(maven.file)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=250)
        assert done.returncode == 0, done.stderr
        assert "The store has no open leads, so none was converted." in done.stderr
        assert "$7,203,038.00" in done.stdout
        results = tmp_path / "sales_operations" / "results"
        assert json.loads((results / "opportunities.json").read_text()) == []
        assert json.loads((results / "pipeline.json").read_text())["tracking"]["total_opportunities"] == 7635


LOG_STAGES = {"A_SUBMITTED": "lead", "A_PREACCEPTED": "qualified", "A_ACCEPTED": "qualified", "A_FINALIZED": "qualified",
              "O_SENT": "proposal", "O_SENT_BACK": "negotiation", "A_APPROVED": "closed_won", "A_ACTIVATED": "closed_won",
              "A_REGISTERED": "closed_won", "A_DECLINED": "closed_lost", "A_CANCELLED": "closed_lost"}  # fmt: skip


def plain_reading(lines: list[dict[str, str]]) -> dict[str, list[tuple[datetime, str]]]:
    """Case to its stages, each with the instant it began; nothing follows a close."""
    found: dict[str, list[tuple[datetime, str]]] = {}
    for row in lines:
        stage = LOG_STAGES.get(row["activity"])
        steps = found.setdefault(row["case_id"], [])
        if stage and not (steps and steps[-1][1].startswith("closed")):
            steps.append((datetime.fromisoformat(row["timestamp"]).astimezone(UTC).replace(tzinfo=None), stage))
    return found


def check_log(imported: Imported, file: Path, lines: list[dict[str, str]], instants: int) -> None:
    summary = import_file(imported.workspace, "history", file, ImportOptions(mapping="bpic2012"))
    cases = plain_reading(lines)
    assert (summary.read, summary.rejected) == (len(lines), 0)
    names = dict(imported.ask("SELECT record_id, external_id FROM external_ids WHERE kind = 'opportunities'"))
    assert set(names.values()) == set(cases)
    ends = Counter(steps[-1][1] for steps in cases.values())
    assert dict(imported.ask("SELECT stage, count(*) FROM opportunities GROUP BY 1")) == ends
    amounts = {row["case_id"]: int(row["amount_req"]) * 100 for row in lines}
    assert {names[deal]: minor for deal, minor in imported.ask("SELECT id, amount_minor FROM opportunities")} == amounts
    chance = random.Random(2012)
    begin, end = min(steps[0][0] for steps in cases.values()), max(steps[-1][0] for steps in cases.values())
    moments = [begin + chance.random() * (end - begin + timedelta(days=1)) for _ in range(instants)]
    moments += [chance.choice(chance.choice(list(cases.values())))[0] for _ in range(instants)]  # the very instants
    with imported.workspace.columns() as db:
        for moment in moments:
            rows = db.execute(
                "SELECT opportunity_id, stage FROM intervals WHERE valid_from <= ? AND ? < valid_to", [moment, moment]
            ).fetchall()
            past = {case: [stage for at, stage in steps if at <= moment] for case, steps in cases.items()}
            assert {names[deal]: stage for deal, stage in rows} == {case: one[-1] for case, one in past.items() if one}
    assert imported.findings() == []


def log_lines(shared: Path) -> list[dict[str, str]]:
    with gzip.open(shared / "data/bpic2012/events.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_sample_of_the_log_of_2012_becomes_deals_with_their_stages_at_any_instant(
    shared: Path, new_store: Callable[[], Imported], tmp_path: Path
) -> None:
    lines = log_lines(shared)
    chosen = set(random.Random(3).sample(sorted({row["case_id"] for row in lines}), 400))
    some = [row for row in lines if row["case_id"] in chosen]
    file = tmp_path / "some.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(some[0]))
        writer.writeheader()
        writer.writerows(some)
    check_log(new_store(), file, some, 20)


@pytest.mark.long
def test_the_log_of_2012_becomes_8175_deals_with_their_stages_at_any_instant(
    shared: Path, new_store: Callable[[], Imported]
) -> None:
    imported = new_store()
    check_log(imported, shared / "data/bpic2012/events.csv.gz", log_lines(shared), 60)
    assert imported.ask("SELECT count(*) FROM opportunities") == [(8175,)]
    before = imported.workspace.data_version()
    import_file(
        imported.workspace, "history", shared / "data/bpic2012/events.csv.gz", ImportOptions(mapping="bpic2012")
    )
    assert imported.workspace.data_version() == before

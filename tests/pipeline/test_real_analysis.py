"""The analysis of real exports, held against figures that are worked out from the files in plain Python."""

from __future__ import annotations

import asyncio
import csv
import gzip
import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest

from sales_operations.connectors.importer import ImportOptions, import_file
from sales_operations.pipeline import PipelineAnalytics
from sales_operations.workspace import Workspace, open_workspace

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MAVEN = (("teams", "sales_teams"), ("users", "sales_teams"), ("accounts", "accounts"), ("products", "products"),
         ("opportunities", "sales_pipeline"))  # fmt: skip
LOG_STAGES = {"A_SUBMITTED": "lead", "A_PREACCEPTED": "qualified", "A_ACCEPTED": "qualified", "A_FINALIZED": "qualified",
              "O_SENT": "proposal", "O_SENT_BACK": "negotiation", "A_APPROVED": "closed_won", "A_ACTIVATED": "closed_won",
              "A_REGISTERED": "closed_won", "A_DECLINED": "closed_lost", "A_CANCELLED": "closed_lost"}  # fmt: skip
ORDER = ["lead", "qualified", "proposal", "negotiation"]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Iterator[Any]:
    made: list[Workspace] = []

    def store() -> Workspace:
        file = tmp_path_factory.mktemp("real") / "sales_operations.db"
        shutil.copyfile(empty_sqlite, file)
        made.append(open_workspace({}, database=str(file), clock=lambda: NOW))
        return made[-1]

    yield store
    for workspace in made:
        workspace.close()


@pytest.fixture(scope="module")
def maven(shared: Path, opened: Any) -> PipelineAnalytics:
    workspace = opened()
    for kind, name in MAVEN:
        import_file(workspace, kind, shared / f"data/maven_crm/{name}.csv")
    return PipelineAnalytics(workspace)


def rows_of(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / f"data/maven_crm/{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(("by", "column"), [("sales_rep", "sales_agent"), ("product", "product"), ("team", "manager")])
def test_win_rate_size_and_cycle_of_a_quarter_of_the_maven_export(
    maven: PipelineAnalytics, shared: Path, by: str, column: str
) -> None:
    managers = {row["sales_agent"]: row["manager"] for row in rows_of(shared, "sales_teams")}
    groups = defaultdict(list)
    for row in rows_of(shared, "sales_pipeline"):
        row |= {"manager": managers[row["sales_agent"]], "product": row["product"].replace("GTXPro", "GTX Pro")}
        if row["deal_stage"] in ("Won", "Lost") and "2017-07-01" <= row["close_date"] <= "2017-09-30":
            groups[row[column]].append(row)
    found = asyncio.run(maven.analyze_pipeline("2017-12-31", by=by, period="2017-Q3"))
    assert found["window"]["deals"] == sum(map(len, groups.values())) > 1_000
    shown = {one["group"]: one for one in found["groups"] if one["closed_deals"]}
    if by == "team":  # teams bear names of their own: their managers' is how the file tells them
        shown = {next(manager for manager in groups if manager in team): one for team, one in shown.items()}
    assert set(shown) == set(groups)
    for name, rows in groups.items():
        won = [row for row in rows if row["deal_stage"] == "Won"]
        sizes = [float(row["close_value"]) for row in won]
        days = [(date.fromisoformat(row["close_date"]) - date.fromisoformat(row["engage_date"])).days for row in won]
        assert shown[name]["win_rate"]["value"] == len(won) / len(rows)
        assert shown[name]["deal_size"]["n"] == len(sizes)
        assert shown[name]["deal_size"]["mean"] == pytest.approx(mean(sizes))
        assert shown[name]["deal_size"]["median"] == pytest.approx(median(sizes))
        assert shown[name]["velocity"]["cycle_days"] == pytest.approx(mean(days), abs=0.5)


def log_cases(shared: Path, count: int) -> tuple[list[dict[str, str]], dict[str, list[tuple[datetime, str]]]]:
    """The lines of so many cases, and case to its stages, each with its instant; nothing follows a close."""
    with gzip.open(shared / "data/bpic2012/events.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    chosen = set(random.Random(4).sample(sorted({row["case_id"] for row in lines}), count))
    lines = [row for row in lines if row["case_id"] in chosen]
    cases: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in lines:
        stage, steps = LOG_STAGES.get(row["activity"]), cases[row["case_id"]]
        if stage and not (steps and steps[-1][1].startswith("closed")):
            steps.append((datetime.fromisoformat(row["timestamp"]), stage))
    return lines, cases


def test_conversion_and_time_to_close_of_the_log_of_2012(shared: Path, opened: Any, tmp_path: Path) -> None:
    lines, cases = log_cases(shared, 400)
    file = tmp_path / "some.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    workspace = opened()
    import_file(workspace, "history", file, ImportOptions(mapping="bpic2012"))
    until = datetime(2012, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)
    found = asyncio.run(PipelineAnalytics(workspace).analyze_movement("2012-01-31"))
    seen = {case: [step for step in steps if step[0] <= until] for case, steps in cases.items()}
    seen = {case: steps for case, steps in seen.items() if steps}
    ways = [
        ({stage for _, stage in steps}, steps[-1][1]) for steps in seen.values() if steps[-1][1].startswith("closed")
    ]
    lives = []
    for steps in seen.values():
        closed = steps[-1][1].startswith("closed")
        end = steps[-1][0] if closed else until
        lives.append(((end - steps[0][0]) // timedelta(days=1), closed))
    cells = found["stage_conversion"]["any_stage"]["from"]
    for place, start in enumerate(ORDER):
        begun = [(way, end) for way, end in ways if start in way]
        assert cells[start]["closed_won"]["n"] == len(begun)
        assert cells[start]["closed_won"]["value"] == sum(end == "closed_won" for _, end in begun) / len(begun)
        for later in ORDER[place + 1 :]:
            beyond = set(ORDER[ORDER.index(later) :])
            came = sum(bool(beyond & way) or end == "closed_won" for way, end in begun)
            assert cells[start][later]["value"] == came / len(begun)
    close = found["time_to_close"]
    assert (close["n"], close["open"]) == (len(lives), sum(not closed for _, closed in lives))
    assert close["open"] > 20
    for point in close["points"]:
        surviving = Fraction(1)
        for day in range(point["days"] + 1):
            at_risk = sum(life >= day for life, _ in lives)
            surviving *= 1 - Fraction(sum(life == day and closed for life, closed in lives), at_risk)
        assert point["open"] == pytest.approx(float(surviving))

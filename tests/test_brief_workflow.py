"""The workflow as the project's brief prints it, and the script of that name, run as their readers would run them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sales_operations.workspace import open_workspace

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "config" / "sales_operations_config.yaml.example"
FORGOTTEN_IMPORT = "from sales_operations.process import Opportunity\n"
DEMONSTRATION = "Demonstration data: a made-up company (sales_operations_demo.db).\n"


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A fresh process of this Python, in which a warning is an error, and in which no store is named."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SALES_OPERATIONS")}
    command = [sys.executable, "-W", "error", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=200, check=False)


def good_workflow(brief: str) -> str:
    section = brief.split("### Good: Complete Sales Operations Workflow\n")[1]
    return section.split("```python\n")[1].split("```")[0]


@pytest.fixture(params=["own store", "demonstration"])
def company(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a copy of the example configuration, and no store or one that holds a rep and a lead."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    shutil.copyfile(EXAMPLE, tmp_path / "config" / "sales_operations_config.yaml")
    if request.param == "own store":
        shutil.copyfile(request.getfixturevalue("empty_sqlite"), tmp_path / "sales_operations.db")
        workspace = open_workspace({})
        with workspace.unit("test") as unit:
            unit.create("users", {"id": "user_ada", "name": "Ada Park"})
            unit.create("leads", {"id": "lead_123", "company": "Example Ltd", "product": "Loom"})
            unit.create("products", {"id": "prod_loom", "name": "Loom", "list_price_minor": 1_200_00})
        workspace.close()
    return tmp_path


SLOW = ["own store", pytest.param("demonstration", marks=pytest.mark.long)]
"""The demonstration takes its time; the commands are tried on it in every run."""


def uses_demonstration(folder: Path) -> bool:
    assert (folder / "sales_operations.db").exists() != (folder / "sales_operations_demo.db").exists()
    return (folder / "sales_operations_demo.db").exists()


@pytest.mark.parametrize("company", SLOW, indirect=True)
def test_the_briefs_workflow_runs_unchanged_and_twice_gives_the_same_opportunity(shared: Path, company: Path) -> None:
    script = company / "good.py"
    script.write_text(FORGOTTEN_IMPORT + good_workflow((shared / "brief" / "brief.md").read_text("utf-8")), "utf-8")
    printed = []
    for _ in range(2):
        done = run(script, cwd=company)
        assert done.returncode == 0, done.stderr
        assert_only_log_lines(done.stderr)
        assert_brief_summary(done.stdout)
        printed.append(done.stdout)
    first, second = (re.findall(r"opp_[0-9a-f]{32}", text) for text in printed)
    assert len(set(first)) == 1
    assert first == second
    if not uses_demonstration(company):
        assert "  Account: Example Ltd\n  Amount: $1,200.00\n" in printed[0]
        assert "  Sales Rep: Ada Park\n" in printed[0]


def assert_only_log_lines(stderr: str) -> None:
    """The brief logs to standard error at level INFO; anything else there would be a defect."""
    strange = [line for line in stderr.splitlines() if line and not re.match(r"INFO:|=+$|Step \d: ", line)]
    assert strange == []


def assert_brief_summary(stdout: str) -> None:
    money, number = r"\$[\d,]+\.\d\d", r"[1-9]\d*"
    patterns = (
        rf"Opportunity Summary:\n  ID: opp_[0-9a-f]{{32}}\n  Account: .+\n  Amount: {money}\n  Stage: lead\n"
        r"  Probability: 10%\n  Sales Rep: \S.*\n",
        rf"Forecast Summary:\n  Method: hybrid\n  Period: quarter\n  Total: {money}\n  Confidence: \d+%\n"
        rf"  Pipeline: {money}\n  Trend: {money}\n  Seasonal: {money}\n  ML: {money}\n",
        rf"Pipeline Summary:\n  Total Opportunities: {number}\n  Total Pipeline: {money}\n  Weighted Pipeline: {money}\n",
        rf"Sales Operations Summary\n={{60}}\nOpportunity ID: opp_[0-9a-f]{{32}}\nOpportunity Amount: {money}\n"
        rf"Forecast: {money}\nPipeline: {money}\n$",
    )
    for pattern in patterns:
        assert re.search(pattern, stdout), f"{pattern}\nis not in\n{stdout}"
    assert "sales_rep_1" not in stdout


@pytest.mark.parametrize("company", SLOW, indirect=True)
def test_the_script_in_the_package_runs_the_whole_workflow(company: Path) -> None:
    """``python sales_operations/workflow.py`` puts the package's own folder first on the path; here, a copy of it."""
    ignored = shutil.ignore_patterns("__pycache__", "results")
    shutil.copytree(ROOT / "sales_operations", company / "sales_operations", ignore=ignored)
    printed = []
    for _ in range(2):
        done = run(Path("sales_operations", "workflow.py"), cwd=company)
        assert (done.returncode, done.stderr) == (0, DEMONSTRATION if uses_demonstration(company) else "")
        printed.append(done.stdout)
    results = company / "sales_operations" / "results"
    [deal] = json.loads((results / "opportunities.json").read_text("utf-8"))
    [forecast] = json.loads((results / "forecasts.json").read_text("utf-8"))
    pipeline = json.loads((results / "pipeline.json").read_text("utf-8"))
    assert (deal["lead_id"], deal["stage"], deal["status"]) == ("lead_123", "lead", "open")
    assert (forecast["method"], forecast["period"]) == ("hybrid", "quarter")
    assert {"tracking", "reports", "analytics", "insights", "managed_at"} <= pipeline.keys()
    for text in printed:
        assert f"Opportunity ID: {deal['opportunity_id']}\n" in text
        assert f"Forecast: ${forecast['total']:,.2f}\n" in text
        assert f"Pipeline: ${pipeline['tracking']['total_pipeline_value']:,.2f}\n" in text
    assert sorted(path.name for path in results.iterdir()) == ["forecasts.json", "opportunities.json", "pipeline.json"]


def test_the_script_says_in_one_line_what_keeps_it_from_running(company: Path) -> None:
    (company / "config" / "sales_operations_config.yaml").write_text("sales_operations: {colour: red}\n", "utf-8")
    done = run(ROOT / "sales_operations" / "workflow.py", cwd=company)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"error: .*sales_operations_config\.yaml:1: sales_operations\.colour: .+\n", done.stderr)

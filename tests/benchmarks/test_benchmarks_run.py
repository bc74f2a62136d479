from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["startup", pytest.param("columns", marks=pytest.mark.long)])
def test_a_small_measurement_runs_and_prints_its_table(name, tmp_path):
    done = run(name, "--small", "--folder", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert name in done.stdout
    assert "measured in" in done.stdout
    assert "MISSED" not in done.stdout, "a small run judges nothing"


@pytest.mark.long
def test_all_measurements_run_small_and_leave_the_page_alone():
    page = ROOT / "docs" / "benchmarks.md"
    before = page.read_bytes() if page.exists() else None
    done = run("--small")
    assert done.returncode == 0, done.stderr
    for name in ("startup", "demonstration", "conversion", "import", "columns", "pipeline", "forecast"):
        assert f"\n{name} " in f"\n{done.stdout}"
    assert (page.read_bytes() if page.exists() else None) == before


def test_a_measurement_that_does_not_exist_is_an_error_naming_those_that_do():
    done = run("importing")
    assert done.returncode == 2
    assert "there is no measurement importing; use startup, demonstration" in done.stderr


def test_the_page_says_which_floors_are_missed(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))  # the package is not installed
    from benchmarks.figures import Figure
    from benchmarks.report import text
    from benchmarks.startup import MEASUREMENT

    figures = [Figure("fast", 3, "x", 2), Figure("slow", 3, "s", 2, at_most=True), Figure("plain", 1_234_567, "rows/s")]
    page = text([(MEASUREMENT, figures)])
    assert "| fast | 3 x | at least 2 x | kept |" in page
    assert "| slow | 3 s | at most 2 s | MISSED |" in page
    assert "| plain | 1,234,567 rows/s |  |  |" in page

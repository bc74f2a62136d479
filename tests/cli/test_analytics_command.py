"""The analytics and kpi commands: what they print says what the library returns."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sales_operations.pipeline import PipelineAnalytics, PipelineKpis
from sales_operations.workspace import open_workspace


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    """Equal but for when they were made."""
    return left | dict.fromkeys(MADE) == right | dict.fromkeys(MADE)


MADE = ("as_of", "analyzed_at", "calculated_at")


@pytest.mark.parametrize("by", ["team", "month"])
def test_json_is_what_the_library_returns(shop: Any, by: str) -> None:
    shown = json.loads(shop.invoke("analytics", "--by", by, "--as-of", "2026-01-01", "--json").stdout)
    face = PipelineAnalytics(open_workspace({}, database=str(shop.folder / "sales_operations.db")))
    assert same(shown, asyncio.run(face.analyze_pipeline("2026-01-01", by=by)))
    whole = json.loads(shop.invoke("analytics", "--as-of", "2026-01-01", "--json").stdout)
    assert {"win_rate", "stage_conversion", "time_to_close", "slippage"} <= whole.keys()
    kpis = json.loads(shop.invoke("kpi", "--no-forecast", "--as-of", "2026-01-01", "--json").stdout)
    assert same(kpis, asyncio.run(PipelineKpis(face.workspace).scorecard("2026-01-01")))


def test_the_tables_hold_the_figures(shop: Any) -> None:
    whole = shop.invoke("analytics")
    assert (whole.exit_code, whole.stderr) == (0, "")
    for words in ("How deals move:", "Any stage: stages may be skipped", "All stages: none skipped", "Time to close:"):
        assert words in whole.stdout
    by_rep = shop.invoke("analytics", "--by", "sales_rep")
    assert "Below each figure its 95 % interval. Each deal counts under the value that it had" in by_rep.stdout


def test_the_key_figures_say_why_one_is_unknown(shop: Any) -> None:
    done = shop.invoke("kpi", "--no-forecast")
    assert done.exit_code == 0
    assert "Forecast accuracy is unknown: no forecast was asked for." in done.stdout
    measured = json.loads(shop.invoke("kpi", "--json").stdout)["kpis"][0]
    assert measured["value"] is None
    assert measured["unknown_because"] != "no forecast was asked for"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("analytics --by colour", "error: by: dimension 'colour' does not exist; use one of sales_rep, team,"),
        ("analytics --period spring", "error: period: 'spring' is none; write a month"),
        ("analytics --period 2999", "error: period: 2999 had not begun by "),
        ("kpi --no-forecast --period 2999-Q1", "error: period: 2999-Q1 had not begun by "),
    ],
)
def test_what_cannot_be_answered_is_an_error(shop: Any, arguments: str, says: str) -> None:
    done = shop.invoke(*arguments.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(says)


def test_analytics_that_are_off_say_so(shop: Any) -> None:
    (shop.folder / "off.yaml").write_text(
        "sales_operations:\n  pipeline_management:\n    analytics: {enabled: false}\n"
    )
    done = shop.invoke("analytics", "--config", "off.yaml")
    assert done.stdout == "Analytics: pipeline_management.analytics.enabled is false.\n"

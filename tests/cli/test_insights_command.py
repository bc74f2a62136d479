"""``sales-operations insights``: findings with their records, on the terminal and as JSON."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from sales_operations.pipeline import PipelineInsights
from sales_operations.settings.pipeline_management import Alert, Warned
from sales_operations.workspace import open_workspace

TODAY = datetime.now(UTC).date()


def test_json_is_what_the_library_returns(shop: Any) -> None:
    day = (TODAY - timedelta(days=5)).isoformat()
    face = PipelineInsights(open_workspace({}, database=str(shop.folder / "sales_operations.db")))
    shown = shop.json("insights", "--as-of", day)
    expected = asyncio.run(face.review_insights(day))
    assert shown | {"generated_at": None} == expected | {"generated_at": None}
    assert set(get_args(Alert)) | set(get_args(Warned)) <= shown.keys()
    assert all("record" in shown[name] for name in get_args(Warned))
    measured = shop.json("insights", "measure", "--as-of", day, "--horizon", "10", "--weeks", "3")
    assert measured == asyncio.run(face.measure_warnings(day, None, 10, 3))
    assert (measured["horizon_days"], measured["looks"]) == (10, 4)
    assert set(measured["records"]) == set(get_args(Warned))


def test_the_worst_stands_first_with_its_action_and_its_deals(shop: Any) -> None:
    late = (TODAY + timedelta(days=20)).isoformat()
    (shop.folder / "settings.yaml").write_text(
        "sales_operations: {pipeline_management: {insights: {thresholds: {shrunk_share: 0.5}}}}", "utf-8"
    )
    (shop.folder / "late.csv").write_text(f"id,amount,close_date\nd2,2000,{late}\n", "utf-8")
    assert shop.run("import", "opportunities", "late.csv").returncode == 0
    done = shop.invoke("insights", "--config", "settings.yaml")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = [line.strip() for line in done.stdout.splitlines()]
    ranks = [
        line.split()[0]
        for line in lines
        if line.split()[:1] and line.split()[0] in ("critical", "warning", "ok", "unknown")
    ]
    assert ranks == sorted(ranks, key=["critical", "warning", "ok", "unknown"].index)
    start = lines.index("warning  Amount shrinking")
    told = lines[start + 1 : lines.index("", start)]
    assert told[0].startswith("1 of 2 open deals lost 50% or more of their highest amount, worth 2,000.00 USD.")
    assert "→ Find out what the customer gave up, and whether the rest still carries the decision." in told
    assert "The amount fell from 5,000.00 USD to 2,000.00 USD." in told[-1]
    assert "·" not in shop.invoke("insights", "--config", "settings.yaml", "--deals", "0").stdout


def test_too_little_history_is_said(shop: Any) -> None:
    done = shop.invoke("insights", "measure", "--as-of", (TODAY - timedelta(days=70)).isoformat())
    assert done.exit_code == 0
    assert done.stdout.startswith("There is not enough history to look back at.")
    table = shop.invoke("insights", "measure", "--horizon", "10")
    assert "Right: what it warns of happened within 10 days" in table.stdout
    assert "unusually large" in table.stdout


def test_findings_that_are_off_say_so(shop: Any) -> None:
    (shop.folder / "off.yaml").write_text(
        "sales_operations: {pipeline_management: {insights: {enabled: false}}}", "utf-8"
    )
    done = shop.invoke("insights", "--config", "off.yaml")
    assert done.stdout == "Insights: pipeline_management.insights.enabled is false.\n\n"
    assert shop.json("insights", "--config", "off.yaml")["enabled"] is False
    wrong = shop.invoke("insights", "measure", "--weeks", "1")
    assert wrong.exit_code == 2

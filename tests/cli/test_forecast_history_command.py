"""The record of forecasts from the command line, and that a forecast that cannot be kept is still given."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from sales_operations.demo import store as demo
from sales_operations.domain.clock import to_micros, utc_now
from sales_operations.metrics.forecast_record import Kept
from sales_operations.store import forecasts
from sales_operations.workspace import open_workspace

SETTINGS = "sales_operations: {forecasting: {methods: [seasonal], periods: [month]}}"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("company") / "company.db"
    demo.build(file, utc_now)
    return file


def test_what_was_forecast_is_shown_with_what_came_of_it(shop: Any) -> None:
    assert "No forecast was kept by then" in shop.invoke("forecast", "history").stdout
    workspace = open_workspace({}, database=str(shop.folder / "sales_operations.db"))
    made = Kept(
        method="hybrid", period="month", period_start=date(2024, 5, 1), period_end=date(2024, 5, 31), as_of=date(2024, 5, 2),
        made_at=to_micros(datetime(2024, 5, 2, 9, tzinfo=UTC)), currency="USD", total=123_400, booked=0, open=None,
        created_later=None, p2_5=50_000, p10=90_000, p50=120_000, p90=150_000, p97_5=200_000, confidence=0.5, weights=None,
        data_seq=1, settings="ab",
    )  # fmt: skip
    forecasts.keep(workspace.engine, made)
    workspace.close()
    found = shop.json("forecast", "history")
    assert (found["kept"], found["accuracy"][0]["n"], found["drift"]) == (1, 1, [])
    assert (found["forecasts"][0]["total"], found["forecasts"][0]["error"]) == (1_234.0, 1_234.0)
    told = shop.invoke("forecast", "history").stdout
    assert "hybrid   month    its start         1" in told
    assert "2024-05-02   2024-05   hybrid   1,234         900   1,500     0   +1,234" in told
    assert shop.json("forecast", "history", "--as-of", "2024-05-01")["kept"] == 0
    assert shop.invoke("forecast", "history", "--period", "week").exit_code == 2


def test_a_forecast_that_cannot_be_kept_is_given_and_says_so_on_standard_error(
    shop: Any, company: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecasts, "PATIENCE_SECONDS", 0.2)
    (shop.folder / "c.yaml").write_text(SETTINGS, "utf-8")
    command = (
        "forecast",
        "--period",
        "month",
        "--method",
        "seasonal",
        "--config",
        "c.yaml",
        "--database",
        str(company),
    )
    with closing(sqlite3.connect(company, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = shop.invoke(*command, "--json")
    assert (done.exit_code, json.loads(done.stdout)["method"]) == (0, "seasonal")
    assert "The forecast was not kept: the store" in done.stderr
    assert "not kept" not in shop.invoke(*command).stderr

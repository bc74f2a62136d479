from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Shop, run, settled

HEADER = "Id,Name,StageName,Amount,CloseDate,CreatedDate,LastModifiedDate"


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of weekly deals, each won a month after it came."""
    folder, today, lines = tmp_path_factory.mktemp("year"), datetime.now(UTC).date(), [HEADER]
    for week in range(52):
        created, closed = today - timedelta(days=370 - 7 * week), today - timedelta(days=340 - 7 * week)
        stage, changed = ("Closed Won", closed) if closed <= today else ("Prospecting", created)
        lines.append(f"{week},Deal {week},{stage},{1000 + week},{closed},{created}T09:00:00Z,{changed}T09:00:00Z")
    (folder / "deals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ended = run(folder, "import", "opportunities", "deals.csv")
    assert ended.returncode == 0, ended.stderr
    return folder / "sales_operations.db"


@pytest.fixture
def recent_history(year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return settled(year, tmp_path, monkeypatch)


def test_a_backtest_is_one_json_document_and_a_table(recent_history: Shop, tmp_path: Path) -> None:
    asked = ("backtest", "--horizon", "28", "--every", "28", "--method", "seasonal")
    found = recent_history.json(*asked)
    assert set(found["methods"]) == {"seasonal"}
    assert set(found["baselines"]) >= {"run_rate", "weighted_pipeline"}
    shown = recent_history.run(*asked, "--chart", str(tmp_path / "drawn.svg"))
    assert shown.returncode == 0, shown.stderr
    assert "Won revenue of the next 28 days" in shown.stdout
    assert "seasonal" in shown.stdout
    drawn = (tmp_path / "drawn.svg").read_text("utf-8")
    assert drawn.startswith("<svg")
    assert "came true" in drawn


def test_backtests_that_were_run_are_listed_each_once(recent_history: Shop) -> None:
    asked = ("backtest", "--horizon", "28", "--every", "28", "--method", "seasonal")
    assert "No backtest was run by then" in recent_history.invoke("backtest", "history").stdout
    found = [recent_history.json(*arguments) for arguments in (asked, asked, (*asked, "--every", "56"))]
    listed = recent_history.json("backtest", "history")
    assert listed["kept"] == 2
    assert [one["methods"] for one in listed["backtests"]] == [found[2]["methods"], found[0]["methods"]]
    assert listed["backtests"][1]["first"] == found[0]["forecasts"][0]["as_of"]
    assert recent_history.json("backtest", "history", "--as-of", "2024-05-01")["kept"] == 0
    shown = recent_history.invoke("backtest", "history", "--limit", "1").stdout
    assert "WAPE in the newest 1 of 2 backtests" in shown
    assert "28 days" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--horizon", "30", "--period", "month"), "exclude each other"),
        (("--horizon", "900"), "use 1 to 366"),
        (("--horizon", "30", "--every", "0"), "use 1 or more"),
        (("--period", "week"), "does not exist; use one of month"),
        (("--method", "luck"), "does not exist"),
        (("--horizon", "30", "--from", "2099-01-01"), "has not come yet"),
    ],
)
def test_what_cannot_be_tested_is_bad_input(recent_history: Shop, arguments: tuple[str, ...], message: str) -> None:
    ended = recent_history.run("backtest", *arguments)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert ended.stdout == ""

"""Open deals with their reasons, and scenarios, from the command line."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sales_operations.connectors.importer import import_file
from sales_operations.workspace import open_workspace
from tests.cli.conftest import Shop, settled

AS_OF = ("--as-of", "2025-05-05", "--horizon", "30")
DEALS = "id,name,account,stage,amount,currency,created_at,close_date\n"
HISTORY = "opportunity,changed_at,stage\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty deals that take thirty days each; every second one is won, the last ten are open, twelve on 5 May."""
    folder = tmp_path_factory.mktemp("sixty")
    deals, history = [DEALS], [HISTORY]
    for number in range(60):
        created = date(2025, 1, 1) + timedelta(2 * number)
        offered, closed = created + timedelta(10), created + timedelta(30)
        stage = "proposal" if number >= 50 else ("closed_won", "closed_lost")[number % 2]
        deals.append(f"d{number},Deal,Alder Ltd,{stage},{1_000 + number},USD,{created},{closed}\n")
        steps = [(created, "lead"), (offered, "proposal")] + ([(closed, stage)] if number < 50 else [])
        history += [f"d{number},{day}T09:00:00Z,{stage}\n" for day, stage in steps]
    workspace = open_workspace({}, database=str(folder / "sales_operations.db"), create=True)
    for kind, rows in (("opportunities", deals), ("history", history)):
        (folder / f"{kind}.csv").write_text("".join(rows))
        import_file(workspace, kind, folder / f"{kind}.csv")
    workspace.close()
    return folder / "sales_operations.db"


@pytest.fixture
def seller(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return settled(store, tmp_path, monkeypatch)


def test_open_deals_are_listed_with_what_speaks_for_them(seller: Any) -> None:
    found = seller.json("forecast", "deals", *AS_OF, "--top", "3")
    assert (found["open_deals"], len(found["deals"]), found["method"]) == (12, 3, "pipeline")
    told = seller.invoke("forecast", "deals", *AS_OF, "--top", "3").stdout
    assert "12 open deals are expected to bring" in told
    assert "without a model of deals" in told
    first = found["deals"][0]
    assert f"{first['id']}" in told
    assert f"{first['chance']:.0%}" in told
    assert seller.invoke("forecast", "deals", first["id"], *AS_OF).stdout.count("Alder Ltd") == 1
    assert seller.invoke("forecast", "deals", "unheard-of", *AS_OF).exit_code == 2


def test_a_scenario_stands_beside_the_forecast_with_the_effect_of_each_change(seller: Any) -> None:
    wins, slips, other = (one["id"] for one in seller.json("forecast", "deals", *AS_OF)["deals"][:3])
    changes = (
        "--wins",
        wins,
        "--slips",
        slips,
        "--amount",
        f"{other}=50000",
        "--win-rate",
        "-5",
        "--new-business",
        "-20",
    )
    found = seller.json("forecast", "scenario", *AS_OF, *changes)
    assert [one["change"] for one in found["changes"]] == ["slips", "wins", "amount", "win_rate", "new_business"]
    told = seller.invoke("forecast", "scenario", *AS_OF, *changes).stdout
    for total in (found["base"]["total"], found["scenario"]["total"]):
        assert f"{total:,.0f}" in told
    assert f"{wins} wins (chance" in told
    assert f"{other} is worth 50,000, not 1,0" in told
    assert "Win rate 50.0% to 45.0%" in told
    assert "New business -20 %" in told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ((), "nothing is changed"),
        (("--amount", "d1"), "write the deal's id"),
        (("--amount", "d1=5", "--amount", "d1=6"), "given 5 and 6; keep one"),
        (("--slips", "unheard-of"), "does not exist as of 2025-05-05"),
        (("--new-business", "-20", "--period", "month"), "period and horizon exclude each other"),
    ],
)
def test_what_a_scenario_cannot_use_is_an_error(seller: Any, changes: tuple[str, ...], said: str) -> None:
    done = seller.invoke("forecast", "scenario", *AS_OF, *changes)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr

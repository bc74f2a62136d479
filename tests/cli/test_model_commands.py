"""The model commands: one JSON document, tables with the same figures, scores that are kept and sum up."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sales_operations.connectors.importer import import_file
from sales_operations.estimation.classification import log_odds
from sales_operations.store import scores
from sales_operations.workspace import open_workspace


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leads whose size decides half of it, and whose verdict all of it; a tenth are open."""
    folder, draw = tmp_path_factory.mktemp("model"), np.random.default_rng(1)
    size = draw.normal(size=900).round(2)
    won = draw.random(900) < 1 / (1 + np.exp(-1.5 * size))
    lines = ["id,status,size,verdict"]
    for place in range(900):
        status = "open" if place % 10 == 0 else "converted" if won[place] else "unqualified"
        verdict = "" if status == "open" else "bought" if won[place] else "lost"
        lines.append(f"l{place},{status},{size[place]},{verdict}")
    (folder / "leads.csv").write_text("\n".join(lines), encoding="utf-8")
    workspace = open_workspace({}, database=str(folder / "store.db"), create=True)
    import_file(workspace, "leads", folder / "leads.csv")
    workspace.close()
    return folder / "store.db"


@pytest.fixture
def model(store: Path) -> Any:
    from typer.testing import CliRunner

    from sales_operations.cli.main import app

    return lambda *arguments: CliRunner().invoke(app, ["model", *arguments, "--database", str(store)])


def test_evaluate_gives_figures_and_the_fields_that_know_the_outcome(model: Any) -> None:
    found = json.loads(model("evaluate", "leads", "--json").stdout)
    assert found["signal"]
    assert 0.75 < found["auc"] < 0.95
    assert {"log_loss", "brier", "ece", "reliability", "base_rate_figures", "as_of"} <= found.keys()
    assert [(leak["field"], leak["used"]) for leak in found["leaks"]] == [("verdict", False)]
    shown = model("evaluate", "leads")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert f"{found['auc']:.3f}" in shown.stdout
    assert "is filled on 100% of decided records and on 0% of open ones of the same age" in shown.stdout


def test_scores_are_kept_and_their_parts_sum_to_them(model: Any, store: Path) -> None:
    found = json.loads(model("score", "leads", "--json").stdout)
    assert len(found["scores"]) == 90
    for one in found["scores"]:
        assert one["base"] + sum(one["contributions"].values()) == pytest.approx(
            float(log_odds(np.array(one["chance"])))
        )
    workspace = open_workspace({}, database=str(store))
    with workspace.reading() as connection:
        kept = scores.latest(connection, "leads", 2**62)
    workspace.close()
    assert {key: one.chance for key, one in kept.items()} == {one["id"]: one["chance"] for one in found["scores"]}
    shown = model("score", "leads").stdout
    assert "Scores of 90 open leads, the highest 20" in shown
    assert "size +" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("evaluate", "accounts"), "there are no scores of 'accounts'; use one of leads, opportunities"),
        (("evaluate", "leads", "--exclude", "colour"), "there is no field 'colour' to score by"),
        (("evaluate", "opportunities"), "0 of 0 records have one"),
        (("evaluate", "leads", "--within", "28"), "go with opportunities"),
        (("evaluate", "opportunities", "--every", "7"), "--within DAYS, and --every DAYS with it"),
        (("evaluate", "opportunities", "--within", "400"), "use 1 to 366 days"),
        (("evaluate", "opportunities", "--within", "28"), "deals were seen open on 0 days"),
        (("score", "leads", "--as-of", "soon"), "as_of: 'soon' is neither a date"),
    ],
)
def test_bad_input_is_told_with_exit_code_2(model: Any, arguments: tuple[str, ...], message: str) -> None:
    done = model(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_store_without_anything_open_has_no_scores_and_says_on_what_it_rests(model: Any) -> None:
    found = json.loads(model("score", "opportunities", "--json").stdout)
    assert (found["scores"], found["signal"]) == ([], False)
    assert "30 decided records of each outcome; there are 0 and 0" in found["verdict"]


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deal a day in 2025; those of even days are won after two weeks, the others lost after three."""
    folder, lines = (
        tmp_path_factory.mktemp("dated"),
        ["Id,Name,StageName,Amount,CloseDate,CreatedDate,LastModifiedDate"],
    )
    for number in range(300):
        created = date(2025, 1, 1) + timedelta(days=number)
        stage, closed = ("Closed Lost", 21) if number % 2 else ("Closed Won", 14)
        ended = created + timedelta(days=closed)
        lines.append(f"{number},Deal {number},{stage},1000,{ended},{created}T09:00:00Z,{ended}T09:00:00Z")
    (folder / "deals.csv").write_text("\n".join(lines), encoding="utf-8")
    workspace = open_workspace({}, database=str(folder / "store.db"), create=True)
    import_file(workspace, "opportunities", folder / "deals.csv")
    workspace.close()
    return folder / "store.db"


def test_chances_to_be_won_within_days_are_measured_and_shown_with_the_same_figures(dated: Path) -> None:
    from typer.testing import CliRunner

    from sales_operations.cli.main import app

    asked = ["model", "evaluate", "opportunities", "--within", "10", "--as-of", "2025-10-01", "--database", str(dated)]
    found = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert (found["horizon_days"], found["every_days"], found["as_of"][:10]) == (10, 7, "2025-10-01")
    # Of 4 to 13 days of age every second deal is won in ten days, of others none: who knows that has an AUC of .80.
    assert found["auc"] == pytest.approx(0.8, abs=0.03)
    assert found["log_loss"] < found["base_rate_figures"]["log_loss"]
    shown = CliRunner().invoke(app, asked)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert f"{found['models']['random_forest']['auc']:.3f}" in shown.stdout
    assert "Open deals every 7 days, won within 10" in shown.stdout

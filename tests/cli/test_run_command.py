"""The whole run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.cli.conftest import days

FILES = ["forecasts.json", "opportunities.json", "pipeline.json"]


def results(shop: Any) -> dict[str, Any]:
    folder = shop.folder / "sales_operations" / "results"
    assert sorted(file.name for file in folder.iterdir()) == FILES
    return {name.removesuffix(".json"): json.loads((folder / name).read_text("utf-8")) for name in FILES}


def test_a_run_converts_every_open_lead_once_and_writes_what_it_says(shop: Any) -> None:
    told = shop.json("run")
    assert {deal["account_name"] for deal in told["opportunities"]} == {"Larch Ltd", "Maple Ltd"}
    written = results(shop)
    assert {name: told[name] for name in written} == written
    assert told["files"] == [f"sales_operations/results/{name}" for name in ("opportunities.json", *FILES[::2])]
    again = shop.invoke("run", "--json")
    assert (again.exit_code, again.stderr) == (0, "The store has no open leads, so none was converted.\n")
    assert json.loads(again.stdout)["opportunities"] == results(shop)["opportunities"] == []
    assert shop.json("opportunity", "list")["total"] == 6


def test_one_lead_may_be_named_and_gives_the_deal_that_it_has(shop: Any) -> None:
    [deal] = shop.json("run", "--lead", "l2")["opportunities"]
    assert deal["account_name"] == "Maple Ltd"
    [again] = shop.json("run", "--lead", "l2")["opportunities"]
    assert again["opportunity_id"] == deal["opportunity_id"]
    assert shop.json("opportunity", "list")["total"] == 5


def test_as_of_a_date_nothing_is_converted_and_the_rest_is_of_that_date(shop: Any) -> None:
    day = days()["day30"]
    before = shop.json("audit", "verify")
    done = shop.invoke("run", "--as-of", day)
    assert done.exit_code == 0
    assert done.stderr == f"No lead was converted: a conversion happens now, and this run looks from {day}.\n"
    assert done.stdout.startswith(f"As of {day}\n")
    written = results(shop)
    assert written["opportunities"] == []
    assert written["forecasts"][0]["as_of"] == written["pipeline"]["tracking"]["as_of"] == day
    assert written["pipeline"]["tracking"]["by_stage"]["closed_won"]["count"] == 0
    assert shop.json("audit", "verify") == before


def test_the_summary_says_as_of_when(shop: Any) -> None:
    first = shop.invoke("run").stdout.splitlines()[0]
    said = datetime.strptime(first, "As of %Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - said).total_seconds()) < 600


def test_data_that_ended_long_ago_are_pointed_out_with_the_date_to_look_from(old_shop: Any) -> None:
    last = days(1_000)["day10"]
    done = old_shop.invoke("run", "--lead", "l1")
    assert done.exit_code == 0
    assert done.stderr == (
        f"The data are old: no deal has changed since {last}, 1,010 days ago. "
        f"Look from then with: sales-operations run --as-of {last}\n"
    )
    looked = old_shop.invoke("run", "--as-of", last)
    assert looked.exit_code == 0
    assert "The data are old" not in looked.stderr


def test_recent_data_are_not_called_old(shop: Any) -> None:
    assert shop.invoke("run", "--lead", "l1").stderr == ""


def test_results_go_where_the_configuration_says(shop: Any) -> None:
    (shop.folder / "own.yaml").write_text("sales_operations: {results: {folder: out/here}}\n", "utf-8")
    told = shop.json("run", "--lead", "l1", "--config", "own.yaml")
    assert told["files"][0] == "out/here/opportunities.json"
    assert not (shop.folder / "sales_operations").exists()


def test_a_folder_that_cannot_be_written_is_said_and_named(shop: Any) -> None:
    (shop.folder / "sales_operations").write_text("a file, not a folder", "utf-8")
    done = shop.invoke("run", "--lead", "l1")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the results cannot be written to sales_operations/results (")


@pytest.mark.parametrize("part", ["tracking", "insights", "analytics", "reporting"])
def test_a_part_that_is_off_is_left_out_and_the_run_goes_on(shop: Any, part: str) -> None:
    text = f"sales_operations: {{pipeline_management: {{{part}: {{enabled: false}}}}}}\n"
    (shop.folder / "own.yaml").write_text(text, "utf-8")
    for command in (["run", "--lead", "l1"], ["pipeline"]):
        done = shop.invoke(*command, "--config", "own.yaml")
        assert (done.exit_code, done.stderr) == (0, "")

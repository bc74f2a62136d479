"""What the commands show: the same as the calls of the library, as of any date."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from sales_operations import OpportunityStore, PipelineManager, SalesForecaster
from tests.cli.conftest import COMMAND, days, environment

DAYS = days()


@pytest.fixture
def still() -> Any:
    """A clock that stands, so that two looks at the present are the same look."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        yield


@pytest.mark.parametrize("as_of", [None, DAYS["day20"], f"{DAYS['day20']}T08:59:59Z"])
def test_pipeline_json_is_what_the_manager_returns(shop: Any, still: Any, as_of: str | None) -> None:
    found = shop.json("pipeline", *(["--as-of", as_of] if as_of else []))
    assert found == json.loads(json.dumps(asyncio.run(PipelineManager().manage_pipeline(as_of=as_of))))
    assert found["tracking"]["as_of"] == (as_of or datetime.now(UTC).isoformat())


@pytest.mark.parametrize("method", ["pipeline", "hybrid"])
@pytest.mark.parametrize("as_of", [None, DAYS["day10"]])
def test_forecast_json_is_what_the_forecaster_returns(shop: Any, still: Any, method: str, as_of: str | None) -> None:
    given = ["--period", "month", "--method", method, *(["--as-of", as_of] if as_of else [])]
    called = asyncio.run(SalesForecaster().forecast_sales("month", method, as_of))
    assert shop.json("forecast", *given) == json.loads(json.dumps(called))


@pytest.mark.parametrize(
    ("as_of", "stage"),
    [
        (None, "closed_won"),
        (f"{DAYS['day20']}T09:00:00Z", "closed_won"),
        (f"{DAYS['day20']}T08:59:59+00:00", "qualified"),
        (DAYS["day60"], "qualified"),
        (DAYS["day70"], "lead"),
    ],
)
def test_a_deal_is_shown_as_it_was_on_a_date_or_at_an_instant(shop: Any, as_of: str | None, stage: str) -> None:
    looked = ["--as-of", as_of] if as_of else []
    shown = shop.json("opportunity", "show", "d1", *looked)
    assert shown["stage"] == stage
    listed = {one["opportunity_id"]: one for one in shop.json("opportunity", "list", *looked)["opportunities"]}
    assert listed[shown["opportunity_id"]]["stage"] == stage
    assert all(event["occurred_at"] <= (shown["updated_at"]) for event in shown["history"])


def test_a_deal_that_was_not_there_yet_is_not_found(shop: Any) -> None:
    done = shop.invoke("opportunity", "show", "d3", "--as-of", DAYS["day20"])
    assert (done.exit_code, done.stderr) == (2, f"error: there is no opportunity 'd3' as of {DAYS['day20']}\n")


def test_show_tells_amounts_in_the_deals_own_currency(shop: Any) -> None:
    shown = shop.invoke("opportunity", "show", "d4").stdout
    assert "  Amount       90,000 JPY\n" in shown
    assert "amount 90,000 JPY" in shown
    assert "  Amount       $1,200.50\n" in shop.invoke("opportunity", "show", "d1").stdout
    assert "  Amount       unknown\n" in shop.invoke("opportunity", "show", "d3").stdout


def test_the_list_holds_a_stage_a_limit_and_the_whole_number(shop: Any) -> None:
    assert shop.json("opportunity", "list")["total"] == 4
    assert len(shop.json("opportunity", "list", "--limit", "3")["opportunities"]) == 3
    [one] = shop.json("opportunity", "list", "--stage", "PROPOSAL")["opportunities"]
    assert (one["stage"], one["amount"], one["sales_rep"]) == ("proposal", 5_000.0, "Bo Reyes")
    assert shop.invoke("opportunity", "list", "--limit", "1").stdout.startswith("1 of 4 opportunities as of ")


def test_convert_gives_the_same_opportunity_twice_and_move_advances_it(shop: Any) -> None:
    [deal] = shop.json("lead", "convert", "l1")
    assert (deal["account_name"], deal["stage"], deal["status"]) == ("Larch Ltd", "lead", "open")
    assert shop.json("lead", "convert", "l1") == [deal]
    moved = shop.json("opportunity", "move", deal["opportunity_id"], "proposal")
    assert (moved["stage"], moved["probability"]) == ("proposal", 0.5)
    subjects = [note["subject"] for note in shop.json("inbox")]
    assert subjects == ["Quote created", "New opportunity"]
    assert shop.json("inbox", "--for", deal["sales_rep"], "--limit", "1")[0]["subject"] == "Quote created"
    assert shop.json("inbox", "--as-of", DAYS["day10"]) == []


def test_what_a_person_reads_names_each_deal_in_full(shop: Any) -> None:
    converted = shop.invoke("lead", "convert", "l1", "l2").stdout
    listed = shop.invoke("opportunity", "list").stdout
    for deal in asyncio.run(OpportunityStore().list_opportunities()):
        assert deal.opportunity_id in listed
        assert (deal.opportunity_id in converted) == bool(deal.lead_id)


def on_terminal(shop: Any, columns: int, *arguments: str) -> list[str]:
    """The lines that a terminal of that width gets, without colours."""
    leader, follower = pty.openpty()
    variables = environment(COLUMNS=str(columns), TERM="dumb", NO_COLOR="1")
    with subprocess.Popen([*COMMAND, *arguments], cwd=shop.folder, env=variables, stdout=follower) as process:
        os.close(follower)
        shown = b""
        try:
            while part := os.read(leader, 65536):
                shown += part
        except OSError:  # the other end has gone
            pass
        os.close(leader)
    assert process.returncode == 0
    return shown.decode().replace("\r", "").splitlines()


@pytest.mark.parametrize("arguments", ["opportunity list", "opportunity show d1", "run", "pipeline", "changes"])
def test_on_80_columns_no_line_is_longer_and_no_id_or_amount_is_broken(shop: Any, arguments: str) -> None:
    lines = on_terminal(shop, 80, *arguments.split())
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "…" not in text
    deals = asyncio.run(OpportunityStore().list_opportunities())
    if arguments == "opportunity list":
        assert all(deal.opportunity_id in text for deal in deals)
    if arguments in ("run", "pipeline"):
        assert "Total Pipeline" in text

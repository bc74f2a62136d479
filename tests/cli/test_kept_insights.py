"""Warnings that are kept: raised once for as long as they hold, told once, acknowledged or put off; all of it audited."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sales_operations.domain.clock import parse_as_of
from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.effects.notifications import inbox
from sales_operations.pipeline.alerts import kept
from sales_operations.pipeline.schedule import schedules
from sales_operations.store import audit
from sales_operations.workspace import Workspace, open_workspace

ONLY = {"enabled": True, "warnings": ["amount_shrinking", "coverage_gap_next_quarter"]}


class Desk:
    """The shop's store, a clock that can be set, and what is done at it."""

    def __init__(self, shop: Any) -> None:
        self.now = datetime.now(UTC) + timedelta(minutes=5)
        self.workspace: Workspace = open_workspace(
            {"sales_operations": {"pipeline_management": {"insights": ONLY}}},
            database=str(shop.folder / "sales_operations.db"),
            clock=lambda: self.now,
        )
        with self.workspace.reading() as connection:
            found = connection.exec_driver_sql("SELECT id, name FROM opportunities").fetchall()
        self.ids = {name: record for record, name in found}

    def set_amount(self, name: str, minor: int) -> None:
        self.now += timedelta(hours=1)
        with self.workspace.unit("test") as unit:
            unit.update("opportunities", unit.get("opportunities", self.ids[name]), {"amount_minor": minor})
        self.now += timedelta(hours=1)

    def check(self) -> int:
        self.now += timedelta(hours=1)
        return kept.check(self.workspace)

    def states(self, **asked: Any) -> list[tuple[str, str]]:
        rows = kept.listing(self.workspace, **{"state": "all", "warning": "amount_shrinking"} | asked)
        named = {record: name for name, record in self.ids.items()}
        return [(named[row["opportunity_id"]], row["state"]) for row in rows]

    def one(self) -> str:
        [row] = kept.listing(self.workspace, warning="amount_shrinking")
        return str(row["insight_id"])

    def told(self) -> list[tuple[str, str, str]]:
        with self.workspace.reading() as connection:
            return [(note["recipient"], note["subject"], note["message"]) for note in inbox(connection)]


@pytest.fixture
def desk(shop: Any) -> Desk:
    return Desk(shop)


def test_a_warning_is_raised_and_told_once_for_as_long_as_it_holds(desk: Desk) -> None:
    desk.set_amount("Second", 300_000)
    assert desk.check() == 2  # and the coverage gap, which is nobody's
    assert desk.states() == [("Second", "open")]
    deal = desk.ids["Second"]
    assert desk.told() == [
        ("Bo Reyes", "1 new warning about your deals",
         f"Birch Ltd ({deal}), amount shrinking: The amount fell from 5,000.00 USD to 3,000.00 USD.")
    ]  # fmt: skip
    desk.set_amount("Second", 200_000)
    assert desk.check() == 0
    assert len(desk.told()) == 1
    [gap] = kept.listing(desk.workspace, warning="coverage_gap_next_quarter")
    assert (gap["opportunity_id"], bool(re.fullmatch(r"\d{4}-Q[1-4]", gap["period"]))) == (None, True)


def test_what_ended_and_came_back_is_another_one(desk: Desk) -> None:
    desk.set_amount("Second", 300_000)
    desk.check()
    first = desk.one()
    kept.acknowledge(desk.workspace, first, "Bo")
    desk.set_amount("Second", 600_000)
    before = desk.now
    assert desk.check() == 0
    assert desk.states() == [("Second", "over")]
    with pytest.raises(InvalidInput, match="is over: it does not hold since"):
        kept.acknowledge(desk.workspace, first)
    at = parse_as_of(before.isoformat())
    assert desk.states(as_of=at) == [("Second", "acknowledged")]
    desk.set_amount("Second", 300_000)
    assert desk.check() == 1
    assert desk.one() != first
    assert desk.states() == [("Second", "open"), ("Second", "over")]
    assert len(desk.told()) == 2


def test_acknowledged_and_snoozed_ones_are_not_open(desk: Desk) -> None:
    desk.set_amount("Second", 300_000)
    desk.check()
    name = desk.one()
    day = (desk.now + timedelta(days=3)).date()
    assert kept.snooze(desk.workspace, name, day.isoformat())["state"] == "snoozed"
    assert (desk.states(state="open"), desk.states(state="snoozed")) == ([], [("Second", "snoozed")])
    desk.now += timedelta(days=3)
    assert desk.states(state="open") == [("Second", "open")]
    assert desk.check() == 0
    done = kept.acknowledge(desk.workspace, name, "Bo")
    assert (done["state"], done["acknowledged_by"]) == ("acknowledged", "Bo")
    assert kept.acknowledge(desk.workspace, name, "Ada")["acknowledged_by"] == "Bo"
    assert desk.states(state="open") == []
    assert len(desk.told()) == 1
    with desk.workspace.reading() as connection:
        verified = audit.verify(connection)
        entries = connection.exec_driver_sql(
            "SELECT action, cause, detail FROM audit WHERE kind = 'insights' AND record_id = ? ORDER BY seq", (name,)
        ).fetchall()
    assert verified.findings == []
    assert [(action, cause) for action, cause, _ in entries] == [
        ("create", "insights checked"), ("update", "insight snoozed"), ("update", "insight acknowledged"),
    ]  # fmt: skip
    assert "Bo" not in entries[-1][2]


def test_bad_requests_are_refused(desk: Desk) -> None:
    desk.set_amount("Second", 300_000)
    desk.check()
    with pytest.raises(NotFound, match="there is no insight 'nowhere'"):
        kept.acknowledge(desk.workspace, "nowhere")
    for until, message in (("tomorrow", "is no date"), (desk.now.date().isoformat(), "is not after today")):
        with pytest.raises(InvalidInput, match=message):
            kept.snooze(desk.workspace, desk.one(), until)
    with pytest.raises(InvalidInput, match="state 'done' is none of open, snoozed, acknowledged, over, all"):
        kept.listing(desk.workspace, state="done")
    assert desk.states() == [("Second", "open")]


def test_the_commands_do_the_same(shop: Any) -> None:
    (shop.folder / "less.csv").write_text("id,amount\nd2,3000\n", "utf-8")
    assert shop.run("import", "opportunities", "less.csv").returncode == 0
    (shop.folder / "settings.yaml").write_text(
        "sales_operations: {pipeline_management: {insights: {warnings: [amount_shrinking]}}}", "utf-8"
    )
    with_settings = ("--config", "settings.yaml")
    assert shop.json("insights", "check", *with_settings) == {"raised": 1}
    [row] = shop.json("insights", "list", *with_settings)
    listed = shop.invoke("insights", "list").stdout
    assert f"{row['insight_id']}  open since" in listed
    assert f"Amount shrinking ({row['opportunity_id']}): The amount fell from 5,000.00 USD to 3,000.00 USD." in listed
    shown = shop.json("insights", *with_settings)["amount_shrinking"]["deals"]
    assert [deal["insight"] for deal in shown] == [{"insight_id": row["insight_id"], "state": "open"}]
    assert row["opportunity_id"] in shop.invoke("insights", *with_settings).stdout
    done = shop.invoke("insights", "acknowledge", row["insight_id"])
    assert f"{row['insight_id']}  acknowledged since" in done.stdout
    seen = shop.invoke("insights", *with_settings).stdout.partition("Amount shrinking")[2]
    assert "Acknowledged or snoozed, so not listed: 1." in seen
    assert f"· {row['opportunity_id']}" not in seen
    assert shop.invoke("insights", "list").stdout == "There are none.\n\n"
    late = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    snoozed = shop.json("insights", "snooze", row["insight_id"], "--until", late)
    assert (snoozed["state"], snoozed["snoozed_until"], snoozed["acknowledged_by"]) == ("snoozed", late, None)
    assert shop.invoke("insights", "snooze", "nowhere", "--until", late).exit_code == 2


def test_the_worker_checks_on_its_schedule_once(shop: Any) -> None:
    (shop.folder / "less.csv").write_text("id,amount\nd2,3000\n", "utf-8")
    assert shop.run("import", "opportunities", "less.csv").returncode == 0
    text = "sales_operations: {pipeline_management: {reporting: {enabled: false}, insights: {warnings: [amount_shrinking]}}}"
    (shop.folder / "settings.yaml").write_text(text, "utf-8")
    assert shop.json("worker", "--once", "--config", "settings.yaml")["schedules"]["insights"] == 1
    assert "insights" not in shop.json("worker", "--once", "--config", "settings.yaml")["schedules"]
    off = text.replace("insights: {", "insights: {enabled: false, ")
    (shop.folder / "off.yaml").write_text(off, "utf-8")
    workspace = open_workspace(str(shop.folder / "off.yaml"), database=str(shop.folder / "sales_operations.db"))
    assert schedules(workspace) == []
    workspace.close()

"""Plans: rules tried on the past, with nothing touched, nothing foreseen, and the same answer every time."""

from __future__ import annotations

import csv
import gzip
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from sales_operations.connectors.importer import ImportOptions, import_file
from sales_operations.domain.clock import to_micros
from sales_operations.domain.errors import InvalidInput
from sales_operations.process.rules.files import read_files
from sales_operations.process.rules.plan import plan
from sales_operations.settings import load
from sales_operations.workspace import open_workspace
from tests.process.rules.conftest import NOTE, Automated

COMMAND = Path(sys.executable).with_name("sales-operations")
RULES = f"""rules:
  - {{name: offered, when: opportunity.stage_changed, if: {{field: stage, is: proposal}}, then: [{NOTE}]}}
  - {{name: stale, schedule: daily, if: {{days: in_stage, at_least: 3}}, then: [{NOTE}]}}
  - {{name: leads, when: lead.created, then: [task: {{title: x}}]}}
"""


def lived(firm: Automated) -> None:
    """Ten days: opp_1 is offered and won, opp_2 stands still, opp_3 is lost at once."""
    for name in ("opp_1", "opp_2", "opp_3"):
        firm.deal(name)
    firm.change("opp_3", stage="closed_lost")
    firm.stores.clock.advance(days=2)
    firm.change("opp_1", stage="proposal")
    firm.stores.clock.advance(days=5)
    firm.change("opp_1", stage="closed_won")
    firm.stores.clock.advance(days=3)


def told(found: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Rule to deal to the times."""
    return {
        one["rule"]: {deal["opportunity_id"]: [time["at"][:16] for time in deal["times"]] for deal in one["deals"]}
        for one in found["rules"]
        if one["replayed"]
    }


def test_a_plan_says_which_deals_when_and_how_they_ended_and_writes_nothing(firm: Automated) -> None:
    lived(firm)
    before = firm.stores.dump()
    found = firm.plan(RULES, "2026-11-24", "2026-12-04")
    assert firm.stores.dump() == before
    assert told(found) == {
        "offered": {"opp_1": ["2026-11-26T12:00"]},
        "stale": {"opp_1": ["2026-11-30T00:00"], "opp_2": ["2026-11-28T00:00"]},
    }
    offered, stale, leads = found["rules"]
    assert (offered["firings"], stale["firings"], leads["replayed"]) == (1, 2, False)
    assert stale["deals"][1]["times"][0]["found"] == [
        {"condition": "days in stage at least 3", "found": 3, "held": True}
    ]
    counts = [(group["deals"], group["won"], group["lost"], group["open"]) for group in (
        offered["outcome"]["touched"], offered["outcome"]["untouched"])]  # fmt: skip
    assert counts == [(1, 1, 0, 0), (2, 0, 1, 1)]
    assert offered["outcome"]["touched"]["won_amount"]["USD"]["mean"] == 5000.0
    assert offered["outcome"]["touched"]["days_to_close"]["mean"] == 7.0


def test_a_plan_tells_what_the_rules_then_did_when_they_are_in_force(firm: Automated) -> None:
    firm.apply(RULES)
    for name in ("opp_1", "opp_2"):
        firm.deal(name)
    for day in range(10):
        firm.stores.clock.advance(days=1)
        if day == 1:
            firm.change("opp_1", stage="proposal")
        firm.work()
    planned = {
        (one["rule"], deal["opportunity_id"], time["cause"], orjson.dumps(time["found"]))
        for one in firm.plan(RULES, "2026-11-24", "2026-12-04")["rules"]
        for deal in one.get("deals", ())
        for time in deal["times"]
    }
    done = {(one["rule"], one["opportunity_id"], one["cause"], orjson.dumps(one["found"])) for one in firm.firings()}
    assert planned == done
    assert len(done) == 3


def test_a_plan_of_a_shorter_history_says_the_same_about_it(small: Automated) -> None:
    small.deal()
    small.change(stage="proposal")
    small.stores.clock.advance(days=4)
    early = told(small.plan(RULES, "2026-11-24", "2026-11-28"))
    small.change(stage="closed_lost", amount_minor=7)
    small.stores.clock.advance(days=4)
    assert told(small.plan(RULES, "2026-11-24", "2026-11-28")) == early


def test_the_window_bounds_what_is_asked(small: Automated) -> None:
    lived(small)
    assert told(small.plan(RULES, "2026-11-27", "2026-11-28")) == {
        "offered": {},
        "stale": {"opp_2": ["2026-11-28T00:00"]},
    }
    assert told(small.plan(RULES, "2026-11-26T12:00:00Z", "2026-11-26T12:00:00Z"))["offered"] == {
        "opp_1": ["2026-11-26T12:00"]
    }
    with pytest.raises(InvalidInput, match="exchange --from and --to"):
        small.plan(RULES, "2026-11-28", "2026-11-27")


def test_what_became_of_quotes_and_activities_is_replayed_too(small: Automated) -> None:
    small.deal()
    small.add("activities", {"id": "act_1", "activity_type": "call", "opportunity_id": "opp_1",
                             "occurred_at": small.stores.clock.micros})  # fmt: skip
    text = (
        f"rules:\n  - {{name: called, when: activity.created, imports: true, if: {{activities: call, is: 1}}, then: [{NOTE}]}}\n"
        "  - {name: finished, when: task.done, then: [quote]}\n"
    )
    assert told(small.plan(text, "2026-11-24", "2026-11-24")) == {
        "called": {"opp_1": ["2026-11-24T12:00"]},
        "finished": {},
    }


STAGES = {"A_SUBMITTED": "lead", "A_PREACCEPTED": "qualified", "A_ACCEPTED": "qualified",
          "A_FINALIZED": "qualified", "O_SENT": "proposal", "O_SENT_BACK": "negotiation",
          "A_APPROVED": "closed_won", "A_ACTIVATED": "closed_won", "A_REGISTERED": "closed_won",
          "A_DECLINED": "closed_lost", "A_CANCELLED": "closed_lost"}  # fmt: skip


class TestLog:
    """The log of 2012: real cases with a history of stages."""

    FIRST, LAST = date(2011, 10, 3), date(2012, 1, 8)

    def cases(self, lines: list[dict[str, str]]) -> dict[str, list[tuple[datetime, str]]]:
        """Case to its stages, each with the instant it began; nothing follows a close."""
        found: dict[str, list[tuple[datetime, str]]] = {}
        for row in lines:
            steps = found.setdefault(row["case_id"], [])
            stage = STAGES.get(row["activity"])
            own = row["activity"] if row["activity"] not in ("A_ACTIVATED", "A_REGISTERED") else "A_APPROVED"
            if stage and not (steps and steps[-1][1].startswith("closed")):
                steps.append((datetime.fromisoformat(row["timestamp"]).astimezone(UTC), f"{stage}/{own}"))
                if stage.startswith("closed"):
                    steps[-1] = (steps[-1][0], stage)
        return found

    def stale(self, steps: list[tuple[datetime, str]]) -> int:
        """How often ``stale-proposal`` has to fire: once for a stay in an offer of 14 days, looked at every midnight."""
        count = 0
        for position, (at, stage) in enumerate(steps):
            if not stage.startswith("proposal") or (position and steps[position - 1][1] == stage):
                continue
            later = [when for when, other in steps[position + 1 :] if other != stage]
            end = later[0] if later else datetime(2100, 1, 1, tzinfo=UTC)
            midnight = datetime.combine((at + timedelta(days=14)).date(), time.min, UTC)
            due = midnight if midnight >= at + timedelta(days=14) else midnight + timedelta(days=1)
            due = max(due, datetime.combine(self.FIRST, time.min, UTC))
            count += due < end and due.date() <= self.LAST
        return count

    def check(self, shared: Path, folder: Path, empty: Path, example: Path, chosen: int | None) -> None:
        with gzip.open(shared / "data/bpic2012/events.csv.gz", "rt", encoding="utf-8", newline="") as stream:
            lines = list(csv.DictReader(stream))
        names = sorted({row["case_id"] for row in lines})
        some = set(names if chosen is None else random.Random(8).sample(names, chosen))
        lines = [row for row in lines if row["case_id"] in some]
        file = folder / "log.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(lines[0]))
            writer.writeheader()
            writer.writerows(lines)
        store = folder / "store.db"
        shutil.copyfile(empty, store)
        settings = load({"sales_operations": {}})
        workspace = open_workspace(settings, database=str(store), clock=lambda: datetime(2026, 11, 24, tzinfo=UTC))
        import_file(workspace, "history", file, ImportOptions(mapping="bpic2012"))
        rules = read_files([str(example)], settings).checked()
        before = workspace.data_version()
        first = plan(workspace, rules, self.FIRST.isoformat(), self.LAST.isoformat())
        assert workspace.data_version() == before
        with workspace.reading() as connection:
            ids = dict(connection.exec_driver_sql("SELECT record_id, external_id FROM external_ids").all())
        workspace.close()

        command = [COMMAND, "rules", "plan", str(example), "--from", self.FIRST.isoformat(), "--to",
                   self.LAST.isoformat(), "--database", str(store), "--json"]  # fmt: skip
        again = subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
        assert orjson.dumps(json.loads(again)) == orjson.dumps(first)

        cases = self.cases(lines)
        offered, big, forgotten = first["rules"]
        fired = {ids[deal["opportunity_id"]]: len(deal["times"]) for deal in offered["deals"]}
        assert fired == {case: count for case, steps in cases.items() if (count := self.stale(steps))}
        assert offered["firings"] == sum(fired.values()) > 0
        assert big["firings"] > 0
        assert forgotten["firings"] == len(forgotten["deals"]) > 0
        for one in first["rules"]:
            touched, untouched = one["outcome"]["touched"], one["outcome"]["untouched"]
            assert touched["deals"] == len(one["deals"])
            ends = Counter(steps[-1][1].split("/")[0] for case, steps in cases.items()
                           if case in {ids[deal["opportunity_id"]] for deal in one["deals"]})  # fmt: skip
            assert (touched["won"], touched["lost"]) == (ends["closed_won"], ends["closed_lost"])
            assert touched["deals"] + untouched["deals"] <= len(cases)
            share = touched["won_share"]
            assert share["low"] <= share["value"] <= share["high"]
        amounts = {row["case_id"]: float(row["amount_req"]) for row in lines}
        assert all(amounts[ids[deal["opportunity_id"]]] >= 20_000 for deal in big["deals"])

    def test_three_rules_tried_on_a_sample_of_the_log_twice_say_the_same_byte_for_byte(
        self, shared: Path, tmp_path: Path, empty_sqlite: Path, example: Path
    ) -> None:
        self.check(shared, tmp_path, empty_sqlite, example, 500)

    @pytest.mark.long
    def test_three_rules_tried_on_all_8175_cases(
        self, shared: Path, tmp_path: Path, empty_sqlite: Path, example: Path
    ) -> None:
        self.check(shared, tmp_path, empty_sqlite, example, None)


def test_instants_of_the_window_are_days_of_the_company(small: Automated) -> None:
    workspace = small.stores.open({"sales_operations": {"company": {"timezone": "Asia/Tokyo"}}})
    small.stores.clock.now = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)  # the 25th in Tokyo
    small.deal(created_at=to_micros(small.stores.clock.now))
    small.workspace = workspace
    text = f"rules:\n  - {{name: new, when: opportunity.created, then: [{NOTE}]}}\n"
    assert told(small.plan(text, "2026-11-24", "2026-11-24"))["new"] == {}
    assert told(small.plan(text, "2026-11-25", "2026-11-25"))["new"] == {"opp_1": ["2026-11-24T15:30"]}

"""Rules at work: once for each cause, on every path, explained, bound by gates, and never round in circles."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sales_operations.connectors.importer import import_file
from sales_operations.domain.errors import SettingsError
from sales_operations.effects.notifications import inbox
from sales_operations.process import SalesProcessAutomator
from sales_operations.process.rules import engine, progress, versions
from sales_operations.process.stages.transition import move
from sales_operations.process.tasks import finish
from sales_operations.process.working import drain
from tests.process.rules.conftest import NOTE, Automated, reading

ON_PROPOSAL = """rules:
  - name: offer
    when: opportunity.stage_changed
    if: {field: stage, is: proposal}
    then: [task: {title: "Send the offer of {{ deal.amount }} {{ deal.currency }}", due_in_days: 3}]
"""


def notes(firm: Automated) -> list[tuple[str, str]]:
    with firm.workspace.reading() as connection:
        return [(note["recipient"], note["message"]) for note in inbox(connection)]


class TestOnce:
    def test_a_change_fires_a_rule_once_however_often_the_worker_comes(self, firm: Automated) -> None:
        firm.apply(ON_PROPOSAL)
        firm.deal()
        firm.change(stage="proposal")
        assert [firm.work(), firm.work(), firm.work()] == [1, 0, 0]
        (task,) = firm.rows("tasks")
        assert (task["title"], task["owner_id"], task["due_date"]) == (
            "Send the offer of 5000.0 USD", "user_ada", "2026-11-27")  # fmt: skip
        (fired,) = firm.firings()
        assert fired["found"] == [{"condition": "stage is proposal", "found": "proposal", "held": True}]
        assert fired["actions"] == [
            {"action": "task", "task_id": task["id"], "owner": "user_ada", "due_date": "2026-11-27"}
        ]
        assert fired["cause_seq"] == firm.row()["seq"]
        assert fired["version_id"] == firm.rows("rule_versions")[0]["id"]
        assert firm.findings() == []

    def test_each_return_to_the_stage_is_a_cause_of_its_own_unless_the_rule_says_otherwise(
        self, small: Automated
    ) -> None:
        again = ON_PROPOSAL + ON_PROPOSAL.removeprefix("rules:\n").replace("offer\n", "first-offer\n    once: deal\n")
        small.apply(again)
        small.deal()
        for stage in ("proposal", "qualified", "proposal"):
            small.change(stage=stage)
            small.work()
        assert [rule for rule, _ in small.outcomes()] == ["offer", "first-offer", "offer"]

    def test_what_happened_before_the_rules_were_applied_is_no_cause(self, small: Automated) -> None:
        small.deal()
        small.change(stage="proposal")
        small.apply(ON_PROPOSAL)
        assert small.work() == 0
        assert small.workspace.data_version() == small.workspace.data_version()

    def test_an_event_is_judged_by_the_version_that_was_in_force_then(self, small: Automated) -> None:
        first = small.apply(ON_PROPOSAL)
        small.deal()
        small.change(stage="proposal")
        second = small.apply(ON_PROPOSAL.replace("Send the offer", "Price the offer"))
        small.deal("opp_2")
        small.change("opp_2", stage="proposal")
        assert small.work() == 2
        assert [one["version_id"] for one in small.firings()] == [first.id, second.id]
        assert [one["title"].split()[0] for one in small.rows("tasks")] == ["Send", "Price"]

    def test_after_a_crash_between_firing_and_its_note_of_progress_nothing_is_done_twice(
        self, firm: Automated, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        firm.apply(ON_PROPOSAL)
        firm.deal()
        firm.change(stage="proposal")

        def killed(*_: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(progress, "move", killed)
            with pytest.raises(KeyboardInterrupt):
                firm.work()
        assert len(firm.rows("tasks")) == 1
        assert firm.work() == 0
        assert len(firm.rows("tasks")) == 1

    def test_an_action_that_crashes_leaves_neither_firing_nor_part_of_it(
        self, firm: Automated, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        firm.apply(ON_PROPOSAL.rstrip().removesuffix("]") + ", " + NOTE + "]\n")
        firm.deal()
        firm.change(stage="proposal")
        before = firm.stores.dump()

        def killed(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("sales_operations.process.rules.perform.notify", killed)
            with pytest.raises(KeyboardInterrupt):
                firm.work()
        assert firm.stores.dump() == before
        assert firm.work() == 1
        assert (len(firm.rows("tasks")), len(notes(firm))) == (1, 1)

    def test_two_workers_at_once_do_everything_once(self, firm: Automated) -> None:
        firm.apply(ON_PROPOSAL)
        for number in range(12):
            firm.deal(f"opp_{number}")
            firm.change(f"opp_{number}", stage="proposal")
        others = [firm.stores.open() for _ in range(2)]
        counts: list[int] = []
        threads = [threading.Thread(target=lambda one=one: counts.append(engine.work(one))) for one in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(counts) == 12
        assert len(firm.rows("tasks")) == 12
        assert firm.findings() == []


class TestPaths:
    def test_the_library_and_the_command_s_door_set_rules_off(self, small: Automated) -> None:
        small.apply(ON_PROPOSAL)
        small.deal()
        move(small.workspace, "opp_1", "proposal")
        small.deal("opp_2")
        asyncio.run(SalesProcessAutomator(small.workspace).automate_stage_transition("opp_2", "proposal"))
        assert small.work() == 2

    @pytest.mark.parametrize(("imports", "fired"), [(False, 0), (True, 1)])
    def test_an_import_sets_off_only_the_rules_that_ask_for_it(
        self, small: Automated, tmp_path: Path, imports: bool, fired: int
    ) -> None:
        small.apply(ON_PROPOSAL.replace("    if:", f"    imports: {str(imports).lower()}\n    if:"))
        file = tmp_path / "deals.csv"
        columns = "id,name,stage,amount,currency,created_at,updated_at\n"
        file.write_text(columns + "d1,One,qualified,5,USD,2026-01-01,2026-02-01\n")
        import_file(small.workspace, "opportunities", file)
        file.write_text(columns + "d1,One,proposal,5,USD,2026-01-01,2026-03-01\n")
        import_file(small.workspace, "opportunities", file)
        assert small.work() == fired

    def test_a_new_lead_is_an_event_as_well(self, small: Automated) -> None:
        small.apply(
            "rules:\n  - name: big-lead\n    when: lead.created\n    if: {field: employees, at_least: 100}\n"
            "    then: [task: {title: 'Call {{ lead.company }}', to: Bo}, assign: bo@example.com]\n"
        )
        small.add("leads", {"id": "lead_1", "company": "Larch", "employees": 250},
                  {"id": "lead_2", "company": "Maple", "employees": 5})  # fmt: skip
        assert small.work() == 1
        (task,) = small.rows("tasks")
        assert (task["title"], task["owner_id"], task["lead_id"]) == ("Call Larch", "user_bo", "lead_1")
        assert small.row("leads", "lead_1")["owner_id"] == "user_bo"

    def test_a_quote_that_is_made_and_a_task_that_is_done_are_events(self, small: Automated) -> None:
        small.apply(
            "rules:\n"
            f"  - {{name: quoted, when: quote.created, then: [{NOTE}]}}\n"
            f"  - {{name: finished, when: task.done, then: [{NOTE}]}}\n"
            "  - {name: begin, when: opportunity.created, then: [task: {title: x}]}\n"
        )
        small.deal()
        small.work()
        finish(small.workspace, small.rows("tasks")[0]["id"])
        move(small.workspace, "opp_1", "proposal")
        small.work()
        assert [rule for rule, _ in small.outcomes()] == ["begin", "finished", "quoted"]


class TestWhatConditionsSee:
    def test_a_condition_sees_the_deal_as_the_event_left_it_not_as_it_is(self, small: Automated) -> None:
        small.apply(
            f"rules:\n  - {{name: one, when: opportunity.stage_changed, if: {{field: stage, is: proposal}}, then: [{NOTE}]}}"
        )
        small.deal()
        for stage in ("qualified", "proposal", "negotiation"):
            small.change(stage=stage)
        small.work()
        assert small.outcomes() == [("one", "done")]

    def test_previous_and_new_value_and_their_difference(self, small: Automated) -> None:
        small.apply(
            "rules:\n  - name: down\n    when: opportunity.amount_changed\n    if:\n"
            "      - {previous: amount, is: 5000}\n      - {field: amount, is: 3999.99}\n"
            f"      - {{change: amount, below: -1000}}\n      - {{changed: amount}}\n    then: [{NOTE}]\n"
        )
        small.deal()
        small.change(amount_minor=399_999)
        small.work()
        (fired,) = small.firings()
        assert [one["found"] for one in fired["found"]] == [5000.0, 3999.99, -1000.01, True]

    def test_activities_that_were_written_down_later_are_not_seen(self, small: Automated) -> None:
        small.apply(
            "rules:\n  - name: quiet\n    when: opportunity.stage_changed\n"
            f"    if: {{activities: any, within_days: 30, is: 0}}\n    then: [{NOTE}]\n"
        )
        at = small.stores.clock.micros - 1
        small.deal()
        small.change(stage="qualified")
        small.add("activities", {"id": "act_1", "activity_type": "Call", "occurred_at": at, "opportunity_id": "opp_1"})
        small.change(stage="proposal")
        small.work()
        assert [one["cause_seq"] for one in small.firings()] == [min(e["cause_seq"] for e in small.firings())]

    def test_a_rule_that_changes_a_deal_looks_whether_it_still_fits(self, small: Automated) -> None:
        small.apply(
            "rules:\n  - {name: on-wards, when: opportunity.stage_changed, if: {field: stage, is: qualified}, "
            "then: [move: proposal]}\n"
        )
        small.deal()
        small.change(stage="qualified")
        small.change(stage="closed_lost")
        small.work()
        (fired,) = small.firings()
        assert fired["outcome"] == "outdated"
        assert fired["reason"] == "the deal has changed since: no longer true that stage is qualified"
        assert small.row()["stage"] == "closed_lost"


class TestActions:
    def test_all_that_a_rule_can_do_with_a_deal(self, firm: Automated) -> None:
        firm.apply(
            """rules:
  - name: everything
    when: opportunity.created
    then:
      - move: qualified
      - set: {amount: 12.5, close_date: {in_days: 10}, forecast_category: commit, next_step: Call, probability: 0.45}
      - assign: Bo
      - task: {title: "{{ deal.owner }} of {{ deal.stage }}"}
      - notify: {to: manager, subject: S, message: M}
      - notify: {to: Mia, subject: S, message: "{{ deal.amount }}"}
      - quote: {}
      - contract
"""
        )
        firm.deal()
        assert firm.work() == 1
        row = firm.row()
        assert firm.firings()[0]["outcome"] == "done", firm.firings()[0]["reason"]
        assert (row["stage"], row["amount_minor"], row["close_date"], row["owner_id"], row["next_step"]) == (
            "qualified", 1250, "2026-12-04", "user_bo", "Call")  # fmt: skip
        assert (row["forecast_category"], row["probability"]) == ("commit", 0.45)
        assert firm.rows("tasks")[0]["title"] == "Bo of qualified"
        assert notes(firm) == [("Mia", "12.5")]  # Bo has no manager, which the firing says
        assert firm.firings()[0]["actions"][4]["reason"] == "there is no manager to tell"
        assert [one["amount_minor"] for one in firm.rows("quotes")] == [1250]
        assert len(firm.rows("contracts")) == 1
        assert firm.findings() == []

    def test_by_rules_gives_the_deal_to_whom_the_assignment_chooses(self, small: Automated) -> None:
        small.apply("rules:\n  - {name: give, when: opportunity.created, then: [assign: by_rules]}")
        small.deal(owner_id=None)
        small.work()
        assert small.row()["owner_id"] in ("user_ada", "user_bo")

    def test_an_action_that_is_refused_undoes_the_others_and_says_why(self, firm: Automated) -> None:
        firm.apply("rules:\n  - {name: half, when: opportunity.created, then: [task: {title: x}, assign: manager]}\n")
        firm.deal(owner_id="user_bo")
        assert firm.work() == 1
        (fired,) = firm.firings()
        assert (fired["outcome"], fired["reason"]) == ("blocked", "opp_1 has no manager that is known here")
        assert firm.rows("tasks") == []
        assert firm.work() == 0
        assert firm.findings() == []

    def test_gates_bind_rules_too(self, with_settings: Callable[[Any], Automated]) -> None:
        gated = [
            {"name": "Lead", "stage": "lead", "exit": {"fields": ["close_date"]}},
            {"name": "Offer", "stage": "proposal"},
            {"name": "Won", "stage": "closed_won"},
            {"name": "Lost", "stage": "closed_lost"},
        ]
        firm = with_settings({"sales_operations": {"pipelines": {"gated": gated}}})
        firm.apply("rules:\n  - {name: hurry, when: opportunity.created, then: [move: Offer]}")
        firm.deal(pipeline="gated", pipeline_stage="Lead", close_date=None)
        firm.work()
        (fired,) = firm.firings()
        assert fired["outcome"] == "blocked"
        assert "Lead asks for close date" in fired["reason"]
        assert firm.row()["pipeline_stage"] == "Lead"


class TestLoops:
    def test_a_rule_that_loops_is_not_applied_and_nothing_is_written(self, firm: Automated) -> None:
        before = firm.stores.dump()
        text = "rules:\n  - {name: round, when: opportunity.stage_changed, then: [move: qualified]}"
        with pytest.raises(SettingsError, match=r"rules\.yaml:2: .*round sets itself off"):
            firm.apply(text)
        assert firm.stores.dump() == before

    def test_a_loop_that_no_check_can_foresee_is_cut_at_its_first_return(
        self, small: Automated, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sales_operations.process.rules.files.loops", lambda rules: [])
        small.apply(
            "rules:\n"
            "  - {name: up, when: opportunity.amount_changed, then: [set: {next_step: call}]}\n"
            "  - {name: back, when: opportunity.changed, if: {changed: next_step}, then: [set: {amount: 7}]}\n"
        )
        small.deal()
        small.change(amount_minor=1)
        assert small.work() == 3
        assert small.outcomes() == [("up", "done"), ("back", "done"), ("up", "cut")]
        cut = small.firings()[-1]
        assert cut["chain"] == ["up", "back"]
        assert "up → back → up" in cut["reason"]
        assert (small.row()["amount_minor"], small.row()["next_step"]) == (700, "call")


class TestSchedules:
    STALE = (
        "rules:\n  - name: stale\n    schedule: daily\n    if: {days: in_stage, at_least: 3}\n"
        "    then: [task: {title: 'Stale for {{ deal.days_in_stage }} days'}]\n"
    )

    def test_a_schedule_fires_once_for_each_stay_in_a_stage(self, firm: Automated) -> None:
        firm.deal()
        firm.apply(self.STALE)
        fired = []
        for day in range(9):
            if day == 5:
                firm.change(stage="qualified")
            firm.stores.clock.advance(days=1)
            fired.append(firm.work())
        assert fired == [0, 0, 0, 1, 0, 0, 0, 0, 1]
        assert [one["cause"].split()[0] for one in firm.firings()] == ["stage", "stage"]
        assert firm.findings() == []

    def test_a_missed_time_is_run_once_and_not_once_for_each(self, small: Automated) -> None:
        small.deal()
        small.apply(self.STALE.replace("    if:", "    once: run\n    if:"))
        small.stores.clock.advance(days=30)
        assert [small.work(), small.work()] == [1, 0]
        small.stores.clock.advance(days=1)
        assert small.work() == 1

    def test_only_the_deals_that_the_rule_looks_at_are_asked(self, small: Automated) -> None:
        small.deal("opp_open")
        small.deal("opp_won")
        small.change("opp_won", stage="closed_won")
        small.apply(self.STALE.replace("    if:", "    deals: closed\n    if:"))
        small.stores.clock.advance(days=5)
        small.work()
        assert [one["opportunity_id"] for one in small.firings()] == ["opp_won"]


class TestVersions:
    def test_applying_the_same_files_again_changes_nothing(self, firm: Automated) -> None:
        first = firm.apply(ON_PROPOSAL)
        before = firm.stores.dump()
        assert firm.apply(ON_PROPOSAL) == first
        assert firm.stores.dump() == before
        assert (first.number, first.names) == (1, ["rules.yaml"])
        assert firm.apply(ON_PROPOSAL + "# other\n").number == 2
        with firm.workspace.reading() as connection:
            assert [one.number for one in versions.history(connection)] == [1, 2]
        assert firm.findings() == []

    def test_files_with_problems_are_not_applied(self, small: Automated) -> None:
        before = small.stores.dump()
        with pytest.raises(SettingsError):
            versions.apply(small.workspace, reading("rules: [{name: x}]"))
        assert small.stores.dump() == before

    def test_without_rules_there_is_nothing_to_do_and_nothing_is_written(self, small: Automated) -> None:
        before = small.stores.dump()
        assert small.work() == 0
        assert small.stores.dump() == before


def test_what_a_run_leaves_behind_is_worked_off_without_a_worker(small: Automated) -> None:
    small.apply("rules:\n  - {name: welcome, when: opportunity.created, then: [task: {title: Call}]}\n")
    small.deal("opp_new")
    assert drain(small.workspace) is None
    assert [task["title"] for task in small.rows("tasks")] == ["Call"]

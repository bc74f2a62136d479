"""Sequences at work: steps whose time has come are done, unless the deal has given a reason to stop."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Several
from typing import Any

from sales_operations.domain.clock import to_micros
from sales_operations.process import sequences
from sales_operations.process.rules import causes, firings
from sales_operations.process.rules.facts import Activity
from sales_operations.process.rules.fire import ACTOR, Order, fire
from sales_operations.process.rules.firings import Firing
from sales_operations.process.rules.ruleset import RuleSet, Sequence, Stop
from sales_operations.process.rules.timeline import Moment, timeline
from sales_operations.store import history
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

BATCH = 200
_REPLIES = ("reply", "response", "inbound", "incoming")


def stopped(
    stops: Several[Stop], moments: Several[Moment], activities: Several[Activity], started_at: int, started_seq: int
) -> str | None:
    """Why a sequence that started then has to stop; None where it goes on."""
    last = moments[-1]
    if not last.is_there:
        return "the deal was deleted"
    since = [one.type for one in activities if one.at > started_at]
    for stop in stops:
        if stop.word == "close" and last.after["status"] != "open":
            return f"the deal is {last.after['status']}"
        if stop.word == "stage_change":
            moves = [one for one in moments if one.event.seq > started_seq and "pipeline_stage" in one.changed]
            if moves:
                return f"the deal moved to {moves[-1].after['pipeline_stage']}"
        if stop.word == "activity":
            wanted = {one.casefold() for one in stop.types}
            if met := [one for one in since if not wanted or one in wanted]:
                return f"there was an activity: {met[0] or 'of no type'}"
        if stop.word == "reply" and (met := [one for one in since if any(word in one for word in _REPLIES)]):
            return f"there was a reply: {met[0]}"
    return None


def work_off(workspace: Workspace, rules_of: Callable[[str], RuleSet]) -> int:
    """Do every step that is due; ``rules_of`` gives the rules of a version. Gives the number of steps that were done."""
    done = 0
    until = to_micros(workspace.clock())
    while True:
        with workspace.reading() as connection:
            due = sequences.due(connection, until, BATCH)
            deals = {run["opportunity_id"] for run in due}
            events = history.of_deals(connection, deals)
            activities = causes.activities_of(connection, deals)
            chains = {run["id"]: firings.chain_with(connection, run["firing_id"]) for run in due}
        for run in due:
            rules = rules_of(run["version_id"])
            sequence = rules.sequence(run["sequence"])
            assert sequence is not None, run
            deal = run["opportunity_id"]
            reason = stopped(
                sequence.stops, timeline(events[deal]), activities.get(deal, []), run["started_at"], run["started_seq"]
            )
            if reason is None:
                done += _step(workspace, rules, sequence, run, chains[run["id"]])
                continue
            with workspace.unit(f"sequence {sequence.name} stops", ACTOR) as unit:
                unit.hold()
                if (present := unit.get("sequence_runs", run["id"]))["status"] == "running":
                    sequences.end(unit, present, "stopped", reason)
        if not due:
            return done


def _step(
    workspace: Workspace, rules: RuleSet, sequence: Sequence, run: dict[str, Any], chain: tuple[str, ...]
) -> bool:
    run_id, following = run["id"], run["step"] + 1
    wait = sequence.steps[following].wait_days if following < len(sequence.steps) else None
    cause = f"step {following} of {run_id}"
    firing = Firing(sequence.as_rule, cause, None, run["opportunity_id"], None, [], chain)

    def moved_on(unit: Unit) -> None:
        sequences.advance(unit, unit.get("sequence_runs", run_id), wait)

    def ended(unit: Unit, reason: str) -> None:
        sequences.end(unit, unit.get("sequence_runs", run_id), "blocked", reason)

    order = Order(firing, [sequence.steps[run["step"]].action], after=moved_on, refused=ended)
    return bool(fire(workspace, rules, run["version_id"], [order]))

"""An import that moves a live deal passes the same gates as everybody."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from sales_operations.connectors.summary import Summary

STAGES = [
    {"name": "lead", "stage": "lead"},
    {"name": "qualified", "stage": "qualified", "exit": {"fields": ["amount", "next_step"]}},
    {"name": "proposal", "stage": "proposal"},
    {"name": "closed_won", "stage": "closed_won"},
    {"name": "closed_lost", "stage": "closed_lost"},
]
HEADER = "id,name,stage,amount,currency,next_step\n"


@pytest.fixture
def gated(importing: Any) -> Any:
    importing.opened = importing.stores.open({"pipelines": {"default": STAGES}})
    return importing


def stages(gated: Any) -> dict[str, tuple[str, str | None]]:
    return {name: (stage, step) for name, stage, step in gated.rows("opportunities", "name, stage, next_step")}


def reasons(summary: Summary) -> list[list[str]]:
    assert summary.rejects_file is not None
    with Path(summary.rejects_file).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]


def test_a_first_look_is_no_move_and_needs_nothing(gated):
    summary = gated("opportunities", HEADER + "1,Ada,proposal,,,\n2,Bob,closed_won,,,\n")
    assert (summary.created, summary.rejected) == (2, 0)


def test_an_update_that_moves_a_deal_past_an_unmet_gate_is_rejected_and_changes_nothing(gated):
    gated("opportunities", HEADER + "1,Ada,qualified,100,EUR,\n2,Bob,qualified,200,EUR,\n")
    summary = gated("opportunities", HEADER + "1,Ada,proposal,150,EUR,\n2,Bob,proposal,200,EUR,call\n")
    assert (summary.updated, summary.rejected) == (1, 1)
    assert stages(gated) == {"Ada": ("qualified", None), "Bob": ("proposal", "call")}
    [(line, _, _, reason, *cells)] = reasons(summary)
    assert line == "2"
    assert "qualified asks for" in reason
    assert "next_step" in reason or "next step" in reason
    assert cells == ["1", "Ada", "proposal", "150", "EUR", ""]
    assert gated.findings() == []


def test_what_was_refused_comes_in_once_the_gate_is_met(gated):
    gated("opportunities", HEADER + "1,Ada,qualified,100,EUR,\n")
    moved = HEADER + "1,Ada,proposal,150,EUR,\n"
    assert gated("opportunities", moved).rejected == 1
    assert gated("opportunities", moved).rejected == 1, "a refused row is not taken for one that is in"
    assert gated("opportunities", HEADER + "1,Ada,proposal,150,EUR,call\n").updated == 1
    assert stages(gated) == {"Ada": ("proposal", "call")}


def test_a_dry_run_tells_of_the_same_refusals(gated):
    gated("opportunities", HEADER + "1,Ada,qualified,100,EUR,\n")
    summary = gated("opportunities", HEADER + "1,Ada,proposal,150,EUR,\n", dry_run=True)
    assert (summary.updated, summary.rejected, len(summary.reasons)) == (0, 1, 1)


def test_a_row_that_moves_nothing_needs_nothing(gated):
    gated("opportunities", HEADER + "1,Ada,qualified,100,EUR,\n")
    assert gated("opportunities", HEADER + "1,Ada,qualified,300,EUR,\n").updated == 1

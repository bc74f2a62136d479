"""Roles of contacts come in with an import, whatever came before, and count at the gates."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from sales_operations.domain.errors import GateUnmet
from sales_operations.process.stages.transition import move
from sales_operations.store import identity

FIXTURES = Path(__file__).with_name("fixtures") / "salesforce"
STAGES = [
    {"name": "lead", "stage": "lead"},
    {"name": "qualified", "stage": "qualified", "exit": {"contacts": 2, "roles": ["decision maker"]}},
    {"name": "proposal", "stage": "proposal"},
    {"name": "closed_won", "stage": "closed_won"},
    {"name": "closed_lost", "stage": "closed_lost"},
]
FILES = {
    "opportunities": "id,name,stage,contact\nd1,Loom,qualified,c1\n",
    "contacts": "id,last_name\nc1,Lovelace\nc2,Hopper\n",
    "roles": "opportunity,contact,role\nd1,c1,Decision Maker\nd1,c2,\n",
}
LINKS = "opportunity_id, opportunity_text, contact_id, contact_text, role, is_primary, is_deleted"


@pytest.fixture
def gated(importing: Any) -> Any:
    importing.opened = importing.stores.open({"pipelines": {"default": STAGES}})
    return importing


def meant(gated: Any, kind: str, external: str) -> str | None:
    with gated.workspace.reading() as connection:
        return identity.find(connection, kind, external)


@pytest.mark.parametrize("order", list(itertools.permutations(FILES)), ids=" ".join)
def test_a_gate_is_met_by_imported_roles_in_whatever_order_the_files_come(gated: Any, order: tuple[str, ...]) -> None:
    for kind in order:
        summary = gated(kind, FILES[kind])
        assert (summary.created, summary.rejected) == (FILES[kind].count("\n") - 1, 0)
    deal = meant(gated, "opportunities", "d1")
    links = {(row[0], row[1], row[2], row[3]) for row in gated.rows("roles", LINKS)}
    assert links == {(deal, None, meant(gated, "contacts", one), None) for one in ("c1", "c2")}
    assert move(gated.workspace, "d1", "proposal").stage.value == "proposal"
    assert gated.findings() == []


@pytest.mark.parametrize("order", [("opportunities", "contacts", "roles"), ("roles", "opportunities", "contacts")])
def test_the_own_contact_of_a_deal_counts_once_under_its_id_and_its_text(gated: Any, order: tuple[str, ...]) -> None:
    for kind in order:
        gated(kind, FILES[kind].replace("d1,c2,\n", ""))
    with pytest.raises(GateUnmet, match=r"2 contacts \(found 1\)"):
        move(gated.workspace, "d1", "proposal")


def test_a_second_run_changes_nothing_and_a_changed_role_is_one_update(gated: Any) -> None:
    for kind, text in FILES.items():
        gated(kind, text)
    before = gated.content()
    again = gated("roles", FILES["roles"])
    assert (again.unchanged, again.created, again.updated) == (2, 0, 0)
    assert gated.content() == before
    changed = gated("roles", FILES["roles"].replace("d1,c2,", "d1,c2,Buyer"))
    assert (changed.updated, changed.created) == (1, 0)
    assert [row[0] for row in gated.rows("roles", "role", "ORDER BY role")] == ["Buyer", "Decision Maker"]
    assert gated.findings() == []


def test_a_salesforce_export_and_its_report_are_recognised(gated: Any) -> None:
    gated("opportunities", FIXTURES / "opportunities_api.csv")
    gated("contacts", FIXTURES / "contacts_api.csv")
    summary = gated("roles", FIXTURES / "roles_api.csv")
    assert (summary.source, summary.created, summary.rejected) == ("salesforce", 3, 0)
    assert dict(summary.unresolved) == {("contact", "0035g00000Bc1bbAAB"): 1}
    held = {(row[3], *row[4:]) for row in gated.rows("roles", LINKS)}
    assert held == {
        (None, "Decision Maker", 1, 0),
        ("0035g00000Bc1bbAAB", None, 0, 0),
        (None, "Business User", 1, 1),
    }
    report = gated("roles", FIXTURES / "roles_labels.csv")
    assert (report.source, report.created, report.rejected) == ("salesforce", 2, 0)
    assert gated.findings() == []


@pytest.mark.parametrize(("row", "column"), [(",c1,Buyer", "opportunity"), ("d1,,Buyer", "contact")])
def test_a_role_of_nobody_or_of_no_deal_is_rejected(gated: Any, row: str, column: str) -> None:
    summary = gated("roles", f"opportunity,contact,role\n{row}\n")
    assert (summary.created, summary.rejected) == (0, 1)
    [reason] = summary.as_json()["reasons"]
    assert (reason["column"], reason["reason"]) == (column, "is missing")
    assert gated.rows("roles", "id") == []

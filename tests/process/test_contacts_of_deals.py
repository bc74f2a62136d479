"""The contacts of a deal: each person once, in every role, by the library and on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from sales_operations.cli.main import app
from sales_operations.domain.errors import GateUnmet, InvalidInput, NotFound
from sales_operations.process.matching.merging import merge
from sales_operations.process.stages import contacts
from sales_operations.process.stages.transition import move
from sales_operations.store import audit, history, opportunities, privacy
from tests.process.test_transition import OPEN

EXIT = {"contacts": 2, "roles": ["decision maker"]}
STAGES = [
    {"name": "Open", "stage": "lead", "exit": EXIT},
    {"name": "Offer", "stage": "proposal"},
    {"name": "Won", "stage": "closed_won"},
    {"name": "Lost", "stage": "closed_lost"},
]
GATED = {"pipelines": {"default": STAGES}}
DEAL = OPEN | {"pipeline_stage": "Open", "stage": "lead", "probability": 0.1, "contact_id": "con_1"}


@pytest.fixture
def gated(company: Any) -> Any:
    """A workspace with a gate that wants two contacts; its deal has one, in its own row."""
    people = (("con_1", "Ada", "Lovelace"), ("con_2", "Grace", "Hopper"), ("con_3", "Mary", "Somerville"))
    company.add("contacts", *({"id": one, "first_name": first, "last_name": last} for one, first, last in people))
    company.add("opportunities", DEAL)
    company.stores.execute("INSERT INTO external_ids VALUES ('contacts', 'crm', '0032', 'con_2')")
    return company.stores.open(GATED)


def told(workspace: Any) -> dict[str, tuple[list[str], bool]]:
    with workspace.reading() as connection:
        found = contacts.listed(connection, opportunities.row(connection, "opp_1"))
    return {one["contact_id"]: (one["roles"], one["is_primary"]) for one in found}


def missing(workspace: Any) -> tuple[str, ...]:
    with pytest.raises(GateUnmet) as refused:
        move(workspace, "opp_1", "Offer")
    return refused.value.reasons


def assert_whole(workspace: Any) -> None:
    with workspace.reading() as connection:
        assert audit.verify(connection).findings == history.verify(connection) == []


def test_a_gate_is_met_by_the_second_contact_and_its_role(gated: Any) -> None:
    assert missing(gated) == (
        "Open asks for 2 contacts (found 1)",
        "Open asks for a contact in the role 'decision maker' (found none)",
    )
    contacts.add(gated, "opp_1", "con_1", "Decision Maker")
    assert missing(gated) == ("Open asks for 2 contacts (found 1)",), "the deal's own contact counts once"
    contacts.add(gated, "opp_1", "0032")
    assert move(gated, "opp_1", "Offer").metadata["pipeline_stage"] == "Offer"
    assert_whole(gated)


def test_the_same_again_changes_nothing(company: Any, gated: Any) -> None:
    contacts.add(gated, "opp_1", "con_2", "Buyer", primary=True)
    before = company.stores.dump()
    contacts.add(gated, "opp_1", "con_2", " buyer ", primary=True)
    contacts.add(gated, "opp_1", "con_2")
    assert company.stores.dump() == before


def test_a_contact_has_several_roles_and_one_without_a_role_takes_the_first(company: Any, gated: Any) -> None:
    for role in (None, "Buyer", "Decision maker"):
        contacts.add(gated, "opp_1", "con_2", role)
        company.stores.clock.advance(seconds=1)
    assert told(gated) == {"con_1": ([], True), "con_2": (["Buyer", "Decision maker"], False)}
    assert company.stores.execute("SELECT count(*) FROM roles") == [(2,)]
    assert move(gated, "opp_1", "Offer").metadata["pipeline_stage"] == "Offer"


def test_one_contact_is_primary_and_stands_in_the_deals_own_row_and_the_one_before_stays(
    company: Any, gated: Any
) -> None:
    contacts.add(gated, "opp_1", "con_2", primary=True)
    contacts.add(gated, "opp_1", "con_3", "Buyer", primary=True)
    assert told(gated) == {"con_3": (["Buyer"], True), "con_2": ([], False), "con_1": ([], False)}
    assert company.deal("opp_1").metadata["contact_id"] == "con_3"
    assert_whole(gated)


def test_a_removed_contact_is_none_any_more_and_may_come_back(company: Any, gated: Any) -> None:
    contacts.add(gated, "opp_1", "con_1", "Decision maker")
    contacts.add(gated, "opp_1", "con_2", "Buyer")
    contacts.remove(gated, "opp_1", "con_1")
    assert told(gated) == {"con_2": (["Buyer"], False)}
    assert "contact_id" not in company.deal("opp_1").metadata
    assert len(missing(gated)) == 2
    before = company.stores.dump()
    with pytest.raises(NotFound, match="'con_1' is no contact of opportunity opp_1"):
        contacts.remove(gated, "opp_1", "con_1")
    assert company.stores.dump() == before
    contacts.add(gated, "opp_1", "con_1", "Decision maker")
    assert move(gated, "opp_1", "Offer").metadata["pipeline_stage"] == "Offer"
    assert_whole(gated)


def test_who_was_a_contact_on_a_date_stays_known(company: Any, gated: Any) -> None:
    clock, seen = company.stores.clock, []
    for step in (contacts.add, contacts.remove, contacts.add):
        clock.advance(days=1)
        step(gated, "opp_1", "con_2")
        seen.append(clock.micros)
    with gated.reading() as connection:
        deal = opportunities.row(connection, "opp_1")
        counts = [len(contacts.listed(connection, deal, at)) for at in (seen[0] - 1, *seen)]
    assert counts == [1, 2, 1, 2]


def test_a_deleted_contact_does_not_count_and_a_merged_one_is_its_survivor(company: Any, gated: Any) -> None:
    contacts.add(gated, "opp_1", "con_2", "Decision maker")
    contacts.add(gated, "opp_1", "con_3")
    merge(gated, "contacts", "con_1", "con_3")
    assert set(told(gated)) == {"con_1", "con_2"}
    with gated.reading() as connection:
        before = contacts.listed(connection, {"id": "opp_1", "contact_id": "con_3"}, company.stores.clock.micros)
    assert {one["contact_id"] for one in before} == {"con_1", "con_2"}, "as its history tells it from before the merge"
    for one in ("con_1", "con_2"):
        with gated.unit("test") as unit:
            unit.update("contacts", unit.get("contacts", one), {"is_deleted": 1})
    assert missing(gated)[0] == "Open asks for 2 contacts (found 0)"
    assert told(gated) == {}


def test_a_text_in_the_deals_row_is_the_person_whose_id_it_is(company: Any, gated: Any) -> None:
    contacts.add(gated, "opp_1", "con_2", "Decision maker")
    company.add("opportunities", DEAL | {"id": "opp_2", "contact_id": None, "contact_text": "0032"})
    contacts.add(gated, "opp_2", "con_2", "Decision maker")
    with pytest.raises(GateUnmet, match=r"2 contacts \(found 1\)"):
        move(gated, "opp_2", "Offer")
    contacts.remove(gated, "opp_2", "con_2")
    company.add("opportunities", DEAL | {"id": "opp_3", "contact_id": None, "contact_text": "a stranger"})
    found = contacts.add(gated, "opp_3", "con_2", primary=True)
    assert [(one["contact_id"], one["name"]) for one in found] == [("con_2", "Grace Hopper"), (None, "a stranger")]
    assert [one["name"] for one in contacts.remove(gated, "opp_3", "a stranger")] == ["Grace Hopper"]
    assert company.stores.execute("SELECT contact_text FROM opportunities WHERE id = 'opp_2'") == [(None,)]


@pytest.mark.parametrize(
    ("deal", "person", "role", "error", "what"),
    [
        ("opp_x", "con_2", None, NotFound, "there is no opportunity 'opp_x'"),
        ("opp_1", "con_x", None, NotFound, "there is no contact 'con_x'"),
        ("opp_1", "con_2", " ", InvalidInput, "the role is empty"),
    ],
)
def test_what_is_unknown_is_refused_and_nothing_is_written(
    company: Any, gated: Any, deal: str, person: str, role: str | None, error: type[Exception], what: str
) -> None:
    before = company.stores.dump()
    with pytest.raises(error, match=what):
        contacts.add(gated, deal, person, role, primary=True)
    assert company.stores.dump() == before


def test_a_contact_may_be_what_a_deal_lacked_to_be_qualified(company: Any, gated: Any) -> None:
    stages = [{"name": "Open", "stage": "lead", "exit": EXIT}, {"name": "Checked", "stage": "qualified"}, *STAGES[1:]]
    step = {"stage_transitions": {"lead_to_qualified": {"auto_transition": True}}}
    workspace = company.stores.open({"pipelines": {"default": stages}, "process_automation": step})
    contacts.add(workspace, "opp_1", "con_2")
    assert company.deal("opp_1").stage.value == "lead"
    contacts.add(workspace, "opp_1", "con_2", "Decision maker")
    assert company.deal("opp_1").stage.value == "qualified"


def test_a_persons_export_names_their_roles_and_an_erasure_leaves_them(gated: Any) -> None:
    contacts.add(gated, "opp_1", "con_2", "Decision maker")
    with gated.reading() as connection:
        kinds = [one["kind"] for one in privacy.export(connection, "contacts", "con_2")["referred_to_by"]]
    assert kinds == ["roles"]
    with gated.unit("erase") as unit:
        privacy.erase(unit, "contacts", "con_2")
    assert told(gated)["con_2"] == (["Decision maker"], False)
    assert move(gated, "opp_1", "Offer").metadata["pipeline_stage"] == "Offer"
    assert_whole(gated)


def test_the_command_line_adds_removes_and_shows(company: Any, gated: Any) -> None:
    config = company.stores.folder / "gates.yaml"
    config.write_text(json.dumps({"sales_operations": GATED}), "utf-8")
    common = ["--database", company.stores.url, "--config", str(config)]

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["opportunity", *arguments, *common])

    assert "2 contacts (found 1)" in run("move", "opp_1", "Offer").stderr
    added = run("contact", "add", "opp_1", "0032", "--role", "Decision maker", "--primary", "--json")
    assert json.loads(added.stdout) == [
        {"contact_id": "con_2", "name": "Grace Hopper", "roles": ["Decision maker"], "is_primary": True},
        {"contact_id": "con_1", "name": "Ada Lovelace", "roles": [], "is_primary": False},
    ]
    assert "Somerville" in run("contact", "add", "opp_1", "con_3").stdout
    shown = json.loads(run("show", "opp_1", "--json").stdout)["contacts"]
    assert shown[0]["contact_id"] == "con_2"
    assert {one["contact_id"] for one in shown} == {"con_1", "con_2", "con_3"}
    assert "Decision maker" in run("show", "opp_1").stdout
    assert json.loads(run("move", "opp_1", "Offer", "--json").stdout)["stage"] == "proposal"
    assert json.loads(run("contact", "remove", "opp_1", "con_3", "--json").stdout)[0]["contact_id"] == "con_2"
    unknown = run("contact", "add", "opp_1", "con_x")
    assert (unknown.exit_code, "there is no contact 'con_x'" in unknown.stderr) == (2, True)

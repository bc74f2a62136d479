"""Every decision is kept with what it was made from, and made again from that it is the same."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from sales_operations.domain.errors import NotFound
from sales_operations.process.assigning.absences import leave
from sales_operations.process.assigning.explanation import Replay
from sales_operations.process.assigning.of_leads import hand_out, history
from sales_operations.store import audit, privacy, tables

RULES: dict[str, Any] = {
    "keep": ["lead_owner", "account_owner"],
    "skills": {"Bo": ["loom"]},
    "territories": [
        {
            "name": "South",
            "when": [{"all": [{"field": "postal_code", "starts_with": ["8", "80"]}]}],
            "users": ["Ada", "Bo", "Cy"],
        }
    ],
    "rules": [
        {"name": "South", "territory": True, "method": "weighted_round_robin", "weights": {"Ada": 2}, "priority": 1},
        {
            "name": "Small",
            "when": [{"all": [{"field": "employees", "at_most": 50}]}],
            "skill_field": "product",
            "stop_at_capacity": True,
        },
        {"name": "In turn", "when": [{"all": [{"field": "country", "one_of": ["Peru"]}]}], "method": "round_robin"},
    ],
}


def records(workspace: Any) -> list[dict[str, Any]]:
    table = tables.RECORDS["assignments"]
    with workspace.reading() as connection:
        found = connection.execute(table.select().order_by(table.c.seq)).all()
    return [dict(zip(tables.COLUMNS["assignments"], row, strict=True)) for row in found]


def assign_many(company: Any) -> Any:
    """Leads of every sort, handed out while people come, go and change."""
    company.reps("Bo", "Cy", capacity=2)
    for number in range(60):
        company.leads(
            f"lead_n{number:02}",
            owner_id=[None, None, None, "user_bo"][number % 4],
            employees=number * 5,
            product=["Loom", "Shuttle"][number % 2],
            country=["Peru", "Chile", None][number % 3],
            attributes=orjson.dumps({"PLZ": f"{number % 10}0331"}).decode(),
        )
    workspace = company.stores.open({"assignment": RULES})
    ids = [f"lead_n{number:02}" for number in range(60)]
    hand_out(workspace, ids[:20])
    leave(workspace, "Cy")
    hand_out(workspace, ids[20:40])
    company.reps("Di", role="Account Executive")
    hand_out(company.stores.open({"assignment": RULES}), ids[40:])
    return workspace


def test_made_again_every_decision_is_the_same_to_the_byte(company: Any) -> None:
    workspace = assign_many(company)
    kept = records(workspace)
    assert len(kept) == 60 - 15  # every fourth stays where it is, and nothing is decided anew
    with company.stores.open().reading() as connection:
        replay = Replay(connection)
        assert [replay.content(row) for row in kept] == [row["decision"] for row in kept]
    assert {row["rule"] for row in kept} >= {"South", "Small", "In turn", "least loaded"}


def test_what_happened_since_changes_no_decision_of_the_past(small: Any) -> None:
    workspace = assign_many(small)
    before = records(workspace)
    with workspace.unit("test") as unit:
        unit.update("users", unit.get("users", "user_bo"), {"is_active": 0, "name": "Zo", "capacity": 9})
        unit.update("leads", unit.get("leads", "lead_n00"), {"country": "Chile", "employees": 9000})
    with workspace.reading() as connection:
        replay = Replay(connection)
        assert [replay.content(row) for row in before] == [row["decision"] for row in before]


def test_a_decision_names_the_version_of_the_rules_that_made_it(small: Any) -> None:
    small.leads("lead_2", "lead_3")
    first = {"assignment": {"rules": [{"name": "A", "method": "round_robin"}]}}
    second = {"assignment": {"rules": [{"name": "A", "method": "least_loaded"}]}}
    for lead, config in (("lead_1", first), ("lead_2", second), ("lead_3", first)):
        hand_out(small.stores.open(config), [lead])
    one, two, three = records(small.workspace)
    assert one["rules_id"] == three["rules_id"] != two["rules_id"]
    assert one["people_id"] == two["people_id"]
    assert small.stores.execute("SELECT count(*) FROM assignment_bases") == [(3,)]


def test_candidates_scores_and_reason_are_kept_for_a_conversion_too(small: Any) -> None:
    small.reps("Bo", capacity=2)
    small.convert("lead_1")
    [kept] = history(small.workspace, "lead_1")
    assert kept.explanation.reason == "rule 'least loaded': Ada has the least open work for the capacity"
    assert [(one.name, one.open_work, one.capacity) for one in kept.explanation.choices] == [
        ("Ada", 0, 1),
        ("Bo", 0, 2),
    ]
    decision = orjson.loads(records(small.workspace)[0]["decision"])
    assert decision["scores"] == [["user_ada", 0.0], ["user_bo", 0.0]]


def test_what_is_kept_tells_no_more_of_a_lead_than_the_rules_ask(small: Any) -> None:
    small.reps("Bo", "Cy")
    small.leads("lead_2", country="Tonga", attributes='{"PLZ": "80331", "Birthday": "1970-01-01"}')
    hand_out(small.stores.open({"assignment": RULES}), ["lead_2"])
    facts = orjson.loads(records(small.workspace)[0]["inputs"])["facts"]
    assert facts == {"country": "*", "employees": None, "postal_code": "80*", "product": None}


def test_a_lead_of_long_ago_whose_rules_are_gone_says_so(small: Any) -> None:
    hand_out(small.workspace, ["lead_1"])
    row = records(small.workspace)[0]
    with small.workspace.reading() as connection, pytest.raises(NotFound, match="does not hold"):
        Replay(connection).content({**row, "rules_id": "0" * 32})


def test_assignments_are_part_of_the_audited_history(company: Any) -> None:
    workspace = assign_many(company)
    with workspace.reading() as connection:
        assert audit.verify(connection).findings == []
    company.stores.execute("UPDATE assignments SET decision = '{}' WHERE lead_id = 'lead_n00'")
    with workspace.reading() as connection:
        assert "was changed past this program" in audit.verify(connection).findings[0].what


def test_an_erased_user_leaves_no_name_in_what_is_kept(small: Any) -> None:
    small.add("users", {"id": "user_eve", "name": "Eve Quillfeather", "email": "eve@example.com"})
    rule = {"name": "For Eve Quillfeather", "users": ["eve@example.com"], "method": "round_robin"}
    hand_out(small.stores.open({"assignment": {"rules": [rule]}}), ["lead_1"])
    with small.workspace.unit("erasure") as unit:
        privacy.erase(unit, "users", "user_eve")
    dumped = {name: rows for name, rows in small.stores.dump().items() if name.startswith("assignment")}
    assert "Quillfeather" not in repr(dumped)
    with small.workspace.reading() as connection:
        assert audit.verify(connection).findings == []

"""Rules: by priority, rows AND and groups OR, the most specific territory, skills, owners first, and a clear end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import pytest

from sales_operations.domain.errors import InvalidInput, SettingsError
from sales_operations.process.assigning.absences import leave
from sales_operations.process.assigning.assignment import Assigner
from sales_operations.process.assigning.of_leads import Handed, hand_out
from sales_operations.settings import load, validate
from sales_operations.store import scores
from sales_operations.store.scores import Score

Hand = Callable[..., Handed]


@pytest.fixture
def hand(small: Any) -> Hand:
    """Adds a lead with these columns and hands it out by an ``assignment`` section."""
    count = 0

    def given(assignment: dict[str, Any], **columns: Any) -> Handed:
        nonlocal count
        count += 1
        small.leads(f"lead_given{count}", **columns)
        return hand_out(small.stores.open({"assignment": assignment}), [f"lead_given{count}"])[0]

    return given


def when(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"all": list(rows)}]


GERMANY = {"field": "country", "one_of": ["Germany"]}


def test_the_rule_with_the_lowest_priority_that_fits_decides(small: Any, hand: Hand) -> None:
    small.reps("Bo", "Cy")
    rules = [
        {"name": "Second", "priority": 20, "users": ["Bo"]},
        {"name": "First", "priority": 10, "when": when(GERMANY), "users": ["Cy"]},
    ]
    assert hand({"rules": rules}, country="germany ").explanation.rule == "First"
    assert hand({"rules": rules}, country="France").name == "Bo"


def test_rows_hold_together_and_one_group_is_enough(small: Any, hand: Hand) -> None:
    small.reps("Bo")
    groups = [
        {"all": [GERMANY, {"field": "employees", "at_least": 250}]},
        {"all": [{"field": "lead_source", "one_of": ["Partner"]}]},
    ]
    rules = {"rules": [{"name": "Special", "when": groups, "users": ["Bo"]}], "catch_all": "nobody"}
    assert hand(rules, country="Germany", employees=250).name == "Bo"
    assert hand(rules, country="Germany", employees=249).user_id is None
    assert hand(rules, country="Germany").user_id is None
    assert hand(rules, lead_source="partner").name == "Bo"


def test_a_rule_asks_for_the_newest_kept_score_in_percent(small: Any, hand: Hand) -> None:
    small.reps("Bo")
    hot = {"name": "Hot", "when": when({"field": "score", "at_least": 70}), "users": ["Bo"]}
    rules = {"rules": [hot], "catch_all": "nobody"}
    now = small.stores.clock.micros
    with small.stores.open().unit("score") as unit:
        kept = [Score("lead_given1", now, 0.7, 0.0, {}), Score("lead_given2", now - 1, 0.9, 0.0, {})]
        scores.write(unit.connection, "leads", [*kept, Score("lead_given2", now, 0.69, 0.0, {})])
    assert hand(rules).name == "Bo"
    assert hand(rules).user_id is None
    assert hand(rules).user_id is None  # nobody has scored the third


@pytest.mark.parametrize(
    ("row", "columns", "expected"),
    [
        ({"field": "country", "none_of": ["France"]}, {"country": "France"}, False),
        ({"field": "country", "none_of": ["France"]}, {}, True),
        ({"field": "postal_code", "starts_with": ["80", "81"]}, {"attributes": {"PostalCode": "80331"}}, True),
        ({"field": "postal_code", "starts_with": ["80", "81"]}, {"attributes": {"Zip": "90331"}}, False),
        ({"field": "employees", "at_most": 50}, {"employees": 50}, True),
        ({"field": "employees", "at_most": 50}, {"employees": 51}, False),
        ({"field": "attributes.Kind", "one_of": ["A"]}, {"attributes": {"Kind": "a"}}, True),
        ({"field": "region", "known": True}, {"attributes": {"State": "Bavaria"}}, True),
        ({"field": "region", "known": False}, {"attributes": {"State": "Bavaria"}}, False),
        ({"field": "product", "known": False}, {}, True),
    ],
)
def test_every_operator_decides(
    small: Any, hand: Hand, row: dict[str, Any], columns: dict[str, Any], expected: bool
) -> None:
    if "attributes" in columns:
        columns["attributes"] = orjson.dumps(columns["attributes"]).decode()
    rules = {"rules": [{"name": "Rule", "when": when(row)}], "catch_all": "nobody"}
    assert (hand(rules, **columns).user_id == "user_ada") is expected


TERRITORIES = [
    {"name": "EMEA", "when": when({"field": "country", "one_of": ["Germany", "France"]}), "users": ["Ada"]},
    {"name": "Germany", "parent": "EMEA", "when": when(GERMANY), "users": ["Bo"]},
    {
        "name": "Munich",
        "parent": "Germany",
        "when": when({"field": "postal_code", "starts_with": ["80", "81"]}),
        "users": ["Cy"],
    },
    {"name": "Banks", "when": when({"field": "industry", "one_of": ["Banking"]}), "users": ["Di"]},
    {"name": "Big", "when": when({"field": "employees", "at_least": 1000}), "users": ["Ada"]},
]
BY_TERRITORY = {"territories": TERRITORIES, "rules": [{"name": "Territory", "territory": True}], "catch_all": "nobody"}


def test_the_most_specific_territory_wins(small: Any, hand: Hand) -> None:
    small.reps("Bo", "Cy", "Di")
    munich = '{"zip": "80331"}'
    found = hand(BY_TERRITORY, country="Germany", attributes=munich, industry="Banking")
    assert (found.name, found.explanation.territory) == ("Cy", "Munich")
    assert hand(BY_TERRITORY, country="Germany").name == "Bo"
    assert hand(BY_TERRITORY, country="France", attributes=munich).name == "Ada"  # Munich is a part of Germany
    assert hand(BY_TERRITORY, country="Peru").explanation.passed == (("Territory", "no territory fits"),)


def test_territories_that_fit_equally_well_are_named_and_the_first_listed_wins(small: Any, hand: Hand) -> None:
    small.reps("Bo", "Cy", "Di")
    found = hand(BY_TERRITORY, industry="Banking", employees=5000)
    assert (found.name, found.explanation.ties) == ("Di", ("Big",))


def test_where_nobody_of_a_territory_is_there_the_wider_one_takes_the_lead(small: Any, hand: Hand) -> None:
    small.reps("Bo")
    small.reps("Cy", "Di", is_active=0)
    found = hand(BY_TERRITORY, country="Germany", attributes='{"zip": "80331"}')
    assert (found.name, found.explanation.territory) == ("Bo", "Germany")


def test_members_of_teams_below_a_named_team_and_holders_of_a_role_may_get_leads(small: Any, hand: Hand) -> None:
    small.add(
        "teams", {"id": "team_all", "name": "Sales"}, {"id": "team_south", "name": "South", "parent_id": "team_all"}
    )
    small.reps("Bo", team_id="team_south")
    small.reps("Cy", role="Partner Manager")
    assert hand({"rules": [{"name": "Team", "teams": ["Sales"]}]}).name == "Bo"
    assert hand({"rules": [{"name": "Role", "roles": ["partner manager"]}]}).name == "Cy"


def test_only_who_has_the_skills_gets_the_lead(small: Any, hand: Hand) -> None:
    small.reps("Bo")
    small.reps("Cy", attributes='{"Skills": "German; Loom"}')
    skills = {"skills": {"Bo": ["German"]}}
    german = {"rules": [{"name": "German", "skills": ["german"], "method": "round_robin"}], **skills}
    assert {hand(german).name, hand(german).name} == {"Bo", "Cy"}
    product = {"rules": [{"name": "Product", "skill_field": "product"}], **skills}
    found = hand(product, product="Loom")
    assert found.name == "Cy"
    assert found.explanation.left_out == (("Ada", "lacks the skill loom"), ("Bo", "lacks the skill loom"))
    passed = hand({**product, "catch_all": "nobody"}, product="Shuttle").explanation.passed
    assert passed == (("Product", "lacks the skill shuttle"),)


def test_the_owner_of_the_account_comes_first_where_so_configured(small: Any, hand: Hand) -> None:
    small.reps("Bo")
    small.reps("Cy")
    small.add("accounts", {"id": "acc_1", "name": "Alder Ltd", "owner_id": "user_cy"})
    config = {"keep": ["account_owner", "lead_owner"]}
    found = hand(config, company="Alder Ltd", owner_id="user_bo")
    assert (found.name, found.explanation.reason) == ("Cy", "Cy keeps it as the owner of the account")
    assert hand(config, company="Birch Ltd", owner_id="user_bo").name == "Bo"
    assert hand({"keep": ["lead_owner"]}, company="Alder Ltd", owner_id="user_bo").name == "Bo"
    assert hand({"keep": []}, company="Birch Ltd", owner_id="user_bo").explanation.method == "least_loaded"


def test_the_account_s_segment_can_be_asked(small: Any, hand: Hand) -> None:
    small.reps("Bo")
    small.add("accounts", {"id": "acc_1", "name": "Alder Ltd", "segment": "Enterprise"})
    row = {"field": "segment", "one_of": ["enterprise"]}
    rules = {"rules": [{"name": "Segment", "when": when(row), "users": ["Bo"]}], "catch_all": "nobody"}
    assert hand(rules, company="Alder Ltd").name == "Bo"
    assert hand(rules, company="Birch Ltd").user_id is None


def test_weights_are_shares_and_zero_is_none(small: Any) -> None:
    small.reps("Bo", "Cy")
    ids = [f"lead_{number:02}" for number in range(8)]
    small.leads(*ids)
    rule = {"name": "Shares", "method": "weighted_round_robin", "weights": {"Ada": 3, "Cy": 0}}
    names = [one.name for one in hand_out(small.stores.open({"assignment": {"rules": [rule]}}), ids)]
    assert names == ["Ada", "Ada", "Bo", "Ada"] * 2


def test_who_is_at_capacity_gets_none_and_the_next_rule_is_asked(small: Any) -> None:
    small.reps("Bo", capacity=2)
    small.leads("lead_2", "lead_3", "lead_4")
    rules = [{"name": "Bo first", "users": ["Bo"], "stop_at_capacity": True}, {"name": "Others", "users": ["Ada"]}]
    found = hand_out(small.stores.open({"assignment": {"rules": rules}}), ["lead_1", "lead_2", "lead_3", "lead_4"])
    assert [one.name for one in found] == ["Bo", "Bo", "Ada", "Ada"]
    assert found[2].explanation.passed == (("Bo first", "at capacity"),)


def test_a_lead_in_hand_stops_counting_when_it_is_converted_or_closed(small: Any) -> None:
    small.reps("Bo")
    small.leads("lead_2", "lead_3")
    workspace = small.stores.open()
    assert [one.name for one in hand_out(workspace, ["lead_1", "lead_2"])] == ["Ada", "Bo"]
    with workspace.unit("test") as unit:
        unit.update("leads", unit.get("leads", "lead_2"), {"status": "Disqualified"})
    assert hand_out(workspace, ["lead_3"], dry_run=True)[0].name == "Bo"
    assert hand_out(workspace, ["lead_3"])[0].name == "Bo"
    assert small.convert("lead_1").sales_rep == "Ada"


@pytest.mark.parametrize(("first", "last", "expected"), [
    ("2026-11-24", None, "Bo"), ("2026-11-20", "2026-11-24", "Bo"), ("2026-11-25", None, "Ada"),
    ("2026-11-01", "2026-11-23", "Ada"),
])  # fmt: skip
def test_who_is_out_of_office_on_the_day_gets_none(
    small: Any, hand: Hand, first: str, last: str | None, expected: str
) -> None:
    small.reps("Bo")
    leave(small.workspace, "Ada", first, last)
    assert hand({}).name == expected


def test_a_lead_whose_own_rep_is_out_of_office_goes_to_somebody_else(small: Any, hand: Hand) -> None:
    small.reps("Bo")
    leave(small.workspace, "Ada", last_day="2026-12-01")
    found = hand({}, owner_id="user_ada")
    assert (found.name, found.is_new) == ("Bo", True)
    assert found.explanation.left_out == (("Ada", "out of office until 2026-12-01"),)


def test_open_work_that_was_read_in_a_transaction_that_failed_is_not_believed(small: Any) -> None:
    small.reps("Bo")
    deal = {"pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1, "created_at": 0}
    with suppress(InterruptedError), small.workspace.unit("test") as unit:
        unit.create("opportunities", {"id": "opp_1", "owner_id": "user_ada", **deal})
        unit.flush()
        assert Assigner(unit, small.workspace.settings).candidates[0].open_deals == 1
        raise InterruptedError
    small.add(
        "opportunities", {"id": "opp_2", "owner_id": "user_bo", **deal}
    )  # takes the number of the one that failed
    with small.workspace.unit("test") as unit:
        candidates = Assigner(unit, small.workspace.settings).candidates
    assert {one.name: one.open_deals for one in candidates} == {"Ada": 0, "Bo": 1}


def test_an_empty_list_of_reps_leaves_the_lead_unassigned_with_the_reason(small: Any, hand: Hand) -> None:
    leave(small.workspace, "Ada")
    found = hand({})
    assert (found.user_id, found.explanation.passed) == (None, (("least loaded", "out of office"),))


def test_an_empty_list_of_reps_is_an_error_where_so_configured_and_nothing_is_written(small: Any) -> None:
    leave(small.workspace, "Ada")
    workspace = small.stores.open(
        {"assignment": {"when_nobody": "error", "rules": [{"name": "Mine", "users": ["Ada"]}]}}
    )
    before = small.stores.dump()
    with pytest.raises(InvalidInput, match=r"lead lead_1: nobody can take it \(Mine: out of office.*when_nobody"):
        hand_out(workspace, ["lead_1"])
    with pytest.raises(InvalidInput, match="nobody can take it"):
        small.convert("lead_1", {"sales_operations": {"assignment": {"when_nobody": "error"}}})
    assert small.stores.dump() == before


def test_rules_that_name_unknown_users_and_teams_are_refused_by_key_with_nothing_written(small: Any) -> None:
    config = {
        "rules": [
            {"name": "A", "users": ["Ada", "Nobody"], "method": "weighted_round_robin", "weights": {"Who": 2}},
            {"name": "B", "teams": ["Nowhere"]},
        ],
        "territories": [{"name": "T", "users": ["Zed"]}],
        "skills": {"Xi": ["german"]},
    }
    before = small.stores.dump()
    with pytest.raises(SettingsError) as caught:
        hand_out(small.stores.open({"assignment": config}), ["lead_1"])
    root = "sales_operations.assignment"
    assert [problem.key for problem in caught.value.problems] == [
        f"{root}.rules[0].users[1]",
        f"{root}.rules[0].weights.Who",
        f"{root}.territories[0].users[0]",
        f"{root}.skills.Xi",
        f"{root}.rules[1].teams[0]",
    ]
    assert "there is no user 'Nobody'" in str(caught.value)
    assert small.stores.dump() == before


BAD = [
    ({"rules": [{"name": "A"}, {"name": "A"}]}, "two rule entries are called 'A'"),
    ({"territories": [{"name": "A", "parent": "B"}]}, "its parent 'B' does not exist"),
    ({"territories": [{"name": "A", "parent": "B"}, {"name": "B", "parent": "A"}]}, "is a part of itself"),
    ({"rules": [{"name": "A", "territory": True}]}, "there are no territories"),
    ({"rules": [{"name": "A", "weights": {"Ada": 1}}]}, "weights are for the method weighted_round_robin"),
    ({"rules": [{"name": "A", "when": when({"field": "colour", "known": True})}]}, "'colour' is no field of a lead"),
    ({"rules": [{"name": "A", "when": when({"field": "country"})}]}, "asks nothing"),
    ({"rules": [{"name": "A", "when": when({"field": "country", "at_least": 3})}]}, "are for employees"),
    ({"rules": [{"name": "A", "when": [{"all": []}]}]}, "a list of at least one condition"),
    ({"rules": [{"name": "A", "method": "random"}]}, "one of round_robin"),
    ({"response_time": {"day_starts": 18}}, "cannot end at 17"),
    ({"response_time": {"holidays": ["Christmas"]}}, "a date such as"),
    ({"response_time": {"hours": 0}}, "a number of hours"),
    ({"skills": {"Ada": []}}, "at least one text"),
]


@pytest.mark.parametrize(("section", "message"), BAD)
def test_a_section_that_makes_no_sense_is_refused_with_its_key(section: dict[str, Any], message: str) -> None:
    problems = validate({"sales_operations": {"assignment": section}}, environ={})
    assert problems
    assert message in str(problems[0])
    assert problems[0].key.startswith("sales_operations.assignment")


def test_dates_may_stand_as_text_or_as_dates() -> None:
    from datetime import date

    for day in ("2026-12-25", date(2026, 12, 25)):
        given = {"sales_operations": {"assignment": {"response_time": {"holidays": [day]}}}}
        assert load(given, environ={}).assignment.response_time.holidays == (date(2026, 12, 25),)

"""Who reports to whom, from teams, managers, or both."""

from __future__ import annotations

from typing import Any

from sales_operations.forecasting.calls.organisation import COMPANY, Organisation


def user(name: str, manager: str | None = None, team: str | None = None, active: bool = True) -> dict[str, Any]:
    return {"id": name, "name": name.upper(), "manager_id": manager, "team_id": team, "is_active": active}


def team(name: str, parent: str | None = None, manager: str | None = None) -> dict[str, Any]:
    return {"id": name, "name": name.upper(), "parent_id": parent, "manager_id": manager}


def drawn(organisation: Organisation) -> list[str]:
    return ["  " * depth + node.name for node, depth in organisation.walk()]


def test_reps_stand_in_their_teams_and_the_team_that_holds_all_is_the_company():
    users = [user("vp", team="all"), user("m", "vp", "north"), user("a", "m", "north"), user("b", "m", "south")]
    teams = [team("all", manager="vp"), team("north", "all", "m"), team("south", "all")]
    found = Organisation(users, teams, "")
    assert drawn(found) == ["ALL", "  VP", "  NORTH", "    A", "    M", "  SOUTH", "    B"]
    assert found.nodes[COMPANY].holder == "vp"
    assert found.key("team", "all") == COMPANY


def test_without_teams_the_reports_of_a_manager_stand_together():
    users = [user("ceo"), user("m", "ceo"), user("n", "ceo"), user("a", "m"), user("b", "m"), user("c", "n")]
    found = Organisation(users, [], "Acme")
    assert drawn(found) == [
        *["Acme", "  CEO", "  M", "  N", "  Reports of M", "    A", "    B", "  Reports of N", "    C"],
    ]
    assert found.nodes[COMPANY].holder == "ceo"
    assert found.nodes["reports", "m"].holder == "m"


def test_who_has_no_team_stands_in_the_only_one_that_the_manager_leads():
    found = Organisation([user("m"), user("a", "m")], [team("north", manager="m"), team("south")], "Acme")
    assert drawn(found) == ["Acme", "  NORTH", "    A", "    M", "  SOUTH"]


def test_several_teams_without_a_parent_have_the_nearest_manager_of_all_their_managers_above_them():
    users = [user("ceo"), user("vp", "ceo"), user("m", "vp"), user("n", "vp")]
    found = Organisation(users, [team("x", manager="m"), team("y", manager="n")], "Acme")
    assert found.nodes[COMPANY].holder == "vp"
    assert found.above(COMPANY) == {"ceo"}


def test_a_place_is_adjusted_by_all_who_stand_above_it_and_by_nobody_else():
    users = [user("vp", team="all"), user("m", "vp", "north"), user("a", "m", "north"), user("b", "m", "north")]
    users += [user("boss", "vp", "south"), user("c", "boss", "north")]
    teams = [team("all", manager="vp"), team("north", "all", "m"), team("south", "all", "boss")]
    found = Organisation(users, teams, "")
    assert found.above(("rep", "a")) == {"m", "vp"}
    assert found.above(("rep", "c")) == {"m", "vp", "boss"}  # the team's manager, and one's own
    assert found.above(("team", "north")) == {"vp"}
    assert found.above(COMPANY) == set()


def test_people_and_teams_that_stand_above_themselves_end_under_the_company():
    users = [user("a", "b"), user("b", "a"), user("c", "c"), user("d", "nobody", "gone")]
    found = Organisation(users, [team("x", "y"), team("y", "x"), team("z", "z")], "Acme")
    assert {node.name for node, _ in found.walk()} >= {"A", "B", "C", "D", "X", "Y", "Z"}
    assert found.above(("rep", "a")) == {"b"}


def test_what_is_no_more_gets_a_place_under_the_company():
    found = Organisation([user("a")], [], "Acme")
    assert found.key("team", "gone") == ("team", "gone")
    assert drawn(found) == ["Acme", "  A", "  gone"]


def test_a_place_is_about_the_deals_of_all_below_it_and_the_company_about_all_deals():
    users = [user("m", team="north"), user("a", "m", "north"), user("b", "m", "east", active=False)]
    teams = [team("north", manager="m"), team("east", "north"), team("south")]
    found = Organisation(users, teams, "Acme")
    assert found.members(("team", "north")) == ["a", "b", "m"]
    assert found.members(("rep", "a")) == ["a"]
    assert found.members(COMPANY) is None

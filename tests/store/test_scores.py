"""Kept scores, and what sources declare of their fields."""

from __future__ import annotations

from sales_operations.store import identity, privacy, scores
from sales_operations.store.load import load
from sales_operations.store.scores import Score


def kept(workspace, *made, kind="leads"):
    with workspace.unit("score") as unit:
        scores.write(unit.connection, kind, made)


def test_the_newest_score_up_to_an_instant_counts(stores):
    workspace = stores.open()
    first, second = Score("a", 10, 0.2, -1.0, {"size": -0.4}), Score("a", 20, 0.6, -1.0, {"size": 1.4})
    other = Score("b", 10, 0.5, 0.0, {})
    kept(workspace, first, other)
    kept(workspace, second)
    kept(workspace, Score("a", 15, 0.9, 0.0, {}), kind="opportunities")
    with workspace.reading() as connection:
        assert scores.latest(connection, "leads", 19) == {"a": first, "b": other}
        assert scores.latest(connection, "leads", 20) == {"a": second, "b": other}
        assert scores.latest(connection, "leads", 20, ["b", "c"]) == {"b": other}
        assert scores.latest(connection, "leads", 9) == {}


def test_scores_of_the_same_instant_are_replaced(stores):
    workspace = stores.open()
    again = Score("a", 10, 0.3, -1.0, {})
    kept(workspace, Score("a", 10, 0.2, -1.0, {}), Score("b", 10, 0.2, -1.0, {}))
    kept(workspace, again)
    with workspace.reading() as connection:
        assert scores.latest(connection, "leads", 10)["a"] == again
        assert set(scores.latest(connection, "leads", 10)) == {"a", "b"}


def test_what_a_source_declares_replaces_what_it_declared_before(stores):
    workspace = stores.open()
    with workspace.unit("import") as unit:
        scores.declare(unit.connection, "leads", "crm", {"Tags", "Quality"})
        scores.declare(unit.connection, "leads", "other", {"Note"})
        scores.declare(unit.connection, "leads", "crm", {"Tags"})
    with workspace.reading() as connection:
        assert scores.declared(connection, "leads") == {"Tags", "Note"}
        assert scores.declared(connection, "opportunities") == frozenset()


def test_the_scores_of_an_erased_person_are_shown_before_and_gone_afterwards(stores):
    workspace = stores.open()
    with workspace.unit("import") as unit:
        load(unit, "leads", "crm", {"id": ["l1", "l2"], "email": ["a@x.example", "b@x.example"]})
    with workspace.reading() as connection:
        ids = [identity.find(connection, "leads", given) for given in ("l1", "l2")]
    kept(workspace, *(Score(one, 10, 0.2, -1.0, {"size": -0.4}) for one in ids))
    with workspace.reading() as connection:
        shown = privacy.export(connection, "leads", "l1")["scores"]
    assert shown == [{"as_of": "1970-01-01T00:00:00.000010+00:00", "chance": 0.2, "contributions": {"size": -0.4}}]
    with workspace.unit("erase") as unit:
        privacy.erase(unit, "leads", "l1")
    with workspace.reading() as connection:
        assert set(scores.latest(connection, "leads", 10)) == {ids[1]}

"""Kept scores, and what sources declare of their fields."""

from __future__ import annotations

from sales_operations.store import scores
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

"""The catalogue: complete, unique, and the same as its page in the documentation."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from sales_operations import metrics
from sales_operations.metrics.catalog import METRICS, render
from sales_operations.metrics.metric import Metric

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_committed_page_is_what_the_definitions_say():
    assert PAGE.read_text() == render(), "run: python -m sales_operations.metrics.catalog > docs/metrics.md"


def test_every_definition_of_the_room_is_in_the_catalogue_under_a_name_of_its_own():
    modules = [import_module(f"{metrics.__name__}.{module.name}") for module in iter_modules(metrics.__path__)]
    assert len(modules) > 10
    for module in modules:
        for thing in vars(module).values():
            for metric in thing.values() if isinstance(thing, dict) else [thing]:
                if isinstance(metric, Metric):
                    assert METRICS[metric.name] is metric


def test_every_definition_says_what_it_means_and_in_what_unit():
    for metric in METRICS.values():
        assert metric.meaning.endswith(".")
        assert metric.unit
        assert metric.formula

"""The page on notifications: its configuration can be used, and the events that it names are those of the program."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from sales_operations.settings import validate

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "notifications.md").read_text("utf-8")


def test_the_configuration_of_the_page_can_be_used():
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert validate(yaml.safe_load(example), environ={}) == []


def test_every_event_of_the_program_stands_on_the_page():
    sources = "".join(file.read_text("utf-8") for file in (ROOT / "sales_operations" / "process").rglob("*.py"))
    events = set(re.findall(r'event="([a-z_.]+)"', sources))
    assert events
    families = set(re.findall(r"`([a-z]+\.)…`", PAGE))
    untold = {event for event in events if f"`{event}`" not in PAGE and not event.startswith(tuple(families))}
    assert untold == set()

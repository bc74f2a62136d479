"""The page on rules: its examples can be used, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from sales_operations.process.rules.actions import KINDS
from sales_operations.process.rules.files import read_texts
from sales_operations.process.rules.vocabulary import AGES, DEAL_EVENTS, DEAL_FIELDS, LEAD_FIELDS, OPERATORS, SETTABLE
from sales_operations.settings import load

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")


def test_every_example_is_a_rule_file_without_problems() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        assert read_texts((("example.yaml", example),), load({"sales_operations": {}})).problems == []


def test_the_page_names_every_word_of_the_rules() -> None:
    events = {name.split(".")[1] for name in DEAL_EVENTS}
    for word in {*KINDS, *AGES, *DEAL_FIELDS, *LEAD_FIELDS, *OPERATORS, *SETTABLE, *events}:
        assert re.search(rf"[`.{{ ]{word}\b", PAGE), word

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from sales_operations.connectors.library import load_mapping, shipped
from sales_operations.connectors.mapping import FieldRule, Layout, Mapping
from sales_operations.domain.kinds import KINDS
from sales_operations.domain.stages import STAGE_NAMES

TEXT = (Path(__file__).parents[2] / "docs" / "imports.md").read_text(encoding="utf-8")
VENDORS = ("salesforce", "hubspot", "pipedrive", "zoho", "monday")


def table(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    below = TEXT.partition(f"{heading}\n")[2]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert lines is not None
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[0].splitlines()]


@pytest.mark.parametrize(
    ("heading", "model"),
    [("### Keys of the file", Mapping), ("### Keys of a layout", Layout), ("### Keys of a field", FieldRule)],
)
def test_every_key_of_a_mapping_is_documented(heading: str, model: type[BaseModel]) -> None:
    documented = {key for row in table(heading)[2:] for key in re.findall(r"`(\w+)`", row[0])}
    assert documented == set(model.model_fields) - {"file"}


def test_the_table_of_stages_is_that_of_the_shipped_mappings() -> None:
    header, _, *rows = table("## Stages")
    assert [row[0] for row in rows] == list(STAGE_NAMES)
    for place, vendor in enumerate(VENDORS, 1):
        assert header[place] == shipped()[vendor].shown
        for row in rows:
            stages = shipped()[vendor].stages
            known = [text for text, rule in stages.items() if rule.stage == row[0] and rule.name is None]
            assert ", ".join(known) == row[place]


def test_the_table_of_kinds_is_that_of_the_shipped_mappings() -> None:
    header, _, *rows = table("## What the vendors' exports give")
    assert header[1:] == list(KINDS)
    for vendor, row in zip(VENDORS, rows, strict=True):
        assert [name for name, mark in zip(header[1:], row[1:], strict=True) if mark] == [
            name for name in KINDS if name in shipped()[vendor].kinds
        ]


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(source:.*?)```", TEXT, re.DOTALL))
def test_the_mappings_of_the_page_can_be_used(block: str, tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(block, encoding="utf-8")
    assert load_mapping(path).kinds


@pytest.mark.parametrize("name", ["maven", "bpic2012"])
def test_the_excerpts_of_shipped_mappings_are_true(name: str) -> None:
    shown = re.findall(r"```yaml\n((?:opens|log):.*?)```", TEXT, re.DOTALL)
    held = " ".join((Path(load_mapping(name).file).read_text(encoding="utf-8")).split())
    assert sum(" ".join(block.split()) in held for block in shown) == 1

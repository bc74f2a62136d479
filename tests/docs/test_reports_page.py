"""The page on reports: it names what there is, and its examples can be used."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from sales_operations.pipeline.issue import EVENT
from sales_operations.pipeline.reporting.catalogue import KINDS
from sales_operations.pipeline.reporting.formats import FORMATS
from sales_operations.pipeline.reporting.funnel import AGES
from sales_operations.render.charts import MOST
from sales_operations.settings import load

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8")


def test_the_page_names_every_report_and_format() -> None:
    named = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert named == [*KINDS, *FORMATS]


def test_its_configuration_can_be_used_and_its_commands_name_reports() -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    reporting = load(yaml.safe_load(example), environ={}).pipeline_management.reporting
    assert reporting.recipients == ("Ada Park", "head.of.sales@example.com")
    for name in re.findall(r"^sales-operations report (\w+)", PAGE, re.MULTILINE):
        assert name in (*KINDS, "list")


def test_its_numbers_are_those_of_the_program() -> None:
    assert f"within {', '.join(map(str, AGES[:-1]))} and {AGES[-1]} days" in PAGE
    assert f"more than {MOST} rows" in PAGE
    assert f"`{EVENT}`" in PAGE

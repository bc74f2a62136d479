"""The page of every key, and the table of the values in force."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sales_operations.domain.errors import SettingsError
from sales_operations.settings import NO_EFFECT_YET, describe, load
from sales_operations.settings.reference import renewed, table

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "configuration.md"
EXAMPLE = ROOT / "config" / "sales_operations_config.yaml.example"

AT_MOST = {
    "sales_enablement.training.enabled",
    "sales_enablement.training.modules",
    "sales_enablement.training.frequency",
    "sales_enablement.content.enabled",
    "sales_enablement.content.types",
    "sales_enablement.tools.enabled",
    "sales_enablement.tools.tools",
    "sales_enablement.playbooks.enabled",
    "sales_enablement.playbooks.stages",
}
"""Keys may leave this set as the rooms that obey them are built; none may enter it."""


def test_the_page_is_the_one_that_the_schema_gives() -> None:
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page, "run python -m sales_operations.settings.reference docs/configuration.md"


def test_the_page_is_renewed_in_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text("utf-8") + "old\n", "utf-8")
    subprocess.run([sys.executable, "-m", "sales_operations.settings.reference", str(page)], check=True, cwd=ROOT)
    assert page.read_text("utf-8") == PAGE.read_text("utf-8")
    with pytest.raises(ValueError, match="has no line"):
        renewed("# A page of something else\n")


def test_every_key_has_a_type_a_default_and_a_meaning() -> None:
    for row in table().splitlines()[2:]:
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 4
        assert all(cells)
        assert cells[3] != "None"


def test_the_pipeline_of_the_page_can_be_used() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert load(yaml.safe_load(example), environ={}).pipeline("partner").first.name == "Registered"


def test_keys_without_effect_are_known_keys_and_only_become_fewer() -> None:
    known = {row.key for row in describe({}, environ={})}
    assert set(NO_EFFECT_YET) <= known
    assert {key.removeprefix("sales_operations.") for key in NO_EFFECT_YET} <= AT_MOST
    assert len(NO_EFFECT_YET) == len(set(NO_EFFECT_YET))


def test_the_table_marks_exactly_the_keys_without_effect() -> None:
    marked = {row.key for row in describe({}, environ={}) if row.note == "no effect yet"}
    assert marked == set(NO_EFFECT_YET)


def test_the_table_says_for_each_value_who_said_so() -> None:
    rows = {row.key.removeprefix("sales_operations."): row for row in describe(EXAMPLE, environ={})}
    days = EXAMPLE.read_text("utf-8").splitlines().index("      valid_days: 30") + 1
    assert (rows["process_automation.quoting.valid_days"].value, rows["company.currency"].value) == (30, "USD")
    assert rows["process_automation.quoting.valid_days"].origin == f"{EXAMPLE}:{days}"
    assert rows["company.currency"].origin == "default"
    assert rows["pipelines.default"].value[0] == {
        "name": "lead",
        "stage": "lead",
        "probability": 0.1,
        "category": "pipeline",
    }


def test_the_table_of_a_mapping_says_given_and_hides_a_password() -> None:
    given = {"sales_operations": {"store": {"database": "postgresql://me:p@ss/w@host/x?password=p2&a=b"}}}
    rows = {row.key: row for row in describe(given, environ={})}
    row = rows["sales_operations.store.database"]
    assert (row.value, row.origin) == ("postgresql://me:***@host/x?password=***&a=b", "given")


def test_there_is_no_table_of_a_configuration_that_cannot_be_used() -> None:
    with pytest.raises(SettingsError, match="unknown key"):
        describe({"sales_operations": {"colour": 1}}, environ={})

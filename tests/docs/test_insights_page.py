"""The page about insights: every warning with its threshold, and the figures that the command measures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from benchmarks import insights
from sales_operations.settings.pipeline_management import Record, Thresholds, Warned

PAGE = insights.PAGE.read_text("utf-8")


def test_every_warning_stands_on_the_page_with_the_threshold_in_force() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| (?:`(\w+)`)? ?\| ([\d.]*) ?\| [^|]+ \|$", PAGE, re.MULTILINE)
    assert tuple(name for name, _, _ in rows) == get_args(Warned)
    usual = {key: float(value) for _, key, value in rows if key}
    assert usual == {name: float(value) for name, value in Thresholds().model_dump().items()}
    record = Record()
    assert f"`record.weeks`, {record.weeks})" in PAGE
    assert f"`record.horizon_days` ({record.horizon_days})" in PAGE


def test_a_page_without_the_marker_is_refused() -> None:
    with pytest.raises(ValueError, match="has no line"):
        insights.renewed("# Something else\n", [])


@pytest.mark.long
@pytest.mark.parametrize("number", [0, 1])
def test_what_is_measured_is_what_the_page_says(shared: Path, number: int) -> None:
    data = insights.SETS[number]
    assert (shared / "data" / data.files[0][1]).exists()
    assert insights.section(data, insights.measured(data)) in PAGE

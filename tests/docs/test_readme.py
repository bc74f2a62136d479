"""The library as the README shows it: its one block of Python, run as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_brief_workflow import DEMONSTRATION, SLOW, company, run, uses_demonstration

__all__ = ["company"]
README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.parametrize("company", SLOW, indirect=True)
def test_the_library_in_twelve_lines_runs_as_it_stands(company: Path) -> None:
    [block] = re.findall(r"^```python\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len([line for line in block.splitlines() if line.strip()]) <= 12
    (company / "config" / "sales_operations_config.yaml").unlink()
    (company / "library.py").write_text(block, "utf-8")
    done = run("library.py", cwd=company)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert done.stderr.replace(DEMONSTRATION, "") == ""
    assert uses_demonstration(company) or "Ada Park" in done.stdout

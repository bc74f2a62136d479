"""The tutorial, followed word by word: its files are written, its commands run in order, its output looked for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
OWN = "## 7. The same with your own export"
BLOCK = re.compile(r'^```(console|csv|yaml)(?: title="([\w.]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def squeezed(text: str) -> str:
    return " ".join(text.split())


def is_shown(line: str, output: str) -> bool:
    """Whether a line of the page stands in the output; ``…`` stands for anything, blanks count as one."""
    pattern = ".*".join(re.escape(squeezed(part)) for part in line.split("…"))
    return any(re.search(pattern, squeezed(real)) for real in output.splitlines())


def run(command: str, folder: Path) -> str:
    """What a command prints, on both streams."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SALES_OPERATIONS_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout + done.stderr


def follow(page: str, folder: Path) -> int:
    """Do all that a part of the page says; gives the number of its commands."""
    count = 0
    for kind, name, content in BLOCK.findall(page):
        if kind != "console":
            (folder / name).write_text(content, encoding="utf-8")
            continue
        output = ""
        for line in content.splitlines():
            if line.startswith("$ "):
                count += 1
                output = run(line.removeprefix("$ "), folder)
            else:
                assert is_shown(line, output), f"{line!r} is not in the output of the command above it:\n{output}"
    return count


def test_every_block_of_the_page_is_one_that_this_test_follows() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(BLOCK.findall(page)) == page.count("\n```") / 2
    assert page.count("$ sales-operations") >= 18
    assert OWN in page


def test_a_line_that_is_not_in_the_output_is_found() -> None:
    assert is_shown("  Created   …5", "x\n  Created      35\n")
    assert not is_shown("  Created   34", "  Created      35\n")
    assert not is_shown("Created 35 Updated", "Created 35\nUpdated\n")


@pytest.mark.long
def test_the_part_on_ones_own_export_works_as_it_says(tmp_path: Path) -> None:
    assert follow(PAGE.read_text(encoding="utf-8").partition(OWN)[2], tmp_path) == 4


@pytest.mark.long
def test_the_part_on_the_public_example_works_as_it_says(shared: Path, tmp_path: Path) -> None:
    for name in ("sales_teams", "accounts", "products", "sales_pipeline"):
        shutil.copyfile(shared / f"data/maven_crm/{name}.csv", tmp_path / f"{name}.csv")
    assert follow(PAGE.read_text(encoding="utf-8").partition(OWN)[0], tmp_path) == 15

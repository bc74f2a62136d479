"""What ARCHITECTURE.md promises beyond the direction of imports, which import-linter holds."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "sales_operations"
LONGEST = 400


def imported(file: Path) -> Iterator[str]:
    """The top-level packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize(
    ("room", "allowed"), [("domain", set()), ("estimation", {"numpy"}), ("metrics", {"narwhals"}), ("lazy.py", set())]
)
def test_the_pure_rooms_import_nothing_that_reads_or_writes(room: str, allowed: set[str]) -> None:
    place = PACKAGE / room
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    assert files
    impure = {"io", "os", "pathlib", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "urllib"}
    for file in files:
        outside = {name for name in imported(file) if name not in sys.stdlib_module_names or name in impure}
        assert outside - {"sales_operations"} <= allowed, file


def test_no_module_beside_the_brief_s_script_hides_one_of_the_standard_library() -> None:
    names = {place.stem for place in PACKAGE.iterdir()}
    assert not names & sys.stdlib_module_names


def test_a_file_holds_one_concept() -> None:
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in PACKAGE.rglob("*.py")}
    migrations = PACKAGE / "store" / "migrations"
    assert not {file for file, lines in lengths.items() if lines > LONGEST and migrations not in file.parents}


def test_every_path_that_the_architecture_names_is_there() -> None:
    root = PACKAGE.parent
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\| `([a-z_]+/|[a-z_]+\.py)` \|", text, re.MULTILINE)
    assert {room.rstrip("/") for room in rooms} == {
        place.name for place in PACKAGE.iterdir() if place.suffix == ".py" or (place / "__init__.py").exists()
    } - {"__init__.py", "lazy.py"}
    named = re.findall(r"`((?:tests|docs|store|process|pipeline|forecasting|connectors|domain)/[\w/.]*)`", text)
    for path in named:
        places = (root / path, PACKAGE / path, (PACKAGE / path).parent / f"{Path(path).stem}.py")
        assert any(place.exists() for place in places), path

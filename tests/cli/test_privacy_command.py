"""The commands ``privacy export`` and ``privacy erase``, run as a person would run them."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

CONTACTS = """id,first_name,last_name,email
c1,Zoë,Quillfeather,zoe@cust.example
c2,Max,Mustermann,zoe@cust.example
"""


def run(folder, *arguments, stdin=subprocess.DEVNULL):
    command = [sys.executable, "-m", "sales_operations.cli.main", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=stdin, check=False)


@pytest.fixture(scope="session")
def two_contacts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contacts")
    (folder / "contacts.csv").write_text(CONTACTS, encoding="utf-8")
    assert run(folder, "import", "contacts", "contacts.csv").returncode == 0
    return folder / "sales_operations.db"


@pytest.fixture
def command(tmp_path, two_contacts):
    """Runs the program in a folder with a store of two contacts."""
    shutil.copy(two_contacts, tmp_path)
    return partial(run, tmp_path)


def holds(folder: Path, text: str) -> bool:
    files = [file for file in folder.iterdir() if ".db" in file.name or ".duckdb" in file.name]
    return any(text.encode() in file.read_bytes() for file in files)


def test_an_export_is_one_json_document_with_all_that_is_held(command):
    done = command("privacy", "export", "contacts", "c1", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["record"]["last_name"]) == (0, "Quillfeather")
    assert {"external_ids", "activities", "referred_to_by", "named_in", "named_in_events", "changes"} <= found.keys()


def test_an_export_is_readable_without_json(command):
    assert "last_name: Quillfeather" in command("privacy", "export", "contacts", "c1").stdout


def test_an_erased_contact_is_gone_from_the_files_and_everything_verifies(command, tmp_path):
    assert holds(tmp_path, "Quillfeather")
    done = command("privacy", "erase", "contacts", "c1", "--yes", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["kind"], told["erased_before"]) == (0, "contacts", False)
    assert [one["kind"] for one in told["same_email"]] == ["contacts"]
    assert not holds(tmp_path, "Quillfeather")
    assert holds(tmp_path, "Mustermann")
    assert command("audit", "verify").returncode == 0
    again = command("privacy", "erase", "contacts", "c1", "--yes")
    assert (again.returncode, "erased before" in again.stdout) == (0, True)


def test_without_a_terminal_erasing_has_to_be_confirmed_by_an_option(command, tmp_path):
    done = command("privacy", "erase", "contacts", "c1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--yes" in done.stderr
    assert holds(tmp_path, "Quillfeather")


@pytest.mark.parametrize(("answer", "gone"), [("y\n", True), ("n\n", False)])
def test_in_a_terminal_erasing_asks_first(command, tmp_path, answer, gone):
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer.encode())
        command("privacy", "erase", "contacts", "c1", stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert holds(tmp_path, "Quillfeather") is not gone


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "contacts", "nobody"),
        ("erase", "contacts", "nobody", "--yes"),
        ("erase", "accounts", "c1", "--yes"),
        ("export", "deals", "c1"),
    ],
)
def test_what_is_no_person_here_is_a_usage_error(command, arguments):
    done = command("privacy", *arguments)
    assert (done.returncode, done.stdout) == (2, "")

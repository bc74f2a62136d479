"""The worker from the command line: what it prints, how it ends, and what it never prints."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
from contextlib import closing

import pytest

from sales_operations.demo import store as demo
from tests.cli.conftest import COMMAND, environment

SCREEN = """
sales_operations:
  notifications: {channels: {screen: {url: "console:"}}}
  pipeline_management: {reporting: {enabled: false}}
"""
SECRETS = """
sales_operations:
  notifications:
    channels:
      mail: {url: "mailtos://ada:hunter2@mail.example.com?from=a@example.com"}
      hook: {url: "https://example.com/T0KEN", secret: "s3cret"}
"""


@pytest.fixture
def told(shop):
    """A shop with a channel, in which something has happened."""
    (shop.folder / "c.yaml").write_text(SCREEN, "utf-8")
    shop.json("lead", "convert", "l1", "--config", "c.yaml")
    return shop


def test_once_delivers_what_is_due_and_says_so_in_one_document(told):
    command = [*COMMAND[:1], "-m", "sales_operations.cli.main", "worker", "--once", "--json", "--config", "c.yaml"]
    done = subprocess.run(command, cwd=told.folder, env=environment(), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert (found["delivered"], found["delayed"], found["undeliverable"], found["waiting"]) == (1, 0, 0, 0)
    assert found["failed_schedules"] == {}
    [line] = done.stderr.splitlines()  # the console channel's, and nothing of the machinery's
    assert line.startswith("[note_")
    assert "New opportunity" in line
    again = subprocess.run(command, cwd=told.folder, env=environment(), capture_output=True, text=True, check=True)
    assert (json.loads(again.stdout)["delivered"], again.stderr) == (0, "")


def test_a_worker_that_is_stopped_ends_in_order(told):
    command = [*COMMAND[:1], "-u", "-m", "sales_operations.cli.main", "worker", "--config", "c.yaml"]
    worker = subprocess.Popen(
        command, cwd=told.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert worker.stderr.readline().startswith("Working on sales_operations.db; stop with")
    assert worker.stderr.readline().startswith("[note_")
    worker.send_signal(signal.SIGTERM)
    out, errors = worker.communicate(timeout=60)
    assert (worker.returncode, errors) == (0, "")
    assert out.split()[:3] == ["Worker", "Delivered", "1"]
    left = told.run("worker", "--once", "--json", "--config", "c.yaml")
    assert (json.loads(left.stdout)["waiting"], left.stderr) == (0, "")


def test_a_run_delivers_at_its_end_where_channels_are_set_up(told):
    # Not with warnings as errors: what is loaded on the way has some of its own.
    command = [*COMMAND[:1], "-m", "sales_operations.cli.main", "run", "--lead", "l1", "--config", "c.yaml"]
    done = subprocess.run(command, cwd=told.folder, env=environment(), capture_output=True, text=True, check=True)
    assert "Notifications delivered: 1." in done.stderr.splitlines()


def test_the_configuration_is_shown_without_secrets_and_wrong_ones_are_not_repeated(shop):
    (shop.folder / "c.yaml").write_text(SECRETS, "utf-8")
    wrong = SECRETS.replace('{url: "https://example.com/T0KEN", secret: "s3cret"}', '"https://example.com/T0KEN"')
    (shop.folder / "wrong.yaml").write_text(wrong, "utf-8")
    for arguments in (("config", "show", "--config", "c.yaml"), ("config", "validate", "wrong.yaml")):
        done = shop.invoke(*arguments)
        said = done.stdout + done.stderr
        assert "notifications.channels" in said
        for secret in ("hunter2", "T0KEN", "s3cret"):
            assert secret not in said


def test_the_made_up_company_has_no_worker(shop):
    with closing(sqlite3.connect(shop.folder / "sales_operations.db")) as store, store:
        store.execute("UPDATE ledger SET label = ?", (demo.LABEL,))
    done = shop.run("worker", "--once")
    assert done.returncode == 2
    assert "error: the demonstration company sends nothing" in done.stderr

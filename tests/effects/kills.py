"""A worker that is killed again and again while it delivers: run by the tests, with real processes and a real receiver."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import orjson

COMMAND = [sys.executable, "-m", "sales_operations.cli.main", "worker"]


def config(folder: Path, url: str, **more: object) -> Path:
    """A configuration whose only channel is a web server on this machine, and without scheduled reports. JSON is YAML."""
    channels = {"hook": {"url": url, "private_network": True}}
    file = folder / "config.yaml"
    quiet = {"reporting": {"enabled": False}, "insights": {"enabled": False}}
    told = {"channels": channels, "retry_seconds": 1, **more}
    content = {"sales_operations": {"notifications": told, "pipeline_management": quiet}}
    file.write_bytes(orjson.dumps(content))
    return file


def start(folder: Path, store: str, *options: str) -> subprocess.Popen[str]:
    """A worker in a process of its own."""
    command = [*COMMAND, "--database", store, "--config", str(folder / "config.yaml"), *options]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_in_the_middle(folder: Path, store: str, got: list[object], seed: random.Random) -> None:
    """Start a worker, let it deliver a few, and kill it."""
    worker = start(folder, store)
    before, enough = len(got), seed.randrange(1, 12)
    until = time.monotonic() + 60
    while len(got) < before + enough and worker.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    time.sleep(seed.random() * 0.01)
    worker.kill()
    worker.communicate()

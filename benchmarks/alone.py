"""Runs one step in a Python process of its own, so that its peak memory is its own and nothing is warm from before."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

Step = Callable[..., dict[str, Any]]
THREADS = {"OMP_NUM_THREADS": "1"}


def alone(step: Step, *arguments: Any) -> dict[str, Any]:
    """What ``step``, a function of a module, returns in a process of its own, and its ``memory_mb`` at the highest.

    Arguments and result pass as JSON. Raises CalledProcessError where the step fails; what it printed stands above.
    """
    command = [sys.executable, "-m", "benchmarks.alone", step.__module__, step.__name__, json.dumps(arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **THREADS})
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _main(module: str, name: str, arguments: str) -> None:
    step: Step = getattr(importlib.import_module(module), name)
    found = step(*json.loads(arguments))
    unit = 1 if sys.platform == "darwin" else 1024
    found["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])

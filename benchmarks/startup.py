"""Start: how long the command takes to say what it can do, and the package to be imported."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from benchmarks.figures import Bench, Figure, Measurement

_COMMAND = "from sales_operations.cli.main import main; main()"


def measure(bench: Bench) -> list[Figure]:
    times = bench.sizes.starts
    bare = _median([sys.executable, "-c", "pass"], times)
    package = _median([sys.executable, "-c", "import sales_operations"], times)
    helped = _median([sys.executable, "-c", _COMMAND, "--help"], times)
    return [
        Figure("sales-operations --help", helped, "s", 0.3, at_most=True),
        Figure("import sales_operations, the interpreter's own start taken off", max(package - bare, 0.0) * 1000, "ms"),
        Figure("the interpreter alone", bare, "s"),
    ]


def _median(command: list[str], times: int) -> float:
    spent = []
    for _ in range(times + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        spent.append(time.perf_counter() - began)
    return median(spent[1:])


MEASUREMENT = Measurement("startup", "Whole processes, the median after one that does not count.", measure)

"""The page of figures in the documentation."""

from __future__ import annotations

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import Figure, Measurement

FILE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
_LIBRARIES = (
    "sales-operations",
    "sqlalchemy",
    "duckdb",
    "pyarrow",
    "narwhals",
    "numpy",
    "scikit-learn",
    "statsforecast",
)


def verdict(figure: Figure) -> str:
    """Whether the figure keeps its floor, in a word."""
    return {None: "", True: "kept", False: "MISSED"}[figure.kept]


def text(results: list[tuple[Measurement, list[Figure]]]) -> str:
    """The page, in Markdown."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    parts = [
        "# Benchmarks",
        "Made by `make benchmarks` (`python -m benchmarks`); do not edit by hand. Each step runs in a process of its own, "
        "its peak memory is that process's. Absolute figures are this machine's; the ratios travel.",
        f"- Date: {datetime.now(UTC):%Y-%m-%d}\n"
        f"- Machine: {_processor()}, {os.cpu_count()} processors, {memory:.0f} GB of memory, {platform.system()} "
        f"{platform.machine()}\n"
        f"- Versions: Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        + ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
    ]
    for measurement, figures in results:
        lines = ["| what | measured | floor | |", "|---|---:|---:|---|"]
        lines += [f"| {one.what} | {one.shown} | {one.shown_floor} | {verdict(one)} |" for one in figures]
        parts += [f"## {measurement.name}", measurement.about, "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"

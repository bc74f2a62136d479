"""``python -m benchmarks [NAME…] [--small]``: measure, print, and write ``docs/benchmarks.md`` when all is measured."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import columns, conversion, demonstration, forecast, importing, pipeline, report, startup, transitions
from benchmarks.figures import SMALL, Bench, Figure, Sizes

MEASUREMENTS = [
    module.MEASUREMENT
    for module in (startup, demonstration, conversion, transitions, importing, columns, pipeline, forecast)
]


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when all floors are kept, else 1; small runs judge nothing."""
    names = [one.name for one in MEASUREMENTS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure how fast the product is.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(names)} (default: all)")
    parser.add_argument("--small", action="store_true", help="few rows, to see that it works; nothing is judged")
    parser.add_argument(
        "--folder", type=Path, help="a folder for the files, kept afterwards (default: a temporary one)"
    )
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(names)):
        parser.error(f"there is no measurement {', '.join(unknown)}; use {', '.join(names)}")
    console, began = Console(), time.monotonic()
    results: dict[str, list[Figure]] = {}
    with tempfile.TemporaryDirectory(prefix="sales-operations-benchmarks-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(SMALL if given.small else Sizes(), folder)
        for one in MEASUREMENTS:
            if one.name in (given.names or names):
                results[one.name] = one.make(bench)
                console.print(_table(one.name, results[one.name], judged=not given.small))
    console.print(f"measured in {time.monotonic() - began:.0f} s")
    if given.small:
        return 0
    if not given.names:
        report.FILE.write_text(report.text([(one, results[one.name]) for one in MEASUREMENTS]), encoding="utf-8")
        console.print(f"written: {report.FILE}")
    return 0 if all(figure.kept is not False for figures in results.values() for figure in figures) else 1


def _table(name: str, figures: list[Figure], *, judged: bool) -> Table:
    table = Table(title=name, title_justify="left")
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("floor", justify="right")
    table.add_column("")
    for figure in figures:
        table.add_row(figure.what, figure.shown, figure.shown_floor, report.verdict(figure) if judged else "")
    return table


if __name__ == "__main__":
    raise SystemExit(main())

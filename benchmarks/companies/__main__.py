"""``python -m benchmarks.companies``: judge the forecasts, print, and write ``docs/companies.md`` when all is shown."""

from __future__ import annotations

import argparse
import time

from rich.console import Console
from rich.table import Table

from benchmarks.companies import page
from benchmarks.companies.judge import FULL, SHORT, Judged, judge

COMPANIES = 60
SEEDS = {"tune": 1, "show": 1001}
"""First seed of those to tune on and of those that are shown; no company is in both."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.companies", description="Judge forecasts.")
    parser.add_argument("--seeds", choices=SEEDS, default="show", help="companies to tune on, or to show (default)")
    parser.add_argument("--companies", type=int, default=COMPANIES, help=f"how many (default: {COMPANIES})")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side (default: 1)")
    given = parser.parse_args(arguments)
    if not 1 <= given.companies <= COMPANIES or given.jobs < 1:
        parser.error(f"--companies is from 1 to {COMPANIES}, --jobs from 1 on")
    first, console, began = SEEDS[given.seeds], Console(), time.monotonic()
    found: list[Judged] = []
    for place, one in enumerate(judge(range(first, first + given.companies), given.jobs), 1):
        found += one
        console.print(f"{place} of {given.companies} companies, {time.monotonic() - began:.0f} s", style="dim")
    for record in (FULL, SHORT):
        console.print(_table(record, page.rows(found, record)))
    if given.seeds == "show" and given.companies == COMPANIES:
        page.FILE.write_text(page.text(found), encoding="utf-8")
        console.print(f"written: {page.FILE}")
    return 0


def _table(record: str, body: list[tuple[str, ...]]) -> Table:
    table = Table(title=record, title_justify="left")
    for column in page.HEADER:
        table.add_column(column, justify="left" if column == page.HEADER[0] else "right")
    for row in body:
        table.add_row(*row)
    return table


if __name__ == "__main__":
    raise SystemExit(main())

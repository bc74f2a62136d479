"""``python -m benchmarks.insights``: how often the warnings were right on two real data sets, into ``docs/insights.md``."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sales_operations.connectors.importer import ImportOptions, import_file
from sales_operations.pipeline import PipelineInsights
from sales_operations.settings import load
from sales_operations.workspace import Workspace, open_workspace

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "insights.md"
DATA = ROOT.parent / "shared" / "data"
MARKER = "<!-- measured: written by python -m benchmarks.insights, do not edit below -->"


@dataclass(frozen=True)
class DataSet:
    """A data set with its files by kind, in the order of their import, and the last day that it tells of."""

    title: str
    files: Sequence[tuple[str, str]]
    mapping: str | None
    currency: str
    last_day: str
    horizons: tuple[int, ...]


SETS = (
    DataSet(
        "A computer-hardware seller, 7,635 deals, 2016-10 to 2017-09 (Maven CRM)",
        (
            ("teams", "maven_crm/sales_teams.csv"),
            ("users", "maven_crm/sales_teams.csv"),
            ("accounts", "maven_crm/accounts.csv"),
            ("products", "maven_crm/products.csv"),
            ("opportunities", "maven_crm/sales_pipeline.csv"),
        ),
        None,
        "USD",
        "2017-09-30",
        (30, 90),
    ),
    DataSet(
        "Loan applications as a pipeline, 8,175 deals, 2011-10 to 2012-01 (BPI Challenge 2012)",
        (("history", "bpic2012/events.csv.gz"),),
        "bpic2012",
        "EUR",
        "2012-01-08",
        (14, 30),
    ),
)
_HEAD = (
    "| warning | what it warns of | raised | right | 95 % interval | all open | lift | lost after |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|"
)


@contextmanager
def imported(data: DataSet) -> Iterator[Workspace]:
    """A data set in a store that is thrown away, under the default settings."""
    with tempfile.TemporaryDirectory(prefix="sales-operations-data-") as folder:
        settings = load({"sales_operations": {"company": {"currency": data.currency}}})
        workspace = open_workspace(settings, database=str(Path(folder) / "store.db"), create=True)
        for kind, name in data.files:
            import_file(workspace, kind, DATA / name, ImportOptions(mapping=data.mapping))
        yield workspace
        workspace.close()


def measured(data: DataSet) -> list[dict[str, Any]]:
    """The records on a data set, for each horizon."""
    with imported(data) as workspace:
        insights = PipelineInsights(workspace)
        return [asyncio.run(insights.measure_warnings(data.last_day, horizon_days=days)) for days in data.horizons]


def section(data: DataSet, found: list[dict[str, Any]]) -> str:
    """The part of the page about one data set."""
    lines = [f"### {data.title}", ""]
    for one in found:
        records = one["records"]
        lines += [
            f"Within {one['horizon_days']} days; {one['looks']} weekly looks, {one['from'][:10]} to {one['to'][:10]}.",
            "",
        ]
        lines += [_HEAD, *(_row(name, record) for name, record in records.items() if record["n"]), ""]
        silent = ", ".join(f"`{name}`" for name, record in records.items() if not record["n"])
        lines += [f"Without a record, because nothing of the kind is recorded or it never came up: {silent}.", ""]
    return "\n".join(lines)


def _row(name: str, record: dict[str, Any]) -> str:
    part, lead = record["precision"], record["lead_days"]
    cells = [
        f"`{name}`",
        record["event"],
        f"{record['n']:,}",
        f"{part['value']:.1%}",
        f"{part['low']:.1%} to {part['high']:.1%}",
    ]
    lost = "" if lead is None else f"{lead:.0f} days ({record['lead_n']:,})"
    cells += [f"{record['base_rate']:.1%}", "" if record["lift"] is None else f"{record['lift']:.2f}", lost]
    return f"| {' | '.join(cells)} |"


def renewed(page: str, sections: list[str], line: str = MARKER) -> str:
    """The page with what was measured made anew; what stands above the marker ``line`` stays."""
    above, marker, _ = page.partition(line)
    if not marker:
        raise ValueError(f"the page has no line {line!r}")
    return f"{above}{marker}\n\n" + "\n".join(sections)


def main() -> None:
    """Measure on both data sets and write the page."""
    page = renewed(PAGE.read_text("utf-8"), [section(data, measured(data)) for data in SETS])
    PAGE.write_text(page, "utf-8")
    print(f"written: {PAGE}")


if __name__ == "__main__":
    main()

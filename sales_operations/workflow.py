"""The whole run: leads to opportunities, the forecast of the quarter, the managed pipeline, and their three result files.

``python sales_operations/workflow.py`` runs it for one lead; ``sales-operations run`` for every open one.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from sales_operations.domain.errors import SalesOperationsError, StoreError
from sales_operations.domain.opportunity import Opportunity
from sales_operations.workspace import Workspace, open_workspace

LEAD = "lead_123"
"""The lead that the script converts; the demonstration company has it."""
PERIOD = "quarter"
METHODS = ("pipeline", "trend", "seasonal", "ml")
"""The methods whose totals the hybrid forecast shows."""


@dataclass(frozen=True)
class Outcome:
    """What a run gave: the opportunities of the leads, the forecast, the managed pipeline, what to know, the files."""

    opportunities: list[Opportunity]
    forecast: dict[str, Any]
    pipeline: dict[str, Any]
    notices: list[str]
    files: list[Path]


def run(workspace: Workspace, lead_id: str | None = None, progress: Callable[[str], None] = lambda _: None) -> Outcome:
    """Convert one lead, or every open one, forecast the quarter, manage the pipeline, and write the results.

    ``progress`` is told the name of each step as it begins.
    """
    from sales_operations.forecasting import SalesForecaster
    from sales_operations.pipeline import PipelineManager
    from sales_operations.process.conversion import Converter
    from sales_operations.store.leads import open_ids

    notices = []
    progress("Automating the sales process")
    if lead_id is not None:
        leads = [lead_id]
    else:
        with workspace.reading() as connection:
            leads = open_ids(connection)
        if not leads:
            notices.append("The store has no open leads, so none was converted.")
    opportunities = Converter(workspace).convert_many(leads) if leads else []
    progress("Forecasting sales")
    forecaster = SalesForecaster(workspace)
    forecast = asyncio.run(forecaster.forecast_sales(period=PERIOD, method="hybrid"))
    progress("Managing the pipeline")
    pipeline = asyncio.run(PipelineManager(workspace).manage_pipeline())
    folder = Path(workspace.settings.results.folder)
    results = {"opportunities": [plain(one) for one in opportunities], "forecasts": [forecast], "pipeline": pipeline}
    return Outcome(opportunities, forecast, pipeline, notices, write_results(folder, results))


def plain(opportunity: Opportunity) -> dict[str, Any]:
    """An opportunity as JSON knows it."""
    return {name: value.value if isinstance(value, Enum) else value for name, value in asdict(opportunity).items()}


def write_results(folder: Path, results: dict[str, Any]) -> list[Path]:
    """Write each result to ``<name>.json``, whole or not at all. Raises StoreError where the folder cannot be written."""
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in results.items():
            target = folder / f"{name}.json"
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=folder, prefix=f".{name}.", delete=False
            ) as draft:
                json.dump(content, draft, indent=2, ensure_ascii=False, allow_nan=False)
                draft.write("\n")
                draft.flush()
                os.fsync(draft.fileno())
            Path(draft.name).replace(target)
            files.append(target)
    except OSError as error:
        raise StoreError(f"the results cannot be written to {folder} ({error.strerror}); set results.folder") from None
    return files


Block = tuple[str, list[tuple[str, str]]]
"""A title, and names with their values."""


def summary(outcome: Outcome) -> list[Block]:
    """The printed summary, block by block."""
    currency = outcome.forecast["currency"]
    blocks = [forecast_block(outcome.forecast), pipeline_block(outcome.pipeline["tracking"], currency)]
    if outcome.opportunities:
        title, lines = opportunity_block(outcome.opportunities[0])
        if len(outcome.opportunities) > 1:
            title = f"Opportunity Summary (the first of {len(outcome.opportunities)})"
        blocks.insert(0, (title, lines))
    return blocks


def opportunity_block(opportunity: Opportunity) -> Block:
    """One deal."""
    metadata = opportunity.metadata
    unknown = metadata.get("amount_unknown")
    return "Opportunity Summary", [
        ("ID", opportunity.opportunity_id),
        ("Account", opportunity.account_name or "unknown"),
        ("Amount", "unknown" if unknown else money(opportunity.amount, metadata["currency"])),
        ("Stage", opportunity.stage.value),
        ("Probability", f"{opportunity.probability * 100:.0f}%"),
        ("Close Date", opportunity.close_date or "unknown"),
        ("Sales Rep", opportunity.sales_rep),
    ]


def forecast_block(forecast: dict[str, Any]) -> Block:
    """One forecast."""
    currency = forecast["currency"]
    refused = forecast.get("refused")
    lines = [
        ("Method", forecast["method"]),
        ("Period", f"{forecast['period']} ({forecast['period_start']} to {forecast['period_end']})"),
        ("Total", money(forecast["total"], currency)),
        ("Confidence", "not enough history" if refused else f"{forecast['confidence'] * 100:.0f}%"),
    ]
    if forecast["method"] == "hybrid":
        lines += [("ML" if name == "ml" else name.title(), money(forecast[name], currency)) for name in METHODS]
    lines.append(("Won so far", money(forecast["booked"], currency)))
    if refused:
        lines.append(("Refused", str(refused)))
    return "Forecast Summary", lines


def pipeline_block(tracking: dict[str, Any], currency: str) -> Block:
    """The totals of the pipeline, as far as the configuration asks for them."""
    figures = (
        ("Total Opportunities", "total_opportunities"),
        ("Total Pipeline", "total_pipeline_value"),
        ("Weighted Pipeline", "weighted_pipeline_value"),
        ("Open Opportunities", "open_opportunities"),
        ("Open Pipeline", "open_pipeline_value"),
        ("Open Weighted", "open_weighted_value"),
    )
    return "Pipeline Summary", [
        (title, str(tracking[key]) if key.endswith("opportunities") else money(tracking[key], currency))
        for title, key in figures
        if key in tracking
    ]


def money(amount: float, currency: str) -> str:
    """An amount as people read it: ``$1,200.00``, or ``1,200.00 EUR``."""
    sign, size = "-" if amount < 0 else "", f"{abs(amount):,.2f}"
    return f"{sign}${size}" if currency == "USD" else f"{sign}{size} {currency}"


def main() -> int:
    """The script: the whole run for one lead, printed plainly."""
    try:
        workspace = open_workspace(create=True)
        if workspace.is_demonstration:
            print(f"Demonstration data: a made-up company ({workspace.store_name})", file=sys.stderr)
        outcome = run(workspace, LEAD)
    except SalesOperationsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for title, lines in summary(outcome):
        print(f"\n{title}:")
        for name, value in lines:
            print(f"  {name}: {value}")
    currency = outcome.forecast["currency"]
    print("\n" + "=" * 60 + "\nSales Operations Summary\n" + "=" * 60)
    for deal in outcome.opportunities:
        print(f"Opportunity ID: {deal.opportunity_id}")
        print(f"Opportunity Amount: {money(deal.amount, currency)}")
    print(f"Forecast: {money(outcome.forecast['total'], currency)}")
    if "total_pipeline_value" in outcome.pipeline["tracking"]:
        print(f"Pipeline: {money(outcome.pipeline['tracking']['total_pipeline_value'], currency)}")
    for file in outcome.files:
        print(f"Written: {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The whole run: leads to opportunities, the forecast of the quarter, the managed pipeline, and their three result files.

``python sales_operations/workflow.py`` runs it for one lead; ``sales-operations run`` for every open one.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from sales_operations.domain.clock import day_of, to_micros, written_as_of
from sales_operations.domain.errors import InvalidInput, SalesOperationsError, StoreError
from sales_operations.domain.money import written
from sales_operations.domain.opportunity import Opportunity
from sales_operations.store.history import newest_change
from sales_operations.workspace import Workspace, open_workspace

LEAD = "lead_123"
"""The lead that the script converts; the demonstration company has it."""
PERIOD = "quarter"
OLD_DAYS = 90
"""Days without a change of any deal after which a run says so."""
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


def run(
    workspace: Workspace,
    lead_id: str | None = None,
    as_of: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Convert one lead, or every open one, forecast the quarter, manage the pipeline, and write the results.

    A conversion happens now: with ``as_of``, a date or an instant from which the rest is looked at, none is made.
    ``progress`` is told the name of each step as it begins. Raises InvalidInput for a lead together with an ``as_of``.
    """
    from sales_operations.forecasting import SalesForecaster
    from sales_operations.pipeline import PipelineManager
    from sales_operations.process.conversion import Converter

    if lead_id is not None and as_of is not None:
        raise InvalidInput(f"lead {lead_id} would be converted now, not as of {as_of}: give a lead or a date, not both")
    notices = _of_old_data(workspace) if as_of is None else []
    progress("Automating the sales process")
    leads = [lead_id] if lead_id is not None else _leads(workspace, as_of, notices)
    blocked: dict[str, str] | None = {} if lead_id is None else None
    opportunities = Converter(workspace).convert_many(leads, blocked=blocked) if leads else []
    if blocked:
        notices.append(f"{len(blocked)} leads were not converted. {next(iter(blocked.values()))}.")
    progress("Forecasting sales")
    forecaster = SalesForecaster(workspace)
    forecast = asyncio.run(forecaster.forecast_sales(period=PERIOD, method="hybrid", as_of=as_of))
    if reason := forecast.get("not_kept"):
        notices.append(f"The forecast was not kept: {reason}.")
    progress("Managing the pipeline")
    pipeline = asyncio.run(PipelineManager(workspace).manage_pipeline(as_of=as_of))
    folder = Path(workspace.settings.results.folder)
    results = {"opportunities": [plain(one) for one in opportunities], "forecasts": [forecast], "pipeline": pipeline}
    files = write_results(folder, results)
    if as_of is None and (sent := _delivered(workspace, progress)):
        notices.append(sent)
    return Outcome(opportunities, forecast, pipeline, notices, files)


def _delivered(workspace: Workspace, progress: Callable[[str], None]) -> str | None:
    """Work off what follows: rules, and deliveries where channels are set up; what is to say about it."""
    from sales_operations.forecasting.schedule import schedules as of_forecasts
    from sales_operations.pipeline.schedule import schedules as of_the_pipeline
    from sales_operations.process.working import drain

    progress("Working off what follows")
    done = drain(workspace, [*of_forecasts(workspace), *of_the_pipeline(workspace)])
    if done is None or not (done.delivered or done.waiting):
        return None
    later = f"; {done.waiting:,} wait for their time, or for their receiver" if done.waiting else ""
    return f"Notifications delivered: {done.delivered:,}{later}."


def _leads(workspace: Workspace, as_of: str | None, notices: list[str]) -> list[str]:
    """The leads to convert; why there are none is added to ``notices``."""
    from sales_operations.store.leads import open_ids

    if as_of is not None:
        notices.append(f"No lead was converted: a conversion happens now, and this run looks from {as_of}.")
        return []
    with workspace.reading() as connection:
        leads = open_ids(connection)
    if not leads:
        notices.append("The store has no open leads, so none was converted.")
    return leads


def _of_old_data(workspace: Workspace) -> list[str]:
    """A notice where no deal has changed for long: what is forecast from now on has little to go on."""
    now = to_micros(workspace.clock())
    with workspace.reading() as connection:
        newest = newest_change(connection, now)
    zone = workspace.settings.company.timezone
    if newest is None or (age := (day_of(now, zone) - day_of(newest, zone)).days) <= OLD_DAYS:
        return []
    day = day_of(newest, zone)
    return [
        f"The data are old: no deal has changed since {day}, {age:,} days ago. "
        f"Look from then with: sales-operations run --as-of {day}"
    ]


def plain(opportunity: Opportunity) -> dict[str, Any]:
    """An opportunity as JSON knows it."""
    return {name: value.value if isinstance(value, Enum) else value for name, value in asdict(opportunity).items()}


def write_results(folder: Path, results: dict[str, Any]) -> list[Path]:
    """Write each result to ``<name>.json``: all of them whole, or none. Raises StoreError where that cannot be."""
    texts = {
        name: json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) for name, content in results.items()
    }
    drafts = {folder / f"{name}.json": folder / f".{name}.{uuid.uuid4().hex}.draft" for name in results}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for text, draft in zip(texts.values(), drafts.values(), strict=True):
            with draft.open("w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
        for target, draft in drafts.items():
            draft.replace(target)
    except OSError as error:
        raise StoreError(f"the results cannot be written to {folder} ({error.strerror}); set results.folder") from None
    finally:
        with suppress(OSError):
            for draft in drafts.values():
                draft.unlink(missing_ok=True)
    return list(drafts)


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
        ("Amount", "unknown" if unknown else written(opportunity.amount, metadata["currency"])),
        ("Stage", opportunity.stage.value),
        ("Probability", f"{opportunity.probability * 100:.0f}%"),
        ("Close Date", opportunity.close_date or "unknown"),
        ("Sales Rep", opportunity.sales_rep),
    ]


def forecast_block(forecast: dict[str, Any]) -> Block:
    """One forecast, in short."""
    currency = forecast["currency"]
    refused = forecast.get("refused")
    lines = [
        ("Method", forecast["method"]),
        (
            "Period",
            f"{forecast['period']} {forecast['period_label']} ({forecast['period_start']} to {forecast['period_end']})",
        ),
        ("Total", written(forecast["total"], currency)),
        ("Confidence", "not enough history" if refused else f"{forecast['confidence'] * 100:.0f}%"),
    ]
    if forecast["method"] == "hybrid":
        lines += [("ML" if name == "ml" else name.title(), written(forecast[name], currency)) for name in METHODS]
    parts = {"Won so far": forecast["booked"]}
    if forecast["open"] is not None:
        parts |= {"Open deals": forecast["open"], "Not created yet": forecast["not_created_yet"]}
    lines += [(name, written(amount, currency)) for name, amount in parts.items()]
    if not refused:
        lines.append(("80 % range", " to ".join(written(bound, currency) for bound in forecast["interval_80"])))
    reasons = [f"{', '.join(names)}: {reason}" for reason, names in _dropped(forecast)]
    if refused and not reasons:
        reasons = [str(refused)]
    lines += [("Refused" if refused else "Without", reason) for reason in reasons]
    return "Forecast Summary", lines


def _dropped(forecast: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Why methods dropped out of a hybrid, each reason once with the methods that it concerns."""
    reasons: dict[str, list[str]] = {}
    for method, reason in forecast.get("dropped", {}).items():
        reasons.setdefault(reason, []).append(method)
    return list(reasons.items())


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
        (title, f"{tracking[key]:,}" if key.endswith("opportunities") else written(tracking[key], currency))
        for title, key in figures
        if key in tracking
    ]


def main() -> int:
    """The script: the whole run for one lead, printed plainly."""
    try:
        workspace = open_workspace(create=True)
        if workspace.is_demonstration:
            print(f"Demonstration data: a made-up company ({workspace.store_name}).", file=sys.stderr)
        outcome = run(workspace, LEAD)
    except SalesOperationsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for text in outcome.notices:
        print(text, file=sys.stderr)
    for title, lines in summary(outcome):
        print(f"\n{title}:")
        for name, value in lines:
            print(f"  {name}: {value}")
    currency = outcome.forecast["currency"]
    print("\n" + "=" * 60 + "\nSales Operations Summary\n" + "=" * 60)
    print(f"As of: {written_as_of(outcome.forecast['as_of'])}")
    for deal in outcome.opportunities:
        print(f"Opportunity ID: {deal.opportunity_id}")
        print(f"Opportunity Amount: {written(deal.amount, deal.metadata['currency'])}")
    print(f"Forecast: {written(outcome.forecast['total'], currency)}")
    if "total_pipeline_value" in outcome.pipeline["tracking"]:
        print(f"Pipeline: {written(outcome.pipeline['tracking']['total_pipeline_value'], currency)}")
    for file in outcome.files:
        print(f"Written: {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

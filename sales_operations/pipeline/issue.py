"""The reports as they come round: made as of the time of the schedule, written to files, and told of."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from sales_operations.domain.clock import written_as_of
from sales_operations.domain.errors import StoreError
from sales_operations.effects.notifications import notify
from sales_operations.effects.schedules import last_time
from sales_operations.pipeline.reporter import PipelineReporter
from sales_operations.pipeline.reporting.catalogue import paper_of
from sales_operations.pipeline.reporting.formats import written_as
from sales_operations.render.paper import Paper
from sales_operations.settings.schedule import cron_of
from sales_operations.workspace import Workspace

EVENT = "report.made"
FOLDER = "reports"
"""In the results folder; each time of the schedule has a folder of its own in it."""


def issue(workspace: Workspace) -> int:
    """Make the reports that are configured, as of the newest time of their schedule; gives how many.

    Their files are written first, then each recipient is told once of that time, however often this runs for it.
    Raises StoreError where the files cannot be written.
    """
    reporting, zone = workspace.settings.pipeline_management.reporting, workspace.settings.company.timezone
    time = last_time(cron_of(reporting.schedule), workspace.clock(), zone)
    as_of = time.isoformat()
    folder = Path(workspace.settings.results.folder).resolve() / FOLDER / f"{time:%Y-%m-%dT%H%MZ}"
    made = asyncio.run(PipelineReporter(workspace).generate_reports(as_of))
    papers, files = [], []
    for name in reporting.reports:
        result = made[name] | {"report": name, "generated_at": made["generated_at"]}
        papers.append(paper_of(name, result))
        files += [_write(folder / f"{name}.{form}", written_as(name, result, form)) for form in reporting.formats]
    if not papers:
        return 0
    subject = f"{len(papers)} report{'s' if len(papers) != 1 else ''} as of {written_as_of(as_of)}"
    message = "\n\n".join([*map(_summary, papers), *([f"Files: {folder}"] if files else [])])
    told: dict[str, Any] = {"reports": list(reporting.reports), "files": [str(file) for file in files], "as_of": as_of}
    with workspace.unit("scheduled reports") as unit:
        unit.hold()
        for recipient in reporting.recipients:
            notify(unit, recipient, subject, message, None, event=EVENT, values=told, once=f"{EVENT} {as_of}")
    return len(papers)


def _summary(paper: Paper) -> str:
    facts = [f"  {name}: {value}" for name, value in paper.facts if name not in ("As of", "Currency")]
    return "\n".join([f"{paper.title}: {paper.about}", *facts])


def _write(file: Path, content: bytes) -> Path:
    draft = file.with_name(f".{file.name}.draft")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(file)
    except OSError as error:
        raise StoreError(f"{file} cannot be written ({error.strerror}); set results.folder") from None
    return file

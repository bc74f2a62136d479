"""PipelineReporter: the reports that are configured, and any one by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sales_operations.pipeline.face import Face, Result, off

if TYPE_CHECKING:
    from sales_operations.pipeline.state import State


class PipelineReporter(Face):
    """Makes the reports that ``pipeline_management.reporting.reports`` lists, and every other one by its name."""

    async def generate_reports(self, as_of: str | None = None, known_at: str | None = None) -> Result:
        """Report name to report, and ``generated_at``, as of a date or an RFC 3339 instant, by default now."""
        return await self._look(as_of, known_at, reports_of)

    async def report(self, name: str, as_of: str | None = None, known_at: str | None = None) -> Result:
        """One report and its ``generated_at``, listed or not. Raises NotFound for a name that does not exist."""
        from sales_operations.pipeline.reporting.catalogue import kind_of

        kind = kind_of(name)
        return await self._look(
            as_of, known_at, lambda state: kind.make(state) | {"report": name, "generated_at": state.made_at}
        )

    async def file(
        self,
        name: str,
        form: str,
        as_of: str | None = None,
        known_at: str | None = None,
        table: str | None = None,
    ) -> bytes:
        """One report as a file: json, csv (of its first table, or the one that is named), xlsx, html or pdf.

        Raises NotFound for a report, format or table that does not exist.
        """
        from sales_operations.pipeline.reporting.formats import written_as

        return written_as(name, await self.report(name, as_of, known_at), form, table)


def reports_of(state: State) -> Result:
    """The reports of a state, or why there are none."""
    wanted = state.settings.pipeline_management.reporting
    if not wanted.enabled:
        return off("reporting") | {"generated_at": state.made_at}
    from sales_operations.pipeline.reporting.catalogue import KINDS

    made = {name: kind.make(state) for name, kind in KINDS.items() if name in wanted.reports}
    return made | {"generated_at": state.made_at}

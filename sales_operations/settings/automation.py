"""Keys of ``automation``: where the files lie that say what the program does by itself."""

from __future__ import annotations

from pydantic import Field

from sales_operations.settings.base import Section, Text


class Automation(Section):
    """Automation by rules, once they were applied."""

    rules: Text = Field(
        default="config/rules/*.yaml",
        description="The rule files that `rules validate`, `plan` and `apply` read where none is named: a path in which "
        "`*` stands for any name, relative to the current folder.",
    )

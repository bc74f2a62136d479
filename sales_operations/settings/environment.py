"""Overrides from the environment: one variable for each key, and the two short names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sales_operations.domain.errors import Problem
from sales_operations.settings.schema import ROOT
from sales_operations.settings.shape import dotted

PREFIX = "SALES_OPERATIONS__"
DATABASE = "SALES_OPERATIONS_DATABASE"
CONFIG = "SALES_OPERATIONS_CONFIG"
_DATABASE_PATH = (ROOT, "store", "database")


@dataclass(frozen=True)
class Override:
    """A value for one key, from one variable. A plain one is text as it stands; any other is read as YAML."""

    variable: str
    path: tuple[str, ...]
    text: str
    is_plain: bool = False

    @property
    def source(self) -> str:
        """How messages call the place."""
        return f"environment variable {self.variable}"


def overrides(environ: Mapping[str, str]) -> tuple[list[Override], list[Problem]]:
    """The overrides in the order in which they apply, longer paths later, and what is wrong with their names."""
    found: list[Override] = []
    problems: list[Problem] = []
    for variable, text in environ.items():
        if variable.startswith(PREFIX):
            override = Override(variable, (ROOT, *variable.removeprefix(PREFIX).lower().split("__")), text)
            if all(override.path):
                found.append(override)
            else:
                message = f"after {PREFIX} the name must be the keys below the root, with two underscores between them"
                problems.append(Problem(ROOT, message, override.source))
    found.sort(key=lambda override: (len(override.path), override.variable))
    database = environ.get(DATABASE)
    for other in found:
        if database and other.path == _DATABASE_PATH and other.text != database:
            message = f"{DATABASE} names another store; keep one of the two variables"
            problems.append(Problem(dotted(_DATABASE_PATH), message, other.source))
    return found + ([Override(DATABASE, _DATABASE_PATH, database, is_plain=True)] if database else []), problems

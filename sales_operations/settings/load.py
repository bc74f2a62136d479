"""From a file, a mapping or nothing to checked settings; every problem at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from sales_operations.domain.errors import InvalidInput, Problem, SettingsError
from sales_operations.settings.document import Document
from sales_operations.settings.environment import CONFIG
from sales_operations.settings.findings import findings
from sales_operations.settings.forecasting import WEIGHTED_METHODS
from sales_operations.settings.rules import broken_rules, given_weights
from sales_operations.settings.schema import ROOT, ConfigurationFile, Settings

DEFAULT_FILE = Path("config/sales_operations_config.yaml")
"""Where the configuration is looked for, relative to the current folder, when none is named."""
MOST_PROBLEMS = 100

Source = str | os.PathLike[str] | Mapping[str, Any] | None


@dataclass(frozen=True)
class Reading:
    """One look at a configuration. ``settings`` is None where there are problems."""

    document: Document
    settings: Settings | None
    problems: list[Problem]


def read(source: Source = None, environ: Mapping[str, str] | None = None) -> Reading:
    """Read and check a configuration without raising for what is wrong in it.

    ``source`` is a path, the mapping that YAML gives for a file (with its root key), or None: the file that
    ``SALES_OPERATIONS_CONFIG`` names, else the default file where it exists, else nothing but defaults. Variables of
    ``environ`` (the process's own by default) go over what the source says.
    Raises InvalidInput where the source is of another type.
    """
    environ = os.environ if environ is None else environ
    if source is None:
        source = environ.get(CONFIG) or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    if not isinstance(source, str | os.PathLike | Mapping | None):
        raise InvalidInput(f"a configuration is a path, a mapping, settings or None, not {type(source).__name__}")
    document = Document(source, environ)
    problems = [*document.problems, *islice(broken_rules(document), MOST_PROBLEMS + 1)]
    settings = None
    try:
        settings = ConfigurationFile.model_validate(document.values).sales_operations
    except ValidationError as error:
        problems.extend(findings(error, document, MOST_PROBLEMS + 1))
    if settings is None or problems:
        return Reading(document, None, _in_order(problems))
    return Reading(document, _with_weights(settings, given_weights(document)), [])


def load(config: Source | Settings = None, *, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a configuration, checked and completed with defaults. Settings are handed back as they are.

    ``config`` and ``environ`` as in ``read``. Raises SettingsError with every problem that was found.
    """
    if isinstance(config, Settings):
        return config
    reading = read(config, environ)
    if reading.settings is None:
        raise SettingsError(reading.problems)
    return reading.settings


def validate(config: Source = None, *, environ: Mapping[str, str] | None = None) -> list[Problem]:
    """Every problem of a configuration, in the order of its lines; none when it can be used."""
    return read(config, environ).problems


def _in_order(problems: list[Problem]) -> list[Problem]:
    ordered = sorted(problems, key=lambda problem: (problem.line is None, problem.line or 0))
    if len(ordered) > MOST_PROBLEMS:
        more = Problem(ROOT, f"there are more problems than these {MOST_PROBLEMS}; mend them first", ordered[0].file)
        return [*ordered[:MOST_PROBLEMS], more]
    return ordered


def _with_weights(settings: Settings, weights: dict[str, Any] | Literal["auto"]) -> Settings:
    if weights == "auto":
        return settings
    resolved = {method: float(weights[method]) for method in WEIGHTED_METHODS if method in weights}
    hybrid = settings.forecasting.hybrid.model_copy(update={"weights": resolved})
    forecasting = settings.forecasting.model_copy(update={"hybrid": hybrid})
    return settings.model_copy(update={"forecasting": forecasting})

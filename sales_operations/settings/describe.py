"""The configuration in force, key by key: its value, who said so, and whether anything obeys it yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import reduce
from typing import Any

from sales_operations.domain.criteria import NOTHING
from sales_operations.domain.errors import SettingsError
from sales_operations.domain.stages import Pipeline
from sales_operations.settings.findings import without_password
from sales_operations.settings.load import Source, read
from sales_operations.settings.pending import note
from sales_operations.settings.rules import HYBRID_WEIGHTS, first_weight
from sales_operations.settings.schema import ROOT
from sales_operations.settings.shape import dotted, leaves


@dataclass(frozen=True)
class Row:
    """One key. ``value`` is made of what JSON knows, a password hidden.

    ``origin`` is ``file:line``, ``environment variable NAME``, ``given`` in a mapping, or ``default``. ``note`` is
    ``no effect yet`` or empty.
    """

    key: str
    value: Any
    origin: str
    note: str


def describe(config: Source = None, *, environ: Mapping[str, str] | None = None) -> list[Row]:
    """A row for every key, in the order of the schema. Raises SettingsError where the configuration cannot be used."""
    reading = read(config, environ)
    if reading.settings is None:
        raise SettingsError(reading.problems)
    values = {ROOT: reading.settings.model_dump(mode="json")}
    rows: list[Row] = []
    for path, _ in leaves():
        value: Any = reduce(lambda above, key: above[key], path, values)
        origin = reading.document.origin(first_weight(reading.document) if path == HYBRID_WEIGHTS else path)
        if path == (ROOT, "pipelines"):
            for name in value:
                own = (*path, name)
                rows.append(
                    Row(dotted(own), _stages(reading.settings.pipeline(name)), reading.document.origin(own), "")
                )
        else:
            shown = without_password(value) if isinstance(value, str) else value
            rows.append(Row(dotted(path), shown, origin, note(dotted(path))))
    return rows


def _stages(pipeline: Pipeline) -> list[dict[str, Any]]:
    return [
        {
            "name": stage.name,
            "stage": stage.canonical.value,
            "probability": stage.probability,
            "category": stage.category,
            **({} if stage.moves is None else {"moves": list(stage.moves)}),
            **({} if stage.exit == NOTHING else {"exit": _said(asdict(stage.exit))}),
        }
        for stage in pipeline.stages
    ]


def _said(held: Any) -> Any:
    """Without what asks for nothing, in the types that JSON knows."""
    if isinstance(held, dict):
        return {name: _said(value) for name, value in held.items() if value not in (None, (), 0)}
    return [_said(one) for one in held] if isinstance(held, tuple) else held

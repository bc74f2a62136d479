"""Rules between the keys of gates: what a stage asks for has to exist, and has to be possible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sales_operations.domain.criteria import FIELDS, OWN_FIELD
from sales_operations.domain.errors import Problem
from sales_operations.domain.stages import STAGE_NAMES
from sales_operations.settings.document import Document
from sales_operations.settings.shape import Path

_BOUNDS = ("above", "at_least", "below", "at_most", "one_of")


def broken_gates(document: Document, path: Path, stages: list[dict[Any, Any]]) -> Iterator[Problem]:
    """Moves to stages that the pipeline lacks, criteria on unknown fields, bounds that say nothing, and exits of the end."""
    known = {stage["name"].casefold() for stage in stages if isinstance(stage.get("name"), str)}
    for place, stage in enumerate(stages):
        for position, name in _texts(stage.get("moves")):
            if name.casefold() not in known:
                message = f"the pipeline has no stage {name[:60]!r}; name one of its stages"
                yield document.problem((*path, place, "moves", position), message)
        wanted = stage.get("exit")
        if not isinstance(wanted, dict):
            continue
        here = (*path, place, "exit")
        if wanted and stage.get("stage") in STAGE_NAMES[-2:]:
            yield document.problem(here, "nothing comes after a closed stage; put the criteria on an open one")
        for position, name in _texts(wanted.get("fields")):
            yield from _field(document, (*here, "fields", position), name)
        conditions = wanted.get("conditions")
        for position, condition in enumerate(conditions if isinstance(conditions, list | tuple) else []):
            if isinstance(condition, dict):
                if isinstance(condition.get("field"), str):
                    yield from _field(document, (*here, "conditions", position, "field"), condition["field"])
                if not any(condition.get(bound) is not None for bound in _BOUNDS):
                    message = f"bounds nothing; add one of {', '.join(_BOUNDS)}"
                    yield document.problem((*here, "conditions", position), message)


def _texts(value: Any) -> Iterator[tuple[int, str]]:
    for position, text in enumerate(value if isinstance(value, list | tuple) else []):
        if isinstance(text, str):
            yield position, text


def _field(document: Document, path: Path, name: str) -> Iterator[Problem]:
    if name not in FIELDS and not (name.startswith(OWN_FIELD) and name != OWN_FIELD):
        message = (
            f"a deal has no field {name[:60]!r}; use one of {', '.join(FIELDS)}, or {OWN_FIELD}X for one of your own"
        )
        yield document.problem(path, message)

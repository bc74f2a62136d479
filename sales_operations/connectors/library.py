"""The mappings that there are: the shipped ones, those of a file, and the one of our own field names."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sales_operations.connectors.mapping import SHIPPED, FieldChanges, FieldRule, Layout, Mapping, StageRule
from sales_operations.connectors.mapping_rules import broken_rules
from sales_operations.domain.errors import Problem, SettingsError
from sales_operations.domain.kinds import KINDS
from sales_operations.domain.stages import STAGE_NAMES
from sales_operations.settings.yaml_text import UNREADABLE, YamlText

MAX_BYTES = 1_000_000
OWN = "sales_operations"
"""The name of the mapping of our own field names."""


def load_mapping(name: str | os.PathLike[str]) -> Mapping:
    """The mapping of a YAML file, or the shipped one of that name (``salesforce``, ``maven``, …).

    Raises SettingsError with every problem found, each with its line.
    """
    path = Path(name)
    if not path.suffix and not path.exists():
        path = SHIPPED / f"{path.name}.yaml"
        if not path.exists():
            known = ", ".join(shipped())
            raise SettingsError(
                [Problem("mapping", f"there is no mapping {str(name)!r}; give a file or one of {known}")]
            )
    return _load(path)


@lru_cache(maxsize=1)
def shipped() -> dict[str, Mapping]:
    """The shipped mappings by their names, our own field names first."""
    return {OWN: own(), **{path.stem: _load(path) for path in sorted(SHIPPED.glob("*.yaml"))}}


def own() -> Mapping:
    """The mapping of files whose columns carry the names of our own fields, with the canonical stages."""
    layouts = {
        kind.name: (Layout(name="own", fields={field.name: FieldRule(columns=(field.name,)) for field in kind.fields}),)
        for kind in KINDS.values()
    }
    changes = FieldChanges(
        field=("field",),
        new=("new_value",),
        old=("old_value",),
        names={name: name for name in layouts["history"][0].fields if name not in ("opportunity", "changed_at")},
    )
    by_field = Layout(
        name="field by field",
        fields={name: FieldRule(columns=(name,)) for name in ("opportunity", "changed_at", "currency")},
        changes=changes,
    )
    stages = {stage: StageRule.model_validate(stage) for stage in STAGE_NAMES}
    kinds = {**layouts, "history": (*layouts["history"], by_field)}
    return Mapping(source=OWN, title="sales-operations", stages=stages, kinds=kinds)


def _load(path: Path) -> Mapping:
    text, problems = _read(path)
    raw = text.value if text else UNREADABLE
    if text is None or raw is UNREADABLE:
        raise SettingsError(problems)
    if isinstance(raw, dict) and "file" in raw:
        problems.append(_problem(path, text, ("file",), "is no key of a mapping"))
    try:
        mapping = Mapping.model_validate({**raw, "file": str(path)} if isinstance(raw, dict) else raw)
    except ValidationError as error:
        found = [(part["loc"], _said(part)) for part in error.errors(include_url=False)]
        problems += [_problem(path, text, where, message) for where, message in found]
        raise SettingsError(problems) from None
    problems += [_problem(path, text, where, message) for where, message in broken_rules(mapping)]
    base = None
    if mapping.extends is not None:
        base = shipped().get(mapping.extends) if mapping.extends in _names() else None
        if base is None:
            known = ", ".join(_names())
            problems.append(
                _problem(path, text, ("extends",), f"there is no mapping {mapping.extends!r}; known: {known}")
            )
    if problems:
        raise SettingsError(problems)
    return _over(base, mapping) if base else mapping


def _names() -> list[str]:
    return [OWN, *(path.stem for path in sorted(SHIPPED.glob("*.yaml")))]


def _over(base: Mapping, mapping: Mapping) -> Mapping:
    """The mapping with what it leaves out taken from the one that it extends."""
    said = {name: getattr(mapping, name) for name in mapping.model_fields_set}
    merged: dict[str, Any] = {
        "stages": {**base.stages, **mapping.stages},
        "kinds": {**base.kinds, **mapping.kinds},
    }
    return base.model_copy(update={**said, **merged})


def _read(path: Path) -> tuple[YamlText | None, list[Problem]]:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            return None, [Problem("mapping", f"is larger than {MAX_BYTES} bytes; name a mapping file", str(path))]
        text = YamlText(content.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        return None, [Problem("mapping", "is not UTF-8 text; save it as UTF-8", str(path))]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return None, [Problem("mapping", f"cannot be read ({reason}); name a mapping file", str(path))]
    return text, text.problems


def _problem(path: Path, text: YamlText, where: tuple[int | str, ...], message: str) -> Problem:
    found: tuple[int | str, ...] = ()
    line = text.line(())
    for part in where:
        # Short forms stand for longer ones, so that not every step of the schema is one of the file.
        if (deeper := text.line((*found, part))) is not None:
            found, line = (*found, part), deeper
    shown = ".".join(str(part) for part in where if not isinstance(part, int)) or "mapping"
    return Problem(shown, message, str(path), line or 1)


def _said(part: Any) -> str:
    if part["type"] == "extra_forbidden":
        return "is no key of a mapping here; see the reference in docs/imports.md"
    if part["type"] == "missing":
        return "is missing"
    found = repr(part["input"])
    return f"{part['msg'][0].lower()}{part['msg'][1:]}; found {found[:60]}"

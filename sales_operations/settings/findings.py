"""What the schema found wrong, said in words: what was expected, what stands there, what may have been meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from sales_operations.domain.errors import Problem
from sales_operations.settings.document import Document
from sales_operations.settings.forecasting import BRANCHES
from sales_operations.settings.shape import Path, Shape, dotted, leaves, shape_at
from sales_operations.settings.yaml_text import UNREADABLE

_PASSWORD = re.compile(r"(://[^:/@\s]*:).*@|(password=)[^&\s]*", re.IGNORECASE)


def without_password(text: str) -> str:
    """A text in which the password of a database URL, if there is one, is hidden."""
    return _PASSWORD.sub(lambda found: f"{found[1]}***@" if found[1] else f"{found[2]}***", text)


def findings(error: ValidationError, document: Document, most: int) -> Iterator[Problem]:
    """The first ``most`` findings of the schema, as problems with their place."""
    for entry in error.errors(include_url=False)[:most]:
        # Names in angle brackets are branches of the schema, not keys of the file; a huge number could not be printed.
        parts = [part if isinstance(part, str) or part.bit_length() <= 64 else "?" for part in entry["loc"]]
        path: Path = tuple(part for part in parts if part not in BRANCHES)
        # A list of wrong entries only counts as too short; the entries tell of it already.
        if entry["input"] is UNREADABLE or (entry["type"] == "too_short" and entry["input"]):
            continue
        if path[-1:] == ("[key]",) and entry["type"] == "value_error":
            path, message = path[:-1], str(entry["ctx"]["error"])
        elif path[-1:] == ("[key]",) or entry["type"] in ("extra_forbidden", "invalid_key"):
            path = path[:-1] if path[-1] == "[key]" else path
            message = _unknown_key(path)
        elif entry["type"] == "missing":
            message = f"is missing; give {_at(path).expected}"
        elif entry["type"] == "value_error":
            message = str(entry["ctx"]["error"])
        else:
            shape, found = _at(path), entry["input"]
            message = f"expected {shape.expected}; found {shown(found)}{_advice(shape, found)}"
        yield document.problem(path, without_password(message))


def _at(path: Path) -> Shape:
    shape = shape_at(path)
    assert shape is not None, path
    return shape


def _unknown_key(path: Path) -> str:
    key, known = path[-1], _at(path[:-1]).keys
    if not isinstance(key, str):
        return f"the key {key} is not text; put it in quotes"
    near = get_close_matches(key[:60], known, n=1)
    if near:
        return f"unknown key; did you mean {near[0]}?"
    above = {leaf[: leaf.index(key)] for leaf, _ in leaves() if key in leaf}
    moved = f"; it belongs below {dotted(above.pop())}" if len(above) == 1 else ""
    return f"unknown key{moved}; known here: {', '.join(known)}"


def _advice(shape: Shape, found: Any) -> str:
    if isinstance(found, str):
        near = get_close_matches(found[:60].casefold(), shape.words, n=1)
        return f"; did you mean {near[0]}?" if near else ""
    wants_text = shape.words or str in [option.annotation for option in shape.options]
    return "; put it in quotes" if wants_text and not isinstance(found, dict | list | type(None)) else ""


def shown(value: Any) -> str:
    """A value in words, whatever it is, in little space."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number of more than 19 digits"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return f"the text {value[:60]!r}"
    if isinstance(value, date):
        return f"the date {value}"
    kinds = {dict: "keys and values", list: "a list" if value else "an empty list", type(None): "nothing"}
    return kinds.get(type(value), f"a value of the type {type(value).__name__}")

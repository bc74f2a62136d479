"""Documents as PDF: Typst templates of this package, or files of the same name in a folder of the user's.

A template gets its values as one JSON document, ``json(bytes(sys.inputs.data))``. Values are shown, never read as markup, so
a name may hold any character. Amounts arrive as finished texts: a template computes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from sales_operations.domain.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    import typst

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_OWN = files("sales_operations.render") / "templates"


def pdf(template: str, data: Mapping[str, Any], folder: Path | None = None) -> bytes:
    """The PDF that a template, such as ``quote`` or ``contract``, makes of data that can be written as JSON.

    ``folder``: a file ``<template>.typ`` in it takes the place of this package's; it may read files beside it, such as a
    logo or fonts, and nothing outside. Same template, data and fonts give the same bytes. Raises NotFound for an unknown
    template, InvalidInput (with file and line) for one that does not compile or does not fit the data.
    """
    import typst

    file = source_file(template, ".typ", folder)
    try:
        held = orjson.dumps(data).decode()
    except TypeError as error:
        raise InvalidInput(f"document template {template!r}: the data cannot be written as JSON: {error}") from None
    fonts = _fonts(str(folder) if folder and folder.is_dir() else None)
    with as_file(file) as path:
        if "@preview" in path.read_text("utf-8"):
            raise InvalidInput(f"{path}: packages are not fetched; put the file beside the template and import it")
        try:
            made = typst.compile(
                str(path), root=str(path.parent), font_paths=fonts, sys_inputs={"data": held}, timestamp=0
            )
        except typst.TypstError as error:
            raise InvalidInput(_explained(path, error)) from None
    return bytes(made)


def source_file(template: str, ending: str, folder: Path | None) -> Any:
    """Where a template's file lies: in the user's folder, or else in this package. Raises NotFound, InvalidInput."""
    if not _NAME.fullmatch(template):
        raise InvalidInput(f"template {template!r}: a name has small letters, digits, '_' and '-' only")
    if folder is not None:
        own = folder / f"{template}{ending}"
        if own.is_file():
            return own
    found = _OWN / f"{template}{ending}"
    if not found.is_file():
        raise NotFound(f"there is no template {template!r}: {_places(template + ending, folder)}")
    return found


def names(ending: str, folder: Path | None) -> list[str]:
    """The names of all templates with this ending, the user's and this package's."""
    found = {file.name for file in _OWN.iterdir()}
    if folder is not None and folder.is_dir():
        found |= {file.name for file in folder.iterdir()}
    return sorted(name.removesuffix(ending) for name in found if name.endswith(ending))


def _places(file: str, folder: Path | None) -> str:
    known = ", ".join(names(file[file.index(".") :], folder)) or "none"
    place = f"put {file} into {folder}" if folder else "name a folder of templates that holds it"
    return f"{place}, or use one of: {known}"


@lru_cache(maxsize=8)
def _fonts(folder: str | None) -> typst.Fonts:
    # The fonts within Typst come first; the system's serve scripts that these lack.
    import typst

    return typst.Fonts(font_paths=[folder] if folder else [])


def _explained(path: Path, error: typst.TypstError) -> str:
    place = re.search(r"\.typ:(\d+):\d+", error.diagnostic)
    hints = "".join(f" ({hint})" for hint in error.hints)
    return f"{path}{f':{place.group(1)}' if place else ''}: {error.message}{hints}"

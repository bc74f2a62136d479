"""The text of a contract: a template names its clauses, the clause library holds them, the sandbox renders both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.render.documents import names, source_file
from sales_operations.render.text import rendered
from sales_operations.settings.base import Section, Several, Text
from sales_operations.settings.yaml_text import YamlText

ENDING = ".contract.yaml"
LIBRARY = "clauses"
T = TypeVar("T", bound=BaseModel)


class ObligationTemplate(Section):
    """What a clause obliges somebody to: so many days from the contract's first or last day."""

    title: Text
    party: Literal["seller", "customer", "both"]
    due: Literal["first_day", "last_day"]
    days: str = "0"


class Clause(Section):
    """One entry of the clause library."""

    title: Text
    text: str
    obligations: Several[ObligationTemplate] = ()


class Template(Section):
    """A kind of contract: how it begins, and its clauses in order."""

    opening: str
    clauses: Several[Text]


@dataclass(frozen=True)
class Drafted:
    """A contract's text, and the obligations that it brings: title, party, due, days."""

    terms: str
    duties: list[dict[str, Any]]


def draft(template: str, values: Mapping[str, Any], folder: Path | None = None) -> Drafted:
    """The text that a template gives for values. ``folder`` holds the user's templates and clauses, which go first.

    Raises NotFound for a template or clause that does not exist, InvalidInput (naming file and place) for one that is
    wrong, reaches for attributes or asks for values that are not there.
    """
    file = source_file(template, ENDING, folder)
    found = _read(file, Template)
    library = _library(folder)
    parts = [_line(found.opening, values, f"{file.name} opening")]
    duties: list[dict[str, Any]] = []
    for name in found.clauses:
        if name not in library:
            raise NotFound(f"{file.name}: there is no clause {name!r} in {LIBRARY}.yaml; it has {', '.join(library)}")
        clause, place = library[name]
        text = _line(clause.text, values, f"{place} clause {name}")
        if not text:
            continue
        parts.append(f"{len(parts)}. {_line(clause.title, values, f'{place} clause {name} title')}: {text}")
        duties += _duties(clause, values, f"{place} clause {name} obligation")
    return Drafted("\n".join(parts), duties)


def exists(template: str, folder: Path | None) -> bool:
    """Whether contracts can be made from a template of that name."""
    try:
        source_file(template, ENDING, folder)
    except (NotFound, InvalidInput):
        return False
    return True


def known(folder: Path | None) -> list[str]:
    """The names of the templates that contracts can be made from."""
    return names(ENDING, folder)


def _duties(clause: Clause, values: Mapping[str, Any], place: str) -> Iterator[dict[str, Any]]:
    for one in clause.obligations:
        days = _line(one.days, values, place)
        try:
            count = int(days)
        except ValueError:
            raise InvalidInput(f"{place}: days are {days!r}; they have to be a whole number") from None
        yield {"title": _line(one.title, values, place), "party": one.party, "due": one.due, "days": count}


def _line(template: str, values: Mapping[str, Any], place: str) -> str:
    return " ".join(rendered(template, values, place).split())


def _library(folder: Path | None) -> dict[str, tuple[Clause, str]]:
    library: dict[str, tuple[Clause, str]] = {}
    for place in dict.fromkeys((source_file(LIBRARY, ".yaml", None), source_file(LIBRARY, ".yaml", folder))):
        library |= {name: (clause, place.name) for name, clause in _read(place, dict[str, Clause]).items()}
    return library


def _read(file: Any, kind: Any) -> Any:
    if isinstance(file, Path):
        stat = file.stat()
        return _parsed(file, kind, stat.st_mtime_ns, stat.st_size)
    return _parsed(file, kind, 0, 0)


@lru_cache(maxsize=64)
def _parsed(file: Any, kind: Any, _changed: int, _size: int) -> Any:
    try:
        text = YamlText(file.read_text("utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}") from None
    if text.problems:
        raise InvalidInput("\n".join(map(str, text.problems)))
    try:
        return TypeAdapter(kind).validate_python(text.value)
    except ValidationError as error:
        first = error.errors()[0]
        line = next((found for end in range(len(first["loc"]), -1, -1) if (found := text.line(first["loc"][:end]))), 1)
        key = ".".join(map(str, first["loc"]))
        raise InvalidInput(f"{file}:{line}: {key}: {first['msg']}") from None

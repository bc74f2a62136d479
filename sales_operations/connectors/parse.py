"""Texts to typed values, a column at a time. Each different text is parsed once; errors are named by their row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

_REMEMBERED = 200_000
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "on", "x"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "off"), False),
}
_SALESFORCE_ID = re.compile("0[0-9A-Za-z]{14}")
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
LONGEST_ID = 255

IdForm = Literal["text", "salesforce", "zoho"]
Errors = dict[int, str]
"""Row of a batch, from 0, to the reason why its value cannot be used."""
Converter = Callable[[Sequence[str]], tuple[list[Any], Errors]]
"""Takes the cells of a column; gives their values, None for missing and unusable ones, and the errors."""


class Parsed:
    """A converter that asks ``parse`` once for each different text.

    ``parse`` takes a text that is not blank and raises ValueError with the reason if it cannot be used. The texts of
    ``missing`` stand for no value.
    """

    def __init__(self, parse: Callable[[str], Any], missing: Iterable[str] = ()) -> None:
        self._parse = parse
        self._missing = dict.fromkeys(("", *missing))
        self._known: dict[str, Any] = dict(self._missing)
        self._bad: dict[str, str] = {}

    def __call__(self, cells: Sequence[str]) -> tuple[list[Any], Errors]:
        """The values of the cells, and the errors."""
        known, bad = self._known, self._bad
        if len(known) > _REMEMBERED:
            known.clear()
            bad.clear()
            known.update(self._missing)
        for text in set(cells).difference(known):
            known[text] = self._one(text)
        values = list(map(known.__getitem__, cells))
        return values, {row: bad[text] for row, text in enumerate(cells) if text in bad} if bad else {}

    def _one(self, text: str) -> Any:
        stripped = text.strip()
        if stripped in self._missing:
            return None
        try:
            return self._parse(stripped)
        except ValueError as error:
            self._bad[text] = str(error)
            return None


def renamed(parse: Callable[[str], Any], names: dict[str, str]) -> Callable[[str], Any]:
    """The parser behind a table of values: a text that stands in it, in whatever case, is replaced first."""
    if not names:
        return parse
    folded = {old.strip().casefold(): new for old, new in names.items()}

    def with_names(text: str) -> Any:
        replaced = names.get(text, folded.get(text.casefold(), text))
        return parse(replaced) if replaced else None

    return with_names


def texts(missing: Iterable[str] = ()) -> Converter:
    """Text as it stands, without blanks around it; blank means missing."""
    absent = frozenset(missing)

    def convert(cells: Sequence[str]) -> tuple[list[Any], Errors]:
        values = [cell.strip() or None for cell in cells]
        if absent:
            values = [None if value in absent else value for value in values]
        return values, {}

    return convert


def ids(form: IdForm = "text", missing: Iterable[str] = ()) -> Converter:
    """Identifiers of the records themselves: as ``identifier`` has it, and none may be missing."""
    clean = texts(missing)

    def convert(cells: Sequence[str]) -> tuple[list[Any], Errors]:
        values, _ = clean(cells)
        errors: Errors = {}
        present = values
        if None in values:
            errors = {row: "is missing" for row, value in enumerate(values) if value is None}
            present = [value for value in values if value is not None]
        lengths = set(map(len, present))
        as_they_are = form == "text" or (form == "salesforce" and 15 not in lengths)
        if not as_they_are or max(lengths, default=0) > LONGEST_ID or not all(map(str.isprintable, present)):
            for row, value in enumerate(values):
                if value is not None:
                    try:
                        values[row] = identifier(value, form)
                    except ValueError as error:
                        values[row], errors[row] = None, str(error)
        return values, errors

    return convert


def identifier(text: str, form: IdForm = "text") -> str:
    """An identifier of at most 255 characters, none of them a control character. Raises ValueError.

    ``salesforce``: one of 15 characters gets the three that make it safe where case is ignored, so that those of a
    report and those of the API are the same. ``zoho``: the ``zcrm_`` that exports put before one is left out.
    """
    if len(text) > LONGEST_ID or _CONTROL.search(text):
        raise ValueError(f"is longer than {LONGEST_ID} characters or holds a control character")
    if form == "salesforce" and len(text) == 15:
        return full_salesforce_id(text)
    return text.removeprefix("zcrm_") if form == "zoho" else text


def full_salesforce_id(text: str) -> str:
    """The identifier of 18 characters for one of 15: each suffix character holds the upper-case bits of five others.

    Source: Salesforce, "Convert 15 Character Salesforce IDs to 18 Character Salesforce IDs". Other texts stay.
    """
    if not _SALESFORCE_ID.fullmatch(text):
        return text
    suffix = ""
    for part in (text[:5], text[5:10], text[10:]):
        suffix += _SUFFIX[sum(1 << place for place, letter in enumerate(part) if "A" <= letter <= "Z")]
    return text + suffix


def boolean(text: str) -> bool:
    """Yes or no in the ways that exports write it. Raises ValueError."""
    value = _BOOLEANS.get(text.casefold())
    if value is None:
        raise ValueError("is neither true nor false; use true/false, yes/no or 1/0")
    return value


def email(text: str) -> str:
    """An e-mail address in lower case."""
    return text.lower()


def plain(text: str) -> str:
    """The text itself."""
    return text

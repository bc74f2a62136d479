"""When something recurs: a name, or a cron expression of five fields."""

from __future__ import annotations

import re

CRONS = {"hourly": "0 * * * *", "daily": "0 6 * * *", "weekly": "0 6 * * 1", "monthly": "0 6 1 * *"}
"""Name to its cron expression, in the company's time zone: at the full hour, at six, on Monday, on the first."""
NAMED_SCHEDULES = tuple(CRONS)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_PART = re.compile(r"(?:\*|(?P<first>\w{1,3})(?:-(?P<last>\w{1,3}))?)(?:/(?P<step>[0-9]{1,2}))?", re.ASCII)


def check_schedule(text: str) -> str:
    """The schedule itself, if it is one. Raises ValueError that names the field of the cron expression at fault."""
    if text in NAMED_SCHEDULES:
        return text
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(
            f"{text[:60]!r} is neither one of {', '.join(NAMED_SCHEDULES)} nor a cron expression of 5 fields "
            "(minute, hour, day of the month, month, day of the week) such as '0 7 * * 1'"
        )
    for field, (label, low, high, names) in zip(fields, _FIELDS, strict=True):
        if not all(_is_part(part, low, high, names) for part in field.casefold().split(",")):
            raise ValueError(
                f"the {label} {field[:60]!r} of the cron expression is not made of values from {low} to {high}"
            )
    return text


def _is_part(text: str, low: int, high: int, names: dict[str, int]) -> bool:
    found = _PART.fullmatch(text)
    if found is None:
        return False
    first, last, step = found["first"], found["last"], found["step"]
    if step is not None and (int(step) == 0 or (first is not None and last is None)):
        return False
    bounds = [names.get(word, int(word) if word.isdigit() else -1) for word in (first, last) if word is not None]
    return bounds == sorted(bounds) and all(low <= bound <= high for bound in bounds)


def cron_of(text: str) -> str:
    """The cron expression of a schedule."""
    return CRONS.get(text, text)

"""Single records on their way to columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sales_operations.estimation.shrinkage import Floats
from sales_operations.forecasting.scoring.records import Records


@dataclass(frozen=True, slots=True)
class Row:
    """One record. Instants are microseconds, None where unknown.

    ``told``: fields whose filling is dated by the history, to whether that was with the outcome or later.
    """

    record_id: str
    outcome: float | None
    opened: int | None
    decided: int | None
    fields: Mapping[str, str]
    told: Mapping[str, bool] = field(default_factory=dict)


def flat(fields: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, str]:
    """Fields and further columns in one, filled ones only, as texts.

    A further column that is named as a field is ``attributes.`` and its name.
    """
    found = {name: str(value) for name, value in fields.items() if value is not None}
    for name, value in attributes.items():
        found[f"attributes.{name}" if name in fields else name] = str(value).strip()
    return {name: value for name, value in found.items() if value}


def gathered(rows: Sequence[Row], known_from_close: Iterable[str] = ()) -> Records:
    """The rows as columns. Declared fields are found as fields and as further columns."""
    names = sorted({name for row in rows for name in row.fields})
    declared = frozenset(known_from_close)
    told, late = Counter[str](), Counter[str]()
    for row in rows:
        if row.outcome is not None:
            told.update(row.told.keys())
            late.update(name for name, after in row.told.items() if after)
    ids = np.array([row.record_id for row in rows], dtype=np.str_)
    return Records(
        ids,
        ids,
        _floats([row.outcome for row in rows]),
        {name: np.array([row.fields.get(name, "") for row in rows], dtype=np.str_) for name in names},
        _floats([row.opened for row in rows]),
        _floats([row.decided for row in rows]),
        frozenset(name for name in names if name in declared or name.removeprefix("attributes.") in declared),
        {name: (late[name], count) for name, count in told.items()},
    )


def _floats(values: list[Any]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

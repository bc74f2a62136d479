"""Dirt, as every real export has it: records entered twice, misspelt, half empty, or deleted."""

from __future__ import annotations

import numpy as np

from sales_operations.demo.catalog import COUNTRY_VARIANTS, INDUSTRY_TYPOS, LABEL
from sales_operations.demo.columns import Column, Rows
from sales_operations.demo.seasons import Seasons

# Of each kind: the field that gets misspelt, how many copies, how many of them deleted.
_COPIES = (("accounts", "name", 60, 12), ("contacts", "first_name", 90, 25), ("leads", "company", 130, 40))
_BLANKS = (
    ("accounts", "industry", 0.03),
    ("accounts", "employees", 0.05),
    ("contacts", "email", 0.06),
    ("contacts", "phone", 0.20),
    ("leads", "company", 0.008),
    ("leads", "email", 0.03),
    ("leads", "employees", 0.12),
    ("leads", "product", 0.10),
)
_MISSPELT_SHARE = 0.03
_DAY = 86_400_000_000


def soil(rng: np.random.Generator, seasons: Seasons, kinds: dict[str, Rows]) -> None:
    """Spoil accounts, contacts and leads in place; ``lead_123`` stays clean."""
    for kind, field, count, deleted in _COPIES:
        _duplicate(rng, seasons, kinds[kind], field, count)
        # Only copies get deleted, so that nothing points to a deleted record.
        for row in rng.permutation(count)[:deleted].tolist():
            kinds[kind]["is_deleted"][-1 - row] = True
    clean = kinds["leads"]["id"].index("lead_123")
    spared = {name: column[clean] for name, column in kinds["leads"].items()}
    for kind in ("accounts", "leads"):
        for name, variants in (("industry", INDUSTRY_TYPOS), ("country", COUNTRY_VARIANTS)):
            column = kinds[kind][name]
            for row in _some(rng, column, _MISSPELT_SHARE):
                column[row] = variants.get(column[row], column[row])
    for kind, field, share in _BLANKS:
        for row in _some(rng, kinds[kind][field], share):
            kinds[kind][field][row] = None
    for name, value in spared.items():
        kinds["leads"][name][clean] = value


def _some(rng: np.random.Generator, column: Column, share: float) -> list[int]:
    rows: list[int] = np.flatnonzero(rng.random(len(column)) < share).tolist()
    return rows


def _duplicate(rng: np.random.Generator, seasons: Seasons, rows: Rows, field: str, count: int) -> None:
    # The last row is left out: among the leads it is lead_123.
    chosen = np.sort(rng.permutation(len(rows["id"]) - 1)[:count]).tolist()
    styles, later = rng.integers(4, size=count).tolist(), rng.integers(1, 60, size=count).tolist()
    for number, (row, style, days) in enumerate(zip(chosen, styles, later, strict=True), 1):
        for column in rows.values():
            column.append(column[row])
        rows["id"][-1] = f"{rows['id'][row].split('_')[0]}_d{number:03d}"
        rows[field][-1] = _misspell(rows[field][row], style)
        rows["created_at"][-1] = min(rows["created_at"][row] + days * _DAY, (seasons.today - 1) * _DAY)
        if rows.get("status", [""])[-1] == "converted":
            # The copy of a converted lead was noticed and put aside.
            rows["converted_at"][-1] = rows["opportunity"][-1] = None
            rows["status"][-1] = "disqualified"


def _misspell(text: str, style: int) -> str:
    name = text.removesuffix(LABEL)
    swapped = name[:2] + name[3:4] + name[2:3] + name[4:]
    variants = (name.upper(), swapped, f"{name} Inc." if name != text else f"{name}.", f" {name.replace('ll', 'l')}")
    return variants[style] + text[len(name) :]

"""Made-up tables of records with a known truth."""

from __future__ import annotations

from typing import Any

import numpy as np

ROWS = 1500


def table(rows: int = ROWS, seed: int = 5) -> dict[str, list[Any]]:
    """Half a signal from ``size`` and ``region``, much noise; ``code`` is a key, ``owner`` has many values."""
    draw = np.random.default_rng(seed)
    size, region = draw.normal(size=rows), draw.choice(["north", "south", "west"], rows)
    odds = 1.2 * size + np.where(region == "north", 1.0, -0.5)
    won = draw.random(rows) < 1 / (1 + np.exp(-odds))
    return {
        "key": [f"k{one}" for one in range(rows)],
        "result": np.where(won, "Won", "Lost").tolist(),
        "size": [None if draw.random() < 0.1 else round(float(one), 3) for one in size],
        "region": region.tolist(),
        "owner": [f"rep {one}" for one in draw.integers(0, 200, rows)],
        "code": [f"free text {one}" for one in range(rows)],
        "same": ["x"] * rows,
    }


def without_signal(rows: int = ROWS) -> dict[str, list[Any]]:
    draw = np.random.default_rng(9)
    return {
        "key": [f"k{one}" for one in range(rows)],
        "result": draw.choice(["Won", "Lost"], rows).tolist(),
        "region": draw.choice(["north", "south"], rows).tolist(),
        "owner": [f"rep {one}" for one in draw.integers(0, 100, rows)],
        "size": draw.normal(size=rows).tolist(),
    }

"""Columns of rows, and the arrays that they are made from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Column = list[Any]
Rows = dict[str, Column]
"""Rows of one kind by column: field name to values, all of one length, None where unknown."""


def pick(rng: np.random.Generator, shares: npt.ArrayLike, count: int) -> Ints:
    """``count`` indexes drawn with the given shares: one row for all of them, or a row for each.

    The shares need not add up to one.
    """
    edges = np.cumsum(np.broadcast_to(np.atleast_2d(shares), (count, np.shape(shares)[-1])), axis=1)
    drawn: Ints = np.argmax(edges > (rng.random(count) * edges[:, -1])[:, None], axis=1)
    return drawn


def said(words: Column, indexes: Ints) -> Column:
    """The word for each index."""
    return [words[index] for index in indexes.tolist()]


def known(values: Column, mask: Bools) -> Column:
    """The values where ``mask`` is true, None elsewhere."""
    return [value if there else None for value, there in zip(values, mask.tolist(), strict=True)]

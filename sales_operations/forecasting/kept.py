"""Estimates that were worked out before, told by all that they follow from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sales_operations.forecasting.asof import History
from sales_operations.forecasting.fingerprints import Fingerprints
from sales_operations.forecasting.method import Chance, Estimate, Method
from sales_operations.forecasting.window import Window

if TYPE_CHECKING:
    from sales_operations.store.results import Results

_ROOMS = ("domain", "estimation", "forecasting")
"""The program that estimates follow from, and the libraries that reckon for it."""
_LIBRARIES = ("numpy", "scikit-learn", "scipy", "statsforecast")


class KeptEstimates:
    """Estimates from ``known``, a history as ``load_history`` gives it, among ``results``.

    One is found again as long as the program, the method's settings and all that was known at the window's origin are
    the same, whatever the store has learnt since.
    """

    def __init__(self, results: Results, known: History) -> None:
        self._results = results
        self._prints = Fingerprints(known)

    def get(self, methods: Sequence[Method], window: Window) -> dict[str, Estimate | str]:
        """By method the estimate, or why it refused, where that is known."""
        keys = {self._key(method, window): method.name for method in methods}
        return {keys[key]: _read(value) for key, value in self._results.get(keys).items()}

    def put(self, methods: Sequence[Method], window: Window, found: Mapping[str, Estimate | str]) -> None:
        """Keep what ``methods`` said of a window."""
        self._results.put({self._key(one, window): _written(found[one.name]) for one in methods})

    def _key(self, method: Method, window: Window) -> bytes:
        parts = (_program(), repr(method), repr(window), self._prints.of(window.origin))
        return blake2b(repr(parts).encode(), digest_size=16).digest()


@cache
def _program() -> str:
    """A digest of the program's text and of the libraries' versions."""
    root, digest = Path(__file__).parents[1], blake2b(digest_size=16)
    for file in sorted(file for room in _ROOMS for file in (root / room).rglob("*.py")):
        digest.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    digest.update(repr([version(name) for name in _LIBRARIES]).encode())
    return digest.hexdigest()


def _written(found: Estimate | str) -> bytes:
    return json.dumps(found if isinstance(found, str) else asdict(found)).encode()


def _read(value: bytes) -> Estimate | str:
    found = json.loads(value)
    if isinstance(found, str):
        return found
    luck = found.pop("chance")
    large = tuple((chance, amount) for chance, amount in luck["large"])
    return Estimate(**found, chance=Chance(luck["variance"], large))

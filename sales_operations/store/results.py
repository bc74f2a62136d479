"""What was worked out from the store's data and may be worked out again, in a file beside the columns.

Nothing depends on it: where the file cannot be read or written, or is broken, there are no results. An entry is told by
a digest of all that it follows from, so that none is ever out of date.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

MOST = 20_000
"""Entries that are kept; the oldest go first."""
BUSY_SECONDS = 2.0
_CHECK = 8
_TABLE = (
    "CREATE TABLE IF NOT EXISTS results (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL)"
)
_FITTING = 400
"""Keys that are asked for at once."""


class Results:
    """The entries in ``file``, which is made when the first one is put. Processes and threads may share it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def get(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """The entries that are there."""
        found: dict[bytes, bytes] = {}
        asked = list(keys)
        with suppress(sqlite3.Error):
            if self.file.exists():
                with self._opened() as connection:
                    for start in range(0, len(asked), _FITTING):
                        some = asked[start : start + _FITTING]
                        marks = ", ".join("?" * len(some))
                        found |= dict(
                            connection.execute(f"SELECT key, value FROM results WHERE key IN ({marks})", some)
                        )
        # A file may be damaged in a way that the database does not notice.
        return {key: value[_CHECK:] for key, value in found.items() if value[:_CHECK] == _check(key, value[_CHECK:])}

    def put(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep entries; of a broken file, nothing else is left."""
        rows = [(key, _check(key, value) + value) for key, value in entries.items()]
        with suppress(sqlite3.Error, OSError):
            try:
                self._add(rows)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self.file.unlink(missing_ok=True)
                self._add(rows)

    def clear(self) -> None:
        """Leave nothing."""
        self.file.unlink(missing_ok=True)

    def _add(self, rows: list[tuple[bytes, bytes]]) -> None:
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TABLE)
            connection.executemany("INSERT OR REPLACE INTO results (key, value) VALUES (?, ?)", rows)
            connection.execute("DELETE FROM results WHERE number <= (SELECT max(number) FROM results) - ?", [MOST])
            connection.execute("COMMIT")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            # What a crash takes is worked out again; and no journal lies about when the file is cleared away.
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA journal_mode=MEMORY")
            yield connection


def _check(key: bytes, value: bytes) -> bytes:
    return blake2b(key + value, digest_size=_CHECK).digest()

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sales_operations.connectors.batch import Batch
from sales_operations.connectors.batches import read
from sales_operations.connectors.context import ReadOptions
from sales_operations.connectors.files import open_source
from sales_operations.connectors.importer import ImportOptions, import_file
from sales_operations.connectors.library import load_mapping
from sales_operations.connectors.mapping import Mapping
from sales_operations.connectors.recognise import recognise
from sales_operations.connectors.summary import Summary
from sales_operations.settings import Settings, load
from sales_operations.store import audit, history
from sales_operations.workspace import Workspace

Write = Callable[..., Path]
ReadFile = Callable[..., list[Batch]]


@pytest.fixture
def settings() -> Settings:
    return load({"sales_operations": {}})


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str | bytes, name: str = "file.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture
def read_file(settings: Settings, write: Write) -> ReadFile:
    """Reads a file, or a text, of some kind; by a mapping (its YAML text or its name) or as it is recognised."""

    def read_it(
        content: Path | str,
        kind: str = "opportunities",
        mapping: str | None = None,
        company: dict[str, Any] | None = None,
        options: ReadOptions | None = None,
        **keywords: Any,
    ) -> list[Batch]:
        source = open_source(write(content) if isinstance(content, str) else content)
        found: Mapping
        if mapping is None:
            found = recognise(source.columns, kind).mapping
        else:
            found = load_mapping(write(mapping, "mapping.yaml") if "\n" in mapping else mapping)
        used = load({"sales_operations": {"company": company}}) if company else settings
        return list(read(source, found, kind, used, options=options, **keywords))

    return read_it


@dataclass
class Importing:
    """A store of the test's own, and files that are imported into it; ``rows`` reads what it then holds."""

    stores: Any
    write: Write
    opened: Workspace | None = None

    @property
    def workspace(self) -> Workspace:
        if self.opened is None:
            self.opened = self.stores.open()
        return self.opened

    def __call__(self, kind: str, content: str | Path, **options: Any) -> Summary:
        """Import a text (under a name of its own, so that none is taken for another) or a file."""
        path = self.write(content, f"{kind}.csv") if isinstance(content, str) else content
        return import_file(self.workspace, kind, path, ImportOptions(**options))

    def rows(self, table: str, columns: str, rest: str = "ORDER BY 1") -> list[tuple[Any, ...]]:
        return list(self.stores.execute(f"SELECT {columns} FROM {table} {rest}"))

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that the store holds, but for the records of the runs and what only numbers them."""
        return {name: rows for name, rows in self.stores.dump().items() if name not in ("import_runs", "ledger")}

    def findings(self) -> list[str]:
        """What the checks of the audit chain, the history and the present state find."""
        with self.workspace.reading() as connection:
            return [one.what for one in (*audit.verify(connection).findings, *history.verify(connection))]


@pytest.fixture
def importing(stores: Any, write: Write) -> Importing:
    """On each database."""
    return Importing(stores, write)


@pytest.fixture
def importing_here(sqlite_store: Any, write: Write) -> Importing:
    """On SQLite, for what does not depend on the database."""
    return Importing(sqlite_store, write)

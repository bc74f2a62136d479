from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sales_operations.connectors.batch import Batch
from sales_operations.connectors.batches import read
from sales_operations.connectors.context import ReadOptions
from sales_operations.connectors.files import open_source
from sales_operations.connectors.library import load_mapping
from sales_operations.connectors.mapping import Mapping
from sales_operations.connectors.recognise import recognise
from sales_operations.settings import Settings, load

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

"""A configuration before it is checked: the raw values, and where each was said."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from sales_operations.domain.errors import Problem
from sales_operations.settings.environment import Override, overrides
from sales_operations.settings.schema import ROOT
from sales_operations.settings.shape import Path, dotted
from sales_operations.settings.yaml_text import UNREADABLE, YamlText, too_big

MAX_BYTES = 1_000_000


class Document:
    """What a file or a mapping says, what the environment puts over it, and what is wrong so far.

    ``values`` is the content with its root key: plain dicts, lists and scalars of YAML, or UNREADABLE.
    """

    def __init__(self, source: str | os.PathLike[str] | Mapping[str, Any] | None, environ: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._file: str | None = None
        self._text: YamlText | None = None
        self._said: dict[Path, str] = {}
        if source is None or isinstance(source, Mapping):
            reason = too_big(dict(source or {}))
            self.problems += [Problem(ROOT, reason)] if reason else []
            content: Any = UNREADABLE if reason else dict(source or {})
        else:
            self._file = os.fspath(source)
            content = self._read(self._file)
        self.values: Any = {ROOT: {}} if content is None or content == {} else content
        found, wrong = overrides(environ)
        self.problems += wrong
        for override in found:
            self._override(override)

    def get(self, *path: str) -> Any:
        """The raw value at a path of keys; None where nothing stands."""
        value = self.values
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def problem(self, path: Path, message: str) -> Problem:
        """A finding about the value at a path, or, where nothing stands there, about what it is missing from."""
        for length in range(len(path), 0, -1):
            source, line = self._place(path[:length])
            if source:
                return Problem(dotted(path), message, source, line)
        return Problem(dotted(path), message, self._file, 1 if self._file else None)

    def origin(self, path: tuple[str, ...]) -> str:
        """``file:line``, the environment variable, ``given`` (in a mapping), or ``default`` where nothing was said."""
        source, line = self._place(path)
        if source:
            return f"{source}:{line}" if line else source
        above = self.get(*path[:-1])
        return "given" if isinstance(above, dict) and path[-1] in above else "default"

    def _place(self, path: Path) -> tuple[str | None, int | None]:
        covering = [said for said in self._said if path[: len(said)] == said]
        if covering:
            return self._said[max(covering, key=len)], None
        line = self._text.line(path) if self._text else None
        if line:
            return self._file, line
        return next((source for said, source in self._said.items() if said[: len(path)] == path), None), None

    def _read(self, file: str) -> Any:
        line = None
        try:
            with FilePath(file).open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
            if len(content) <= MAX_BYTES:
                self._text = YamlText(content.decode("utf-8-sig"), file)
                self.problems += self._text.problems
                return self._text.value
            message = f"the file is larger than {MAX_BYTES} bytes; name a configuration file"
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            message = f"byte 0x{content[error.start]:02x} is not UTF-8; save the file in the encoding UTF-8"
        except (OSError, ValueError) as error:
            message = f"cannot be read ({getattr(error, 'strerror', None) or error}); name a readable file"
        self.problems.append(Problem(ROOT, message, file[:200], line))
        return UNREADABLE

    def _override(self, override: Override) -> None:
        value: Any = override.text
        if not override.is_plain:
            text = YamlText(override.text, override.source, at=override.path, lined=False)
            self.problems += text.problems
            value = text.value
        if value is UNREADABLE or not isinstance(self.values, dict):
            return
        self._said[override.path] = override.source
        # Every level on the way is copied: what a caller passed in stays as it was.
        level = self.values = dict(self.values)
        for part in override.path[:-1]:
            below = level.get(part)
            level[part] = dict(below) if isinstance(below, dict) else {}
            level = level[part]
        level[override.path[-1]] = value

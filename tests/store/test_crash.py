"""A process that is killed in the middle of its work."""

from __future__ import annotations

import os
import random
import signal

import pytest


@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.long)])
def test_a_process_that_is_killed_leaves_every_acknowledged_write_and_nothing_half_written(
    stores, findings, kills, writer, start, make
):
    workspace = stores.open()
    chance = random.Random(kills)
    for turn in range(kills):
        [victim] = start(writer("deals", stores.url, str(turn)))
        acknowledged = [victim.stdout.readline().strip() for _ in range(chance.randrange(1, 12))]
        os.kill(victim.pid, signal.SIGKILL)
        rest = victim.stdout.read()  # with what readline took in already; a line without its end was not told
        victim.communicate()
        acknowledged += [line.strip() for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        assert victim.returncode == -signal.SIGKILL
        held = stores.dump()
        deals = {row[0] for row in held["opportunities"] if row[0].startswith(f"opp_{turn}_")}
        notes = {row[3] for row in held["notifications"] if row[0].startswith(f"note_{turn}_")}
        assert deals >= set(acknowledged)
        assert len(deals) <= len(acknowledged) + 1
        assert deals == notes
    assert findings(workspace) == []
    make(workspace, "opp_after")
    assert findings(workspace) == []

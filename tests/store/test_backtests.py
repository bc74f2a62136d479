"""What backtests found: appended once, read as of an instant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sales_operations.domain.errors import StoreError
from sales_operations.store import audit, backtests
from sales_operations.store.backtests import KeptBacktest
from sales_operations.store.engine import writing

MADE = KeptBacktest(
    made_at=1_000, period=None, horizon=30, first="2026-01-05", last="2026-03-02", origins=9, data_until="2026-04-30",
    data_seq=7, settings="ab", currency="EUR", best="hybrid",
    figures={"methods": {"hybrid": {"wape": 0.1}}, "baselines": {"run_rate": {"wape": None}}},
)  # fmt: skip


def made(workspace: Any, instant: int = 10_000, limit: int = 50) -> tuple[int, list[KeptBacktest]]:
    with workspace.reading() as connection:
        return backtests.made_until(connection, instant, limit)


def test_a_run_is_there_once_as_it_was_first_and_moves_neither_ledger_nor_audit_chain(stores: Any) -> None:
    workspace = stores.open()
    before = workspace.data_version()
    for one in (MADE, replace(MADE, made_at=2_000)):
        backtests.keep(workspace.engine, one)
    assert made(workspace) == (1, [MADE])
    assert workspace.data_version() == before
    with workspace.reading() as connection:
        assert audit.verify(connection).findings == []


def test_other_data_settings_dates_or_figures_are_another_run_and_the_newest_come_first(stores: Any) -> None:
    workspace = stores.open()
    better: Any = {"methods": {"hybrid": {"wape": 0.05}}, "baselines": {}}
    others = [{"data_seq": 8}, {"settings": "cd"}, {"last": "2026-03-09"}, {"figures": better}, {"period": "month"}]
    runs = [MADE, *(replace(MADE, made_at=2_000 + number, **one) for number, one in enumerate(others))]
    for one in runs:
        backtests.keep(workspace.engine, one)
    assert made(workspace) == (6, runs[::-1])
    assert made(workspace, instant=2_001, limit=2) == (3, [runs[2], runs[1]])
    assert made(workspace, instant=999) == (0, [])


def test_a_locked_store_is_given_up_on_soon(sqlite_store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtests, "PATIENCE_SECONDS", 0.1)
    workspace, other = sqlite_store.open(), sqlite_store.open()
    with writing(other.engine), pytest.raises(StoreError, match=r"in use by another writer for over 0\.1 s"):
        backtests.keep(workspace.engine, MADE)

"""Fields that know the outcome are refused by evidence, with the reason; honest ones never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sales_operations.forecasting.scoring import Records, evaluate, records_of
from sales_operations.forecasting.scoring.leaks import leaks_in
from tests.forecasting.scoring.tables import ROWS, table


def found_in(made: dict[str, list[Any]], **more: Any) -> dict[str, str]:
    records = records_of(made, outcome="result", positive=["Won"], id_column="key", **more)
    decided = records.is_decided
    return {leak.field: leak.evidence for leak in leaks_in(records.take(decided), records.take(~decided))}


def test_honest_fields_are_no_leaks() -> None:
    assert found_in(table()) == {}


def test_a_field_that_decides_alone_is_refused() -> None:
    made = table()
    made["reason"] = ["price" if result == "Lost" else "" for result in made["result"]]
    assert found_in(made) == {"reason": "strength"}


def test_a_judgement_that_follows_from_the_outcome_is_refused_though_it_is_not_certain() -> None:
    made, draw = table(), np.random.default_rng(2)
    chance = {"Won": [0.1, 0.3, 0.6], "Lost": [0.65, 0.25, 0.1]}
    made["quality"] = [draw.choice(["", "good", "best"], p=chance[result]) for result in made["result"]]
    assert found_in(made) == {"quality": "strength"}


def test_a_field_filled_on_closed_records_only_is_refused() -> None:
    made, draw = table(), np.random.default_rng(2)
    made["result"][::4] = [None] * len(made["result"][::4])
    made["account"] = [
        f"account {draw.integers(0, 80)}" if result or draw.random() < 0.6 else "" for result in made["result"]
    ]
    assert found_in(made) == {"account": "fill_rate"}


def test_a_field_that_came_into_use_later_is_no_leak_as_records_of_one_age_are_alike() -> None:
    made, draw = table(), np.random.default_rng(2)
    opened = np.arange(ROWS)
    made["opened"] = [str(np.datetime64("2020-01-01") + int(one)) for one in opened]
    # The older a record, the likelier it is decided; the field came with the last third.
    still_open = draw.random(ROWS) < np.where(opened > ROWS * 2 // 3, 0.8, 0.05)
    made["result"] = [None if waits else result for waits, result in zip(still_open, made["result"], strict=True)]
    made["segment"] = ["large" if one > ROWS * 2 // 3 else "" for one in opened]
    assert found_in(made, opened="opened") == {}


def test_a_declared_field_is_refused_without_any_evidence() -> None:
    assert found_in(table(), known_from_close=["owner"]) == {"owner": "declared"}


def test_a_field_first_filled_with_the_outcome_is_refused_by_its_history() -> None:
    records = records_of(table(), outcome="result", positive=["Won"], id_column="key")
    told = replace(records, filled_after={"owner": (300, 400), "region": (10, 400), "size": (19, 19)})
    assert [(leak.field, leak.evidence) for leak in leaks_in(told, told.take(np.zeros(ROWS, bool)))] == [
        ("owner", "history")
    ]


def test_a_refused_field_is_not_learnt_from_unless_the_caller_vouches_for_it() -> None:
    made = table()
    made["reason"] = ["price" if result == "Lost" else "" for result in made["result"]]
    records: Records = records_of(made, outcome="result", positive=["Won"], id_column="key")
    refused, used = evaluate(records), evaluate(records, allow=["reason"])
    assert "reason" not in refused["fields"]
    assert refused["auc"] < 0.9
    assert used["auc"] == pytest.approx(1.0)
    assert [leak["used"] for leak in used["leaks"]] == [True]

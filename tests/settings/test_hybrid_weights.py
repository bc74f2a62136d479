"""The parts of the hybrid: where they come from, and when they contradict each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sales_operations.settings import describe, load, validate

KEY = "sales_operations.forecasting.hybrid.weights"


def forecasting(text: str, folder: Path) -> Path:
    file = folder / "config.yaml"
    file.write_text("sales_operations:\n  forecasting:\n" + "".join(f"    {line}\n" for line in text.split("\n")))
    return file


def own(**weights: Any) -> str:
    return "\n".join(f"{method}: {{weight: {weight}}}" for method, weight in weights.items())


ALL = {"pipeline": 0.4, "trend": 0.3, "seasonal": 0.2, "ml": 0.1}
LISTED = "hybrid:\n  weights:\n    pipeline: 0.4\n    trend: 0.3\n    seasonal: 0.2\n    ml: 0.1"


def test_without_any_weight_the_hybrid_is_automatic(tmp_path: Path) -> None:
    assert load({}, environ={}).forecasting.hybrid.weights == "auto"
    assert load(forecasting("ml: {enabled: true}", tmp_path), environ={}).forecasting.hybrid.weights == "auto"


def test_auto_may_be_written_and_goes_before_the_methods_own_weights(tmp_path: Path) -> None:
    file = forecasting("hybrid: {weights: auto}\nml: {weight: 0.4}", tmp_path)
    assert load(file, environ={}).forecasting.hybrid.weights == "auto"


@pytest.mark.parametrize(
    "text",
    [
        LISTED,
        own(**ALL),
        "hybrid: {weights: {pipeline: 0.4, ml: 0.1}}\n" + own(trend=0.3, seasonal=0.2),
        LISTED + "\n" + own(**ALL),
        "hybrid: {weights: {}}\n" + own(**ALL),
    ],
    ids=["in the list", "at the methods", "partly in each", "twice the same", "an empty list"],
)
def test_weights_are_taken_from_the_list_and_from_the_methods(text: str, tmp_path: Path) -> None:
    assert load(forecasting(text, tmp_path), environ={}).forecasting.hybrid.weights == ALL


def test_a_method_that_is_off_needs_no_weight(tmp_path: Path) -> None:
    file = forecasting("hybrid: {weights: {pipeline: 0.5, trend: 0.5, seasonal: 0}}\nml: {enabled: false}", tmp_path)
    assert load(file, environ={}).forecasting.hybrid.weights == {"pipeline": 0.5, "trend": 0.5, "seasonal": 0.0}


def test_a_method_that_is_off_may_keep_its_weight(tmp_path: Path) -> None:
    assert (
        load(forecasting(f"{LISTED}\nml: {{enabled: false}}", tmp_path), environ={}).forecasting.hybrid.weights == ALL
    )


def test_thirds_add_up_to_one(tmp_path: Path) -> None:
    file = forecasting("hybrid: {weights: {pipeline: 0.333333, trend: 0.333333, seasonal: 0.333334, ml: 0}}", tmp_path)
    assert validate(file, environ={}) == []


CASES: dict[str, tuple[str, list[tuple[str, int, str]]]] = {
    "too little in the list": (
        LISTED.replace("0.4", "0.3"),
        [(KEY, 4, "the weights add up to 0.9 instead of 1 (pipeline 0.3, trend 0.3, seasonal 0.2, ml 0.1)")],
    ),
    "too much at the methods": (own(pipeline=1, trend=0.3, seasonal=0.2, ml=0.1), [(KEY, 3, "add up to 1.6")]),
    "off by more than rounding": (LISTED.replace("0.4", "0.40001"), [(KEY, 4, "instead of 1")]),
    "a method that is on has none": (
        "hybrid: {weights: {pipeline: 0.5, trend: 0.5}}",
        [(KEY, 3, "no weight for seasonal, ml; give each one (0 leaves it out), or set its enabled to false")],
    ),
    "only one method has its own": (own(seasonal=1), [(KEY, 3, "no weight for pipeline, trend, ml")]),
    "two different values": (
        f"{own(ml=0.3)}\n{LISTED}",
        [(f"{KEY}.ml", 9, "0.1 here, but 0.3 at sales_operations.forecasting.ml.weight (FILE:3)")],
    ),
    "all the weight is off": (
        "hybrid: {weights: {pipeline: 0, trend: 0, seasonal: 0, ml: 1}}\nml: {enabled: false}",
        [(KEY, 3, "all the weight lies on methods that are off; give some to pipeline, trend, seasonal")],
    ),
    "more than one": (LISTED.replace("0.4", "1.4"), [(f"{KEY}.pipeline", 5, "from 0 to 1; found 1.4")]),
    "negative": (LISTED.replace("0.4", "-0.4"), [(f"{KEY}.pipeline", 5, "from 0 to 1; found -0.4")]),
    "a switch": (LISTED.replace("0.4", "true"), [(f"{KEY}.pipeline", 5, "from 0 to 1; found true")]),
    "an unknown method": (
        LISTED.replace("seasonal", "seasons"),
        [(f"{KEY}.seasons", 7, "unknown key; did you mean seasonal?")],
    ),
    "the hybrid itself": (
        LISTED + "\n    hybrid: 0.0",
        [(f"{KEY}.hybrid", 9, "unknown key; it belongs below sales_operations.forecasting; known here: pipeline")],
    ),
    "misspelt auto": ("hybrid: {weights: automatic}", [(KEY, 3, "expected auto, or a number from 0 to 1 for each of")]),
    "a list": ("hybrid: {weights: [0.5, 0.5]}", [(KEY, 3, "found a list")]),
}


@pytest.mark.parametrize("name", CASES)
def test_weights_that_contradict_each_other_are_problems(name: str, tmp_path: Path) -> None:
    text, expected = CASES[name]
    file = forecasting(text, tmp_path)
    problems = validate(file, environ={})
    assert [(problem.key, problem.line) for problem in problems] == [(key, line) for key, line, _ in expected]
    for problem, (_, _, words) in zip(problems, expected, strict=True):
        assert words.replace("FILE", str(file)) in problem.message


def test_different_values_in_a_mapping_name_both_keys() -> None:
    given = {"pipeline": {"weight": 0.5}, "hybrid": {"weights": ALL}}
    (problem,) = validate({"sales_operations": {"forecasting": given}}, environ={})
    assert problem.key == f"{KEY}.pipeline"
    assert "0.5 at sales_operations.forecasting.pipeline.weight (given)" in problem.message


def test_the_table_says_where_the_weights_come_from(tmp_path: Path) -> None:
    def origin(text: str) -> str:
        rows = describe(forecasting(text, tmp_path), environ={})
        return next(row.origin for row in rows if row.key == KEY)

    assert origin(LISTED) == f"{tmp_path / 'config.yaml'}:4"
    assert origin(f"{own(ml=0.3)}\nhybrid: {{weights: auto}}").endswith(":4")
    assert origin("periods: [month]\n" + own(**ALL)) == f"{tmp_path / 'config.yaml'}:4"
    assert origin("periods: [month]") == "default"

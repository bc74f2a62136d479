"""``python -m benchmarks.accuracy``: how far forecasts were off on two real data sets, into ``docs/forecasting.md``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.insights import ROOT, SETS, DataSet, imported, renewed
from benchmarks.ranges import binomial_band
from sales_operations.forecasting import ForecastBacktest
from sales_operations.render.forecast_chart import svg

PAGE = ROOT / "docs" / "forecasting.md"
MARKER = "<!-- measured: written by python -m benchmarks.accuracy, do not edit below -->"
_HEAD = (
    "| | n | WAPE | of what remained | bias | MASE | pinball | in 80 % | in 95 % |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
)
_RANGES = (
    "| what of | method | came within the 80 % range | independent windows | what luck leaves of 80 % | inside |\n"
    "|---|---|---:|---:|---:|---|"
)


@dataclass(frozen=True)
class Question:
    """What is asked of a data set: a title, and the arguments of the backtest."""

    title: str
    asked: dict[str, Any]


MAVEN = (
    Question(
        "The next 30 days, from 18 Mondays", {"horizon": 30, "start": "2017-05-01", "end": "2017-08-28", "every": 7}
    ),
    Question(
        "The quarter, from its first day",
        {"period": "quarter", "start": "2017-04-01", "end": "2017-07-01", "every": 91},
    ),
    Question(
        "The quarter, from its middle", {"period": "quarter", "start": "2017-05-15", "end": "2017-08-14", "every": 91}
    ),
)
BPIC = (
    Question("The next 28 days, from Mondays", {"horizon": 28, "start": "2011-11-07", "end": "2011-12-11", "every": 7}),
)


def measured(data: DataSet, questions: Sequence[Question]) -> list[dict[str, Any]]:
    """The backtests of a data set."""
    with imported(data) as workspace:
        face = ForecastBacktest(workspace)
        return [asyncio.run(face.backtest(**one.asked)) for one in questions]


def section(data: DataSet, questions: Sequence[Question], found: list[dict[str, Any]], chart: Path) -> str:
    """The part of the page about one data set; its first question is drawn into ``chart``."""
    hybrid = [one for one in found[0]["forecasts"] if one["method"] == "hybrid"]
    title = questions[0].title.replace("The", "the", 1)
    chart.write_text(svg(hybrid, data.currency, f"hybrid: {title}"), encoding="utf-8")
    lines = [f"### {data.title}", "", f"![Forecasts over what came true]({chart.name})", ""]
    for question, one in zip(questions, found, strict=True):
        independent = max(figures["independent"] for figures in one["methods"].values())
        lines += [f"{question.title}; about {independent:.0f} independent windows.", "", _HEAD]
        for group in ("methods", "baselines"):
            lines += [_row(name, figures) for name, figures in one[group].items() if figures["origins"]]
        silent = [name for name, figures in one["methods"].items() if not figures["origins"]]
        lines += ["", f"Refused, for want of history: {', '.join(silent)}.", ""] if silent else [""]
    lines += ["Whether the 80 % ranges hold, as far as so few independent windows tell:", "", _RANGES]
    lines += [
        _held(question.title, name, figures)
        for question, one in zip(questions, found, strict=True)
        for name, figures in one["methods"].items()
        if figures["origins"]
    ]
    return "\n".join([*lines, ""])


def _held(title: str, name: str, one: dict[str, Any]) -> str:
    """How often the 80 % range held, and whether that is within the 95 % binomial band of as many independent windows."""
    held, independent = round(one["coverage_80"] * one["origins"]), round(one["independent"])
    low, high = binomial_band(independent, 0.8)
    inside = "yes" if low <= one["coverage_80"] <= high else "no"
    if high - low == 1:
        inside = "too few to tell"
    share = f"{held} of {one['origins']}, {one['coverage_80']:.0%}"
    return f"| {title} | {name} | {share} | {independent} | {low:.0%} to {high:.0%} | {inside} |"


def _row(name: str, one: dict[str, Any]) -> str:
    def share(key: str, form: str = ".1%") -> str:
        return "" if one[key] is None else f"{one[key]:{form}}"

    shares = [share("wape"), share("wape_of_remaining"), share("bias", "+.1%")]
    ranges = [share("pinball"), share("coverage_80", ".0%"), share("coverage_95", ".0%")]
    return f"| {' | '.join([name, str(one['origins']), *shares, share('mase', '.2f'), *ranges])} |"


def main() -> None:
    """Measure on both data sets and write the page and its two charts."""
    sections = [
        section(data, questions, measured(data, questions), PAGE.with_name(f"forecasting-{name}.svg"))
        for name, data, questions in zip(("maven", "bpic"), SETS, (MAVEN, BPIC), strict=True)
    ]
    PAGE.write_text(renewed(PAGE.read_text("utf-8"), sections, MARKER), "utf-8")
    print(f"written: {PAGE}")


if __name__ == "__main__":
    main()

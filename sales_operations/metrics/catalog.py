"""Every metric, and the page of the documentation that lists them."""

from __future__ import annotations

from types import ModuleType

from sales_operations.metrics import (
    attainment,
    conversion,
    health,
    productivity,
    slippage,
    stage_conversion,
    stays,
    value,
    velocity,
)
from sales_operations.metrics.metric import Additive, Metric


def _defined_in(module: ModuleType) -> list[Metric]:
    found: list[Metric] = []
    for thing in vars(module).values():
        found += [item for item in (thing.values() if isinstance(thing, dict) else [thing]) if isinstance(item, Metric)]
    return found


def _sections() -> dict[str, list[Metric]]:
    """Each metric under the first module, in order of dependence, that names it."""
    seen: set[str] = set()
    sections: dict[str, list[Metric]] = {}
    for module in (value, conversion, velocity, stage_conversion, stays, slippage, health, attainment, productivity):
        sections[module.__name__.rpartition(".")[2].replace("_", " ").title()] = fresh = []
        for metric in _defined_in(module):
            if metric.name not in seen:
                seen.add(metric.name)
                fresh.append(metric)
    return sections


_SECTIONS = _sections()

METRICS: dict[str, Metric] = {metric.name: metric for section in _SECTIONS.values() for metric in section}
"""Name to definition."""

_HEAD = """# Metrics

Each figure of the product has one definition, listed here. This page is written from the definitions by
`python -m sales_operations.metrics.catalog`; do not edit it.

All of them are asked of the deals as they were at one instant. *Adds up* says whether the values of groups sum to the
value of the whole, to the last digit; other figures are computed anew for each group. A figure that cannot be known,
such as a win rate where nothing closed, is `None`, never 0. Money is counted in whole minor units, weighted money in
whole thousandths of them; both are divided once, when they are shown. Durations are measured in seconds and shown in
days (86,400 seconds).
"""


def _row(metric: Metric) -> str:
    adds_up = "yes" if isinstance(metric, Additive) else "no"
    return f"| `{metric.name}` | {metric.unit} | {metric.meaning} | {metric.formula} | {adds_up} |"


def render() -> str:
    """The catalogue as Markdown."""
    lines = [_HEAD]
    for title, metrics in _SECTIONS.items():
        lines += [f"## {title}", "", "| name | unit | meaning | formula | adds up |", "|---|---|---|---|---|"]
        lines += [_row(metric) for metric in metrics]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    print(render(), end="")

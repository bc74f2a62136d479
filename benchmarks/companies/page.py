"""What was judged, as a page of the docs and as tables in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.companies.company import HORIZON, LEAST_BEFORE
from benchmarks.companies.floor import COPIES
from benchmarks.companies.judge import FLOOR, FULL, SHORT, SHORT_ORIGINS, Judged, scores

FILE = Path(__file__).parents[2] / "docs" / "companies.md"
HEADER = ("forecast", "WAPE", "times the floor", "bias", "in 80 %", "in 95 %", "windows")
_TEXT = """# Forecasts of simulated companies

Written by `python -m benchmarks.companies`; no figure here is typed by hand.

{companies} made-up companies, {windows} windows of {horizon} days that do not overlap. A company has between 200 and 3,000
new deals a year, 14 to 40 months of record and deals that take 20 to 150 days. Its deals differ in hidden speed and in
hidden odds; its reps and products do too. Arrivals are over-dispersed by week, and arrivals, odds and amounts drift.
There is a season, a rush before quarters end, in some companies a pause at the turn of the year. Deals skip stages, go
back, change their amount on the way, have their close date pushed, die unseen and are swept out in batches; wins are
written down late. No method assumes most of this (`benchmarks/companies/`).

**The floor** is what chance alone leaves. At each origin the simulator, which knows every rule and each deal's hidden
nature, goes on {copies} times with new chance; the median of these is the best forecast that there can be. No code of the
forecasting takes part. Its 80 % interval must hold what comes true 80 times in 100, and so shows that the simulator is
right. Amounts are divided by the company's mean won deal, so that companies count by their deals and not by their prices.

The seeds shown here ({first} to {last}) are others than those used while the engine was made.

## {full}

{full_table}

## {short}

The last {short_origins} windows of each company, forecast from a record that begins {before} days before each, as after a
change of CRM: deals that were closed earlier are unknown.

{short_table}
"""


def text(found: Sequence[Judged]) -> str:
    """The page."""
    seeds = sorted({one.seed for one in found})
    return _TEXT.format(
        companies=len(seeds),
        windows=len([one for one in found if one.name == FLOOR and one.record == FULL]),
        horizon=HORIZON,
        copies=COPIES,
        first=seeds[0],
        last=seeds[-1],
        full=f"With {FULL}",
        full_table=_markdown(rows(found, FULL)),
        short=f"With only {SHORT}",
        before=LEAST_BEFORE,
        short_origins=SHORT_ORIGINS,
        short_table=_markdown(rows(found, SHORT)),
    )


def rows(found: Sequence[Judged], record: str) -> list[tuple[str, ...]]:
    """One row a method, as ``HEADER`` says."""
    return [
        (
            *(name.replace("_", " "), f"{score.wape:.3f}", f"{score.ratio:.2f}", f"{score.bias:+.3f}"),
            *(_percent(score.cover_80), _percent(score.cover_95), f"{score.windows}"),
        )
        for name, score in scores(found, record).items()
    ]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _markdown(body: list[tuple[str, ...]]) -> str:
    lines = [HEADER, ("---", *["---:"] * (len(HEADER) - 1)), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

"""Every method and baseline at past origins, from what was known at each, beside what came true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sales_operations.forecasting.bands import Bands
from sales_operations.forecasting.baselines import baselines
from sales_operations.forecasting.estimates import Estimates
from sales_operations.forecasting.learning import HYBRID
from sales_operations.forecasting.study import Study, Weights
from sales_operations.forecasting.window import Window


@dataclass(frozen=True)
class Said:
    """What one method said of a window, in minor units: ``bands`` is None for a baseline.

    ``booked`` is what was won in the window by the origin. ``refused`` gives the reason why the method gave nothing; the
    figures are then the run rate's.
    """

    window: Window
    method: str
    total: float
    booked: float
    bands: Bands | None = None
    refused: str | None = None


def backtest(
    estimates: Estimates,
    windows: Sequence[Window],
    methods: Sequence[str],
    weights: Weights,
    dropped: Mapping[str, str],
    stage_probabilities: tuple[float, ...],
) -> Iterator[list[Said]]:
    """For each window, in the order given, what ``methods`` (``hybrid`` may be among them) and all baselines said of it.

    Windows in order of their origins are worked out soonest. ``weights`` and ``dropped`` are the hybrid's.
    """
    for window in windows:
        study = Study(estimates, window.origin)
        booked = window.booked(study.history)
        said = []
        for method in methods:
            combined = method == HYBRID
            found = study.combined(weights, dropped, window).forecast if combined else study.forecast(method, window)
            said.append(Said(window, method, found.estimate.total, booked, found.bands, found.refused))
        for name, baseline in baselines(stage_probabilities).items():
            total = baseline(study.history, window)
            if total is not None:
                said.append(Said(window, name, total, booked))
        yield said

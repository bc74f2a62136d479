"""How well a method did: its forecasts at past origins against what came true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sales_operations.estimation.forecast_errors import wape
from sales_operations.estimation.intervals import wilson
from sales_operations.estimation.shrinkage import shrunk_mean

CLOSE = 0.10
"""A forecast landed when it was within a tenth of what came true."""
_PRIOR_ORIGINS = 2.0


@dataclass(frozen=True)
class Accuracy:
    """Of ``origins`` forecasts so many ``landed``; ``wape`` is the sum of absolute errors over that of what came true.

    ``wape`` is None where nothing came true.
    """

    origins: int
    landed: int
    wape: float | None

    @property
    def confidence(self) -> float:
        """The share that landed, with one landing and one miss added, so that few origins never give 0 or 1.

        0 where nothing was measured.
        """
        return float(shrunk_mean(self.landed, self.origins, 0.5, _PRIOR_ORIGINS)) if self.origins else 0.0

    def shown(self) -> dict[str, object]:
        """The same for a result; ``interval_80`` is Wilson's for the share that landed."""
        return {
            "origins": self.origins,
            "within_10_percent": self.landed,
            "interval_80": list(wilson(self.landed, self.origins)),
            "wape": self.wape,
        }


def measure(forecasts: Sequence[tuple[float, float]]) -> Accuracy:
    """The accuracy of pairs of a forecast and what came true."""
    landed = sum(abs(total - actual) <= CLOSE * abs(actual) for total, actual in forecasts)
    off = wape([total for total, _ in forecasts], [actual for _, actual in forecasts])
    return Accuracy(len(forecasts), landed, off)

"""Corrections of chances that are too bold or too timid, as functions of the log-odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.estimation.classification import chance_of, log_losses, log_odds
from sales_operations.estimation.shrinkage import Floats
from sales_operations.forecasting.scoring.records import Ints


@dataclass(frozen=True, eq=False)
class Calibration:
    """``kind``: ``none``, ``platt`` (a line) or ``isotonic`` (steps, joined). Log-odds (k,) ``at`` become ``to``."""

    kind: str
    at: Floats
    to: Floats

    def odds(self, raw: Floats) -> Floats:
        """The corrected log-odds."""
        if self.kind == "none":
            return raw
        if self.kind == "platt":
            slope = (self.to[1] - self.to[0]) / (self.at[1] - self.at[0])
            return np.asarray(self.to[0] + slope * (raw - self.at[0]))
        return np.interp(raw, self.at, self.to)


NONE = Calibration("none", np.zeros(0), np.zeros(0))


def chosen(raw: Floats, outcome: Floats, part: Ints) -> Calibration:
    """The correction that lowers the log loss on records it was not fitted on, by more than chance; else none.

    ``part`` (n,) numbers the parts that are judged by a fit on the others. (Platt, 1999; Zadrozny and Elkan, KDD 2002.)
    """
    plain = log_losses(outcome, chance_of(raw))
    best, least = NONE, 0.0
    for fit in (_platt, _isotonic):
        gain = np.zeros(len(raw))
        for one in np.unique(part):
            own = part == one
            if not 0 < outcome[~own].sum() < (~own).sum():
                break
            gain[own] = plain[own] - log_losses(outcome[own], chance_of(fit(raw[~own], outcome[~own]).odds(raw[own])))
        else:
            mean, error = float(gain.mean()), float(gain.std() / np.sqrt(len(gain)))
            if mean > max(2 * error, least):
                best, least = fit(raw, outcome), mean
    return best


def _platt(raw: Floats, outcome: Floats) -> Calibration:
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=1e6).fit(raw[:, None], outcome)
    at = np.array([0.0, 1.0])
    return Calibration("platt", at, np.asarray(line.decision_function(at[:, None]), dtype=np.float64))


def _isotonic(raw: Floats, outcome: Floats) -> Calibration:
    from sklearn.isotonic import IsotonicRegression

    steps = IsotonicRegression(y_min=0.001, y_max=0.999, out_of_bounds="clip").fit(raw, outcome)
    return Calibration("isotonic", np.asarray(steps.X_thresholds_), log_odds(np.asarray(steps.y_thresholds_)))

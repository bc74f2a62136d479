"""How good the chances of open deals are to be won within so many days, on days later than all that was learnt from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from sales_operations.domain.errors import HistoryTooThin, InvalidInput
from sales_operations.estimation import classification as measure
from sales_operations.forecasting.asof import Floats, History, day_of
from sales_operations.forecasting.deal_model import (
    KINDS,
    DealModel,
    balance,
    fit_classifiers,
    fit_deal_model,
    moved,
)
from sales_operations.forecasting.face import Face
from sales_operations.forecasting.pipeline import fit_flow
from sales_operations.forecasting.snapshots import Snapshots, snapshots_of, standing, told_to, won_within
from sales_operations.forecasting.window import window_after

EVERY = 7
"""Days between the looks at a deal."""
TESTED = 1 / 3
"""The share of the days, the latest ones, that are the test."""
LEAST_DAYS = 3
LONGEST = 366
RATES, BLEND = "plain_rates", "blend"


class WithinEvaluator(Face):
    """Evaluates the chances of a company's deals. ``config`` as for ``SalesForecaster``."""

    def evaluate(self, horizon: int, every: int = EVERY, as_of: str | None = None) -> dict[str, Any]:
        """See ``evaluate_within``; of what was known by ``as_of``."""
        at = self.instant(as_of)
        from sales_operations.forecasting.asof import load_history

        with self.workspace.columns() as db:
            known = load_history(db, at, self.workspace.settings.company.timezone)
        found = evaluate_within(known.at(known.day), horizon, every, self.stage_probabilities(), self._options.ml.model)
        return {"kind": "opportunities", "as_of": at.shown} | found


@dataclass(frozen=True, eq=False)
class Looks:
    """Open deals on past days, and whether each was won within the horizon: 1 or 0, (n,)."""

    seen: Snapshots
    won: Floats


def evaluate_within(
    known: History, horizon: int, every: int, stage_probabilities: tuple[float, ...], kind: str = "auto"
) -> dict[str, Any]:
    """Look at the open deals every ``every`` days, so that each window of ``horizon`` days is over, the last now.

    The latest third of these days is the test. What judges it was learnt from what was known at the end of the first
    of them: windows that were over by then, and whatever else had happened. Only the standing of the deals is of the
    later days.

    ``models`` has the figures of the plain rates (the pipeline method: stage, pace, time in it, size, the day), of
    each classifier where there is enough to learn from, and of the ``blend`` of both by the weight that did best out of
    time before the test, as the ml method does it; ``model`` has its parts, and its figures stand on top too. Raises
    HistoryTooThin, InvalidInput.
    """
    if not 1 <= horizon <= LONGEST:
        raise InvalidInput(f"within {horizon} days: use 1 to {LONGEST} days")
    if every < 1:
        raise InvalidInput(f"every {every} days: use 1 or more")
    looks = _looks(known, horizon, every)
    days = np.unique(looks.seen.day)
    if len(days) < LEAST_DAYS:
        raise HistoryTooThin(
            f"deals were seen open on {len(days)} days with {horizon} days after them; {LEAST_DAYS} are needed. Use fewer "
            "days, or look more often"
        )
    cut = int(days[-max(1, round(len(days) * TESTED))])
    earlier = known.at(cut)
    learnt = _looks(earlier, horizon, every)
    if not len(learnt.won):
        raise HistoryTooThin(
            f"no window of {horizon} days was over by {day_of(cut)}, when the test begins; use fewer days, or evaluate as of "
            "a later day"
        )
    test = _of(looks, looks.seen.day >= cut)
    test = replace(test, seen=told_to(earlier, known, test.seen))
    rates = _rates(earlier, test.seen, horizon, stage_probabilities)
    chances = {RATES: rates}
    if each := fit_classifiers("auto", earlier, stage_probabilities):
        for name, one in zip(KINDS, each.classifiers, strict=True):
            chances[name] = replace(each, classifiers=[one]).chances(earlier, test.seen)
    model = fit_deal_model(kind, earlier, stage_probabilities) or DealModel((), 0.0, stage_probabilities)
    further = model.differs(earlier, test.seen)
    chances[BLEND] = moved(rates, further + balance(rates, further))
    base_rate = float(learnt.won.mean())
    models = {name: measure.figures(test.won, chance) for name, chance in chances.items()}
    return {
        "horizon_days": horizon,
        "every_days": every,
        "split": {
            "by": "time",
            "train": len(learnt.won),
            "test": len(test.won),
            "test_days": int((days >= cut).sum()),
            "learnt_by": day_of(cut).isoformat(),
        },
        "model": _parts(model, kind),
        **models[BLEND],
        "base_rate": base_rate,
        "base_rate_figures": measure.figures(test.won, np.full(len(test.won), base_rate)),
        "reliability": [asdict(one) for one in measure.reliability(test.won, chances[BLEND])],
        "models": models,
    }


def _looks(history: History, horizon: int, every: int) -> Looks:
    rows, day = standing(history, history.observed_from, history.day - horizon, every)
    left = np.full(len(rows), horizon, dtype=np.int64)
    return Looks(snapshots_of(history, rows, day, left), won_within(history, rows, day, left).astype(np.float64))


def _of(looks: Looks, chosen: Any) -> Looks:
    return Looks(looks.seen.take(chosen), looks.won[chosen])


def _rates(earlier: History, seen: Snapshots, horizon: int, stage_probabilities: tuple[float, ...]) -> Floats:
    """What the pipeline method says on each day, by the rates known at the cut."""
    chance = np.zeros(len(seen.day))
    for day in np.unique(seen.day).tolist():
        flow, today = fit_flow(earlier, window_after(day, horizon), stage_probabilities), seen.day == day
        chance[today] = flow.chances(seen)[today]
    return chance


def _parts(model: DealModel, kind: str) -> dict[str, float]:
    """The share in the log-odds of the plain rates, and of the classifiers whose chances are averaged."""
    kinds = KINDS if kind == "auto" else (kind,)
    learnt = {name: model.weight / len(kinds) for name in kinds if model.weight}
    return {RATES: 1 - model.weight} | learnt

"""How good scores are: learnt on one part of the decided records, measured on another that nothing was chosen by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sales_operations.domain.errors import HistoryTooThin, InvalidInput
from sales_operations.estimation import classification as measure
from sales_operations.forecasting.scoring.folds import is_dated, train_and_test
from sales_operations.forecasting.scoring.leaks import Leak, leaks_in, refused
from sales_operations.forecasting.scoring.model import ScoringModel, fit
from sales_operations.forecasting.scoring.records import Records


@dataclass(frozen=True, eq=False)
class Trained:
    """A model, the fields refused as leaks, and those that the caller excluded."""

    model: ScoringModel
    leaks: list[Leak]
    fields: list[str]


def train(decided: Records, open_now: Records, *, exclude: Iterable[str] = (), allow: Iterable[str] = ()) -> Trained:
    """Learn from decided records, without the fields that know the outcome.

    ``exclude``: further fields to leave out; ``allow``: refused ones to use all the same. Raises InvalidInput for a field
    that there is not.
    """
    excluded, allowed = list(exclude), list(allow)
    if unknown := sorted({*excluded, *allowed} - set(decided.columns)):
        known = ", ".join(sorted(decided.columns))
        raise InvalidInput(f"there is no field {', '.join(map(repr, unknown))} to score by; there are {known}")
    kept = decided.without(excluded)
    leaks = leaks_in(kept, open_now)
    used = kept.without(refused(leaks, allowed))
    return Trained(fit(used), leaks, sorted(used.columns))


def evaluate(records: Records, *, exclude: Iterable[str] = (), allow: Iterable[str] = ()) -> dict[str, Any]:
    """Learn from four fifths of the decided records and measure on the rest: the latest ones where outcomes are dated.

    Gives ``auc``, ``log_loss``, ``brier``, ``ece`` and ``reliability`` of the test part beside those of the base rate, the
    ``leaks`` found, and what was chosen. Raises HistoryTooThin where one part would be empty, InvalidInput as ``train``.
    """
    split = train_and_test(records)
    if not len(split.fit) or not len(split.judge):
        decided = int(records.is_decided.sum())
        raise HistoryTooThin(
            f"an evaluation needs outcomes to learn from and others to measure on; {decided} of {len(records)} records have "
            "one. Import closed records, or evaluate as of a later day"
        )
    made = train(records.take(split.fit), records.take(~records.is_decided), exclude=exclude, allow=allow)
    test = records.take(split.judge)
    model = made.model
    chance = model.chances(test.columns, len(test))
    base = np.full(len(test), model.base_rate)
    dropped = dict(model.encoder.left_out) if model.encoder else {}
    return {
        "records": len(records),
        "decided": int(records.is_decided.sum()),
        "positive": int(np.nansum(records.outcome)),
        "split": {
            "by": "time" if is_dated(records) else "hash",
            "train": len(split.fit),
            "test": len(split.judge),
        },
        "signal": model.has_signal,
        "verdict": verdict(model),
        "model": dict(model.weights) or {"base_rate": 1.0},
        "calibration": model.correction.kind,
        **measure.figures(test.outcome, chance),
        "base_rate": model.base_rate,
        "base_rate_figures": measure.figures(test.outcome, base),
        "reliability": [asdict(one) for one in measure.reliability(test.outcome, chance)],
        "validation_log_loss": dict(model.losses),
        "leaks": [asdict(leak) | {"used": leak.field in made.fields} for leak in made.leaks],
        "fields": [name for name in made.fields if name not in dropped],
        "left_out": dropped,
    }


def verdict(model: ScoringModel) -> str:
    """One sentence: what the score rests on."""
    if not model.has_signal:
        return f"{model.reason}; every score is the base rate, {model.base_rate:.1%}"
    kinds = ", ".join(f"{name} {share:.0%}" for name, share in model.weights.items())
    after = "" if model.correction.kind == "none" else f", corrected ({model.correction.kind})"
    return f"usable signal: {kinds}{after}"

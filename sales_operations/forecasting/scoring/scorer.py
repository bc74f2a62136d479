"""Scores of a store's leads and deals: evaluated, or made and kept for assignment and insights to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sales_operations.domain.clock import as_of_now, iso, parse_as_of
from sales_operations.estimation.classification import chance_of
from sales_operations.estimation.shrinkage import Floats
from sales_operations.forecasting.scoring.contributions import explain
from sales_operations.forecasting.scoring.evaluation import evaluate, train, verdict
from sales_operations.forecasting.scoring.stored import stored_records
from sales_operations.store import scores
from sales_operations.store.scores import Score
from sales_operations.workspace import Workspace


class Scorer:
    """Scores the ``leads`` or ``opportunities`` of a workspace, as known at ``as_of`` (a day or an instant; now without).

    ``exclude``: fields to leave out; ``allow``: refused ones that the caller vouches for.
    """

    def __init__(
        self,
        workspace: Workspace,
        kind: str,
        as_of: str | None = None,
        *,
        exclude: Iterable[str] = (),
        allow: Iterable[str] = (),
    ) -> None:
        zone = workspace.settings.company.timezone
        self._workspace, self._kind = workspace, kind
        self._as_of = as_of_now(workspace.clock, zone) if as_of is None else parse_as_of(as_of, zone)
        self._exclude, self._allow = tuple(exclude), tuple(allow)

    def evaluate(self) -> dict[str, Any]:
        """See ``evaluation.evaluate``. Raises HistoryTooThin, InvalidInput."""
        records = stored_records(self._workspace, self._kind, self._until)
        return self._said() | evaluate(records, exclude=self._exclude, allow=self._allow)

    def score(self) -> dict[str, Any]:
        """Learn from all that is decided, score all that is open, and keep the scores with their contributions.

        Gives ``scores``, the highest first; each one's log-odds are ``base`` plus its ``contributions``.
        """
        records = stored_records(self._workspace, self._kind, self._until)
        open_now = records.take(~records.is_decided)
        made = train(records.take(records.is_decided), open_now, exclude=self._exclude, allow=self._allow)
        found = explain(made.model, open_now.columns, len(open_now))
        kept = [
            Score(record_id, self._until, float(chance), found.base, _parts(found.fields, parts))
            for record_id, chance, parts in zip(
                open_now.ids.tolist(), chance_of(found.odds), found.contributions, strict=True
            )
        ]
        with self._workspace.unit(f"score {self._kind}") as unit:
            unit.hold()
            scores.write(unit.connection, self._kind, kept)
        kept.sort(key=lambda one: (-one.chance, one.record_id))
        return self._said() | {
            "learnt_from": int(records.is_decided.sum()),
            "signal": made.model.has_signal,
            "verdict": verdict(made.model),
            "leaks": [asdict(leak) for leak in made.leaks],
            "scores": [
                {"id": one.record_id, "chance": one.chance, "base": one.base, "contributions": one.contributions}
                for one in kept
            ],
        }

    @property
    def _until(self) -> int:
        return self._as_of.micros

    def _said(self) -> dict[str, Any]:
        return {"kind": self._kind, "as_of": iso(self._until)}


def _parts(fields: tuple[str, ...], parts: Floats) -> dict[str, float]:
    return {name: float(part) for name, part in zip(fields, parts, strict=True)}

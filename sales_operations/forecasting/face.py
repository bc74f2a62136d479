"""What the public classes share: the way from a configuration, a period and a date to a study of the deals."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any

from sales_operations.domain.clock import AsOf, as_of_now, parse_as_of
from sales_operations.domain.errors import Disabled, InvalidInput, NotFound
from sales_operations.domain.money import to_major
from sales_operations.domain.periods import MONTHS, Period
from sales_operations.domain.stages import OpportunityStage
from sales_operations.workspace import open_workspace

if TYPE_CHECKING:
    from sales_operations.forecasting.accuracy import Accuracy
    from sales_operations.forecasting.estimates import Estimates
    from sales_operations.forecasting.study import Study
    from sales_operations.forecasting.window import Window

METHODS = ("pipeline", "trend", "seasonal", "ml")
LONGEST = 366
"""So many days ahead can be forecast at most."""
_KEPT = 4
_studies: OrderedDict[object, Study] = OrderedDict()
_studies_lock = Lock()


class Face:
    """Holds the open workspace of a configuration: the raw mapping, settings, a workspace, or None for the defaults."""

    def __init__(self, config: Any = None) -> None:
        self.workspace = open_workspace(config)

    @property
    def _options(self) -> Any:
        return self.workspace.settings.forecasting

    def check(self, period: str, method: str) -> None:
        """Raise NotFound for names that do not exist, Disabled for what the configuration does not offer."""
        self.check_method(method)
        self.check_period(period)

    def check_method(self, method: str) -> None:
        """The same for a method."""
        _check("method", method, (*METHODS, "hybrid"), self._options.methods)
        if not getattr(self._options, method).enabled:
            raise Disabled(f"sales_operations.forecasting.{method}.enabled is false; set it to true to use this method")

    def check_period(self, period: str) -> None:
        """The same for a period."""
        _check("period", period, tuple(MONTHS), self._options.periods)

    def kind(self, period: str | None, horizon: int | None) -> str | None:
        """The name of the period that is asked for, the quarter's where nothing is; None for so many days.

        Raises InvalidInput, NotFound, Disabled.
        """
        if horizon is None:
            self.check_period(period or "quarter")
            return period or "quarter"
        if period is not None:
            raise InvalidInput(
                "period and horizon exclude each other: forecast a period, or so many days; name one of them"
            )
        if not 1 <= horizon <= LONGEST:
            raise InvalidInput(f"horizon: {horizon} days cannot be forecast; use 1 to {LONGEST}")
        return None

    def window(self, at: AsOf, period: str | None, horizon: int | None = None) -> Window:
        """The days after an origin, so many as ``horizon`` says; without it the company's present period of that name.

        The quarter where neither is named; years begin in the month that the company configures.
        Raises InvalidInput, NotFound, Disabled.
        """
        from sales_operations.forecasting.asof import day_number
        from sales_operations.forecasting.window import window_after, window_of

        kind = self.kind(period, horizon)
        if kind is not None:
            return window_of(kind, at.day, self.workspace.settings.company.fiscal_year_start)
        assert horizon is not None
        return window_after(day_number(at.day), horizon)

    def dropped(self) -> dict[str, str]:
        """The methods that the configuration keeps out of the hybrid, and the key that does."""
        reasons = {}
        for name in METHODS:
            if name not in self._options.methods:
                reasons[name] = "not listed in sales_operations.forecasting.methods"
            elif not getattr(self._options, name).enabled:
                reasons[name] = f"sales_operations.forecasting.{name}.enabled is false"
        return reasons

    def instant(self, as_of: str | None) -> AsOf:
        """The origin. Raises InvalidInput for a day that has not come yet."""
        zone = self.workspace.settings.company.timezone
        now = as_of_now(self.workspace.clock, zone)
        at = now if as_of is None else parse_as_of(as_of, zone)
        if at.day > now.day:
            raise InvalidInput(f"as_of: {as_of} has not come yet; a forecast starts from what is known by {now.day}")
        return at

    def study(self, at: AsOf, *, now: bool) -> Study:
        """The study of the deals as known at ``at``; the last few are kept as long as data and settings stay the same.

        ``now`` says that ``at`` is the present, whose instant is another at every call.
        """
        settings = self.workspace.settings
        with self.workspace.columns() as db:
            version = db.execute("SELECT store_id, seq, head, currency FROM meta").fetchone()
            moment = at.day if now else at.micros
            chosen = self._options.model_dump_json(exclude={"hybrid", "methods", "periods"})
            key = (version, moment, settings.company.timezone, chosen, self.stage_probabilities())
            with _studies_lock:
                if key in _studies:
                    _studies.move_to_end(key)
                    return _studies[key]
            from sales_operations.forecasting.asof import load_history

            study = self._new_study(load_history(db, at, settings.company.timezone))
        with _studies_lock:
            _studies[key] = study
            while len(_studies) > _KEPT:
                _studies.popitem(last=False)
        return study

    def _new_study(self, known: Any) -> Study:
        from sales_operations.forecasting.study import Study

        return Study(self.estimates(known))

    def estimates(self, known: Any) -> Estimates:
        """The configured methods at work on a history as ``load_history`` gives it."""
        from sales_operations.forecasting.estimates import Estimates
        from sales_operations.forecasting.kept import KeptEstimates
        from sales_operations.forecasting.ml import MlMethod
        from sales_operations.forecasting.pipeline import PipelineMethod
        from sales_operations.forecasting.seasonal import SeasonalMethod
        from sales_operations.forecasting.trend import TrendMethod

        chances = self.stage_probabilities()
        return Estimates(
            known,
            (
                PipelineMethod(chances),
                TrendMethod(self._options.trend.historical_periods),
                SeasonalMethod(self._options.seasonal.seasonal_periods),
                MlMethod(self._options.ml.model, chances),
            ),
            KeptEstimates(self.workspace.results, known),
        )

    def stage_probabilities(self) -> tuple[float, ...]:
        """The configured chance of each open canonical stage: the mean of the own stages that stand for it."""
        settings = self.workspace.settings
        stages = [stage for name in settings.pipelines for stage in settings.pipeline(name).stages]
        chances = []
        for canonical in OpportunityStage:
            if not canonical.is_closed:
                own = [stage.probability for stage in stages if stage.canonical is canonical]
                chances.append(sum(own) / len(own) if own else 0.0)
        return tuple(chances)

    def major(self, minor: float) -> float:
        """Minor units of the company's currency in major units."""
        return to_major(round(minor), self.workspace.settings.company.currency)

    def described(self, window: Window, at: AsOf, accuracy: Accuracy) -> dict[str, Any]:
        """What every result says about its date, period and accuracy."""
        from sales_operations.forecasting.asof import day_of

        company = self.workspace.settings.company
        period = Period(window.name, day_of(window.start), day_of(window.end), company.fiscal_year_start)
        return {
            "as_of": at.shown,
            "period_label": period.label,
            "period_start": period.start.isoformat(),
            "period_end": period.end.isoformat(),
            "currency": company.currency,
            "confidence": accuracy.confidence,
            "confidence_basis": accuracy.shown(),
            "calculated_at": self.workspace.clock().isoformat(),
        }


def _check(kind: str, name: str, known: tuple[str, ...], offered: tuple[str, ...]) -> None:
    if name not in known:
        raise NotFound(f"{kind} {name!r} does not exist; use one of {', '.join(known)}")
    if name not in offered:
        raise Disabled(f"{kind} {name!r} is not listed in sales_operations.forecasting.{kind}s; add it there")

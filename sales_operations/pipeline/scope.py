"""Which part of the pipeline is looked at: of a rep or a team, due in a period, in a forecast category, in one pipeline."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import narwhals as nw

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.periods import Period
from sales_operations.metrics.deals import category

if TYPE_CHECKING:
    from sales_operations.pipeline.state import State

_COLUMNS = {"sales_rep": "sales_rep", "team": "team", "category": "forecast_category", "pipeline": "pipeline"}


@dataclass(frozen=True)
class Scope:
    """None asks for nothing. ``period``: the close date lies in it; ``category``: the forecast category."""

    sales_rep: str | None = None
    team: str | None = None
    pipeline: str | None = None
    category: str | None = None
    period: Period | None = None

    def shown(self) -> dict[str, str]:
        """What is asked for, by name."""
        asked = {name: value for name, value in asdict(self).items() if value is not None}
        return asked | ({"period": self.period.label} if self.period else {})

    def check(self, state: State) -> None:
        """Raise InvalidInput for a value that no deal ever had."""
        deals = state.intervals.with_columns(forecast_category=category(state.pipelines))
        for name, column in _COLUMNS.items():
            value = getattr(self, name)
            if value is None:
                continue
            found = state.rows(deals.select(column).filter(~nw.col(column).is_null()).unique())
            known = sorted(row[column] for row in found)
            if value not in known:
                near = get_close_matches(value, known, 1) or known[:5]
                hint = f"; there is {', '.join(near)}" if near else ""
                raise InvalidInput(f"{name}: no deal ever had {value!r}{hint}")

    @property
    def held(self) -> nw.Expr:
        """Whether a deal belongs to the rep, team and pipeline asked for."""
        return self._equal("sales_rep", "team", "pipeline")

    @property
    def due(self) -> nw.Expr:
        """Whether its close date lies in the period asked for."""
        if self.period is None:
            return nw.lit(True)
        dated = nw.col("close_date").is_between(nw.lit(self.period.start), nw.lit(self.period.end))
        return nw.coalesce(dated, nw.lit(False))

    @property
    def categorised(self) -> nw.Expr:
        """Whether it has the forecast category asked for."""
        return self._equal("category")

    def _equal(self, *names: str) -> nw.Expr:
        wanted = nw.lit(True)
        for name in names:
            if (value := getattr(self, name)) is not None:
                wanted = wanted & nw.coalesce(nw.col(_COLUMNS[name]) == value, nw.lit(False))
        return wanted

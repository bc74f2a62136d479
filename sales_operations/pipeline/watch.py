"""The open deals with what may be wrong with each: overdue, too long in stage, pushed, without activity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import narwhals as nw

from sales_operations.metrics.deals import OPEN_STAGES
from sales_operations.metrics.health import IDLE_DAYS, PUSHES
from sales_operations.metrics.journeys import seconds_between
from sales_operations.metrics.metric import SECONDS_A_DAY, Frame
from sales_operations.metrics.velocity import WON_FROM, WON_STAY
from sales_operations.pipeline.state import State

FEWEST = 5
"""A percentile of fewer deals than this is no threshold."""


@dataclass(frozen=True)
class Watch:
    """The open deals of a state under the thresholds that its own history sets."""

    state: State

    @cached_property
    def limits(self) -> dict[str, float | None]:
        """Open stage to the days in it that nine of ten won deals stayed below; None where too few were won."""
        row = self.state.measured(self.state.journeyed, [*WON_STAY.values(), *WON_FROM.values()])
        enough = {stage: row[WON_FROM[stage].name] >= FEWEST for stage in OPEN_STAGES}
        return {stage: WON_STAY[stage].read(row) if enough[stage] else None for stage in OPEN_STAGES}

    @property
    def has_limits(self) -> bool:
        """Whether any stage has such a threshold."""
        return any(days is not None for days in self.limits.values())

    @cached_property
    def has_activities(self) -> bool:
        """Whether any activity with a deal had happened by then."""
        return bool(self.state.rows(self._activities().head(1)))

    @cached_property
    def deals(self) -> Frame:
        """The open deals with ``stale``, ``pushes``, ``pushed``, ``idle_seconds`` (null where unknown), ``idle``."""
        limit: nw.Expr = nw.lit(None, nw.Float64)
        for stage, days in self.limits.items():
            if days is not None:
                limit = nw.when(nw.col("stage") == stage).then(nw.lit(days * SECONDS_A_DAY)).otherwise(limit)
        deals = self.state.open.join(self._pushes(), on="opportunity_id", how="left").with_columns(
            stale=nw.coalesce(nw.col("seconds_in_stage") > limit, nw.lit(False)),
            pushes=nw.coalesce(nw.col("pushes"), nw.lit(0)),
            idle_seconds=nw.lit(None, nw.Int64),
        )
        if self.has_activities:
            last = self._activities().group_by("opportunity_id").agg(last_activity_at=nw.col("occurred_at").max())
            since = nw.coalesce(nw.col("last_activity_at"), nw.col("opened_at"))
            deals = deals.join(last, on="opportunity_id", how="left").with_columns(
                idle_seconds=seconds_between(since, nw.lit(self.state.until))
            )
        idle = nw.coalesce(nw.col("idle_seconds") > IDLE_DAYS * SECONDS_A_DAY, nw.lit(False))
        flagged = deals.with_columns(pushed=nw.col("pushes") >= PUSHES, idle=idle)
        return self.state.kept("watched_deals", flagged)

    def _activities(self) -> Frame:
        happened = nw.col("occurred_at") <= nw.lit(self.state.until)
        return self.state.table("activities").filter(happened, ~nw.col("opportunity_id").is_null())

    def _pushes(self) -> Frame:
        dated = self.state.history.filter(~nw.col("close_date").is_null())
        dated = dated.join(self.state.open.select("opportunity_id"), on="opportunity_id", how="semi")
        before = nw.col("close_date").shift(1).over("opportunity_id", order_by="valid_from")
        later = dated.with_columns(before=before).filter(nw.col("close_date") > nw.col("before"))
        return later.group_by("opportunity_id").agg(pushes=nw.len())

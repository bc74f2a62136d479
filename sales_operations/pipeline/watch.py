"""The open deals with what may be wrong with each, at one instant or at many, under thresholds that were known then."""

from __future__ import annotations

from functools import cached_property

import narwhals as nw

from sales_operations.metrics.deals import OPEN_STAGES
from sales_operations.metrics.metric import SECONDS_A_DAY, Frame, measure
from sales_operations.metrics.value import DEAL_SIZE_MEDIAN, SIZED_WON_DEALS
from sales_operations.metrics.velocity import WON_FROM, WON_STAY
from sales_operations.pipeline.moments import Moments, present
from sales_operations.pipeline.state import UNASSIGNED, State

FEWEST = 5
"""A percentile or median of fewer deals than this is no threshold."""
FEWEST_REPS = 3
"""Loads are compared among at least so many reps."""
CONTACTS = """
SELECT opportunity_id, contact_id, occurred_at AS since, NULL AS until FROM activities
WHERE opportunity_id IS NOT NULL AND contact_id IS NOT NULL
UNION ALL SELECT opportunity_id, contact_id, since, until FROM roles
UNION ALL SELECT opportunity_id, contact_id, NULL, NULL FROM opportunities WHERE contact_id IS NOT NULL
"""
"""Whom a deal is known to go through, since when and until when; NULL where the store does not keep that."""

_NORMS = [*WON_STAY.values(), *WON_FROM.values(), DEAL_SIZE_MEDIAN, SIZED_WON_DEALS]
_STAY = " ".join(
    f"WHEN '{stage}' THEN CASE WHEN n.{WON_FROM[stage].name} >= {FEWEST} THEN n.{WON_STAY[stage].name} END"
    for stage in OPEN_STAGES
)
_FACTS = """
WITH o AS (FROM open_deals),
h AS (SELECT *, lag(close_date IGNORE NULLS) OVER (PARTITION BY opportunity_id ORDER BY valid_from) AS date_before
    FROM ({history}) WHERE opportunity_id IN (SELECT opportunity_id FROM o)),
c AS (SELECT o.origin, o.opportunity_id, h.currency, max(h.own_minor) AS peak_minor, max(h.valid_from) AS last_from,
    arg_max({{'v': h.own_minor}}, h.valid_from) AS own, count(*) FILTER (h.close_date > h.date_before) AS pushes,
    count(h.close_date) AS dated
    FROM o JOIN h ON h.opportunity_id = o.opportunity_id AND h.valid_from <= o.origin GROUP BY ALL),
f AS (SELECT origin, opportunity_id, arg_max({{'own': own.v, 'peak': peak_minor, 'currency': currency}}, last_from) AS money,
    sum(pushes) AS pushes, sum(dated) AS dated FROM c GROUP BY ALL),
done AS (SELECT o.origin, o.opportunity_id, max(a.occurred_at) AS last_activity_at
    FROM o JOIN activities a ON a.opportunity_id = o.opportunity_id AND a.occurred_at <= o.origin GROUP BY ALL),
known AS (SELECT o.origin, o.opportunity_id, count(DISTINCT c.contact_id) AS contacts
    FROM o JOIN ({contacts}) c ON c.opportunity_id = o.opportunity_id AND coalesce(c.since, o.origin) <= o.origin
        AND coalesce(c.until > o.origin, TRUE) GROUP BY ALL),
loads AS (SELECT origin, sales_rep, count(*) AS load FROM o WHERE sales_rep <> '{nobody}' GROUP BY ALL),
usual AS (SELECT origin, CASE WHEN count(*) >= {reps} THEN median(load) END AS usual_load FROM loads GROUP BY origin),
begun AS (SELECT min(occurred_at) AS first_activity_at FROM activities WHERE opportunity_id IS NOT NULL),
kept AS (SELECT {undated} AND count(next_step) > 0 AS next_steps, {undated} AND EXISTS ({contacts}) AS all_contacts
    FROM opportunities)
SELECT o.* REPLACE (CASE WHEN o.close_date IS NOT NULL THEN o.overdue END AS overdue),
    CASE WHEN begun.first_activity_at <= o.origin
        THEN (epoch_us(o.origin) - epoch_us(coalesce(done.last_activity_at, o.opened_at))) // 1000000 END AS idle_seconds,
    CASE WHEN f.dated > 0 THEN CAST(f.pushes AS BIGINT) END AS pushes, f.money.own AS own_minor,
    f.money.peak AS peak_minor, f.money.currency AS currency,
    CASE WHEN kept.all_contacts THEN coalesce(known.contacts, 0) END AS contacts,
    CASE WHEN kept.next_steps THEN coalesce(trim(p.next_step), '') END AS next_step,
    loads.load, CASE WHEN loads.load IS NOT NULL THEN usual.usual_load END AS usual_load,
    CASE o.stage {stay} END AS usual_seconds, CASE WHEN n.{sized} >= {fewest} THEN n.{size} END AS usual_minor
FROM o CROSS JOIN begun CROSS JOIN kept
LEFT JOIN f ON f.origin = o.origin AND f.opportunity_id = o.opportunity_id
LEFT JOIN done ON done.origin = o.origin AND done.opportunity_id = o.opportunity_id
LEFT JOIN known ON known.origin = o.origin AND known.opportunity_id = o.opportunity_id
LEFT JOIN opportunities p ON p.opportunity_id = o.opportunity_id
LEFT JOIN norms n ON n.origin = o.origin
LEFT JOIN loads ON loads.origin = o.origin AND loads.sales_rep = o.sales_rep
LEFT JOIN usual ON usual.origin = o.origin
"""


class Watch:
    """The open deals of one or more moments under the thresholds of the configuration and of their own history.

    Looks at the instant of ``state`` unless other ``moments`` are given. A flag of a deal is null where it cannot be
    judged: nothing of the kind is recorded, or too few deals were won.
    """

    def __init__(self, state: State, moments: Moments | None = None) -> None:
        self.state, self.moments = state, moments or present(state)
        self.thresholds = state.settings.pipeline_management.insights.thresholds

    @cached_property
    def limits(self) -> dict[str, float | None]:
        """For one moment: open stage to the days in it that are too many; None where too few deals were won."""
        rows = self.state.rows(self._norms)
        row = rows[0] if rows else dict.fromkeys((metric.name for metric in _NORMS), 0)
        days = {stage: WON_STAY[stage].read(row) for stage in OPEN_STAGES}
        enough = {stage: row[WON_FROM[stage].name] >= FEWEST for stage in OPEN_STAGES}
        times = self.thresholds.stalled_times
        return {stage: times * value if enough[stage] and value is not None else None for stage, value in days.items()}

    @property
    def has_limits(self) -> bool:
        """For one moment: whether any stage has such a limit."""
        return any(days is not None for days in self.limits.values())

    @cached_property
    def has_activities(self) -> bool:
        """For one moment: whether any activity with a deal had happened by then."""
        happened = nw.col("occurred_at") <= nw.lit(self.state.until)
        found = self.state.table("activities").filter(happened, ~nw.col("opportunity_id").is_null())
        return bool(self.state.rows(found.head(1)))

    @cached_property
    def deals(self) -> Frame:
        """One row per moment and open deal, with the facts behind each warning and its flag.

        Facts: idle_seconds, usual_seconds (that nine of ten won deals took), pushes, contacts, next_step, own_minor,
        peak_minor and currency (the amount as it is and at its highest), usual_minor (the median won deal), load and
        usual_load (open deals of the rep, and the reps' median). Flags: idle, overdue, stale, pushed, lone, aimless,
        shrunk, large, overloaded.
        """
        self.state.kept("open_deals", self.moments.open)
        history = self.state.history.select("opportunity_id", "valid_from", "own_minor", "currency", "close_date")
        self.state.kept("norms", self._norms)
        facts = _FACTS.format(
            history=nw.to_native(history).sql_query(),
            contacts=CONTACTS,
            nobody=UNASSIGNED,
            reps=FEWEST_REPS,
            undated=self.moments.undated,
            stay=_STAY,
            sized=SIZED_WON_DEALS.name,
            size=DEAL_SIZE_MEDIAN.name,
            fewest=FEWEST,
        )
        limit = self.thresholds
        flagged = nw.from_native(self.state.db.sql(facts)).with_columns(
            idle=nw.col("idle_seconds") > limit.idle_days * SECONDS_A_DAY,
            stale=nw.col("seconds_in_stage") > nw.col("usual_seconds") * limit.stalled_times,
            pushed=nw.col("pushes") >= limit.pushes,
            lone=nw.col("contacts") < limit.contacts,
            aimless=nw.col("next_step") == "",
            shrunk=(nw.col("peak_minor") > 0)
            & (nw.col("own_minor") <= nw.col("peak_minor") * (1 - limit.shrunk_share)),
            large=nw.col("amount_minor") > nw.col("usual_minor") * limit.large_times,
            overloaded=nw.col("load") > nw.col("usual_load") * limit.overloaded_times,
        )
        return self.state.kept("watched_deals", flagged)

    @cached_property
    def _norms(self) -> Frame:
        return measure(self.moments.deals, _NORMS, ["origin"])

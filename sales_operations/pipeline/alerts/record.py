"""How often the warnings have been right: past weeks, each seen as it was then, and what happened after them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import narwhals as nw

from sales_operations.domain.clock import AsOf, day_of, to_micros
from sales_operations.domain.periods import Period
from sales_operations.pipeline.alerts.coverage import Coverage, coverages, won_in
from sales_operations.pipeline.alerts.found import GAP
from sales_operations.pipeline.moments import past
from sales_operations.pipeline.present import share
from sales_operations.pipeline.state import State
from sales_operations.pipeline.warning_kinds import EVENTS, KINDS
from sales_operations.pipeline.watch import Watch

WEEK = timedelta(days=7)
_OUTCOMES = """
CREATE OR REPLACE TEMP TABLE outcomes AS
WITH h AS ({history}), w AS ({seen}),
later AS (SELECT w.origin, w.opportunity_id, min(h.valid_from) AS lost_at FROM w JOIN h
    ON h.opportunity_id = w.opportunity_id AND h.status = 'lost' AND h.valid_from > w.origin GROUP BY ALL)
SELECT w.origin, w.opportunity_id, {flags}, h.status IS NOT DISTINCT FROM 'lost' AS lost,
    h.status IS DISTINCT FROM 'won' AS not_won,
    CASE WHEN h.status = 'lost' THEN epoch(later.lost_at - w.origin) / 86400 END AS days
FROM w LEFT JOIN h ON h.opportunity_id = w.opportunity_id AND h.valid_from <= w.origin + INTERVAL {horizon} DAY
    AND h.valid_to > w.origin + INTERVAL {horizon} DAY
LEFT JOIN later ON later.origin = w.origin AND later.opportunity_id = w.opportunity_id
"""
_RAISED = """
WITH seen AS (SELECT *, avg(CAST(happened AS INT)) OVER (PARTITION BY origin) AS base,
        lag(warned) OVER (PARTITION BY opportunity_id ORDER BY origin) AS before,
        min(origin) FILTER (warned IS NOT NULL) OVER () AS first_look
    FROM (SELECT origin, opportunity_id, {flag} AS warned, {event} AS happened, days FROM outcomes)),
raised AS (FROM seen WHERE warned AND NOT coalesce(before, FALSE) AND origin > first_look
    QUALIFY row_number() OVER (PARTITION BY opportunity_id ORDER BY origin) = 1)
SELECT count(*), count(*) FILTER (happened), avg(base), median(days) FILTER (happened), count(days) FILTER (happened)
FROM raised
"""

Result = dict[str, Any]
_NOTHING: Result = {"n": 0, "came_true": 0, "base_rate": None, "lead_days": None, "lead_n": 0}
_UNDATED = "Not measured: the store keeps what it is judged by as it is now, without its history."


def records(state: State, wanted: Collection[str], horizon_days: int | None = None, weeks: int | None = None) -> Result:
    """``records``: warning name to its record; ``from``, ``to`` and ``looks``: the weekly looks; ``horizon_days``.

    A record judges each deal once, at the first look at which the warning came up anew: ``n`` deals, ``came_true`` of
    them, ``precision`` with its interval, ``base_rate`` of the same event among all deals that were open at the same
    looks, ``lift``, ``lead_days`` (median from the warning to the loss, over ``lead_n``), ``event``, and ``says`` in
    words. Only looks whose horizon ends by the last closing take part; thresholds come from before each look. The
    very first look only says what is not new. A value that cannot be known is None. Horizon and weeks are those of the
    configuration unless given. All looks are computed at once: time and memory grow with deals x looks.
    """
    asked = state.settings.pipeline_management.insights.record
    horizon = horizon_days or asked.horizon_days
    origins = _origins(state, horizon, weeks or asked.weeks)
    rows: dict[str, Result] = dict.fromkeys(wanted, _NOTHING)
    if origins:
        watch = Watch(state, past(state, origins))
        rows |= _judged(watch, [name for name in wanted if name in KINDS], horizon)
        if GAP in wanted:
            rows[GAP] = _gaps(watch)
    return {
        "from": origins[0].shown if origins else None,
        "to": origins[-1].shown if origins else None,
        "looks": len(origins),
        "horizon_days": horizon,
        "records": {name: _record(name, rows[name], horizon) for name in wanted},
    }


def _origins(state: State, horizon_days: int, weeks: int) -> list[AsOf]:
    """The weekly looks, oldest first, none before the first deal; one more than ``weeks``, which tells what is new.

    Horizons end at the last closing: whether deals were won after it nobody has recorded yet.
    """
    first = state.rows(state.history.select(first=nw.col("valid_from").min()))[0]["first"]
    end = _last_closing(state)
    if first is None or end is None:
        return []
    last = end.replace(tzinfo=UTC) - timedelta(days=horizon_days)
    instants = [last - WEEK * back for back in reversed(range(weeks + 1))]
    zone = state.settings.company.timezone
    return [
        AsOf(to_micros(instant), instant.isoformat(timespec="seconds"), day_of(to_micros(instant), zone))
        for instant in instants
        if instant.replace(tzinfo=None) >= first
    ]


def _last_closing(state: State) -> datetime | None:
    found: datetime | None = state.rows(state.journeyed.select(end=nw.col("closed_at").max()))[0]["end"]
    return found


def _judged(watch: Watch, names: list[str], horizon_days: int) -> dict[str, Result]:
    """Name to counts, for the warnings about single deals."""
    state = watch.state
    history = state.history.select("opportunity_id", "valid_from", "valid_to", "status")
    flags = ", ".join(f"w.{kind.flag}" for kind in KINDS.values())
    seen = nw.to_native(watch.deals).sql_query()
    outcomes = _OUTCOMES.format(history=nw.to_native(history).sql_query(), seen=seen, flags=flags, horizon=horizon_days)
    state.db.execute(outcomes)
    found = {}
    for name in names:
        raised = _RAISED.format(flag=KINDS[name].flag, event=KINDS[name].event)
        [row] = state.db.execute(raised).fetchall()
        found[name] = dict(zip(_NOTHING, row, strict=True))
    return found


def _gaps(watch: Watch) -> Result:
    """Counts of the coverage gap: each quarter once, at the first look with a gap; only quarters that are over."""
    state = watch.state
    last = _last_closing(state)
    looks = [one for _, one in sorted(coverages(watch.moments).items()) if last and one.quarter.end <= last.date()]
    known = [one for one in looks if one.times is not None]
    won = {one.quarter: won_in(state, one.quarter) for one in known}
    short = [won[one.quarter] < (one.target_minor or 0) for one in known]
    first: dict[Period, tuple[bool, Coverage]] = {}
    for one, missed in zip(known, short, strict=True):
        if one.gap(watch.thresholds.coverage):
            first.setdefault(one.quarter, (missed, one))
    leads = [(one.quarter.end - one.day).days for missed, one in first.values() if missed]
    return {
        "n": len(first),
        "came_true": sum(missed for missed, _ in first.values()),
        "base_rate": sum(short) / len(short) if short else None,
        "lead_days": median(leads) if leads else None,
        "lead_n": len(leads),
    }


def _record(name: str, counts: Result, horizon_days: int) -> Result:
    kind = KINDS.get(name)
    event = EVENTS[kind.event if kind else "short"].format(days=horizon_days)
    part, base = share(counts["came_true"], counts["n"]), counts["base_rate"]
    made = {
        "n": counts["n"],
        "unit": "deals" if kind else "quarters",
        "event": event,
        "came_true": counts["came_true"],
        "precision": part,
        "base_rate": base,
        "lift": part["value"] / base if base and part["value"] is not None else None,
        "lead_days": counts["lead_days"],
        "lead_n": counts["lead_n"],
    }
    return made | {"says": _says(made) if kind is None or kind.dated else _UNDATED}


def _says(record: Result) -> str:
    n, hits, part, base, unit = (record[name] for name in ("n", "came_true", "precision", "base_rate", "unit"))
    if not n:
        return "It did not come up anew in the weeks looked at, so it has no record."
    everything = "all deals that were open in the same weeks" if unit == "deals" else "the quarters ahead in all weeks"
    if not hits:
        told = f"It has never come true: of {n} {unit} that had it, none was {record['event']}"
        return f"{told}; of {everything}, {base:.0%}."
    told = (
        f"Of {n} {unit} that had it, {part['value']:.0%} ({part['low']:.0%} to {part['high']:.0%}) were "
        f"{record['event']}; of {everything}, {base:.0%}."
    )
    if part["high"] < base:
        told += " So it points the wrong way."
    elif part["low"] <= base:
        told += " That is no better than chance."
    if record["lead_n"] and unit == "deals":
        told += f" {record['lead_n']} of them were lost, half of these within {record['lead_days']:.0f} days."
    elif record["lead_n"]:
        told += f" It came {record['lead_days']:.0f} days before the quarter's end (median)."
    return told

"""The record of kept forecasts: one a period at each point, figures by hand, and alarms at their stated rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from sales_operations.domain.periods import period_of
from sales_operations.metrics.forecast_drift import ALARM, alarms
from sales_operations.metrics.forecast_record import Judged, Kept, judged, leading, records

KEPT = Kept(
    method="hybrid", period="month", period_start=date(2026, 5, 1), period_end=date(2026, 5, 31), as_of=date(2026, 5, 1),
    made_at=1, currency="EUR", total=1_000, booked=0, open=600, created_later=400, p2_5=500, p10=700, p50=1_000, p90=1_300,
    p97_5=1_500, confidence=0.5, weights=None, data_seq=7, settings="ab",
)  # fmt: skip


def on(day: date, **changed: object) -> Kept:
    period = period_of(str(changed.get("period", "month")), day)
    return replace(KEPT, as_of=day, period_start=period.start, period_end=period.end, **changed)


def test_each_period_counts_once_at_its_start_and_once_in_its_middle() -> None:
    days = [on(date(2026, 6, 1) + timedelta(days=n), total=1_000 + n, made_at=n) for n in range(30)]
    again = replace(days[0], total=5_000, made_at=99)
    start, middle = reversed(records(judged([*days, again], {again.of: 1_010})))
    assert [(one.kept.as_of.day, one.kept.total) for one in start.judged] == [(1, 5_000)]
    assert [(one.kept.as_of.day, one.kept.total) for one in middle.judged] == [(15, 1_014)]


def test_forecasts_that_began_late_have_no_start() -> None:
    late = [on(date(2026, 5, day)) for day in (9, 12, 30)]
    assert records(judged(late, {KEPT.of: 1_010})) == []
    assert judged(late, {}) == []


def test_figures_are_those_counted_by_hand() -> None:
    may, june = on(date(2026, 5, 2)), on(date(2026, 6, 2), total=2_000, p50=2_000, p90=2_100, p97_5=2_600)
    [record] = records(judged([may, june], {may.of: 900, june.of: 2_500}))
    assert record.shown() == {
        "method": "hybrid", "period": "month", "point": "start", "n": 2, "wape": 600 / 3_400, "bias": -400 / 3_400,
        "in_80": 1, "in_95": 2,
    }  # fmt: skip
    assert [one.side for one in record.judged] == [-1, 1]
    assert Judged(may, 900).shown()["error"] == 1.0
    assert may.shown()["period"] == "2026-05"


def test_only_the_last_twelve_periods_count() -> None:
    starts = [period_of("month", date(2026, 5, 1)).shifted(-n).start for n in range(20)]
    [record] = records([Judged(on(day), 1_000) for day in starts])
    assert [one.kept.period_start for one in record.judged] == sorted(starts[:12])


def test_the_hybrid_speaks_for_its_parts_where_it_was_used() -> None:
    part = replace(KEPT, method="trend")
    assert leading([part, KEPT]) == [KEPT]
    assert leading([part]) == [part]


def history(rng: np.random.Generator, months: int, shift: float = 0.0, width: float = 1.0) -> list[Judged]:
    """Forecasts at the start and the middle of so many months and their quarters, whose errors are normal."""
    found = []
    for name, count in (("month", months), ("quarter", months // 3)):
        first = period_of(name, date(2020, 1, 1))
        for number in range(count):
            period = first.shifted(number)
            error = rng.standard_normal()
            for point, share in (("start", 1.0), ("middle", 0.6)):
                days = (period.end - period.start).days
                day = period.start + timedelta(days=0 if point == "start" else days // 2)
                own = share * (0.8 * error + 0.6 * rng.standard_normal())
                actual = round(1_000 + 100 * (own + shift))
                half = {level: round(z * 100 * share * width) for level, z in ((80, 1.2816), (95, 1.96))}
                bounds = {"p2_5": 1_000 - half[95], "p10": 1_000 - half[80], "p90": 1_000 + half[80]}
                made = on(day, period=name, **bounds, p97_5=1_000 + half[95])
                found.append(Judged(made, actual))
    return found


def looks(seed: int, companies: int, **off: float) -> list[list[bool]]:
    """Whether there is an alarm at the end of each quarter of four years, for each company."""
    rng, seen = np.random.default_rng(seed), []
    for _ in range(companies):
        found = history(rng, 48, **off)
        ends = [period_of("quarter", date(2020, 1, 1)).shifted(n).end for n in range(16)]
        seen.append([bool(alarms(records([one for one in found if one.kept.period_end <= end]))) for end in ends])
    return seen


def test_sound_forecasts_are_seldom_called_off() -> None:
    rate = np.mean(looks(1, 150))
    assert rate <= ALARM


def test_forecasts_that_are_one_deviation_too_low_are_found() -> None:
    assert np.mean([any(one) for one in looks(2, 60, shift=1.0)]) >= 0.9


def test_intervals_of_half_the_width_are_found() -> None:
    assert np.mean([any(one) for one in looks(3, 60, width=0.5)]) >= 0.9


@pytest.mark.parametrize(("shift", "word"), [(3.0, "too low"), (-3.0, "too high")])
def test_an_alarm_says_what_is_off_and_how_likely_chance_is(shift: float, word: str) -> None:
    found = alarms(records(history(np.random.default_rng(4), 12, shift=shift)))
    first = next(one for one in found if one.kind == "one_sided" and one.record.period == "month")
    assert (
        f"Of the last 12 hybrid forecasts of a month, made {first.record.where}, 12 were {word}; chance" in first.says
    )
    assert first.p == pytest.approx(2 / 2**12)

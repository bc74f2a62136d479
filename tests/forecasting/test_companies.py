from __future__ import annotations

import numpy as np
import pytest

from benchmarks.companies import page
from benchmarks.companies.__main__ import COMPANIES, SEEDS
from benchmarks.companies.company import HORIZON, LEAST_BEFORE, draw
from benchmarks.companies.floor import floor_of
from benchmarks.companies.judge import FLOOR, FULL, HYBRID, SHORT, Judged, judge, judged, scores
from benchmarks.companies.record import Lived, begun_on, live
from sales_operations.forecasting.asof import WON

SMALL = (3003, 3009, 3013)
"""Small and middling companies, seen nowhere else."""
SMALLER = (3012, 3023)


@pytest.fixture(scope="module")
def companies() -> list[Lived]:
    return [live(draw(seed)) for seed in SMALL]


def test_a_seed_gives_the_same_company_each_time(companies: list[Lived]) -> None:
    again = live(draw(SMALL[0]))
    assert again.history.amount.tolist() == companies[0].history.amount.tolist()
    assert again.actual.tolist() == companies[0].actual.tolist()


def test_the_record_is_a_history_and_what_came_true_is_in_it(companies: list[Lived]) -> None:
    for lived in companies:
        history, company = lived.history, lived.company
        steps = np.diff(history.deal) * 10_000 + np.diff(history.start)
        assert (steps > 0).all()
        assert history.closings.day.min() >= company.recorded
        known = history.at(int(company.origins[0]))
        assert known.day - company.recorded >= LEAST_BEFORE
        for origin, actual in zip(company.origins, lived.actual, strict=True):
            assert history.won_per_day(int(origin) + 1, int(origin) + HORIZON).sum() == pytest.approx(actual)


def test_a_record_begun_later_lacks_the_deals_closed_before_alone(companies: list[Lived]) -> None:
    lived = companies[0]
    day = int(lived.company.origins[0]) - LEAST_BEFORE
    later = begun_on(lived.history, day)
    assert later.closings.day.min() >= day
    assert later.won_per_day(day, later.day).sum() == lived.history.won_per_day(day, later.day).sum()
    assert later.open_rows.size == lived.history.open_rows.size


def test_companies_skip_stages_go_back_and_push_dates(companies: list[Lived]) -> None:
    steps: set[int] = set()
    for lived in companies:
        history = lived.history
        same = np.diff(history.deal) == 0
        steps |= set(np.diff(history.stage)[same & (history.stage[1:] <= WON)].tolist())
        assert history.pushes.max() >= 2
    assert {-1, 0, 1, 2} <= steps


@pytest.mark.long
def test_the_floor_covers_what_came_true_as_often_as_it_says() -> None:
    inside: list[bool] = []
    for seed in range(3100, 3140):
        lived = live(draw(seed))
        floor = floor_of(lived, 100)
        inside += ((floor.low <= lived.actual) & (lived.actual <= floor.high)).tolist()
    assert len(inside) > 250
    assert 0.74 < np.mean(inside) < 0.86


def test_no_company_is_both_tuned_on_and_shown() -> None:
    tuned, shown = (set(range(first, first + COMPANIES)) for first in SEEDS.values())
    assert not tuned & shown
    assert not (tuned | shown) & {*SMALL, *SMALLER, *range(3100, 3140)}


def test_forecasts_of_companies_are_judged_against_their_floor() -> None:
    found = [one for seed in SMALLER for one in judged(seed, 40, 1)]
    for record in (FULL, SHORT):
        by_name = scores(found, record)
        assert by_name[FLOOR].ratio == 1
        assert {score.windows for name, score in by_name.items() if name != "seasonal_naive"} == {len(SMALLER)}
        assert by_name[HYBRID].wape < by_name["weighted_pipeline"].wape
        assert by_name[HYBRID].cover_95 is not None
        assert by_name[HYBRID].cover_95 >= 0.5
    shown = page.text(found)
    assert f"| {HYBRID} | {scores(found, FULL)[HYBRID].wape:.3f} |" in shown


@pytest.fixture(scope="module")
def shown() -> list[Judged]:
    first = SEEDS["show"]
    return [one for company in judge(range(first, first + COMPANIES), jobs=2) for one in company]


@pytest.mark.long
@pytest.mark.timeout(5400)
def test_the_range_of_the_hybrid_is_honest(shown: list[Judged]) -> None:
    full, short = scores(shown, FULL), scores(shown, SHORT)
    assert 0.76 <= (full[FLOOR].cover_80 or 0) <= 0.84
    assert 0.76 <= (full[HYBRID].cover_80 or 0) <= 0.84
    assert 0.76 <= (short[HYBRID].cover_80 or 0) <= 0.84


@pytest.mark.long
@pytest.mark.timeout(5400)
def test_the_hybrid_comes_within_a_quarter_of_the_floor(shown: list[Judged]) -> None:
    full = scores(shown, FULL)
    assert full[HYBRID].ratio <= 1.25
    assert full[HYBRID].wape < min(full[name].wape for name in ("trend", "seasonal", "ml", "run_rate"))


@pytest.mark.long
@pytest.mark.timeout(5400)
@pytest.mark.xfail(strict=True, reason="level with it, not better: see decision 0018")
def test_the_hybrid_is_better_than_the_pipeline_method(shown: list[Judged]) -> None:
    full = scores(shown, FULL)
    assert full[HYBRID].wape < full["pipeline"].wape

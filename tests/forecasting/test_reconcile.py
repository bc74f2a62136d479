"""Forecasts of parts and wholes that add up."""

from __future__ import annotations

import numpy as np
import pytest

from sales_operations.forecasting.reconcile import UNKNOWN, Guess, apportioned, reconcile


def a_tree(rng: np.random.Generator) -> tuple[list[int], list[Guess]]:
    """Up to three levels with a forecast at nearly every place."""
    parents = [-1] + [0] * int(rng.integers(1, 5))
    for team in range(1, len(parents)):
        parents += [team] * int(rng.integers(0, 4))
    inner = set(parents)
    guesses = [
        Guess(
            float(rng.uniform(0, 1e7)), UNKNOWN if place in inner and rng.random() < 0.3 else float(rng.uniform(1, 1e9))
        )
        for place in range(len(parents))
    ]
    return parents, guesses


def by_matrix(parents: list[int], guesses: list[Guess]) -> np.ndarray:
    """The same by the formula of weighted least squares, (S'WS)^-1 S'W y."""
    leaves = [place for place in range(len(parents)) if place not in parents]
    summing = np.zeros((len(parents), len(leaves)))
    for column, leaf in enumerate(leaves):
        place = leaf
        while place >= 0:
            summing[place, column] = 1
            place = parents[place]
    weights = np.diag([0.0 if one.variance == UNKNOWN else 1 / one.variance for one in guesses])
    values = np.array([one.value for one in guesses])
    return summing @ np.linalg.solve(summing.T @ weights @ summing, summing.T @ weights @ values)


@pytest.mark.parametrize("seed", range(20))
def test_two_passes_find_what_the_matrix_of_least_squares_finds(seed):
    parents, guesses = a_tree(np.random.default_rng(seed))
    # Each level rounds to whole units once.
    assert np.allclose(reconcile(parents, guesses), by_matrix(parents, guesses), rtol=1e-9, atol=3)


@pytest.mark.parametrize("seed", range(20))
def test_every_parent_is_the_exact_sum_of_its_children(seed):
    parents, guesses = a_tree(np.random.default_rng(seed))
    found = reconcile(parents, guesses)
    for place in set(parents) - {-1}:
        assert found[place] == sum(value for value, parent in zip(found, parents, strict=True) if parent == place)


def test_a_certain_total_and_what_is_certain_below_it_are_kept_to_the_unit():
    found = reconcile([-1, 0, 0, 0], [Guess(1_000, 0), Guess(333, 0), Guess(100, 100), Guess(50, 50)])
    assert found == [1_000, 333, 445, 222]


def test_a_total_that_nobody_forecast_is_the_sum_of_its_parts():
    assert reconcile([-1, 0, 0], [Guess(), Guess(7, 1), Guess(8, 1)]) == [15, 7, 8]


def test_parts_that_are_all_certain_stand_against_any_total():
    assert reconcile([-1, 0, 0], [Guess(99, 0), Guess(7, 0), Guess(8, 0)]) == [15, 7, 8]


def test_no_place_gives_no_values():
    assert reconcile([], []) == []


@pytest.mark.parametrize("total", [10, 11, 9])
def test_whole_numbers_take_the_rest_where_most_was_cut_off(total):
    found = apportioned([3.4, 3.3, 3.3], total)
    assert sum(found) == total
    assert found == {10: [4, 3, 3], 11: [4, 4, 3], 9: [3, 3, 3]}[total]

from __future__ import annotations

from benchmarks.ranges import binomial_band


def test_the_band_of_a_share_holds_what_luck_leaves() -> None:
    # scipy.stats.binom(n, .8).ppf((.025, .975)) / n
    assert binomial_band(5, 0.8) == (0.4, 1.0)
    assert binomial_band(20, 0.8) == (0.6, 0.95)
    assert binomial_band(100, 0.8) == (0.72, 0.88)
    assert binomial_band(0, 0.8) == (0.0, 1.0)

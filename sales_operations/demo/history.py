"""What the reps recorded of each deal: estimates, pushed and pulled close dates, amounts, owners, stages, endings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.demo.columns import Bools, Floats, Ints, pick
from sales_operations.demo.deals import LEAD, LOST, NEGOTIATION, PROPOSAL, QUALIFIED, WON, Deals
from sales_operations.demo.journal import Journal
from sales_operations.demo.prices import Quoted, minor_values
from sales_operations.demo.seasons import Seasons, month_end, working
from sales_operations.demo.staff import Staff

_EXPECTED_DAYS = (48, 66, 92)  # by segment, what a rep writes down for a new deal
_ROUNDS = 12
# Shares of the loss reasons in the catalog's order: early in the process, late in it, and for a deal that got stuck.
_EARLY = (0.12, 0.13, 0.34, 0.27, 0.14)
_LATE = (0.34, 0.33, 0.16, 0.08, 0.09)
_STUCK = (0.08, 0.10, 0.52, 0.17, 0.13)


@dataclass(frozen=True)
class Handover:
    """The new owner of each deal (a rep's index) and when; NaN where the first owner kept it."""

    when: Floats
    owner: Ints


def record(
    rng: np.random.Generator, seasons: Seasons, staff: Staff, deals: Deals, quoted: Quoted
) -> tuple[Journal, Handover]:
    """Write the journal of all deals. Nothing follows a closing, except where a lost deal was reopened."""
    journal = Journal()
    until = np.fmin(deals.end, seasons.today)
    due = _first_close_date(rng, staff, deals)
    estimate = _first_amount(rng, deals)
    first_stage = np.where(np.isnan(deals.entered[:, LEAD]), QUALIFIED, LEAD)
    everyone = np.arange(len(deals))
    journal.add(everyone, deals.created, stage=first_stage, amount=estimate, close_date=due, owner=deals.rep)
    _stages(rng, journal, deals, quoted, first_stage, until)
    _amounts(rng, journal, deals, quoted, estimate, until)
    _close_dates(rng, journal, staff, deals, due, until)
    _probabilities(rng, journal, deals, until)
    _endings(rng, journal, seasons, deals, quoted)
    return journal, _handovers(rng, journal, seasons, staff, deals, until)


def _first_close_date(rng: np.random.Generator, staff: Staff, deals: Deals) -> Ints:
    count = len(deals)
    days = np.asarray(_EXPECTED_DAYS)[deals.segment] * np.exp(
        rng.normal(0.2 - 0.7 * staff.sloppiness[deals.rep], 0.28, count)
    )
    day = np.floor(deals.created + days).astype(np.int64)
    snap = rng.random(count)
    return np.select([snap < 0.30, snap < 0.55], [month_end(day), month_end(day, 3)], day)


def _first_amount(rng: np.random.Generator, deals: Deals) -> Ints:
    count = len(deals)
    guess = minor_values(deals) * np.exp(rng.normal(0.08, 0.22, count))
    missing = rng.random(count) < np.where(deals.from_lead, 0.13, 0.06)
    return np.where(missing, -1, _round(guess))


def _round(minor: Floats) -> Ints:
    """Amounts as people write them: to the hundred, from ten thousand on to the five hundred."""
    step = np.where(minor >= 1_000_000, 50_000, 10_000)
    return np.maximum(np.rint(minor / step), 1).astype(np.int64) * step


def _stages(
    rng: np.random.Generator, journal: Journal, deals: Deals, quoted: Quoted, first_stage: Ints, until: Floats
) -> None:
    for stage in (QUALIFIED, PROPOSAL, NEGOTIATION):
        at = np.flatnonzero(~np.isnan(deals.entered[:, stage]) & (first_stage < stage))
        amount = np.where(quoted.first[at] > 0, quoted.first[at], -1) if stage == PROPOSAL else -1
        journal.add(at, deals.entered[at, stage], stage=stage, amount=amount)
    since = deals.entered[:, PROPOSAL]
    span = np.fmin(deals.entered[:, NEGOTIATION], until) - since
    back = np.flatnonzero((span > 6) & (rng.random(len(deals)) < 0.05))
    journal.add(back, since[back] + 0.35 * span[back], stage=QUALIFIED)
    journal.add(back, since[back] + 0.65 * span[back], stage=PROPOSAL)


def _amounts(
    rng: np.random.Generator, journal: Journal, deals: Deals, quoted: Quoted, estimate: Ints, until: Floats
) -> None:
    since = deals.entered[:, QUALIFIED]
    span = np.fmin(deals.entered[:, PROPOSAL], until) - since
    again = (span > 1) & (rng.random(len(deals)) < np.where(estimate < 0, 0.65, 0.30))
    at = np.flatnonzero(again)
    seen = np.where(estimate[at] < 0, minor_values(deals)[at], estimate[at])
    times = since[at] + span[at] * rng.uniform(0.1, 0.9, len(at))
    journal.add(at, times, amount=_round(seen * np.exp(rng.normal(-0.02, 0.25, len(at)))))
    at = np.flatnonzero(~np.isnan(quoted.settled) & (quoted.final != quoted.first))
    journal.add(at, quoted.settled[at], amount=quoted.final[at])


def _close_dates(
    rng: np.random.Generator, journal: Journal, staff: Staff, deals: Deals, due: Ints, until: Floats
) -> None:
    sloppy = staff.sloppiness[deals.rep]
    everyone = np.arange(len(deals))
    negotiated = deals.entered[:, NEGOTIATION]
    due = _push(rng, journal, everyone, due, deals.created, np.fmin(negotiated, until), sloppy)
    # In negotiation the date becomes real: one that lies far off is pulled in.
    at = np.flatnonzero((due - negotiated > 32) & (until - negotiated > 2) & (rng.random(len(deals)) < 0.6))
    times = negotiated[at] + rng.uniform(0.2, 1.8, len(at))
    near = np.floor(times + rng.uniform(9, 28, len(at))).astype(np.int64)
    close = month_end(near, 3)
    due[at] = np.where(close - near <= 14, close, near)
    journal.add(at, times, close_date=due[at])
    since = negotiated.copy()
    since[at] = times
    late = np.flatnonzero(~np.isnan(negotiated))
    _push(rng, journal, late, due[late], since[late], until[late], sloppy[late])


def _push(
    rng: np.random.Generator, journal: Journal, deals: Ints, due: Ints, since: Floats, until: Floats, sloppy: Floats
) -> Ints:
    """Move close dates on as they come near or have passed, until each deal's end; gives the last close dates."""
    due, since = due.copy(), since.copy()
    waiting: Bools = due < until
    for _ in range(_ROUNDS):
        count = len(deals)
        late = rng.random(count) < 0.25 + 0.50 * sloppy
        delay = np.where(late, 1 + rng.exponential(8 + 18 * sloppy), -rng.uniform(0, 5, count))
        when = working(np.maximum(due + 0.5 + delay, since + rng.uniform(0.05, 0.9, count)))
        waiting &= (due < until) & (when < until - 0.01) & (rng.random(count) > 0.045)
        at = np.flatnonzero(waiting)
        if not len(at):
            break
        day = np.floor(when[at]).astype(np.int64)
        # Weak reps take small steps, and so take many.
        step = np.rint(rng.choice((14, 21, 30, 45), len(at)) * (1.5 - 1.1 * sloppy[at])).astype(np.int64)
        snap = rng.random(len(at))
        moved = np.maximum(day, due[at]) + step
        due[at] = np.select(
            [snap < 0.35, snap < 0.60 - 0.25 * sloppy[at]], [month_end(moved), month_end(moved, 3)], moved
        )
        since[at] = when[at]
        journal.add(deals[at], when[at], close_date=due[at])
    return due


def _probabilities(rng: np.random.Generator, journal: Journal, deals: Deals, until: Floats) -> None:
    for stage, usual, share in ((PROPOSAL, 50, 0.04), (NEGOTIATION, 70, 0.10)):
        since = deals.entered[:, stage]
        span = (np.fmin(deals.entered[:, NEGOTIATION], until) if stage == PROPOSAL else until) - since
        at = np.flatnonzero((span > 2) & (rng.random(len(deals)) < share))
        felt = usual + 14 * deals.interest[at] + rng.normal(0, 12, len(at))
        percent = np.clip(np.rint(felt / 5), 1, 19).astype(np.int64) * 5
        journal.add(at, since[at] + span[at] * rng.uniform(0.1, 0.9, len(at)), probability=percent)


def _endings(rng: np.random.Generator, journal: Journal, seasons: Seasons, deals: Deals, quoted: Quoted) -> None:
    won = np.flatnonzero(deals.won)
    journal.add(won, deals.closed[won], stage=WON, close_date=np.floor(deals.closed[won]).astype(np.int64))
    lost = np.flatnonzero(deals.lost_in >= 0)
    _lose(rng, journal, deals, lost, deals.closed[lost])

    back = deals.closed + rng.uniform(12, 80, len(deals))
    eligible = (deals.lost_in >= PROPOSAL) & (quoted.final > 0) & (back < seasons.today - 1)
    at = np.flatnonzero(eligible & (rng.random(len(deals)) < 0.05))
    begun = working(back[at])
    days = np.floor(begun).astype(np.int64)
    journal.add(at, begun, stage=deals.lost_in[at], close_date=days + rng.integers(20, 60, len(at)))
    again = seasons.after(begun + 0.5, rng.uniform(10, 75, len(at)))
    over = again < seasons.today
    wins = over & (rng.random(len(at)) < 0.45)
    journal.add(at[wins], again[wins], stage=WON, close_date=np.floor(again[wins]).astype(np.int64))
    _lose(rng, journal, deals, at[over & ~wins], again[over & ~wins])


def _lose(rng: np.random.Generator, journal: Journal, deals: Deals, lost: Ints, times: Floats) -> None:
    kind = np.where(deals.stalled[lost], 2, np.where(deals.lost_in[lost] >= PROPOSAL, 1, 0))
    reason = pick(rng, np.array((_EARLY, _LATE, _STUCK))[kind], len(lost))
    journal.add(lost, times, stage=LOST, close_date=np.floor(times).astype(np.int64), loss_reason=reason)


def _handovers(
    rng: np.random.Generator, journal: Journal, seasons: Seasons, staff: Staff, deals: Deals, until: Floats
) -> Handover:
    count = len(deals)
    left = staff.left[deals.rep]
    span = until - deals.created
    leaving = left < until
    kept = deals.created + span * rng.uniform(0.1, 0.8, count)
    when = working(np.where(leaving, np.where(leaving, left, 0) + rng.uniform(0.5, 12, count), kept))
    # A few deals of somebody who left are forgotten; a few others change hands all the same.
    happens = rng.random(count) < np.where(leaving, 0.92, np.where(span > 10, 0.05, 0.0))
    when = np.where(happens & (when < until - 0.01) & (deals.created < left), when, np.nan)
    at = np.flatnonzero(~np.isnan(when))
    owner = deals.rep.copy()
    owner[at] = staff.assign(rng, when[at], staff.region[deals.rep[at]])
    when[owner == deals.rep] = np.nan
    at = np.flatnonzero(~np.isnan(when))
    journal.add(at, when[at], owner=owner[at])
    return Handover(when, owner)

import statistics
from collections import Counter, defaultdict

DAY = 86_400_000_000


def _closed(deals):
    return [deal for deal in deals.values() if deal.closed]


def _won(deals):
    return [deal for deal in deals.values() if deal.stage == "closed_won"]


def _rate(chosen):
    return len([deal for deal in chosen if deal.stage == "closed_won"]) / len(chosen)


def _split(company, deals, name):
    groups = defaultdict(list)
    for deal, value in zip(deals.values(), company["opportunities"][name], strict=True):
        if deal.closed:
            groups[value].append(deal)
    return groups


def test_the_company_has_the_size_of_three_years(companies):
    bands = {
        "teams": (5, 5),
        "users": (28, 32),
        "products": (8, 8),
        "accounts": (2_450, 2_550),
        "contacts": (3_900, 4_200),
        "leads": (6_300, 6_800),
        "opportunities": (3_500, 3_800),
        "history": (13_500, 16_000),
        "items": (2_500, 4_000),
        "activities": (11_500, 13_500),
        "quotas": (300, 420),
    }
    for company, _ in companies:
        for kind, (fewest, most) in bands.items():
            assert fewest <= len(next(iter(company[kind].values()))) <= most, kind


def test_about_three_in_ten_closed_deals_are_won(companies):
    for _, deals in companies:
        assert 0.28 <= _rate(_closed(deals)) <= 0.35


def test_half_of_the_closed_deals_take_about_two_months_and_some_take_far_longer(companies):
    for _, deals in companies:
        days = [(deal.closed_at - deal.created_at) / DAY for deal in _closed(deals)]
        assert 58 <= statistics.median(days) <= 75
        assert statistics.quantiles(days, n=20)[-1] > 150


def test_amounts_are_spread_as_amounts_are(companies):
    for _, deals in companies:
        amounts = [deal.amount / 100 for deal in deals.values() if deal.amount is not None]
        assert 9_000 <= statistics.median(amounts) <= 14_000
        assert 3 <= sum(amount > 200_000 for amount in amounts) <= 40
        assert statistics.mean(amounts) > 1.3 * statistics.median(amounts)


def test_a_few_deals_are_in_another_currency(companies):
    for company, _ in companies:
        shares = Counter(company["opportunities"]["currency"])
        assert 0.04 <= (shares["EUR"] + shares["GBP"]) / shares.total() <= 0.09
        assert set(shares) == {"USD", "EUR", "GBP"}


def test_some_open_deals_are_overdue_and_some_are_stale(companies, today, midnight):
    shares = []
    for _, deals in companies:
        still_open = [deal for deal in deals.values() if not deal.closed]
        assert 220 <= len(still_open) <= 380
        shares.append(sum(deal.close_date < today.isoformat() for deal in still_open) / len(still_open))
        last = [deal.changes[-1]["changed_at"] if deal.changes else deal.created_at for deal in still_open]
        assert sum(midnight - moment > 60 * DAY for moment in last) >= 5
    assert all(0.05 <= share <= 0.16 for share in shares)
    assert 0.07 <= statistics.mean(shares) <= 0.13


def test_won_deals_come_in_december_and_at_the_end_of_quarters_less_in_summer_and_hardly_in_early_january(companies):
    months, thirds, early_january = Counter(), Counter(), 0
    for _, deals in companies:
        for deal in _won(deals):
            day = deal.closed_on
            months[day.month] += 1
            early_january += day.month == 1 and day.day <= 14
            if day.month % 3 == 0:
                thirds[min((day.day - 1) // 10, 2)] += 1
    typical = months.total() / 12
    # October to December was recorded once less often: today lies within it.
    assert months[12] > 1.2 * typical
    assert months[7] + months[8] < 0.8 * 2 * typical
    assert early_january < 0.2 * typical
    assert thirds[2] > 1.5 * thirds[0]


def test_business_grows(companies):
    for company, _ in companies:
        created = sorted(company["opportunities"]["created_at"])
        year = 365 * DAY
        last = sum(created[-1] - year < moment for moment in created)
        before = sum(created[-1] - 3 * year < moment <= created[-1] - 2 * year for moment in created)
        assert 1.08 < last / before < 1.35
    growth = []
    for _, deals in companies:
        revenue = Counter()
        for deal in _won(deals):
            revenue[deal.closed_on.year * 4 + (deal.closed_on.month - 1) // 3] += deal.amount
        quarters = [revenue[quarter] for quarter in sorted(revenue)][:12]
        growth.append(sum(quarters[8:]) / sum(quarters[:4]))
    assert 1.05 < statistics.mean(growth) < 1.6


def test_reps_differ_in_skill_and_weak_ones_push_more(companies):
    pushes, rates = [], []
    for company, deals in companies:
        for reps in _split(company, deals, "owner").values():
            if len(reps) >= 60:
                moves = sum(
                    change["close_date"] is not None and change["stage"] is None
                    for deal in reps
                    for change in deal.changes
                )
                rates.append(_rate(reps))
                # A day of an open deal is a chance to push it; weak reps' deals live shorter.
                pushes.append(moves / sum(deal.closed_at - deal.created_at for deal in reps))
    assert max(rates) - min(rates) > 0.12
    assert statistics.correlation(rates, pushes) < -0.15


def test_source_type_and_product_tell_something_about_winning_and_segment_about_time(companies):
    sources, types, products, segments = (defaultdict(list) for _ in range(4))
    for company, deals in companies:
        for groups, name in ((sources, "lead_source"), (types, "opportunity_type"), (products, "product")):
            for value, group in _split(company, deals, name).items():
                groups[value] += group
        segment = dict(zip(company["accounts"]["id"], company["accounts"]["segment"], strict=True))
        for account, group in _split(company, deals, "account").items():
            segments[segment.get(account)] += group
    assert _rate(sources["referral"]) > _rate(sources["outbound"]) + 0.08
    assert _rate(types["renewal"]) > _rate(types["new_business"]) + 0.08
    assert _rate(products["Calibration Plan"]) > _rate(products["Foxglove Spectrometer"]) + 0.08
    cycle = {
        name: statistics.median(deal.closed_at - deal.created_at for deal in group) for name, group in segments.items()
    }
    assert cycle["SMB"] < cycle["Mid-Market"] < cycle["Enterprise"]


def test_losses_have_all_reasons(company):
    reasons = Counter(reason for reason in company["history"]["loss_reason"] if reason)
    assert set(reasons) == {"price", "competitor", "no_decision", "timing", "not_given"}
    assert all(count > 100 for count in reasons.values())


def test_quotas_are_within_reach_and_not_met_by_everybody(companies):
    for company, deals in companies:
        quota = defaultdict(int)
        columns = (company["quotas"][name] for name in ("user", "period_start", "amount"))
        for user, start, amount in zip(*columns, strict=True):
            if "2024" <= start < "2026-10":
                quota[user] += amount
        won = Counter()
        for deal in _won(deals):
            if "2024" <= deal.close_date < "2026-10":
                won[deal.owner] += deal.amount
        attained = [won[user] / amount for user, amount in quota.items()]
        assert 0.6 < statistics.mean(attained) < 1.2
        assert min(attained) < 0.75
        assert max(attained) > 1.0


def test_most_leads_are_settled_and_a_few_hundred_are_still_worked_on(companies):
    for company, _ in companies:
        status = Counter(company["leads"]["status"])
        assert 0.24 <= status["converted"] / status.total() <= 0.34
        assert 100 <= status["open"] + status["working"] + status["nurturing"] <= 320

from collections import Counter, defaultdict
from itertools import pairwise


def test_changes_of_a_deal_follow_its_creation_one_after_the_other(deals):
    for deal in deals.values():
        times = [deal.created_at, *(change["changed_at"] for change in deal.changes)]
        assert all(before < after for before, after in pairwise(times)), deal.id


def test_every_history_row_changes_something(deals):
    names = ("stage", "amount", "close_date", "owner", "probability", "loss_reason")
    assert all(any(change[name] is not None for name in names) for deal in deals.values() for change in deal.changes)


def test_after_a_closing_comes_nothing_but_a_reopening(deals):
    reopened = 0
    for deal in deals.values():
        closed = False
        for change in deal.changes:
            if closed:
                assert change["stage"] not in (None, "closed_won", "closed_lost"), deal.id
                reopened += 1
            if change["stage"] is not None:
                closed = change["stage"].startswith("closed")
    assert 5 <= reopened <= 80


def test_deals_begin_open_with_an_owner_and_a_close_date(deals, company):
    opportunities = company["opportunities"]
    assert set(opportunities["stage"]) == {"lead", "qualified"}
    assert None not in opportunities["owner"]
    assert all(
        day >= "2020" and created > 0
        for day, created in zip(opportunities["close_date"], opportunities["created_at"], strict=True)
    )


def test_won_deals_have_an_amount_and_lost_ones_a_reason(deals):
    for deal in deals.values():
        if deal.stage == "closed_won":
            assert deal.amount is not None
            assert deal.amount > 0
        for change in deal.changes:
            assert (change["loss_reason"] is not None) == (change["stage"] == "closed_lost")


def test_the_close_date_of_a_closed_deal_is_the_day_of_its_closing(deals):
    for deal in deals.values():
        if deal.closed:
            assert deal.close_date == deal.closed_on.isoformat()


def test_deals_open_before_the_recorded_years_are_told_from_their_creation_and_end_within_them(deals):
    start = min(deal.closed_on for deal in deals.values() if deal.closed)
    assert start.isoformat() >= "2023-10-01"
    assert any(deal.created_at < 1_696_118_400_000_000 for deal in deals.values())


def test_line_totals_add_up_to_the_amount_and_follow_from_the_price_book(deals, company, as_rows):
    book = {
        (row["product"], row["currency"], row["valid_from"][:4]): row["unit_price"]
        for row in as_rows(company["pricebooks"])
        if row["pricebook"].startswith("Standard")
    }
    totals = defaultdict(int)
    for item in as_rows(company["items"]):
        tenths = round(item["discount"] * 10)
        assert item["total"] == (item["quantity"] * item["unit_price"] * (1000 - tenths) + 500) // 1000
        assert item["currency"] == deals[item["opportunity"]].currency
        assert item["unit_price"] in {book[item["product"], item["currency"], str(year)] for year in range(2023, 2027)}
        totals[item["opportunity"]] += item["total"]
    assert {deal.id for deal in deals.values() if deal.stage == "closed_won"} <= set(totals)
    assert all(deals[deal].amount == total for deal, total in totals.items())


def test_deals_of_somebody_who_left_go_to_colleagues_of_the_same_team(deals, company, as_rows):
    users = {row["id"]: row for row in as_rows(company["users"])}
    moved = 0
    for deal in deals.values():
        owner = company["opportunities"]["owner"][int(deal.id.split("_")[1]) - 1]
        for change in deal.changes:
            if change["owner"] is not None:
                assert change["owner"] != owner
                assert users[change["owner"]]["team"] == users[owner]["team"]
                moved += not users[owner]["is_active"]
                owner = change["owner"]
    assert moved >= 5


def test_deals_skip_stages_move_back_are_pushed_pulled_in_and_repriced(deals):
    order = ("lead", "qualified", "proposal", "negotiation", "closed_won")
    seen = Counter()
    for deal in deals.values():
        stages = [change["stage"] for change in deal.changes if change["stage"]]
        places = [order.index(stage) for stage in stages if stage in order]
        steps = [after - before for before, after in pairwise(places)]
        seen["back"] += any(step < 0 for step in steps)
        seen["skip"] += any(step > 1 for step in steps)
        dates = [change["close_date"] for change in deal.changes if change["close_date"] and not change["stage"]]
        seen["moves"] += len(dates)
        seen["often"] += len(dates) >= 4
        amounts = [change["amount"] for change in deal.changes if change["amount"] is not None]
        seen["repriced"] += len(amounts) >= 2
        seen["by hand"] += any(change["probability"] is not None for change in deal.changes)
    assert seen["back"] > 20
    assert seen["skip"] > 30
    assert seen["moves"] > 1_500
    assert seen["often"] > 30
    assert seen["repriced"] > 300
    assert 80 < seen["by hand"] < 500


def test_negotiation_lowers_amounts_far_more_often_than_it_raises_them(deals):
    lower = higher = 0
    for deal in deals.values():
        stage, amount = "", None
        for change in deal.changes:
            if stage == "negotiation" and change["amount"] is not None and amount is not None:
                lower += change["amount"] < amount
                higher += change["amount"] > amount
            stage, amount = change["stage"] or stage, change["amount"] or amount
    assert lower > 3 * higher > 0


def test_activities_lie_within_the_life_of_their_deal_and_belong_to_its_account(deals, company, as_rows):
    accounts = dict(zip(company["opportunities"]["id"], company["opportunities"]["account"], strict=True))
    for activity in as_rows(company["activities"]):
        assert (activity["opportunity"] is None) != (activity["lead"] is None)
        if activity["opportunity"] is not None:
            deal = deals[activity["opportunity"]]
            assert deal.created_at - 1 <= activity["occurred_at"]
            first_end = next(
                (c["changed_at"] for c in deal.changes if c["stage"] and c["stage"].startswith("closed")), 2**62
            )
            assert activity["occurred_at"] <= first_end
            assert activity["account"] == accounts[activity["opportunity"]]

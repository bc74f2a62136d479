from collections import Counter

from sales_operations.demo.catalog import INDUSTRIES


def _missing(column):
    return sum(value is None for value in column)


def test_accounts_contacts_and_leads_were_entered_twice_under_another_spelling(company):
    for kind, domain in (("accounts", company["accounts"]["domain"]), ("leads", company["leads"]["email"])):
        shared = Counter(value for value in domain if value)
        name = "name" if kind == "accounts" else "company"
        spellings = {}
        for key, spelling in zip(domain, company[kind][name], strict=True):
            if key and shared[key] > 1:
                spellings.setdefault(key, set()).add(spelling)
        assert sum(len(names) > 1 for names in spellings.values()) >= 40, kind
    addresses = Counter(address for address in company["contacts"]["email"] if address)
    assert sum(count > 1 for count in addresses.values()) >= 40


def test_values_are_missing_here_and_there(company):
    assert 50 <= _missing(company["accounts"]["employees"]) <= 250
    assert 100 <= _missing(company["contacts"]["email"]) <= 400
    assert 20 <= _missing(company["leads"]["company"]) <= 90
    assert 100 <= _missing(company["leads"]["email"]) <= 300
    assert 20 <= _missing(company["opportunities"]["account"]) <= 100
    assert 200 <= _missing(company["opportunities"]["amount"]) <= 600


def test_some_open_deals_have_no_amount_yet(deals):
    assert sum(deal.amount is None for deal in deals.values() if not deal.closed) >= 3


def test_a_missing_account_tells_nothing_about_the_outcome(companies):
    won, closed = 0, 0
    for company, deals in companies:
        for deal, account in zip(deals.values(), company["opportunities"]["account"], strict=True):
            if account is None and deal.closed:
                closed += 1
                won += deal.stage == "closed_won"
    assert 0.2 < won / closed < 0.45


def test_industries_and_countries_are_misspelt_now_and_then(company):
    for kind in ("accounts", "leads"):
        odd = [industry for industry in company[kind]["industry"] if industry and industry not in INDUSTRIES]
        assert 10 <= len(odd) <= 200
        assert "USA" in company[kind]["country"]


def test_some_records_are_deleted(company):
    for kind in ("accounts", "contacts", "leads", "opportunities"):
        assert 8 <= sum(company[kind]["is_deleted"]) <= 60, kind

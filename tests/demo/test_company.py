import os
import re
import subprocess
import sys
from datetime import date

import pytest

from sales_operations.demo import catalog
from sales_operations.demo.company import generate
from sales_operations.domain.kinds import KINDS

ORDER = """
teams users products pricebooks accounts contacts leads opportunities history items activities quotas rates
"""
DIGEST = """
import hashlib, time
from datetime import date
from sales_operations.demo.company import generate
rows = generate(5, date(2026, 11, 24))
print(hashlib.sha256(repr(rows).encode()).hexdigest(), time.process_time())
"""


def _in_a_new_process(hash_seed: str) -> tuple[str, float]:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True)
    digest, seconds = done.stdout.split()
    return digest, float(seconds)


def test_the_same_seed_and_day_give_the_same_bytes_in_every_process_and_in_under_a_second():
    (first, seconds), (second, _) = _in_a_new_process("0"), _in_a_new_process("4711")
    assert first == second
    assert seconds < 1.0


def test_another_seed_or_day_gives_another_company(company, today):
    assert generate(6, today)["accounts"]["name"] != company["accounts"]["name"]
    assert generate(20_260_101, date(2026, 11, 23))["history"] != company["history"]


def test_kinds_come_in_the_order_of_import(company):
    assert list(company) == ORDER.split()


def test_every_column_is_a_field_of_its_kind_and_all_are_of_one_length(company):
    for kind, rows in company.items():
        assert set(rows) <= {field.name for field in KINDS[kind].fields}
        assert len({len(column) for column in rows.values()}) == 1


def test_every_value_has_the_type_of_its_field(company):
    types = {
        "id": str,
        "text": str,
        "ref": str,
        "currency": str,
        "stage": str,
        "date": str,
        "int": int,
        "money": int,
        "instant": int,
        "bool": bool,
        "fraction": float,
        "decimal": int | float,
    }
    for kind, rows in company.items():
        for field in KINDS[kind].fields:
            for value in rows.get(field.name, []):
                assert value is None or isinstance(value, types[field.type]), (kind, field.name, value)
                assert isinstance(value, bool) == (field.type == "bool" and value is not None)
                if field.type == "date" and value is not None:
                    assert date.fromisoformat(value).isoformat() == value
                if field.type == "fraction" and value is not None:
                    assert 0 <= value <= 1


def test_ids_are_given_once(company):
    for rows in company.values():
        if "id" in rows:
            assert len(set(rows["id"])) == len(rows["id"])


def test_every_reference_resolves(company):
    ids = {kind: set(rows.get("id", [])) for kind, rows in company.items()}
    for kind, rows in company.items():
        for field in KINDS[kind].fields:
            if field.ref and field.name in rows:
                assert {value for value in rows[field.name] if value is not None} <= ids[field.ref], (kind, field.name)


def test_nothing_points_to_a_deleted_record_except_what_hangs_on_a_deleted_deal(company):
    gone = {
        kind: {row for row, deleted in zip(rows["id"], rows["is_deleted"], strict=True) if deleted}
        for kind, rows in company.items()
        if "is_deleted" in rows
    }
    assert all(gone.values())
    for kind, rows in company.items():
        for field in KINDS[kind].fields:
            if field.ref in ("accounts", "contacts", "leads"):
                assert gone[field.ref].isdisjoint(rows.get(field.name, [])), (kind, field.name)
    assert gone["opportunities"].isdisjoint(company["leads"]["opportunity"])


def test_no_row_is_dated_today_or_later_except_plans(company, today, midnight):
    for kind, rows in company.items():
        for field in KINDS[kind].fields:
            values = [value for value in rows.get(field.name, []) if value is not None]
            if field.type == "instant":
                assert max(values, default=0) < midnight, (kind, field.name)
            if field.type == "date" and field.name not in ("close_date", "period_start"):
                assert max(values, default="") < today.isoformat(), (kind, field.name)


@pytest.mark.parametrize(
    "day", [date(2024, 2, 29), date(2026, 1, 1), date(2026, 3, 1), date(2026, 6, 30), date(2027, 12, 31)]
)
def test_any_day_can_be_today(day):
    rows = generate(1, day)
    assert len(rows["opportunities"]["id"]) > 3_000
    assert max(rows["rates"]["valid_from"]) == max(
        month.isoformat() for month in (date(day.year, day.month, 1), _month_before(day)) if month < day
    )


def _month_before(day: date) -> date:
    return date(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 1)


def test_mail_addresses_lie_in_domains_that_nobody_can_own(company):
    for kind in ("users", "contacts", "leads"):
        for address in company[kind]["email"]:
            assert address is None or re.fullmatch(r"[a-z0-9.-]+@([a-z0-9-]+\.)*(example|test|example\.com)", address)
    assert all(domain.endswith(".example") for domain in company["accounts"]["domain"])


def test_phone_numbers_are_of_the_range_kept_for_fiction(company):
    for kind in ("contacts", "leads"):
        assert all(re.fullmatch(r"\+1-\d{3}-555-01\d\d", phone) for phone in company[kind]["phone"] if phone)


def test_the_company_and_its_customers_are_labelled_as_a_demonstration(company):
    assert "demonstration" in catalog.COMPANY
    assert catalog.COMPANY in company["teams"]["name"]
    for name in company["accounts"]["name"] + company["leads"]["company"] + company["opportunities"]["name"]:
        assert name is None or catalog.LABEL.strip() in name


def test_reps_bear_ordinary_names_and_work_in_teams_under_managers_and_one_head(company, as_rows):
    users = {row["id"]: row for row in as_rows(company["users"])}
    assert "sales_rep_1" not in {row["name"] for row in users.values()}
    assert all(re.fullmatch(r"\S+ \S+", row["name"]) for row in users.values())
    reps = [row for row in users.values() if row["role"] == "rep"]
    managers = {row["manager"] for row in reps}
    assert len(reps) == 24
    assert len(managers) == 4
    assert {users[users[manager]["manager"]]["role"] for manager in managers} == {"vp"}
    assert all(users[rep["manager"]]["team"] == rep["team"] for rep in reps)
    assert sum(not rep["is_active"] for rep in reps) == 2
    assert sum(rep["is_active"] and rep["capacity"] == 0 for rep in reps) == 1


def test_lead_123_is_recent_open_and_complete(company, midnight, as_rows):
    (lead,) = (row for row in as_rows(company["leads"]) if row["id"] == "lead_123")
    assert lead["status"] == "open"
    assert lead["converted_at"] is None
    assert lead["opportunity"] is None
    assert not lead["is_deleted"]
    assert lead["email"].endswith(".test")
    assert all(lead[name] for name in ("company", "first_name", "last_name", "lead_source", "product", "country"))
    assert lead["employees"] > 0
    assert lead["product"] in company["products"]["name"]
    assert midnight - lead["created_at"] < 7 * 86_400_000_000


def test_converted_leads_name_the_deal_that_they_became_and_the_other_way_round(company, as_rows):
    deals = {row["id"]: row for row in as_rows(company["opportunities"])}
    converted = [row for row in as_rows(company["leads"]) if row["opportunity"] is not None]
    assert len(converted) > 1_500
    for lead in converted:
        deal = deals[lead["opportunity"]]
        assert deal["lead"] == lead["id"]
        assert lead["converted_at"] == deal["created_at"] > lead["created_at"]
        assert lead["status"] == "converted"
    assert {row["lead"] for row in deals.values()} - {None} == {row["id"] for row in converted}
    for lead in as_rows(company["leads"]):
        assert (
            (lead["status"] == "converted") == (lead["converted_at"] is not None) == (lead["opportunity"] is not None)
        )


def test_quotas_are_given_to_reps_for_the_quarters_that_they_serve(company, today, as_rows):
    rows = as_rows(company["quotas"])
    assert {row["period"] for row in rows} == {"quarter"}
    assert {row["user"] for row in rows} <= set(company["users"]["id"][6:])
    assert any(row["period_start"] > today.isoformat() for row in rows)
    assert len({(row["user"], row["period_start"]) for row in rows}) == len(rows)


def test_a_rate_stands_for_every_month_of_every_other_currency(company):
    first = min(company["opportunities"]["created_at"]) // 86_400_000_000
    for currency in ("EUR", "GBP"):
        months = [
            day
            for day, other in zip(company["rates"]["valid_from"], company["rates"]["currency"], strict=True)
            if other == currency
        ]
        assert months == sorted(set(months))
        assert (date.fromisoformat(months[0]) - date(1970, 1, 1)).days <= first
        assert len(months) > 36

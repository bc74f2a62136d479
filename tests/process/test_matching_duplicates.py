"""Pairs of records that may be the same."""

from __future__ import annotations

from typing import Any

import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.matching.duplicates import duplicates
from sales_operations.process.matching.merging import merge


def found(company: Any, kind: str, at_least: float | None = None) -> list[tuple[str, str, float]]:
    return [
        (pair.one.record_id, pair.other.record_id, pair.score.total)
        for pair in duplicates(company.workspace, kind, at_least)
    ]


def test_accounts_of_one_name_domain_or_sound_are_paired_the_likest_first(company: Any) -> None:
    company.add(
        "accounts",
        {"id": "acc_1", "name": "Siemens AG", "domain": "siemens.com"},
        {"id": "acc_2", "name": "SIEMENS", "website": "https://www.siemens.com"},
        {"id": "acc_3", "name": "Simens"},
        {"id": "acc_4", "name": "Weaver Looms"},
        {"id": "acc_5", "name": "Weaver Looms Ltd", "is_deleted": 1},
    )
    pairs = found(company, "accounts")
    assert [pair[:2] for pair in pairs] == [("acc_1", "acc_2"), ("acc_1", "acc_3"), ("acc_2", "acc_3")]
    assert pairs[0][2] > 0.99
    assert found(company, "accounts", 0.9) == pairs[:1]


def test_a_merged_pair_is_no_pair_any_more(company: Any) -> None:
    company.add("accounts", {"id": "acc_1", "name": "Acme"}, {"id": "acc_2", "name": "Acme Inc"})
    assert len(found(company, "accounts")) == 1
    merge(company.workspace, "accounts", "acc_1", "acc_2")
    assert found(company, "accounts") == []


def test_contacts_are_paired_by_address_by_number_and_by_name_within_an_account(company: Any) -> None:
    company.add(
        "contacts",
        {"id": "con_1", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@x.com", "account_id": "acc_1"},
        {"id": "con_2", "email": "ADA+sales@x.com"},
        {"id": "con_3", "first_name": "Lovelace", "last_name": "Ada", "account_id": "acc_1"},
        {"id": "con_4", "first_name": "Ada", "last_name": "Lovelace", "account_id": "acc_2"},
    )
    assert [pair[:2] for pair in found(company, "contacts")] == [("con_1", "con_2"), ("con_1", "con_3")]


def test_leads_that_wait_are_compared_with_each_other(company: Any) -> None:
    company.add(
        "leads",
        {"id": "lead_a", "first_name": "Ada", "last_name": "Lovelace", "company": "Acme Inc"},
        {"id": "lead_b", "first_name": "Ada", "last_name": "Lovelace", "company": "ACME"},
        {"id": "lead_c", "first_name": "Ada", "last_name": "Lovelace", "company": "Acme", "converted_at": 1},
        {"id": "lead_d", "first_name": "Ada", "last_name": "Lovelace", "company": "Weaver"},
    )
    assert [pair[:2] for pair in found(company, "leads")] == [("lead_a", "lead_b")]


def test_other_kinds_and_impossible_scores_are_refused(small: Any) -> None:
    with pytest.raises(InvalidInput, match="'deals' are not compared; use one of accounts, contacts, leads"):
        duplicates(small.workspace, "deals")
    with pytest.raises(InvalidInput, match="between 0 and 1, not at 90"):
        duplicates(small.workspace, "leads", 90)

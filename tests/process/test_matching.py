"""Whether two records are the same company or person, and why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain import normal_forms
from sales_operations.process.matching.matching import (
    Profile,
    company,
    company_of_lead,
    compare,
    decide,
    likeness,
    person,
)

WORDS = st.sampled_from(["acme", "global", "harbor", "weaver", "loom", "north", "unit7", "of", "siemens", "simens"])
NAMES = st.lists(WORDS, max_size=4).map(tuple)
COMPANIES = st.builds(
    Profile,
    record_id=st.just("x"),
    is_person=st.just(False),
    label=st.just(""),
    words=NAMES,
    domain=st.none() | st.sampled_from(["a.com", "b.com"]),
    phone=st.none() | st.sampled_from(["301234567", "301234568"]),
    country=st.none() | st.sampled_from(["de", "fr"]),
)
PEOPLE = st.builds(
    Profile,
    record_id=st.just("x"),
    is_person=st.just(True),
    label=st.just(""),
    words=NAMES,
    email=st.none() | st.sampled_from(["a@a.com", "b@b.com"]),
    phone=st.none() | st.sampled_from(["301234567", "301234568"]),
    account_id=st.none() | st.sampled_from(["acc_1", "acc_2"]),
)


def account(name: str | None = None, **columns: Any) -> Profile:
    return company({"id": "acc_1", "name": name, **columns})


def lead(name: str | None = None, **columns: Any) -> Profile:
    return company_of_lead({"id": "lead_1", "company": name, **columns})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme, Inc.", "ACME incorporated"),
        ("Müller & Söhne GmbH & Co. KG", "Muller und Sohne".replace("und", "and")),
        ("The Weaver Company", "weaver"),
        ("S.A.P. AG", "SAP"),
        ("O'Reilly Media", "OReilly Media LLC"),
        ("Łódź Looms Sp. z o.o.", "Lodz Looms"),
        ("AT&T", "AT & T Corp."),
        ("Smith, John and Sons Ltd", "John Smith and Sons"),
    ],
)
def test_spellings_of_one_name_are_one_name(one: str, other: str) -> None:
    assert likeness(normal_forms.company_words(one), normal_forms.company_words(other)) == 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Plant 7", "Plant 8"),
        ("Company of lead_n01", "Company of lead_n02"),
        ("Harbor Foods", "Weaver Looms"),
        ("", "Acme"),
    ],
)
def test_other_numbers_and_other_names_are_not_alike(one: str, other: str) -> None:
    assert likeness(normal_forms.company_words(one), normal_forms.company_words(other)) == 0.0


def test_a_name_of_a_legal_form_alone_is_still_a_name() -> None:
    assert normal_forms.company_words("Co.") == ("co",)
    assert normal_forms.company_words("  ") == normal_forms.company_words(None) == ()


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (" Ada.Lovelace@Example.COM ", "ada.lovelace@example.com"),
        ("ada+news@example.com", "ada@example.com"),
        ("a.d.a@googlemail.com", "ada@gmail.com"),
        ("nobody", None),
        ("@example.com", None),
        ("", None),
    ],
)
def test_an_address_is_the_mailbox_that_it_reaches(written: str, normal: str | None) -> None:
    assert normal_forms.email(written) == normal


def test_a_number_is_the_same_with_and_without_country_code_blanks_and_extension() -> None:
    spellings = ["+49 (0)30 1234567", "030/1234567", "0049-30-1234567 ext. 12", "30 123 45 67"]
    assert {normal_forms.phone(one) for one in spellings} == {"301234567"}
    assert normal_forms.phone("12345") is None


def test_a_host_is_read_out_of_web_and_mail_addresses() -> None:
    for written in ("https://www.acme.com/about", "acme.com:443", "WWW.Acme.com.", "info@acme.com"):
        assert normal_forms.domain(written) == "acme.com"
    assert normal_forms.domain("acme", None, "acme.de") == "acme.de"
    assert normal_forms.domain("acme") is None


def test_a_shared_domain_makes_one_company_and_free_mail_does_not() -> None:
    acme = account("Acme Holding", website="https://acme.com")
    assert compare(lead("Acme Europe", email="ada@acme.com"), acme).total >= 0.9
    assert company_of_lead({"id": "l", "email": "ada@gmail.com"}).domain is None
    assert company_of_lead({"id": "l", "email": "ada@mail.example"}, frozenset({"mail.example"})).domain is None


def test_the_same_name_is_the_same_company_unless_the_domains_differ() -> None:
    assert compare(lead("Acme Inc"), account("ACME")).total == 0.92
    apart = compare(lead("Acme Inc", email="a@acme.com"), account("ACME", domain="acme.de"))
    assert 0.6 <= apart.total < 0.9
    assert [what for what, _ in apart.parts] == ["name", "other domain"]


def test_a_misspelt_name_alone_is_similar_and_a_number_beside_it_makes_it_the_same() -> None:
    assert 0.6 <= compare(lead("Simens AG"), account("Siemens")).total < 0.9
    assert compare(lead("Simens AG", phone="030 1234567"), account("Siemens", phone="+49 30 1234567")).total >= 0.9
    assert compare(lead("Northwind"), account("Northwind Traders")).total < 0.6


def test_a_person_is_known_by_the_address_or_by_name_and_number() -> None:
    ada = person(
        {"id": "con_1", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@x.com", "account_id": "acc_1"}
    )
    assert compare(person({"id": "l", "email": "ADA@x.com"}), ada).total >= 0.9
    assert 0.6 <= compare(person({"id": "l", "first_name": "Lovelace", "last_name": "Ada"}, "acc_1"), ada).total < 0.9
    other = person({"id": "l", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@y.com"})
    assert compare(other, ada).total < 0.6


@given(st.tuples(COMPANIES, COMPANIES) | st.tuples(PEOPLE, PEOPLE))
def test_a_score_is_the_sum_of_its_parts_lies_between_0_and_1_and_is_the_same_both_ways(pair: Any) -> None:
    one, other = pair
    score = compare(one, other)
    assert 0 <= score.total <= 1
    assert score.total == pytest.approx(sum(share for _, share in score.parts), abs=1e-4)
    back = compare(other, one)
    assert (back.total, dict(back.parts)) == (score.total, pytest.approx(dict(score.parts)))


@given(COMPANIES)
def test_nothing_is_likelier_the_same_than_the_record_itself(one: Profile) -> None:
    itself = compare(one, one)
    if one.words or one.domain:
        assert itself.total >= 0.9


@given(COMPANIES, st.lists(COMPANIES, max_size=5))
def test_what_is_the_same_has_the_highest_score_and_the_similar_ones_come_in_order(wanted: Any, others: Any) -> None:
    found = decide(wanted, others, 0.9, 0.6)
    totals = [compare(wanted, one).total for one in others]
    if found.same is None:
        assert all(total < 0.9 for total in totals)
    else:
        assert found.score is not None
        assert found.score.total == max(totals)
    similar = [score.total for _, score in found.similar]
    assert similar == sorted(similar, reverse=True)
    assert len(similar) + (found.same is not None) == sum(total >= 0.6 for total in totals)

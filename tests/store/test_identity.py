"""Which record is meant: by ids of other systems, by names, by what a person writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.errors import InvalidInput
from sales_operations.store import identity, tables


@pytest.fixture
def known(stores):
    """A store with users of two systems, two of whom share a name."""
    workspace = stores.open()
    people = [("crm", "u1", "Ada", "ada@seller.example"), ("crm", "u2", "Grace", "grace@seller.example"),
              ("crm", "u3", "Grace", "other@seller.example"), ("legacy", "u1", "Heidi", None)]  # fmt: skip
    with workspace.unit("test") as unit:
        for source, external, name, email in people:
            record = identity.record_id("users", source, external)
            unit.create("users", {"id": record, "name": name, "email": email})
            row = {"kind": "users", "source": source, "external_id": external, "record_id": record}
            unit.connection.execute(tables.external_ids.insert(), row)
    return workspace


def resolved(workspace, source, *texts) -> dict[str, str]:
    with workspace.reading() as connection:
        return identity.resolve(connection, "users", source, texts)


ADA = identity.record_id("users", "crm", "u1")


@pytest.mark.parametrize("text", ["u1", "Ada", "ada@seller.example", "ADA@Seller.example", ADA])
def test_a_reference_is_resolved_by_external_id_name_email_or_record_id(known, text):
    assert resolved(known, "crm", text) == {text: ADA}


@pytest.mark.parametrize(
    ("source", "text"), [("crm", "u9"), ("crm", "Grace"), ("other", "u1"), ("crm", "ada"), ("crm", ""), ("crm", "ad_")]
)
def test_an_unknown_or_ambiguous_reference_is_resolved_to_nobody(known, source, text):
    assert resolved(known, source, text) == {}


def test_an_external_id_means_the_record_of_its_own_source(known):
    assert resolved(known, "legacy", "u1") == {"u1": identity.record_id("users", "legacy", "u1")}


def test_what_is_known_is_found_among_very_many(known):
    texts = [f"nobody {number}" for number in range(40_000)]
    assert resolved(known, "crm", *texts, "u1", "Ada") == {"u1": ADA, "Ada": ADA}


def test_a_person_may_write_a_record_id_or_an_id_of_one_source(known):
    with known.reading() as connection:
        assert identity.find(connection, "users", ADA) == ADA
        assert identity.find(connection, "users", "u2") == identity.record_id("users", "crm", "u2")
        assert identity.find(connection, "users", "u9") is None
        assert identity.find(connection, "leads", "u2") is None
        with pytest.raises(InvalidInput, match=r"several users: .*crm.*legacy"):
            identity.find(connection, "users", "u1")


@given(st.sampled_from(sorted(identity.PREFIXES)), st.text(max_size=5), st.text(max_size=9))
def test_the_same_source_and_external_id_always_give_the_same_record_id(kind, source, external):
    made = identity.record_id(kind, source, external)
    assert made == identity.record_id(kind, source, external)
    assert made.startswith(f"{identity.PREFIXES[kind]}_")
    assert identity.record_id(kind, source, made) == made, "an id of this program's form is taken as it is"


@given(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), min_size=2, max_size=6, unique=True))
def test_different_sources_or_external_ids_give_different_record_ids(pairs):
    # A NUL separates the two; no source and no cell that is read from a file has one.
    pairs = [pair for pair in pairs if not any("\x00" in text or text.startswith("user_") for text in pair)]
    assert len({identity.record_id("users", *pair) for pair in pairs}) == len(pairs)

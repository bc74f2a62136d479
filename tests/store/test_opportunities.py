import asyncio

import pytest

from sales_operations.domain.errors import Conflict, InvalidInput, NotFound
from sales_operations.domain.opportunity import Opportunity, new_id
from sales_operations.domain.stages import OpportunityStage, OpportunityStatus
from sales_operations.process.stores import OpportunityStore
from sales_operations.store import audit, history


def deal(**changes) -> Opportunity:
    values = {
        "opportunity_id": new_id("opp"),
        "lead_id": "",
        "account_name": "Example Ltd",
        "amount": 1200.5,
        "stage": OpportunityStage.LEAD,
        "status": OpportunityStatus.OPEN,
        "probability": 0.1,
        "close_date": "2027-01-31",
        "sales_rep": "Ada",
        "created_at": "",
        "updated_at": "",
    }
    return Opportunity(**(values | changes))


@pytest.fixture
def store(stores):
    return OpportunityStore(stores.open())


@pytest.fixture
def run():
    return asyncio.run


def test_a_created_deal_is_read_back_as_it_was_given(store, run):
    given = deal()
    run(store.create_opportunity(given))
    assert run(store.get_opportunity(given.opportunity_id)) == given
    assert given.amount == 1200.5
    assert given.created_at == given.updated_at == "2026-11-24T12:00:00+00:00"


def test_deals_are_listed_oldest_first_and_by_stage(store, run, clock):
    first, second = deal(), deal(stage=OpportunityStage.PROPOSAL, probability=0.5)
    for one in (first, second):
        run(store.create_opportunity(one))
        clock.advance(seconds=1)
    assert run(store.list_opportunities()) == [first, second]
    assert run(store.list_opportunities(OpportunityStage.PROPOSAL)) == [second]
    assert run(store.list_opportunities(OpportunityStage.CLOSED_WON)) == []


def test_a_closed_stage_sets_the_status(store, run):
    given = deal(stage=OpportunityStage.CLOSED_WON, probability=1.0)
    run(store.create_opportunity(given))
    assert run(store.get_opportunity(given.opportunity_id)).status is OpportunityStatus.WON


def test_a_closed_deal_always_has_a_close_date_and_verifies(store, stores, run, clock, findings):
    given = deal(stage=OpportunityStage.CLOSED_WON, probability=1.0, close_date="")
    run(store.create_opportunity(given))
    assert given.close_date == "2026-11-24"
    clock.advance(days=3)
    given.close_date = ""
    before = stores.dump()
    run(store.update_opportunity(given))
    assert (given.close_date, stores.dump()) == ("2026-11-24", before)
    given.stage, given.close_date = OpportunityStage.PROPOSAL, ""
    run(store.update_opportunity(given))
    assert given.close_date == ""
    given.stage = OpportunityStage.CLOSED_LOST
    run(store.update_opportunity(given))
    assert given.close_date == "2026-11-27"
    assert findings(store.workspace) == []


def test_an_update_raises_the_version_and_keeps_the_creation(store, run, clock):
    given = deal()
    run(store.create_opportunity(given))
    created, version = given.created_at, given.metadata["version"]
    clock.advance(hours=1)
    given.amount, given.sales_rep, given.account_name = 99.99, "Grace", "Other Ltd"
    run(store.update_opportunity(given))
    found = run(store.get_opportunity(given.opportunity_id))
    assert found == given
    assert (found.amount, found.sales_rep, found.account_name) == (99.99, "Grace", "Other Ltd")
    assert found.created_at == created != found.updated_at
    assert found.metadata["version"] > version


def test_an_update_that_changes_nothing_writes_nothing(store, stores, run, clock):
    given = deal()
    run(store.create_opportunity(given))
    before = stores.dump()
    clock.advance(hours=1)
    run(store.update_opportunity(given))
    assert stores.dump() == before


def test_the_second_of_two_writers_is_told(store, run):
    given = deal()
    run(store.create_opportunity(given))
    mine, theirs = (run(store.get_opportunity(given.opportunity_id)) for _ in range(2))
    mine.amount, theirs.amount = 1.0, 2.0
    run(store.update_opportunity(mine))
    with pytest.raises(Conflict, match="changed by somebody else"):
        run(store.update_opportunity(theirs))
    assert run(store.get_opportunity(given.opportunity_id)).amount == 1.0


def test_a_deal_that_was_never_read_is_not_written_over(store, run):
    given = deal()
    run(store.create_opportunity(given))
    with pytest.raises(Conflict, match="version"):
        run(store.update_opportunity(deal(opportunity_id=given.opportunity_id)))
    with pytest.raises(Conflict, match="exists already"):
        run(store.create_opportunity(deal(opportunity_id=given.opportunity_id)))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"probability": 1.5}, "probability"),
        ({"probability": float("nan")}, "probability"),
        ({"probability": float("inf")}, "probability"),
        ({"amount": -0.01}, "negative"),
        ({"amount": float("nan")}, "finite"),
        ({"amount": float("inf")}, "finite"),
        ({"amount": 1e20}, "exactly"),
        ({"close_date": "tomorrow"}, "close_date"),
        ({"close_date": "2026-02-30"}, "close_date"),
        ({"close_date": "0000-01-01"}, "close_date"),
        ({"metadata": {"currency": "dollars"}}, "currency"),
        ({"account_name": "a\x00b"}, "account_name"),
        ({"sales_rep": "half a \ud800 character"}, "sales_rep"),
    ],
)
def test_a_deal_that_cannot_be_is_refused_and_nothing_is_written(store, stores, run, changes, named):
    before = stores.dump()
    with pytest.raises(InvalidInput, match=named):
        run(store.create_opportunity(deal(**changes)))
    assert stores.dump() == before


def test_an_unknown_deal_is_said_to_be_unknown(store, run):
    with pytest.raises(NotFound, match="opp_nowhere"):
        run(store.get_opportunity("opp_nowhere"))
    with pytest.raises(NotFound, match="opp_nowhere"):
        run(store.update_opportunity(deal(opportunity_id="opp_nowhere", metadata={"version": 1})))


def test_an_unknown_amount_stays_unknown(store, run):
    given = deal(amount=0.0, metadata={"amount_unknown": True})
    run(store.create_opportunity(given))
    assert run(store.get_opportunity(given.opportunity_id)).metadata["amount_unknown"]
    found = run(store.get_opportunity(given.opportunity_id))
    found.amount = 5.0
    run(store.update_opportunity(found))
    assert "amount_unknown" not in run(store.get_opportunity(given.opportunity_id)).metadata
    assert "amount_unknown" not in found.metadata


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 1234.0), ("KWD", 1.234), ("USD", 0.07)])
def test_amounts_are_exact_in_the_deals_own_currency(store, run, currency, amount):
    given = deal(amount=amount, metadata={"currency": currency})
    run(store.create_opportunity(given))
    assert run(store.get_opportunity(given.opportunity_id)).amount == amount


def test_audit_and_history_verify_after_changes(store, stores, run, clock):
    given = deal()
    run(store.create_opportunity(given))
    for amount in (10, 20, 30):
        clock.advance(minutes=1)
        given.amount = float(amount)
        run(store.update_opportunity(given))
    with stores.open().reading() as connection:
        verdict = audit.verify(connection)
        assert (verdict.findings, verdict.entries, verdict.events, verdict.records) == ([], 4, 4, 1)
        assert history.verify(connection) == []
        [events] = history.of_deals(connection, [given.opportunity_id]).values()
    assert [event.values.get("amount_minor") for event in events] == [120050, 1000, 2000, 3000]
    assert [event.previous.get("amount_minor") for event in events] == [None, 120050, 1000, 2000]

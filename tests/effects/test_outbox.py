"""The outbox: what leaves is put down with the change, or not at all."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import pytest
from sqlalchemy import select, text

from sales_operations.demo import store as demo
from sales_operations.domain.errors import InvalidInput
from sales_operations.effects.notifications import inbox, notify
from sales_operations.process.working import drain
from sales_operations.store import audit, durable, tables


def settings(**notifications):
    return {"sales_operations": {"notifications": notifications}}


ONE = settings(channels={"screen": {"url": "console:"}})


def deliveries(workspace) -> list:
    with workspace.reading() as connection:
        return connection.execute(select(tables.deliveries).order_by(tables.deliveries.c.created_at)).all()


def enqueued(workspace) -> set[str]:
    with workspace.reading() as connection:
        return set(connection.execute(text(durable.active(connection))).scalars())


def test_a_transaction_enqueues_what_it_tells_of_in_few_pieces_of_work(stores):
    workspace = stores.open(ONE)
    with workspace.unit("test") as unit:
        notes = [notify(unit, "Ada", "Subject", f"Message {number}", None, event="won") for number in range(120)]
    found = deliveries(workspace)
    assert {row.notification_id for row in found} == set(notes)
    assert {(row.state, row.event, row.attempts) for row in found} == {("waiting", "won", 0)}
    batches = {row.batch_id for row in found}
    assert len(batches) == 3
    assert enqueued(workspace) == batches


def test_a_transaction_that_fails_sends_nothing(stores):
    workspace = stores.open(ONE)
    with suppress(RuntimeError), workspace.unit("test") as unit:
        notify(unit, "Ada", "Subject", "Message", None)
        raise RuntimeError("half way")
    assert (deliveries(workspace), enqueued(workspace)) == ([], set())
    with workspace.reading() as connection:
        assert inbox(connection) == []


def test_without_channels_nothing_is_enqueued_and_no_tables_are_made_for_it(stores):
    workspace = stores.open()
    with workspace.unit("test") as unit:
        notify(unit, "Ada", "Subject", "Message", None)
    assert deliveries(workspace) == []
    assert not durable.is_there(workspace.engine)


def test_without_channels_the_machinery_is_not_even_loaded(sqlite_store):
    program = (
        "import sys\n"
        "from sales_operations.workspace import open_workspace\n"
        "from sales_operations.effects.notifications import notify\n"
        f"workspace = open_workspace(database={sqlite_store.url!r})\n"
        "with workspace.unit('test') as unit:\n"
        "    notify(unit, 'Ada', 'Subject', 'Message', None)\n"
        "print([name for name in ('dbos', 'apprise', 'jinja2') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_durable_tables_leave_the_stores_own_as_they_are(stores):
    workspace = stores.open(ONE)
    with workspace.unit("test") as unit:
        notify(unit, "Ada", "Subject", "Message", None)
    durable.upgrade(workspace.url)
    with workspace.reading() as connection:
        assert [note["message"] for note in inbox(connection)] == ["Message"]
        assert audit.verify(connection).findings == []


def test_the_made_up_company_sends_nothing(sqlite_store):
    sqlite_store.execute("UPDATE ledger SET label = ?", demo.LABEL)
    workspace = sqlite_store.open(ONE)
    with workspace.unit("test") as unit:
        notify(unit, "Ada", "Subject", "Message", None)
    assert deliveries(workspace) == []
    assert drain(workspace) is None


def test_an_events_own_template_words_it_everywhere(sqlite_store):
    templates = {
        "won": {"subject": "{{ account }} is\n won", "message": "{{ message }} {{ recipient }}: {{ total }}"},
        "*": {"subject": "{{ event }}"},
    }
    workspace = sqlite_store.open(settings(templates=templates))
    with workspace.unit("test") as unit:
        notify(unit, "Ada", "Subject", "Message.", None, event="won", values={"account": "Acme", "total": "5 EUR"})
        notify(unit, "Ada", "Subject", "Message.", None, event="lost")
        notify(unit, "Ada", "Subject", "Message.", None)
    with workspace.reading() as connection:
        told = [(note["subject"], note["message"]) for note in reversed(inbox(connection))]
    assert told == [("Acme is won", "Message. Ada: 5 EUR"), ("lost", "Message."), ("message", "Message.")]


@pytest.mark.parametrize("template", ["{{ message.__class__ }}", "{{ unknown }}", "{% include 'x' %}", "{{ 'a' * 9 }}"])
def test_a_template_that_cannot_be_used_is_a_clear_error_and_nothing_is_written(sqlite_store, template):
    workspace = sqlite_store.open(settings(templates={"won": {"message": template}}))
    with pytest.raises(InvalidInput, match=r"notifications\.templates\.won\.message"), workspace.unit("test") as unit:
        notify(unit, "Ada", "Subject", "Message", None, event="won")
    with workspace.reading() as connection:
        assert inbox(connection) == []

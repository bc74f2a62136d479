"""What rules reach outside of their files: people, and webhooks by the channels of the configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sales_operations.process.rules.reach import check_people, check_webhooks
from sales_operations.settings import load
from tests.process.rules.conftest import Automated, reading

CALLS = "rules:\n  - {name: tell, when: opportunity.created, then: [webhook: {message: 'New: {{ deal.id }}'}]}\n"
CHANNELS = {"crm": {"url": "https://hooks.example.com/x"}, "screen": {"url": "console:"}}


@pytest.mark.parametrize(
    ("notifications", "reached"),
    [
        ({}, False),
        ({"channels": {"screen": {"url": "console:"}}}, False),
        ({"channels": CHANNELS}, True),
        ({"channels": CHANNELS, "routes": [{"events": ["quote.sent"], "channels": ["crm"]}]}, False),
        ({"channels": CHANNELS, "routes": [{"events": ["webhook.tell"], "channels": ["screen"]}]}, False),
        ({"channels": CHANNELS, "routes": [{"events": ["webhook.tell"], "channels": ["crm"]}]}, True),
    ],
)
def test_a_webhook_needs_a_route_to_a_channel_of_its_kind(notifications: dict[str, Any], reached: bool) -> None:
    settings = load({"sales_operations": {"notifications": notifications}})
    problems = check_webhooks(settings, reading(CALLS).checked())
    assert (problems == []) is reached
    assert reached or "the event webhook.tell goes to no webhook" in str(problems[0])


def test_a_webhook_leaves_by_its_channel_in_the_transaction_of_the_firing(
    with_settings: Callable[[Any], Automated],
) -> None:
    routes = [{"events": ["webhook.tell"], "channels": ["crm"]}]
    firm = with_settings({"sales_operations": {"notifications": {"channels": CHANNELS, "routes": routes}}})
    firm.apply(CALLS)
    firm.deal()
    firm.work()
    (fired,) = firm.firings()
    assert fired["outcome"] == "done", fired["reason"]
    (note,) = firm.rows("notifications")
    assert (note["message"], note["id"]) == ("New: opp_1", fired["actions"][0]["notification_id"])
    assert firm.stores.execute("SELECT notification_id, event, channel FROM deliveries") == [
        (note["id"], "webhook.tell", "crm")
    ]


def test_people_are_named_by_record_id_e_mail_or_name(small: Automated) -> None:
    def unknown(*names: str) -> list[str]:
        rules = "".join(f"  - {{name: r{number}, schedule: daily, then: [task: {{title: x, to: {name}}}]}}\n"
                        for number, name in enumerate(names))  # fmt: skip
        with small.workspace.reading() as connection:
            return [
                one.message.split("'")[1] for one in check_people(connection, reading("rules:\n" + rules).checked())
            ]

    assert unknown("owner", "manager", "Ada", "bo@example.com", "user_mia", "Cy", "Di") == ["Cy", "Di"]


def test_erasing_a_person_takes_the_name_out_of_rules_firings_and_tasks(firm: Automated) -> None:
    from sales_operations.store import privacy

    firm.add("contacts", {"id": "con_1", "first_name": "Ines", "last_name": "Faber", "email": "ines@example.com"})
    firm.apply(
        "rules:\n  - {name: call, when: opportunity.changed, if: {field: next_step, contains: Ines Faber}, "
        "then: [task: {title: 'Do {{ deal.next_step }}'}]}\n"
    )
    firm.deal()
    firm.change(next_step="call Ines Faber")
    firm.work()
    assert "Ines Faber" in str(firm.rows("tasks")) + str(firm.firings())
    with firm.workspace.unit("erase") as unit:
        privacy.erase(unit, "contacts", "con_1")
    assert "Faber" not in str({name: rows for name, rows in firm.stores.dump().items() if name != "contacts"})
    assert firm.findings() == []
    assert firm.work() == 0

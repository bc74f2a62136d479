"""Commands about the contacts of an opportunity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sales_operations.cli.common import Config, Database, Json, display, guarded, opened, print_json, table

if TYPE_CHECKING:
    from rich.console import Group

contact_app = typer.Typer(help="The contacts of an opportunity.", no_args_is_help=True)
Deal = Annotated[str, typer.Argument(metavar="OPPORTUNITY", help="Its id, here or in its source.")]
Person = Annotated[str, typer.Argument(metavar="CONTACT", help="Its id, here or in its source.")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the group of opportunities."""
    app.add_typer(contact_app, name="contact")


def contacts_table(contacts: list[dict[str, Any]]) -> Group:
    """The contacts of a deal, as ``process.stages.contacts`` lists them."""
    rows = [
        [one["contact_id"] or "unknown", one["name"], ", ".join(one["roles"]), "yes" if one["is_primary"] else ""]
        for one in contacts
    ]
    return table("Contacts", [(heading, "left") for heading in ("Contact", "Name", "Roles", "Primary")], rows)


@contact_app.command("add")
@guarded
def add(
    opportunity_id: Deal,
    contact_id: Person,
    role: Annotated[str | None, typer.Option("--role", metavar="TEXT", help="Such as 'Decision maker'.")] = None,
    primary: Annotated[bool, typer.Option("--primary", help="The one to turn to: no other stays so.")] = False,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a contact one of an opportunity's, or give it one more role there."""
    from sales_operations.process.stages import contacts

    _show(contacts.add(opened(config, database), opportunity_id, contact_id, role, primary=primary), as_json)


@contact_app.command("remove")
@guarded
def remove(
    opportunity_id: Deal,
    contact_id: Person,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take a contact away from an opportunity, with every role it has there."""
    from sales_operations.process.stages import contacts

    _show(contacts.remove(opened(config, database), opportunity_id, contact_id), as_json)


def _show(contacts: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(contacts)
    else:
        display(contacts_table(contacts))

"""Commands for a person's data: shown as a whole, and erased."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sales_operations.cli.common import Config, Database, Json, fail, guarded, notice, opened, print_json

if TYPE_CHECKING:
    from sales_operations.store.privacy import Erasure

privacy_app = typer.Typer(help="The data of persons.", no_args_is_help=True)


class PersonKind(StrEnum):
    """Kinds of record that hold personal data."""

    users = "users"
    contacts = "contacts"
    leads = "leads"
    activities = "activities"


Kind = Annotated[PersonKind, typer.Argument(metavar="KIND", help=f"One of {', '.join(PersonKind)}.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The record's id, or its id in the system it came from.")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    app.add_typer(privacy_app, name="privacy")


@privacy_app.command("export")
@guarded
def export(kind: Kind, given: Id, database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """Show everything that the store holds of a person."""
    from sales_operations.store import privacy

    with opened(config, database).reading() as connection:
        found = privacy.export(connection, kind.value, given)
    if as_json:
        print_json(found)
        return
    print(f"{found['kind']} {found['id']}")
    for name, value in found["record"].items():
        print(f"  {name}: {value}")
    for one in found["external_ids"]:
        print(f"  id in {one['source']}: {one['id']}")
    for one in found["activities"]:
        print(f"  activity {one['id']}: {one.get('occurred_at', 'undated')}, {one.get('subject', 'without a subject')}")
    for one in (*found["referred_to_by"], *found["named_in"]):
        print(f"  in {one['kind']} {one['id']}: {', '.join(one['columns'])}")
    print(f"  named in {len(found['named_in_events'])} events of the history")
    for one in found["changes"]:
        print(f"  {one['at']} {one['action']} by {one['actor']} ({one['cause']})")


@privacy_app.command("erase")
@guarded
def erase(
    kind: Kind,
    given: Id,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Erase a person's data for good: record, texts of their activities, and their name wherever else it stands."""
    from sales_operations.store import privacy

    workspace = opened(config, database)
    with workspace.reading() as connection:
        record_id = privacy.find(connection, kind.value, given)
    if not yes:
        if not sys.stdin.isatty():
            fail(f"erasing {kind.value} {record_id} cannot be undone: add --yes, or run it in a terminal to be asked")
        typer.confirm(
            f"Erase the personal data of {kind.value} {record_id}? It cannot be undone.", abort=True, err=True
        )
    with workspace.unit("privacy erase") as unit:
        erasure = privacy.erase(unit, kind.value, record_id)
    if not privacy.scrub(workspace.engine):
        notice("notice: another process is reading; run the command again when it has ended, to clean the files too")
    with workspace.columns():  # built anew: the old file still names the person
        pass
    _show(erasure, as_json)


def _show(erasure: Erasure, as_json: bool) -> None:
    same = [{"kind": kind, "id": record_id} for kind, record_id in erasure.same_email]
    before = erasure.erased_before is not None
    if as_json:
        counts = {name: getattr(erasure, name) for name in ("activities", "records", "events", "external_ids")}
        print_json(
            {"kind": erasure.kind, "id": erasure.record_id, "erased_before": before, **counts, "same_email": same}
        )
        return
    what = f"{erasure.kind} {erasure.record_id}"
    if before:
        print(f"{what} was erased before; nothing is left to erase.")
        return
    print(
        f"Erased {what}: the record, {erasure.activities} activities, the name in {erasure.records} other records and "
        f"{erasure.events} events, {erasure.external_ids} ids in other systems."
    )
    for one in same:
        notice(f"notice: {one['kind']} {one['id']} has the same e-mail address and is still there")

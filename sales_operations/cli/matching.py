"""Commands about records that are the same: what may be, merging, and taking a merge back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sales_operations.cli.common import Config, Database, Json, block, display, guarded, opened, print_json, table
from sales_operations.cli.process import lead_app

if TYPE_CHECKING:
    from sales_operations.process.matching.merging import Merged

account_app = typer.Typer(help="Accounts.", no_args_is_help=True)
contact_app = typer.Typer(help="Contacts.", no_args_is_help=True)
merge_app = typer.Typer(help="Merges of accounts, contacts and leads.", no_args_is_help=True)

Survivor = Annotated[
    str, typer.Argument(metavar="SURVIVOR", help="The record that stays: its id, here or in its source.")
]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="The record that becomes a part of it.")]
Rule = Annotated[
    str | None,
    typer.Option("--rule", metavar="RULE", help="Whose values count: survivor, newest or other (default: configured)."),
]


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    app.command("duplicates")(duplicates)
    app.add_typer(account_app, name="account")
    app.add_typer(contact_app, name="contact")
    app.add_typer(merge_app, name="merge")
    lead_app.command("merge")(merge_leads)


@guarded
def duplicates(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="accounts, contacts or leads.")] = "accounts",
    at_least: Annotated[
        float | None, typer.Option("--at-least", metavar="SCORE", help="From this score, 0 to 1, on.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many pairs; the likest first.")] = 50,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Pairs of records that may be the same, with the score of each and what it consists of."""
    from sales_operations.process.matching.duplicates import duplicates as found_duplicates

    found = found_duplicates(opened(config, database), kind, at_least)
    shown = found[:limit]
    if as_json:
        print_json(
            {
                "total": len(found),
                "pairs": [
                    {
                        "ids": [pair.one.record_id, pair.other.record_id],
                        "names": [pair.one.label, pair.other.label],
                        "score": pair.score.total,
                        "parts": pair.score.told,
                    }
                    for pair in shown
                ],
            }
        )
        return
    rows = [
        [
            f"{pair.score.total:.2f}",
            f"{pair.one.label}\n{pair.one.record_id}",
            f"{pair.other.label}\n{pair.other.record_id}",
            ", ".join(f"{what} {share:+.2f}" for what, share in pair.score.parts),
        ]
        for pair in shown
    ]
    columns = [("Score", "right"), ("One", "left"), ("Other", "left"), ("Why", "left")]
    display(table(f"{len(shown)} of {len(found):,} pairs of {kind} that may be the same", columns, rows))


@account_app.command("merge")
@guarded
def merge_accounts(
    survivor: Survivor,
    other: Other,
    rule: Rule = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make one account a part of another, with its deals, contacts, activities and ids; 'merge undo' takes it back."""
    _merge("accounts", survivor, other, rule, database, config, as_json)


@contact_app.command("merge")
@guarded
def merge_contacts(
    survivor: Survivor,
    other: Other,
    rule: Rule = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make one contact a part of another, with its deals, activities and ids; 'merge undo' takes it back."""
    _merge("contacts", survivor, other, rule, database, config, as_json)


@guarded
def merge_leads(
    survivor: Survivor,
    other: Other,
    rule: Rule = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make one lead a part of another, with its activities and ids; 'merge undo' takes it back."""
    _merge("leads", survivor, other, rule, database, config, as_json)


def _merge(
    kind: str, survivor: str, other: str, rule: str | None, database: str | None, config: str | None, as_json: bool
) -> None:
    from sales_operations.domain.errors import InvalidInput
    from sales_operations.process.matching.merging import merge

    if rule not in (None, "survivor", "newest", "other"):
        raise InvalidInput(f"there is no rule {rule!r}; use survivor, newest or other")
    _show(merge(opened(config, database), kind, survivor, other, rule), as_json)


@merge_app.command("undo")
@guarded
def undo(
    merge_id: Annotated[str, typer.Argument(metavar="MERGE", help="Its id, as 'merge list' shows it.")],
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make two records of one again, each as it was. Refused where a later change would be lost."""
    from sales_operations.process.matching.merging import undo as take_back

    _show(take_back(opened(config, database), merge_id), as_json)


@merge_app.command("list")
@guarded
def list_(
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many; the newest first.")] = 50,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The merges that happened, with those that were taken back."""
    from sales_operations.process.matching.merging import listed

    found = listed(opened(config, database), limit)
    if as_json:
        print_json([_plain(one) for one in found])
        return
    rows = [
        [one.merge_id, one.kind, one.survivor_id, one.merged_id, _time(one.created_at), _time(one.undone_at)]
        for one in found
    ]
    headings = ("Merge", "Kind", "Survivor", "Part of it now", "When (UTC)", "Undone")
    display(table("Merges", [(heading, "left") for heading in headings], rows))


def _plain(merged: Merged) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(merged), "fields": list(merged.fields)}


def _time(text: str | None) -> str:
    return text[:16].replace("T", " ") if text else ""


def _show(merged: Merged, as_json: bool) -> None:
    if as_json:
        print_json(_plain(merged))
        return
    title = f"{merged.merged_id} is a part of {merged.survivor_id}"
    if merged.undone_at is not None:
        title = f"{merged.merged_id} and {merged.survivor_id} are two records again"
    moved = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in merged.moved.items())
    facts = [
        ("merge", merged.merge_id),
        ("kind", merged.kind),
        ("rule", merged.rule),
        ("fields changed", ", ".join(merged.fields) or "none"),
        ("pointed elsewhere", moved or "nothing"),
    ]
    display(block(title, facts))

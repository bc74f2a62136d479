"""Commands of assignment: leads to reps, why, and who is out of office."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sales_operations.cli.common import (
    Config,
    Database,
    Json,
    display,
    guarded,
    notice,
    opened,
    print_json,
    table,
)
from sales_operations.cli.process import lead_app

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sales_operations.process.assigning.absences import Absence
    from sales_operations.process.assigning.explanation import Explanation

rep_app = typer.Typer(help="Reps: who takes leads, and who is out of office.", no_args_is_help=True)

Rep = Annotated[str, typer.Argument(metavar="REP", help="A user's id, e-mail address or name.")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    lead_app.command("assign")(assign)
    lead_app.command("assignments")(assignments)
    app.add_typer(rep_app, name="rep")


@guarded
def assign(
    lead_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="LEAD…", help="Ids of leads; without any, all open leads that have no rep."),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show between whom was chosen, and why.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would get them; write nothing.")] = False,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Give leads to reps by the rules of the configuration, and tell the reps."""
    from rich.console import Console

    from sales_operations.process.assigning.of_leads import hand_out

    workspace = opened(config, database, create=not dry_run)
    with Console(stderr=True).status("Assigning") as status:
        handed = hand_out(
            workspace, lead_ids or None, lambda done: status.update(f"{done:,} leads assigned …"), dry_run=dry_run
        )
    if as_json:
        print_json(
            [
                {
                    "lead_id": one.lead_id,
                    "user_id": one.user_id,
                    "sales_rep": one.name or None,
                    "changed": one.is_new,
                    "due_at": _instant(one.due_at),
                    "assignment_id": one.record_id,
                    **_as_json(one.explanation, complete=explain),
                }
                for one in handed
            ]
        )
        return
    if not handed:
        notice("There is no open lead without a rep.")
        return
    zone = workspace.settings.company.timezone
    if explain:
        for one in handed:
            due = f", to be answered by {_local(one.due_at, zone)}" if one.due_at else ""
            title = " · ".join(part for part in ("Lead " + one.lead_id, one.company, one.name or "nobody") if part)
            display(*_explained(title, f"{_sentence(one.explanation.reason)}{due}", one.explanation))
        return
    rows = [
        [one.lead_id, one.company or "unknown", one.name or "nobody", _local(one.due_at, zone), _why(one.explanation)]
        for one in handed
    ]
    columns = [("Lead", "left"), ("Company", "left"), ("Sales rep", "left"), ("Answer by", "left"), ("Why", "left")]
    if not any(one.due_at for one in handed):
        columns, rows = [*columns[:3], columns[4]], [[*row[:3], row[4]] for row in rows]
    given = sum(one.is_new for one in handed)
    title = f"{given:,} of {len(handed):,} leads {'would be ' if dry_run else ''}assigned"
    display(table(title, columns, rows))


@guarded
def assignments(
    lead_id: Annotated[str, typer.Argument(metavar="LEAD", help="The lead's id, here or in its source.")],
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """To whom a lead was given and why, the newest first, from what was kept of each decision."""
    from sales_operations.process.assigning.of_leads import history

    workspace = opened(config, database)
    found = history(workspace, lead_id)
    if as_json:
        print_json(
            [
                {
                    "assignment_id": one.record_id,
                    "assigned_at": _instant(one.created_at),
                    "status": one.status,
                    "attempt": one.attempt,
                    "due_at": _instant(one.due_at),
                    "answered_at": _instant(one.answered_at),
                    "user_id": one.explanation.user_id,
                    "sales_rep": one.explanation.name or None,
                    **_as_json(one.explanation, complete=True),
                }
                for one in found
            ]
        )
        return
    if not found:
        notice(f"No assignment of {lead_id} is kept here.")
        return
    zone = workspace.settings.company.timezone
    for one in found:
        state = [one.status]
        if one.due_at is not None:
            state.append(f"answer by {_local(one.due_at, zone)}")
        if one.answered_at is not None:
            state.append(f"answered {_local(one.answered_at, zone)}")
        title = f"{_local(one.created_at, zone)} · {one.explanation.name or 'nobody'} · {', '.join(state)}"
        display(*_explained(title, _sentence(one.explanation.reason), one.explanation))


@rep_app.command("out")
@guarded
def out(
    rep: Rep,
    first_day: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day; else today.")] = None,
    last_day: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="The last day; else until 'rep back'.")
    ] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Note that a rep is out of office: no lead goes there on these days."""
    from sales_operations.process.assigning.absences import leave

    found = leave(opened(config, database), rep, first_day, last_day)
    if as_json:
        print_json(asdict(found))
    else:
        print(f"{found.name} is out of office {_days(found)}.")


@rep_app.command("back")
@guarded
def back(rep: Rep, database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """End a rep's absence of today; where there is none, withdraw the later ones."""
    from sales_operations.process.assigning.absences import come_back

    ended = come_back(opened(config, database), rep)
    if as_json:
        print_json([asdict(one) for one in ended])
        return
    for one in ended:
        print(f"{one.name} takes leads again; out of office {_days(one)} is ended.")


@rep_app.command("list")
@guarded
def list_(database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """The reps who sell, with their open work, capacity and absences."""
    from sales_operations.process.assigning.absences import availability

    found = availability(opened(config, database))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        [one.name, f"{one.open_work:,}", f"{one.capacity:,}", _share(one.open_work, one.capacity)]
        + ["; ".join(map(_days, one.absences))]
        for one in found
    ]
    columns = [("Sales rep", "left"), ("Open", "right"), ("Capacity", "right"), ("Load", "right"), ("Away", "left")]
    display(table(f"{len(found):,} reps who sell", columns, rows))


def _explained(title: str, sentence: str, why: Explanation) -> list[RenderableType]:
    """A decision as a title, a sentence, and tables of who came into question and who did not."""
    from rich.text import Text

    parts: list[RenderableType] = [Text(title, style="bold"), Text(f"{sentence}.")]
    parts += [Text(f"Territories that fit as well: {', '.join(why.ties)}.")] if why.ties else []
    parts += [Text(f"Rule {rule!r} had nobody: {reason}.") for rule, reason in why.passed]
    parts.append(Text(""))
    if why.choices:
        loaded = why.method == "least_loaded"
        heads = ("Open", "Capacity", "Load") if loaded else ("Turn",)
        columns = [("", "left"), ("Sales rep", "left"), *((head, "right") for head in heads)]
        rows = []
        for place, one in enumerate(why.choices):
            cells = [str(one.open_work), f"{one.capacity:,}", f"{one.score:.0%}"] if loaded else [f"{one.score:+.2f}"]
            rows.append(["→" if place == 0 else "", one.name, *cells])
        parts.append(table("", columns, rows))
    if why.left_out:
        parts.append(table("", [("Not considered", "left"), ("Why", "left")], [list(one) for one in why.left_out]))
    return parts


def _as_json(why: Explanation, *, complete: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"rule": why.rule, "method": why.method, "reason": why.reason, "territory": why.territory}
    told["fits_as_well"] = list(why.ties)
    told["passed"] = [{"rule": rule, "reason": reason} for rule, reason in why.passed]
    if complete:
        told["candidates"] = [asdict(one) for one in why.choices]
        told["left_out"] = [{"name": name, "reason": reason} for name, reason in why.left_out]
    return told


def _why(why: Explanation) -> str:
    if why.passed and why.user_id is None:
        return "; ".join(f"{rule}: {reason}" for rule, reason in why.passed)
    return why.reason


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else ""


def _days(absence: Absence) -> str:
    return f"from {absence.first_day} " + (f"until {absence.last_day}" if absence.last_day else "until further notice")


def _instant(micros: int | None) -> str | None:
    from sales_operations.domain.clock import iso

    return None if micros is None else iso(micros)


def _local(micros: int | None, zone: str) -> str:
    from zoneinfo import ZoneInfo

    from sales_operations.domain.clock import from_micros

    return "" if micros is None else f"{from_micros(micros).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"

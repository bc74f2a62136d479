"""Commands about the stages of opportunities: move them, see what a stage asks for, see what was overridden."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sales_operations.cli.common import (
    Config,
    Database,
    Json,
    block,
    display,
    guarded,
    notice,
    opened,
    print_json,
    table,
)

Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many.")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the group of opportunities."""
    app.command("move")(move)
    app.command("gates")(gates)
    app.command("overrides")(overrides)
    app.command("unexplained")(unexplained)


@guarded
def move(
    opportunity_ids: Annotated[
        list[str], typer.Argument(metavar="OPPORTUNITY…", help="Their ids, here or in their source.")
    ],
    stage: Annotated[str, typer.Argument(metavar="STAGE", help="One of the six stages, or a pipeline's own.")],
    reason: Annotated[str | None, typer.Option("--reason", metavar="WHY", help="Why it is won or lost.")] = None,
    override: Annotated[
        str | None, typer.Option("--override", metavar="WHY", help="Pass a gate that refuses it, and why.")
    ] = None,
    pipeline: Annotated[str | None, typer.Option("--pipeline", metavar="NAME", help="Go to this pipeline.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Move opportunities to a stage and run what the configuration attaches to that step.

    Of several, those that a gate refuses stay where they are and are listed, the others move; the exit code is 2 then.
    """
    from sales_operations.process.stages.transition import move as move_deal
    from sales_operations.process.stages.transition import move_many
    from sales_operations.workflow import opportunity_block, plain

    workspace = opened(config, database)
    if len(opportunity_ids) == 1:
        moved = move_deal(workspace, opportunity_ids[0], stage, reason=reason, override=override, pipeline=pipeline)
        if as_json:
            print_json(plain(moved))
        else:
            display(block(*opportunity_block(moved)))
        return
    many = move_many(workspace, opportunity_ids, stage, reason=reason, override=override, pipeline=pipeline)
    if as_json:
        ids = [row["id"] for row in many.rows]
        print_json({"moved": ids, "blocked": {deal: list(reasons) for deal, reasons in many.blocked.items()}})
    else:
        stayed = len(dict.fromkeys(opportunity_ids)) - len(many.rows) - len(many.blocked)
        there = f"; {stayed} stood there already" if stayed else ""
        display(f"{len(many.rows)} moved to {stage}{there}.")
        for deal, reasons in many.blocked.items():
            notice(f"{deal} stays: {'; '.join(reasons)}")
    if many.blocked:
        raise typer.Exit(2)


@guarded
def gates(
    opportunity_id: Annotated[str, typer.Argument(metavar="OPPORTUNITY", help="Its id, here or in its source.")],
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Where an opportunity may go from where it stands, and what it lacks for the rest."""
    from sales_operations.process.stages.ways import ways

    found = ways(opened(config, database), opportunity_id)
    if as_json:
        print_json(found)
        return
    rows = [[way["stage"], "yes" if way["open"] else "no", "\n".join(way["unmet"])] for way in found["ways"]]
    title = f"{found['opportunity_id']} stands in {found['stage']} (pipeline {found['pipeline']})"
    display(table(title, [("To", "left"), ("May go", "left"), ("What is missing", "left")], rows))


@guarded
def overrides(
    opportunity_id: Annotated[
        str | None, typer.Option("--opportunity", metavar="ID", help="Only this opportunity's.")
    ] = None,
    limit: Limit = 50,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Moves that passed a gate by an override, the newest first: what was missing, who let it through, and why."""
    from sales_operations.process.stages.audit import overrides as read
    from sales_operations.store.opportunities import row

    with opened(config, database).reading() as connection:
        found = read(connection, row(connection, opportunity_id)["id"] if opportunity_id else None, limit)
    if as_json:
        print_json(found)
        return
    rows = [
        [
            one["at"][:16].replace("T", " "),
            one["opportunity_id"],
            f"{one['from']} to {one['to']}",
            "\n".join(one["unmet"]),
            one["override"],
            one["actor"],
        ]
        for one in found
    ]
    headings = ("When (UTC)", "Opportunity", "Move", "What was missing", "Why", "Who")
    display(table("Overridden gates", [(heading, "left") for heading in headings], rows))


@guarded
def unexplained(
    limit: Limit = 50,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Closed opportunities whose reason nobody gave, the latest close first."""
    from sales_operations.process.stages.audit import closed_without_reason

    with opened(config, database).reading() as connection:
        found: list[dict[str, Any]] = closed_without_reason(connection, limit)
    if as_json:
        print_json(found)
        return
    rows = [[one["opportunity_id"], one["status"], one["close_date"] or "unknown"] for one in found]
    columns = [("Opportunity", "left"), ("Status", "left"), ("Close date", "left")]
    display(table("Closed without a reason (move --reason gives one)", columns, rows))

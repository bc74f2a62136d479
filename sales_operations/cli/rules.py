"""Commands of automation: rules, and the tasks that they give people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sales_operations.cli.common import (
    AsOf,
    Config,
    Database,
    Json,
    block,
    display,
    guarded,
    opened,
    print_json,
    settings,
    table,
)

if TYPE_CHECKING:
    from sales_operations.workspace import Workspace

rules_app = typer.Typer(help="Automation by rules in files.", no_args_is_help=True)
task_app = typer.Typer(help="Tasks.", no_args_is_help=True)

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE…]", help="Rule files; else those that the configuration names (automation.rules)."),
]


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    app.add_typer(rules_app, name="rules")
    app.add_typer(task_app, name="task")


@rules_app.command("validate")
@guarded
def validate(files: Files = None, database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """List every problem of the rule files, with file, line, key and what to do. Exits with 1 if there is one.

    Where a store is named or there, the people that rules name are looked for in it.
    """
    from sales_operations.process.rules.files import read_files
    from sales_operations.process.rules.reach import check_people, check_webhooks
    from sales_operations.workspace import real_store_exists

    read = read_files(files or [], settings(config))
    problems = list(read.problems)
    if not problems:
        problems = check_webhooks(settings(config), read.rules)
        if real_store_exists(settings(config), database):
            with opened(config, database).reading() as connection:
                problems += check_people(connection, read.rules)
    rules, sequences = len(read.rules.rules), len(read.rules.sequences)
    if as_json:
        found = [{"file": one.file, "line": one.line, "key": one.key, "message": one.message} for one in problems]
        counts = {"files": [name for name, _ in read.texts], "rules": rules, "sequences": sequences}
        print_json({"valid": not problems, **counts, "problems": found})
    else:
        for problem in problems:
            print(problem)
        if not problems:
            print(f"The rules are valid: {_counted(rules, 'rule')}, {_counted(sequences, 'sequence')}.")
    if problems:
        raise typer.Exit(1)


@rules_app.command("plan")
@guarded
def plan(
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day, or instant, to try.")],
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day, or instant, to try.")],
    files: Files = None,
    only: Annotated[str | None, typer.Option("--rule", metavar="NAME", help="Only this rule.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Deals to show for each rule; --json has them all.")] = 5,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Try rules on the past: which deals they would have touched, when, and how those ended. Nothing is changed."""
    from rich.console import Console
    from rich.text import Text

    from sales_operations.domain.errors import NotFound
    from sales_operations.process.rules.comparison import CAUTION
    from sales_operations.process.rules.files import read_files
    from sales_operations.process.rules.plan import plan as tried
    from sales_operations.process.rules.ruleset import RuleSet

    rules = read_files(files or [], settings(config)).checked()
    if only is not None:
        chosen = tuple(rule for rule in rules.rules if rule.name == only)
        if not chosen:
            raise NotFound(f"there is no rule {only!r}; the files have {', '.join(rule.name for rule in rules.rules)}")
        rules = RuleSet(chosen, rules.sequences)
    workspace = opened(config, database)
    with Console(stderr=True).status("Reading the history") as status:
        found = tried(workspace, rules, since, until, lambda done, total: status.update(f"{done:,} of {total:,} deals"))
    if as_json:
        print_json(found)
        return
    parts = [part for one in found["rules"] for part in _planned(one, limit)]
    parts += [Text(CAUTION)] if any(one["replayed"] for one in found["rules"]) else []
    head = f"From {since} to {until}, {_counted(found['deals'], 'deal')} in the store. Nothing was changed.\n"
    display(Text(head), *parts)


@rules_app.command("apply")
@guarded
def apply(
    files: Files = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, and write nothing.")] = False,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Put the rules of the files in force, in place of those before; they act on what happens from now on."""
    from sales_operations.domain.errors import SettingsError
    from sales_operations.process.rules import versions
    from sales_operations.process.rules.files import read_files
    from sales_operations.process.rules.reach import check_people, check_webhooks

    read = read_files(files or [], settings(config))
    rules = read.checked()
    workspace = opened(config, database, create=not dry_run)
    with workspace.reading() as connection:
        problems = [*check_webhooks(workspace.settings, rules), *check_people(connection, rules)]
        if problems:
            raise SettingsError(problems)
        before = versions.newest(connection)
    told = {"rules": [rule.name for rule in rules.rules], "sequences": [one.name for one in rules.sequences]}
    if dry_run:
        new = before is None or before.digest != versions.digest_of(read)
        result = {"applied": False, "new": new, "digest": versions.digest_of(read), **told}
        line = "The rules would be a new version." if new else "The rules are in force already."
    else:
        version, new = versions.apply(workspace, read)
        result = {"applied": True, "new": new, **version.shown(), **told}
        line = f"Version {version.number} ({version.digest[:12]}) is in force"
        line += "." if new else " already; nothing was changed."
    if as_json:
        print_json(result)
        return
    print(f"{line} {_counted(len(rules.rules), 'rule')}, {_counted(len(rules.sequences), 'sequence')}.")


@rules_app.command("list")
@guarded
def list_(as_of: AsOf = None, database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """The rules in force, and how often each fired."""
    from sales_operations.process.rules import firings, versions

    workspace = opened(config, database)
    until = _instant(workspace, as_of)
    with workspace.reading() as connection:
        version = versions.newest(connection, until)
        counted = firings.counts(connection, until)
    rules = version.rules(workspace.settings).rules if version else ()
    if as_json:
        entries = [
            {
                "rule": rule.name,
                "description": rule.description,
                "trigger": rule.trigger,
                "actions": [str(action) for action in rule.actions],
                "file": rule.place.file,
                "line": rule.place.line,
                "firings": counted.get(rule.name, {}),
            }
            for rule in rules
        ]
        print_json({"version": version.shown() if version else None, "rules": entries})
        return
    if version is None:
        print("No rules are in force; 'sales-operations rules apply' puts them in force.")
        return
    columns = [("Rule", "left"), ("Waits for", "left"), ("Does", "left"), ("Done", "right"), ("Held back", "right")]
    rows = []
    for rule in rules:
        found = counted.get(rule.name, {})
        done, all_ = found.get("done", 0), sum(found.values())
        rows.append([rule.name, rule.trigger, "; ".join(map(str, rule.actions)), str(done), str(all_ - done)])
    title = f"Version {version.number}, applied {_short(version.shown()['applied_at'])} by {version.author}"
    display(table(title, columns, rows))


@rules_app.command("history")
@guarded
def history(
    rule: Annotated[str | None, typer.Option("--rule", metavar="NAME", help="Only this rule.")] = None,
    deal: Annotated[str | None, typer.Option("--deal", metavar="OPPORTUNITY", help="Only this opportunity.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many firings.")] = 20,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The versions that were applied, and the newest firings: when, why, what was done or what held it back."""
    from sales_operations.domain.errors import NotFound
    from sales_operations.process.rules import firings, versions
    from sales_operations.store import identity

    workspace = opened(config, database)
    until = _instant(workspace, as_of)
    with workspace.reading() as connection:
        found = identity.find(connection, "opportunities", deal) if deal else None
        if deal and found is None:
            raise NotFound(f"there is no opportunity {deal!r}")
        fired = firings.listing(connection, rule=rule, opportunity_id=found, limit=limit, until=until)
        applied = [version.shown() for version in versions.history(connection, until)]
    if as_json:
        print_json({"versions": applied, "firings": fired})
        return
    columns = [("Version", "right"), ("Applied (UTC)", "left"), ("By", "left"), ("Digest", "left"), ("Files", "left")]
    rows = [
        [str(one["version"]), _short(one["applied_at"]), one["author"], one["digest"][:12], ", ".join(one["files"])]
        for one in applied
    ]
    headings = ("When (UTC)", "Rule", "About", "Cause", "Outcome", "What")
    lines = [
        [_short(one["fired_at"]), one["rule"], one["opportunity_id"] or one["lead_id"], one["cause"], one["outcome"],
         _what(one)]
        for one in fired
    ]  # fmt: skip
    display(table("Versions", columns, rows), table("Firings", [(heading, "left") for heading in headings], lines))


@task_app.command("list")
@guarded
def tasks(
    status: Annotated[str, typer.Option("--status", help="open, done or all.")] = "open",
    owner: Annotated[str | None, typer.Option("--for", metavar="REP", help="Only this person's.")] = None,
    deal: Annotated[str | None, typer.Option("--deal", metavar="OPPORTUNITY", help="Only this opportunity's.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The tasks, those due first before the others."""
    from sales_operations.domain.errors import NotFound
    from sales_operations.process import tasks as kept
    from sales_operations.store import identity

    workspace = opened(config, database)
    with workspace.reading() as connection:
        found = identity.find(connection, "opportunities", deal) if deal else None
        if deal and found is None:
            raise NotFound(f"there is no opportunity {deal!r}")
        until = _instant(workspace, as_of)
        rows = kept.listing(connection, status=status, owner=owner, opportunity_id=found, limit=limit, until=until)
    if as_json:
        print_json(rows)
        return
    columns = [(heading, "left") for heading in ("Due", "Status", "For", "What", "About", "Task")]
    display(
        table(
            "Tasks",
            columns,
            [
                [one["due_date"], one["status"], one["owner"] or "nobody", one["title"],
                 one["opportunity_id"] or one["lead_id"] or "", one["task_id"]]
                for one in rows
            ],
        )
    )  # fmt: skip


@task_app.command("done")
@guarded
def done(
    task_id: Annotated[str, typer.Argument(metavar="TASK", help="Its id.")],
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Note that a task is done."""
    from sales_operations.process.tasks import finish

    finished = finish(opened(config, database), task_id)
    if as_json:
        print_json(finished)
    else:
        print(f"Done: {finished['title']}")


def _planned(one: dict[str, Any], limit: int) -> list[Any]:
    """A rule's plan in blocks: what it would have done, how the deals ended, the first ones of them."""
    if not one["replayed"]:
        return [block(one["rule"], [("waits for", one["trigger"]), ("not tried", one["reason"])])]
    outcome = one["outcome"]
    facts = [
        ("waits for", one["trigger"]),
        ("does", "; ".join(one["actions"])),
        ("would have fired", f"{_counted(one['firings'], 'time')}, on {_counted(len(one['deals']), 'deal')}"),
    ]
    if gap := outcome["won_share_difference"]:
        facts.append(
            ("won share, difference", f"{_points(gap['value'])} ({_points(gap['low'])} to {_points(gap['high'])})")
        )
    columns = [("Deals", "left"), *((heading, "right") for heading in (
        "All", "Won", "Lost", "Open", "Won of closed (80 %)", "Mean amount won (80 %)", "Days to close (80 %)"))]  # fmt: skip
    parts = [
        block(one["rule"], facts),
        table("", columns, [_group(name, outcome[name]) for name in ("touched", "untouched")]),
    ]
    shown = one["deals"][:limit]
    if shown:
        rows = [
            [deal["opportunity_id"], _short(deal["times"][0]["at"]), str(len(deal["times"])),
             ", ".join(_because(found) for found in deal["times"][0]["found"])]
            for deal in shown
        ]  # fmt: skip
        headings = [("Opportunity", "left"), ("First (UTC)", "left"), ("Times", "right"), ("Because", "left")]
        parts.append(table(f"{len(shown)} of {_counted(len(one['deals']), 'deal')}", headings, rows))
    return parts


def _because(found: dict[str, Any]) -> str:
    value = "unknown" if found["found"] is None else found["found"]
    return f"{found['condition']}: {'yes' if found['held'] else 'no'} ({value})"


def _group(name: str, group: dict[str, Any]) -> list[str]:
    share, days, amounts = group["won_share"], group["days_to_close"], group["won_amount"]
    shown_share = "unknown" if share is None else f"{share['value']:.1%} ({share['low']:.1%} to {share['high']:.1%})"
    shown_days = "unknown" if days is None else _sample(days, ".1f")
    shown_amounts = "; ".join(f"{_sample(found, ',.0f')} {currency}" for currency, found in amounts.items())
    counts = [f"{group[key]:,}" for key in ("deals", "won", "lost", "open")]
    return [name, *counts, shown_share, shown_amounts or "unknown", shown_days]


def _sample(found: dict[str, Any], pattern: str) -> str:
    mean = format(found["mean"], pattern)
    if found["low"] is None:
        return f"{mean} (1 deal)"
    return f"{mean} ({format(found['low'], pattern)} to {format(found['high'], pattern)})"


def _points(share: float) -> str:
    return f"{share * 100:+.1f} points"


def _what(one: dict[str, Any]) -> str:
    if one["reason"]:
        return str(one["reason"])
    told = []
    for action in one["actions"]:
        shown = action.get("fields") or {key: value for key, value in action.items() if not key.endswith("_id")}
        values = [f"{key} {value}" for key, value in shown.items() if isinstance(value, str | int) and key != "action"]
        told.append(f"{action['action']}: {', '.join(values)}" if values else action["action"])
    return "; ".join(told)


def _instant(workspace: Workspace, as_of: str | None) -> int | None:
    from sales_operations.domain.clock import parse_as_of

    return None if as_of is None else parse_as_of(as_of, workspace.settings.company.timezone).micros


def _short(instant: str) -> str:
    return instant[:16].replace("T", " ")


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"

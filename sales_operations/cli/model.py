"""The model commands: how good scores are, and making them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sales_operations.cli.common import AsOf, Config, Database, Json, display, guarded, opened, print_json, table

if TYPE_CHECKING:
    from rich.console import Group

    from sales_operations.forecasting.scoring.scorer import Scorer

Kind = Annotated[str, typer.Argument(metavar="KIND", help="leads (conversion) or opportunities (win).")]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="FIELD", help="A field to leave out; may be repeated.")
]
Allow = Annotated[
    list[str] | None,
    typer.Option("--allow", metavar="FIELD", help="A refused field to use all the same; may be repeated."),
]
_SHOWN = 20
_REASONS = 3


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    models = typer.Typer(help="Scores of leads and deals: measured out of sample, leaking fields refused.")
    models.command("evaluate")(evaluate)
    models.command("score")(score)
    app.add_typer(models, name="model")


@guarded
def evaluate(
    kind: Kind,
    exclude: Exclude = None,
    allow: Allow = None,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Measure scores on outcomes that they were not learnt from, and name the fields that know the outcome."""
    found = _scorer(kind, exclude, allow, as_of, database, config).evaluate()
    if as_json:
        print_json(found)
        return
    split, base = found["split"], found["base_rate_figures"]
    part = "the latest outcomes" if split["by"] == "time" else "a fifth by hash of the id"
    measures = [("AUC", "auc"), ("Log loss", "log_loss"), ("Brier", "brier"), ("ECE", "ece")]
    rows = [[title, _number(found[name]), _number(base[name])] for title, name in measures]
    bins = [
        [f"{one['low']:.0%} to {one['high']:.0%}", f"{one['n']:,}", f"{one['predicted']:.1%}", f"{one['observed']:.1%}"]
        for one in found["reliability"]
    ]
    display(
        f"{found['verdict'][0].upper()}{found['verdict'][1:]}.",
        f"Learnt from {split['train']:,} {kind}, measured on {split['test']:,} ({part}).",
        "",
        table("Measures", [("", "left"), ("Score", "right"), ("Base rate", "right")], rows),
        table("Reliability", [("Score", "left"), ("Records", "right"), ("Mean", "right"), ("True", "right")], bins),
        _leaks(found["leaks"]),
    )


@guarded
def score(
    kind: Kind,
    exclude: Exclude = None,
    allow: Allow = None,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Score all open leads or deals, keep the scores, and say what each field adds to each."""
    found = _scorer(kind, exclude, allow, as_of, database, config).score()
    if as_json:
        print_json(found)
        return
    rows = [[one["id"], f"{one['chance']:.1%}", _reasons(one["contributions"])] for one in found["scores"][:_SHOWN]]
    title = f"Scores of {len(found['scores']):,} open {kind}"
    title += f", the highest {_SHOWN}" if len(found["scores"]) > _SHOWN else ""
    display(
        f"{found['verdict'][0].upper()}{found['verdict'][1:]}. Learnt from {found['learnt_from']:,}.",
        "",
        table(title, [("Id", "left"), ("Score", "right"), ("Most of it, in log-odds", "left")], rows),
        _leaks(found["leaks"]),
    )


def _scorer(
    kind: str,
    exclude: list[str] | None,
    allow: list[str] | None,
    as_of: str | None,
    database: str | None,
    config: str | None,
) -> Scorer:
    from sales_operations.forecasting.scoring.scorer import Scorer

    return Scorer(opened(config, database), kind, as_of, exclude=exclude or (), allow=allow or ())


def _leaks(leaks: list[dict[str, Any]]) -> Group | str:
    if not leaks:
        return "No field was found to know the outcome."
    rows = [[leak["field"], leak["evidence"], leak["explanation"]] for leak in leaks]
    return table("Refused: they know the outcome", [("Field", "left"), ("Evidence", "left"), ("", "left")], rows)


def _reasons(contributions: dict[str, float]) -> str:
    ordered = sorted(contributions.items(), key=lambda item: -abs(item[1]))
    return ", ".join(f"{name} {part:+.2f}" for name, part in ordered[:_REASONS])


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"

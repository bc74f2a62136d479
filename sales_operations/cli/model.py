"""The model commands: how good scores are, and making them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sales_operations.cli.common import AsOf, Config, Database, Json, display, fail, guarded, opened, print_json, table

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
Within = Annotated[
    int | None,
    typer.Option(
        "--within", metavar="DAYS", help="The chance of open deals to be won in so many days, by stage and age."
    ),
]
Every = Annotated[
    int | None, typer.Option("--every", metavar="DAYS", help="With --within: look so often; 7 without it.")
]
_MEASURES = [("AUC", "auc"), ("Log loss", "log_loss"), ("Brier", "brier"), ("ECE", "ece")]
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
    within: Within = None,
    every: Every = None,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Measure scores on outcomes that they were not learnt from, and name the fields that know the outcome."""
    if within is not None or every is not None:
        if within is None or kind != "opportunities" or exclude or allow:
            fail("--within DAYS, and --every DAYS with it, go with opportunities, without --exclude and --allow")
        _evaluate_within(within, every, as_of, database, config, as_json)
        return
    found = _scorer(kind, exclude, allow, as_of, database, config).evaluate()
    if as_json:
        print_json(found)
        return
    split, base = found["split"], found["base_rate_figures"]
    part = "the latest outcomes" if split["by"] == "time" else "a fifth by hash of the id"
    rows = [[title, _number(found[name]), _number(base[name])] for title, name in _MEASURES]
    display(
        f"{found['verdict'][0].upper()}{found['verdict'][1:]}.",
        f"Learnt from {split['train']:,} {kind}, measured on {split['test']:,} ({part}).",
        "",
        table("Measures", [("", "left"), ("Score", "right"), ("Base rate", "right")], rows),
        _reliability(found["reliability"]),
        _leaks(found["leaks"]),
    )


def _evaluate_within(
    within: int, every: int | None, as_of: str | None, database: str | None, config: str | None, as_json: bool
) -> None:
    from sales_operations.forecasting.within import EVERY, WithinEvaluator

    evaluator = WithinEvaluator(opened(config, database))
    found = evaluator.evaluate(within, EVERY if every is None else every, as_of)
    if as_json:
        print_json(found)
        return
    split, figures = found["split"], found["models"] | {"base_rate": found["base_rate_figures"]}
    rows = [[name.replace("_", " "), *(_number(one[key]) for _, key in _MEASURES)] for name, one in figures.items()]
    columns = [("", "left"), *((title, "right") for title, _ in _MEASURES)]
    parts = ", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in found["model"].items())
    display(
        f"Open deals every {found['every_days']} days, won within {found['horizon_days']}; {found['base_rate']:.1%} were.",
        f"Learnt by {split['learnt_by']} from {split['train']:,} looks, measured on {split['test']:,} later ones.",
        f"The blend is {parts}.",
        "",
        table("Measures", columns, rows),
        _reliability(found["reliability"]),
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


def _reliability(bins: list[dict[str, Any]]) -> Group:
    rows = [
        [f"{one['low']:.0%} to {one['high']:.0%}", f"{one['n']:,}", f"{one['predicted']:.1%}", f"{one['observed']:.1%}"]
        for one in bins
    ]
    return table("Reliability", [("Score", "left"), ("Records", "right"), ("Mean", "right"), ("True", "right")], rows)


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

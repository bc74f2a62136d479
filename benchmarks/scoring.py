"""``python -m benchmarks.scoring``: how good scores are on the public data, into the table of ``docs/scoring.md``.

Reads ``../shared/data``. Settings, encodings and thresholds were chosen on folds of the training parts, and the one split is
the SHA-256 of the id, or time. Of IBM, the first runs were scored on the test fifth, before that became the rule: nothing was
fitted on it, but what was seen then may flatter these figures a little.
"""

from __future__ import annotations

import csv
import gzip
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sales_operations.connectors.importer import import_file
from sales_operations.connectors.library import load_mapping
from sales_operations.estimation import classification as measure
from sales_operations.forecasting.deal_model import KINDS
from sales_operations.forecasting.scoring import records_of, train
from sales_operations.forecasting.scoring.folds import folds_of
from sales_operations.forecasting.scoring.records import Records
from sales_operations.forecasting.scoring.scorer import Scorer
from sales_operations.forecasting.within import WithinEvaluator
from sales_operations.workspace import Workspace, open_workspace

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "scoring.md"
LEADS = DATA / "x_education/leads.csv.gz"
LATER = ("Last Activity",)
"""What is not known of a lead on arrival."""
_MAVEN = (("teams", "sales_teams"), ("users", "sales_teams"), ("accounts", "accounts"), ("products", "products"),
          ("opportunities", "sales_pipeline"))  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of the table. ``asked``: what is to be reached, in words."""

    task: str
    found: dict[str, Any]
    asked: str = ""

    def written(self) -> str:
        found, base = self.found, self.found["base_rate_figures"]
        auc = "" if found["auc"] is None else f"{found['auc']:.3f}"
        model = ", ".join(f"{name} {share:.0%}" for name, share in found["model"].items())
        evidence = [leak["field"] for leak in found.get("leaks", ()) if leak["evidence"] != "declared"]
        figures = (
            f"{auc} | {found['log_loss']:.3f} | {found['brier']:.3f} | {found['ece']:.3f} | {base['log_loss']:.3f}"
        )
        size = f"{found['split']['test']:,} ({found['split']['by']})"
        return f"| {self.task} | {size} | {figures} | {self.asked} | {model} | {', '.join(evidence)} |"


def lines(folder: Path) -> Iterator[Line]:
    """Every line, as it is measured."""
    ibm = _store(folder / "ibm.db", [("opportunities", DATA / "ibm_win_loss/opportunities.csv.gz")])
    retrospective = load_mapping("ibm_win_loss").known_from_close("opportunities")
    early = Scorer(ibm, "opportunities").evaluate()
    yield Line("IBM, columns known early", early, "AUC .845, Brier .121, ECE .01")
    every = Scorer(ibm, "opportunities", allow=retrospective).evaluate()
    yield Line("IBM, all columns", every, "AUC .944, Brier .075, ECE .01")
    education = _store(folder / "education.db", [("leads", LEADS)])
    leads = Scorer(education, "leads").evaluate()
    yield Line("X Education", leads, "AUC .89, log loss .40")
    arrival = Scorer(education, "leads", exclude=LATER).evaluate()
    yield Line("X Education, on arrival", arrival)
    records, names = renamed_leads()
    yield Line("X Education, columns renamed, all fifths in turn", in_turn(records))
    yield Line("the same, on arrival", in_turn(records, [names[name] for name in LATER]))
    maven = _store(folder / "maven.db", [(kind, DATA / f"maven_crm/{name}.csv") for kind, name in _MAVEN])
    yield Line("Maven, won, at engagement", Scorer(maven, "opportunities").evaluate(), "no usable signal")
    bpic = _store(folder / "bpic.db", [("opportunities", DATA / "bpic2012/events.csv.gz")], "EUR")
    yield Line("BPI 2012, won, at submission", Scorer(bpic, "opportunities").evaluate())
    yield from _within(
        "BPI 2012", WithinEvaluator(bpic).evaluate(28, as_of="2012-01-08"), "AUC .765, log loss .515, ECE .025"
    )
    yield from _within("Maven", WithinEvaluator(maven).evaluate(30, as_of="2017-09-30"))


def _within(name: str, found: dict[str, Any], asked: str = "") -> Iterator[Line]:
    task = f"{name}, won within {found['horizon_days']} days"
    yield Line(task, found, asked)
    each = {title: figures for title, figures in found["models"].items() if title in KINDS}
    for title, figures in each.items():
        yield Line(f"{task}, by one classifier", found | figures | {"model": {title: 1.0}})


def renamed_leads() -> tuple[Records, dict[str, str]]:
    """The leads of X Education with columns c1 to cn, declared as the shipped mapping does, and the new name of each."""
    with gzip.open(LEADS, "rt", encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    new = {name: f"c{place}" for place, name in enumerate(header, 1)}
    declared = load_mapping("x_education").known_from_close("leads")
    records = records_of(
        {new[name]: column for name, column in zip(header, zip(*rows, strict=True), strict=True)},
        outcome=new["Converted"],
        positive=["1"],
        id_column=new["Prospect ID"],
        missing=["Select"],
        known_from_close=[new[name] for name in declared],
    )
    return records, new


def in_turn(records: Records, exclude: Sequence[str] = ()) -> dict[str, Any]:
    """As ``evaluate``, with each fifth by hash of the id tested by what is learnt from the others."""
    fold = folds_of(records.groups, 5)
    chance = np.zeros(len(records))
    nobody = records.take(np.zeros(len(records), dtype=np.bool_))
    base = np.zeros(len(records))
    for one in range(5):
        own = fold == one
        made = train(records.take(~own), nobody, exclude=exclude)
        chance[own] = made.model.chances(records.take(own).columns, int(own.sum()))
        base[own] = made.model.base_rate
    return {
        **measure.figures(records.outcome, chance),
        "base_rate_figures": {"log_loss": measure.log_loss(records.outcome, base)},
        "split": {"test": len(records), "by": "hash"},
        "model": dict(made.model.weights),
        "leaks": [{"field": leak.field, "evidence": leak.evidence} for leak in made.leaks],
    }


def _store(file: Path, files: list[tuple[str, Path]], currency: str = "USD") -> Workspace:
    company = {"sales_operations": {"company": {"currency": currency}}}
    workspace = open_workspace(company, database=str(file), create=True)
    for kind, path in files:
        import_file(workspace, kind, path)
    return workspace


def main() -> int:
    """Print the table and write it into the page. Exit status 2 where the data are not there."""
    if not DATA.is_dir():
        print(f"{DATA} is not there: the public data are no part of the repository", file=sys.stderr)
        return 2
    header = [
        "| task | tested on | AUC | log loss | Brier | ECE | log loss of the base rate | asked | chosen | found by evidence |",
        "|---|---|---:|---:|---:|---:|---:|---|---|---|",
    ]
    made = []
    with tempfile.TemporaryDirectory(prefix="sales-operations-scoring-") as folder:
        for line in lines(Path(folder)):
            made.append(line.written())
            print(made[-1], flush=True)
    table = "\n".join([*header, *made])
    page = PAGE.read_text(encoding="utf-8")
    marks = r"(<!-- figures -->\n).*?(<!-- end of figures -->)"
    PAGE.write_text(
        re.sub(marks, lambda found: f"{found[1]}{table}\n{found[2]}", page, flags=re.DOTALL), encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Scores on the public data: what evidence finds, and the figures of docs/scoring.md."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sales_operations.connectors.importer import import_file
from sales_operations.connectors.library import load_mapping
from sales_operations.forecasting.scoring import Records, evaluate, records_of
from sales_operations.forecasting.scoring.leaks import leaks_in
from sales_operations.forecasting.scoring.scorer import Scorer

MAVEN = (("teams", "sales_teams"), ("users", "sales_teams"), ("accounts", "accounts"), ("products", "products"),
         ("opportunities", "sales_pipeline"))  # fmt: skip


def columns_of(path: Path) -> dict[str, tuple[str, ...]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    return dict(zip(header, zip(*rows, strict=True), strict=True))


def education(shared: Path) -> tuple[Records, dict[str, str]]:
    """The leads with columns c1 to cn, and the new names to the old ones."""
    table = columns_of(shared / "data/x_education/leads.csv.gz")
    new = {name: f"c{place}" for place, name in enumerate(table, 1)}
    declared = load_mapping("x_education").known_from_close("leads")
    records = records_of(
        {new[name]: held for name, held in table.items()},
        outcome=new["Converted"],
        positive=["1"],
        id_column=new["Prospect ID"],
        missing=["Select"],
        known_from_close=[new[name] for name in declared],
    )
    return records, {short: name for name, short in new.items()}


def test_tags_and_quality_of_leads_are_refused_by_evidence_whatever_their_names(shared: Path) -> None:
    records, names = education(shared)
    leaks = leaks_in(records, records.take(np.zeros(len(records), dtype=np.bool_)))
    by_evidence = {names[leak.field] for leak in leaks if leak.evidence == "strength"}
    assert by_evidence == {"Tags", "Lead Quality"}
    declared = {names[leak.field] for leak in leaks if leak.evidence == "declared"}
    assert declared == load_mapping("x_education").known_from_close("leads")
    assert "Last Notable Activity" in declared
    assert "Last Activity" not in declared


def test_no_early_column_of_the_ibm_deals_is_refused(shared: Path) -> None:
    table = columns_of(shared / "data/ibm_win_loss/opportunities.csv.gz")
    declared = load_mapping("ibm_win_loss").known_from_close("opportunities")
    assert len(declared) == 7
    records = records_of(
        {name: held for name, held in table.items() if name not in declared},
        outcome="Opportunity Result",
        positive=["Won"],
        id_column="Opportunity Number",
    )
    assert leaks_in(records, records.take(np.zeros(len(records), dtype=np.bool_))) == []


def test_deals_of_maven_lose_account_and_amount_and_then_show_no_usable_signal(shared: Path, sqlite_store: Any) -> None:
    workspace = sqlite_store.open()
    for kind, name in MAVEN:
        import_file(workspace, kind, shared / f"data/maven_crm/{name}.csv")
    found = Scorer(workspace, "opportunities").evaluate()
    assert {leak["field"]: leak["evidence"] for leak in found["leaks"]} == {
        **dict.fromkeys(("account", "account_country", "account_employees", "account_industry"), "fill_rate"),
        **dict.fromkeys(("amount", "currency"), "history"),
    }
    assert not found["signal"]
    assert "no usable signal" in found["verdict"]


@pytest.mark.long
def test_leads_are_scored_better_by_what_they_did_last_than_on_arrival(shared: Path) -> None:
    records, names = education(shared)
    worked = evaluate(records)
    assert worked["auc"] >= 0.89
    assert worked["log_loss"] <= 0.40
    arrival = evaluate(records, exclude=[short for short, name in names.items() if name == "Last Activity"])
    assert (arrival["auc"], arrival["log_loss"]) == (pytest.approx(0.87, abs=0.025), pytest.approx(0.435, abs=0.025))


@pytest.mark.long
def test_deals_of_ibm_reach_the_figures_of_a_tuned_model_and_are_calibrated(shared: Path, sqlite_store: Any) -> None:
    workspace = sqlite_store.open()
    import_file(workspace, "opportunities", shared / "data/ibm_win_loss/opportunities.csv.gz")
    early = Scorer(workspace, "opportunities").evaluate()
    assert early["auc"] >= 0.845
    assert early["brier"] <= 0.121
    assert early["ece"] <= 0.01
    retrospective = load_mapping("ibm_win_loss").known_from_close("opportunities")
    assert {leak["field"] for leak in early["leaks"]} == retrospective
    every = Scorer(workspace, "opportunities", allow=retrospective).evaluate()
    assert every["auc"] >= 0.944 - 0.003
    assert every["brier"] <= 0.075
    assert every["ece"] <= 0.01

"""The example file: all keys, their documented values, a comment for each."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from sales_operations.settings import Settings, describe, load, validate

EXAMPLE = Path(__file__).parents[2] / "config" / "sales_operations_config.yaml.example"
VALUES: dict[str, Any] = {
    "process_automation": {
        "lead_to_opportunity": {"enabled": True, "auto_assign": True, "auto_notify": True},
        "stage_transitions": {
            "lead_to_qualified": {"enabled": True, "auto_transition": False},
            "qualified_to_proposal": {"enabled": True, "auto_quote": True},
            "proposal_to_negotiation": {"enabled": True, "auto_contract": True},
            "negotiation_to_closed": {"enabled": True, "auto_close": False},
        },
        "quoting": {"enabled": True, "auto_generate": True, "valid_days": 30},
        "contracts": {"enabled": True, "auto_prepare": True, "template": "standard"},
    },
    "forecasting": {
        "methods": ["pipeline", "trend", "seasonal", "ml", "hybrid"],
        "pipeline": {"enabled": True, "weight": 0.3},
        "trend": {"enabled": True, "weight": 0.2, "historical_periods": 12},
        "seasonal": {"enabled": True, "weight": 0.2, "seasonal_periods": 4},
        "ml": {"enabled": True, "weight": 0.3, "model": "random_forest"},
        "hybrid": {"enabled": True, "weights": {"pipeline": 0.3, "trend": 0.2, "seasonal": 0.2, "ml": 0.3}},
        "periods": ["month", "quarter", "year"],
    },
    "pipeline_management": {
        "tracking": {
            "enabled": True,
            "metrics": [
                "total_opportunities",
                "total_pipeline_value",
                "weighted_pipeline_value",
                "by_stage",
                "by_sales_rep",
                "by_month",
            ],
        },
        "reporting": {
            "enabled": True,
            "reports": ["pipeline_summary", "stage_report", "sales_rep_report", "trend_report"],
            "schedule": "daily",
            "formats": ["html", "pdf"],
            "recipients": ["sales operations"],
        },
        "analytics": {"enabled": True, "metrics": ["conversion_rate", "velocity", "deal_size", "win_rate"]},
        "kpi_targets": {
            "forecast_accuracy": 0.9,
            "pipeline_coverage": 3.0,
            "sales_cycle_days": 90,
            "win_rate": 0.3,
            "deal_size": 10000,
            "won_deals_per_rep_month": 5,
        },
        "insights": {
            "enabled": True,
            "alerts": ["pipeline_health", "stage_bottlenecks", "at_risk_deals", "forecast_variance"],
            "schedule": "daily",
            "warnings": [
                "no_activity",
                "overdue",
                "stalled",
                "pushed_again",
                "single_contact",
                "no_next_step",
                "amount_shrinking",
                "unusually_large",
                "rep_overloaded",
                "coverage_gap_next_quarter",
            ],
            "thresholds": {
                "idle_days": 30,
                "stalled_times": 1.0,
                "pushes": 2,
                "contacts": 2,
                "shrunk_share": 0.1,
                "large_times": 3.0,
                "overloaded_times": 1.5,
                "coverage": 3.0,
            },
            "record": {"horizon_days": 90, "weeks": 52},
        },
    },
    "sales_enablement": {
        "training": {
            "enabled": True,
            "modules": ["product_training", "sales_training", "tools_training"],
            "frequency": "quarterly",
        },
        "content": {"enabled": True, "types": ["playbooks", "templates", "scripts", "case_studies"]},
        "tools": {"enabled": True, "tools": ["crm", "forecasting", "analytics", "automation"]},
        "playbooks": {"enabled": True, "stages": ["lead", "qualified", "proposal", "negotiation", "closed"]},
    },
}
_ADDITIONS = re.compile(r"^  # ?(?=[a-z_]+:$|  )", re.MULTILINE)


def with_additions() -> str:
    return _ADDITIONS.sub("  ", EXAMPLE.read_text("utf-8"))


def test_the_example_holds_exactly_the_documented_keys_and_values() -> None:
    assert yaml.safe_load(EXAMPLE.read_text("utf-8")) == {"sales_operations": VALUES}


def test_the_example_differs_from_the_defaults_in_its_weights_and_its_model_only() -> None:
    assert validate(EXAMPLE, environ={}) == []
    rows = {row.key: row.value for row in describe(EXAMPLE, environ={})}
    changed = {row.key for row in describe({}, environ={}) if rows[row.key] != row.value}
    methods = {f"sales_operations.forecasting.{method}.weight" for method in ("pipeline", "trend", "seasonal", "ml")}
    chosen = {"sales_operations.forecasting.hybrid.weights", "sales_operations.forecasting.ml.model"}
    assert changed == methods | chosen


def test_every_key_of_the_example_has_a_comment() -> None:
    for lines in (EXAMPLE.read_text("utf-8").splitlines(), with_additions().splitlines()):
        for before, line in pairwise(lines):
            if re.match(r" *[a-z_]+:", line):
                assert before.lstrip().startswith("#"), f"no comment above {line!r}"


def test_the_additions_are_commented_out_and_right(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(with_additions(), "utf-8")
    content = yaml.safe_load(with_additions())["sales_operations"]
    assert set(content) == set(Settings.model_fields)
    for name in ("company", "store", "results"):
        assert set(content[name]) == set(Settings.model_fields[name].default.__class__.model_fields)
    assert load(file, environ={}).pipeline("partner").first.probability == 0.05

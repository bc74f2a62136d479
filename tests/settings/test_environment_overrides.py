"""What the environment puts over the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from sales_operations.settings import describe, load, validate

P = "SALES_OPERATIONS__"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(
        "sales_operations:\n  process_automation:\n    quoting: {valid_days: 14}\n  store: {database: from_file.db}\n"
    )
    return path


def test_a_variable_goes_over_the_file_and_over_a_mapping(file: Path) -> None:
    environ = {f"{P}PROCESS_AUTOMATION__QUOTING__VALID_DAYS": "7"}
    assert load(file, environ=environ).process_automation.quoting.valid_days == 7
    given = {"sales_operations": {"process_automation": {"quoting": {"valid_days": 14}}}}
    assert load(given, environ=environ).process_automation.quoting.valid_days == 7
    assert given == {"sales_operations": {"process_automation": {"quoting": {"valid_days": 14}}}}


def test_a_variable_serves_where_there_is_no_file() -> None:
    settings = load({}, environ={f"{P}FORECASTING__ML__ENABLED": "false", "HOME": "/", "SALES_OPERATIONS_OTHER": "x"})
    assert settings.forecasting.ml.enabled is False


def test_lists_and_mappings_are_written_in_flow_style() -> None:
    environ = {
        f"{P}FORECASTING__PERIODS": "[month, year]",
        f"{P}FORECASTING__HYBRID__WEIGHTS": "{pipeline: 0.6, trend: 0.4, seasonal: 0, ml: 0}",
    }
    forecasting = load({}, environ=environ).forecasting
    assert forecasting.periods == ("month", "year")
    assert forecasting.hybrid.weights == {"pipeline": 0.6, "trend": 0.4, "seasonal": 0.0, "ml": 0.0}


def test_the_longer_path_goes_over_the_shorter_one() -> None:
    environ = {f"{P}COMPANY__NAME": "Acme", f"{P}COMPANY": "{name: Other, currency: EUR}"}
    company = load({}, environ=environ).company
    assert (company.name, company.currency) == ("Acme", "EUR")


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{P}COMPANY__CURRENCY", "CHF")
    assert load({}).company.currency == "CHF"


def test_the_short_names_give_the_store_and_the_file(file: Path) -> None:
    url = "postgresql://me:p: #x@host/sales"
    settings = load(environ={"SALES_OPERATIONS_CONFIG": str(file), "SALES_OPERATIONS_DATABASE": url})
    assert settings.store.database == url
    assert settings.process_automation.quoting.valid_days == 14
    assert load(file, environ={"SALES_OPERATIONS_DATABASE": ""}).store.database == "from_file.db"


def test_a_named_file_goes_before_the_one_of_the_environment(file: Path) -> None:
    environ = {"SALES_OPERATIONS_CONFIG": "elsewhere.yaml"}
    assert load(file, environ=environ).store.database == "from_file.db"
    (problem,) = validate(environ=environ)
    assert problem.file == "elsewhere.yaml"


CASES = {
    "a wrong type": ("FORECASTING__ML__ENABLED", "'no'", "forecasting.ml.enabled", "expected true or false"),
    "no value": ("FORECASTING__ML__ENABLED", "", "forecasting.ml.enabled", "found nothing"),
    "a number for text": ("COMPANY__NAME", "2024", "company.name", "put it in quotes"),
    "an unknown key": ("COMPANY__NAMES", "Acme", "company.names", "did you mean name?"),
    "an unknown section": ("COMPNY__NAME", "Acme", "compny", "did you mean company?"),
    "a key below a value": ("COMPANY__NAME__FIRST", "Acme", "company.name", "expected text; found keys and values"),
    "YAML left open": ("FORECASTING__PERIODS", "[month", "forecasting.periods", "not YAML"),
    "an unknown entry": ("FORECASTING__PERIODS", "[moth]", "forecasting.periods[0]", "did you mean month?"),
    "no keys": ("", "x", "", "the name must be the keys below the root"),
    "an empty key": ("COMPANY____NAME", "x", "", "the name must be the keys below the root"),
    "nesting without end": ("FORECASTING__PERIODS", "[" * 100_000, "forecasting.periods", "nested more than 32 deep"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_problem_of_a_variable_names_it(name: str, file: Path) -> None:
    variable, text, key, words = CASES[name]
    (problem,) = validate(file, environ={f"{P}{variable}": text})
    assert problem.key == f"sales_operations.{key}".rstrip(".")
    assert words in problem.message
    assert (problem.file, problem.line) == (f"environment variable {P}{variable}", None)


def test_problems_of_the_file_and_of_variables_come_together(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("sales_operations:\n  company: {currency: eur}\n")
    problems = validate(path, environ={f"{P}COMPANY__TIMEZONE": "Mars/Base"})
    assert [problem.key.rpartition(".")[2] for problem in problems] == ["currency", "timezone"]


def test_a_weight_that_differs_from_the_file_names_both_places(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("sales_operations:\n  forecasting:\n    ml: {weight: 0.3}\n")
    weights = "{pipeline: 0.3, trend: 0.3, seasonal: 0.3, ml: 0.1}"
    (problem,) = validate(path, environ={f"{P}FORECASTING__HYBRID__WEIGHTS": weights})
    assert f"0.3 at sales_operations.forecasting.ml.weight ({path}:3)" in problem.message
    assert problem.file == f"environment variable {P}FORECASTING__HYBRID__WEIGHTS"


def test_two_variables_that_name_different_stores_are_a_problem() -> None:
    environ = {"SALES_OPERATIONS_DATABASE": "a.db", f"{P}STORE__DATABASE": "b.db"}
    (problem,) = validate({}, environ=environ)
    assert "SALES_OPERATIONS_DATABASE names another store" in problem.message
    assert load({}, environ={**environ, f"{P}STORE__DATABASE": "a.db"}).store.database == "a.db"


def test_the_table_names_the_variable(file: Path) -> None:
    rows = {row.key: row for row in describe(file, environ={f"{P}FORECASTING__ML__ENABLED": "off"})}
    row = rows["sales_operations.forecasting.ml.enabled"]
    assert (row.value, row.origin) == (False, f"environment variable {P}FORECASTING__ML__ENABLED")

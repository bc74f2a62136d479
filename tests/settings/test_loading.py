"""Where settings come from, and what they are like."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from sales_operations.domain.stages import DEFAULT_PIPELINE
from sales_operations.settings import Settings, load, validate

EXAMPLE = Path(__file__).parents[2] / "config" / "sales_operations_config.yaml.example"


def test_without_a_file_the_defaults_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(environ={})
    assert settings.process_automation.quoting.valid_days == 30
    assert settings.process_automation.stage_transitions.negotiation_to_closed.auto_close is False
    assert settings.forecasting.methods == ("pipeline", "trend", "seasonal", "ml", "hybrid")
    assert settings.forecasting.hybrid.weights == "auto"
    assert (settings.company.name, settings.company.currency, settings.company.timezone) == ("", "USD", "UTC")
    assert settings.store.database is None
    assert settings.results.folder == "sales_operations/results"
    assert settings.pipeline() == DEFAULT_PIPELINE
    assert settings == Settings()


def test_the_file_in_the_config_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "sales_operations_config.yaml").write_text("sales_operations: {company: {name: Acme}}")
    assert load(environ={}).company.name == "Acme"


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "{}\n", "\ufeff"])
def test_an_empty_file_means_the_defaults(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    assert load(file, environ={}) == Settings()


def test_a_byte_order_mark_and_windows_line_ends_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes("\ufeffsales_operations:\r\n  company:\r\n    name: Müller\r\n    zone: UTC\r\n".encode())
    assert [problem.line for problem in validate(file, environ={})] == [4]


def test_a_path_a_text_a_mapping_and_settings_give_the_same() -> None:
    settings = load(EXAMPLE, environ={})
    assert load(str(EXAMPLE), environ={}) == settings
    assert load(yaml.safe_load(EXAMPLE.read_text("utf-8")), environ={}) == settings
    assert load(settings, environ={"SALES_OPERATIONS__COMPANY__NAME": "Other"}) is settings


def test_booleans_of_yaml_are_booleans(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("sales_operations: {forecasting: {ml: {enabled: off}, trend: {enabled: yes, weight: null}}}")
    forecasting = load(file, environ={}).forecasting
    assert (forecasting.ml.enabled, forecasting.trend.enabled, forecasting.trend.weight) == (False, True, None)


def test_settings_cannot_be_changed() -> None:
    settings = load({}, environ={})
    with pytest.raises(ValidationError, match="frozen"):
        settings.company.name = "Other"
    with pytest.raises(ValidationError, match="frozen"):
        settings.company = settings.company


def test_a_password_does_not_show_when_settings_are_printed() -> None:
    settings = load({"sales_operations": {"store": {"database": "postgresql://me:s3cret@host/x"}}}, environ={})
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings)


@pytest.mark.parametrize(
    "url",
    ["sales.db", "sqlite:///sales.db", "postgresql://host/x", "postgresql+psycopg://host/x", "C:\\data\\sales.db"],
)
def test_stores_that_can_be_opened_are_accepted(url: str) -> None:
    assert load({"sales_operations": {"store": {"database": url}}}, environ={}).store.database == url


def test_loading_takes_a_twentieth_of_a_second_at_most() -> None:
    spent = []
    for _ in range(5):
        began = time.perf_counter()
        load(EXAMPLE, environ={})
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.05


@pytest.mark.parametrize("text", ["hourly", "monthly", "0 7 * * 1", "*/15 8-18 1,15 jan-mar MON-FRI", "0 0 * * 0-6/2"])
def test_schedules_are_names_or_cron_expressions(text: str) -> None:
    given = {"sales_operations": {"pipeline_management": {"reporting": {"schedule": text}}}}
    assert load(given, environ={}).pipeline_management.reporting.schedule == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("60 7 * * *", "the minute '60'"),
        ("0 24 * * *", "the hour '24'"),
        ("0 7 0 * *", "the day of the month '0'"),
        ("0 7 * 13 *", "the month '13'"),
        ("0 7 * * 8", "the day of the week '8'"),
        ("5-1 7 * * *", "the minute '5-1'"),
        ("*/0 7 * * *", "the minute '*/0'"),
        ("5/2 7 * * *", "the minute '5/2'"),
        ("1,,2 7 * * *", "the minute '1,,2'"),
        ("0 7 * foo *", "the month 'foo'"),
        ("0 7 * *", "neither one of"),
        ("", "neither one of"),
        ("Daily", "neither one of"),
    ],
)
def test_a_wrong_cron_expression_names_its_field(text: str, words: str) -> None:
    given = {"sales_operations": {"pipeline_management": {"reporting": {"schedule": text}}}}
    (problem,) = validate(given, environ={})
    assert words in problem.message

"""Every way in which a configuration file can be wrong: the key, the line and the advice."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.errors import InvalidInput, SettingsError
from sales_operations.settings import load, validate
from sales_operations.settings.document import MAX_BYTES
from sales_operations.settings.yaml_text import YamlText

EXAMPLE = Path(__file__).parents[2] / "config" / "sales_operations_config.yaml.example"
R = "sales_operations"
FORECAST = f"{R}:\n  forecasting:\n"
QUOTING = f"{R}:\n  process_automation:\n    quoting:\n"
STAGE = "{name: A, stage: lead}, {name: W, stage: closed_won}, {name: L, stage: closed_lost}"


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "config.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


# Each case: the text, then every problem that is expected, as (key, line, words of the message).
CASES: dict[str, tuple[str | bytes, list[tuple[str, int, str]]]] = {
    "a misspelt key": (
        f"{FORECAST}    metods: [ml]\n",
        [(f"{R}.forecasting.metods", 3, "unknown key; did you mean methods?")],
    ),
    "a key that resembles none": (
        f"{QUOTING}      colour: red\n",
        [(f"{R}.process_automation.quoting.colour", 4, "known here: enabled, auto_generate, valid_days")],
    ),
    "a key in the wrong place": (
        f"{FORECAST}    ml:\n      historical_periods: 6\n",
        [(f"{R}.forecasting.ml.historical_periods", 4, "it belongs below sales_operations.forecasting.trend")],
    ),
    "text for a number": (
        f"{QUOTING}      valid_days: '30'\n",
        [(f"{R}.process_automation.quoting.valid_days", 4, "a whole number from 1 to 3650; found the text '30'")],
    ),
    "a fraction for a whole number": (
        f"{QUOTING}      valid_days: 30.0\n",
        [(f"{R}.process_automation.quoting.valid_days", 4, "found 30.0")],
    ),
    "true for a number": (
        f"{QUOTING}      valid_days: yes\n",
        [(f"{R}.process_automation.quoting.valid_days", 4, "found true")],
    ),
    "a number for a switch": (
        f"{QUOTING}      enabled: 1\n",
        [(f"{R}.process_automation.quoting.enabled", 4, "expected true or false; found 1")],
    ),
    "text for a switch": (
        f"{QUOTING}      enabled: 'yes'\n",
        [(f"{R}.process_automation.quoting.enabled", 4, "found the text 'yes'")],
    ),
    "a number for text": (
        f"{R}:\n  company:\n    name: 2024\n",
        [(f"{R}.company.name", 3, "expected text; found 2024; put it in quotes")],
    ),
    "a date for text": (
        f"{R}:\n  company:\n    name: 2024-05-01\n",
        [(f"{R}.company.name", 3, "found the date 2024-05-01; put it in quotes")],
    ),
    "a date that does not exist": (
        f"{R}:\n  company:\n    name: 2024-13-45\n",
        [(f"{R}.company.name", 3, "looks like a number or a date, but is none")],
    ),
    "a list for a section": (
        f"{R}:\n  company: [a]\n",
        [(f"{R}.company", 2, "expected keys below it (name, currency, timezone, fiscal_year_start); found a list")],
    ),
    "a section cut off before its keys": (f"{QUOTING}", [(f"{R}.process_automation.quoting", 3, "found nothing")]),
    "a switch without a value": (
        f"{QUOTING}      enabled:\n",
        [(f"{R}.process_automation.quoting.enabled", 4, "expected true or false; found nothing")],
    ),
    "zero periods": (
        f"{FORECAST}    trend: {{historical_periods: 0}}\n",
        [(f"{R}.forecasting.trend.historical_periods", 3, "a whole number from 1 to 600; found 0")],
    ),
    "negative periods": (
        f"{FORECAST}    seasonal:\n      seasonal_periods: -4\n",
        [(f"{R}.forecasting.seasonal.seasonal_periods", 4, "found -4")],
    ),
    "a huge number": (
        f"{QUOTING}      valid_days: {'9' * 400}\n",
        [(f"{R}.process_automation.quoting.valid_days", 4, "found a number of more than 19 digits")],
    ),
    "a number too long to read": (
        f"{QUOTING}      valid_days: {'9' * 5000}\n",
        [(f"{R}.process_automation.quoting.valid_days", 4, "looks like a number")],
    ),
    "a huge number for a weight": (
        f"{FORECAST}    ml: {{weight: {'9' * 400}}}\n",
        [(f"{R}.forecasting.ml.weight", 3, "a number from 0 to 1; found a number of more than 19 digits")],
    ),
    "infinity for a weight": (
        f"{FORECAST}    ml: {{weight: .inf}}\n",
        [(f"{R}.forecasting.ml.weight", 3, "found inf")],
    ),
    "not a number for a weight": (
        f"{FORECAST}    ml: {{weight: .nan}}\n",
        [(f"{R}.forecasting.ml.weight", 3, "found nan")],
    ),
    "an unknown method": (
        f"{FORECAST}    methods:\n      - trend\n      - seasnal\n",
        [(f"{R}.forecasting.methods[1]", 5, "did you mean seasonal?")],
    ),
    "an unknown period": (
        f"{FORECAST}    periods: [week]\n",
        [(f"{R}.forecasting.periods[0]", 3, "one of month, quarter, year; found the text 'week'")],
    ),
    "no method at all": (
        f"{FORECAST}    methods: []\n",
        [(f"{R}.forecasting.methods", 3, "at least one of pipeline, trend, seasonal, ml, hybrid; found an empty list")],
    ),
    "one word for a list": (
        f"{FORECAST}    methods: trend\n",
        [(f"{R}.forecasting.methods", 3, "found the text 'trend'")],
    ),
    "a repeated entry beside an unknown one": (
        f"{FORECAST}    periods:\n      - month\n      - weak\n      - month\n",
        [
            (f"{R}.forecasting.periods[1]", 5, "found the text 'weak'"),
            (f"{R}.forecasting.periods[2]", 6, "'month' stands in the list already"),
        ],
    ),
    "an unknown model": (
        f"{FORECAST}    ml: {{model: random_florest}}\n",
        [(f"{R}.forecasting.ml.model", 3, "did you mean random_forest?")],
    ),
    "an unknown figure": (
        f"{R}:\n  pipeline_management:\n    tracking:\n      metrics: [by_stages]\n",
        [(f"{R}.pipeline_management.tracking.metrics[0]", 4, "did you mean by_stage?")],
    ),
    "an unknown schedule": (
        f"{R}:\n  pipeline_management:\n    reporting:\n      schedule: dayly\n",
        [
            (
                f"{R}.pipeline_management.reporting.schedule",
                4,
                "neither one of hourly, daily, weekly, monthly nor a cron",
            )
        ],
    ),
    "an unknown frequency": (
        f"{R}:\n  sales_enablement:\n    training: {{frequency: quarter}}\n",
        [(f"{R}.sales_enablement.training.frequency", 3, "did you mean quarterly?")],
    ),
    "an unknown time zone": (
        f"{R}:\n  company:\n    timezone: Europe/Berlni\n",
        [(f"{R}.company.timezone", 3, "not a time zone such as Europe/Berlin; did you mean Europe/Berlin?")],
    ),
    "a folder for a time zone": (
        f"{R}:\n  company:\n    timezone: Europe\n",
        [(f"{R}.company.timezone", 3, "'Europe' is not a time zone")],
    ),
    "a path out of the time zones": (
        f"{R}:\n  company:\n    timezone: ../../etc/passwd\n",
        [(f"{R}.company.timezone", 3, "is not a time zone")],
    ),
    "a currency in small letters": (
        f"{R}:\n  company:\n    currency: eur\n",
        [(f"{R}.company.currency", 3, "not an ISO 4217 currency code such as EUR; did you mean EUR?")],
    ),
    "a currency that does not exist": (
        f"{R}:\n  company:\n    currency: UDS\n",
        [(f"{R}.company.currency", 3, "'UDS' is not an ISO 4217 currency code")],
    ),
    "a store that nothing can open": (
        f"{R}:\n  store:\n    database: postgres://me:secret@host/sales\n",
        [(f"{R}.store.database", 3, "no store can be opened by 'postgres'; did you mean postgresql?")],
    ),
    "an empty path of a store": (
        f"{R}:\n  store:\n    database: ''\n",
        [(f"{R}.store.database", 3, "a database URL or the path of a file; found the text ''")],
    ),
    "a duplicated key": (
        f"{QUOTING}      valid_days: 30\n      enabled: true\n      valid_days: 14\n",
        [(f"{R}.process_automation.quoting.valid_days", 6, "stands here again, first on line 4")],
    ),
    "a key that is not text": (f"{FORECAST}    7: x\n", [(f"{R}.forecasting[7]", 3, "the key 7 is not text")]),
    "a key that is a list": (
        f"{FORECAST}    ? [a]\n    : 1\n",
        [(f"{R}.forecasting", 3, "a key must be a single word")],
    ),
    "a merge key": (
        f"{FORECAST}    ml: &m {{enabled: true}}\n    trend:\n      <<: *m\n",
        [(f"{R}.forecasting.trend", 5, "merge keys (<<) are not supported")],
    ),
    "an undefined alias": (f"{FORECAST}    ml: *nowhere\n", [(R, 3, "found undefined alias")]),
    "an alias that contains itself": (
        f"{FORECAST}    methods: &a [trend, *a]\n",
        [(f"{R}.forecasting.methods[1]", 3, "contains itself")],
    ),
    "a tag of Python": (
        f"{R}:\n  company:\n    name: !!python/object/apply:os.getcwd []\n",
        [(f"{R}.company.name", 3, "the tag tag:yaml.org,2002:python/object/apply:os.getcwd is not supported")],
    ),
    "a tag for a collection on a word": (
        f"{R}:\n  company:\n    name: !!omap a\n    !!set b: 1\n",
        [
            (f"{R}.company.name", 3, "the tag tag:yaml.org,2002:omap is not supported"),
            (f"{R}.company", 4, "the tag tag:yaml.org,2002:set is not supported"),
        ],
    ),
    "a value that its tag does not fit": (
        f"{R}:\n  company:\n    name: !!bool perhaps\n",
        [(f"{R}.company.name", 3, "looks like a number or a date")],
    ),
    "a missing root key": (
        "forecasting:\n  methods: [ml]\n",
        [(R, 1, "is missing"), ("forecasting", 1, "it belongs below sales_operations")],
    ),
    "a misspelt root key": (
        "# head\nsale_operations:\n  company: {}\n",
        [(R, 1, "is missing"), ("sale_operations", 2, "did you mean sales_operations?")],
    ),
    "a second root key": (f"{R}:\n  company: {{}}\nother: 1\n", [("other", 3, "known here: sales_operations")]),
    "an empty root key": (f"\n{R}:\n", [(R, 2, "found nothing")]),
    "a list instead of keys": ("- a\n- b\n", [(R, 1, "found a list")]),
    "a single word": ("hello\n", [(R, 1, "found the text 'hello'")]),
    "a tab for indentation": (f"{R}:\n\tcompany:\n", [(R, 2, "a tab stands in the indentation; use spaces")]),
    "a tab further down": (f"{R}:\n  company:\n    name: a\n\tcurrency: EUR\n", [(R, 4, "use spaces")]),
    "a quote left open": (
        f'{R}:\n  company:\n    name: "Acme\n    currency: EUR\n',
        [(R, 3, "not YAML: while scanning a quoted scalar")],
    ),
    "a bracket left open": (f"{FORECAST}    methods: [ml,\n", [(R, 4, "not YAML")]),
    "a file cut off in a key": (f"{FORECAST}    ml:\n      enabled: true\n      wei", [(R, 5, "not YAML")]),
    "a file cut off in a word": (
        f"{R}:\n  sales_enablement:\n    training:\n      frequency: quart",
        [(f"{R}.sales_enablement.training.frequency", 4, "did you mean quarterly?")],
    ),
    "wrong indentation": (f"{R}:\n  company:\n    name: a\n   currency: EUR\n", [(R, 4, "not YAML")]),
    "two documents": (f"{R}:\n  company: {{}}\n---\na: 1\n", [(R, 3, "a second document begins here")]),
    "a byte that is not UTF-8": (
        f"{R}:\n  company:\n".encode() + b"    name: M\xfcller\n",
        [(R, 3, "byte 0xfc is not UTF-8")],
    ),
    "UTF-16": (f"{R}:\n  company: {{}}\n".encode("utf-16"), [(R, 1, "is not UTF-8")]),
    "a null byte": (f"{R}:\n  company:\n    name: a\x00b\n", [(R, 3, "the character '\\x00' cannot stand in YAML")]),
    "brackets without end": (f"{FORECAST}    methods: {'[' * 200_000}", [(R, 3, "nested more than 32 deep")]),
    "dashes without end": (f"{FORECAST}    methods:\n      {'- ' * 100_000}x\n", [(R, 4, "nested more than 32 deep")]),
    "too large a file": (f"# {'x' * MAX_BYTES}\n", [(R, 0, "larger than 1000000 bytes")]),
    "several at once": (
        f"{R}:\n  company:\n    currency: XXX\n    zone: UTC\n  stores: {{}}\n  forecasting:\n    methods: [ml, ml]\n"
        "    hybrid: {weights: {pipeline: 0.5, trend: 0.2, seasonal: 0.2, ml: 0.3}}\n    ml: {enabled: perhaps}\n",
        [
            (f"{R}.company.currency", 3, "not an ISO 4217"),
            (f"{R}.company.zone", 4, "unknown key"),
            (f"{R}.stores", 5, "did you mean store?"),
            (f"{R}.forecasting.methods[1]", 7, "already"),
            (f"{R}.forecasting.hybrid.weights", 8, "add up to 1.2 instead of 1"),
            (f"{R}.forecasting.ml.enabled", 9, "expected true or false"),
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file_gives_every_problem_with_its_key_line_and_advice(name: str, tmp_path: Path) -> None:
    text, expected = CASES[name]
    file = written(tmp_path, text)
    problems = validate(file, environ={})
    assert [(problem.key, problem.line or 0) for problem in problems] == [(key, line) for key, line, _ in expected]
    for problem, (_, _, words) in zip(problems, expected, strict=True):
        assert words in problem.message
        assert problem.file == str(file)
        assert len(problem.message) < 400
    with pytest.raises(SettingsError) as raised:
        load(file, environ={})
    assert raised.value.problems == problems


def test_a_password_is_not_repeated_in_a_problem(tmp_path: Path) -> None:
    file = written(tmp_path, f"{R}:\n  store:\n    database: 'mysql+x://me:s3cret@host/sales'\n")
    text = "; ".join(str(problem) for problem in validate(file, environ={}))
    assert "mysql+x" in text
    assert "s3cret" not in text


def test_a_named_file_that_does_not_exist_is_a_problem(tmp_path: Path) -> None:
    (problem,) = validate(tmp_path / "none.yaml", environ={})
    assert problem.key == R
    assert problem.file == str(tmp_path / "none.yaml")
    assert "No such file" in problem.message


@pytest.mark.parametrize("path", ["", "a\0b", "x" * 5000])
def test_a_path_that_cannot_be_one_is_a_problem(path: str) -> None:
    (problem,) = validate(path, environ={})
    assert "cannot be read" in problem.message


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    (problem,) = validate(tmp_path, environ={})
    assert "Is a directory" in problem.message


def test_something_that_is_no_configuration_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not int"):
        load(7, environ={})  # type: ignore[arg-type]


def test_aliases_that_multiply_are_bounded_in_time_and_space(tmp_path: Path) -> None:
    lines = [f"{R}:", "  a0: &a0 [x, x]"]
    lines += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 25)]
    file = written(tmp_path, "\n".join(lines))
    began = time.perf_counter()
    (problem,) = validate(file, environ={})
    assert time.perf_counter() - began < 1
    assert "expand to more than 20000" in problem.message


def test_a_mapping_that_multiplies_or_contains_itself_is_bounded() -> None:
    bomb: object = ["x"] * 10
    for _ in range(20):
        bomb = [bomb] * 10
    (problem,) = validate({R: {"company": bomb}}, environ={})
    assert "expand to more than 20000" in problem.message
    circle: dict[str, object] = {}
    circle[R] = circle
    (problem,) = validate(circle, environ={})
    assert "contain themselves" in problem.message


def test_an_honest_alias_is_understood(tmp_path: Path) -> None:
    file = written(tmp_path, f"{R}:\n  pipelines:\n    a: &stages [{STAGE}]\n    b: *stages\n")
    settings = load(file, environ={})
    assert settings.pipeline("a").stages == settings.pipeline("b").stages


def test_thousands_of_problems_are_cut_to_a_hundred(tmp_path: Path) -> None:
    file = written(tmp_path, f"{R}:\n" + "".join(f"  key{n}: {n}\n" for n in range(5000)))
    problems = validate(file, environ={})
    assert len(problems) == 101
    assert "more problems than these 100" in problems[-1].message


@pytest.mark.parametrize(
    "text",
    [
        f"{R}: [{'a,' * 400_000}]",
        f"{R}:\n  pipelines:\n" + "".join(f"    p{n}: []\n" for n in range(15_000)),
        f"{R}:\n  forecasting:\n    methods: [{'ml,' * 15_000}]",
        f"{R}:\n" + "  company: {}\n" * 15_000,
    ],
    ids=["values", "pipelines", "entries", "duplicates"],
)
def test_a_flood_of_values_is_answered_in_seconds(text: str, tmp_path: Path) -> None:
    began = time.perf_counter()
    assert 1 <= len(validate(written(tmp_path, text), environ={})) <= 101
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    "value",
    [10**5000, [10**5000], {10**5000: 1}, {1, 2}, object(), b"x", {None: 1}, {(1, 2): 3}, "x" * 10**6],
    ids=["huge", "huge in a list", "huge key", "set", "object", "bytes", "null key", "tuple key", "long text"],
)
@pytest.mark.parametrize("key", ["company", "pipelines", "forecasting"])
def test_a_mapping_may_hold_anything_and_gets_a_short_answer(key: str, value: object) -> None:
    problems = validate({R: {key: value}}, environ={})
    assert problems
    assert all(len(str(problem)) < 600 for problem in problems)


def test_a_mapping_gives_the_same_problems_as_its_file_without_lines(tmp_path: Path) -> None:
    text, _ = CASES["several at once"]
    in_file = validate(written(tmp_path, text), environ={})
    assert isinstance(text, str)
    in_mapping = validate(YamlText(text, "").value, environ={})
    assert sorted((p.key, p.message) for p in in_mapping) == sorted((p.key, p.message) for p in in_file)
    assert {(p.file, p.line) for p in in_mapping} == {(None, None)}


def test_the_python_loader_of_yaml_finds_the_same_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    from sales_operations.settings import yaml_text

    monkeypatch.setattr(yaml_text, "_LOADER", yaml.SafeLoader)
    for name in ("a misspelt key", "a duplicated key", "a tab for indentation", "a quote left open", "two documents"):
        text, expected = CASES[name]
        problems = validate(written(tmp_path, text), environ={})
        assert [(problem.key, problem.line) for problem in problems] == [(key, line) for key, line, _ in expected]


@pytest.mark.parametrize("part", range(20))
def test_half_a_configuration_loads_or_says_why_not(part: int, tmp_path: Path) -> None:
    whole = EXAMPLE.read_bytes()
    for end in range(part * 11, len(whole), 220):
        written(tmp_path, whole[:end])
        assert all(problem.message for problem in validate(tmp_path / "config.yaml", environ={}))


@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#, \n\t0.", max_size=60))
def test_no_text_raises_anything_but_a_settings_error(text: str) -> None:
    yaml_text = YamlText(f"{R}:\n  company:\n    {text}", "config.yaml")
    assert yaml_text.problems or yaml_text.value is not None

"""What all commands have in common: help, options, exit codes, what goes to which stream."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from sales_operations.cli.main import app
from tests.cli.conftest import COMMAND, environment


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group: its words and itself."""
    group = group or typer.main.get_command(app)
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


ALL = dict(commands())
LEAVES = {path: one for path, one in ALL.items() if not hasattr(one, "commands")}
LOOKING_BACK = {("run",), ("forecast",), ("forecast", "deals"), ("forecast", "history"), ("forecast", "scenario"),
                ("pipeline",), ("analytics",), ("kpi",), ("opportunity", "list"), ("opportunity", "show"), ("inbox",),
                ("report",), ("rules", "list"), ("rules", "history"), ("call", "list"), ("call", "accuracy"),
                ("model", "evaluate"), ("model", "score"), ("task", "list"), ("insights",), ("insights", "measure"),
                ("insights", "list"), ("backtest", "history")}  # fmt: skip


def options(path: tuple[str, ...]) -> set[str]:
    return {name for parameter in ALL[path].params for name in parameter.opts}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_explains_itself(path: tuple[str, ...], flag: str) -> None:
    done = CliRunner().invoke(app, [*path, flag])
    assert (done.exit_code, done.stderr) == (0, "")
    assert ALL[path].help.splitlines()[0][:40] in " ".join(done.stdout.split())
    for parameter in ALL[path].params:
        assert parameter.help or parameter.name == "help", f"{path} {parameter.name} says nothing"


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_can_answer_in_json_and_takes_a_store_and_a_configuration(path: tuple[str, ...]) -> None:
    wanted = {"--json", "--database", "--config"}
    if path[0] == "config":
        wanted.remove("--database")
    if path[0] == "demo" or path == ("contract", "test-certificate"):  # these touch no store
        wanted -= {"--database", "--config"}
    assert wanted <= options(path)


def test_every_command_that_tells_of_deals_takes_a_date() -> None:
    assert {path for path in ALL if "--as-of" in options(path)} == LOOKING_BACK


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("pipeline", 0, ""),
        ("forecast --as-of 2020-01-01", 0, ""),
        ("audit verify", 0, ""),
        ("config validate", 0, ""),
        ("config validate half.yaml", 1, ""),
        ("db upgrade", 0, ""),
        ("nonsense", 2, "No such command 'nonsense'"),
        ("pipeline --colour", 2, "No such option"),
        ("opportunity list --limit 0", 2, "Invalid value for '--limit'"),
        ("opportunity list --stage sold", 2, "error: stage 'sold' does not exist in pipeline 'default'; it has lead, "),
        ("opportunity show opp_nowhere", 2, "error: there is no opportunity 'opp_nowhere'"),
        ("opportunity move d2 sold", 2, "error: stage 'sold' does not exist"),
        ("lead convert l9", 2, "error: there is no lead 'l9'"),
        ("forecast --method magic", 2, "error: method 'magic' does not exist; use one of pipeline, trend"),
        ("forecast --period week", 2, "error: period 'week' does not exist; use one of month, quarter, year"),
        ("forecast --horizon 367", 2, "error: horizon: 367 days cannot be forecast; use 1 to 366"),
        ("forecast --horizon 30 --period month", 2, "error: period and horizon exclude each other"),
        ("forecast --as-of 2999-01-01", 2, "error: as_of: 2999-01-01 has not come yet"),
        ("pipeline --as-of yesterday", 2, "error: as_of: 'yesterday' is neither a date"),
        ("inbox --as-of 2026-02-30", 2, "error: as_of: '2026-02-30' is neither a date"),
        ("run --lead l1 --as-of 2026-01-01", 2, "error: lead l1 would be converted now"),
        ("pipeline --config nowhere.yaml", 2, "error: nowhere.yaml: "),
        ("pipeline --config half.yaml", 2, "error: half.yaml:3: sales_operations.forecasting.hybrid.weights"),
        ("pipeline --database nowhere.db", 2, "error: the store nowhere.db does not exist; import something into it"),
        ("pipeline --database damaged.db", 2, "error: the store damaged.db is damaged or no store of this program"),
        ("pipeline --database .", 2, "error: the store . is a folder; name a file in it"),
        ("db upgrade --database x.duckdb", 2, "error: the store x.duckdb would lie where its own columns go"),
        ("pipeline --database mysql://x/y", 2, "error: the store mysql://x/y is neither SQLite nor PostgreSQL"),
        (
            "pipeline --database postgresql://me:secret@127.0.0.1:9/x",
            2,
            "error: the store postgresql://me:***@127.0.0.1",
        ),
    ],
)
def test_the_exit_code_says_what_happened_and_standard_error_why(
    shop: Any, arguments: str, code: int, says: str
) -> None:
    (shop.folder / "half.yaml").write_text("sales_operations:\n  forecasting:\n    hybrid: {weights: {ml: 0.3}}\n")
    (shop.folder / "damaged.db").write_bytes(b"SQLite format 3\x00" + b"nothing that a database holds" * 500)
    before = shop.folder.joinpath("sales_operations.db").read_bytes()
    done = shop.invoke(*arguments.split())
    assert done.exit_code == code, done.stderr
    assert done.stderr.startswith(says) if says.startswith("error") else says in done.stderr
    if code != 2:
        assert done.stderr == ""
    else:
        assert done.stdout == ""
        assert "secret" not in done.stderr
        assert "Traceback" not in done.stderr
        assert shop.folder.joinpath("sales_operations.db").read_bytes() == before
    assert not (shop.folder / "nowhere.db").exists()


@pytest.mark.parametrize("arguments", ["", "--json"])
def test_a_failing_command_in_a_process_of_its_own(shop: Any, arguments: str) -> None:
    done = shop.run("opportunity", "list", "--stage", "sold", *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


READING = ["pipeline", "forecast --method pipeline", "opportunity list", "inbox", "config show", "config validate"]


@pytest.mark.parametrize(
    "arguments", [*READING, "audit verify", "run", "lead convert l1", "opportunity move d2 proposal"]
)
def test_with_json_standard_output_is_one_document_and_standard_error_is_clean(shop: Any, arguments: str) -> None:
    done = shop.run(*arguments.split(), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    json.loads(done.stdout)


@pytest.mark.parametrize("arguments", [*READING, "opportunity show d1", "audit verify"])
def test_piped_output_is_plain_uncut_and_without_blanks_at_the_ends_of_lines(shop: Any, arguments: str) -> None:
    done = shop.run(*arguments.split(), COLUMNS="40")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "…" not in done.stdout
    lines = done.stdout.splitlines()
    assert lines
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_reader_that_goes_away_is_no_error(shop: Any) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    for arguments in (["config", "show"], ["config", "show", "--json"], ["pipeline"]):
        with subprocess.Popen([*COMMAND, *arguments], cwd=shop.folder, env=environment(), **pipes) as process:
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 0


def test_a_terminal_that_lacks_a_letter_shows_its_number(shop: Any) -> None:
    (shop.folder / "more.csv").write_text("id,name\nu1,Zoë Park\n", "utf-8")
    assert shop.run("import", "users", "more.csv").returncode == 0
    done = shop.run("opportunity", "show", "d1", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Zo\\xeb Park" in done.stdout

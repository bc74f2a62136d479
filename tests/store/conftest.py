"""A small business, imported as its files would be: persons, deals with a history, and what was said to whom."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sales_operations.connectors.importer import Summary, import_file
from sales_operations.store import audit, history
from sales_operations.workspace import Workspace

FILES = {
    "users": """id,name,email,role,title
u1,Grace Kestrelwing,grace@seller.example,Sales Rep,Closer of Large Deals
u2,Heidi Sample,heidi@seller.example,Sales Rep,
""",
    "accounts": """id,name,owner
a1,Northwind Example,Grace Kestrelwing
""",
    "contacts": """id,first_name,last_name,email,phone,title,account,owner,Birthday
c1,Zoë,Quillfeather,zoe.quillfeather@cu.example,+44 20 7946 0991,Chief Paperclip Officer,a1,u1,1971-02-29
max@cu.example,Max,Mustermann,max@cu.example,,Buyer,a1,u1,
""",
    "leads": """id,first_name,last_name,email,phone,company,lead_source,owner,Nickname
l1,Zoë,Quillfeather,zoe.quillfeather@cu.example,,Northwind Example,Web,u1,Paperclip Zoë
l2,Jo,Wanderer,jo@elsewhere.example,,Elsewhere Example,Web,Grace Kestrelwing,
""",
    "opportunities": """id,name,account,contact,lead,stage,amount,currency,close_date,owner,created_at,By
d1,For ZOË QUILLFEATHER,a1,Zoë Quillfeather,,proposal,1000,USD,2027-01-31,Grace Kestrelwing,2026-01-05,zoe.quillfeather@cu.example
d2,Other deal,a1,c1,l2,closed_won,200,USD,2026-03-31,Heidi Sample,2026-01-05,
d3,Third deal,a1,,,negotiation,70,USD,2027-02-28,u1,2026-02-05,
""",
    "history": """opportunity,changed_at,stage,amount,currency,owner
d1,2026-01-06,qualified,900,USD,Grace Kestrelwing
d1,2026-02-06,proposal,1000.50,USD,Gracious Unknown
""",
    "activities": """id,activity_type,subject,contact,lead,opportunity,owner,occurred_at
x1,call,Talked to Zoë about paperclips,c1,,d1,u1,2026-02-01
x2,mail,Fwd: Zoë Quillfeather wants more,max@cu.example,,d1,u1,2026-02-02
x3,call,Paperclip secrets,zoe.quillfeather@cu.example,,d1,u1,2026-02-03
x4,call,Where Jo wanders,,l2,d2,u2,2026-02-03
""",
}  # fmt: skip
"""Kind to a file of it, in the order of import."""


@pytest.fixture
def files() -> dict[str, str]:
    return FILES


@pytest.fixture
def bring(tmp_path: Path) -> Callable[..., Summary]:
    """Imports a text as a file of some kind; the same text gives the same file."""

    def bring_in(workspace: Workspace, kind: str, text: str, **options: object) -> Summary:
        file = tmp_path / f"{kind}.csv"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
        return import_file(workspace, kind, file, **options)  # type: ignore[arg-type]

    return bring_in


@pytest.fixture
def business(stores, bring) -> Workspace:
    workspace = stores.open()
    for kind, text in FILES.items():
        bring(workspace, kind, text)
    return workspace


class Writer(subprocess.Popen[str]):
    """A process that works on a store (``writers.py`` says how). It is ready, and begins when it is told to."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, str(Path(__file__).with_name("writers.py")), *arguments]
        super().__init__(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def wait_until_ready(self) -> None:
        assert self.stdout is not None
        assert self.stdout.readline() == "ready\n"

    def begin(self) -> None:
        assert self.stdin is not None
        self.stdin.write("\n")
        self.stdin.flush()


@pytest.fixture
def writer() -> Iterator[Callable[..., Writer]]:
    """Prepares such processes; those that still run at the end are killed."""
    started: list[Writer] = []

    def start(*arguments: str) -> Writer:
        started.append(Writer(*arguments))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


@pytest.fixture
def start() -> Callable[..., tuple[Writer, ...]]:
    """Lets writers begin at the same moment."""

    def begin(*writers: Writer) -> tuple[Writer, ...]:
        for one in writers:
            one.wait_until_ready()
        for one in writers:
            one.begin()
        return writers

    return begin


@pytest.fixture
def make() -> Callable[..., None]:
    """Makes a deal in a workspace."""

    def make_deal(workspace: Workspace, deal: str = "opp_1", **values: object) -> None:
        row = {"id": deal, "pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1}
        with workspace.unit("test") as unit:
            unit.create(
                "opportunities", {**row, "currency": "USD", "amount_minor": 0, "created_at": unit.now, **values}
            )

    return make_deal


@pytest.fixture
def findings() -> Callable[..., list[str]]:
    """What the verification of a store finds, in words."""

    def found(workspace: Workspace, noted: str | None = None) -> list[str]:
        with workspace.reading() as connection:
            return [one.what for one in (*audit.verify(connection, noted).findings, *history.verify(connection))]

    return found

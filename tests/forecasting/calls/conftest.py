"""A small company with teams, quotas and deals in a store of each database, and the way to call in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sales_operations.connectors.importer import import_file
from sales_operations.forecasting import ForecastCalls
from sales_operations.workspace import Workspace

FILES = {
    "teams": """id,name,parent,manager
t0,Sales,,
t1,North,t0,
t2,South,t0,
""",
    "users": """id,name,email,manager,team
u1,Vera Vale,vera@calls.example,,t0
u2,Max Moor,max@calls.example,u1,t1
u3,Sue Shore,sue@calls.example,u1,t2
u4,Ada Alder,ada@calls.example,u2,t1
u5,Bo Birch,bo@calls.example,u2,t1
u6,Cy Cedar,cy@calls.example,u3,t2
""",
    "quotas": """id,user,team,period,period_start,amount,currency
q1,u4,,quarter,2026-10-01,1000,USD
q2,u5,,quarter,2026-10-01,500,USD
q3,u6,,quarter,2026-10-01,800,USD
""",
    "opportunities": """id,name,stage,amount,currency,close_date,owner,created_at
d1,Won,closed_won,400,USD,2026-10-20,u4,2026-08-01
d2,Committed,negotiation,300,USD,2026-12-10,u4,2026-08-01
d3,Hoped for,proposal,200,USD,2026-12-20,u4,2026-08-01
d4,Early,lead,150,USD,2026-12-05,u5,2026-08-01
d5,Committed too,negotiation,500,USD,2026-12-01,u6,2026-08-01
d6,Next year,negotiation,900,USD,2027-01-15,u6,2026-08-01
d7,Nobody's,closed_won,50,USD,2026-11-02,Old Hand,2026-08-01
d8,Of summer,closed_won,600,USD,2026-09-10,u4,2026-07-02
d9,Of summer too,closed_won,100.50,USD,2026-09-20,u5,2026-07-02
""",
}
TEAMS = """id,name,parent,manager
t0,Sales,,u1
t1,North,t0,u2
t2,South,t0,u3
"""


@dataclass
class Shop:
    """The company, as one process sees it."""

    workspace: Workspace
    folder: Path

    def bring(self, kind: str, text: str) -> None:
        file = self.folder / f"{kind}.csv"
        file.write_text(text, encoding="utf-8")
        import_file(self.workspace, kind, file)

    def call(self, category: str, amount: float | str | None, **options: Any) -> dict[str, Any]:
        return asyncio.run(ForecastCalls(self.workspace).submit_call(category, amount, **options))

    def board(self, period: str = "quarter", as_of: str | None = None, **options: Any) -> dict[str, Any]:
        found = asyncio.run(ForecastCalls(self.workspace).list_calls(period, as_of, **options))
        return found | {"of": {row["name"]: row for row in found["rows"]}}

    def accuracy(self, **options: Any) -> dict[str, Any]:
        return asyncio.run(ForecastCalls(self.workspace).measure_calls(**options))


@pytest.fixture
def open_shop(stores, tmp_path) -> Callable[..., Shop]:
    def opened(settings: dict[str, Any] | None = None) -> Shop:
        return Shop(stores.open(settings), tmp_path)

    return opened


@pytest.fixture
def shop(open_shop) -> Shop:
    made = open_shop()
    for kind, text in [*FILES.items(), ("teams", TEAMS)]:
        made.bring(kind, text)
    return made

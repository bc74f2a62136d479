"""Kept scores beside the deals that findings list."""

from __future__ import annotations

import asyncio

from sales_operations.connectors.importer import import_file
from sales_operations.pipeline import PipelineInsights
from sales_operations.store import scores
from sales_operations.store.scores import Score

DEALS = """id,stage,amount,currency,created_at,close_date
d1,proposal,500,USD,2026-09-15,2026-10-01
"""


def test_a_deal_at_risk_has_the_newest_score_that_was_made_by_then(sqlite_store):
    workspace = sqlite_store.open()
    file = sqlite_store.folder / "deals.csv"
    file.write_text(DEALS, encoding="utf-8")
    import_file(workspace, "opportunities", file)
    face = PipelineInsights(workspace)

    def listed():
        return asyncio.run(face.generate_insights())["at_risk_deals"]["deals"][0]

    deal = listed()
    assert "score" not in deal
    now = sqlite_store.clock.micros
    made = [
        Score(deal["opportunity_id"], at, chance, 0.0, {})
        for at, chance in ((now - 9, 0.2), (now, 0.3), (now + 9, 0.9))
    ]
    with workspace.unit("score") as unit:
        scores.write(unit.connection, "opportunities", made)
    assert listed() == {**deal, "score": 0.3}

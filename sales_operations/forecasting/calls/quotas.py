"""The quotas of a period at every place of the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sales_operations.domain.periods import Period
from sales_operations.forecasting.calls.organisation import COMPANY, Key, Organisation

if TYPE_CHECKING:
    import duckdb

# A rep's own quota may name the team as well.
_QUOTAS = """
SELECT CASE WHEN user_id IS NULL THEN 'team' ELSE 'rep' END, coalesce(user_id, team_id), sum(amount_minor),
    bool_or(amount_minor IS NULL)
FROM quotas WHERE list_contains(?, lower(period)) AND period_start = ? AND coalesce(user_id, team_id) IS NOT NULL GROUP BY ALL
"""


def quotas(db: duckdb.DuckDBPyConnection, organisation: Organisation, period: Period) -> dict[Key, int | None]:
    """Place to quota in minor units, as last set; None where a currency has no rate. A place without one is left out.

    A team's is its own, or else the sum of its reps'. The company's is the sum of the reps', or of the teams' where no
    rep has one, as in every report.
    """
    rows = db.execute(_QUOTAS, [period.names, period.start]).fetchall()
    found: dict[Key, int | None] = {}
    for level, holder, amount, unknown in rows:
        found[organisation.key(level, holder)] = None if unknown else int(amount)
    of_reps = [amount for key, amount in found.items() if key[0] == "rep"]
    over = of_reps or [amount for key, amount in found.items()]
    groups = [node.key for node, _ in organisation.walk() if node.key[0] in ("team", "reports")]
    for key in groups:
        own = [found[("rep", one)] for one in organisation.members(key) or () if ("rep", one) in found]
        if key not in found and own:
            found[key] = _sum(own)
    if over:
        found[COMPANY] = _sum(over)
    return found


def _sum(amounts: list[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None

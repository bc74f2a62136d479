"""What the tables for analysis look like, and how they follow from the store's: SQL for DuckDB, no I/O."""

from __future__ import annotations

from sales_operations.domain import money
from sales_operations.domain.events import BEFORE_ANYTHING_IS_KNOWN, BIT, GROUP_MASK, TRACKED

FOREVER = "TIMESTAMP '9999-12-31'"
"""End of the validity of what holds now."""

_INT, _TEXT, _REAL = "BIGINT", "VARCHAR", "DOUBLE"

MIRRORED: dict[str, dict[str, str]] = {
    "opportunities": {
        **dict.fromkeys(("id", "name", "account_id", "account_text", "lead_id", "contact_id", "pipeline", "pipeline_stage",
                         "stage", "status", "currency", "forecast_category", "close_date", "owner_id", "owner_text",
                         "opportunity_type", "lead_source", "product", "next_step", "loss_reason"), _TEXT),
        **dict.fromkeys(("amount_minor", "created_at", "updated_at", "is_deleted", "seq"), _INT),
        "probability": _REAL,
    },
    "events": {
        **dict.fromkeys(("seq", "occurred_at", "recorded_at", "fields", "amount_minor", "is_deleted"), _INT),
        **dict.fromkeys(("opportunity_id", "basis", "actor", "cause", "pipeline", "pipeline_stage", "stage", "currency",
                         "forecast_category", "close_date", "owner_id", "owner_text", "previous", "other"), _TEXT),
        "probability": _REAL,
    },
    "users": {
        **dict.fromkeys(("id", "name", "email", "role", "team_id", "team_text", "manager_id"), _TEXT),
        **dict.fromkeys(("capacity", "is_active", "is_deleted", "seq"), _INT),
    },
    "teams": {**dict.fromkeys(("id", "name", "region", "parent_id", "manager_id"), _TEXT), "seq": _INT},
    "accounts": {
        **dict.fromkeys(("id", "name", "industry", "segment", "country", "owner_id"), _TEXT),
        **dict.fromkeys(("employees", "created_at", "is_deleted", "seq"), _INT),
    },
    "leads": {
        **dict.fromkeys(("id", "company", "industry", "country", "lead_source", "status", "rating", "product", "owner_id",
                         "owner_text", "opportunity_id"), _TEXT),
        **dict.fromkeys(("employees", "created_at", "converted_at", "is_deleted", "seq"), _INT),
    },
    "activities": {
        **dict.fromkeys(("id", "activity_type", "status", "owner_id", "opportunity_id", "contact_id", "lead_id",
                         "account_id"), _TEXT),
        **dict.fromkeys(("occurred_at", "duration_minutes", "is_deleted", "seq"), _INT),
    },
    "roles": {
        **dict.fromkeys(("id", "opportunity_id", "contact_id", "role"), _TEXT),
        **dict.fromkeys(("created_at", "updated_at", "is_deleted", "seq"), _INT),
    },
    "products": {
        **dict.fromkeys(("id", "name", "family", "currency"), _TEXT),
        **dict.fromkeys(("list_price_minor", "is_deleted", "seq"), _INT),
    },
    "items": {
        **dict.fromkeys(("id", "opportunity_id", "product_id", "product_text", "quantity", "currency"), _TEXT),
        **dict.fromkeys(("total_minor", "is_deleted", "seq"), _INT),
    },
    "quotas": {
        **dict.fromkeys(("id", "user_id", "team_id", "period", "period_start", "currency"), _TEXT),
        **dict.fromkeys(("amount_minor", "is_deleted", "seq"), _INT),
    },
    "rates": {
        **dict.fromkeys(("id", "base_currency", "currency", "rate", "valid_from"), _TEXT),
        **dict.fromkeys(("is_deleted", "seq"), _INT),
    },
}  # fmt: skip
"""Store table to the columns that are read for its mirror, and their DuckDB types."""
_OTHER = {
    "product": "json_extract_string(other, '$.product')",
    "lead_source": "json_extract_string(other, '$.lead_source')",
}
"""What the mirror of the events keeps of ``other``: the rest are free texts, which may name persons, and much room."""


def mirror(table: str) -> dict[str, str]:
    """The columns of a table's mirror and their types. No personal data but the names of reps."""
    columns = MIRRORED[table]
    if table != "events":
        return columns
    return {name: kind for name, kind in columns.items() if name != "other"} | dict.fromkeys(_OTHER, _TEXT)


def taken(table: str) -> str:
    """The list of a SELECT that makes rows of the mirror from rows as read."""
    if table != "events":
        return "*"
    return f"* EXCLUDE (other), {', '.join(f'{value} AS {name}' for name, value in _OTHER.items())}"


def _instant(column: str) -> str:
    return f"make_timestamp({column})"


def _day(column: str) -> str:
    # Years beyond what a calendar widget would give stay readable as text in the store, and are unknown here.
    return f"try_cast({column} AS DATE)"


def _kept(alias: str) -> str:
    return f"coalesce({alias}.is_deleted, 0) = 0"


def _exponent(column: str) -> str:
    special = " ".join(f"WHEN '{code}' THEN {places}" for code, places in money.special_exponents().items())
    return f"(CASE {column} {special} ELSE 2 END)"


def converted(alias: str, day: str, company: str) -> str:
    """A money column in the company's currency, halves up: NULL where no rate is known on that day."""
    rate = (
        f"(SELECT arg_max(CAST(rate AS DOUBLE), valid_from) FROM m_rates r WHERE {_kept('r')} AND r.base_currency = '{company}' "
        f"AND r.currency = {alias}.currency AND {_day('r.valid_from')} <= {day})"
    )
    scale = f"power(10.0, {money.exponent(company)} - {_exponent(alias + '.currency')})"
    return (
        f"CASE WHEN {alias}.amount_minor IS NULL OR {alias}.currency IS NULL OR {alias}.currency = '{company}' "
        f"THEN {alias}.amount_minor ELSE CAST(floor({alias}.amount_minor * {rate} * {scale} + 0.5) AS BIGINT) END"
    )


REPS = f"""
SELECT u.id AS user_id,
    CASE WHEN count(*) OVER (PARTITION BY coalesce(u.name, u.email, u.id)) > 1
        THEN coalesce(u.name, u.id) || ' (' || coalesce(u.email, u.id) || ')'
        ELSE coalesce(u.name, u.email, u.id) END AS sales_rep,
    u.role, u.team_id, coalesce(t.name, u.team_text) AS team, t.region, u.manager_id, u.capacity,
    coalesce(u.is_active, 1) = 1 AS is_active
FROM m_users u LEFT JOIN m_teams t ON t.id = u.team_id WHERE {_kept("u")}
"""


def _rep(alias: str) -> str:
    return f"coalesce(reps.sales_rep, {alias}.owner_text, {alias}.owner_id, 'unassigned')"


def opportunities(company: str, source: str = "m_opportunities") -> str:
    """Present state of every deal of ``source`` that is not deleted."""
    rate_day = f"CASE WHEN o.status = 'open' THEN DATE '9999-12-31' ELSE {_day('o.close_date')} END"
    return f"""
SELECT o.id AS opportunity_id, o.name, o.account_id, coalesce(a.name, o.account_text) AS account_name, o.lead_id,
    o.contact_id, o.pipeline, o.pipeline_stage, o.stage, o.status, {converted("o", rate_day, company)} AS amount_minor,
    o.amount_minor AS own_minor, o.currency, o.probability, o.forecast_category, {_day("o.close_date")} AS close_date, o.owner_id,
    {_rep("o")} AS sales_rep, reps.team, reps.region, o.opportunity_type, o.lead_source, o.product, o.next_step,
    o.loss_reason, {_instant("o.created_at")} AS created_at, {_instant("o.updated_at")} AS updated_at, o.seq
FROM {source} o LEFT JOIN users reps ON reps.user_id = o.owner_id LEFT JOIN m_accounts a ON a.id = o.account_id
WHERE {_kept("o")}
"""


def intervals(company: str, source: str = "m_events", known_at: int | None = None) -> str:
    """Validity intervals of the deals whose events ``source`` holds, all of each, by the rules of ``domain.events.derive``.

    With ``known_at``, in microseconds, only from what was recorded up to then.
    """
    known = "" if known_at is None else f" WHERE recorded_at <= {known_at}"
    last = ", ".join(
        f"max(occurred_at) FILTER (WHERE fields & {mask} <> 0) AS t_{leader}, "
        f"arg_max({{'v': {leader}}}, (occurred_at, seq)) FILTER (WHERE fields & {mask} <> 0) AS v_{leader}"
        for leader, mask in GROUP_MASK.items()
    )
    gone = " | ".join(
        f"CASE WHEN e.fields & {mask} <> 0 AND (h.t_{leader} >= e.occurred_at OR (h.t_{leader} IS NOT NULL "
        f"AND h.v_{leader}.v IS NOT DISTINCT FROM e.{leader})) THEN {mask} ELSE 0 END"
        for leader, mask in GROUP_MASK.items()
    )
    carried = ", ".join(
        f"last_value(CASE WHEN live & {bit} <> 0 THEN {{'v': {name}}} END IGNORE NULLS) OVER upto AS {name}"
        for name, bit in BIT.items()
    )
    earliest = ", ".join(
        f"arg_min({{'v': json_extract_string(previous, '$.{name}')}}, (occurred_at, seq)) "
        f"FILTER (WHERE fields & {BIT[name]} <> 0 AND json_exists(previous, '$.{name}')) AS p_{name}"
        for name in TRACKED
    )
    types = {"amount_minor": "BIGINT", "is_deleted": "BIGINT", "probability": "DOUBLE"}

    def value(name: str) -> str:
        before = f"CAST(p.p_{name}.v AS {types.get(name, 'VARCHAR')})"
        if name in BEFORE_ANYTHING_IS_KNOWN:
            fallback = BEFORE_ANYTHING_IS_KNOWN[name]
            before = f"coalesce({before}, {fallback!r})"
        return f"CASE WHEN s.{name} IS NULL THEN {before} ELSE s.{name}.v END AS {name}"

    return f"""
WITH e AS (SELECT * FROM {source}{known}),
h AS (SELECT opportunity_id, {last} FROM e WHERE basis = 'history' GROUP BY ALL),
p AS (SELECT opportunity_id, {earliest} FROM e WHERE basis = 'history' AND previous IS NOT NULL GROUP BY ALL),
f AS (SELECT e.*, CASE WHEN e.basis = 'inferred' AND h.opportunity_id IS NOT NULL THEN e.fields & ~({gone}) ELSE e.fields END
        AS live FROM e LEFT JOIN h USING (opportunity_id)),
s AS (SELECT opportunity_id, occurred_at, seq, {carried},
    coalesce(last_value(CASE WHEN live & {BIT["stage"]} <> 0 THEN occurred_at END IGNORE NULLS) OVER upto,
        min(occurred_at) OVER (PARTITION BY opportunity_id)) AS staged_at FROM f
    WINDOW upto AS (PARTITION BY opportunity_id ORDER BY occurred_at, seq)
    QUALIFY row_number() OVER (PARTITION BY opportunity_id, occurred_at ORDER BY seq DESC) = 1),
v AS (SELECT s.opportunity_id, s.occurred_at, s.seq, s.staged_at, {", ".join(value(name) for name in TRACKED)}
    FROM s LEFT JOIN p USING (opportunity_id)),
o AS (SELECT v.* REPLACE (CASE WHEN v.close_date IS NULL AND v.stage LIKE 'closed%'
        THEN strftime({_instant("v.staged_at")}, '%Y-%m-%d') ELSE v.close_date END AS close_date),
        {_instant("v.occurred_at")} AS valid_from FROM v)
SELECT o.opportunity_id, o.valid_from,
    coalesce(lead(o.valid_from) OVER (PARTITION BY o.opportunity_id ORDER BY o.occurred_at), {FOREVER}) AS valid_to,
    o.pipeline, o.pipeline_stage, o.stage,
    CASE o.stage WHEN 'closed_won' THEN 'won' WHEN 'closed_lost' THEN 'lost' ELSE 'open' END AS status,
    {converted("o", f"CASE WHEN o.stage LIKE 'closed%' THEN coalesce({_day('o.close_date')}, CAST(o.valid_from AS DATE)) ELSE CAST(o.valid_from AS DATE) END", company)} AS amount_minor,
    o.amount_minor AS own_minor, o.currency, o.probability, o.forecast_category, {_day("o.close_date")} AS close_date, o.owner_id,
    {_rep("o")} AS sales_rep, reps.team, coalesce(o.is_deleted, 0) = 1 AS deleted
FROM o LEFT JOIN users reps ON reps.user_id = o.owner_id
"""  # noqa: E501


def simple(company: str) -> dict[str, str]:
    """The tables that follow from one mirrored table each."""
    money_in_company = {
        "products": converted("x", "DATE '9999-12-31'", company).replace("amount_minor", "list_price_minor"),
        "items": converted("x", "DATE '9999-12-31'", company).replace("amount_minor", "total_minor"),
        "quotas": converted("x", _day("x.period_start"), company),
    }
    return {
        "leads": f"""SELECT l.id AS lead_id, l.company, l.industry, l.country, l.employees, l.lead_source, l.status, l.rating,
            l.product, l.owner_id, {_rep("l")} AS sales_rep, {_instant("l.created_at")} AS created_at,
            {_instant("l.converted_at")} AS converted_at, l.opportunity_id
            FROM m_leads l LEFT JOIN users reps ON reps.user_id = l.owner_id WHERE {_kept("l")}""",
        "accounts": f"""SELECT id AS account_id, name, industry, segment, employees, country, owner_id,
            {_instant("created_at")} AS created_at FROM m_accounts x WHERE {_kept("x")}""",
        "activities": f"""SELECT id AS activity_id, activity_type, {_instant("occurred_at")} AS occurred_at, status,
            duration_minutes, owner_id, opportunity_id, contact_id, lead_id, account_id
            FROM m_activities x WHERE {_kept("x")}""",
        "roles": f"""SELECT opportunity_id, contact_id, role, {_instant("created_at")} AS since,
            CASE WHEN {_kept("x")} THEN {FOREVER} ELSE {_instant("updated_at")} END AS until
            FROM m_roles x WHERE opportunity_id IS NOT NULL AND contact_id IS NOT NULL""",
        "products": f"""SELECT id AS product_id, name, family, {money_in_company["products"]} AS list_price_minor
            FROM m_products x WHERE {_kept("x")}""",
        "items": f"""SELECT x.id AS item_id, x.opportunity_id, x.product_id, coalesce(p.name, x.product_text) AS product,
            try_cast(x.quantity AS DOUBLE) AS quantity, {money_in_company["items"]} AS total_minor
            FROM m_items x LEFT JOIN m_products p ON p.id = x.product_id WHERE {_kept("x")}""",
        "rates": f"""SELECT currency, {_day("valid_from")} AS valid_from, CAST(rate AS DOUBLE)
            * power(10.0, {money.exponent(company)} - {_exponent("currency")}) AS factor
            FROM m_rates x WHERE {_kept("x")} AND base_currency = '{company}'""",
        "quotas": f"""SELECT user_id, team_id, period, {_day("period_start")} AS period_start,
            {money_in_company["quotas"]} AS amount_minor FROM m_quotas x WHERE {_kept("x")}""",
    }  # fmt: skip

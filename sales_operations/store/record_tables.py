"""The tables of what is imported, one for each kind of ``domain.kinds``, and the tables' common ground."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

from sales_operations.domain.kinds import KINDS, Field, Kind

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

_SIMPLE = {"text": Text, "decimal": Text, "date": Text, "currency": Text, "int": BigInteger, "instant": BigInteger,
           "bool": Integer, "fraction": Float}  # fmt: skip


def columns_of(field: Field) -> tuple[str, ...]:
    """The column names that hold a field: a reference has the id it resolved to, or else the text as found."""
    if field.type == "id":
        return ("id",)
    if field.type == "money":
        return (f"{field.name}_minor",)
    if field.type == "ref":
        return (f"{field.name}_id", f"{field.name}_text")
    if field.type == "stage":
        return ("pipeline_stage", "stage", "status")
    return (field.name,)


def _columns(field: Field) -> list[Column[Any]]:
    if field.type == "id":
        return [Column("id", Text, primary_key=True)]
    kind = BigInteger if field.type == "money" else _SIMPLE.get(field.type, Text)
    return [Column(name, kind) for name in columns_of(field)]


def _record_table(kind: Kind) -> Table:
    table = Table(kind.name, metadata)
    for field in kind.fields:
        for column in _columns(field):
            table.append_column(column)
    if kind.personal:
        for name, column_type in (("salt", Text), ("personal_digest", Text), ("erased_at", BigInteger)):
            table.append_column(Column(name, column_type))
    # ``observed`` is a digest of what the last import said, so that saying it again changes nothing.
    for column in (Column("attributes", Text), Column("observed", Text), Column("seq", BigInteger, nullable=False)):
        table.append_column(column)
    Index(None, table.c.seq)
    return table


RECORDS: dict[str, Table] = {name: _record_table(kind) for name, kind in KINDS.items() if name != "history"}
"""Kind of record to its table."""

opportunities = RECORDS["opportunities"]
leads = RECORDS["leads"]
Index(None, opportunities.c.owner_id)
Index(
    None,
    opportunities.c.lead_id,
    sqlite_where=opportunities.c.lead_id.is_not(None),
    postgresql_where=opportunities.c.lead_id.is_not(None),
)
Index(None, RECORDS["items"].c.opportunity_id)
Index(None, RECORDS["activities"].c.opportunity_id)
Index(None, RECORDS["activities"].c.contact_id)
Index(None, RECORDS["roles"].c.opportunity_id)
Index(None, RECORDS["roles"].c.contact_id)
Index(None, leads.c.status)
_about_lead = RECORDS["activities"].c.lead_id
Index(None, _about_lead, sqlite_where=_about_lead.is_not(None), postgresql_where=_about_lead.is_not(None))

PERSONAL: dict[str, tuple[str, ...]] = {
    name: (*kind.personal, "attributes") for name, kind in KINDS.items() if kind.personal
}
"""Kind to its columns of personal data. Unknown columns of a person's export count as personal."""

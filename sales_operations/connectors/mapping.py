"""A mapping says what the columns of one source's files mean. The shipped ones are such files too."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sales_operations.connectors.parse import IdForm

SHIPPED = Path(__file__).with_name("mappings")
"""The folder of the shipped mappings."""

Canonical = Literal["lead", "qualified", "proposal", "negotiation", "closed_won", "closed_lost"]
Texts = tuple[str, ...]
Order = Literal["mdy", "dmy"]
DecimalMark = Literal[".", ","]
KnownFrom = Literal["close"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) and not isinstance(value, bool) else value


class FieldRule(_Part):
    """Where a field comes from. ``columns``: the names it may have in a file, the first one present counts.

    ``otherwise``: columns that stand in for an identifier where none is there. ``join``: columns put together with a
    blank. ``values``: what a text stands for. ``unit``: how shares are written. ``times``: what a number is multiplied
    by. ``inverse``: whether a number is written as 1 divided by it. ``constant``: the same value for every row.
    ``creates``: whether a reference that finds nothing makes a record of that name. ``known_from``: ``close`` where the
    field is filled in with the outcome, so that no score learns from it.
    """

    columns: Texts = ()
    otherwise: Texts = ()
    join: Texts = ()
    constant: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    unit: Literal["fraction", "percent"] = "fraction"
    times: Decimal = Decimal(1)
    inverse: bool = False
    date_order: Order | None = None
    decimal: DecimalMark | None = None
    zone: str | None = None
    creates: bool = False
    known_from: KnownFrom | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, str | list):
            return {"columns": _listed(value)}
        if isinstance(value, dict):
            return {
                key: _listed(part) if key in ("columns", "otherwise", "join") else part for key, part in value.items()
            }
        return value


class AttributeRule(_Part):
    """What is to be known of a column that no field takes. ``known_from``: as for a field."""

    known_from: KnownFrom | None = None


class StageRule(_Part):
    """The canonical ``stage`` that an own stage stands for, and the ``name`` to show where the file has a code."""

    stage: Canonical
    name: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"stage": value} if isinstance(value, str) else value


class StatusRule(_Part):
    """A column beside the stage that says how a deal ended, and its words for won, lost and deleted."""

    columns: Texts
    won: Texts = ()
    lost: Texts = ()
    deleted: Texts = ()


class Opening(_Part):
    """A column that dates the beginning of a deal, the stage it began in, and the fields that were known then."""

    at: str
    stage: str
    fields: Texts = ()


class DatedChange(_Part):
    """A column that dates a change. ``when``: only rows with one of these texts in these columns.

    ``stage`` names the column with the stage from then on. ``fields``: what else is known from then on, by column.
    """

    at: str
    stage: str | None = None
    when: dict[str, Texts] = Field(default_factory=dict)
    fields: dict[str, str] = Field(default_factory=dict)


class FieldChanges(_Part):
    """A history with a row for every changed field: the columns with the field's name, its old and its new value.

    ``names``: the source's names of fields to ours; changes of other fields are left out.
    """

    field: Texts
    new: Texts
    old: Texts = ()
    names: dict[str, str]

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: _listed(part) if key in ("field", "new", "old") else part for key, part in value.items()}
        return value


class EventLog(_Part):
    """A log of activities: the columns of the case, the activity and its time.

    An activity that stands among the stages moves the deal there; those of ``ignore`` do not count. ``creates``: the
    activities that open a deal, any with a stage where none is named. ``known_at_opening``: fields that are known then.
    """

    case: str
    activity: str
    at: str
    creates: Texts = ()
    ignore: Texts = ()
    known_at_opening: Texts = ()


class Layout(_Part):
    """How one kind of record lies in a file. A mapping may have several for a kind, for several exports of it.

    ``requires``: columns of which one has to be there. ``distinct``: of rows with the same id only the first counts.
    ``attributes``: columns that no field takes, where something is to be said of them.
    """

    name: str = ""
    fields: dict[str, FieldRule] = Field(default_factory=dict)
    attributes: dict[str, AttributeRule] = Field(default_factory=dict)
    requires: Texts = ()
    distinct: bool = False
    status: StatusRule | None = None
    opens: Opening | None = None
    events: tuple[DatedChange, ...] = ()
    stage_columns: Texts = ()
    changes: FieldChanges | None = None
    log: EventLog | None = None


class Mapping(_Part):
    """What the files of one source mean."""

    source: str
    title: str = ""
    extends: str | None = None
    zone: str | None = None
    currency: str | None = None
    date_order: Order | None = None
    decimal: DecimalMark | None = None
    id_format: IdForm = "text"
    missing: Texts = ()
    stages: dict[str, StageRule] = Field(default_factory=dict)
    kinds: dict[str, tuple[Layout, ...]] = Field(default_factory=dict)
    file: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        kinds = value.get("kinds") if isinstance(value, dict) else None
        if not isinstance(kinds, dict):
            return value
        return {**value, "kinds": {kind: [part] if isinstance(part, dict) else part for kind, part in kinds.items()}}

    def known_from_close(self, kind: str) -> frozenset[str]:
        """The fields and further columns of a kind that are filled in with the outcome."""
        parts = [part for layout in self.kinds.get(kind, ()) for part in (layout.fields, layout.attributes)]
        return frozenset(name for part in parts for name, rule in part.items() if rule.known_from == "close")

    @property
    def shown(self) -> str:
        """The name for messages."""
        return self.title or self.source

    @property
    def is_shipped(self) -> bool:
        """Whether this is one of the product's own, whose columns are those that an export may have, not must."""
        return Path(self.file).parent == SHIPPED or not self.file

"""The kinds of record that can be imported, and the fields of each: the one list that mappings, imports and the store share.

Every kind also has ``id``, ``created_at``, ``updated_at`` and ``is_deleted``; columns beyond a kind's fields become
attributes of the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FieldType = Literal[
    "id", "text", "int", "decimal", "money", "fraction", "date", "instant", "bool", "stage", "currency", "ref"
]


@dataclass(frozen=True)
class Field:
    """One field: its type, the kind that a reference points to, whether a row needs it, whether it is personal data."""

    name: str
    type: FieldType = "text"
    ref: str | None = None
    required: bool = False
    personal: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of record and its fields. ``key`` names the columns whose values stand in for a missing ``id``."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()

    def field(self, name: str) -> Field | None:
        """The field of that name, if there is one."""
        return next((field for field in self.fields if field.name == name), None)

    @property
    def personal(self) -> tuple[str, ...]:
        """Names of the fields that hold personal data."""
        return tuple(field.name for field in self.fields if field.personal)


def _text(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name) for name in names)


def _personal(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, personal=True) for name in names)


def _ref(name: str, kind: str, *, required: bool = False) -> Field:
    return Field(name, "ref", ref=kind, required=required)


_COMMON = (Field("created_at", "instant"), Field("updated_at", "instant"), Field("is_deleted", "bool"))
_ID = Field("id", "id", required=True)
_CURRENCY = Field("currency", "currency")

_KINDS = (
    Kind(
        "users",
        (_ID, *_personal("name", "email"), *_text("role"), *_personal("title"), _ref("manager", "users"))
        + (_ref("team", "teams"), Field("capacity", "int"), Field("is_active", "bool"), *_COMMON),
    ),
    Kind(
        "teams",
        (_ID, *_text("name"), _ref("parent", "teams"), _ref("manager", "users"), *_text("region"), *_COMMON),
    ),
    Kind(
        "accounts",
        (_ID, *_text("name", "domain", "website", "phone", "industry", "segment"), Field("employees", "int"))
        + (Field("annual_revenue", "money"), _CURRENCY, *_text("country", "city"))
        + (_ref("parent", "accounts"), _ref("owner", "users"), *_COMMON),
    ),
    Kind(
        "contacts",
        (_ID, *_personal("first_name", "last_name", "email", "phone", "title"))
        + (_ref("account", "accounts"), _ref("owner", "users"), *_COMMON),
    ),
    Kind(
        "leads",
        (
            _ID,
            *_personal("first_name", "last_name", "email", "phone", "title"),
            *_text("company", "industry", "country"),
        )
        + (Field("employees", "int"), *_text("lead_source", "status", "rating", "product"), _ref("owner", "users"))
        + (Field("converted_at", "instant"), _ref("opportunity", "opportunities"), *_COMMON),
    ),
    Kind(
        "opportunities",
        (_ID, *_text("name"), _ref("account", "accounts"), _ref("contact", "contacts"), _ref("lead", "leads"))
        + (*_text("pipeline"), Field("stage", "stage"), Field("amount", "money"), _CURRENCY)
        + (Field("probability", "fraction"), *_text("forecast_category"), Field("close_date", "date"))
        + (_ref("owner", "users"), *_text("opportunity_type", "lead_source", "product", "next_step", "loss_reason"))
        + (*_text("win_reason"), *_COMMON),
    ),
    Kind(
        "roles",
        (_ID, _ref("opportunity", "opportunities", required=True), _ref("contact", "contacts", required=True))
        + (*_text("role"), Field("is_primary", "bool"), *_COMMON),
        key=("opportunity", "contact"),
    ),
    Kind(
        "history",
        (_ref("opportunity", "opportunities", required=True), Field("changed_at", "instant", required=True))
        + (Field("stage", "stage"), Field("previous_stage", "stage"), Field("amount", "money"), _CURRENCY)
        + (Field("probability", "fraction"), *_text("forecast_category"), Field("close_date", "date"))
        + (_ref("owner", "users"), *_text("loss_reason")),
    ),
    Kind(
        "activities",
        (_ID, *_text("activity_type"), *_personal("subject"), Field("occurred_at", "instant"), *_text("status"))
        + (Field("duration_minutes", "int"), _ref("owner", "users"), _ref("opportunity", "opportunities"))
        + (_ref("contact", "contacts"), _ref("lead", "leads"), _ref("account", "accounts"), *_COMMON),
    ),
    Kind(
        "products",
        (_ID, *_text("name", "code", "family"), Field("list_price", "money"), _CURRENCY, Field("is_active", "bool"))
        + _COMMON,
    ),
    Kind(
        "pricebooks",
        (_ID, *_text("pricebook"), _ref("product", "products", required=True), Field("unit_price", "money"), _CURRENCY)
        + (Field("valid_from", "date"), Field("valid_to", "date"), *_COMMON),
        key=("pricebook", "product", "currency", "valid_from"),
    ),
    Kind(
        "items",
        (_ID, _ref("opportunity", "opportunities", required=True), _ref("product", "products"))
        + (Field("quantity", "decimal"), Field("unit_price", "money"), Field("discount", "decimal"))
        + (Field("total", "money"), _CURRENCY, *_COMMON),
    ),
    Kind(
        "quotas",
        (_ID, _ref("user", "users"), _ref("team", "teams"), Field("period", required=True))
        + (Field("period_start", "date", required=True), Field("amount", "money", required=True), _CURRENCY, *_COMMON),
        key=("user", "team", "period", "period_start"),
    ),
    Kind(
        "rates",
        (_ID, Field("base_currency", "currency", required=True), Field("currency", "currency", required=True))
        + (Field("rate", "decimal", required=True), Field("valid_from", "date", required=True), *_COMMON),
        key=("base_currency", "currency", "valid_from"),
    ),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
"""Kind name, as the command line spells it, to its definition."""

"""Keys of ``contracting`` and ``documents``: terms, approval, signing and renewal of contracts; how documents look."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sales_operations.settings.base import Expect, Section, Several, Text

Months = Annotated[int, Field(ge=1, le=600), Expect("a whole number from 1 to 600")]
Days = Annotated[int, Field(ge=0, le=3650), Expect("a whole number from 0 to 3650")]
Percent = Annotated[float, Field(ge=-100, le=1000, allow_inf_nan=False), Expect("a percentage from -100 to 1000")]
RenewalPrice = Literal["same", "list", "uplift", "none"]


class Signing(Section):
    """How contracts get their signatures."""

    exchange: Text | None = Field(
        default=None,
        description="A folder that an outside signing service reads and writes: contracts to be signed are put into it, "
        "signed ones are taken from it. Without it, contracts are signed here, with a key file.",
    )


class Renewal(Section):
    """What happens ahead of a contract's end."""

    open_days: Days = Field(
        default=90, description="Days before a contract's end on which an opportunity for its renewal is opened."
    )
    price: RenewalPrice = Field(
        default="same",
        description="The price of the renewal: `same`; `list`, today's list prices of the deal's items; `uplift`, raised "
        "by `uplift_percent`; with `none`, no opportunity is opened. A contract keeps what held when it was drafted.",
    )
    uplift_percent: Percent = Field(default=3.0, description="By how much `uplift` raises the price.")


class Contracting(Section):
    """Contracts, beyond their being made."""

    term_months: Months = Field(default=12, description="How long a contract runs, counted from its first day.")
    notice_days: Days = Field(default=60, description="How long before its end a contract can be ended by notice.")
    payment_days: Days = Field(default=30, description="Days from the invoice in which the customer pays.")
    approvers: Several[Text] = Field(
        default=(),
        description="Who may approve a contract before it goes to the customer: a user's e-mail, id or name, or "
        "`role:NAME`. Without any, a contract needs no approval.",
    )
    signing: Signing = Signing()
    renewal: Renewal = Renewal()


class Documents(Section):
    """Quotes and contracts as files."""

    templates: Text | None = Field(
        default=None,
        description="A folder of own templates and clauses, which take the place of the built-in ones of the same name.",
    )
    paper: Literal["a4", "us-letter"] = Field(default="a4", description="The size of the pages.")

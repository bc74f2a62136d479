"""Keys of ``estimates``: what a new deal is expected to be worth, and when, where past deals say nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sales_operations.settings.base import Expect, Section

Amount = Annotated[float, Field(ge=0, le=1e12, strict=False, allow_inf_nan=False), Expect("an amount")]


class Estimates(Section):
    """The estimates of a deal that was just opened."""

    amount: Amount | None = Field(
        default=None,
        description="Amount of a new deal, in the company's currency, where no deal was won and its product has no list "
        "price; without it, the amount is unknown.",
    )
    days: int = Field(
        default=90, ge=1, le=3650, description="Days until a new deal is expected to close where no deal was won."
    )
    peers: int = Field(
        default=8,
        ge=1,
        le=1000,
        description="As many won deals speak for a wider group of deals as for a narrower one of this size.",
    )

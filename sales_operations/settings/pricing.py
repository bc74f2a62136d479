"""Keys of ``pricing``: rounding, the order of discounts, terms, tiers and bundles by product code, taxes by country."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sales_operations.settings.base import Expect, Section, Several, Text
from sales_operations.settings.organisation import Currency


def _decimal(given: Any) -> Any:
    """The number as it is written in the file: 0.1 is a tenth, not the nearest binary fraction."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return given
    try:
        return Decimal(str(given))
    except InvalidOperation:
        return given


_Decimal = Annotated[Decimal, BeforeValidator(_decimal)]
Percent = Annotated[_Decimal, Field(ge=0, le=100, decimal_places=12), Expect("a percentage from 0 to 100")]
Quantity = Annotated[_Decimal, Field(gt=0, le=10**12, decimal_places=9), Expect("a number above 0")]
Price = Annotated[_Decimal, Field(ge=0, le=10**11, decimal_places=8), Expect("an amount in whole currency units")]
Prices = Annotated[dict[Currency, Price], Field(min_length=1), Expect("an amount for each currency, as {EUR: 9.90}")]
Months = Annotated[int, Field(ge=1, le=1200), Expect("a whole number of months from 1 to 1200")]


class PricingTier(Section):
    """One band of quantities: either a price or a percentage off."""

    up_to: Quantity | None = Field(
        default=None, description="The largest quantity of the band; the last band has none, and no end."
    )
    price: Prices | None = Field(default=None, description="The price of one unit in this band, by currency.")
    percent_off: Percent | None = Field(default=None, description="What the list price is lowered by in this band.")

    @model_validator(mode="after")
    def _is_one_of_both(self) -> PricingTier:
        if (self.price is None) == (self.percent_off is None):
            raise ValueError("a tier needs either price or percent_off; give one of them")
        return self


def _rising(bands: tuple[PricingTier, ...]) -> tuple[PricingTier, ...]:
    before = Decimal(0)
    for position, band in enumerate(bands):
        if band.up_to is None and position < len(bands) - 1:
            raise ValueError("only the last tier may be without up_to; give it to the others")
        if band.up_to is not None and position == len(bands) - 1:
            raise ValueError("the last tier has no end; leave its up_to out, or add a tier without one")
        if band.up_to is not None and band.up_to <= before:
            raise ValueError(f"up_to {band.up_to} does not lie above {before}; list the tiers in rising order")
        before = band.up_to or before
    return bands


Bands = Annotated[
    Several[PricingTier], Field(min_length=1), AfterValidator(_rising), Expect("a list of at least one tier")
]


class PricingProduct(Section):
    """What holds for one product code."""

    default_term_months: Months | None = Field(
        default=None,
        description="The term that its price is for, where it is another than `pricing.default_term_months`.",
    )
    tax_class: Text | None = Field(default=None, description="Its tax class; without it, `pricing.tax_class`.")
    tier_mode: Literal["range", "slab"] = Field(
        default="range",
        description="`range`: all units at the rate of the tier that the quantity reaches; `slab`: each band at its own.",
    )
    tiers: Bands | None = Field(default=None, description="Its quantity tiers, in rising order.")


class PricingPart(Section):
    """One part of a bundle."""

    product: Text = Field(description="The code of the product.")
    quantity: Quantity = Field(default=Decimal(1), description="How many of it are in one bundle.")


class PricingBundle(Section):
    """Products that are sold together."""

    name: Text | None = Field(default=None, description="What it is called on a quote; without it, its code.")
    parts: Annotated[Several[PricingPart], Field(min_length=1), Expect("a list of at least one part")] = Field(
        description="The products that are in it."
    )
    price: Prices | None = Field(
        default=None, description="The price of one bundle, by currency, shared out to the parts by list price."
    )
    percent_off: Percent | None = Field(default=None, description="What each part is lowered by.")

    @model_validator(mode="after")
    def _is_one_of_both(self) -> PricingBundle:
        if (self.price is None) == (self.percent_off is None):
            raise ValueError("a bundle needs either price or percent_off; give one of them")
        return self


class PricingTax(Section):
    """One tax."""

    name: Text = Field(description="The tax's name on a quote.")
    percent: Percent = Field(description="Its rate, in percent of the net amount.")


def _told_apart(rates: tuple[PricingTax, ...]) -> tuple[PricingTax, ...]:
    if len({rate.name for rate in rates}) < len(rates):
        raise ValueError("two taxes of one class have the same name; rename one")
    return rates


class PricingTaxClass(Section):
    """The taxes on one class of products in one country."""

    rates: Annotated[Several[PricingTax], AfterValidator(_told_apart), Expect("a list of taxes; [] where exempt")] = (
        Field(description="The taxes, each on the net amount; none where the class is exempt.")
    )
    inclusive: bool = Field(default=False, description="Whether prices contain these taxes.")


class Pricing(Section):
    """How quotes are priced."""

    rounding: Literal["half_even", "half_up"] = Field(
        default="half_even", description="Where half a minor unit goes: to the even neighbour, or up."
    )
    discount_order: Literal["compound", "additive"] = Field(
        default="compound",
        description="`compound`: each discount is off what the ones before it left; `additive`: each is off the amount "
        "before all of them.",
    )
    tax_rounding: Literal["line", "total"] = Field(
        default="line",
        description="Taxes are rounded for each line, or once for the whole quote and shared out to lines.",
    )
    proration: Literal["day", "month", "whole_month"] = Field(
        default="month",
        description="How a term is measured against the default one: by days, by months with the days of the last one, or "
        "by months begun.",
    )
    default_term_months: int = Field(default=12, ge=1, le=1200, description="The term that a recurring price is for.")
    book: Text | None = Field(default=None, description="The price book that serves; without it, all of them do.")
    convert_from: Currency | None = Field(
        default=None,
        description="The currency whose book prices are converted where there is none in the quote's; without it, that "
        "is an error.",
    )
    country: Text | None = Field(
        default=None, description="The country whose taxes hold where a customer's is not known."
    )
    tax_class: Text = Field(default="standard", description="The tax class of products that have none of their own.")
    taxes: Annotated[
        dict[Text, dict[Text, PricingTaxClass]], Expect("tax classes by country; `other` serves for all others")
    ] = Field(default={}, description="Taxes by country and class; where there are none, quotes are without tax.")
    products: Annotated[dict[Text, PricingProduct], Expect("rules by product code")] = Field(
        default={}, description="Term, tax class and tiers by product code."
    )
    bundles: Annotated[dict[Text, PricingBundle], Expect("bundles by their code")] = Field(
        default={}, description="Bundles by the code that they are ordered under."
    )

"""Keys of ``forecasting``: the methods, the periods, and how the hybrid weighs the methods."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Field, Tag

from sales_operations.settings.base import Expect, Section, Several, Share

WeightedMethod = Literal["pipeline", "trend", "seasonal", "ml"]
Method = Literal["pipeline", "trend", "seasonal", "ml", "hybrid"]
PeriodName = Literal["month", "quarter", "year"]
WEIGHTED_METHODS: tuple[WeightedMethod, ...] = get_args(WeightedMethod)


BRANCHES = ("<text>", "<each>")
"""How errors of the schema call the two forms of the weights; neither is a key."""


def _form(weights: Any) -> str:
    return BRANCHES[0] if isinstance(weights, str) else BRANCHES[1]


Weights = Annotated[
    Annotated[Literal["auto"], Tag(BRANCHES[0])] | Annotated[dict[WeightedMethod, Share], Tag(BRANCHES[1])],
    Discriminator(_form),
    Expect(f"auto, or a number from 0 to 1 for each of {', '.join(WEIGHTED_METHODS)}"),
]


class Weighted(Section):
    """A method that the hybrid can combine with others."""

    enabled: bool = Field(default=True, description="The method may be asked for and takes part in the hybrid.")
    weight: Share | None = Field(
        default=None,
        description="The method's part in the hybrid, where `hybrid.weights` does not name it; the two may not differ.",
    )


class Trend(Weighted):
    """The forecast from the direction of won revenue."""

    historical_periods: int = Field(default=12, ge=1, le=600, description="Past periods that the trend is fitted on.")


class Seasonal(Weighted):
    """The forecast from the rhythm of the year."""

    seasonal_periods: int = Field(
        default=4,
        ge=1,
        le=366,
        description="Seasons in one cycle: 4 when the quarters of a year differ, 12 when its months do.",
    )


class Ml(Weighted):
    """The forecast from a model learnt on past deals."""

    model: Literal["auto", "random_forest", "gradient_boosting", "logistic"] = Field(
        default="auto",
        description="The kind of model that estimates each deal's chance; `auto` is the mean of all three.",
    )


class Hybrid(Section):
    """The methods combined."""

    enabled: bool = Field(default=True, description="The combined forecast may be asked for.")
    weights: Weights = Field(
        default="auto",
        description="Each method's part. Given weights add up to 1; a method that is off or has too little history "
        "drops out and the rest is rescaled. `auto` derives the weights from the methods' past errors.",
    )


class Forecasting(Section):
    """How revenue is forecast."""

    methods: Several[Method] = Field(
        default=get_args(Method), min_length=1, description="The methods on offer; asking for another one is an error."
    )
    pipeline: Weighted = Weighted()
    trend: Trend = Trend()
    seasonal: Seasonal = Seasonal()
    ml: Ml = Ml()
    hybrid: Hybrid = Hybrid()
    periods: Several[PeriodName] = Field(
        default=get_args(PeriodName),
        min_length=1,
        description="The periods on offer; asking for another one is an error.",
    )

"""What the reading of one file goes by: the company's zone and currency, the stages, and what whole columns show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import cast, get_args
from zoneinfo import ZoneInfo

from sales_operations.connectors import dates, numbers, vectors
from sales_operations.connectors.binding import Bound, BoundField
from sales_operations.connectors.mapping import DecimalMark, Mapping, Order
from sales_operations.connectors.parse import Converter, Parsed, boolean, email, identifier, ids, plain, renamed, texts
from sales_operations.connectors.source import Source, shortened
from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.kinds import Field
from sales_operations.domain.money import exponent
from sales_operations.settings import Settings

SIGNED_MONEY = frozenset(("items",))
"""Kinds whose amounts may be negative, as those of a discount or a credit line are."""


@dataclass(frozen=True)
class ReadOptions:
    """What a caller says about a file; it goes over what the mapping says. Raises InvalidInput for what cannot be."""

    date_order: Order | None = None
    decimal: DecimalMark | None = None
    zone: str | None = None
    currency: str | None = None

    def __post_init__(self) -> None:
        for name, known in (("date_order", get_args(Order)), ("decimal", get_args(DecimalMark))):
            if getattr(self, name) not in (None, *known):
                raise InvalidInput(f"{name}: {getattr(self, name)!r} is none of {' and '.join(known)}")
        if self.currency is not None:
            exponent(self.currency)


class Stages:
    """Own stages to canonical ones: those of the mapping first, then those of the configured pipelines."""

    def __init__(self, mapping: Mapping, settings: Settings) -> None:
        self._mapping = mapping
        self._known: dict[str, tuple[str, str]] = {}
        for stages in settings.pipelines.values():
            for stage in stages:
                self._known[_key(stage.name)] = (stage.name, stage.stage)
        for text, rule in mapping.stages.items():
            self._known[_key(text)] = (rule.name or text, rule.stage)

    def known(self, text: str) -> tuple[str, str] | None:
        """The own name and the canonical stage, or None."""
        return self._known.get(_key(text))

    def resolve(self, text: str) -> tuple[str, str]:
        """The own name and the canonical stage. Raises ValueError with the line that a mapping needs."""
        found = self._known.get(_key(text))
        if found is None:
            raise ValueError(self.advice(text))
        return found

    def advice(self, text: str) -> str:
        """What to add to a mapping for a stage that is not known."""
        line = f'"{shortened(text)}": qualified'
        if not self._mapping.is_shipped:
            return f"is no known stage; add under `stages:` in {self._mapping.file} the line `{line}`, or what it is"
        return (
            f"is no known stage; write a mapping with `extends: {self._mapping.source}` and under `stages:` the line "
            f"`{line}`, or what it is"
        )


class Survey:
    """What the whole of a file shows about the columns whose dates or numbers can be read in two ways.

    The file is read through once, when the first such value comes up.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._dates: set[int] = set()
        self._numbers: set[int] = set()
        self._shown: dict[int, dict[str, str]] | None = None

    def order(self, place: int) -> dates.Decide:
        """The order of day and month in a column. What is given raises SourceError where the column leaves it open."""
        self._dates.add(place)
        return lambda: cast(Order, self._order(place))

    def mark(self, place: int) -> numbers.Decide:
        """The decimal mark of a column: a point unless the column shows a comma. Raises SourceError for both."""
        self._numbers.add(place)
        return lambda: cast(DecimalMark, self._mark(place))

    def _order(self, place: int) -> str:
        shown = self._found(place)
        if ("mdy" in shown) != ("dmy" in shown):
            return "mdy" if "mdy" in shown else "dmy"
        example = "; ".join(f"{text!r}" for text in shown.values())
        state = "holds dates in both orders" if "mdy" in shown else "could be month/day or day/month throughout"
        raise self._source.error(
            f"the column {self._source.columns[place]!r} {state} ({example}); say which with --date-order mdy or "
            "--date-order dmy, or with `date_order:` in the mapping"
        )

    def _mark(self, place: int) -> str:
        shown = self._found(place)
        if "." in shown and "," in shown:
            raise self._source.error(
                f"the column {self._source.columns[place]!r} holds decimal points ({shown['.']!r}) and decimal commas "
                f"({shown[',']!r}), so {shown.get('?', '1,234')!r} could be either; say which with --decimal, or with "
                "`decimal:` in the mapping"
            )
        return "," if "," in shown else "."

    def _found(self, place: int) -> dict[str, str]:
        if self._shown is None:
            self._shown = self._read()
        return self._shown[place]

    def _read(self) -> dict[int, dict[str, str]]:
        wanted = [(place, dates.evidence) for place in self._dates] + [
            (place, numbers.evidence) for place in self._numbers
        ]
        shown: dict[int, dict[str, str]] = {place: {} for place, _ in wanted}
        for batch in self._source.again().batches():
            for place, evidence in wanted:
                for text in sorted({row[place] for row in batch.rows}):
                    shown[place].setdefault(evidence(text), text)
        for found in shown.values():
            found.pop("", None)
        return shown


class Context:
    """Makes the converters of the columns of one file."""

    def __init__(self, source: Source, bound: Bound, settings: Settings, options: ReadOptions) -> None:
        mapping = bound.mapping
        self.bound = bound
        self.source = source
        self.stages = Stages(mapping, settings)
        self.currency = options.currency or mapping.currency or settings.company.currency
        self._zone = options.zone or mapping.zone or settings.company.timezone
        self._options = options
        self._survey = Survey(source)

    def converter(self, field: Field, bound: BoundField) -> Converter:
        """The converter of a column for any type but money and stages."""
        rule, missing = bound.rule, self.bound.mapping.missing
        if field.type == "id" and not rule.values:
            return ids(self.bound.mapping.id_format, missing)
        if field.type == "instant":
            return self.instants(bound.place or 0, bound)
        if field.type == "text" and not rule.values and field.name != "email":
            return texts(missing)
        return Parsed(renamed(self._parser(field, bound), rule.values), missing)

    def money(self, field: str, bound: BoundField, currency: str) -> Converter:
        """The converter of an amount into minor units of a currency."""
        parse = numbers.money(
            currency,
            self.decimal(bound),
            negative=self.bound.kind.name in SIGNED_MONEY,
            times=bound.rule.times,
        )
        converter = Parsed(renamed(parse, bound.rule.values), self.bound.mapping.missing)
        places = exponent(currency)
        plain = bound.rule.times == 1 and places <= 2 and not bound.rule.values
        return vectors.quickly(vectors.amounts(places), converter) if plain else converter

    def instants(self, place: int, bound: BoundField | None = None) -> Converter:
        """The converter of a column of instants."""
        zone = self.zone(bound)
        parse = dates.instant(zone, self.order(place, bound))
        converter = Parsed(renamed(parse, bound.rule.values if bound else {}), self.bound.mapping.missing)
        return vectors.quickly(vectors.instants(naive_is_utc=zone.key == "UTC"), converter)

    def zone(self, bound: BoundField | None = None) -> ZoneInfo:
        """The zone of times that say none."""
        name = self._options.zone or (bound.rule.zone if bound else None) or self._zone
        try:
            return ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            raise InvalidInput(f"{name!r} is not a time zone such as Europe/Berlin") from None

    def order(self, place: int, bound: BoundField | None = None) -> dates.Decide:
        """The order of day and month, as said, or else as the column shows it."""
        said = self._options.date_order or (bound.rule.date_order if bound else None) or self.bound.mapping.date_order
        return (lambda: said) if said else self._survey.order(place)

    def decimal(self, bound: BoundField) -> numbers.Decide:
        """The decimal mark, as said, or else as the column shows it."""
        said = self._options.decimal or bound.rule.decimal or self.bound.mapping.decimal
        if said:
            return lambda: said
        return self._survey.mark(bound.place) if bound.place is not None else lambda: "."

    def _parser(self, field: Field, bound: BoundField) -> Callable[[str], object]:
        if field.type == "int":
            return numbers.integer(self.decimal(bound))
        if field.type == "decimal":
            return numbers.decimal(self.decimal(bound), times=bound.rule.times, inverse=bound.rule.inverse)
        if field.type == "fraction":
            return numbers.fraction(self.decimal(bound), percent=bound.rule.unit == "percent")
        if field.type == "date":
            return dates.day(self.zone(bound), self.order(bound.place or 0, bound))
        if field.type in ("id", "ref"):
            return partial(identifier, form=self.bound.mapping.id_format)
        others = {"bool": boolean, "currency": numbers.currency}
        return others.get(field.type, email if field.name == "email" else plain)


def cells(rows: Iterable[list[str]], places: tuple[int, ...]) -> list[str]:
    """The texts of a column, or of several joined by a blank."""
    if len(places) == 1:
        (place,) = places
        return [row[place] for row in rows]
    return [" ".join(part for part in (row[place].strip() for place in places) if part) for row in rows]


def _key(text: str) -> str:
    return " ".join(text.casefold().split())

"""Keys of ``company``, ``store`` and ``results``: whose deals these are, where they lie, where results go."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

from sales_operations.settings.base import Expect, Section, Text

# ISO 4217, the currencies in use; funds and metals left out.
_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD "
    "HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL "
    "LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR "
    "PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP "
    "TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
_CURRENCIES = _CODES.split()
_SCHEMES = ("sqlite", "postgresql", "postgresql+psycopg")


def _near(word: str, known: list[str]) -> str:
    near = get_close_matches(word[:60], known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _currency(code: str) -> str:
    if code not in _CURRENCIES:
        hint = _near(code.upper(), _CURRENCIES)
        raise ValueError(f"{code[:60]!r} is not an ISO 4217 currency code such as EUR{hint}")
    return code


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        hint = _near(name, sorted(available_timezones()))
        raise ValueError(f"{name[:60]!r} is not a time zone such as Europe/Berlin{hint}") from None
    return name


Zone = Annotated[str, AfterValidator(_timezone), Expect("a time zone such as Europe/Berlin")]


def _database(url: str) -> str:
    scheme, separator, _ = url.partition("://")
    if separator and scheme not in _SCHEMES:
        raise ValueError(
            f"no store can be opened by {scheme[:60]!r}{_near(scheme, list(_SCHEMES))}; give sqlite:///path, "
            "postgresql://host/name, or the path of a SQLite file"
        )
    return url


Currency = Annotated[str, AfterValidator(_currency), Expect("an ISO 4217 currency code such as EUR")]


class Company(Section):
    """The company whose deals these are."""

    name: Annotated[str, Field(max_length=200)] = Field(
        default="", description="The name that stands on quotes and contracts."
    )
    currency: Currency = Field(
        default="USD", description="The currency of totals, and of amounts that come without one."
    )
    timezone: Zone = Field(
        default="UTC", description="The time zone in which days begin and end, for dates without a time."
    )
    fiscal_year_start: Annotated[int, Field(ge=1, le=12), Expect("a month, 1 to 12")] = Field(
        default=1,
        description="The month in which quarters and years begin to be counted. Unless it is 1, they are called by the "
        "calendar year in which the fiscal year ends: `FY2027-Q2`, `FY2027`.",
    )


class Store(Section):
    """Where the data lie."""

    database: Annotated[Text, AfterValidator(_database), Expect("a database URL or the path of a file")] | None = Field(
        default=None,
        repr=False,  # a URL may carry a password
        description="The store: `postgresql://…`, `sqlite:///…` or the path of a SQLite file. Without it, "
        "`sales_operations.db` in the current folder serves, or the demonstration store as long as there is none.",
    )


class Results(Section):
    """Where results go."""

    folder: Text = Field(
        default="sales_operations/results",
        description="Where `run` writes its result files; relative to the current folder.",
    )

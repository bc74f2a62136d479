"""Made-up exports to measure with: opportunities of 30 columns, and the users and accounts that they name."""

from __future__ import annotations

import csv
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

SEED = 7
REJECTED = 0.01
"""The share of rows that no import can use, in four ways."""
_STAGES = ("Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost")
_CHANCES = ("10", "20", "75", "90", "100", "0")
_SOURCES = ("Web", "Partner", "Event", "Referral", "Cold Call")
_KNOWN = ("Id", "Name", "AccountId", "StageName", "Amount", "CurrencyIsoCode", "Probability", "CloseDate", "OwnerId",
          "LeadSource", "CreatedDate", "LastModifiedDate")  # fmt: skip
_OTHERS = tuple(f"Attribute_{number:02}__c" for number in range(1, 19))
COLUMNS = len(_KNOWN) + len(_OTHERS)
_FIRST_DAY = date(2023, 1, 1)
_DAYS = 1400


def write_people(folder: Path, rows: int) -> dict[str, Path]:
    """Kind to a file of users, and of accounts: what ``rows`` opportunities refer to."""
    users, accounts = folder / "users.csv", folder / "accounts.csv"
    user_ids, account_ids = _people(rows)
    with users.open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [
                ("Id", "Name", "Email", "IsActive"),
                *((one, f"Rep {one}", f"{one}@example.com", "true") for one in user_ids),
            ]
        )
    with accounts.open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [("Id", "Name", "BillingCountry"), *((one, f"Account {one}", "US") for one in account_ids)]
        )
    return {"users": users, "accounts": accounts}


def write_opportunities(file: Path, rows: int) -> None:
    """A file of ``rows`` opportunities, about one in a hundred of them unusable; the same on every call."""
    chance = random.Random(SEED)
    days = [(_FIRST_DAY + timedelta(days=day)).isoformat() for day in range(_DAYS)]
    users, accounts = _people(rows)
    words = [f"value {number}" for number in range(1000)]
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow((*_KNOWN, *_OTHERS))
        for number in range(rows):
            stage = chance.randrange(6)
            begins = chance.randrange(_DAYS - 90)
            row = [
                f"deal-{number:08}",
                f"Deal number {number}",
                chance.choice(accounts),
                _STAGES[stage],
                f"{chance.randrange(1_000, 90_000)}.{chance.randrange(100):02}",
                "USD",
                _CHANCES[stage],
                days[begins + chance.randrange(90)],
                chance.choice(users),
                chance.choice(_SOURCES),
                f"{days[begins]}T{chance.randrange(24):02}:{chance.randrange(60):02}:00.000Z",
                f"{days[begins + chance.randrange(90)]}T12:30:00.000Z",
                *chance.choices(words, k=len(_OTHERS)),
            ]
            if chance.random() < REJECTED:
                place, bad = chance.choice(((0, ""), (3, "Never heard of"), (4, "a lot"), (7, "soon")))
                row[place] = bad
            writer.writerow(row)


def _people(rows: int) -> tuple[list[str], list[str]]:
    users = [f"user-{number:04}" for number in range(200)]
    return users, [f"account-{number:06}" for number in range(max(rows // 20, 1))]


def moment() -> datetime:
    """The clock's reading in all measurements: after everything in the files."""
    return datetime(2026, 11, 24, 12, tzinfo=UTC)

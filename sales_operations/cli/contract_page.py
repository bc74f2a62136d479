"""A contract on the terminal, and the files that its commands read and write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sales_operations.cli.common import block, display, print_json, table
from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.money import written

if TYPE_CHECKING:
    from rich.console import RenderableType


def show_contract(contract: dict[str, Any], as_json: bool, *, text: bool = False) -> None:
    """Print a contract, as people read it or as JSON."""
    if as_json:
        print_json(contract)
    else:
        display(*page(contract, text=text))


def read_file(file: Path) -> bytes:
    """What a file holds. Raises InvalidInput."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from None


def write_file(file: Path, content: bytes) -> None:
    """Write a file. Raises InvalidInput."""
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}; name another file") from None


def page(contract: dict[str, Any], *, text: bool) -> list[RenderableType]:
    """Its facts; with ``text``, its wording, versions, signatures and obligations as well."""
    facts = [
        ("Opportunity", contract["opportunity_id"]),
        ("Account", contract["account_name"] or "unknown"),
        ("Amount", written(contract["amount"], contract["currency"])),
        ("Status", contract["status"].replace("_", " ")),
        ("Version", str(contract["version"])),
        ("Term", _term(contract)),
    ]
    for label, key in (("Quote", "quote_id"), ("Amends", "amends_id"), ("Renews", "renews_id"), ("Reason", "reason"),
                       ("Renewed by", "renewal_opportunity_id"), ("Waits for", "waiting_for")):  # fmt: skip
        if contract.get(key):
            facts.append((label, contract[key]))
    parts: list[RenderableType] = [block(f"Contract {contract['contract_id']}", facts)]
    if text:
        parts += [_text(contract["terms"]), *_tables(contract)]
    return parts


def _term(contract: dict[str, Any]) -> str:
    if contract["starts_on"]:
        return f"{contract['starts_on']} to {contract['ends_on']}"
    return f"{contract['term_months']} months from signature" if contract["term_months"] else "not stated"


def _text(terms: str) -> RenderableType:
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(terms), (0, 0, 1, 2))


def _tables(contract: dict[str, Any]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if len(contract["versions"]) > 1:
        rows = [
            [str(one["number"]), (one.get("until") or "now")[:10], one["note"] or ""] for one in contract["versions"]
        ]
        parts.append(table("Versions", [("", "right"), ("Until", "left"), ("Replaced because", "left")], rows))
    if contract["signatures"]:
        rows = [
            [str(one["position"]), one["name"], (one["signed_at"] or "")[:16].replace("T", " ") or one["status"]]
            for one in contract["signatures"]
        ]
        parts.append(table("Signatures", [("", "right"), ("Name", "left"), ("When (UTC)", "left")], rows))
    if contract["obligations"]:
        rows = [
            [one["due_on"], one["title"], one["party"], "met" if one["done_at"] else "open", one["obligation_id"]]
            for one in contract["obligations"]
        ]
        columns = [("Due", "left"), ("Obligation", "left"), ("Of", "left"), ("State", "left"), ("Id", "left")]
        parts.append(table("Obligations", columns, rows))
    return parts

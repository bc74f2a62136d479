"""A contract as a PDF: its text, what is sold, changes, and where names and boxes stand."""

from __future__ import annotations

import json
from typing import Any

import pypdfium2
import pytest

from sales_operations.process.contract_life import life, reading
from tests.process.contract_parts import agreed, shown, signed_by_all
from tests.process.test_transition import OPEN
from tests.render.test_documents import outside, pages


def sold(small: Any, names: list[str], account: str = "Example Ltd", net: int = 90_00) -> str:
    """A draft from an accepted quote of a line for each name, priced as the first release did."""
    lines = [{"product": name, "quantity": "3", "list_minor": net + 9_99, "total_minor": net} for name in names]
    small.add("opportunities", OPEN | {"account_text": account})
    small.add(
        "quotes",
        {"id": "quote_1", "opportunity_id": "opp_1", "status": "accepted", "items": json.dumps(lines), "currency": "USD",
         "amount_minor": 0, "discount_minor": 0, "total_minor": net * len(names), "valid_until": "2026-12-24", "created_at": 0},
    )  # fmt: skip
    return str(life.draft(small.workspace, "opp_1")["contract_id"])


def pdf_of(small: Any, contract: str, config: Any = None) -> bytes:
    workspace = small.stores.open(config)
    with workspace.reading() as connection:
        return reading.document(connection, workspace.settings, contract)


def test_a_contract_of_one_line_says_what_is_sold_for_how_much(small: Any) -> None:
    contract = sold(small, ["Loom"])
    (text,) = pages(pdf_of(small, contract, {"company": {"name": "Seller Ltd"}}))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for line in ("2. Price: 90.00 USD, net of taxes.", "Loom 3 99.99 90.00", "Total (USD) 90.00"):
        assert line in lines
    for told in (contract, "Seller Ltd", "Example Ltd", "DRAFT"):
        assert told in text


def test_a_contract_of_sixty_lines_lists_each_once_and_adds_up(small: Any) -> None:
    contract = sold(small, [f"Product {number:02}" for number in range(60)])
    found = pages(pdf_of(small, contract))
    together = "\n".join(found)
    assert [together.count(f"Product {number:02}") for number in range(60)] == [1] * 60
    assert [page.count("Total (USD)") for page in found] == [0] * (len(found) - 1) + [1]
    assert "Total (USD) 5,400.00" in " ".join(together.split())
    assert "Product 59" in found[-1], "the total never stands alone on a page"


def test_long_names_and_great_amounts_stay_within_the_page(small: Any) -> None:
    names = ["A long product name that keeps going " * 12, "W" * 300]
    contract = sold(small, names, account="Donaudampfschifffahrtsgesellschaft" * 8, net=1_999_999_999_999_99)
    signed_by_all(small.workspace, contract, "Ada Augusta King, Countess of Lovelace, " * 4)
    made = pdf_of(small, contract)
    assert outside(made) == []
    text = "".join("".join(pages(made)).split())
    assert text.count("W") == 300
    assert "3,999,999,999,999.98" in text
    assert text.count("CountessofLovelace") == 4


def test_the_lines_of_a_quote_are_left_out_where_they_do_not_add_up_to_the_contract(small: Any) -> None:
    contract = sold(small, ["Loom"])
    small.stores.execute("UPDATE contracts SET amount_minor = 1")
    assert "Products and services" not in "".join(pages(pdf_of(small, contract)))


def test_what_changed_is_struck_out_and_underlined(small: Any) -> None:
    contract = sold(small, ["Loom"])
    text = shown(small, contract)["terms"]
    life.revise(small.workspace, contract, text.replace("60 days", "45 days"))
    with small.workspace.reading() as connection:
        made = reading.redlined(connection, small.workspace.settings, contract, 1, 2)
    (page,) = pages(made)
    assert "6045 days' notice" in page
    assert "CHANGES" in page
    red, green = (0xA4, 0x26, 0x2C), (0x0B, 0x6A, 0x3B)
    assert {red, green} <= colours(made)
    assert not {red, green} & colours(pdf_of(small, contract))


def colours(document: bytes) -> set[tuple[int, ...]]:
    """The colours in which text and lines are drawn on the first page."""
    from ctypes import c_uint

    raw = pypdfium2.raw
    opened = pypdfium2.PdfDocument(document)
    found = set()
    for thing in opened[0].get_objects(max_depth=15):
        red, green, blue, alpha = c_uint(), c_uint(), c_uint(), c_uint()
        for read in (raw.FPDFPageObj_GetFillColor, raw.FPDFPageObj_GetStrokeColor):
            if read(thing.raw, red, green, blue, alpha):
                found.add((red.value, green.value, blue.value))
    opened.close()
    return found


def test_what_was_sent_stays_as_it_was_sent_whatever_the_template_says_later(small: Any) -> None:
    contract = sold(small, ["Loom"])
    agreed(small.workspace, contract)
    sent = pdf_of(small, contract)
    folder = small.stores.folder / "templates"
    folder.mkdir()
    (folder / "contract.typ").write_text("Another document", "utf-8")
    config = {"documents": {"templates": str(folder)}}
    assert pdf_of(small, contract, config) == sent
    assert "DRAFT" not in pages(sent)[0]
    assert "Signatures" in pages(sent)[-1]
    life.revise(small.workspace, contract, "Another text")
    assert "Another document" in pages(pdf_of(small, contract, config))[0]


@pytest.mark.parametrize(("paper", "width"), [("a4", 595), ("us-letter", 612)])
def test_the_size_of_the_page_is_configured(small: Any, paper: str, width: int) -> None:
    contract = sold(small, ["Loom"])
    opened = pypdfium2.PdfDocument(pdf_of(small, contract, {"documents": {"paper": paper}}))
    assert round(opened[0].get_width()) == width
    opened.close()

"""Documents as PDF: what stands on them, page by page, read back from the file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.render.documents import names, pdf

QUOTE: dict[str, Any] = {
    "title": "Quote",
    "number": "quote_2f0c9e6d1b2a4f5c8d7e6f5a4b3c2d1e",
    "date": "2026-11-25",
    "valid_until": "2026-12-25",
    "seller": {"name": "Seller Ltd", "lines": ["1 Mill Road", "Leeds"]},
    "buyer": {"name": "Example Ltd"},
    "currency": "USD",
    "subtotal": "99.99",
    "discount": "9.99",
    "net": "90.00",
    "taxes": [{"label": "VAT 19 %", "amount": "17.10"}],
    "total": "107.10",
    "terms": ["Payment within 30 days of the invoice date."],
}


def line(name: str, **columns: str) -> dict[str, str]:
    given = {"quantity": "3", "unit_price": "33.33", "list": "99.99", "discount": "9.99", "net": "90.00"}
    return {"name": name} | given | columns


def pages(document: bytes) -> list[str]:
    """The text of each page, blanks that only allow a break left out."""
    opened = pypdfium2.PdfDocument(document)
    try:
        return [page.get_textpage().get_text_bounded().replace("\u200b", "") for page in opened]
    finally:
        opened.close()


def outside(document: bytes) -> list[tuple[str, float, float]]:
    """Letters that reach over the page's margins of 20 mm at the sides, with where they stand."""
    found = []
    opened = pypdfium2.PdfDocument(document)
    for page in opened:
        text = page.get_textpage()
        width, margin = page.get_width(), 20 / 25.4 * 72
        for place in range(text.count_chars()):
            letter = text.get_text_range(place, 1)
            left, _, right, _ = text.get_charbox(place)
            if letter.strip() and (left < margin - 1 or right > width - margin + 1):
                found.append((letter, left, right))
    opened.close()
    return found


def test_a_quote_of_one_line_stands_on_one_page_with_its_totals() -> None:
    (text,) = pages(pdf("quote", {**QUOTE, "lines": [line("Loom")]}))
    for shown in (
        QUOTE["number"],
        "Seller Ltd",
        "1 Mill Road",
        "Example Ltd",
        "2026-12-25",
        "Loom",
        "33.33",
        "Page 1 of 1",
    ):
        assert shown in text
    lines = [" ".join(part.split()) for part in text.splitlines()]
    for total in ("List price 99.99", "Discount 9.99", "Net 90.00", "VAT 19 % 17.10", "Total (USD) 107.10"):
        assert total in lines
    assert QUOTE["terms"][0] in lines


def test_a_quote_of_sixty_lines_repeats_its_heading_on_each_page_and_totals_once() -> None:
    found = pages(pdf("quote", {**QUOTE, "lines": [line(f"Product {number}", code="X") for number in range(1, 61)]}))
    assert len(found) == 3
    together = "\n".join(found)
    for number in range(1, 61):
        assert len(re.findall(rf"Product {number}\b", together)) == 1
    assert all("Unit price" in page and "Discount" in page for page in found)
    assert [page.count("Total (USD)") for page in found] == [0, 0, 1]
    assert all(f"Page {at} of 3" in page for at, page in enumerate(found, 1))
    assert all(QUOTE["number"] in page for page in found)


def test_long_names_and_great_amounts_stay_within_the_page() -> None:
    great = "49,999,999,999,999.99"
    long = {**QUOTE, "total": great, "buyer": {"name": "Donaudampfschifffahrtsgesellschaft" * 6}}
    long["lines"] = [
        line("An extraordinarily long product name that keeps going " * 8),
        line("W" * 400),
        line("Loom", list=great, net=great, unit_price=great, quantity="1,000,000.125", tax="19 %"),
    ]
    made = pdf("quote", long)
    assert outside(made) == []
    text = "".join("".join(pages(made)).split())
    assert text.count("W") == 400
    assert "Donaudampfschifffahrtsgesellschaft" * 6 in text
    assert text.count(great) == 4


def test_other_scripts_stay_within_the_page() -> None:
    names_ = ["منتج باللغة العربية " * 9, "מוצר בעברית " * 9, "日本語の製品名" * 20]
    assert outside(pdf("quote", {**QUOTE, "lines": [line(name) for name in names_]})) == []


def test_values_are_never_read_as_markup() -> None:
    wild = '#panic("x") $x$ *bold* <label> @here \\ `raw` // comment'
    (text,) = pages(pdf("quote", {**QUOTE, "lines": [line(wild)], "buyer": {"name": wild}}))
    assert " ".join(text.split()).count(wild) == 2


def test_what_is_not_final_says_so_across_the_page() -> None:
    assert "DRAFT" in pages(pdf("quote", {**QUOTE, "lines": [], "watermark": "draft"}))[0]
    assert "DRAFT" not in pages(pdf("quote", {**QUOTE, "lines": []}))[0]


def test_the_same_data_give_the_same_bytes() -> None:
    data = {**QUOTE, "lines": [line("Loom")]}
    assert pdf("quote", data) == pdf("quote", data)


def test_a_template_in_the_users_folder_takes_the_packages_place(tmp_path: Path) -> None:
    (tmp_path / "quote.typ").write_text("#let data = json(bytes(sys.inputs.data))\nOurs: #data.number", "utf-8")
    assert "Ours: quote_" in pages(pdf("quote", QUOTE, tmp_path))[0]
    assert "quote" in names(".typ", tmp_path)


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("One\n#json(bytes(sys.inputs.data)).nothing", r"quote\.typ:2: .*nothing"),
        ('One\nTwo\n#read("/etc/passwd")', r"quote\.typ:3: file not found"),
        ('#read("../outside.txt")', r"quote\.typ:1: "),
        ('#import "@preview/cetz:0.3.0"', r"quote\.typ: packages are not fetched"),
        ("#while 1 > 0 { }", r"quote\.typ:1: "),
    ],
)
def test_a_template_that_fails_is_an_error_with_file_and_line(tmp_path: Path, template: str, what: str) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (tmp_path / "outside.txt").write_text("secret", "utf-8")
    (folder / "quote.typ").write_text(template, "utf-8")
    with pytest.raises(InvalidInput, match=what):
        pdf("quote", QUOTE, folder)


def test_a_template_that_is_not_there_is_an_error_that_names_what_is(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no template 'offer'.*offer\.typ.*quote"):
        pdf("offer", {}, tmp_path)
    for name in ("../quote", "Quote", "", "/etc/passwd"):
        with pytest.raises(InvalidInput, match="small letters"):
            pdf(name, {})


def test_data_that_are_no_json_are_an_error() -> None:
    with pytest.raises(InvalidInput, match="cannot be written as JSON"):
        pdf("quote", {"title": object()})

"""Signatures on PDF documents, as pyHanko's validator sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pypdfium2
import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.render.documents import pdf
from sales_operations.render.signatures import MOST, boxes, check, signed, trial_certificate, with_fields

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAMES = ["Ada Byron", "Grace Hopper"]


def contract(**more: Any) -> dict[str, Any]:
    return {
        "title": "Contract",
        "number": "contract_1",
        "date": "2026-11-24",
        "seller": {"name": "Seller Ltd"},
        "buyer": {"name": "Example Ltd"},
        "currency": "USD",
        "pieces": [{"kind": "same", "text": "Agreement.\n1. Price: 5,400.00 USD."}],
        "signatures": [{"name": name, **box} for name, box in zip(NAMES, boxes(len(NAMES)), strict=True)],
        **more,
    }


@pytest.fixture(scope="module")
def ada() -> tuple[bytes, bytes]:
    return trial_certificate("Ada", NOW, b"secret", 365)


@pytest.fixture(scope="module")
def grace() -> tuple[bytes, bytes]:
    return trial_certificate("Grace グレース", NOW, b"secret", 365)


@pytest.fixture(scope="module")
def document() -> bytes:
    return with_fields(pdf("contract", contract()), NAMES)


def test_two_signatures_in_order_are_valid_and_leave_the_bytes_before_them(
    document: bytes, ada: Any, grace: Any
) -> None:
    once = signed(document, 1, ada[0], b"secret", NOW)
    twice = signed(once, 2, grace[0], b"secret", NOW)
    assert once.startswith(document)
    assert twice.startswith(once)
    found = check(twice, [(ada[1], NOW), (grace[1], NOW)])
    assert [(one.field, one.problems) for one in found] == [("signature_1", ()), ("signature_2", ())]
    assert "Common Name: Ada" in found[0].signer
    assert len({one.certificate for one in found}) == 2
    assert check(document, [(ada[1], NOW)]) == []


def test_a_signature_by_another_certificate_is_found_out(document: bytes, ada: Any, grace: Any) -> None:
    (found,) = check(signed(document, 1, grace[0], b"secret", NOW), [(ada[1], NOW)])
    assert "is not the one that is expected" in found.problems[0]


def test_a_certificate_that_is_no_longer_in_force_is_found_out(document: bytes, ada: Any) -> None:
    once = signed(document, 1, ada[0], b"secret", NOW)
    assert check(once, [(ada[1], NOW + timedelta(days=300))])[0].problems == ()
    assert check(once, [(ada[1], NOW + timedelta(days=400))])[0].problems == (
        "its certificate was not in force on 2027-12-29",
    )


def test_a_signature_that_nobody_was_asked_for_or_in_another_field_is_found_out(document: bytes, ada: Any) -> None:
    assert check(signed(document, 1, ada[0], b"secret", NOW), [])[0].problems == ("nobody was asked for it",)
    assert (
        "stands in the field 'signature_2'"
        in check(signed(document, 2, ada[0], b"secret", NOW), [(ada[1], NOW)])[0].problems[0]
    )


def test_any_change_of_a_signed_document_is_found_out(document: bytes, ada: Any) -> None:
    once = signed(document, 1, ada[0], b"secret", NOW)
    for place in range(10, len(document), len(document) // 25):
        changed = bytearray(once)
        changed[place] ^= 1
        try:
            found = check(bytes(changed), [(ada[1], NOW)])
        except InvalidInput:
            continue  # it cannot even be read
        assert not found or found[0].problems, place


def test_something_added_after_the_signature_is_found_out(document: bytes, ada: Any) -> None:
    once = signed(document, 1, ada[0], b"secret", NOW)
    other = _with_a_note(once)
    (found,) = check(other, [(ada[1], NOW)])
    assert found.problems == ("something other than a signature was added to the document",)


def _with_a_note(document: bytes) -> bytes:
    from io import BytesIO

    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(document))
    writer.root["/PieceInfo"] = generic.pdf_string("another price")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
def test_every_field_lies_in_the_box_that_the_template_drew_beside_the_name(paper: str) -> None:
    names = [f"Person {number}" for number in range(MOST)]
    places = [{"name": name, **box} for name, box in zip(names, boxes(MOST), strict=True)]
    made = with_fields(pdf("contract", contract(signatures=places, paper=paper)), names)
    opened = pypdfium2.PdfDocument(made)
    page = opened[len(opened) - 1]
    drawn = [shape.get_bounds() for shape in page.get_objects() if shape.type == 2]
    text = page.get_textpage()
    tops = [text.get_charbox(text.get_text_bounded().index(name))[3] for name in names]
    for box, top in zip(boxes(MOST), tops, strict=True):
        left = box["x"] * 72 / 25.4
        upper = page.get_height() - box["y"] * 72 / 25.4
        assert abs(top - upper) < 12
        assert any(abs(found[0] - left) < 2 and abs(found[3] - upper) < 2 for found in drawn)
        assert upper - box["height"] * 72 / 25.4 > 20 / 25.4 * 72
    opened.close()


def test_what_cannot_be_signed_is_an_error(document: bytes, ada: Any) -> None:
    once = signed(document, 1, ada[0], b"secret", NOW)
    for call, what in (
        (lambda: signed(once, 1, ada[0], b"secret", NOW), "filled already"),
        (lambda: signed(document, 3, ada[0], b"secret", NOW), "No empty signature field"),
        (lambda: signed(document, 1, ada[0], b"wrong", NOW), "key file cannot be opened"),
        (lambda: signed(document, 1, b"no key", None, NOW), "key file cannot be opened"),
        (lambda: signed(b"no PDF", 1, ada[0], b"secret", NOW), "cannot be signed"),
        (lambda: check(b"no PDF", []), "cannot be read"),
        (lambda: check(once, [(b"no certificate", NOW)]), "no certificate in PEM or DER form"),
        (lambda: boxes(MOST + 1), "1 to 6 signatures"),
        (lambda: trial_certificate("", NOW, b"x", 365), "cannot be made"),
    ):
        with pytest.raises(InvalidInput, match=what):
            call()

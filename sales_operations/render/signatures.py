"""Signatures on PDF documents, by pyHanko: fields to sign in, signing with a key file, and checking what was signed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from sales_operations.domain.errors import InvalidInput

MOST = 6
"""Signatures for which a page has room."""
_LEFT, _TOP, _STEP, _WIDTH, _HEIGHT = 105, 62, 32, 85, 22
"""Where signature boxes stand on the last page, in millimetres from its upper left corner."""
_POINTS = 72 / 25.4
_SILENT = logging.NullHandler()


@dataclass(frozen=True)
class Checked:
    """One signature of a document: its field, who signed by what certificate (SHA-256), and what is wrong with it."""

    field: str
    signer: str
    certificate: str
    signed_at: datetime | None
    problems: tuple[str, ...]


def field_name(position: int) -> str:
    """The name of the field for the signature at a position, counted from 1."""
    return f"signature_{position}"


def boxes(count: int) -> list[dict[str, int]]:
    """Where the boxes of so many signatures stand on the last page: x, y, width, height in millimetres from the upper left.

    Raises InvalidInput for more than ``MOST``.
    """
    if not 1 <= count <= MOST:
        raise InvalidInput(f"a contract has 1 to {MOST} signatures, not {count}")
    return [{"x": _LEFT, "y": _TOP + _STEP * place, "width": _WIDTH, "height": _HEIGHT} for place in range(count)]


def with_fields(document: bytes, names: Sequence[str]) -> bytes:
    """The document with an empty field for the signature of each person named, in their order, on its last page."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec, append_signature_field

    writer = IncrementalPdfFileWriter(BytesIO(document))
    page = writer.root["/Pages"]["/Kids"][-1]
    while "/Kids" in page:
        page = page["/Kids"][-1]
    height = float(page.get("/MediaBox", writer.root["/Pages"].get("/MediaBox"))[3])
    for position, (name, box) in enumerate(zip(names, boxes(len(names)), strict=True), 1):
        x, y, width, tall = (round(box[side] * _POINTS) for side in ("x", "y", "width", "height"))
        corners = (x, round(height) - y - tall, x + width, round(height) - y)
        field = SigFieldSpec(field_name(position), on_page=-1, box=corners, readable_field_name=name)
        append_signature_field(writer, field)
    return _written(writer)


def signed(document: bytes, position: int, key: bytes, passphrase: bytes | None, now: datetime) -> bytes:
    """The document signed in the field of a position, with the key and certificate of a PKCS#12 file.

    The bytes of the document stay what they were; the signature is appended. Raises InvalidInput for a key file that
    cannot be opened, or a field that is not there or is signed already.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
    from pyhanko.sign.signers.pdf_cms import SimpleSigner
    from pyhanko.stamp import TextStampStyle

    try:
        signer = SimpleSigner.load_pkcs12_data(key, other_certs=(), passphrase=passphrase)
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"the key file cannot be opened as PKCS#12 with this passphrase: {error}") from None
    # The stamp is plain ASCII: the person's name, in any script, is printed beside it.
    style = TextStampStyle(stamp_text="Digitally signed\n%(when)s\nSHA-256 %(print)s", border_width=0)
    stamp = {"when": f"{now:%Y-%m-%d %H:%M:%S} UTC", "print": signer.signing_cert.sha256.hex()[:24]}
    meta = PdfSignatureMetadata(field_name=field_name(position), name=signer.subject_name)
    try:
        made = PdfSigner(meta, signer, stamp_style=style).sign_pdf(
            IncrementalPdfFileWriter(BytesIO(document)), existing_fields_only=True, appearance_text_params=stamp
        )
    except (PdfError, SigningError) as error:
        raise InvalidInput(f"the document cannot be signed: {error}") from None
    return bytes(made.getvalue())


def check(document: bytes, expected: Sequence[tuple[bytes, datetime]]) -> list[Checked]:
    """Every signature of a document, checked against what is expected, in the order of signing.

    Expected are a certificate (PEM) and the moment at which it had to be in force.

    A signature is good where pyHanko finds the bytes unchanged, the signature valid, nothing but further signatures added
    since, and its certificate to be the expected one or issued by it, in force at that moment. A document with more
    signatures than expected ones has problems; with fewer, the missing ones are not in the list. Raises InvalidInput for
    what is no PDF.
    """
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    roots = [(certificate_of(one), moment) for one, moment in expected]
    # What a check finds is its result; the library would print it as well where nobody listens to its log.
    for name in ("pyhanko", "pyhanko_certvalidator"):
        logging.getLogger(name).addHandler(_SILENT)
    try:
        found = PdfFileReader(BytesIO(document)).embedded_regular_signatures
        return [
            _checked(one, roots[place] if place < len(roots) else None, field_name(place + 1))
            for place, one in enumerate(found)
        ]
    except (PdfError, ValueError, LookupError, TypeError, AttributeError, NotImplementedError, RecursionError) as error:
        raise InvalidInput(f"the signed document cannot be read: {error}") from None  # whatever somebody made of it


def _checked(found: Any, expected: tuple[Any, datetime] | None, field: str) -> Checked:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko_certvalidator import ValidationContext

    certificate = found.signer_cert
    problems = []
    if found.field_name != field:
        problems.append(f"it stands in the field {found.field_name!r}, not in {field!r}")
    if expected is None:
        problems.append("nobody was asked for it")
    else:
        root, moment = expected
        try:
            context = ValidationContext(trust_roots=[root], moment=moment)
            status = validate_pdf_signature(found, context)
            if not status.intact or not status.valid:
                problems.append("the document was changed after it was signed")
            elif not status.trusted:
                problems.append(
                    f"its certificate, {certificate.subject.human_friendly}, is not the one that is expected"
                )
            elif not certificate.not_valid_before <= moment <= certificate.not_valid_after:
                # The validator asks this of issued certificates, not of one that is trusted by itself.
                problems.append(f"its certificate was not in force on {moment.date()}")
            elif not status.bottom_line:
                problems.append("something other than a signature was added to the document")
        except SignatureValidationError as error:
            problems.append(f"it cannot be validated: {error}")
    return Checked(
        found.field_name,
        certificate.subject.human_friendly,
        certificate.sha256.hex(),
        found.self_reported_timestamp,
        tuple(problems),
    )


def certificate_of(pem: bytes) -> Any:
    """The certificate of a PEM or DER text. Raises InvalidInput."""
    from asn1crypto import pem as armour  # type: ignore[import-untyped] # it ships no types
    from asn1crypto import x509

    try:
        return x509.Certificate.load(armour.unarmor(pem)[2] if armour.detect(pem) else pem, strict=True)
    except ValueError as error:
        raise InvalidInput(f"this is no certificate in PEM or DER form: {error}") from None


def as_pem(certificate: bytes) -> str:
    """A certificate as PEM text. Raises InvalidInput for what is none."""
    from asn1crypto import pem as armour

    return str(armour.armor("CERTIFICATE", certificate_of(certificate).dump()).decode("ascii"))


def trial_certificate(name: str, now: datetime, passphrase: bytes, days: int) -> tuple[bytes, bytes]:
    """A key with a certificate of its own, as PKCS#12, and the certificate alone, as PEM. For tests and trials only."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import pkcs12
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    try:
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, name),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test certificate, not for business"),
            ]
        )
    except ValueError as error:
        raise InvalidInput(f"a certificate cannot be made for {name!r}: {error}") from None
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    protected = serialization.BestAvailableEncryption(passphrase)
    bundle = pkcs12.serialize_key_and_certificates(name.encode(), key, certificate, None, protected)
    return bundle, certificate.public_bytes(serialization.Encoding.PEM)


def _written(writer: Any) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()

"""Services that get a signature onto a contract. What they hand back is believed only after it was checked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sales_operations.domain.errors import InvalidInput
from sales_operations.render.signatures import signed


@dataclass(frozen=True)
class Request:
    """A signature that is wanted: contract, version of its text, position (from 1), who, and the document to be signed."""

    contract_id: str
    version: int
    position: int
    name: str
    document: bytes

    @property
    def reference(self) -> str:
        """What the request is called outside; the same for the same signature on the same text."""
        return f"{self.contract_id}-v{self.version}-{self.position}"


@dataclass(frozen=True)
class Signed:
    """The document with the signature added to it."""

    document: bytes


@dataclass(frozen=True)
class Declined:
    """The person does not sign, and why."""

    reason: str


class SigningService(Protocol):
    """Whoever gets signatures: this program with a key file, or a service outside."""

    def ask(self, request: Request) -> Signed | Declined | None:
        """Hand a request over, once, and give its answer as soon as there is one; None while it is waited for.

        Asking again is harmless. Raises InvalidInput where the service cannot be used.
        """


class KeyFile:
    """Signs at once, with the key and certificate of a PKCS#12 file."""

    def __init__(self, key: bytes, passphrase: bytes | None, now: datetime) -> None:
        self._key, self._passphrase, self._now = key, passphrase, now

    def ask(self, request: Request) -> Signed | Declined | None:
        """The document, signed. Raises InvalidInput for a key file that cannot be opened."""
        return Signed(signed(request.document, request.position, self._key, self._passphrase, self._now))


class Exchange:
    """A service outside that shares a folder with this program.

    A request lies there as ``REFERENCE.pdf`` until the service puts ``REFERENCE.signed.pdf`` beside it, or
    ``REFERENCE.declined.txt`` with a reason. The field to sign in is named ``signature_POSITION``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(self, request: Request) -> Signed | Declined | None:
        """The answer that lies in the folder. Raises InvalidInput for a folder that cannot be used."""
        place = self._folder / request.reference
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            declined = place.with_name(f"{place.name}.declined.txt")
            if declined.is_file():
                return Declined(declined.read_text("utf-8", "replace").strip() or "no reason was given")
            answer = place.with_name(f"{place.name}.signed.pdf")
            if answer.is_file():
                return Signed(answer.read_bytes())
            wanted = place.with_name(f"{place.name}.pdf")
            if not wanted.is_file():
                unfinished = place.with_name(f".{place.name}.{os.getpid()}")
                unfinished.write_bytes(request.document)
                unfinished.replace(wanted)  # the service never meets half a file
        except OSError as error:
            raise InvalidInput(
                f"the folder {self._folder} (sales_operations.contracting.signing.exchange) cannot be used: {error.strerror}"
            ) from None
        return None

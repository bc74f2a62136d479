"""From the agreed text to the signed document: sent, signed in order, and checked again at any time."""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from sales_operations.domain.clock import from_micros, iso
from sales_operations.domain.errors import Conflict, InvalidInput
from sales_operations.domain.opportunity import new_id
from sales_operations.process.contract_life.closing import close_deal
from sales_operations.process.contract_life.life import decline_in
from sales_operations.process.contract_life.signing import Declined, Exchange, Request, SigningService
from sales_operations.process.contracting import contracts
from sales_operations.process.contracting.papers import paper
from sales_operations.process.contracting.records import documents, get, parts, read, signatures, step, tell_owner
from sales_operations.process.contracting.terms import state_after
from sales_operations.render.signatures import as_pem, check, with_fields
from sales_operations.store import tables
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

LARGEST = 50_000_000
"""Bytes of a signed document."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Signer:
    """Somebody who signs: the name that is printed, and their certificate (PEM or DER), or its issuer's."""

    name: str
    certificate: bytes


def send(workspace: Workspace, contract_id: str, signers: list[Signer]) -> dict[str, Any]:
    """Make the document of a contract that is agreed on, to be signed by these people in this order.

    Raises InvalidInput for a contract in another state, too few or too many signers, or a certificate that is none.
    """
    names = [one.name.strip() for one in signers]
    if not all(names):
        raise InvalidInput("a signer has no name; give the one that is printed beside the signature")
    held = [as_pem(one.certificate) for one in signers]
    with workspace.reading() as connection:
        seen = read(connection, contract_id)
        state_after(contract_id, seen["status"], "send")
        made = with_fields(paper(connection, workspace.settings, seen, signers=names, final=True), names)
    with workspace.unit("send contract") as unit:  # drawing takes time, in which others may write
        row = get(unit, contract_id)
        if row["seq"] != seen["seq"]:
            raise Conflict(f"contract {contract_id} changed while its document was made; look at it, and repeat")
        after = step(unit, row, "send", sent_at=unit.now)
        _keep(unit, row, made, 0)
        for position, (name, certificate) in enumerate(zip(names, held, strict=True), 1):
            slot = {"id": new_id("signature"), "contract_id": row["id"], "position": position, "name": name}
            slot |= {"certificate": certificate, "status": "pending", "created_at": unit.now}
            unit.create("contract_signatures", slot)
        tell_owner(unit, row, "sent", f"Contract {row['id']} was sent; {names[0]} signs first.")
    return contracts.shown(after) | {"waiting_for": names[0]}


def sign(workspace: Workspace, contract_id: str, service: SigningService) -> dict[str, Any]:
    """Get the next signature, in their order, from a service; the contract as it is then, whether there was an answer
    (``answered``), and whom it waits for (``waiting_for``).

    What comes back is kept only if it is the document that was sent, with one more signature, by the certificate that was
    named: otherwise InvalidInput is raised and nothing is written. With the last signature the contract is signed, and with
    ``auto_close`` on its deal is won. Raises NotFound, Conflict where the contract changed meanwhile.
    """
    with workspace.reading() as connection:
        row, asked, document = _waiting(connection, contract_id)
    slot = _next(asked)
    request = Request(row["id"], row["version"], slot["position"], slot["name"], document)
    answer = service.ask(request)
    if answer is None:
        return contracts.shown(row) | {"answered": False, "waiting_for": slot["name"]}
    signer = None if isinstance(answer, Declined) else _believed(workspace, request, asked, answer.document)
    with workspace.unit("sign contract") as unit:
        after = get(unit, contract_id)
        if _next(slots(unit.connection, row["id"]))["id"] != slot["id"] or after["version"] != row["version"]:
            raise Conflict(f"contract {contract_id} changed while {slot['name']} signed it; look at it, and repeat")
        following = None
        if isinstance(answer, Declined):
            after = decline_in(unit, workspace, after, answer.reason)
        else:
            _keep(unit, row, answer.document, slot["position"])
            done = {"status": "signed", "signed_by": signer, "signed_at": unit.now}
            unit.update("contract_signatures", slot, done)
            following = next((one["name"] for one in asked if one["position"] == slot["position"] + 1), None)
            after = _came_on(unit, workspace, after, slot["name"], following)
    return contracts.shown(after) | {"answered": True, "waiting_for": following}


def verify(workspace: Workspace, contract_id: str) -> dict[str, Any]:
    """Check the newest document of a contract and every signature on it: valid, problems, signatures.

    Each signature has position, name, signer (of the certificate), certificate (SHA-256), signed_at, problems.
    """
    with workspace.reading() as connection:
        row = read(connection, contract_id)
        asked, kept = slots(connection, contract_id), _documents(connection, row)
    if not kept:
        raise InvalidInput(f"contract {contract_id} was not sent yet; there is nothing to verify")
    problems = [
        f"the document with {one['signatures']} signatures was changed after it was stored"
        for one in kept
        if sha256(b64decode(one["content"])).hexdigest() != one["digest"]
    ]
    done = [slot for slot in asked if slot["status"] == "signed"]
    found = check(
        b64decode(kept[-1]["content"]),
        [(slot["certificate"].encode(), from_micros(slot["signed_at"])) for slot in done],
    )
    if len(found) != len(done):
        problems.append(f"the document has {len(found)} signatures, {len(done)} were recorded")
    told = [
        {
            "position": slot["position"],
            "name": slot["name"],
            "signer": one.signer,
            "certificate": one.certificate,
            "signed_at": iso(slot["signed_at"]),
            "problems": list(one.problems),
        }
        for slot, one in zip(done, found, strict=False)
    ]
    valid = not problems and all(not one["problems"] for one in told)
    return {"contract_id": row["id"], "valid": valid, "problems": problems, "signatures": told}


def document_of(connection: Connection, contract_id: str) -> bytes | None:
    """The newest document that was sent or signed, byte for byte; None before the contract is sent. Raises NotFound."""
    kept = _documents(connection, read(connection, contract_id))
    return b64decode(kept[-1]["content"]) if kept else None


def work(workspace: Workspace) -> int:
    """Fetch what an outside signing service did; gives the number of contracts that came on. For a schedule."""
    folder = workspace.settings.contracting.signing.exchange
    if folder is None:
        return 0
    contract = tables.RECORDS["contracts"].c
    with workspace.reading() as connection:
        waiting = connection.execute(select(contract.id).where(contract.status == "awaiting_signature")).scalars().all()
    return sum(_come_on(workspace, contract_id, Exchange(Path(folder))) for contract_id in waiting)


def _come_on(workspace: Workspace, contract_id: str, service: SigningService) -> bool:
    came = False
    try:
        while (result := sign(workspace, contract_id, service))["answered"]:
            came = True
            if result["status"] != "awaiting_signature":
                break
    except (InvalidInput, Conflict) as error:
        logger.warning("contract %s: %s", contract_id, error)
    return came


def _came_on(
    unit: Unit, workspace: Workspace, row: dict[str, Any], signer: str, following: str | None
) -> dict[str, Any]:
    """A contract after one more signature; signed where nobody follows."""
    if following is not None:
        tell_owner(unit, row, "signed", f"{signer} signed contract {row['id']}; {following} comes next.")
        return row
    after = step(unit, row, "sign", signed_at=unit.now, decided_at=unit.now)
    tell_owner(unit, row, "signed", f"Contract {row['id']} is signed by everybody.")
    close_deal(unit, workspace.settings, after)
    return after


def _believed(workspace: Workspace, request: Request, asked: list[dict[str, Any]], document: bytes) -> str:
    """The certificate (SHA-256) by which a document was signed, if it is the one of the request with that signature added.

    Raises InvalidInput for any other.
    """
    refused = f"contract {request.contract_id}: the signature of {request.name} is refused, nothing was written: "
    if len(document) > LARGEST:
        raise InvalidInput(f"{refused}the document is larger than {LARGEST:,} bytes")
    if not document.startswith(request.document):
        raise InvalidInput(f"{refused}this is not the document that was sent")
    expected = [
        (one["certificate"].encode(), workspace.clock() if one["signed_at"] is None else from_micros(one["signed_at"]))
        for one in asked[: request.position]
    ]
    found = check(document, expected)
    if len(found) != request.position:
        raise InvalidInput(f"{refused}the document has {len(found)} signatures, {request.position} are expected")
    for one in found:
        if one.problems:
            raise InvalidInput(f"{refused}{'; '.join(one.problems)}")
    return found[-1].certificate


def _keep(unit: Unit, row: dict[str, Any], document: bytes, count: int) -> None:
    kept = {"id": new_id("document"), "contract_id": row["id"], "version": row["version"], "signatures": count}
    digest, content = sha256(document).hexdigest(), b64encode(document).decode()
    unit.create("contract_documents", kept | {"digest": digest, "content": content, "created_at": unit.now})


def _waiting(connection: Connection, contract_id: str) -> tuple[dict[str, Any], list[dict[str, Any]], bytes]:
    row = read(connection, contract_id)
    if row["status"] != "awaiting_signature":
        state = row["status"].replace("_", " ")
        raise InvalidInput(f"contract {contract_id} is {state}; only one that awaits signature can be signed")
    return row, slots(connection, contract_id), b64decode(_documents(connection, row)[-1]["content"])


def slots(connection: Connection, contract_id: str) -> list[dict[str, Any]]:
    """The signatures that count, in their order."""
    found = [one for one in parts(connection, signatures, contract_id) if one["status"] != "void"]
    return sorted(found, key=lambda one: int(one["position"]))


def _next(asked: list[dict[str, Any]]) -> dict[str, Any]:
    pending = next((slot for slot in asked if slot["status"] == "pending"), None)
    if pending is None:
        raise Conflict("the contract changed meanwhile: it waits for no signature any more; look at it")
    return pending


def _documents(connection: Connection, row: dict[str, Any]) -> list[dict[str, Any]]:
    found = [one for one in parts(connection, documents, row["id"]) if one["version"] == row["version"]]
    return sorted(found, key=lambda one: int(one["signatures"]))

"""What tests of contracts share: a contract in each state, and people who sign."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from sales_operations.process.contract_life import life, reading
from sales_operations.process.contract_life.sending import Signer, send, sign
from sales_operations.process.contract_life.signing import KeyFile
from sales_operations.render.signatures import trial_certificate
from sales_operations.workspace import Workspace
from tests.process.test_transition import OPEN

APPROVAL: dict[str, Any] = {"contracting": {"approvers": ["role:Sales Manager"]}}
"""Contracts need the approval of a sales manager."""
PASSPHRASE = b"secret"


@cache
def identity_of(name: str) -> tuple[bytes, bytes]:
    """A person's key file and certificate."""
    return trial_certificate(name[:60], datetime(2026, 11, 24, 12, tzinfo=UTC), PASSPHRASE, 3650)


def contracted(company: Any, config: Any = None) -> str:
    """The id of a draft for the deal ``opp_1`` of Ada; Grace is a sales manager."""
    company.add("opportunities", OPEN | {"owner_id": "user_ada"})
    company.reps("Grace", role="Sales Manager")
    made = life.draft(company.stores.open(config), "opp_1")
    return str(made["contract_id"])


def agreed(workspace: Workspace, contract: str, *names: str) -> None:
    """Send a contract that needs no approval, or has it, to be signed by these people."""
    with workspace.reading() as connection:
        state = reading.show(connection, contract)["status"]
    if state == "draft" and not workspace.settings.contracting.approvers:
        life.submit(workspace, contract)
    send(workspace, contract, [Signer(name, identity_of(name)[1]) for name in names or ("Ada",)])


def key_of(name: str, workspace: Workspace) -> KeyFile:
    """A person's own signing."""
    return KeyFile(identity_of(name)[0], PASSPHRASE, workspace.clock())


def signed_by_all(workspace: Workspace, contract: str, *names: str) -> dict[str, Any]:
    """Send a contract and have all these people sign it."""
    agreed(workspace, contract, *names)
    result: dict[str, Any] = {}
    for name in names or ("Ada",):
        result = sign(workspace, contract, key_of(name, workspace))
    return result


def shown(company: Any, contract: str) -> dict[str, Any]:
    """A contract as people look at it."""
    with company.workspace.reading() as connection:
        return reading.show(connection, contract)

"""Commands that get a contract its signatures, and check them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sales_operations.cli.common import Config, Database, Json, display, guarded, notice, opened, print_json, table
from sales_operations.cli.contract_page import read_file, show_contract, write_file

Contract = Annotated[str, typer.Argument(metavar="CONTRACT", help="The contract's id.")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands into those on contracts."""
    for name, command in (("send", send), ("sign", sign), ("verify", verify), ("test-certificate", trial_certificate)):
        app.command(name)(command)


@guarded
def send(
    contract_id: Contract,
    signers: Annotated[
        list[str],
        typer.Option("--signer", metavar="NAME=FILE", help="Who signs, and their certificate; in order, one by one."),
    ],
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make the document that is signed, by these people in this order."""
    from sales_operations.domain.errors import InvalidInput
    from sales_operations.process.contract_life.sending import Signer
    from sales_operations.process.contract_life.sending import send as send_contract

    asked = []
    for one in signers:
        name, separator, file = one.rpartition("=")
        if not separator:
            raise InvalidInput(f"--signer {one!r}: write NAME=FILE, the file being the person's certificate")
        asked.append(Signer(name, read_file(Path(file))))
    show_contract(send_contract(opened(config, database), contract_id, asked), as_json)


@guarded
def sign(
    contract_id: Contract,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="The key file (PKCS#12) of whose turn it is.")
    ] = None,
    passphrase: Annotated[
        Path | None, typer.Option("--passphrase-file", metavar="FILE", help="A file with the key's passphrase.")
    ] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Sign with a key file, or ask the outside service of the configuration for its answer.

    The passphrase may also stand in the environment, in SALES_OPERATIONS_KEY_PASSPHRASE.
    """
    from sales_operations.domain.errors import InvalidInput
    from sales_operations.process.contract_life.sending import sign as sign_contract
    from sales_operations.process.contract_life.signing import Exchange, KeyFile, SigningService

    workspace = opened(config, database)
    exchange = workspace.settings.contracting.signing.exchange
    if key is not None:
        service: SigningService = KeyFile(read_file(key), _passphrase(passphrase), workspace.clock())
    elif exchange is not None:
        service = Exchange(Path(exchange))
    else:
        raise InvalidInput("give --key FILE, or name a folder under sales_operations.contracting.signing.exchange")
    show_contract(sign_contract(workspace, contract_id, service), as_json)


@guarded
def verify(contract_id: Contract, database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """Check the stored document and every signature on it, and say what is not valid."""
    from sales_operations.process.contract_life.sending import verify as verify_contract

    found = verify_contract(opened(config, database), contract_id)
    if as_json:
        print_json(found)
    else:
        columns = [("", "right"), ("Signed by", "left"), ("When (UTC)", "left"), ("Certificate", "left"), ("", "left")]
        rows = [
            [str(one["position"]), one["name"], one["signed_at"][:16].replace("T", " "), one["certificate"][:24],
             "; ".join(one["problems"]) or "valid"]
            for one in found["signatures"]
        ]  # fmt: skip
        display(table("The document is as it was stored" if not found["problems"] else "", columns, rows))
        for problem in found["problems"]:
            display(problem)
    if not found["valid"]:
        notice(f"The document of contract {contract_id} does not verify.")


@guarded
def trial_certificate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose certificate it is.")],
    folder: Annotated[Path, typer.Option("--folder", metavar="FOLDER", help="Where the files go.")] = Path(),
    passphrase: Annotated[
        Path | None, typer.Option("--passphrase-file", metavar="FILE", help="A file with the passphrase to use.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key file and a certificate for trying things out. It is nothing that anybody else trusts.

    The passphrase may also stand in the environment, in SALES_OPERATIONS_KEY_PASSPHRASE.
    """
    from sales_operations.domain.clock import utc_now
    from sales_operations.domain.errors import InvalidInput
    from sales_operations.render.signatures import trial_certificate as made

    secret = _passphrase(passphrase)
    if not secret:
        raise InvalidInput("give a passphrase: --passphrase-file FILE, or SALES_OPERATIONS_KEY_PASSPHRASE")
    key, certificate = made(name, utc_now(), secret, 365)
    plain = "".join(letter if letter.isalnum() else "-" for letter in name.casefold()).strip("-") or "test"
    files = (folder / f"{plain}.p12", folder / f"{plain}.pem")
    for file, content in zip(files, (key, certificate), strict=True):
        if file.exists():
            raise InvalidInput(f"{file} is there already; name another folder")
        write_file(file, content)
    files[0].chmod(0o600)
    if as_json:
        print_json({"name": name, "key": str(files[0]), "certificate": str(files[1])})
    else:
        display(f"Key {files[0]}, certificate {files[1]}; valid for a year, for tests only.")


def _passphrase(file: Path | None) -> bytes | None:
    import os

    if file is not None:
        return read_file(file).strip()
    given = os.environ.get("SALES_OPERATIONS_KEY_PASSPHRASE")
    return given.encode() if given else None

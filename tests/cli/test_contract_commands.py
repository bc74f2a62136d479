"""The commands on contracts, from the draft to the renewal, as a person gives them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

SECRET = "SALES_OPERATIONS_KEY_PASSPHRASE"


@pytest.fixture
def contract(shop: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A draft of the deal ``d2`` (5,000 USD, owned by Bo Reyes)."""
    monkeypatch.setenv(SECRET, "secret")
    return str(shop.json("contract", "draft", "d2")["contract_id"])


def certified(shop: Any, *names: str) -> None:
    for name in names:
        shop.json("contract", "test-certificate", name)


def signed(shop: Any, contract: str) -> None:
    certified(shop, "Ada")
    shop.json("contract", "submit", contract)
    shop.json("contract", "send", contract, "--signer", "Ada=ada.pem")
    shop.json("contract", "sign", contract, "--key", "ada.p12")


def configured(folder: Path, text: str) -> None:
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config" / "sales_operations_config.yaml").write_text(text, "utf-8")


def test_the_whole_way_of_a_contract(shop: Any, contract: str) -> None:
    certified(shop, "Ada Park", "Bo Reyes")
    assert shop.json("contract", "submit", contract)["status"] == "negotiating"
    sent = shop.json(
        "contract", "send", contract, "--signer", "Ada Park=ada-park.pem", "--signer", "Bo Reyes=bo-reyes.pem"
    )
    assert (sent["status"], sent["waiting_for"]) == ("awaiting_signature", "Ada Park")
    refused = shop.invoke("contract", "sign", contract, "--key", "bo-reyes.p12")
    assert refused.exit_code == 2
    assert "the signature of Ada Park is refused, nothing was written" in refused.stderr
    assert shop.json("contract", "sign", contract, "--key", "ada-park.p12")["waiting_for"] == "Bo Reyes"
    assert shop.json("contract", "sign", contract, "--key", "bo-reyes.p12")["status"] == "signed"
    found = shop.json("contract", "verify", contract)
    assert found["valid"]
    assert [one["name"] for one in found["signatures"]] == ["Ada Park", "Bo Reyes"]
    assert shop.json("contract", "activate", contract)["status"] == "active"
    assert shop.json("contract", "renew", contract, "--uplift", "10")["amount"] == 5_500.0
    shown = shop.json("contract", "show", contract)
    met = shop.json("contract", "fulfil", shown["obligations"][0]["obligation_id"])
    assert met["done_at"]
    soon = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    amended = shop.json("contract", "amend", contract, "--price", "365", "--subject", "more", "--starts-on", soon)
    assert (amended["amends_id"], amended["amount"]) == (contract, 335.0)
    assert shop.json("contract", "terminate", contract, "--reason", "moved")["status"] == "terminated"
    assert shop.run("audit", "verify").returncode == 0


def test_what_people_read_says_what_json_says(shop: Any, contract: str) -> None:
    listed = shop.invoke("contract", "list").stdout
    assert "1 contract" in listed
    assert "$5,000.00" in listed
    signed(shop, contract)
    shop.json("contract", "activate", contract)
    text = shop.invoke("contract", "show", contract).stdout
    for told in ("Birch Ltd", "$5,000.00", "active", "2. Price: 5,000.00 USD", "First payment", "Ada"):
        assert told in text
    verified = shop.invoke("contract", "verify", contract)
    assert "valid" in verified.stdout
    renewed = shop.invoke("contract", "renew", contract).stdout
    assert "renews it: $5,000.00 (same)" in renewed


def test_a_revision_and_its_redline(shop: Any, contract: str) -> None:
    text = shop.json("contract", "show", contract)["terms"]
    Path("new.txt").write_text(text.replace("60 days", "30 days"), "utf-8")
    revised = shop.json("contract", "revise", contract, "-f", "new.txt", "--note", "shorter", "--version", "1")
    assert revised["version"] == 2
    again = shop.invoke("contract", "revise", contract, "-f", "new.txt", "--version", "1")
    assert again.exit_code == 2
    assert "is at version 2, not 1" in again.stderr
    told = shop.invoke("contract", "redline", contract).stdout
    assert "Version 1 to version 2" in told
    assert "with [-60-]{+30+} days' notice" in told
    pieces = shop.json("contract", "redline", contract, "--from", "1", "--to", "2")["pieces"]
    assert "".join(one["text"] for one in pieces if one["kind"] != "added") == text
    assert "shorter" in shop.invoke("contract", "show", contract).stdout
    for name, options in (("a.pdf", ()), ("b.pdf", ("--redline",))):
        made = shop.json("contract", "pdf", contract, "-o", name, *options)
        assert Path(name).read_bytes().startswith(b"%PDF")
        assert made["bytes"] == Path(name).stat().st_size
    assert shop.json("contract", "revise", contract, "--notice-days", "14")["notice_days"] == 14


def test_approval_by_those_whom_the_configuration_names(shop: Any, contract: str) -> None:
    configured(shop.folder, "sales_operations:\n  contracting:\n    approvers: [Ada Park]\n")
    assert shop.json("contract", "submit", contract, "--as", "Bo Reyes")["status"] == "in_approval"
    refused = shop.invoke("contract", "approve", contract, "--as", "Bo Reyes")
    assert refused.exit_code == 2
    assert "Bo Reyes may not approve contracts" in refused.stderr
    assert (
        shop.json("contract", "approve", contract, "--as", "Ada Park", "--reject", "too long")["reason"] == "too long"
    )
    shop.json("contract", "submit", contract, "--as", "Bo Reyes")
    assert shop.json("contract", "approve", contract, "--as", "Ada Park")["status"] == "negotiating"
    inbox = shop.json("inbox", "--for", "Ada Park")
    assert [note["subject"] for note in inbox] == ["Contract to approve"] * 2


def test_an_outside_service_and_the_worker(shop: Any, contract: str) -> None:
    configured(shop.folder, "sales_operations:\n  contracting:\n    signing: {exchange: signing}\n")
    certified(shop, "Ada")
    shop.json("contract", "submit", contract)
    shop.json("contract", "send", contract, "--signer", "Ada=ada.pem")
    assert shop.json("contract", "sign", contract)["answered"] is False
    (waiting,) = Path("signing").glob("*.pdf")
    assert waiting.name == f"{contract}-v1-1.pdf"
    waiting.with_suffix(".declined.txt").write_text("Not this year", "utf-8")
    assert shop.json("contract", "sign", contract)["status"] == "declined"
    assert shop.json("contract", "show", contract)["reason"] == "Not this year"


def test_auto_close_follows_the_signature(shop: Any, contract: str) -> None:
    switch = "{process_automation: {stage_transitions: {negotiation_to_closed: {auto_close: true}}}}"
    configured(shop.folder, f"sales_operations: {switch}\n")
    signed(shop, contract)
    deal = shop.json("opportunity", "show", "d2")
    assert (deal["stage"], deal["status"]) == ("closed_won", "won")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("show", "contract_9"), "there is no contract 'contract_9'"),
        (("draft", "d9"), "there is no opportunity 'd9'"),
        (("draft", "d2", "--template", "ornate"), "contract template 'ornate': use amendment, standard"),
        (("draft", "d2", "--starts-on", "soon"), "'soon' is no date"),
        (("list", "--status", "new"), "status 'new': use one of draft"),
        (("sign", "CONTRACT"), "give --key FILE"),
        (("sign", "CONTRACT", "--key", "nowhere.p12"), "nowhere.p12 cannot be read"),
        (("send", "CONTRACT", "--signer", "Ada"), "write NAME=FILE"),
        (("send", "CONTRACT", "--signer", "Ada=nowhere.pem"), "nowhere.pem cannot be read"),
        (("revise", "CONTRACT", "-f", "nowhere.txt"), "nowhere.txt cannot be read"),
        (("verify", "CONTRACT"), "was not sent yet"),
        (("redline", "CONTRACT"), "has no version 0; it has 1"),
        (("pdf", "CONTRACT", "-o", "no/folder.pdf"), "cannot be written"),
        (("approve", "CONTRACT", "--as", "Nobody"), "there is no user 'Nobody'"),
        (("decline", "CONTRACT", "--reason", "x"), "is draft; only one that is in approval"),
        (("renew", "CONTRACT"), "is draft; only an active or expired contract is renewed"),
        (("amend", "CONTRACT", "--price", "much", "--subject", "x"), "amount 'much' is not a finite number"),
        (("fulfil", "obligation_9"), "there is no obligation 'obligation_9'"),
    ],
)
def test_bad_input_is_one_message_and_writes_nothing(shop: Any, contract: str, arguments: Any, what: str) -> None:
    before = shop.json("audit", "verify")["head"]
    done = shop.invoke("contract", *(contract if one == "CONTRACT" else one for one in arguments))
    assert done.exit_code == 2
    assert what in done.stderr
    assert done.stdout == ""
    assert shop.json("audit", "verify")["head"] == before


def test_a_certificate_for_tests_replaces_no_file_and_needs_a_passphrase(
    shop: Any, contract: str, monkeypatch: Any
) -> None:
    certified(shop, "Ada Park")
    assert Path("ada-park.p12").stat().st_mode & 0o777 == 0o600
    again = shop.invoke("contract", "test-certificate", "Ada Park")
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)
    monkeypatch.delenv(SECRET)
    without = shop.invoke("contract", "test-certificate", "Bo")
    assert (without.exit_code, "give a passphrase" in without.stderr) == (2, True)
    Path("secret.txt").write_text("word\n", "utf-8")
    shop.json("contract", "test-certificate", "Bo", "--passphrase-file", "secret.txt")
    shop.json("contract", "submit", contract)
    shop.json("contract", "send", contract, "--signer", "Bo=bo.pem")
    signed_by = shop.json("contract", "sign", contract, "--key", "bo.p12", "--passphrase-file", "secret.txt")
    assert signed_by["status"] == "signed"


def test_a_document_that_was_changed_does_not_verify(shop: Any, contract: str) -> None:
    import sqlite3

    signed(shop, contract)
    with sqlite3.connect(shop.folder / "sales_operations.db") as connection:
        connection.execute("UPDATE contract_documents SET digest = 'x' WHERE signatures = 0")
    connection.close()
    done = shop.invoke("contract", "verify", contract, "--json")
    assert done.exit_code == 0  # as of every reading command, whatever it finds
    assert json.loads(done.stdout)["valid"] is False
    assert "does not verify" in done.stderr

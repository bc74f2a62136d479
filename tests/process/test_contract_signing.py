"""Signing: in order, by the right certificate, through any service; what comes back wrong is refused with nothing written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sales_operations.domain.errors import Conflict, InvalidInput
from sales_operations.process.contract_life import life
from sales_operations.process.contract_life.reading import document
from sales_operations.process.contract_life.sending import LARGEST, Signer, send, sign, verify, work
from sales_operations.process.contract_life.signing import Declined, Exchange, Request, Signed, SigningService
from sales_operations.render.signatures import check, signed, with_fields
from sales_operations.store import audit
from tests.process.contract_parts import PASSPHRASE, agreed, contracted, identity_of, key_of, shown, signed_by_all
from tests.process.test_transition import OPEN

CLOSING = {"process_automation": {"stage_transitions": {"negotiation_to_closed": {"auto_close": True}}}}
OFF = {"process_automation": {"stage_transitions": {"negotiation_to_closed": {"auto_close": True, "enabled": False}}}}
STAYS = (("open", None), ("open", None))


class Answering:
    """A service that gives what it is told to."""

    def __init__(self, answer: Callable[[Request], Signed | Declined | None]) -> None:
        self.ask = answer


def bytes_of(company: Any, contract: str) -> bytes:
    with company.workspace.reading() as connection:
        return document(connection, company.workspace.settings, contract)


def test_people_sign_in_their_order_and_the_signatures_are_valid(company: Any) -> None:
    contract = contracted(company)
    agreed(company.workspace, contract, "Ada", "Grace")
    assert shown(company, contract)["status"] == "awaiting_signature"
    sent = bytes_of(company, contract)
    with pytest.raises(InvalidInput, match=r"signature of Ada is refused, nothing was written: its certificate.*Grace"):
        sign(company.workspace, contract, key_of("Grace", company.workspace))
    first = sign(company.workspace, contract, key_of("Ada", company.workspace))
    assert (first["status"], first["answered"], first["waiting_for"]) == ("awaiting_signature", True, "Grace")
    company.stores.clock.advance(days=3)
    last = sign(company.workspace, contract, key_of("Grace", company.workspace))
    assert (last["status"], last["waiting_for"]) == ("signed", None)
    final = bytes_of(company, contract)
    assert final.startswith(sent)
    moment = company.stores.clock()
    found = check(final, [(identity_of("Ada")[1], moment), (identity_of("Grace")[1], moment)])
    assert [one.problems for one in found] == [(), ()]
    result = verify(company.workspace, contract)
    assert (result["valid"], result["problems"]) == (True, [])
    assert [(one["position"], one["name"], one["problems"]) for one in result["signatures"]] == [
        (1, "Ada", []),
        (2, "Grace", []),
    ]
    assert result["signatures"][1]["signed_at"] == "2026-11-27T12:00:00+00:00"
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == []


def _other_text(request: Request) -> Signed:
    from sales_operations.render.documents import pdf

    other = {"title": "Contract", "number": "x", "date": "", "currency": "USD", "seller": {}, "buyer": {}, "pieces": []}
    return Signed(
        signed(with_fields(pdf("contract", other), ["Ada"]), 1, identity_of("Ada")[0], PASSPHRASE, _moment(request))
    )


def _moment(request: Request) -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 11, 24, 12, tzinfo=UTC)


def _by(name: str, position: int = 1) -> Callable[[Request], Signed]:
    def answer(request: Request) -> Signed:
        return Signed(signed(request.document, position, identity_of(name)[0], PASSPHRASE, _moment(request)))

    return answer


def _changed(request: Request) -> Signed:
    made = bytearray(_by("Ada")(request).document)
    made[-400] ^= 1
    return Signed(bytes(made))


def _both(request: Request) -> Signed:
    once = _by("Ada")(request).document
    return Signed(signed(once, 2, identity_of("Grace")[0], PASSPHRASE, _moment(request)))


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (_by("Mallory"), "is not the one that is expected"),
        (_by("Ada", 2), "stands in the field 'signature_2'"),
        (_other_text, "this is not the document that was sent"),
        (_changed, "changed after it was signed|cannot be read|cannot be validated"),
        (_both, "has 2 signatures, 1 are expected"),
        (lambda request: Signed(request.document), "has 0 signatures, 1 are expected"),
        (lambda _: Signed(b"%PDF-1.7 nothing"), "not the document that was sent"),
        (lambda request: Signed(request.document + b"x" * LARGEST), "larger than"),
    ],
)
def test_a_wrong_signature_is_refused_and_nothing_is_written(small: Any, answer: Any, what: str) -> None:
    contract = contracted(small)
    agreed(small.workspace, contract, "Ada", "Grace")
    before = small.stores.dump()
    with pytest.raises(InvalidInput, match=what):
        sign(small.workspace, contract, Answering(answer))
    assert small.stores.dump() == before


def test_a_certificate_that_has_run_out_is_refused(small: Any) -> None:
    contract = contracted(small)
    agreed(small.workspace, contract)
    small.stores.clock.now += timedelta(days=4_000)
    before = small.stores.dump()
    with pytest.raises(InvalidInput, match="was not in force on 2037"):
        sign(small.workspace, contract, key_of("Ada", small.workspace))
    assert small.stores.dump() == before


def test_a_contract_that_is_revised_while_somebody_signs_stays_unsigned(company: Any) -> None:
    contract = contracted(company)
    agreed(company.workspace, contract)

    def slow(request: Request) -> Signed:
        life.revise(company.workspace, contract, "Another text")
        agreed(company.workspace, contract)
        return _by("Ada")(request)

    with pytest.raises(Conflict, match="changed while Ada signed it"):
        sign(company.workspace, contract, Answering(slow))
    found = shown(company, contract)
    assert (found["status"], found["version"]) == ("awaiting_signature", 2)
    assert [one["status"] for one in found["signatures"]] == ["pending"]
    assert sign(company.workspace, contract, key_of("Ada", company.workspace))["status"] == "signed"
    assert verify(company.workspace, contract)["valid"]


def test_two_who_sign_the_same_place_at_once_sign_it_once(company: Any) -> None:
    contract = contracted(company)
    agreed(company.workspace, contract, "Ada", "Grace")

    def overtaken(request: Request) -> Signed:
        sign(company.workspace, contract, key_of("Ada", company.workspace))
        return _by("Ada")(request)

    with pytest.raises(Conflict, match="changed while Ada signed it"):
        sign(company.workspace, contract, Answering(overtaken))
    assert [one["status"] for one in shown(company, contract)["signatures"]] == ["signed", "pending"]


def test_what_somebody_did_to_a_stored_document_is_found(small: Any) -> None:
    contract = contracted(small)
    signed_by_all(small.workspace, contract)
    (content,) = small.stores.execute("SELECT content FROM contract_documents WHERE signatures = 1")[0]
    small.stores.execute(
        "UPDATE contract_documents SET content = ? WHERE signatures = 1", content[:4000] + "A" + content[4001:]
    )
    try:
        found = verify(small.workspace, contract)
    except InvalidInput as error:
        assert "cannot be read" in str(error)  # noqa: PT017
    else:
        assert not found["valid"]
        assert "was changed after it was stored" in found["problems"][0]
    with small.workspace.reading() as connection:
        assert any("contract_documents" in one.what for one in audit.verify(connection).findings)


def test_what_cannot_be_sent_or_signed_is_an_error(small: Any) -> None:
    contract = contracted(small)
    with pytest.raises(InvalidInput, match="was not sent yet"):
        verify(small.workspace, contract)
    with pytest.raises(InvalidInput, match="is draft; only one that awaits signature"):
        sign(small.workspace, contract, key_of("Ada", small.workspace))
    life.submit(small.workspace, contract)
    before = small.stores.dump()
    certificate = identity_of("Ada")[1]
    for signers, what in (
        ([], "1 to 6 signatures"),
        ([Signer("Ada", certificate)] * 7, "1 to 6 signatures"),
        ([Signer(" ", certificate)], "has no name"),
        ([Signer("Ada", b"nothing")], "no certificate in PEM or DER form"),
    ):
        with pytest.raises(InvalidInput, match=what):
            send(small.workspace, contract, signers)
    assert small.stores.dump() == before


@pytest.mark.parametrize(
    ("config", "won", "lost"),
    [
        (CLOSING, ("won", "contract signed"), ("lost", "Too dear")),
        (OFF, ("open", None), ("open", None)),
        ({}, ("open", None), ("open", None)),
    ],
)
def test_auto_close_wins_the_deal_of_a_signed_contract_and_loses_that_of_a_declined_one(
    small: Any, config: Any, won: Any, lost: Any
) -> None:
    workspace = small.stores.open(config)
    contract = contracted(small)
    signed_by_all(workspace, contract)
    deal = small.deal("opp_1")
    assert (deal.status.value, small.stores.execute("SELECT win_reason FROM opportunities")[0][0]) == won
    small.add("opportunities", OPEN | {"id": "opp_2"})
    other = life.draft(workspace, "opp_2")["contract_id"]
    agreed(workspace, other)
    life.decline(workspace, other, "Too dear")
    assert (small.deal("opp_2").status.value, small.deal("opp_2").metadata.get("loss_reason")) == lost


def test_auto_close_leaves_deals_that_are_closed_and_passes_no_gate(small: Any) -> None:
    gated = {"pipelines": {"default": [
        {"name": "lead", "stage": "lead", "exit": {"fields": ["next_step"]}},
        {"name": "won", "stage": "closed_won"}, {"name": "lost", "stage": "closed_lost"},
    ]}}  # fmt: skip
    workspace = small.stores.open(CLOSING | gated)
    contract = contracted(small)
    small.stores.execute("UPDATE opportunities SET pipeline = 'default', pipeline_stage = 'lead', stage = 'lead'")
    signed_by_all(workspace, contract)
    assert small.deal("opp_1").status.value == "open"
    assert shown(small, contract)["status"] == "signed"
    assert any(note["subject"] == "Deal not closed" and "next" in note["message"] for note in small.notes())


class Services:
    """Both services, and a way for the person to answer."""

    def __init__(self, folder: Path, workspace: Any, outside: bool) -> None:
        self.folder, self.workspace, self.outside = folder, workspace, outside

    def service(self, name: str) -> SigningService:
        return Exchange(self.folder) if self.outside else key_of(name, self.workspace)

    def person_signs(self, name: str) -> None:
        if self.outside:
            (wanted,) = [
                one for one in self.folder.glob("*.pdf") if not self._answer(one).exists() and ".signed" not in one.name
            ]
            position = int(wanted.stem.rsplit("-", 1)[1])
            made = signed(wanted.read_bytes(), position, identity_of(name)[0], PASSPHRASE, self.workspace.clock())
            self._answer(wanted).write_bytes(made)

    @staticmethod
    def _answer(wanted: Path) -> Path:
        return wanted.with_name(f"{wanted.stem}.signed.pdf")


@pytest.fixture(params=["key file", "exchange"])
def services(request: pytest.FixtureRequest, small: Any, tmp_path: Path) -> Services:
    return Services(tmp_path / "exchange", small.workspace, request.param == "exchange")


def test_every_service_gets_signatures_that_are_believed(small: Any, services: Services) -> None:
    contract = contracted(small)
    agreed(small.workspace, contract, "Ada", "Grace")
    for name, status in (("Ada", "awaiting_signature"), ("Grace", "signed")):
        if services.outside:
            for _ in range(2):  # asking again is harmless
                waiting = sign(small.workspace, contract, services.service(name))
                assert (waiting["answered"], waiting["waiting_for"]) == (False, name)
        services.person_signs(name)
        assert sign(small.workspace, contract, services.service(name))["status"] == status
    assert verify(small.workspace, contract)["valid"]


def test_every_service_is_refused_a_signature_by_another_certificate(small: Any, services: Services) -> None:
    contract = contracted(small)
    agreed(small.workspace, contract, "Ada")
    if services.outside:
        sign(small.workspace, contract, services.service("Ada"))
    before = small.stores.dump()
    services.person_signs("Mallory")
    with pytest.raises(InvalidInput, match="is not the one that is expected"):
        sign(small.workspace, contract, services.service("Mallory"))
    assert small.stores.dump() == before


def test_the_worker_fetches_what_an_outside_service_did(small: Any, tmp_path: Path) -> None:
    folder = tmp_path / "exchange"
    workspace = small.stores.open({"contracting": {"signing": {"exchange": str(folder)}}})
    contract = contracted(small)
    agreed(workspace, contract, "Ada", "Grace")
    services = Services(folder, workspace, outside=True)
    assert work(workspace) == 0
    services.person_signs("Ada")
    assert work(workspace) == 1
    (folder / f"{contract}-v1-2.declined.txt").write_text("Not now\n", "utf-8")
    assert work(workspace) == 1
    found = shown(small, contract)
    assert (found["status"], found["reason"]) == ("declined", "Not now")
    assert work(workspace) == 0
    assert work(small.workspace) == 0, "without a folder there is nothing to fetch"


def test_a_wrong_answer_in_the_folder_stops_no_other_contract(small: Any, tmp_path: Path) -> None:
    folder = tmp_path / "exchange"
    workspace = small.stores.open({"contracting": {"signing": {"exchange": str(folder)}}})
    first = contracted(small)
    second = life.draft(workspace, "opp_1")["contract_id"]
    for contract in (first, second):
        agreed(workspace, contract)
    assert work(workspace) == 0
    (folder / f"{first}-v1-1.signed.pdf").write_bytes(b"nothing")
    wanted = folder / f"{second}-v1-1.pdf"
    made = signed(wanted.read_bytes(), 1, identity_of("Ada")[0], PASSPHRASE, workspace.clock())
    (folder / f"{second}-v1-1.signed.pdf").write_bytes(made)
    assert work(workspace) == 1
    assert [shown(small, one)["status"] for one in (first, second)] == ["awaiting_signature", "signed"]


def test_a_folder_that_cannot_be_used_is_an_error(small: Any, tmp_path: Path) -> None:
    contract = contracted(small)
    agreed(small.workspace, contract)
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(InvalidInput, match=r"contracting\.signing\.exchange\) cannot be used"):
        sign(small.workspace, contract, Exchange(tmp_path / "file" / "folder"))

"""The commands on quotes and their approval, in a store that the import command made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PEOPLE = "id,name,email,manager\nu9,Mia Lund,mia@example.com,\nu1,Ada Park,ada@example.com,u9\nu2,Bo Reyes,,u9\n"
CONFIG = """
sales_operations:
  approvals:
    rules:
      - name: Large discount
        when: {discount_percent_above: 20}
        steps: [{approvers: [manager]}]
"""


@pytest.fixture
def desk(shop: Any) -> Any:
    """The shop, with a manager above its reps and a rule on discounts."""
    (shop.folder / "users.csv").write_text(PEOPLE, "utf-8")
    assert shop.run("import", "users", "users.csv").returncode == 0
    (shop.folder / "config").mkdir()
    (shop.folder / "config" / "sales_operations_config.yaml").write_text(CONFIG, "utf-8")
    return shop


def test_a_quote_goes_from_the_deal_to_the_customers_yes(desk: Any) -> None:
    quote = desk.json("quote", "create", "d2")
    assert (quote["status"], quote["total"], quote["currency"]) == ("draft", 5000.0, "USD")
    quote_id = quote["quote_id"]
    edited = desk.json("quote", "edit", quote_id, "--discount", "Loyalty: 30%", "--payment-days", "14")
    assert (edited["total"], edited["payment_days"]) == (3500.0, 14)
    assert edited["approval"]["needed"][0]["rule"] == "Large discount"
    refused = desk.invoke("quote", "send", quote_id)
    assert refused.exit_code == 2
    assert "cannot be sent without approval: Large discount (discount 30 %, more than 20 %)" in refused.stderr
    [request] = desk.json("quote", "submit", quote_id, "--as", "Bo Reyes")["requests"]
    [waiting] = desk.json("approve", "list", "--as", "mia@example.com")
    assert (waiting["request_id"], waiting["approver"], waiting["figures"]["net"]) == (request, "Mia Lund", 3500.0)
    assert desk.json("approve", "list", "--as", "Ada Park") == []
    answer = desk.json("approve", "yes", request, "--as", "mia@example.com", "--comment", "Fine")
    assert (answer["outcome"], answer["quote_status"]) == ("approved", "approved")
    assert desk.json("quote", "send", quote_id)["status"] == "sent"
    assert desk.json("quote", "accept", quote_id)["status"] == "accepted"
    assert desk.json("opportunity", "show", "d2")["amount"] == 3500.0
    assert [one["status"] for one in desk.json("quote", "list", "--opportunity", "d2")] == ["accepted"]


def test_quotes_are_shown_as_people_read_them(desk: Any) -> None:
    quote_id = desk.json("quote", "create", "d2")["quote_id"]
    done = desk.invoke("quote", "edit", quote_id, "--line", "1", "--line-discount", "25%", "--notes", "See you soon")
    assert "Needs approval by the rule 'Large discount': discount 25 %, more than 20 %." in done.stderr
    shown = desk.invoke("quote", "show", quote_id, "--trace").stdout
    for text in (f"Quote {quote_id}", "1, draft", "See you soon", "$5,000.00", "-$1,250.00", "25%", "$3,750.00",
                 "Discount: 25 % of 5,000.00", "How the price came about"):  # fmt: skip
        assert text in shown
    submitted = desk.invoke("quote", "submit", quote_id)
    assert "1, in approval" in submitted.stdout
    listed = desk.invoke("approve", "list").stdout
    for text in ("1 request waits", "Mia Lund", "$3,750.00", "discount 25 %, more than 20 %"):
        assert text in listed
    request = desk.json("approve", "list")[0]["request_id"]
    refused = desk.invoke("approve", "no", request, "--as", "Mia Lund", "--comment", "Too much")
    assert f"Large discount: rejected. Quote {quote_id} is draft." in refused.stdout
    assert "Too much" in desk.invoke("quote", "show", quote_id).stdout
    assert "1 quote\n" in desk.invoke("quote", "list", "--status", "draft").stdout
    assert not any(line.endswith(" ") for line in shown.splitlines())


def test_lines_are_added_changed_and_removed(desk: Any) -> None:
    quote_id = desk.json("quote", "create", "d2")["quote_id"]
    added = desk.json("quote", "edit", quote_id, "--add", "Travel", "--price", "99.50", "--quantity", "2")
    assert [one["product"] for one in added["items"]][1:] == ["Travel"]
    assert added["total"] == 5199.0
    changed = desk.json("quote", "edit", quote_id, "--line", "2", "--price", "80", "--name", "Journey")
    assert (changed["items"][1]["product"], changed["items"][1]["discount"]) == ("Journey", 39.0)
    assert desk.json("quote", "edit", quote_id, "--line", "2", "--price", "list")["total"] == 5199.0
    assert desk.json("quote", "edit", quote_id, "--line", "2", "--remove")["total"] == 5000.0
    desk.json("quote", "edit", quote_id, "--discount", "1%", "--discount", "2%")
    assert desk.json("quote", "edit", quote_id, "--discount", "none")["total"] == 5000.0


def test_copies_versions_and_a_customers_no(desk: Any) -> None:
    quote_id = desk.json("quote", "create", "d2")["quote_id"]
    copy = desk.json("quote", "clone", quote_id, "--to", "d1")
    assert (copy["copied_from"], copy["total"]) == (quote_id, 5000.0)
    second = desk.json("quote", "revise", quote_id)
    assert (second["version"], second["root_id"]) == (2, quote_id)
    assert "Versions" in desk.invoke("quote", "show", second["quote_id"]).stdout
    over = desk.json("quote", "reject", second["quote_id"], "--reason", "No budget")
    assert (over["status"], over["reason"]) == ("rejected", "No budget")
    late = desk.invoke("quote", "edit", second["quote_id"], "--discount", "1%")
    assert (late.exit_code, "is rejected and cannot be edited" in late.stderr) == (2, True)


def test_a_change_that_starts_from_an_old_look_is_refused(desk: Any) -> None:
    quote = desk.json("quote", "create", "d2")
    desk.json("quote", "edit", quote["quote_id"], "--discount", "1%", "--seq", str(quote["seq"]))
    late = desk.invoke("quote", "edit", quote["quote_id"], "--discount", "2%", "--seq", str(quote["seq"]))
    assert (late.exit_code, "was changed by somebody else" in late.stderr) == (2, True)


def test_a_quote_is_written_as_a_pdf(desk: Any) -> None:
    quote_id = desk.json("quote", "create", "d2")["quote_id"]
    file = desk.folder / "quote.pdf"
    told = desk.json("quote", "pdf", quote_id, "-o", str(file))
    assert (told["file"], told["bytes"]) == (str(file), len(file.read_bytes()))
    assert file.read_bytes().startswith(b"%PDF-")
    nowhere = desk.invoke("quote", "pdf", quote_id, "-o", str(Path("no") / "folder" / "x.pdf"))
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("quote", "show", "quote_x"), "there is no quote 'quote_x'"),
        (("quote", "create", "d99"), "there is no opportunity 'd99'"),
        (("quote", "list", "--status", "lost"), "a quote is never 'lost'"),
        (("approve", "yes", "approval_x", "--as", "Ada Park"), "there is no request for approval 'approval_x'"),
        (("approve", "list", "--as", "Nobody"), "there is no user 'Nobody'"),
    ],
)
def test_what_cannot_be_done_is_said_and_ends_with_2(desk: Any, arguments: tuple[str, ...], says: str) -> None:
    done = desk.invoke(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert says in done.stderr

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sales_operations.connectors.library import load_mapping, shipped
from sales_operations.connectors.mapping import Mapping
from sales_operations.connectors.recognise import choose, recognise
from sales_operations.domain.errors import SettingsError, SourceError
from sales_operations.domain.kinds import KINDS

Write = Callable[..., Path]

WRONG = """\
source: my_crm
zone: Mars/Base
currency: dollars
colour: red
stages:
  Verbal: agreed
kinds:
  deals:
    fields: {id: Nr}
  opportunities:
    fields:
      name: Title
      amout: Value
      probability: {columns: P, unit: per mille}
    events:
      - {at: Closed, fields: {colour: Colour}}
  history:
    fields: {opportunity: Deal, changed_at: When}
    changes: {field: What, new: To, names: {Stage: step}}
  accounts:
    fields: {id: Nr, name: {}}
    stage_columns: ["("]
"""


def problems(path: Path) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load_mapping(path)
    assert all(problem.file == str(path) for problem in refused.value.problems)
    return [f"{problem.line} {problem.key}: {problem.message}" for problem in refused.value.problems]


def test_the_types_of_a_mapping_are_checked_all_at_once_with_their_lines(write: Write) -> None:
    found = problems(write(WRONG, "my.yaml"))
    assert [entry.partition(":")[0] for entry in found] == [
        "6 stages.Verbal.stage",
        "14 kinds.opportunities.fields.probability.unit",
        "4 colour",
    ]


def test_the_rules_of_a_mapping_are_checked_all_at_once_with_their_lines(write: Write) -> None:
    text = WRONG.replace("colour: red\n", "").replace("agreed", "negotiation").replace("per mille", "percent")
    found = problems(write(text, "my.yaml"))
    assert [entry.partition(";")[0].partition(", unt")[0] for entry in found] == [
        "2 zone: 'Mars/Base' is not a time zone such as Europe/Berlin",
        "3 currency: currency 'dollars' is not a three-letter ISO 4217 code such as USD",
        "7 kinds.deals: is no kind of record",
        "12 kinds.opportunities.fields.amout: is no field of opportunities",
        "10 kinds.opportunities.fields: leaves out id, which opportunities cannot do without",
        "15 kinds.opportunities.events.fields.colour: is no field that changes",
        "18 kinds.history.changes.names.Stage: 'step' is no field that changes",
        "20 kinds.accounts.fields.name: names no column",
        "19 kinds.accounts: opens, events or stage_columns belongs to opportunities or history, not to accounts",
        "21 kinds.accounts.stage_columns: '(' is no regular expression: missing )",
    ]
    assert "did you mean amount?" in found[3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "valid dictionary"),
        ("- a\n", "valid dictionary"),
        ("source: [\n", "not YAML"),
        ("source: x\n", "names no kind"),
        ("source: x\nextends: nothing\n", "there is no mapping 'nothing'; known: sales_operations, bpic2012"),
        ("source: x\nfile: y\nextends: zoho\n", "is no key of a mapping"),
        ("source: x\nsource: y\n", "stands here again"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(text: str, said: str, write: Write) -> None:
    assert said in problems(write(text, "my.yaml"))[0]


def test_a_mapping_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match="there is no mapping 'sugar'; give a file or one of sales_operations, bpic2012"
    ):
        load_mapping("sugar")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_mapping(tmp_path / "none.yaml")


def test_a_mapping_may_extend_a_shipped_one(write: Write) -> None:
    text = 'source: salesforce\nextends: salesforce\ndate_order: dmy\nstages:\n  "Verbal": negotiation\n'
    mapping = load_mapping(write(text, "mine.yaml"))
    assert mapping.stages["Verbal"].stage == "negotiation"
    assert mapping.stages["Prospecting"].stage == "lead"
    assert (mapping.date_order, mapping.id_format, mapping.is_shipped) == ("dmy", "salesforce", False)
    assert choose(mapping, "opportunities", ["Id", "Name", "StageName"]).missing == ()


def test_every_shipped_mapping_knows_only_kinds_and_fields_that_exist() -> None:
    for name, mapping in shipped().items():
        assert mapping.source == name
        for kind, layouts in mapping.kinds.items():
            known = {field.name for field in KINDS[kind].fields} | {
                field.name for field in KINDS["opportunities"].fields
            }
            for layout in layouts:
                assert set(layout.fields) <= known


def test_recognition_says_which_source_and_why() -> None:
    found = recognise(["Id", "StageName", "CloseDate", "Amount", "IsDeleted", "Tier__c"], "opportunities")
    assert found.mapping.source == "salesforce"
    assert (
        found.why
        == "recognised as opportunities of Salesforce by 5 of 6 columns: Id, StageName, CloseDate, Amount, IsDeleted"
    )


def test_recognition_does_not_depend_on_the_order_or_the_case_of_columns() -> None:
    columns = ["DEAL NAME", "record id", "Deal Stage", "Amount", "Close Date"]
    assert recognise(columns, "opportunities").mapping.source == "hubspot"
    assert recognise(columns[::-1], "opportunities").mapping.source == "hubspot"


def test_our_own_field_names_are_understood() -> None:
    assert (
        recognise(["id", "name", "stage", "amount", "close_date"], "opportunities").mapping.source == "sales_operations"
    )
    assert (
        recognise(["id", "first_name", "last_name", "email", "phone"], "contacts").mapping.source == "sales_operations"
    )
    for kind in KINDS.values():
        columns = [field.name for field in kind.fields]
        assert recognise(columns, kind.name).mapping.source == "sales_operations"


def test_columns_of_no_known_source_are_refused_with_what_is_missing_and_what_to_write() -> None:
    with pytest.raises(SourceError) as refused:
        recognise(["Nr", "Bezeichnung", "Phase", "Amount"], "opportunities")
    text = str(refused.value)
    assert "the columns are of no known source of opportunities" in text
    assert "nothing gives id" in text
    assert "not recognised: Bezeichnung, Nr, Phase" in text
    assert "  source: my_crm\n  kinds:\n    opportunities:\n      fields:\n        id: Bezeichnung" in text


def test_columns_that_fit_two_sources_are_refused_with_both() -> None:
    two = [Mapping(source=name, kinds=load_mapping("hubspot").kinds) for name in ("red", "blue")]
    with pytest.raises(SourceError, match=r"fit blue or red equally well .* say which with --mapping"):
        recognise(["Team ID", "Team name"], "teams", two)


def test_a_kind_that_a_mapping_says_nothing_about_is_refused() -> None:
    with pytest.raises(SourceError, match="Maven CRM says nothing about leads; it knows users, teams, accounts"):
        choose(load_mapping("maven"), "leads", ["id"])

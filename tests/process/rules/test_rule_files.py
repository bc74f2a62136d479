"""Rule files: everything that is wrong is told at once, each with its key, its line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from sales_operations.domain.errors import SettingsError
from sales_operations.process.rules.files import read_files, read_texts
from sales_operations.settings import load
from tests.process.rules.conftest import NOTE, problems, reading


def rule(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"rules:\n  - name: one\n{lines}"


def test_all_problems_of_a_file_are_told_in_the_order_of_its_lines() -> None:
    found = problems(
        """rules:
  - name: Bad Name
    when: opportunity.moved
    if:
      - {field: stag, is: proposal}
      - {field: amount, contains: 5}
      - {field: stage, is: propsal}
      - {days: in_stage, above: many}
    then:
      - notify: {subject: "Hello", message: "{{ deal.colour }}"}
      - move: {to: nowhere}
      - dance: {}
"""
    )
    assert [one.split(":")[0] for one in found] == [
        "2 rules[0].name",
        "3 rules[0].when",
        "5 rules[0].if[0].field",
        "6 rules[0].if[1].contains",
        "7 rules[0].if[2].is",
        "8 rules[0].if[3].above",
        "10 rules[0].then[0].notify.message",
        "11 rules[0].then[1].move.to",
        "12 rules[0].then[2].dance",
    ]
    assert "did you mean stage?" in found[2]
    assert "use one of is, is_not, above" in found[3]
    assert "did you mean proposal?" in found[4]
    assert "deal.amount" in found[6]
    assert "use one of lead, qualified" in found[7]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("then: [quote]", "either when (an event) or schedule"),
        ("when: opportunity.created\nschedule: daily\nthen: [quote]", "either when (an event) or schedule"),
        ("when: opportunity.created", "then is missing"),
        ("when: opportunity.created\nthen: []", "a list of actions; found an empty list"),
        ("schedule: sometimes\nthen: [quote]", "neither one of hourly, daily"),
        ("schedule: '61 * * * *'\nthen: [quote]", "minute"),
        ("when: opportunity.created\ndeals: all\nthen: [quote]", "deals says which deals a schedule looks at"),
        ("schedule: daily\nimports: true\nthen: [quote]", "this rule runs on a schedule"),
        ("schedule: daily\nif: {previous: stage, is: lead}\nthen: [quote]", "what an event changed"),
        ("when: lead.created\nthen: [quote]", "quote cannot be done with a lead; use one of assign, task, notify"),
        ("when: lead.created\nif: {days: in_stage, above: 1}\nthen: [task: {title: x}]", "leads have no ages"),
        ("when: opportunity.created\nthen: [webhook: {}]", "message is missing; add it"),
        ("when: opportunity.created\nthen: [set: {}]", "nothing is set"),
        ("when: opportunity.created\nthen: [set: {stage: lead}]", "unknown key"),
        ("when: opportunity.created\nthen: [set: {probability: 2}]", "a number from 0 to 1"),
        ("when: opportunity.created\nthen: [set: {close_date: soon}]", "a date such as"),
        ("when: opportunity.created\nthen: [sequence: nowhere]", "there is no sequence 'nowhere'"),
        (
            "when: opportunity.created\nthen: [move: {to: qualified, reason: why}]",
            "a reason belongs to a move that closes",
        ),
        ("when: opportunity.created\nthen: [task: {title: '{{ deal.__class__ }}'}]", "reach for '__class__'"),
        ("when: opportunity.created\nif: {field: stage}\nthen: [quote]", "no comparison; write one of is"),
        (
            "when: opportunity.created\nif: {field: stage, is: lead, is_not: proposal}\nthen: [quote]",
            "one comparison too",
        ),
        ("when: opportunity.created\nif: {not: [{changed: stage}]}\nthen: [quote]", "not takes one condition"),
        ("when: opportunity.created\nif: {field: stage, days: in_stage, is: 1}\nthen: [quote]", "more than one of"),
        ("when: opportunity.created\nthen: [assign: owner]", "the owner is who the deal has already"),
        ("when: opportunity.created\nonce: run\nthen: [quote]", "expected one of cause, stage, deal"),
    ],
)
def test_what_cannot_be_used_is_told_with_what_to_do(body: str, message: str) -> None:
    found = problems(rule(body))
    assert any(message in one for one in found), found


def test_a_name_stands_once_over_all_files() -> None:
    text = rule("when: opportunity.created\nthen: [quote]")
    read = read_texts((("a.yaml", text), ("b.yaml", text)), load({"sales_operations": {}}))
    assert [str(one) for one in read.problems] == [
        "b.yaml:2: rules[0]: the name 'one' stands already at a.yaml:2; rename one"
    ]


@pytest.mark.parametrize("text", ["", "[]", "rules: 5", "a: b", "rules:\n\t- x", "rules: &a [*a]", "5"])
def test_a_file_of_something_else_is_a_problem_and_no_crash(text: str) -> None:
    assert problems(text)


def test_files_are_found_by_the_configured_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load({"sales_operations": {"automation": {"rules": "own/*.yaml"}}})
    with pytest.raises(SettingsError, match=r"Looked for own/\*\.yaml"):
        read_files([], settings).checked()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.yaml").write_text(rule("when: opportunity.created\nthen: [quote]"))
    assert [one.name for one in read_files([], settings).checked().rules] == ["one"]
    with pytest.raises(SettingsError, match=r"gone\.yaml: rules: cannot be read \(No such file"):
        read_files(["gone.yaml"], settings).checked()
    (tmp_path / "latin.yaml").write_bytes("rules:\n  - name: né".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"latin\.yaml:2: rules: the file is not UTF-8"):
        read_files(["latin.yaml"], settings).checked()


def test_the_example_that_comes_with_the_program_is_valid(example: Path) -> None:
    rules = read_files([str(example)], load({"sales_operations": {}})).checked()
    assert [one.name for one in rules.rules] == ["stale-proposal", "big-negotiation", "forgotten-lead"]


def test_a_stage_of_an_own_pipeline_can_be_reached() -> None:
    own = {"sales_operations": {"pipelines": {"partner": [
        {"name": "Registered", "stage": "lead"}, {"name": "Won", "stage": "closed_won"},
        {"name": "Lost", "stage": "closed_lost"}]}}}  # fmt: skip
    text = rule("when: opportunity.created\nthen: [move: Registered]")
    assert problems(text, own) == []
    assert "no pipeline has the stage 'Registered'" in problems(text)[0]


class TestLoops:
    def test_a_rule_that_does_what_it_waits_for_is_refused_with_its_line(self) -> None:
        text = rule("when: opportunity.stage_changed\nthen: [move: qualified]")
        assert problems(text) == [
            "2 rules[0]: one sets itself off: what it does is what it waits for (opportunity.stage_changed); "
            "add a condition that what it does makes untrue"
        ]

    def test_rules_that_set_each_other_off_are_refused_once(self) -> None:
        text = """rules:
  - {name: forth, when: opportunity.stage_changed, if: {field: stage, is: proposal}, then: [move: negotiation]}
  - {name: back, when: opportunity.stage_changed, if: {field: stage, is: negotiation}, then: [move: proposal]}
"""
        assert problems(text) == [
            "2 rules[0]: forth sets off back sets off forth: the rules would never come to rest; "
            "add a condition that what it does makes untrue"
        ]

    def test_the_way_round_may_lead_through_a_sequence(self) -> None:
        text = """rules:
  - {name: begin, when: opportunity.amount_changed, then: [sequence: later]}
sequences:
  - {name: later, steps: [{wait_days: 1, do: {set: {amount: 5}}}]}
"""
        assert "begin sets itself off" in problems(text)[0]

    @pytest.mark.parametrize(
        "body",
        [
            "when: opportunity.stage_changed\nif: {field: stage, is: lead}\nthen: [move: qualified]",
            "when: opportunity.changed\nif: {field: next_step, is_not: call}\nthen: [set: {next_step: call}]",
            "when: opportunity.changed\nif: {changed: amount}\nthen: [set: {next_step: call}]",
            "when: opportunity.amount_changed\nthen: [set: {forecast_category: commit}]",
            "when: opportunity.stage_changed\nif: {any: [{field: stage, is: lead}, {field: status, is: won}]}\n"
            "then: [move: proposal]",
            "when: opportunity.won\nthen: [move: {to: closed_lost}]",
            "when: opportunity.stage_changed\nthen: [" + NOTE + "]",
            "schedule: daily\nthen: [move: qualified]",
        ],
    )
    def test_a_rule_whose_condition_is_untrue_after_its_action_is_no_loop(self, body: str) -> None:
        assert problems(rule(body)) == []

    def test_a_stage_that_makes_a_quote_counts_as_making_one(self) -> None:
        text = """rules:
  - {name: forth, when: quote.created, then: [move: proposal]}
"""
        assert "forth sets itself off" in problems(text)[0]


def test_what_a_rule_says_can_be_read_back() -> None:
    (made,) = (
        reading(
            rule(
                "when: opportunity.stage_changed\n"
                "if: {all: [{field: amount, at_least: 10.5}, {activities: [call, email], within_days: 7, above: 0}]}\n"
                "then: [assign: by_rules, task: {title: x}]"
            )
        )
        .checked()
        .rules
    )
    assert [str(action) for action in made.actions] == ["assign to by rules", "task 'x' for owner"]
    assert [str(one) for one in made.condition.members] == [
        "amount at least 10.5",
        "activities (call, email) within 7 days above 0",
    ]

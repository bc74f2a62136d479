"""Texts from templates: what a template may show, and everything that it may not do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.errors import InvalidInput
from sales_operations.render.text import MAX_TEXT, rendered


def test_a_template_shows_values_chooses_and_repeats() -> None:
    template = (
        "{% if who %}Dear {{ who.name }},{% endif %}{% for line in lines %} {{ loop.index }}:{{ line }}{% endfor %}"
    )
    assert rendered(template, {"who": {"name": "Ada"}, "lines": ["a", "b"]}) == "Dear Ada, 1:a 2:b"


def test_a_key_called_like_a_method_is_the_key() -> None:
    assert rendered("{{ a.items }} {{ a['keys'] }}", {"a": {"items": 3, "keys": 4}}) == "3 4"
    assert rendered("{% for k, v in a|items %}{{ k }}={{ v }} {% endfor %}", {"a": {"x": 1, "y": 2}}) == "x=1 y=2 "


def test_what_is_missing_can_be_asked_for() -> None:
    assert rendered(
        "{{ who|default('nobody') }}{% if a is defined and a.b is not defined %}!{% endif %}", {"a": {}}
    ) == ("nobody!")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{{ x.__class__ }}", "may not reach for '__class__'"),
        ("{{ x['__class__'] }}", "no attribute '__class__'"),
        ("{{ x['__cl' ~ 'ass__'].mro }}", "no attribute '__class__'"),
        ("{{ thing.secret }}", "no attribute 'secret'"),
        ("{{ thing['secret'] }}", "no attribute 'secret'"),
        ("{{ x|attr('upper') }}", "no filter 'attr'"),
        ("{{ [thing]|sum(attribute='secret') }}", "takes no attribute"),
        ("{{ [thing, thing]|max(false, 'secret') }}", "no attribute 'secret'"),
        ("{{ thing }}", "of type SimpleNamespace cannot be shown"),
        ("{{ range }}", "of type function cannot be shown"),
        ("{{ x.upper() }}", "may call only range"),
        ("{{ '{0.__class__}'.format(x) }}", "may call only range"),
        ("{{ range.__self__ }}", "may not reach for '__self__'"),
        ("{{ self }}", "may not reach for 'self'"),
        ("{{ _rounds }}", "may not reach for '_rounds'"),
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{{ d.nothing }}", "no attribute 'nothing'"),
        ("{% for i in range(1000000000) %}{% endfor %}", "at most 100,000"),
        ("{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}", "more than 100,000 times"),
        ("{% for i in x recursive %}{% endfor %}", "may not use for"),
        ("{{ 'a' * 1000000000 }}", "only numbers can be multiplied"),
        ("{{ 9 ** 999999999 }}", "may not use pow"),
        ("{{ '%999999999d'|format(1) }}", "no filter 'format'"),
        ("{{ x|center(999999999) }}", "no filter 'center'"),
        ("{% set y = x %}", "may not use assign"),
        ("{% macro f() %}{% endmacro %}", "may not use macro"),
        ("{% include '/etc/passwd' %}", "may not use include"),
        ("{% import 'x' as y %}", "may not use import"),
        ("{{ lipsum(100000) }}", "may call only range"),
        ("{{ x is callable }}", "no test 'callable'"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ x", "unexpected"),
        ("{% if x %}", "endif"),
    ],
)
def test_an_error_names_the_template_and_the_line(line: str, what: str) -> None:
    values = {"x": "text", "d": {"a": 1}, "thing": SimpleNamespace(secret="password")}
    with pytest.raises(InvalidInput) as caught:
        rendered(f"First.\nSecond.\n{line}", values, "letter.txt")
    message = str(caught.value)
    assert message.startswith("letter.txt, line 3: ")
    assert what in message
    assert "password" not in message


def test_a_text_cannot_grow_without_end() -> None:
    with pytest.raises(InvalidInput, match="grows beyond"):
        rendered("{% for i in range(99999) %}{{ x }}{% endfor %}", {"x": "x" * (MAX_TEXT // 50_000)})
    with pytest.raises(InvalidInput, match="longer than"):
        rendered("{{ 1 }}" + "x" * 200_000, {})
    with pytest.raises(InvalidInput, match="nests too deeply"):
        rendered("{{" + "(" * 3000 + "1" + ")" * 3000 + "}}", {})


def test_one_rendering_leaves_nothing_to_the_next() -> None:
    template = "{% for i in range(60000) %}{% endfor %}done"
    assert [rendered(template, {}) for _ in range(3)] == ["done"] * 3


@given(st.text(), st.text(max_size=40))
def test_values_are_shown_as_they_are(value: str, fixed: str) -> None:
    around = fixed.replace("{", "").replace("}", "").replace("\r", "")
    assert rendered(around + "{{ value }}.", {"value": value}) == f"{around}{value}."

"""Texts from templates: Jinja2 in a sandbox that reads the values it was given and can do nothing else.

A template may show values, choose and repeat. It reaches no attribute of an object, calls nothing but ``range``, and cannot
work or grow without end: what is not listed here is refused before anything is rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sales_operations.domain.errors import InvalidInput

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.runtime import Context

MAX_SOURCE = 200_000
"""Characters of a template."""
MAX_TEXT = 2_000_000
"""Characters of a rendered text."""
MAX_ROUNDS = 100_000
"""Rounds of all loops of one rendering together, the inner ones counted each time."""
FILTERS = ("abs", "capitalize", "default", "first", "float", "int", "items", "join", "last", "length", "list", "lower",
           "max", "min", "reverse", "round", "sort", "string", "sum", "title", "trim", "unique", "upper")  # fmt: skip
"""The filters that a template may use."""
_TESTS = ("boolean", "defined", "divisibleby", "eq", "equalto", "even", "false", "ge", "gt", "in", "le", "lower", "lt",
          "mapping", "ne", "none", "number", "odd", "sequence", "string", "true", "undefined", "upper")  # fmt: skip
_NODES = frozenset(("Add", "And", "Compare", "Concat", "CondExpr", "Const", "Dict", "Div", "Filter", "FloorDiv", "For",
                    "Getattr", "Getitem", "If", "Keyword", "List", "Mod", "Mul", "Name", "Neg", "Not", "Operand", "Or",
                    "Output", "Pair", "Pos", "Slice", "Sub", "Template", "TemplateData", "Test", "Tuple"))  # fmt: skip
"""What a template is made of: output, if, for and expressions; no assignment, macro, inclusion or call."""
_LOOP = frozenset(("index", "index0", "revindex", "revindex0", "first", "last", "length"))
_COUNTED = "_counted"
_ROUNDS = "_rounds"


class TemplateError(InvalidInput):
    """A template that cannot be used, or does not fit its values; the message names the template and the line."""


def rendered(template: str, values: Mapping[str, Any], name: str = "template") -> str:
    """The text that a template gives for values: texts, numbers, truth values, and lists and mappings of these.

    ``name`` is what the template is called in errors. Raises TemplateError, with name and line, for a template that is
    not understood, reaches for attributes, uses a name that has no value, or asks for more work than a text needs.
    """
    if "{" not in template:
        return template
    from jinja2 import TemplateError as JinjaError

    made = _compiled(template, name)
    pieces: list[str] = []
    size = 0
    try:
        for piece in made.generate({**values, _ROUNDS: [MAX_ROUNDS]}):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_TEXT:
                raise TemplateError(f"{name}: the text grows beyond {MAX_TEXT:,} characters")
    except TemplateError:
        raise
    except (JinjaError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise TemplateError(f"{name}, line {_line(error, name)}: {error}") from None
    return "".join(pieces)


@lru_cache(maxsize=512)
def _compiled(source: str, name: str) -> Any:
    from jinja2 import TemplateSyntaxError

    if len(source) > MAX_SOURCE:
        raise TemplateError(f"{name}: the template is longer than {MAX_SOURCE:,} characters")
    environment = _environment()
    try:
        tree = environment.parse(source, name, name)
        _check(tree, name)
        _count_loops(tree)
        code = environment.compile(tree, name, name)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{name}, line {error.lineno}: {error.message}") from None
    except (RecursionError, SyntaxError):
        raise TemplateError(f"{name}: the template nests too deeply") from None
    return environment.template_class.from_code(environment, code, environment.globals)


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.runtime import LoopContext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Closed(ImmutableSandboxedEnvironment):
        """Values are reached by key and place alone; what a Python object carries beside them does not exist."""

        intercepted_binops = frozenset(("*",))

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, LoopContext) and attribute in _LOOP:
                return getattr(obj, attribute)
            return self.getitem(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(obj, StrictUndefined):
                return obj[argument]  # the error that names what is missing
            if isinstance(obj, Mapping) or (isinstance(obj, (str, list, tuple)) and isinstance(argument, (int, slice))):
                try:
                    return obj[argument]
                except LookupError:
                    return self.undefined(obj=obj, name=argument)
            return self.undefined(obj=obj, name=argument)

        def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
            if not (isinstance(left, (int, float)) and isinstance(right, (int, float))):
                raise SecurityError("only numbers can be multiplied")
            return super().call_binop(context, operator, left, right)

    def finished(value: Any) -> Any:
        if value is None:
            return ""
        if isinstance(value, (str, int, float, Decimal, list, tuple, Mapping, StrictUndefined)):
            return value
        raise SecurityError(f"a value of type {type(value).__name__} cannot be shown")

    environment = Closed(undefined=StrictUndefined, finalize=finished, autoescape=False, trim_blocks=True, lstrip_blocks=True,
                         keep_trailing_newline=True)  # fmt: skip
    environment.filters = {name: environment.filters[name] for name in FILTERS} | {_COUNTED: _counter()}
    environment.tests = {name: environment.tests[name] for name in _TESTS}
    environment.globals = {"range": _small_range}
    return environment


def _counter() -> Any:
    from jinja2 import pass_context

    @pass_context
    def counted(context: Context, values: Iterable[Any]) -> list[Any]:
        """What a loop goes through, taken off the rounds that the rendering has left."""
        found = list(values)
        left = context.parent[_ROUNDS]
        left[0] -= len(found)
        if left[0] < 0:
            raise ValueError(f"the loops go round more than {MAX_ROUNDS:,} times")
        return found

    return counted


def _small_range(*bounds: int) -> range:
    made = range(*bounds)
    if len(made) > MAX_ROUNDS:
        raise ValueError(f"range{bounds} has {len(made):,} numbers; at most {MAX_ROUNDS:,} are allowed")
    return made


def _check(tree: nodes.Template, name: str) -> None:
    from jinja2 import nodes

    for node in tree.find_all(nodes.Node):
        problem = _problem(node)
        if problem:
            raise TemplateError(f"{name}, line {node.lineno}: {problem}")


def _problem(node: nodes.Node) -> str:
    from jinja2 import nodes

    kind, word = type(node).__name__, str(getattr(node, "name", getattr(node, "attr", "")))
    if isinstance(node, nodes.Call):
        return (
            "" if isinstance(node.node, nodes.Name) and node.node.name == "range" else "a template may call only range"
        )
    if kind not in _NODES or getattr(node, "recursive", False):
        return f"a template may not use {kind.lower()}; it may show values, choose (if) and repeat (for)"
    if word.startswith("_") or word == "self":
        return f"a template may not reach for {word!r}; self and names that begin with an underscore are closed"
    if isinstance(node, nodes.Filter) and word not in FILTERS:
        return f"there is no filter {word!r}; use one of {', '.join(FILTERS)}"
    if isinstance(node, nodes.Filter) and any(one.key == "attribute" for one in node.kwargs):
        return f"the filter {word!r} takes no attribute"
    if isinstance(node, nodes.Test) and word not in _TESTS:
        return f"there is no test {word!r}; use one of {', '.join(_TESTS)}"
    return ""


def _count_loops(tree: nodes.Template) -> None:
    from jinja2 import nodes

    for loop in list(tree.find_all(nodes.For)):
        loop.iter = nodes.Filter(loop.iter, _COUNTED, [], [], None, None, lineno=loop.lineno)


def _line(error: BaseException, name: str) -> int:
    """The line of the template where an error came up, as the frames of the renderer tell it."""
    line, frame = 0, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == name:
            line = frame.tb_lineno
        frame = frame.tb_next
    return line

"""Folding against Python itself: whatever text the folder claims, running the same source must give.

Only source that these tests write is run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.evaluate.folding import LIMIT, show
from extractor.evaluate.values import MAX_TEXT, Const, Mapping, Text, Value, Values
from tests.worlds import evaluator

HEAD = """from functools import partial
from posixpath import join as path_join
from urllib.parse import quote, urljoin
"""
# Concatenation keeps four alternatives of a part: an answer of that many may be a cut one.
CUT = 4

TEXTS = st.text(alphabet="abZ09/.-_?=&:#~% é{}'\"", max_size=8)
NUMBERS = st.integers(-12, 1200)
SPECS = st.sampled_from(["", "!r", "!s", ":>6", ":<4", ":s", ":.3"])
NUMBER_SPECS = st.sampled_from(["", ":d", ":05d", ":x", ":>5", ":,"])


def python(source: str) -> object:
    """What Python makes of RESULT."""
    names: dict[str, object] = {}
    exec(source, names)
    return names["RESULT"]


def folded(source: str) -> Values:
    """What the evaluator makes of it."""
    ev = evaluator({"m.py": source})
    [module] = ev.index.modules
    return ev.module_name(module, "RESULT")


def literal(value: Value) -> str | None:
    """The whole text of a value, where all of it is known."""
    return value.literal if isinstance(value, Text) else None


@dataclass
class Program:
    """A module being generated: its lines, the names of texts and numbers bound so far."""

    lines: list[str] = field(default_factory=lambda: [HEAD])
    texts: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    choices: int = 0

    def bind(self, kind: str, value: str) -> str:
        """A new name for a value; all generated source goes through here."""
        names = self.texts if kind == "T" else self.numbers
        name = f"{kind}{len(names)}"
        self.lines.append(f"{name} = {value}")
        names.append(name)
        return name


@st.composite
def text_expression(draw: st.DrawFn, program: Program, depth: int = 3) -> str:
    """An expression that is a text, over the names bound so far."""
    forms = ["literal", "name"] if depth == 0 else list(FORMS)
    form = draw(st.sampled_from(forms))
    if form == "literal":
        return repr(draw(TEXTS))
    if form == "name":
        return draw(st.sampled_from(program.texts))
    make = FORMS[form]
    assert make is not None
    return draw(make(program, depth - 1))


Form = Callable[["Program", int], st.SearchStrategy[str]]


def _two(form: str) -> Form:
    """A form of two inner texts."""

    @st.composite
    def make(draw: st.DrawFn, program: Program, depth: int) -> str:
        left, right = draw(text_expression(program, depth)), draw(text_expression(program, depth))
        return form.format(left=left, right=right)

    return make


@st.composite
def _f_string(draw: st.DrawFn, program: Program, depth: int) -> str:
    inner = "".join(
        draw(st.sampled_from(["/", "v1", "{{", "}}", "?a="]))
        + f"{{{draw(st.sampled_from(program.texts))}{draw(SPECS)}}}"
        + f"{{{draw(st.sampled_from(program.numbers))}{draw(NUMBER_SPECS)}}}"
        for _ in range(draw(st.integers(1, 2)))
    )
    return f'f"{inner}"'


@st.composite
def _percent(draw: st.DrawFn, program: Program, depth: int) -> str:
    one, two = draw(text_expression(program, depth)), draw(text_expression(program, depth))
    number = draw(st.sampled_from(program.numbers))
    conversion = draw(st.sampled_from(["%d", "%s", "%05d", "%x", "%-4d"]))
    texts = draw(st.sampled_from(["%s", "%r", "%6s", "%.2s"]))
    return draw(
        st.sampled_from(
            [
                f"'/%s/{texts}/100%%' % ({one}, {two})",
                f"'{texts}-{conversion}' % ({one}, {number})",
                f"'%(a)s/%(b)s/%(a)s' % {{'a': {one}, 'b': {two}}}",
                f"'{conversion}/' % {number}",
                f"'<{texts}>' % {draw(st.sampled_from(program.texts))}",
            ]
        )
    )


@st.composite
def _format(draw: st.DrawFn, program: Program, depth: int) -> str:
    one, two = draw(text_expression(program, depth)), draw(text_expression(program, depth))
    number, spec = draw(st.sampled_from(program.numbers)), draw(NUMBER_SPECS)
    return draw(
        st.sampled_from(
            [
                f"'/{{}}/{{}}{{{{}}}}'.format({one}, {two})",
                f"'{{1}}{{0}}{{1}}'.format({one}, {two})",
                f"'{{a}}/{{n{spec}}}'.format(a={one}, n={number})",
                f"'{{{draw(SPECS)}}}|{{n}}'.format({one}, n={number})",
                f"'{{a}}{{b}}'.format(**{{'a': {one}, 'b': {two}}})",
            ]
        )
    )


@st.composite
def _join(draw: st.DrawFn, program: Program, depth: int) -> str:
    items = draw(st.lists(text_expression(program, depth), min_size=1, max_size=3))
    return f"{draw(st.sampled_from(['/', '', ', ']))!r}.join([{', '.join(items)}])"


@st.composite
def _lookup(draw: st.DrawFn, program: Program, depth: int) -> str:
    one, two = draw(text_expression(program, depth)), draw(text_expression(program, depth))
    return draw(
        st.sampled_from(
            [
                f"{{'a': {one}, 'b': {two}}}['b']",
                f"{{'a': {one}, 7: {two}}}[7]",
                f"{{'a': {one}}}.get('a', {two})",
                f"{{'a': {one}}}.get('z', {two})",
                f"dict(a={one}, b={two})['a']",
                f"[{one}, {two}][1]",
                f"({one}, {two})[-2]",
                f"{{**{{'a': {one}}}, 'a': {two}}}['a']",
            ]
        )
    )


@st.composite
def _method(draw: st.DrawFn, program: Program, depth: int) -> str:
    method = draw(
        st.sampled_from(
            [
                "strip('/')",
                "rstrip('/')",
                "lstrip('a')",
                "upper()",
                "lower()",
                "replace('a', 'b')",
                "replace('a', 'b', 1)",
                "removesuffix('/')",
                "removeprefix('/')",
                "zfill(6)",
                "title()",
                "strip()",
                "split('/')[0]",
                "split('/', 1)[-1]",
                "center(7)",
                "rsplit('/', 1)[0]",
            ]
        )
    )
    return f"({draw(text_expression(program, depth))}).{method}"


@st.composite
def _called(draw: st.DrawFn, program: Program, depth: int) -> str:
    one, two = draw(text_expression(program, depth)), draw(text_expression(program, depth))
    body = draw(st.sampled_from(["a + '/' + b", "path_join(a, b)", "f'{b}{a}'", "'%s:%s' % (a, b)", "urljoin(a, b)"]))
    name = f"f{len(program.lines)}"
    program.lines.append(f"def {name}(a, b={draw(text_expression(program, 0))}, *rest, **more):\n    return {body}")
    return draw(
        st.sampled_from(
            [
                f"{name}({one})",
                f"{name}({one}, {two})",
                f"{name}(b={one}, a={two})",
                f"partial({name}, {one})({two})",
                f"partial({name}, b={one})({two})",
                f"{name}(*[{one}, {two}])",
                f"{name}(**{{'a': {one}}})",
                f"(lambda x: {name}(x))({one})",
            ]
        )
    )


@st.composite
def _conditional(draw: st.DrawFn, program: Program, depth: int) -> str:
    one, two = draw(text_expression(program, depth)), draw(text_expression(program, depth))
    if program.choices:
        return one
    program.choices += 1
    flag = draw(st.booleans())
    return draw(
        st.sampled_from(
            [
                f"({one} if {flag} else {two})",
                f"{{'a': {one}, 'b': {two}}}['a' if {flag} else 'b']",
                f"('%s/%s' % (({one}, 'l') if {flag} else ({two}, 'r')))",
                f"[{one}, {two}][0 if {flag} else 1]",
            ]
        )
    )


@st.composite
def _number(draw: st.DrawFn, program: Program, depth: int) -> str:
    one, two = draw(st.sampled_from(program.numbers)), draw(st.sampled_from(program.numbers))
    return draw(st.sampled_from([f"str({one})", f"str({one} + {two})", f"(str({one}) + str({two}))"]))


@st.composite
def _quote(draw: st.DrawFn, program: Program, depth: int) -> str:
    return f"quote({draw(text_expression(program, depth))})"


FORMS: dict[str, Form | None] = {
    "literal": None,
    "name": None,
    "plus": _two("({left} + {right})"),
    "urljoin": _two("urljoin({left}, {right})"),
    "path": _two("path_join({left}, 'p', {right})"),
    "f": _f_string,
    "percent": _percent,
    "format": _format,
    "join": _join,
    "lookup": _lookup,
    "method": _method,
    "called": _called,
    "conditional": _conditional,
    "number": _number,
    "quote": _quote,
}


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A module that binds RESULT to a text."""
    program = Program()
    for _ in range(2):
        program.bind("T", repr(draw(TEXTS)))
        program.bind("N", repr(draw(NUMBERS)))
    for _ in range(draw(st.integers(0, 2))):
        program.bind("T", draw(text_expression(program)))
    result = draw(text_expression(program))
    return "\n".join([*program.lines, f"RESULT = {result}", ""])


@pytest.mark.slow
@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs())
def test_what_is_claimed_is_what_python_computes(source: str) -> None:
    try:
        truth = python(source)
    except (ValueError, IndexError):  # no URL, or no such item: such a line gives nothing at all
        return
    values = folded(source)
    literals = [literal(value) for value in values]
    if len(values) < CUT and None not in literals:
        assert truth in literals, f"{source}\nPython: {truth!r}\nfolded: {literals}"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("'a' + '/' + 'b'", "a/b"),
        ("f'{1:03d}/{\"x\"!r}'", "001/'x'"),
        ("'%s/%s' % ('a', 'b')", "a/b"),
        ("'%(n)03d|%%' % {'n': 7}", "007|%"),
        ("'{}/{n:>3}'.format('a', n=5)", "a/  5"),
        ("'{a}'.format_map({'a': 'b'})", "b"),
        ("'/'.join(['a', 'b', 'c'])", "a/b/c"),
        ("urljoin('https://h/a/b', '../c?q=1')", "https://h/c?q=1"),
        ("path_join('a/', 'b', '', 'c')", "a/b/c"),
        ("{'x': {'y': 'z'}}['x']['y']", "z"),
        ("{'x': 'y'}.get('q', 'd')", "d"),
        ("partial('{}-{}'.format, 'a')('b')", "?call of something unknown"),
        ("partial(lambda a, b='c': a + b, 'x')()", "xc"),
        ("[part for part in ('a', 'b')][0]", "a|b"),
        ("'a' if LATER else 'b'", "a|b"),
        ("None or 'b'", "b"),
        ("quote('a b/c') + quote('/', safe='')", "a%20b/c%2F"),
        ("'a-b-c'.rsplit('-', 1)[0]", "a-b"),
        ("str(4) + str(2)", "42"),
    ],
)
def test_what_python_computes_is_found(expression: str, text: str) -> None:
    values = folded(f"{HEAD}from later import LATER\nRESULT = {expression}\n")
    assert "|".join(show(v).strip("{}") for v in values) == text


@pytest.mark.parametrize(
    ("expression", "template"),
    [
        ("settings.BASE + '/v1/'", "{setting:BASE}/v1/"),
        ("f'{settings.BASE}/{settings.API[\"v\"]}/'", "{setting:BASE}/{setting:API.v}/"),
        ("'%s/x' % settings.BASE", "{setting:BASE}/x"),
        ("'{}/{}'.format(settings.BASE, os.environ['KEY'])", "{setting:BASE}/{env:KEY}"),
        ("urljoin(settings.BASE, '/api/x')", "{setting:BASE}/api/x"),
        ("urljoin(os.getenv('HOST', 'h'), 'api') + '?a=b'", "{env:HOST}/api?a=b"),
        ("path_join(settings.BASE, 'a', 'b')", "{setting:BASE}/a/b"),
        ("'/'.join([settings.BASE.rstrip('/'), 'a'])", "{setting:BASE}/a"),
        ("f'/{settings.BASE}/'.strip('/')", "{setting:BASE}"),
        ("f'{settings.PORT:05d}/{settings.BASE!s}'", "{setting:PORT}/{setting:BASE}"),
        ("quote(settings.NAME) + '/a'", "{setting:NAME}/a"),
        ("(lambda key: f'/api/{key}/')(later.KEY)", "/api/{?KEY}/"),
        ("(lambda key=None: f'/api/{key}/')()", "/api/{?none}/"),
        ("(lambda key=None: '/api/%s/' % (key or settings.BASE))()", "/api/{setting:BASE}/"),
        ("'/api/' + str(None) + '/'", "/api/{?none}/"),
    ],
)
def test_open_parts_keep_their_names(expression: str, template: str) -> None:
    source = f"import os\nimport later\nfrom django.conf import settings\n{HEAD}\nRESULT = {expression}\n"
    assert [show(v) for v in folded(source)] == [template]


@pytest.mark.parametrize(
    "line",
    [
        "RESULT = ''.join(['/' + row for row in ('a', 'b')])",
        "RESULT = 'x'\nfor row in ('a', 'b'):\n    RESULT = row",
        "RESULT = [f'/{name}/' for name, size in (('a', 1), ('b', 2))][1]",
        "RESULT = {key: f'{key}/' for key in ('a', 'b')}['b']",
        "RESULT = ''\nfor key, value in {'a': 'x', 'b': 'y'}.items():\n    RESULT = f'{key}={value}'",
        "ROWS = [('a', 'x'), ('b', 'y')]\nRESULT = dict(ROWS)['b']",
    ],
)
def test_a_loop_over_a_table_gives_each_of_its_rows_or_says_that_it_does_not_know(line: str) -> None:
    values = folded(line + "\n")
    literals = [literal(v) for v in values]
    assert not literals or None in literals or python(line + "\n") in literals


def test_alternatives_are_bounded() -> None:
    table = ", ".join(f"'a{n}'" for n in range(100))
    values = folded(f"RESULT = [name + '/' + other for name in ({table}) for other in ({table})][5]\n")
    assert 0 < len(values) <= LIMIT


@pytest.mark.parametrize(
    "last", ["A%d = A%d + A%d", "A%d = A%d.replace('a', A%d)", "A%d = '%%s%%s' %% (A%d, A%d)", "A%d = f'{A%d}{A%d}'"]
)
def test_a_text_that_doubles_itself_ends_as_an_open_one(last: str) -> None:
    lines = ["A0 = 'aaaa'"]
    for n in range(1, 60):  # a look at each name lets the next start from what is known
        lines += [last % (n, n - 1, n - 1), f"print(A{n})"]
    ev = evaluator({"m.py": "\n".join(lines)})
    [module] = ev.index.modules
    found = [v for n in range(60) for v in ev.module_name(module, f"A{n}") if isinstance(v, Text)]
    assert found[1].literal is not None
    assert max(len("".join(p if isinstance(p, str) else "?" for p in v.parts)) for v in found) <= MAX_TEXT


@pytest.mark.parametrize(
    "expression", ["'%99999999d' % 1", "'{:99999999}'.format('a')", "f'{1:99999999}'", "'a'.zfill(99999999)"]
)
def test_a_format_may_not_ask_for_a_text_of_any_size(expression: str) -> None:
    assert [literal(v) for v in folded(f"RESULT = {expression}\n")] == [None]


@pytest.mark.parametrize("value", ["{**X, 'b': 2}", "dict(X, b=2)", "X | {'b': 2}"])
def test_a_name_bound_anew_is_made_of_what_a_star_import_brought(value: str) -> None:
    ev = evaluator({"base.py": "X = {'a': 1}\n", "m.py": f"from base import *\nX = {value}\n"})
    module = ev.index.find("m")
    assert module is not None
    _line, expr = module.summary.scopes[""].defs[-1]
    [made] = ev.eval(expr, ev.frame(module.define("")))  # however it is asked for first
    assert isinstance(made, Mapping)
    assert [literal(key[0]) for key, _value in made.items] == ["a", "b"]
    assert ev.module_name(module, "X") == (made,)


@given(
    text=st.text("ab/.", max_size=6),
    ends=st.one_of(st.text("ab/.", max_size=3), st.lists(st.text("ab/.", max_size=2), max_size=3).map(tuple)),
    method=st.sampled_from(["startswith", "endswith"]),
)
def test_whether_a_known_text_starts_or_ends_so_is_what_python_says(text: str, ends: object, method: str) -> None:
    assert folded(f"RESULT = {text!r}.{method}({ends!r})") == (Const(getattr(text, method)(ends), "bool"),)


@pytest.mark.parametrize("ends", ["name", "('a', name)", "'a', 1"])
def test_whether_a_text_ends_with_something_unknown_is_not_known(ends: str) -> None:
    values = folded(f"import os\nname = os.environ['X']\nRESULT = 'ab'.endswith({ends})")
    assert not any(isinstance(value, Const) for value in values)

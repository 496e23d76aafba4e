"""Expressions: each kind, what it is made of, the bytes it is kept in, and what it is worth."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.options import ScanOptions
from extractor.program.summarizing import summarize_all
from extractor.summary import Expr, ModuleSummary, Scope, decode, encode, summarize
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    BinaryOperation,
    CallResult,
    Closure,
    Comparison,
    Conjunction,
    Constant,
    Declared,
    Defined,
    DictDisplay,
    Element,
    Entered,
    FormattedValue,
    Generated,
    ImportedModule,
    ImportedName,
    JoinedText,
    Local,
    Name,
    Negation,
    Opaque,
    Parameter,
    SequenceDisplay,
    Slice,
    Starred,
    Subscript,
    parts,
    walk,
    with_parts,
)
from tests.worlds import evaluator

KINDS: frozenset[type] = frozenset(get_args(Expr))

# texts, numbers and names of a few kinds, so that equal ones and such as only look equal meet
TEXT = st.sampled_from(["", "a", "b", "url", "1", "\ud800", "ä"])
NUMBER = st.integers(0, 3)
VALUE = st.one_of(
    TEXT, st.none(), st.booleans(), st.integers(-1, 2), st.sampled_from([2**70, 0.0, -0.0, 1.0, float("inf")])
)
LEAVES: dict[type, st.SearchStrategy[Expr]] = {
    Constant: st.builds(Constant, VALUE),
    Name: st.builds(Name, TEXT),
    Local: st.builds(Local, st.lists(NUMBER, max_size=3).map(tuple)),
    Closure: st.builds(Closure, TEXT, TEXT),
    Parameter: st.builds(Parameter, TEXT),
    ImportedModule: st.builds(ImportedModule, TEXT),
    ImportedName: st.builds(ImportedName, TEXT, TEXT),
    Defined: st.builds(Defined, TEXT),
    CallResult: st.builds(CallResult, NUMBER),
    Opaque: st.builds(Opaque, TEXT),
}


def made_of(inner: st.SearchStrategy[Expr]) -> dict[type, st.SearchStrategy[Expr]]:
    """The kinds of expressions that have parts."""
    several = st.lists(inner, max_size=3).map(tuple)
    pair = st.tuples(st.none() | inner, inner)
    return {
        Attribute: st.builds(Attribute, inner, TEXT),
        Subscript: st.builds(Subscript, inner, inner),
        Slice: st.builds(Slice, inner),
        JoinedText: st.builds(JoinedText, several),
        FormattedValue: st.builds(FormattedValue, inner, TEXT, TEXT),
        BinaryOperation: st.builds(BinaryOperation, inner, inner, TEXT),
        SequenceDisplay: st.builds(SequenceDisplay, several),
        DictDisplay: st.builds(DictDisplay, st.lists(pair, max_size=3).map(tuple), st.just(()) | st.just((1, 2))),
        Starred: st.builds(Starred, inner),
        Generated: st.builds(Generated, inner),
        Element: st.builds(Element, inner),
        Entered: st.builds(Entered, inner),
        Declared: st.builds(Declared, inner),
        Alternatives: st.builds(Alternatives, several),
        Conjunction: st.builds(Conjunction, several),
        Negation: st.builds(Negation, inner),
        Comparison: st.builds(Comparison, inner, inner, TEXT),
    }


EXPRESSIONS = st.recursive(
    st.one_of(*LEAVES.values()), lambda inner: st.one_of(*made_of(inner).values()), max_leaves=12
)


def summary_of(exprs: list[Expr]) -> ModuleSummary:
    """A module in whose only scope the expressions are all returned."""
    scope = summarize(b"").scopes[""]
    return ModuleSummary({"": dataclasses.replace(scope, returns=tuple(exprs))}, (), (), (), "ast")


def inside(value: object) -> Iterator[Expr]:
    """The expressions in the fields of one, wherever they stand in them."""
    if type(value) in KINDS:
        yield value  # type: ignore[misc]
    elif isinstance(value, tuple):
        for item in value:
            yield from inside(item)


def in_fields(expr: Expr) -> list[Expr]:
    """What an expression is made of, told by its fields alone."""
    return [part for field in dataclasses.fields(expr) for part in inside(getattr(expr, field.name))]


def all_of(expr: Expr) -> Iterator[Expr]:
    """An expression and all that it is made of, told by the fields alone."""
    yield expr
    for part in in_fields(expr):
        yield from all_of(part)


def test_every_kind_is_tried_here() -> None:
    assert {*LEAVES, *made_of(st.none())} == KINDS  # type: ignore[arg-type]


@pytest.mark.slow
@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(EXPRESSIONS, min_size=1, max_size=6))
def test_what_is_kept_comes_back_as_it_was(exprs: list[Expr]) -> None:
    before = summary_of(exprs)
    after = decode(encode(before))
    assert after is not None
    assert repr(after) == repr(before)  # and not only equal: 1, 1.0 and True are
    assert encode(after) == encode(before)


@pytest.mark.slow
@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(EXPRESSIONS, min_size=1, max_size=6))
def test_what_comes_back_holds_each_expression_once(exprs: list[Expr]) -> None:
    after = decode(encode(summary_of(exprs)))
    assert after is not None
    found = list(walk(*after.scopes[""].returns))
    assert len({id(expr) for expr in found}) == len({repr(expr) for expr in found})


@pytest.mark.slow
@settings(max_examples=200, deadline=None, derandomize=True)
@given(EXPRESSIONS)
def test_the_walk_reaches_every_part_of_every_kind(expr: Expr) -> None:
    assert [repr(part) for part in parts(expr)] == [repr(part) for part in in_fields(expr)]
    assert [repr(part) for part in walk(expr)] == [repr(part) for part in all_of(expr)]


@pytest.mark.slow
@settings(max_examples=200, deadline=None, derandomize=True)
@given(EXPRESSIONS)
def test_an_expression_made_of_its_own_parts_is_itself(expr: Expr) -> None:
    assert repr(with_parts(expr, parts(expr))) == repr(expr)


def test_other_parts_take_their_places() -> None:
    old = DictDisplay(((None, Name("a")), (Constant("k"), Name("b"))), (1, 2))
    new = DictDisplay(((None, Name("c")), (Constant("l"), Name("d"))), (1, 2))
    assert with_parts(old, parts(new)) == new


@pytest.mark.parametrize("kind", [Parameter, ImportedModule, Defined, Opaque, Constant])
def test_kinds_that_look_alike_are_not_equal(kind: type) -> None:
    assert Attribute(Name("x"), "y") != Attribute(kind("x"), "y")


PROGRAM = """
    import os
    from shop import settings as names

    KEY = "a"
    ROWS = [(1, 2), *names.ROWS, *(row for row in KEY)]
    TABLE = {"a": ROWS[0], **names.TABLE, "b": f"{KEY!r:>4}-{KEY}"}

    class Shop:
        def __init__(self):
            self.client: os.PathLike

    def outer(given, other=None):
        found = {}
        for row in ROWS[1:]:
            found[row] = given.get(row) or other
        with open(KEY) as file:
            text = file.read() + KEY
        inner = lambda: found
        return text if not given and other == 1 else inner() or (yield)
"""


def test_a_program_of_every_kind_is_evaluated_whole() -> None:
    ev = evaluator({"m.py": PROGRAM, "shop/__init__.py": "", "shop/settings.py": "ROWS = [(3, 4)]\nTABLE = {}\n"})
    met: set[type] = set()
    [module] = [module for module in ev.index.modules if module.path == "m.py"]
    for name, scope in module.summary.scopes.items():
        frame = ev.frame(module.define(name))
        for expr in walk(*expressions_of(scope)):
            met.add(type(expr))
            assert isinstance(ev.eval(expr, frame), tuple)
    assert met == KINDS


def expressions_of(scope: Scope) -> Iterator[Expr]:
    """Every expression that a scope holds."""
    yield from (value for _line, value in scope.defs)
    yield from scope.returns
    yield from scope.yields
    for call in scope.calls:
        yield from (call.func, *call.args, *(value for _name, value in call.kwargs))
    yield from (expr for _base, _name, expr, _line in scope.attrs)
    yield from (test for test, _holds, _line in scope.guards)


def test_conditions_have_no_value_but_say_what_they_are() -> None:
    ev = evaluator({"m.py": textwrap.dedent("A = 1\nB = not A\nC = A == 1\n")})
    module = ev.index.modules[0]
    assert [str(v) for name in "BC" for v in ev.module_name(module, name)] == ["Unknown(reason='a truth value')"] * 2


@pytest.mark.parametrize(("depth", "error"), [(20, None), (170, "too deeply nested")])
def test_what_nests_too_deeply_costs_its_module_and_no_more(depth: int, error: str | None) -> None:
    deep = f"x = {'[' * depth}a{' for a in b]' * depth}\n".encode()
    kept = summarize_all([("deep", deep), ("plain", b"x = 1\n")], ScanOptions("", "", jobs=1))
    read = {name: decode(data) for name, data in kept.items()}
    assert {name: summary and summary.error for name, summary in read.items()} == {"deep": error, "plain": None}

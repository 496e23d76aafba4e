"""Summaries: which definitions reach a use, what a scope is, and what comes back from the cache."""

from __future__ import annotations

import ast
import json
import textwrap
from pathlib import Path

import pytest

from extractor.summary import Expr, ModuleSummary, Scope, decode, encode, summarize
from extractor.summary.expr import (
    Attribute,
    BinaryOperation,
    CallResult,
    Closure,
    Constant,
    Defined,
    ImportedModule,
    ImportedName,
    Local,
    Name,
    Parameter,
    last_name,
)


def read(source: str) -> ModuleSummary:
    summary = summarize(textwrap.dedent(source).encode())
    assert summary.error is None
    return summary


def constants(scope: Scope, value: Expr) -> set[object]:
    """The constants that can reach a use of a local variable."""
    assert isinstance(value, Local)
    found = [scope.defs[index][1] for index in value.definitions]
    return {expr.value for expr in found if isinstance(expr, Constant)}


def reaching(body: str) -> set[object]:
    """The constants that reach `x` in the call `use(x)` at the end of a function with this body."""
    source = "def f(a):\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n    use(x)\n"
    scope = read(source).scopes["f"]
    [call] = [c for c in scope.calls if c.func == Name("use")]
    return constants(scope, call.args[0])


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("x = 1\nx = 2", {2}),
        ("if a:\n    x = 1\nelse:\n    x = 2", {1, 2}),
        ("x = 1\nif a:\n    x = 2", {1, 2}),
        ("x = 1\nif a:\n    x = 2\n    return x", {1}),
        ("if a:\n    x = 1\nelif b:\n    x = 2\nelse:\n    raise ValueError", {1, 2}),
        ("x = 1\nfor i in a:\n    x = 2", {1, 2}),
        ("x = 1\nfor i in a:\n    x = 2\n    break\nelse:\n    x = 3", {1, 2, 3}),
        ("x = 1\nwhile a:\n    x = 2", {1, 2}),
        ("try:\n    x = 1\nexcept KeyError:\n    x = 2", {1, 2}),
        ("try:\n    x = 1\nexcept KeyError:\n    return", {1}),
        ("x = 0\ntry:\n    x = 1\nexcept KeyError:\n    pass", {0, 1}),
        ("try:\n    a()\nexcept KeyError:\n    x = 1\nelse:\n    x = 2", {1, 2}),
        ("x = 1\ntry:\n    a()\nfinally:\n    x = 2", {2}),
        ("x = 1\nwith a:\n    x = 2", {2}),
        ("match a:\n    case 1:\n        x = 1\n    case _:\n        x = 2", {1, 2}),
        ("x, y = 1, 2", {1}),
        ("x = 1\n[x for x in a]", {1}),
        ("x = 1\n{x: x for x in a}", {1}),
        ("x = 1\ndef g():\n    x = 2", {1}),
        ("x = 1\nclass C:\n    x = 2", {1}),
        ("x = 1\nlambda x: x", {1}),
        ("if (x := 1):\n    pass", {1}),
    ],
)
def test_the_definitions_that_reach_a_use(body: str, found: set[object]) -> None:
    assert reaching(body) == found


def test_a_parameter_reaches_until_it_is_bound_anew() -> None:
    scope = read("def f(x):\n    use(x)\n    x = 1\n    use(x)\n").scopes["f"]
    before, after = (call.args[0] for call in scope.calls)
    assert isinstance(before, Local)
    assert [scope.defs[i][1] for i in before.definitions] == [Parameter("x")]
    assert constants(scope, after) == {1}


def test_a_name_of_the_function_around_is_a_closure_s_and_passes_over_classes() -> None:
    scopes = read(
        """
        def outer(base):
            class Inner:
                base = 1
                def method(self):
                    return base
            return lambda path: base + path
        """
    ).scopes
    assert scopes["outer.Inner.method"].returns == (Closure("outer", "base"),)
    [made] = scopes["outer.<lambda>1"].returns
    assert isinstance(made, BinaryOperation)
    assert (made.left, made.operator) == (Closure("outer", "base"), "+")
    assert {name: scope.kind for name, scope in scopes.items()} == {
        "": "module",
        "outer": "function",
        "outer.Inner": "class",
        "outer.Inner.method": "function",
        "outer.<lambda>1": "lambda",
    }


def test_names_of_the_module_and_builtins_stay_names() -> None:
    scope = read("BASE = 1\ndef f():\n    use(BASE, len)\n").scopes["f"]
    assert scope.calls[0].args == (Name("BASE"), Name("len"))


def test_a_local_read_before_it_is_bound_is_not_the_module_s() -> None:
    scope = read("x = 1\ndef f():\n    use(x)\n    x = 2\n").scopes["f"]
    assert scope.calls[0].args == (Local(()),)


def test_global_assignments_are_told_apart_from_locals() -> None:
    scope = read("CLIENT = None\ndef f():\n    global CLIENT\n    CLIENT = make()\n    use(CLIENT)\n").scopes["f"]
    assert scope.global_sets == (("CLIENT", CallResult(0), 4),)
    assert scope.calls[1].args == (Name("CLIENT"),)
    assert "CLIENT" not in scope.names


def test_a_module_s_names_are_those_at_its_end_and_a_function_s_are_all() -> None:
    scopes = read("A = 1\nA = 2\ndef f():\n    b = 1\n    b = 2\n    def g():\n        return b\n").scopes
    assert [scopes[""].defs[i][1] for i in scopes[""].names["A"]] == [Constant(2)]
    assert [scopes["f"].defs[i][1] for i in scopes["f"].names["b"]] == [Constant(1), Constant(2)]


def test_definitions_of_one_name_get_scopes_of_their_own() -> None:
    scopes = read("if X:\n    def f(): return 1\nelse:\n    def f(): return 2\n").scopes
    assert {name: scope.returns for name, scope in scopes.items() if name} == {
        "f": (Constant(1),),
        "f#2": (Constant(2),),
    }
    assert [scopes[""].defs[i][1] for i in scopes[""].names["f"]] == [Defined("f"), Defined("f#2")]


def test_decorators_defaults_and_bases_are_read_outside_the_body() -> None:
    scopes = read(
        """
        LIMIT = 5
        class Api(Base, metaclass=Meta):
            LIMIT = 6
            @retry(3)
            def get(self, path: str, *rest, size=LIMIT, **more) -> "Reply": ...
        """
    ).scopes
    api, get = scopes["Api"], scopes["Api.get"]
    assert (api.bases, api.keywords) == ((Name("Base"),), (("metaclass", Name("Meta")),))
    [decorator] = get.decorators
    assert isinstance(decorator, CallResult)
    assert api.calls[decorator.call].func == Name("retry")
    assert [(name, kind) for name, kind, _default, _annotation in get.params] == [
        ("self", "pos"),
        ("path", "pos"),
        ("rest", "*"),
        ("size", "kw"),
        ("more", "**"),
    ]
    [size] = [default for name, _kind, default, _annotation in get.params if name == "size"]
    assert size is not None
    assert constants(api, size) == {6}
    assert get.return_annotation == Name("Reply")
    assert (get.line, get.def_line) == (5, 6)


def test_calls_keep_their_lines_and_the_conditions_they_stand_under() -> None:
    source = "def f(a):\n    if a:\n        go()\n    else:\n        (stop\n        .now(\n        ))\n"
    scope = read(source).scopes["f"]
    go, stop = scope.calls
    assert [(scope.guards[i][1], scope.guards[i][2]) for i in go.guards] == [(True, 2)]
    assert [(scope.guards[i][1], scope.guards[i][2]) for i in stop.guards] == [(False, 2)]
    assert (go.line, stop.line, stop.end_line) == (3, 6, 7)


def test_what_is_set_and_deleted_by_key_keeps_the_conditions_it_stands_under() -> None:
    scope = read("if a:\n    x[1] = 2\nelse:\n    del x[3], y.z, x[4:]\nx[5] = 6\n").scopes[""]
    assert [(key, [scope.guards[i][1] for i in guards]) for _base, key, *_rest, guards in scope.subs] == [
        (Constant(1), [True]),
        (Constant(5), []),
    ]
    [deleted] = scope.calls
    assert deleted.func == Attribute(Name("x"), "__delitem__")
    assert (deleted.args, deleted.line, [scope.guards[i][1] for i in deleted.guards]) == ((Constant(3),), 4, [False])


def test_what_follows_a_branch_that_returns_is_guarded_by_its_test() -> None:
    scope = read(
        """
        def f(a, b):
            for one in a:
                if one:
                    return first()
                elif b:
                    return second()
                third()
            fourth()
        """
    ).scopes["f"]
    guarded = {last_name(call.func): [scope.guards[i][1:] for i in call.guards] for call in scope.calls}
    assert guarded == {
        "first": [(True, 4)],
        "second": [(False, 4), (True, 6)],
        "third": [(False, 4), (False, 6)],
        "fourth": [],
    }


def test_imports_are_listed_wherever_they_stand() -> None:
    summary = read("import a.b\nfrom .c import d as e\nfrom x import *\ndef f():\n    from ..y import z\n")
    assert set(summary.imports) >= {"a.b", ".c", ".c.d", "x", "..y", "..y.z"}
    assert summary.stars == ("x",)
    scope = summary.scopes[""]
    assert [scope.defs[i][1] for i in scope.names["e"]] == [ImportedName(".c", "d")]
    assert [scope.defs[i][1] for i in scope.names["a"]] == [ImportedModule("a")]


@pytest.mark.parametrize("source", [b"def f(:\n", b"\xff\xfe\x00", b"x = " + b"(" * 5000])
def test_a_source_that_cannot_be_read_says_why(source: bytes) -> None:
    summary = summarize(source)
    assert summary.scopes == {}
    assert summary.error


# the cache's bytes --------------------------------------------------------------------------------------------------

LIBRARY = [Path(module.__file__ or "") for module in (ast, json, textwrap, pytest)]
LIBRARY += sorted(Path(json.__file__ or "").parent.glob("*.py"))


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_summary_comes_back_as_it_went(path: Path) -> None:
    summary = summarize(path.read_bytes())
    data = encode(summary)
    assert summary.scopes
    assert decode(data) == summary
    assert encode(summarize(path.read_bytes())) == data

"""Syntax newer than the interpreter: read all the same, into nodes that every interpreter knows."""

from __future__ import annotations

import ast

import pytest

from extractor.syntax import Parsed, Unparsed, parse
from tests.syntax_programs import dumped


def tree(source: str) -> ast.Module:
    parsed = parse(source.encode())
    assert isinstance(parsed, Parsed), parsed
    return parsed.tree


# Left what is written, right what it reads as.
EQUIVALENT = {
    "two exceptions without parentheses": (
        "try:\n  a\nexcept OSError, ValueError:\n  b\n",
        "try:\n  a\nexcept (OSError, ValueError):\n  b\n",
    ),
    "exception groups without parentheses": (
        "try:\n  a\nexcept* OSError, ValueError:\n  b\n",
        "try:\n  a\nexcept* (OSError, ValueError):\n  b\n",
    ),
    "exceptions in lower case that are imported": (
        "from socket import timeout\ntry:\n  a\nexcept OSError, timeout:\n  b\n",
        "from socket import timeout\ntry:\n  a\nexcept (OSError, timeout):\n  b\n",
    ),
    "type alias": ("type X = int\n", "X = int\n"),
    "type alias with parameters": ("type X[T: str = int] = list[T]\n", "X = list[T]\n"),
    "same quotes in a field": ("x = f'{a['b']}'\n", "x = f'{a[\"b\"]}'\n"),
    "string over lines in a field": ('x = f"{a[\n"b"]}"\n', "x = f'{a[\"b\"]}'\n"),
    "comment in a field": ("x = f'''{a # why\n}'''\n", "x = f'''{a}'''\n"),
    "template string": ("x = t'a{b!r:>{w}}'\n", "x = f'a{b!r:>{w}}'\n"),
    "lazy import": ("lazy import a.b\n", "import a.b\n"),
}


@pytest.mark.parametrize("name", EQUIVALENT)
def test_newer_syntax_reads_as_its_older_equal(name: str) -> None:
    newer, older = EQUIVALENT[name]
    assert dumped(tree(newer), positions=False) == dumped(ast.parse(older), positions=False)


def test_type_parameters_are_dropped_and_the_rest_stays() -> None:
    module = tree("class A[T: int = str, *Ts, **P](B):\n  def f[U](self, x: U) -> T: return x\n")
    [made] = module.body
    assert isinstance(made, ast.ClassDef)
    assert [ast.unparse(base) for base in made.bases] == ["B"]
    [method] = made.body
    assert isinstance(method, ast.FunctionDef)
    assert ast.unparse(method.args) == "self, x: U"


def test_unpacking_in_a_comprehension_keeps_what_is_iterated() -> None:
    for source in ("[*f(a) for a in b]", "{**f(a) for a in b}"):
        [statement] = tree(source).body
        names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        assert names == {"a", "b", "f"}


def test_lines_are_exact_where_ast_cannot_read_the_module() -> None:
    module = tree("import a\n\ntype X = int\n\n@d\ndef f():\n    return a.b(\n        1,\n    )\n")
    spans = [(type(node).__name__, node.lineno, node.end_lineno) for node in module.body]
    assert spans == [("Import", 1, 1), ("Assign", 3, 3), ("FunctionDef", 6, 9)]


def test_the_parser_that_read_the_module_is_named() -> None:
    plain, forced = parse(b"x = 1\n"), parse(b"x = 1\n", parser="libcst")
    newer = parse(b"try:\n  a\nexcept OSError, ValueError:\n  b\n")
    assert [isinstance(each, Parsed) and each.parser for each in (plain, forced, newer)] == ["ast", "libcst", "libcst"]


@pytest.mark.parametrize("caught", ["socket.error", "(IOError, OSError)", "KeyError"])
def test_an_exception_caught_under_a_name_as_in_python_2_is_no_newer_syntax(caught: str) -> None:
    assert parse(f"try:\n  a\nexcept {caught}, e:\n  b\n".encode()) == Unparsed("Python 2 syntax")

"""The names a function binds: given its source, those that are local, as Python's own symbol table has them."""

from __future__ import annotations

import ast
import symtable

import pytest

from extractor.summary.locals import local_names

BODIES = [
    "a = b = 1",
    "a, (b, *c), [d] = value",
    "a.b = c[d] = value",
    "a: int = 1\nb += 1",
    "for a, b in rows:\n    c = a\nelse:\n    d = 1",
    "while c:\n    a = 1\nelse:\n    b = 1",
    "with open(a) as b, x() as (c, d):\n    e = 1",
    "try:\n    a = 1\nexcept E as b:\n    c = 1\nelse:\n    d = 1\nfinally:\n    e = 1",
    "try:\n    a = 1\nexcept* E as b:\n    c = 1",
    "import a.b.c, d as e\nfrom f import g, h as i",
    "def a(b):\n    c = 1\nclass d:\n    e = 1\nasync def f():\n    g = 1",
    "match v:\n    case [a, *b]:\n        c = 1\n    case {'k': d, **e} | f():\n        pass",
    "match v:\n    case g() as h:\n        pass",
    "if (a := b):\n    c = [d for d in b]\n    e = lambda f: f",
    "return {a: b for a, b in rows}",
    "async def f():\n    pass\nx = [y async for y in f()]",
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("head", ["def fn():", "def fn(p, /, q, *r, s=1, **t):", "async def fn(p=1):"])
def test_it_says_what_python_says(head: str, body: str) -> None:
    source = f"{head}\n" + "\n".join(f"    {line}" for line in body.splitlines())
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    table = symtable.symtable(source, "m.py", "exec").get_children()[0]
    told = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local()}
    assert local_names(node, walrus=":=" in source) == told - comprehended(node)


def comprehended(node: ast.AST) -> set[str]:
    """The variables of comprehensions, which Python 3.12 and later put into the table of the function around them
    (https://peps.python.org/pep-0709/); no body above binds such a name outside as well."""
    targets = [part.target for part in ast.walk(node) if isinstance(part, ast.comprehension)]
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}

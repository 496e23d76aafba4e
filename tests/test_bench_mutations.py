"""Mutations: given this source, these changes; each is a program still, and another one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bench.mutations import mutations

LINK = Path(__file__).parent.parent / "extractor" / "link"


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("def f(a):\n    return a < 1 == a\n", {"a <= 1 == a", "a < 1 != a", "a < 2 == a", "a < 0 == a", "None"}),
        ("def f(a, b):\n    g = a and not b\n", {"a or not b", "a and b"}),
        ("def f(a):\n    g = 'ü', a in (0x10,)\n", {"'ü', a not in (16,)", "'ü', a in (17,)", "'ü', a in (15,)"}),
        (
            "def f(a):\n    return g(a) if a else 2\n",
            {"2 if a else g(a)", "None", "g(a) if a else 3", "g(a) if a else 1"},
        ),
        ("def f(a):\n    a.b = g\n", {"pass"}),
        ("def f():\n    '''Says so.'''\n    return True\n", set()),
        ("def f(a: 'x' = None) -> Literal[1]:\n    return f'{a < 1}'\n", {"None"}),
    ],
)
def test_the_changes_that_can_be_made(source: str, changed: set[str]) -> None:
    head = "return " if "return" in source else "g = " if "g = " in source else ""
    made = {m.apply(source.encode()).decode().splitlines()[-1].strip() for m in mutations(source.encode())}
    assert {ast.unparse(ast.parse(line.removeprefix(head))) for line in made} == {
        ast.unparse(ast.parse(line)) for line in changed
    }


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(LINK.glob("*.py")), ids=lambda path: path.stem)
def test_every_change_makes_another_program(path: Path) -> None:
    source = path.read_bytes()
    before = ast.dump(ast.parse(source))
    for mutation in mutations(source):
        assert ast.dump(ast.parse(mutation.apply(source))) != before, mutation

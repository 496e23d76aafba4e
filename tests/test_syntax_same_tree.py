"""The two parsers say the same: for any source, libcst's tree equals that of `ast`, positions included."""

from __future__ import annotations

import ast
import os
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.syntax import Parsed, parse
from tests.syntax_programs import PROGRAMS, dumped

WHOLE_LIBRARY = "C4TRACE_WHOLE_STDLIB" in os.environ
SMALL = 9_000  # bytes
SAMPLE = 150  # modules

# An annotated name in parentheses, `(x): int`, is the one thing valid in Python that libcst does not read.
UNREAD_BY_LIBCST = {"ann_module.py", "test_grammar.py"}

# The code that is read here is other people's, and `ast` warns of some of it.
pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")


def standard_library() -> list[Path]:
    """Modules of the running interpreter: an even sample of the small ones, or all when the environment asks."""
    root = Path(sysconfig.get_path("stdlib"))
    modules = [path for path in sorted(root.rglob("*.py")) if "site-packages" not in path.parts]
    modules = [path for path in modules if path.name not in UNREAD_BY_LIBCST]
    if WHOLE_LIBRARY:
        return modules
    small = [path for path in modules if 200 < path.stat().st_size < SMALL and "lib2to3" not in path.parts]
    return small[:: max(1, len(small) // SAMPLE)]


def assert_same_tree(source: bytes) -> None:
    """Fails unless both parsers read the source alike; a source that `ast` refuses must say why and is passed over."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return
    by_ast, by_libcst = parse(source), parse(source, parser="libcst")
    assert isinstance(by_ast, Parsed), by_ast
    assert isinstance(by_libcst, Parsed), by_libcst
    assert by_libcst.parser == "libcst"
    assert dumped(by_libcst.tree) == dumped(by_ast.tree)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_hard_program_has_one_tree(name: str) -> None:
    source = PROGRAMS[name].encode()
    ast.parse(source)  # the program is valid, so the comparison is not passed over
    assert_same_tree(source)


@pytest.mark.parametrize("name", ["operators", "formatted strings over lines and with escapes", "imports"])
def test_line_ends_do_not_change_the_tree(name: str) -> None:
    plain = parse(PROGRAMS[name].encode(), parser="libcst")
    windows = parse(PROGRAMS[name].replace("\n", "\r\n").encode(), parser="libcst")
    assert isinstance(plain, Parsed)
    assert isinstance(windows, Parsed)
    assert dumped(plain.tree) == dumped(windows.tree)


@pytest.mark.slow
@pytest.mark.parametrize("path", standard_library(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_module_of_the_standard_library_has_one_tree(path: Path) -> None:
    assert_same_tree(path.read_bytes())


def test_the_sample_of_the_standard_library_is_not_empty() -> None:
    assert len(standard_library()) >= SAMPLE


FORMS = st.sampled_from(
    [
        "({0})",
        "( {0} ,)",
        "[{0}\n]",
        "{0}.b",
        "-{0}",
        "not ({0})",
        "f({0} for x in y)",
        "({{**({0})}})",
        "(yield {0})",
        "({0} + {1})",
        "({0} and {1})",
        "{0}\t< ({1})",
        "({0}[{1}:])",
        "f({0}, *{1})",
        "f(a={0}, **({1}))",
        "({0},\n {1})",
        "(lambda a={0}: {1})",
        "[{0} for x in {1} if x]",
        "({{{0}: {1}}})",
        "({0} or {1})",
        "({0} ** {1})",
        "a[{0}, *{1}]",
        "({0} if {1} else {2})",
        "({0} and {1} and {2})",
        "a[{0}:{1}:{2}]",
        "({{({0}) for x in y}})",
        "([{0} for x in y])",
        "({{{0}: {1} for x in y}})",
        "(x := {0})",
        "({0}, *{1})",
        "[*{0}, ({1})]",
    ]
)


def _composed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda form, *parts: form.format(*parts), FORMS, inner, inner, inner)


ATOMS = st.sampled_from(["a", "é", "1", "2.5j", "'s'", "b'x'", "...", "None", "f'{a}ü{b!r:>{c}}'", "'p' 'q'", "()"])
EXPRESSIONS = st.recursive(ATOMS, _composed, max_leaves=12)
STATEMENTS = st.sampled_from(
    [
        "{}",
        "{};",
        "x = {}",
        "x += {}",
        "x: a = {}",
        "return {}",
        "if {}: pass",
        "for x in {}: pass;",
        "assert {}",
        "with {} as x: pass",
        "raise {}",
        "while {}:\n  pass\nelse: pass",
        "del a[{}]",
        "@f({})\nclass A: pass",
    ]
)


@pytest.mark.slow
@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(st.tuples(STATEMENTS, EXPRESSIONS), min_size=1, max_size=4))
def test_a_made_up_program_has_one_tree(parts: list[tuple[str, str]]) -> None:
    assert_same_tree("\n".join(statement.format(value) for statement, value in parts).encode())

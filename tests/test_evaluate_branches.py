"""Branches: what a function gives back and does on the ways that the values of one call let it take."""

from __future__ import annotations

import textwrap

import pytest

from tests.test_evaluate_expressions import names
from tests.worlds import evaluator

FUNCTIONS = """
FLAG = False
class Kind:
    slash, other, made = True, None, None
    def __init__(self, name="a"): self.name = name
    def place(self):
        path = "/kind"
        if self.slash:
            path += "/"
        return path
    @classmethod
    def url(cls, action):
        if action in ("get", "put"):
            return "/" + cls.word + "/one"
        return "/" + cls.word
    def set_other(self): return "set" if self.other else "unset"
    def lazy(self):
        if self.made is None:
            self.made = Plain()
            return "first"
        return "again"
class Plain(Kind):
    slash = False
    word = "plain"
class Named(Kind):
    word = "named"
    @classmethod
    def url(cls, action):
        if action == "search":
            return "/search"
        else:
            return super().url(action)
def other(kind): kind.other = 1
def early(kind):
    if kind == "a": return "A"
    if not kind: return "none"
    return "rest"
def raising(kind):
    if kind == "a": raise ValueError
    return "rest"
def merged(kind, base=None):
    if base is None:
        base = "https://default"
    elif kind == "b":
        base = base + "/b"
    return base
def nested(one, two):
    path = "0"
    if one:
        if two:
            path = "12"
        else:
            path = "1"
    return path
def chosen(kind): return "yes" if kind else "no"
def either(one, two):
    if one or two: return "some"
    return "neither"
def looped(kinds, kind):
    for item in kinds:
        if kind == "first": return "first"
        kind = item
    return "last"
def skipped(kind):
    path = "/start"
    for item in [1, 2]:
        if kind == "a": continue
        path = "/went"
    return path
def matched(kind):
    match kind:
        case "a" | "b": return "ab"
        case None: return "none"
        case "c": path = "c"
        case _: path = "rest"
    return path
def flagged(kind):
    if FLAG: return "on"
    return "off"
def tried(kind):
    path = "/0"
    try:
        if kind: path = "/1"
    except OSError:
        path = "/2"
    return path
def options(*args, **kwargs):
    if kwargs.get("deep"): return "deep"
    return "flat"
def passing(**kwargs): return early(**kwargs)
def spread(rest, more): return merged(*rest, **more)
"""


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("early('a')", ["A"]),
        ("early('')", ["none"]),
        ("early('b')", ["rest"]),
        ("raising('b')", ["rest"]),
        ("merged('a')", ["https://default"]),
        ("merged('a', 'https://x')", ["https://x"]),
        ("merged('b', 'https://x')", ["https://x/b"]),
        ("nested(1, 1)", ["12"]),
        ("nested(1, 0)", ["1"]),
        ("nested(0, 1)", ["0"]),
        ("chosen(1)", ["yes"]),
        ("chosen(None)", ["no"]),
        ("either(0, 0)", ["neither"]),
        ("either(0, 2)", ["some"]),
        ("either(2, unknown_thing())", ["some"]),
        ("matched('b')", ["ab"]),
        ("matched(None)", ["none"]),
        ("matched('c')", ["c"]),
        ("matched('z')", ["rest"]),
        ("Kind().place()", ["/kind/"]),
        ("Plain().place()", ["/kind"]),
        ("Named.url('put')", ["/named/one"]),
        ("Named.url('post')", ["/named"]),
        ("Named.url('search')", ["/search"]),
        ("options(1)", ["flat"]),
        ("options(deep=True)", ["deep"]),
        ("passing(kind='a')", ["A"]),
        ("spread(['a', 'https://y'], {})", ["https://y"]),
    ],
)
def test_a_branch_that_the_values_exclude_gives_nothing(expression: str, found: list[str]) -> None:
    world = evaluator({"m.py": textwrap.dedent(FUNCTIONS) + f"\nR = {expression}\n"})
    assert names(world, "m", "R") == found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("early(unknown_thing())", ["A", "none", "rest"]),  # nothing is known of the argument
        ("looped(unknown_thing(), 'other')", ["first", "last"]),  # a later round sets the variable of the test
        ("skipped('a')", ["/start", "/went"]),  # which rounds there are is not followed
        ("flagged('a')", ["on", "off"]),  # no caller decides: the flag may be set elsewhere
        ("tried(1)", ["/0", "/1", "/2"]),  # what raises, and where, is not known
        ("Kind().set_other()", ["set", "unset"]),  # set on the object by somebody else
        ("Kind().lazy()", ["first", "again"]),  # set when it is first asked for
        ("options(**unknown_thing())", ["deep", "flat"]),  # some may be given
        ("passing(**unknown_thing())", ["A", "none", "rest"]),
        ("early(*unknown_thing())", ["A", "none", "rest"]),
    ],
)
def test_a_branch_that_may_be_taken_is_kept(expression: str, found: list[str]) -> None:
    world = evaluator({"m.py": textwrap.dedent(FUNCTIONS) + f"\nR = {expression}\n"})
    assert sorted(names(world, "m", "R")) == sorted(found)

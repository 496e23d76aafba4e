"""Text from bytes: encodings, byte order marks, line ends."""

from __future__ import annotations

import ast

import pytest

from extractor.syntax import Parsed, parse


def value(source: bytes) -> object:
    """What the module's last assignment assigns."""
    parsed = parse(source)
    assert isinstance(parsed, Parsed), parsed
    last = parsed.tree.body[-1]
    assert isinstance(last, ast.Assign)
    return ast.literal_eval(last.value)


COOKIES = {
    "none": "x = 'é'\n".encode(),
    "mark": b"\xef\xbb\xbf" + "x = 'é'\n".encode(),
    "mark and cookie": b"\xef\xbb\xbf# coding: utf-8\n" + "x = 'é'\n".encode(),
    "emacs": b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
    "vim": b"#!/usr/bin/python\n# vim: set fileencoding=iso-8859-15 :\nx = '\xe9'\n",
    "windows": b"# coding=cp1252\r\nx = '\xe9'\r\n",
    "line two under a blank": b"\n# coding: latin-1\nx = '\xe9'\n",
}


@pytest.mark.parametrize("name", COOKIES)
def test_an_encoding_is_found_where_pep_263_has_it(name: str) -> None:
    assert value(COOKIES[name]) == "é"


def test_a_cookie_behind_code_is_a_comment() -> None:
    assert value(b"x = 1\n# coding: klingon\ny = 2\n") == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_of_the_text_is_the_line_of_the_node(end: str) -> None:
    lines = ["a = 1", "\x0c", "s = '\u2028\x0b'", "", "b = 2"]
    parsed = parse(end.join(lines).encode())
    assert isinstance(parsed, Parsed)
    found = [parsed.text.split("\n")[node.lineno - 1] for node in parsed.tree.body]
    assert found == ["a = 1", "s = '\u2028\x0b'", "b = 2"]


def test_a_module_without_a_final_newline_is_whole() -> None:
    assert value(b"x = 1; y = 2") == 2


def test_an_empty_module_is_a_module() -> None:
    parsed = parse(b"")
    assert isinstance(parsed, Parsed)
    assert parsed.tree.body == []

"""The words of a name, however its case and its signs divide them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.text.masking import is_secret_name
from extractor.text.words import spaced, words_of

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("PAYWELL_API_BASE_URL", ("paywell", "api", "base", "url")),
        ("paywellApiUrl", ("paywell", "api", "url")),
        ("LMSApiURL", ("lms", "api", "url")),
        ("paywell-api.URLs", ("paywell", "api", "urls")),  # a plural of capitals is one word
        ("IDsOfUsers", ("ids", "of", "users")),
        ("HTTPSession", ("http", "session")),
        ("S3Boto3Storage", ("s3", "boto3", "storage")),
        ("__init__", ("init",)),
        ("", ()),
    ],
)
def test_a_name_has_these_words(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words
    assert spaced(name) == " ".join(words)


@given(st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=1, max_size=5))
def test_every_way_of_writing_a_name_has_the_same_words(words: list[str]) -> None:
    written = ("_".join(words), "-".join(words).upper(), ".".join(words), "".join(map(str.capitalize, words)))
    assert {words_of(name) for name in written} == {tuple(words)}


@given(st.text(max_size=30))
def test_words_of_words_are_the_words(name: str) -> None:
    assert words_of(spaced(name)) == words_of(name)


def test_a_secret_is_known_by_a_word_after_capitals() -> None:
    assert is_secret_name("HTTPPassword")
    assert is_secret_name("APIKeys")
    assert not is_secret_name("KEYBOARD_LAYOUT")


def test_nobody_else_looks_for_the_seams_of_a_name() -> None:
    """The regular expressions by which names were taken apart stand in one module; slugs fold any text to one word."""
    seams = ("(?<=[a-z0-9])(?=[A-Z])", "([a-z0-9])([A-Z])", "[A-Z]?[a-z]", "[^a-z0-9]+", "[A-Z]+(?![a-z])")
    found = {
        str(path.relative_to(ROOT))
        for package in ("extractor", "renderers", "c4trace")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and any(s in node.value for s in seams)
    }
    assert found == {"extractor/text/slugs.py", "extractor/text/words.py"}

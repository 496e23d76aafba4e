"""URL templates: given text with holes, its parts, its host, and what it is when the holes do not count."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.evaluate.folding import show
from extractor.evaluate.values import Hole, Text
from extractor.text.urls import (
    ARGUMENT,
    EMPTY,
    ENV,
    SETTING,
    UNKNOWN,
    by_name,
    emptied,
    has_literal,
    has_open_base,
    head_kind,
    host_of,
    is_computed,
    is_example,
    is_hole,
    is_local,
    literals,
    parameters_in,
    password_in,
    path_of,
    scheme_of,
    segments,
    setting_of,
    with_empty_base,
    without_query,
)

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://host.example/api/{x}/?q={?why}#top", "/api/{}/"),
        ("{setting:BASE}/api/users/{name}", "/api/users/{}"),
        ("{?unknown base}/api/", "/api/"),
        ("{setting:BASE}{prefix}/api/", "/api/"),
        ("https://{setting:HOST}/api/", "/api/"),
        ("https://{tenant}.example.org:8443/api/", "/api/"),
        ("{setting:BASE}", ""),
        ("https://host.example?q=1", ""),
        ("/runs/{?a/b?c#d}/clone", "/runs/{}/clone"),  # nothing inside a hole divides
        ("orders/#new", "orders/"),
        ("{setting:BASE}orders/", "{}orders/"),  # how the base ends is not known
    ],
)
def test_the_path_is_what_stands_between_base_and_query(url: str, path: str) -> None:
    assert path_of(url) == path
    assert path_of(url, rooted=True) == (path if path.startswith("/") else "")


@pytest.mark.parametrize(
    ("url", "host", "bare"),
    [
        ("https://API.example.org/users", "api.example.org", "api.example.org"),
        ("https://me:secret@api.example.org:8443", "api.example.org", "api.example.org"),
        ("redis://[::1]:6379/0", "[::1]", "[::1]"),
        ("https://api{suffix}.example.org/", "", ""),  # part of it is open
        ("https://{host}/", "", ""),
        ("api.example.org/users", "", "api.example.org"),
        ("/users", "", ""),
        ("{setting:BASE}/users", "", ""),
    ],
)
def test_the_host_is_known_or_it_is_not(url: str, host: str, bare: str) -> None:
    assert (host_of(url), host_of(url, bare=True)) == (host, bare)


def test_holes_of_a_kind_may_stay() -> None:
    url = "{setting:A}/{env:B}/{name}/{?why}/{}"
    assert emptied(url) == "{}/{}/{}/{}/{}"
    assert emptied(url, keep=(SETTING,)) == "{setting:A}/{}/{}/{}/{}"
    assert emptied(url, keep=(SETTING, ENV, ARGUMENT)) == "{setting:A}/{env:B}/{name}/{}/{}"
    assert emptied(url, keep=(UNKNOWN,)) == "{}/{}/{}/{?why}/{}"


def test_configuration_is_told_by_its_name_alone() -> None:
    assert by_name("{setting:A}/{env:B}/{env:yaml:C}/{name}") == "{A}/{B}/{C}/{name}"


def test_a_whole_setting_is_told_from_a_part_of_one() -> None:
    assert setting_of("{setting:TOKEN_URL}") == "TOKEN_URL"
    assert [setting_of(url) for url in ("{setting:A.KEY}", "{env:A}", "{setting:A}/x", "{a}", "x")] == [""] * 5


def test_a_base_that_only_running_tells_is_open() -> None:
    assert all(map(has_open_base, ("{base}/x", "{?computed}/x", "{}/x")))
    assert not any(map(has_open_base, ("{setting:BASE}/x", "{env:BASE}/x", "{base}x", "/x/{id}/y")))


def test_the_kind_of_a_base_is_told() -> None:
    heads = ("{setting:A}/x", "{env:B}", "{name}.x", "{?why}", "{}", "x{name}")
    assert [head_kind(url) for url in heads] == [SETTING, ENV, ARGUMENT, UNKNOWN, "", ""]


def test_a_base_is_emptied_and_what_only_looks_like_one_stays() -> None:
    assert with_empty_base("{setting:A}{b}/x/{}") == "{}/x/{}"
    assert with_empty_base("{setting:A}x/{}/") == "{setting:A}x/{}/"


def test_a_url_tells_its_scheme_password_and_parameters() -> None:
    url = "postgres://me:secret@db.example.org/shop?sslmode=require&key={?why}"
    assert (scheme_of(url), password_in(url), parameters_in(url)) == ("postgres", "secret", [("sslmode", "require")])
    assert scheme_of("{BASE}/x?a=b") == password_in("https://me:{pw}@a.example") == ""
    assert parameters_in("/x?a=b") == []


@pytest.mark.parametrize(
    ("host", "is_near"),
    [
        ("169.254.169.254", True),
        ("169.254.170.2:80", True),
        ("100.100.100.200", True),
        ("[fd00:ec2::254]", True),
        ("metadata.google.internal", True),
        ("169.254.example.org", False),
        ("1169.254.169.254", False),
        ("100.100.100.201", False),
        ("10.0.0.4", False),
    ],
)
def test_the_metadata_of_a_cloud_is_near_every_machine_and_is_still_a_system(host: str, is_near: bool) -> None:
    assert (is_local(host, private=True), is_local(host)) == (is_near, False)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "redis", "host.docker.internal"])
def test_this_machine_and_its_containers_are_local(host: str) -> None:
    assert is_local(host)


def test_some_names_only_the_network_around_knows() -> None:
    assert [(is_local(host), is_local(host, private=True)) for host in ("db.internal", "api.example.org")] == [
        (False, True),
        (False, False),
    ]


def test_example_domains_are_told_from_the_top_level_names_that_nobody_owns() -> None:
    assert is_example("shop.example.org")
    assert not is_example("shop.example")
    assert is_example("shop.example", reserved=True)
    assert not is_example("example.org.uk", reserved=True)


KINDS = st.sampled_from(["setting", "env", "arg", "field", "unknown"])
HOLES = st.builds(Hole, KINDS, st.text(st.characters(codec="utf-8", exclude_characters="{}"), max_size=12))
WORDS = st.from_regex(r"[a-z0-9_.~-]{1,8}", fullmatch=True)


@given(st.lists(st.lists(st.one_of(WORDS, HOLES), min_size=1, max_size=3), min_size=1, max_size=5), WORDS)
def test_what_was_put_together_is_taken_apart(parts: list[list[str | Hole]], query: str) -> None:
    """Segments of words and holes of any name below a base of any kind: path, segments and query come back."""
    shown = [show(Text(tuple(part))) for part in parts]
    path = "/" + "/".join(shown)
    for base in ("https://host.example", "{setting:BASE}", "{?computed}", ""):
        url = f"{base}{path}?q={query}"
        assert without_query(url) == base + path
        assert path_of(url) == emptied(path)
        assert segments(path_of(url)) == tuple(emptied(part) for part in shown)
    assert segments(path) == tuple(shown)


@given(st.lists(st.one_of(WORDS, HOLES), max_size=6))
def test_emptying_keeps_all_that_is_known(parts: list[str | Hole]) -> None:
    url = show(Text(tuple(parts)))
    assert emptied(url).split(EMPTY) == literals(url)
    assert emptied(emptied(url)) == emptied(url)
    assert is_hole(url) == (len(parts) == 1 and isinstance(parts[0], Hole))
    assert is_computed(url) == any(isinstance(part, Hole) and part.kind == "unknown" for part in parts)
    assert has_literal(url) == any(isinstance(part, str) for part in parts)


@given(st.text("ab{}?#/:@.", max_size=30))
def test_any_text_is_taken_apart(url: str) -> None:
    """No text is refused: scanned code may hold any."""
    assert path_of(url).startswith("/") or path_of(url, rooted=True) == ""
    assert url.startswith(without_query(url))
    assert "/" not in re.sub(r"\{[^{}]*\}", "", "".join(segments(url)))
    assert host_of(url) == host_of(url).lower()


def test_nobody_else_takes_templates_apart() -> None:
    """The form of a hole stands in one module: a regular expression with `{`, anything, `}` stands in no other that
    reads URLs."""
    hole = re.compile(r"\\\{\[\^\{\}\]\*\\\}|\{setting:|^\{\?")
    found = [
        str(path.relative_to(ROOT))
        for package in ("extractor", "renderers", "c4trace")
        for path in sorted((ROOT / package).rglob("*.py"))
        if any(
            isinstance(node, ast.Constant) and isinstance(node.value, str) and hole.search(node.value)
            for node in _without_docstrings(ast.parse(path.read_text()))
        )
    ]
    assert found == ["extractor/text/urls.py"]


def _without_docstrings(tree: ast.Module) -> list[ast.AST]:
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [node for node in ast.walk(tree) if id(node) not in docs]

"""Matching: which routes answer a method and a path template."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from extractor.link.routes import RouteIndex
from extractor.link.routes.patterns import Pattern, from_path, from_regex
from extractor.model.graph import Route

KEY = r"(?P<key>[^/+]+(/|\+)[^/+]+(/|\+)[^/?]+)"


def route(pattern: Pattern, *methods: str) -> Route:
    path = pattern.absolute
    return Route(
        id=f"{path} {methods}",
        repo="shop",
        service="web",
        pattern=path,
        name=None,
        view="v",
        methods=methods,
        path="urls.py",
        line=1,
    )


PATTERNS = {
    "me": from_path("users/me/"),
    "user": from_path("users/<str:name>/"),
    "number": from_path("orders/<int:pk>/"),
    "word": from_regex(r"^orders/(?P<name>[a-z]+)/$"),
    "course": from_regex(rf"^courses/{KEY}/info$"),
    "v1": from_path("api/v1/items"),
    "v2": from_path("api/v2/items"),
    "rest": from_regex(r"^files/.*"),
    "pair": from_regex(r"^grades/(?P<user>[^/]+),(?P<key>[^/]+)$"),
    "one": from_regex(r"^grades/(?P<key>[^/]+)$"),
    "file": from_regex(r"^report/(?P<name>\w+)\.csv$"),
}
ROUTES = {name: route(pattern) for name, pattern in PATTERNS.items()}
INDEX = RouteIndex(ROUTES.values(), {ROUTES[n].id: p.parameters for n, p in PATTERNS.items()})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/users/me/", ["me"]),
        ("/users/me", ["me"]),
        ("/users/{username}/", ["user"]),
        ("/users/ann/", ["user"]),
        ("/orders/12/", ["number"]),
        ("/orders/abc/", ["word"]),
        ("/orders/{id}/", ["number", "word"]),
        ("/orders/A-1/", []),
        ("/courses/{course_id}/info", ["course"]),
        ("/courses/course-v1:X+Y+Z/info", ["course"]),
        ("/courses/X/Y/Z/info", ["course"]),
        ("/courses/X/info", []),
        ("/api/{?version}/items", ["v1", "v2"]),
        ("/api/v{n}/items?page={p}", ["v1", "v2"]),
        ("/files/a/b/c.txt", ["rest"]),
        ("/report/{name}.csv", ["file"]),
        ("/report/{name}.xml", []),
        ("/grades/{user},{course}", ["pair"]),
        ("/grades/{course}", ["one"]),
        ("/nowhere/", []),
    ],
)
def test_a_template_finds_the_routes_that_answer(path: str, expected: list[str]) -> None:
    assert {r.id for r in INDEX.match(None, path)} == {ROUTES[name].id for name in expected}


def test_the_method_decides_and_silence_means_any() -> None:
    get, post, anything = (route(from_path("a/"), *m) for m in (("GET",), ("POST",), ()))
    index = RouteIndex([get, post, anything])
    assert set(index.match("post", "/a/")) == {post, anything}
    assert set(index.match(None, "/a/")) == {get, post, anything}


def test_a_method_that_only_the_parameter_answers_is_found_behind_the_literal() -> None:
    literal, parameter = route(from_path("a/me/"), "GET"), route(from_path("a/<x>/"), "DELETE")
    assert RouteIndex([literal, parameter]).match("DELETE", "/a/me/") == (parameter,)


def test_a_hole_stands_for_what_a_literal_has_between_the_known_pieces_and_for_nothing_else() -> None:
    index = RouteIndex([route(from_path("api/orders/")), route(from_path("api/users/"))])
    assert [found.pattern for found in index.match(None, "/api/or{x}rs/")] == ["/api/orders/"]
    assert index.match(None, "/api/item{x}/") == ()


def test_a_hostile_expression_is_not_run() -> None:
    pattern = from_regex(r"^x/(?P<a>((a+))+b)/$")
    index = RouteIndex([route(pattern)], {route(pattern).id: pattern.parameters})
    # Run, it would refuse a text without a `b`, and take twice as long for each `a` more.
    assert len(index.match(None, "/x/aaaa/")) == 1


def test_many_calls_against_many_routes_take_a_few_steps_each(monkeypatch: pytest.MonkeyPatch) -> None:
    walk, steps = RouteIndex._walk, itertools.count()

    def counted(*arguments: Any) -> Iterator[tuple[int, Route, bool | None]]:
        next(steps)
        return walk(*arguments)

    rows = [route(from_path(f"api/v{n % 9}/thing{n}/<int:pk>/part/")) for n in range(3000)]
    index = RouteIndex(rows)
    monkeypatch.setattr(RouteIndex, "_walk", counted)
    found = sum(len(index.match("GET", f"/api/v{n % 9}/thing{n}/{{pk}}/part/")) for n in range(1500))
    assert found == 1500
    assert next(steps) <= 1500 * 6  # the root and one node for each of five segments


def test_what_python_thinks_of_an_expression_of_scanned_code_is_not_told(recwarn: pytest.WarningsRecorder) -> None:
    route = Route("r", "shop", "web", "/<what>/", None, "v", (), "urls.py", 1)
    assert RouteIndex([route], {"r": (("what", "[[a]+--b]"),)}).match("GET", "/x/") in ((), (route,))
    assert list(recwarn) == []

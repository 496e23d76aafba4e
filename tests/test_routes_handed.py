"""URLs that go through functions: what a project's own helpers are handed keeps its lines, and is never lost."""

from __future__ import annotations

import pytest

from extractor.evaluate.evaluator import Evaluator
from extractor.link.routes import RouteTable, routes
from tests.worlds import world

HEAD = "from django.conf import settings\nfrom django.urls import include, path, re_path\nfrom main import views\n"
VIEWS = "def index(request): ...\ndef other(request): ...\n"
BELOW = HEAD + "app_name = 'below'\nurlpatterns = [path('a/', views.index), path('b/', views.other)]\n"


def table(body: str, **libraries: dict[str, str]) -> RouteTable:
    files = {"main/views.py": VIEWS, "main/below.py": BELOW, "main/urls.py": HEAD + body}
    return routes(Evaluator(world(files, libraries)), "shop", "web", "main.urls")


def served(body: str) -> dict[str, tuple[str, int]]:
    return {r.pattern: (r.path, r.line) for r in table(body).routes}


def test_a_list_that_a_function_gives_back_keeps_its_lines() -> None:
    body = """
own = [
    path('x/', views.index),
    path('', include('main.below')),
]
def same(patterns):
    return patterns
urlpatterns = same(own)
"""
    assert served(body) == {"/x/": ("main/urls.py", 6), "/a/": ("main/below.py", 5), "/b/": ("main/below.py", 5)}


def test_a_function_that_puts_its_list_under_a_prefix() -> None:
    body = """
def under(prefix, *, patterns, others=()):
    return [path(f"{prefix}/", include(patterns)), *others]
urlpatterns = under("shop", patterns=[path('x/', views.index)], others=[path('y/', views.other)])
"""
    assert served(body) == {"/shop/x/": ("main/urls.py", 7), "/y/": ("main/urls.py", 7)}


def test_patterns_are_handed_one_by_one_through_two_functions() -> None:
    body = """
def inner(*each):
    return list(each)
def outer(first, *rest):
    return [first] + inner(*rest)
urlpatterns = outer(path('x/', views.index), path('y/', views.other), *[path('z/', views.index)])
"""
    assert sorted(served(body)) == ["/x/", "/y/", "/z/"]


def test_what_is_appended_to_a_list_before_it_is_handed_over_is_served() -> None:
    body = """
own = [path('x/', views.index)]
own.append(path('y/', views.other))
def same(patterns):
    return patterns
urlpatterns = same(own)
"""
    assert sorted(served(body)) == ["/x/", "/y/"]


@pytest.mark.parametrize(
    "through",
    [
        "def through(one):\n    for url in one[0].urlpatterns:\n        url.changed = True\n    return one\n",
        "from unread import through\n",
        "def through(one):\n    if settings.X:\n        return one\n    return one\n",
        "def again(one): return one\ndef through(one): return again(one)\n",
    ],
)
def test_an_include_through_a_function_is_an_include_and_no_view(through: str) -> None:
    found = table(f"{through}urlpatterns = [path('v1/', through(include('main.below')))]\n")
    assert [(r.pattern, r.view) for r in found.routes] == [
        ("/v1/a/", "main.views.index"),
        ("/v1/b/", "main.views.other"),
    ]


def test_a_view_under_a_projects_own_decorator_stays_a_view() -> None:
    body = "def logged(view):\n    return view\nurlpatterns = [path('x/', logged(views.index))]\n"
    assert [(r.pattern, r.view) for r in table(body).routes] == [("/x/", "main.views.index")]


def test_an_unread_function_takes_nothing_with_it_but_what_it_adds() -> None:
    found = table("from unread import more\nurlpatterns = more([path('x/', views.index)], 'y')\n")
    assert [r.pattern for r in found.routes] == ["/x/"]
    assert [gap.what for gap in found.gaps] == ["the URLs that unread.more() makes under /"]


def test_two_calls_of_one_function_serve_each_its_own() -> None:
    body = """
def under(prefix, patterns):
    return [path(prefix, include(patterns))]
urlpatterns = under('a/', [path('x/', views.index)]) + under('b/', [path('y/', views.index)])
"""
    assert sorted(served(body)) == ["/a/x/", "/b/y/"]


def test_i18n_patterns_of_ones_own_put_a_language_in_front() -> None:
    body = """
from django.urls import URLResolver
from django.urls.resolvers import LocalePrefixPattern
class Prefix(LocalePrefixPattern):
    pass
def own_patterns(*urls, prefix_default_language=True):
    return [URLResolver(Prefix(prefix_default_language=prefix_default_language), list(urls))]
urlpatterns = own_patterns(path('x/', views.index))
urlpatterns += own_patterns(path('y/', views.other), prefix_default_language=False)
"""
    found = served(body)
    assert "/<language>/x/" in found
    assert "/x/" not in found
    assert {"/<language>/y/", "/y/"} & found.keys()


@pytest.mark.parametrize(
    ("prefix", "pattern"),
    [
        ("RegexPattern(r'^v1/')", "/v1/x/"),
        ("RoutePattern('v2/<int:pk>/')", "/v2/<pk>/x/"),
        ("RegexPattern(settings.FRONT)", "/<front>/x/"),
    ],
)
def test_a_resolver_puts_its_pattern_object_in_front(prefix: str, pattern: str) -> None:
    body = "from django.urls.resolvers import RegexPattern, RoutePattern, URLResolver\n"
    body += f"urlpatterns = [URLResolver({prefix}, [path('x/', views.index)])]\n"
    assert pattern in {r.pattern for r in table(body).routes}


def test_the_router_that_a_function_is_handed_is_served() -> None:
    body = """
from rest_framework import routers, viewsets
class Books(viewsets.ReadOnlyModelViewSet):
    pass
books = routers.SimpleRouter()
books.register('books', Books)
def api(router):
    return [path('api/', include(router.urls))]
urlpatterns = api(books)
"""
    assert sorted(served(body)) == ["/api/books/", "/api/books/<pk>/"]

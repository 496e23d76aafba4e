"""Routers: which URLs and methods the registered viewsets serve."""

from __future__ import annotations

from extractor.evaluate.evaluator import Evaluator
from extractor.link.routes import RouteTable, routes
from tests.worlds import world

VIEWS = """
    from rest_framework import mixins, viewsets
    from rest_framework.decorators import action
    from shop.models import Book

    class Books(viewsets.ModelViewSet):
        queryset = Book.objects.all()
        lookup_field = "isbn"

        @action(detail=True, methods=["post"], url_path="buy-now")
        def buy(self, request, isbn): ...

        @buy.mapping.delete
        def unbuy(self, request, isbn): ...

        @action(detail=False)
        def newest(self, request): ...

    class Pages(mixins.ListModelMixin, viewsets.GenericViewSet):
        lookup_value_regex = "[0-9]+"
        def retrieve(self, request, pk): ...
"""
MODELS = "from django.db import models\nclass Book(models.Model):\n    pass\n"


def table(body: str, **more: str) -> RouteTable:
    head = "from django.urls import include, path\nfrom rest_framework import routers\n"
    head += "from shop.views import Books, Pages\n"
    files = {"shop/views.py": VIEWS, "shop/models.py": MODELS, "shop/urls.py": head + body}
    files |= {name.replace("__", "/") + ".py": source for name, source in more.items()}
    return routes(Evaluator(world(files)), "shop", "web", "shop.urls")


def rows(body: str, **more: str) -> list[tuple[str, tuple[str, ...], str | None]]:
    return [(r.pattern, r.methods, r.name) for r in table(body, **more).routes]


def test_a_model_viewset_serves_list_detail_and_its_actions() -> None:
    assert rows("router = routers.SimpleRouter()\nrouter.register('books', Books)\nurlpatterns = router.urls\n") == [
        ("/books/", ("GET", "POST"), "book-list"),
        ("/books/<isbn>/", ("GET", "PUT", "PATCH", "DELETE"), "book-detail"),
        ("/books/<isbn>/buy-now/", ("POST", "DELETE"), "book-buy"),
        ("/books/newest/", ("GET",), "book-newest"),
    ]


def test_what_is_registered_by_keyword_is_served_as_by_place() -> None:
    by_place = rows("router = routers.SimpleRouter()\nrouter.register('books', Books)\nurlpatterns = router.urls\n")
    for given in ("prefix='books', viewset=Books", "'books', viewset=Books", "viewset=Books, prefix='books'"):
        body = f"router = routers.SimpleRouter()\nrouter.register({given})\nurlpatterns = router.urls\n"
        assert rows(body) == by_place, given


def test_a_loop_over_rows_registers_each_by_keyword() -> None:
    body = "router = routers.SimpleRouter()\nfor name, views in (('books', Books), ('pages', Pages)):\n"
    body += "    router.register(prefix=name, viewset=views)\nurlpatterns = [] + router.urls\n"
    assert [row[0] for row in rows(body) if row[1] == ("GET",)] == ["/books/newest/", "/pages/", "/pages/<pk>/"]


def test_actions_lead_to_the_methods_that_answer() -> None:
    found = table("router = routers.SimpleRouter()\nrouter.register('books', Books)\nurlpatterns = [*router.urls]\n")
    buy = next(r for r in found.routes if r.pattern.endswith("buy-now/"))
    assert [(verb, method.shown) for verb, method in found.handlers[buy.id]] == [
        ("POST", "Books.buy"),
        ("DELETE", "Books.unbuy"),
    ]
    assert buy.line == 5


def test_mixins_and_own_methods_decide_what_is_served() -> None:
    body = "router = routers.SimpleRouter(trailing_slash=False)\nrouter.register('p', Pages, basename='p')\n"
    assert rows(body + "urlpatterns = router.urls\n") == [("/p", ("GET",), "p-list"), ("/p/<pk>", ("GET",), "p-detail")]


def test_a_generic_base_serves_what_the_base_does() -> None:
    body = "from rest_framework.viewsets import ReadOnlyModelViewSet\nfrom shop.models import Book\n"
    body += "class Shelf(ReadOnlyModelViewSet[Book]):\n    queryset = Book.objects.all()\n"
    body += "router = routers.SimpleRouter()\nrouter.register('shelf', Shelf)\nurlpatterns = router.urls\n"
    assert rows(body) == [("/shelf/", ("GET",), "book-list"), ("/shelf/<pk>/", ("GET",), "book-detail")]


def test_a_default_router_has_a_root_and_may_be_mounted_twice() -> None:
    body = "router = routers.DefaultRouter()\nrouter.register('p', Pages, basename='p')\n"
    body += "urlpatterns = [path('v1/', include(router.urls)), path('v2/', include((router.urls, 'x')))]\n"
    assert [pattern for pattern, _methods, _name in rows(body)] == [
        "/v1/",
        "/v1/p/",
        "/v1/p/<pk>/",
        "/v2/",
        "/v2/p/",
        "/v2/p/<pk>/",
    ]


def test_two_routers_made_alike_stay_two() -> None:
    body = "one = routers.SimpleRouter()\ntwo = routers.SimpleRouter()\n"
    body += "one.register('p', Pages)\ntwo.register('b', Books)\n"
    assert rows(body + "urlpatterns = two.urls\n")[0][0] == "/b/"
    assert [r[0] for r in rows(body + "urlpatterns = one.urls\n")] == ["/p/", "/p/<pk>/"]


def test_a_router_extended_by_another_serves_both() -> None:
    body = "one = routers.SimpleRouter()\ntwo = routers.SimpleRouter()\ntwo.register('p', Pages)\n"
    assert [r[0] for r in rows(body + "one.registry.extend(two.registry)\nurlpatterns = one.urls\n")] == [
        "/p/",
        "/p/<pk>/",
    ]


def test_registrations_of_another_module_count() -> None:
    other = "from shop.routing import router\nfrom shop.views import Pages\nrouter.register('p', Pages)\n"
    made = "from rest_framework.routers import SimpleRouter\nrouter = SimpleRouter()\n"
    body = "from shop.routing import router\nurlpatterns = [path('api/', include(router.urls))]\n"
    assert [r[0] for r in rows(body, shop__routing=made, shop__api=other)] == ["/api/p/", "/api/p/<pk>/"]


def test_nested_routers_put_the_parent_in_front() -> None:
    body = """
from rest_framework_nested.routers import NestedSimpleRouter
router = routers.SimpleRouter()
router.register('books', Books)
inner = NestedSimpleRouter(router, 'books', lookup='book')
inner.register('pages', Pages, basename='page')
urlpatterns = inner.urls
"""
    assert [r[0] for r in rows(body)] == ["/books/<book_isbn>/pages/", "/books/<book_isbn>/pages/<pk>/"]


def test_chained_registrations_put_their_parents_in_front() -> None:
    body = """
from rest_framework_extensions.routers import ExtendedSimpleRouter
router = ExtendedSimpleRouter()
books = router.register('books', Pages, basename='b')
books.register('pages', Pages, basename='p', parents_query_lookups=['book'])
urlpatterns = router.urls
"""
    assert [r[0] for r in rows(body)] == [
        "/books/",
        "/books/<parent_lookup_book>/pages/",
        "/books/<parent_lookup_book>/pages/<pk>/",
        "/books/<pk>/",
    ]


def test_a_router_class_with_its_own_routes_is_believed() -> None:
    own = """
from rest_framework.routers import Route, SimpleRouter
class Router(SimpleRouter):
    routes = [Route(url=r'^{prefix}!$', mapping={'get': 'list', 'put': 'replace'}, name='{basename}', detail=False)]
"""
    body = "from shop.own import Router\nrouter = Router()\nrouter.register('b', Books)\nurlpatterns = router.urls\n"
    assert rows(body, shop__own=own) == [("/b!", ("GET",), "book")]


def test_a_viewset_bound_by_hand_serves_the_methods_it_is_given() -> None:
    body = "urlpatterns = [path('b/', Books.as_view({'get': 'newest', 'post': 'create'}))]\n"
    assert rows(body) == [("/b/", ("GET", "POST"), None)]


OWN = """
    from django.urls import path, re_path

    class Base:
        def __init__(self, slash=True):
            self.slash = "/" if slash else ""
            self.registry = []

        def register(self, prefix, viewset, name=None):
            self.registry.append((prefix, viewset, name))

        @property
        def urls(self):
            return self.get_urls()

    class LoopRouter(Base):
        def get_urls(self):
            made = []
            for prefix, viewset, name in self.registry:
                made.append(re_path(f"^{prefix}{self.slash}$", viewset.as_view({"get": "list"}), name=name))
            return made

    class Listed(Base):
        def get_urls(self):
            return [path(prefix + "/", viewset.as_view({"get": "list"})) for prefix, viewset, _name in self.registry]
"""
OWN_VIEWS = """
    class ViewSet:
        @classmethod
        def as_view(cls, actions):
            def view(request): ...
            return view
    class Books(ViewSet):
        def list(self, request): ...
    class Pages(ViewSet):
        def list(self, request): ...
"""


def own_rows(body: str) -> list[tuple[str, str]]:
    head = "from django.urls import include, path\nfrom shop.own import Books, Pages\nfrom shop.routing import *\n"
    files = {"shop/own.py": OWN_VIEWS, "shop/routing.py": OWN, "shop/urls.py": head + body}
    found = routes(Evaluator(world(files)), "shop", "web", "shop.urls")
    return sorted((r.pattern, r.view) for r in found.routes)


def test_a_router_of_ones_own_serves_what_its_own_code_makes_of_what_is_registered() -> None:
    for cls in ("LoopRouter", "Listed"):
        body = f"router = {cls}()\nrouter.register('books', Books)\nrouter.register('pages', viewset=Pages)\n"
        assert own_rows(body + "urlpatterns = [path('api/', include(router.urls))]\n") == [
            ("/api/books/", "shop.own.Books"),
            ("/api/pages/", "shop.own.Pages"),
        ], cls


def test_two_routers_of_ones_own_serve_each_its_registrations() -> None:
    body = "one = LoopRouter(slash=False)\ntwo = LoopRouter()\n"
    body += "one.register('books', Books)\ntwo.register('pages', Pages)\n"
    assert own_rows(body + "urlpatterns = one.urls + [path('v2/', include(two.urls))]\n") == [
        ("/books", "shop.own.Books"),
        ("/v2/pages/", "shop.own.Pages"),
    ]

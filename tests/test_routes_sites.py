"""What a repository adds to Django's admin and to Wagtail's admin and API."""

from __future__ import annotations

from extractor.evaluate.evaluator import Evaluator
from extractor.link.routes import routes
from tests.worlds import world


def served(files: dict[str, str]) -> list[tuple[str, str]]:
    found = routes(Evaluator(world(files)), "shop", "web", "main.urls")
    return [(route.pattern, route.view) for route in found.routes]


URLS = """
from django.contrib import admin
from django.urls import path
urlpatterns = [path('adm/', admin.site.urls)]
"""
MODELS = "from django.db import models\nclass Book(models.Model):\n    pass\n"


def test_model_admins_serve_their_own_urls_and_the_pages_they_override() -> None:
    admin = """
    from django.contrib import admin
    from django.urls import path
    from books.models import Book

    @admin.register(Book)
    class BookAdmin(admin.ModelAdmin):
        def changelist_view(self, request): ...
        def check(self, request): ...
        def get_urls(self):
            custom = [path("check/", self.admin_site.admin_view(self.check), name="check")]
            return custom + super().get_urls()
    """
    urls = URLS
    assert served({"books/models.py": MODELS, "books/admin.py": admin, "main/urls.py": urls}) == [
        ("/adm/books/book/", "books.admin.BookAdmin.changelist_view"),
        ("/adm/books/book/check/", "books.admin.BookAdmin.check"),
    ]


def test_the_admin_page_of_a_model_registered_by_a_call_is_found() -> None:
    admin = """
    from django.contrib import admin
    from books.models import Book
    class Plain(admin.ModelAdmin):
        def change_view(self, request, object_id): ...
    admin.site.register(Book, Plain)
    """
    urls = URLS
    assert served({"books/models.py": MODELS, "books/admin.py": admin, "main/urls.py": urls}) == [
        ("/adm/books/book/<object_id>/change/", "books.admin.Plain.change_view")
    ]


def test_wagtail_api_endpoints_and_admin_hooks() -> None:
    api = """
    from wagtail.api.v2.router import WagtailAPIRouter
    from wagtail.api.v2.views import PagesAPIViewSet
    class Pages(PagesAPIViewSet):
        pass
    router = WagtailAPIRouter("api")
    router.register_endpoint("pages", Pages)
    """
    hooks = """
    from django.urls import path
    from wagtail import hooks
    def report(request): ...

    @hooks.register("register_admin_urls")
    def more():
        return [path("report/", report)]
    """
    urls = """
    from django.urls import include, path
    from wagtail.admin import urls as admin_urls
    from main.api import router
    urlpatterns = [path("cms/", include(admin_urls)), path("api/", router.urls)]
    """
    assert served({"main/api.py": api, "main/wagtail_hooks.py": hooks, "main/urls.py": urls}) == [
        ("/api/pages/", "main.api.Pages"),
        ("/api/pages/<pk>/", "main.api.Pages"),
        ("/api/pages/find/", "main.api.Pages"),
        ("/cms/report/", "main.wagtail_hooks.report"),
    ]

"""Libraries whose URLs a repository serves: which are read, how far, and that nothing else is changed by them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import read_yaml
from extractor.libraries.urlconfs import followed, named_modules, serving
from extractor.program.module import Module
from extractor.rules.django import django_rules
from tests.worlds import world

URLS = """
from django.urls import include, path
from tokens.urls import base as token_urls
from dashboards.admin import urls as dashboard_urls

urlpatterns = [
    path("o/", include((token_urls, "tokens"))),
    path("", include("social.urls", namespace="social")),
    path("d/", include(dashboard_urls)),
]
"""


def test_what_a_urlconf_names_decides_which_libraries_are_read() -> None:
    named = named_modules(world({"main/urls.py": URLS, "main/views.py": "import unused.urls\n"}).modules)
    packages = {"tokens": "django-tokens", "social": "social-app", "unused": "unused", "dashboards.admin": "dash"}
    assert serving(named, packages) == {"django-tokens", "social-app", "dash"}
    assert "dashboards.admin.urls" in named


def test_urls_are_followed_to_their_views_and_no_further_than_is_needed() -> None:
    library = {
        "tokens/__init__.py": "",
        "tokens/urls.py": "from tokens import views\nbase = [path('token/', views.Token.as_view())]\n",
        "tokens/views.py": "from .bases import Base\nclass Token(Base):\n    def post(self, request): ...\n",
        "tokens/bases.py": "from . import models\nclass Base: ...\n",
        "tokens/models.py": "from . import deep\n",
        "tokens/deep.py": "from . import deeper\n",
        "tokens/deeper.py": "",
        "tokens/tasks.py": "",
    }
    modules = {module.name: module for module in world({}, {"django-tokens": library}).modules}
    asked: list[str] = []

    def load(names: Iterable[str]) -> list[Module]:
        wanted = list(names)
        asked.extend(wanted)
        return [modules[name] for name in wanted]

    found = followed(modules, ["tokens.urls.base", "other.urls"], load)
    assert [module.name for module in found] == [
        "tokens",
        "tokens.bases",
        "tokens.models",
        "tokens.urls",
        "tokens.views",
    ]
    assert sorted(asked) == sorted(set(asked))


def test_the_rules_of_django_hold_to_their_schema() -> None:
    data = read_yaml(rules_dir() / "django.yaml", read_schema("django")).data
    assert all(re.compile(pattern) for key in ("request_bases", "request_decorators") for pattern in data[key])
    rules = django_rules()
    assert rules.request_bases.search("django.contrib.admin.ModelAdmin")
    assert not rules.request_bases.search("django.contrib.admin.ModelAdminChecks")
    assert rules.request_decorators.search("django.template.Library().simple_tag")
    assert not rules.request_decorators.search("functools.wraps")

"""The URL tree: from the root URLconf, through includes, lists, conditions, loops and helpers, to full patterns."""

from __future__ import annotations

import pytest

from extractor.evaluate.evaluator import Evaluator
from extractor.link.routes import RouteTable, routes
from extractor.link.settings import SettingsTable
from tests.worlds import REPO, evaluator, world

VIEWS = """
    from django.views.generic import View

    def index(request):
        return None

    class Page(View):
        def get(self, request): ...
        def post(self, request): ...
"""


def table(files: dict[str, str], root: str | None = "main.urls") -> RouteTable:
    return routes(Evaluator(world({"main/views.py": VIEWS, **files})), "shop", "web", root)


def patterns(files: dict[str, str], root: str | None = "main.urls") -> list[str]:
    return [route.pattern for route in table(files, root).routes]


def urls(body: str) -> str:
    head = "from django.conf import settings\nfrom django.urls import include, path, re_path\nfrom main import views\n"
    return head + body


def test_a_path_gives_pattern_name_view_and_lines() -> None:
    body = "urlpatterns = [\n    path('a/<int:pk>/', views.Page.as_view(), name='page'),\n]\n"
    found = table({"main/urls.py": urls(body)})
    (route,) = found.routes
    assert (route.pattern, route.name, route.view, route.methods) == (
        "/a/<pk>/",
        "page",
        "main.views.Page",
        ("GET", "POST"),
    )
    assert (route.path, route.line, route.view_path, route.view_line) == ("main/urls.py", 5, "main/views.py", 7)
    assert found.views[route.id].qualified == "main.views.Page"
    assert [(verb, method.shown) for verb, method in found.handlers[route.id]] == [
        ("GET", "Page.get"),
        ("POST", "Page.post"),
    ]


def test_regular_expressions_lose_anchors_and_keep_the_names_of_groups() -> None:
    body = r"""
urlpatterns = [
    re_path(r'^users/(?P<name>[^/]+)/?$', views.index),
    re_path(r'^courses/(?P<key>[^/+]+(/|\+)[^/+]+)/(\d+)\.json$', views.index),
    re_path(r'^files/.*', views.index),
    re_path(r'^old/(?:beta/)?x\Z', views.index),
]
"""
    assert patterns({"main/urls.py": urls(body)}) == [
        "/courses/<key>/<var>.json",
        "/files/.",
        "/old/beta/x",
        "/users/<name>/",
    ]


def test_includes_by_text_module_list_and_pair() -> None:
    leaf = "urlpatterns = [path('x/', views.index)]\nmore = [path('y/', views.index)]\n"
    leaf = urls(leaf + "more.append(path('z/', views.index))\n")
    body = """
from shop import urls as shop_urls
from shop.urls import more
urlpatterns = [
    path('text/', include('shop.urls')),
    path('module/', include(shop_urls)),
    path('list/', include(more)),
    path('pair/', include((shop_urls, 'app'), namespace='n')),
    path('inline/', include([path('i/', views.index)])),
]
"""
    assert patterns({"main/urls.py": urls(body), "shop/urls.py": leaf}) == [
        "/inline/i/",
        "/list/y/",
        "/list/z/",
        "/module/x/",
        "/pair/x/",
        "/text/x/",
    ]


def test_a_condition_is_kept_beside_the_route_and_handed_down() -> None:
    body = """
urlpatterns = [path('a/', views.index)]
if settings.FEATURES.get('SHOP'):
    urlpatterns += [path('shop/', include('shop.urls'))]
urlpatterns += [path('z/', views.index)]
"""
    found = table({"main/urls.py": urls(body), "shop/urls.py": urls("urlpatterns = [path('x/', views.index)]\n")})
    told = {route.pattern: route.condition for route in found.routes}
    assert told == {"/a/": "", "/z/": "", "/shop/x/": "settings.FEATURES.get('SHOP')"}


def test_conditions_around_each_other_must_all_hold_and_the_other_branch_says_not() -> None:
    body = """
urlpatterns = []
if settings.DEBUG:
    urlpatterns.append(path('dev/', views.index))
    if getattr(settings, 'STATES_URL', None):
        urlpatterns += [path('states/', views.index)]
else:
    urlpatterns += [path('live/', views.index)]
"""
    told = {route.pattern: route.condition for route in table({"main/urls.py": urls(body)}).routes}
    assert told == {
        "/dev/": "settings.DEBUG",
        "/states/": "settings.DEBUG and getattr(settings, 'STATES_URL', None)",
        "/live/": "not settings.DEBUG",
    }


def test_a_route_that_is_served_without_a_condition_too_has_none() -> None:
    body = """
urlpatterns = []
if settings.DEBUG:
    urlpatterns += [path('x/', include('shop.urls'))]
urlpatterns += [path('x/', include('shop.urls'))]
"""
    leaf = urls("urlpatterns = [path('y/', views.index)]\n")
    (route,) = table({"main/urls.py": urls(body), "shop/urls.py": leaf}).routes
    assert (route.pattern, route.condition) == ("/x/y/", "")


@pytest.mark.parametrize(
    ("test", "then", "other"),
    [
        ("not settings.DEBUG", "not settings.DEBUG", "settings.DEBUG"),
        ("settings.A and settings.B", "settings.A and settings.B", "not (settings.A and settings.B)"),
        ("settings.A or settings.B", "(settings.A or settings.B)", "not (settings.A or settings.B)"),
    ],
)
def test_a_condition_and_its_opposite_are_told_as_one_would_write_them(test: str, then: str, other: str) -> None:
    lines = ["urlpatterns = []", f"if {test}:", "    urlpatterns += [path('a/', views.index)]"]
    lines += ["else:", "    urlpatterns += [path('b/', views.index)]"]
    told = {r.pattern: r.condition for r in table({"main/urls.py": urls("\n".join(lines) + "\n")}).routes}
    assert told == {"/a/": then, "/b/": other}


def test_a_loop_over_a_table_keeps_name_and_view_together() -> None:
    rows = ", ".join(f"('p{n}/', views.{'index' if n % 2 else 'Page.as_view()'})" for n in range(12))
    body = f"urlpatterns = [path(text.lstrip('/'), view) for text, view in [{rows}]]\n"
    found = table({"main/urls.py": urls(body)})
    assert sorted(route.pattern for route in found.routes) == sorted(f"/p{n}/" for n in range(12))
    assert {route.view for route in found.routes if route.pattern in ("/p1/", "/p3/", "/p11/")} == {"main.views.index"}


def test_helper_functions_settings_and_language_prefixes() -> None:
    body = r"""
from django.conf.urls.i18n import i18n_patterns
from django.conf.urls.static import static

def made(prefix):
    return [re_path(f'^{prefix}/{settings.KEY}/$', views.index)]

urlpatterns = made('h') + i18n_patterns(path('greet/', views.index)) + static('/media/')
"""
    settings = "ROOT_URLCONF = 'main.urls'\nKEY = r'(?P<key>[a-z]+)'\n"
    files = {"main/urls.py": urls(body), "main/settings.py": settings}
    assert patterns(files, None) == ["/<language>/greet/", "/h/<key>/"]


def test_without_a_root_the_urlconfs_nobody_includes_are_taken() -> None:
    files = {
        "a/urls.py": urls("urlpatterns = [path('in/', include('b.urls'))]\n"),
        "b/urls.py": urls("urlpatterns = [path('x/', views.index)]\n"),
    }
    assert patterns(files, None) == ["/in/x/"]


def test_old_patterns_put_a_prefix_before_dotted_views() -> None:
    body = """
from django.conf.urls import patterns, url
urlpatterns = patterns('main.views', url(r'^a$', 'index'), (r'^b$', 'index'))
"""
    assert [(r.pattern, r.view) for r in table({"main/urls.py": body}).routes] == [
        ("/a", "main.views.index"),
        ("/b", "main.views.index"),
    ]


def test_wrapped_views_are_seen_through() -> None:
    body = """
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
urlpatterns = [
    path('a/', csrf_exempt(views.Page.as_view())),
    path('b/', cache_page(60)(views.index)),
    path('c/', 'main.views.index'),
]
"""
    assert [r.view for r in table({"main/urls.py": urls(body)}).routes] == [
        "main.views.Page",
        "main.views.index",
        "main.views.index",
    ]


def test_decorators_say_the_methods_of_a_function() -> None:
    source = """
from rest_framework.decorators import api_view
from django.views.decorators.http import require_POST, require_http_methods

@api_view(['GET', 'PUT'])
def one(request): ...

@require_POST
def two(request): ...

@require_http_methods(['DELETE'])
def three(request):
    "Deprecated: use two."
"""
    body = "from main import api\nurlpatterns = [path('1', api.one), path('2', api.two), path('3', api.three)]\n"
    found = table({"main/api.py": source, "main/urls.py": urls(body)}).routes
    assert [r.methods for r in found] == [("GET", "PUT"), ("POST",), ("DELETE",)]
    assert [r.deprecated for r in found] == ["", "", "Deprecated: use two"]


def test_a_pattern_of_which_a_part_is_not_known_is_served_all_the_same() -> None:
    body = "from lib.auth import Email\nurlpatterns = [path(f'in/{Email.name}/go/', views.index)]\n"
    found = table({"main/urls.py": urls(body)})
    assert [route.pattern for route in found.routes] == ["/in/<name>/go/"]
    assert [gap.reason for gap in found.gaps] == ["its text is known only at run time"]


def test_what_is_not_read_is_told_where_it_is_mounted() -> None:
    body = "import os\nurlpatterns = [path('lib/', include('elsewhere.urls')), path(os.getcwd(), views.index)]\n"
    found = table({"main/urls.py": urls(body)})
    assert found.routes == ()
    assert [(gap.line, gap.what, gap.reason) for gap in found.gaps] == [
        (5, "a URL pattern under /", "its text is known only at run time"),
        (5, "the URLs of elsewhere.urls under /lib/", "the module was not read"),
    ]


def test_a_gap_stands_at_the_definition_that_was_followed_not_at_one_that_says_the_same() -> None:
    body = "import elsewhere\nFIRST = elsewhere.patterns\nSECOND = elsewhere.patterns\nurlpatterns = SECOND\n"
    found = table({"main/urls.py": urls(body)})
    assert [gap.line for gap in found.gaps] == [6]


def test_a_list_that_grows_forty_times_keeps_its_first_part() -> None:
    more = "".join(f"if settings.A{n}:\n    urlpatterns += [path('n{n}/', views.index)]\n" for n in range(40))
    found = patterns({"main/urls.py": urls("urlpatterns = [path('first/', views.index)]\n" + more)})
    assert len(found) == 41
    assert "/first/" in found


def test_a_urlconf_that_includes_itself_ends() -> None:
    body = "urlpatterns = [path('a/', include('main.urls')), path('x/', views.index)]\n"
    assert patterns({"main/urls.py": urls(body)}) == ["/x/"]


def test_plugins_mount_their_urls_in_the_project_that_lists_them() -> None:
    app = """
from edx_django_utils.plugins import PluginURLs
class {name}Config:
    name = '{app}'
    plugin_app = {{PluginURLs.CONFIG: {{'lms.djangoapp': {{PluginURLs.REGEX: '^api/{app}/'}}}}}}
"""
    setup = "from setuptools import setup\nsetup(entry_points={'lms.djangoapp': ['notes = notes.apps:NotesConfig']})\n"
    root = "from edx_django_utils.plugins import get_plugin_url_patterns\n"
    root += "urlpatterns = get_plugin_url_patterns('lms.djangoapp')\n"
    leaf = urls("urlpatterns = [path('x/', views.index)]\n")
    files = {
        "setup.py": setup,
        "main/urls.py": root,
        "notes/apps.py": app.format(name="Notes", app="notes"),
        "notes/urls.py": leaf,
        "other/apps.py": app.format(name="Other", app="other"),
        "other/urls.py": leaf,
    }
    assert patterns(files) == ["/api/notes/x/"]


def test_ids_do_not_change_when_lines_move() -> None:
    body = "urlpatterns = [path('a/', views.index), path('b/<int:n>/', views.Page.as_view())]\n"
    first = table({"main/urls.py": urls(body)}).routes
    moved = table({"main/urls.py": urls("\n\n\n" + body.replace("<int:n>", "<slug:other>"))}).routes
    assert [r.id for r in first] == [r.id for r in moved]
    assert [r.line for r in first] != [r.line for r in moved]


def test_lists_put_together_by_functions() -> None:
    body = """
import functools, itertools, operator
first = [path('a/', views.index)]
second = [path('b/', views.index)]
third = [path('c/', views.index)]
groups = [first, second]
urlpatterns = functools.reduce(operator.add, groups) + sum([third], [path('d/', views.index)])
urlpatterns += itertools.chain([path('e/', views.index)])
"""
    assert patterns({"main/urls.py": urls(body)}) == ["/a/", "/b/", "/c/", "/d/", "/e/"]


def test_a_function_that_gives_a_list_and_its_name() -> None:
    pages = urls(
        "def made(name='pages'):\n    return rows, name\nrows = []\nrows += [path('x/', views.Page.as_view())]\n"
    )
    body = "from main.pages import made\nfound, name = made()\nurlpatterns = [path('p/', include((found, name)))]\n"
    found = table({"main/urls.py": urls(body), "main/pages.py": urls(pages)})
    assert [(r.pattern, r.view, r.path, r.line) for r in found.routes] == [
        ("/p/x/", "main.views.Page", "main/pages.py", 10)
    ]
    assert found.gaps == ()


def test_urlconfs_of_django_itself_are_known() -> None:
    found = table({"main/urls.py": urls("urlpatterns = [path('i18n/', include('django.conf.urls.i18n'))]\n")})
    assert [(r.pattern, r.view, r.path, r.line) for r in found.routes] == [
        ("/i18n/setlang/", "django.views.i18n.set_language", "main/urls.py", 4)
    ]
    assert found.gaps == ()


def test_a_class_that_makes_a_view_of_itself_by_another_method() -> None:
    body = """
def shown(view):
    def inner(request): ...
    return inner
class Api(views.Page):
    @classmethod
    def as_api_view(cls, **given):
        return shown(cls.as_view(**given))
urlpatterns = [path('x/', Api.as_api_view(client='app'))]
"""
    assert [(r.view, r.methods) for r in table({"main/urls.py": urls(body)}).routes] == [
        ("main.urls.Api", ("GET", "POST"))
    ]


def test_settings_in_patterns_may_be_worked_on() -> None:
    settings = "ROOT_URLCONF = 'main.urls'\nKEY = r'(?P<course_id>[^/]+)'\n"
    body = "OWN = settings.KEY.replace('course_id', 'own_id')\n"
    body += "urlpatterns = [re_path(fr'^own/{OWN}/$', views.index), re_path(r'^%s/$' % settings.KEY, views.index)]\n"
    assert patterns({"main/urls.py": urls(body), "main/settings.py": settings}) == ["/<course_id>/", "/own/<own_id>/"]


OFFERS = """
ROOT_URLCONF = 'main.urls'
DEBUG = False
FEATURES = {'TILL': False, 'MAP': True}
PAGES = {'ABOUT': 'about', 'PRESS': None, 'ROOT': 'root'}
"""


def served(body: str, settings: str = OFFERS) -> dict[str, str]:
    """The condition of each route of a URLconf, of a service with these settings."""
    ev = evaluator({"main/views.py": VIEWS, "main/urls.py": urls(body), "main/settings.py": settings})
    held = SettingsTable.build(ev, REPO, ("main.settings",), "web")
    found = routes(ev, REPO, "web", None, "main.settings", held.value)
    return {route.pattern: route.condition for route in found.routes}


def test_a_loop_over_a_setting_makes_the_routes_of_the_rounds_that_come_so_far() -> None:
    body = """
urlpatterns = []
for key, value in settings.PAGES.items():
    if value is None or key == "ROOT":
        continue
    urlpatterns.append(re_path(r"^%s$" % key.lower(), views.index))
"""
    assert served(body) == {"/about": ""}


@pytest.mark.parametrize(
    ("test", "condition"),
    [
        ("settings.DEBUG", "settings.DEBUG (off as the settings stand)"),
        ("not settings.DEBUG", "not settings.DEBUG"),
        ("settings.FEATURES.get('TILL')", "settings.FEATURES.get('TILL') (off as the settings stand)"),
        ("settings.FEATURES['MAP']", "settings.FEATURES['MAP']"),
        ("getattr(settings, 'STATES', None)", "getattr(settings, 'STATES', None) (off as the settings stand)"),
        ("getattr(settings, 'STATES', True)", "getattr(settings, 'STATES', True)"),
        ("settings.STATES", "settings.STATES"),
    ],
)
def test_a_condition_says_where_the_settings_answer_it_with_no(test: str, condition: str) -> None:
    body = f"urlpatterns = []\nif {test}:\n    urlpatterns += [path('dev/', views.index)]\n"
    assert served(body) == {"/dev/": condition}


@pytest.mark.parametrize(
    ("prefix", "pattern"),
    [
        ("settings.BASE_PATH", "/<base_path>/devices/"),
        ("prefix_of_today()", "/<prefix>/devices/"),
    ],
)
def test_what_stands_below_a_prefix_that_is_not_known_is_served(prefix: str, pattern: str) -> None:
    body = f"inner = [path('devices/', views.index)]\nurlpatterns = [path({prefix}, include(inner))]\n"
    files = {"main/urls.py": urls(body), "main/settings.py": "import os\nROOT_URLCONF = 'main.urls'\n"}
    found = table(files, None)
    assert [route.pattern for route in found.routes] == [pattern]
    assert [gap.reason for gap in found.gaps] == ["its text is known only at run time"]
    assert [way[0] for way in found.variants[found.routes[0].id]] == ["devices/"]

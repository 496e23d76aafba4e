"""Systems: what a call reaches, told by an estate, by hosts, and, last of all, by what things are called."""

from __future__ import annotations

import textwrap

import pytest

from extractor.estate.model import Estate, SettingHint, System
from extractor.link import callgraph, calls
from extractor.link.effects import Effects
from extractor.link.naming import owner_named, vendor_named
from extractor.link.settings import SettingsTable
from extractor.link.targets import Targets
from extractor.rules.clients import shipped_rules
from tests.worlds import REPO, around, evaluator

HEAD = "import requests\nfrom django.conf import settings\nfrom m.models import Partner\n"
MODELS = """
from django.db import models

class Partner(models.Model):
    lms_url = models.URLField()
    base_url = models.CharField()
"""
SETTINGS = """
import os

NOVOED_API_BASE_URL = os.environ.get("NOVOED_API_BASE_URL")
SLACK_HOOK_URL = os.environ["SLACK_HOOK_URL"]
KEYCLOAK_BASE_URL = os.environ.get("KEYCLOAK_BASE_URL", "https://sso.acme.io")
JOBMA_URL = os.environ.get("JOBMA_URL", "https://jobma.example.com/")
RATES_URL = os.environ.get("RATES_URL", "https://rates.acme.io/v1")
APP_BASE_URL = os.environ.get("APP_BASE_URL")
LOGIN_PATH = os.environ.get("LOGIN_PATH")
"""

_NOBODY = Estate("Shop", ())


def reached(source: str, estate: Estate = _NOBODY) -> list[tuple[str | None, str, str]]:
    """What each call of the module reaches: (system, what that rests on, confidence)."""
    files = {
        "m/__init__.py": "",
        "m/models.py": MODELS,
        "m/settings.py": SETTINGS,
        "m/views.py": HEAD + textwrap.dedent(source),
    }
    ev = evaluator(files)
    table = SettingsTable.build(ev, REPO, ("m.settings",), "web", ())
    graph = callgraph.build(ev)
    book = shipped_rules()
    finder = Effects(ev, graph, book)
    effects = finder.find()
    surroundings = around(ev, finder, Targets(estate, book, REPO, table.value))
    return [(call.system, call.known_by, call.confidence) for call in calls.rows(effects, graph, surroundings).calls]


@pytest.mark.parametrize(
    ("url", "system", "by"),
    [
        # A host tells more than a name.
        ("settings.RATES_URL + '/latest'", "rates.acme.io", "default of setting RATES_URL: rates.acme.io"),
        ("'https://api.mailgun.net/v3'", "mailgun", "host in the code: api.mailgun.net"),
        # Where nothing is known of the host, or it stands for nobody, the name of what holds it does.
        ("settings.NOVOED_API_BASE_URL + '/users'", "novoed", "the name of setting NOVOED_API_BASE_URL"),
        ("f'https://{settings.NOVOED_API_BASE_URL}/users'", "novoed", "the name of setting NOVOED_API_BASE_URL"),
        ("settings.KEYCLOAK_BASE_URL", "keycloak", "the name of setting KEYCLOAK_BASE_URL"),
        ("settings.JOBMA_URL", "jobma", "the name of setting JOBMA_URL"),
        ("settings.SLACK_HOOK_URL", "slack", "the name of setting SLACK_HOOK_URL"),
        ("Partner.objects.get(pk=1).lms_url.rstrip('/') + '/api'", "lms", "the name of field Partner.lms_url"),
        # A name that is nobody's in particular, or that holds no address, tells nothing.
        ("settings.APP_BASE_URL + '/x'", None, ""),
        ("Partner.objects.get(pk=1).base_url", None, ""),
        ("Partner.objects.get(pk=1).books_url + '/1'", None, ""),
        ("settings.LOGIN_PATH", None, ""),
        ("settings.UNSEEN", None, ""),
    ],
)
def test_what_a_url_reaches(url: str, system: str | None, by: str) -> None:
    [(found, known_by, _confidence)] = reached(f"def f():\n    requests.get({url})\n")
    assert (found, known_by) == (system, by)


@pytest.mark.parametrize(
    ("source", "system"),
    [
        # What an object that was handed over calls a base, and not the address of one picture.
        ("def f(partner):\n    requests.get(partner.marketing_site_url_root + '/node.json')", "marketing-site"),
        ("def f(partner):\n    requests.get(partner.studio_url + '/api/')", "studio"),
        ("def f(course):\n    requests.get(course.marketing_url)", None),
        # What the function, its class or its module is named after, where the URL tells nothing.
        ("def call_fastly_api(url):\n    requests.request('PURGE', url)", "fastly"),
        ("class GitHubService:\n    def sync(self, url):\n        requests.get(url)", "github"),
        ("def receive_mailgun_webhook(url):\n    requests.post(url)", None),
        ("def segment_users(url):\n    requests.get(url)", None),
        ("def call_slack(url):\n    requests.get(settings.NOVOED_API_BASE_URL)", "novoed"),
    ],
)
def test_what_stands_around_a_call_names_a_system(source: str, system: str | None) -> None:
    assert reached(source)[0][0] == system


def test_a_function_s_name_gives_way_to_what_the_line_itself_tells() -> None:
    source = """
        def call_fastly_api(url=None):
            base = url or settings.NOVOED_API_BASE_URL
            requests.get(base)
            requests.get(url)
        """
    assert [row[0] for row in reached(source)] == ["novoed", "fastly"]


def test_callers_that_know_a_system_by_a_name_make_no_call_certain() -> None:
    source = """
        def send(url):
            requests.get(url)
        def f():
            send(settings.NOVOED_API_BASE_URL)
        f()
        """
    assert {row[0::2] for row in reached(source)} == {("novoed", "likely")}


def test_an_argument_names_only_a_well_known_system() -> None:
    assert reached("def f(keycloak_url):\n    requests.get(f'{keycloak_url}/realms')\n")[0][0] == "keycloak"
    assert reached("def f(novoed_url):\n    requests.get(f'{novoed_url}/users')\n")[0][0] is None


def test_what_a_name_tells_is_likely_at_most() -> None:
    source = "def f():\n    requests.get(settings.NOVOED_API_BASE_URL)\nclass Command:\n    pass\nf()\n"
    assert [confidence for _system, _by, confidence in reached(source)] == ["likely"]


def test_an_estate_s_word_stands_above_a_name_and_its_systems_are_never_guessed() -> None:
    ask = "def f():\n    requests.get(settings.NOVOED_API_BASE_URL)\n"
    hinted = Estate("Shop", (System("learning", "Learning", settings=(SettingHint("NOVOED_*"),)),))
    assert reached(ask, hinted)[0][:2] == ("learning", "estate: setting NOVOED_API_BASE_URL")
    # Which deployment of its own `novoed` an estate means, only its hints tell.
    assert reached(ask, Estate("Shop", (System("novo-ed", "NovoEd"),)))[0][0] is None


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("MITX_ONLINE_COURSES_API_URL", "mitx-online-courses"),
        ("SEE_API_ACCESS_TOKEN_URL", "see"),
        ("Partner.lms_url", "lms"),
        ("EdxEndpoint.base_url", "edx"),
        ("ServiceConfiguration.api_base_url", None),
        ("BASE_URL", None),
        ("OPENEDX_LOGIN_PATH", None),
        ("API_TIMEOUT", None),
        ("", None),
        ("x.", None),
    ],
)
def test_whose_address_a_name_says_it_holds(name: str, owner: str | None) -> None:
    assert owner_named(name) == owner


def test_a_well_known_system_is_named_by_whole_words() -> None:
    vendors = shipped_rules().vendors.values()
    assert vendor_named("GOOGLE_SHEETS_URL", vendors) == "google-sheets"  # rather than google
    assert vendor_named("keycloakUrl", vendors) == "keycloak"
    assert vendor_named("STRIPED_URL", vendors) is None

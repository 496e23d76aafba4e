"""Findings in code of several modules: where they stand, how bad they are, and what they never say."""

from __future__ import annotations

import pytest

from extractor.checks import find
from extractor.link.settings import SettingsTable
from extractor.model.graph import Finding
from extractor.text.placeholders import looks_random
from tests.checked_worlds import program
from tests.worlds import REPO, evaluator

SECRET = "k3y9Zq7Lw2Vb8Nx4Tc6Rm1Pd5"


def found(files: dict[str, str], rule: str) -> list[Finding]:
    return [f for f in find(program(files)) if f.rule == rule]


def with_settings(code: str) -> list[Finding]:
    files = {"shop/__init__.py": "", "shop/settings.py": code}
    table = SettingsTable.build(evaluator(files), REPO, ["shop.settings"], "web")
    return list(find(program(files, settings=[table])))


def test_an_imported_constant_is_told_of_once_where_it_stands() -> None:
    rows = found(
        {
            "shop/__init__.py": "",
            "shop/constants.py": '"""Addresses."""\n\nAPI = "https://rates.example.org"\n',
            "shop/views.py": """
                import requests
                from shop import constants
                from shop.constants import API

                def latest(request):
                    return requests.get(f"{API}/latest", timeout=5)

                def history(request):
                    return requests.get(constants.API + "/history", timeout=5)
            """,
        },
        "hardcoded-url",
    )
    assert [(f.path, f.line, f.function) for f in rows] == [("shop/constants.py", 3, "history")]


@pytest.mark.parametrize(
    ("host", "lines"),
    [
        ("rates.example.org", [4]),
        ("rates.internal", []),
        ("127.0.0.1", []),
        ("rates.shop.local", []),
        ("local.example.org", [4]),
    ],
)
def test_a_name_that_means_something_in_one_deployment_alone_is_no_hardcoded_host(host: str, lines: list[int]) -> None:
    code = f"""
        import requests
        def view(request):
            return requests.get("https://{host}/latest", timeout=5)
    """
    assert [f.line for f in found({"shop/views.py": code}, "hardcoded-url")] == lines


def test_a_constant_of_a_class() -> None:
    code = """
        import requests

        class Client:
            BASE = "https://rates.example.org"

            def latest(self):
                return requests.get(self.BASE + "/latest", timeout=5)

        def view(request):
            return Client().latest()
    """
    assert [(f.line, f.function) for f in found({"shop/views.py": code}, "hardcoded-url")] == [(5, "Client.latest")]


def test_a_wrapper_is_told_of_where_the_request_is_sent() -> None:
    code = """
        import requests
        from django.conf import settings

        def ask(path):
            return requests.get(settings.SHOP_URL + path)

        def orders(request):
            return ask("/orders/")

        def baskets(request):
            return ask("/baskets/")
    """
    assert [f.line for f in found({"shop/views.py": code}, "no-timeout")] == [6]


CLIENT = """
    import requests
    from requests.adapters import HTTPAdapter

    class Timed(HTTPAdapter):
        def send(self, request, **options):
            options.setdefault("timeout", 5)
            return super().send(request, **options)

    class Plain(HTTPAdapter):
        pass

    def timed():
        session = requests.Session()
        session.mount("https://", Timed())
        return session

    def plain():
        session = requests.Session()
        session.mount("https://", Plain())
        return session
"""


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ("client.timed().get(URL)", False),  # the adapter is put on in another module
        ("client.plain().get(URL)", True),  # one that limits nothing, beside the one that does
        ("requests.get(URL)", True),  # a bare call has no session
        ("requests.Session().get(URL)", True),  # another session than the one that is limited
        ("requests.get(URL, timeout=None)", True),
    ],
)
def test_a_session_has_the_limit_of_the_function_that_makes_it(asked: str, is_found: bool) -> None:
    head = "import requests\nfrom shop import client\nURL = 'https://a.acme.io/x'\n"
    view = f"{head}def view(request):\n    return {asked}\n"
    files = {"shop/__init__.py": "", "shop/client.py": CLIENT, "shop/views.py": view}
    rows = found(files, "no-timeout")
    assert [(f.path, f.line) for f in rows] == ([("shop/views.py", 5)] if is_found else [])


def test_a_bare_call_beside_a_limited_session_is_judged_by_itself() -> None:
    code = """
        import requests
        session = requests.Session()
        session.request = limited
        def one(request):
            return session.get("https://a.acme.io/x")
        def two(request):
            return requests.get("https://a.acme.io/y")
    """
    assert [f.function for f in found({"shop/views.py": code}, "no-timeout")] == ["two"]


def test_an_adapter_that_limits_the_session() -> None:
    code = """
        import requests
        from django.conf import settings
        from requests.adapters import HTTPAdapter

        class Limited(HTTPAdapter):
            def send(self, request, **options):
                options["timeout"] = 5
                return super().send(request, **options)

        def view(request):
            session = requests.Session()
            session.mount("https://", Limited())
            return session.get(settings.SHOP_URL)
    """
    assert found({"shop/views.py": code}, "no-timeout") == []


@pytest.mark.parametrize(
    ("argument", "setting", "lines"),
    [("", "DEBUG = False", [6]), (", timeout=10", "DEBUG = False", []), ("", "SOCIAL_AUTH_REQUESTS_TIMEOUT = 5", [])],
)
def test_a_library_that_a_setting_limits(argument: str, setting: str, lines: list[int]) -> None:
    code = f"""
        from social_core.backends.oauth import BaseOAuth2

        class Campus(BaseOAuth2):
            def user_data(self, token):
                return self.get_json("/me"{argument})

        def view(request):
            return Campus().user_data("x")
    """
    files = {"shop/__init__.py": "", "shop/settings.py": setting + "\n", "shop/views.py": code}
    table = SettingsTable.build(evaluator(files), REPO, ["shop.settings"], "web")
    assert [f.line for f in find(program(files, settings=[table])) if f.rule == "no-timeout"] == lines


def test_the_address_that_an_sdk_knows_is_not_told_of() -> None:
    code = """
        from hubspot import HubSpot

        def search(client, kind):
            return client.crm.objects.search_api.do_search(kind)

        def view(request):
            return search(HubSpot(access_token=request.token), "orders")
    """
    rows = find(program({"shop/views.py": code}))
    assert [f.rule for f in rows if f.rule != "no-timeout"] == []


def test_scheme_written_before_a_host_that_is_a_setting() -> None:
    code = """
        import requests
        from django.conf import settings

        def view(request):
            return requests.get(f"http://{settings.SHOP_HOST}/orders/", timeout=5)
    """
    files = {"shop/__init__.py": "", "shop/views.py": code}

    def rules(default: str) -> list[str]:
        inside = files | {"shop/settings.py": f'SHOP_HOST = "{default}"\n'}
        table = SettingsTable.build(evaluator(inside), REPO, ["shop.settings"], "web")
        return [f.rule for f in find(program(inside, settings=[table]))]

    assert rules("shop.example.org") == ["plain-http"]
    assert rules("localhost:8000") == []


def test_a_secret_is_never_repeated() -> None:
    code = f"""
        import requests

        def view(request):
            requests.get("https://user:{SECRET}@shop.example.org/", timeout=5)
            requests.get("https://shop.example.org/?api_key={SECRET}", timeout=5)
            requests.post("https://shop.example.org/", json={{"client_secret": "{SECRET}"}}, timeout=5)
    """
    rows = find(program({"shop/views.py": code}))
    assert [f.line for f in rows if f.rule == "hardcoded-credential"] == [5, 6, 7]
    assert SECRET not in repr(rows)


def test_a_secret_given_to_the_making_of_a_client() -> None:
    code = f"""
        import boto3

        def view(request):
            client = boto3.client("ses", aws_secret_access_key="{SECRET}")
            client.send_email(Source="a", Destination={{}}, Message={{}})
    """
    rows = found({"shop/views.py": code}, "hardcoded-credential")
    assert [f.line for f in rows] == [6]


def test_the_default_of_the_key_that_signs() -> None:
    (row,) = with_settings('import os\nSECRET_KEY = os.environ.get("SECRET_KEY", "36boam8miiz")\n')
    assert (row.rule, row.severity, row.path, row.line) == ("hardcoded-credential", "medium", "shop/settings.py", 2)
    assert "36boam8miiz" not in row.message


@pytest.mark.parametrize(
    "code",
    [
        'import os\nSECRET_KEY = os.environ.get("SECRET_KEY", "")\n',
        'import os\nSECRET_KEY = os.environ["SECRET_KEY"]\n',
        'OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth2_provider.AccessToken"\n',
        'TOKEN_URL = "https://id.example.org/oauth2/token"\n',
        'PASSWORD_RESET_MESSAGE = "Your password was reset 123 times"\n',
        f'PAYMENT_PUBLISHABLE_KEY = "{SECRET}"\n',
    ],
)
def test_settings_that_hold_no_secret(code: str) -> None:
    assert with_settings(code) == []


def test_a_setting_with_a_key_as_its_default() -> None:
    assert [f.rule for f in with_settings(f'PAYMENT_API_KEY = "{SECRET}"\n')] == ["hardcoded-credential"]


@pytest.mark.parametrize(
    ("text", "random"),
    [
        (SECRET, True),
        ("9c1185a5c5e9fc54612808977ee8f548b2258d31", True),
        ("oauth2_provider.models.AccessToken", False),
        ("changeme-changeme-12345", False),
        ("a-rather-long-name-of-something", False),
        ("staticfiles/ca_x509_2031_private.key", False),
        ("1234", False),
    ],
)
def test_what_looks_like_a_key(text: str, random: bool) -> None:
    assert looks_random(text) is random


def test_rows_are_the_same_in_any_order_of_modules() -> None:
    view = """
        import requests

        def {name}(request):
            return requests.get("http://shop.example.org/{name}/")
    """
    files = {f"shop/{name}.py": view.replace("{name}", name) for name in ("b", "a", "c")}
    assert find(program(files)) == find(program(dict(sorted(files.items()))))


def test_a_finding_keeps_its_fingerprint_when_its_code_moves() -> None:
    code = 'import requests\ndef view(request):\n    return requests.get("https://shop.example.org/", timeout=5)\n'
    moved = code.replace("def view", "\n\nX = 1\n\n\ndef renamed")
    (before,) = find(program({"shop/views.py": code}))
    (after,) = find(program({"shop/other/views.py": moved}))
    assert before.fingerprint == after.fingerprint
    assert before.line != after.line


def asking(base: str) -> str:
    """The fingerprint of a request without a timeout, whose base is an expression."""
    code = (
        f"import requests\nfrom django.conf import settings\n\ndef v(request):\n    requests.get({base} + '/api/x/')\n"
    )
    [only] = found({"shop/views.py": code}, "no-timeout")
    return only.fingerprint


def test_a_request_without_a_timeout_is_the_same_under_a_renamed_base_setting_and_another_at_another_host() -> None:
    assert asking("settings.BANK_URL") == asking("settings.SHOP_BANK_URL")
    assert asking("'https://a.example.com'") != asking("'https://b.example.com'")

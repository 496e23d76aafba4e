"""Who signs people in: the backends that settings name, their providers, and the flag they stand under."""

from __future__ import annotations

from extractor.link.settings import SettingBinding, SettingsTable
from extractor.link.signin import sign_ins
from tests.worlds import REPO, evaluator

COMMON = """\
FEATURES = {"SOCIAL": False}
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
"""
PRODUCTION = """\
import yaml
from shop.common import *
with open("x.yml") as file:
    CONFIG = yaml.safe_load(file)
if FEATURES.get("SOCIAL"):
    AUTHENTICATION_BACKENDS = CONFIG.get("BACKENDS", [
        "social_core.backends.google.GoogleOAuth2",
        "shop.auth.Campus",
        "shop.auth.Sister",
        "shop.auth.Federation",
        "shop.auth.Anybody",
    ]) + list(AUTHENTICATION_BACKENDS)
"""
AUTH = """\
from django.conf import settings
from social_core.backends.oauth import BaseOAuth2
from social_core.backends.saml import SAMLAuth

class Campus(BaseOAuth2):
    ACCESS_TOKEN_URL = "https://campus.example/token"

class Sister(BaseOAuth2):
    def access_token_url(self):
        return f"{settings.SISTER_URL}/token"

class Federation(SAMLAuth):
    name = "federation"

class Anybody(BaseOAuth2):
    def access_token_url(self):
        return self.get_setting("token_url")
"""


def read(production: str = PRODUCTION) -> tuple[SettingBinding, ...]:
    files = {"shop/__init__.py": "", "shop/common.py": COMMON, "shop/prod.py": production, "shop/auth.py": AUTH}
    ev = evaluator(files)
    return sign_ins(ev, {"web": SettingsTable.build(ev, REPO, ("shop.prod",), "web")})


def test_a_backend_is_known_by_its_class_or_by_the_library_class_it_is_made_of() -> None:
    assert [(binding.named, binding.system, binding.protocol) for binding in read()] == [
        ("social_core.backends.google.GoogleOAuth2", "google-oauth", "OAuth 2"),
        ("shop.auth.Federation", "saml-provider", "SAML 2"),
        ("shop.auth.Anybody", "oauth-provider", "OAuth 2"),
    ]


def test_backends_stand_where_they_are_listed_under_the_flag_that_guards_them() -> None:
    assert {(j.service, j.setting, j.where.path, j.where.line, j.condition) for j in read()} == {
        ("web", "AUTHENTICATION_BACKENDS", "shop/prod.py", 6, "settings.FEATURES['SOCIAL'], off by default")
    }


def test_backends_without_a_flag_are_unconditional() -> None:
    [binding] = read('AUTHENTICATION_BACKENDS = ["social_core.backends.facebook.FacebookOAuth2"]\n')
    assert (binding.system, binding.condition) == ("facebook", "")


def test_django_s_own_backend_sends_nobody_elsewhere() -> None:
    assert read("from shop.common import *\n") == ()

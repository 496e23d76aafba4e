"""Classes of settings read from the environment: each field is a variable, with its default."""

from __future__ import annotations

import pytest

from extractor.link.facts import RepoFacts
from tests.linked import linked

HEAD = (
    "from pydantic import AliasChoices, AnyUrl, Field\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\n"
)
VIEW = """
    import requests
    from shop.config import config
    def index(request):
        requests.get(f"{config.tax_url}/rates", timeout=5)
"""

URLS = "from django.urls import path\nfrom shop import views\nurlpatterns = [path('', views.index)]\n"


def facts(body: str, view: str = VIEW, head: str = HEAD) -> RepoFacts:
    return linked(
        {
            "shop/config.py": head + body,
            "shop/settings.py": "ROOT_URLCONF = 'shop.urls'\n",
            "shop/urls.py": URLS,
            "shop/views.py": view,
        }
    )


def variables(found: RepoFacts) -> dict[str | None, str | None]:
    return {row.env: row.default for row in found.settings}


BODIES = {
    "class C(BaseSettings):\n    tax_url: str = 'https://tax.acmetax.io/v1'\n": "TAX_URL",
    "class C(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='SHOP_')\n"
    "    tax_url: AnyUrl = AnyUrl('https://tax.acmetax.io/v1')\n": "SHOP_TAX_URL",
    "class C(BaseSettings):\n    model_config = {'env_prefix': 'shop_'}\n"
    "    tax_url: str = Field(default='https://tax.acmetax.io/v1')\n": "SHOP_TAX_URL",
    "class C(BaseSettings):\n    class Config:\n        env_prefix = 'OWN_'\n"
    "    tax_url: str = 'https://tax.acmetax.io/v1'\n": "OWN_TAX_URL",
    "class Base(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='B_')\n"
    "class C(Base):\n    tax_url: str = 'https://tax.acmetax.io/v1'\n": "B_TAX_URL",
    "class C(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='SHOP_')\n"
    "    tax_url: str = Field('https://tax.acmetax.io/v1', validation_alias='TAXES')\n": "TAXES",
    "class C(BaseSettings):\n"
    "    tax_url: str = Field('https://tax.acmetax.io/v1', validation_alias=AliasChoices('TAXES', 'OLD'))\n": "TAXES",
    "class C(BaseSettings):\n    tax_url: str = Field('https://tax.acmetax.io/v1', env='TAXES')\n": "TAXES",
}


@pytest.mark.parametrize(("body", "variable"), BODIES.items())
def test_a_field_is_the_variable_of_its_name_prefix_or_alias(body: str, variable: str) -> None:
    found = facts(body + "config = C()\n")
    assert variables(found) == {variable: "https://tax.acmetax.io/v1"}
    assert [(row.path, row.required) for row in found.settings] == [("shop/config.py", False)]
    assert [(call.base_setting, call.system) for call in found.calls] == [(variable, "tax.acmetax.io")]
    assert not [finding for finding in found.findings if finding.rule.startswith("hardcoded")]


def test_a_field_without_a_default_must_be_given() -> None:
    for body in ("tax_url: str", "tax_url: str = Field(...)"):
        found = facts(f"class C(BaseSettings):\n    {body}\nconfig = C()\n")
        assert [call.base_setting for call in found.calls] == ["TAX_URL"], body


def test_settings_in_settings_are_asked_through_to_their_own_fields() -> None:
    body = "class Taxes(BaseSettings):\n    url: str = 'https://tax.acmetax.io'\n"
    body += "class C(BaseSettings):\n    taxes: Taxes = Taxes()\nconfig = C()\n"
    found = facts(body, VIEW.replace("tax_url", "taxes.url"))
    assert [call.system for call in found.calls] == ["tax.acmetax.io"]


def test_an_object_that_a_function_keeps_is_the_same() -> None:
    body = "import functools\nclass C(BaseSettings):\n    tax_url: str = 'https://tax.acmetax.io'\n"
    body += "@functools.lru_cache\ndef get():\n    return C()\nconfig = get()\n"
    assert [call.base_setting for call in facts(body).calls] == ["TAX_URL"]


def test_a_value_given_where_the_object_is_made_is_that_value() -> None:
    body = "class C(BaseSettings):\n    tax_url: str = 'https://tax.acmetax.io'\n"
    found = facts(body + "config = C(tax_url='https://other.acmetax.io')\n")
    assert [(call.base_setting, call.system) for call in found.calls] == [(None, "other.acmetax.io")]


def test_a_plain_model_is_no_setting() -> None:
    body = "from pydantic import BaseModel\nclass C(BaseModel):\n    tax_url: str = 'https://tax.acmetax.io'\n"
    found = facts(body + "config = C()\n")
    assert variables(found) == {}
    assert [(call.base_setting, call.system) for call in found.calls] == [(None, "tax.acmetax.io")]

"""Given settings and an estate, which settings point elsewhere, at what, and where they are read."""

from __future__ import annotations

from extractor.estate.model import Estate, SettingHint, System
from extractor.link.settings import SettingsTable, settings_rows
from extractor.model.graph import Setting
from extractor.rules.clients import shipped_rules
from tests.worlds import evaluator

ESTATE = Estate(
    "Shops",
    (
        System("billing", "Billing", hosts=("*.billing.example",), settings=(SettingHint("BILLING_*"),)),
        System("shop", "Shop", settings=(SettingHint("SITE_URL", "shop"),)),
    ),
)


def rows(source: str, **more: str) -> dict[str, Setting]:
    ev = evaluator({"shop/settings.py": source} | {f"shop/{name}.py": text for name, text in more.items()})
    table = SettingsTable.build(ev, "shop", ["shop.settings"], "web")
    found = settings_rows(ev, table, ESTATE, shipped_rules(), "c0ffee")
    assert [row.name for row in found] == sorted(row.name for row in found)
    assert len({row.id for row in found}) == len(found)
    return {row.name: row for row in found}


def test_a_row_says_all_that_is_known() -> None:
    row = rows(
        "import os\nBILLING_URL = os.environ.get('BILLING', 'https://api.billing.example')",
        client="from django.conf import settings\ndef ask():\n    return settings.BILLING_URL\n",
    )["BILLING_URL"]
    assert (row.repo, row.service, row.system, row.kind) == ("shop", "web", "billing", "url")
    assert (row.default, row.env, row.required) == ("https://api.billing.example", "BILLING", False)
    assert (row.path, row.line) == ("shop/settings.py", 2)
    assert [(e.path, e.line, e.commit) for e in row.read_at] == [("shop/client.py", 3, "c0ffee")]


def test_the_system_is_known_by_name_then_store_then_host() -> None:
    found = rows(
        """
        import os
        SITE_URL = os.environ["SITE"]
        PARTNER_URL = "https://eu.billing.example/v1"
        RATES_URL = "https://rates.elsewhere.net"
        PAYMENTS_URL = "https://api.stripe.com"
        LOCAL_URL = "http://localhost:8080"
        DATABASES = {"default": {"ENGINE": "django.db.backends.mysql", "HOST": "db"}}
        EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
        STRIPE_API_KEY = "sk"
        """
    )
    assert {name: row.system for name, row in found.items()} == {
        "DATABASES": "mysql",
        "EMAIL_BACKEND": "mailgun",
        "LOCAL_URL": None,
        "PARTNER_URL": "billing",
        "PAYMENTS_URL": "stripe",
        "RATES_URL": "rates.elsewhere.net",
        "SITE_URL": "shop",
        "STRIPE_API_KEY": "stripe",
    }
    assert found["SITE_URL"].required
    assert (found["DATABASES"].kind, found["EMAIL_BACKEND"].kind) == ("database", "email")


def test_settings_that_point_nowhere_give_no_row() -> None:
    found = rows(
        """
        import os, platform
        LOGIN_REDIRECT_URL = "/after"
        STATIC_URL = "/static/"
        PASSWORD_CONFIRM_URL = "password/confirm/{token}"
        MANUAL_HELP_URL = "https://manual.elsewhere.net"
        HOSTNAME = platform.node()
        BILLING_TIMEOUT = 30
        BILLING_ENABLED = os.environ.get("BILLING_ENABLED", False)
        DEBUG = True
        """
    )
    assert found == {}


def test_secrets_never_stand_in_a_row() -> None:
    found = rows(
        "BILLING_API_TOKEN = 'hunter2'\nBROKER_URL = 'amqp://user:hunter2@mq.example//'\n"
        "BILLING_URL = 'https://u:hunter2@api.billing.example?key=hunter2'\n"
    )
    assert len(found) == 3
    assert "hunter2" not in repr(found)

"""Secrets written into code: what is masked in literals, under names and in lines that are shown, and what stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.pipeline.evidence_text import shown_line
from extractor.summary.encoding import encode
from extractor.summary.statements import summarize
from extractor.text.code_masking import masked_under
from extractor.text.shapes import MASK, MASKED_KEY, masked_literal

SECRET = "canary77Qx"
RANDOM = "k3y9Zq7Lw2Vb8Nx4Tc6Rm1Pd5"
URLS = (
    f"https://u:{SECRET}@shop.test/x",
    f"https://u:p@{SECRET}@shop.test/x",
    f"https://u:a/b?{SECRET}@shop.test/x",
    f"https://u:%40%2F{SECRET}@shop.test/x",
    f"https://{SECRET}abcdef@shop.test/x",
    f"amqp://guest:{SECRET}@mq.test:5672//",
    f"redis://:{SECRET}@cache.test:6379/0",
    f"postgres://shop:{SECRET}@db.test/shop",
    f"mongodb+srv://shop:{SECRET}@db.test/shop",
    f"https://shop.test/x?access_token={SECRET}",
    f"https://shop.test/x?page=1&api_key={SECRET}&size=2",
    f"https://shop.test/x?sv=1&sig={SECRET}%3D",
    f"https://shop.test/x?X-Amz-Signature={SECRET}",
    f"https://shop.test/token-{SECRET}/x",
    f"https://shop.test/api_key={SECRET}/x",
    f"https://hooks.slack.com/services/T0/B0/{SECRET}",
    f"https://discord.com/api/webhooks/123/{SECRET}",
    f"https://api.telegram.org/bot123:{SECRET}/send",
    f"host=db.test password={SECRET} dbname=shop",
    f"dbname=shop password='{SECRET}'",
    f"Bearer {SECRET}abcdef",
    f"Basic {SECRET}abcdef==",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}",
    f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{SECRET}",
    f"ghp_{SECRET}abcdefghijklm",
    f"glpat-{SECRET}abcdefghijklm",
    f"xoxb-12-{SECRET}",
    f"sk_live_{SECRET}",
    f"whsec_{SECRET}abcdefgh",
    f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{SECRET}",
    f"SG.{SECRET}abcdefgh.{SECRET}abcdefgh",
    f"AIza{SECRET}abcdefghijklmnopqrstuvw",
)
IN_CODE = (
    'call(params={{"token": {0}}})',
    'call(headers={{"X-Api-Key": {0}}})',
    'call(auth=("svc", {0}))',
    'call(auth=HTTPBasicAuth("svc", {0}))',
    'call(json={{"password": {0}}})',
    'task.apply_async(kwargs={{"token": {0}}})',
    "task.delay(api_key={0})",
    "PASSWORD = {0}",
    "self.client_secret = {0}",
    'settings["DB_PASSWORD"] = {0}',
    'API_KEY = os.environ.get("API_KEY", {0})',
    'API_KEY = get_string(name="API_KEY", default={0})',
    "TOKEN = given or {0}",
    "def f(token={0}): pass",
    "def f(*, password: str = {0}): pass",
    "AUTH_TOKEN: str = b{0}",
)
STAYS = (
    "https://shop.test:8000/users/@me",
    "https://shop.test/token/refresh/?next=/token-refresh/",
    "https://shop.test/x?token={token}&page=1",
    "postgres://{user}:{password}@db.test/shop",
    "postgres://%s:%s@db.test/shop",
    "redis://cache.test:6379/0",
    "redis://:changeme@cache.test:6379/0",
    "shop.tasks.send_token",
    r"^api/(?P<token>[\w-]+)/reset/$",
    "6f1d7a4e-2f50-4d53-8bb6-2b4f0f3b8a11",
    "Basic information about tokens",
    "password=%(password)s",
    "git@github.com:shop/shop.git",
    "-----BEGIN PUBLIC KEY-----\nabc",
)


@pytest.mark.parametrize("text", URLS)
def test_a_literal_gives_no_secret_away(text: str) -> None:
    assert SECRET not in masked_literal(text)
    assert SECRET not in shown_line(f"call({text!r})")


@pytest.mark.parametrize("text", STAYS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked_literal(text) == text


@pytest.mark.parametrize("host", ["shop.test", "db.test", "hooks.slack.com", "mq.test:5672"])
def test_the_host_stays(host: str) -> None:
    texts = [text for text in URLS if host in text]
    assert texts
    assert all(host in masked_literal(text) for text in texts)


@pytest.mark.parametrize("code", IN_CODE)
def test_neither_a_summary_nor_a_shown_line_holds_what_stands_under_the_name_of_a_secret(code: str) -> None:
    source = code.format(f'"{SECRET}"')
    assert SECRET.encode() not in encode(summarize(source.encode()))
    assert SECRET not in shown_line(source)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("token", "token"),
        ("token", "csrf_token"),
        ("TOKEN", "shop.tokens.Access"),
        ("password", "changeme"),
        ("password", "SET-ME-PLEASE"),
        ("password", "{password}"),
        ("TOKEN", "/run/secrets/token"),
        ("secret", "The secret of the shop"),
    ],
)
def test_under_the_name_of_a_secret_stays_what_is_none(name: str, text: str) -> None:
    assert masked_under(name, text) == text


def test_a_generated_key_is_told_from_other_secrets_and_only_that() -> None:
    assert (masked_under("SECRET_KEY", RANDOM), masked_under("SECRET_KEY", "hunter22")) == (MASKED_KEY, MASK)


@pytest.mark.parametrize("name", ["key", "CACHE_KEY", "primary_key", "token_url", "PASSWORD_HASHERS", "auth"])
def test_names_that_hold_no_secret_hide_nothing(name: str) -> None:
    assert SECRET.encode() in encode(summarize(f'{name} = "{SECRET}"'.encode()))


@given(st.text(), st.sampled_from(URLS))
def test_masking_twice_is_masking_once(text: str, url: str) -> None:
    once = masked_literal(f"{text} {url}")
    assert masked_literal(once) == once

"""Deployment values: names, defaults, lines, and that no secret leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.deployment.read import deployment_values, unreadable_values
from extractor.deployment.values import with_defaults
from extractor.text.masking import is_secret_name, masked, masked_text
from extractor.text.shapes import MASK


def test_values_of_every_kind_of_file() -> None:
    values = deployment_values(
        {
            ".env.example": b"# comment\nexport BASE_URL='https://a.example' # why\nEMPTY=\nbad line\n",
            "app.json": b'{"env": {"A_URL": {"value": "https://b.example"}, "B": "2", "C": {"description": ""}}}',
            "docker-compose.yml": b"services:\n  web:\n    environment:\n      A: ${A:-1}\n      FROM_SHELL:\n",
            "Dockerfile": b"FROM x\nENV PORT 8000\n",
            "values-prod.yaml": b"app:\n  env:\n    - name: LMS_URL\n      value: https://lms.example\n"
            b"  hosts: [a, b]\n  none:\n",
            "Pulumi.prod.yaml": b"config:\n  app:api_url: https://api.example\n  app:key:\n    secure: v1:cipher\n",
            "notes.txt": b"A=1",
        }
    )
    assert [(v.path, v.line, v.name, v.value, v.kind) for v in values] == [
        (".env.example", 2, "BASE_URL", "https://a.example", "development"),
        (".env.example", 3, "EMPTY", "", "development"),
        ("Dockerfile", 2, "PORT", "8000", "deployment"),
        ("Pulumi.prod.yaml", 2, "config.app:api_url", "https://api.example", "deployment"),
        ("Pulumi.prod.yaml", 4, "config.app:key.secure", MASK, "deployment"),
        ("app.json", 1, "A_URL", "https://b.example", "deployment"),
        ("app.json", 1, "B", "2", "deployment"),
        ("docker-compose.yml", 4, "A", "1", "development"),
        ("values-prod.yaml", 3, "LMS_URL", "https://lms.example", "deployment"),
        ("values-prod.yaml", 5, "app.hosts[0]", "a", "deployment"),
        ("values-prod.yaml", 5, "app.hosts[1]", "b", "deployment"),
    ]


def test_a_template_that_is_no_yaml_is_named() -> None:
    files = {"chart/templates/web.yaml": b"a: {{ .Values.x }}\n  b: c\n", "values.yaml": b"a: 1\n"}
    assert [value.name for value in deployment_values(files)] == ["a"]
    assert [skip.path for skip in unreadable_values(files)] == ["chart/templates/web.yaml"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A:-x}", "x"),
        ("${A-x}/y", "x/y"),
        ("${A:-${B:-z}}", "z"),
        ("${A}", "${A}"),
        ("${A:?must be set}", "${A}"),
        ("cost$$", "cost$"),
        ("$A", "$A"),
    ],
)
def test_defaults_of_variables_are_applied(text: str, expected: str) -> None:
    assert with_defaults(text) == expected


@pytest.mark.parametrize(
    "name",
    ["SECRET_KEY", "db_password", "SENTRY_DSN", "apiToken", "aws.secretAccessKey", "app:key.secure", "STRIPE_KEYS"],
)
def test_names_that_mean_a_secret(name: str) -> None:
    assert is_secret_name(name)
    assert masked(name, "value") == MASK


@pytest.mark.parametrize("name", ["KEYCLOAK_REALM", "MONKEY", "SECURE_SSL_REDIRECT", "TOKEN_URL", "COMPASS"])
def test_names_that_do_not(name: str) -> None:
    assert masked(name, "value") == "value"


@pytest.mark.parametrize("value", ["", "True", "false", "${SECRET_KEY}", "$KEY"])
def test_what_holds_nothing_stays_readable(value: str) -> None:
    assert masked("SECRET_KEY", value) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://u:p@ss@db:5432/x", "postgres://u:***@db:5432/x"),
        ("redis://:pw/slash@redis:6379/0", "redis://:***@redis:6379/0"),
        ("https://key@host/1", "https://***@host/1"),
        ("ssh://git@host/x", "ssh://git@host/x"),
        ("http://host:8000/a@b", "http://host:8000/a@b"),
        ("https://h/x?a=1&api_key=abc&b=2", "https://h/x?a=1&api_key=***&b=2"),
        ("start --db-password=pw --db-user=me", "start --db-password=*** --db-user=me"),
        ("run --password 'a b' -v", "run --password *** -v"),
        ("PGPASSWORD=pw psql", "PGPASSWORD=*** psql"),
        ("run --password ${PASSWORD}", "run --password ${PASSWORD}"),
        ("odl:123:1001:1001:results", "odl:***:1001:1001:results"),
        ("id AKIAABCDEFGHIJKLMNOP", "id ***"),
        ("a -----BEGIN PRIVATE KEY-----\nabc", "a ***"),
        ("https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/services/***"),
        ("celery -A app worker -Q a,b", "celery -A app worker -Q a,b"),
    ],
)
def test_secrets_in_free_text(text: str, expected: str) -> None:
    assert masked_text(text) == expected


@given(
    user=st.text("abcXYZ09", max_size=8),
    password=st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="'\""), min_size=6, max_size=40
    ),
)
def test_no_password_of_a_url_survives(user: str, password: str) -> None:
    shown = masked_text(f"mysql://{user}:s3cr{password}@db:3306/name")
    assert "s3cr" not in shown
    assert shown.endswith("@db:3306/name")


def test_masking_long_hostile_text_is_quick() -> None:
    for text in ("a-" * 1_000_000, "a://a:" * 300_000, "?token" * 300_000, "eyJ-" * 500_000):
        assert len(masked_text(text)) <= 5000

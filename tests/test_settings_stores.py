"""Given settings, which datastores they declare: by class, URL, driver, options, port, variable; and their rules."""

from __future__ import annotations

import pytest

from extractor.deployment.units import EnvValue
from extractor.link.settings import DeclaredStore, SettingsTable, declared_stores
from extractor.rules.stores import store_rules
from tests.worlds import evaluator


def stores(source: str, deployed: tuple[EnvValue, ...] = (), **more: str) -> dict[tuple[str, str], DeclaredStore]:
    files = {"shop/settings.py": source} | {f"shop/{name}.py": text for name, text in more.items()}
    ev = evaluator(files)
    found = declared_stores(ev, SettingsTable.build(ev, "shop", ["shop.settings"], "web", deployed))
    return {(store.kind, store.alias): store for store in found}


@pytest.mark.parametrize(
    ("source", "key", "system", "technology"),
    [
        ("DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql'}}", ("database", "default"), "mysql", "MySQL"),
        (
            "DATABASES = {'main': {'ENGINE': 'django.contrib.gis.db.backends.postgis'}}",
            ("database", "main"),
            "postgres",
            "PostgreSQL",
        ),
        (
            "import dj_database_url\nDATABASES = {'default': dj_database_url.parse('postgres://db/shop')}",
            ("database", "default"),
            "postgres",
            "PostgreSQL",
        ),
        ("CACHES = {'a': {'BACKEND': 'django_redis.cache.RedisCache'}}", ("cache", "a"), "redis", "Redis"),
        (
            "CACHES = {'a': {'BACKEND': 'django.core.cache.backends.memcached.PyMemcacheCache'}}",
            ("cache", "a"),
            "memcached",
            "Memcached",
        ),
        (
            "CACHES = {'a': {'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}}",
            ("cache", "a"),
            "locmem",
            "memory of the process",
        ),
        ("CELERY_BROKER_URL = 'amqps://mq.example//'", ("queue", "default"), "rabbitmq", "RabbitMQ"),
        ("CELERY_BROKER_TRANSPORT = 'redis'", ("queue", "default"), "redis", "Redis"),
        (
            "STORAGES = {'default': {'BACKEND': 'storages.backends.s3boto3.S3Boto3Storage'}}",
            ("storage", "default"),
            "s3",
            "Amazon S3",
        ),
        ("DEFAULT_FILE_STORAGE = 'storages.backends.s3.S3Storage'", ("storage", "default"), "s3", "Amazon S3"),
        ("OPENSEARCH_URL = 'https://search.example'", ("search", "default"), "opensearch", "OpenSearch"),
        ("ELASTIC_SEARCH_CONFIG = [{'host': 'localhost'}]", ("search", "default"), "elasticsearch", "Elasticsearch"),
        (
            "HAYSTACK_CONNECTIONS = {'default': {'ENGINE': 'haystack.backends.solr_backend.SolrEngine'}}",
            ("search", "default"),
            "solr",
            "Solr",
        ),
        (
            "CHANNEL_LAYERS = {'default': {'BACKEND': 'channels_redis.core.RedisChannelLayer'}}",
            ("queue", "default"),
            "redis",
            "Redis",
        ),
        (
            "CONTENTSTORE = {'ENGINE': 'shop.stores.MongoContentStore'}",
            ("database", "contentstore"),
            "mongodb",
            "MongoDB",
        ),
        (
            "DOC_STORE_CONFIG = {'host': 'db.example', 'port': 27017}",
            ("database", "doc_store_config"),
            "mongodb",
            "MongoDB",
        ),
    ],
)
def test_engines_are_told_by_what_names_them(source: str, key: tuple[str, str], system: str, technology: str) -> None:
    store = stores(source)[key]
    assert (store.system, store.technology) == (system, technology)


DATABASE = (
    "import dj_database_url\nimport os\nDB = dj_database_url.parse(os.environ.get('DATABASE_URL', 'sqlite:///x'))"
)


def test_a_sqlite_default_yields_to_options_to_deployment_and_to_drivers() -> None:
    key = ("database", "default")
    alone = stores(f"{DATABASE}\nDATABASES = {{'default': DB}}")[key]
    assert (alone.system, alone.env, alone.setting) == ("sqlite", "DATABASE_URL", "DATABASES")
    options = stores(f"{DATABASE}\nDB['OPTIONS'] = {{'sslmode': 'require'}}\nDATABASES = {{'default': DB}}")[key]
    assert options.system == "postgres"
    compose = EnvValue("DATABASE_URL", "mysql://shop:***@db/shop", "docker-compose.yml", 3)
    assert stores(f"{DATABASE}\nDATABASES = {{'default': DB}}", (compose,))[key].system == "mysql"
    only_tests = EnvValue("DATABASE_URL", "mysql://db/shop", "ci/docker-compose.yml", 3, kind="test")
    assert stores(f"{DATABASE}\nDATABASES = {{'default': DB}}", (only_tests,))[key].system == "sqlite"
    driver = stores(f"{DATABASE}\nDATABASES = {{'default': DB}}", models="from django.contrib.postgres import fields")
    assert driver[key].system == "postgres"


@pytest.mark.parametrize(
    ("source", "env", "system"),
    [
        (
            "import dj_database_url as d\nDATABASES = {'default': d.config(default='mysql://db/x')}",
            "DATABASE_URL",
            "mysql",
        ),
        ("import environ\nenv = environ.Env()\nDATABASES = {'default': env.db()}", "DATABASE_URL", "database"),
        (
            "import environ\nenv = environ.Env()\nDATABASES = {'default': env.db('MAIN', default='postgres://db/x')}",
            "MAIN",
            "postgres",
        ),
    ],
)
def test_urls_of_databases_are_read_from_their_variable(source: str, env: str, system: str) -> None:
    found = stores(source)["database", "default"]
    assert (found.env, found.system) == (env, system)


def test_a_storage_of_the_project_is_what_it_derives_from() -> None:
    found = stores(
        "STORAGES = {'default': {'BACKEND': 'shop.media.Media'}}",
        media="from storages.backends.s3 import S3Storage\nclass Base(S3Storage): ...\nclass Media(Base): ...",
    )
    assert found["storage", "default"].system == "s3"


CHOSEN = """
import os
STORAGES = {'default': {'BACKEND': 'django.core.files.storage.FileSystemStorage'}}
if os.environ.get('AWS_BUCKET'):
    STORAGES['default'] = {'BACKEND': 'storages.backends.s3.S3Storage'}
"""
AZURE = """elif os.environ.get('AZURE_CONTAINER'):
    STORAGES['default'] = {'BACKEND': 'storages.backends.azure_storage.AzureStorage'}
"""


def test_what_settings_choose_among_is_one_store_that_names_all() -> None:
    key = ("storage", "default")
    assert (stores(CHOSEN)[key].system, stores(CHOSEN)[key].technology) == ("s3", "Amazon S3")
    either = stores(CHOSEN + AZURE)[key]
    assert (either.system, either.technology) == ("storage", "Amazon S3 or Azure Blob Storage")


def test_a_choice_against_development_is_none() -> None:
    source = """
import os
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db'}}
if os.environ.get('DBHOST'):
    DATABASES['default'] = {'ENGINE': 'django.db.backends.postgresql'}
"""
    assert stores(source)["database", "default"].system == "postgres"
    else_too = source + "else:\n    DATABASES['default'] = {'ENGINE': 'django.db.backends.mysql'}\n"
    assert stores(else_too)["database", "default"].technology == "MySQL or PostgreSQL"


def test_a_broker_without_default_is_told_by_its_variable() -> None:
    found = stores("import os\nCELERY_BROKER_URL = os.environ.get('REDISCLOUD_URL')")[("queue", "default")]
    assert (found.system, found.env) == ("redis", "REDISCLOUD_URL")


def test_what_nothing_tells_is_left_to_deployment() -> None:
    found = stores("import os\nCELERY_BROKER_URL = os.environ['BROKER']")[("queue", "default")]
    assert (found.system, found.technology) == ("queue", "queue (set where it is deployed)")


def test_a_store_kept_in_another_is_that_one() -> None:
    found = stores(
        """
        DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
        CACHES = {
            "default": {"BACKEND": "django_redis.cache.RedisCache"},
            "durable": {"BACKEND": "django.core.cache.backends.db.DatabaseCache"},
        }
        CELERY_RESULT_BACKEND = "django-cache"
        """
    )
    assert found["cache", "durable"].system == "postgres"
    assert found["queue", "results"].system == "redis"


def test_places_that_are_no_datastore_are_passed_over() -> None:
    found = stores("MESSAGE_STORAGE = 'django.contrib.messages.storage.cookie.CookieStorage'\nSECRET = 'redis'")
    assert found == {}


def test_each_store_has_the_lines_that_declare_it() -> None:
    store = stores("X = 1\nOPENSEARCH_URL = 'http://search.example'")["search", "default"]
    assert (store.evidence.path, store.evidence.line, store.evidence.end_line) == ("shop/settings.py", 2, 2)


def test_the_shipped_rules_agree_with_themselves() -> None:
    rules = store_rules()
    engines = {engine.system for engine in rules.engines}
    assert {row.system for row in rules.settings if row.system} <= engines
    schemes = [scheme for engine in rules.engines for scheme in engine.schemes]
    words = [word for engine in rules.engines for word in engine.words]
    assert len(schemes) == len(set(schemes))
    assert len(words) == len(set(words))
    names = [name for row in rules.settings for name in row.names]
    assert len(names) == len(set(names))

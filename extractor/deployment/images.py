"""What a container image or a platform's add-on is: its role in a deployment, and its name with version."""

from __future__ import annotations

import re

# The last part of an image's name, or of an add-on's, to role and technology. First match wins.
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (r"pgbouncer", "other", "PgBouncer"),
    (r"redis-?commander|redisinsight|.*exporter|pgadmin4?|adminer|phpmyadmin|mongo-express", "other", ""),
    (r"(heroku-)?postgres(ql)?|postgis|pgvector|timescaledb(-ha)?", "database", "PostgreSQL"),
    (r"mysql(-server)?|cleardb|jawsdb", "database", "MySQL"),
    (r"mariadb", "database", "MariaDB"),
    (r"percona(-server)?", "database", "Percona Server"),
    (r"mongo(db)?(-community-server)?|mongolab|mongohq|percona-server-mongodb", "database", "MongoDB"),
    (r"mssql|server|mssql-server-linux", "database", "SQL Server"),
    (r"cockroach", "database", "CockroachDB"),
    (r"cassandra|scylla", "database", "Cassandra"),
    (r"neo4j", "database", "Neo4j"),
    (r"clickhouse(-server)?", "database", "ClickHouse"),
    (r"(heroku-)?redis(-stack|-stack-server|cloud|togo|green)?|openredis", "cache", "Redis"),
    (r"valkey", "cache", "Valkey"),
    (r"keydb", "cache", "KeyDB"),
    (r"dragonfly", "cache", "Dragonfly"),
    (r"memcached|memcachier|memcachedcloud", "cache", "Memcached"),
    (r"rabbitmq|cloudamqp|rabbitmq-bigwig", "queue", "RabbitMQ"),
    (r"(cp-)?kafka|heroku-kafka|redpanda", "queue", "Kafka"),
    (r"nats", "queue", "NATS"),
    (r"elasticmq(-native)?", "queue", "ElasticMQ"),
    (r"elasticsearch(-oss)?|bonsai|foundelasticsearch|searchbox", "search", "Elasticsearch"),
    (r"opensearch", "search", "OpenSearch"),
    (r"solr|websolr", "search", "Solr"),
    (r"meilisearch", "search", "Meilisearch"),
    (r"typesense", "search", "Typesense"),
    (r"algolia.*", "search", "Algolia"),
    (r"minio", "storage", "MinIO"),
    (r"azurite", "storage", "Azurite"),
    (r"sftp|sftpgo", "storage", "SFTP"),
    (r"bucketeer|cloudcube", "storage", "S3"),
    (r"nginx(-unprivileged|-proxy)?|openresty", "proxy", "nginx"),
    (r"varnish", "proxy", "Varnish"),
    (r"traefik", "proxy", "Traefik"),
    (r"caddy", "proxy", "Caddy"),
    (r"haproxy", "proxy", "HAProxy"),
    (r"envoy", "proxy", "Envoy"),
    (r"apisix", "proxy", "Apache APISIX"),
    (r"kong", "proxy", "Kong"),
    (r"httpd", "proxy", "Apache httpd"),
    (r"mailhog|mailpit|maildev|mailcatcher|smtp|postfix|exim(-relay)?|mailgun|sendgrid|postmark|sparkpost", "mail", ""),
    (r"node", "frontend", "Node.js"),
    (r"keycloak", "other", "Keycloak"),
    (r"flower", "other", "Flower"),
)
_NAMES = {"mailhog": "MailHog", "mailpit": "Mailpit", "maildev": "MailDev", "sendgrid": "SendGrid"}


def image_role(image: str) -> tuple[str, str]:
    """The role and technology of an image reference ("registry/name:tag@digest"): ("database", "PostgreSQL 15").

    ("", name) when the image is not known; the version is the number its tag starts with, if any.
    """
    bare = image.partition("@")[0]
    name, _, tag = bare.rpartition(":") if ":" in bare.rpartition("/")[2] else (bare, "", "")
    version = re.match(r"v?(\d+(?:\.\d+)*)(?=[-+_.]|$)", tag)
    role, technology = _lookup(name.rpartition("/")[2].lower(), name)
    return role, f"{technology} {version.group(1)}" if version and technology else technology


def addon_role(addon: str) -> tuple[str, str]:
    """The role and technology of a platform's add-on ("heroku-postgresql:hobby-dev"); its plan is no version."""
    name = addon.partition(":")[0].lower()
    return _lookup(name, name)


def _lookup(name: str, full: str) -> tuple[str, str]:
    for pattern, role, technology in _KNOWN:
        if re.fullmatch(pattern, name) and not (name == "server" and "mssql" not in full):
            return role, technology or _NAMES.get(name, name.capitalize())
    return "", name

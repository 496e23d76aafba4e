"""Deployment files to runtime units: each kind of file, roles, kinds, and what broken or hostile files give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.deployment.commands import Program, program
from extractor.deployment.images import addon_role, image_role
from extractor.deployment.read import deployment_values, is_runtime_file, read_runtime
from extractor.deployment.units import Runtime, Unit, kinds


def units(files: dict[str, str]) -> dict[str, Unit]:
    return {unit.name: unit for unit in read(files).units}


def read(files: dict[str, str]) -> Runtime:
    return read_runtime({path: text.encode() for path, text in files.items()})


COMPOSE = """\
x-environment: &env
  DATABASE_URL: postgres://app:hunter2@db:5432/app
  BASE_URL: ${BASE_URL:-http://app.local:8013}

services:
  db:
    image: postgres:15.16
    ports:
      - "5432"
  web:
    build:
      context: .
      target: development
    command: ["/bin/bash", "./scripts/run.sh"]
    ports:
      - "8011:${PORT:-8011}"
      - target: 9000
        published: 9001
    environment:
      <<: *env
      DJANGO_SETTINGS_MODULE: main.settings
    env_file: .env
    links:
      - db:database
    depends_on:
      cache:
        condition: service_healthy
  worker:
    extends: web
    command: >
      /bin/bash -c '
      sleep 3;
      celery -A main.celery:app worker -Q mail,default -B -l ${LOG:-INFO}'
    deploy:
      replicas: 2
  cache:
    image: docker.example/library/redis:7-alpine@sha256:abc
    profiles: [full, cache]
  front:
    build: ./front
  nginx:
    image: nginx
    environment:
      - UPSTREAM=web:8011
"""
FILES = {
    "docker-compose.yml": COMPOSE,
    "Dockerfile": "FROM python:3.11 AS base\nENV A=1\nCMD gunicorn main.wsgi\nFROM base AS development\n",
    "front/Dockerfile": "FROM node:20\nCMD yarn start\n",
    ".env": "API_TOKEN=abc\nFEATURE=on # why\nDJANGO_SETTINGS_MODULE=ignored\n",
    "scripts/run.sh": "#!/bin/bash\n# don't run celery\npython manage.py migrate # nginx\nexec granian main.wsgi:app\n",
    "config/nginx.conf.erb": 'location / {\n  proxy_pass http://<%= ENV["UPSTREAM"] || "localhost:80" %>;\n}\n',
}


def test_a_compose_service_becomes_a_unit_with_its_line() -> None:
    db = units(FILES)["db"]
    assert (db.role, db.technology, db.image, db.ports) == ("database", "PostgreSQL 15.16", "postgres:15.16", ("5432",))
    assert (db.path, db.line) == ("docker-compose.yml", 6)


def test_a_web_service_is_known_by_the_script_it_runs() -> None:
    web = units(FILES)["web"]
    assert (web.role, web.technology, web.app) == ("web", "Granian", "main.wsgi:app")
    assert (web.ports, web.depends_on) == (("8011:8011", "9001:9000"), ("cache", "db"))
    assert web.settings_module == "main.settings"


def test_the_environment_joins_merge_keys_env_files_and_defaults_and_masks_secrets() -> None:
    env = {value.name: value for value in units(FILES)["web"].env}
    assert {name: (v.value, v.path, v.line) for name, v in env.items()} == {
        "API_TOKEN": ("***", ".env", 1),
        "BASE_URL": ("http://app.local:8013", "docker-compose.yml", 3),
        "DATABASE_URL": ("postgres://app:***@db:5432/app", "docker-compose.yml", 2),
        "DJANGO_SETTINGS_MODULE": ("main.settings", "docker-compose.yml", 21),
        "FEATURE": ("on", ".env", 2),
    }
    assert [name for name, value in sorted(env.items()) if value.masked] == ["API_TOKEN", "DATABASE_URL"]


def test_a_worker_extends_a_service_and_says_its_queues_app_and_beat() -> None:
    worker = units(FILES)["worker"]
    assert (worker.role, worker.technology, worker.queues) == ("worker", "Celery", ("default", "mail"))
    assert (worker.app, worker.beat, worker.replicas) == ("main.celery:app", True, 2)
    assert worker.settings_module == "main.settings"
    assert worker.depends_on == ("cache", "db")
    assert worker.command.endswith("-l INFO'")


def test_profiles_images_with_registry_and_digest_and_built_images() -> None:
    found = units(FILES)
    assert (found["cache"].technology, found["cache"].profile) == ("Redis 7", "full,cache")
    fronts = [(u.path, u.role, u.technology) for u in read(FILES).units if u.name == "front"]
    assert fronts == [("docker-compose.yml", "frontend", "Node.js 20"), ("front/Dockerfile", "frontend", "Node.js 20")]


def test_a_proxy_names_the_unit_it_passes_to() -> None:
    (upstream,) = read(FILES).upstreams
    assert (upstream.location, upstream.target) == ("/", "http://${UPSTREAM:-localhost:80}")
    assert (upstream.unit, upstream.path, upstream.line) == ("web", "config/nginx.conf.erb", 2)


def test_named_nginx_upstreams_are_resolved() -> None:
    conf = "upstream app {\n  server web:1;\n  server web2:2 backup;\n}\nlocation /x {\n  uwsgi_pass app;\n}\n"
    plain = read({"nginx/site.conf": conf.replace("uwsgi_pass app", "proxy_pass http://app/y")})
    assert [u.target for u in plain.upstreams] == ["http://web:1/y", "http://web2:2/y"]
    assert [u.target for u in read({"nginx/site.conf": conf}).upstreams] == ["web:1", "web2:2"]


def test_a_procfile_with_app_json() -> None:
    found = read(
        {
            "Procfile": "# processes\nweb: bin/start-nginx uwsgi uwsgi.ini\nworker: celery -A a.celery worker\n"
            "clock: celery --app=a.celery beat\nrelease: python manage.py migrate --settings=a.settings\n",
            "app.json": '{\n\t"addons": [\n\t\t"heroku-postgresql:mini",\n\t\t{"plan": "rediscloud:30"}],\n'
            '\t"formation": {"worker": {"quantity": 3}, "extra": {"quantity": 1}}\n}',
        }
    )
    assert [(u.path, u.line, u.name, u.role, u.technology, u.replicas) for u in found.units] == [
        ("Procfile", 2, "web", "web", "uWSGI", None),
        ("Procfile", 3, "worker", "worker", "Celery", 3),
        ("Procfile", 4, "clock", "beat", "Celery beat", None),
        ("Procfile", 5, "release", "other", "", None),
        ("app.json", 3, "heroku-postgresql", "database", "PostgreSQL", None),
        ("app.json", 4, "rediscloud", "cache", "Redis", None),
        ("app.json", 5, "extra", "other", "", 1),
    ]
    assert [u.beat for u in found.units[:3]] == [False, False, True]
    assert found.units[3].settings_module == "a.settings"


def test_a_dockerfile_runs_its_production_stage() -> None:
    text = """\
ARG PY=3.12
FROM python:${PY} AS base
ENV DJANGO_SETTINGS_MODULE=lms.settings \\
    SECRET_KEY="two words"
EXPOSE 8000
FROM base AS production
RUN <<END
CMD ["not", "this"]
END
CMD gunicorn \\
    --bind 0.0.0.0 lms.wsgi:application
FROM base AS development
CMD ./manage.py runserver
"""
    (image,) = read({"services/lms/Dockerfile": text}).units
    assert (image.name, image.role, image.technology) == ("lms", "web", "Gunicorn")
    assert (image.image, image.line, image.ports) == ("python:3.12", 10, ("8000",))
    assert (image.app, image.settings_module) == ("lms.wsgi:application", "lms.settings")
    assert [(v.name, v.value, v.line) for v in image.env] == [
        ("DJANGO_SETTINGS_MODULE", "lms.settings", 3),
        ("SECRET_KEY", "***", 3),
    ]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("gunicorn -w 4 app.wsgi:application", Program("web", "Gunicorn", app="app.wsgi:application")),
        ("python manage.py runserver 0.0.0.0:8000", Program("web", "Django runserver")),
        ("uwsgi --module=app.wsgi", Program("web", "uWSGI", app="app.wsgi")),
        ("celery worker -A app -Qa,b", Program("worker", "Celery", ("a", "b"), "app")),
        ("python -m celery -A app worker --queues b,a", Program("worker", "Celery", ("a", "b"), "app")),
        ("celery -A app beat -S redbeat.RedBeatScheduler", Program("beat", "Celery beat", (), "app", beat=True)),
        ("celery -A app inspect ping", Program()),
        ("sh -c 'exec daphne app.asgi:application'", Program("web", "Daphne", app="app.asgi:application")),
        ("tini -- env DJANGO_SETTINGS_MODULE=x celery -A app worker", Program("worker", "Celery", (), "app", "x")),
        ("echo gunicorn && yarn start", Program("frontend", "Node.js")),
        ("nginx & gunicorn app.wsgi", Program("web", "Gunicorn", app="app.wsgi", fronts=("nginx",))),
        ("bin/start-nginx bin/start-pgbouncer uwsgi uwsgi.ini", Program("web", "uWSGI", fronts=("nginx",))),
        ("open 'quote gunicorn", Program("web", "Gunicorn")),
        ("./server --celery", Program()),
        ("", Program()),
    ],
)
def test_what_a_command_runs(command: str, expected: Program) -> None:
    assert program(command) == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("postgres:16-alpine", ("database", "PostgreSQL 16")),
        ("mysql:8.0", ("database", "MySQL 8.0")),
        ("mongo:latest", ("database", "MongoDB")),
        ("localhost:5000/redis", ("cache", "Redis")),
        ("rabbitmq:3.12-management", ("queue", "RabbitMQ 3.12")),
        ("opensearchproject/opensearch:1.3.20", ("search", "OpenSearch 1.3.20")),
        ("docker.elastic.co/elasticsearch/elasticsearch:7.17.0", ("search", "Elasticsearch 7.17.0")),
        ("minio/minio:RELEASE.2024-01-01", ("storage", "MinIO")),
        ("axllent/mailpit", ("mail", "Mailpit")),
        ("me/postgres-backup:1", ("", "postgres-backup 1")),
    ],
)
def test_what_an_image_is(image: str, expected: tuple[str, str]) -> None:
    assert image_role(image) == expected


def test_the_plan_of_an_addon_is_no_version() -> None:
    assert addon_role("heroku-redis:3") == ("cache", "Redis")


def test_the_kind_of_a_file_follows_its_name_and_place() -> None:
    alone = kinds(["docker-compose.yml"])
    assert alone == {"docker-compose.yml": "deployment"}
    beside = kinds(["docker-compose.yml", "Procfile", "compose.override.yml", "docker-compose.ci.yml", ".env.example"])
    assert beside == {
        "docker-compose.yml": "development",
        "Procfile": "deployment",
        "compose.override.yml": "development",
        "docker-compose.ci.yml": "test",
        ".env.example": "development",
    }
    assert kinds(["docker-compose.prod.yml", "compose.yaml"])["compose.yaml"] == "development"


def test_an_override_that_only_adds_is_no_unit() -> None:
    found = read(
        {
            "docker-compose.yml": "services:\n  web:\n    image: nginx\n",
            "docker-compose.override.yml": "services:\n  web:\n    volumes: ['.:/src']\n"
            "  mail:\n    image: mailhog/mailhog\n",
        }
    )
    assert [(u.path, u.name, u.kind) for u in found.units] == [
        ("docker-compose.override.yml", "mail", "development"),
        ("docker-compose.yml", "web", "deployment"),
    ]


def test_extends_reads_another_file_of_the_repository_and_no_other() -> None:
    found = units(
        {
            "a/docker-compose.yml": "services:\n"
            "  web:\n    extends: {file: ../base/compose.yml, service: app}\n    environment: {B: '2'}\n"
            "  out:\n    image: x\n    extends: {file: ../../../etc/compose.yml, service: app}\n"
            "  loop:\n    image: y\n    extends: loop\n",
            "base/compose.yml": "services:\n  app:\n    build: .\n    environment: [A=1, 'B=1']\n",
            "base/Dockerfile": "FROM python:3\nCMD uwsgi u.ini\n",
        }
    )
    assert [(v.name, v.value) for v in found["web"].env] == [("A", "1"), ("B", "2")]
    assert (found["web"].role, found["web"].image) == ("web", "python:3")
    assert {"out", "loop"} <= set(found)


def test_broken_and_hostile_files_are_skips() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
    found = read(
        {
            "bad/docker-compose.yml": "services: [",
            "bomb/docker-compose.yml": bomb,
            "deep/docker-compose.yml": "[" * 5000,
            "loop/docker-compose.yml": "services: &s\n  web: *s\n",
            "char/docker-compose.yml": 'a: "\\U00110000"\n',
            "list/docker-compose.yml": "- a\n",
            "app.json": "[]",
            "Dockerfile": "RUN nothing\n",
            "Procfile": "web: x\0",
            "good/compose.yml": "services:\n  web:\n    image: nginx\n",
        }
    )
    assert [skip.path for skip in found.skipped] == [
        "Dockerfile",
        "Procfile",
        "app.json",
        *(f"{name}/docker-compose.yml" for name in ("bad", "bomb", "char", "deep", "list", "loop")),
    ]
    assert [unit.name for unit in found.units] == ["web"]
    assert all(skip.reason for skip in found.skipped)


def test_tests_examples_and_vendored_files_are_passed_over() -> None:
    compose = "services:\n  web:\n    image: nginx\n"
    paths = ("tests/docker-compose.yml", "examples/a/compose.yml", "front/node_modules/x/Dockerfile")
    assert read(dict.fromkeys(paths, compose)) == Runtime((), (), ())
    assert not any(is_runtime_file(path) for path in (*paths, "README.md", "manage.py"))
    assert all(is_runtime_file(path) for path in ("Procfile", "x/nginx/a.conf", ".env", "bin/start", "scripts/a.sh"))


NAMES = ["docker-compose.yml", "Procfile", "app.json", "Dockerfile", ".env", "a.sh", "nginx/a.conf", "values.yaml"]
PIECES = (
    *(
        "services:",
        "web:",
        "image:",
        "command:",
        "celery",
        "-A",
        "nginx",
        "build: .",
        "extends: web",
        "FROM x",
        "CMD [",
    ),
    *(
        "'",
        '"',
        "{",
        "}",
        "[",
        "]",
        "&a",
        "*a",
        "<<:",
        "- ",
        ": ",
        "=",
        "${",
        ":-",
        "\n",
        "\n  ",
        "\t",
        "\\",
        "\0",
        "é",
        "#",
    ),
)


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_no_text_raises(files: dict[str, str]) -> None:
    data = {path: text.encode() for path, text in files.items()}
    assert read_runtime(data) == read_runtime(data)
    assert deployment_values(data) == deployment_values(data)


def test_a_script_that_runs_itself_ends() -> None:
    script = "./run.sh; ./run.sh\n. ./b.sh\nsh ./b.sh\nexec gunicorn a.wsgi\n"
    found = units({"Procfile": "main: ./run.sh\n", "run.sh": script, "b.sh": "./run.sh\n"})
    assert (found["main"].role, found["main"].app) == ("web", "a.wsgi")

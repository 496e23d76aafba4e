"""Files of process managers and of Kubernetes: which programs they run, and which queues their workers take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.deployment.consumers import queues_taken
from extractor.deployment.kubernetes import is_kubernetes
from extractor.deployment.read import is_runtime_file, read_runtime
from extractor.deployment.services import is_service_file

Told = tuple[str, str, tuple[str, ...], int]


def told(path: str, text: str) -> list[Told]:
    """The units of a file: name, role, queues, line."""
    assert is_runtime_file(path)
    units = read_runtime({path: text.encode()}).units
    return [(unit.name, unit.role, unit.queues, unit.line) for unit in units]


SUPERVISOR = r"""
; the processes of the shop
[supervisord]
nodaemon=true

[program:web]
command=gunicorn shop.wsgi:application --bind 0.0.0.0:8000
autostart=true

[program:fast]
directory=/app
command=/venv/bin/celery -A shop worker
    -Q fast,celery
    -l INFO
numprocs=1

[program:beat]
command = celery -A shop beat

[program:cleaner]
command=/usr/local/bin/clean --all

[group:all]
programs=web,fast
"""
SYSTEMD = r"""
[Unit]
Description=Worker of the shop
After=network.target

[Service]
User=shop
# ExecStart=/bin/false
ExecStart=-/opt/shop/bin/celery -A shop worker \
    --queues=slow,reports \
    --loglevel=INFO
ExecReload=/bin/kill -HUP $MAINPID
Restart=always

[Install]
WantedBy=multi-user.target
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-worker
spec:
  template:
    spec:
      containers:
        - name: worker
          image: registry.example/shop:1
          command: ["celery", "-A", "shop"]
          args:
            - worker
            - -Q
            - fast,celery
        - name: logs
          image: registry.example/logs
          args: ["--follow"]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {command: celery worker}
"""
VALUES = """
replicas: 2
web:
  command: ["gunicorn", "shop.wsgi"]
worker:
  command: celery -A shop worker -Q fast
workers:
  - name: slow
    args: ["celery", "-A", "shop", "worker", "-Q", "slow"]
  - name: plain
    queues: reports
resources:
  limits: {command: none}
"""


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("supervisord.conf", SUPERVISOR, [
            ("web", "web", (), 7), ("fast", "worker", ("celery", "fast"), 12), ("beat", "beat", (), 18)]),
        ("deploy/supervisor/shop.ini", "[program:w]\ncommand=celery worker -Q a\n", [("w", "worker", ("a",), 2)]),
        ("ops/shop-worker.service", SYSTEMD, [("shop-worker", "worker", ("reports", "slow"), 9)]),
        ("k8s/worker.yaml", DEPLOYMENT, [("worker", "worker", ("celery", "fast"), 10)]),
        ("charts/shop/values.yaml", VALUES, [
            ("web", "web", (), 3), ("worker", "worker", ("fast",), 5), ("slow", "worker", ("slow",), 8)]),
        ("values-production.yaml", "worker:\n  args: [celery, worker, -Q, $QUEUES]\n",
         [("worker", "worker", ("$QUEUES",), 1)]),
        ("k8s/web.yaml", "kind: ConfigMap\ndata: {command: celery worker}\n", []),
        ("charts/shop/values.yaml", "worker:\n  command: {{ .Values.celery }}\n", []),
    ],
)  # fmt: skip
def test_the_programs_that_files_run_are_units(path: str, text: str, expected: list[Told]) -> None:
    assert told(path, text) == sorted(expected, key=lambda row: row[3])


@pytest.mark.parametrize(
    "path",
    [
        "shop.conf",
        "nginx/conf.d/web.ini",
        "charts/shop/templates/worker.yaml",
        "shop/values.py",
        "config/settings.yaml",
    ],
)
def test_other_files_are_no_files_of_process_managers(path: str) -> None:
    assert not is_service_file(path)
    assert not is_kubernetes(path)


def test_workers_of_every_kind_of_file_take_their_queues() -> None:
    files = {
        "supervisord.conf": SUPERVISOR,
        "ops/shop-worker.service": SYSTEMD,
        "k8s/worker.yaml": DEPLOYMENT,
        "charts/shop/values.yaml": VALUES,
    }
    runtime = read_runtime({path: text.encode() for path, text in files.items()})
    assert queues_taken(runtime.units) == frozenset({"fast", "celery", "slow", "reports"})


def test_secrets_in_a_command_are_masked() -> None:
    text = "[program:w]\ncommand=celery -b amqp://shop:hunter2@mq/ worker -Q a\n"
    [unit] = read_runtime({"supervisord.conf": text.encode()}).units
    assert "hunter2" not in unit.command


@given(st.text(max_size=200))
def test_any_text_gives_units_or_a_reason(text: str) -> None:
    for path in ("supervisord.conf", "a.service", "k8s/a.yaml", "values.yaml"):
        read_runtime({path: text.encode("utf-8", "replace")})

"""Beat entries that stand in the database: rows of django-celery-beat that code and migrations make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from c4trace.cli import main
from extractor.model.graph import Schedule
from tests.git_repository import make_repository
from tests.test_celery_schedules import read

IMPORTS = (
    "import json\nimport os\nfrom django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask\n"
)
GIVEN = """
from django_celery_beat import models as beat
def install():
    nightly, _ = CrontabSchedule.objects.get_or_create(minute="30", hour="2", defaults={"day_of_week": "1-5"})
"""


def rows(code: str, path: str = "orders__setup", head: str = IMPORTS) -> list[Schedule]:
    return list(read("", **{path: head + code}).rows)


NIGHTLY = ("n", "orders.tasks.sync", "Mondays to Fridays at 02:30 UTC", "")
HOURS = "IntervalSchedule.objects.create(every=6, period=IntervalSchedule.HOURS)"
TOLD = {
    'PeriodicTask.objects.create(name="n", task="orders.tasks.sync", crontab=nightly)': NIGHTLY,
    'PeriodicTask.objects.update_or_create(name="n",'
    ' defaults={"task": "orders.tasks.sync", "crontab": nightly})': NIGHTLY,
    'PeriodicTask(name="n", task="orders.tasks.sync", crontab=nightly, args="[1]").save()': NIGHTLY,
    f'six = {HOURS}\nPeriodicTask.objects.get_or_create(name="n", defaults=dict(task="x.y", interval=six))': (
        "n",
        "x.y",
        "every 6 hours",
        "",
    ),
    f'six, made = {HOURS}, 1\nPeriodicTask.objects.create(name="n", task="x.y", interval=six)': (
        "n",
        "x.y",
        "every 6 hours",
        "",
    ),
    'half = IntervalSchedule(every=30, period="minutes")\nPeriodicTask(name="n", task="x.y", interval=half).save()': (
        "n",
        "x.y",
        "every 30 minutes",
        "",
    ),
    'beat.PeriodicTask.objects.create(name="n", task="x.y", crontab=beat.CrontabSchedule.objects.create(hour=4))': (
        "n",
        "x.y",
        "every minute from 04:00 through 04:59 UTC",
        "",
    ),
    'east = CrontabSchedule(minute=0, hour=4, timezone="Asia/Tokyo")\n'
    'PeriodicTask.objects.create(name="n", task="x.y", crontab=east, enabled=False)': (
        "n",
        "x.y",
        "daily at 04:00 Asia/Tokyo",
        "switched on in the database",
    ),
    'if os.environ.get("AT_NIGHT"):\n'
    '    PeriodicTask.objects.create(name="n", task="orders.tasks.sync", crontab=nightly)': (
        *NIGHTLY[:3],
        "os.environ.get('AT_NIGHT')",
    ),
    'PeriodicTask.objects.create(name="n", task="x.y", crontab=find_schedule())': (
        "n",
        "x.y",
        "known only at run time",
        "",
    ),
}


@pytest.mark.parametrize(("line", "told"), TOLD.items())
def test_a_row_that_code_makes_is_a_beat_entry(line: str, told: tuple[str, str, str, str]) -> None:
    body = "\n".join(f"    {row}" for row in line.splitlines())
    [row] = rows(f"{GIVEN}{body}\n")
    assert (row.key, row.task, row.cadence, row.condition) == told


def test_rows_that_a_loop_makes_are_told_one_by_one() -> None:
    code = """
def install():
    hourly, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.HOURS)
    for name, task in [("one", "orders.tasks.sync"), ("two", "orders.tasks.other")]:
        PeriodicTask.objects.update_or_create(name=name, defaults={"task": task, "interval": hourly, "queue": "slow"})
"""
    assert [(row.key, row.task, row.task_id is not None, row.queue) for row in rows(code)] == [
        ("one", "orders.tasks.sync", True, "slow"),
        ("two", "orders.tasks.other", False, "slow"),
    ]


@pytest.mark.parametrize(
    "code",
    [
        'PeriodicTask.objects.filter(name="n").update(enabled=False)',
        'PeriodicTask.objects.get(name="n")',
        "IntervalSchedule.objects.create(every=1, period='hours')",
    ],
)
def test_what_makes_no_row_is_no_beat_entry(code: str) -> None:
    assert rows(f"def work():\n    {code}\n") == []


def test_a_model_of_another_app_is_none_of_these() -> None:
    code = "def work():\n    PeriodicTask.objects.create(name='n', task='x.y')\n"
    assert rows(code, head="from crew.models import PeriodicTask\n") == []


MIGRATION = """
from django.db import migrations

def forwards(apps, schema_editor):
    PeriodicTask = apps.get_model("django_celery_beat", "PeriodicTask")
    CrontabSchedule = apps.get_model("django_celery_beat.CrontabSchedule")
    schedule, _ = CrontabSchedule.objects.get_or_create(minute="0", hour="5")
    PeriodicTask.objects.create(name="{name}", task="shop.tasks.send", crontab=schedule)

def backwards(apps, schema_editor):
    PeriodicTask = apps.get_model("django_celery_beat", "PeriodicTask")
    PeriodicTask.objects.filter(name="{name}").delete()

class Migration(migrations.Migration):
    operations = [migrations.RunPython(forwards, backwards)]
"""
REMOVAL = """
from django.db import migrations

def forwards(apps, schema_editor):
    PeriodicTask = apps.get_model("django_celery_beat", "PeriodicTask")
    PeriodicTask.objects.filter(name="old").delete()

class Migration(migrations.Migration):
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
"""
SHOP = {
    "manage.py": "",
    "shop/__init__.py": "from shop.celery import app\n",
    "shop/celery.py": "import os\nfrom celery import Celery\n"
    "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\napp = Celery('shop')\n"
    "app.config_from_object('django.conf:settings', namespace='CELERY')\n",
    "shop/tasks.py": "from celery import shared_task\n\n\n@shared_task\ndef send(): ...\n",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": "from django.db import migrations\n",
    "shop/migrations/0002_old.py": MIGRATION.replace("{name}", "old"),
    "shop/migrations/0003_new.py": MIGRATION.replace("{name}", "new"),
    "shop/migrations/0004_drop.py": REMOVAL,
}


@pytest.mark.parametrize(
    ("apps", "keys", "migrations"),
    [
        ("['shop', 'django_celery_beat']", ["new"], 2),
        ("['shop']", [], 5),  # nothing acts on such rows
    ],
)
def test_migrations_that_make_rows_are_read_where_the_app_is_installed(
    apps: str, keys: list[str], migrations: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_repository(tmp_path / "shop", {**SHOP, "shop/settings.py": f"INSTALLED_APPS = {apps}\n"})
    assert main(["scan", "--source=shop=shop", "--quiet", "--offline", "--jobs=1", "--no-cache", "--format=graph"]) == 0
    graph = json.loads(Path("out/graph.json").read_text())
    assert [row["key"] for row in graph["schedules"]] == keys
    assert [(row["task"], row["cadence"], row["path"], row["line"]) for row in graph["schedules"]] == [
        ("shop.tasks.send", "daily at 05:00 UTC", "shop/migrations/0003_new.py", 8) for _key in keys
    ]
    assert graph["sources"][0]["set_aside"] == [["migrations", migrations]]

"""The beat schedule: entries wherever they are added, their cadence, the task they run."""

from __future__ import annotations

import pytest

from extractor.link.celery import Schedules, schedules, tasks
from extractor.link.celery.durations import duration_seconds
from extractor.model.graph import Schedule
from tests.test_celery_tasks import APP
from tests.worlds import evaluator

TASKS = "from celery import shared_task\n@shared_task\ndef sync(): ...\n"


def read(settings: str, celery: str = APP, **files: str) -> Schedules:
    sources = {"shop/celery.py": celery, "shop/settings.py": settings, "orders/tasks.py": TASKS}
    ev = evaluator(sources | {path.replace("__", "/") + ".py": text for path, text in files.items()})
    return schedules(ev, tasks(ev, "shop").index, "shop")


def by_key(found: Schedules) -> dict[str, Schedule]:
    return {row.key: row for row in found.rows}


def test_entries_of_every_form_are_found_at_their_key() -> None:
    rows = by_key(
        read("""
        from datetime import timedelta
        from celery.schedules import crontab
        FLAG = False
        CELERY_BEAT_SCHEDULE = {
            "literal": {
                "task": "orders.tasks.sync",
                "schedule": crontab(minute=0, hour="*/6", day_of_week=5),
            },
            "number": {"task": "orders.tasks.sync", "schedule": 1800},
        }
        CELERY_BEAT_SCHEDULE.update({"updated": {"task": "orders.tasks.gone", "schedule": timedelta(hours=1)}})
        if FLAG:
            CELERY_BEAT_SCHEDULE["added"] = {"task": "orders.tasks.sync", "schedule": timedelta(days=1)}
        CELERY_BEAT_SCHEDULE |= {"merged": {"task": "orders.tasks.sync", "schedule": crontab()}}
    """)
    )
    assert {key: (row.line, row.schedule) for key, row in rows.items()} == {
        "literal": (6, "crontab: 0 */6 * * 5"),
        "number": (10, "every 1800 seconds"),
        "updated": (12, "every 3600 seconds"),
        "added": (14, "every 86400 seconds"),
        "merged": (15, "crontab: * * * * *"),
    }
    assert rows["literal"].cadence == "Fridays, every 6 hours, UTC"
    assert rows["added"].condition == "FLAG"
    assert rows["updated"].task_id is None
    assert rows["literal"].task_id is not None


def test_fields_are_folded_through_settings_and_environment_defaults() -> None:
    row = by_key(
        read("""
        import os
        from datetime import timedelta
        from celery.schedules import crontab
        HOURS = os.environ.get("SYNC_HOURS", "2")
        EVERY = int(os.getenv("EVERY", "60"))
        CELERY_TIMEZONE = "Europe/Paris"
        CELERY_BEAT_SCHEDULE = dict(
            cron={"task": "orders.tasks.sync", "schedule": crontab(0, HOURS)},
            delta={"task": "orders.tasks.sync", "schedule": timedelta(seconds=EVERY * 2)},
        )
    """)
    )
    assert (row["cron"].schedule, row["cron"].cadence) == ("crontab: 0 2 * * *", "daily at 02:00 Europe/Paris")
    assert (row["delta"].schedule, row["delta"].settings) == ("every 120 seconds", ("EVERY",))


SHIFTED = """
from datetime import timedelta
from celery.schedules import schedule

class Shifted(schedule):
    def __init__(self, run_every=None, offset=None):
        self._run_every = run_every
        self._offset = offset or timedelta(0)
        super().__init__(run_every=self._run_every + self._offset)
"""
USES_IT = """
from datetime import timedelta
from shop.shifted import Shifted
CELERY_BEAT_SCHEDULER = "{}"
CELERY_BEAT_SCHEDULE = {{
    "both": {{
        "task": "orders.tasks.sync",
        "schedule": Shifted(run_every=timedelta(minutes=30), offset=timedelta(minutes=15)),
    }},
    "plain": {{"task": "orders.tasks.sync", "schedule": Shifted(run_every=timedelta(minutes=30))}},
}}
"""


def test_redbeat_adds_the_offset_to_every_run() -> None:
    rows = by_key(read(USES_IT.format("redbeat.RedBeatScheduler"), shop__shifted=SHIFTED))
    assert rows["both"].schedule == "every 2700 seconds"
    assert rows["both"].cadence == "every 45 minutes (declared every 30 minutes, offset 15 minutes)"
    assert "RedBeat" in rows["both"].note
    assert (rows["plain"].schedule, rows["plain"].note) == ("every 1800 seconds", "")


def test_another_scheduler_delays_the_first_run_alone() -> None:
    row = by_key(read(USES_IT.format("django_celery_beat.schedulers:DatabaseScheduler"), shop__shifted=SHIFTED))["both"]
    assert (row.schedule, row.note) == ("every 1800 seconds", "the first run comes 15 minutes later")


def test_entries_set_on_the_app_and_added_when_it_is_configured() -> None:
    celery = (
        APP
        + """
    from orders.tasks import sync
    app.conf.beat_schedule = {"on-app": {"task": "orders.tasks.sync", "schedule": 30.0}}

    @app.on_after_configure.connect
    def setup(sender, **kwargs):
        sender.add_periodic_task(10.0, sync.s(), name="added")
"""
    )
    rows = by_key(read("", celery))
    assert rows["on-app"].schedule == "every 30 seconds"
    assert rows["added"].schedule == "every 10 seconds"
    assert len(rows) == 2
    assert rows["added"].task == "orders.tasks.sync"


def added(line: str, *head: str) -> Schedules:
    """What one line adds when the application is configured; `head` stands above it in the module."""
    lines = [*head, "@app.on_after_configure.connect", "def setup(sender, **kwargs):", f"    {line}"]
    return read("", APP + "".join(f"\n    {text}" for text in lines) + "\n")


@pytest.mark.parametrize(
    "signature",
    [
        "app.signature('orders.tasks.sync')",
        "sender.signature('orders.tasks.sync', args=(7,))",
        "signature('orders.tasks.sync')",
        "subtask('orders.tasks.sync').set(queue='slow')",
        "Signature('orders.tasks.sync', app=app)",
    ],
)
def test_a_signature_made_of_a_name_is_the_task_of_that_name(signature: str) -> None:
    found = added(f"sender.add_periodic_task(120.0, {signature})", "from celery import Signature, signature, subtask")
    (row,) = found.rows
    assert (row.task, row.task_id is not None, row.cadence) == ("orders.tasks.sync", True, "every 2 minutes")
    assert found.gaps == ()


def test_a_signature_of_a_name_that_no_task_has_keeps_the_name() -> None:
    (row,) = added("sender.add_periodic_task(120.0, app.signature('orders.tasks.snyc'))").rows
    assert (row.task, row.task_id) == ("orders.tasks.snyc", None)


def test_a_signature_of_a_name_known_only_at_run_time_is_a_gap() -> None:
    found = added("sender.add_periodic_task(120.0, app.signature(kwargs['name']), name='late')")
    assert [(row.task, row.task_id) for row in found.rows] == [("?", None)]
    assert [gap.what for gap in found.gaps] == ["the task of the beat entry late"]


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("registry.add_periodic_task(60.0, plain)", 0),  # the method of another framework, which takes functions
        ("registry.add_periodic_task(60.0, sync.s())", 1),
        ("app.add_periodic_task(60.0, plain)", 1),
    ],
)
def test_a_plain_function_is_no_task_of_something_that_is_no_application(line: str, count: int) -> None:
    head = ("from orders.tasks import sync", "from web import registry", "def plain(): pass")
    assert len(added(line, *head).rows) == count


def test_a_cadence_known_only_at_run_time_is_a_gap() -> None:
    found = read("""
        from celery.schedules import crontab
        from vendor import hours
        CELERY_BEAT_SCHEDULE = {"open": {"task": "orders.tasks.sync", "schedule": crontab(minute=0, hour=hours())}}
    """)
    assert [(r.schedule, r.cadence) for r in found.rows] == [
        ("crontab: 0 ? * * *", "crontab whose hour is known only at run time, UTC")
    ]
    assert [gap.what for gap in found.gaps] == ["the cadence of the beat entry open"]


def test_entries_that_a_function_adds_row_by_row_from_a_table() -> None:
    found = read("""
        import os
        from celery.schedules import crontab

        def made(extra):
            table = {}
            rows = [
                {"name": "early", "variable": "EARLY_CRON", "usual": "*/10 * * * *", "task": "orders.tasks.sync"},
                {"name": "late", "variable": "LATE_CRON", "usual": "30 22 1 * sun", "task": "orders.tasks.gone"},
            ]
            for row in rows:
                line = os.getenv(row["variable"], row["usual"])
                minute, hour, day, month, weekday = line.split(" ")
                table[row["name"]] = {"task": row["task"], "schedule": crontab(minute, hour, weekday, day, month)}
            table.update({"whole": {"task": "orders.tasks.sync", "schedule": crontab(*extra.split())}})
            return table

        CELERY_BEAT_SCHEDULE = made("5 4")
    """)
    rows = by_key(found)
    assert {key: (row.line, row.schedule, row.task_id is not None) for key, row in rows.items()} == {
        "early": (14, "crontab: */10 * * * *", True),
        "late": (14, "crontab: 30 22 1 * sun", False),
        "whole": (15, "crontab: 5 4 * * *", True),
    }
    assert rows["early"].settings == ("EARLY_CRON",)
    assert found.gaps == ()


def test_entries_of_a_comprehension_over_a_table() -> None:
    rows = by_key(
        read("""
        NAMES = {"one": 60, "two": 3600}
        CELERY_BEAT_SCHEDULE = {
            name: {"task": "orders.tasks.sync", "schedule": every} for name, every in NAMES.items()
        }
    """)
    )
    assert {key: row.schedule for key, row in rows.items()} == {"one": "every 60 seconds", "two": "every 3600 seconds"}


def test_lengths_of_time_written_as_text() -> None:
    rows = by_key(
        read("""
        import os
        from datetime import timedelta
        from celery.schedules import crontab
        from django.utils.dateparse import parse_duration
        from pytimeparse import parse
        EVERY = parse(os.environ.get("EVERY", "20 seconds"))
        CELERY_BEAT_SCHEDULE = {
            "words": {"task": "orders.tasks.sync", "schedule": timedelta(seconds=EVERY)},
            "iso": {"task": "orders.tasks.sync", "schedule": parse_duration("PT15M")},
            "total": {"task": "orders.tasks.sync", "schedule": timedelta(minutes=2).total_seconds()},
            "line": {"task": "orders.tasks.sync", "schedule": crontab.from_string("0 7 * * 1-5")},
            "nothing": {"task": "orders.tasks.sync", "schedule": parse("now and then")},
        }
    """)
    )
    assert {key: row.schedule for key, row in rows.items()} == {
        "words": "every 20 seconds",
        "iso": "every 900 seconds",
        "total": "every 120 seconds",
        "line": "crontab: 0 7 * * 1-5",
        "nothing": "?",
    }
    assert rows["words"].settings == ("EVERY",)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20 seconds", 20),
        ("1h30m", 5400),
        ("2 days, 3 hours", 183_600),
        ("1 hour, 5 mins", 3900),
        ("1.5 hours", 5400),
        ("90:00", 5400),
        ("1:30:00", 5400),
        ("1:02:03:04", 93_784),
        ("1 02:30:00", 95_400),
        ("3 days, 1:00:00", 262_800),
        ("P1DT2H", 93_600),
        ("PT0.5S", 0.5),
        ("-5m", -300),
        ("45", 45),
        ("", None),
        ("P", None),
        ("P1Y", None),
        ("5 minutes ago", None),
        ("every hour", None),
    ],
)
def test_a_length_of_time_is_seconds_or_nothing(text: str, seconds: float | None) -> None:
    assert duration_seconds(text) == seconds


def test_a_schedule_of_the_projects_own_making_is_named_and_not_guessed() -> None:
    found = read(
        """
            from shop.own import QUIET
            CELERY_BEAT_SCHEDULE = {"quiet": {"task": "orders.tasks.sync", "schedule": QUIET}}
        """,
        shop__own="""
            from celery.schedules import BaseSchedule
            class WhenQuiet(BaseSchedule):
                def __init__(self, wait=60): ...
                def is_due(self, last_run_at): ...
            QUIET = WhenQuiet()
        """,
    )
    (row,) = found.rows
    assert (row.schedule, row.cadence) == ("custom: shop.own.WhenQuiet", "when WhenQuiet says so, by its own code")
    assert found.gaps == ()


KEYS = ("one", "two", "three")
THREE = """
import os
NIGHTLY = os.environ.get("NIGHTLY") == "1"
CELERY_BEAT_SCHEDULE = {
    "one": {"task": "orders.tasks.sync", "schedule": 60},
    "two": {"task": "orders.tasks.sync", "schedule": 120},
    "three": {"task": "orders.tasks.sync", "schedule": 180},
}
"""


def conditions(found: Schedules) -> dict[str, str]:
    return {row.key: row.condition for row in found.rows}


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ("CELERY_BEAT_SCHEDULE.pop('one')", {"two": "", "three": ""}),
        ("CELERY_BEAT_SCHEDULE.pop('one', None)\ndel CELERY_BEAT_SCHEDULE['two']", {"three": ""}),
        ("for key in ('one', 'three'):\n    CELERY_BEAT_SCHEDULE.pop(key, None)", {"two": ""}),
        ("CELERY_BEAT_SCHEDULE.clear()\nCELERY_BEAT_SCHEDULE['four'] = {'task': 'a', 'schedule': 1}", {"four": ""}),
        ("if not NIGHTLY:\n    del CELERY_BEAT_SCHEDULE['one']", {"one": "NIGHTLY", "two": "", "three": ""}),
        ("if NIGHTLY:\n    del CELERY_BEAT_SCHEDULE['one']", {"one": "not NIGHTLY", "two": "", "three": ""}),
        (
            "if NIGHTLY:\n    pass\nelse:\n    CELERY_BEAT_SCHEDULE.clear()",
            {"one": "NIGHTLY", "two": "NIGHTLY", "three": "NIGHTLY"},
        ),
        (
            "if NIGHTLY:\n    CELERY_BEAT_SCHEDULE['four'] = {'task': 'a', 'schedule': 1}",
            {"one": "", "two": "", "three": "", "four": "NIGHTLY"},
        ),
        (
            "CELERY_BEAT_SCHEDULE.setdefault('four', {'task': 'a', 'schedule': 1})",
            {"one": "", "two": "", "three": "", "four": ""},
        ),
        (
            "CELERY_BEAT_SCHEDULE.pop('one')\nCELERY_BEAT_SCHEDULE['one'] = {'task': 'a', 'schedule': 1}",
            {"one": "", "two": "", "three": ""},
        ),
        (
            "CELERY_BEAT_SCHEDULE['one'] = {'task': 'a', 'schedule': 1}\nCELERY_BEAT_SCHEDULE.pop('two')",
            {"one": "", "three": ""},
        ),
        (
            "if NIGHTLY:\n    CELERY_BEAT_SCHEDULE = {'four': {'task': 'a', 'schedule': 1}}",
            {"one": "not NIGHTLY", "two": "not NIGHTLY", "three": "not NIGHTLY", "four": "NIGHTLY"},
        ),
        (
            "if NIGHTLY:\n    CELERY_BEAT_SCHEDULE |= {'four': {'task': 'a', 'schedule': 1}}",
            {"one": "", "two": "", "three": "", "four": "NIGHTLY"},
        ),
        ("CELERY_BEAT_SCHEDULE = CELERY_BEAT_SCHEDULE if NIGHTLY else {}", dict.fromkeys(KEYS, "NIGHTLY")),
        (
            ("EXTRA = {'four': {'task': 'a', 'schedule': 1}}\n"
            "CELERY_BEAT_SCHEDULE = {**CELERY_BEAT_SCHEDULE, **(EXTRA if NIGHTLY else {})}"),
            {"one": "", "two": "", "three": "", "four": "NIGHTLY"},
        ),
        (
            ("if NIGHTLY:\n    CELERY_BEAT_SCHEDULE = {'four': {'task': 'a', 'schedule': 1}}\n"
            "else:\n    CELERY_BEAT_SCHEDULE = {'five': {'task': 'a', 'schedule': 1}}"),
            {"four": "NIGHTLY", "five": "not NIGHTLY"},
        ),
        # None of these takes out an entry of the schedule.
        ("CELERY_BEAT_SCHEDULE.get('one')", {"one": "", "two": "", "three": ""}),
        ("other = {'one': 1}\nother.pop('one')\ndel other['one']", {"one": "", "two": "", "three": ""}),
        ("CELERY_BEAT_SCHEDULE.pop(os.environ['X'], None)", {"one": "", "two": "", "three": ""}),
    ],
)  # fmt: skip
def test_entries_are_taken_out_again_and_set_under_conditions(lines: str, left: dict[str, str]) -> None:
    assert conditions(read(THREE + lines)) == left


def test_an_entry_that_takes_the_place_of_another_is_told_alone() -> None:
    lines = "CELERY_BEAT_SCHEDULE['one'] = {'task': 'orders.tasks.gone', 'schedule': 5}\n"
    assert [(row.task, row.schedule) for row in read(THREE + lines).rows if row.key == "one"] == [
        ("orders.tasks.gone", "every 5 seconds")
    ]
    lines = f"if NIGHTLY:\n    {lines}"
    assert [(row.schedule, row.condition) for row in read(THREE + lines).rows if row.key == "one"] == [
        ("every 60 seconds", "not NIGHTLY"),
        ("every 5 seconds", "NIGHTLY"),
    ]


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ("CELERY_BEAT_SCHEDULE.pop('one')", ["two", "three"]),
        ("CELERY_BEAT_SCHEDULE = {**CELERY_BEAT_SCHEDULE, 'four': {'task': 'a', 'schedule': 1}}",
         ["one", "two", "three", "four"]),
        ("CELERY_BEAT_SCHEDULE = {'four': {'task': 'a', 'schedule': 1}}", ["four"]),
        ("CELERY_BEAT_SCHEDULE = {}", []),
    ],
)  # fmt: skip
def test_settings_change_the_schedule_of_those_that_they_take_over(lines: str, left: list[str]) -> None:
    found = read(f"from shop.base import *\n{lines}\n", shop__base=THREE)
    assert sorted(row.key for row in found.rows) == sorted(left)


def test_an_application_takes_out_what_the_settings_put_in() -> None:
    celery = APP + "\n    del app.conf.beat_schedule['one']\n    app.conf.beat_schedule.pop('two')\n"
    assert [row.key for row in read(THREE, celery=celery).rows] == ["three"]


QUEUES = """
import os
SLOW = {"queue": "slow"}
CELERY_TASK_ROUTES = {"orders.tasks.*": "usual"}
CELERY_BEAT_SCHEDULE = {
    "options": {"task": "orders.tasks.sync", "schedule": 60, "options": {"queue": "fast", "expires": 30}},
    "named": dict(task="orders.tasks.sync", schedule=60, options=SLOW),
    "none": {"task": "orders.tasks.sync", "schedule": 60},
    "other": {"task": "orders.tasks.sync", "schedule": 60, "options": {"expires": 30}},
    "unknown": {"task": "orders.tasks.sync", "schedule": 60, "options": {"queue": os.environ["QUEUE"]}},
    "missing": {"task": "orders.tasks.gone", "schedule": 60},
    "missing to": {"task": "orders.tasks.gone", "schedule": 60, "options": {"queue": "fast"}},
}
"""


def test_beat_puts_a_task_on_the_queue_of_the_entry_else_on_its_own() -> None:
    celery = (
        APP
        + """
    from orders.tasks import sync
    @app.on_after_configure.connect
    def setup(sender, **kwargs):
        sender.add_periodic_task(10.0, sync.s(), name="plain")
        sender.add_periodic_task(10.0, sync.s(), name="given", queue="fast")
        sender.add_periodic_task(10.0, sync.s().set(queue="slow"), name="set")
        sender.add_periodic_task(10.0, sync.signature((), options={"queue": "slow"}), name="signed")
"""
    )
    assert {row.key: row.queue for row in read(QUEUES, celery=celery).rows} == {
        "options": "fast",
        "named": "slow",
        "none": "usual",
        "other": "usual",
        "unknown": None,
        "missing": None,
        "missing to": "fast",
        "plain": "usual",
        "given": "fast",
        "set": "slow",
        "signed": "slow",
    }


def cadence(schedule: str, head: str = "") -> tuple[str, str]:
    """The canonical text and the words of a schedule as written."""
    lines = ["from datetime import timedelta", "from celery.schedules import crontab", "import os", *head.splitlines()]
    lines.append(f'CELERY_BEAT_SCHEDULE = {{"one": {{"task": "orders.tasks.sync", "schedule": {schedule}}}}}')
    (row,) = read("\n".join(lines)).rows
    return row.schedule, row.cadence


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        ("crontab(hour=range(9, 18), minute=0)", "crontab: 0 9-17 * * *"),
        ("crontab(hour=range(0, 24, 6), minute=0)", "crontab: 0 0,6,12,18 * * *"),
        ("crontab(hour=[7, 19], minute=30)", "crontab: 30 7,19 * * *"),
        ("crontab(hour=range(9, HOURS), minute=0)", "crontab: 0 ? * * *"),
        ("timedelta(**{'minutes': 10})", "every 600 seconds"),
        ("timedelta(**LENGTH)", "?"),
    ],
)
def test_numbers_that_are_put_together_are_worked_out_or_not_known(schedule: str, text: str) -> None:
    assert cadence(schedule, "HOURS, LENGTH = os.cpu_count(), dict(os.environ)")[0] == text


def test_an_interval_of_nothing_is_one_that_is_off() -> None:
    text, words = cadence("OFF", 'OFF = int(os.environ.get("OFF", "0"))')
    assert (text, words.split(";")[0]) == ("every ? seconds", "off by default")


def test_entries_that_are_added_in_a_loop_are_one_for_each_of_its_rows() -> None:
    tail = """
    from celery.schedules import crontab
    from orders.tasks import sync

    @app.on_after_finalize.connect
    def periodic(sender, **kwargs):
        for hour in (6, 18):
            sender.add_periodic_task(crontab(hour=hour, minute=0), sync.s(hour), name=f"close-{hour}")
"""
    rows = by_key(read("", APP + tail))
    assert {key: row.schedule for key, row in rows.items()} == {
        "close-6": "crontab: 0 6 * * *",
        "close-18": "crontab: 0 18 * * *",
    }

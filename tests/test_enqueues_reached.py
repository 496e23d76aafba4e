"""Enqueues as what reaches them tells: which task, to which queue, from which request."""

from __future__ import annotations

import pytest

from extractor.estate.model import Service
from extractor.link.facts import RepoFacts
from tests.linked import entered, linked
from tests.test_replay_contexts import CELERY, SETTINGS, views

TASKS = """
    from celery import shared_task
    @shared_task
    def send(): ...
    @shared_task
    def count(): ...
    @shared_task
    def tidy(): ...
"""
HEAD = """
from celery import Celery, chain, chord, current_app, group, signature
from django.db import transaction
from functools import partial
from shop.celery import app
from shop.tasks import count, send, tidy
"""


def shop(code: str, *names: str, **more: str) -> RepoFacts:
    """The facts of a shop with these views."""
    files = SETTINGS | {"shop/celery.py": CELERY, "shop/tasks.py": TASKS, "shop/urls.py": views(*names)}
    files |= {"shop/views.py": HEAD + code} | {f"shop/{name}.py": text for name, text in more.items()}
    return linked(files)


def queued(code: str) -> list[tuple[str, str | None]]:
    """What a view of this body queues, and where to: `?` for a task that is not known."""
    body = "\n".join(f"    {line}" for line in code.strip().splitlines())
    rows = shop(f"def page(request):\n{body}\n", "page").enqueues
    return sorted({((row.task or "?").removeprefix("shop.tasks."), row.queue) for row in rows}, key=str)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("send.delay()", [("send", "celery")]),
        ("send.delay(queue='fast')", [("send", "celery")]),  # an argument of the task
        ("send.apply_async(queue='fast')", [("send", "fast")]),
        ("send.apply_async(queue=None)", [("send", "celery")]),
        ("send.apply_async(queue=request.GET['q'])", [("send", None)]),
        ("send.apply_async(queue='fast' if request.GET else 'slow')", [("send", "fast"), ("send", "slow")]),
        ("options = {'queue': 'fast'}\nsend.apply_async(queue=options['queue'])", [("send", "fast")]),
        ("options = {'queue': 'fast'}\nsend.apply_async((1,), **options)", [("send", "fast")]),
        ("options = {'countdown': 5}\nsend.apply_async((1,), **options)", [("send", "celery")]),
        ("send.s(1).apply_async(queue='fast')", [("send", "fast")]),
        ("send.s(1).set(queue='fast').delay()", [("send", "fast")]),
        ("send.s(1).set(queue='slow').apply_async(queue='fast')", [("send", "fast")]),
        ("send.s(queue='fast').delay()", [("send", "celery")]),  # an argument of the task
        ("send.signature((1,), options={'queue': 'fast'}).delay()", [("send", "fast")]),
        ("signature('shop.tasks.send', queue='fast').delay()", [("send", "fast")]),
        ("signature('shop.tasks.send').apply_async(queue='fast')", [("send", "fast")]),
        ("app.signature('shop.tasks.send', args=(1,)).delay()", [("send", "celery")]),
        ("group(send.s(), count.s()).apply_async(queue='fast')", [("count", "fast"), ("send", "fast")]),
        ("group(send.s(), count.s()).set(queue='fast').delay()", [("count", "fast"), ("send", "fast")]),
        ("group(send.s().set(queue='slow'), count.s())()", [("count", "celery"), ("send", "slow")]),
        ("chain(send.s(), count.s()).apply_async(queue='fast')", [("count", "celery"), ("send", "fast")]),
        ("chain([send.s(), count.s()]).apply_async(queue='fast')", [("count", "celery"), ("send", "fast")]),
        ("(send.s() | count.s()).apply_async(queue='fast')", [("count", "celery"), ("send", "fast")]),
        ("(group(send.s()) | count.s()).apply_async(queue='fast')", [("count", "fast"), ("send", "fast")]),
        ("chord([send.s()])(count.s(), queue='fast')", [("count", "fast"), ("send", "fast")]),
        ("send.apply_async(queue='fast', link=count.s())", [("count", "celery"), ("send", "fast")]),
        ("transaction.on_commit(partial(send.apply_async, queue='fast'))", [("send", "fast")]),
        ("transaction.on_commit(partial(send.delay, queue='fast'))", [("send", "celery")]),
        ("app.send_task('other.send', queue='fast')", [("other.send", "fast")]),
        ("sig = send.s()\nsig.set(queue='fast')\nsig.delay()", [("send", "fast")]),
        ("sig = send.s()\nsig.options['queue'] = 'fast'\nsig.delay()", [("send", "fast")]),
        ("sig = send.s()\nif request.GET: sig.set(queue='fast')\nsig.delay()", [("send", None)]),
        ("sig = send.s()\nsig.set(countdown=3)\nsig.delay()", [("send", "celery")]),
        ("other = count.s()\nother.set(queue='fast')\nsend.s().delay()", [("send", "celery")]),
        ("o = {'queue': 'fast'} if request.GET else {}\nsend.apply_async(**o)", [("send", "celery"), ("send", "fast")]),
        ("from kombu import Queue\nsend.apply_async(queue=Queue('fast'))", [("send", "fast")]),
        # A pipe is a chain and queues when it is called; one signature runs where it is called.
        ("(send.s() | count.s())()", [("count", "celery"), ("send", "celery")]),
        ("both = send.s() | count.s()\nboth()", [("count", "celery"), ("send", "celery")]),
        ("send.s(1)()", []),
        ("signature('shop.tasks.send')()", []),
        ("app.add_periodic_task(60, send.s())", []),
        # By name.
        ("app.tasks['shop.tasks.send'].delay()", [("send", "celery")]),
        ("task = current_app.tasks.get('shop.tasks.send')\nif task: task.delay()", [("send", "celery")]),
        ("{'a': 1}.get('shop.tasks.send').delay()", []),  # None
        ("for name in ('a', 'b', 'c'): app.send_task(name)", [("a", None), ("b", None), ("c", None)]),
        ("for name in ('shop.tasks.send', 'x'): app.send_task(name)", [("send", "celery"), ("x", None)]),
        ("for name, q in [('a', 'x'), ('b', 'y')]: app.send_task(name, queue=q)", [("a", "x"), ("b", "y")]),
        ("for task, q in [(send, 'x'), (count, 'y')]: task.apply_async(queue=q)", [("count", "y"), ("send", "x")]),
        ("table = {'a': 'x', 'b': 'y'}\nfor n in table: app.send_task(n, queue=table[n])", [("a", "x"), ("b", "y")]),
        (
            "for n in ('shop.tasks.send', 'shop.tasks.count'): app.tasks[n].delay()",
            [("count", "celery"), ("send", "celery")],
        ),
        ("for n in ('shop.tasks.send', 'x'): app.signature(n).apply_async(queue='q')", [("send", "q"), ("x", "q")]),
        ("{'a': send, 'b': count}[request.GET['k']].apply_async(queue='q')", [("count", "q"), ("send", "q")]),
        ("app.send_task('a' if request.GET else 'b')", [("a", None), ("b", None)]),
        ("request.user.send_task('a')", []),
    ],
)
def test_what_a_line_queues_and_where_to(line: str, expected: list[tuple[str, str | None]]) -> None:
    assert queued(line) == expected


def test_more_names_than_alternatives_of_a_value_are_all_queued_in_a_loop() -> None:
    names = [f"reader.part{n}" for n in range(20)]
    assert queued(f"for name in {names}:\n    app.send_task(name)") == sorted((name, None) for name in names)


def rows(code: str, *names: str, **more: str) -> set[tuple[str, str | None, str]]:
    """What is queued where to, and by which entry points: those of one row in alphabetical order."""
    return {(row.task or "?", row.queue, " ".join(sorted(entered(row)))) for row in shop(code, *names, **more).enqueues}


def test_a_name_and_a_queue_that_callers_hand_in_stay_together() -> None:
    code = """
def put(name, queue):
    app.send_task(name, queue=queue)
def first(request):
    put("reader.prices", "fast")
def second(request):
    put("shop.tasks.send", "slow")
"""
    assert rows(code, "first", "second") == {
        ("reader.prices", "fast", "/first/"),
        ("shop.tasks.send", "slow", "/second/"),
    }


def test_an_application_that_is_handed_in_queues_by_name() -> None:
    publisher = """
        class Publisher:
            def __init__(self, sender):
                self.sender = sender
            def tell(self, name):
                self.sender.send_task(name, queue="news")
    """
    code = """
from shop.publisher import Publisher
from shop.pigeons import Pigeons
def page(request):
    Publisher(app).tell("reader.prices")
def other(request):
    Publisher(Pigeons()).tell("reader.images")
"""
    pigeons = "class Pigeons:\n    def send_task(self, name, queue):\n        return name\n"
    assert rows(code, "page", "other", publisher=publisher, pigeons=pigeons) == {("reader.prices", "news", "/page/")}


def test_something_unknown_that_sends_a_task_by_its_name_is_taken_for_the_application() -> None:
    [row] = shop("def page(request):\n    request.queue.send_task('shop.tasks.send')\n", "page").enqueues
    assert (row.task, row.confidence, row.task_id is not None) == ("shop.tasks.send", "likely", True)


def test_a_signature_that_a_callback_makes_is_queued_where_it_is_sent() -> None:
    code = """
def each(make):
    made = make()
    made.apply_async()
def page(request):
    def make():
        return send.s(request).set(queue="fast")
    each(make)
def plain(request):
    each(lambda: count.s())
"""
    assert rows(code, "page", "plain") == {
        ("shop.tasks.send", "fast", "/page/"),
        ("shop.tasks.count", "celery", "/plain/"),
    }


def test_signatures_that_are_handed_in_are_queued_by_whom_they_are_handed_to() -> None:
    code = """
def both(jobs):
    group(jobs).apply_async(queue="fast")
def one(job):
    job.delay()
def page(request):
    both([send.s(), count.s()])
def other(request):
    one(tidy.si())
"""
    assert rows(code, "page", "other") == {
        ("shop.tasks.send", "fast", "/page/"),
        ("shop.tasks.count", "fast", "/page/"),
        ("shop.tasks.tidy", "celery", "/other/"),
    }


def test_signatures_put_into_a_list_that_was_given_are_handed_on() -> None:
    code = """
def fill(jobs):
    jobs.append(send.s())
def own(request):
    jobs = []
    jobs.append(count.s())
def page(request):
    jobs = []
    fill(jobs)
    group(jobs).delay()
"""
    assert rows(code, "page", "own") == {("shop.tasks.send", "celery", "/page/")}


def test_a_task_goes_to_the_queue_that_the_service_which_queues_it_routes_it_to() -> None:
    files = {
        f"{name}/{path}": text
        for name in ("front", "back")
        for path, text in {
            "__init__.py": "",
            "celery.py": CELERY.replace("shop", name),
            "settings.py": f"INSTALLED_APPS = ['{name}', 'parcels']\nROOT_URLCONF = '{name}.urls'\n"
            f"CELERY_TASK_DEFAULT_QUEUE = '{name}.usual'\nSLOW = '{name}.slow'\n",
            "urls.py": views("order", "count", module="parcels.views"),
        }.items()
    }
    files["front/urls.py"] = views("order", module="parcels.views")
    files |= {
        "parcels/__init__.py": "",
        "parcels/tasks.py": TASKS,
        "parcels/views.py": """
            from django.conf import settings
            from parcels.tasks import count as counting, send
            def order(request):
                send.delay()
                send.apply_async(queue=settings.SLOW)
            def count(request):
                counting.delay()
        """,
    }
    services = [
        Service(name, name, settings_modules=(f"{name}.settings",), urlconf=f"{name}.urls", celery=f"{name}.celery")
        for name in ("front", "back")
    ]
    found = linked(files, *services).enqueues
    assert {(row.task, row.queue, *(c.services for c in row.contexts)) for row in found} == {
        ("parcels.tasks.send", "front.usual", ("front",)),
        ("parcels.tasks.send", "back.usual", ("back",)),
        ("parcels.tasks.send", "front.slow", ("front",)),
        ("parcels.tasks.send", "back.slow", ("back",)),
        ("parcels.tasks.count", "back.usual", ("back",)),
    }


@pytest.mark.parametrize("made", ["bind=True", "base=Careful, bind=True"])
def test_a_helper_retries_the_task_that_hands_itself_in_and_no_other(made: str) -> None:
    jobs = f"""
from celery import Task, shared_task
class Careful(Task):
    pass
@shared_task({made})
def build(self):
    tried(self)
@shared_task({made})
def wipe(self):
    tried(self)
def tried(task):
    try:
        print(task)
    except OSError as exc:
        raise task.retry(exc=exc)
"""
    rows = shop("def page(request): ...\n", "page", jobs=jobs).enqueues
    assert {row.task: entered(row) for row in rows} == {
        "shop.jobs.build": {"shop.jobs.build"},
        "shop.jobs.wipe": {"shop.jobs.wipe"},
    }

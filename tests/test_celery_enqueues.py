"""Enqueues: the places that queue a task, and those that look like one and are none."""

from __future__ import annotations

import textwrap

import pytest

from extractor.link import callgraph
from extractor.link.celery import Enqueues, enqueues, gaps_of, tasks, type_tasks
from tests.test_celery_tasks import APP
from tests.worlds import evaluator

TASKS = """
    from celery import shared_task, Task, current_app
    @shared_task
    def one(x): ...
    @shared_task
    def two(x): ...
    @shared_task(bind=True)
    def again(self):
        raise self.retry(countdown=5)
    @shared_task(bind=True)
    def swap(self):
        raise self.replace(one.s(1))
    class Deliver(Task):
        def run(self): ...
    Deliver = current_app.register_task(Deliver())
"""
HEAD = """
from functools import partial
import celery, itertools
from multiprocessing.pool import ThreadPool
from celery import chain, chord, group, signature
from django.db import transaction
from shop.celery import app
from orders import tasks
from orders.tasks import one, two, again, Deliver
"""


def read(body: str) -> Enqueues:
    source = HEAD + textwrap.dedent(body)
    ev = evaluator({"shop/celery.py": APP, "shop/settings.py": "", "orders/tasks.py": TASKS, "orders/api.py": source})
    return enqueues(ev, tasks(ev, "shop").index, "shop")


def queued(body: str) -> list[str]:
    rows = [row for row in read(body).rows if row.path == "orders/api.py"]
    return sorted({(row.task or "?").removeprefix("orders.tasks.") for row in rows})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("one.delay(1)", ["one"]),
        ("tasks.two.apply_async((1,))", ["two"]),
        ("Deliver.delay()", ["Deliver"]),
        ("transaction.on_commit(lambda: one.delay(1))", ["one"]),
        ("transaction.on_commit(partial(one.delay, 1))", ["one"]),
        ("transaction.on_commit(one.delay)", ["one"]),
        ("one.delay_on_commit(1)", ["one"]),
        ("(one if x else two).delay(1)", ["one", "two"]),
        ("{'a': one, 'b': two}[x].delay(1)", ["one", "two"]),
        ("app.send_task('orders.tasks.two')", ["two"]),
        ("app.send_task('elsewhere.tasks.three')", ["elsewhere.tasks.three"]),
        ("app.tasks['orders.tasks.two'].delay(1)", ["two"]),
        ("signature('orders.tasks.one').delay()", ["one"]),
        ("group(one.s(i) for i in x)()", ["one"]),
        ("chain(one.s(1), two.s()).apply_async()", ["one", "two"]),
        ("chord([one.s(i) for i in x])(two.si(1))", ["one", "two"]),
        ("(group([one.s(1)]) | two.s()).delay()", ["one", "two"]),
        ("one.chunks(x, 10).apply_async()", ["one"]),
        ("one.apply_async(link=two.s())", ["one", "two"]),
        ("again.retry()", ["again"]),
        # None of these queues anything.
        ("one(1)", []),
        ("one.apply((1,))", []),
        ("sig = one.s(1)", []),
        ("list(itertools.chain([1], [2]))", []),
        ("ThreadPool(4).apply_async(one, (1,))", []),
        ("'a'.replace('a', 'b')", []),
    ],
)
def test_what_a_line_queues(line: str, expected: list[str]) -> None:
    assert queued(f"def work(x):\n    {line}\n") == expected


def test_signatures_in_variables_and_lists_are_found_where_they_are_made() -> None:
    found = read("""
        def work(ids):
            body = two.si(0)
            jobs = []
            for i in ids:
                jobs.append(one.s(i))
            job = celery.group(jobs) | body
            job.delay()
    """)
    rows = [r for r in found.rows if r.path == "orders/api.py"]
    assert [(r.line, r.task, r.confidence) for r in rows] == [
        (12, "orders.tasks.two", "certain"),
        (15, "orders.tasks.one", "certain"),
    ]
    assert "group(...)" in rows[1].how


def test_a_task_handed_in_is_found_through_the_callers() -> None:
    found = read("""
        def submit(task, x):
            task.delay(x)
        def first(x): submit(one, x)
        def second(x): submit(task=two, x=x)
    """)
    rows = [r for r in found.rows if r.path == "orders/api.py"]
    assert [(r.function, r.task, r.confidence) for r in rows] == [
        ("submit", "orders.tasks.one", "likely"),
        ("submit", "orders.tasks.two", "likely"),
    ]


def test_an_unknown_receiver_is_a_row_without_a_task_and_a_gap() -> None:
    found = read("def work(job):\n    job.delay()\n")
    row = next(r for r in found.rows if r.path == "orders/api.py")
    assert (row.task, row.confidence) == (None, "possible")
    assert [gap.path for gap in gaps_of(found.rows)] == ["orders/api.py"]


def test_retry_and_replace_inside_tasks() -> None:
    rows = [(r.function, r.task, r.how) for r in read("").rows]
    assert rows == [
        ("again", "orders.tasks.again", "retry"),
        ("swap", "orders.tasks.one", ".replace() of .s()"),
    ]


def test_how_names_the_commit_hook_and_the_queue_of_the_call_counts() -> None:
    rows = [
        r
        for r in read("""
        def work():
            def later():
                one.delay(1)
            transaction.on_commit(later)
            transaction.on_commit(lambda: two.apply_async((1,), queue="fast"))
    """).rows
        if r.path == "orders/api.py"
    ]
    assert [(r.how, r.queue) for r in rows] == [
        ("transaction.on_commit(function: X.delay())", "celery"),
        ("transaction.on_commit(lambda: X.apply_async())", "fast"),
    ]


BASED = """
    from celery import Task
    from shop.celery import app
    from orders.retries import later

    class Careful(Task):
        def before_start(self, task_id, args, kwargs):
            self.retry(countdown=5)
        def on_failure(self, exc, task_id, args, kwargs, einfo): ...
        def work(self): ...

    @app.task(base=Careful, bind=True)
    def build(self):
        self.work()

    @app.task(bind=True)
    def send(self):
        later(self, 3)
"""
RETRIES = """
    from celery import Task
    def later(task: Task, wait: int):
        task.retry(countdown=wait)
"""


def test_a_retry_in_the_class_of_a_task_or_in_a_helper_queues_the_task() -> None:
    ev = evaluator(
        {
            "shop/celery.py": APP,
            "shop/settings.py": "",
            "orders/tasks.py": BASED,
            "orders/retries.py": RETRIES,
        }
    )
    type_tasks(ev)
    rows = enqueues(ev, tasks(ev, "shop").index, "shop").rows
    assert {(row.function, row.task, row.how) for row in rows} == {
        ("Careful.before_start", "orders.tasks.build", "retry"),
        ("later", "orders.tasks.send", "retry"),
    }


def test_a_task_runs_the_methods_of_its_class() -> None:
    ev = evaluator({"shop/celery.py": APP, "shop/settings.py": "", "orders/tasks.py": BASED, "orders/retries.py": ""})
    type_tasks(ev)
    index = tasks(ev, "shop").index
    assert [(runs.shown, handler.shown) for runs, handler in index.handlers()] == [
        ("build", "Careful.before_start"),
        ("build", "Careful.on_failure"),
    ]
    called = {edge.target.shown for edges in callgraph.build(ev).callees.values() for edge in edges}
    assert "Careful.work" in called


def test_a_task_of_a_library_goes_where_its_name_is_routed_and_else_nobody_knows() -> None:
    settings = "CELERY_TASK_ROUTES = {'courier.*': {'queue': 'parcels'}}\nCELERY_TASK_DEFAULT_QUEUE = 'usual'\n"
    api = "from courier.tasks import send\nfrom printer import draw\ndef go():\n    send.delay()\n    draw.delay()\n"
    ev = evaluator({"shop/celery.py": APP, "shop/settings.py": settings, "orders/api.py": api})
    rows = enqueues(ev, tasks(ev, "shop").index, "shop").rows
    assert {row.task: row.queue for row in rows} == {"courier.tasks.send": "parcels", "printer.draw": None}

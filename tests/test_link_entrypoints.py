"""Entry points: what a request, a task, a command, a signal and start-up reach, hop by hop."""

from __future__ import annotations

import textwrap

import pytest

from extractor.evaluate.evaluator import Evaluator
from extractor.link import callgraph, entrypoints
from extractor.link.celery import tasks
from extractor.link.entrypoints import Reach
from extractor.link.signals import signals_of
from tests.test_celery_tasks import APP
from tests.worlds import REPO, evaluator, loading

TASKS = """
from celery import shared_task
from m import work
@shared_task
def job(x):
    work()
"""
COMMAND = """
from django.core.management.base import BaseCommand
from m import work
class Command(BaseCommand):
    def handle(self, *args, **options):
        work()
"""


def reached(files: dict[str, str], views: dict[str, str] | None = None) -> tuple[Evaluator, Reach]:
    """The entry points of a repository; `views` gives URL patterns by the dotted name of the view."""
    base = {"shop/celery.py": APP, "shop/settings.py": ""}
    ev = evaluator({**base, **{path: textwrap.dedent(text).lstrip("\n") for path, text in files.items()}})
    graph = callgraph.build(ev)
    served = [(value.target, pattern, "web") for name, pattern in (views or {}).items() for value in ev.by_dotted(name)]  # type: ignore[union-attr]
    return ev, entrypoints.reach(
        ev, graph, loading(ev), tasks(ev, REPO).index.names(), served, (), (), signals_of(ev, graph)
    )


def contexts(ev: Evaluator, reach: Reach, dotted: str = "m.work") -> list[str]:
    [value] = ev.by_dotted(dotted)
    return [f"{c.kind} {c.name}".strip() for c in reach.contexts(value.target)]  # type: ignore[union-attr]


WORK = "def work(): ...\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"v.py": "from m import work\ndef view(request):\n    work()\n"}, ["request /v/"]),
        ({"t.py": TASKS}, ["task t.job"]),
        ({"app/management/commands/sync.py": COMMAND}, ["command sync"]),
        ({"t.py": TASKS, "v.py": "from t import job\ndef view(request):\n    job.delay(1)\n"}, ["task t.job"]),
        ({"t.py": TASKS, "v.py": "from t import job\ndef view(request):\n    job(1)\n"}, ["request /v/", "task t.job"]),
        (
            {"t.py": TASKS, "v.py": "from t import job\ndef view(request):\n    job.apply((1,))\n"},
            ["request /v/", "task t.job"],
        ),
        (
            {
                "s.py": "from django.dispatch import receiver\nfrom django.db.models.signals import post_save\n"
                "from m import work\n@receiver(post_save, sender=object)\ndef saved(**kw):\n    work()\n"
            },
            ["signal post_save: saved"],
        ),
        (
            {
                "s.py": "from django.db.models.signals import post_save\nfrom m import work\n"
                "def saved(**kw):\n    work()\npost_save.connect(saved)\n"
            },
            ["signal post_save: saved"],
        ),
        (
            {
                "apps.py": "from django.apps import AppConfig\nfrom m import work\n"
                "class Shop(AppConfig):\n    def ready(self):\n        work()\n"
            },
            ["startup Shop"],
        ),
        ({"s.py": "from m import work\nwork()\n"}, ["startup import of s"]),
        # What a decorator wraps around a function runs with it, not where the module is imported.
        (
            {
                "d.py": "from m import work\ndef locked(n):\n    def wrap(f):\n        def inner():\n"
                "            work()\n            f()\n        return inner\n    return wrap\n",
                "t.py": "from celery import shared_task\nfrom d import locked\n"
                "@shared_task\n@locked(1)\ndef job(): ...\n",
            },
            ["task t.job"],
        ),
        ({"s.py": "from m import work\ndef nobody():\n    work()\n"}, ["unknown"]),
    ],
)
def test_who_reaches_a_function(files: dict[str, str], expected: list[str]) -> None:
    ev, reach = reached({"m.py": WORK, **files}, {"v.view": "/v/"})
    assert contexts(ev, reach) == expected


def test_who_sends_a_signal_runs_its_receivers() -> None:
    signals = "from django.dispatch import Signal\npaid = Signal()\n"
    receiver = """
    from django.dispatch import receiver
    from signals import paid
    from m import work
    @receiver(paid)
    def on_paid(sender, **kw):
        work()
    """
    view = "from signals import paid\ndef view(request):\n    paid.send(sender=None)\n"
    files = {"m.py": WORK, "signals.py": signals, "r.py": receiver, "v.py": view}
    ev, reach = reached(files, {"v.view": "/v/"})
    assert contexts(ev, reach) == ["request /v/", "signal paid: on_paid"]
    ev, reach = reached({**files, "v.py": "def view(request): ...\n"}, {"v.view": "/v/"})
    assert contexts(ev, reach) == ["signal paid: on_paid"]


def test_a_class_based_view_s_methods_are_run_by_its_route() -> None:
    view = """
    from django.views import View
    from m import work
    class Page(View):
        def get(self, request):
            return self.helper()
        def helper(self):
            work()
    """
    ev, reach = reached({"m.py": WORK, "v.py": view}, {"v.Page": "/page/"})
    assert contexts(ev, reach) == ["request /page/"]


def test_decorated_functions_and_callbacks_are_reached() -> None:
    files = {
        "m.py": WORK,
        "d.py": "from m import work\ndef logged(f):\n    def inner(*a):\n        work()\n        return f(*a)\n"
        "    return inner\n",
        "v.py": "from d import logged\n@logged\ndef view(request): ...\n",
    }
    ev, reach = reached(files, {"v.view": "/v/"})
    assert contexts(ev, reach) == ["request /v/"]
    passed = "from django.db import transaction as t\nfrom m import work\ndef view(request):\n    t.on_commit({})\n"
    for given in ("work", "lambda: work()"):
        ev, reach = reached({"m.py": WORK, "v.py": passed.format(given)}, {"v.view": "/v/"})
        assert contexts(ev, reach) == ["request /v/"]


def test_a_chain_tells_each_hop_with_the_line_that_goes_on() -> None:
    files = {
        "m.py": "def work():\n    step()\n\n\ndef step():\n    return 1\n",
        "v.py": "from m import work\n\n\ndef view(request):\n    if request:\n        work()\n",
    }
    ev, reach = reached(files, {"v.view": "/v/"})
    [step] = ev.by_dotted("m.step")
    [(entry, chain)] = reach.chains(step.target, 6)  # type: ignore[union-attr]
    assert (entry.kind, entry.name) == ("request", "/v/")
    assert [(hop.path, hop.line, hop.function, hop.how) for hop in chain] == [
        ("v.py", 4, "view", "route"),
        ("v.py", 6, "view", "call"),
        ("m.py", 2, "work", "call"),
        ("m.py", 6, "step", "call"),
    ]


def test_chains_are_shortest_first_and_one_of_each_kind_at_least() -> None:
    long_way = "from m import work\ndef a():\n    work()\ndef b():\n    a()\ndef view(request):\n    b()\n"
    ev, reach = reached({"m.py": WORK, "t.py": TASKS, "v.py": long_way}, {"v.view": "/v/"})
    [work] = ev.by_dotted("m.work")
    chains = [chain for _entry, chain in reach.chains(work.target, 1)]  # type: ignore[union-attr]
    assert [(chain[0].function, chain[0].how) for chain in chains] == [("job", "schedule"), ("view", "route")]
    assert len(chains[0]) < len(chains[1])


def test_functions_that_call_each_other_end() -> None:
    files = {"m.py": "def work():\n    back()\ndef back():\n    work()\n", "t.py": TASKS}
    ev, reach = reached(files)
    assert contexts(ev, reach, "m.back") == ["task t.job"]

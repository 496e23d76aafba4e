"""Celery tasks and their queues: what is one, what it is called, where it stands, where it goes."""

from __future__ import annotations

import pytest

from extractor.estate.model import Service
from extractor.link.celery import Tasks, tasks
from tests.linked import linked
from tests.worlds import evaluator, loading

APP = """
    import os
    from celery import Celery
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    app = Celery("shop")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.autodiscover_tasks()
"""


def found(files: dict[str, str], services: tuple[Service, ...] = (), **libraries: dict[str, str]) -> Tasks:
    base = {"shop/celery.py": APP, "shop/settings.py": "INSTALLED_APPS = ['orders']\n"}
    return tasks(evaluator(base | files, libraries), "shop", services)


def loaded(files: dict[str, str], **libraries: dict[str, str]) -> Tasks:
    """The tasks of a repository with one service, as far as it loads them."""
    ev = evaluator({"shop/celery.py": APP} | files, libraries)
    service = Service("web", "Web", settings_modules=("shop.settings",))
    return tasks(ev, "shop", (service,), "", loading(ev, web="shop.settings"))


def named(result: Tasks) -> dict[str, str | None]:
    return {row.name: row.queue for row in result.rows}


def test_decorators_of_every_form_make_tasks() -> None:
    result = found(
        {
            "orders/tasks.py": """
        from celery import shared_task, shared_task as background, current_app as celery
        from shop.celery import app

        @app.task
        def plain(): "Say what it does."

        @app.task(bind=True, name="orders.renamed")
        def other(self): ...

        @shared_task
        def shared(): ...

        @background(acks_late=True)
        @print
        def aliased(): ...

        @celery.task
        def current(): ...

        def made(**options):
            return shared_task(bind=True, **options)

        @made(queue="slow")
        def by_factory(self): ...

        def wrapped(func): return app.task(func)

        @wrapped
        def by_wrapper(): ...

        def limited(**options):
            def decorate(function):
                def run(*args): return function(*args)
                run.__name__, run.__module__ = function.__name__, function.__module__
                return shared_task(rate_limit="10/s", **options)(run)
            return decorate

        @limited(queue="slow")
        def by_inner_call(): ...

        def late(): ...
        late_task = app.task(late)

        def no_task(): ...
    """
        }
    )
    assert sorted(named(result)) == [
        "orders.renamed",
        "orders.tasks.aliased",
        "orders.tasks.by_factory",
        "orders.tasks.by_inner_call",
        "orders.tasks.by_wrapper",
        "orders.tasks.current",
        "orders.tasks.late",
        "orders.tasks.plain",
        "orders.tasks.shared",
    ]
    assert named(result)["orders.tasks.by_factory"] == "slow"
    assert named(result)["orders.tasks.by_inner_call"] == "slow"
    plain = next(row for row in result.rows if row.name == "orders.tasks.plain")
    assert (plain.path, plain.line, plain.function, plain.summary) == (
        "orders/tasks.py",
        6,
        "plain",
        "Say what it does.",
    )


def test_task_on_something_else_is_no_celery_task() -> None:
    result = found(
        {
            "orders/tasks.py": """
        from invoke import task
        from other.framework import App
        app = App()
        @task
        def one(): ...
        @app.task
        def two(): ...
    """
        }
    )
    assert result.rows == ()


def test_a_registered_class_is_a_task_under_the_name_of_the_class() -> None:
    result = found(
        {
            "orders/jobs.py": """
        from celery import Task, current_app
        class Base(Task): abstract = True
        class Deliver(Base):
            def run(self): ...
        Deliver = current_app.register_task(Deliver())
        class Unregistered(Base): ...
    """
        }
    )
    assert [(r.name, r.function, r.line) for r in result.rows] == [("orders.jobs.Deliver", "Deliver", 4)]


def test_a_library_brings_tasks_only_where_its_app_is_installed() -> None:
    library = {"mailer/tasks.py": "from celery import shared_task\n@shared_task\ndef send(): ...\n"}
    settings = {"shop/settings.py": "INSTALLED_APPS = ['mailer.apps.MailerConfig']\n"}
    installed = loaded(settings, **{"shop-mailer": library})
    assert [(r.name, r.origin) for r in installed.rows] == [("mailer.tasks.send", "shop-mailer")]
    assert loaded({"shop/settings.py": ""}, **{"shop-mailer": library}).rows == ()


def test_queues_come_from_the_option_then_the_routes_then_the_default() -> None:
    tasks_py = """
        from celery import shared_task
        @shared_task(queue="own")
        def a(): ...
        @shared_task
        def b(): ...
        @shared_task
        def c(): ...
        @shared_task
        def d(): ...
    """
    settings = """
        import re
        CELERY_TASK_ROUTES = ([("orders.tasks.b", {"queue": "exact"}), (re.compile(r"orders\\.tasks\\.c$"), "regex")],)
        CELERY_TASK_DEFAULT_QUEUE = "usual"
    """
    result = found({"orders/tasks.py": tasks_py, "shop/settings.py": settings})
    assert [row.queue for row in result.rows] == ["own", "exact", "regex", "usual"]
    assert [row.queue_from.line if row.queue_from else None for row in result.rows] == [3, 3, 3, 4]
    plain = found({"orders/tasks.py": tasks_py})
    assert [row.queue for row in plain.rows] == ["own", "celery", "celery", "celery"]


def test_a_queue_that_a_setting_leaves_empty_is_the_default_queue() -> None:
    result = found(
        {
            "shop/settings.py": """
            import os
            SLOW = os.environ.get("SLOW_QUEUE", None)
            FAST = os.environ.get("FAST_QUEUE", "fast")
            CELERY_TASK_DEFAULT_QUEUE = "usual"
        """,
            "orders/tasks.py": """
            from celery import shared_task
            from django.conf import settings
            @shared_task(queue=settings.SLOW)
            def a(): ...
            @shared_task(queue=settings.FAST)
            def b(): ...
            @shared_task(queue=settings.ELSEWHERE)
            def c(): ...
        """,
        }
    )
    assert [row.queue for row in result.rows] == ["usual", "fast", None]
    assert [gap.line for gap in result.gaps] == [9]


def test_an_app_made_inside_a_function_is_configured_there() -> None:
    celery = """
        import os
        from celery import Celery
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
        def make():
            made = Celery("shop")
            made.config_from_object("django.conf:settings", namespace="WORK")
            made.conf.task_default_queue = "usual"
            return made
        app = make()
    """
    task = "from shop.celery import app\n@app.task\ndef a(): ...\n@app.task\ndef b(): ...\n"
    settings = "WORK_TASK_ROUTES = {'orders.tasks.b': {'queue': 'own'}}\n"
    assert named(found({"shop/celery.py": celery, "orders/tasks.py": task, "shop/settings.py": settings})) == {
        "orders.tasks.a": "usual",
        "orders.tasks.b": "own",
    }


UNREAD_APPS = {
    "from acme.celery import AcmeCelery\nqueue = AcmeCelery()": "@queue.task",
    "from acme.celery import AcmeCelery\nqueue = AcmeCelery(app=1)": "@queue.task(name='orders.tasks.a')",
    "from acme.celery import AcmeCelery\nclass Own(AcmeCelery): ...\nqueue = Own()": "@queue.task(queue='x')",
    "import flask_celery\nqueue = flask_celery.Celery()": "@queue.task()",
    "from acme.work import Queue\nqueue = Queue()": "@queue.task(bind=True, acks_late=True)",
}


@pytest.mark.parametrize(("made", "decorator"), UNREAD_APPS.items())
def test_an_application_of_a_librarys_class_is_known_by_its_name_or_use(made: str, decorator: str) -> None:
    task = f"from shop.work import queue\n{decorator}\ndef a(*args): ...\n"
    assert list(named(found({"shop/work.py": made + "\n", "orders/tasks.py": task}))) == ["orders.tasks.a"]


@pytest.mark.parametrize(
    ("made", "decorator"),
    [
        ("from huey import RedisHuey\nqueue = RedisHuey()", "@queue.task(retries=2, retry_delay=1)"),
        ("from acme.work import Queue\nqueue = Queue()", "@queue.task(name='a')"),
        ("from acme.work import queue", "@queue.job(bind=True)"),
        ("class OwnCelery:\n    def task(self, f): return f\nqueue = OwnCelery()", "@queue.task"),
    ],
)
def test_what_only_looks_like_an_application_makes_no_tasks(made: str, decorator: str) -> None:
    task = f"from shop.work import queue\n{decorator}\ndef a(*args): ...\n"
    assert list(named(found({"shop/work.py": made + "\n", "orders/tasks.py": task}))) == []


def queue_of_one(call: str, settings: str) -> str | None:
    celery = "import os\nfrom celery import Celery\nfrom django.conf import settings\n"
    celery += "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
    celery += f"app = Celery('shop')\n{call}\n"
    task = "from shop.celery import app\n@app.task\ndef a(): ...\n"
    result = found({"shop/celery.py": celery, "orders/tasks.py": task, "shop/settings.py": settings})
    return result.rows[0].queue


@pytest.mark.parametrize("given", ["'django.conf:settings'", "settings", "obj='django.conf:settings', namespace=None"])
def test_without_a_namespace_only_the_names_of_old_are_read_from_djangos_settings(given: str) -> None:
    call = f"app.config_from_object({given})"
    assert queue_of_one(call, "CELERY_TASK_DEFAULT_QUEUE = 'new'\n") == "celery"
    assert queue_of_one(call, "CELERY_DEFAULT_QUEUE = 'old'\nCELERY_TASK_DEFAULT_QUEUE = 'new'\n") == "old"


@pytest.mark.parametrize("given", ["namespace='CELERY'", "False, False, 'CELERY'", "namespace=name()", "**options()"])
def test_a_namespace_that_is_said_or_not_known_is_that_of_celery(given: str) -> None:
    call = f"app.config_from_object('django.conf:settings', {given})"
    assert queue_of_one(call, "CELERY_TASK_DEFAULT_QUEUE = 'new'\n") == "new"


def test_a_router_that_looks_the_name_up_in_the_settings_of_each_service() -> None:
    result = found(
        {
            "core/tasks.py": "from celery import shared_task\n@shared_task\ndef index(): ...\n",
            "core/routers.py": """
                from django.conf import settings
                def route(name, args, kwargs, options, task=None, **kw):
                    if name in settings.QUEUES:
                        return settings.QUEUES[name]
            """,
            "core/derived.py": "class Derived:\n    def __init__(self, rule): self.rule = rule\n",
            "lms/settings.py": """
                import os
                from core.derived import Derived
                VARIANT = os.environ.get("VARIANT", "lms")
                HIGH = f"edu.{VARIANT}.high"
                INDEX = Derived(lambda settings: settings.HIGH)
                QUEUES = {"core.tasks.index": {"queue": INDEX}}
                CELERY_ROUTES = "core.routers.route"
                CELERY_DEFAULT_QUEUE = "edu.lms"
            """,
            "cms/settings.py": "CELERY_DEFAULT_QUEUE = 'edu.cms'\n",
        },
        (
            Service("lms", "LMS", settings_modules=("lms.settings",)),
            Service("cms", "CMS", settings_modules=("cms.settings",)),
        ),
    )
    assert sorted((r.services, r.queue) for r in result.rows) == [(("cms",), "edu.cms"), (("lms",), "edu.lms.high")]
    assert len({r.id for r in result.rows}) == 2


TWO = "from celery import shared_task\n@shared_task\ndef pay(): ...\n@shared_task\ndef ship(): ...\n"
PLAIN = "from celery import Celery\napp = Celery('shop')\n"
OF_DJANGO = PLAIN + "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
OF_SETTINGS = OF_DJANGO + "app.config_from_object('django.conf:settings', namespace='CELERY')\n"
IN_CLASS = "class Conf:\n    task_routes = {'orders.tasks.pay': 'fast'}\n    task_default_queue = 'usual'\n"
OPTIONS = "task_routes = {'orders.tasks.pay': {'queue': 'fast'}}\ntask_default_queue = 'usual'\n"


@pytest.mark.parametrize(
    "files",
    [
        {"shop/celery.py": PLAIN + "app.config_from_object('shop.conf')\n", "shop/conf.py": OPTIONS},
        {"shop/celery.py": PLAIN + "from shop import conf\napp.config_from_object(conf)\n", "shop/conf.py": OPTIONS},
        {"shop/celery.py": PLAIN + IN_CLASS + "app.config_from_object(Conf)\n"},
        {"shop/celery.py": PLAIN + "app.config_from_object('shop.conf:Conf')\n",
         "shop/conf.py": IN_CLASS.replace("Conf", "Base") + "class Conf(Base): ...\n"},
        {"shop/celery.py": PLAIN + "app.conf.update({'task_default_queue': 'usual',\n"
         "    'task_routes': {'*.pay': 'fast'}})\n"},
        {"shop/celery.py": PLAIN + "app.conf.update(task_default_queue='usual', task_routes=[[('*.pay', 'fast')]])\n"},
        {"shop/celery.py": PLAIN + "app.conf.task_default_queue = 'usual'\napp.conf.task_routes = {}\n"
         "app.conf.task_routes['orders.tasks.pay'] = {'queue': 'fast'}\n"},
        {"shop/celery.py": PLAIN + "import re\napp.conf.task_default_queue = 'usual'\n"
         "app.conf.task_routes = ([(re.compile(r'.*\\.(pay|refund)'), {'queue': 'fast'})],)\n"},
        {"shop/celery.py": "from celery import Celery\n"
         "app = Celery('shop', task_default_queue='usual', task_routes={'orders.tasks.pay': 'fast'})\n"},
        {"shop/celery.py": PLAIN + "app.conf.task_default_queue = 'usual'\n"
         "app.conf.task_routes = (lambda name, *a, **k: 'fast' if name.endswith('.pay') else None,)\n"},
        {"shop/celery.py": OF_SETTINGS, "shop/settings.py": "CELERY_TASK_DEFAULT_QUEUE = 'usual'\n"
         "CELERY_TASK_ROUTES = {}\nCELERY_TASK_ROUTES['orders.tasks.pay'] = {'queue': 'fast'}\n"},
        {"shop/celery.py": OF_SETTINGS, "shop/settings.py": "CELERY_TASK_DEFAULT_QUEUE = 'usual'\n"
         "CELERY_TASK_ROUTES = {'x': 'y'}\nCELERY_TASK_ROUTES.update({'orders.*.pay': 'fast'})\n"},
        {"shop/celery.py": OF_SETTINGS, "shop/base.py": "CELERY_TASK_ROUTES = {'orders.tasks.pay': 'fast'}\n",
         "shop/settings.py": "from .base import *\nCELERY_TASK_DEFAULT_QUEUE = 'usual'\n"
         "CELERY_TASK_ROUTES = {**CELERY_TASK_ROUTES, 'mail.*': 'mail'}\n"},
        {"shop/celery.py": OF_SETTINGS.replace("'CELERY'", "'JOBS'"),
         "shop/settings.py": "JOBS_TASK_DEFAULT_QUEUE = 'usual'\n"
         "JOBS_TASK_ROUTES = {'orders.tasks.pay': 'fast'}\nCELERY_TASK_DEFAULT_QUEUE = 'other'\n"},
        {"shop/celery.py": OF_SETTINGS,
         "shop/settings.py": "from kombu import Queue\nCELERY_TASK_DEFAULT_QUEUE = 'usual'\n"
         "CELERY_TASK_ROUTES = {'orders.tasks.pay': {'queue': Queue('fast', routing_key='x')}}\n"},
    ],
    ids=range(15),
)  # fmt: skip
def test_routes_are_read_wherever_an_application_is_given_them(files: dict[str, str]) -> None:
    assert named(found({"orders/tasks.py": TWO, **files})) == {"orders.tasks.pay": "fast", "orders.tasks.ship": "usual"}


def test_what_another_object_is_configured_with_routes_nothing() -> None:
    code = PLAIN + "from flask import Flask\nweb = Flask('shop')\nweb.config.update(task_default_queue='usual')\n"
    assert set(named(found({"orders/tasks.py": TWO, "shop/celery.py": code})).values()) == {"celery"}


def routed(body: str) -> tuple[str | None, bool]:
    """The queue of the task `orders.tasks.a` by a router with this body, and whether there is a gap."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    result = found(
        {
            "orders/tasks.py": "from celery import shared_task\n@shared_task\ndef a(): ...\n",
            "orders/routers.py": f"class Router:\n    def route_for_task(self, task, args=None, kwargs=None):\n{lines}",
            "shop/settings.py": "CELERY_TASK_ROUTES = ['orders.routers.Router']\n",
        }
    )
    [row] = result.rows
    return row.queue, any("router" in gap.what for gap in result.gaps)


@pytest.mark.parametrize(
    ("body", "queue"),
    [
        ("if task.startswith('orders.'):\n    return {'queue': 'orders'}", "orders"),
        ("if task.startswith(('mail.', 'news.')):\n    return {'queue': 'mail'}", "celery"),
        ("if task.endswith('.a'):\n    return 'fast'\nreturn 'slow'", "fast"),
        ("if not task.endswith('.a'):\n    return 'fast'\nreturn 'slow'", "slow"),
        ("if task in ('orders.tasks.a', 'x'):\n    return {'queue': 'fast'}\nreturn None", "fast"),
        ("if 'mail' in task:\n    return {'queue': 'mail'}\nelif 'orders' in task:\n    return 'fast'", "fast"),
        ("return {'queue': 'fast'} if task == 'x' else None", "celery"),
        ("app = task.split('.')[0]\nreturn {'queue': f'of-{app}'}", "of-orders"),
        ("if kwargs:\n    return 'slow'\nreturn 'slow'", "slow"),
    ],
)
def test_a_router_that_decides_by_the_name_is_asked(body: str, queue: str) -> None:
    assert routed(body) == (queue, False)


@pytest.mark.parametrize(
    "body",
    [
        "if kwargs.get('urgent'):\n    return {'queue': 'fast'}\nreturn {'queue': 'slow'}",
        "if kwargs.get('urgent'):\n    return {'queue': 'fast'}",
        "return {'queue': kwargs['queue']}",
        "import random\nreturn random.choice(['a', 'b'])",
    ],
)
def test_a_router_that_decides_by_more_than_the_name_gives_a_gap_and_no_guess(body: str) -> None:
    assert routed(body) == (None, True)


def test_the_settings_that_win_decide_the_queue_and_those_below_them_fill_in() -> None:
    files = {
        "shop/envs/common.py": "HIGH = 'shop.high'\nLOW = 'shop.low'\nCELERY_TASK_ROUTES = 'shop.routers.route'\n"
        "CELERY_TASK_DEFAULT_QUEUE = LOW\nINSTALLED_APPS = ['orders']\n",
        "shop/envs/production.py": "from .common import *\nEXPLICIT = {'orders.tasks.pay': {'queue': HIGH}}\n",
        "shop/routers.py": """
            from django.conf import settings
            def route(name, args, kwargs, options, task=None, **kw):
                if name in settings.EXPLICIT:
                    return settings.EXPLICIT[name]
        """,
        "orders/tasks.py": """
            from celery import shared_task
            @shared_task
            def pay(): ...
            @shared_task
            def ship(): ...
        """,
    }
    web = Service("web", "Web", settings_modules=("shop.envs.production", "shop.envs.common"))
    assert named(found(files, (web,))) == {"orders.tasks.pay": "shop.high", "orders.tasks.ship": "shop.low"}


NAMED = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings.{}')\n"


def test_settings_that_manage_and_wsgi_name_differently_are_those_of_one_service() -> None:
    files = {
        "manage.py": NAMED.format("local"),
        "shop/__init__.py": "",
        "shop/wsgi.py": NAMED.format("production"),
        "shop/settings/__init__.py": "",
        "shop/settings/base.py": "CELERY_TASK_DEFAULT_QUEUE = 'shop'\n",
        "shop/settings/local.py": "from shop.settings.base import *\n",
        "shop/settings/production.py": "from shop.settings.base import *\nCELERY_TASK_DEFAULT_QUEUE = 'live'\n",
        "shop/celery.py": (
            "from celery import Celery\napp = Celery('shop')\n"
            "app.config_from_object('django.conf:settings', namespace='CELERY')\n"
        ),
        "shop/tasks.py": "from celery import shared_task\n@shared_task\ndef export(pk): ...\n",
    }
    (row,) = linked(files, Service("web", "Web")).tasks
    assert (row.queue, row.services) == ("live", ())


def test_settings_that_are_put_together_of_files_count_as_one_module() -> None:
    files = {
        "manage.py": NAMED.format("settings"),
        "shop/__init__.py": "",
        "shop/settings/__init__.py": "",
        "shop/settings/settings.py": "from split_settings.tools import include, optional\n"
        "include('settings.dist.py', optional('local_settings.py'))\n",
        "shop/settings/settings.dist.py": "from datetime import timedelta\n"
        "CELERY_TASK_ROUTES = {'shop.tasks.*': {'queue': 'alerts'}}\n"
        "CELERY_BEAT_SCHEDULE = {'hourly': {'task': 'shop.tasks.export', 'schedule': timedelta(hours=1)}}\n",
        "shop/celery.py": (
            "from celery import Celery\napp = Celery('shop')\n"
            "app.config_from_object('django.conf:settings', namespace='CELERY')\n"
        ),
        "shop/tasks.py": "from celery import shared_task\n@shared_task\ndef export(pk): ...\n",
    }
    facts = linked(files, Service("web", "Web"))
    assert [(row.name, row.queue) for row in facts.tasks] == [("shop.tasks.export", "alerts")]
    assert [(row.key, row.cadence, row.task_id) for row in facts.schedules] == [
        ("hourly", "every hour", facts.tasks[0].id)
    ]


@pytest.mark.parametrize(
    ("app", "config", "broker"),
    [
        ("app = Celery('shop', broker='redis://cache:6379/0')", "", ["redis"]),
        ("app = Celery('shop')\napp.conf.broker_url = 'amqp://rabbit//'", "", ["rabbitmq"]),
        (
            "app = Celery('shop')\napp.config_from_object('shop.celeryconfig')",
            "broker_url = 'amqp://rabbit//'",
            ["rabbitmq"],
        ),
        ("import os\napp = Celery('shop', broker=os.environ.get('BROKER', 'redis://cache/0'))", "", ["redis"]),
        ("import os\napp = Celery('shop', broker=os.environ['BROKER'])", "", []),
    ],
)
def test_an_application_that_is_given_its_broker_has_a_queue(app: str, config: str, broker: list[str]) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/celeryconfig.py": f"{config}\n",
        "shop/app.py": f"from celery import Celery\n{app}\n@app.task\ndef grind(weight): ...\n",
    }
    found = linked(files, Service("web", "Web")).declared
    assert [store.system for _service, store in found if store.kind == "queue"] == broker


def test_a_broker_that_the_settings_declare_is_the_one() -> None:
    files = {
        "shop/__init__.py": "",
        "shop/settings.py": "CELERY_BROKER_URL = 'amqp://rabbit//'\n",
        "shop/app.py": "from celery import Celery\napp = Celery('shop', broker='redis://cache/0')\n",
    }
    found = linked(files, Service("web", "Web", settings_modules=("shop.settings",))).declared
    assert [store.system for _service, store in found if store.kind == "queue"] == ["rabbitmq"]

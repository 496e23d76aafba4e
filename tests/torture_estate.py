"""An estate whose every name is a payload: repositories with hostile text wherever code, deployment files and git let a
stranger write one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.git_repository import add_commit, git, make_repository
from tests.hostile_graph import HOSTILE

_MODULE = """\
import requests
from celery import shared_task
from django.dispatch import receiver, Signal

told = Signal()


class Client:
    base = {url!r}

    def ask(self):
        {doc!r}
        return requests.get(self.base, timeout=5)


@shared_task(name={task!r}, queue={text!r})
def work_{n}(given=None):
    {doc!r}
    requests.post({url!r}, json={{{text!r}: {text!r}}}, headers={{{text!r}: {text!r}}}, timeout=5)
    requests.get("https://g{n}.test/" + {text!r}, timeout=5)
    Client().ask()


def view_{n}(request):
    {doc!r}
    work_{n}.apply_async(args=[{text!r}], queue={text!r})  # c4trace: ignore[no-timeout] {line}
    told.send(sender={text!r})


@receiver(told)
def heard_{n}(sender, **more):
    requests.get({url!r})
"""
_COMMAND = """\
import requests
from django.core.management.base import BaseCommand

class Command(BaseCommand):
    help = {text!r}

    def handle(self, *args, **options):
        requests.get({text!r}, timeout=5)
        requests.get("https://h{n}.test", timeout=5)
"""
_SETTINGS = """\
import os
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["shop"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "HOST": {0[0]!r}, "NAME": {0[1]!r}}}}}
CACHES = {{key: {{"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://" + key}} for key in {0!r}}}
CELERY_BROKER_URL = "redis://cache.test/" + {0[2]!r}
CELERY_TASK_ROUTES = {{name: {{"queue": name}} for name in {0!r}}}
CELERY_BEAT_SCHEDULE = {{
    key: {{"task": key, "schedule": 60.0, "options": {{"queue": key}}}} for key in {0!r}
}}
"""


def make_torture_estate(where: Path, payloads: Iterable[str] = HOSTILE) -> Path:
    """The estate's repositories below a directory, and its file, whose path is given.

    `shop` is read at a tag with a hostile name; a commit for each payload leads to it from the tag `first`.
    """
    texts = [text.encode("utf-8", "backslashreplace").decode() for text in payloads]
    files = dict(_files(texts))
    first = make_repository(where / "shop", files)
    later = {path: text.replace('requests.get("https://g', 'requests.put("https://k') for path, text in files.items()}
    for at, text in enumerate(texts):
        part = dict(sorted(later.items())[at :: len(texts)])
        add_commit(where / "shop", part, text.replace("\0", "").strip() or "-")
    make_repository(where / "post", {path: text.replace("shop", "post") for path, text in files.items()})
    git(where / "shop", "tag", "first", first)
    git(where / "shop", "tag", tag_of(texts), "HEAD")
    names = [_quoted(text) for text in texts]
    system = "  {}: {{name: {}, description: {}, hosts: [{}.test]{}}}\n"
    at_tag = f", repository: {{url: ./shop, ref: {_quoted(tag_of(texts))}}}"
    estate = where / "estate.yaml"
    estate.write_text(
        f"title: {names[0]}\nsystems:\n"
        + system.format("shop", names[1], names[2], "shop", at_tag)
        + system.format("post", names[3], names[4], "post", ", repository: ./post")
        + "".join(system.format(f"s{n}", name, name, f"h{n}", "") for n, name in enumerate(names))
    )
    return estate


def tag_of(texts: Sequence[str]) -> str:
    """A name as hostile as git lets a tag have: see https://git-scm.com/docs/git-check-ref-format."""
    allowed = re.sub(r"[\0-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock|/\.", "", "".join(texts))
    return allowed[:120].strip("./-@")


def _files(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    imports = "".join(f"from shop import views_{n}\n" for n in range(len(texts)))
    routes = "".join(f"    path({text!r}, views_{n}.view_{n}, name={text!r}),\n" for n, text in enumerate(texts))
    variables = (f"ADDRESS_{n} = os.environ.get({t!r}, {'https://set.test/' + t!r})\n" for n, t in enumerate(texts))
    yield "manage.py", "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
    yield "shop/__init__.py", ""
    yield "shop/settings.py", _SETTINGS.format(texts) + "".join(variables)
    yield "shop/urls.py", f"from django.urls import path\n{imports}urlpatterns = [\n{routes}]\n"
    yield "shop/management/__init__.py", ""
    yield "shop/management/commands/__init__.py", ""
    for n, text in enumerate(texts):
        url, doc = f"https://h{n}.test/{text}", f"{text} of it.\n\n{text}"
        line, name = _line(text), _name(text)
        yield f"shop/views_{n}.py", _MODULE.format(n=n, url=url, doc=doc, task=f"{text}{n}", text=text, line=line)
        yield f"shop/management/commands/{name}.py", _COMMAND.format(text=text, n=n)
        yield f"{name}/{name}.py", f"import requests\nrequests.get('https://h{n}.test/', verify=False)\ndef broken(:\n"
        yield f"{name}/{name}/Procfile", f"{line}: python manage.py {line}\nweb: gunicorn shop.wsgi --name {line}\n"
    yield from _deployed(texts)


def _deployed(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    lines = [_line(text) for text in texts]
    units = (
        f"  {_quoted(text)}:\n    image: {_quoted(text)}\n    command: {_quoted('celery -A shop worker -Q ' + text)}\n"
        f"    environment: {{{_quoted(text)}: {_quoted('https://h1.test/' + text)}}}\n"
        for text in dict.fromkeys(texts)
    )
    yield "docker-compose.yml", f"services:\n{''.join(units)}"
    named = "".join(f"x{n}: python manage.py {line}\n" for n, line in enumerate(lines))
    yield "Procfile", f"web: gunicorn shop.wsgi\nworker: celery -A shop worker\n{named}"
    variables = "".join(f"ENV X{n}={line}\n" for n, line in enumerate(lines))
    yield "Dockerfile", f"FROM python\n{variables}CMD gunicorn\n"
    yield "crontab", "".join(f"5 * * * * root python manage.py {line}\n" for line in lines)
    pins = (f"{line}=={line}\nkit{n} @ https://x.test/{line}\n" for n, line in enumerate(lines))
    yield "requirements.txt", "".join(pins)


def _line(text: str) -> str:
    return re.sub(r"[\r\n\0\x85\u2028\u2029\x0b\x0c]+", " ", text)


def _name(text: str) -> str:
    """A payload as a part of a path, as a file system takes it."""
    part = text.replace("/", "∕").replace("\0", "")
    return part if part.strip(".") else f"{part}_"


def _quoted(text: str) -> str:
    """A string of YAML in double quotes."""
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text) + '"'

"""Runtime units as they are drawn: which of them run a service, and what people read of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from posixpath import basename

from extractor.deployment.units import Unit
from extractor.estate.model import Service, System, services_of
from extractor.text.words import words_of

# The kinds of file whose units are drawn, in this order: what only tests run is not.
PLACED = {"deployment": 0, "development": 1}
_SHELL = re.compile(r"^(?:/\S*/)?(?:ba|da)?sh -[a-z]*c ")
_SHOWN_COMMAND = 110


def placed(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """The units that are no tests', deployments before development, those that always run before profiles, and what
    is run before what an image would run."""
    known = [unit for unit in units if unit.kind in PLACED]
    return tuple(sorted(known, key=lambda u: (PLACED[u.kind], u.profile, _is_image(u), u.path, u.line, u.name)))


def runs(unit: Unit, service: Service) -> bool:
    """Whether a unit is a service's: by the name of either, or by the application that it runs."""
    apps = (service.wsgi, service.asgi, service.celery)
    named = any(app and unit.app.partition(":")[0] == app for app in apps)
    return named or service.id in words_of(unit.name) or service.id == unit.app.split(".")[0]


def running(units: Sequence[Unit], role: str, system: System, service: Service) -> tuple[Unit, ...]:
    """The units of a role that run a service, of those that `placed` gives. A worker that runs the scheduler, too, is
    a beat where no unit is one alone."""
    fitting = [u for u in units if u.role == role]
    if role == "beat":
        fitting = fitting or [u for u in units if u.beat]
    return tuple(u for u in fitting if len(services_of(system)) == 1 or runs(u, service))


def family(technology: str) -> str:
    """A technology without its version: `nginx` of `nginx 1.25`."""
    return re.sub(r" v?\d[\w.]*$", "", technology)


def unit_words(units: Sequence[Unit]) -> str:
    """What runs, for people, and the file that says so: `Read from compose.yml (development): web runs "..."`."""
    parts = []
    for unit in units[:2]:
        kind = " (development)" if unit.kind == "development" else ""
        command = _SHELL.sub("", " ".join(unit.command.split())).strip("' ")
        command = command if len(command) <= _SHOWN_COMMAND else f"{command[:_SHOWN_COMMAND].rstrip()}…"
        held = [part for part in (unit.image.partition("@")[0], command) if part]
        parts.append(f"{unit.path}{kind}: {unit.name}" + (f" runs {' with '.join(held)}" if held else ""))
    return "Read from " + "; ".join(parts) if parts else ""


def _is_image(unit: Unit) -> bool:
    return "dockerfile" in basename(unit.path).lower()

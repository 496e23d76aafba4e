"""The nouns of a deployment: units (processes and backing services), values, upstreams; and what kind of file said so.

The kind of a file, from its name and its folders:

- `test`: a word for tests or continuous integration stands in its path (test, ci, e2e, selenium, travis, ...).
- `development`: a word for a developer's machine does (dev, local, override, example, devstack, debug, ...).
- `deployment`: everything else. One exception: a compose file whose path has no word for production is `development`
  when the repository states its deployment elsewhere (a Procfile, an app.json, or a compose file with such a word).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from posixpath import basename

from extractor.model.graph import Skip
from extractor.text.words import words_of

ROLES = (
    "web",
    "worker",
    "beat",
    "command",
    "proxy",
    "database",
    "cache",
    "queue",
    "search",
    "storage",
    "mail",
    "frontend",
    "other",
)
KINDS = ("deployment", "development", "test")

# Words of a path that tell; see the rule above.
_TEST = {
    "test",
    "tests",
    "testing",
    "ci",
    "e2e",
    "selenium",
    "cypress",
    "tox",
    "travis",
    "github",
    "circleci",
    "jenkins",
}
_DEVELOPER = {"dev", "devel", "develop", "development", "devstack", "devcontainer", "local", "override", "overrides"}
_SAMPLE = {"example", "sample", "template", "dist", "demo", "debug", "watch"}
_DEVELOPMENT = _DEVELOPER | _SAMPLE
_PRODUCTION = {"prod", "production", "deploy", "deployment", "staging", "stage", "live", "swarm", "release"}
_PASSED_OVER = {"test", "tests", "testing", "fixtures", "example", "examples", "node_modules", "vendor", ".venv"}


@dataclass(frozen=True, slots=True)
class EnvValue:
    """A value given to a process by deployment: a variable, or a flattened key of a values file.

    `value` never holds a secret; `masked` says that some of it was hidden. `kind` is one of KINDS.
    """

    name: str
    value: str
    path: str
    line: int
    kind: str = "deployment"
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """A process or backing service that deployment runs.

    `role` is one of ROLES; `beat` is set when the process also (or only) runs Celery's scheduler. `technology` is what
    runs there ("PostgreSQL 15", "Gunicorn", "Celery"). `command` is one line, secrets masked. `queues` are a worker's
    queues, empty for the default one; `app` is the Celery or WSGI application, `settings_module` Django's.
    `profile` is compose's, comma-separated, "" for a unit that always starts. `replicas` is None when not stated.
    `fronts` are the proxies that the same process starts ("nginx"). `management` is the management command that it
    runs, `schedule` when it does, as cron writes it ("" for one that runs on). `ports_line` is where its published
    ports stand, `needs` the lines that name the units of `depends_on`; 0 and () where another file says it.
    """

    name: str
    role: str
    technology: str
    command: str
    image: str
    queues: tuple[str, ...]
    app: str
    settings_module: str
    ports: tuple[str, ...]
    depends_on: tuple[str, ...]
    env: tuple[EnvValue, ...]
    path: str
    line: int
    profile: str
    kind: str = "deployment"
    beat: bool = False
    replicas: int | None = None
    fronts: tuple[str, ...] = ()
    ports_line: int = 0
    needs: tuple[tuple[str, int], ...] = ()
    management: str = ""
    schedule: str = ""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a proxy's configuration passes requests on: the location, the target as written, the unit it names.

    `proxy` is the technology whose configuration it is, `served` the first and last line of the location or route.
    `purpose` is `requests`, or `sign-in` where `target` is the provider that people are sent to. `resolved` is the
    target with the variables of the proxies' environments filled in.
    """

    location: str
    target: str
    unit: str
    path: str
    line: int
    kind: str = "deployment"
    proxy: str = "nginx"
    served: tuple[int, int] = (0, 0)
    purpose: str = "requests"
    resolved: str = ""

    @property
    def host(self) -> str:
        """The host of the resolved target, as written: an address may do without a scheme (`web:8000`)."""
        return re.split(r"[:/]", self.resolved.rpartition("://")[2])[0]


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a repository says of its deployment. All in the order of path and line."""

    units: tuple[Unit, ...]
    upstreams: tuple[Upstream, ...]
    skipped: tuple[Skip, ...]


class UnreadableFile(Exception):
    """A file cannot be understood; the text says why."""


def passed_over(path: str) -> bool:
    """Whether the file lies where no deployment is stated: tests, examples, vendored packages."""
    return any(part.lower() in _PASSED_OVER for part in path.split("/")[:-1])


def is_compose(path: str) -> bool:
    """Whether the file is a compose file by its name."""
    return re.fullmatch(r"(.*[-_.])?compose([-_.].*)?\.ya?ml", basename(path), re.IGNORECASE) is not None


def kinds(paths: Iterable[str]) -> dict[str, str]:
    """The kind of each file, by the rule above."""
    known = list(paths)
    stated_elsewhere = any(
        basename(path) in ("Procfile", "app.json") or (is_compose(path) and _words(path) & _PRODUCTION)
        for path in known
        if not _words(path) & (_TEST | _DEVELOPMENT)
    )
    return {path: _kind(path, stated_elsewhere) for path in known}


def _kind(path: str, stated_elsewhere: bool) -> str:
    words = _words(path)
    if words & _TEST:
        return "test"
    if words & _DEVELOPMENT:
        return "development"
    plain_compose = is_compose(path) and not words & _PRODUCTION
    return "development" if plain_compose and stated_elsewhere else "deployment"


def _words(path: str) -> set[str]:
    return set(words_of(path))

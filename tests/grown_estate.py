"""Grows an estate of some 150 modules from the sample estate, by a seed: `python -m tests.grown_estate SEED DIRECTORY`.

The trunk is files of the sample as they are. On it grow applications, each put together of a model, a client of
another system, tasks, pages and extras, drawn from the templates in fixtures/grown/; growth.yaml there says of what and
how many. A template is Jinja: `«word»`, lines that start with `#:`, and `pick(...)`, which draws one way of writing it.
The same seed gives the same bytes, whatever the version of Python and the order of hashes; names, dates and order are
fixed, and so are the commit ids.
"""

from __future__ import annotations

import functools
import random
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import jinja2
import yaml

from tests.build_estate import ESTATE, build_repository
from tests.git_repository import git

GROWN = Path(__file__).parent / "fixtures" / "grown"
APPS = GROWN / "apps"
LIBRARY = "campus-api-client"
_DATE = "2026-01-05T09:00:00+00:00"


@dataclass(frozen=True)
class Home:
    """A service that applications grow in; growth.yaml says what its fields are."""

    repo: str
    service: str
    apps: int
    prefix: str
    mount: str
    celery: tuple[str, str]
    campus_base: str
    studio_base: str
    bases: Mapping[str, str]

    @property
    def id(self) -> str:
        """The repository and the service."""
        return f"{self.repo}/{self.service}"


@dataclass(frozen=True)
class App:
    """An application that grows: its words, its templates by kind, its extras, and the routes that it serves."""

    home: Home
    words: Mapping[str, Any]
    templates: Mapping[str, str]
    extras: tuple[str, ...]
    routes: Mapping[str, str]

    @property
    def folder(self) -> str:
        """Where it stands."""
        return str(self.words["package"]).replace(".", "/")

    def folders(self) -> Iterator[Path]:
        """The folders of templates that it is made of: its pages, its extras."""
        yield APPS / "pages" / self.templates["pages"]
        yield from (APPS / "extras" / extra for extra in self.extras)


class Deck:
    """Hands out what it holds in an order of its own; all of it comes once before anything comes again."""

    def __init__(self, seed: str, cards: Iterable[Any]) -> None:
        self._cards = tuple(cards)
        self._random = random.Random(seed)
        self._left: list[Any] = []

    def draw(self, fits: Callable[[Any], bool], rare: Container[Any] = ()) -> Any:
        """The next card that fits: one of the rare ones, which seldom fit, if there is one left."""
        if not any(fits(card) for card in self._left):
            # Only `random()` is promised to be the same in every version of Python; `shuffle` is not.
            self._left += sorted(self._cards, key=lambda card: self._random.random())
        fitting = [n for n, card in enumerate(self._left) if fits(card)]
        return self._left.pop(min(fitting, key=lambda n: (self._left[n] not in rare, n)))


class Growth:
    """One growth: everything drawn for a seed, and the files that come of it. `used` names the templates rendered."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._decks: dict[str, Deck] = {}
        self._data = yaml.safe_load((GROWN / "growth.yaml").read_text(encoding="utf-8"))
        self._templates = _environment()
        self.used: set[str] = set()
        self._homes = [Home(**row) for row in self._data["homes"]]
        self._apps = [self._app(home) for home in self._homes for _ in range(home.apps)]

    def files(self) -> dict[str, dict[str, bytes]]:
        """The files of each repository, by path."""
        grown = {repo: dict(_trunk(repo, patterns)) for repo, patterns in self._data["trunk"].items()}
        for app in self._apps:
            grown[app.home.repo].update(self._grown(app))
        for repo, files in grown.items():
            files.update(self._around(repo))
        return {repo: dict(sorted(files.items())) for repo, files in grown.items()}

    def _draw(
        self,
        name: str,
        cards: Iterable[Any],
        fits: Callable[[Any], bool] = lambda card: True,
        rare: Container[Any] = (),
    ) -> Any:
        if name not in self._decks:
            self._decks[name] = Deck(f"{self._seed} {name}", cards)
        return self._decks[name].draw(fits, rare)

    # planning --------------------------------------------------------------------------------------------------

    def _app(self, home: Home) -> App:
        only = self._data["only"]
        extras: list[str] = []

        def template(kind: str) -> str:
            def fits(name: str) -> bool:
                return home.repo in only.get(name, (home.repo,)) and (kind != "extras" or _joins(name, extras))

            return str(self._draw(f"templates of {kind}", _named(APPS / kind), fits, rare=only))

        chosen = {kind: template(kind) for kind in ("models", "clients", "tasks", "pages")}
        for _ in range(self._draw("extras", self._data["extras"])):
            extras.append(template("extras"))
        words = self._words(home)
        routes = yaml.safe_load((APPS / "pages" / chosen["pages"] / "routes.yaml").read_text(encoding="utf-8"))
        mount = home.mount.format(app=words["app"])
        served = {kind: mount + self._templates.from_string(route).render(words) for kind, route in routes.items()}
        return App(home, words, chosen, tuple(extras), served)

    def _words(self, home: Home) -> dict[str, Any]:
        """The words of a new application."""
        thing, things = self._draw("nouns", self._data["nouns"]).split()
        article = "an" if thing[0] in "aeiou" else "a"
        return {
            "thing": thing,
            "things": things,
            "Thing": thing.capitalize(),
            "Things": things.capitalize(),
            "THINGS": things.upper(),
            "THING": thing.upper(),
            "a": article,
            "A": article.capitalize(),
            "app": things,
            "package": home.prefix + things,
            "repo": home.repo,
            "celery_module": home.celery[0],
            "celery_app": home.celery[1],
            "campus_base": home.campus_base,
            "studio_base": home.studio_base,
            "token": "CAMPUS_SERVICE_WORKER_TOKEN",
            "act": self._draw("acts", self._data["acts"]),
            "client": self._draw("clients", self._data["clients"]),
            "outside": self._draw("outside", self._data["outside"]),
            "minute": self._draw("minutes", range(3, 60, 7)),
            "hour": self._draw("hours", range(24)),
        }

    def _peer(self, app: App) -> dict[str, Any]:
        """Words about an application of another service, which this one is a client of."""
        bases = app.home.bases
        target = self._draw(f"peers of {app.home.id}", bases)
        peer = self._draw(f"apps of {target} for {app.home.id}", [a for a in self._apps if a.home.id == target])
        return {
            "base": bases[target],
            "peer": target.split("/")[0],
            "peer_things": peer.words["things"],
            **{f"peer_{kind}": path for kind, path in peer.routes.items()},
        }

    # rendering -------------------------------------------------------------------------------------------------

    def _render(self, template: Path, words: Mapping[str, Any]) -> bytes:
        name = template.relative_to(GROWN).as_posix()
        self.used.add(name)

        def pick(*ways: str) -> str:
            return str(self._draw(f"ways {name} {ways}", ways))

        return self._templates.get_template(name).render(pick=pick, **words).encode()

    def _grown(self, app: App) -> Iterator[tuple[str, bytes]]:
        """The files of an application."""
        words = {**app.words, **self._peer(app)}
        yield f"{app.folder}/__init__.py", b""
        for kind, module in (("models", "models"), ("clients", words["client"]), ("tasks", "tasks")):
            yield f"{app.folder}/{module}.py", self._render(APPS / kind / f"{app.templates[kind]}.py.in", words)
        for folder in app.folders():
            for template in sorted(folder.rglob("*.in")):
                path = _made_of(template, folder).replace("THINGS", words["things"])
                yield f"{app.folder}/{path}", self._render(template, words)

    def _around(self, repo: str) -> Iterator[tuple[str, bytes]]:
        """The files of a repository that name its applications: settings, URLs."""
        folder = GROWN / "repositories" / repo
        words: dict[str, Any] = {"repo": repo, "outside": self._data["outside"]}
        for home in (home for home in self._homes if home.repo == repo):
            words[f"{home.service}_apps"] = [self._listed(app) for app in self._apps if app.home is home]
        for template in sorted(folder.rglob("*.in")):
            yield _made_of(template, folder), self._render(template, words)

    def _listed(self, app: App) -> dict[str, Any]:
        """An application as settings and URLs name it, with two beat entries."""
        words = app.words
        configured = any((folder / "apps.py.in").exists() for folder in app.folders())
        return {
            **words,
            "extras": app.extras,
            "mount": app.home.mount.format(app=words["app"]),
            "config": f"{words['package']}.apps.{words['Thing']}Config" if configured else words["package"],
            **{f"{what}_task": self._task(app, what) for what in ("sync", "sweep")},
            **{f"{what}_schedule": self._schedule(app) for what in ("sync", "sweep")},
        }

    def _task(self, app: App, what: str) -> str:
        """The name of the task that synchronises, or sweeps."""
        own = self._data["names"].get(app.templates["tasks"], {}).get(what, f"{{package}}.tasks.{what}_{{things}}")
        return str(own.format(**app.words))

    def _schedule(self, app: App) -> str:
        said = self._draw("schedules", self._data["schedules"])
        return str(said.format(minute=app.words["minute"], hour=app.words["hour"]))


def grow(seed: int) -> dict[str, dict[str, bytes]]:
    """The files of every repository that grows, by repository and path."""
    return Growth(seed).files()


def templates() -> tuple[str, ...]:
    """Every template that becomes files of its own, by its path below fixtures/grown."""
    found = (path for kind in ("apps", "repositories") for path in (GROWN / kind).rglob("*.in"))
    return tuple(sorted(path.relative_to(GROWN).as_posix() for path in found))


def build_grown_estate(seed: int, destination: Path) -> dict[str, Path]:
    """Git repositories of one commit each below `destination`, the client library of the sample among them."""
    destination.mkdir(parents=True, exist_ok=True)
    built = {LIBRARY: build_repository(LIBRARY, destination)}
    for repo, files in grow(seed).items():
        built[repo] = _commit(destination / repo, files, f"Grown from {seed}")
    return built


def _commit(where: Path, files: Mapping[str, bytes], subject: str) -> Path:
    for path, content in files.items():
        (where / path).parent.mkdir(parents=True, exist_ok=True)
        (where / path).write_bytes(content)
    git(where, "init", "--quiet", "--object-format=sha1", "--initial-branch=main")
    git(where, "config", "core.autocrlf", "false")
    git(where, "config", "core.fileMode", "false")
    git(where, "add", "--all", "--force")
    git(where, "commit", "--quiet", "-m", subject, GIT_AUTHOR_DATE=_DATE, GIT_COMMITTER_DATE=_DATE)
    return where


def _environment() -> jinja2.Environment:
    """Jinja with marks that no Python code has."""
    made = jinja2.Environment(
        variable_start_string="«",
        variable_end_string="»",
        block_start_string="«%",
        block_end_string="%»",
        comment_start_string="«#",
        comment_end_string="#»",
        line_statement_prefix="#:",
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(GROWN),
    )
    made.filters["camel"] = lambda text: "".join(part.capitalize() for part in text.replace("-", " ").split())
    made.filters["percent"] = lambda text: text.replace("%", "%%")
    return made


def _named(folder: Path) -> tuple[str, ...]:
    """The names of the templates of a kind: a file each, or a folder."""
    return tuple(sorted(path.name.partition(".")[0] for path in folder.iterdir()))


def _made_of(template: Path, folder: Path) -> str:
    """The path of what a template of a folder becomes."""
    return template.relative_to(folder).as_posix().removesuffix(".in")


@functools.cache
def _files_of(extra: str) -> frozenset[str]:
    folder = APPS / "extras" / extra
    return frozenset(_made_of(path, folder) for path in folder.rglob("*.in") if path.stat().st_size)


def _joins(extra: str, others: Sequence[str]) -> bool:
    """Whether an extra can stand beside others: no two of them have a file of one name."""
    return all(_files_of(extra).isdisjoint(_files_of(other)) for other in others)


def _trunk(repo: str, patterns: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The files of the sample that a repository keeps."""
    for path in sorted((ESTATE / repo).rglob("*")):
        name = path.relative_to(ESTATE / repo).as_posix()
        if path.is_file() and any(fnmatchcase(name, p) and name.count("/") == p.count("/") for p in patterns):
            yield name, path.read_bytes()


def main(arguments: Sequence[str]) -> int:
    """Builds into the directory that is named, and prints a `--source` option for each repository."""
    if len(arguments) != 2 or not arguments[0].isdigit():
        print("usage: python -m tests.grown_estate SEED DIRECTORY", file=sys.stderr)
        return 2
    for name, where in build_grown_estate(int(arguments[0]), Path(arguments[1])).items():
        print(f"--source={name}={where}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

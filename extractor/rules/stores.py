"""The rules for datastores: `rules/stores.yaml`, which says what words mean which engine and which settings declare."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain
from extractor.text.words import words_of


@dataclass(frozen=True, slots=True)
class Engine:
    """A kind of datastore. `name` is what its element is called (its technology where that is ""). `words` are looked
    for in names of backend classes (whole words), `schemes` are those of its URLs, `drivers` modules that only its
    users import, `options` keys that only its configuration has, `ports` its usual ports. `development` engines
    yield to any other evidence; `in_process` ones are no store of their own. `same_as` is (kind, alias) of the
    store that really holds the data (a cache kept in the database)."""

    system: str
    technology: str
    kind: str
    words: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    development: bool = False
    same_as: tuple[str, str] | None = None
    in_process: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class StoreSetting:
    """Settings (globs) that declare a store. `shape` is `aliases` (a mapping of aliases), `backend` (the name of a
    class), `url`, or `nested` (the class stands somewhere inside). `system` is the engine where the name says it."""

    names: tuple[str, ...]
    kind: str
    shape: str
    alias: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """A scheduler of Celery beat (`words` of its class's name) that keeps the schedule in the store `system`; with
    `adds_offset`, an interval as the sum of its time and its offset."""

    words: tuple[str, ...]
    name: str
    system: str
    settings: tuple[str, ...]
    adds_offset: bool = False


@dataclass(frozen=True, slots=True)
class StoreRules:
    """The table. `bundles` are settings that say where pages find what a front end builds."""

    engines: tuple[Engine, ...]
    settings: tuple[StoreSetting, ...]
    schedulers: tuple[Scheduler, ...] = ()
    bundles: tuple[str, ...] = ()

    def engine(self, system: str) -> Engine | None:
        """The engine of an id, or None."""
        return next((engine for engine in self.engines if engine.system == system), None)

    def is_in_process(self, system: str) -> bool:
        """True for an engine that lives in the process, or beside it: it is no store of its own."""
        engine = self.engine(system)
        return engine is not None and engine.in_process

    def by_class(self, text: str) -> Engine | None:
        """The engine that the name of a class means (`django.db.backends.mysql`), or None."""
        whole = text.lower()
        words = {whole, *words_of(whole), *words_of(text)}
        return next((engine for engine in self.engines if words.intersection(engine.words)), None)

    def by_variable(self, name: str) -> Engine | None:
        """The engine that the name of a variable means (`REDISCLOUD_URL`), or None. Development engines do not count:
        they need no variable."""
        words = set(words_of(name))
        rows = (engine for engine in self.engines if not engine.development)
        return next((engine for engine in rows if words.intersection(engine.words)), None)

    def scheduler(self, text: str) -> Scheduler | None:
        """The scheduler that the name of a class means (`redbeat.RedBeatScheduler`), or None."""
        lowered = text.lower()
        return next((rule for rule in self.schedulers if any(word in lowered for word in rule.words)), None)

    def by_scheme(self, scheme: str) -> Engine | None:
        """The engine of a URL's scheme (`postgres`, `mongodb+srv`), or None."""
        return next((engine for engine in self.engines if scheme.lower() in engine.schemes), None)


def _pair(data: dict[str, str] | None) -> tuple[str, str] | None:
    return (data["kind"], data["alias"]) if data else None


@functools.cache
def store_rules() -> StoreRules:
    """The shipped table, read once; the tests hold it to its schema."""
    data = read_plain(rules_dir() / "stores.yaml")
    engines = tuple(
        Engine(
            system=system,
            technology=row["technology"],
            kind=row["kind"],
            words=tuple(row.get("words", ())),
            schemes=tuple(row.get("schemes", ())),
            drivers=tuple(row.get("drivers", ())),
            options=tuple(row.get("options", ())),
            ports=tuple(row.get("ports", ())),
            development=row.get("development", False),
            same_as=_pair(row.get("same_as")),
            in_process=row.get("in_process", False),
            name=row.get("name", ""),
        )
        for system, row in data["engines"].items()
    )
    settings = tuple(
        StoreSetting(tuple(row["names"]), row["kind"], row["shape"], row.get("alias", ""), row.get("system", ""))
        for row in data["settings"]
    )
    schedulers = tuple(
        Scheduler(
            tuple(row["words"]), row["name"], row["system"], tuple(row["settings"]), row.get("adds_offset", False)
        )
        for row in data["schedulers"]
    )
    return StoreRules(engines, settings, schedulers, tuple(data["bundles"]))

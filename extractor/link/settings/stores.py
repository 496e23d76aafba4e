"""Datastores that settings declare: databases, caches, queues, search and storage, by the engine they name.

Which settings declare what, and which words mean which engine, stand in `rules/stores.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from extractor.link.absvalue import Env, Mapping, Seq, Text, Value, Values
from extractor.link.evaluate import Evaluator
from extractor.link.settings.storerules import Engine, StoreRules, StoreSetting, store_rules
from extractor.link.settings.table import SettingsTable, Where, all_texts

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*)://")
_ENGINE_KEYS = frozenset({"ENGINE", "BACKEND", "class", "engine", "backend"})


@dataclass(frozen=True, slots=True)
class DeclaredStore:
    """A datastore as settings declare it.

    `alias` is the name code uses for it (`default`), `kind` one of `database`, `cache`, `queue`, `search`, `storage`;
    `technology` is for people ("PostgreSQL"), `system` an id (`postgres`; `unknown` when the engine is not known).
    `env` is the environment variable that says where it is, or None.
    """

    alias: str
    kind: str
    technology: str
    system: str
    setting: str
    env: str | None
    evidence: Where


def declared_stores(ev: Evaluator, table: SettingsTable) -> tuple[DeclaredStore, ...]:
    """The datastores of a service, each (kind, alias) once, sorted by kind, alias and setting."""
    rules = store_rules()
    reader = _Reader(ev, table, rules)
    found: dict[tuple[str, str], DeclaredStore] = {}
    for row in rules.settings:
        for name in table.names():
            if any(fnmatchcase(name, pattern) for pattern in row.names):
                for store in reader.read(row, name):
                    found.setdefault((store.kind, store.alias), store)
    return tuple(sorted(found.values(), key=lambda s: (s.kind, s.alias, s.setting)))


class _Reader:
    def __init__(self, ev: Evaluator, table: SettingsTable, rules: StoreRules) -> None:
        self.ev, self.table, self.rules = ev, table, rules

    def read(self, row: StoreSetting, name: str) -> Iterator[DeclaredStore]:
        values = self.table.value(name)
        if row.shape == "aliases":
            for value in values:
                if isinstance(value, Mapping):
                    for keys, inner in value.items:
                        alias = self.ev.constant_key(keys)
                        if alias is not None:
                            yield from self._store(row, name, alias, inner)
            return
        yield from self._store(row, name, row.alias or name.lower(), values)

    def _store(self, row: StoreSetting, name: str, alias: str, values: Values) -> Iterator[DeclaredStore]:
        where = self.table.where(name)
        if where is None or not values:
            return
        engine = self._engine(row, values)
        if engine is None and row.shape in ("mongo", "backend", "nested"):
            return
        env = next((e.name for v in values for e in self.table.expander.envs(v)), None)
        system, technology = (engine.system, engine.technology) if engine else ("unknown", "unknown")
        yield DeclaredStore(alias, row.kind, technology, system, name, env or self.table.expander.overlay(name), where)

    def _engine(self, row: StoreSetting, values: Values) -> Engine | None:
        """The engine: named by a class, else by a URL, else by the setting, else by the drivers the code imports."""
        named = self._first(self.rules.by_class(text) for value in values for text in _class_texts(value, row.shape))
        if named is not None:
            return named
        schemes = [m[1] for value in values for text in all_texts(value) if (m := _SCHEME.match(text))]
        by_url = self._first(self.rules.by_scheme(scheme) for scheme in schemes)
        if by_url is not None and not by_url.development:
            return by_url
        if row.system:
            return self.rules.engine(row.system)
        return self._by_driver(row.kind) or by_url

    def _by_driver(self, kind: str) -> Engine | None:
        imported = {name for module in self.ev.world.modules if module.in_repo for name in module.summary.imports}
        for engine in self.rules.engines:
            if engine.kind == kind and any(
                name == driver or name.startswith(f"{driver}.") for driver in engine.drivers for name in imported
            ):
                return engine
        return None

    @staticmethod
    def _first(engines: Iterable[Engine | None]) -> Engine | None:
        return next((engine for engine in engines if engine is not None), None)


def _class_texts(value: Value, shape: str) -> Iterator[str]:
    """Texts that name an engine's class: under ENGINE, BACKEND and `class`; the whole text of a backend setting."""
    if isinstance(value, Text):
        if value.literal is not None and shape in ("backend", "url"):
            yield value.literal
    elif isinstance(value, Env):
        for inner in value.default:
            yield from _class_texts(inner, shape)
    elif isinstance(value, Seq):
        for values in value.items:
            for inner in values:
                yield from _class_texts(inner, shape)
    elif isinstance(value, Mapping):
        for keys, values in value.items:
            key = next((k.literal for k in keys if isinstance(k, Text)), None)
            for inner in values:
                if key in _ENGINE_KEYS:
                    yield from all_texts(inner)
                elif isinstance(inner, Mapping | Seq):
                    yield from _class_texts(inner, "nested")

"""Datastores that settings declare: databases, caches, queues, search and storage, by the engine they name.

Which settings declare what, and which words mean which engine, stand in `rules/stores.yaml`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass
from fnmatch import fnmatchcase

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Const, DefRef, Env, Mapping, Seq, Text, Value, Values
from extractor.link.settings.table import SettingsTable, Where, all_texts
from extractor.rules.stores import Engine, StoreRules, StoreSetting, store_rules
from extractor.text.urls import scheme_of

_ENGINE_KEYS = frozenset({"ENGINE", "BACKEND", "class", "engine", "backend"})
_PLACE_KEYS = frozenset({"host", "hosts", "location", "url", "uri", "name", "bucket_name", "bucket"})
_BUCKET = "AWS_STORAGE_BUCKET_NAME"


@dataclass(frozen=True, slots=True)
class DeclaredStore:
    """A datastore as settings declare it.

    `alias` is the name code uses for it (`default`), `kind` one of `database`, `cache`, `queue`, `search`, `storage`;
    `technology` is for people ("PostgreSQL"), `system` an id (`postgres`).
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
    """The datastores of a service, each (kind, alias) once, sorted by kind, alias and setting.

    Where nothing says which engine it is, `system` is the kind and `technology` says that deployment decides.
    """
    rules = store_rules()
    reader = _StoreReader(ev, table, rules)
    found: dict[tuple[str, str], DeclaredStore] = {}
    done: set[str] = set()
    for row in rules.settings:
        named = [n for n in table.names() if n not in done and any(fnmatchcase(n, glob) for glob in row.names)]
        done.update(named)
        for name in named:
            for store in reader.read(row, name):
                found.setdefault((store.kind, store.alias), store)
    stores = (_resolved(store, found, rules) for store in found.values())
    return tuple(sorted(stores, key=lambda s: (s.kind, s.alias, s.setting)))


# The store of a kind that code calls by an alias.
StoreOf = Callable[[str, str, str], DeclaredStore | None]


def store_lookup(stores: Mapping_[str, Sequence[DeclaredStore]]) -> StoreOf:
    """Which declared store a kind, an alias and a service mean: the service's own, else that of the first service that
    declares it; `default` is the first of its kind where none is called so. `stores` are those of each service."""
    known: dict[tuple[str, str, str], DeclaredStore] = {}
    for service, declared in stores.items():
        for store in declared:
            known.setdefault((service, store.kind, store.alias), store)
            known.setdefault(("", store.kind, store.alias), store)
    for service, kind in sorted({(service, kind) for service, kind, _alias in known}):
        first = next(known[key] for key in sorted(known) if key[:2] == (service, kind))
        known.setdefault((service, kind, "default"), first)
    return lambda kind, alias, service: known.get((service, kind, alias)) or known.get(("", kind, alias))


def _resolved(
    store: DeclaredStore, found: Mapping_[tuple[str, str], DeclaredStore], rules: StoreRules
) -> DeclaredStore:
    """A store kept in another one is that one, under its own alias."""
    engine = rules.engine(store.system)
    other = found.get(engine.same_as) if engine and engine.same_as else None
    if other is None or other is store:
        return store
    return dataclasses.replace(store, system=other.system, technology=other.technology, env=other.env)


class _StoreReader:
    def __init__(self, ev: Evaluator, table: SettingsTable, rules: StoreRules) -> None:
        self.ev, self.table, self.rules = ev, table, rules

    def read(self, row: StoreSetting, name: str) -> Iterator[DeclaredStore]:
        """The stores that one setting declares."""
        values = self.table.value(name)
        if row.shape != "aliases":
            yield from self._store(row, name, row.alias or name.lower(), values)
            return
        for mapping in _mappings(values):
            for keys, inner in mapping.items:
                alias = self.ev.constant_key(keys)
                if alias is not None:
                    yield from self._store(row, name, alias, inner)

    def _store(self, row: StoreSetting, name: str, alias: str, values: Values) -> Iterator[DeclaredStore]:
        where = self.table.where(name)
        engine = self._engine(row, values)
        if where is None or not values or (engine is None and row.shape in ("backend", "nested")):
            return
        kind = engine.kind if engine is not None and row.shape == "nested" else row.kind
        env = self._env(name, values, engine)
        if engine is None:
            yield DeclaredStore(alias, kind, f"{kind} (set where it is deployed)", kind, name, env, where)
        else:
            yield DeclaredStore(alias, kind, engine.technology, engine.system, name, env, where)

    def _env(self, name: str, values: Values, engine: Engine | None) -> str | None:
        """The variable that says where the store is: one under a key for places, one of a parsed URL, or the
        setting's own."""
        for value in values:
            inner = list(_places(value)) if isinstance(value, Mapping) else [value]
            for place in inner:
                for env in self.table.expander.envs(place):
                    return env.name
        if engine is not None and engine.system == "s3" and (bucket := self.table.env(_BUCKET)):
            return bucket
        whole = next((value.name for value in self.table.raw(name) if isinstance(value, Env)), None)
        return whole or self.table.expander.overlay(name)

    def _engine(self, row: StoreSetting, values: Values) -> Engine | None:
        """The engine: named by a class, else by the URL that deployment or a default gives, by the setting's name, by
        what only its configuration or its users have, by the variable's name; a development default comes last."""
        named = [_first(self._by_class(text) for text in _class_texts(value, row.shape)) for value in values]
        if any(named):
            return self._one_of(named)
        variables = [env.name for value in values for env in self.table.expander.envs(value)]
        urls = [text for name in variables for text in self.table.deployed(name)]
        urls += [text for value in values for text in all_texts(value)]
        by_url = [engine for url in urls if (engine := self.rules.by_scheme(scheme_of(url)))]
        settled = _first(engine for engine in by_url if not engine.development)
        if settled is not None:
            return settled
        return (
            self.rules.engine(row.system)
            or self._by_options(row.kind, values)
            or (self._by_driver(row.kind) if row.kind == "database" and row.shape == "aliases" else None)
            or (_first(self.rules.by_variable(name) for name in variables) if row.shape != "nested" else None)
            or _first(by_url)
        )

    def _one_of(self, named: Sequence[Engine | None]) -> Engine | None:
        """The engine, where settings choose among several: all of them under one name. One for development only is no
        choice."""
        every = [engine for engine in dict.fromkeys(named) if engine is not None]
        real = [engine for engine in every if not engine.development] or every[:1]
        if len(real) == 1 or len({engine.kind for engine in real}) > 1:
            return every[0] if every[0] in real else real[0]
        words = sorted(engine.technology for engine in real)
        return Engine(real[0].kind, f"{', '.join(words[:-1])} or {words[-1]}", real[0].kind)

    def _by_class(self, text: str) -> Engine | None:
        """The engine that a class's name means; for a class that was read, else what it derives from."""
        found = self.rules.by_class(text)
        if found is not None or "." not in text:
            return found
        classes = [v.target for v in self.ev.by_dotted(text) if isinstance(v, DefRef) and v.target.kind == "class"]
        outside = [name for cls in classes for name in self.ev.classes.mro(cls)[1]]
        return _first(self.rules.by_class(name) for name in outside)

    def _by_options(self, kind: str, values: Values) -> Engine | None:
        every = (*values, *self.table.changed_with(values))
        keys = {text for value in every for text in _keys(value)}
        ports = {port for value in every for port in _ports(value)}
        for engine in self.rules.engines:
            if engine.kind == kind and (keys.intersection(engine.options) or ports.intersection(engine.ports)):
                return engine
        return None

    def _by_driver(self, kind: str) -> Engine | None:
        imported = {name for module in self.ev.index.modules if module.in_repo for name in module.summary.imports}
        for engine in self.rules.engines:
            if engine.kind == kind and any(
                name == driver or name.startswith(f"{driver}.") for driver in engine.drivers for name in imported
            ):
                return engine
        return None


def _first(engines: Iterable[Engine | None]) -> Engine | None:
    return next((engine for engine in engines if engine is not None), None)


def _mappings(values: Values) -> Iterator[Mapping]:
    for value in values:
        if isinstance(value, Mapping):
            yield value
        elif isinstance(value, Env):
            yield from _mappings(value.default)


def _key(keys: Values) -> str:
    return next((k.literal for k in keys if isinstance(k, Text) and k.literal is not None), "")


def _keys(value: Value) -> Iterator[str]:
    if isinstance(value, Mapping):
        for keys, values in value.items:
            yield _key(keys)
            for inner in values:
                yield from _keys(inner)


def _ports(value: Value) -> Iterator[int]:
    if isinstance(value, Mapping):
        for keys, values in value.items:
            for inner in values:
                if _key(keys).lower() == "port":
                    yield from _numbers(inner)
                else:
                    yield from _ports(inner)


def _numbers(value: Value) -> Iterator[int]:
    if isinstance(value, Const) and isinstance(value.value, int):
        yield int(value.value)
    elif isinstance(value, Text) and value.literal is not None and value.literal.isdecimal():
        yield int(value.literal)


def _places(value: Mapping) -> Iterator[Value]:
    """What stands under keys that say where a store is."""
    for keys, values in value.items:
        for inner in values:
            if _key(keys).lower() in _PLACE_KEYS:
                yield inner
            elif isinstance(inner, Mapping):
                yield from _places(inner)


def _class_texts(value: Value, shape: str) -> Iterator[str]:
    """Texts that name an engine's class: under ENGINE, BACKEND and `class`; the whole text of a backend setting."""
    if isinstance(value, Text):
        if value.literal is not None and (shape == "backend" or "://" not in value.literal) and shape != "nested":
            yield value.literal
    elif isinstance(value, Env):
        for inner in value.default:
            yield from _class_texts(inner, shape)
    elif isinstance(value, Seq):
        for values in value.items:
            for inner in values:
                yield from _class_texts(inner, "nested")
    elif isinstance(value, Mapping):
        for keys, values in value.items:
            for inner in values:
                if _key(keys) in _ENGINE_KEYS:
                    yield from all_texts(inner)
                elif isinstance(inner, Mapping | Seq | Env):
                    yield from _class_texts(inner, "nested")

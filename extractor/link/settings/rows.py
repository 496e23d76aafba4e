"""Rows for settings that point at another system or a datastore."""

from __future__ import annotations

import re
from collections.abc import Iterator

from extractor.estate.model import Estate
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Const, Env, Seq, Text, Value
from extractor.link.naming import vendor_in, vendor_named
from extractor.link.settings.reads import setting_reads
from extractor.link.settings.stores import DeclaredStore, declared_stores
from extractor.link.settings.table import SettingsTable, all_texts
from extractor.link.systems import SystemNames
from extractor.model.graph import Setting
from extractor.model.ids import row_id, with_unique_ids
from extractor.rules.clients import RuleBook
from extractor.rules.stores import store_rules
from extractor.text.urls import EMPTY, host_of, is_example, is_local

_PLACE = re.compile(r"(^|_)(URL|URI|HOST|HOSTNAME|ENDPOINT|DSN|WEBHOOK|BUCKET|BUCKET_NAME|BROKER)(_ROOT|_BASE)?$")
_PLACE_IN = re.compile(r"(^|_)(BASE_URL|API_URL|BROKER_URL|WEBHOOK_URL|ROOT_URL|URL_ROOT)(_|$)")
_NO_PLACE = re.compile(
    r"(LOGIN|LOGOUT|REDIRECT|STATIC|MEDIA|COOKIE|SUCCESS|ERROR|FAILURE|SSL|SECURE|SUPPORT|PRIVACY|TERMS|LOGO|ICON|IMAGE"
    r"|HELP|DOCS|DOCUMENTATION|FOOTER|FEEDBACK|LEARNMORE|BANNER|SIZE)"
    r"|^(ROOT_URLCONF|APPEND_SLASH|USE_X_FORWARDED_HOST|ALLOWED_HOSTS)$"
)
_MAIL = re.compile(r"^(EMAIL_BACKEND|EMAIL_HOST|ANYMAIL)$|_EMAIL_(BACKEND|HOST)$")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?", re.IGNORECASE)
_SECRET = re.compile(r"(^|_)(KEY|TOKEN|SECRET|PASSWORD|CLIENT_ID|DSN|CREDENTIALS)(_|$)")


def settings_rows(
    ev: Evaluator, table: SettingsTable, estate: Estate, book: RuleBook, commit: str = ""
) -> tuple[Setting, ...]:
    """The settings of a service that point elsewhere, sorted by name. `commit` goes into the evidence of reads.

    The system is what the estate says of the name, else the declared datastore, else what the host of the default
    means; None when nothing tells.
    """
    return with_unique_ids(_Rows(ev, table, estate, book, commit).rows())


class _Rows:
    def __init__(self, ev: Evaluator, table: SettingsTable, estate: Estate, book: RuleBook, commit: str) -> None:
        self.table, self.estate, self.book = table, estate, book
        self.names = SystemNames(estate, book.vendors)
        self.reads = setting_reads(ev, commit)
        rules = store_rules()
        small = {engine.system for engine in rules.engines if engine.development}
        self.stores: dict[str, DeclaredStore] = {}
        for store in sorted(declared_stores(ev, table), key=lambda s: (s.system in small, s.alias != "default")):
            self.stores.setdefault(store.setting, store)
        self.store_names = {
            name: (row.system, row.kind) for row in rules.settings for name in row.names if "*" not in name
        }

    def rows(self) -> Iterator[Setting]:
        for name in self.table.names():
            where = self.table.where(name)
            if where is None or not self._points_elsewhere(name):
                continue
            table = self.table
            yield Setting(
                id=row_id("setting", table.repo, table.service, name),
                repo=table.repo,
                service=table.service,
                name=name,
                default=self._default(name),
                env=self._env(name),
                system=self._system(name),
                path=where.path,
                line=where.line,
                kind=self._kind(name),
                required=table.required(name),
                read_at=self.reads.get(name, ()),
            )

    def _points_elsewhere(self, name: str) -> bool:
        if name in self.stores or name in self.store_names or _MAIL.search(name):
            return True
        values = self.table.value(name)
        if values and all(_is_plain(value) for value in values):
            return False
        if self.estate.of_setting(self.table.repo, name) is not None:
            return True
        if self._vendor(name) is not None and _SECRET.search(name):
            return True
        if any(host_of(text) for text in self._texts(name)):
            return not _NO_PLACE.search(name) or self._known_host(name) is not None
        texts = self._texts(name)
        if not (_PLACE.search(name) or _PLACE_IN.search(name)) or _NO_PLACE.search(name):
            return False
        known = bool(texts) or self.table.env(name) is not None
        return known and not any("/" in text and not _HOST.match(text) for text in texts)

    def _default(self, name: str) -> str | None:
        """The default, unless nothing of it but punctuation is known (`://:@/`)."""
        default = self.table.default(name)
        return None if default is not None and default.startswith("://") else default

    def _env(self, name: str) -> str | None:
        store = self.stores.get(name)
        return store.env if store is not None else self.table.env(name)

    def _system(self, name: str) -> str | None:
        target = self.estate.of_setting(self.table.repo, name)
        if target is not None:
            return target.system
        store = self.stores.get(name)
        if store is not None and store.system != store.kind:
            return self.names.id_of(store.system)
        tellers = (self._mail_backend, self._known_host, self._vendor, self._other_host, self._of_variable)
        named = self.store_names.get(name, ("", ""))[0]
        found = named or next((system for tell in tellers if (system := tell(name))), None)
        return self.names.id_of(found) if found is not None else None

    def _of_variable(self, name: str) -> str | None:
        """What the estate says of the environment variable's name; else the engine that it, or the setting, names."""
        env = self.table.env(name)
        target = self.estate.of_setting(self.table.repo, env) if env is not None else None
        if target is not None:
            return target.system
        engine = store_rules().by_variable(name) or (store_rules().by_variable(env) if env is not None else None)
        return engine.system if engine is not None else None

    def _mail_backend(self, name: str) -> str | None:
        """The mail service that a backend's name means (`anymail.backends.mailgun.EmailBackend`)."""
        if not (_MAIL.search(name) and name.endswith("BACKEND")):
            return None
        return vendor_in(self._texts(name), self.book.vendors)

    def _hosts(self, name: str) -> Iterator[str]:
        for text in self._texts(name):
            host = host_of(text) or (text.split(":")[0] if _PLACE.search(name) and _HOST.fullmatch(text) else None)
            if host:
                yield host

    def _known_host(self, name: str) -> str | None:
        """The system that a host of the default means, by the estate, then by the shipped systems."""
        for host in self._hosts(name):
            target = self.names.of_host(host)
            if target is not None:
                return target.system
        return None

    def _other_host(self, name: str) -> str | None:
        hosts = (host.lower() for host in self._hosts(name))
        return next((host for host in hosts if not is_local(host) and not is_example(host)), None)

    def _vendor(self, name: str) -> str | None:
        """A shipped system whose id stands in the name as whole words (`STRIPE_API_KEY`)."""
        return vendor_named(name, (vendor for vendor in self.book.vendors.values() if vendor.hosts))

    def _texts(self, name: str) -> list[str]:
        """Literal texts that the setting itself can be, those in lists included; not those deep in mappings."""
        return [text for value in self.table.value(name) for text in _own_texts(value)]

    def _kind(self, name: str) -> str:
        store = self.stores.get(name)
        if store is not None or name in self.store_names:
            return store.kind if store is not None else self.store_names[name][1]
        if _MAIL.search(name) or name.startswith("EMAIL_HOST_"):
            return "email"
        if _PLACE.search(name) or _PLACE_IN.search(name) or any(host_of(text) for text in self._texts(name)):
            return "url"
        return "credential" if _SECRET.search(name) else "setting"


def _own_texts(value: Value) -> Iterator[str]:
    if isinstance(value, Text):
        yield "".join(part if isinstance(part, str) else EMPTY for part in value.parts)
    elif isinstance(value, Env):
        for inner in value.default:
            yield from _own_texts(inner)
    elif isinstance(value, Seq):
        yield from all_texts(value)


def _is_plain(value: Value) -> bool:
    """A number or truth value, or a variable with nothing but such defaults: it points at nothing."""
    if isinstance(value, Const):
        return value.value is not None
    return isinstance(value, Env) and bool(value.default) and all(_is_plain(inner) for inner in value.default)

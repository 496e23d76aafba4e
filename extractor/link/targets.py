"""Identity: which system a call means, and what that rests on.

In order: the library fixes it; the estate says what a setting means, or a host; a setting's default or a literal URL
names a host, known to the estate or to `rules/systems.yaml`; else the host itself is the name; else what the setting,
the field or the argument that holds the base is called. What none of these settles stays unknown: two systems are never
guessed apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from extractor.estate.model import Estate
from extractor.evaluate import folding
from extractor.evaluate.values import Env, Hole, Mapping, Text, Value, Values
from extractor.link.naming import is_telling, owner_named, vendor_in, vendor_named
from extractor.link.request import Request
from extractor.link.systems import SystemNames
from extractor.rules.clients import RuleBook
from extractor.text.urls import EMPTY, host_of, is_example, is_local

SettingValues = Callable[[str], Values]
BY_NAME = "the name of"
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?/?")
_EMAIL_SETTING = "EMAIL_BACKEND"
_ANYMAIL_SETTING = "ANYMAIL"


@dataclass(frozen=True, slots=True)
class TargetSystem:
    """A system's id (None: not known), the service in it, what that rests on, and the setting that holds the base."""

    system: str | None
    service: str | None
    known_by: str
    base_setting: str | None


class Targets:
    """Names systems for the calls of one repository."""

    def __init__(self, estate: Estate, book: RuleBook, repo: str, setting: SettingValues) -> None:
        self.estate, self.book, self.repo, self.setting = estate, book, repo, setting
        self.names = SystemNames(estate, book.vendors)

    def identify(self, request: Request, url: Text | None) -> TargetSystem:
        """The system that a call to `url` (one of the request's URLs, or None) reaches, without what names tell."""
        settings = _settings(url)
        base = settings[0] if settings else None
        if request.rule.system is not None and request.systems:
            return self._fixed(request, base)
        if url is None:
            return TargetSystem(None, None, "", None)
        host = host_of(_plain(url))
        if host:
            return self._of_host(host, "host in the code", base)
        for name in settings:
            target = self.estate.of_setting(self.repo, name)
            if target is not None:
                return TargetSystem(target.system, target.service, f"estate: setting {name}", name)
        for name, keys in _places(url):
            for host in self._hosts(name, keys, _has_scheme(url)):
                vendor = vendor_named(name, self.book.vendors.values()) if self.names.of_host(host) is None else None
                if vendor is not None and not is_local(host):  # a host of one's own that runs it
                    return self._named(vendor, Hole("setting", name), name)
                return self._of_host(host, f"default of setting {name}", name)
        return TargetSystem(None, None, "", base)

    def _hosts(self, name: str, keys: Sequence[str], bare: bool) -> tuple[str, ...]:
        """The hosts in what a setting is, or in the item of it under these keys; those kept for examples left out.
        Under a key that is not known stands that of one of several, and nobody knows which. `bare`: what it is may be a
        host alone, as the URL has its scheme in front of it."""
        texts = setting_texts(folding.under_keys(self.setting(name), keys))
        hosts = dict.fromkeys(host_of(text) or (_bare_host(text) if bare else "") for text in texts)
        found = tuple(host for host in hosts if host and not is_example(host, reserved=True))
        return () if folding.ANY_KEY in keys and len(found) > 1 else found

    def by_name(self, url: Text | None, who: TargetSystem, around: tuple[str, ...] = ()) -> TargetSystem:
        """The system that names tell, for a call that is `who` without them: a well-known system that a setting, field
        or argument of the URL names; else the owner of the address that the base says it is; else a well-known system
        that a function or class `around` the call is named after."""
        holes = [part for part in url.parts if isinstance(part, Hole)] if url is not None else []
        for hole in holes:
            if hole.kind != "unknown":
                vendor = vendor_named(hole.name, self.book.vendors.values())
                if vendor is not None:
                    return self._named(vendor, hole, who.base_setting)
        head = _head(url)
        owner = self._owner(head, len(holes) == 1 and url == Text((head,))) if head is not None else None
        if head is not None and owner and not self._is_known(owner):
            return self._named(owner, head, who.base_setting)
        telling = [vendor for vendor in self.book.vendors.values() if is_telling(vendor)]
        for name in around:
            if "webhook" in name.lower():  # what comes from there, not what goes to it
                continue
            vendor = vendor_named(name, telling)
            if vendor is not None:
                return self._named(vendor, Hole("function", name), who.base_setting)
        return who

    def _owner(self, head: Hole, is_whole: bool) -> str | None:
        """Whose address a URL starts with; `is_whole`: there is nothing behind it."""
        if head.kind in ("setting", "env"):
            keys = [key for key in head.name.split(".") if key != folding.ANY_KEY]
            return (owner_named(".".join(keys[-2:]), is_key=True) if len(keys) > 1 else None) or owner_named(keys[0])
        if head.kind == "arg" and "." in head.name:
            return owner_named(".".join(head.name.split(".")[-2:]), is_page=is_whole)
        return owner_named(head.name) if head.kind == "field" else None

    def _named(self, system: str, hole: Hole, base: str | None) -> TargetSystem:
        kind = {"env": "variable", "arg": "argument"}.get(hole.kind, hole.kind)
        return TargetSystem(self.names.id_of(system), None, f"{BY_NAME} {kind} {hole.name}", base)

    def _is_known(self, owner: str) -> bool:
        """True when the estate has a system of this name: which of its deployments is meant, only a hint tells."""
        plain = owner.replace("-", "")
        return any(system.id.replace("-", "") == plain for system in self.estate.systems)

    def _fixed(self, request: Request, base: str | None) -> TargetSystem:
        system = request.rule.system_of(request.systems[0])
        if system == "email":
            return self._email(request, base)
        return TargetSystem(self.names.id_of(system), None, f"library rule {request.rule.rule}", base)

    def _email(self, request: Request, base: str | None) -> TargetSystem:
        """Which service sends e-mail stands in the backend's name; Anymail's messages go where its settings say."""
        if request.via.startswith("anymail."):
            for value in self.setting(_ANYMAIL_SETTING):
                for keys in (keys for keys, _values in value.items) if isinstance(value, Mapping) else ():
                    vendor = vendor_in(setting_texts(keys), self.book.vendors)
                    if vendor is not None:
                        return TargetSystem(
                            self.names.id_of(vendor), None, f"setting {_ANYMAIL_SETTING}", _ANYMAIL_SETTING
                        )
        vendor = vendor_in(setting_texts(self.setting(_EMAIL_SETTING)), self.book.vendors)
        if vendor is not None:
            return TargetSystem(self.names.id_of(vendor), None, f"setting {_EMAIL_SETTING}", _EMAIL_SETTING)
        return TargetSystem("email", None, "library rule: e-mail", _EMAIL_SETTING)

    def handed_over(self, request: Request, who: TargetSystem) -> tuple[str, str] | None:
        """The method and URL by which an e-mail goes to a vendor whose API the settings name as the backend."""
        vendor = self.book.vendors.get(who.system or "") if "email" in request.systems else None
        if vendor is None or not vendor.sends:
            return None
        method, url = vendor.sends.split(" ", 1)
        return method, url

    def _of_host(self, host: str, by: str, base: str | None) -> TargetSystem:
        target = self.names.of_host(host)
        if target is not None:
            return TargetSystem(target.system, target.service, f"{by}: {host}", base)
        if is_local(host):
            return TargetSystem(None, None, f"{by}: {host} is a local name", base)
        return TargetSystem(host.lower(), None, f"{by}: {host}", base)


def _head(url: Text | None) -> Hole | None:
    """The hole that a URL starts with, behind a scheme at most."""
    parts = url.parts if url is not None else ()
    if parts[:1] in (("https://",), ("http://",)):
        parts = parts[1:]
    return parts[0] if parts and isinstance(parts[0], Hole) else None


def _settings(url: Text | None) -> tuple[str, ...]:
    if url is None:
        return ()
    names = [p.name.split(".")[0] for p in url.parts if isinstance(p, Hole) and p.kind in ("setting", "env")]
    return tuple(dict.fromkeys(names))


def _has_scheme(url: Text) -> bool:
    return url.parts[:1] in (("https://",), ("http://",))


def _bare_host(text: str) -> str:
    """The host that a text is, without a scheme; "" when it is something else."""
    return host_of(text, bare=True) if _HOST.fullmatch(text) else ""


def _places(url: Text) -> list[tuple[str, list[str]]]:
    """The settings in a URL, each with the keys under which the part stands."""
    names = [p.name.split(".") for p in url.parts if isinstance(p, Hole) and p.kind in ("setting", "env")]
    return [(name, keys) for name, *keys in names]


def _plain(url: Text) -> str:
    return "".join(part if isinstance(part, str) else EMPTY for part in url.parts)


def setting_texts(values: Iterable[Value]) -> list[str]:
    """The literal texts that a setting's values can be, defaults of environment variables included."""
    out: list[str] = []
    for value in values:
        if isinstance(value, Text):
            out.append(_plain(value))
        elif isinstance(value, Env):
            out += setting_texts(value.default)
        elif isinstance(value, Mapping):
            out += [t for _keys, inner in value.items for t in setting_texts(inner)]
    return out


def without_env(values: Values) -> Values:
    """Values with environment variables replaced by their defaults."""
    out: list[Value] = []
    for value in values:
        out += without_env(value.default) if isinstance(value, Env) else (value,)
    return tuple(out)

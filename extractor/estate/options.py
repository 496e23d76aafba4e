"""What a run's options change in an estate: where its sources are read, and which of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UserError
from extractor.estate.model import Estate, Repository, System
from extractor.files.yaml import nearest
from extractor.sources.spec import web_template
from extractor.text.shapes import masked_literal

_OVERRIDE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class SourceOverride:
    """`--source NAME=URL[@REF]`: another place to read a system from, for one run."""

    name: str
    url: str
    ref: str = "HEAD"


def parse_source_override(text: str) -> SourceOverride:
    """`NAME=PATH_OR_URL[@REF]` in its parts. An `@` of an address (`git@host:...`, a directory's name) is no ref.

    Raises UserError when it is not of that form.
    """
    name, equals, rest = text.partition("=")
    told = masked_literal(text)
    if not equals or not rest or not _OVERRIDE_NAME.fullmatch(name):
        raise UserError(f"--source {told!r} is not of the form NAME=PATH_OR_URL[@REF]", "for example shop=../shop@main")
    url, ref = _split_ref(rest)
    if not url or not ref:
        raise UserError(
            f"--source {told!r} names no {'address' if ref else 'ref after its @'}", "NAME=PATH_OR_URL[@REF]"
        )
    return SourceOverride(name, url, ref)


def apply_overrides(estate: Estate, overrides: Sequence[SourceOverride]) -> Estate:
    """The estate with other places to read from. Links still lead to the web host of the estate's own repository.

    Raises UserError for a name that is no system of the estate, or is given twice.
    """
    names = [override.name for override in overrides]
    for name in names:
        if estate.system(name) is None:
            hint = nearest(name, (system.id for system in estate.systems))
            raise UserError(
                f"--source {name}: the estate has no system of that name", hint or "add it to the estate file"
            )
        if names.count(name) > 1:
            raise UserError(f"--source {name} is given twice", "give it once")
    by_name = {override.name: override for override in overrides}
    systems = tuple(_overridden(s, by_name[s.id]) if s.id in by_name else s for s in estate.systems)
    return dataclasses.replace(estate, systems=systems)


def estate_of(overrides: Sequence[SourceOverride]) -> Estate:
    """An estate of nothing but the sources given: what is scanned when there is no estate file."""
    systems = tuple(
        System(o.name, o.name, kind="system", repository=Repository(o.url, o.ref))
        for o in sorted(overrides, key=lambda override: override.name)
    )
    return Estate(title=", ".join(system.name for system in systems), systems=systems)


def only(estate: Estate, names: Iterable[str]) -> Estate:
    """The estate in which only the named systems are read; the others stay known from outside.

    Raises UserError for a name that has no repository.
    """
    wanted = set(names)
    readable = [spec.name for spec in estate.sources()]
    for name in sorted(wanted - set(readable)):
        hint = nearest(name, readable) or f"one of {', '.join(readable)}"
        raise UserError(f"--only {name}: no system of that name has a repository", hint)
    systems = (s if s.id in wanted else dataclasses.replace(s, repository=None) for s in estate.systems)
    return dataclasses.replace(estate, systems=tuple(systems))


def _overridden(system: System, override: SourceOverride) -> System:
    before = system.repository
    web = (before.web or web_template(before.url)) if before else None
    return dataclasses.replace(system, repository=Repository(override.url, override.ref, web))


def _split_ref(text: str) -> tuple[str, str]:
    """An address and the ref behind its last `@` that is not part of the address; HEAD when there is none."""
    if Path(text).expanduser().exists():
        return text, "HEAD"
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*/?", text)
    scp = None if scheme else re.match(r"[\w.+-]+@[\w.-]+:", text)
    start = (scheme or scp).end() if scheme or scp else 0  # type: ignore[union-attr]
    at_signs = [at for at in range(len(text) - 1, start - 1, -1) if text[at] == "@" and text[at - 1 : at] != "/"]
    if not scheme and not scp:
        at_signs = [at for at in at_signs if Path(text[:at]).expanduser().exists()] or at_signs
    return (text[: at_signs[0]], text[at_signs[0] + 1 :]) if at_signs else (text, "HEAD")

"""The nightly configuration: where things are kept and published, how often to try, whom to tell what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from c4trace.snapshots.retention import Retention
from c4trace.snapshots.spec import state_dir
from extractor.files.shipped import read_schema
from extractor.files.yaml import Document, Fault, read_yaml, refuse

# What a hook can be told of. `brittle`: a new brittle link at or above the hook's severity; `gate`: the policy was
# breached; `stale`: a source could no longer be reached; `failed`: the run failed; `changed`: anything changed.
EVENTS = ("brittle", "gate", "stale", "failed", "changed")


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """How often a source is tried, and how long is waited (seconds, doubling from the first to the longest)."""

    attempts: int = 4
    first_wait: float = 2
    longest_wait: float = 60


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook. `url_env` and `token_env` name environment variables; neither value is ever kept or printed."""

    name: str
    url_env: str
    token_env: str = ""
    shape: str = "json"
    when: tuple[str, ...] = ("brittle", "gate", "stale", "failed")
    severity: str = "medium"


@dataclass(frozen=True, slots=True)
class NightlyConfig:
    """What a nightly run goes by. `sources` are pairs of a source's name and what replaces its address."""

    estate: Path | None = None
    sources: tuple[tuple[str, str], ...] = ()
    out: Path = Path("out")
    state: Path = Path(".c4trace")
    baseline: Path | None = None
    site_url: str = ""
    metrics: Path | None = None
    feed_entries: int = 50
    fetch: FetchPolicy = field(default_factory=FetchPolicy)
    retention: Retention = field(default_factory=Retention)
    hooks: tuple[Hook, ...] = ()


def load_config(path: Path) -> NightlyConfig:
    """The configuration in a YAML file; paths in it are relative to the file. Raises UserError naming every fault."""
    document = read_yaml(path, read_schema("nightly"))
    refuse(path, list(_faults(document)))
    return _read(document.data, path.resolve().parent)


def _faults(document: Document) -> Iterator[Fault]:
    """What the schema cannot say, or would say with the value: an address may stand where a name should."""
    names: set[str] = set()
    for at, hook in enumerate(document.data.get("notify", ())):
        if hook["name"] in names:
            yield document.fault(("notify", at, "name"), f"two hooks are named {hook['name']!r}")
        names.add(hook["name"])
        for key in ("url_env", "token_env"):
            if not _VARIABLE.fullmatch(hook.get(key, "X")):
                yield document.fault(("notify", at, key), "must be the name of an environment variable, not its value")


def _read(data: Mapping[str, Any], base: Path) -> NightlyConfig:
    given: dict[str, Any] = {key: data[key] for key in ("site_url", "feed_entries") if key in data}
    given |= {key: base / data[key] for key in ("estate", "out", "state", "metrics", "baseline") if key in data}
    if "state" not in data:
        given["state"] = state_dir()
    if "sources" in data:
        given["sources"] = tuple(sorted(data["sources"].items()))
    return NightlyConfig(
        **given,
        fetch=FetchPolicy(**data.get("fetch", {})),
        retention=Retention(**data.get("retention", {})),
        hooks=tuple(_hook(hook) for hook in data.get("notify", ())),
    )


def _hook(data: Mapping[str, Any]) -> Hook:
    given: dict[str, Any] = {**data, "when": tuple(data["when"])} if "when" in data else dict(data)
    return Hook(**given)

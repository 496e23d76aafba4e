"""The nightly configuration: where things are kept and published, how often to try, whom to tell what."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from c4trace.retention import Retention
from extractor.errors import UserError

# What a hook can be told of. `brittle`: a new brittle link at or above the hook's severity; `gate`: the policy was
# breached; `stale`: a source could no longer be reached; `failed`: the run failed; `changed`: anything changed.
EVENTS = ("brittle", "gate", "stale", "failed", "changed")


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """How often a source is tried, and how long is waited (seconds, doubling from the first to the longest)."""

    attempts: int = 4
    first_wait: float = 2.0
    longest_wait: float = 60.0


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
    site_url: str = ""
    metrics: Path | None = None
    feed_entries: int = 50
    fetch: FetchPolicy = field(default_factory=FetchPolicy)
    retention: Retention = field(default_factory=Retention)
    hooks: tuple[Hook, ...] = ()


def load_config(path: Path) -> NightlyConfig:
    """The configuration in a YAML file; paths in it are relative to the file. Raises UserError naming every fault."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the configuration {path} cannot be read: {error}", "name it with --config") from error
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f", line {place.line + 1}" if place else ""
        raise UserError(f"the configuration {path} is no YAML{line}", "mend it there") from error
    data = {} if data is None else data
    faults = sorted(_faults(data))
    if faults:
        raise UserError(f"the configuration {path}: {'; '.join(faults)}", "docs/nightly.md lists what may stand there")
    return _read(data, path.resolve().parent)


def _faults(data: object) -> Iterable[str]:
    schema = json.loads(files("c4trace.nightly").joinpath("config.schema.json").read_text(encoding="utf-8"))
    for error in jsonschema.Draft202012Validator(schema).iter_errors(data):
        where = ".".join(str(part) for part in error.absolute_path) or "the top"
        if error.validator == "additionalProperties":
            known = error.schema.get("properties", {})
            yield from (_unknown(where, str(key), known) for key in error.instance if key not in known)
        elif error.validator == "pattern":
            # The value is not shown: it may be a webhook's address where its variable's name should stand.
            yield f"at {where}: does not match {error.validator_value}"
        else:
            yield f"at {where}: {error.message}"
    hooks = data.get("notify") if isinstance(data, dict) else None
    names = [str(hook.get("name")) for hook in hooks if isinstance(hook, dict)] if isinstance(hooks, list) else []
    yield from (f"at notify: two hooks are named {name!r}" for name in sorted(set(names)) if names.count(name) > 1)


def _unknown(where: str, key: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(key, list(known), n=1)
    return f"at {where}: unknown key {key!r}" + (f", did you mean {near[0]!r}?" if near else "")


def _read(data: Mapping[str, Any], base: Path) -> NightlyConfig:
    given: dict[str, Any] = {key: data[key] for key in ("site_url", "feed_entries") if key in data}
    given |= {key: base / data[key] for key in ("estate", "out", "state", "metrics") if key in data}
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

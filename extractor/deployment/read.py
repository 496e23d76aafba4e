"""The way in: a repository's deployment files to its runtime, and deployment files to the values they give."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from posixpath import basename, normpath

from extractor.deployment import dockerfile, gateways, nginx
from extractor.deployment.commands import Scripts, program
from extractor.deployment.compose import ComposeReader
from extractor.deployment.crontab import crontab_units, is_crontab
from extractor.deployment.images import image_role
from extractor.deployment.kubernetes import is_kubernetes, kubernetes_units
from extractor.deployment.procfile import app_json_units, formation, is_procfile, procfile_units
from extractor.deployment.services import is_service_file, service_units
from extractor.deployment.units import EnvValue, Runtime, Unit, UnreadableFile, Upstream, is_compose, kinds, passed_over
from extractor.deployment.values import (
    env_value,
    is_env_file,
    read_app_json_env,
    read_env_file,
    read_values,
    with_defaults,
)
from extractor.deployment.yaml_nodes import YamlMapping, documents
from extractor.model.graph import Skip
from extractor.text.masking import masked_text

_MAX_SCRIPT = 16 * 1024


def is_runtime_file(path: str) -> bool:
    """Whether `read_runtime` can make use of the file at `path`; scripts count, since commands name them."""
    if passed_over(path):
        return False
    return _is_statement(path) or is_env_file(path) or _is_script(path)


def read_runtime(files: Mapping[str, bytes]) -> Runtime:
    """What the files of one repository say of its deployment. Files of other kinds are passed over.

    Of two processes with one name, both are kept: each says where it stands and in what kind of file.
    """
    kept = {path: files[path] for path in sorted(files) if is_runtime_file(path)}
    kind = kinds(path for path in kept if _is_statement(path) or is_env_file(path))
    reader = ComposeReader(kept, kind, _scripts(kept))
    processes = frozenset(
        row.partition(b":")[0].decode("utf-8", "replace")
        for path in kept
        if is_procfile(path)
        for row in kept[path].splitlines()
    )
    units: list[Unit] = []
    upstreams: list[Upstream] = []
    skipped: list[Skip] = []
    for path in kept:
        try:
            if is_env_file(path):
                read_env_file(path, kept[path], kind[path])  # for the report: its values ride on the units
            units += _units(path, reader, processes)
            upstreams += nginx.upstreams(path, kept[path], kind[path]) if nginx.is_nginx(path) else ()
            upstreams += gateways.gateway_upstreams(path, kept[path], kind[path]) if gateways.is_gateway(path) else ()
        except UnreadableFile as error:
            skipped.append(Skip(path, str(error)))
    units.sort(key=lambda unit: (unit.path, unit.line, unit.name))
    counted = _with_replicas(units, kept)
    return Runtime(tuple(counted), tuple(_named(upstream, counted) for upstream in upstreams), tuple(skipped))


def deployment_values(files: Mapping[str, bytes]) -> tuple[EnvValue, ...]:
    """The values that deployment files give, by path and line, secrets masked; see `read_values` for their names.

    Env files, compose files, app.json and Dockerfiles give variables; any other YAML or JSON file is a values file,
    flattened. Files that cannot be read give nothing here; `unreadable_values` names them.
    """
    return _values(files)[0]


def unreadable_values(files: Mapping[str, bytes]) -> tuple[Skip, ...]:
    """The files that `deployment_values` could not read, and why."""
    return _values(files)[1]


def _values(files: Mapping[str, bytes]) -> tuple[tuple[EnvValue, ...], tuple[Skip, ...]]:
    kind = kinds(files)
    found: list[EnvValue] = []
    skipped: list[Skip] = []
    reader = ComposeReader(files, kind, lambda name: None)
    for path in sorted(files):
        try:
            found += _values_of(path, files[path], kind[path], reader)
        except UnreadableFile as error:
            skipped.append(Skip(path, str(error)))
    return tuple(sorted(found, key=lambda value: (value.path, value.line, value.name))), tuple(skipped)


def _values_of(path: str, data: bytes, kind: str, reader: ComposeReader) -> Iterable[EnvValue]:
    if is_env_file(path):
        return read_env_file(path, data, kind)
    if is_compose(path):
        return reader.values(path)
    if basename(path) == "app.json":
        return read_app_json_env(path, data, kind)
    if dockerfile.is_dockerfile(path):
        return _image_env(dockerfile.shipped(dockerfile.stages(data)), path, kind)
    if path.endswith((".yml", ".yaml", ".json")):
        return read_values(path, data, kind)
    return ()


def _is_statement(path: str) -> bool:
    readers: tuple[Callable[[str], bool], ...] = (
        is_compose,
        is_procfile,
        dockerfile.is_dockerfile,
        nginx.is_nginx,
        gateways.is_gateway,
        is_service_file,
        is_crontab,
        is_kubernetes,
    )
    return basename(path) == "app.json" or any(reads(path) for reads in readers)


def _is_script(path: str) -> bool:
    in_bin = re.search(r"(^|/)(bin|scripts)/[^/.]+$", path) is not None
    return in_bin or path.endswith(".sh") or basename(path) in ("entrypoint", "docker-entrypoint")


def _scripts(files: Mapping[str, bytes]) -> Scripts:
    """Finds a script by the path a command names it with, leading folders of the image dropped one by one."""
    known = {path for path in files if _is_script(path)}

    @functools.cache
    def look_up(name: str) -> str | None:
        parts = normpath(name).split("/")
        for at in range(len(parts)):
            path = "/".join(parts[at:])
            if path in known and len(files[path]) <= _MAX_SCRIPT:
                return files[path].decode("utf-8", "replace")
        return None

    return look_up


def _units(path: str, reader: ComposeReader, processes: frozenset[str]) -> tuple[Unit, ...]:
    data, kind = reader.files[path], reader.kinds.get(path, "deployment")
    if is_compose(path):
        return reader.units(path)
    if is_procfile(path):
        return procfile_units(path, data, kind, reader.scripts)
    if basename(path) == "app.json":
        return app_json_units(path, data, kind, processes)
    if dockerfile.is_dockerfile(path):
        return _image_units(path, data, kind, reader.scripts)
    if is_crontab(path):
        return crontab_units(path, data, kind, reader.scripts)
    if is_service_file(path):
        return service_units(path, data, kind, reader.scripts)
    if is_kubernetes(path) and not gateways.is_gateway(path):
        return kubernetes_units(path, data, kind, reader.scripts)
    return ()


def _image_units(path: str, data: bytes, kind: str, scripts: Scripts) -> tuple[Unit, ...]:
    """The image a Dockerfile builds, as a unit, when it says what it runs."""
    stage = dockerfile.shipped(dockerfile.stages(data))
    found = program(stage.command, scripts)
    role, technology = image_role(stage.base)
    if not stage.command and role not in ("proxy", "database", "cache", "queue", "search"):
        return ()
    env = tuple(_image_env(stage, path, kind))
    settings = found.settings_module or next((e.value for e in env if e.name == "DJANGO_SETTINGS_MODULE"), "")
    if found.role and found.role != role:
        role, technology = found.role, found.technology
    return (
        Unit(
            name=dockerfile.image_name(path),
            role=role or "other",
            technology=technology,
            command=masked_text(stage.command),
            image=stage.base,
            queues=found.queues,
            app=found.app,
            settings_module=settings,
            ports=tuple(with_defaults(port) for port in stage.ports),
            depends_on=(),
            env=env,
            path=path,
            line=stage.line,
            profile="",
            kind=kind,
            beat=found.beat,
            fronts=found.fronts,
        ),
    )


def _image_env(stage: dockerfile.Stage, path: str, kind: str) -> Iterable[EnvValue]:
    latest = {name: env_value(name, value, path, line, kind) for name, value, line in stage.env}
    return (latest[name] for name in sorted(latest))


def _with_replicas(units: list[Unit], files: Mapping[str, bytes]) -> list[Unit]:
    """Process counts of app.json's formation on the Procfile's units."""
    counts: dict[str, int | None] = {}
    for path in files:
        if basename(path) == "app.json":
            try:
                roots = documents(files[path])
            except UnreadableFile:
                continue  # reported where its units are read
            counts.update(
                {name: n for root in roots if isinstance(root, YamlMapping) for name, n, _ in formation(root)}
            )
    return [replace(u, replicas=counts[u.name]) if is_procfile(u.path) and u.name in counts else u for u in units]


def _named(upstream: Upstream, units: list[Unit]) -> Upstream:
    """The upstream with the unit its host names. A variable is looked up in the environments of the proxies."""
    env = {value.name: value.value for unit in units if unit.role == "proxy" for value in unit.env}
    target = re.sub(r"\$\{(\w+)(?::-[^}]*)?\}", lambda m: env.get(m.group(1), m.group(0)), upstream.target)
    known = replace(upstream, resolved=with_defaults(target))
    return replace(known, unit=known.host if any(unit.name == known.host for unit in units) else "")

"""Compose files: services to units, with merge keys, `extends`, env files and the Dockerfiles they build.

Format: the Compose Specification, "Services top-level element". The older form with services at the top is read too.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from posixpath import dirname, join, normpath

from extractor.deployment import dockerfile
from extractor.deployment.commands import Program, Scripts, as_line, program
from extractor.deployment.images import image_role
from extractor.deployment.units import EnvValue, Unit, UnreadableFile
from extractor.deployment.values import env_value, read_env_file, with_defaults
from extractor.deployment.yaml_nodes import Items, Scalar, Tree, YamlMapping, documents, text_of, texts_of
from extractor.text.masking import masked_text

_MAX_EXTENDS = 8
_MAX_SERVICES = 500
_JOINED = ("ports", "depends_on", "links", "env_file", "profiles", "environment")


@dataclass(frozen=True, slots=True)
class ComposeReader:
    """What a compose file needs of its surroundings: the repository's files, their kinds, and its shell scripts."""

    files: Mapping[str, bytes]
    kinds: Mapping[str, str]
    scripts: Scripts

    def units(self, path: str) -> tuple[Unit, ...]:
        """A unit for each service that says what it runs. Raises Unreadable.

        A service with neither image, build nor command (in an override file, say) only adds to another file's service
        and is none of its own.
        """
        found = []
        for name, (service, line) in self._services(path).items():
            if isinstance(service, YamlMapping):
                whole, home = self._extended(path, name, service, 0)
                if any(whole.get(key) for key in ("image", "build", "command", "entrypoint")):
                    found.append(self._unit(path, name, whole, service, line, home))
        return tuple(found)

    def values(self, path: str) -> tuple[EnvValue, ...]:
        """The environment of every service, each variable once for each line that sets it. Raises Unreadable."""
        found: dict[EnvValue, None] = {}
        for service, _ in self._services(path).values():
            if isinstance(service, YamlMapping):
                found.update(dict.fromkeys(_environment(service.get("environment"), path, self._kind(path))))
        return tuple(found)

    def _kind(self, path: str) -> str:
        return self.kinds.get(path, "deployment")

    def _services(self, path: str) -> dict[str, tuple[Tree, int]]:
        roots = documents(self.files[path])
        root = roots[0] if roots else None
        if not isinstance(root, YamlMapping):
            raise UnreadableFile("not a compose file (no mapping)")
        services = root.get("services")
        if isinstance(services, YamlMapping):
            if len(services.rows) > _MAX_SERVICES:
                raise UnreadableFile(f"more than {_MAX_SERVICES} services")
            return services.rows
        if "services" in root.rows or "version" in root.rows or len(root.rows) > _MAX_SERVICES:
            return {}
        return {
            name: row
            for name, row in root.rows.items()
            if isinstance(row[0], YamlMapping) and not name.startswith("x-")
        }

    def _extended(self, path: str, name: str, service: YamlMapping, depth: int) -> tuple[YamlMapping, str]:
        """The service over what it extends, and the file whose folder its build context is relative to."""
        extends = service.get("extends")
        if extends is None or depth >= _MAX_EXTENDS:
            return service, path
        other = text_of(extends.get("service")) if isinstance(extends, YamlMapping) else text_of(extends)
        file = text_of(extends.get("file")) if isinstance(extends, YamlMapping) else ""
        target = normpath(join(dirname(path), file)) if file else path
        if target not in self.files or (target == path and other == name):
            return service, path
        try:
            row = self._services(target).get(other)
        except UnreadableFile:
            return service, path
        if row is None or not isinstance(row[0], YamlMapping):
            return service, path
        base, home = self._extended(target, other, row[0], depth + 1)
        return _merged(base, service), path if service.get("build") else home

    def _unit(self, path: str, name: str, service: YamlMapping, own: YamlMapping, line: int, home: str) -> Unit:
        """A service as a unit; `own` is what the file itself says of it, without what it extends."""
        kind = self._kind(path)
        env = self._all_env(path, service, kind)
        stage = self._built(home, service)
        command = f"{_command(service.get('entrypoint'))} {_command(service.get('command'))}".strip()
        image = with_defaults(text_of(service.get("image")))
        base = image or (stage.base if stage else "")
        found = program(command or (stage.command if stage else ""), self.scripts)
        role, technology = _identity(found, image, base)
        settings = found.settings_module or next((e.value for e in env if e.name == "DJANGO_SETTINGS_MODULE"), "")
        return Unit(
            name=name,
            role=role,
            technology=technology,
            command=masked_text(with_defaults(command)),
            image=masked_text(base),
            queues=found.queues,
            app=found.app,
            settings_module=settings,
            ports=_ports(service.get("ports")),
            depends_on=_depends(service),
            env=env,
            path=path,
            line=line,
            profile=",".join(texts_of(service.get("profiles"))),
            kind=kind,
            beat=found.beat,
            replicas=_replicas(service),
            fronts=found.fronts,
            ports_line=_line_of(own.get("ports")),
            needs=_needs(own),
        )

    def _all_env(self, path: str, service: YamlMapping, kind: str) -> tuple[EnvValue, ...]:
        """The variables of the service: `environment` over its env files, the later file over the earlier."""
        env: dict[str, EnvValue] = {}
        for file in dict.fromkeys(_env_files(service.get("env_file"))):
            target = normpath(join(dirname(path), file))
            if target in self.files:
                with suppress(UnreadableFile):  # reported where the env file itself is read
                    env.update((v.name, v) for v in read_env_file(target, self.files[target], self._kind(target)))
        for value in _environment(service.get("environment"), path, kind):
            env[value.name] = value
        return tuple(env[name] for name in sorted(env))

    def _built(self, home: str, service: YamlMapping) -> dockerfile.Stage | None:
        """The stage that `build` names, when its Dockerfile is among the files."""
        build = service.get("build")
        if build is None:
            return None
        table = build if isinstance(build, YamlMapping) else None
        context = text_of(table.get("context")) if table else text_of(build)
        name = (text_of(table.get("dockerfile")) if table else "") or "Dockerfile"
        target = normpath(join(dirname(home), with_defaults(context) or ".", with_defaults(name)))
        if target not in self.files:
            return None
        try:
            found = dockerfile.stages(self.files[target])
        except UnreadableFile:
            return None  # reported where the Dockerfile itself is read
        return dockerfile.shipped(found, text_of(table.get("target")) if table else "")


def _identity(found: Program, image: str, base: str) -> tuple[str, str]:
    """Role and technology. A known image of a backing service says more than its command; a base image says less."""
    role, technology = image_role(base) if base else ("", "")
    backing = role not in ("", "frontend") and (bool(image) or not found.role or found.role == role)
    if backing or (role == found.role and role):
        return role, technology
    return found.role or role or "other", found.technology or technology


def _merged(base: YamlMapping, over: YamlMapping) -> YamlMapping:
    """`over` on top of `base` as `extends` does it: what is in _JOINED is joined, everything else replaced."""
    rows = {**base.rows, **over.rows}
    for key in _JOINED:
        below, above = base.rows.get(key), over.rows.get(key)
        if below and above:
            rows[key] = (_joined(below[0], above[0]), above[1])
    return YamlMapping(rows, over.line)


def _joined(below: Tree, above: Tree) -> Tree:
    if isinstance(below, YamlMapping) and isinstance(above, YamlMapping):
        return YamlMapping({**below.rows, **above.rows}, above.line)
    return Items((*_entries(below), *_entries(above)), above.line)


def _entries(tree: Tree) -> tuple[Tree, ...]:
    """A tree as a list: a table of variables as `NAME=value` texts."""
    if isinstance(tree, YamlMapping):
        return tuple(
            Scalar(f"{key}={value.text}" if isinstance(value, Scalar) and not value.null else key, line)
            for key, (value, line) in tree.rows.items()
        )
    return tree.items if isinstance(tree, Items) else (tree,)


def _environment(tree: Tree | None, path: str, kind: str) -> list[EnvValue]:
    """Variables with a value, from a table or a list of `NAME=value`. One without a value is taken from the shell."""
    found = []
    if isinstance(tree, YamlMapping):
        for name, (value, line) in tree.rows.items():
            if isinstance(value, Scalar) and not value.null:
                found.append(env_value(name, value.text, path, line, kind))
    elif isinstance(tree, Items):
        for item in tree.items:
            name, equals, text = text_of(item).partition("=")
            if equals:
                found.append(env_value(name.strip(), text, path, item.line, kind))
    return found


def _env_files(tree: Tree | None) -> list[str]:
    items = tree.items if isinstance(tree, Items) else (tree,) if tree else ()
    return [text_of(item.get("path")) if isinstance(item, YamlMapping) else text_of(item) for item in items]


def _command(tree: Tree | None) -> str:
    if isinstance(tree, Items):
        return as_line(texts_of(tree))
    return " ".join(text_of(tree).split())


def _ports(tree: Tree | None) -> tuple[str, ...]:
    ports = []
    for item in tree.items if isinstance(tree, Items) else ():
        if isinstance(item, YamlMapping):
            published, target = with_defaults(text_of(item.get("published"))), text_of(item.get("target"))
            ports.append(f"{published}:{target}" if published else target)
        else:
            ports.append(with_defaults(text_of(item)))
    return tuple(ports)


def _depends(service: YamlMapping) -> tuple[str, ...]:
    """The services named by `depends_on` and by the older `links` (`service:alias`)."""
    links = (link.partition(":")[0] for link in texts_of(service.get("links")))
    return tuple(sorted({*texts_of(service.get("depends_on")), *links}))


def _needs(service: YamlMapping) -> tuple[tuple[str, int], ...]:
    """The names of `depends_on` and `links`, each with its line."""
    found: dict[str, int] = {}
    for tree in (service.get("depends_on"), service.get("links")):
        if isinstance(tree, YamlMapping):
            found.update((name, line) for name, (_value, line) in tree.rows.items())
        elif isinstance(tree, Items):
            found.update((text_of(item).partition(":")[0], item.line) for item in tree.items)
    return tuple(sorted(found.items()))


def _line_of(tree: Tree | None) -> int:
    return tree.line if tree is not None else 0


def _replicas(service: YamlMapping) -> int | None:
    deploy = service.get("deploy")
    text = text_of(service.get("scale")) or (text_of(deploy.get("replicas")) if isinstance(deploy, YamlMapping) else "")
    return int(text) if text.isascii() and text.isdigit() else None

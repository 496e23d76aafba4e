"""Kubernetes manifests and Helm values: the commands that their containers are given, as units.

Formats: Kubernetes' API (`command` and `args` of a container; the two make one command line), and values files of Helm
charts, which have the same two by custom, under any key. Templates are not read: what they say stands in the values.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from posixpath import basename, dirname

from extractor.deployment.commands import Program, Scripts, as_line, program, unit_running
from extractor.deployment.units import Unit
from extractor.deployment.values import with_defaults
from extractor.deployment.yaml_nodes import Items, Tree, YamlMapping, documents, text_of, texts_of
from extractor.rules.deployment import deployment_rules
from extractor.text.masking import masked_text
from extractor.text.words import words_of

_VALUES = re.compile(r"values([-_.].*)?\.ya?ml|.*[-_.]values\.ya?ml")
_FOLDERS = frozenset({"k8s", "kubernetes", "kube", "manifests", "kustomize", "helm", "charts", "deploy", "deployment"})
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "CronJob"})
_TEMPLATE = re.compile(rb"\{\{")
_RUN = ("worker", "beat", "web", "command")
_MAX_DEPTH = 12
_CRON = re.compile(r"\s*(?:@\w+|\S+(?:\s+\S+){4})\s*")
# Keys that hold a container or its parts and do not name it.
_UNNAMED = frozenset({"container", "containers", "extraContainers", "deployment", "spec", "template", "image", "pod"})


def is_kubernetes(path: str) -> bool:
    """Whether the file is a manifest or a values file by its name or folder; charts' own templates are not."""
    if not path.endswith((".yaml", ".yml")) or "templates" in path.split("/"):
        return False
    return _VALUES.fullmatch(basename(path)) is not None or bool(_FOLDERS.intersection(dirname(path).split("/")))


def kubernetes_units(path: str, data: bytes, kind: str, scripts: Scripts) -> tuple[Unit, ...]:
    """A unit for each container whose command is known. Raises UnreadableFile."""
    if _TEMPLATE.search(data) or not _known_commands().search(data):
        return ()
    is_values = _VALUES.fullmatch(basename(path)) is not None
    units: list[Unit] = []
    for root in documents(data):
        if isinstance(root, YamlMapping) and (is_values or text_of(root.get("kind")) in _WORKLOADS):
            metadata = root.get("metadata")
            name = text_of(metadata.get("name")) if isinstance(metadata, YamlMapping) else ""
            for one in _containers(root, _Named(name, root.line), 0):
                found = program(with_defaults(_command(one.tree)), scripts)
                if found.role in _RUN:
                    units.append(_unit(one, found, path, kind))
    return tuple(units)


@functools.cache
def _known_commands() -> re.Pattern[bytes]:
    """What a file must name to be worth parsing."""
    names = sorted({"celery", *deployment_rules().servers, *deployment_rules().managers})
    return re.compile(rb"\b(?:" + b"|".join(re.escape(name.encode()) for name in names) + rb")\b")


@dataclass(frozen=True, slots=True)
class _Named:
    """A name that a mapping goes by, the line of that, and when cron runs what stands in it ("" for what runs on)."""

    name: str
    line: int
    schedule: str = ""


@dataclass(frozen=True, slots=True)
class _Container:
    """A mapping that gives a command."""

    tree: YamlMapping
    named: _Named


def _containers(tree: Tree, named: _Named, depth: int) -> Iterator[_Container]:
    """The mappings that give a command. A schedule beside it, or around it, is a CronJob's, in values files too."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(tree, Items):
        for item in tree.items:
            yield from _containers(item, replace(named, line=item.line), depth + 1)
    elif isinstance(tree, YamlMapping):
        own, times = tree.get("name"), tree.get("schedule")
        if own is not None and text_of(own):
            named = replace(named, name=text_of(own))
        if times is not None and _CRON.fullmatch(text_of(times)):
            named = replace(named, schedule=text_of(times).strip())
        if tree.get("command") is not None or tree.get("args") is not None:
            yield _Container(tree, named)
        for key, (value, at) in tree.rows.items():
            if key not in ("command", "args", "metadata"):
                called = named.name if key in _UNNAMED else key
                yield from _containers(value, replace(named, name=called, line=at), depth + 1)


def _command(container: YamlMapping) -> str:
    """The command line of a container: its command, and the arguments behind it."""
    given = (container.get("command"), container.get("args"))
    return " ".join(as_line(texts_of(part)) if isinstance(part, Items) else text_of(part) for part in given if part)


def _unit(one: _Container, found: Program, path: str, kind: str) -> Unit:
    container, name = one.tree, one.named.name
    image = container.get("image")
    shown = masked_text(text_of(image)) if image is not None and not isinstance(image, YamlMapping | Items) else ""
    unit = unit_running(
        found, name or words_of(path)[-1], with_defaults(_command(container)), path, one.named.line, kind
    )
    return replace(unit, image=shown, schedule=one.named.schedule)


__all__ = ["is_kubernetes", "kubernetes_units"]

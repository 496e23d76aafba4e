"""Kubernetes manifests and Helm values: the commands that their containers are given, as units.

Formats: Kubernetes' API (`command` and `args` of a container; the two make one command line), and values files of Helm
charts, which have the same two by custom, under any key. Templates are not read: what they say stands in the values.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import replace
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
            for named, container, line in _containers(root, name, root.line, 0):
                found = program(with_defaults(_command(container)), scripts)
                if found.role in _RUN:
                    units.append(_unit(named, container, found, path, line, kind, _schedule(root)))
    return tuple(units)


@functools.cache
def _known_commands() -> re.Pattern[bytes]:
    """What a file must name to be worth parsing."""
    names = sorted({"celery", *deployment_rules().servers, *deployment_rules().managers})
    return re.compile(rb"\b(?:" + b"|".join(re.escape(name.encode()) for name in names) + rb")\b")


def _containers(tree: Tree, name: str, line: int, depth: int) -> Iterator[tuple[str, YamlMapping, int]]:
    """The mappings that give a command, each with the name it goes by and the line of that."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(tree, Items):
        for item in tree.items:
            yield from _containers(item, name, item.line, depth + 1)
    elif isinstance(tree, YamlMapping):
        own = tree.get("name")
        if own is not None and text_of(own):
            name = text_of(own)
        if tree.get("command") is not None or tree.get("args") is not None:
            yield name, tree, line
        for key, (value, at) in tree.rows.items():
            if key not in ("command", "args", "metadata"):
                yield from _containers(value, name if key in _UNNAMED else key, at, depth + 1)


def _schedule(root: YamlMapping) -> str:
    """When a CronJob runs, as it is written; "" for other workloads."""
    spec = root.get("spec")
    given = spec.get("schedule") if isinstance(spec, YamlMapping) and text_of(root.get("kind")) == "CronJob" else None
    return text_of(given) if given is not None else ""


def _command(container: YamlMapping) -> str:
    """The command line of a container: its command, and the arguments behind it."""
    given = (container.get("command"), container.get("args"))
    return " ".join(as_line(texts_of(part)) if isinstance(part, Items) else text_of(part) for part in given if part)


def _unit(name: str, container: YamlMapping, found: Program, path: str, line: int, kind: str, schedule: str) -> Unit:
    image = container.get("image")
    shown = masked_text(text_of(image)) if image is not None and not isinstance(image, YamlMapping | Items) else ""
    unit = unit_running(found, name or words_of(path)[-1], with_defaults(_command(container)), path, line, kind)
    return replace(unit, image=shown, schedule=schedule)


__all__ = ["is_kubernetes", "kubernetes_units"]

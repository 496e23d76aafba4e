"""The view document: what one diagram holds, before any layout. Views select and group; they never invent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from extractor.model.graph import Step

# What an arrow rests on, other than code that does it: each has a look of its own, and words in its label.
DECLARED, UNLINKED = "declared", "unlinked"
BASES: Mapping[str, str] = MappingProxyType({DECLARED: "declared, not in code", UNLINKED: "not linked in code"})


def basis_of(step: Step) -> str:
    """What the arrow of a scenario's step rests on, where no code leads to it or does it; "" for all others."""
    return DECLARED if step.declared else UNLINKED if step.missing else ""


VIEW_KINDS = ("landscape", "context", "container", "component", "dynamic", "dependencies")


@dataclass(frozen=True, slots=True)
class ViewNode:
    """A box. `node_ids` are the graph nodes it stands for: several when a group is collapsed, none for a component.

    `kind` is a node kind of the graph, or `component` (a Django app inside a container, or an entry point in an
    auto-scenario); `boundary` the id of the boundary around it, or ""; `link` the id of the view that the box drills
    into, or ""; `external` is true for what the estate does not own.
    """

    id: str
    kind: str
    name: str
    technology: str
    description: str
    node_ids: tuple[str, ...]
    boundary: str = ""
    link: str = ""
    external: bool = False


@dataclass(frozen=True, slots=True)
class ViewEdge:
    """An arrow. `flow_ids` are the flows it stands for; `n` numbers the step of a Dynamic view (0 elsewhere).

    `missing` is true for a scenario step that matched nothing: it is listed beside the picture, never drawn in it.
    `basis` is what the arrow rests on where no code does it: `declared` by the estate file, or `unlinked`, a scenario
    step that is there and that nothing joins to those before it; "" for all others.
    """

    id: str
    source: str
    target: str
    label: str
    technology: str
    sync: bool
    flow_ids: tuple[str, ...]
    confidence: str = "certain"
    brittle: bool = False
    n: int = 0
    missing: bool = False
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A dashed frame around boxes: a system, a container, a group. `parent` is the id of the frame around it, or ""."""

    id: str
    name: str
    kind: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """One diagram. `id` is a path-safe slug, unique in the scan; `system` the node id of the system it belongs to."""

    id: str
    kind: str
    title: str
    description: str
    system: str
    nodes: tuple[ViewNode, ...]
    edges: tuple[ViewEdge, ...]
    boundaries: tuple[Boundary, ...] = ()

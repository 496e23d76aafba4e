"""Structurizr DSL: the whole graph as one workspace, with its landscape, context, container and dynamic views."""

from __future__ import annotations

from collections.abc import Iterable

from extractor.model.graph import Flow, Graph, Node, Scenario, Step
from extractor.text.slugs import unique_slugs
from extractor.views import BASES, basis_of
from extractor.views.index import ViewIndex, make_view_index
from renderers.words import identifiers, plain_quoted

_STYLES = (
    ("Person", "shape person", "#0b3b6f"),
    ("Software System", "shape roundedbox", "#1256a3"),
    ("Container", "shape box", "#1f6bb5"),
    ("database", "shape cylinder", "#0f6e74"),
    ("search", "shape cylinder", "#0f6e74"),
    ("cache", "shape hexagon", "#0f6e74"),
    ("storage", "shape folder", "#0f6e74"),
    ("queue", "shape pipe", "#7a4b0c"),
    ("external", "shape box", "#5a6673"),
)


def render_structurizr(graph: Graph) -> str:
    """The graph as a Structurizr DSL workspace. Flows that are only possible are left out, as in the diagrams."""
    index = make_view_index(graph)
    names = identifiers(index.nodes)
    lines = [f"workspace {plain_quoted(graph.estate or 'Estate')} {{", "  !identifiers flat", "  model {"]
    tops = [n for n in index.graph.nodes if index.top_of(n.id) == n.id]
    for node in tops:
        lines += _top(index, node, names)
    related = _relations(index)
    lines += [f"    {_relation(flow, names)}" for flow in related]
    lines += ["  }", "  views {", *_static_views(index, names)]
    pairs = {(flow.source, flow.target) for flow in related}
    keys = unique_slugs(scenario.id for scenario in graph.scenarios)
    for scenario in sorted(graph.scenarios, key=lambda s: s.id):
        lines += _dynamic(index, scenario, f"flow-{keys[scenario.id]}", names, pairs)
    lines += [*_styles(), "  }", "}"]
    return "\n".join(lines) + "\n"


def _top(index: ViewIndex, node: Node, names: dict[str, str]) -> list[str]:
    head = f"{names[node.id]} = {_keyword(node)} {plain_quoted(node.name)} {plain_quoted(node.description)}"
    if node.kind == "person":
        return [f"    {head}"]
    lines = [f'    {head} "{node.kind if node.kind != "system" else ""}" {{']
    for part in index.graph.nodes:
        if part.id != node.id and index.top_of(part.id) == node.id:
            words = " ".join(plain_quoted(t) for t in (part.name, part.description, part.technology))
            lines.append(f'      {names[part.id]} = container {words} "{part.kind}"')
    return [*lines, "    }"]


def _keyword(node: Node) -> str:
    return "person" if node.kind == "person" else "softwareSystem"


def _relations(index: ViewIndex) -> list[Flow]:
    """One flow for each source, target and description: the DSL refuses two alike, and one to an element's parent."""
    found: dict[tuple[str, str, str], Flow] = {}
    for flow in index.flows:
        inside = index.top_of(flow.target) == flow.source or index.top_of(flow.source) == flow.target
        if flow.source != flow.target and not inside:
            found.setdefault((flow.source, flow.target, plain_quoted(flow.label)), flow)
    return [found[key] for key in sorted(found)]


def _relation(flow: Flow, names: dict[str, str]) -> str:
    tag = ' "declared"' if flow.declared else "" if flow.sync else ' "async"'
    words = f"{plain_quoted(flow.label)} {plain_quoted(flow.protocol)}{tag}"
    return f"{names[flow.source]} -> {names[flow.target]} {words}"


def _static_views(index: ViewIndex, names: dict[str, str]) -> list[str]:
    lines = ['    systemLandscape "landscape" {', *_body()]
    for system in index.systems():
        slug = index.slugs[system.id]
        for kind, key in (("systemContext", "context"), ("container", "containers")):
            lines += [f'    {kind} {names[system.id]} "{slug}-{key}" {{', *_body()]
    return lines


def _body() -> Iterable[str]:
    return ("      include *", "      autoLayout", "    }")


def _dynamic(
    index: ViewIndex, scenario: Scenario, key: str, names: dict[str, str], pairs: set[tuple[str, str]]
) -> list[str]:
    """A dynamic view of the steps that have a relation in the model: the DSL accepts no others."""
    scope = scenario.system if scenario.system in names else ""
    steps = [
        f"      {names[s.source]} -> {names[s.target]} {plain_quoted(_said(s))}"
        for s in scenario.steps
        if s.flow_id and (s.source, s.target) in pairs and scope not in (s.source, s.target)
    ]
    if not steps or not scope:
        return []
    head = f'    dynamic {names[scope]} "{key}" {plain_quoted(scenario.title)} {{'
    return [head, *steps, "      autoLayout", "    }"]


def _said(step: Step) -> str:
    basis = basis_of(step)
    return f"{step.label} ({BASES[basis]})" if basis else step.label


def _styles() -> list[str]:
    lines = ["    styles {"]
    for tag, shape, colour in _STYLES:
        lines += [f'      element "{tag}" {{', f"        {shape}", f"        background {colour}"]
        lines += ["        color #ffffff", "      }"]
    dashed = ["        dashed true", "        color #b45f06"]
    solid = ["        dashed false", "        color #38465a"]
    lines += ['      relationship "Relationship" {', *solid, "      }"]
    dotted = ["        style dotted", "        color #5b6675"]
    lines += ['      relationship "async" {', *dashed, "      }"]
    lines += ['      relationship "declared" {', *dotted, "      }", "    }"]
    return lines

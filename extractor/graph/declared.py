"""Arrows that the estate file declares: drawn on its word, until the code is seen to make them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from extractor.estate.model import DeclaredFlow, Estate
from extractor.model.graph import Evidence, Flow, Gap
from extractor.model.ids import row_id


def declared_flows(estate: Estate) -> tuple[Flow, ...]:
    """A flow for each declaration; its evidence is its line of the estate file, which no repository holds."""
    return tuple(_flow(one) for one in estate.declares)


def found_in_code(flows: Iterable[Flow]) -> tuple[Gap, ...]:
    """What to ask of each declared flow between whose ends the code has an arrow now: whether it is that one."""
    flows = tuple(flows)
    made = [flow for flow in flows if not flow.declared and not _is_said(flow)]
    gaps = []
    for flow in flows:
        found = _between(made, flow) if flow.declared else None
        if found is not None:
            gaps.append(_gap(flow, found))
    return tuple(gaps)


def _is_said(flow: Flow) -> bool:
    """Whether an arrow rests on the word of the estate file too: who uses a service, who calls a route of it."""
    return flow.evidence[0].role in ("route", "view") and not flow.call_ids


def _flow(one: DeclaredFlow) -> Flow:
    return Flow(
        id=row_id("flow", "declared", one.source, one.target, one.label),
        source=one.source,
        target=one.target,
        label=one.label,
        sync=one.sync,
        protocol=one.protocol,
        data="",
        trigger="",
        cadence="",
        confidence="likely",
        evidence=(Evidence("", "", one.path, one.line, one.line, "declared", f"{one.source} to {one.target}"),),
        why=one.why,
        declared=True,
    )


def _between(made: Sequence[Flow], declared: Flow) -> Flow | None:
    """The first flow of the code, by its line, between the same ends or parts of them."""
    fitting = (f for f in made if _within(f.source, declared.source) and _within(f.target, declared.target))
    return min(fitting, key=lambda f: (f.evidence[0].repo, f.evidence[0].path, f.evidence[0].line), default=None)


def _within(node: str, declared: str) -> bool:
    return node == declared or node.startswith((f"{declared}/", f"{declared}-worker"))


def _gap(declared: Flow, found: Flow) -> Gap:
    at = found.evidence[0]
    return Gap(
        id=row_id("gap", "declared", declared.id),
        kind="declaration",
        repo=at.repo,
        path=at.path,
        line=at.line,
        what=f"declared: {declared.source} to {declared.target}, {declared.label}",
        reason=f"code has an arrow between these now: {found.label}",
        remedy=f"if that is the same, take it out of {declared.evidence[0].path}, line {declared.evidence[0].line}",
    )

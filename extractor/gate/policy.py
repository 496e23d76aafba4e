"""The gate: what a policy forbids, and where a head breaks it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema

from extractor.diff.contracts import unanswered_calls
from extractor.diff.cycles import system_cycles
from extractor.diff.document import Change, Contract, GraphDiff
from extractor.diff.identity import finding_group, fingerprint
from extractor.errors import UserError
from extractor.files.yaml import suggestion
from extractor.gate.baseline import Acceptance, Baseline
from extractor.model.graph import SEVERITIES, Evidence, Finding, Flow, Graph, Node

ANY = "*"


@dataclass(frozen=True, slots=True)
class SyncBan:
    """No new synchronous arrow from `source` to `target` (ids or names; `*` is any), and why."""

    source: str
    target: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is forbidden.

    `brittle` is the least severity that counts, or "". `steps` names scenarios, or is `*`, or empty. `systems` holds
    the ids that the estate file gives to systems: what is not among them is unknown.
    """

    brittle: str = ""
    sync_calls: tuple[SyncBan, ...] = ()
    cycles: bool = False
    removed_routes: bool = False
    unanswered: bool = False
    schedules: bool = False
    unknown_systems: bool = False
    steps: tuple[str, ...] = ()
    stale_acceptances: bool = False
    systems: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Breach:
    """One breach of the policy: the rule, where, what is wrong, what would mend it. `line` is 0 when there is none."""

    rule: str
    where: str
    message: str
    remedy: str
    fingerprint: str
    repo: str = ""
    path: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}: {self.message}. To mend: {self.remedy} [{self.fingerprint}]"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate found: breaches that count, those that the baseline accepts, and baseline entries to look at."""

    breaches: tuple[Breach, ...]
    accepted: tuple[Breach, ...]
    expired: tuple[Acceptance, ...]
    unused: tuple[Acceptance, ...]

    @property
    def passed(self) -> bool:
        """True when nothing counts against the head."""
        return not self.breaches


def load_policy(data: Mapping[str, Any], schema: Mapping[str, Any], systems: Iterable[str]) -> Policy:
    """The policy in `data` (the estate's `policy:`), checked against `rules/schema/policy.schema.json`.

    `systems` are the ids of the estate's systems. Raises UserError that lists all faults, with the nearest known key.
    """
    faults = sorted(_fault(e) for e in jsonschema.Draft202012Validator(schema).iter_errors(data))
    if faults:
        raise UserError("the policy is wrong: " + "; ".join(faults), "mend `policy:` in the estate file")
    forbid = data.get("forbid") or {}
    steps = forbid.get("missing-scenario-steps", False)
    return Policy(
        brittle=forbid.get("new-brittle-links", ""),
        sync_calls=tuple(
            SyncBan(ban["from"], ban["to"], ban.get("because", "")) for ban in forbid.get("new-synchronous-calls", ())
        ),
        cycles=forbid.get("new-cycles", False),
        removed_routes=forbid.get("removed-routes-in-use", False),
        unanswered=forbid.get("unanswered-calls", False),
        schedules=forbid.get("schedules-without-task", False),
        unknown_systems=forbid.get("unknown-systems", False),
        steps=tuple(steps) if isinstance(steps, list) else ((ANY,) if steps else ()),
        stale_acceptances=forbid.get("stale-acceptances", False),
        systems=frozenset(systems),
    )


def check(diff: GraphDiff, head: Graph, policy: Policy, baseline: Baseline, today: str) -> Verdict:
    """What of `head` breaks `policy`, given what `diff` says is new. `today` (an ISO date) ends acceptances."""
    breaches: list[Breach] = []
    accepted: list[Breach] = []
    for breach in found_breaches(diff, head, policy):
        entry = baseline.find(breach.fingerprint)
        (accepted if entry and today <= entry.expires else breaches).append(breach)
    standing = standing_fingerprints(diff, head, policy)
    unused = tuple(a for a in baseline.accepted if a.fingerprint not in standing)
    if policy.stale_acceptances:
        breaches += [_stale(entry) for entry in unused]
    expired = tuple(a for a in baseline.accepted if a.expires < today and a.fingerprint in standing)
    return Verdict(tuple(breaches), tuple(accepted), expired, unused)


def found_breaches(diff: GraphDiff, head: Graph, policy: Policy) -> tuple[Breach, ...]:
    """All breaches before any acceptance, sorted by rule and place, no fingerprint twice."""
    found = {b.fingerprint: b for rule in _RULES for b in rule(diff, head, policy)}
    return tuple(sorted(found.values(), key=lambda b: (b.rule, b.where, b.message, b.fingerprint)))


def standing_fingerprints(diff: GraphDiff, head: Graph, policy: Policy) -> frozenset[str]:
    """Fingerprints of all in `head` that may be accepted, new or not: an entry for anything else is unused."""
    nodes = {n.id: n for n in head.nodes}
    fingerprints = {f.fingerprint for f in head.findings if not f.suppressed}
    fingerprints |= {
        _flow_fingerprint(flow) for ban in policy.sync_calls for flow in head.flows if _bans(ban, flow, nodes)
    }
    fingerprints |= {_cycle_fingerprint(cycle.systems) for cycle in system_cycles(head)}
    fingerprints |= {c.fingerprint for c in (*unanswered_calls(head), *diff.contracts) if c.status == "broken"}
    fingerprints |= {b.fingerprint for rule in _STATE_RULES for b in rule(diff, head, policy)}
    return frozenset(fingerprints)


def _brittle(diff: GraphDiff, head: Graph, policy: Policy) -> Iterator[Breach]:
    if not policy.brittle:
        return
    counted = SEVERITIES[: SEVERITIES.index(policy.brittle) + 1]
    new = {c.ids[1] for c in diff.of("findings", "added")}
    # A finding that grew worse, or whose ignore was taken away, is as new to the gate as one just written.
    new |= {c.ids[1] for c in diff.of("findings", "changed") if _grew(c) or _bared(c)}
    fingerprints = _accepted_under(head, {c.ids[1] for c in diff.of("findings", "added")})
    for f in head.findings:
        if f.id in new and f.severity in counted and not f.suppressed:
            where = f"{f.repo}/{f.path}:{f.line}"
            message, remedy = f"{f.rule} ({f.severity}): {f.message}", f.remedy or f"see `c4trace rules {f.rule}`"
            yield Breach(
                rule="new-brittle-links",
                where=where,
                message=message,
                remedy=remedy,
                fingerprint=fingerprints[f.id],
                repo=f.repo,
                path=f.path,
                line=f.line,
            )


def _accepted_under(head: Graph, added: Collection[str]) -> dict[str, str]:
    """The fingerprint under which each finding is accepted, by id; `added` are the ids of those that are new.

    Findings about one thing are interchangeable, and their fingerprints count them. A new one takes a place that was
    not counted before, the last ones, wherever it stands in the code: else what was accepted of another would hide it.
    """
    groups: dict[str, list[Finding]] = {}
    for f in head.findings:
        groups.setdefault(finding_group(f.fingerprint), []).append(f)
    fingerprints: dict[str, str] = {}
    for group in groups.values():
        ordered = sorted(group, key=lambda f: (f.id in added, f.fingerprint))
        fingerprints |= {f.id: known for f, known in zip(ordered, sorted(f.fingerprint for f in group), strict=True)}
    return fingerprints


def _grew(change: Change) -> bool:
    old, new = change.old("severity"), change.new("severity")
    return bool(old and new) and SEVERITIES.index(new) < SEVERITIES.index(old)


def _bared(change: Change) -> bool:
    return bool(change.old("accepted in code")) and not change.new("accepted in code")


def _sync_calls(diff: GraphDiff, head: Graph, policy: Policy) -> Iterator[Breach]:
    nodes = {n.id: n for n in head.nodes}
    new = {c.ids[1] for c in diff.of("flows", "added")}
    new |= {c.ids[1] for c in diff.of("flows", "changed") if c.new("sync") == "synchronous"}
    for flow in head.flows:
        ban = next((b for b in policy.sync_calls if _bans(b, flow, nodes)), None)
        if flow.id in new and ban:
            ends = [nodes[i].name if i in nodes else i for i in (flow.source, flow.target)]
            why = f" ({ban.because})" if ban.because else ""
            message = f"{ends[0]} now waits for {ends[1]}: {flow.label}{why}"
            remedy = "queue a task, or read a copy that a schedule keeps"
            yield _breach("new-synchronous-calls", flow.evidence, message, remedy, _flow_fingerprint(flow))


def _cycles(diff: GraphDiff, head: Graph, policy: Policy) -> Iterator[Breach]:
    if policy.cycles:
        new = {c.title for c in diff.of("cycles", "added")}
        names = {n.id: n.name for n in head.nodes}
        for cycle in system_cycles(head):
            ring = " → ".join(names.get(i, i) for i in (*cycle.systems, cycle.systems[0]))
            if ring in new:
                remedy = "turn one of its arrows round, or let one side publish an event"
                known = _cycle_fingerprint(cycle.systems)
                yield _breach("new-cycles", cycle.evidence, f"new cycle {ring}", remedy, known)


def _removed_routes(diff: GraphDiff, head: Graph, policy: Policy) -> Iterator[Breach]:
    if policy.removed_routes:
        for c in diff.contracts:
            if c.status == "broken" and c.kept:
                message = f"{c.caller} calls {_asked(c)}, which {c.target} no longer serves"
                yield _contract_breach("removed-routes-in-use", c, message, "keep the route until its callers are gone")


def _unanswered(diff: GraphDiff, head: Graph, policy: Policy) -> Iterator[Breach]:
    if policy.unanswered:
        for c in diff.contracts:
            if c.status == "broken" and not c.kept:
                message = f"{c.caller} now calls {_asked(c)}, which {c.target} at its scanned commit does not serve"
                yield _contract_breach("unanswered-calls", c, message, "deploy the route first, or mend the URL")


def _schedules(diff: GraphDiff, head: Graph, policy: Policy) -> Iterator[Breach]:
    if policy.schedules:
        for s in head.schedules:
            if s.unresolved == "missing":
                known = fingerprint("schedules-without-task", s.repo, f"{s.service} {s.key}", 0)
                message, remedy = (
                    f"{s.key} starts {s.task}, which is no task",
                    "name a task that exists, or take it out",
                )
                where = f"{s.repo}/{s.path}:{s.line}"
                yield Breach(
                    rule="schedules-without-task",
                    where=where,
                    message=message,
                    remedy=remedy,
                    fingerprint=known,
                    repo=s.repo,
                    path=s.path,
                    line=s.line,
                )


def _unknown_systems(diff: GraphDiff, head: Graph, policy: Policy) -> Iterator[Breach]:
    if policy.unknown_systems:
        for n in head.nodes:
            if n.kind in ("system", "external") and n.parent is None and not (_aliases(n) & policy.systems):
                known = fingerprint("unknown-systems", "", n.id, 0)
                remedy = "give it an entry with its hosts or settings under `systems:`"
                yield _breach(
                    "unknown-systems", n.evidence, f"{n.name} is not in the estate file", remedy, known, n.name
                )


def _steps(diff: GraphDiff, head: Graph, policy: Policy) -> Iterator[Breach]:
    for scenario in head.scenarios:
        if ANY in policy.steps or scenario.id in policy.steps:
            for s in (step for step in scenario.steps if step.missing):
                subject = " ".join((scenario.id, s.source, s.target, s.label))
                known = fingerprint("missing-scenario-steps", "", subject, 0)
                what = "is not linked in code to what earlier steps open" if s.flow_id else "matches nothing"
                message = f"step {s.n} {what}: {s.source} → {s.target}: {s.label}"
                remedy = "restore the flow, or mend the step's query"
                yield Breach("missing-scenario-steps", scenario.title, message, remedy, known)


Rule = Callable[[GraphDiff, Graph, Policy], Iterator[Breach]]
_STATE_RULES: tuple[Rule, ...] = (_schedules, _unknown_systems, _steps)
_RULES: tuple[Rule, ...] = (_brittle, _sync_calls, _cycles, _removed_routes, _unanswered, *_STATE_RULES)


def _breach(
    rule: str, evidence: tuple[Evidence, ...], message: str, remedy: str, known: str, elsewhere: str = "the estate"
) -> Breach:
    if not evidence:
        return Breach(rule, elsewhere, message, remedy, known)
    e = evidence[0]
    return Breach(
        rule=rule,
        where=f"{e.repo}/{e.path}:{e.line}",
        message=message,
        remedy=remedy,
        fingerprint=known,
        repo=e.repo,
        path=e.path,
        line=e.line,
    )


def _contract_breach(rule: str, c: Contract, message: str, remedy: str) -> Breach:
    return _breach(rule, c.after or c.before, message, remedy, c.fingerprint, c.target)


def _asked(c: Contract) -> str:
    return f"{c.method} {c.url}".strip()


def _stale(entry: Acceptance) -> Breach:
    remedy = "run `c4trace baseline --update`"
    message = f"the baseline accepts a breach of {entry.rule} that is no longer there"
    return Breach("stale-acceptances", entry.where, message, remedy, entry.fingerprint)


def _flow_fingerprint(flow: Flow) -> str:
    return fingerprint("new-synchronous-calls", "", " ".join((flow.source, flow.target, flow.label)), 0)


def _cycle_fingerprint(systems: tuple[str, ...]) -> str:
    return fingerprint("new-cycles", "", " ".join(systems), 0)


def _bans(ban: SyncBan, flow: Flow, nodes: Mapping[str, Node]) -> bool:
    return flow.sync and _within(flow.source, ban.source, nodes) and _within(flow.target, ban.target, nodes)


def _within(ident: str, name: str, nodes: Mapping[str, Node]) -> bool:
    """True when `name` is `*`, or names the node or one of those that hold it."""
    if name == ANY:
        return True
    seen: set[str] = set()
    while ident in nodes and ident not in seen:
        if name in _aliases(nodes[ident]):
            return True
        seen.add(ident)
        ident = nodes[ident].parent or ""
    return False


def _aliases(node: Node) -> frozenset[str]:
    return frozenset((node.id, node.name))


def _fault(error: jsonschema.ValidationError) -> str:
    where = ".".join(str(part) for part in ("policy", *error.absolute_path))
    instance: Any = error.instance
    if error.validator == "additionalProperties" and isinstance(error.schema, Mapping):
        known = list(error.schema["properties"])
        unknown = sorted(str(key) for key in instance if key not in known)
        return "; ".join(f"{where} has an unknown key {key!r}{suggestion(key, known)}" for key in unknown)
    return f"{where}: {error.message}"

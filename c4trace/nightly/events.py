"""What of a night is worth telling whom: events out of diff, gate and sources; notices out of events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from c4trace.nightly import notify
from c4trace.nightly.config import Hook, NightlyConfig
from c4trace.nightly.journal import ChangeRow, Notice
from c4trace.nightly.notify import Event
from extractor.diff.document import Change, GraphDiff
from extractor.gate.policy import Breach
from extractor.model.graph import SEVERITIES, Finding, Graph
from renderers.links import line_url

# The field of a finding's change that holds the reason for which the scanned code asks to ignore it.
ACCEPTED = "accepted in code"


def events_of(
    graph: Graph,
    diff: GraphDiff | None,
    breaches: Iterable[Breach],
    absent: Mapping[str, str],
    change: ChangeRow | None,
) -> tuple[Event, ...]:
    """The night's events. `breaches` are those that are new; `absent` the sources that could be reached the night
    before and no longer (-> why).
    """
    events = [Event("stale", f"{name} could not be reached: {why}") for name, why in sorted(absent.items())]
    events += [Event("gate", str(breach)) for breach in breaches]
    events += [_brittle(finding, graph) for finding in new_findings(graph, diff)]
    if change is not None:
        events.append(Event("changed", change.title))
    return tuple(events)


def new_findings(graph: Graph, diff: GraphDiff | None) -> tuple[Finding, ...]:
    """The findings that a diff's head has and its base had not, or had accepted or as less grave; gravest first."""
    if diff is None:
        return ()
    ids = {change.ids[1] for change in diff.of("findings", "added")}
    ids |= {change.ids[1] for change in diff.of("findings", "changed") if _grew(change) or change.old(ACCEPTED)}
    found = [finding for finding in graph.findings if finding.id in ids and not finding.suppressed]
    return tuple(sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), finding.id)))


def notices_of(
    config: NightlyConfig, graph: Graph, night: str, identity: str, title: str, events: tuple[Event, ...]
) -> tuple[Notice, ...]:
    """One notice for each hook that wants any of the events. `identity` is the text that makes this night's unique."""
    notices = []
    for hook in config.hooks:
        if told := notify.wanted(hook, events):
            text = notify.body(hook, graph.estate, night, title, config.site_url, told)
            notices.append(Notice(notice_key(hook, identity), hook.name, text))
    return tuple(notices)


def notice_key(hook: Hook, identity: str) -> str:
    """What makes a notice to a hook one of a kind; `identity` is the text that makes its occasion so."""
    return hashlib.sha256(f"{hook.name} {identity}".encode()).hexdigest()[:32]


def _grew(change: Change) -> bool:
    old, new = change.old("severity"), change.new("severity")
    return bool(old and new) and SEVERITIES.index(new) < SEVERITIES.index(old)


def _brittle(finding: Finding, graph: Graph) -> Event:
    source = next((source for source in graph.sources if source.name == finding.repo), None)
    place = f"{finding.repo}: {finding.path}:{finding.line}"
    link = ""
    if source is not None:
        link = line_url(source.web, source.commit, finding.path, finding.line, finding.end_line)
    return Event("brittle", f"{finding.severity}: {finding.message} ({place})", finding.severity, link)

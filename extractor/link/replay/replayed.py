"""What a replay of a repository says of its lines: in which frames they run, and which entry points reach those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.feasible import is_passed_over
from extractor.evaluate.values import Frame
from extractor.link.callgraph import CallGraph, Site
from extractor.link.entrypoints import EntryPoint, Reach
from extractor.link.replay.contexts import Contexts
from extractor.link.replay.reach import FrameReach, Reached
from extractor.link.replay.roots import roots
from extractor.link.replay.walk import Visits, Walk, leading_to
from extractor.link.routes import ServedView
from extractor.link.signals import Signals
from extractor.program.module import Def


@dataclass(slots=True)
class Replayed:
    """Answers for one repository. `visits` are the frames that were visited from entry points, `leading` the
    definitions of which that says everything (others were not looked at), `sent_in` the services that send what a
    receiver receives, where that is known: none, where nothing sends it."""

    ev: Evaluator
    graph: CallGraph
    visits: Visits
    reach: FrameReach
    leading: frozenset[Def]
    sent_in: Mapping[Def, frozenset[str]]
    _running: dict[int, tuple[Frame, ...]] = field(default_factory=dict)
    _held: list[Site] = field(default_factory=list)

    def visited(self, target: Def) -> Sequence[Frame]:
        """The frames of a definition in which some process runs it."""
        return self.visits.frames.get(target, ())

    def sites(self, owner: Def) -> Sequence[Site]:
        """The calls that stand in a definition."""
        return self.graph.sites.get(owner, ())

    def running(self, site: Site) -> tuple[Frame, ...]:
        """The frames in which a call is not passed over by a branch: of the function it decorates, where it does."""
        found = self._running.get(id(site))
        if found is None:
            frames = self.visited(site.runner)
            if site.decorates is None:
                frames = [frame for frame in frames if not is_passed_over(self.ev, site.call, frame)]
            found = self._running[id(site)] = tuple(frames)
            self._held.append(site)
        return found

    def reached(self, frames: Iterable[Frame], line: int) -> Reached | None:
        """The entry points that reach a line in these frames; None when none does."""
        return self.reach.reached(frames, line)


def replay(
    ev: Evaluator,
    graph: CallGraph,
    reach: Reach,
    views: Sequence[ServedView],
    wanted: Iterable[Def],
    signals: Signals,
    followed: Iterable[str],
) -> Replayed:
    """Visits what leads from the entry points of a repository to the wanted definitions.

    `reach` has the entry points and what each service loads, `views` the methods that answer routes, `signals` who
    receives what, `followed` the names of what matters to what is sent. A receiver of signals that are the
    repository's own is entered once something sends one.
    """
    leading = leading_to(graph, wanted)
    ours = {module.name.partition(".")[0] for module in ev.index.modules}  # `shop.tasks.send.s()` among them
    walk = Walk(ev, graph, leading, signals, Contexts({*followed, *ours}))
    starts = roots(ev, walk, {t: rows for t, rows in reach.entries.items() if _may_lead(t, leading)}, views)
    own = signals.own()
    waiting = {f for f, rows in starts.items() if f.owner in own and all(row.how == "signal" for row in rows)}
    walk.enter(frame for frame in starts if frame not in waiting)
    sent = Sent(ev, graph, signals, walk.visits)
    while ready := [frame for frame in starts if frame in waiting and sent.may_be(own[frame.owner])]:
        waiting.difference_update(ready)
        walk.enter(ready)
    entered = {frame: rows for frame, rows in starts.items() if frame not in waiting}
    found = FrameReach(entered, walk.visits, reach.loading)
    sending = {target: sent.services(keys, found) for target, keys in own.items()}
    told = {frame: _where_sent(rows, sending.get(frame.owner)) for frame, rows in entered.items()}
    unsent = dict.fromkeys((frame.owner for frame in starts if frame in waiting), frozenset[str]())
    narrowed = unsent | {target: services for target, services in sending.items() if services is not None}
    return Replayed(ev, graph, walk.visits, FrameReach(told, walk.visits, reach.loading), leading, narrowed)


@dataclass(slots=True)
class Sent:
    """Answers which signals of the repository's own are sent, as far as the walk has come."""

    ev: Evaluator
    graph: CallGraph
    signals: Signals
    visits: Visits
    _sites: list[tuple[Site, frozenset[str] | None]] | None = None

    def may_be(self, keys: frozenset[str]) -> bool:
        """Whether one of these signals is sent by a visited line, or may be by a line that was not visited."""
        for site, may_send in self._senders():
            frames = self.visits.frames.get(site.owner, ())
            if may_send is not None and not keys & may_send:
                continue
            if not frames and may_send is not None:  # it is not known who comes there
                return True
            if any(self._sends(site, keys, frame) for frame in frames):
                return True
        return False

    def services(self, keys: frozenset[str], reach: FrameReach) -> frozenset[str] | None:
        """The services whose processes send one of these signals; None where that is not known of every sender. Who
        sends what is not known to be any signal at all is passed over: those who do send these are known."""
        out: set[str] = set()
        for site, may_send in self._senders():
            if may_send is None or not keys & may_send:
                continue
            every = self.visits.frames.get(site.owner, ())
            frames = [frame for frame in every if self._sends(site, keys, frame)]
            reached = reach.reached(frames, site.call.line) if frames else None
            if reached is None and (frames or not every):
                return None
            out.update(s for context in (reached.contexts if reached else ()) for s in context.services)
        return frozenset(out) or None

    def _senders(self) -> list[tuple[Site, frozenset[str] | None]]:
        """The calls that send signals, and which, their functions' parameters open."""
        if self._sites is None:
            sites = (site for sites in self.graph.sites.values() for site in sites)
            told = ((site, self.signals.keys_sent(site, self.ev.frame(site.owner))) for site in sites)
            self._sites = [(site, keys) for site, keys in told if keys is None or keys]
        return self._sites

    def _sends(self, site: Site, keys: frozenset[str], frame: Frame) -> bool:
        if is_passed_over(self.ev, site.call, frame):
            return False
        sent = self.signals.keys_sent(site, frame)
        return sent is None or bool(keys & sent)


def _where_sent(rows: Sequence[EntryPoint], services: frozenset[str] | None) -> Sequence[EntryPoint]:
    """The entry points of a receiver: it is entered where its signals are sent, and not wherever it is loaded."""
    if services is None:
        return rows
    return [replace(row, services=row.services & services) if row.context.kind == "signal" else row for row in rows]


def _may_lead(target: Def, leading: frozenset[Def]) -> bool:
    return target.kind == "class" or target in leading


__all__ = ["Replayed", "replay"]

"""What a replay of a repository says of its lines: in which frames they run, and which entry points reach those."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.feasible import is_passed_over
from extractor.evaluate.values import Frame
from extractor.link.callgraph import CallGraph, Site
from extractor.link.entrypoints import Reach
from extractor.link.replay.reach import FrameReach, Reached
from extractor.link.replay.roots import roots
from extractor.link.replay.walk import Visits, Walk, leading_to
from extractor.link.routes import ServedView
from extractor.program.module import Def


@dataclass(slots=True)
class Replayed:
    """Answers for one repository. `visits` are the frames that were visited from entry points."""

    ev: Evaluator
    graph: CallGraph
    visits: Visits
    reach: FrameReach
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
    ev: Evaluator, graph: CallGraph, reach: Reach, views: Sequence[ServedView], wanted: Iterable[Def]
) -> Replayed:
    """Visits what leads from the entry points of a repository to the wanted definitions.

    `reach` has the entry points and what each service loads, `views` the methods that answer routes.
    """
    leading = leading_to(graph, wanted)
    walk = Walk(ev, graph, leading)
    starts = roots(ev, walk, {t: rows for t, rows in reach.entries.items() if _may_lead(t, leading)}, views)
    walk.enter(starts)
    return Replayed(ev, graph, walk.visits, FrameReach(starts, walk.visits, reach.loading))


def _may_lead(target: Def, leading: frozenset[Def]) -> bool:
    return target.kind == "class" or target in leading


__all__ = ["Replayed", "replay"]

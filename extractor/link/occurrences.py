"""Occurrences: in which of its function's frames an effect happens, with which of the requests it may send."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from extractor.evaluate.values import Frame, Hole, Text
from extractor.link.callgraph import Site
from extractor.link.celery.enqueues import Enqueues
from extractor.link.celery.sites import QueueSite
from extractor.link.effects import Effect, Effects, known_of
from extractor.link.entrypoints import Reach
from extractor.link.replay.reach import Reached
from extractor.link.replay.replayed import Replayed
from extractor.link.request import Request, skeleton
from extractor.model.graph import Context, Enqueue

MAX_TOLD = 6  # requests of one line that are told as its callers settle them
MAX_FRAMES = 60  # of one function that are asked what they send


@dataclass(slots=True)
class Occurrences:
    """Answers for the effects of one repository by its replay."""

    finder: Effects
    replayed: Replayed
    _sent: dict[int, tuple[tuple[Frame, tuple[Request, ...]], ...]] = field(default_factory=dict)

    def is_visited(self, effect: Effect) -> bool:
        """Whether the effect's line was visited: then what no visit sends is not sent. A line that no visit comes to,
        while others of its function run, may be run by a caller that was not found; what only a caller of it tells is
        not told again."""
        if effect.site.owner.kind == "class":
            return False
        return bool(self.replayed.running(effect.site)) or (
            len(effect.hops) > 1 and bool(self.replayed.visited(effect.site.runner))
        )

    def reached(
        self, effect: Effect, request: Request, url: Text | None, of: Collection[Frame] | None = None
    ) -> Reached | None:
        """The entry points from which an effect sends a request to a URL; None when none does. `of`: in these frames
        alone."""
        every = [pair for pair in self._frames(effect) if of is None or pair[0] in of]
        frames = [frame for frame, sent in every if any(_is_same(one, request, url) for one in sent)]
        return self.replayed.reached(frames, effect.site.call.line) if frames else None

    def told(self, effect: Effect, by_callers: bool) -> Iterator[tuple[Request, Text | None, Reached]]:
        """The requests that an effect sends, each with its URL and what reaches it.

        A request of which its function leaves parts open is told as the frames know it, while these are few; where some
        of them leave as much open, or they are many, it is told open. `by_callers`: effects of its callers tell what
        stands open in its path.
        """
        for request in effect.requests:
            if not (_is_vague(request) if by_callers else _is_open(request)):
                for url in request.urls or (None,):
                    reached = self.reached(effect, request, url)
                    if reached is not None:
                        yield request, url, reached
                continue
            closed, left = self._closed(effect, request)
            if len(closed) > MAX_TOLD:
                closed, left = {}, [frame for frame, _sent in self._frames(effect)]
            for (one, url), frames in closed.items():
                reached = self.replayed.reached(frames, effect.site.call.line)
                if reached is not None:
                    yield one, url, reached
            for url in (request.urls or (None,)) if left else ():
                reached = self.reached(effect, request, url, set(left))
                if reached is not None:
                    yield request, url, reached

    def is_told_by_callers(self, effect: Effect, by_callers: Collection[Effect]) -> bool:
        """Whether nothing is known of where an effect's requests go, and all that enters its function is a call from
        which an effect is told, among `by_callers`, that ends there."""
        calls = {
            (other.hops[-2].owner, other.hops[-2].call.line)
            for other in by_callers
            if len(other.hops) > 1 and other.hops[-1] is effect.site
        }
        into = (self.replayed.visits.into.get(frame, ()) for frame in self.replayed.running(effect.site))
        return (
            bool(calls)
            and all(map(_is_blank, effect.requests))
            and all(steps and all((step.source.owner, step.line) in calls for step in steps) for steps in into)
        )

    def _closed(
        self, effect: Effect, request: Request
    ) -> tuple[dict[tuple[Request, Text | None], list[Frame]], list[Frame]]:
        """What the frames send in place of an open request, and the frames that leave it open."""
        closed: dict[tuple[Request, Text | None], list[Frame]] = {}
        first: dict[tuple[tuple[str, ...], Text | None], Request] = {}  # what is sent so, whatever else differs
        left: list[Frame] = []
        known = _known(request)
        for frame, sent in self._frames(effect):
            mine = [one for one in sent if one.rule is request.rule]
            if any(_known(one) <= known for one in mine):
                left.append(frame)
                continue
            for one in mine:
                for url in one.urls or (None,):
                    if any(_is_same(one, request, known) for known in request.urls or (None,)):
                        alike = first.setdefault((one.methods, url), one)
                        closed.setdefault((alike, url), []).append(frame)
        return closed, left

    def of_site(self, site: Site) -> Reached | None:
        """The entry points that reach a call, whatever it does; None when none does."""
        frames = self.replayed.running(site)
        return self.replayed.reached(frames, site.call.line) if frames else None

    def contexts(self, site: Site, reach: Reach) -> tuple[Context, ...]:
        """The entry points that reach a call, whatever it does: by the replay, where it looked at the call's function;
        else by the call graph, as for what stands in the body of a class, which a framework makes use of. `unknown`
        when none does; () when no visit of its function comes to it."""
        if site.owner.kind == "class" or site.runner not in self.replayed.leading:
            return reach.contexts(site.runner)
        found = self.of_site(site)
        if found is not None:
            return found.contexts
        return () if self.replayed.visited(site.runner) else (reach.unreached(site.runner),)

    def enqueues(self, found: Enqueues, reach: Reach) -> tuple[Enqueue, ...]:
        """The rows of places that queue tasks, each with the entry points that reach it."""

        def running(place: QueueSite) -> Sequence[Frame]:
            site = next((s for s in self.replayed.sites(place.owner) if s.call is place.call), None)
            return self.replayed.running(site) if site is not None else ()

        def reaching(place: QueueSite, frames: Sequence[Frame]) -> tuple[Context, ...]:
            known = self.replayed.reached(dict.fromkeys(frames), place.call.line) if frames else None
            return known.contexts if known is not None else (reach.unreached(place.owner),)

        return found.settled(running, reaching)

    def _frames(self, effect: Effect) -> Sequence[tuple[Frame, tuple[Request, ...]]]:
        found = self._sent.get(id(effect))
        if found is None:
            frames = self.replayed.running(effect.site)[:MAX_FRAMES]
            if effect.site.decorates is not None:  # it runs in the frame around the function
                found = tuple((frame, effect.requests) for frame in frames)
            else:
                found = tuple((frame, self.finder.through(effect.hops, frame)) for frame in frames)
            self._sent[id(effect)] = found
        return found


def _is_baseless(request: Request) -> bool:
    """Whether it is open to whom a request goes."""
    heads = [url.parts[0] if url.parts else "" for url in request.urls]
    return request.rule.url is not None and (
        not heads or any(isinstance(head, Hole) and head.kind in ("arg", "unknown") for head in heads)
    )


def _is_open(request: Request) -> bool:
    """Whether a frame may know more of where a request goes."""
    holes = (part for url in request.urls for part in url.parts if isinstance(part, Hole))
    return _is_vague(request) or any(hole.kind == "arg" for hole in holes)


def _known(request: Request) -> int:
    """How much is known of where a request goes, at least; less than anything where it is open to whom, or how."""
    return -1 if _is_vague(request) else min(map(known_of, request.urls), default=0)


def _is_vague(request: Request) -> bool:
    """Whether it is open to whom a request goes, or by which method."""
    return _is_baseless(request) or (request.rule.method is not None and not request.methods)


def _is_blank(request: Request) -> bool:
    """Whether nothing is known of where a request goes."""
    return all(len(url.parts) == 1 and isinstance(url.parts[0], Hole) for url in request.urls)


def _is_same(sent: Request, told: Request, url: Text | None) -> bool:
    """Whether a request that is sent in a frame is one that is told with parameters open: by the same rule, with one of
    its methods, to a URL of its shape; what is open in either may be anything."""
    if sent.rule is not told.rule or (sent.methods and told.methods and not set(sent.methods) & set(told.methods)):
        return False
    if url is None or not sent.urls:
        return True
    return any(_fits(url, skeleton(one)) or _fits(one, skeleton(url)) for one in sent.urls)


def _fits(url: Text, told: str) -> bool:
    """Whether a told URL is one of a shape in which what is open may be anything. Each literal is looked for once, the
    first at the start and the last at the end: a regular expression would try every way to share the text out."""
    literals = [""]
    for part in url.parts:
        if isinstance(part, str):
            literals[-1] += part
        elif part.kind in ("setting", "env"):
            literals[-1] += f"{{{part.name}}}"
        else:
            literals.append("")
    first, last = literals[0], literals[-1]
    if len(literals) == 1:
        return told == first
    if not told.startswith(first) or not told.endswith(last) or len(first) + len(last) > len(told):
        return False
    at, end = len(first), len(told) - len(last)
    for literal in literals[1:-1]:
        at = told.find(literal, at, end)
        if at < 0:
            return False
        at += len(literal)
    return True


__all__ = ["Occurrences"]

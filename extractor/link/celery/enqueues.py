"""The rows of the places that queue tasks: as their functions tell by themselves, then as what reaches them tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Const, Frame, Values
from extractor.link.celery.config import Config
from extractor.link.celery.queues import Router
from extractor.link.celery.sites import Queued, QueueSite, QueueSites
from extractor.link.celery.taskindex import TaskIndex
from extractor.model.graph import Context, Enqueue, Gap
from extractor.model.ids import row_id, with_unique_ids
from extractor.program.module import Def

MAX_FRAMES = 60  # of one function that are asked what they queue

Running = Callable[[QueueSite], Sequence[Frame]]
Reaching = Callable[[QueueSite, Sequence[Frame]], tuple[Context, ...]]


@dataclass(slots=True)
class Enqueues:
    """The places of one repository that queue tasks, each with what its function tells of it by itself."""

    index: TaskIndex
    repo: str
    finder: QueueSites
    sites: tuple[tuple[QueueSite, tuple[Queued, ...]], ...]

    @property
    def owners(self) -> set[Def]:
        """The definitions in which something is queued, or may be."""
        return {site.owner for site, _queued in self.sites}

    @property
    def rows(self) -> tuple[Enqueue, ...]:
        """The rows as the functions tell by themselves, whoever calls them."""
        return _in_order(row for site, queued in self.sites for one in queued for row in self._rows(site, one, ()))

    def settled(self, running: Running, reaching: Reaching) -> tuple[Enqueue, ...]:
        """The rows as what reaches the places tells: which frames run a place, and which entry points reach frames of
        it. What a function leaves open is told as its callers settle it; a signature that is handed on is told where
        it is sent, when that was seen."""
        rows: list[Enqueue] = []
        handed: list[tuple[tuple[Def, ...], list[Enqueue]]] = []
        senders: set[Def] = set()
        for site, queued in self.sites:
            frames = running(site)[:MAX_FRAMES]
            told, makers = self._told(site, queued, frames)
            senders |= makers
            made = [row for one, its in told.items() for row in self._rows(site, one, reaching(site, its))]
            if site.leaves_by:
                handed.append((site.leaves_by, made))
            else:
                rows += made
        rows += (row for ways, made in handed if not senders.issuperset(ways) for row in made)
        return _in_order(rows)

    def _told(
        self, site: QueueSite, queued: Sequence[Queued], frames: Sequence[Frame]
    ) -> tuple[dict[Queued, list[Frame]], set[Def]]:
        """What a place queues, with the frames that tell so, and the functions that hand on what is sent here."""
        told: dict[Queued, list[Frame]] = {one: [] for one in queued}
        open_frames, senders = 0, set[Def]()
        for frame in frames:
            here = [one for one in self.finder.queued(site, frame) if one.name is not None]
            if not here:
                open_frames += 1
            for one in here or queued:
                told.setdefault(_same(one, told) or one, []).append(frame)
            if here and not site.leaves_by:
                senders |= {*self.finder.makers(site, frame), *([site.owner] if frame.bindings else [])}
        if frames and not open_frames:  # every caller says what it is
            named = {one.name for one, its in told.items() if its}
            told = {one: its for one, its in told.items() if its or not (one.name is None or one.name in named)}
        return told, senders

    def _rows(self, site: QueueSite, queued: Queued, contexts: tuple[Context, ...]) -> Iterator[Enqueue]:
        """The rows of one task that a place queues: one for each queue that the services which run it send it to."""
        owner, call = site.owner, site.call
        path, function = owner.module.path, owner.shown
        for queue, services in self._by_queue(queued, contexts).items():
            row = self.index.row(queued.task, min(services, default="")) if queued.task is not None else None
            yield Enqueue(
                id=row_id("enqueue", self.repo, path, function, queued.name or "", site.how),
                repo=self.repo,
                path=path,
                line=call.line,
                end_line=call.end_line,
                function=function,
                task=queued.name,
                how=site.how,
                task_id=row.id if row else None,
                queue=queue,
                contexts=_within(contexts, services),
                confidence=queued.confidence,
                note=queued.note,
            )

    def _by_queue(self, queued: Queued, contexts: tuple[Context, ...]) -> dict[str | None, set[str]]:
        """The queues that a task may be sent to, with the services that send it there."""
        found: dict[str | None, set[str]] = {}
        for service in sorted({service for context in contexts for service in context.services}):
            for queue in self._queues(queued, [c for c in self.index.configs if c.service == service], service):
                found.setdefault(queue, set()).add(service)
        return found or {queue: set() for queue in self._queues(queued, self.index.configs, "")}

    def _queues(self, queued: Queued, configs: Sequence[Config], service: str) -> Sequence[str | None]:
        """The queues that a task may be sent to from a service; one of None where that is not known."""
        configs = configs or self.index.configs
        if queued.given is None:
            return self._usual(queued, configs, service)
        named = tuple(value for value in queued.given if not (isinstance(value, Const) and value.value is None))
        usual = self._usual(queued, configs, service) if len(named) < len(queued.given) else ()
        return tuple(dict.fromkeys((*_texts(configs, named), *usual)))

    def _usual(self, queued: Queued, configs: Sequence[Config], service: str) -> Sequence[str | None]:
        """The queue that a task is routed to; one of None where that is not known."""
        queues: set[str | None] = set()
        if queued.task is not None:
            rows = self.index.rows.get(queued.task.target, ())
            queues = {row.queue for row in rows if service in row.services} or {row.queue for row in rows}
        elif queued.name is not None:
            router = Router(self.finder.ev, self.repo, "")
            queues = {router.of_name(config, queued.name) for config in configs}
        return tuple(queues) if len(queues) == 1 else (None,)


def enqueues(ev: Evaluator, index: TaskIndex, repo: str) -> Enqueues:
    """Every place of the repository's own code that queues a task, and those that may."""
    finder = QueueSites(ev, index)
    sites = ((site, finder.queued(site, ev.frame(site.owner))) for site in finder.all())
    return Enqueues(index, repo, finder, tuple(sites))


def gaps_of(rows: Iterable[Enqueue]) -> tuple[Gap, ...]:
    """The gaps of rows whose task is not known."""
    return tuple(_gap(row) for row in rows if row.task is None)


def _within(contexts: tuple[Context, ...], services: set[str]) -> tuple[Context, ...]:
    """The contexts as these services have them."""
    if not services:
        return contexts
    own = (Context(c.kind, c.name, tuple(s for s in c.services if s in services)) for c in contexts)
    return tuple(
        context for context, whole in zip(own, contexts, strict=True) if context.services or not whole.services
    )


def _same(one: Queued, told: Iterable[Queued]) -> Queued | None:
    """What is told already of the same task and queue, however it was come by."""
    return next((known for known in told if (known.name, known.given) == (one.name, one.given)), None)


def _texts(configs: Sequence[Config], values: Values) -> Sequence[str | None]:
    """The queues that values name, the same in each service; one of None where one is not known."""
    found = [tuple(config.text((value,)) for value in values) for config in configs]
    if not found or any(None in texts for texts in found) or len(set(found)) > 1:
        return (None,)
    return tuple(dict.fromkeys(found[0]))


def _in_order(rows: Iterable[Enqueue]) -> tuple[Enqueue, ...]:
    distinct: dict[Enqueue, None] = dict.fromkeys(rows)
    ordered = sorted(distinct, key=lambda r: (r.path, r.line, r.task or "", r.how, r.queue or ""))
    return with_unique_ids(ordered)


def _gap(row: Enqueue) -> Gap:
    return Gap(
        id=row_id("gap", "enqueue", row.id),
        kind="enqueue",
        repo=row.repo,
        path=row.path,
        line=row.line,
        what=f"{row.how} in {row.function or 'the module'}",
        reason=row.note or "the task is not known",
        remedy="give the receiver a type, or queue the task by its name",
    )


__all__ = ["Enqueues", "enqueues", "gaps_of"]

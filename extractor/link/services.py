"""Which services of a repository run a piece of code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from extractor.estate.model import Service
from extractor.link.routes import RouteTable
from extractor.model.graph import Context, Task

# The services that run code at a path, reached from some entry points.
ServiceOf = Callable[[str, Sequence[Context]], tuple[str, ...]]


def service_lookup(services: Sequence[Service], served: Iterable[RouteTable], tasks: Iterable[Task]) -> ServiceOf:
    """Which services run a piece of code: the one whose own folder holds it, else those whose routes and tasks reach
    it; ("",) when nothing tells."""
    if len(services) == 1:
        only = (services[0].id,)
        return lambda _path, _contexts: only
    of_pattern: dict[str, set[str]] = {}
    for table in served:
        for route in table.routes:
            of_pattern.setdefault(route.pattern, set()).add(route.service)
    of_task: dict[str, set[str]] = {}
    for task in tasks:
        of_task.setdefault(task.name, set()).update(task.services)

    def find(path: str, contexts: Sequence[Context]) -> tuple[str, ...]:
        first = path.split("/", 1)[0]
        if any(service.id == first for service in services):
            return (first,)
        found: set[str] = set()
        for context in contexts:
            if context.kind == "request":
                found |= of_pattern.get(context.name, set())
            elif context.kind == "task":
                found |= of_task.get(context.name, set())
        return tuple(sorted(found)) or ("",)

    return find

"""Queries over the rows of a graph: globs for fields of a call, route, task, enqueue, store, schedule or flow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from extractor.model.graph import Call, Context, Enqueue, Flow, Route, Schedule, Store, Task
from extractor.text.urls import EMPTY, path_of

# What a row must fit: a glob (or several, of which one must fit) for each field.
Where = Mapping[str, tuple[str, ...]]

_OPERATIONS = {"read": ("read",), "write": ("write",), "both": ("read", "write", "both")}


_Fields = Mapping[str, Callable[[Any], Iterable[str | None]]]

_CODE: _Fields = {"path": lambda row: (row.path,), "function": lambda row: (row.function,)}
_CALL: dict[str, Callable[[Call], Iterable[str | None]]] = {
    "endpoint": lambda c: (path_of(c.url), path_of(c.url).removeprefix(EMPTY), c.url),  # a base may end with a slash
    "system": lambda c: (c.system,),
    "service": lambda c: (c.service,),
    "method": lambda c: (c.http_method,),
    "via": lambda c: (c.via,),
    "label": lambda c: (c.label,),
    "setting": lambda c: (c.base_setting,),
}
_ROUTE: dict[str, Callable[[Route], Iterable[str | None]]] = {
    "pattern": lambda r: (r.pattern,),
    "service": lambda r: (r.service,),
    "name": lambda r: (r.name,),
    "view": lambda r: (r.view,),
    "method": lambda r: r.methods,
}
_STORE: dict[str, Callable[[Store], Iterable[str | None]]] = {
    "system": lambda s: (s.system,),
    "service": lambda s: (s.service,),
    "kind": lambda s: (s.kind,),
    "operation": lambda s: _OPERATIONS.get(s.operation, (s.operation,)),
    "via": lambda s: (s.via,),
    "engine": lambda s: (s.engine,),
}
_TASK: dict[str, Callable[[Task], Iterable[str | None]]] = {"name": lambda t: (t.name,), "queue": lambda t: (t.queue,)}
_ENQUEUE: dict[str, Callable[[Enqueue], Iterable[str | None]]] = {
    "task": lambda e: (e.task,),
    "how": lambda e: (e.how,),
}
_SCHEDULE: dict[str, Callable[[Schedule], Iterable[str | None]]] = {
    "key": lambda s: (s.key,),
    "task": lambda s: (s.task,),
}
_FLOW: dict[str, Callable[[Flow], Iterable[str | None]]] = {
    "label": lambda f: (f.label,),
    "protocol": lambda f: (f.protocol,),
    "data": lambda f: (f.data,),
}

# The fields of each kind of row. The first is the one that a query of plain text means.
FIELDS: Mapping[str, _Fields] = {
    "call": {**_CALL, **_CODE},
    "route": {**_ROUTE, "path": _CODE["path"]},
    "store": {**_STORE, **_CODE},
    "task": {**_TASK, **_CODE},
    "enqueue": {**_ENQUEUE, **_CODE},
    "schedule": _SCHEDULE,
    "flow": _FLOW,
}


def where(kind: str, body: Any) -> Where:
    """A query as a file says it (a glob, a list of globs, or fields with either) in one form."""
    if not isinstance(body, Mapping):
        body = {next(iter(FIELDS[kind])): body}
    return {field: tuple(globs) if isinstance(globs, list) else (str(globs),) for field, globs in body.items()}


def fits(kind: str, query: Where, row: Any) -> bool:
    """Whether a row fits every field of a query. A field that the row leaves empty fits only `*`."""
    fields = FIELDS[kind]
    return all(
        any(fnmatchcase(value or "", glob) for value in fields[field](row) for glob in globs)
        for field, globs in query.items()
    )


def fitting(wanted: Iterable[str], contexts: Iterable[Context]) -> tuple[Context, ...]:
    """The contexts that one of `kind` or `kind name-glob` means; all of them when nothing is wanted."""
    pairs = [text.partition(" ")[::2] for text in wanted]

    def meant(context: Context) -> bool:
        return any(context.kind == kind and fnmatchcase(context.name, name or "*") for kind, name in pairs)

    return tuple(context for context in contexts if not pairs or meant(context))


def in_words(kind: str, query: Where) -> str:
    """`call with endpoint /api/*, method GET`: the query as a person would say it."""
    parts = [f"{field} {' or '.join(globs)}" for field, globs in query.items()]
    return f"{kind} with {', '.join(parts)}" if parts else kind
